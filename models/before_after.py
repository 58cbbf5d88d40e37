"""Before and after without controls: the claim in common use, worked out only to be shown beside an effect.

It takes the weather of the years for the measure. Never served, never judged on.
"""

from __future__ import annotations

import numpy as np
from scipy import stats


def before_after(values: np.ndarray, starts: np.ndarray, cover: float = 0.9) -> tuple[float, float, float, float]:
    """Return the mean change of the treated tambons' logarithms of one plus their yearly mean, and its t-test.

    Parameters
    ----------
    values : ndarray, shape (n, seasons)
    starts : ndarray of int, shape (n,)
        Position of the first treated season, `seasons` or more for never.

    Returns
    -------
    log_effect, low, high, p : float
        NaN for the last three with one treated tambon.
    """
    changes = np.array(
        [
            np.log1p(row[start:].mean()) - np.log1p(row[:start].mean())
            for row, start in zip(values, starts, strict=True)
            if start < len(row)
        ]
    )
    middle = float(changes.mean())
    if len(changes) < 2 or np.ptp(changes) == 0:
        return middle, float("nan"), float("nan"), float("nan")
    error = changes.std(ddof=1) / np.sqrt(len(changes))
    reach = float(stats.t.ppf((1 + cover) / 2, len(changes) - 1)) * error
    return middle, middle - reach, middle + reach, float(stats.ttest_1samp(changes, 0.0).pvalue)
