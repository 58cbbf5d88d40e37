"""What the Fires page shows of fires, one fire, field checks and permanent heat. Never imports Streamlit."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from data.clock import ICT
from data.places import utm
from data.points import PointUnreadable, read_point
from data.registry.records import Problem
from data.registry.registry import refused
from data.registry.tables import KINDS
from layers.map import FireMark, map_values
from layers.palette import COUNT_COLOURS, Entry, Legend
from layers.round import direction, utm_ways
from layers.words import Lang, say, say_day, say_time
from models.assign import assign
from models.desk import Desk
from models.events import history
from models.fire_seasons import Season

#: Hours since the newest detection, and the colour up to there: this look, this day, three days, older.
AGES = ((12, "#b3001b"), (24, "#e2571e"), (72, "#c98a1b"), (10**6, "#6b6257"))
_CREW = re.compile(r"(.*\S)\s+(\d+|\?)\s*(?:คน)?")
STATES = ("new", "growing", "restarted", "quiet", "out")
#: What the page may show: every fire, or what is new to somebody who looked a day ago.
SHOWN = {"all": STATES, "fresh": ("new", "growing", "restarted")}


@dataclass(frozen=True)
class FiresPage:
    """What the map of fires shows: values of the map, the fires as a worded table, and the legend."""

    values: dict[str, Any]
    table: pd.DataFrame
    legend: Legend
    notes: tuple[str, ...]


def page(
    desk: Desk, lang: Lang, fires: gpd.GeoDataFrame, at: dt.datetime, chosen: str, left_out: int, fire: str = ""
) -> FiresPage:
    """Return the page of the fires that are not out at a moment; `fire` is the one that a person chose."""
    burning = fires[fires["state"] != "out"]
    values = map_values(
        lang=lang,
        colours=COUNT_COLOURS,
        tambons=dict.fromkeys(desk.tambons["tambon"], (None, "")),
        chosen=chosen,
        fires=[_mark(desk, lang, row, shape, at) for row, shape in _rows(burning)],
        fire=fire,
        credit=say(lang, "fires.credit", time=say_time(lang, at)),
    )
    notes = [say(lang, "fires.note")]
    if left_out:
        notes.append(say(lang, "fires.left_out_page", count=left_out))
    return FiresPage(values, table(desk, lang, fires), legend(lang), tuple(notes))


def summary(lang: Lang, fires: pd.DataFrame) -> str:
    """Return how many fires stand in each state."""
    return say(lang, "fires.summary", **{state: int((fires["state"] == state).sum()) for state in STATES})


def legend(lang: Lang) -> Legend:
    """Return what the colours of fires mean."""
    return Legend(
        say(lang, "fires.age"),
        tuple(Entry(colour, "fill", say(lang, f"fires.age_{number}")) for number, (_, colour) in enumerate(AGES)),
    )


def _rows(fires: gpd.GeoDataFrame) -> list[tuple[dict[str, Any], shapely.Geometry]]:
    rows = pd.DataFrame(fires.drop(columns="geometry")).to_dict("records")
    return [({str(k): v for k, v in row.items()}, shape) for row, shape in zip(rows, fires.geometry, strict=True)]


def _mark(desk: Desk, lang: Lang, fire: Mapping[str, Any], shape: shapely.Geometry, at: dt.datetime) -> FireMark:
    hours = (pd.Timestamp(at) - fire["last_seen"]).total_seconds() / 3600
    colour = next(colour for most, colour in AGES if hours <= most)
    rings = tuple(
        tuple((round(x, 5), round(y, 5)) for x, y in shapely.get_coordinates(part.exterior).tolist())
        for part in shapely.get_parts(shape)
    )
    lines = (
        place_name(desk, lang, fire["tambon"]),
        say(lang, f"fire_state.{fire['state']}"),
        area_words(lang, fire),
        say(lang, "fires.seen", first=say_time(lang, fire["first_seen"]), last=say_time(lang, fire["last_seen"])),
        point_ways(desk, fire["lon"], fire["lat"])[0],
    )
    return FireMark(fire["fire_id"], fire["lon"], fire["lat"], colour, lines, rings)


def place_name(desk: Desk, lang: Lang, tambon: object) -> str:
    """Return the names of a tambon and its amphoe; a word for none."""
    found = desk.all_tambons[desk.all_tambons["tambon"] == tambon]
    if found.empty:
        return say(lang, "fires.outside")
    one = found.iloc[0]
    return say(lang, "fires.place", tambon=one[f"tambon_{lang}"], amphoe=one[f"amphoe_{lang}"])


def area_words(lang: Lang, fire: Mapping[str, Any]) -> str:
    """Return the area with its range in words."""
    figures = {name: f"{fire[name]:,.0f}" for name in ("area_rai", "area_low", "area_high")}
    return say(lang, "fires.area", **figures)


def point_ways(desk: Desk, lon: float, lat: float) -> tuple[str, ...]:
    """Return a point as crews write it: UTM in three ways, and degrees."""
    zone, easting, northing = utm(lon, lat, desk.place.epsg)
    return (*utm_ways(str(zone), float(easting), float(northing)), f"{lat:.5f}, {lon:.5f}")


def table(desk: Desk, lang: Lang, fires: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the fires as a worded table, the largest first, those that are out last; `code` is the fire's name."""
    order = fires.assign(gone=fires["state"] == "out", least=-fires["area_rai"])
    rows = order.sort_values(["gone", "least", "fire_id"])
    names = desk.all_tambons.set_index("tambon")
    return pd.DataFrame(
        {
            "code": rows["fire_id"].to_numpy(object),
            say(lang, "fires.column_state"): [say(lang, f"fire_state.{state}") for state in rows["state"]],
            say(lang, "fires.column_tambon"): rows["tambon"].map(names[f"tambon_{lang}"]).to_numpy(object),
            say(lang, "fires.column_amphoe"): rows["tambon"].map(names[f"amphoe_{lang}"]).to_numpy(object),
            say(lang, "fires.column_area"): rows["area_rai"].round().astype(int).to_numpy(),
            say(lang, "fires.column_detections"): rows["detections"].to_numpy(),
            say(lang, "fires.column_last"): [say_time(lang, moment) for moment in rows["last_seen"]],
        }
    )


def detail(desk: Desk, lang: Lang, fire: Mapping[str, Any]) -> list[str]:
    """Return the facts of one fire, a line each."""
    satellites = ", ".join(say(lang, f"satellite.{name}") for name in str(fire["satellites"]).split(","))
    lines = [
        place_name(desk, lang, fire["tambon"]),
        f"{say(lang, 'fire_state.' + fire['state'])} · {area_words(lang, fire)}",
        say(lang, "fires.seen", first=say_time(lang, fire["first_seen"]), last=say_time(lang, fire["last_seen"])),
        say(lang, "fires.by", detections=fire["detections"], looks=fire["looks"], satellites=satellites),
        say(lang, f"land.{fire['land_class'] if isinstance(fire['land_class'], str) else 'unknown'}"),
    ]
    if pd.notna(fire["toward_deg"]):
        way = direction(lang, fire["toward_deg"])
        lines.append(say(lang, "fires.toward", direction=way, speed=f"{fire['speed_m_h']:.0f}"))
    if fire["merged"]:
        lines.append(say(lang, "fires.merged", names=fire["merged"]))
    return lines


def looks(lang: Lang, part: Season) -> pd.DataFrame:
    """Return the looks at one fire as a worded table."""
    told, _ = history(part.hotspots)
    return pd.DataFrame(
        {
            say(lang, "fires.column_last"): [say_time(lang, moment) for moment in told["seen_at"]],
            say(lang, "fires.column_detections"): told["detections"],
            say(lang, "fires.column_area"): told["area_rai"].round().astype(int),
        }
    )


def passes(lang: Lang, told: pd.DataFrame) -> pd.DataFrame:
    """Return passes expected and what came of each (`models.looks.looks`), newest first, a row a day and pass."""
    rows = []
    for (day, part), some in told.groupby(["day", "pass"], sort=True):
        row = {say(lang, "passes.day"): say_day(lang, day), say(lang, "passes.pass"): say(lang, f"fires.round_{part}")}
        for one in some.to_dict("records"):
            seen = one["state"] == "seen"
            word = f"{one['detections']}" if seen else say(lang, f"passes.{one['state']}")
            row[say(lang, f"satellite.{one['satellite']}")] = word
        rows.append(row)
    return pd.DataFrame(rows[::-1]).fillna("")


def tambon_at(desk: Desk, lon: float, lat: float) -> str:
    """Return the code of the tambon by its polygon, "" outside all."""
    index = desk.detections.index
    found = index.named(assign(index, np.array([lon]), np.array([lat])))[0]
    return "" if found is None else str(found)


def crews(text: str) -> list[dict[str, Any]]:
    """Return units and people from lines such as ``อบต. 8``; people are not known without a number or with a ``?``."""
    told: list[dict[str, Any]] = []
    for line in filter(None, (line.strip() for line in text.splitlines())):
        found = _CREW.fullmatch(line)
        unit, people = (found[1], found[2]) if found else (line, "?")
        told.append({"unit": unit, "people": None if people == "?" else int(people)})
    return told


def fire_label(desk: Desk, lang: Lang, fires: pd.DataFrame, code: str) -> str:
    """Return where, how large and how a fire stands, and its name; the name alone of a fire that is not listed."""
    found = fires[fires["fire_id"] == code]
    if found.empty:
        return code
    fire = found.iloc[0]
    state = say(lang, f"fire_state.{fire['state']}")
    area = say(lang, "fires.rai", rai=f"{fire['area_rai']:,.0f}")
    return f"{place_name(desk, lang, fire['tambon'])} · {area} · {state} · {code}"


def check_labels(desk: Desk, lang: Lang, told: pd.DataFrame) -> dict[str, str]:
    """Return what each recorded check is called in a choice: when, where, what was found, by whom."""
    labels = {}
    for row in told.to_dict("records"):
        when = say_time(lang, row["visited_at"].tz_localize("UTC")) if pd.notna(row["visited_at"]) else "–"
        result = say(lang, f"check.result_{row['result'] or 'none'}")
        labels[row["check"]] = f"{when} · {place_name(desk, lang, row['tambon'])} · {result} · {row['changed_by']}"
    return labels


def check_values(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a recorded check as its form is filled in: moments in Thai time, people a line each."""
    values = dict(document)
    for name in ("visited_at", "put_out_at"):
        moment = document.get(name)
        values[name] = f"{pd.Timestamp(moment).astimezone(ICT):%Y-%m-%d %H:%M}" if moment else ""
    told = [(one["unit"], "?" if one["people"] is None else one["people"]) for one in document.get("crews") or []]
    values["crews"] = "\n".join(f"{unit} {people}" for unit, people in told)
    values["point"] = document.get("point_as_written") or ""
    return values


def checks(desk: Desk, lang: Lang, told: pd.DataFrame) -> pd.DataFrame:
    """Return field checks as a worded table: the tambon reported beside the one by polygon."""
    at = pd.to_datetime(told["visited_at"]).dt.tz_localize("UTC") if len(told) else told["visited_at"]
    return pd.DataFrame(
        {
            say(lang, "check.fire"): told["fire_id"],
            say(lang, "check.visited"): ["" if pd.isna(moment) else say_time(lang, moment) for moment in at],
            say(lang, "check.result"): [say(lang, f"check.result_{result or 'none'}") for result in told["result"]],
            say(lang, "check.rai"): told["burned_rai"],
            say(lang, "check.crews"): told["crews"],
            say(lang, "check.tambon_reported"): [place_name(desk, lang, code) for code in told["tambon_reported"]],
            say(lang, "check.tambon_polygon"): [place_name(desk, lang, code) for code in told["tambon"]],
            say(lang, "check.point"): told["point_as_written"],
            say(lang, "check.by"): told["changed_by"],
            say(lang, "check.corrections"): told["version"] - 1,
        }
    )


def heat_table(desk: Desk, lang: Lang, heat: pd.DataFrame) -> pd.DataFrame:
    """Return places of permanent heat as a worded table."""
    return pd.DataFrame(
        {
            say(lang, "heat.place"): [place_name(desk, lang, code) for code in heat["tambon"]],
            say(lang, "heat.standing"): [say(lang, f"heat.{standing}") for standing in heat["standing"]],
            say(lang, "heat.why"): [heat_reasons(lang, row) for row in heat.to_dict("records")],
            say(lang, "heat.radius"): heat["radius_km"],
            say(lang, "check.point"): [
                point_ways(desk, lon, lat)[0] for lon, lat in heat[["lon", "lat"]].to_numpy(float).tolist()
            ],
        }
    )


def heat_reasons(lang: Lang, spot: Mapping[Any, Any]) -> str:
    """Return why a place was taken for permanent heat."""
    figures = {name: spot[name] for name in ("days", "nights", "rain_days", "told_days", "steady_days", "year_days")}
    told = [say(lang, f"heat.why_{reason}", **figures) for reason in spot["reasons"].split()]
    return "; ".join(told) or say(lang, "heat.why_named")


def heat_verdict(spot: Mapping[Any, Any], *, permanent: bool, evidence: str) -> dict[str, Any]:
    """Return the record of an officer's verdict on a place of heat."""
    tambon = spot["tambon"] if isinstance(spot["tambon"], str) else ""
    return {
        "verdict": "permanent" if permanent else "not_permanent",
        "geometry": f"POINT ({spot['lon']:.5f} {spot['lat']:.5f})",
        "radius_m": round(float(spot["radius_km"]) * 1000),
        "evidence": evidence,
        **codes_of(tambon),
    }


def codes_of(tambon: str) -> dict[str, str]:
    """Return the codes of a tambon, its amphoe and its province; "" for none."""
    return {"tambon": tambon, "amphoe": tambon[:4], "province": tambon[:2]}


def check_document(desk: Desk, values: Mapping[str, Any], point: str, fires: pd.DataFrame) -> dict[str, Any]:
    """Return a field check as the registry keeps it.

    The point is the one written, in any of the ways of crews, else that of the fire; the tambon by polygon is
    that of the point, and stays beside the one reported.

    Raises
    ------
    RecordRefused
        When the point cannot be read.
    """
    document = {**values, "point_as_written": point.strip()}
    place = None
    if point.strip():
        try:
            place = read_point(point, desk.place.epsg)
        except PointUnreadable as reason:
            raise refused(KINDS["field_checks"], [Problem(reason.key, {"got": point.strip()[:60]})]) from None
    elif values["fire_id"]:
        for fire in fires[fires["fire_id"] == values["fire_id"]].to_dict("records"):
            place = float(fire["lon"]), float(fire["lat"])
    found = tambon_at(desk, *place) if place else ""
    if place:
        document["geometry"] = f"POINT ({place[0]:.6f} {place[1]:.6f})"
    names = desk.all_tambons.set_index("tambon")["tambon_th"]
    document["tambon_reported_th"] = names.get(values["tambon_reported"], "")
    # A check without any point lies where it was reported.
    return {**document, **codes_of(found or str(values["tambon_reported"]))}


def correction(
    desk: Desk, values: Mapping[str, Any], point: str, fires: pd.DataFrame, there: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what replaces a recorded check; its place stays as long as neither fire nor point is another.

    Raises
    ------
    RecordRefused
        When the point cannot be read.
    """
    document = check_document(desk, values, point, fires)
    same = values["fire_id"] == there["fire_id"] and document["point_as_written"] == (there["point_as_written"] or "")
    if same and there["geometry"]:
        document |= {name: there[name] for name in ("geometry", "tambon", "amphoe", "province")}
    # A point that is taken away is gone, not left as it was.
    return {"geometry": "", **document}
