"""What the Compare page shows: districts side by side on chosen outcomes, and kinds of measures with their verdicts.

Never measures, never imports Streamlit.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence

import altair as alt
import pandas as pd

from data.clock import season_of
from layers.charts import styled
from layers.effect import percent
from layers.effect_charts import CONTROL, TREATED
from layers.effect_words import say_why
from layers.site_words import kind_name
from layers.words import Lang, say, say_year
from models.desk import Desk
from models.effect import SERVED, Effect
from models.treatment import Treatment


def until(day: dt.date) -> dt.date:
    """Return the last day to compare up to: the day looked at, or the season's end when it lies beyond."""
    start, end = season_of(day)
    return min(max(day, start), end)


def number(value: float) -> str:
    """Return a number for a table; a dash where it is not known."""
    return "–" if math.isnan(value) else f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.1f}".removesuffix(".0")


def districts(desk: Desk, lang: Lang, compared: pd.DataFrame, year: int) -> pd.DataFrame:
    """Return districts side by side in words.

    Parameters
    ----------
    desk : Desk
    lang : str
    compared : DataFrame
        From `models.comparison.compare`.
    year : int
        Of the season looked at.
    """
    names = desk.tambons.drop_duplicates("amphoe").set_index("amphoe")[f"amphoe_{lang}"]
    rows = [
        {
            say(lang, "column.amphoe"): names[row.amphoe],
            say_year(lang, year): number(row.now),
            say_year(lang, year - 1): number(row.last_year),
            say(lang, "compare.change"): percent(row.change),
            say(lang, "compare.band"): say(
                lang, "compare.band_of", low=number(row.low), mean=number(row.mean), high=number(row.high),
                years=row.years,
            )
            if row.years
            else "–",
            say(lang, "compare.neighbours"): number(row.neighbours),
            say(lang, "compare.place"): number(row.place),
        }
        for row in compared.itertuples()
    ]  # fmt: skip
    return pd.DataFrame(rows)


def chart(desk: Desk, lang: Lang, compared: pd.DataFrame, year: int, axis: str) -> alt.Chart | alt.LayerChart:
    """Return this season and the last of each district as points over the band of earlier seasons."""
    names = desk.tambons.drop_duplicates("amphoe").set_index("amphoe")[f"amphoe_{lang}"]
    shown = compared.assign(name=names.reindex(compared["amphoe"]).to_numpy())
    y = alt.Y("name:N", sort=None, title=None, axis=alt.Axis(labelLimit=200))
    district = alt.Tooltip("name:N", title=say(lang, "column.amphoe"))
    bounds = [
        alt.Tooltip(f"{field}:Q", title=say(lang, f"compare.{field}"), format=",.1f")
        for field in ("low", "mean", "high")
    ]
    band = (
        alt.Chart(shown[shown["years"] > 0])
        .mark_bar(color="#e6dcc0", height=18)
        .encode(y=y, x=alt.X("low:Q", title=axis), x2="high:Q", tooltip=[district, *bounds])
    )
    order = [say_year(lang, year - 1), say_year(lang, year)]
    long = pd.concat(
        [
            pd.DataFrame({"name": shown["name"], "value": shown[field], "season": label})
            for field, label in zip(("last_year", "now"), order, strict=True)
        ]
    ).dropna(subset=["value"])
    points = (
        alt.Chart(long)
        .mark_point(filled=True, size=110, opacity=1)
        .encode(
            y=y,
            x=alt.X("value:Q", title=axis, scale=alt.Scale(zero=True), axis=alt.Axis(tickCount=6, tickMinStep=1)),
            color=alt.Color(
                "season:N",
                title=None,
                sort=order,
                scale=alt.Scale(domain=order, range=[CONTROL, TREATED]),
                legend=alt.Legend(orient="top"),
            ),
            shape=alt.Shape("season:N", scale=alt.Scale(domain=order, range=["diamond", "circle"]), legend=None),
            tooltip=[
                district,
                alt.Tooltip("season:N", title=say(lang, "chart.season")),
                alt.Tooltip("value:Q", title=axis, format=",.1f"),
            ],
        )
    )
    return styled(alt.layer(band, points).properties(height=max(140, 44 * len(shown))))


def measures(lang: Lang, found: Sequence[tuple[Treatment, Effect]]) -> pd.DataFrame:
    """Return kinds of measures side by side: how many sites and tambons, the served effect, its verdict and why."""
    rows = []
    for treatment, effect in found:
        served = effect.estimates.set_index("estimator").loc[SERVED]
        low, high = (float(str(served[name])) for name in ("low", "high"))
        rows.append(
            {
                say(lang, "column.kind"): kind_name(lang, treatment.name),
                say(lang, "effect.column.verdict"): say(lang, f"effect.verdict.{effect.verdict.code}"),
                say(lang, "compare.why"): say_why(lang, effect.verdict),
                say(lang, "effect.change"): percent(float(str(served["effect"]))),
                say(lang, "compare.interval"): "–" if math.isnan(low) else f"{percent(low)} … {percent(high)}",
                say(lang, "compare.sites"): len(treatment.sites) + len(treatment.left_out),
                say(lang, "compare.tambons"): len(treatment.first_season),
            }
        )
    return pd.DataFrame(rows)
