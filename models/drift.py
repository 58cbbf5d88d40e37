"""How PM2.5 usually lies over the north in each month: a smooth log pattern in latitude and longitude.

The smoke of March and April is thicker towards the northern border, that of January towards the plains; stations alone
do not carry this to places beyond the last of them. Pure arrays. Holds no value of any day, no constant of any station.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.kriging import Floats

#: Middle of the plane in which distances are taken, and km per degree there (WGS84, along its meridian and parallel).
MIDDLE = (99.5, 18.3)
KM_PER_DEGREE = (105.79, 110.68)
#: West, south, east, north: where the pattern was fitted, and so where stations may speak (23 stations, 1° beyond).
DOMAIN = (96.9, 14.3, 102.2, 21.5)
#: Half a year of months around: a month's figure holds in its middle and fades linearly to the next.
_MONTHS = 12
_YEAR_DAYS = 365.25
_SCALE_KM = 200.0
#: Width of the bend at which the north begins, in units of `_SCALE_KM`.
_BEND = 0.2
#: Ridge of the fit: as much as one station day.
_RIDGE = 1.0


@dataclass(frozen=True)
class Drift:
    """A fitted pattern.

    Attributes
    ----------
    coefficient : ndarray, shape (3, 12)
        Log µg/m³ per unit of each shape of `_shapes`, in the middle of each month.
    """

    coefficient: Floats

    def at(self, places: Floats, days: NDArray[np.datetime64]) -> Floats:
        """Return the pattern at places (n, 2; km) on Thai days (t,), shape (t, n), up to one constant a day."""
        shapes = _shapes(places)
        return np.asarray(_months(days) @ self.coefficient.T @ shapes.T, dtype=np.float64)


#: Fitted (see `fit`) on all days of 21 stations of the Pollution Control Department in 2019, 2020, 2021 and the first
#: halves of 2023 and 2025, without 38t and 39t. How it does on seasons and stations it has not seen: docs/surface.md.
SHIPPED = Drift(
    np.array(
        [
            [-0.452, -0.207, 0.814, 0.569, 0.089, 0.131, -0.254, -0.256, -0.047, -0.132, -0.330, -0.204],
            [0.234, -0.007, -0.272, -0.061, 0.326, 0.151, 0.339, 0.165, 0.256, 0.054, 0.079, 0.033],
            [-0.522, -0.054, 0.272, 0.145, -0.330, -0.392, -0.753, -0.704, -0.645, -0.498, -0.628, -0.486],
        ]
    )
)
NONE = Drift(np.zeros((3, _MONTHS)))


def plane(lon: ArrayLike, lat: ArrayLike) -> Floats:
    """Return positions in km east and north of `MIDDLE`, shape (n, 2).

    One scale for the whole north: distances are right to 1.5 % of their eastern part.
    """
    east = (np.asarray(lon, dtype=np.float64) - MIDDLE[0]) * KM_PER_DEGREE[0]
    north = (np.asarray(lat, dtype=np.float64) - MIDDLE[1]) * KM_PER_DEGREE[1]
    return np.column_stack([east, north])


def degrees(places: Floats) -> tuple[Floats, Floats]:
    """Return longitudes and latitudes of positions in the plane: `plane` turned round."""
    return places[:, 0] / KM_PER_DEGREE[0] + MIDDLE[0], places[:, 1] / KM_PER_DEGREE[1] + MIDDLE[1]


def fit(log_value: Floats, places: Floats, days: NDArray[np.datetime64]) -> Drift:
    """Fit the pattern to daily values.

    Parameters
    ----------
    log_value : ndarray, shape (t, n)
        Log µg/m³, NaN where unknown.
    places : ndarray, shape (n, 2), km
        As from `plane`.
    days : ndarray of datetime64[D], shape (t,)

    Returns
    -------
    Drift
        Least squares on the departures from each day's mean over its stations, so that no level of any day goes in.
    """
    known = ~np.isnan(log_value)
    count = np.maximum(known.sum(axis=1), 1)[:, None]
    value = np.where(known, log_value, 0.0)
    value = np.where(known, value - value.sum(axis=1, keepdims=True) / count, 0.0)
    shapes = np.where(known[:, :, None], _shapes(places)[None], 0.0)
    shapes = np.where(known[:, :, None], shapes - shapes.sum(axis=1, keepdims=True) / count[:, :, None], 0.0)
    month = _months(days)
    kinds = shapes.shape[2]
    size = kinds * _MONTHS
    square = np.einsum("tsf,tsg->tfg", shapes, shapes)
    normal = np.einsum("tfg,tb,tc->fbgc", square, month, month, optimize=True).reshape(size, size)
    right = np.einsum("tsf,ts,tb->fb", shapes, value, month, optimize=True).reshape(size)
    return Drift(np.linalg.solve(normal + _RIDGE * np.eye(size), right).reshape(kinds, _MONTHS))


def _shapes(places: Floats) -> Floats:
    """Return (n, 3): north of the middle of Lampang, bent to nothing in the south; east; east squared."""
    east, north = places[:, 0] / _SCALE_KM, places[:, 1] / _SCALE_KM
    return np.column_stack([_BEND * np.logaddexp(0.0, north / _BEND), east, east * east])


def _months(days: NDArray[np.datetime64]) -> Floats:
    """Return (t, 12): how near each day is to the middle of each month; the two nearest share it."""
    day = days.astype("datetime64[D]")
    into = (day - day.astype("datetime64[Y]")).astype(np.float64)
    length = _YEAR_DAYS / _MONTHS
    middle = (np.arange(_MONTHS) + 0.5) * length
    away = np.abs((into[:, None] - middle + _YEAR_DAYS / 2) % _YEAR_DAYS - _YEAR_DAYS / 2)
    return np.asarray(np.maximum(1 - away / length, 0.0), dtype=np.float64)
