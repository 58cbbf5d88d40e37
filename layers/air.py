"""The air of tambons in words: fills of the map, the panel of a tambon, and how good the estimates are.

Builds words and tables from a desk and a view. Never imports Streamlit, never hides that a value is an estimate.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from data.clock import ICT_OFFSET, season_of
from data.errors import ContractError, NotStored
from data.variables import standard_24h
from layers import palette
from layers.figures import Figure
from layers.view import View
from layers.words import Lang, say, say_time
from models import exposure, surface, surface_check
from models.air import thai_aqi
from models.desk import Desk
from models.people import people

#: Running means are drawn over so many days, the chosen one last.
_HOURS_OVER_DAYS = 3


@dataclass(frozen=True)
class DayAir:
    """One day's surface for the map: by code what is filled, what is said, and which tambons are estimates."""

    table: pd.DataFrame
    fills: dict[str, tuple[int | None, str]]
    estimated: tuple[str, ...]


@dataclass(frozen=True)
class TambonAir:
    """One tambon's air in words and tables.

    `days` and `hours` hold ``time``, ``pm25``, ``low``, ``high`` and ``state`` (words); `limit` is the 24 h standard of
    the day, None where there was none yet; `seasons` is a worded table.
    """

    facts: list[Figure]
    days: pd.DataFrame
    hours: pd.DataFrame
    limit: float | None
    seasons: pd.DataFrame
    note: str


@dataclass(frozen=True)
class Estimates:
    """The page on how good the surface is: one line, and tables by season and by station."""

    summary: list[Figure]
    seasons: pd.DataFrame
    stations: pd.DataFrame
    note: str


def verdicts(desk: Desk, view: View) -> list[str]:
    """Return what has no say in the estimates of the year of the view's day, and why; whether a model has one."""
    return [
        say(view.lang, f"surface.{row['reason']}", name=row["name"], values=row["values"])
        for row in surface.verdicts(desk, view.day, view.day).to_dict("records")
    ]


def of_day(desk: Desk, view: View) -> DayAir:
    """Return the surface of the view's day as the map shows it; everything missing when no reading is stored."""
    lang = view.lang
    try:
        table = surface.newest_surface(desk, view.day)[0]
    except NotStored:
        table = pd.DataFrame(columns=list(surface.SURFACE_COLUMNS)).astype(surface.SURFACE_COLUMNS)
    bands, unit = palette.pm25_bands(lang), say(lang, "unit.pm25")
    fills: dict[str, tuple[int | None, str]] = dict.fromkeys(
        map(str, desk.tambons["tambon"]), (None, say(lang, "air.cannot_tell"))
    )
    names = _station_names(desk, lang)
    estimated = []
    for row in table[table["pm25"].notna()].to_dict("records"):
        band = palette.band_of(float(row["pm25"]), bands)
        text = f"{row['pm25']:.1f} {unit} · {bands[band].label}"
        fills[str(row["tambon"])] = (band, f"{text}\n{_how(lang, row, names)}")
        if not row["measured"]:
            estimated.append(str(row["tambon"]))
    return DayAir(table, fills, tuple(estimated))


def day_columns(lang: Lang, day: DayAir) -> pd.DataFrame:
    """Return the day's values for the table of all tambons: code, value, bounds and whether it was measured."""
    table = day.table
    bounds = [
        "" if np.isnan(low) else f"{low:.0f}–{high:.0f}" for low, high in zip(table["low"], table["high"], strict=True)
    ]
    how = [
        "" if np.isnan(value) else say(lang, "air.measured" if measured else "air.estimated")
        for value, measured in zip(table["pm25"], table["measured"], strict=True)
    ]
    named = {say(lang, "chart.pm25"): table["pm25"], say(lang, "air.interval_label"): bounds, say(lang, "air.how"): how}
    return pd.DataFrame({"code": table["tambon"].astype("str"), **named})


def _how(lang: Lang, row: Any, names: dict[str, str]) -> str:
    """Return whether a value is measured, else its interval and the nearest instrument."""
    near = names.get(str(row["nearest_station"]), str(row["nearest_station"]))
    if row["measured"]:
        return say(lang, "air.measured_at", station=near)
    bounds = say(lang, "air.interval", low=f"{row['low']:.0f}", high=f"{row['high']:.0f}")
    return f"{say(lang, 'air.estimated')} · {bounds}\n" + say(
        lang, "air.nearest", station=near, km=f"{row['nearest_km']:.0f}"
    )


def _station_names(desk: Desk, lang: Lang) -> dict[str, str]:
    table = desk.known_stations
    return {str(code): str(label) for code, label in zip(table["station_id"], table[f"name_{lang}"], strict=True)}


def people_over(desk: Desk, view: View, day: DayAir) -> Figure:
    """Return how many people are in air over the 24 h standard, with the range of the estimates' bounds."""
    lang = view.lang
    label = say(lang, "air.people_over")
    limit = _limit(view.day)
    known = people(desk)["people"]
    if limit is None or day.table.empty or known.isna().all() or day.table["pm25"].isna().all():
        return Figure(label, "–", say(lang, "air.people_unknown"))
    table = day.table.set_index("tambon")
    worst, least = table["high"].fillna(table["pm25"]), table["low"].fillna(table["pm25"])
    over, most, fewest = (
        float(known[value.round(1).reindex(known.index) > limit].sum()) for value in (table["pm25"], worst, least)
    )
    detail = say(
        lang,
        "air.people_over_detail",
        low=f"{fewest:,.0f}",
        high=f"{most:,.0f}",
        all=f"{known.sum():,.0f}",
        limit=limit,
    )
    return Figure(label, f"{over:,.0f}", detail)


def of_tambon(desk: Desk, view: View) -> TambonAir | None:
    """Return the air of the chosen tambon; None when no reading is stored."""
    lang = view.lang
    try:
        table, averaging = surface.newest_surface(desk, view.day)
    except NotStored:
        return None
    start, end = season_of(view.day)
    first = start if start <= view.day <= end else dt.date(view.day.year, 1, 1)
    season = exposure.exposure(desk, first, view.day, [view.tambon])
    row = table[table["tambon"] == view.tambon].iloc[0].to_dict()
    return TambonAir(
        facts=_facts(desk, view, row, averaging, season),
        days=_shown(lang, season.rename(columns={"day": "time"})),
        hours=_hours(desk, view),
        limit=_limit(view.day),
        seasons=_seasons(desk, view, first),
        note=say(lang, "air.panel_note"),
    )


def _limit(day: dt.date) -> float | None:
    try:
        return standard_24h(day)
    except ContractError:
        return None


def _facts(desk: Desk, view: View, row: dict[str, Any], averaging: str, season: pd.DataFrame) -> list[Figure]:
    lang = view.lang
    label = say(lang, "air.value")
    if np.isnan(row["pm25"]):
        facts = [Figure(label, "–", say(lang, "air.cannot_tell"))]
    else:
        bands = palette.pm25_bands(lang)
        band = bands[palette.band_of(float(row["pm25"]), bands)]
        index = f"AQI {thai_aqi(np.array([row['pm25']]))[0]} · {band.label}"
        when = (
            say(lang, "today.mean_24h", time=say_time(lang, row["time"].to_pydatetime()))
            if averaging == "PT24H"
            else say(lang, "today.mean_day")
        )
        facts = [Figure(label, f"{row['pm25']:.1f}", f"{index} · {when}", band.colour, say(lang, "unit.pm25"))]
        if not row["measured"]:
            bounds = f"{row['low']:.0f}–{row['high']:.0f}"
            facts.append(Figure(say(lang, "air.interval_label"), bounds, say(lang, "air.estimated_detail")))
        near = _station_names(desk, lang).get(row["nearest_station"], row["nearest_station"])
        kind = "air.measured" if row["measured"] else "air.estimated"
        facts.append(
            Figure(
                say(lang, "air.nearest_label"),
                f"{row['nearest_km']:.0f}",
                f"{near} · {say(lang, kind)}",
                unit=say(lang, "unit.km"),
            )
        )
    return [*facts, _people(desk, view), _days_over(lang, season)]


def _people(desk: Desk, view: View) -> Figure:
    lang = view.lang
    row = people(desk).loc[view.tambon]
    if np.isnan(row["people"]):
        return Figure(say(lang, "air.people"), "–", say(lang, "air.people_unknown"))
    older = (
        say(lang, "air.older_unknown") if np.isnan(row["older"]) else say(lang, "air.older", n=f"{row['older']:,.0f}")
    )
    basis = say(lang, f"air.people_{row['basis']}")
    return Figure(say(lang, "air.people"), f"{row['people']:,.0f}", f"{older} · {basis}")


def _days_over(lang: Lang, season: pd.DataFrame) -> Figure:
    known = int(season["pm25"].notna().sum())
    label = say(lang, "air.days_over")
    if not known:
        return Figure(label, "–", say(lang, "air.cannot_tell"))
    over = exposure.over_standard(season, "tambon").iloc[0]
    low, high = int(over["days_over_low"]), int(over["days_over_high"])
    detail = say(lang, "air.days_over_detail", low=low, high=high, days=known)
    return Figure(label, f"{int(over['days_over'])}", detail)


def _shown(lang: Lang, table: pd.DataFrame) -> pd.DataFrame:
    """Return one tambon's rows for a chart: what was measured is its own bound, what is missing breaks the line."""
    out = table[["time", "pm25"]].copy()
    for bound in ("low", "high"):
        out[bound] = table[bound].fillna(table["pm25"])
    out["state"] = [say(lang, "air.measured" if measured else "air.estimated") for measured in table["measured"]]
    return out.reset_index(drop=True) if out["pm25"].notna().any() else out.iloc[:0]


def _hours(desk: Desk, view: View) -> pd.DataFrame:
    since = view.day - dt.timedelta(days=_HOURS_OVER_DAYS - 1)
    table = surface.hourly_surface(desk, since, view.day, "PT24H")
    table = table[table["tambon"] == view.tambon]
    # The chart tells local time, and has no zone of its own.
    local = table["time"].dt.tz_localize(None) + ICT_OFFSET
    return _shown(view.lang, table.assign(time=local))


def _seasons(desk: Desk, view: View, first: dt.date) -> pd.DataFrame:
    """Return the chosen tambon in this season and earlier ones, each up to the same day of the year."""
    lang = view.lang
    rows = []
    for year in sorted((year for year in desk.air_years if year <= view.day.year), reverse=True):
        last = view.day.replace(year=year, day=min(view.day.day, 28) if view.day.month == 2 else view.day.day)
        mine = exposure.exposure(desk, first.replace(year=year), last, [view.tambon])
        if not mine["pm25"].notna().any():
            continue
        over = exposure.over_standard(mine, "tambon").iloc[0]
        rows.append(
            {
                say(lang, "column.season"): str(year + 543 if lang == "th" else year),
                say(lang, "air.mean"): round(float(mine["pm25"].mean()), 1),
                say(lang, "column.days_over"): int(over["days_over"]),
                say(lang, "air.range"): f"{int(over['days_over_low'])}–{int(over['days_over_high'])}",
                say(lang, "column.valid_days"): int(over["days"]),
            }
        )
    return pd.DataFrame(rows)


def estimates(desk: Desk, lang: Lang) -> Estimates | None:
    """Return how good the surface is on the stored seasons; None when too little is stored to tell."""
    table = surface_check.station_days(desk)
    if table.empty:
        return None
    whole = surface_check.scores(table).iloc[0]
    summary = [
        Figure("R²", f"{whole['r2']:.2f}", say(lang, "estimates.beside", idw=f"{whole['r2_idw']:.2f}",
             nearest=f"{whole['r2_nearest']:.2f}")),
        Figure("RMSE", f"{whole['rmse']:.1f}", say(lang, "estimates.beside", idw=f"{whole['rmse_idw']:.1f}",
             nearest=f"{whole['rmse_nearest']:.1f}"), unit=say(lang, "unit.pm25")),
        Figure(say(lang, "estimates.gain"), f"{whole['gain_pct']:.0f} %", say(lang, "estimates.gain_detail")),
        Figure(say(lang, "estimates.inside"), f"{whole['inside_pct']:.0f} %", say(lang, "estimates.inside_detail")),
    ]  # fmt: skip
    names = _station_names(desk, lang)
    stations = surface_check.scores(table, ["station_id"]).sort_values("nearest_km", ignore_index=True)
    stations["station_id"] = [f"{code} {names.get(code, '')}".strip() for code in stations["station_id"]]
    seasons = surface_check.scores(table, ["season"])
    seasons["season"] = [str(year + 543 if lang == "th" else year) for year in seasons["season"]]
    patterns = sorted(table["pattern"].unique())
    note = " ".join(say(lang, f"estimates.pattern_{pattern}") for pattern in patterns)
    return Estimates(
        summary,
        _worded(lang, seasons, "season", say(lang, "column.season")),
        _worded(lang, stations, "station_id", say(lang, "column.station")),
        note,
    )


def _worded(lang: Lang, scores: pd.DataFrame, key: str, label: str) -> pd.DataFrame:
    columns = {
        say(lang, "estimates.n"): scores["n"],
        "R²": scores["r2"].round(2),
        say(lang, "estimates.r2_idw"): scores["r2_idw"].round(2),
        say(lang, "estimates.r2_nearest"): scores["r2_nearest"].round(2),
        "RMSE": scores["rmse"].round(1),
        say(lang, "estimates.rmse_idw"): scores["rmse_idw"].round(1),
        say(lang, "estimates.rmse_nearest"): scores["rmse_nearest"].round(1),
        say(lang, "estimates.inside"): scores["inside_pct"].round(0).astype(int),
        say(lang, "estimates.nearest_km"): scores["nearest_km"].round(0).astype(int),
    }
    return pd.DataFrame({label: scores[key], **columns})
