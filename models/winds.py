"""The wind around a place as one field on a lattice, from stored grids or from stored places, and its value anywhere.

Bilinear in space, linear in time and height. Where no wind is stored there is none: NaN, never calm. Never fetches.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from data import stored_grids
from data.errors import NotStored
from models.desk import Desk
from models.stored_weather import hourly_weather, weather_places

Array = NDArray[np.float64]

#: What is kept, degrees: northern Thailand and the neighbours whose smoke it gets (west, south, east, north).
BOX = (93.0, 12.0, 107.0, 25.0)
#: Height of each stored level above the valleys of the north, metres: 925 and 850 hPa lie near 760 and 1,480 m above
#: the sea in the standard atmosphere (ISO 2533), the valley floors near 270 m.
LEVELS = {"": 10.0, "_100m": 100.0, "_925hpa": 490.0, "_850hpa": 1210.0}
#: Side of a cell of the lattice that places are brought to, degrees, and how far a place speaks for the air around it.
_STEP_DEG = 0.5
_REACH_KM = 150.0
#: Nearer than this all places count alike, so that one at a node does not hide the rest.
_NEAR_KM = 10.0
#: Between two stored times farther apart the wind is not known.
_LONGEST_GAP_H = 6.5
_KM_PER_DEG = 111.195  # mean length of one degree of latitude, IUGG mean earth radius 6371.0088 km


@dataclass(frozen=True)
class Winds:
    """Wind on a lattice.

    Attributes
    ----------
    hours : ndarray of float64, shape (times,)
        Hours since 1970 UTC, ascending.
    lon, lat : ndarray of float64
        Ascending, longitudes within -180 to 180.
    heights : ndarray of float64, shape (levels,)
        Metres above ground, ascending.
    east, north : ndarray of float64, shape (levels, times, lat, lon)
        m/s towards east and north; NaN where not stored.
    layer_m : ndarray of float64, shape (times, lat, lon)
        Height of the boundary layer, NaN where not stored.
    source : str
        Where it comes from.
    """

    hours: Array
    lon: Array
    lat: Array
    heights: Array
    east: Array
    north: Array
    layer_m: Array
    source: str

    def at(self, lon: ArrayLike, lat: ArrayLike, hour: ArrayLike, height_m: ArrayLike) -> tuple[Array, Array]:
        """Return the wind at points, times and heights of one shape (n,): m/s towards east and north; NaN outside.

        Below the lowest and above the highest stored level that level's wind is taken; a level that is not stored at a
        point leaves the other to speak.
        """
        points = _points(lon, lat, hour, height_m)
        axes: tuple[Any, ...] = (self.hours, self.lat, self.lon, self.heights, _LONGEST_GAP_H, *points)
        return np.asarray(_values(self.east, *axes)), np.asarray(_values(self.north, *axes))

    def layer_at(self, lon: ArrayLike, lat: ArrayLike, hour: ArrayLike) -> Array:
        """Return the height of the boundary layer at points and times of one shape (n,), metres; NaN where unknown."""
        points = _points(lon, lat, hour, np.zeros(np.shape(lon)))
        axes: tuple[Any, ...] = (self.hours, self.lat, self.lon, np.zeros(1), _LONGEST_GAP_H, *points)
        return np.asarray(_values(self.layer_m[None], *axes))


def _points(*columns: ArrayLike) -> list[Array]:
    return [np.ascontiguousarray(one, dtype=float) for one in columns]


@numba.njit(cache=True, nogil=True)
def _values(field, hours, lat, lon, heights, longest_gap, x, y, t, z):  # type: ignore[no-untyped-def]
    """Return a field (levels, times, lat, lon) at points, shape (n,); NaN outside and next to what is missing."""
    out = np.full(len(x), np.nan)
    for i in range(len(x)):
        column, right = _node(lon, x[i])
        row, up = _node(lat, y[i])
        if column < 0 or row < 0 or t[i] < hours[0] or t[i] > hours[-1]:
            continue
        late = np.searchsorted(hours, t[i])
        early = late if hours[late] == t[i] else late - 1
        gap = hours[late] - hours[early]
        if gap > longest_gap:
            continue
        after = (t[i] - hours[early]) / gap if gap > 0 else 0.0
        above = min(np.searchsorted(heights, z[i]), len(heights) - 1)
        below = max(above - 1, 0)
        span = heights[above] - heights[below]
        share = min(max((z[i] - heights[below]) / span, 0.0), 1.0) if span > 0 else 0.0
        low = _plane(field[below], early, late, after, row, up, column, right)
        high = low if above == below else _plane(field[above], early, late, after, row, up, column, right)
        if np.isnan(low):
            low = high
        elif np.isnan(high):
            high = low
        out[i] = low + (high - low) * share
    return out


@numba.njit(cache=True, nogil=True)
def _node(axis, value):  # type: ignore[no-untyped-def]
    """Return the node below a value and how far it lies to the next; -1 outside. A hair outside is rounding."""
    if not axis[0] - 1e-9 <= value <= axis[-1] + 1e-9:
        return -1, 0.0
    node = min(max(np.searchsorted(axis, value, side="right") - 1, 0), len(axis) - 2)
    return node, min(max((value - axis[node]) / (axis[node + 1] - axis[node]), 0.0), 1.0)


@numba.njit(cache=True, nogil=True)
def _plane(level, early, late, after, row, up, column, right):  # type: ignore[no-untyped-def]
    found = 0.0
    for time, share in ((early, 1.0 - after), (late, after)):
        if share == 0.0:
            continue
        south = level[time, row, column] * (1 - right) + level[time, row, column + 1] * right
        north = level[time, row + 1, column] * (1 - right) + level[time, row + 1, column + 1] * right
        found += share * (south * (1 - up) + north * up)
    return found


def hours_of(moments: pd.Series | pd.DatetimeIndex) -> Array:
    """Return aware times as hours since 1970 UTC."""
    stamps = pd.DatetimeIndex(moments).tz_convert("UTC").tz_localize(None)
    return np.asarray(stamps.to_numpy("datetime64[s]").astype(np.int64) / 3600.0)


def east_north(speed: ArrayLike, from_deg: ArrayLike) -> tuple[Array, Array]:
    """Return the components, towards east and north, of a wind given by speed and the direction it comes FROM."""
    angle = np.deg2rad(np.asarray(from_deg, dtype=float))
    strength = np.asarray(speed, dtype=float)
    return -strength * np.sin(angle), -strength * np.cos(angle)


def stored_winds(desk: Desk, start: dt.datetime, end: dt.datetime) -> Winds | None:
    """Return the stored wind of [start, end): from the grids or places that know most of it over the place.

    Returns
    -------
    Winds or None
        None when no wind of these hours is stored.
    """
    found = [*_from_grids(desk, start, end), *_from_places(desk, start, end)]
    hours = np.arange(hours_of(pd.DatetimeIndex([start]))[0], hours_of(pd.DatetimeIndex([end]))[0])
    lon, lat = np.full(len(hours), desk.place.lon), np.full(len(hours), desk.place.lat)

    def known(winds: Winds) -> int:
        east, _ = winds.at(lon, lat, hours, np.full(len(hours), winds.heights[0]))
        return int((~np.isnan(east)).sum())

    best = max(found, key=known, default=None)
    return best if best is not None and known(best) else None


def from_places(weather: pd.DataFrame, stands: pd.DataFrame) -> Winds | None:
    """Bring the wind of single places to a lattice, each node the mean of the places around weighted by nearness.

    Weights fall with the square of the distance, up to 150 km; a node with no place so near has no wind.

    Parameters
    ----------
    weather : DataFrame
        WEATHER_COLUMNS, one row per place and hour.
    stands : DataFrame
        `station_id`, `lon`, `lat`.
    """
    some = weather[weather["station_id"].isin(set(stands["station_id"]))]
    some = some.dropna(subset=["wind_speed_ms", "wind_from_deg"])
    stands = stands[stands["station_id"].isin(set(some["station_id"]))].reset_index(drop=True)
    if some.empty:
        return None
    moments = pd.DatetimeIndex(some["measured_at"].sort_values().unique())
    row = moments.get_indexer(pd.DatetimeIndex(some["measured_at"]))
    column = pd.Index(stands["station_id"]).get_indexer(pd.Index(some["station_id"]))
    lon, lat = (_axis(stands[name].to_numpy(float)) for name in ("lon", "lat"))
    node_lat, node_lon = (axis.ravel() for axis in np.meshgrid(lat, lon, indexing="ij"))
    weight = nearness(stands["lon"].to_numpy(float), stands["lat"].to_numpy(float), node_lon, node_lat)
    shape = (len(moments), len(lat), len(lon))

    def lattice(values: ArrayLike) -> Array:
        return brought(values, row, column, len(moments), weight).reshape(shape)

    levels = []
    for name, height in LEVELS.items():
        east, north = east_north(some[f"wind_speed{name}_ms"], some[f"wind_from{name}_deg"])
        if not np.isnan(east).all():
            levels.append((height, lattice(east), lattice(north)))
    return Winds(
        hours_of(moments),
        lon,
        lat,
        np.array([level[0] for level in levels]),
        np.stack([level[1] for level in levels]),
        np.stack([level[2] for level in levels]),
        lattice(some["boundary_layer_m"].to_numpy(float)),
        ", ".join(sorted(some["source"].unique())),
    )


def _from_places(desk: Desk, start: dt.datetime, end: dt.datetime) -> list[Winds]:
    try:
        weather = hourly_weather(desk.store.weather(start, end, desk.state))
    except NotStored:
        return []
    stands = weather_places(desk)
    west, south, east, north = BOX
    stands = stands[stands["lon"].between(west, east) & stands["lat"].between(south, north)]
    # A mast in a mountain valley measures the valley's own wind; where a model speaks, its air moves the smoke.
    modelled = weather[weather["flag"] == "model"]
    found = from_places(modelled if len(modelled) else weather, stands)
    return [found] if found else []


def _axis(places: Array) -> Array:
    low, high = np.floor(places.min()) - 1, np.ceil(places.max()) + 1
    return np.asarray(np.arange(low, high + _STEP_DEG / 2, _STEP_DEG))


def nearness(place_lon: Array, place_lat: Array, lon: Array, lat: Array) -> Array:
    """Return the weight of each place at each point, shape (places, points): falls with the square of the distance."""
    east = (place_lon[:, None] - lon) * np.cos(np.deg2rad(lat))
    away = np.hypot(east, place_lat[:, None] - lat) * _KM_PER_DEG
    return np.where(away <= _REACH_KM, np.maximum(away, _NEAR_KM) ** -2.0, 0.0)


def brought(values: ArrayLike, row: NDArray[np.intp], place: NDArray[np.intp], rows: int, weight: Array) -> Array:
    """Bring single values of places to points by the weights of `nearness`.

    Parameters
    ----------
    values : array_like, shape (n,)
    row, place : ndarray of int, shape (n,)
        Time and place of each value.
    rows : int
        Number of times.
    weight : ndarray, shape (places, points)

    Returns
    -------
    ndarray, shape (rows, points)
        NaN where no place so near has a value.
    """
    at_place = np.full((rows, len(weight)), np.nan)
    at_place[row, place] = values
    known = ~np.isnan(at_place)
    total = known.astype(float) @ weight
    sums = np.where(known, at_place, 0.0) @ weight
    return np.where(total > 0, sums / np.where(total > 0, total, 1.0), np.nan)


def _from_grids(desk: Desk, start: dt.datetime, end: dt.datetime) -> list[Winds]:
    listed = stored_grids.grids(desk.store, desk.state)
    found = []
    for source, axes in sorted({(str(row["source"]), str(row["axes"])) for row in listed.to_dict("records")}):
        names = set(listed.loc[(listed["source"] == source) & (listed["axes"] == axes), "variable"])

        def read(variable: str, source: str = source, axes: str = axes) -> xr.DataArray:
            return stored_grids.grid(desk.store, variable, source, start, end, desk.state, axes=axes)

        levels: list[tuple[float, xr.DataArray, xr.DataArray]] = []
        for name, height in LEVELS.items():
            east, north = f"wind_east{name}_ms", f"wind_north{name}_ms"
            if names.issuperset({east, north}):
                with contextlib.suppress(NotStored):  # not of these hours
                    levels.append((height, read(east), read(north)))
        layer = None
        if "boundary_layer_m" in names:
            with contextlib.suppress(NotStored):
                layer = read("boundary_layer_m")
        winds = of_grids(source, levels, layer) if levels else None
        found += [winds] if winds else []
    return found


def of_grids(
    source: str, levels: list[tuple[float, xr.DataArray, xr.DataArray]], layer: xr.DataArray | None
) -> Winds | None:
    """Return gridded winds at the times and cells that all of them have; None where these make no lattice.

    Parameters
    ----------
    source : str
    levels : list of (height in metres, eastward, northward), ascending
        DataArrays (time, lat, lon), axes ascending.
    layer : DataArray or None
        Height of the boundary layer, metres.
    """
    fields = [field for _, east, north in levels for field in (east, north)]
    aligned = list(xr.align(*fields, *([] if layer is None else [layer]), join="inner"))
    first = aligned[0]
    if not first.sizes["time"] or min(first.sizes["lat"], first.sizes["lon"]) < 2:
        return None
    held = [field.to_numpy().astype(float) for field in aligned]
    return Winds(
        hours_of(pd.DatetimeIndex(first["time"].to_numpy()).tz_localize("UTC")),
        first["lon"].to_numpy().astype(float),
        first["lat"].to_numpy().astype(float),
        np.array([height for height, _, _ in levels]),
        np.stack(held[0 : 2 * len(levels) : 2]),
        np.stack(held[1 : 2 * len(levels) : 2]),
        np.full(held[0].shape, np.nan) if layer is None else held[-1],
        source,
    )
