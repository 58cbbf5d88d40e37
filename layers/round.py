"""The officer's round in words: a text to paste, and rows for programs. Never imports Streamlit, works nothing out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from data.clock import ICT, iso_ict
from layers.words import Lang, say, say_day
from models.round import CHANGES, Round

#: Fires told one by one in the text; a message of more is not read.
MOST_FIRES = 10
_DIRECTIONS = ("n", "ne", "e", "se", "s", "sw", "w", "nw")
_PASS_WORDS = {"seen": "pass_seen", "nothing_seen": "pass_nothing", "not_stored": "pass_not_stored"}
_ROW_COLUMNS = (
    "section", "code", "name_th", "name_en", "count", "earlier", "state", "fire_id", "change", "area_rai", "area_low",
    "area_high", "land_class", "lat", "lon", "utm", "utm_numbers", "utm_letters", "last_seen", "age_hours",
    "wind_from_deg", "wind_ms", "site_th", "site_km",
)  # fmt: skip


def utm_ways(zone: str, easting: float, northing: float) -> tuple[str, str, str]:
    """Return a point in the three ways crews write it: with zone, as two numbers, with letters."""
    return (
        f"{zone} {easting:.0f} E {northing:.0f} N",
        f"{easting:.0f}, {northing:.0f}",
        f"E{easting:.0f} N{northing:.0f}",
    )


def direction(lang: Lang, degrees: float) -> str:
    """Return the word of the nearest of eight directions; `degrees` from north, clockwise."""
    return say(lang, f"direction.{_DIRECTIONS[round(degrees / 45) % 8]}")


def text(lang: Lang, report: Round, place: str, most: int = MOST_FIRES) -> str:
    """Return the report as a text to paste, a few lines for the province and some for each fire, largest first."""
    lines = [say(lang, "round.title", place=place), _when(lang, report), *_passes(lang, report)]
    if report.known:
        lines += _figures(lang, report)
        told = report.fires["change"].value_counts()
        tally = {name: int(told.get(name, 0)) for name in CHANGES}
        seen = int((report.fires["seen_now"] > 0).sum())
        lines += ["", say(lang, "round.fires", seen=seen, **tally)]
        rows = report.fires[report.fires["seen_now"] > 0].drop(columns="geometry").to_dict("records")
        for number, fire in enumerate(rows[:most], 1):
            lines += _fire(lang, number, fire)
        if len(rows) > most:
            lines.append(say(lang, "round.more", count=len(rows) - most))
    # What is not stored took no part in the numbers above.
    used = report.passes[report.passes["state"] != "not_stored"]
    names = ", ".join(
        say(lang, f"satellite.{name}") for name in (used if len(used) else report.passes)["satellite"].unique()
    )
    return "\n".join([*lines, "", say(lang, "round.source", satellites=names)])


def rows(report: Round) -> pd.DataFrame:
    """Return the report as flat rows: passes, counts by area and land, permanent heat left out, and fires."""
    passes = report.passes.assign(section="pass", code=report.passes["satellite"], count=report.passes["detections"])
    passes["last_seen"] = [None if pd.isna(at) else iso_ict(at) for at in passes["at"]]
    counts = report.counts.rename(columns={"by": "section"})
    if not report.known:
        counts = counts.assign(count=pd.array([pd.NA] * len(counts), "Int64"))
    heat = pd.DataFrame([{"section": "permanent_heat", "code": "left_out", "count": report.left_out}])
    fires = pd.DataFrame(report.fires.drop(columns="geometry")).assign(section="fire")
    fires = fires.rename(
        columns={"tambon": "code", "tambon_th": "name_th", "tambon_en": "name_en", "seen_now": "count"}
    )
    fires["last_seen"] = [iso_ict(at) for at in fires["last_seen"]]
    ways = [utm_ways(*point) for point in fires[["zone", "easting", "northing"]].itertuples(index=False, name=None)]
    for at, name in enumerate(("utm", "utm_numbers", "utm_letters")):
        fires[name] = [way[at] for way in ways]
    parts = [part.reindex(columns=list(_ROW_COLUMNS)).astype("object") for part in (passes, counts, heat, fires)]
    return pd.concat([part for part in parts if len(part)], ignore_index=True)


def _clock(lang: Lang, moment: pd.Timestamp) -> str:
    return f"{moment.astimezone(ICT):%H:%M}" + (" น." if lang == "th" else "")


def _when(lang: Lang, report: Round) -> str:
    day = say_day(lang, report.day, short=False)
    return say(lang, f"round.when_{report.kind}", day=day, time=_clock(lang, pd.Timestamp(report.at)))


def _passes(lang: Lang, report: Round) -> list[str]:
    told = []
    for one in report.passes.to_dict("records"):
        values = {"satellite": say(lang, f"satellite.{one['satellite']}"), "count": one["detections"]}
        if one["state"] == "seen":
            values["time"] = _clock(lang, one["at"])
        told.append(say(lang, f"round.{_PASS_WORDS.get(one['state'], 'pass_not_yet')}", **values))
    lines = [say(lang, "round.passes", list="; ".join(told))] if told else []
    return lines if report.known else [*lines, say(lang, "round.no_pass")]


def _figures(lang: Lang, report: Round) -> list[str]:
    table = report.counts
    province = table[table["by"] == "province"]
    lines = [say(lang, "round.total", count=report.total, earlier=int(province["earlier"].sum()))]
    official = report.passes[report.passes["satellite"] == "SNPP"]
    if len(report.satellites) > 1 and (official["state"] == "seen").any():
        lines.append(say(lang, "round.official", count=report.official))
    if report.left_out:
        lines.append(say(lang, "round.heat", count=report.left_out, all=report.total + report.left_out))
    for by in ("amphoe", "tambon", "land"):
        some = table[(table["by"] == by) & (table["count"] > 0)]
        if len(some):
            listed = [f"{_name(lang, by, row)} {row['count']}" for row in some.to_dict("records")]
            lines.append(say(lang, f"round.{by}", list=", ".join(listed)))
    return lines


def _name(lang: Lang, by: str, row: Mapping[Any, Any]) -> str:
    return say(lang, f"land.{row['code']}") if by == "land" else str(row[f"name_{lang}"])


def _fire(lang: Lang, number: int, fire: Mapping[Any, Any]) -> list[str]:
    land = fire["land_class"] if isinstance(fire["land_class"], str) else "unknown"
    known = isinstance(fire["tambon"], str) and isinstance(fire[f"tambon_{lang}"], str)
    head = say(
        lang,
        "round.fire" if known else "round.fire_outside",
        number=number,
        change=say(lang, f"change.{fire['change']}"),
        detections=fire["seen_now"] or fire["detections"],
        area=f"{fire['area_rai']:,.0f}",
        low=f"{fire['area_low']:,.0f}",
        high=f"{fire['area_high']:,.0f}",
        land=say(lang, f"land.{land}"),
        **({"tambon": fire[f"tambon_{lang}"], "amphoe": fire[f"amphoe_{lang}"]} if known else {}),
    )
    ways = " | ".join(utm_ways(fire["zone"], fire["easting"], fire["northing"]))
    told = [say(lang, "round.point", lat=f"{fire['lat']:.5f}", lon=f"{fire['lon']:.5f}", utm=ways)]
    seen = pd.Timestamp(fire["last_seen"])
    rest = [say(lang, "round.age", time=_clock(lang, seen), hours=f"{fire['age_hours']:.1f}")]
    if pd.notna(fire["toward_deg"]):
        rest.append(say(lang, "round.toward", direction=direction(lang, fire["toward_deg"])))
    if pd.notna(fire["wind_ms"]):
        wind = {"direction": direction(lang, fire["wind_from_deg"]), "speed": f"{fire['wind_ms']:.1f}"}
        rest.append(say(lang, "round.wind", **wind, time=_clock(lang, pd.Timestamp(fire["wind_at"]))))
    else:
        rest.append(say(lang, "round.no_wind"))
    if pd.notna(fire["site_km"]):
        rest.append(say(lang, "round.site", name=fire[f"site_{lang}"], km=f"{fire['site_km']:.1f}"))
    return [head, *(f"   {line}" for line in told), "   " + " · ".join([*rest, say(lang, "round.village")])]
