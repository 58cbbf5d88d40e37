"""Randomisation inference: how often chance alone would give what was seen, had other tambons been chosen.

The starts of the measure are dealt out anew among the tambons compared, and the same statistic is worked out for each
deal. The interval holds every effect that this test does not reject. Never reads the store, never judges.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np

from models.twoway import TOLERANCE, log_effects, row_weights, treated_cells, without_effect

#: Deals of the starts, the real one among them. With so many, a p of 0.05 has a sampling error of 0.007.
DEALS = 999
#: The interval is promised to cover 90 %; what an 8 % test keeps is given, since tests with few treated tambons
#: reject a true effect a little more often than they say (docs/effects.md has the measured cover).
INTERVAL_TEST = 0.08
#: Beyond these an interval is called open: one 33rd, and 33 times as much.
_WIDEST = 3.5


def deals(starts: np.ndarray, seed: int, count: int = DEALS, strata: np.ndarray | None = None) -> np.ndarray:
    """Deal the starts out anew among the tambons, shape (count, n); the first row is the real one.

    Parameters
    ----------
    starts : ndarray of int, shape (n,)
    seed : int
    strata : ndarray of int, shape (n,), optional
        Starts stay within their stratum.
    """
    random = np.random.default_rng(seed)
    dealt = np.repeat(starts[None], count, axis=0)
    for stratum in np.unique(strata) if strata is not None else (None,):
        where = np.arange(len(starts)) if stratum is None else np.flatnonzero(strata == stratum)
        dealt[1:, where] = random.permuted(dealt[1:, where], axis=1)
    return dealt


def smallest_p(starts: np.ndarray, seasons: int, count: int = DEALS) -> float:
    """Return the smallest p that these tambons could ever give: one over the number of different deals."""
    ways, left = 1.0, len(starts)
    for number in np.unique(starts[starts < seasons], return_counts=True)[1]:
        ways *= math.comb(left, int(number))
        left -= int(number)
    return max(1 / ways, 1 / count)


@dataclass(frozen=True)
class Randomisation:
    """The test of one multiplicative effect on one table.

    Attributes
    ----------
    values : ndarray, shape (n, seasons)
        Outcomes; each row holds something.
    starts : ndarray of int, shape (n,)
    dealt : ndarray of int, shape (count, n)
        Result of `deals`.
    weighted : bool
        Whether rows are weighted against outbreaks (`models.twoway.row_weights`).
    tolerance : float
        Of the fit behind the weights.
    """

    values: np.ndarray
    starts: np.ndarray
    dealt: np.ndarray
    weighted: bool = True
    tolerance: float = TOLERANCE

    @property
    def seasons(self) -> int:
        """Number of seasons."""
        return int(self.values.shape[1])

    @functools.cached_property
    def cells(self) -> np.ndarray:
        """Where the measure is at work, bool, shape (n, seasons)."""
        return treated_cells(self.starts, self.seasons)

    @functools.cached_property
    def scaled(self) -> np.ndarray:
        """Outcomes with the weights of their rows."""
        if not self.weighted:
            return self.values.astype(float)
        _, fitted = log_effects(self.values, self.cells.astype(int), 1, self.tolerance)
        weighted: np.ndarray = self.values * row_weights(self.values, fitted)[:, None]
        return weighted

    @functools.cached_property
    def estimate(self) -> float:
        """Logarithm of the effect by (weighted) maximum likelihood."""
        return float(log_effects(self.scaled, self.cells.astype(int), 1)[0][0])

    @functools.cached_property
    def _dealt_cells(self) -> np.ndarray:
        return treated_cells(self.dealt, self.seasons).transpose(0, 2, 1).astype(np.float32)

    def statistics(self, log_effect: float) -> np.ndarray:
        """Return the statistic of every deal, shape (count,), if the true effect were exp(`log_effect`).

        What was seen under the measure is divided by that effect, tambon and season effects are fitted in closed form,
        and the score of a further effect is divided by its standard error over tambons as clusters, in which a
        tambon's share of the error of the season effects is taken off. Dividing by the standard error keeps the test
        right where the treated tambons are not like the others in size (Wu and Ding 2021).
        """
        plain = np.where(self.cells, self.scaled * math.exp(-log_effect), self.scaled)
        residual = plain - without_effect(plain)
        n, seasons = residual.shape
        after = np.zeros((n, seasons + 1))
        after[:, :seasons] = np.cumsum(residual[:, ::-1], axis=1)[:, ::-1]
        score = after[np.arange(n), np.minimum(self.dealt, seasons)]
        share = (plain.sum(1) / plain.sum()).astype(np.float32)
        clustered = score - (self._dealt_cells @ share) @ residual.T
        spread = np.sqrt((clustered**2).sum(1))
        found: np.ndarray = np.where(spread > 0, score.sum(1) / np.where(spread > 0, spread, 1), 0.0)
        return found

    def p(self, log_effect: float = 0.0) -> float:
        """Return the two-sided p of the hypothesis that the effect is exp(`log_effect`)."""
        found = np.abs(self.statistics(log_effect))
        return float((found >= found[0] - 1e-9).mean())

    def interval(self, test: float = INTERVAL_TEST) -> tuple[float, float]:
        """Return the effects, as logarithms, that a two-sided test at level `test` does not reject.

        An end is infinite where no effect up to 33 times or one 33rd is rejected.
        """
        middle = min(max(self.estimate, -_WIDEST + 0.1), _WIDEST - 0.1)
        return self._end(middle, -1, test), self._end(middle, +1, test)

    def _end(self, middle: float, side: int, test: float) -> float:
        step, inner = 0.1, middle
        outer = middle + side * step
        while self.p(outer) > test:
            if abs(outer) >= _WIDEST:
                return side * math.inf
            inner, step = outer, step * 1.6
            outer = side * min(side * outer + step, _WIDEST) if side * outer < _WIDEST else outer
        while abs(outer - inner) > 1e-3:
            half = (inner + outer) / 2
            inner, outer = (half, outer) if self.p(half) > test else (inner, half)
        return outer
