"""Which tambons to treat first and which to keep as controls, so that next seasons give an answer.

Draws many sets of tambons in the strata of their past fire and keeps the one whose comparison would be sharpest: enough
controls outside the ring, alike in their history. Proposes, never decides; never looks at outcomes after a start.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

#: Sets drawn, and strata of past fire from which each takes its share.
_DRAWS, _STRATA = 2000, 4


@dataclass(frozen=True)
class Trial:
    """A proposed comparison; positions of tambons.

    Attributes
    ----------
    treat_first, control, ring : ndarray of int
        Ascending. No control touches a tambon to be treated.
    pair : dict of int to int
        Control nearest in history to each tambon to be treated, each control once; empty where controls are too few.
    imbalance : float
        Largest difference of the two groups' means of a trait, in its standard deviations.
    """

    treat_first: np.ndarray
    control: np.ndarray
    ring: np.ndarray
    pair: dict[int, int]
    imbalance: float


def propose(traits: np.ndarray, near: np.ndarray, taken: np.ndarray, treat: int, seed: int = 52) -> Trial:
    """Propose a comparison.

    Parameters
    ----------
    traits : ndarray, shape (n, k)
        Fire history (`models.controls.history_traits`), its first column the level; one column of zeros when none is
        known: then only the map counts.
    near : ndarray of bool, shape (n, n)
        Which tambons are neighbours.
    taken : ndarray of int
        Positions where the measure is at work already: neither treated first nor control, and a ring round each.
    treat : int
        How many tambons shall be treated first; at most those that are free.
    seed : int
        The draw can be repeated by anybody.
    """
    n = len(near)
    random = np.random.default_rng(seed)
    free = np.setdiff1d(np.arange(n), taken)
    treat = min(treat, len(free))
    spread = traits.std(0)
    scaled = np.where(spread > 0, traits / np.where(spread > 0, spread, 1), 0.0)
    order = free[np.argsort(traits[free, 0], kind="stable")]
    strata = np.array_split(order, min(_STRATA, max(1, treat)))

    def cost(chosen: np.ndarray) -> float:
        control = _controls(chosen, near, free, taken)
        # Variance of a difference of two groups, made larger where they are unlike: a gap of one standard deviation
        # counts as much as the variance itself.
        return (1 / treat + 1 / max(len(control), 0.5)) * (1 + _gap(scaled, chosen, control) ** 2)

    chosen = np.sort(min((_draw(random, strata, treat) for _ in range(_DRAWS)), key=cost))
    control = _controls(chosen, near, free, taken)
    ring = np.setdiff1d(np.flatnonzero(near[np.union1d(chosen, taken).astype(int)].any(0)), np.union1d(chosen, taken))
    return Trial(chosen, control, ring, _pairs(scaled, chosen, control), _gap(scaled, chosen, control))


def _gap(scaled: np.ndarray, chosen: np.ndarray, control: np.ndarray) -> float:
    return float(np.abs(scaled[chosen].mean(0) - scaled[control].mean(0)).max()) if len(control) else 1.0


def _draw(random: np.random.Generator, strata: list[np.ndarray], treat: int) -> np.ndarray:
    """Draw tambons, each stratum giving its share; the strata that give one more are drawn too."""
    share = np.full(len(strata), treat // len(strata))
    share[random.permutation(len(strata))[: treat - share.sum()]] += 1
    share = np.minimum(share, [len(stratum) for stratum in strata])
    chosen = np.concatenate(
        [random.choice(stratum, count, replace=False) for stratum, count in zip(strata, share, strict=True)]
    )
    rest = np.setdiff1d(np.concatenate(strata), chosen)
    return np.concatenate([chosen, random.choice(rest, treat - len(chosen), replace=False)]).astype(int)


def _controls(chosen: np.ndarray, near: np.ndarray, free: np.ndarray, taken: np.ndarray) -> np.ndarray:
    touched = near[np.concatenate([chosen, taken]).astype(int)].any(0)
    return np.setdiff1d(free[~touched[free]], chosen)


def _pairs(scaled: np.ndarray, treated: np.ndarray, control: np.ndarray) -> dict[int, int]:
    if len(control) < len(treated):
        return {}
    rows, columns = linear_sum_assignment(cdist(scaled[treated], scaled[control]))
    return {int(treated[row]): int(control[column]) for row, column in zip(rows, columns, strict=True)}
