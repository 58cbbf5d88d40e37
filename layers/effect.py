"""What the Effect page and the command line say of an effect: verdict, reasons and figures in words.

Never measures, never imports Streamlit.
"""

from __future__ import annotations

from typing import Any

from layers.words import Lang, say
from models.verdict import Reason, Verdict

#: Numbers of a reason that are shares.
_SHARES = frozenset({"seen", "wanted", "change"})


def say_reason(lang: Lang, reason: Reason) -> str:
    """Return a reason in words, its numbers as they are written in that language."""
    return say(lang, f"effect.why.{reason.key}", **{name: _number(lang, name, v) for name, v in reason.numbers.items()})


def say_why(lang: Lang, verdict: Verdict) -> str:
    """Return why a verdict is what it is."""
    return "; ".join(say_reason(lang, reason) for reason in verdict.reasons)


def _number(lang: Lang, name: str, value: Any) -> str:
    if name in _SHARES:
        return f"{100 * value:.0f} %"
    if name == "year":
        return str(int(value) + (543 if lang == "th" else 0))
    return f"{value:.3f}" if isinstance(value, float) else str(value)
