"""Fire danger of each tambon and day: noon weather from the nearest place that has it, the fire weather index, a class.

The index is that of `models.fwi`; the class is set from the fires that were seen here, by `models.danger_class`. A day
without weather has no danger: it is "cannot tell", never "low". Never fetches and never draws.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyproj
from numpy.typing import NDArray

from data.clock import ICT_OFFSET, day_bounds
from models import fwi
from models.danger_class import CANNOT_TELL, Classes, classes_of, set_classes
from models.derived import kept
from models.desk import Desk
from models.stored_weather import hourly_weather, weather_places

#: Raised when the derived table changes its form or meaning.
VERSION = "1"
INDICES = ("ffmc", "dmc", "dc", "isi", "bui", "fwi", "dsr")
#: States of a tambon-day: known; codes still too near their start to be trusted; no whole noon weather near enough.
OK, SETTLING, NO_WEATHER = "ok", "settling", "no_weather"
#: Days after a start in which the duff layer still remembers it: its time lag is 12 days (Van Wagner 1987), taken up to
#: the half month. The drought code remembers far longer (52 days) and is too low until then where a series starts dry.
SETTLING_DAYS = 15
#: Weather farther away than this says nothing about a tambon: beyond it lies another basin.
FARTHEST_KM = 100.0
#: Local hours taken as noon, best first; the codes are made for 12:00 local standard time.
NOON_HOURS = (12, 13, 11)
#: Of the 24 hours up to noon so many must have a rain value, as for any daily mean (three quarters).
FEWEST_RAIN_HOURS = 18
_KMH_PER_MS = 3.6
_GEOD = pyproj.Geod(ellps="WGS84")
_NOON = ("temperature_c", "humidity_pct", "wind_kmh", "rain_mm")


@dataclass(frozen=True)
class Weather:
    """Noon weather as whole arrays over all stored days.

    Attributes
    ----------
    days : ndarray of datetime64[D], shape (days,)
        Consecutive Thai days.
    season : fwi.Season
        Shape (days, tambons).
    source_km : ndarray of float64, shape (days, tambons)
        Distance to the place whose weather was taken, NaN where none.
    source : ndarray of object, shape (days, tambons)
        Its station_id, "" where none.
    """

    days: NDArray[np.datetime64]
    season: fwi.Season
    source_km: NDArray[np.float64]
    source: NDArray[np.object_]


def noon_weather(weather: pd.DataFrame) -> pd.DataFrame:
    """Return the noon weather of each place and Thai day for which all of it is known.

    Of several rows of one hour the measured or analysed one counts, else the newest forecast. Rain is the sum of the
    hours from noon of the day before; an hour without a value is not taken as dry, and with fewer than
    FEWEST_RAIN_HOURS of them the day has no rain.

    Parameters
    ----------
    weather : DataFrame
        WEATHER_COLUMNS.

    Returns
    -------
    DataFrame
        `station_id`, `day` (datetime64[s]), `temperature_c`, `humidity_pct`, `wind_kmh`, `rain_mm`.
    """
    hourly = hourly_weather(weather)
    local = hourly["measured_at"].dt.tz_localize(None) + ICT_OFFSET
    hourly = hourly.assign(local=local, day=local.dt.floor("D"), wind_kmh=hourly["wind_speed_ms"] * _KMH_PER_MS)
    at_noon = hourly[local.dt.hour.isin(NOON_HOURS)].dropna(subset=["temperature_c", "humidity_pct", "wind_kmh"])
    order = at_noon["local"].dt.hour.map({hour: place for place, hour in enumerate(NOON_HOURS)})
    at_noon = at_noon.assign(order=order).sort_values(["station_id", "day", "order"], kind="stable")
    at_noon = at_noon.drop_duplicates(["station_id", "day"])
    # The hour that begins at noon belongs to the next day's rain.
    fallen = hourly.assign(day=(local + pd.Timedelta(hours=12)).dt.floor("D")).groupby(["station_id", "day"])["rain_mm"]
    rain = fallen.sum().where(fallen.count() >= FEWEST_RAIN_HOURS).rename("rain_mm").reset_index()
    joined = at_noon.drop(columns="rain_mm").merge(rain, on=["station_id", "day"], how="left")
    whole: pd.DataFrame = joined[["station_id", "day", *_NOON]].dropna().reset_index(drop=True)
    return whole.astype(dict.fromkeys(_NOON, "float64") | {"day": "datetime64[s]"})


def distances_km(tambons: pd.DataFrame, stands: pd.DataFrame) -> NDArray[np.float64]:
    """Return the distance from the middle of each tambon to each place, shape (tambons, places)."""
    middle = tambons.geometry.representative_point()
    lon, lat = middle.x.to_numpy(), middle.y.to_numpy()
    shape = (len(tambons), len(stands))
    ends = [np.broadcast_to(stands[name].to_numpy(float), shape).ravel() for name in ("lon", "lat")]
    away = _GEOD.inv(np.repeat(lon, shape[1]), np.repeat(lat, shape[1]), ends[0], ends[1])[2]
    return np.asarray(away, dtype=float).reshape(shape) / 1000


def tambon_weather(noon: pd.DataFrame, stands: pd.DataFrame, tambons: pd.DataFrame) -> Weather | None:
    """Give each tambon and day the noon weather of the nearest place that has it whole that day.

    Parameters
    ----------
    noon : DataFrame
        Result of `noon_weather`, at least one row.
    stands : DataFrame
        `station_id`, `lon`, `lat`; a place without a position is of no use here.
    tambons : GeoDataFrame

    Returns
    -------
    Weather or None
        None when no noon is of a place whose position is known.
    """
    known = stands.dropna(subset=["lon", "lat"])
    known = known[known["station_id"].isin(set(noon["station_id"]))].reset_index(drop=True)
    mine = noon[noon["station_id"].isin(set(known["station_id"]))]
    if mine.empty:
        return None
    first = mine["day"].min().to_datetime64().astype("datetime64[D]")
    days = np.arange(first, mine["day"].max().to_datetime64().astype("datetime64[D]") + 1)
    shape = (len(days), len(tambons))
    values = np.full((len(_NOON), *shape), np.nan)
    source_km, source = np.full(shape, np.nan), np.full(shape, "", dtype=object)
    row = (mine["day"].to_numpy("datetime64[D]") - first).astype(int)
    column = pd.Index(known["station_id"]).get_indexer(mine["station_id"])
    at_place = np.full((len(_NOON), len(days), len(known)), np.nan)
    at_place[:, row, column] = mine[list(_NOON)].to_numpy().T
    whole = ~np.isnan(at_place[0])
    away = distances_km(tambons, known)
    names = known["station_id"].to_numpy(object)
    for rank in np.argsort(away, axis=1, kind="stable").T:
        distance = away[np.arange(len(tambons)), rank]
        take = np.isnan(source_km) & whole[:, rank] & (distance <= FARTHEST_KM)
        values = np.where(take, at_place[:, :, rank], values)
        source_km = np.where(take, distance, source_km)
        source = np.where(take, names[rank], source)
    return Weather(days, fwi.Season(*values), source_km, source)


def indices(desk: Desk) -> pd.DataFrame:
    """Return the fire weather index of every tambon of the place on all days from the first to the last stored noon.

    Returns
    -------
    DataFrame
        One row per day and tambon, by day: `tambon`, `day` (datetime64[s]), `ffmc`, `dmc`, `dc`, `isi`, `bui`, `fwi`,
        `dsr`, `days_run`, `source`, `source_km`, `state` (ok, settling, no_weather). Empty when no place has a whole
        noon.

    Raises
    ------
    NotStored
        When no weather was ever stored.
    """
    parts = desk.store.parts("weather", desk.state)
    if not parts:
        desk.store.weather(desk.now(), desk.now(), desk.state)  # raises: none was ever stored
    held = [parts, *(desk.store.parts(name, desk.state) for name in ("weather_places", "stations"))]
    names = [file.sha256 for part in held for _, file in sorted(part.items())]
    key = hashlib.sha256("".join([*names, desk.detections.outline, desk.place.key, VERSION]).encode()).hexdigest()[:16]
    return kept(
        desk.store,
        "danger.parquet",
        key,
        lambda path: _work_out(desk, sorted(parts)).to_parquet(path),
        pd.read_parquet,
    )


def _work_out(desk: Desk, years: list[str]) -> pd.DataFrame:
    columns = ["tambon", "day", *INDICES, "days_run", "source", "source_km", "state"]
    start, end = day_bounds(dt.date(int(years[0]) - 1, 12, 31), dt.date(int(years[-1]) + 1, 1, 1))
    noons = noon_weather(desk.store.weather(start, end, desk.state))
    if noons.empty:
        return pd.DataFrame(columns=columns)
    tambons = desk.tambons
    weather = tambon_weather(noons, weather_places(desk), tambons)
    if weather is None:
        return pd.DataFrame(columns=columns)
    months = weather.days.astype("datetime64[M]").astype(int) % 12 + 1
    codes = fwi.run(weather.season, months, tambons.geometry.representative_point().y.to_numpy())
    state = np.where(np.isnan(codes.fwi), NO_WEATHER, np.where(codes.days_run < SETTLING_DAYS, SETTLING, OK))
    made = {
        "tambon": np.tile(tambons["tambon"].to_numpy(object), len(weather.days)),
        "day": np.repeat(weather.days.astype("datetime64[s]"), len(tambons)),
        **{name: getattr(codes, name).ravel() for name in INDICES},
        "days_run": codes.days_run.ravel(),
        "source": weather.source.ravel(),
        "source_km": weather.source_km.ravel(),
        "state": state.ravel(),
    }
    return pd.DataFrame(made, columns=columns)


def daily_danger(desk: Desk, first: dt.date, last: dt.date, by: str = "tambon") -> tuple[pd.DataFrame, Classes]:
    """Return the fire danger of the place in Thai days `first` to `last`, both included, and how the classes were set.

    Returns
    -------
    table : DataFrame
        `code`, `day` (datetime64[s]), the seven indices, `class` (low, moderate, high, very_high, cannot_tell),
        `source_km`, `days_run`, `state`. Every tambon and day has a row. An amphoe has the means of its tambons,
        weighted by area, over those that are known, the farthest of their distances and the least sure of their states.
    classes : Classes

    Raises
    ------
    NotStored
        When no weather was ever stored.
    """
    known = indices(desk)
    classes = set_classes(known[known["state"] == OK], desk)
    days = pd.date_range(first, last, freq="D").astype("datetime64[s]")
    everywhere = pd.MultiIndex.from_product([days, desk.tambons["tambon"]], names=["day", "tambon"])
    table = known.set_index(["day", "tambon"]).reindex(everywhere).reset_index()
    table["state"] = table["state"].where(table["state"].notna(), NO_WEATHER)
    table = table.rename(columns={"tambon": "code"}) if by == "tambon" else _by_amphoe(table, desk.tambons)
    level = classes_of(table["fwi"].to_numpy(float), classes)
    table["class"] = np.where(table["state"] == OK, level, CANNOT_TELL)
    table["days_run"] = table["days_run"].fillna(0).astype("int64")
    return table[["code", "day", *INDICES, "class", "source_km", "days_run", "state"]], classes


def _by_amphoe(table: pd.DataFrame, tambons: pd.DataFrame) -> pd.DataFrame:
    areas = tambons.set_index("tambon")["area_km2"]
    weight = table["tambon"].map(areas).where(table["fwi"].notna())
    parts = table[list(INDICES)].mul(weight, axis=0)
    keys = [table["tambon"].map(tambons.set_index("tambon")["amphoe"]).rename("code"), table["day"]]
    summed = parts.groupby(keys).sum().div(weight.groupby(keys).sum().replace(0, np.nan), axis=0)
    # The amphoe is as sure as the least sure tambon that has a value, and unknown when none has.
    sure = table["state"].map({NO_WEATHER: 2, OK: 1, SETTLING: 0}).groupby(keys).min()
    out = summed.assign(
        source_km=table["source_km"].groupby(keys).max(),
        days_run=table["days_run"].where(weight.notna()).groupby(keys).min(),
        state=sure.map({2: NO_WEATHER, 1: OK, 0: SETTLING}),
    )
    return out.reset_index().sort_values(["day", "code"], kind="stable").reset_index(drop=True)
