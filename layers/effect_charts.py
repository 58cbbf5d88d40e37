"""Charts of effects: intervals of the methods, season by season from the start, and the paths of both groups.

Takes tidy tables, returns Altair charts in the palette's colours and the user's language. Never reads the store.
"""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from layers.charts import styled
from layers.words import Lang, say, say_year
from models.effect import SERVED
from models.verdict import MATTERS

TREATED, CONTROL, MIXED, RING = "#b02f2a", "#0f5c63", "#8a8f2c", "#e0c068"
_INK, _BAND = "#1f2a2e", "#f1ece0"
#: Widest change drawn, fractions: beyond it an interval runs off the picture.
_LOWEST, _HIGHEST = -1.0, 1.5


def intervals(lang: Lang, table: pd.DataFrame, *, height: int = 190) -> alt.Chart | alt.LayerChart:
    """Return estimate and interval of each method; within the shaded band a change is too small to matter.

    Parameters
    ----------
    table : DataFrame
        `Effect.estimates` with at least one estimate.
    """
    shown = table[table["effect"].notna()].copy()
    shown["name"] = [say(lang, f"effect.method.{name}") for name in shown["estimator"]]
    shown["served"] = shown["estimator"] == SERVED
    shown["from"] = shown["low"].fillna(shown["effect"]).clip(_LOWEST, _HIGHEST)
    shown["to"] = shown["high"].replace(np.inf, _HIGHEST).fillna(shown["effect"]).clip(_LOWEST, _HIGHEST)
    shown["at"] = shown["effect"].clip(_LOWEST, _HIGHEST)
    order = shown["name"].tolist()
    scale = alt.Scale(domain=[_LOWEST, _HIGHEST])
    axis = alt.Axis(format="+.0%", title=say(lang, "effect.axis"), values=[-1, -0.5, -0.3, 0, 0.5, 1, 1.5])
    y = alt.Y("name:N", sort=order, title=None, axis=alt.Axis(labelLimit=240))
    colour = alt.condition(alt.datum.served, alt.value(TREATED), alt.value("#8c8a80"))
    base = alt.Chart(shown)
    tooltip = ["name:N", *(alt.Tooltip(f"{one}:Q", format="+.0%") for one in ("low", "effect", "high"))]
    lines = base.mark_rule(strokeWidth=4).encode(
        y=y, x=alt.X("from:Q", scale=scale, axis=axis), x2="to:Q", color=colour, tooltip=tooltip
    )
    points = base.mark_point(filled=True, size=90, opacity=1).encode(
        y=y, x=alt.X("at:Q", scale=scale, axis=axis), color=colour, tooltip=tooltip
    )
    band = (
        alt.Chart(pd.DataFrame({"low": [MATTERS], "high": [1 / (1 + MATTERS) - 1]}))
        .mark_rect(color=_BAND)
        .encode(x=alt.X("low:Q", scale=scale, axis=axis), x2="high:Q")
    )
    zero = alt.Chart(pd.DataFrame({"zero": [0.0]})).mark_rule(color=_INK, strokeDash=[4, 3]).encode(x="zero:Q")
    return styled(alt.layer(band, zero, lines, points).properties(height=height))


def event_study(lang: Lang, table: pd.DataFrame, *, height: int = 260) -> alt.Chart | alt.LayerChart:
    """Return the difference of treated and controls by season from the start, with its band.

    Parameters
    ----------
    table : DataFrame
        From `models.paths.event_study`.
    """
    first, last = int(table["season"].min()), int(table["season"].max())
    ends = {first: "≤ {}", last: "≥ {}"}
    shown = table.assign(
        label=[ends.get(int(one), "{}").format(f"{int(one):+d}" if one else "0") for one in table["season"]],
        when=np.where(table["season"] < 0, say(lang, "effect.before"), say(lang, "effect.after")),
        from_=table["low"].clip(_LOWEST, _HIGHEST),
        to=table["high"].clip(_LOWEST, _HIGHEST),
        at=table["effect"].clip(_LOWEST, _HIGHEST),
    )
    order = shown["label"].tolist()
    x = alt.X("label:N", sort=order, title=say(lang, "effect.since"), axis=alt.Axis(labelAngle=0))
    when = alt.Color(
        "when:N",
        title=None,
        scale=alt.Scale(domain=[say(lang, "effect.before"), say(lang, "effect.after")], range=[CONTROL, TREATED]),
        legend=alt.Legend(orient="top"),
    )
    axis = alt.Axis(format="+.0%", title=say(lang, "effect.axis"))
    tooltip = ["label:N", *(alt.Tooltip(f"{one}:Q", format="+.0%") for one in ("low", "effect", "high")), "tambons:Q"]
    base = alt.Chart(shown)
    bars = base.mark_rule(strokeWidth=3).encode(x=x, y=alt.Y("from_:Q", axis=axis), y2="to:Q", color=when)
    points = base.mark_point(filled=True, size=80, opacity=1).encode(
        x=x, y=alt.Y("at:Q", axis=axis), color=when, tooltip=tooltip
    )
    zero = alt.Chart(pd.DataFrame({"zero": [0.0]})).mark_rule(color=_INK, strokeDash=[4, 3]).encode(y="zero:Q")
    return styled(alt.layer(zero, bars, points).properties(height=height))


def paths(lang: Lang, table: pd.DataFrame, *, height: int = 260) -> alt.Chart | alt.LayerChart:
    """Return treated, controls and the mix of controls by season, each in shares of its own earlier mean.

    Parameters
    ----------
    table : DataFrame
        `Effect.path`.
    """
    years = [say_year(lang, int(one)) for one in table["season"]]
    names = {name: say(lang, f"effect.group.{name}") for name in ("treated", "controls", "mixed")}
    long = table.assign(season=years).rename(columns=names).melt("season", var_name="group", value_name="share")
    lines = (
        alt.Chart(long)
        .mark_line(point=alt.OverlayMarkDef(size=30), strokeWidth=2.2)
        .encode(
            x=alt.X("season:O", title=None, axis=alt.Axis(labelAngle=0, labelOverlap=True)),
            y=alt.Y("share:Q", title=say(lang, "effect.share"), axis=alt.Axis(format=".1f")),
            color=alt.Color(
                "group:N",
                title=None,
                sort=list(names.values()),
                scale=alt.Scale(domain=list(names.values()), range=[TREATED, CONTROL, MIXED]),
                legend=alt.Legend(orient="top", columns=1, labelLimit=300),
            ),
            tooltip=["season:O", "group:N", alt.Tooltip("share:Q", format=".2f")],
        )
    )
    return styled(alt.layer(lines).properties(height=height))
