"""Synthetic control: a treated tambon against the mix of controls that went the same way before (Abadie 2010, 2021).

Every tambon is first divided by its own mean before the start, so that the worst tambon too can be mixed from others.
Inference is placebo in space: other tambons are treated in thought and mixed from the rest. Never judges.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

#: Weight of the condition that the shares of a mix sum to one, against squared outcomes of order one.
_SUM_TO_ONE = 1e4
_LOWEST = 0.02


def mix(target: np.ndarray, donors: np.ndarray) -> np.ndarray:
    """Return the non-negative shares, summing to one, with which donors come nearest to a target.

    Least squares on the simplex as non-negative least squares with one heavy equation for the sum.

    Parameters
    ----------
    target : ndarray, shape (seasons,)
    donors : ndarray, shape (n, seasons)

    Returns
    -------
    ndarray, shape (n,)
    """
    scale = max(float(np.abs(donors).max()), float(np.abs(target).max()), 1e-12)
    rows = np.vstack([donors.T / scale, np.full((1, len(donors)), _SUM_TO_ONE)])
    share, _ = nnls(rows, np.append(target / scale, _SUM_TO_ONE), maxiter=50 * len(donors))
    found: np.ndarray = share / share.sum()
    return found


@dataclass(frozen=True)
class Synthetic:
    """Synthetic controls of the treated tambons together.

    Attributes
    ----------
    log_effect : float
        Logarithm of what was seen after the starts over what the mixes give, treated tambons together, each in shares
        of its own earlier mean.
    placebo : ndarray, shape (draws,)
        The same, had other tambons been treated.
    path : ndarray, shape (seasons,)
        Mean of the mixes.
    fit : float
        Root mean square gap of treated and mix before the earliest start, in shares of the mean.
    """

    log_effect: float
    placebo: np.ndarray
    path: np.ndarray
    fit: float

    @property
    def p(self) -> float:
        """Two-sided p: share of placebos, the real one counted among them, at least as far from nothing."""
        further = np.abs(self.placebo) >= abs(self.log_effect) - 1e-12
        return float((1 + further.sum()) / (1 + len(self.placebo)))

    def interval(self, cover: float = 0.9) -> tuple[float, float]:
        """Return the effects, as logarithms, that the placebos' spread leaves possible."""
        low, high = np.quantile(self.placebo, [(1 - cover) / 2, (1 + cover) / 2])
        return self.log_effect - float(high), self.log_effect - float(low)


def synthetic(values: np.ndarray, dealt: np.ndarray, draws: int = 199) -> Synthetic:
    """Mix a control for each treated tambon, and for those of other deals of the starts.

    Parameters
    ----------
    values : ndarray, shape (n, seasons)
        Rows with a positive mean before the earliest start.
    dealt : ndarray of int, shape (count, n)
        Deals of the starts (`models.randomisation.deals`); the first is the real one. With one treated tambon, each
        other tambon is one placebo.
    draws : int
        Most deals worked out.
    """
    seasons = values.shape[1]
    dealt = np.minimum(dealt, seasons)
    starts = dealt[0]
    if (starts < seasons).sum() == 1:
        placebo = _each_control(values, starts)
    else:
        others = dealt[1 : draws + 1]
        placebo = np.array([_log_ratio(values, one) for one in others[(others != starts).any(1)]])
    seen, mixed = _seen_and_mixed(values, starts)
    before = int(starts.min())
    gap = (seen - mixed).mean(0)[:before]
    return Synthetic(
        _log_ratio(values, starts),
        placebo,
        mixed.mean(0),
        float(np.sqrt((gap**2).mean())),
    )


def _each_control(values: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Return the logarithm for each control treated in thought; the one truly treated is no donor of theirs."""
    controls = np.flatnonzero(starts >= values.shape[1])
    count = len(controls)
    thought = np.where(np.eye(count, dtype=bool), int(starts.min()), values.shape[1])
    return np.array([_log_ratio(values[controls], one) for one in thought])


def _seen_and_mixed(values: np.ndarray, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return treated tambons and their mixes in shares of their earlier means, both of shape (treated, seasons)."""
    seasons = values.shape[1]
    treated, controls = np.flatnonzero(starts < seasons), np.flatnonzero(starts >= seasons)
    mixed = np.zeros((len(treated), seasons))
    levels = {int(g): values[:, :g].mean(1) for g in np.unique(starts[treated])}
    for row, position in enumerate(treated):
        g = int(starts[position])
        donors = values[controls] / levels[g][controls, None]
        mixed[row] = mix(values[position, :g] / levels[g][position], donors[:, :g]) @ donors
    own = np.array([levels[int(starts[position])][position] for position in treated])
    return values[treated] / own[:, None], mixed


def _log_ratio(values: np.ndarray, starts: np.ndarray) -> float:
    seen, mixed = _seen_and_mixed(values, starts)
    after = np.arange(values.shape[1]) >= starts[starts < values.shape[1]][:, None]
    length = after.sum(1)
    top, bottom = (((table * after).sum(1) / length).sum() for table in (seen, mixed))
    # Nothing seen at all is as far down as the scale goes, one fiftieth; so with nothing expected upwards.
    return float(np.log(np.clip(top / max(bottom, 1e-12), _LOWEST, 1 / _LOWEST)))
