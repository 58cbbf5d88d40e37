"""The season day by day as a picture: hotspots as bars over the highest PM2.5, up to the day of the briefing.

A day that no stored file reaches is grey, a day without a value breaks the line. Never reads the store.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from briefings.picture import drawn, font

#: Width and height as the picture stands on the page (178 mm wide), so that letters are as large as they are set.
_SIZE_IN = (7.0, 3.5)
_LETTERS_PT, _DOTS = 8.0, 200
_BARS, _LINE, _UNSTORED, _INK = "#b1583a", "#0f5c63", "#dcdad4", "#1b2326"


@dataclass(frozen=True)
class Days:
    """What is drawn: the whole season's days, each value missing where there is none.

    Attributes
    ----------
    hotspots : Series of float, or None
        By day; NaN where no stored file reaches the day. None draws no bars.
    pm25 : Series of float, or None
        The highest station of each day, µg/m³; NaN where none measured. None draws no line.
    until : date
        The day of the briefing; days after it stay white.
    limit : float or None
        The 24 h standard, µg/m³.
    """

    hotspots: pd.Series | None
    pm25: pd.Series | None
    until: dt.date
    limit: float | None


@dataclass(frozen=True)
class Words:
    """The words of the picture: names of both panels, of the standard, of a grey day, and of the months by number."""

    hotspots: str
    pm25: str
    limit: str
    not_stored: str
    months: dict[int, str]


def season_chart(days: Days, words: Words, *, form: str = "svg") -> bytes:
    """Draw the season.

    Parameters
    ----------
    days : Days
        At least one of its two series.
    words : Words
    form : str
        ``svg`` or ``png``.

    Returns
    -------
    bytes
    """
    from matplotlib.figure import Figure

    panels = [(draw, values) for draw, values in ((_hotspots, days.hotspots), (_air, days.pm25)) if values is not None]
    figure = Figure(figsize=(_SIZE_IN[0], _SIZE_IN[1] * len(panels) / 2))
    all_axes = figure.subplots(len(panels), sharex=True, squeeze=False)[:, 0]
    for axes, (draw, values) in zip(all_axes, panels, strict=True):
        draw(axes, values, days, words)
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_xlim(0, len(values))
        axes.axvline(_at(values, days.until) + 1, color=_INK, linewidth=0.6, linestyle=":")
        _label_months(axes, pd.DatetimeIndex(values.index), words)
        for text in (*axes.get_yticklabels(), *axes.get_xticklabels(), *axes.texts):
            text.set_fontproperties(font("Regular"))
            text.set_fontsize(_LETTERS_PT)
    figure.tight_layout(pad=0.3, h_pad=0.9)
    return drawn(figure, form, _DOTS)


def _at(values: pd.Series, day: dt.date) -> int:
    return int((pd.Timestamp(day) - pd.DatetimeIndex(values.index)[0]).days)


def _hotspots(axes: Any, values: pd.Series, days: Days, words: Words) -> None:
    at = np.arange(len(values)) + 0.5
    past = np.arange(len(values)) <= _at(values, days.until)
    grey = past & values.isna().to_numpy()
    top = max(float(values.max(skipna=True)) if values.notna().any() else 0.0, 1.0)
    axes.bar(at[grey], top, width=1.0, color=_UNSTORED)
    axes.bar(at, values.fillna(0.0), width=0.85, color=_BARS)
    title = f"{words.hotspots} · {words.not_stored}" if grey.any() else words.hotspots
    _name(axes, title)
    axes.yaxis.get_major_locator().set_params(integer=True)


def _air(axes: Any, values: pd.Series, days: Days, words: Words) -> None:
    at = np.arange(len(values)) + 0.5
    axes.plot(at, values, color=_LINE, linewidth=1.2, marker="o", markersize=1.8)
    axes.set_ylim(bottom=0)
    if days.limit is not None:
        axes.axhline(days.limit, color=_INK, linewidth=0.7, linestyle="--")
        axes.text(len(values), days.limit, words.limit, ha="right", va="bottom")
    _name(axes, words.pm25)


def _name(axes: Any, title: str) -> None:
    axes.set_title(title, loc="left", fontproperties=font("SemiBold"), fontsize=_LETTERS_PT + 1)


def _label_months(axes: Any, days: pd.DatetimeIndex, words: Words) -> None:
    firsts = np.flatnonzero(days.day == 1)
    axes.set_xticks(firsts, [words.months[int(days[at].month)] for at in firsts], ha="left")
