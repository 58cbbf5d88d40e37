"""How treated and controls parted, by season, and what a measure that never was would have shown: placebos, a picture.

Works on whole tables of the tambons compared. Never judges.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from models.randomisation import Randomisation
from models.twoway import log_effects

#: Seasons before and after the start that are shown one by one; those further away are taken together at the ends.
BEFORE_SHOWN, AFTER_SHOWN = 4, 3
#: Deals behind the bands of the picture.
_DEALS_SHOWN = 99
#: Deals are fitted less finely than the estimate: to a thousandth of a percent.
_ROUGH = 1e-5


def placebo_in_time(values: np.ndarray, starts: np.ndarray, dealt: np.ndarray) -> Randomisation | None:
    """Return the test of a start that never was: the measure set before its time, in the seasons before any start.

    The last third of those seasons is taken for treated; None with fewer than three.
    """
    seasons, first = values.shape[1], int(starts.min())
    if first < 3:
        return None
    pretended = first - max(1, first // 3)

    def earlier(one: np.ndarray) -> np.ndarray:
        return np.where(one < seasons, pretended, first)

    before = values[:, :first]
    held = before.sum(1) > 0
    if not (starts[held] < seasons).any():
        return None
    return Randomisation(before[held], earlier(starts[held]), earlier(dealt[:, held]))


def placebo_in_space(values: np.ndarray, dealt: np.ndarray, draws: int = 199) -> np.ndarray:
    """Return the logarithm of the effect that each deal of the starts would have given, shape (at most draws,)."""
    some = dealt[1 : draws + 1]
    group = (some[..., None] <= np.arange(values.shape[1])).astype(int)
    return log_effects(values, group, 1, _ROUGH)[0][:, 0]


def event_study(values: np.ndarray, starts: np.ndarray, dealt: np.ndarray, cover: float = 0.9) -> pd.DataFrame:
    """Return the difference of treated and controls by season from the start, against the mean of the seasons before.

    Returns
    -------
    DataFrame
        `season` (0 the first with the measure; the ends hold all beyond), `effect`, `low`, `high` (fractions; the band
        is what re-dealt starts leave possible), `tambons`.
    """
    seasons = values.shape[1]
    shown = [k for k in range(-BEFORE_SHOWN, AFTER_SHOWN + 1) if k != -1]

    def groups(one: np.ndarray) -> np.ndarray:
        since = np.clip(np.arange(seasons) - one[..., None], -BEFORE_SHOWN, AFTER_SHOWN)
        number = np.zeros(since.shape, int)
        for position, k in enumerate(shown, 1):
            number[since == k] = position
        return np.where(one[..., None] < seasons, number, 0)

    since = np.clip(np.arange(seasons) - starts[starts < seasons][:, None], -BEFORE_SHOWN, AFTER_SHOWN)
    cells = {k: int((since == k).sum()) for k in range(-BEFORE_SHOWN, AFTER_SHOWN + 1)}
    weights = np.array([cells[k] if k < -1 else 0 for k in shown]) / max(1, sum(cells[k] for k in cells if k < 0))

    def against_before(effects: np.ndarray) -> np.ndarray:
        # Fitted against the season before the start (0), then against the mean of all before, which is less noisy.
        both = np.insert(effects, shown.index(0), 0.0, axis=-1)
        level = np.nansum(np.where(np.isfinite(effects), effects, np.nan) * weights, axis=-1)
        moved: np.ndarray = both - level[..., None]
        return moved

    found = against_before(log_effects(values, groups(starts), len(shown))[0])
    chance = against_before(log_effects(values, groups(dealt[1 : _DEALS_SHOWN + 1]), len(shown), _ROUGH)[0])
    rows = []
    for position, k in enumerate(cells):
        one = chance[:, position]
        if cells[k] and np.isfinite(found[position]):
            low, high = np.quantile(one[np.isfinite(one)], [(1 - cover) / 2, (1 + cover) / 2])
            ends = np.expm1([found[position], found[position] - high, found[position] - low])
            rows.append((k, *ends, int((since == k).any(1).sum())))
    return pd.DataFrame(rows, columns=["season", "effect", "low", "high", "tambons"])
