"""Counts of detections by tambon, day, satellite and pass, from running totals instead of scans.

A year of detections becomes one array of totals since its first day; any period is then a difference of two
slices. Counts are whole numbers; shared counts are kept in 1/64 of a detection, so that both add up exactly.
Never reads the store, never names places.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from data.clock import is_day_pass, thai_days
from data.contracts import LAND_CLASSES, SATELLITES
from models.assign import SHARES_OF

PASSES = ("night", "day")
#: Satellites whose yearly counts may be compared with each other: each flew through all years compared.
SATELLITE_SETS: dict[str, tuple[str, ...]] = {
    "SNPP": ("SNPP",),
    "VIIRS": ("SNPP", "NOAA20", "NOAA21"),
    "MODIS": ("TERRA", "AQUA"),
    "ALL": SATELLITES,
}
UNKNOWN_LAND = "unknown"


@dataclass(frozen=True)
class Totals:
    """Running totals of one stored year.

    Attributes
    ----------
    first : date
        Thai day of slice 1; slice 0 is all zero.
    counts, shared : mapping of str to ndarray of int32, shape (2 passes, days + 1, tambons)
        Detections since `first` by satellite, whole and in 1/64. A satellite that is not there saw nothing that year:
        over a nation each takes some hundred megabytes.
    """

    first: dt.date
    counts: Mapping[str, np.ndarray]
    shared: Mapping[str, np.ndarray]

    @property
    def days(self) -> int:
        """Number of days covered: the last Thai day of a UTC year is 1 January of the next."""
        return (dt.date(self.first.year + 1, 1, 1) - self.first).days + 1


def totals(hotspots: pd.DataFrame, home: np.ndarray, shares: pd.DataFrame, tambons: int, year: int) -> Totals:
    """Build the running totals of one UTC year.

    Parameters
    ----------
    hotspots : DataFrame, n rows
        Detections that count, HOTSPOT_COLUMNS, all acquired in UTC year `year`.
    home : ndarray of int32, shape (n,)
        Tambon position of each, -1 outside.
    shares : DataFrame
        Result of `models.assign.share` for the same rows.
    tambons : int
        Number of tambons.
    year : int
    """
    made = Totals(dt.date(year, 1, 1), {}, {})
    first, days = made.first, made.days
    day = (thai_days(hotspots["acquired_at"]) - np.datetime64(first)).astype(np.int64)
    codes, satellite = np.unique(hotspots["satellite"].cat.codes.to_numpy(), return_inverse=True)
    names = [str(name) for name in hotspots["satellite"].cat.categories[codes]]
    passed = is_day_pass(hotspots["acquired_at"]).astype(np.int64)
    group = (satellite * 2 + passed) * days + day
    size = len(names) * 2 * days * tambons
    inside = home >= 0
    flat = group[inside] * tambons + home[inside]
    counts = np.bincount(flat, minlength=size)
    shared = counts * SHARES_OF
    row = shares["row"].to_numpy()
    if len(row):
        divided = np.unique(row)
        shared = shared - np.bincount(group[divided] * tambons + home[divided], minlength=size) * SHARES_OF
        parts = np.bincount(
            group[row] * tambons + shares["tambon"].to_numpy(), shares["share"].to_numpy(), minlength=size
        )
        shared = shared + parts.astype(np.int64)
    whole, in_shares = (_running(daily.reshape(len(names), 2, days, tambons)) for daily in (counts, shared))
    return Totals(first, dict(zip(names, whole, strict=True)), dict(zip(names, in_shares, strict=True)))


def _running(daily: np.ndarray) -> np.ndarray:
    satellites, passes, days, tambons = daily.shape
    out = np.zeros((satellites, passes, days + 1, tambons), np.int32)
    np.cumsum(daily, axis=2, out=out[:, :, 1:])
    return out


def _half(passes: str) -> slice:
    return {"all": slice(0, 2), "night": slice(0, 1), "day": slice(1, 2)}[passes]


def count(
    years: Sequence[Totals], first: dt.date, last: dt.date, satellites: Sequence[str], passes: str, tambons: int
) -> tuple[np.ndarray, np.ndarray]:
    """Count detections per tambon in a period of Thai days, both ends included.

    Returns
    -------
    counts : ndarray of int64, shape (tambons,)
    shared : ndarray of float64, shape (tambons,)
        Adds up to exactly the same sum in every province.
    """
    half = _half(passes)
    whole = np.zeros(tambons, np.int64)
    shared = np.zeros(tambons, np.int64)
    for year in years:
        low = max(0, min(year.days, (first - year.first).days))
        high = max(0, min(year.days, (last - year.first).days + 1))
        if high > low:
            for arrays, target in ((year.counts, whole), (year.shared, shared)):
                for name in set(satellites) & set(arrays):
                    target += (arrays[name][half, high] - arrays[name][half, low]).sum(axis=0, dtype=np.int64)
    return whole, shared / SHARES_OF


def daily_each(
    years: Sequence[Totals], first: dt.date, last: dt.date, satellites: Sequence[str], passes: str, chosen: np.ndarray
) -> np.ndarray:
    """Count detections per Thai day and tambon, both ends included, zeros shown.

    Parameters
    ----------
    chosen : ndarray of int
        Positions of the tambons.

    Returns
    -------
    ndarray of int64, shape (days, len(chosen))
    """
    out = np.zeros(((last - first).days + 1, len(chosen)), np.int64)
    half = _half(passes)
    for year in years:
        low = max(0, min(year.days, (first - year.first).days))
        high = max(0, min(year.days, (last - year.first).days + 1))
        start = (year.first - first).days + low
        for name in set(satellites) & set(year.counts) if high > low else ():
            block = year.counts[name][half, low : high + 1][..., chosen].sum(axis=0, dtype=np.int64)
            out[start : start + high - low] += np.diff(block, axis=0)
    return out


def daily(
    years: Sequence[Totals], first: dt.date, last: dt.date, satellites: Sequence[str], passes: str, chosen: np.ndarray
) -> pd.Series:
    """Count detections per Thai day over some tambons.

    Parameters
    ----------
    chosen : ndarray of int
        Positions of the tambons that are added up.

    Returns
    -------
    Series of int64
        One value a day from `first` to `last`, zeros included, index datetime64[D].
    """
    each = daily_each(years, first, last, satellites, passes, chosen)
    return pd.Series(each.sum(axis=1), index=pd.date_range(first, last, freq="D"), name="count")


def land_counts(hotspots: pd.DataFrame) -> pd.Series:
    """Count detections by land class, the six classes first and "unknown" last, zeros shown."""
    classes = hotspots["land_class"].astype("str").where(hotspots["land_class"].notna(), UNKNOWN_LAND)
    return classes.value_counts().reindex([*LAND_CLASSES, UNKNOWN_LAND], fill_value=0).astype("int64")
