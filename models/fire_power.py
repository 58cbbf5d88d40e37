"""The power of fires around places and under the ways that air took to them, and where files of fires tell at all.

Pure arrays on a plane of kilometres. What no file speaks of is not known, never zero; reads no store.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from models.driven import FIRES, REGION
from models.station_days import Floats

#: Distances over which a fire's power loses weight (e-fold) and beyond which it counts no more, km: basin and region.
AROUND = {FIRES: (50.0, 75.0), REGION: (150.0, 200.0)}
#: The same to either side of a way (e-fold), and the distance at which a way is no longer followed.
_BESIDE_KM, _FOLLOWED_KM = 50.0, 400.0
#: Fires are summed over the last day and over so many.
DAYS = 3
#: A day's mean needs so many hours, as any daily mean here (three quarters).
_FEWEST_HOURS = 18
_KM_PER_DEG, _MIDDLE = 111.195, (99.5, 18.5)

Days = NDArray[np.datetime64]


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


@dataclass(frozen=True)
class Reach:
    """What stored files of detections speak of.

    Attributes
    ----------
    first, last : ndarray of datetime64[D], shape (n,)
        Thai days, both included.
    low, high : ndarray, shape (n, 2)
        South-western and north-eastern corner, km (see `plane`).
    """

    first: Days
    last: Days
    low: Floats
    high: Floats

    def holds(self, days: Days, at: Floats) -> NDArray[np.bool_]:
        """Return whether some file speaks of each place on each day.

        Parameters
        ----------
        days : ndarray of datetime64[D], shape (T,)
        at : ndarray, shape (T or 1, ..., 2)
            In km.

        Returns
        -------
        ndarray of bool, shape (T, ...)
        """
        out = np.zeros((len(days), *at.shape[1:-1]), bool)
        for first, last, low, high in zip(self.first, self.last, self.low, self.high, strict=True):
            rows = slice(*np.searchsorted(days, [first, last + np.timedelta64(1, "D")]))
            mine = at if len(at) == 1 else at[rows]
            out[rows] |= ((mine >= low) & (mine <= high)).all(axis=-1)
        return out


def plane(lon: Floats, lat: Floats) -> Floats:
    """Return kilometres east and north of the middle of the north, shape (n, 2); flat earth, good to a per cent."""
    east = (np.asarray(lon, float) - _MIDDLE[0]) * _KM_PER_DEG * np.cos(np.radians(_MIDDLE[1]))
    return np.stack([east, (np.asarray(lat, float) - _MIDDLE[1]) * _KM_PER_DEG], axis=1)


def power_near(seen: Seen, stations: Floats, count: int, reach_km: float, most_km: float) -> Floats:
    """Return the power of each day around each station, MW, each fire weighed by exp(-distance / reach).

    Parameters
    ----------
    seen : Seen
    stations : ndarray, shape (S, 2)
        In km, see `plane`.
    count : int
        Days.
    reach_km, most_km : float
        No fire counts beyond the second.

    Returns
    -------
    ndarray, shape (count, S)
    """
    out = np.zeros((count, len(stations)))
    for day, mine in _by_day(seen, count):
        away = cdist(seen.at[mine], stations)
        out[day] = seen.power_mw[mine] @ np.where(away <= most_km, np.exp(-away / reach_km), 0.0)
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
        Kilometres from the station; followed up to 400 km.

    Returns
    -------
    ndarray, shape (T, S)
        NaN where the way is not known.
    """
    known = np.asarray(np.isfinite(way).all(axis=(1, 3)), dtype=bool)
    out = np.where(known, 0.0, np.nan)
    # Where a way is not followed there is no node to lie under.
    nodes = np.where(_followed(way)[..., None], way + stations, np.inf)
    for day, mine in _by_day(seen, len(way)):
        out[day] += _under(seen.at[mine], seen.power_mw[mine], nodes[day])
    return out


@numba.njit(cache=True, nogil=True)
def _under(at, power, nodes):  # type: ignore[no-untyped-def]
    """Return the power of fires, shape (n, 2), weighed by their distance from nodes, shape (N, S, 2); shape (S,)."""
    out = np.zeros(nodes.shape[1])
    for station in range(nodes.shape[1]):
        for fire in range(len(at)):
            least = np.inf
            for node in range(len(nodes)):
                east, north = nodes[node, station, 0] - at[fire, 0], nodes[node, station, 1] - at[fire, 1]
                least = min(least, east * east + north * north)
            out[station] += power[fire] * np.exp(-np.sqrt(least) / _BESIDE_KM)
    return out


def fires(seen: Seen, stations: Floats, known: NDArray[np.bool_], reach_km: float, most_km: float) -> dict[str, Floats]:
    """Return log1p of the power around each station, of the last day and of the last three, shape (T, S).

    Parameters
    ----------
    seen : Seen
    stations : ndarray, shape (S, 2)
    known : ndarray of bool, shape (T, S)
        Days that the store covers around a station.
    reach_km, most_km : float
        See `power_near`.
    """
    day = np.where(known, power_near(seen, stations, len(known), reach_km, most_km), np.nan)
    padded = np.concatenate([np.full((DAYS - 1, day.shape[1]), np.nan), day])
    some = np.lib.stride_tricks.sliding_window_view(padded, DAYS, axis=0).sum(axis=-1)
    return {"1": np.log1p(day), f"{DAYS}": np.log1p(some)}


def square(stations: Floats, most_km: float) -> Floats:
    """Return the corners of the square around each station, shape (1, 4, S, 2)."""
    corners = np.array([(east, north) for east in (-most_km, most_km) for north in (-most_km, most_km)])
    return np.asarray((stations + corners[:, None])[None], dtype=float)


def seen_along(reach: Reach, days: Days, stations: Floats, way: Floats) -> NDArray[np.bool_]:
    """Return whether a file speaks of every place along the followed part of a way, shape (T, S)."""
    return np.asarray((reach.holds(days, way + stations) | ~_followed(way)).all(axis=1), dtype=bool)


def _followed(way: Floats) -> NDArray[np.bool_]:
    return np.asarray(np.hypot(way[..., 0], way[..., 1]) <= _FOLLOWED_KM, dtype=bool)


def _by_day(seen: Seen, count: int) -> list[tuple[int, NDArray[np.int64]]]:
    order = np.argsort(seen.day, kind="stable")
    ends = np.searchsorted(seen.day[order], np.arange(count + 1))
    return [(day, order[ends[day] : ends[day + 1]]) for day in range(count) if ends[day] < ends[day + 1]]


def _bridged(hours: Floats) -> Floats:
    """Return hours with gaps at the mean of their day, shape (T, 24, S); a day of too few is missing whole."""
    mean = day_mean(hours)[:, None]
    return np.where(np.isfinite(hours) & np.isfinite(mean), hours, mean)


def day_mean(hours: Floats) -> Floats:
    """Return the mean of each day, shape (T, S), of hours, shape (T, 24, S); missing with fewer than eighteen."""
    known = np.isfinite(hours)
    count = known.sum(axis=1)
    total = np.where(known, hours, 0.0).sum(axis=1)
    return np.asarray(np.where(count >= _FEWEST_HOURS, total / np.maximum(count, 1), np.nan), dtype=float)
