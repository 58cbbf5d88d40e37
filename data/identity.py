"""Identity of a detection: the same pixel of the same pass has the same number in every file.

FIRMS prints the same pixel with "N" or "S-NPP", "0559", "559" or "05:59", but with the same minute and the
same position to five decimals; so satellite, minute and position name it. Never looks at any other column:
fire power and confidence differ between formats and versions.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from data.contracts import SATELLITES

_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def _mix(value: np.ndarray) -> np.ndarray:
    # Finaliser of SplitMix64 (Steele, Lea and Flood, 2014): bijective, every input bit reaches every output bit.
    value = (value ^ (value >> np.uint64(30))) * _MIX_1
    value = (value ^ (value >> np.uint64(27))) * _MIX_2
    return np.asarray(value ^ (value >> np.uint64(31)))


def hotspot_ids(satellite: pd.Series, acquired_at: pd.Series, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """Return deterministic detection numbers.

    Parameters
    ----------
    satellite : Series of category, shape (n,)
        Satellite codes of `data.contracts.SATELLITES`.
    acquired_at : Series of datetime64[us, UTC], shape (n,)
        Pass time; only its minute counts.
    lon, lat : ndarray of float64, shape (n,), degrees

    Returns
    -------
    ndarray of uint64, shape (n,)
        The chance of any two of five million different detections meeting is below 1e-6.
    """
    kinds = satellite.astype(pd.CategoricalDtype(list(SATELLITES))).cat.codes.to_numpy().astype(np.uint64)
    minute = acquired_at.dt.tz_localize(None).to_numpy("datetime64[m]").astype(np.int64).astype(np.uint64)
    x = np.round((np.asarray(lon, float) + 180.0) * 1e5).astype(np.uint64)
    y = np.round((np.asarray(lat, float) + 90.0) * 1e5).astype(np.uint64)
    where = (x << np.uint64(26)) | y
    when = (minute << np.uint64(3)) | kinds
    with np.errstate(over="ignore"):
        return np.asarray(_mix(_mix(where + _GOLDEN) ^ (when * _GOLDEN)), dtype=np.uint64)


def as_text(ids: np.ndarray) -> list[str]:
    """Return detection numbers as 16 hexadecimal digits, the form shown outside the store."""
    return [f"{int(number):016x}" for number in ids]
