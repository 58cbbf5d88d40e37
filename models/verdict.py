"""The rule by which figures become a verdict: fewer, more, no difference seen, or cannot tell and why.

Stated before anything is measured, the same for the simulated and the real: see docs/effects.md. Never words anything,
never estimates.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

#: Whole seasons before and after a tambon's start without which nothing is estimated.
NEED_BEFORE, NEED_AFTER = 3, 1
#: Controls without which nothing is estimated; a single treated tambon needs 19, for the sake of the p below.
NEED_CONTROLS = 5
#: A verdict of fewer or more needs a p of at most this.
P_SEEN = 0.05
#: Where the treated were already on another path before the measure with a p below this, nothing is claimed.
P_PATH = 0.05
#: A change that matters. "No difference seen" is said only where the interval rules out so large a fall, and the rise
#: that would undo it.
MATTERS = -0.30
FEWER, MORE, NO_DIFFERENCE, CANNOT_TELL = "fewer", "more", "no_difference", "cannot_tell"
#: A normal deviate for a two-sided test at 5 % seen four times in five: 1.96 + 0.84.
_SEEN_MOSTLY = 2.80
_ALL_GONE = -0.999999
#: Half the width of an interval in standard errors (two-sided test at 8 %, `models.randomisation.INTERVAL_TEST`).
_HALF_WIDTH = 1.75


@dataclass(frozen=True)
class Reason:
    """Why a verdict is what it is: a key of the words and the numbers that fill it."""

    key: str
    numbers: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Verdict:
    """What may be said, and why.

    Attributes
    ----------
    code : str
        fewer, more, no_difference, cannot_tell.
    reasons : tuple of Reason
        For cannot_tell, each number that is missing.
    """

    code: str
    reasons: tuple[Reason, ...] = ()


def smallest_seen(low: float, high: float) -> float:
    """Return the fall, as a fraction below 0, that would mostly be seen with an interval as wide as this.

    Parameters
    ----------
    low, high : float
        Ends of the interval, fractions (-0.2 is 20 % fewer).
    """
    if not (math.isfinite(low) and math.isfinite(high)) or low <= -1:
        return -1.0
    error = (math.log1p(high) - math.log1p(low)) / (2 * _HALF_WIDTH)
    return math.expm1(-_SEEN_MOSTLY * error)


def judge(
    effect: float,
    low: float,
    high: float,
    p: float,
    *,
    path_p: float = 1.0,
    carried: float = 0.0,
    others: Sequence[float] = (),
    treated: int = 0,
) -> Verdict:
    """Return the verdict of the served estimator.

    Parameters
    ----------
    effect, low, high : float
        Estimate and interval, fractions.
    p : float
        Of randomisation.
    path_p : float
        Of the test that treated and controls went the same way before.
    carried : float
        Fraction that the treated tambons' earlier drift would have given, carried on.
    others : sequence of float
        Estimates of the other methods, fractions; a claim needs their agreement in sign.
    treated : int
        Tambons treated.
    """
    if path_p < P_PATH:
        return Verdict(CANNOT_TELL, (Reason("path", {"p": path_p}),))
    if p <= P_SEEN:
        against = [other for other in others if math.isfinite(other) and other * effect < 0]
        if against:
            return Verdict(CANNOT_TELL, (Reason("disagree", {"against": len(against), "methods": len(others)}),))
        # Nothing left at all (-1) has no logarithm; it is further down than any drift.
        log_effect = math.log1p(max(effect, _ALL_GONE))
        if (log_effect - math.log1p(carried)) * log_effect <= 0:
            return Verdict(CANNOT_TELL, (Reason("carried", {"drift": carried}),))
        return Verdict(FEWER if effect < 0 else MORE, (Reason("seen", {"p": p}),))
    if low > MATTERS and high < 1 / (1 + MATTERS) - 1:
        return Verdict(NO_DIFFERENCE, (Reason("ruled_out", {"change": -MATTERS}),))
    return Verdict(CANNOT_TELL, (too_wide(low, high, treated),))


def too_wide(low: float, high: float, treated: int) -> Reason:
    """Return the reason that the interval is too wide, with the tambons that would be enough at the same spread."""
    seen = smallest_seen(low, high)
    if seen <= -1:
        return Reason("open", {"have": treated})
    factor = (math.log1p(seen) / math.log1p(MATTERS)) ** 2
    numbers = {
        "seen": -seen,
        "wanted": -MATTERS,
        "have": treated,
        "need": max(treated + 1, math.ceil(treated * factor)),
    }
    return Reason("wide", numbers)
