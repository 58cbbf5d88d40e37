"""The short bulletin for radio, LINE and the web: plain sentences of a day, each with a number behind it.

Written from templates in both languages; a sentence whose number is not known is left out, and if none is known the
bulletin says so. Never advises beyond what the class of the air calls for.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from briefings import ahead
from briefings.figures import SATELLITES, SOURCE_AIR, SOURCE_HOTSPOTS, Scene, station_name
from data.clock import thai_day
from data.errors import ModelError, NotStored
from data.registry import open_registry
from data.variables import AqiClass, pm25_scale
from layers.words import say, say_day, say_time
from models.air import thai_aqi_class

#: Differences below this many µg/m³ from one day to the next are called steady: the daily means carry one decimal, and
#: neighbouring instruments differ by more.
_STEADY = 3.0


def bulletin(scene: Scene) -> list[str]:
    """Return the sentences of the bulletin, the most important first.

    Parameters
    ----------
    scene : Scene
        Its ledger is given every number that is said.
    """
    now = _air(scene)
    sentences = [
        say(scene.lang, "bulletin.headline", place=_place(scene), day=say_day(scene.lang, scene.day, short=False)),
        *now,
        *_tomorrow(scene),
        *_fires(scene),
        *_ban(scene),
    ]
    if len(sentences) == 1:
        sentences.append(say(scene.lang, "bulletin.nothing"))
    newest = scene.desk.newest
    if newest is not None:
        sentences.append(say(scene.lang, "bulletin.source", time=say_time(scene.lang, newest)))
    return sentences


def _place(scene: Scene) -> str:
    return scene.desk.place.name_th if scene.lang == "th" else scene.desk.place.name_en


def _highest(scene: Scene, day: dt.date) -> tuple[str, float] | None:
    """Return the station with the highest daily mean, and the mean."""
    try:
        table = scene.desk.daily_air(day, day)
    except NotStored:
        return None
    values = table.set_index("station_id")["value"].dropna()
    return None if values.empty else (str(values.idxmax()), float(values.max()))


def _class_of(value: float) -> AqiClass:
    number = int(thai_aqi_class(np.array([value]))[0])
    return next(one for one in pm25_scale().classes if one.id == number)


def _air(scene: Scene) -> list[str]:
    found = _highest(scene, scene.day)
    if found is None:
        return []
    code, value = found
    lang, kind = scene.lang, _class_of(value)
    shown = scene.ledger.note("bulletin.pm25", value, "µg/m³", source=SOURCE_AIR, as_of=scene.day, decimals=1)
    words = kind.label_th if lang == "th" else kind.label_en
    said = [say(lang, "bulletin.air", value=shown, station=station_name(scene, code), words=words)]
    before = _highest(scene, scene.day - dt.timedelta(days=1))
    if before is not None:
        moved = value - before[1]
        trend = "steady" if abs(moved) < _STEADY else "up" if moved > 0 else "down"
        change = scene.ledger.note(
            "bulletin.pm25.change", abs(moved), "µg/m³", source=SOURCE_AIR, as_of=scene.day, decimals=1
        )
        said.append(say(lang, f"bulletin.trend_{trend}", change=change))
    said.append(say(lang, f"bulletin.advice_{kind.code}"))
    return said


def _tomorrow(scene: Scene) -> list[str]:
    try:
        rows = ahead.worst_stations(scene)
    except (NotStored, ModelError):
        return []
    rows = rows[rows["lead_h"] == 24]
    if rows.empty:
        return []
    row = rows.iloc[0].to_dict()
    day = thai_day(row["valid_at"].to_pydatetime())
    told = ahead.note(scene, "bulletin.forecast", row, ("pm25", "low", "high", "p_over_37_5"))
    key = "bulletin.tomorrow" if day == scene.day + dt.timedelta(days=1) else "bulletin.on_day"
    return [say(scene.lang, key, day=say_day(scene.lang, day, year=False), **told)]


def _fires(scene: Scene) -> list[str]:
    desk, lang = scene.desk, scene.lang
    if not desk.seasons or desk.days_not_stored(scene.day, scene.day, SATELLITES):
        return []
    table = desk.counts("amphoe", scene.day, scene.day, SATELLITES)
    total = scene.ledger.note(
        "bulletin.hotspots", float(table["count"].sum()), "hotspots", source=SOURCE_HOTSPOTS, as_of=scene.day
    )
    if table["count"].sum() == 0:
        return [say(lang, "bulletin.no_fires", count=total)]
    worst = table.loc[table["count"].idxmax()]
    most = scene.ledger.note(
        "bulletin.hotspots.most", float(worst["count"]), "hotspots", source=SOURCE_HOTSPOTS, as_of=scene.day
    )
    return [say(lang, "bulletin.fires", count=total, amphoe=worst[f"name_{lang}"], most=most)]


def _ban(scene: Scene) -> list[str]:
    """Return the burn ban in force on the day, where a stated one is on record; a year without one is unknown."""
    bans = open_registry(scene.desk.settings).table("burn_bans")
    bans = bans[(bans["kind"] == "burn_ban") & bans["start"].notna() & bans["end"].notna()]
    day = pd.Timestamp(scene.day)
    here = bans[(bans["start"] <= day) & (bans["end"] >= day)]
    if here.empty:
        return []
    last = here["end"].max().date()
    scene.ledger.note(
        "bulletin.ban.days_left", float((last - scene.day).days), "days", source="burn bans on record", as_of=scene.day
    )
    return [say(scene.lang, "bulletin.ban", last=say_day(scene.lang, last))]
