"""Colours and legends: the one place that says which colour means what, on the map and in the charts.

Turns counts and concentrations into classes, and classes into a `Legend`. Never uses colour alone: every entry
has words, and the PM2.5 classes have the shape that the registry of variables gives them. Never imports Streamlit.
"""

from __future__ import annotations

import html
import urllib.parse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from data.variables import pm25_scale

#: Light to dark in even steps of lightness, so that the order is read also without telling red from green.
COUNT_COLOURS = ("#faf8f2", "#fbeab8", "#f7d38a", "#edb05f", "#d98446", "#b1583a", "#762d27")

#: Upper bounds of the classes, for a day, a week, a month, a season and many seasons. The first is never made finer:
#: two detections in a quiet week must not look like a disaster.
COUNT_BREAKS = (
    (2, 5, 10, 20, 50),
    (10, 25, 50, 100, 250),
    (50, 100, 250, 500, 1000),
    (250, 500, 1000, 2500, 5000),
)

NO_VALUE_COLOUR = "#e4e3df"
DAY_COLOUR = "#e0162b"
NIGHT_COLOUR = "#312a80"
SITE_COLOUR = "#0f7a6c"
#: Colours of sites by issue, told apart also by those who do not see red and green apart.
SITE_COLOURS = {"haze": SITE_COLOUR, "ageing": "#6a4fa3", "ceramics": "#a5562a", "all": "#3d4a4f"}

#: Hours after which a detection is drawn one step paler: this round, this day, three days, older.
AGE_HOURS = (12, 24, 72)


@dataclass(frozen=True)
class Band:
    """One class of a concentration: `low` and `high` both included, an open top is ``inf``.

    `shape` is drawn with the colour: green and orange look alike to one man in twelve.
    """

    low: float
    high: float
    colour: str
    label: str
    shape: str = "fill"


@dataclass(frozen=True)
class Entry:
    """One line of a legend.

    `shape` is ``"fill"``, ``"hatch"``, ``"ring"``, ``"line"``, ``"pin"``, ``"badge"`` or a class shape.
    """

    colour: str
    shape: str
    label: str


@dataclass(frozen=True)
class Legend:
    """What the colours of a map or a chart mean. `note` says the counting rule, the source, the time."""

    title: str
    entries: tuple[Entry, ...]
    note: str = ""


def breaks(values: ArrayLike) -> tuple[int, ...]:
    """Return the upper bounds of the count classes that suit `values`.

    One of the few ladders of `COUNT_BREAKS`, so that two views with about as many detections share their classes:
    the finest ladder that leaves at most one in twenty of the places with detections in the open top class.

    Parameters
    ----------
    values : array_like, shape (n,)
        Counts; missing is NaN.
    """
    counts = np.asarray(values, dtype=float)
    some = counts[np.isfinite(counts) & (counts > 0)]
    if some.size == 0:
        return COUNT_BREAKS[0]
    high = float(np.quantile(some, 0.95))
    return next((ladder for ladder in COUNT_BREAKS if high <= ladder[-1]), COUNT_BREAKS[-1])


def count_classes(values: ArrayLike, bounds: Sequence[int]) -> np.ndarray:
    """Return the class of each count, shape (n,), int: 0 for none, 1 for up to ``bounds[0]``, ...; -1 for missing."""
    counts = np.asarray(values, dtype=float)
    found = np.searchsorted(np.asarray(bounds, dtype=float), counts, side="left") + 1
    found = np.where(counts <= 0, 0, found)
    return np.where(np.isnan(counts), -1, found).astype(int)


def count_labels(bounds: Sequence[int]) -> tuple[str, ...]:
    """Return the words of the count classes: ``0``, ``1–2``, ``3–5``, ..., ``> 50``."""
    lows = (1, *(bound + 1 for bound in bounds[:-1]))
    spans = tuple(f"{low:,}–{high:,}" if low < high else f"{high:,}" for low, high in zip(lows, bounds, strict=True))
    return ("0", *spans, f"> {bounds[-1]:,}")


def count_legend(title: str, bounds: Sequence[int], *, no_value: str = "", note: str = "") -> Legend:
    """Return the legend of a count map; `no_value` is the word for a place that was not counted, if any is shown."""
    labelled = zip(COUNT_COLOURS, count_labels(bounds), strict=True)
    entries = [Entry(colour, "fill", label) for colour, label in labelled]
    if no_value:
        entries.append(Entry(NO_VALUE_COLOUR, "fill", no_value))
    return Legend(title, tuple(entries), note)


def pm25_bands(lang: str) -> tuple[Band, ...]:
    """Return the classes of the Thai index for 24 h means of PM2.5, lowest first, in a language."""
    return tuple(
        Band(one.low, one.high, one.colour, one.label_th if lang == "th" else one.label_en, one.shape)
        for one in pm25_scale().classes
    )


def band_of(value: float | None, bands: Sequence[Band]) -> int:
    """Return the class of one concentration, 0 for the lowest band; -1 when it is missing.

    The value is compared as it is shown, with one decimal, so that a number and its colour never disagree where one
    band ends at 25.0 and the next begins at 25.1. A negative reading is noise about zero and belongs to the first.
    """
    if value is None or np.isnan(value):
        return -1
    shown = round(float(value), 1)
    return max(0, sum(shown >= band.low for band in bands) - 1)


def band_legend(
    title: str,
    bands: Sequence[Band],
    *,
    shapes: bool = True,
    estimated: str = "",
    no_value: str = "",
    note: str = "",
) -> Legend:
    """Return the legend of concentration classes.

    `shapes` when stations are drawn, plain fields otherwise; `estimated` is the word for hatched fields, if any are
    shown.
    """
    entries = [
        Entry(band.colour, band.shape if shapes else "fill", f"{_span(band)} {band.label}".strip()) for band in bands
    ]
    if estimated:
        entries.append(Entry("#ffffff", "hatch", estimated))
    if no_value:
        entries.append(Entry(NO_VALUE_COLOUR, "circle" if shapes and not estimated else "fill", no_value))
    return Legend(title, tuple(entries), note)


def _span(band: Band) -> str:
    return f"≥ {band.low:g}" if np.isinf(band.high) else f"{band.low:g}–{band.high:g}"


def detection_legend(title: str, words: Mapping[str, str], *, note: str = "") -> Legend:
    """Return the legend of single detections; `words` holds ``pass_day``, ``pass_night`` and, if shown, ``placed``."""
    entries = [Entry(DAY_COLOUR, "circle", words["pass_day"]), Entry(NIGHT_COLOUR, "diamond", words["pass_night"])]
    if "placed" in words:
        entries.append(Entry(DAY_COLOUR, "ring", words["placed"]))
    return Legend(title, tuple(entries), note)


def site_legend(title: str, words: Mapping[str, str], *, note: str = "") -> Legend:
    """Return the legend of sites; `words` holds each issue of `SITE_COLOURS` and ``sites_here`` (a number)."""
    pins = [Entry(colour, "pin", words[issue]) for issue, colour in SITE_COLOURS.items()]
    return Legend(title, (*pins, Entry(SITE_COLOUR, "badge", words["sites_here"])), note)


def contrast(one: str, other: str) -> float:
    """Return the WCAG 2 contrast ratio of two ``#rrggbb`` colours, from 1 (equal) to 21 (black on white)."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def ink(colour: str) -> str:
    """Return the text colour, near black or white, that reads better on `colour`."""
    return max(("#111111", "#ffffff"), key=lambda text: contrast(text, colour))


def _luminance(colour: str) -> float:
    channels = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255.0
    # Relative luminance, WCAG 2.2, "relative luminance" in its list of definitions.
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


#: Each shape in a square of 18; the class shapes are those of static/desk/map.js.
_SHAPES = {
    "fill": '<rect x="1" y="2" width="16" height="14" rx="2" fill="{0}" stroke="#8c8a80"/>',
    # The lines are those of the hatch in static/desk/map.js.
    "hatch": '<rect x="1" y="2" width="16" height="14" rx="2" fill="{0}" stroke="#8c8a80"/>'
    '<path d="M2 12 L12 2 M2 7 L7 2 M4 16 L16 4 M9 16 L17 8" stroke="#1f2a2e" stroke-opacity="0.55"/>',
    "circle": '<circle cx="9" cy="9" r="6.5" fill="{0}" stroke="#1f2a2e"/>',
    "square": '<rect x="3" y="3" width="12" height="12" rx="2" fill="{0}" stroke="#1f2a2e"/>',
    "triangle": '<path d="M9 2 L16.5 16 L1.5 16 Z" fill="{0}" stroke="#1f2a2e"/>',
    "diamond": '<path d="M9 1.5 L16.5 9 L9 16.5 L1.5 9 Z" fill="{0}" stroke="#1f2a2e"/>',
    "cross": '<path d="M6 2 H12 V6 H16 V12 H12 V16 H6 V12 H2 V6 H6 Z" fill="{0}" stroke="#1f2a2e"/>',
    "ring": '<circle cx="9" cy="9" r="5.5" fill="#ffffff" stroke="{0}" stroke-width="2.5"/>',
    "line": '<path d="M1 9 L17 9" stroke="{0}" stroke-width="3"/>',
    "pin": '<path d="M9 17 C5 12 3 10 3 7 A6 6 0 0 1 15 7 C15 10 13 12 9 17 Z" fill="{0}"/>'
    '<circle cx="9" cy="7" r="2.4" fill="#ffffff"/>',
    "badge": '<rect x="2" y="3" width="14" height="12" rx="6" fill="#ffffff" stroke="{0}" stroke-width="1.6" '
    'stroke-dasharray="2.5 1.5"/>',
}


def legend_html(legend: Legend) -> str:
    """Return the legend as HTML for ``st.html``: one line that wraps, every text escaped.

    Raises
    ------
    KeyError
        When an entry has a shape that nobody draws.
    """
    items = "".join(
        '<span style="display:inline-flex;align-items:center;gap:6px;white-space:nowrap">'
        f'<img src="{_drawing(entry)}" width="18" height="18" alt="" style="flex:none">'
        f"<span>{html.escape(entry.label)}</span></span>"
        for entry in legend.entries
    )
    note = f'<div style="color:#5a676b;font-size:0.86em">{html.escape(legend.note)}</div>' if legend.note else ""
    return (
        '<div style="font-size:0.92rem;line-height:1.5">'
        '<div style="display:flex;flex-wrap:wrap;gap:2px 14px;align-items:center">'
        f'<strong style="font-weight:600">{html.escape(legend.title)}</strong>{items}</div>{note}</div>'
    )


def _drawing(entry: Entry) -> str:
    """Return the shape as the address of a picture: ``st.html`` takes drawings out of the text, pictures stay."""
    shape = _SHAPES[entry.shape].format(html.escape(entry.colour, quote=True))
    drawing = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 18 18">{shape}</svg>'
    return "data:image/svg+xml," + urllib.parse.quote(drawing)
