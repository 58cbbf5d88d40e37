"""Which tambons first: a ranking by stated criteria and weights, how firm each place is, and why it stands there.

Pure: a table of criteria in, a ranking out. Never decides the weights, and never hides that a criterion is unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pymcdm.methods import TOPSIS
from pymcdm.normalizations import minmax_normalization
from scipy.stats import kendalltau

#: How far each weight is moved when the firmness of the ranking is looked at (design number G9: 20 per cent).
SPREAD = 0.2
_DRAWS = 500
_SEED = 20_240_925
#: A place counts as "in the top" down to here.
TOP = 10


@dataclass(frozen=True)
class Ranking:
    """Tambons in order.

    Attributes
    ----------
    rows : DataFrame
        One row a tambon, best first: `tambon`, `place` (from 1), `score` (0 to 1, TOPSIS closeness), `place_low`,
        `place_high` (5th and 95th percentile of its place under moved weights), `top_share` (share of the draws in
        which it is among the first `TOP`), `unknown` (criteria taken as the middle), and a column ``part_<criterion>``
        of each criterion used: its weighted distance above (positive) or below the middle tambon.
    weights : dict of str to float
        The weights used, adding up to 1.
    left_out : tuple of str
        Criteria that are unknown everywhere, or the same everywhere: they cannot order anything.
    kendall : float
        Mean Kendall tau between the ranking and those of the moved weights; 1 when it never changes, NaN when fewer
        than two tambons are ranked.
    """

    rows: pd.DataFrame
    weights: dict[str, float]
    left_out: tuple[str, ...]
    kendall: float


def rank(criteria: pd.DataFrame, weights: Mapping[str, float]) -> Ranking:
    """Rank tambons.

    Parameters
    ----------
    criteria : DataFrame
        Index of tambon codes; one column a criterion, more means more urgent or fitter; NaN where unknown.
    weights : mapping of str to float
        By criterion, not negative; those of columns that are not named are 0.

    Raises
    ------
    ValueError
        When a weight is negative or not finite, names no criterion, or all are zero.

    Notes
    -----
    TOPSIS (Hwang and Yoon 1981) by pymcdm on criteria scaled to 0..1. Firmness: each weight is multiplied by a number
    drawn evenly from 1 - `SPREAD` to 1 + `SPREAD`, `_DRAWS` times with a fixed seed.
    """
    names = [str(name) for name in criteria.columns]
    unknown = set(weights) - set(names)
    if unknown:
        raise ValueError(f"no criterion {sorted(unknown)[0]!r}; known are {', '.join(names)}")
    if not all(np.isfinite(weight) and weight >= 0 for weight in weights.values()):
        raise ValueError("a weight is a number of at least 0")
    asked = [name for name in names if weights.get(name, 0) > 0]
    if not asked:
        raise ValueError("at least one weight must be above 0")
    used = [name for name in asked if criteria[name].nunique() > 1]
    left_out = tuple(name for name in asked if name not in used)
    codes = criteria.index.astype("str")
    if not used:
        rows = pd.DataFrame({"tambon": codes, "place": 1, "score": np.nan, "place_low": 1, "place_high": len(codes)})
        return Ranking(rows.assign(top_share=np.nan, unknown=""), {}, left_out, float("nan"))
    known = criteria[used].astype(float)
    filled = known.fillna(known.median()).to_numpy()
    share = np.array([float(weights[name]) for name in used])
    share = share / share.sum()
    score = _scores(filled, share)
    place = _places(score)
    moved = _moved(filled, share)
    scaled = (filled - filled.min(axis=0)) / (filled.max(axis=0) - filled.min(axis=0))
    part = (scaled - np.median(scaled, axis=0)) * share
    rows = pd.DataFrame(
        {
            "tambon": codes,
            "place": place,
            "score": score,
            "place_low": np.quantile(moved, 0.05, axis=0, method="lower").astype(int),
            "place_high": np.quantile(moved, 0.95, axis=0, method="higher").astype(int),
            "top_share": (moved <= TOP).mean(axis=0),
            "unknown": [", ".join(np.array(used)[row]) for row in known.isna().to_numpy()],
            **{f"part_{name}": part[:, at] for at, name in enumerate(used)},
        }
    )
    rows = rows.sort_values(["place", "tambon"]).reset_index(drop=True)
    return Ranking(rows, dict(zip(used, share.tolist(), strict=True)), left_out, _agreement(place, moved))


def _scores(values: np.ndarray, share: np.ndarray) -> np.ndarray:
    method = TOPSIS(normalization_function=minmax_normalization)
    return np.asarray(method(values, share, np.ones(len(share)), validation=False), dtype=float)


def _places(score: np.ndarray) -> np.ndarray:
    # Equal scores share the better place: nothing stands between them.
    return np.asarray(pd.Series(-np.round(score, 12)).rank(method="min").astype(int))


def _moved(values: np.ndarray, share: np.ndarray) -> np.ndarray:
    random = np.random.default_rng(_SEED)
    factors = random.uniform(1 - SPREAD, 1 + SPREAD, (_DRAWS, len(share)))
    drawn = factors * share
    return np.array([_places(_scores(values, one / one.sum())) for one in drawn])


def _agreement(place: np.ndarray, moved: np.ndarray) -> float:
    if len(place) < 2 or len(np.unique(place)) < 2:
        return float("nan")
    return float(np.mean([kendalltau(place, one).statistic for one in moved]))


def reasons(row: Mapping[str, object], most: int = 3) -> list[tuple[str, float]]:
    """Return what lifts a row of `Ranking.rows` above the middle tambon: criterion and weighted distance."""
    parts = [(name[5:], float(str(value))) for name, value in row.items() if name.startswith("part_")]
    return sorted([part for part in parts if part[1] > 0], key=lambda part: -part[1])[:most]


def moved(before: Ranking, after: Ranking, most: int = 10) -> pd.DataFrame:
    """Return the tambons whose place changes most between two rankings of the same criteria, and what moved them.

    Returns
    -------
    DataFrame
        Largest move first: `tambon`, `place_before`, `place`, `criterion` (the one whose weighted distance from the
        middle tambon changed most in the direction of the move; "" where none did), `heavier` (whether it weighs more
        now). Only tambons that moved.
    """
    both = before.rows.merge(after.rows, on="tambon", suffixes=("_before", ""))
    both = both[both["place_before"] != both["place"]]
    rose = both["place_before"] - both["place"]
    names = sorted({*before.weights, *after.weights})
    parts = pd.DataFrame(
        {name: _part(after, name, both["tambon"]) - _part(before, name, both["tambon"]) for name in names},
        index=both.index,
    ).mul(np.sign(rose), axis=0)
    led = parts.max(axis=1) > 0
    criterion = parts[led].idxmax(axis=1).reindex(both.index, fill_value="") if led.any() else ""
    table = both[["tambon", "place_before", "place"]].assign(criterion=criterion, size=rose.abs())
    table["heavier"] = [after.weights.get(one, 0.0) > before.weights.get(one, 0.0) for one in table["criterion"]]
    ordered = table.sort_values(["size", "place", "tambon"], ascending=[False, True, True]).head(most)
    return ordered.drop(columns="size").reset_index(drop=True)


def _part(found: Ranking, name: str, tambons: pd.Series) -> np.ndarray:
    """Return a criterion's weighted distances of some tambons, 0 where it was not used."""
    column = f"part_{name}"
    if column not in found.rows:
        return np.zeros(len(tambons))
    return np.asarray(found.rows.set_index("tambon")[column].reindex(tambons), dtype=float)
