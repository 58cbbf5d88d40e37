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
#: "No difference" needs that the treated were on no other path before the measure, by a two-sided p of at least this.
P_PATH = 0.05
#: A claim needs that they were not already drifting its way (one-sided p), nor begun after a last season so far out of
#: line that its passing would look like an effect. Chosen on made-up provinces, judged on others (docs/effects.md).
P_DRIFT, P_LAST = 0.05, 0.01
#: A change that matters. "No difference seen" is said only where the interval rules out so large a fall, and the rise
#: that would undo it.
MATTERS = -0.30
FEWER, MORE, NO_DIFFERENCE, CANNOT_TELL = "fewer", "more", "no_difference", "cannot_tell"
#: A normal deviate for a two-sided test at 5 % seen four times in five: 1.96 + 0.84.
_SEEN_MOSTLY = 2.80
#: Of a one-sided test at 5 %, and of one that sees four times in five: 1.64 and 1.64 + 0.84 standard errors.
_DRIFT_END, _DRIFT_MOSTLY = 1.64, 2.49
#: Nothing left at all (-1) has no logarithm; it is further down than any drift.
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


@dataclass(frozen=True)
class Before:
    """What the seasons before the starts show of a way of their own (`models.earlier.before`).

    Attributes
    ----------
    drift : float
        Of the treated against the controls, logarithm a season.
    spread : float
        Standard error of the drift.
    reach : float
        Seasons over which a drift is carried from before to after.
    falling, rising : float
        One-sided p of no drift that way.
    high, low : float
        One-sided p of no last season out of line that way.
    either : float
        Two-sided p of both together.
    """

    drift: float = 0.0
    spread: float = 0.0
    reach: float = 0.0
    falling: float = 1.0
    rising: float = 1.0
    high: float = 1.0
    low: float = 1.0
    either: float = 1.0

    @property
    def carried(self) -> float:
        """Effect that the drift alone would give, carried on, as a fraction."""
        return math.expm1(self.drift * self.reach)

    @property
    def noticed(self) -> float:
        """The drift that would mostly have been noticed (one-sided test at 5 %), logarithm a season, positive."""
        return _DRIFT_MOSTLY * self.spread

    def could_give(self, *, falls: bool) -> float:
        """Return the largest fall, or rise, that the drift could give, carried on: at the 95 % end, as a logarithm."""
        return self.reach * (self.drift + (-_DRIFT_END if falls else _DRIFT_END) * self.spread)


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
    before: Before | None = None,
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
    before : Before, optional
        What the seasons before show; without it nothing is held against a claim.
    others : sequence of float
        Estimates of the other methods, fractions; a claim needs their agreement in sign.
    treated : int
        Tambons treated.
    """
    earlier = before or Before()
    if p <= P_SEEN:
        against = [other for other in others if math.isfinite(other) and other * effect < 0]
        if against:
            return Verdict(CANNOT_TELL, (Reason("disagree", {"against": len(against), "methods": len(others)}),))
        doubt = _already(effect, earlier)
        if doubt is not None:
            return Verdict(CANNOT_TELL, (doubt,))
        return Verdict(FEWER if effect < 0 else MORE, (Reason("seen", {"p": p}),))
    if low > MATTERS and high < 1 / (1 + MATTERS) - 1:
        if earlier.either < P_PATH:
            return Verdict(CANNOT_TELL, (Reason("path", {"p": earlier.either}),))
        return Verdict(NO_DIFFERENCE, (Reason("ruled_out", {"change": -MATTERS}),))
    return Verdict(CANNOT_TELL, (too_wide(low, high, treated),))


def _already(effect: float, before: Before) -> Reason | None:
    """Return why a claim may have been under way before the measure; None when it was not.

    A drift that could give only part of the effect, even at the end of its interval, leaves the claim standing.
    """
    falls = effect < 0
    drift_p, last_p = (before.falling, before.high) if falls else (before.rising, before.low)
    explained = abs(math.log1p(max(effect, _ALL_GONE))) <= abs(before.could_give(falls=falls))
    if drift_p < P_DRIFT and explained:
        numbers = {"drift": math.expm1(before.drift), "p": drift_p, "carried": before.carried}
        return Reason("falling" if falls else "rising", numbers)
    if last_p < P_LAST:
        return Reason("last_high" if falls else "last_low", {"p": last_p})
    return None


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
