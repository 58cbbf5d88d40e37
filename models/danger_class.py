"""Danger classes in local terms: how often fires are seen here at a fire weather index, against how often on average.

The limits come from stored fires and weather together; with too few of them from the local climate alone, and that is
said. Never uses the Canadian limits, which were made for other forests. Pure but for reading the desk's counts.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.isotonic import IsotonicRegression

from models.counts import SATELLITE_SETS
from models.desk import Desk

LEVELS = ("low", "moderate", "high", "very_high")
CANNOT_TELL = "cannot_tell"
#: A class begins where fires become so many times as frequent as on an average tambon-day.
RATES = (0.5, 1.0, 2.0)
#: Fire tambon-days and different days with fire from which limits are set; fewer say more of chance than of weather.
FEWEST_FIRES, FEWEST_FIRE_DAYS = 100, 30
#: Groups of equally many tambon-days, ordered by index, whose fire frequencies are made monotone.
_GROUPS = 20
#: Limits while too few fires are stored: the 25, 50 and 75 % points of the index on days of January to May 2010 to 2020
#: at five masts around Mae Moh, 4,224 mast-days worked out from EGAT's hourly records (docs/danger.md).
REGIONAL_LIMITS = (17.0, 30.0, 40.0)
#: Sets of which one is taken for all years: the official habit, or else the older instrument.
_SETS = ("SNPP", "MODIS")

Basis = Literal["fires", "regional"]


@dataclass(frozen=True)
class Classes:
    """Where the classes begin and what that rests on.

    Attributes
    ----------
    limits : tuple of float
        Lowest index of moderate, high and very high; infinite where no index was followed by so many fires.
    basis : str
        ``fires`` when set from stored fires and weather, ``regional`` while these are too few.
    tambon_days, fire_tambon_days, fire_days : int
        What was known: tambon-days with index and satellite cover, those with a fire, days with any fire.
    satellites : str
        The set whose detections count as fire.
    """

    limits: tuple[float, float, float]
    basis: Basis
    tambon_days: int
    fire_tambon_days: int
    fire_days: int
    satellites: str

    @property
    def base_rate(self) -> float:
        """Share of tambon-days with a fire; NaN when none is known."""
        return self.fire_tambon_days / self.tambon_days if self.tambon_days else float("nan")


def history_set(desk: Desk, first: dt.date, last: dt.date) -> str:
    """Return the satellite set with the most stored detections of the place in a period, Suomi NPP when equal."""
    seen = {name: int(desk.daily(first, last, SATELLITE_SETS[name]).sum()) for name in _SETS}
    return max(_SETS, key=lambda name: seen[name])


def fire_history(known: pd.DataFrame, desk: Desk) -> tuple[pd.DataFrame, str]:
    """Return tambon-days whose index is known and that a stored satellite file reaches, and the set of satellites.

    Parameters
    ----------
    known : DataFrame
        `tambon`, `day`, `fwi`; see `models.danger.indices`.

    Returns
    -------
    DataFrame
        `tambon`, `day`, `fwi`, `fire` (bool: at least one detection that counts).
    str
        Name of the set.
    """
    empty = known[["tambon", "day", "fwi"]].iloc[:0].assign(fire=False)
    if known.empty or not desk.seasons:
        return empty, _SETS[0]
    first, last = known["day"].min().date(), known["day"].max().date()
    name = history_set(desk, first, last)
    satellites = SATELLITE_SETS[name]
    covered = desk.detections.stored_days(first, last, satellites)
    each = desk.detections.daily_each(first, last, satellites, desk.in_place)
    mine = known[known["day"].map(covered).to_numpy(bool)]
    row = (mine["day"] - pd.Timestamp(first)).dt.days.to_numpy()
    column = pd.Index(desk.tambons["tambon"]).get_indexer(mine["tambon"])
    return mine[["tambon", "day", "fwi"]].assign(fire=each[row, column] > 0).reset_index(drop=True), name


def set_classes(known: pd.DataFrame, desk: Desk) -> Classes:
    """Set the classes from all tambon-days whose index is known (see `fire_history`)."""
    history, satellites = fire_history(known, desk)
    fires = history[history["fire"]]
    counted = (len(history), len(fires), fires["day"].nunique(), satellites)
    limits = limits_of(history["fwi"].to_numpy(float), history["fire"].to_numpy(bool), fires["day"].nunique())
    return Classes(REGIONAL_LIMITS, "regional", *counted) if limits is None else Classes(limits, "fires", *counted)


def limits_of(fwi: NDArray[np.float64], fire: NDArray[np.bool_], fire_days: int) -> tuple[float, float, float] | None:
    """Return where fires become 0.5, 1 and 2 times as frequent as on average; None with too few fires to tell.

    The tambon-days are put in order of their index and cut into equal groups; the frequency of fire of the groups is
    made never to fall with the index (isotonic regression), and a class begins with the first group that reaches it.
    """
    if int(fire.sum()) < FEWEST_FIRES or fire_days < FEWEST_FIRE_DAYS:
        return None
    order = np.argsort(fwi, kind="stable")
    groups = np.array_split(order, _GROUPS)
    rate = np.array([fire[group].mean() for group in groups])
    size = [len(group) for group in groups]
    rising = IsotonicRegression().fit_transform(np.arange(_GROUPS), rate, sample_weight=size)
    begins = np.array([fwi[group[0]] for group in groups])
    base = float(fire.mean())
    low, middle, high = (
        float(begins[np.argmax(rising >= times * base)]) if (rising >= times * base).any() else float("inf")
        for times in RATES
    )
    return low, middle, high


def classes_of(fwi: ArrayLike, classes: Classes) -> NDArray[np.object_]:
    """Return the class of each index, shape as given, dtype object; "cannot_tell" where it is missing."""
    value = np.asarray(fwi, dtype=float)
    level = np.searchsorted(np.asarray(classes.limits), value, side="right")
    names = np.array([*LEVELS, CANNOT_TELL], dtype=object)
    return np.asarray(names[np.where(np.isnan(value), len(LEVELS), level)], dtype=object)


def record(known: pd.DataFrame, desk: Desk) -> pd.DataFrame:
    """Judge the classes on seasons they were not set from: each calendar year by limits of all the others.

    Returns
    -------
    DataFrame
        `season`, `tambon_days`, `base_rate`, `top_days` (tambon-days in the highest class that the limits have),
        `top_rate` (share of them with a fire), `ratio`; one row per year that could be judged, none with one year only.
    """
    history, _ = fire_history(known, desk)
    return record_of(history)


def record_of(history: pd.DataFrame) -> pd.DataFrame:
    """Judge the classes as `record` does, on a table of `day`, `fwi`, `fire`."""
    years = history["day"].dt.year.to_numpy()
    rows = []
    for year in np.unique(years):
        seen, unseen = history[years != year], history[years == year]
        fire_days = seen.loc[seen["fire"], "day"].nunique()
        limits = limits_of(seen["fwi"].to_numpy(float), seen["fire"].to_numpy(bool), fire_days)
        if limits is None:
            continue
        finite = [limit for limit in limits if np.isfinite(limit)]
        top = unseen[unseen["fwi"] >= finite[-1]]
        base, hit = float(unseen["fire"].mean()), float(top["fire"].mean()) if len(top) else float("nan")
        rows.append((int(year), len(unseen), base, len(top), hit, hit / base if base > 0 else float("nan")))
    return pd.DataFrame(rows, columns=["season", "tambon_days", "base_rate", "top_days", "top_rate", "ratio"])
