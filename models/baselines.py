"""What every forecast must beat: persistence, damped persistence and climatology, and the usual year they lean on.

Pure: arrays in, arrays out. Fitted on the haze years it is given, and never looks at another.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.station_days import Floats, StationDays

#: Width of the smoothing of the usual year, days: a week's luck of five seasons should not look like a habit.
_SMOOTH_DAYS = 15.0
#: A station's own level is trusted by n / (n + this) where n is its days of training; a new station has the north's.
_TRUST_DAYS = 30.0
#: µg/m³; logarithms are taken above it, since a clean hour may be measured as zero or less.
FLOOR = 1.0


@dataclass(frozen=True)
class UsualYear:
    """The logarithm of PM2.5 that is usual on a day of the year.

    Attributes
    ----------
    curve : ndarray, shape (367,)
        Of the north, by day of the year; index 0 is not used.
    offset : ndarray, shape (S,)
        What each station lies above it.
    elsewhere : dict of str to (ndarray of shape (367,), ndarray of shape (n,))
        The same of the other parts of the country.
    """

    curve: Floats
    offset: Floats
    elsewhere: dict[str, tuple[Floats, Floats]]

    def of(self, days: NDArray[np.datetime64]) -> Floats:
        """Return the usual logarithm of each station, shape (T, S)."""
        usual: Floats = self.curve[day_of_year(days)][:, None] + self.offset[None, :]
        return usual


def logs(value: Floats) -> Floats:
    """Return natural logarithms of µg/m³, not below that of `FLOOR`; missing stays missing."""
    return np.asarray(np.log(np.maximum(value, FLOOR)), dtype=float)


def day_of_year(days: NDArray[np.datetime64]) -> NDArray[np.int64]:
    """Return 1 to 366."""
    return np.asarray((days - days.astype("datetime64[Y]")).astype(np.int64) + 1, dtype=np.int64)


def usual_year(data: StationDays, training: NDArray[np.bool_]) -> UsualYear:
    """Learn the usual year from the days of training.

    Parameters
    ----------
    data : StationDays
    training : ndarray of bool, shape (T,)
    """
    day = day_of_year(data.days)[training]
    value = logs(data.value[training])
    curve, offset = _curve(day, value, data.fixed)
    elsewhere = {}
    for part, there in data.elsewhere.items():
        other = logs(there[training])
        if np.isfinite(other).any():
            elsewhere[part] = _curve(day, other, np.ones(other.shape[1], bool))
    return UsualYear(curve, offset, elsewhere)


def _curve(day: NDArray[np.int64], value: Floats, fixed: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    # Twice: a station that was there in a smoky year only must not look smoky by itself.
    known = np.isfinite(value)
    trust = known.sum(axis=0) / (known.sum(axis=0) + _TRUST_DAYS)
    offset = np.zeros(value.shape[1])
    for _ in range(2):
        common = row_means(np.where(fixed, value - offset, np.nan))
        offset = trust * np.nan_to_num(row_means((value - common[:, None]).T))
    common = row_means(np.where(fixed, value - offset, np.nan))
    apart = np.abs(np.arange(367)[:, None] - day[None, :])
    near = np.exp(-0.5 * (np.minimum(apart, 365 - apart) / _SMOOTH_DAYS) ** 2)
    there = np.isfinite(common)
    # The tiny constant spreads the mean of all days to parts of the year that were never measured.
    near = near[:, there] + 1e-9
    return np.asarray(near @ common[there] / near.sum(axis=1), dtype=float), offset


def row_means(value: Floats) -> Floats:
    """Return the mean of what is there in each row; missing where nothing is."""
    there = np.isfinite(value)
    count = there.sum(axis=1)
    total = np.where(there, value, 0.0).sum(axis=1)
    return np.asarray(np.divide(total, count, out=np.full(len(value), np.nan), where=count > 0), dtype=float)


@dataclass(frozen=True)
class Damped:
    """A baseline in logarithms: the usual value of the day aimed at, plus a share of today's departure from it.

    `share` 0 is climatology. `factor` puts right that the mean of a logarithm is not the logarithm of the mean.
    """

    share: float
    factor: float

    def forecast(self, usual_now: Floats, usual_then: Floats, value: Floats) -> Floats:
        """Return µg/m³, shape (T, S), from the value of the day that ends; only climatology needs none."""
        departure = self.share * (logs(value) - usual_now) if self.share else 0.0
        return np.asarray(self.factor * np.exp(usual_then + departure), dtype=float)


def fit_damped(
    usual_now: Floats, usual_then: Floats, value: Floats, later: Floats, weight: Floats, *, climatology: bool = False
) -> Damped:
    """Fit a baseline by weighted least squares of the departures.

    Parameters
    ----------
    usual_now, usual_then : ndarray, shape (n,)
        Usual logarithms of the day of issue and of the day aimed at.
    value, later : ndarray, shape (n,)
        µg/m³ on both days, all there.
    weight : ndarray, shape (n,)
    climatology : bool
        Share 0.
    """
    now, then = logs(value) - usual_now, logs(later) - usual_then
    share = 0.0 if climatology else float((weight * now * then).sum() / (weight * now * now).sum())
    raw = Damped(share, 1.0).forecast(usual_now, usual_then, value)
    return Damped(share, float((weight * later).sum() / (weight * raw).sum()))


def later(value: Floats, lead: int) -> Floats:
    """Return the values `lead` days after each row, shape (T, S); missing at the end."""
    out = np.full_like(value, np.nan)
    if lead < len(value):
        out[: len(value) - lead] = value[lead:]
    return out
