"""What the Season page shows: this season against the earlier ones over one fixed satellite set.

A year counts only over the days that stored files reach, and says how many. Never imports Streamlit.
"""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import dataclass, replace

import pandas as pd

from data.clock import season_of
from data.errors import ContractError, NotStored
from data.variables import standard_24h
from layers.today import AtHeat, heat_note, no_heat
from layers.view import View
from layers.words import Lang, say, say_day, say_year
from models.air import days_over
from models.desk import Desk

#: More lines than this cannot be told apart.
_MOST_SEASONS = 8
#: Sets of satellites that may be compared over seasons; "all there are" is not one, since their number grows.
FIXED_SETS = ("SNPP", "MODIS", "VIIRS")


def comparable(view: View) -> View:
    """Return the view over a fixed set of satellites: its own, or the official habit of Suomi NPP alone."""
    return view if view.sats in FIXED_SETS else replace(view, sats=FIXED_SETS[0])


@dataclass(frozen=True)
class Season:
    """Everything the page needs, worded."""

    title: str
    rule: str
    lines: pd.DataFrame
    coverage: pd.DataFrame
    calendar: tuple[pd.Series, pd.Series]
    amphoes: pd.DataFrame
    land: pd.DataFrame
    air: pd.DataFrame
    limit: float | None
    over: pd.DataFrame
    left_out: list[str]
    heat_note: str


def build(desk: Desk, view: View, at_heat: AtHeat = no_heat) -> Season:
    """Return the page of a view; `at_heat` knows of permanent heat."""
    lang = view.lang
    start, end = season_of(view.day)
    until = min(max(view.day, start), end)
    known = [year for year in {*desk.seasons, view.day.year} if year <= view.day.year]
    years = sorted(year for year in known if year == view.day.year or _whole_set(desk, view, year))[-_MOST_SEASONS:]
    left_out = [
        say(lang, "season.year_left_out", season=say_year(lang, year))
        for year in sorted(set(known) - set(years))
        if desk.detections.stored_days(*season_of(dt.date(year, 1, 1)), view.satellites).any()
    ]
    lines, coverage = _lines(desk, view, years, until, at_heat)
    counts = desk.daily(start, end, view.satellites)
    stored = desk.detections.stored_days(start, end, view.satellites)
    stored &= counts.index <= pd.Timestamp(until)
    return Season(
        title=title(view),
        rule=say(lang, "season.rule", satellites=", ".join(say(lang, f"satellite.{s}") for s in view.satellites)),
        lines=lines,
        coverage=coverage,
        calendar=(counts, stored),
        amphoes=_areas(desk, view, years, until, "amphoe"),
        land=_areas(desk, view, years, until, "land"),
        air=_air(desk, lang, start, end),
        limit=_limit(view.day),
        over=_over(desk, lang),
        left_out=left_out,
        heat_note=heat_note(lang, sum(at_heat(*_same_part(year, until)) for year in years)),
    )


def title(view: View) -> str:
    """Return the season of a view up to its day, in words."""
    start, end = season_of(view.day)
    first, last = say_day(view.lang, start, year=False), say_day(view.lang, min(max(view.day, start), end))
    return say(view.lang, "season.title", season=say_year(view.lang, view.day.year), first=first, last=last)


def _limit(day: dt.date) -> float | None:
    try:
        return standard_24h(day)
    except ContractError:  # before 2010 there was none
        return None


def _whole_set(desk: Desk, view: View, year: int) -> bool:
    season = season_of(dt.date(year, 1, 1))
    return all(desk.detections.stored_days(*season, (name,)).any() for name in view.satellites)


def _same_part(year: int, until: dt.date) -> tuple[dt.date, dt.date]:
    start, end = season_of(dt.date(year, 1, 1))
    # 29 February has no twin in most years; the day before it stands for it there.
    day = 28 if (until.month, until.day) == (2, 29) and not calendar.isleap(year) else until.day
    return start, min(end, dt.date(year, until.month, day))


def _lines(
    desk: Desk, view: View, years: list[int], until: dt.date, at_heat: AtHeat
) -> tuple[pd.DataFrame, pd.DataFrame]:
    lang = view.lang
    pieces, rows = [], []
    for year in sorted(years, reverse=True):
        start, same = _same_part(year, until)
        end = until if year == view.day.year else season_of(start)[1]
        counts = desk.daily(start, end, view.satellites)
        stored = desk.detections.stored_days(start, end, view.satellites)
        if not stored.any():
            continue
        pieces.append(
            pd.DataFrame(
                {"season": year, "day": range(1, len(counts) + 1), "total": counts.cumsum().where(stored).to_numpy()}
            )
        )
        here = stored[stored.index <= pd.Timestamp(same)]
        total = int(counts[counts.index <= pd.Timestamp(same)].sum())
        rows.append(
            {
                say(lang, "column.season"): say_year(lang, year),
                say(lang, "column.until", day=say_day(lang, until, year=False)): total,
                say(lang, "counts.column_without"): total - at_heat(start, same),
                say(lang, "column.days_stored"): f"{int(here.sum())} / {len(here)}",
                say(lang, "column.whole_season"): int(counts.sum()),
                say(lang, "column.days_stored_season"): f"{int(stored.sum())} / {len(stored)}",
            }
        )
    lines = pd.concat(pieces, ignore_index=True) if pieces else pd.DataFrame(columns=["season", "day", "total"])
    return lines, pd.DataFrame(rows)


def _areas(desk: Desk, view: View, years: list[int], until: dt.date, by: str) -> pd.DataFrame:
    lang = view.lang
    pieces = []
    # The season looked at and the one before it that has data.
    for year in [view.day.year, *[y for y in sorted(years, reverse=True) if y < view.day.year][:1]]:
        start, same = _same_part(year, until)
        table = desk.counts(by, start, same, view.satellites)
        if int(table["count"].sum()) == 0 and year != view.day.year:
            continue
        pieces.append(
            pd.DataFrame({"name": table[f"name_{lang}"], "count": table["count"], "group": say_year(lang, year)})
        )
    return pd.concat(pieces, ignore_index=True)


def _air(desk: Desk, lang: Lang, start: dt.date, end: dt.date) -> pd.DataFrame:
    try:
        series = desk.air(start, end, "P1D")
    except NotStored:
        return pd.DataFrame(columns=["day", "pm25", "station"])
    names = desk.stations.set_index("station_id")[f"name_{lang}"]
    series = series[series["pm25"].notna()]
    if series.empty:
        return pd.DataFrame(columns=["day", "pm25", "station"])
    # A Thai day as such: a chart would show an aware time in the browser's own zone.
    local = series.assign(day=series["time"].dt.tz_convert("Asia/Bangkok").dt.tz_localize(None))
    wide = local.pivot_table(index="day", columns="code", values="pm25")
    # Every day has its row, so that a line breaks where nothing was measured instead of bridging it.
    wide = wide.reindex(pd.date_range(wide.index.min(), wide.index.max(), name="day"))
    long = wide.melt(var_name="code", value_name="pm25", ignore_index=False).reset_index()
    return long.assign(station=[str(names.get(code, code)) for code in long["code"]])[["day", "pm25", "station"]]


def _over(desk: Desk, lang: Lang) -> pd.DataFrame:
    years = desk.air_years
    names = desk.stations.set_index("station_id")[f"name_{lang}"]
    rows = []
    for year in sorted(years, reverse=True):
        first, last = season_of(dt.date(year, 1, 1))
        found = days_over(desk.daily_air(first, last))
        for row in found.itertuples():
            rows.append(
                {
                    say(lang, "column.season"): say_year(lang, year),
                    say(lang, "column.station"): str(names.get(row.code, row.code)),
                    say(lang, "column.days_over"): int(row.days_over),
                    say(lang, "column.valid_days"): f"{int(row.valid_days)} / {(last - first).days + 1}",
                    say(lang, "column.limit"): f"{row.limit:g} {say(lang, 'unit.pm25')}",
                }
            )
    return pd.DataFrame(rows)
