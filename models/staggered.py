"""Staggered difference-in-differences after Callaway and Sant'Anna (2021), against tambons never treated.

Each tambon's change since the season before its measure is held against the same change of the controls, so that no
treated tambon ever serves as the control of another. On log(1 + outcome). Estimate and interval come from diff-diff;
the permutation p works out the same estimate for every deal at once. Never judges.
"""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd


def overall(logged: np.ndarray, dealt: np.ndarray) -> np.ndarray:
    """Return the overall effect (their "simple" aggregation) for every deal of the starts, shape (count,).

    Parameters
    ----------
    logged : ndarray, shape (n, seasons)
    dealt : ndarray of int, shape (count, n)
        Position of the first treated season, `seasons` or more for never; none is 0 and some are never.
    """
    n, seasons = logged.shape
    dealt = np.minimum(dealt, seasons)
    never = (dealt == seasons).astype(float)
    control = never @ logged / never.sum(1, keepdims=True)

    def gained(series: np.ndarray) -> np.ndarray:
        # For each start g: sum over the seasons from g on of the change since g - 1; nothing for a start never.
        out = np.zeros((len(series), seasons + 1))
        for g in range(1, seasons):
            out[:, g] = (series[:, g:] - series[:, g - 1 : g]).sum(1)
        return out

    own = gained(logged)[np.arange(n), dealt].sum(1)
    count = np.stack([(dealt == g).sum(1) for g in range(seasons + 1)], axis=1)
    length = np.append(seasons - np.arange(seasons), 0)
    found: np.ndarray = (own - (count * gained(control)).sum(1)) / (count * length).sum(1)
    return found


def estimate(values: np.ndarray, starts: np.ndarray, cover: float = 0.9) -> tuple[float, float, float]:
    """Return the overall effect on log(1 + outcome) and its interval, clustered by tambon, by diff-diff.

    Parameters
    ----------
    values : ndarray, shape (n, seasons)
    starts : ndarray of int, shape (n,)
    cover : float
        Of the interval.

    Returns
    -------
    effect, low, high : float
        On the logarithmic scale; the ends are NaN with a single treated tambon, whose variance cannot be known.
    """
    from diff_diff import CallawaySantAnna

    n, seasons = values.shape
    table = pd.DataFrame(
        {
            "tambon": np.repeat(np.arange(n), seasons),
            "season": np.tile(np.arange(seasons) + 1, n),
            "logged": np.log1p(values).ravel(),
            "first": np.repeat(np.where(starts < seasons, starts + 1, 0), seasons),
        }
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = CallawaySantAnna(control_group="never_treated", estimation_method="reg", alpha=1 - cover)
        found = model.fit(table, "logged", "tambon", "season", "first")
    if (starts < seasons).sum() < 2:
        return float(found.overall_att), float("nan"), float("nan")
    low, high = found.overall_conf_int
    return float(found.overall_att), float(low), float(high)


def permutation_p(values: np.ndarray, dealt: np.ndarray) -> float:
    """Return the two-sided permutation p of the overall effect; the first deal is the real one."""
    found = np.abs(overall(np.log1p(values), dealt))
    return float((found >= found[0] - 1e-12).mean())
