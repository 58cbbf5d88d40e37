"""Words of verdicts, their reasons, and of what a plan could show: for pages, documents and the command line alike.

Never measures, never imports Streamlit or a chart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from layers.words import Lang, say, say_year
from models.verdict import NEED_BEFORE, Reason, Verdict

if TYPE_CHECKING:
    from models.cost import Cost
    from models.design import Design

#: Numbers of a reason that are shares, written as per cent.
SHARES = frozenset({"seen", "wanted", "change", "drift"})


def say_reason(lang: Lang, reason: Reason) -> str:
    """Return a reason in words, its numbers as they are written in that language."""
    return say(lang, f"effect.why.{reason.key}", **{name: _number(lang, name, v) for name, v in reason.numbers.items()})


def say_why(lang: Lang, verdict: Verdict) -> str:
    """Return why a verdict is what it is."""
    return "; ".join(say_reason(lang, reason) for reason in verdict.reasons)


def say_cost(lang: Lang, found: Cost, outcome: str) -> str:
    """Return what one less of an outcome has cost, or why it cannot be told, in one sentence."""
    numbers = {"outcome": say(lang, f"effect.outcomes.{outcome}"), "baht": f"{found.baht:,.0f}"}
    numbers |= dict(zip(("middle", "low", "high"), (f"{end:,.0f}" for end in found.each), strict=True))
    ends = (f"{end:,.1f}" for end in found.avoided)
    numbers |= dict(zip(("avoided", "avoided_low", "avoided_high"), ends, strict=True))
    if found.lacking is None:
        return say(lang, "cost.each", **numbers)
    return say(lang, f"cost.{found.lacking.key}", **{**numbers, **found.lacking.numbers})


def say_matched(lang: Lang, known: tuple[str, ...]) -> str:
    """Return on what controls are matched beside earlier fires, and what would be if it were stored."""
    named = {name: say(lang, f"effect.matched_{name}") for name in ("people", "forest", "roads")}
    held = "".join(f", {named[name]}" for name in known)
    return say(lang, "effect.matched", known=held, absent=", ".join(named[name] for name in named if name not in known))


def say_power(lang: Lang, found: Design) -> str:
    """Return what a plan could show, in one sentence, and that a spread was assumed where it was."""
    numbers = {
        "treated": len(found.trial.treat_first),
        "controls": len(found.trial.control),
        "before": found.power.before,
        "after": found.power.after,
    }
    if found.power.before < NEED_BEFORE:
        return say(lang, "design.short", have=found.power.before, need=NEED_BEFORE)
    if found.power.smallest <= -1:
        text = say(lang, "design.nothing", **numbers)
    else:
        text = say(lang, "design.seen", fall=f"{-100 * found.power.smallest:.0f} %", **numbers)
    return f"{text} {say(lang, 'design.assumed')}" if found.power.assumed else text


def _number(lang: Lang, name: str, value: Any) -> str:
    if name in ("drift", "carried"):
        return f"{100 * value:+.0f} %".replace("-", "−")
    if name in SHARES:
        return f"{100 * value:.0f} %"
    if name == "year":
        return say_year(lang, int(value))
    return f"{value:.3f}" if isinstance(value, float) else str(value)
