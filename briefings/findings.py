"""What a rule of alerts finds in the tables: where it looks, and how each fire, station or source stands under it.

Pure: tables in, findings out. Never compares with what was found before (`briefings.look`), never words, never sends.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from briefings.rules import Rule
from briefings.watched import Watched
from data.clock import iso_ict, thai_day
from models.danger_class import LEVELS as DANGER_LEVELS

#: How near a point counts as near when the rule names no distance, km.
NEAR_KM = 5.0


@dataclass(frozen=True)
class Finding:
    """How one subject stands under a rule now.

    Attributes
    ----------
    rule : Rule
    subject : str
        A fire, station, area or source.
    rises_to, stays_at : int
        Level by the edges themselves, and by edges lowered by the margin; 0 is calm.
    data_at : datetime
        The moment of the data that tell it, UTC.
    facts : mapping
        For the text; plain enough for JSON.
    tambon, amphoe : str
    former : sequence of str
        Other names the subject had.
    """

    rule: Rule
    subject: str
    rises_to: int
    stays_at: int
    data_at: dt.datetime
    facts: Mapping[str, Any] = field(default_factory=dict)
    tambon: str = ""
    amphoe: str = ""
    former: Sequence[str] = ()


@dataclass(frozen=True)
class Target:
    """Where a rule looks: its tambons, the shape that distances are measured to, its names, and what it is.

    `kind` is tambon, amphoe, province, site (also a shape of the rule's own) or all.
    """

    tambons: frozenset[str]
    shape: shapely.Geometry | None
    names: Mapping[str, str]
    code: str
    kind: str


def target(rule: Rule, watched: Watched) -> Target | None:
    """Return where a rule looks; None when its site is not in the registry or has no place."""
    tambons = watched.tambons
    if rule.site or rule.geometry:
        shape = shapely.from_wkt(rule.geometry) if rule.geometry else None
        names, own = {"th": rule.name, "en": rule.name}, ""
        if rule.site:
            mine = watched.sites[watched.sites["site"] == rule.site]
            if mine.empty:
                return None
            row = mine.iloc[0]
            names = {lang: str(row[f"name_{lang}"]) for lang in ("th", "en")}
            own = row["tambon"] if isinstance(row["tambon"], str) else ""
            if row["geometry"] is not None and not pd.isna(row["geometry"]):
                shape = shapely.from_wkb(bytes(row["geometry"]))
        if shape is not None:
            around = tambons.loc[tambons.intersects(shape), "tambon"]
            return Target(frozenset(around), shape, names, rule.site or rule.id, "site")
        inside = tambons[tambons["tambon"] == own]
        if inside.empty:
            return None
        return Target(frozenset([own]), inside.geometry.iloc[0], names, rule.site, "site")
    for kind in ("tambon", "amphoe", "province"):
        code = getattr(rule, kind)
        if code:
            inside = tambons[tambons[kind] == code]
            if inside.empty:
                return None
            names = {lang: str(inside[f"{kind}_{lang}"].iloc[0]) for lang in ("th", "en")}
            shape = inside.geometry.union_all() if rule.within_km else None
            return Target(frozenset(inside["tambon"]), shape, names, code, kind)
    names = {lang: str(tambons[f"province_{lang}"].iloc[0]) if len(tambons) else "" for lang in ("th", "en")}
    return Target(frozenset(tambons["tambon"]), None, names, "all", "all")


# -- fires --------------------------------------------------------------------------------------------------------


def _near(rule: Rule, where: Target, watched: Watched) -> pd.DataFrame:
    """Return the fires within a rule's reach, with `km` (NaN where it asks for no distance)."""
    fires = watched.fires
    if rule.land_class:
        fires = fires[fires["land_class"] == rule.land_class]
    if where.shape is None:
        return fires[fires["tambon"].isin(where.tambons)].assign(km=np.nan)
    metres = gpd.GeoSeries([where.shape], crs=4326).to_crs(watched.epsg).iloc[0]
    away = fires.geometry.to_crs(watched.epsg).distance(metres) / 1000
    # An area with a distance holds what is inside it too; a point without one means its surroundings.
    reach = rule.within_km or (0.0 if "Polygon" in where.shape.geom_type else NEAR_KM)
    return fires.assign(km=away.round(1))[away <= reach]


def _fire_facts(fire: Mapping[str, Any], where: Target) -> dict[str, Any]:
    kept = (
        "fire_id", "tambon_th", "tambon_en", "amphoe_th", "amphoe_en", "detections", "area_rai", "area_low",
        "area_high", "grown_rai", "state", "lon", "lat", "zone", "easting", "northing", "land_class", "satellites",
        "wind_from_deg", "wind_ms", "km",
    )  # fmt: skip
    facts = {name: _plain(fire[name]) for name in kept}
    facts["last_seen"] = fire["last_seen"].isoformat()
    facts["wind_at"] = None if pd.isna(fire["wind_at"]) else fire["wind_at"].isoformat()
    return facts | _place(where)


def _place(where: Target) -> dict[str, Any]:
    return {"place_th": where.names["th"], "place_en": where.names["en"], "place_kind": where.kind}


def _plain(value: Any) -> Any:
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return None
    return value.item() if hasattr(value, "item") else value


def _of_fire(rule: Rule, fire: Mapping[str, Any], level: int, facts: Mapping[str, Any]) -> Finding:
    code = [fire[name] if isinstance(fire[name], str) else "" for name in ("tambon", "amphoe")]
    seen = fire["last_seen"].to_pydatetime()
    # Also as whoever saw less of it would have called it: what was told under any of its names is not told again.
    former = str(fire["known_as"]).split()
    return Finding(rule, str(fire["fire_id"]), level, level, seen, facts, code[0], code[1], former)


def _fire_near(rule: Rule, where: Target, watched: Watched) -> Iterator[Finding]:
    for fire in _near(rule, where, watched).drop(columns="geometry").to_dict("records"):
        # Fires of the last day; one that burned, went out and was seen again is told again.
        yield _of_fire(rule, fire, 2 if fire["state"] == "restarted" else 1, _fire_facts(fire, where))


def _fire_growing(rule: Rule, where: Target, watched: Watched) -> Iterator[Finding]:
    least = float(rule.least_rai or 0)
    for fire in _near(rule, where, watched).drop(columns="geometry").to_dict("records"):
        if fire["state"] == "growing" and least and fire["area_rai"] >= least:
            # Told when it passes the size of the rule, and each time it has doubled since.
            step = 1 + int(math.log2(fire["area_rai"] / least))
            yield _of_fire(rule, fire, step, _fire_facts(fire, where))


def _ban_breach(rule: Rule, where: Target, watched: Watched) -> Iterator[Finding]:
    fires = _near(rule, where, watched)
    day = pd.Series([pd.Timestamp(thai_day(moment)) for moment in fires["last_seen"]], fires.index, "datetime64[s]")
    for ban in watched.bans.to_dict("records"):
        inside = (day >= ban["start"]) & (day <= ban["end"])
        if ban["province"]:
            inside &= fires["province"] == ban["province"]
        for fire in fires[inside].drop(columns="geometry").to_dict("records"):
            told = {
                "ban_start": f"{ban['start']:%Y-%m-%d}",
                "ban_end": f"{ban['end']:%Y-%m-%d}",
                "ban_exceptions": ban["exceptions"],
            }
            yield _of_fire(rule, fire, 1, {**_fire_facts(fire, where), **told})


# -- air, danger, sources ------------------------------------------------------------------------------------------


def _air_finding(rule: Rule, subject: str, row: Mapping[str, Any], where: Target, watched: Watched) -> Finding:
    least = int(rule.aqi_class or 0)
    levels = [int(row[name]) if int(row[name]) >= least else 0 for name in ("class", "stays")]
    facts = {
        "code": str(row["code"]),
        "name_th": str(row["name_th"]),
        "name_en": str(row["name_en"]),
        "pm25": round(float(row["pm25"]), 1),
        "class": int(row["class"]),
        "low": _plain(row["low"]),
        "high": _plain(row["high"]),
        "time": row["time"].isoformat(),
        **_place(where),
    }
    if "valid_at" in row:
        facts |= {"valid_day": f"{thai_day(row['valid_at'])}", "lead_h": int(row["lead_h"])}
    tambon = str(row["tambon"])
    amphoe = str(watched.tambons.set_index("tambon")["amphoe"].get(tambon, tambon[:4]))
    return Finding(rule, subject, levels[0], levels[1], row["time"].to_pydatetime(), facts, tambon, amphoe)


def _pm25(rule: Rule, where: Target, watched: Watched) -> Iterator[Finding]:
    measured = _within(watched.stations, where)
    for row in measured.to_dict("records"):
        yield _air_finding(rule, str(row["code"]), row, where, watched)
    estimated = _within(watched.estimates(), where) if measured.empty else measured.iloc[:0]
    if len(estimated):
        # No station: the tambon where most is expected speaks for the area.
        worst = estimated.loc[estimated["pm25"].idxmax()].to_dict()
        yield _air_finding(rule, where.code, worst, where, watched)


def _pm25_forecast(rule: Rule, where: Target, watched: Watched) -> Iterator[Finding]:
    for row in _within(watched.forecasts, where).to_dict("records"):
        yield _air_finding(rule, f"{row['code']}@{thai_day(row['valid_at'])}", row, where, watched)


def _within(table: pd.DataFrame, where: Target) -> pd.DataFrame:
    return table[table["tambon"].isin(where.tambons)]


def _danger(rule: Rule, where: Target, watched: Watched) -> Iterator[Finding]:
    table = watched.danger
    mine = table[table["code"].isin(where.tambons)]
    if mine.empty:
        return
    least = DANGER_LEVELS.index(rule.danger_class)
    levels = {name: mine[name].map(DANGER_LEVELS.index) for name in ("class", "stays")}
    worst = mine.loc[mine["fwi"].idxmax()]
    row = watched.tambons.set_index("tambon").loc[worst["code"]]
    facts = {
        "class": DANGER_LEVELS[int(levels["class"].max())],
        "fwi": round(float(worst["fwi"]), 1),
        "tambon_th": str(row["tambon_th"]),
        "tambon_en": str(row["tambon_en"]),
        "over": int((levels["class"] >= least).sum()),
        "known": len(mine),
        "day": f"{worst['day']:%Y-%m-%d}",
        **_place(where),
    }
    rises, stays = (int(levels[name].max()) for name in ("class", "stays"))
    # The weather of a day stands for the day from its noon on.
    noon = worst["day"].tz_localize("Asia/Bangkok") + pd.Timedelta(hours=12)
    yield Finding(
        rule,
        where.code,
        rises if rises >= least else 0,
        stays if stays >= least else 0,
        noon.tz_convert("UTC").to_pydatetime(),
        facts,
        str(worst["code"]),
        str(row["amphoe"]),
    )


def _source_silent(rule: Rule, where: Target, watched: Watched) -> Iterator[Finding]:
    table = watched.sources
    for row in table[table["source"] == rule.source if rule.source else slice(None)].to_dict("records"):
        silent = row["state"] == "silent"
        facts = {
            "source": row["source"],
            "name_th": row["name_th"],
            "name_en": row["name_en"],
            "newest": iso_ict(row["newest"]),
            "age_minutes": int(row["age_minutes"]),
            **_place(where),
        }
        # A late source is not back yet.
        stays = int(silent or row["state"] == "late")
        yield Finding(rule, str(row["source"]), int(silent), stays, row["newest"].to_pydatetime(), facts)


#: What finds, by what a rule watches.
FINDS = {
    "fire_near": _fire_near,
    "fire_growing": _fire_growing,
    "ban_breach": _ban_breach,
    "pm25": _pm25,
    "pm25_forecast": _pm25_forecast,
    "danger": _danger,
    "source_silent": _source_silent,
}
