"""Large numbers as cards: a name, a value, what it rests on. Every text is escaped. Never works anything out."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One large number with its name and what it rests on."""

    label: str
    value: str
    detail: str = ""
    colour: str = ""
    unit: str = ""


def figures_html(figures: Sequence[Figure]) -> str:
    """Return figures as cards that stand side by side and wrap on a phone; every text escaped."""
    cards = "".join(
        '<div style="flex:1 1 150px;min-width:140px;border:1px solid #d9d5cc;border-radius:8px;padding:10px 11px;'
        f'background:#fff;border-top:5px solid {html.escape(figure.colour or "#d9d5cc", quote=True)}">'
        f'<div style="font-size:0.92rem;color:#3c484c">{html.escape(figure.label)}</div>'
        f'<div style="font-size:1.65rem;font-weight:600;line-height:1.25">'
        f"{html.escape(figure.value)}{_unit(figure.unit)}</div>"
        f'<div style="font-size:0.86rem;color:#4f5b5f">{html.escape(figure.detail)}</div></div>'
        for figure in figures
    )
    return f'<div style="display:flex;flex-wrap:wrap;gap:10px">{cards}</div>'


def _unit(unit: str) -> str:
    """Return a unit smaller than its number, which it must not push onto a second line."""
    return f' <span style="font-size:0.82rem;white-space:nowrap">{html.escape(unit)}</span>' if unit else ""
