"""Which stored detections count: standard rows replace the near-real-time rows of the same satellite and day.

NASA makes the standard product some months later from better ephemeris and calibration, and its pixels differ
a little, so single pixels cannot be matched. The replacement is made by satellite, UTC day (the unit of the
archive) and province, because an archive file of another country says nothing about ours. Never deletes a row.
"""

from __future__ import annotations

import numpy as np
import pandas as pd


def is_current(hotspots: pd.DataFrame, province: np.ndarray) -> np.ndarray:
    """Tell which detections count.

    Parameters
    ----------
    hotspots : DataFrame, n rows
        HOTSPOT_COLUMNS.
    province : ndarray of int, shape (n,)
        Two-digit province code, or -1 outside all known tambons, where the square degree stands for it.

    Returns
    -------
    ndarray of bool, shape (n,)
        False for a near-real-time row where the standard product has any row of that satellite, day and area.
    """
    standard = (hotspots["quality"] == "standard").to_numpy()
    if not standard.any() or standard.all():
        return np.ones(len(hotspots), bool)
    day = hotspots["acquired_at"].dt.tz_localize(None).to_numpy("datetime64[D]").astype(np.int64)
    square = (
        1000
        + (np.floor(hotspots["lat"]) + 90).astype(np.int64) * 360
        + np.floor(hotspots["lon"]).astype(np.int64)
        + 180
    )
    area = np.where(province >= 0, province, square)
    key = (day * 8 + hotspots["satellite"].cat.codes.to_numpy()) * 100_000 + area
    replaced = np.isin(key, np.unique(key[standard]))
    return np.asarray(standard | ~replaced)
