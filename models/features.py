"""What a forecast is made from, and when each piece of it was known.

Every feature is worked out from days that had ended at the time of issue; the table says for each how many days before
that its newest input ended. Pure arrays. Never looks at the day aimed at, except at its place in the calendar.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.baselines import UsualYear, day_of_year, logs, row_means
from models.station_days import Floats, StationDays

#: Distances, km, over which neighbours lose weight (e-fold): the next basin, and the region.
NEAR_KM, WIDE_KM = 60.0, 200.0
#: A gap is filled from neighbours at this distance.
_FILL_KM = 80.0
#: Days of the longest mean. What a model needs of the past.
LONGEST = 60
#: A part of the country speaks for itself with at least so many stations of the day.
_FEWEST_ELSEWHERE = 3
_KM_PER_DEGREE = 111.19
#: Stands for "known since ever": the calendar.
ALWAYS = 10_000


@dataclass(frozen=True)
class Features:
    """Features of every day of issue and station.

    Attributes
    ----------
    names : tuple of str, length K
    value : ndarray, shape (T, S, K)
        Missing where an input is.
    age_days : ndarray of int, shape (K,)
        Days between the end of the newest day that went in and the time of issue: 0 for the day that just ended, never
        below.
    """

    names: tuple[str, ...]
    value: NDArray[np.float32]
    age_days: NDArray[np.int64]


class _Table:
    """Collects features by name with their age."""

    def __init__(self, shape: tuple[int, int]) -> None:
        self.shape = shape
        self.columns: dict[str, tuple[Floats, int]] = {}

    def put(self, name: str, value: Floats, age: int) -> None:
        full = value if value.ndim == 2 else value[:, None]
        self.columns[name] = (np.broadcast_to(full, self.shape), age)

    def product(self, one: str, other: str) -> None:
        (left, age), (right, other_age) = self.columns[one], self.columns[other]
        self.columns[f"{one} x {other}"] = (left * right, min(age, other_age))

    def table(self) -> Features:
        value = np.stack([value for value, _ in self.columns.values()], axis=-1).astype(np.float32)
        return Features(tuple(self.columns), value, np.array([age for _, age in self.columns.values()]))


def features(data: StationDays, usual: UsualYear, lead: int) -> Features:
    """Return the features from the stations of the north.

    Parameters
    ----------
    data : StationDays
    usual : UsualYear
        Learned from days of training only.
    lead : int
        Days ahead, for the calendar of the day aimed at.

    Returns
    -------
    Features
        Departures from the usual year in logarithms: of the station on the last five days and in means of 3, 7, 21 and
        60; of its neighbours near and wide; of the north and the spread inside it; the usual level now and then; the
        season; and products that let the persistence of smoke depend on season and level.
    """
    usual_now = usual.of(data.days)
    aimed = data.days + np.timedelta64(lead, "D")
    away = logs(data.value) - usual_now
    km = distances(data)
    own = np.where(np.isfinite(away), away, neighbour_mean(away, km, _FILL_KM))
    north = row_means(np.where(data.fixed, away, np.nan))
    out = _Table(data.value.shape)
    _put_lags(out, "own", own, 5)
    for length in (3, 7, 21, LONGEST):
        out.put(f"own mean {length}", trailing_mean(own, length), 0)
    for name, reach in (("near", NEAR_KM), ("wide", WIDE_KM)):
        _put_lags(out, name, neighbour_mean(away, km, reach), 3)
    _put_lags(out, "north", north, 4)
    out.put("spread", _spread(away, data.fixed), 0)
    angle = 2 * np.pi * day_of_year(aimed) / 365.25
    for name, wave in (("sin", np.sin(angle)), ("cos", np.cos(angle))):
        out.put(name, wave, ALWAYS)
    out.put("sin twice", np.sin(2 * angle), ALWAYS)
    out.put("cos twice", np.cos(2 * angle), ALWAYS)
    out.put("usual now", usual_now, ALWAYS)
    out.put("usual then", usual.of(aimed), ALWAYS)
    # Kilometres would swamp the rest; degrees from the middle of the north are of the order of one.
    out.put("east", np.broadcast_to(data.lon - 99.5, data.value.shape), ALWAYS)
    out.put("north of", np.broadcast_to(data.lat - 18.5, data.value.shape), ALWAYS)
    for name in ("own 0", "own 1", "north 0", "north 1", "near 0", "own mean 7"):
        for wave in ("sin", "cos"):
            out.product(name, wave)
    for name in ("own 0", "north 0", "own mean 7"):
        out.product(name, name)
        out.product(name, "usual then")
    out.product("own 0", "north 0")
    out.product("north 0", "north 0 x north 0")
    out.product("spread", "north 0")
    return out.table()


def elsewhere_features(data: StationDays, usual: UsualYear) -> Features | None:
    """Return departures from the usual year in the other parts of the country, of the last three days.

    Air that reaches the north in the dry season mostly passed the northeast or the central plain before. Missing where
    fewer than three stations of a part tell; None when a part was not there in training.
    """
    out = _Table(data.value.shape)
    for part in sorted(usual.elsewhere):
        if part not in data.elsewhere:
            return None
        curve, offset = usual.elsewhere[part]
        away = logs(data.elsewhere[part]) - offset - curve[day_of_year(data.days)][:, None]
        mean = np.where(np.isfinite(away).sum(axis=1) >= _FEWEST_ELSEWHERE, row_means(away), np.nan)
        _put_lags(out, part, mean, 3)
    return out.table() if out.columns else None


def joined(parts: Sequence[Features]) -> Features:
    """Return features beside each other."""
    names = tuple(name for part in parts for name in part.names)
    value = np.concatenate([part.value for part in parts], axis=-1)
    return Features(names, value, np.concatenate([part.age_days for part in parts]))


def distances(data: StationDays) -> Floats:
    """Return kilometres between stations, shape (S, S); flat earth, good to a per cent over the north."""
    east = (data.lon[None, :] - data.lon[:, None]) * _KM_PER_DEGREE * np.cos(np.radians(18.5))
    north = (data.lat[None, :] - data.lat[:, None]) * _KM_PER_DEGREE
    return np.asarray(np.hypot(east, north), dtype=float)


def neighbour_mean(value: Floats, km: Floats, reach_km: float) -> Floats:
    """Return the mean of the other stations weighted by exp(-distance / reach), shape (T, S); missing without any."""
    weight = np.exp(-km / reach_km)
    np.fill_diagonal(weight, 0.0)
    there = np.isfinite(value)
    total = np.where(there, value, 0.0) @ weight.T
    share = there @ weight.T
    return np.asarray(np.divide(total, share, out=np.full(value.shape, np.nan), where=share > 0), dtype=float)


def _put_lags(out: _Table, name: str, value: Floats, count: int) -> None:
    """Put the last days; a day that is missing takes the value of the one after it, so that a gap looks like calm."""
    newer = value
    for lag in range(count):
        older = lagged(value, lag)
        newer = np.where(np.isfinite(older), older, newer)
        # Where a gap was bridged, the newest input is that of the day that just ended.
        out.put(f"{name} {lag}", newer, 0)


def lagged(value: Floats, days: int) -> Floats:
    """Return the values of so many days before, missing at the start; shape kept."""
    out = np.full_like(value, np.nan)
    out[days:] = value[: len(value) - days]
    return out


def trailing_mean(value: Floats, length: int) -> Floats:
    """Return the mean of what is there of the last `length` days, the present one included; shape (T, S)."""
    there = np.isfinite(value)
    total, count = trailing_sum(np.where(there, value, 0.0), length), trailing_sum(there.astype(float), length)
    return np.asarray(np.divide(total, count, out=np.full(value.shape, np.nan), where=count > 0.5), dtype=float)


def trailing_sum(value: Floats, length: int) -> Floats:
    """Return the sum of the last `length` days, the present one included, of values that are all there; shape kept."""
    total = np.cumsum(value, axis=0)
    total[length:] = total[length:] - total[:-length].copy()
    return total


def _spread(away: Floats, fixed: NDArray[np.bool_]) -> Floats:
    mine = np.where(fixed, away, np.nan)
    return np.asarray(np.sqrt(row_means((mine - row_means(mine)[:, None]) ** 2)), dtype=float)
