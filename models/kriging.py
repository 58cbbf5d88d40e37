"""Ordinary kriging of many times at once: values at scattered places, estimates with variances at other places.

Pure arrays, any unit. The variogram is a straight line with a nugget: nothing is known of the level, and trust falls
with distance without end. Never looks at a table, never takes a logarithm.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def estimate(value: Floats, at: Floats, noise: Floats, targets: Floats, slope: float) -> tuple[Floats, Floats]:
    """Estimate the field at other places, time by time, from whatever is known at that time.

    Parameters
    ----------
    value : ndarray, shape (t, n)
        NaN where unknown.
    at : ndarray, shape (n, 2), km
    noise : ndarray, shape (n,)
        Variance of each value about the smooth field (measurement and the air of its own few kilometres).
    targets : ndarray, shape (m, 2), km
    slope : float
        Half the mean squared difference of the smooth field, per km of distance.

    Returns
    -------
    mean, variance : ndarray, shape (t, m)
        Of the smooth field, without any noise of the target. NaN at times when nothing is known.

    Notes
    -----
    Ordinary kriging in the unique neighbourhood (Cressie 1993, section 3.2). Times at which the same places are known
    share one inverse.
    """
    mean = np.full((len(value), len(targets)), np.nan)
    variance = mean.copy()
    reach = slope * distances(targets, at)
    for when, known, inverse in _inverses(value, at, noise, slope):
        # The Lagrange row: weights add up to one.
        wanted = np.vstack([-reach[:, known].T, np.ones(len(targets))])
        weight = inverse @ wanted
        mean[when] = value[np.ix_(when, known)] @ weight[:-1]
        variance[when] = -np.einsum("ij,ij->j", wanted, weight)
    return mean, variance


def left_out(value: Floats, at: Floats, noise: Floats, slope: float) -> tuple[Floats, Floats]:
    """Estimate each known value from all others of its time.

    Parameters
    ----------
    value, at, noise, slope
        As in `estimate`.

    Returns
    -------
    mean, variance : ndarray, shape (t, n)
        Variance of the value about the mean, its own noise included. NaN where unknown or known alone.

    Notes
    -----
    From the same inverse, without solving again for each place (Dubrule 1983, Mathematical Geology 15, 687-699).
    """
    mean = np.full(value.shape, np.nan)
    variance = mean.copy()
    for when, known, inverse in _inverses(value, at, noise, slope):
        if len(known) < 2:
            continue
        there = value[np.ix_(when, known)]
        own = np.diag(inverse)[:-1]
        mean[np.ix_(when, known)] = there - there @ inverse[:-1, :-1] / own
        variance[np.ix_(when, known)] = 1 / own
    return mean, variance


def distances(one: Floats, other: Floats) -> Floats:
    """Return distances between two sets of places, shapes (m, 2) and (n, 2), as (m, n) in their unit."""
    apart = one[:, None, :] - other[None, :, :]
    return np.hypot(apart[..., 0], apart[..., 1])


def _inverses(
    value: Floats, at: Floats, noise: Floats, slope: float
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp], Floats]]:
    """Yield the times that know the same places, those places, and the inverse of their kriging matrix."""
    if not value.size:
        return
    patterns, member = np.unique(~np.isnan(value), axis=0, return_inverse=True)
    apart = -slope * distances(at, at)
    for number, pattern in enumerate(patterns):
        known = np.flatnonzero(pattern)
        if not len(known):
            continue
        matrix = np.ones((len(known) + 1, len(known) + 1))
        matrix[:-1, :-1] = apart[np.ix_(known, known)] + np.diag(noise[known])
        matrix[-1, -1] = 0.0
        yield np.flatnonzero(member.ravel() == number), known, np.asarray(np.linalg.inv(matrix), dtype=np.float64)
