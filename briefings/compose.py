"""From a desk and a day to a whole briefing and its map: the order of the parts, the title, the foot.

Never renders; a part whose data are missing says so and the others stand.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from briefings import judged, sections
from briefings.brief import Brief, Section
from briefings.facts import Ledger
from briefings.figures import SATELLITES, Scene, figures, limit_of, season_stored
from briefings.picture import Shade, tambon_map
from briefings.season_picture import Days, Words, season_chart
from data.clock import ICT, day_bounds, season_of
from data.errors import HazeError, ModelError, NotStored
from data.variables import pm25_scale
from layers.words import Lang, say, say_day, say_error, say_time, texts
from models.desk import Desk

#: The parts in the order in which they stand; each a function of the scene.
PARTS: tuple[tuple[str, Callable[[Scene], Section]], ...] = (
    ("top", sections.worst_tambons),
    ("outlook", judged.outlook),
    ("origin", judged.origin),
    ("people", judged.people),
    ("week", sections.since_last_week),
    ("effects", judged.effects),
    ("activity", sections.activity),
)
_NO_VALUE = "#e4e3df"


def compose(desk: Desk, day: dt.date, lang: Lang, sites: pd.DataFrame, revision: str) -> Brief:
    """Return the briefing of a Thai day.

    Parameters
    ----------
    desk : Desk
    day : date
    lang : str
    sites : DataFrame
        The registry's sites of the place (`data.registry`).
    revision : str
        Of the data and the registry: the same revision gives the same briefing.
    """
    ledger = Ledger(revision)
    scene = Scene(desk, day, lang, sites, ledger)
    place = desk.place.name_th if lang == "th" else desk.place.name_en
    head = figures(scene)
    parts = tuple(_part(scene, key, part) for key, part in PARTS)
    surface = judged.day_surface(scene)
    note = "brief.map_note" if surface is not None else "brief.map_note_counts"
    return Brief(
        lang=lang,
        day=day,
        place=place,
        revision=revision,
        title=say(lang, "brief.title", place=place),
        subtitle=say(lang, "brief.subtitle", day=say_day(lang, day, short=False)),
        figures=head,
        sections=parts,
        map_title=say(lang, "brief.map_pm25" if surface is not None else "brief.map_counts"),
        map_note=say(lang, note, day=say_day(lang, day)),
        **_season_words(scene),
        foot=_foot(scene),
        facts=tuple(ledger),
        words={key: say(lang, f"brief.{key}") for key in _WORDS},
    )


_WORDS = ("sheet", "sources", "tone_better", "tone_worse", "tone_same", "tone_unknown")


def _part(scene: Scene, key: str, part: Callable[[Scene], Section]) -> Section:
    try:
        return part(scene)
    except (NotStored, ModelError) as reason:
        for name, value in reason.context.items():
            if isinstance(value, (int, float)):
                scene.ledger.note(
                    f"{key}.unknown.{name}", float(value), "", source="what the method needs", as_of=scene.day
                )
        heading = say(scene.lang, f"brief.{key}_heading")
        return Section(key, heading, (say(scene.lang, "brief.unknown", reason=_reason(scene.lang, reason)),))


def _reason(lang: Lang, error: HazeError) -> str:
    """Return why a part cannot be told, as a reader needs it: days written as days, and nothing about importing."""
    told = {name: _day_or_same(lang, value) for name, value in error.context.items()}
    if f"brief.reason.{error.key}" in texts(lang):
        return say(lang, f"brief.reason.{error.key}", **told)
    return say_error(lang, HazeError("", key=error.key, context=told))


def _day_or_same(lang: Lang, value: Any) -> Any:
    try:
        return say_day(lang, dt.date.fromisoformat(value))
    except (TypeError, ValueError):
        return value


def _foot(scene: Scene) -> tuple[str, ...]:
    lang, desk = scene.lang, scene.desk
    lines = []
    for kind in ("hotspots", "readings"):
        newest = desk.newest_of(kind)
        shown = say(lang, "brief.none_stored") if newest is None else say_time(lang, newest)
        lines.append(say(lang, f"brief.foot_{kind}", newest=shown))
    named = ", ".join(say(lang, f"satellite.{code}") for code in SATELLITES)
    lines.append(say(lang, "brief.foot_satellites", satellites=named))
    if desk.seasons:
        lines.append(say(lang, "brief.foot_missing", **season_stored(scene)))
    if desk.is_sample:
        lines.append(say(lang, "brief.foot_sample"))
    lines.append(say(lang, "brief.foot_revision", revision=scene.ledger.revision))
    return tuple(lines)


def _season_words(scene: Scene) -> dict[str, str]:
    """Return title and note of the picture of the season, both "" where nothing is stored."""
    days = _season_days(scene)
    if days.hotspots is None and days.pm25 is None:
        return {"season_title": "", "season_note": ""}
    first, last = (say_day(scene.lang, day) for day in scene.season)
    note = say(scene.lang, "brief.season_note", first=first, last=last)
    return {"season_title": say(scene.lang, "brief.season_heading"), "season_note": note}


def _season_days(scene: Scene) -> Days:
    desk, (first, last) = scene.desk, scene.season
    index = pd.date_range(*season_of(scene.day), name="day")
    hotspots = None
    if desk.seasons:
        stored = desk.detections.stored_days(first, last, SATELLITES)
        hotspots = desk.daily(first, last, SATELLITES).astype(float).where(stored).reindex(index)
    return Days(hotspots, _highest(desk, first, last, index), last, limit_of(scene.day))


def _highest(desk: Desk, first: dt.date, last: dt.date, index: pd.DatetimeIndex) -> pd.Series | None:
    """Return the highest daily mean of each day; None where no station has one."""
    try:
        known = desk.daily_air(first, last).dropna(subset="value")
    except NotStored:
        return None
    if known.empty:
        return None
    local = known["measured_at"].dt.tz_convert(ICT).dt.tz_localize(None).dt.normalize()
    return known.groupby(local)["value"].max().reindex(index)


def season_picture(desk: Desk, day: dt.date, lang: Lang, sites: pd.DataFrame, form: str) -> bytes:
    """Return the picture of the season up to a day, nothing (``b""``) where nothing of it is stored."""
    scene = Scene(desk, day, lang, sites, Ledger(desk.state.revision))
    days = _season_days(scene)
    if days.hotspots is None and days.pm25 is None:
        return b""
    limit = "" if days.limit is None else say(lang, "chart.limit", limit=f"{days.limit:g}")
    words = Words(
        hotspots=say(lang, "brief.season_hotspots"),
        pm25=say(lang, "brief.season_pm25"),
        limit=limit,
        not_stored=say(lang, "brief.season_not_stored"),
        months={number: say(lang, f"month.short.{number}") for number in range(1, 13)},
    )
    return season_chart(days, words, form=form)


def picture(desk: Desk, day: dt.date, lang: Lang, sites: pd.DataFrame, form: str) -> bytes:
    """Return the map of a briefing: PM2.5 in every tambon where it can be told, else hotspots of seven days."""
    scene = Scene(desk, day, lang, sites, Ledger(desk.state.revision))
    tambons = desk.tambons
    names = tambons.drop_duplicates("amphoe").set_index("amphoe")[f"amphoe_{lang}"].to_dict()
    surface = judged.day_surface(scene)
    shade_of, shades = _air_shades(scene, surface) if surface is not None else _count_shades(scene)
    return tambon_map(
        tambons,
        shade_of,
        shades,
        _points(scene),
        points_label=say(lang, "brief.map_points", day=say_day(lang, day)),
        names={str(code): str(name) for code, name in names.items()},
        form=form,
    )


def _points(scene: Scene) -> pd.DataFrame:
    if not scene.desk.seasons:
        return pd.DataFrame({"lon": [], "lat": []})
    start, end = day_bounds(scene.day, scene.day)
    rows = scene.desk.hotspots(scene.day, scene.day, SATELLITES)
    return rows.loc[(rows["acquired_at"] >= start) & (rows["acquired_at"] < end), ["lon", "lat"]]


def _air_shades(scene: Scene, surface: pd.DataFrame) -> tuple[list[int], list[Shade]]:
    """Return the class of each tambon; estimated ones have a hatched twin of each class."""
    scale = pm25_scale().classes
    labels = [one.label_th if scene.lang == "th" else one.label_en for one in scale]
    spans = [f"≥ {one.low:g}" if np.isinf(one.high) else f"{one.low:g}–{one.high:g}" for one in scale]
    known = surface.set_index("tambon")
    used: dict[tuple[int, bool], int] = {}
    shade_of = []
    for code in scene.desk.tambons["tambon"]:
        value = float(known["pm25"].get(code, np.nan))
        at = -1 if np.isnan(value) else max(0, sum(round(value, 1) >= one.low for one in scale) - 1)
        measured = bool(known["measured"].get(code, False))
        shade_of.append(used.setdefault((at, measured or at < 0), len(used)))
    shades = []
    for at, measured in used:
        if at < 0:
            shades.append(Shade(_NO_VALUE, say(scene.lang, "brief.map_no_value")))
            continue
        how = say(scene.lang, "brief.map_measured" if measured else "brief.map_estimated")
        shades.append(Shade(scale[at].colour, f"{spans[at]} {labels[at]} ({how})", "" if measured else "///"))
    return shade_of, shades


def _count_shades(scene: Scene) -> tuple[list[int], list[Shade]]:
    """Return the class of hotspots of seven days of each tambon."""
    first = scene.day - dt.timedelta(days=6)
    bounds, colours = (0, 2, 5, 10), ("#faf8f2", "#fbeab8", "#edb05f", "#d98446", "#762d27")
    if not scene.desk.seasons or scene.desk.days_not_stored(first, scene.day, SATELLITES) == 7:
        return [0] * len(scene.desk.tambons), [Shade(_NO_VALUE, say(scene.lang, "brief.map_no_value"))]
    counts = scene.desk.counts("tambon", first, scene.day, SATELLITES)["count"].to_numpy()
    labels = ["0", "1–2", "3–5", "6–10", "> 10"]
    shades = [Shade(colour, label) for colour, label in zip(colours, labels, strict=True)]
    return np.searchsorted(bounds, counts).tolist(), shades
