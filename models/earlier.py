"""Whether the treated tambons were on a way of their own before the measure: a drift, or a last season out of line.

Uses the seasons before each tambon's own start, weighted against outbreaks like the estimate itself: a test on the raw
counts of the common seasons misses most drifts. Never judges.
"""

from __future__ import annotations

import math

import numpy as np

from models.randomisation import Randomisation
from models.twoway import without_effect
from models.verdict import Before

#: The estimate is taken off at most down to one 33rd: where nothing is left after the start, nothing is to be put back.
_FURTHEST = 3.5


def before(test: Randomisation) -> Before:
    """Return what the seasons before the starts show of a way of their own.

    What was seen under the measure is divided by the estimated effect, so that it tells of levels alone. In the Poisson
    model with tambon and season effects the score of a drift of the treated, and of a last season out of line, each
    over the seasons before a tambon's own start, is divided by its standard error over tambons and compared with its
    deals (Roth 2022 on why such a test must say what it would have noticed).

    Parameters
    ----------
    test : Randomisation
        Every treated tambon with at least one season before its start.
    """
    effect = float(np.clip(test.estimate, -_FURTHEST, _FURTHEST))
    plain = np.where(test.cells, test.scaled * math.exp(-effect), test.scaled)
    weather, share = plain.sum(0) / plain.sum(), plain.sum(1) / plain.sum()
    residual = plain - without_effect(plain)
    drift = _scores(test, residual, share, _slopes(weather))
    last = _scores(test, residual, share, _lasts(weather))
    slope = drift[0] / _information(test, plain, share, _slopes(weather))
    spread = float(slope[1:].std()) if len(slope) > 1 else 0.0
    either = np.maximum(np.abs(drift[1]), np.abs(last[1]))
    return Before(
        drift=float(slope[0]),
        spread=spread,
        reach=_reach(test),
        falling=_p(-drift[1]),
        rising=_p(drift[1]),
        high=_p(last[1]),
        low=_p(-last[1]),
        either=_p(either),
    )


def _p(scores: np.ndarray) -> float:
    return float((scores >= scores[0] - 1e-9).mean())


def _earlier(weather: np.ndarray) -> np.ndarray:
    """Return weather before each possible start, shape (seasons + 1, seasons): none for a tambon never treated."""
    seasons = len(weather)
    before_start = np.arange(seasons) < np.arange(seasons + 1)[:, None]
    before_start[seasons] = False
    return np.where(before_start, weather, 0.0)


def _slopes(weather: np.ndarray) -> np.ndarray:
    """Return time from its middle in the seasons before each possible start, weighted by weather; 0 elsewhere."""
    earlier, time = _earlier(weather), np.arange(len(weather))
    total = earlier.sum(1, keepdims=True)
    middle = (earlier @ time)[:, None] / np.where(total > 0, total, 1)
    return np.where(earlier > 0, time - middle, 0.0)


def _lasts(weather: np.ndarray) -> np.ndarray:
    """Return the last season before each possible start against the others before it; 0 elsewhere."""
    earlier, seasons = _earlier(weather), len(weather)
    total = earlier.sum(1, keepdims=True)
    is_last = np.arange(seasons) == np.arange(seasons + 1)[:, None] - 1
    usual = (earlier * is_last).sum(1, keepdims=True) / np.where(total > 0, total, 1)
    return np.where(earlier > 0, is_last - usual, 0.0)


def _scores(
    test: Randomisation, residual: np.ndarray, share: np.ndarray, profile: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the score of a profile for every deal, and the same divided by its standard error; shapes (count,)."""
    starts = np.minimum(test.dealt, test.seasons)
    own = (residual @ profile.T)[np.arange(len(residual)), starts]
    clustered = own - _common(starts, share, profile) @ residual.T
    spread = np.sqrt((clustered**2).sum(1))
    return own.sum(1), np.where(spread > 0, own.sum(1) / np.where(spread > 0, spread, 1), 0.0)


def _common(starts: np.ndarray, share: np.ndarray, profile: np.ndarray) -> np.ndarray:
    """Return what the season effects take of a profile in each deal, shape (count, seasons)."""
    held = np.stack([(starts == start) @ share for start in range(len(profile))], axis=1)
    return np.asarray(held @ profile)


def _information(test: Randomisation, plain: np.ndarray, share: np.ndarray, profile: np.ndarray) -> np.ndarray:
    """Return the information on a profile's slope in every deal, season effects taken off; never 0."""
    starts = np.minimum(test.dealt, test.seasons)
    weather = plain.sum(0) / plain.sum()
    own = ((profile**2) @ weather)[starts] @ share
    common = (_common(starts, share, profile) ** 2) @ weather
    return np.asarray(np.maximum(plain.sum() * (own - common), 1e-12))


def _reach(test: Randomisation) -> float:
    """Return how many seasons lie between the middle of the seasons before and that of the treated, on average."""
    starts = test.starts[test.starts < test.seasons]
    return float(np.mean((starts + test.seasons - 1) / 2 - (starts - 1) / 2)) if len(starts) else 0.0
