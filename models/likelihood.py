"""The chance that a satellite sees a hotspot in a tambon on the next day, from what was known the day before.

A learned model stands beside two baselines, yesterday's count and the mean of seven days, and is served only where its
record on unseen seasons is better (`models.likelihood_record`). Never uses anything of the day it speaks of.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from sklearn.impute import SimpleImputer
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from data.bans import Bans, known_bans
from data.errors import NotStored
from data.registry import open_registry
from models import danger
from models.counts import SATELLITE_SETS
from models.danger_class import history_set
from models.desk import Desk

Array = NDArray[np.float64]

METHODS = ("yesterday", "week", "model")
#: Days over which recent fires are looked at, as means of the days a stored file reaches.
WINDOWS = (1, 3, 7)
FEATURES = (
    *(f"own_{days}" for days in WINDOWS),
    *(f"near_{days}" for days in WINDOWS),
    *(f"place_{days}" for days in WINDOWS),
    "season_so_far",
    "past_burns",
    "danger",
    "ban",
    "day_sin",
    "day_cos",
)
#: Fire tambon-days that a method must have seen before it may state a probability: 100 for the weights of the model, 30
#: for the single curve of a baseline.
FEWEST_FIRES = {"model": 100, "week": 30, "yesterday": 30}
#: So many days at the rate of all tambons together keep a tambon with few known days near that rate.
_PRIOR_DAYS = 20.0
#: Local hour from which the day pass of the satellites falls.
_DAY_PASS_FROM_H = 12
#: A probability is never said to be nothing or certain.
_EDGE = 1e-3


@dataclass(frozen=True)
class History:
    """What is stored, as arrays over consecutive Thai days and the tambons of a place.

    Attributes
    ----------
    days : ndarray of datetime64[D], shape (days,)
    codes : ndarray of str, shape (tambons,)
    counts : ndarray of float64, shape (days, tambons)
        Detections of the satellite set.
    covered : ndarray of bool, shape (days,)
        Whether a stored file reaches the day: where not, the counts are unknown, not zero.
    near : ndarray of float64, shape (tambons, tambons)
        1 where two tambons touch.
    fwi : ndarray of float64, shape (days, tambons)
        Fire weather index, NaN where not known.
    bans : Bans
        Known for days to come too: bans are announced before they begin.
    satellites : str
        Name of the set in `SATELLITE_SETS`.
    """

    days: NDArray[np.datetime64]
    codes: NDArray[np.str_]
    counts: Array
    covered: NDArray[np.bool_]
    near: Array
    fwi: Array
    bans: Bans
    satellites: str

    def until(self, day: dt.date) -> History:
        """Return the same with nothing after `day`."""
        keep = self.days <= np.datetime64(day)
        cut = {name: getattr(self, name)[keep] for name in ("days", "counts", "covered", "fwi")}
        return replace(self, **cut)


def history(desk: Desk) -> History:
    """Return what the desk has stored, from the first day of its first year with detections.

    Raises
    ------
    NotStored
        When no detection was ever stored.
    """
    if not desk.seasons:
        raise NotStored("no detections are stored", key="no_hotspots", hint="import a hotspot file first")
    reach = desk.detections.reaching()
    first = dt.date(desk.seasons[0], 1, 1)
    newest = pd.Timestamp(reach["last"].max() if len(reach) else desk.now()).tz_convert("Asia/Bangkok")
    last = newest.date()
    days = np.arange(np.datetime64(first), np.datetime64(last) + 1)
    name = history_set(desk, first, last)
    covered = desk.detections.stored_days(first, last, SATELLITE_SETS[name]).to_numpy(bool, copy=True)
    # A day of which only the night pass is stored is not known yet: it would look like a quiet one.
    covered[-1] &= newest.hour >= _DAY_PASS_FROM_H
    tambons = desk.tambons
    return History(
        days=days,
        codes=tambons["tambon"].to_numpy(str),
        counts=desk.detections.daily_each(first, last, SATELLITE_SETS[name], desk.in_place).astype(float),
        covered=covered,
        near=touching(tambons.geometry.to_numpy()),
        fwi=_fwi(desk, days),
        bans=known_bans(open_registry(desk.settings).table("burn_bans"), desk.place.provinces),
        satellites=name,
    )


def touching(polygons: NDArray[np.object_]) -> Array:
    """Return 1 where two polygons touch or overlap, 0 elsewhere and on the diagonal; shape (n, n)."""
    one, other = shapely.STRtree(polygons).query(polygons, predicate="intersects")
    found = np.zeros((len(polygons), len(polygons)))
    found[one, other] = 1.0
    np.fill_diagonal(found, 0.0)
    return found


def _fwi(desk: Desk, days: NDArray[np.datetime64]) -> Array:
    tambons = desk.tambons["tambon"].to_numpy(str)
    found = np.full((len(days), len(tambons)), np.nan)
    try:
        known = danger.indices(desk)
    except NotStored:
        return found
    known = known[known["state"] == danger.OK]
    row = (known["day"].to_numpy("datetime64[D]") - days[0]).astype(int)
    inside = (row >= 0) & (row < len(days))
    column = {code: place for place, code in enumerate(tambons)}
    found[row[inside], [column[code] for code in known["tambon"][inside]]] = known["fwi"].to_numpy(float)[inside]
    return found


def features(past: History) -> Array:
    """Return what is known of each tambon at the end of each day, for the day after it.

    Row `k` uses counts and weather of days up to `k` alone, and of day `k + 1` only its date and whether a burn ban,
    announced before, is in force.

    Returns
    -------
    ndarray of float64, shape (days, tambons, features)
        In the order of FEATURES; NaN where not known.
    """
    days, tambons = past.counts.shape
    seen = np.where(past.covered[:, None], past.counts, 0.0)
    target = past.days + np.timedelta64(1, "D")
    out = np.full((days, tambons, len(FEATURES)), np.nan)
    kinds = (seen, seen @ past.near, np.repeat(seen.sum(axis=1, keepdims=True), tambons, axis=1))
    for kind, values in enumerate(kinds):
        for place, window in enumerate(WINDOWS):
            out[:, :, kind * len(WINDOWS) + place] = np.log1p(_recent_mean(values, past.covered, window))
    years = target.astype("datetime64[Y]")
    out[:, :, 9] = np.log1p(_so_far(seen, past.days.astype("datetime64[Y]")))
    out[:, :, 10] = _past_burns(seen > 0, past.covered, past.days.astype("datetime64[Y]"), years)
    out[:, :, 11] = past.fwi
    out[:, :, 12] = past.bans.on(target)[:, None]
    turn = 2 * np.pi * (target - years.astype("datetime64[D]")).astype(float) / 365.25
    out[:, :, 13], out[:, :, 14] = np.sin(turn)[:, None], np.cos(turn)[:, None]
    return out


def _recent_mean(values: Array, covered: NDArray[np.bool_], window: int) -> Array:
    """Return the mean of the last `window` days over those that are covered, NaN where none is."""
    total = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)])
    known = np.concatenate([[0], np.cumsum(covered)])
    low = np.maximum(np.arange(len(values)) + 1 - window, 0)
    high = np.arange(len(values)) + 1
    number = (known[high] - known[low]).astype(float)
    return np.asarray((total[high] - total[low]) / np.where(number == 0, np.nan, number)[:, None])


def _so_far(seen: Array, year: NDArray[np.datetime64]) -> Array:
    """Return the detections of each tambon since 1 January."""
    total = np.cumsum(seen, axis=0)
    first = np.searchsorted(year, year)  # index of the first day of each day's year
    before = np.concatenate([np.zeros((1, seen.shape[1])), total])[first]
    return np.asarray(total - before)


def _past_burns(
    fire: NDArray[np.bool_], covered: NDArray[np.bool_], year: NDArray[np.datetime64], target: NDArray[np.datetime64]
) -> Array:
    """Return the share of covered days with a fire over all years before that of the target; NaN in the first year."""
    out = np.full(fire.shape, np.nan)
    for one in np.unique(target):
        before = covered & (year < one)
        if before.any():
            number = float(before.sum())
            hits = fire[before].sum(axis=0)
            out[target == one] = (hits + _PRIOR_DAYS * hits.mean() / number) / (number + _PRIOR_DAYS)
    return out


@dataclass(frozen=True)
class Samples:
    """Tambon-days whose outcome is known, flat arrays of length n.

    Attributes
    ----------
    day : ndarray of datetime64[D]
        The day that is spoken of.
    tambon : ndarray of int64
        Position in `History.codes`.
    x : ndarray of float64, shape (n, features)
    count : ndarray of float64
        Detections of that day.
    """

    day: NDArray[np.datetime64]
    tambon: NDArray[np.int64]
    x: Array
    count: Array

    @property
    def fire(self) -> NDArray[np.bool_]:
        """Whether anything was detected."""
        return np.asarray(self.count > 0)

    def chosen(self, keep: NDArray[np.bool_]) -> Samples:
        """Return some of the rows."""
        return Samples(self.day[keep], self.tambon[keep], self.x[keep], self.count[keep])


def samples(past: History) -> Samples:
    """Return every tambon-day that is covered and whose day before is covered too."""
    usable = np.flatnonzero(past.covered[1:] & past.covered[:-1])
    tambons = past.counts.shape[1]
    x = features(past)[usable].reshape(-1, len(FEATURES))
    return Samples(
        np.repeat(past.days[usable + 1], tambons),
        np.tile(np.arange(tambons), len(usable)),
        x,
        past.counts[usable + 1].ravel(),
    )


class Method:
    """A way to turn what is known into a score and a probability, learned from samples.

    Parameters
    ----------
    name : str
        One of METHODS.
    known : Samples
        What it may learn from; all of it must lie before what it will be asked about.
    """

    def __init__(self, name: str, known: Samples) -> None:
        self.name = name
        fire = known.fire
        self.enough = int(fire.sum()) >= FEWEST_FIRES[name] and not fire.all()
        if not self.enough:
            return
        if name == "model":
            # Logistic regression on logarithms of counts: boosted trees were worse on every unseen season in reach
            # (docs/danger.md). What is not known takes the mean; a feature that is never known says nothing.
            steps = SimpleImputer(keep_empty_features=True), StandardScaler(), LogisticRegression(max_iter=1000)
            self._model = make_pipeline(*steps).fit(known.x, fire)
        else:
            self._curve = IsotonicRegression(out_of_bounds="clip").fit(self.score(known.x), fire.astype(float))

    def score(self, x: Array) -> Array:
        """Return what places are ordered by, shape (n,): the mean count, or the model's probability."""
        if self.name == "model":
            return np.asarray(self._model.predict_proba(x)[:, 1], dtype=float)
        own = FEATURES.index("own_1" if self.name == "yesterday" else "own_7")
        return np.asarray(np.nan_to_num(np.expm1(x[:, own])))

    def probability(self, x: Array) -> Array:
        """Return the probability of at least one hotspot, shape (n,)."""
        raw = self.score(x) if self.name == "model" else self._curve.predict(self.score(x))
        return np.asarray(np.clip(raw, _EDGE, 1 - _EDGE), dtype=float)
