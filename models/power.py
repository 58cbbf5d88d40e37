"""Before the money is spent: how large a change would be seen with so many tambons and seasons.

Made-up futures of the place, with the spread that its stored seasons have, are put through the test that will be
served. Never looks at the outcome of any measure, never judges one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from models.earlier import before
from models.randomisation import Randomisation, deals, smallest_p
from models.simulation import Province, outbreaks
from models.twoway import treated_cells, without_effect
from models.verdict import FEWER, NEED_AFTER, NEED_BEFORE, NEED_CONTROLS, P_SEEN, judge

#: Falls tried, as fractions.
FALLS = (-0.1, -0.2, -0.3, -0.4, -0.5, -0.6, -0.7, -0.8)
#: A change is said to be seen when it would be in so many futures of a hundred.
MOSTLY = 0.8
_RUNS, _DEALS = 100, 199
#: The weights of the rows are fitted no finer than they matter here.
_ROUGH = 1e-4


@dataclass(frozen=True)
class Power:
    """What could be seen.

    Attributes
    ----------
    seen : dict of float to float
        Share of made-up futures in which a fall is seen, by fall.
    smallest : float
        Smallest fall that is seen in `MOSTLY` of them, interpolated; -1 when none tried is.
    assumed : bool
        True when the spread is an assumption because too few whole seasons are stored.
    before, after : int
        Seasons.
    """

    seen: dict[float, float]
    smallest: float
    assumed: bool
    before: int
    after: int


def spread_of(values: np.ndarray) -> Province:
    """Return a made-up province with the mean and the spread of a stored history.

    Parameters
    ----------
    values : ndarray, shape (n, seasons)
        Counts of at least `NEED_BEFORE` whole seasons, before any measure or without one.
    """
    held = values[values.sum(1) > 0]
    n, seasons = held.shape
    fitted = without_effect(held)
    # Two-way effects take n + seasons - 1 of the n·seasons degrees of freedom.
    left = n * seasons / max(1, (n - 1) * (seasons - 1))
    wild = max(0.0, float((((held - fitted) ** 2) * left - fitted).sum() / (fitted**2).sum()))
    logged = np.log((held + 0.5) / (fitted + 0.5))
    pairs = np.corrcoef(logged[:, 1:].ravel(), logged[:, :-1].ravel())[0, 1] if seasons > 2 else 0.0
    return Province(
        mean=float(held.mean()),
        unequal=float(np.log(held.mean(1)).std()),
        weather=float(np.log(np.maximum(held.sum(0), 0.5)).std()),
        outbreaks=wild,
        memory=float(np.clip(np.nan_to_num(pairs), 0.0, 0.9)),
    )


def power(
    level: np.ndarray, is_treated: np.ndarray, made: Province, before: int, after: int, *, assumed: bool, seed: int = 52
) -> Power:
    """Try falls on made-up futures of given treated and control tambons.

    Parameters
    ----------
    level : ndarray, shape (n,)
        Mean outcome of each treated and control tambon in a season.
    is_treated : ndarray of bool, shape (n,)
    made : Province
        Spread: weather, outbreaks and their memory.
    before, after : int
        Whole seasons before and after the start.
    assumed : bool
        Whether the spread is assumed.
    seed : int
    """
    seasons = before + after
    starts = np.where(is_treated, before, seasons)
    nothing = Power(dict.fromkeys(FALLS, 0.0), -1.0, assumed, before, after)
    if before < NEED_BEFORE or after < NEED_AFTER or is_treated.sum() == 0:
        return nothing
    if smallest_p(starts, seasons, _DEALS) > P_SEEN or (~is_treated).sum() < NEED_CONTROLS:
        return nothing
    made = replace(made, seasons=seasons)
    seen = dict.fromkeys(FALLS, 0.0)
    dealt = deals(starts, seed, _DEALS)
    touched = treated_cells(starts, seasons)
    for run in range(_RUNS):
        random = np.random.default_rng((seed, run))
        weather = np.exp(random.normal(0, made.weather, seasons))
        rate = level[:, None] * weather / weather.mean() * outbreaks(random, made, np.arange(len(level)))
        counts, left = random.poisson(rate), 1.0
        for fall in FALLS:
            # Each fire is spared with a chance: what is left after a larger fall is part of what was after a smaller.
            counts = np.where(touched, random.binomial(counts, (1 + fall) / left), counts)
            left = 1 + fall
            seen[fall] += _is_seen(counts, starts, dealt) / _RUNS
    return Power(seen, _smallest(seen), assumed, before, after)


def _is_seen(counts: np.ndarray, starts: np.ndarray, dealt: np.ndarray) -> bool:
    first = int(starts.min())
    held = counts[:, :first].sum(1) > 0
    seasons = counts.shape[1]
    if not (starts[held] < seasons).any():
        return False
    test = Randomisation(counts[held], starts[held], dealt[:, held], tolerance=_ROUGH)
    found = test.statistics(0.0)
    if found[0] > 0 or (np.abs(found) >= abs(found[0]) - 1e-9).mean() > P_SEEN:
        return False
    # Only the agreement of the other methods is not asked; the interval has no part in a claim.
    return judge(math.expm1(test.estimate), -1.0, math.inf, 0.0, before=before(test)).code == FEWER


def _smallest(seen: dict[float, float]) -> float:
    """Return the fall at which the share seen crosses `MOSTLY`, between the falls tried in logarithms."""
    falls = sorted(seen, reverse=True)
    shares = np.maximum.accumulate([seen[fall] for fall in falls])
    if shares[-1] < MOSTLY:
        return -1.0
    return math.expm1(float(np.interp(MOSTLY, np.concatenate([[0.0], shares]), [0.0, *np.log1p(falls)])))
