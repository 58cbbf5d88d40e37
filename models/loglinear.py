"""The learned forecasts: linear in logarithms on features, with further inputs where they are there, and trees on top.

Pure arrays. Knows no seasons and no stations: which rows are for learning is said from outside.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.baselines import later, logs, row_means
from models.features import Features, joined, lagged
from models.station_days import Floats

#: By kind of line: ridge penalty on standardised features, and the level, µg/m³, up to which an error weighs by it.
#: Squared errors in µg/m³ are judged, but one station's 500 is not all. Four hundred features need a stronger penalty
#: than sixty: with tenfold the penalty and twice the weight of smoke the held-out error was lowest.
_STIFFNESS = {
    "straight": (100.0, 150.0),
    "bent": (1000.0, 300.0),
    "products": (1000.0, 300.0),
    "driven": (1000.0, 300.0),
}
#: Errors of the trees weigh by level up to here, µg/m³.
_MOST_WEIGHT = 150.0
#: Standard deviations beyond which a feature counts no further: no forecast should stand on a value never seen.
_FURTHEST = 6.0
#: µg/m³; above every daily mean ever published in Thailand.
_HIGHEST = 1000.0
#: Rows of learning below which a set of further inputs is not used: some hundred days of sixteen stations.
_FEWEST_ROWS = 1600
#: Days over which the recent mean error of the north is taken off, and how many must pass until half of it is.
RECENT_DAYS, _HALF_TRUST = 60, 30.0
#: Trees: few leaves, many rows in each, half the features hidden each time; five seasons hold no more than that.
_TREES: dict[str, Any] = {
    "objective": "l2",
    "learning_rate": 0.03,
    "num_leaves": 7,
    "min_data_in_leaf": 300,
    "feature_fraction": 0.3,
    "bagging_fraction": 0.5,
    "bagging_freq": 1,
    "lambda_l2": 50.0,
    "max_bin": 63,
    "verbose": -1,
    "num_threads": 1,
    "seed": 1,
    "deterministic": True,
    "force_row_wise": True,
}
_ROUNDS = 150


@dataclass(frozen=True)
class LogLinear:
    """One fitted line: standardise, weigh, add to the usual logarithm of the day aimed at, and turn back into µg/m³."""

    groups: tuple[str, ...]
    middle: Floats
    scale: Floats
    slope: Floats
    level: float
    factor: float

    def departure(self, value: NDArray[np.float32]) -> Floats:
        """Return the departure of the logarithm from the usual, shape (T, S); missing where a feature is."""
        flat = value.reshape(-1, value.shape[-1])
        standard = np.clip((flat - self.middle) / self.scale, -_FURTHEST, _FURTHEST)
        return np.asarray((standard @ self.slope + self.level).reshape(value.shape[:2]), dtype=float)


@dataclass(frozen=True)
class Inputs:
    """What a kind of line is made from: features that are always there, and groups of them that may be absent.

    Attributes
    ----------
    base : Features
    further : mapping of str to Features
    sets : sequence of tuple of str, optional
        Sets of groups for which there is a line, in the order in which later ones go first; the plain line and one for
        each set there can be when omitted.
    """

    base: Features
    further: Mapping[str, Features]
    sets: Sequence[tuple[str, ...]] | None = None


@dataclass(frozen=True)
class Learned:
    """By kind of line, one for every usable set of further inputs, the plain one first; trees that mend the widest."""

    lines: dict[str, tuple[LogLinear, ...]]
    trees: str
    trees_factor: float


def fit_learned(inputs: Mapping[str, Inputs], usual_then: Floats, value: Floats, lead: int, weight: Floats) -> Learned:
    """Fit the learned forecasts.

    Parameters
    ----------
    inputs : mapping of str to Inputs
        By kind of line: ``straight``, ``bent``, ``products``, and ``driven`` where there are drivers.
    usual_then : ndarray, shape (T, S)
        Usual logarithm of the day aimed at.
    value : ndarray, shape (T, S)
        µg/m³.
    lead : int
    weight : ndarray, shape (T, S)
        Zero where a row is not for learning.
    """
    then = later(value, lead)
    rows = (weight > 0) & np.isfinite(then) & np.isfinite(value)
    lines = {kind: _fit_lines(kind, one, usual_then, then, rows, weight) for kind, one in inputs.items()}
    trees, factor = _fit_trees(lines["straight"], inputs["straight"], usual_then, then, rows, weight)
    return Learned(lines, trees, factor)


def _fit_lines(
    kind: str, inputs: Inputs, usual_then: Floats, then: Floats, rows: NDArray[np.bool_], weight: Floats
) -> tuple[LogLinear, ...]:
    stiffness = _STIFFNESS[kind]
    rows = rows & _whole(inputs.base)
    whole = {name: _whole(part) for name, part in inputs.further.items()}
    sets = inputs.sets
    if sets is None:
        usable = [name for name in inputs.further if (rows & whole[name]).sum() >= _FEWEST_ROWS]
        sets = [some for size in range(1, len(usable) + 1) for some in itertools.combinations(usable, size)]
    lines = [] if inputs.sets is not None else [_fit_line((), inputs, usual_then, then, rows, weight, *stiffness)]
    for groups in sets:
        some = np.logical_and.reduce([rows, *(whole[name] for name in groups)])
        if some.sum() >= _FEWEST_ROWS:
            lines.append(_fit_line(groups, inputs, usual_then, then, some, weight, *stiffness))
    return tuple(lines)


def forecast_lines(lines: tuple[LogLinear, ...], inputs: Inputs, usual_then: Floats) -> Floats:
    """Return µg/m³, shape (T, S): each value from the line with the most inputs that are all there."""
    out = np.full(usual_then.shape, np.nan)
    for line in lines:
        if not set(line.groups) <= set(inputs.further):
            continue
        departure = line.departure(joined([inputs.base, *(inputs.further[name] for name in line.groups)]).value)
        mine = line.factor * np.exp(np.minimum(usual_then + departure, np.log(_HIGHEST)))
        out = np.where(np.isfinite(mine), mine, out)
    return out


def forecast_trees(learned: Learned, inputs: Inputs, usual_then: Floats) -> Floats:
    """Return µg/m³, shape (T, S): the widest straight line mended by the trees."""
    import lightgbm

    lines = learned.lines["straight"]
    straight = forecast_lines(lines, inputs, usual_then)
    there = [name for name in _tree_groups(lines) if name in inputs.further]
    table = joined([inputs.base, *(inputs.further[name] for name in there)])
    model = lightgbm.Booster(model_str=learned.trees)
    if model.num_feature() != len(table.names):  # a group of learning is not there at all today
        return straight
    mend = np.asarray(model.predict(table.value.reshape(-1, len(table.names)), num_threads=1), dtype=float)
    return np.asarray(learned.trees_factor * straight * np.exp(mend.reshape(usual_then.shape)), dtype=float)


def recent_shift(forecast: Floats, value: Floats, lead: int) -> Floats:
    """Return what the recent forecasts of the north were wrong by, as a factor for each day of issue, shape (T, 1).

    Parameters
    ----------
    forecast : ndarray, shape (T, S)
        µg/m³, by day of issue.
    value : ndarray, shape (T, S)
        µg/m³, measured.
    lead : int

    Notes
    -----
    The mean error of the logarithm over the stations is averaged over the 60 days of issue whose day aimed at had
    ended, and shrunk by n / (n + 30). It takes off what a season as a whole is above or below those of learning.
    """
    error = row_means(logs(later(value, lead)) - logs(forecast))
    known = lagged(error[:, None], lead)[:, 0]
    there = np.isfinite(known)
    total, count = np.cumsum(np.where(there, known, 0.0)), np.cumsum(there.astype(float))
    total[RECENT_DAYS:] -= total[:-RECENT_DAYS].copy()
    count[RECENT_DAYS:] -= count[:-RECENT_DAYS].copy()
    return np.asarray(np.exp(total / (count + _HALF_TRUST))[:, None], dtype=float)


def _whole(part: Features) -> NDArray[np.bool_]:
    return np.asarray(np.isfinite(part.value).all(axis=-1), dtype=bool)


def _weights(then: Floats, weight: Floats, most: float) -> Floats:
    raw = weight * np.clip(then, 1.0, most)
    return np.asarray(raw / raw.mean(), dtype=float)


def _fit_line(
    groups: tuple[str, ...],
    inputs: Inputs,
    usual_then: Floats,
    then: Floats,
    rows: NDArray[np.bool_],
    weight: Floats,
    penalty: float,
    most_weight: float,
) -> LogLinear:
    # Only learning needs it, and what was learned is kept: loading it takes longer than a forecast.
    from sklearn.linear_model import Ridge

    parts = [inputs.base, *(inputs.further[name] for name in groups)]
    value = np.concatenate([part.value[rows] for part in parts], axis=-1).astype(float)
    middle, scale = value.mean(axis=0), value.std(axis=0) + 1e-9
    aim = logs(then[rows]) - usual_then[rows]
    standard = np.clip((value - middle) / scale, -_FURTHEST, _FURTHEST)
    fitted = Ridge(alpha=penalty).fit(standard, aim, sample_weight=_weights(then[rows], weight[rows], most_weight))
    raw = np.exp(usual_then[rows] + fitted.predict(standard))
    factor = float((weight[rows] * then[rows]).sum() / (weight[rows] * raw).sum())
    return LogLinear(groups, middle, scale, np.asarray(fitted.coef_, float), float(fitted.intercept_), factor)


def _tree_groups(lines: tuple[LogLinear, ...]) -> tuple[str, ...]:
    return max((line.groups for line in lines), key=len)


def _fit_trees(
    lines: tuple[LogLinear, ...],
    inputs: Inputs,
    usual_then: Floats,
    then: Floats,
    rows: NDArray[np.bool_],
    weight: Floats,
) -> tuple[str, float]:
    import lightgbm

    rows = rows & _whole(inputs.base)
    straight = forecast_lines(lines, inputs, usual_then)[rows]
    table = joined([inputs.base, *(inputs.further[name] for name in _tree_groups(lines))])
    value, aim = table.value[rows], logs(then[rows]) - np.log(straight)
    learning = lightgbm.Dataset(value, aim, weight=_weights(then[rows], weight[rows], _MOST_WEIGHT), free_raw_data=True)
    model = lightgbm.train(_TREES, learning, _ROUNDS)
    raw = straight * np.exp(model.predict(value, num_threads=1))
    factor = float((weight[rows] * then[rows]).sum() / (weight[rows] * raw).sum())
    return str(model.model_to_string()), factor
