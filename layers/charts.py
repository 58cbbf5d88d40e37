"""Charts as Altair specifications, in the colours of the palette and the user's language.

Takes tidy tables, returns charts; testable without Streamlit. Never reads the store.
"""

from __future__ import annotations

import altair as alt
import pandas as pd

from layers import palette
from layers.words import Lang, say, say_day, say_year

_FONT = "Sarabun, Loma, sans-serif"
_INK = "#1f2a2e"
_QUIET = "#8c8a80"
#: The year looked at, then the earlier ones from newest to oldest.
_YEARS = ("#b02f2a", "#0f5c63", "#4a7fb0", "#8a8f2c", "#7a4a68", "#8c8a80", "#c9a227", "#5d6b70")


def styled(chart: alt.Chart | alt.LayerChart) -> alt.Chart | alt.LayerChart:
    """Return a chart in the desk's fonts and colours of axes."""
    return (
        chart.configure(font=_FONT)
        .configure_axis(
            labelColor=_INK,
            titleColor=_INK,
            labelFontSize=12,
            titleFontSize=12,
            gridColor="#e8e5dd",
            domainColor=_QUIET,
        )
        .configure_legend(labelColor=_INK, titleColor=_INK, labelFontSize=12, titleFontSize=12)
        .configure_view(stroke=None)
    )


def _days(lang: Lang, index: pd.DatetimeIndex) -> list[str]:
    return [say_day(lang, day.date()) for day in index]


def daily_bars(lang: Lang, counts: pd.Series, stored: pd.Series, *, height: int = 150) -> alt.Chart | alt.LayerChart:
    """Return detections per day as bars; a day that no stored file reaches is hatched grey, not zero."""
    table = pd.DataFrame(
        {"day": counts.index, "count": counts.to_numpy(), "stored": stored.reindex(counts.index).to_numpy()}
    )
    table["label"] = _days(lang, pd.DatetimeIndex(table["day"]))
    table["state"] = [
        say(lang, "chart.count", count=n) if ok else say(lang, "chart.not_stored")
        for n, ok in zip(table["count"], table["stored"], strict=True)
    ]
    top = max(int(table["count"].max()), 1)
    gaps = table[~table["stored"]].assign(top=top)
    # A day is drawn from its noon back and forth, so that bars stand over their dates.
    axis = alt.Axis(title=None, format="%d/%m", tickCount=6, labelOverlap=True)
    tooltip = [
        alt.Tooltip("label:N", title=say(lang, "chart.day")),
        alt.Tooltip("state:N", title=say(lang, "chart.hotspots")),
    ]
    x = alt.X("yearmonthdate(day):T", axis=axis)
    bars = (
        alt.Chart(table[table["stored"]])
        .mark_bar(color=palette.COUNT_COLOURS[4])
        .encode(
            x=x, y=alt.Y("count:Q", title=say(lang, "chart.hotspots"), axis=alt.Axis(tickMinStep=1)), tooltip=tooltip
        )
    )
    grey = alt.Chart(gaps).mark_bar(color=palette.NO_VALUE_COLOUR, opacity=0.7).encode(x=x, y="top:Q", tooltip=tooltip)
    return styled(alt.layer(grey, bars).properties(height=height))


def season_lines(lang: Lang, table: pd.DataFrame, *, height: int = 320) -> alt.Chart | alt.LayerChart:
    """Return running totals of seasons over the day of the season.

    Parameters
    ----------
    table : DataFrame
        `season` (int), `day` (1 = 1 January), `total`; missing where no stored file reaches the day,
        which breaks the line.
    """
    years = sorted(table["season"].unique(), reverse=True)
    shown = table.assign(
        name=[say_year(lang, year) for year in table["season"]],
        date=[pd.Timestamp(2001, 1, 1) + pd.Timedelta(days=int(day) - 1) for day in table["day"]],
    )
    colours = alt.Scale(domain=[say_year(lang, year) for year in years], range=list(_YEARS[: len(years)]))
    base = alt.Chart(shown).encode(
        x=alt.X("date:T", title=None, axis=alt.Axis(format="%d/%m", tickCount="month")),
        y=alt.Y("total:Q", title=say(lang, "chart.total")),
        color=alt.Color("name:N", scale=colours, title=say(lang, "chart.season"), sort=None),
    )
    lines = base.mark_line(strokeWidth=2.4, point=alt.OverlayMarkDef(size=14)).encode(
        tooltip=[
            alt.Tooltip("name:N", title=say(lang, "chart.season")),
            alt.Tooltip("date:T", format="%d/%m", title=say(lang, "chart.day")),
            alt.Tooltip("total:Q", title=say(lang, "chart.total"), format=","),
        ]
    )
    return styled(lines.properties(height=height))


def calendar(lang: Lang, counts: pd.Series, stored: pd.Series, *, height: int = 190) -> alt.Chart | alt.LayerChart:
    """Return a month by day calendar of detections; grey is "not stored"."""
    table = pd.DataFrame({"date": counts.index, "count": counts.to_numpy(), "stored": stored.to_numpy()})
    table["month"] = [say(lang, f"month.short.{stamp.month}") for stamp in table["date"]]
    table["day"] = [stamp.day for stamp in table["date"]]
    table["label"] = _days(lang, pd.DatetimeIndex(table["date"]))
    bounds = palette.breaks(table["count"].to_numpy())
    classes = palette.count_classes(table["count"].to_numpy(), bounds)
    table["colour"] = [
        palette.COUNT_COLOURS[c] if ok else palette.NO_VALUE_COLOUR
        for c, ok in zip(classes, table["stored"], strict=True)
    ]
    table["ink"] = [palette.ink(colour) for colour in table["colour"]]
    table["shown"] = [str(n) if ok and n else "" for n, ok in zip(table["count"], table["stored"], strict=True)]
    table["state"] = [
        say(lang, "chart.count", count=n) if ok else say(lang, "chart.not_stored")
        for n, ok in zip(table["count"], table["stored"], strict=True)
    ]
    months = list(dict.fromkeys(table["month"]))
    base = alt.Chart(table).encode(
        x=alt.X("day:O", title=None, axis=alt.Axis(labelAngle=0, labelOverlap=True)),
        y=alt.Y("month:N", sort=months, title=None),
    )
    cells = base.mark_rect(stroke="#ffffff").encode(
        color=alt.Color("colour:N", scale=None),
        tooltip=[
            alt.Tooltip("label:N", title=say(lang, "chart.day")),
            alt.Tooltip("state:N", title=say(lang, "chart.hotspots")),
        ],
    )
    # On a phone a cell is nine dots wide: two figures fit small, three are for the tooltip.
    size = alt.expr("width >= 480 ? 10 : datum.count < 100 ? 6.5 : 0")
    numbers = base.mark_text(fontSize=size).encode(text="shown:N", color=alt.Color("ink:N", scale=None))
    return styled(alt.layer(cells, numbers).properties(height=height))


def area_bars(lang: Lang, table: pd.DataFrame, *, height: int = 340) -> alt.Chart | alt.LayerChart:
    """Return counts by area or class as bars with their numbers, largest first.

    Parameters
    ----------
    table : DataFrame
        `name`, `count`, `group` (text, such as the season).
    """
    groups = list(dict.fromkeys(table["group"]))
    order = table.groupby("name")["count"].max().sort_values(ascending=False).index.tolist()
    base = alt.Chart(table).encode(
        y=alt.Y("name:N", sort=order, title=None, axis=alt.Axis(labelLimit=220)),
        x=alt.X("count:Q", title=say(lang, "chart.hotspots"), axis=alt.Axis(tickMinStep=1)),
        yOffset=alt.YOffset("group:N", sort=groups),
        color=alt.Color(
            "group:N",
            scale=alt.Scale(domain=groups, range=list(_YEARS[: len(groups)])),
            title=say(lang, "chart.season"),
            legend=alt.Legend(orient="top"),
        ),
        tooltip=[
            alt.Tooltip("name:N", title=say(lang, "chart.area")),
            alt.Tooltip("group:N", title=say(lang, "chart.season")),
            alt.Tooltip("count:Q", title=say(lang, "chart.hotspots"), format=","),
        ],
    )
    text = base.mark_text(align="left", dx=3, fontSize=11).encode(
        text=alt.Text("count:Q", format=","), color=alt.value(_INK)
    )
    return styled(alt.layer(base.mark_bar(), text).properties(height=height))


def pm25_lines(
    lang: Lang, table: pd.DataFrame, limit: float | None, *, height: int = 260
) -> alt.Chart | alt.LayerChart:
    """Return daily PM2.5 per station with the standard in force.

    Parameters
    ----------
    table : DataFrame
        `day` (datetime64), `pm25` (µg/m³), `station` (name); a day without a value breaks the line.
    limit : float or None
        The 24 h standard, µg/m³; None where there was none yet.
    """
    line = (
        alt.Chart(table)
        .mark_line(point=alt.OverlayMarkDef(size=18), strokeWidth=1.6)
        .encode(
            x=alt.X("day:T", title=None, axis=alt.Axis(format="%d/%m", tickCount=8)),
            y=alt.Y("pm25:Q", title=say(lang, "chart.pm25")),
            color=alt.Color(
                "station:N",
                title=None,
                scale=alt.Scale(range=["#b02f2a", "#0f5c63", "#4a7fb0", "#8a8f2c"]),
                legend=alt.Legend(orient="top", columns=1, labelLimit=300),
            ),
            tooltip=[
                alt.Tooltip("station:N", title=say(lang, "column.station")),
                alt.Tooltip("day:T", format="%d/%m/%Y", title=say(lang, "chart.day")),
                alt.Tooltip("pm25:Q", format=".1f", title=say(lang, "chart.pm25")),
            ],
        )
    )
    if limit is None:
        return styled(line.properties(height=height))
    return styled(alt.layer(line, *_limit_rule(lang, limit)).properties(height=height))


def air_band(
    lang: Lang, table: pd.DataFrame, limit: float | None, pattern: str, *, height: int = 210
) -> alt.Chart | alt.LayerChart:
    """Return one place's PM2.5 as a line inside its 90 % interval, with the standard in force.

    Parameters
    ----------
    table : DataFrame
        `time` (local, no zone), `pm25`, `low`, `high` (µg/m³) and `state` (words).
    limit : float or None
        The 24 h standard, µg/m³; None where there was none yet.
    pattern : str
        How a time is written, such as ``"%d/%m"``.
    """
    x = alt.X("time:T", title=None, axis=alt.Axis(format="%d/%m", tickCount=6, labelOverlap=True))
    base = alt.Chart(table).encode(x=x)
    band = base.mark_area(color=_YEARS[2], opacity=0.28).encode(
        y=alt.Y("low:Q", title=say(lang, "chart.pm25")), y2="high:Q"
    )
    line = base.mark_line(color=_YEARS[1], strokeWidth=1.8, point=alt.OverlayMarkDef(size=16, color=_YEARS[1])).encode(
        y="pm25:Q",
        tooltip=[
            alt.Tooltip("time:T", format=pattern, title=say(lang, "chart.day")),
            alt.Tooltip("pm25:Q", format=".1f", title=say(lang, "chart.pm25")),
            alt.Tooltip("low:Q", format=".0f", title=say(lang, "air.low")),
            alt.Tooltip("high:Q", format=".0f", title=say(lang, "air.high")),
            alt.Tooltip("state:N", title=say(lang, "air.how")),
        ],
    )
    layers = [band, line]
    if limit is not None:
        layers += _limit_rule(lang, limit)
    return styled(alt.layer(*layers).properties(height=height))


def _limit_rule(lang: Lang, limit: float) -> list[alt.Chart]:
    """Return the dashed line of the standard and its name."""
    rule = alt.Chart(pd.DataFrame({"limit": [limit]})).mark_rule(color=_INK, strokeDash=[5, 4]).encode(y="limit:Q")
    name = (
        alt.Chart(pd.DataFrame({"limit": [limit], "text": [say(lang, "chart.limit", limit=f"{limit:g}")]}))
        .mark_text(align="left", baseline="bottom", dx=4, dy=-3, color=_INK, fontSize=11)
        .encode(y="limit:Q", x=alt.value(0), text="text:N")
    )
    return [rule, name]


def fan(lang: Lang, table: pd.DataFrame, *, height: int = 220) -> alt.Chart | alt.LayerChart:
    """Return the measured past as a line and the days ahead as a line in a band.

    Parameters
    ----------
    table : DataFrame
        `day` (datetime64), `pm25`, `low`, `high` (µg/m³), `ahead` (bool).
    """
    axis = alt.Axis(title=None, format="%d/%m", tickCount=8, labelOverlap=True)
    shown = table.assign(label=_days(lang, pd.DatetimeIndex(table["day"])))
    tooltip = [
        alt.Tooltip("label:N", title=say(lang, "chart.day")),
        alt.Tooltip("pm25:Q", format=".0f", title=say(lang, "chart.pm25")),
        alt.Tooltip("low:Q", format=".0f", title=say(lang, "chart.low")),
        alt.Tooltip("high:Q", format=".0f", title=say(lang, "chart.high")),
    ]
    x = alt.X("yearmonthdate(day):T", axis=axis)
    y = alt.Y("pm25:Q", title=say(lang, "chart.pm25"), scale=alt.Scale(zero=True))
    ahead = alt.Chart(shown[shown["ahead"]])
    band = ahead.mark_area(color=_YEARS[0], opacity=0.18).encode(x=x, y=alt.Y("low:Q"), y2="high:Q")
    line = ahead.mark_line(color=_YEARS[0], strokeDash=[6, 3], point=alt.OverlayMarkDef(size=36, color=_YEARS[0]))
    past = alt.Chart(shown[~shown["ahead"]]).mark_line(color=_INK, point=alt.OverlayMarkDef(size=22, color=_INK))
    lines = [one.encode(x=x, y=y, tooltip=tooltip) for one in (past, line)]
    return styled(alt.layer(band, *_limit_rule(lang, 37.5), *lines).properties(height=height))
