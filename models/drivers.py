"""What drives smoke, by Thai day and station: fire power around and upwind, weather, and weather that was forecast.

Every number of a day was known when that day had ended: detections acquired in it or before, weather of its hours that
was measured, analysed or forecast by then, forecasts issued by then. A day that the store does not cover is missing,
never zero. Pure arrays, and one function that reads a desk's store; never learns anything.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data import contracts
from data.clock import ICT_OFFSET, day_bounds, thai_days
from data.errors import NotStored
from models.burning import TYPICAL_FRP_MW
from models.counts import SATELLITE_SETS
from models.derived import kept
from models.desk import Desk
from models.driven import AHEAD, KINDS, UPWIND, WEATHER
from models.fire_power import (
    AROUND,
    DAYS,
    Days,
    Reach,
    Seen,
    day_mean,
    fires,
    plane,
    power_under,
    seen_along,
    square,
    way_back,
)
from models.station_days import Floats, StationDays
from models.stored_weather import hourly_weather, weather_places
from models.winds import BOX, brought, east_north, nearness

#: Raised when the derived files change their form or meaning.
VERSION = "2"
#: One satellite that has looked the same way for all seasons; more of them would look like more fire.
SATELLITES = SATELLITE_SETS["SNPP"]
#: Days ahead for which forecasts of weather are looked at.
_LEADS = (1, 2, 3)
#: A file speaks for so much beyond its outermost detection, degrees (as in `models.burning`).
_EDGE_DEG = 0.5
#: Fires farther than this from the middle of the stations are not read, km.
_FARTHEST_KM = 700.0
#: Level whose wind carries smoke, best first, and times its speed: the air moves faster than the wind at 10 m.
_CARRIES = (("_925hpa", 1.0), ("_100m", 1.0), ("", 1.3))
#: From here on in the Thai day the afternoon pass is over the place.
_PASS = np.timedelta64(12, "h")

Groups = dict[str, dict[str, Floats]]


def day_weather(hours: Mapping[str, Floats]) -> dict[str, Floats]:
    """Return daily means from hours at the stations, shape (T, S): rain as log1p of mm, the layer as logarithm."""
    mean = {name: day_mean(hours[name]) for name in ("temperature", "humidity", "speed", "east", "north")}
    rain, layer = day_mean(hours["rain"]) * 24, day_mean(hours["layer"])
    return mean | {"rain": np.log1p(np.maximum(rain, 0.0)), "layer": np.log(np.maximum(layer, 1.0))}


def hours_at(weather: pd.DataFrame, stands: pd.DataFrame, lon: Floats, lat: Floats, days: Days) -> dict[str, Floats]:
    """Bring hourly weather of places to stations as `models.winds` does, up to 150 km.

    Parameters
    ----------
    weather : DataFrame
        WEATHER_COLUMNS, one row per place and hour.
    stands : DataFrame
        `station_id`, `lon`, `lat`.
    lon, lat : ndarray, shape (S,)
    days : ndarray of datetime64[D], shape (T,)

    Returns
    -------
    dict of str to ndarray, shape (T, 24, S)
        `temperature`, `humidity`, `speed`, `east`, `north` (at 10 m), `rain`, `layer`, and `carries east`, `carries
        north` of the level that carries smoke.
    """
    place = pd.Index(stands["station_id"]).get_indexer(pd.Index(weather["station_id"]))
    local = weather["measured_at"].dt.tz_localize(None).to_numpy("datetime64[h]") + np.timedelta64(ICT_OFFSET)
    hour = (local.astype("datetime64[h]") - days[0].astype("datetime64[h]")).astype(int)
    inside = (place >= 0) & (hour >= 0) & (hour < 24 * len(days))
    rows, place, hour = weather[inside], place[inside], hour[inside]
    weight = nearness(stands["lon"].to_numpy(float), stands["lat"].to_numpy(float), lon, lat)
    # Direction has no meaning in a calm, and is often missing there.
    calm = {name: rows[f"wind_speed{name}_ms"].to_numpy(float) == 0 for name, _ in _CARRIES}
    wind = {
        name: np.where(still, 0.0, np.stack(east_north(rows[f"wind_speed{name}_ms"], rows[f"wind_from{name}_deg"])))
        for name, still in calm.items()
    }
    carries = np.full((2, len(rows)), np.nan)
    for name, times in _CARRIES:
        carries = np.where(np.isnan(carries), wind[name] * times, carries)
    columns = {
        "temperature": rows["temperature_c"], "humidity": rows["humidity_pct"], "speed": rows["wind_speed_ms"],
        "east": wind[""][0], "north": wind[""][1], "rain": rows["rain_mm"], "layer": rows["boundary_layer_m"],
        "carries east": carries[0], "carries north": carries[1],
    }  # fmt: skip
    return {
        name: brought(values, hour, place, 24 * len(days), weight).reshape(len(days), 24, len(lon))
        for name, values in columns.items()
    }


def known_by(weather: pd.DataFrame, days_before: int = 0) -> NDArray[np.bool_]:
    """Return which rows were known when the Thai day `days_before` the one of their hour had ended, shape (n,).

    What was measured or analysed counts as known with its own day, and never for a day before it.
    """
    local = weather["measured_at"].dt.tz_localize(None) + ICT_OFFSET
    ended = local.dt.floor("D") + pd.Timedelta(days=1 - days_before) - ICT_OFFSET
    issued = weather["issued_at"].dt.tz_localize(None)
    forecast_in_time = (issued <= ended).to_numpy()
    return np.asarray(forecast_in_time if days_before else forecast_in_time | issued.isna().to_numpy())


def drivers(desk: Desk, data: StationDays) -> Groups:
    """Return the drivers that the desk has of some days at their stations, by group and name, shape (T, S).

    Parameters
    ----------
    desk : Desk
    data : StationDays
        Its days and its stations' places are looked at, no value.

    Returns
    -------
    dict
        ``fires`` near a station, ``region`` wide around it;
        ``weather model``, ``weather station`` and ``upwind`` of both; ``ahead 1`` to ``ahead 3``, the
        weather forecast for so many days after. A group of which nothing is known is not there.
    """
    stored = {**desk.store.parts("hotspots", desk.state), **desk.store.parts("weather", desk.state)}
    first, last = (int(str(day)[:4]) for day in data.days[[0, -1]])
    out: Groups = {}
    for year in range(first, last + 1):
        if not stored.keys() & _years_around(year):
            continue
        days = np.arange(f"{year}-01-01", f"{year + 1}-01-01", dtype="datetime64[D]")
        mine, there = np.isin(data.days, days), np.isin(days, data.days)
        for name, values in _year(desk, data, year).items():
            group, column = name.split("|")
            held = out.setdefault(group, {}).setdefault(column, np.full(data.value.shape, np.nan))
            held[mine] = values[there]
    return out


def _years_around(year: int) -> set[str]:
    return {str(one) for one in (year - 1, year, year + 1)}


def _year(desk: Desk, data: StationDays, year: int) -> dict[str, Floats]:
    """Return the drivers of a year, by ``group|name``, kept under everything that went in."""
    days = np.arange(np.datetime64(f"{year}-01-01") - (DAYS - 1), np.datetime64(f"{year + 1}-01-01") + max(_LEADS))
    reach = reach_of(desk, days)
    parts = [desk.store.parts(table, desk.state) for table in ("hotspots", "weather", "weather_places", "stations")]
    revisions = [
        (number, name, file.sha256)
        for number, table in enumerate(parts)
        for name, file in sorted(table.items())
        if name in {*_years_around(year), "all"}
    ]
    asked = (VERSION, year, data.stations, data.lon.tolist(), data.lat.tolist(), revisions, desk.detections.outline)
    said = repr(asked).encode() + b"".join(part.tobytes() for part in (reach.first, reach.last, reach.low, reach.high))
    key = hashlib.sha256(said).hexdigest()[:24]

    def build(path: Path) -> None:
        made = _made(desk, data, days, reach)
        values = np.array(list(made.values()), np.float32)
        with open(path, "wb") as handle:
            np.savez(handle, names=np.array(list(made), dtype=str), values=values)

    def load(path: Path) -> dict[str, Floats]:
        with np.load(path, allow_pickle=False) as stored:
            return dict(zip(stored["names"].tolist(), stored["values"].astype(float), strict=True))

    return kept(desk.store, f"drivers_{year}.npz", key, build, load)


def _made(desk: Desk, data: StationDays, days: Days, reach: Reach) -> dict[str, Floats]:
    stations = plane(data.lon, data.lat)
    seen = _seen(desk, days, stations) if len(reach.first) else None
    groups: Groups = {}
    if seen is not None:
        for name, (reach_km, most_km) in AROUND.items():
            known = np.asarray(reach.holds(days, square(stations, most_km)).all(axis=1), dtype=bool)
            groups[name] = fires(seen, stations, known, reach_km, most_km)
    weather = _weather(desk, days)
    stands = weather_places(desk)
    west, south, east, north = BOX
    stands = stands[stands["lon"].between(west, east) & stands["lat"].between(south, north)].reset_index(drop=True)
    modelled = (weather["flag"] == "model").to_numpy()
    now = known_by(weather)
    for kind, rows in zip(KINDS, (now & modelled, now & ~modelled), strict=True):
        if not rows.any():
            continue
        hours = hours_at(hourly_weather(weather[rows]), stands, data.lon, data.lat, days)
        groups[f"{WEATHER} {kind}"] = day_weather(hours)
        if seen is not None:
            ways = way_back(hours["carries east"], hours["carries north"])
            groups[f"{UPWIND} {kind}"] = {
                name: np.log1p(
                    np.where(seen_along(reach, days, stations, way), power_under(seen, stations, way), np.nan)
                )
                for name, way in zip(("today", "beyond"), ways, strict=True)
            }
    for lead in _LEADS:
        rows = known_by(weather, lead)
        if rows.any():
            hours = hours_at(hourly_weather(weather[rows]), stands, data.lon, data.lat, days)
            # A row of a day of issue holds the weather of the day it aims at.
            groups[f"{AHEAD} {lead}"] = {name: _sooner(value, lead) for name, value in day_weather(hours).items()}
    year = slice(DAYS - 1, len(days) - max(_LEADS))
    return {
        f"{group}|{name}": value[year]
        for group, columns in groups.items()
        for name, value in columns.items()
        if np.isfinite(value[year]).any()
    }


def reach_of(desk: Desk, days: Days) -> Reach:
    """Return what the stored files of the satellite speak of: the box that their detections span, up to the last pass.

    A file speaks of a day when it reaches into the afternoon, when the satellite passes. Files of GISTDA hold Thailand
    alone, not the fires across the border, and tell nothing here.
    """
    taken = desk.store.snapshots(desk.state)
    taken = taken[(taken["kind"] == "hotspots") & taken["west"].notna() & taken["first"].notna()]
    held = [bool({*SATELLITES} & {*str(names).split(",")}) for names in taken["satellites"]]
    taken = taken[np.array(held, bool) & ~taken["format"].fillna("").str.startswith("gistda").to_numpy(bool)]
    local = [taken[name].dt.tz_convert("Asia/Bangkok").dt.tz_localize(None).to_numpy() for name in ("first", "last")]
    first, last = local[0].astype("datetime64[D]"), (local[1] - _PASS).astype("datetime64[D]")
    low = plane(taken["west"].to_numpy(float) - _EDGE_DEG, taken["south"].to_numpy(float) - _EDGE_DEG)
    high = plane(taken["east"].to_numpy(float) + _EDGE_DEG, taken["north"].to_numpy(float) + _EDGE_DEG)
    some = (last >= days[0]) & (first <= days[-1])
    return Reach(*(part[some] for part in (first, last, low, high)))


def _seen(desk: Desk, days: Days, stations: Floats) -> Seen:
    rows = desk.detections.between(days[0].item(), days[-1].item(), SATELLITES)
    rows = rows[(rows["position"] == "observed") & (rows["provider"] != "gistda")]
    at = plane(rows["lon"].to_numpy(float), rows["lat"].to_numpy(float))
    near = np.hypot(*(at - stations.mean(axis=0)).T) <= _FARTHEST_KM
    power = rows["frp_mw"].to_numpy(float)[near]
    day = (thai_days(rows["acquired_at"])[near] - days[0]).astype(int)
    return Seen(day, at[near], np.where(power > 0, power, TYPICAL_FRP_MW))


def _weather(desk: Desk, days: Days) -> pd.DataFrame:
    start, end = day_bounds(days[0].item(), days[-1].item())
    try:
        return desk.store.weather(start, end, desk.state)
    except NotStored:
        return contracts.empty(contracts.WEATHER_COLUMNS, contracts.WEATHER_CATEGORIES)


def _sooner(value: Floats, days: int) -> Floats:
    out = np.full_like(value, np.nan)
    out[: len(value) - days] = value[days:]
    return out
