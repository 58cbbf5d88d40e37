"""What drives smoke, by Thai day and station: fire power around and upwind, weather, and weather that was forecast.

Every number of a day was known when that day had ended: detections acquired in it or before, weather of its hours that
was measured, analysed or forecast by then, forecasts issued by then. A day that the store does not cover is missing,
never zero. Pure arrays, and one function that reads a desk's store; never learns anything.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from data import contracts
from data.clock import ICT_OFFSET, day_bounds, thai_days
from data.errors import NotStored
from models.burning import TYPICAL_FRP_MW
from models.counts import SATELLITE_SETS
from models.derived import kept
from models.desk import Desk
from models.driven import AHEAD, FIRES, KINDS, UPWIND, WEATHER
from models.station_days import Floats, StationDays
from models.stored_weather import hourly_weather, weather_places
from models.winds import BOX, brought, east_north, nearness

#: Raised when the derived files change their form or meaning.
VERSION = "1"
#: One satellite that has looked the same way for all seasons; more of them would look like more fire.
SATELLITES = SATELLITE_SETS["SNPP"]
#: Distances over which a fire's power loses weight (e-fold), km: the basin, the region, and to either side of a path.
NEAR_KM, WIDE_KM, _BESIDE_KM = 50.0, 150.0, 50.0
#: Fires are summed over the last day and over so many.
_DAYS = 3
#: Days ahead for which forecasts of weather are looked at.
_LEADS = (1, 2, 3)
#: A station's fires are known when a file reaches so far around it, degrees; its outermost fire lies a little inside.
_AROUND_DEG, _EDGE_DEG = 1.0, 0.5
#: Fires farther than this have no weight left, km.
_FARTHEST_KM = 700.0
#: A day's mean needs so many hours, as any daily mean here (three quarters).
_FEWEST_HOURS = 18
#: Level whose wind carries smoke, best first, and times its speed: the air moves faster than the wind at 10 m.
_CARRIES = (("_925hpa", 1.0), ("_100m", 1.0), ("", 1.3))
_KM_PER_DEG, _MIDDLE = 111.195, (99.5, 18.5)
#: From here on in the Thai day the afternoon pass is over the place.
_PASS = np.timedelta64(12, "h")

Days = NDArray[np.datetime64]
Groups = dict[str, dict[str, Floats]]


@dataclass(frozen=True)
class Seen:
    """Detections.

    Attributes
    ----------
    day : ndarray of int64, shape (n,)
        Thai days since a first one.
    at : ndarray, shape (n, 2)
        Kilometres, see `plane`.
    power_mw : ndarray, shape (n,)
    """

    day: NDArray[np.int64]
    at: Floats
    power_mw: Floats


def plane(lon: Floats, lat: Floats) -> Floats:
    """Return kilometres east and north of the middle of the north, shape (n, 2); flat earth, good to a per cent."""
    east = (np.asarray(lon, float) - _MIDDLE[0]) * _KM_PER_DEG * np.cos(np.radians(_MIDDLE[1]))
    return np.stack([east, (np.asarray(lat, float) - _MIDDLE[1]) * _KM_PER_DEG], axis=1)


def power_near(seen: Seen, stations: Floats, count: int, reach_km: float) -> Floats:
    """Return the power of each day around each station, MW, each fire weighed by exp(-distance / reach).

    Parameters
    ----------
    seen : Seen
    stations : ndarray, shape (S, 2)
        In km, see `plane`.
    count : int
        Days.

    Returns
    -------
    ndarray, shape (count, S)
    """
    out = np.zeros((count, len(stations)))
    for day, mine in _by_day(seen, count):
        out[day] = seen.power_mw[mine] @ np.exp(-cdist(seen.at[mine], stations) / reach_km)
    return out


def way_back(east: Floats, north: Floats) -> tuple[Floats, Floats]:
    """Return where the air over a station at the end of a day came from, and where the next day's would come from.

    Each hour of the day carries by its own wind over the station; the hours before and, if the wind stays, those to
    come, lie as far again along the mean of the day. Straight paths: the wind elsewhere is not looked at.

    Parameters
    ----------
    east, north : ndarray, shape (T, 24, S)
        m/s, hours ascending.

    Returns
    -------
    today, beyond : ndarray, shape (T, 25, S, 2)
        Kilometres from the station: 0 to 24 hours back, and as far again. NaN where fewer than 18 hours are known.
    """
    steps = np.stack([_bridged(east), _bridged(north)], axis=-1)[:, ::-1] * 3.6
    whole = np.asarray(np.isfinite(steps).all(axis=(1, 3)), dtype=bool)
    steps = np.where(whole[:, None, :, None], steps, np.nan)
    today = np.concatenate([0.0 * steps[:, :1], -np.cumsum(steps, axis=1)], axis=1)
    return today, today[:, -1:] * (1 + np.arange(25) / 24)[None, :, None, None]


def power_under(seen: Seen, stations: Floats, way: Floats) -> Floats:
    """Return the power under a way of each day and station, MW, weighed by exp(-distance from the way / 50 km).

    Parameters
    ----------
    seen : Seen
    stations : ndarray, shape (S, 2)
    way : ndarray, shape (T, N, S, 2)
        Kilometres from the station.

    Returns
    -------
    ndarray, shape (T, S)
        NaN where the way is not known.
    """
    known = np.asarray(np.isfinite(way).all(axis=(1, 3)), dtype=bool)
    out = np.where(known, 0.0, np.nan)
    for day, mine in _by_day(seen, len(way)):
        nodes = (way[day] + stations)[:, known[day]]
        away = cdist(seen.at[mine], nodes.reshape(-1, 2)).reshape(len(seen.at[mine]), *nodes.shape[:2])
        out[day, known[day]] = seen.power_mw[mine] @ np.exp(-away.min(axis=1) / _BESIDE_KM)
    return out


def fires(seen: Seen, stations: Floats, known: NDArray[np.bool_]) -> dict[str, Floats]:
    """Return log1p of the power near and wide around each station, of the last day and of the last three, shape (T, S).

    Parameters
    ----------
    seen : Seen
    stations : ndarray, shape (S, 2)
    known : ndarray of bool, shape (T, S)
        Days that the store covers around a station.
    """
    out: dict[str, Floats] = {}
    for name, reach in (("near", NEAR_KM), ("wide", WIDE_KM)):
        day = np.where(known, power_near(seen, stations, len(known), reach), np.nan)
        padded = np.concatenate([np.full((_DAYS - 1, day.shape[1]), np.nan), day])
        some = np.lib.stride_tricks.sliding_window_view(padded, _DAYS, axis=0).sum(axis=-1)
        out |= {f"{name} 1": np.log1p(day), f"{name} {_DAYS}": np.log1p(some)}
    return out


def day_weather(hours: Mapping[str, Floats]) -> dict[str, Floats]:
    """Return daily means from hours at the stations, shape (T, S): rain as log1p of mm, the layer as logarithm."""
    mean = {name: _day_mean(hours[name]) for name in ("temperature", "humidity", "speed", "east", "north")}
    rain, layer = _day_mean(hours["rain"]) * 24, _day_mean(hours["layer"])
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
        ``fires``; ``weather model``, ``weather station`` and ``upwind`` of both; ``ahead 1`` to ``ahead 3``, the
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
    days = np.arange(np.datetime64(f"{year}-01-01") - (_DAYS - 1), np.datetime64(f"{year + 1}-01-01") + max(_LEADS))
    known = known_fires(desk, data.lon, data.lat, days)
    parts = [desk.store.parts(table, desk.state) for table in ("hotspots", "weather", "weather_places", "stations")]
    revisions = [
        (number, name, file.sha256)
        for number, table in enumerate(parts)
        for name, file in sorted(table.items())
        if name in {*_years_around(year), "all"}
    ]
    asked = (VERSION, year, data.stations, data.lon.tolist(), data.lat.tolist(), revisions, desk.detections.outline)
    key = hashlib.sha256(repr(asked).encode() + np.packbits(known).tobytes()).hexdigest()[:24]

    def build(path: Path) -> None:
        made = _made(desk, data, days, known)
        values = np.array(list(made.values()), np.float32)
        with open(path, "wb") as handle:
            np.savez(handle, names=np.array(list(made), dtype=str), values=values)

    def load(path: Path) -> dict[str, Floats]:
        with np.load(path, allow_pickle=False) as stored:
            return dict(zip(stored["names"].tolist(), stored["values"].astype(float), strict=True))

    return kept(desk.store, f"drivers_{year}.npz", key, build, load)


def _made(desk: Desk, data: StationDays, days: Days, known: NDArray[np.bool_]) -> dict[str, Floats]:
    stations = plane(data.lon, data.lat)
    seen = _seen(desk, days, stations) if known.any() else None
    groups: Groups = {} if seen is None else {FIRES: fires(seen, stations, known)}
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
            ways = zip(("today", "beyond"), way_back(hours["carries east"], hours["carries north"]), strict=True)
            under = {name: np.where(known, power_under(seen, stations, way), np.nan) for name, way in ways}
            groups[f"{UPWIND} {kind}"] = {name: np.log1p(value) for name, value in under.items()}
    for lead in _LEADS:
        rows = known_by(weather, lead)
        if rows.any():
            hours = hours_at(hourly_weather(weather[rows]), stands, data.lon, data.lat, days)
            # A row of a day of issue holds the weather of the day it aims at.
            groups[f"{AHEAD} {lead}"] = {name: _sooner(value, lead) for name, value in day_weather(hours).items()}
    year = slice(_DAYS - 1, len(days) - max(_LEADS))
    return {
        f"{group}|{name}": value[year]
        for group, columns in groups.items()
        for name, value in columns.items()
        if np.isfinite(value[year]).any()
    }


def known_fires(desk: Desk, lon: Floats, lat: Floats, days: Days) -> NDArray[np.bool_]:
    """Return whether the fires of each day around each station are known, shape (T, S).

    They are when a file of the satellite whose detections span a degree around the station reaches into the afternoon
    of that day. Files of GISTDA hold Thailand alone, not the fires across the border, and tell nothing here.
    """
    taken = desk.store.snapshots(desk.state)
    taken = taken[(taken["kind"] == "hotspots") & taken["west"].notna() & taken["first"].notna()]
    known = np.zeros((len(days), len(lon)), bool)
    for row in taken.to_dict("records"):
        if str(row["format"]).startswith("gistda") or not {*SATELLITES} & {*str(row["satellites"]).split(",")}:
            continue
        reach = pd.DatetimeIndex([row["first"], row["last"]]).tz_convert("Asia/Bangkok").tz_localize(None).to_numpy()
        first, last = reach[0].astype("datetime64[D]"), (reach[1] - _PASS).astype("datetime64[D]")
        inside = (lon - _AROUND_DEG >= row["west"] - _EDGE_DEG) & (lon + _AROUND_DEG <= row["east"] + _EDGE_DEG)
        inside &= (lat - _AROUND_DEG >= row["south"] - _EDGE_DEG) & (lat + _AROUND_DEG <= row["north"] + _EDGE_DEG)
        known[np.ix_((days >= first) & (days <= last), inside)] = True
    return known


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


def _by_day(seen: Seen, count: int) -> list[tuple[int, NDArray[np.int64]]]:
    order = np.argsort(seen.day, kind="stable")
    ends = np.searchsorted(seen.day[order], np.arange(count + 1))
    return [(day, order[ends[day] : ends[day + 1]]) for day in range(count) if ends[day] < ends[day + 1]]


def _bridged(hours: Floats) -> Floats:
    """Return hours with gaps at the mean of their day, shape (T, 24, S); a day of too few is missing whole."""
    mean = _day_mean(hours)[:, None]
    return np.where(np.isfinite(hours) & np.isfinite(mean), hours, mean)


def _day_mean(hours: Floats) -> Floats:
    known = np.isfinite(hours)
    count = known.sum(axis=1)
    total = np.where(known, hours, 0.0).sum(axis=1)
    return np.asarray(np.where(count >= _FEWEST_HOURS, total / np.maximum(count, 1), np.nan), dtype=float)


def _sooner(value: Floats, days: int) -> Floats:
    out = np.full_like(value, np.nan)
    out[: len(value) - days] = value[days:]
    return out
