"""Poisson model of an outcome by tambon and season: own level of each tambon, weather of each season, effects on top.

Works on whole tables (every tambon in every season) of non-negative outcomes, where the model without an effect has a
closed form and the model with effects needs nothing but repeated scaling. Never chooses who is treated, never judges.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import nnls

#: Scaling rounds stop when no effect moves by more than this (in logarithms), or after so many rounds.
TOLERANCE = 1e-9
_MOST_ROUNDS = 5000


def treated_cells(starts: np.ndarray, seasons: int) -> np.ndarray:
    """Return where the measure is at work, bool, shape (..., n, seasons).

    Parameters
    ----------
    starts : ndarray of int, shape (..., n)
        Position of each tambon's first season with the measure; `seasons` or more for never.
    """
    return np.asarray(starts)[..., None] <= np.arange(seasons)


def without_effect(values: np.ndarray) -> np.ndarray:
    """Return the fitted means of tambon and season effects alone: row sum times column sum over the total.

    This is the maximum of the Poisson likelihood in closed form (the model of independence of a two-way table).

    Parameters
    ----------
    values : ndarray, shape (n, seasons)
        Not all zero.
    """
    fitted: np.ndarray = np.outer(values.sum(1), values.sum(0)) / values.sum()
    return fitted


def log_effects(
    values: np.ndarray, group: np.ndarray, groups: int, tolerance: float = TOLERANCE
) -> tuple[np.ndarray, np.ndarray]:
    """Fit the Poisson model with tambon effects, season effects and one multiplicative effect for each group of cells.

    Each margin is scaled to its observed sum in turn until nothing moves, which climbs to the same maximum as
    iteratively reweighted least squares (Deming and Stephan 1940; Darroch and Ratcliff 1972). Leading axes are fitted
    side by side.

    Parameters
    ----------
    values : ndarray, shape (..., n, seasons)
        Outcomes, non-negative; a tambon whose row is zero takes no part.
    group : ndarray of int, shape (..., n, seasons)
        0 for cells without an effect, 1 to `groups` for the effect that a cell has.
    groups : int
    tolerance : float
        Of the logarithms.

    Returns
    -------
    effects : ndarray, shape (..., groups)
        Logarithms of the effects; -inf where the cells of a group hold nothing, NaN for a group without a cell.
    fitted : ndarray, shape (..., n, seasons)
    """
    shape = np.broadcast_shapes(values.shape, group.shape)
    group = np.broadcast_to(group, shape)
    values = np.broadcast_to(np.asarray(values, float), shape)
    masks = [(group == number).astype(float) for number in range(1, groups + 1)]
    wanted = [(values * mask).sum((-2, -1)) for mask in masks]
    row, column = values.sum(-1), values.sum(-2)
    level, weather = row.copy(), np.ones_like(column)
    effects = np.ones((*shape[:-2], groups))
    with np.errstate(divide="ignore", invalid="ignore"):
        for _ in range(_MOST_ROUNDS):
            lift = 1 + sum(mask * (effects[..., k, None, None] - 1) for k, mask in enumerate(masks))
            level = _ratio(row, (lift * weather[..., None, :]).sum(-1))
            weather = _ratio(column, (lift * level[..., None]).sum(-2))
            plain = level[..., None] * weather[..., None, :]
            found = np.stack([_ratio(w, (plain * m).sum((-2, -1))) for w, m in zip(wanted, masks, strict=True)], -1)
            moved = np.abs(np.log(np.where(found > 0, found, 1)) - np.log(np.where(effects > 0, effects, 1))).max()
            effects = found
            if moved < tolerance:
                break
        lift = 1 + sum(mask * (effects[..., k, None, None] - 1) for k, mask in enumerate(masks))
        there = np.stack([mask.any((-2, -1)) for mask in masks], -1)
        return np.where(there, np.log(effects), np.nan), plain * lift


def _ratio(top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    """Divide; what holds nothing stays at nothing."""
    return np.where(top > 0, top / np.where(bottom > 0, bottom, 1), 0.0)


def row_weights(values: np.ndarray, fitted: np.ndarray) -> np.ndarray:
    """Return how much each tambon should count, shape (n,), mean 1.

    Fires come in outbreaks, so that the variance grows faster than the mean: var = a·mean + b·mean². A few tambons with
    most of the fire would then decide everything. `a` and `b` are fitted to the squared residuals (non-negative least
    squares) and a tambon of mean m is weighted by 1 / (a + b·m), the weight that a quasi-likelihood with this variance
    gives it. The model being multiplicative, any weight of a whole row leaves the effect sought unchanged.

    Parameters
    ----------
    values, fitted : ndarray, shape (n, seasons)
    """
    held = fitted > 0
    mean = fitted[held]
    squared = (values[held] - mean) ** 2 / mean
    (flat, growing), _ = nnls(np.column_stack([np.ones_like(mean), mean]), squared)
    level = fitted.mean(1)
    spread = flat + growing * level
    if not (spread > 0).all():
        return np.ones(len(values))
    weight: np.ndarray = (1 / spread) / (1 / spread).mean()
    return weight
