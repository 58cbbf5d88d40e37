"""What a measure changed, against controls: estimates by four methods, the checks beside them, and one verdict.

Takes outcomes and a treatment; chooses who is compared, estimates, checks, judges by the rule of `models.verdict`.
Never reads a file, never words anything.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from models import paths, staggered, synthetic
from models.before_after import before_after
from models.controls import Comparison, choose, history_traits
from models.earlier import before
from models.outcomes import Outcomes
from models.randomisation import DEALS, Randomisation, deals, smallest_p
from models.treatment import Treatment
from models.verdict import (
    CANNOT_TELL,
    FEWER,
    MATTERS,
    MORE,
    NEED_AFTER,
    NEED_BEFORE,
    NEED_CONTROLS,
    NO_DIFFERENCE,
    P_SEEN,
    Reason,
    Verdict,
    judge,
)  # fmt: skip

#: The method whose verdict is served; the others stand beside it.
SERVED = "poisson"
ESTIMATORS = (SERVED, "staggered_did", "synthetic_control", "before_after")
_SEED = 52


@dataclass(frozen=True)
class Effect:
    """What a measure changed.

    Attributes
    ----------
    estimates : DataFrame
        One row a method of `ESTIMATORS`: `estimator`, `effect`, `low`, `high` (fractions: -0.3 is 30 % fewer; missing
        when not estimated), `p_randomisation` (of before_after: of a t-test), `n_treated`, `n_control`, `verdict`.
    verdict : Verdict
        The one served.
    roles : DataFrame
        `tambon`, `role` (treated, control, ring; unmatched: no control is like it; unusable: with too few seasons or
        nothing seen), `first_season` (Int64), of those in any role.
    sites_left_out : DataFrame
        `site`, `reason`.
    seasons : tuple of str
        Labels of the whole periods used.
    checks : dict
        `path_p`, `drift` (a season), `drift_noticed`, `carried` (fractions), `time_effect`, `time_p`, `space_low`,
        `space_high`, `ring_effect`, `ring_low`, `ring_high`, `ring_p`, `ring_tambons`, `fit`, `seen_after` (outcome in
        the treated tambons since their starts); missing ones are not there.
    event : DataFrame
        Result of `models.paths.event_study`; empty when nothing was estimated.
    path : DataFrame
        `season`, `treated`, `controls`, `mixed`: means, each tambon divided by its own mean before the first start.
    """

    estimates: pd.DataFrame
    verdict: Verdict
    roles: pd.DataFrame
    sites_left_out: pd.DataFrame
    seasons: tuple[str, ...]
    checks: dict[str, float]
    event: pd.DataFrame
    path: pd.DataFrame


def effect(
    outcomes: Outcomes,
    treatment: Treatment,
    near: np.ndarray,
    *,
    traits: np.ndarray | None = None,
    count: int = DEALS,
    draws: int = 199,
    checks: bool = True,
) -> Effect:
    """Measure a treatment.

    Parameters
    ----------
    outcomes : Outcomes
        Of n tambons.
    treatment : Treatment
    near : ndarray of bool, shape (n, n)
        Which tambons are neighbours (`models.controls.neighbours`), in the order of `outcomes.tambons`.
    traits : ndarray, shape (n, k), optional
        What is matched on beside the fire history: forest share, population, distance to roads.
    count, draws : int
        Deals of the randomisation, and those of them for which synthetic controls are mixed.
    checks : bool
        False leaves out checks and pictures.
    """
    starts = _starts(outcomes, treatment)
    seasons = len(outcomes.periods)
    touched = np.flatnonzero(starts <= seasons - NEED_AFTER)
    treated = touched[starts[touched] >= NEED_BEFORE]
    first = int(starts[treated].min()) if len(treated) else seasons
    # Nothing can have become less, or be compared, where nothing was seen before.
    silent = np.flatnonzero(outcomes.values[:, :first].sum(1) <= 0)
    treated = np.setdiff1d(treated, silent)
    history = history_traits(outcomes.values[:, :first]) if first else np.zeros((len(starts), 1))
    history = history if traits is None else np.column_stack([history, traits])
    compared = choose(treated, touched, silent, near, history)
    rows = np.concatenate([compared.treated, compared.control])
    lacking = _lacking(outcomes, treatment, starts, compared, silent)
    roles = _roles(outcomes, treatment, compared)
    labels = tuple(period.label for period in outcomes.periods)
    if lacking:
        nothing = _nothing(len(compared.treated), len(compared.control))
        verdict = Verdict(CANNOT_TELL, tuple(lacking))
        return Effect(nothing, verdict, roles, treatment.left_out, labels, {}, pd.DataFrame(), pd.DataFrame())
    values, begun = outcomes.values[rows], np.minimum(starts[rows], seasons)
    dealt = deals(begun, _SEED, count)
    test = Randomisation(values, begun, dealt)
    earlier = before(test)
    table, mixed = _estimates(test, draws)
    served = table.set_index("estimator").loc[SERVED]
    figures = (float(str(served[name])) for name in ("effect", "low", "high", "p_randomisation"))
    others = table.loc[table["estimator"].isin(ESTIMATORS[1:3]), "effect"].tolist()
    verdict = judge(*figures, before=earlier, others=others, treated=len(compared.treated))
    table.loc[table["estimator"] == SERVED, "verdict"] = verdict.code
    found = {
        "path_p": earlier.either,
        "drift": math.expm1(earlier.drift),
        "drift_noticed": -math.expm1(-earlier.noticed),
        "carried": earlier.carried,
        "fit": mixed.fit,
        "seen_after": float(values[test.cells].sum()),
    }
    event = path = pd.DataFrame()
    if checks:
        found |= _checks(outcomes, compared, values, begun, dealt)
        event = paths.event_study(values, begun, dealt)
        path = _path(labels, values, begun, mixed)
    return Effect(table, verdict, roles, treatment.left_out, labels, found, event, path)


def _starts(outcomes: Outcomes, treatment: Treatment) -> np.ndarray:
    """Return the position of the first whole season at or after each tambon's start, `seasons` + 1 for never."""
    years, seasons = outcomes.years, len(outcomes.periods)
    starts = np.full(len(outcomes.tambons), seasons + 1)
    for position, code in enumerate(outcomes.tambons):
        if code in treatment.first_season:
            starts[position] = np.searchsorted(years, treatment.first_season[code])
    return starts


def _lacking(
    outcomes: Outcomes, treatment: Treatment, starts: np.ndarray, compared: Comparison, silent: np.ndarray
) -> list[Reason]:
    """Return every number that is missing before anything can be estimated."""
    seasons = len(outcomes.periods)
    mine = np.flatnonzero(np.isin(outcomes.tambons, list(treatment.first_season)))
    out: list[Reason] = []
    if not treatment.first_season:
        counted = sorted(treatment.left_out["reason"].value_counts().items())
        return [Reason(str(reason), {"sites": int(count)}) for reason, count in counted] or [Reason("no_treatment")]
    if not len(mine):
        return [Reason("elsewhere", {"tambons": len(treatment.first_season)})]
    earlier = int(np.minimum(starts[mine], seasons).max())
    if earlier < NEED_BEFORE:
        year = max(treatment.first_season[str(code)] for code in outcomes.tambons[mine])
        out.append(Reason("seasons_before", {"have": earlier, "need": NEED_BEFORE, "year": year}))
    after = int(np.maximum(seasons - starts[mine], 0).max())
    if after < NEED_AFTER:
        year = min(treatment.first_season[str(code)] for code in outcomes.tambons[mine])
        out.append(Reason("seasons_after", {"have": after, "need": NEED_AFTER, "year": year}))
    if out:
        return out
    if np.isin(mine, silent).all():
        return [Reason("nothing_seen", {"tambons": len(mine)})]
    if not len(compared.treated):
        if len(compared.unmatched):
            return [Reason("no_match", {"tambons": len(compared.unmatched)})]
        return [Reason("seasons_both", {"need": NEED_BEFORE, "need_after": NEED_AFTER})]
    need = NEED_CONTROLS
    rows = np.concatenate([compared.treated, compared.control])
    if smallest_p(np.minimum(starts[rows], seasons), seasons) > P_SEEN:
        # One treated tambon among n controls can give no smaller p than 1 / (n + 1).
        need = math.ceil(1 / P_SEEN) - 1 if len(compared.treated) == 1 else len(compared.control) + 1
    if len(compared.control) < need:
        return [Reason("controls", {"have": len(compared.control), "need": need})]
    return []


def _roles(outcomes: Outcomes, treatment: Treatment, compared: Comparison) -> pd.DataFrame:
    known = np.flatnonzero(np.isin(outcomes.tambons, list(treatment.first_season)))
    other = np.setdiff1d(known, np.concatenate([compared.treated, compared.unmatched, compared.control]))
    groups = {"treated": compared.treated, "control": compared.control, "ring": compared.ring}
    groups |= {"unmatched": compared.unmatched, "unusable": other}
    rows = [(str(outcomes.tambons[position]), role) for role, positions in groups.items() for position in positions]
    table = pd.DataFrame(rows, columns=["tambon", "role"])
    return table.assign(first_season=table["tambon"].map(treatment.first_season).astype("Int64"))


def _nothing(treated: int, control: int) -> pd.DataFrame:
    empty = {"effect": np.nan, "low": np.nan, "high": np.nan, "p_randomisation": np.nan}
    rows = [
        {"estimator": name, **empty, "n_treated": treated, "n_control": control, "verdict": CANNOT_TELL}
        for name in ESTIMATORS
    ]
    return pd.DataFrame(rows)


def _estimates(test: Randomisation, draws: int) -> tuple[pd.DataFrame, synthetic.Synthetic]:
    values, begun, dealt = test.values, test.starts, test.dealt
    mixed = synthetic.synthetic(values, dealt, draws)
    shifted = staggered.estimate(values, begun)
    naive = before_after(values, begun)
    found: dict[str, tuple[float, float, float, float]] = {
        "poisson": (test.estimate, *test.interval(), test.p()),
        "staggered_did": (*shifted, staggered.permutation_p(values, dealt)),
        "synthetic_control": (mixed.log_effect, *mixed.interval(), mixed.p),
        "before_after": naive,
    }
    treated = int((begun < values.shape[1]).sum())
    rows: list[dict[str, Any]] = []
    for name, (middle, low, high, p) in found.items():
        ends = [math.inf if one == math.inf else math.expm1(one) for one in (middle, low, high)]
        control = 0 if name == "before_after" else len(values) - treated
        row = {"estimator": name, "effect": ends[0], "low": ends[1], "high": ends[2], "p_randomisation": p}
        rows.append({**row, "n_treated": treated, "n_control": control, "verdict": _alone(name, ends, p)})
    return pd.DataFrame(rows), mixed


def _alone(name: str, figures: list[float], p: float) -> str:
    """Return the verdict that a method's own figures would give, without the checks."""
    middle, low, high = figures
    if name == "before_after" or not math.isfinite(p):
        return CANNOT_TELL
    if p <= P_SEEN:
        return FEWER if middle < 0 else MORE
    return NO_DIFFERENCE if low > MATTERS and high < 1 / (1 + MATTERS) - 1 else CANNOT_TELL


def _checks(
    outcomes: Outcomes, compared: Comparison, values: np.ndarray, begun: np.ndarray, dealt: np.ndarray
) -> dict[str, float]:
    out: dict[str, float] = {}
    earlier = paths.placebo_in_time(values, begun, dealt)
    if earlier is not None:
        out |= {"time_effect": math.expm1(earlier.estimate), "time_p": earlier.p()}
    chance = paths.placebo_in_space(values, dealt)
    low, high = np.quantile(chance[~np.isnan(chance)], [0.05, 0.95])
    out |= {"space_low": math.expm1(low), "space_high": math.expm1(high)}
    ring = compared.ring[outcomes.values[compared.ring].sum(1) > 0]
    if len(ring):
        seasons = len(outcomes.periods)
        rows = np.concatenate([ring, compared.control])
        # Touched since the first start of any treated tambon.
        touched = np.where(np.arange(len(rows)) < len(ring), int(begun.min()), seasons)
        test = Randomisation(outcomes.values[rows], touched, deals(touched, _SEED, len(dealt)))
        ends = test.interval()
        out |= {"ring_effect": math.expm1(test.estimate), "ring_p": test.p(), "ring_tambons": float(len(ring))}
        out |= {"ring_low": math.expm1(ends[0]), "ring_high": math.inf if ends[1] == math.inf else math.expm1(ends[1])}
    return out


def _path(labels: tuple[str, ...], values: np.ndarray, begun: np.ndarray, mixed: synthetic.Synthetic) -> pd.DataFrame:
    level = np.maximum(values[:, : int(begun.min())].mean(1, keepdims=True), 1e-12)
    is_treated = begun < values.shape[1]
    held = level[:, 0] > 1e-12
    scaled = values / level
    return pd.DataFrame(
        {
            "season": labels,
            "treated": scaled[is_treated & held].mean(0),
            "controls": scaled[~is_treated & held].mean(0),
            "mixed": mixed.path,
        }
    )
