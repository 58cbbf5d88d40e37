"""The three headline numbers: each against the target, against last year and against the neighbouring provinces.

All move with the weather, so none of them alone says that something worked; the comparison that can is in the section
on effects. Never compares days of which one side was not stored without saying so.
"""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import dataclass

import pandas as pd

from briefings.brief import Figure
from briefings.facts import Ledger
from data.clock import season_of
from data.errors import ContractError, NotStored
from data.variables import standard_24h
from layers.words import Lang, say, say_day
from models.air import days_over
from models.desk import Desk
from models.exposure import exposure, over_standard

#: The official habit in Thailand, and the one satellite that flew through every season compared.
SATELLITES = ("SNPP",)
SOURCE_HOTSPOTS = "NASA FIRMS / GISTDA, Suomi NPP VIIRS"
SOURCE_AIR = "PCD Air4Thai"


@dataclass(frozen=True)
class Scene:
    """What every part of a briefing is given: desk, day, language, the registry's sites, the ledger of its numbers."""

    desk: Desk
    day: dt.date
    lang: Lang
    sites: pd.DataFrame
    ledger: Ledger

    @property
    def season(self) -> tuple[dt.date, dt.date]:
        """First day of the season and the day itself, or the season's end where the day lies after it."""
        start, end = season_of(self.day)
        return start, min(max(self.day, start), end)

    @property
    def season_before(self) -> tuple[dt.date, dt.date]:
        """The same days of the year before; 28 February stands for the 29th."""
        _, until = self.season
        year = until.year - 1
        day = 28 if (until.month, until.day) == (2, 29) and not calendar.isleap(year) else until.day
        return season_of(dt.date(year, 1, 1))[0], dt.date(year, until.month, day)


def change(now: float | None, before: float | None) -> float | None:
    """Return the change in per cent; None where one is not known, or the earlier one is zero."""
    if now is None or before is None or before <= 0:
        return None
    return 100 * (now - before) / before


def decimals_of(value: float) -> int:
    """Return the decimals of a number that somebody has set: none of a whole one, else one."""
    return 0 if value == int(value) else 1


def tone(moved: float | None) -> str:
    """Return how a change is marked; within one per cent it is none."""
    if moved is None:
        return "unknown"
    return "same" if abs(moved) < 1 else "better" if moved < 0 else "worse"


def hotspots_figure(scene: Scene) -> Figure:
    """Return the hotspots of the season so far."""
    lang, (first, last), (first_before, last_before) = scene.lang, scene.season, scene.season_before
    here = _count(scene, first, last, scene.desk.place.provinces)
    before = _count(scene, first_before, last_before, scene.desk.place.provinces)
    shown = scene.ledger.note("hotspots.season", here, "hotspots", source=SOURCE_HOTSPOTS, as_of=last)
    lines = [say(lang, "brief.days_stored", **season_stored(scene))]
    lines.append(_target_line(scene, before))
    lines.append(_last_year_line(scene, "hotspots.season", here, before, last_before))
    lines.append(_neighbours_line(scene))
    return Figure(
        say(lang, "brief.figure_hotspots"),
        shown,
        say(lang, "brief.unit_hotspots"),
        tone(change(here, before)),
        tuple(lines),
    )


def season_stored(scene: Scene) -> dict[str, str]:
    """Return `days` of the season so far, and how many of them are `stored` and `missing`, as they are written."""
    first, last = scene.season
    days = (last - first).days + 1
    missing = scene.desk.days_not_stored(first, last, SATELLITES) if scene.desk.seasons else days
    return {
        name: scene.ledger.note(
            f"hotspots.season.days.{name}", float(value), "days", source="what is stored", as_of=scene.day
        )
        for name, value in (("days", days), ("stored", days - missing), ("missing", missing))
    }


def _count(scene: Scene, first: dt.date, last: dt.date, provinces: tuple[str, ...]) -> float | None:
    """Return detections in some provinces; None where no stored file reaches any of the days."""
    desk = scene.desk
    if not desk.seasons or desk.days_not_stored(first, last, SATELLITES) > (last - first).days:
        return None
    table = desk.detections.count(first, last, SATELLITES)
    mine = table[table["province"].isin(provinces)]
    return float(mine["count"].sum()) if len(mine) else None


def _target_line(scene: Scene, before: float | None) -> str:
    percent = scene.desk.settings.target_percent
    if percent is None:
        return say(scene.lang, "brief.no_target")
    asked = scene.ledger.note(
        "hotspots.target.percent",
        percent,
        "%",
        source="target of the province",
        as_of=scene.day,
        decimals=decimals_of(percent),
    )
    if before is None:
        return say(scene.lang, "brief.target_no_base", percent=asked)
    limit = scene.ledger.note(
        "hotspots.target", before * (1 - percent / 100), "hotspots", source="target of the province", as_of=scene.day
    )
    return say(scene.lang, "brief.target", percent=asked, limit=limit)


def _last_year_line(scene: Scene, key: str, now: float | None, before: float | None, as_of: dt.date) -> str:
    lang = scene.lang
    if before is None:
        return say(lang, "brief.last_year_unknown")
    told = scene.ledger.note(f"{key}.last_year", before, "hotspots", source=SOURCE_HOTSPOTS, as_of=as_of)
    moved = change(now, before)
    if moved is None:
        return say(lang, "brief.last_year", value=told)
    percent = scene.ledger.note(f"{key}.change", moved, "%", source=SOURCE_HOTSPOTS, as_of=scene.day)
    return say(lang, "brief.last_year_change", value=told, percent=_signed(percent, moved))


def _signed(shown: str, value: float) -> str:
    return shown.replace("-", "−") if value < 0 else f"+{shown}"


def _neighbours_line(scene: Scene) -> str:
    """Return the change of the neighbouring provinces whose tambons are known, as one number."""
    lang, desk = scene.lang, scene.desk
    known = sorted(set(desk.place.neighbours) & set(desk.all_tambons["province"]))
    if not known:
        return say(lang, "brief.neighbours_unknown")
    now = _count(scene, *scene.season, tuple(known))
    before = _count(scene, *scene.season_before, tuple(known))
    moved = change(now, before)
    if moved is None:
        return say(lang, "brief.neighbours_unknown")
    percent = scene.ledger.note("hotspots.neighbours.change", moved, "%", source=SOURCE_HOTSPOTS, as_of=scene.day)
    count = scene.ledger.note(
        "hotspots.neighbours.count", float(len(known)), "provinces", source="outlines stored", as_of=scene.day
    )
    return say(lang, "brief.neighbours", count=count, percent=_signed(percent, moved))


def air_figure(scene: Scene) -> Figure:
    """Return the days over the standard so far at the worst station of the place, and the air of the day."""
    lang, (first, last) = scene.lang, scene.season
    over = _days_over(scene, first, last)
    before = _days_over(scene, *scene.season_before)
    limit = limit_of(scene.day)
    written = scene.ledger.note(
        "pm25.standard",
        limit,
        "µg/m³",
        source="standard in force",
        as_of=scene.day,
        decimals=decimals_of(limit or 0.0),
    )
    worst = None if over is None else float(over["days_over"].max())
    shown = scene.ledger.note("pm25.days_over", worst, "days", source=SOURCE_AIR, as_of=last)
    lines = [_air_today(scene)]
    if over is not None and len(over):
        row = over.loc[over["days_over"].idxmax()]
        valid = scene.ledger.note(
            "pm25.days_valid", float(row["valid_days"]), "days", source=SOURCE_AIR, as_of=scene.season[1]
        )
        lines.append(say(lang, "brief.days_valid", station=station_name(scene, str(row["code"])), valid=valid))
    earlier = None if before is None else float(before["days_over"].max())
    if earlier is None:
        lines.append(say(lang, "brief.last_year_unknown"))
    else:
        told = scene.ledger.note("pm25.days_over.last_year", earlier, "days", source=SOURCE_AIR, as_of=last)
        lines.append(say(lang, "brief.last_year_days", value=told))
    return Figure(
        say(lang, "brief.figure_air", limit=written),
        shown,
        say(lang, "brief.unit_days"),
        tone(change(worst, earlier)),
        tuple(lines),
    )


def limit_of(day: dt.date) -> float | None:
    """Return the 24 h standard of a day, µg/m³; None before there was one."""
    try:
        return standard_24h(day)
    except ContractError:
        return None


def _days_over(scene: Scene, first: dt.date, last: dt.date) -> pd.DataFrame | None:
    try:
        table = days_over(scene.desk.daily_air(first, last))
    except NotStored:
        return None
    return table if len(table) and bool((table["valid_days"] > 0).any()) else None


def station_name(scene: Scene, code: str) -> str:
    """Return the name of a station."""
    names = scene.desk.stations.set_index("station_id")[f"name_{scene.lang}"]
    return str(names.get(code, code))


def _air_today(scene: Scene) -> str:
    """Return the highest daily mean of the day among the stations, in words."""
    try:
        table = scene.desk.daily_air(scene.day, scene.day)
    except NotStored:
        return say(scene.lang, "brief.air_unknown")
    values = table.set_index("station_id")["value"].dropna()
    if values.empty:
        return say(scene.lang, "brief.air_unknown")
    code = str(values.idxmax())
    value = float(values.loc[code])
    shown = scene.ledger.note("pm25.day.highest", value, "µg/m³", source=SOURCE_AIR, as_of=scene.day, decimals=1)
    return say(scene.lang, "brief.air_today", value=shown, station=station_name(scene, code))


def people_figure(scene: Scene) -> Figure:
    """Return the person-days over the standard so far, from the air of every tambon and its registered people."""
    lang = scene.lang
    here, low, high = _person_days(scene, *scene.season)
    before = _person_days(scene, *scene.season_before)[0]
    source = "registered population, PM2.5 surface"
    shown = scene.ledger.note(
        "people.person_days", here, "person-days", source=source, as_of=scene.season[1], low=low, high=high
    )
    if here is None:
        lines = [say(lang, "brief.person_days_unknown")]
    else:
        ends = {
            name: scene.ledger.note(
                f"people.person_days.{name}", value, "person-days", source=source, as_of=scene.season[1]
            )
            for name, value in (("low", low), ("high", high))
        }
        lines = [say(lang, "brief.person_days_range", **ends)]
    if before is None:
        lines.append(say(lang, "brief.last_year_unknown"))
    else:
        told = scene.ledger.note(
            "people.person_days.last_year", before, "person-days", source=source, as_of=scene.season_before[1]
        )
        lines.append(say(lang, "brief.last_year_person_days", value=told))
    label, unit = say(lang, "brief.figure_people"), say(lang, "brief.unit_person_days")
    return Figure(label, shown, unit, tone(change(here, before)), tuple(lines))


def _person_days(scene: Scene, first: dt.date, last: dt.date) -> tuple[float | None, float | None, float | None]:
    """Return person-days over the standard with their bounds; None where air or people are not known."""
    try:
        table = exposure(scene.desk, first, last)
    except NotStored:
        return None, None, None
    if not bool((table["pm25"].notna() & table["people"].notna()).any()):
        return None, None, None
    found = over_standard(table, "province")
    totals = [float(found[name].sum()) for name in ("person_days", "person_days_low", "person_days_high")]
    return totals[0], totals[1], totals[2]


def figures(scene: Scene) -> tuple[Figure, ...]:
    """Return the headline numbers."""
    return hotspots_figure(scene), air_figure(scene), people_figure(scene)


def top_tambons(scene: Scene, most: int = 5, days: int = 7) -> pd.DataFrame:
    """Return the tambons with the most hotspots of the last days: `tambon`, names, `amphoe`, `count`; none at zero."""
    desk = scene.desk
    first = scene.day - dt.timedelta(days=days - 1)
    table = desk.detections.count(first, scene.day, SATELLITES)
    mine = table[table["province"].isin(desk.place.provinces) & (table["count"] > 0)]
    return mine.sort_values(["count", "tambon"], ascending=[False, True]).head(most).reset_index(drop=True)


def week_words(lang: Lang, day: dt.date) -> str:
    """Return "6 to 12 March" for the seven days that end with `day`."""
    return say(lang, "brief.period", first=say_day(lang, day - dt.timedelta(days=6)), last=say_day(lang, day))
