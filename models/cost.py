"""What one hotspot (rai, person-day) less has cost: the money of the sites against what they were seen to avoid.

The interval of the effect is carried through exactly: the money is known, and what was avoided moves one way with the
effect. Where the effect cannot be told from none there is no price, and no verdict is made here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.effect import SERVED, Effect
from models.treatment import Treatment
from models.verdict import FEWER, Reason


@dataclass(frozen=True)
class Cost:
    """Money, what it avoided, and the price of one.

    Attributes
    ----------
    baht : float
        Of the sites whose budget is known, or as given; missing when none is.
    avoided : tuple of float
        Middle, low and high of the outcome avoided in all treated tambons and whole seasons since their starts; missing
        where the effect cannot be told from none.
    each : tuple of float
        Baht for one avoided: middle, low and high; missing where it cannot be told.
    lacking : Reason or None
        Why there is no price.
    """

    baht: float
    avoided: tuple[float, float, float]
    each: tuple[float, float, float]
    lacking: Reason | None


#: Outcomes of which so many less can be counted: all but a mean.
SUMMED = ("hotspots", "fires", "burned_rai", "fire_power_mw", "smoke_days", "person_days")
_UNKNOWN = (math.nan, math.nan, math.nan)


def avoided(effect: float, seen: float) -> float:
    """Return what would have been seen without the measure less what was seen with it.

    Parameters
    ----------
    effect : float
        Fraction; -1 (nothing left) leaves open how much there would have been.
    seen : float
        Outcome in the treated tambons and seasons.
    """
    return math.inf if effect <= -1 else seen * (1 / (1 + effect) - 1)


def cost(treatment: Treatment, found: Effect, baht: float | None = None) -> Cost:
    """Return what the sites of a treatment cost for each one avoided.

    Parameters
    ----------
    treatment : Treatment
        With `budget_thb` of its sites.
    found : Effect
        Of an outcome that can be counted or summed.
    baht : float, optional
        Money spent on all of them, where the list of sites does not say it.
    """
    held = pd.to_numeric(treatment.sites.get("budget_thb", pd.Series(dtype=float)), errors="coerce")
    unknown = 0 if baht is not None else len(treatment.sites) - int(held.notna().sum())
    spent = float(baht) if baht is not None else float(held.sum(min_count=1))
    served = found.estimates.set_index("estimator").loc[SERVED]
    ends = [float(str(served[name])) for name in ("effect", "high", "low")]
    if found.verdict.code != FEWER or not ends[1] < 0:
        return Cost(spent, _UNKNOWN, _UNKNOWN, Reason(f"effect_{found.verdict.code}"))
    middle, low, high = (avoided(end, found.checks["seen_after"]) for end in ends)
    if unknown or not np.isfinite(spent):
        numbers = {"unknown": unknown, "sites": len(treatment.sites)}
        return Cost(spent, (middle, low, high), _UNKNOWN, Reason("budget", numbers))
    each = (spent / middle, spent / high, spent / low)
    return Cost(spent, (middle, low, high), each, None)
