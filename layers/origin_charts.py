"""Charts of the Origin page: shares with their range, and the ways of the air over the fires.

Takes tidy tables, returns Altair charts in the colours of the palette. Never reads the store.
"""

from __future__ import annotations

import json

import altair as alt
import numpy as np
import pandas as pd

from layers.charts import styled
from layers.words import Lang, say
from models.burning import Under

_OURS, _AWAY = "#b1583a", "#4a7fb0"
_INK, _QUIET, _FIRE = "#1f2a2e", "#8c8a80", "#d9402b"
#: Room around the ways of the air, degrees, and the least width of the picture.
_ROOM_DEG, _LEAST_DEG = 0.5, 3.0
_MOST_WAYS = 60


def share_bars(lang: Lang, table: pd.DataFrame) -> alt.Chart | alt.LayerChart:
    """Return the shares as bars with their range as lines.

    Parameters
    ----------
    table : DataFrame
        `area` (words), `share`, `low`, `high` in percent, `ours` (bool).
    """
    order = table["area"].tolist()
    base = alt.Chart(table).encode(y=alt.Y("area:N", sort=order, title=None, axis=alt.Axis(labelLimit=180)))
    axis = alt.X(
        "share:Q", title=say(lang, "origin.share_axis"), scale=alt.Scale(domain=[0, 100]), axis=alt.Axis(tickCount=5)
    )
    tooltip = [
        alt.Tooltip("area:N", title=say(lang, "origin.row_area")),
        alt.Tooltip("share:Q", title=say(lang, "origin.row_share"), format=".0f"),
        alt.Tooltip("low:Q", title=say(lang, "origin.row_low"), format=".0f"),
        alt.Tooltip("high:Q", title=say(lang, "origin.row_high"), format=".0f"),
    ]
    names = [say(lang, "origin.ours"), say(lang, "origin.away")]
    base = base.transform_calculate(whose=f"datum.ours ? {json.dumps(names[0])} : {json.dumps(names[1])}")
    colour = alt.Color(
        "whose:N",
        title=None,
        scale=alt.Scale(domain=names, range=[_OURS, _AWAY]),
        legend=alt.Legend(orient="top", labelLimit=0),
    )
    bars = base.mark_bar(size=16).encode(x=axis, color=colour, tooltip=tooltip)
    ranges = base.mark_rule(color=_INK, strokeWidth=2).encode(x="low:Q", x2="high:Q")
    ends = [base.mark_tick(color=_INK, thickness=2, size=12).encode(x=f"{end}:Q") for end in ("low", "high")]
    return styled(alt.layer(bars, ranges, *ends).properties(height=36 * len(table) + 20))


def ways(
    lang: Lang, tracks: pd.DataFrame, under: Under, home: tuple[float, float], height: int = 460
) -> alt.LayerChart:
    """Return the ways of the air over fires and borders.

    Parameters
    ----------
    tracks : DataFrame
        `path`, `hours_back`, `lon`, `lat`; see `models.origin.Origin`.
    home : tuple of float
        Longitude and latitude of the place, drawn as a cross.
    """
    # More ways than this hide the fires under them.
    tracks = tracks[tracks["path"] % (tracks["path"].nunique() // _MOST_WAYS + 1) == 0]
    lon, lat = np.append(tracks["lon"], home[0]), np.append(tracks["lat"], home[1])
    x, y = _window(lon), _window(lat)
    inside = under.fires[under.fires["lon"].between(*x) & under.fires["lat"].between(*y)]
    east = alt.X(
        "lon:Q", scale=alt.Scale(domain=list(x), nice=False), title=None, axis=alt.Axis(format=".0f", tickMinStep=1)
    )
    north = alt.Y(
        "lat:Q", scale=alt.Scale(domain=list(y), nice=False), title=None, axis=alt.Axis(format=".0f", tickMinStep=1)
    )
    borders = [
        alt.Chart(under.borders[under.borders["kind"] == kind])
        .mark_line(clip=True, color=_QUIET if kind == "country" else _INK, strokeWidth=1 if kind == "country" else 2)
        .encode(x=east, y=north, detail="line:N", order="index:Q")
        .transform_window(index="row_number()")
        for kind in ("country", "province")
    ]
    fires = (
        alt.Chart(inside)
        .mark_circle(color=_FIRE, opacity=0.55, clip=True)
        .encode(
            x=east,
            y=north,
            size=alt.Size("frp_mw:Q", scale=alt.Scale(range=[8, 220]), legend=None),
            tooltip=[alt.Tooltip("frp_mw:Q", title=say(lang, "origin.fires"), format=".0f")],
        )
    )
    air = (
        alt.Chart(tracks)
        .mark_line(color=_AWAY, opacity=0.5, strokeWidth=1.2, clip=True)
        .encode(
            x=east,
            y=north,
            detail="path:N",
            order="hours_back:Q",
            tooltip=[alt.Tooltip("hours_back:Q", title=say(lang, "origin.hours_back"))],
        )
    )
    here = (
        alt.Chart(pd.DataFrame({"lon": [home[0]], "lat": [home[1]]}))
        .mark_point(shape="cross", size=160, color=_INK, filled=True)
        .encode(x=east, y=north)
    )
    return styled(alt.layer(*borders, fires, air, here).properties(height=height))


def _window(values: np.ndarray) -> tuple[float, float]:
    low, high = float(values.min()) - _ROOM_DEG, float(values.max()) + _ROOM_DEG
    short = max(0.0, _LEAST_DEG - (high - low)) / 2
    return low - short, high + short
