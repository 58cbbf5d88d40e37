"""What the Today page shows: the chosen day or period on the map, its figures, and the panel of a tambon.

Builds words and tables from a desk and a view. Never imports Streamlit.
"""

from __future__ import annotations

import datetime as dt
import html
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from data import places
from data.clock import day_bounds, season_of
from data.errors import NotStored
from layers import air as air_words
from layers import palette
from layers.danger_page import Fill
from layers.figures import Figure
from layers.grid_layer import grid_layer
from layers.map import Shown, StationMark, map_values
from layers.palette import Legend
from layers.site_words import haze_counts, legend_of_sites, listed, site_marks, site_shapes
from layers.stored import age
from layers.view import View
from layers.words import Lang, say, say_day, say_time
from models.air import thai_aqi
from models.desk import Desk

#: Hours after which the newest row turns amber, then red. A satellite passes about every six hours; a station publishes
#: hourly, but those of Lampang fall silent after midnight and fill in later.
FRESH_HOURS = {"hotspots": (12, 24), "readings": (5, 24)}
#: Gives how many detections of Thai days, both included, lie at permanent heat.
AtHeat = Callable[[dt.date, dt.date], int]


def no_heat(first: dt.date, last: dt.date) -> int:
    """Know of no permanent heat."""
    del first, last
    return 0


@dataclass(frozen=True)
class Today:
    """Everything the page needs, worded."""

    title: str
    freshness: str
    figures: list[Figure]
    values: dict[str, Any]
    legends: list[Legend]
    table: pd.DataFrame
    rule: str
    warnings: list[str]
    heat_note: str


@dataclass(frozen=True)
class Panel:
    """One tambon in words and tables."""

    title: str
    subtitle: str
    figures: list[Figure]
    trend: tuple[pd.Series, pd.Series] | None
    station: str
    sites: list[dict[str, str]]
    amphoe_sites: list[dict[str, str]]
    detections: pd.DataFrame
    coordinates: str


def freshness_html(desk: Desk, lang: Lang) -> str:
    """Return how old the newest stored detections and readings are, in green, amber or red and in words."""
    chips = []
    for kind, (amber_h, red_h) in FRESH_HOURS.items():
        newest = desk.newest_of(kind)
        if newest is None:
            colour, text = palette.NO_VALUE_COLOUR, say(lang, f"today.none_{kind}")
        else:
            minutes = max(0, int((desk.now() - newest).total_seconds() // 60))
            colour = "#f6c8c4" if minutes > red_h * 60 else "#fde3b0" if minutes > amber_h * 60 else "#d5ecd9"
            text = say(lang, f"today.newest_{kind}", time=say_time(lang, newest), age=age(lang, minutes))
        chips.append(
            f'<span data-kind="{kind}" style="background:{colour};border-radius:8px;padding:3px 10px;font-size:0.9rem">'
            f"{html.escape(text)}</span>"
        )
    return f'<div style="display:flex;flex-wrap:wrap;gap:6px">{"".join(chips)}</div>'


def name(lang: Lang, row: Any, level: str = "tambon") -> str:
    """Return the name of a tambon or amphoe row in the user's language."""
    return str(row[f"{level}_th"] if lang == "th" else row[f"{level}_en"])


def station_values(desk: Desk, day: dt.date) -> pd.DataFrame:
    """Return PM2.5 per station of the place for a day: the newest running 24 h mean, else the mean of the day.

    Returns
    -------
    DataFrame
        Station columns and `pm25`, `averaging`, `time` (UTC or missing); missing where nothing is stored.
    """
    table = desk.stations.assign(pm25=np.nan, averaging="").set_index("station_id", drop=False)
    table["time"] = pd.Series(pd.NaT, index=table.index, dtype="datetime64[us, UTC]")
    for averaging in ("PT24H", "P1D"):
        try:
            series = desk.air(day, day, averaging)
        except NotStored:
            break
        series = series[series["pm25"].notna()].drop_duplicates("code", keep="last")
        for row in series.itertuples():
            if row.code in table.index and np.isnan(table.at[row.code, "pm25"]):
                table.loc[row.code, ["pm25", "averaging"]] = [row.pm25, averaging]
                table.at[row.code, "time"] = pd.Timestamp(row.time) if averaging == "PT24H" else pd.NaT
    return table.reset_index(drop=True)


def build(
    desk: Desk,
    view: View,
    sites: pd.DataFrame,
    points_url: str,
    left_out: int,
    at_heat: AtHeat = no_heat,
    given: Fill | None = None,
) -> Today:
    """Return the page of a view.

    Parameters
    ----------
    desk : Desk
    view : View
    sites : DataFrame
        Those of the place, from `Registry.sites`.
    points_url : str
        Address of the packed detections of the period.
    left_out : int
        Detections that are counted but too many to draw.
    at_heat : callable
        See `AtHeat`.
    given : Fill, optional
        Of a theme that another page works out: danger, chance.
    """
    lang = view.lang
    first, last = view.period
    if not (desk.seasons or desk.air_years):
        raise NotStored("neither detections nor readings are stored", key="no_hotspots", hint="import a file first")
    counted = _counted(desk, view)
    air = station_values(desk, view.day)
    missing = desk.days_not_stored(first, last, view.satellites)
    warnings = []
    if not desk.seasons:
        warnings.append(say(lang, "error.no_hotspots"))
    elif missing:
        key = "today.days_missing" if last > first else "today.day_missing"
        warnings.append(say(lang, key, missing=missing, days=(last - first).days + 1))
    if left_out:
        warnings.append(say(lang, "today.points_left_out", count=f"{left_out:,}"))
    day = air_words.of_day(desk, view) if view.theme == "pm25" else None
    if given is not None:
        colours, fills, legend, tip = given.colours, given.tambons, given.legend, (given.tip, "")
    elif day is not None:
        colours, fills, legend, tip = _pm25_fills(desk, view, day)
    else:
        colours, fills, legend, tip = _fills(desk, view, counted, missing)
    start, end = day_bounds(first, last)
    values = map_values(
        lang=lang,
        colours=colours,
        tambons=fills,
        hatched=() if day is None else day.estimated,
        tip=tip,
        chosen=view.tambon,
        points_url=points_url,
        shown=Shown(start=start, end=end, now=min(end, desk.now()), satellites=view.satellites),
        stations=_station_marks(lang, air),
        sites=site_marks(lang, sites),
        site_counts=haze_counts(sites),
        grid=grid_layer(desk, "pm25", view.day, palette.pm25_bands(lang)) if view.theme == "pm25" else None,
        site_shapes=site_shapes(lang, sites),
        credit=outline_credit(desk, lang),
    )
    legends = [
        legend,
        palette.detection_legend(say(lang, "today.points"), _detection_words(desk, lang)),
        legend_of_sites(lang),
    ]
    figures = _figures(desk, view, sites, counted, air, at_heat)
    table = _table(desk, view, sites, counted)
    if day is not None:
        figures.append(air_words.people_over(desk, view, day))
        table = table.merge(air_words.day_columns(lang, day), on="code", how="left")
    if given is not None:
        table[given.tip] = table["code"].map({code: text for code, (_, text) in given.tambons.items()})
    return Today(
        title=period_title(view),
        freshness=freshness_html(desk, lang),
        figures=figures,
        values=values,
        legends=legends,
        table=table,
        rule=_rule(lang, view),
        warnings=warnings,
        heat_note=heat_note(lang, at_heat(first, last) or at_heat(*_season(view))),
    )


def _counted(desk: Desk, view: View) -> pd.DataFrame:
    """Return the counts by tambon; without any stored detection zeros, which the page shows as not stored."""
    if desk.seasons:
        return desk.counts("tambon", *view.period, view.satellites)
    table = desk.tambons.rename(columns={"tambon": "code", "tambon_th": "name_th", "tambon_en": "name_en"})
    return pd.DataFrame(table[["code", "name_th", "name_en"]]).assign(count=0, count_shared=0.0)


def _known(desk: Desk, first: dt.date, last: dt.date, satellites: tuple[str, ...]) -> bool:
    return desk.days_not_stored(first, last, satellites) <= (last - first).days


def period_title(view: View) -> str:
    """Return the days that a view adds up, in words."""
    lang, (first, last) = view.lang, view.period
    if first == last:
        return say(lang, "today.title_day", day=say_day(lang, last, short=False))
    return say(lang, "today.title_period", first=say_day(lang, first), last=say_day(lang, last))


def _rule(lang: Lang, view: View) -> str:
    names = ", ".join(say(lang, f"satellite.{code}") for code in view.satellites)
    return say(lang, "today.rule", satellites=names)


def outline_credit(desk: Desk, lang: Lang) -> str:
    """Return the line that names the authority of the outline."""
    return say(lang, f"today.credit_{'generalised' if desk.outline_detail == 'generalised' else 'official'}")


def _detection_words(desk: Desk, lang: Lang) -> dict[str, str]:
    words = {key: say(lang, f"legend.{key}") for key in ("pass_day", "pass_night")}
    if desk.is_sample:
        words["placed"] = say(lang, "legend.placed")
    return words


def _pm25_fills(
    desk: Desk, view: View, day: air_words.DayAir
) -> tuple[tuple[str, ...], dict[str, tuple[int | None, str]], Legend, tuple[str, str]]:
    lang = view.lang
    bands = palette.pm25_bands(lang)
    legend = palette.band_legend(
        say(lang, "today.pm25_legend"),
        bands,
        estimated=say(lang, "air.estimated_legend"),
        no_value=say(lang, "air.cannot_tell"),
        note=_instrument_note(desk, view),
    )
    return tuple(band.colour for band in bands), day.fills, legend, (say(lang, "today.pm25"), "")


def _fills(
    desk: Desk, view: View, counted: pd.DataFrame, missing: int
) -> tuple[tuple[str, ...], dict[str, tuple[int | None, str]], Legend, tuple[str, str]]:
    lang = view.lang
    bounds = palette.breaks(counted["count"].to_numpy())
    classes = palette.count_classes(counted["count"].to_numpy(), bounds)
    nothing_known = missing == (view.period[1] - view.period[0]).days + 1
    fills = {
        row.code: (None, say(lang, "chart.not_stored"))
        if nothing_known and row.count_ == 0
        else (int(c), f"{row.count_:,}")
        for row, c in zip(counted.rename(columns={"count": "count_"}).itertuples(), classes, strict=True)
    }
    legend = palette.count_legend(
        say(lang, "today.hotspots_legend"), bounds, no_value=say(lang, "chart.not_stored") if nothing_known else ""
    )
    return palette.COUNT_COLOURS, fills, legend, (say(lang, "today.hotspots"), say(lang, "today.unit"))


def _instrument_note(desk: Desk, view: View) -> str:
    """Return which stations have a value and which of them are one instrument, and how that is known."""
    lang = view.lang
    found = desk.instrument_groups(*view.period)
    notes = [say(lang, "today.pm25_note")]
    named = desk.stations.drop_duplicates("station_id").set_index("station_id")[f"name_{lang}"].to_dict()
    for group in found.groups:
        names = ", ".join(str(named.get(code, code)) for code in group)
        notes.append(say(lang, f"today.one_instrument_{found.basis}", stations=names))
    return " ".join(notes)


def _station_marks(lang: Lang, air: pd.DataFrame) -> list[StationMark]:
    bands, unit = palette.pm25_bands(lang), say(lang, "unit.pm25")
    marks = []
    for row in air.itertuples():
        label = row.name_th if lang == "th" else row.name_en
        if np.isnan(row.pm25):
            marks.append(
                StationMark(
                    label, row.lon, row.lat, "–", palette.NO_VALUE_COLOUR, "circle", (say(lang, "today.no_reading"),)
                )
            )
            continue
        band = bands[palette.band_of(row.pm25, bands)]
        lines = (f"PM2.5 {row.pm25:.1f} {unit} · {band.label}", _when(lang, row), f"{row.station_id} · {row.source}")
        marks.append(StationMark(label, row.lon, row.lat, f"{row.pm25:.0f}", band.colour, band.shape, lines))
    return marks


def _when(lang: Lang, row: Any) -> str:
    if row.averaging == "PT24H":
        return say(lang, "today.mean_24h", time=say_time(lang, row.time.to_pydatetime()))
    return say(lang, "today.mean_day")


def heat_note(lang: Lang, count: int) -> str:
    """Return what is said of detections at permanent heat among those counted; nothing where there are none."""
    return say(lang, "counts.note", count=f"{count:,}") if count else ""


def _season(view: View) -> tuple[dt.date, dt.date]:
    start, end = season_of(view.day)
    return start, min(view.day, end)


def _beside(lang: Lang, detail: str, count: int, static: int) -> str:
    return f"{detail} · {say(lang, 'counts.without', count=f'{count - static:,}')}" if static else detail


def _figures(
    desk: Desk, view: View, sites: pd.DataFrame, counted: pd.DataFrame, air: pd.DataFrame, at_heat: AtHeat
) -> list[Figure]:
    lang = view.lang
    first, last = view.period
    total = int(counted["count"].sum())
    if total or _known(desk, first, last, view.satellites):
        night = int(desk.counts("province", first, last, view.satellites, "night")["count"].sum())
        where = int((counted["count"] > 0).sum())
        passes = say(lang, "today.figure_passes", night=f"{night:,}", day=f"{total - night:,}", tambons=where)
        passes = _beside(lang, passes, total, at_heat(first, last))
        figures = [Figure(say(lang, "today.figure_hotspots"), f"{total:,}", passes)]
    else:
        figures = [Figure(say(lang, "today.figure_hotspots"), "–", say(lang, "chart.not_stored"))]
    start, until = _season(view)
    if desk.seasons:
        season = int(desk.counts("province", start, until, view.satellites)["count"].sum())
        gaps = desk.days_not_stored(start, until, view.satellites)
        days = (until - start).days + 1
        reach = {"first": say_day(lang, start, year=False), "stored": days - gaps, "days": days}
        detail = _beside(lang, say(lang, "today.figure_season_detail", **reach), season, at_heat(start, until))
        figures.append(Figure(say(lang, "today.figure_season"), f"{season:,}", detail))
    known = air[air["pm25"].notna()]
    if len(known):
        worst = known.loc[known["pm25"].idxmax()]
        bands = palette.pm25_bands(lang)
        band = bands[palette.band_of(float(worst["pm25"]), bands)]
        index = thai_aqi(np.array([worst["pm25"]]))[0]
        label = worst["name_th"] if lang == "th" else worst["name_en"]
        detail = say(lang, "today.figure_pm25_detail", aqi=index, label=band.label, station=label)
        label, unit = say(lang, "today.figure_pm25"), say(lang, "unit.pm25")
        figures.append(Figure(label, f"{worst['pm25']:.1f}", detail, band.colour, unit))
    else:
        figures.append(Figure(say(lang, "today.figure_pm25"), "–", say(lang, "today.no_reading")))
    haze = sites[sites["issue"] == "haze"]
    figures.append(
        Figure(
            say(lang, "today.figure_sites"),
            f"{len(haze):,}",
            say(lang, "today.figure_sites_detail", tambons=haze["tambon"].nunique()),
        )
    )
    return figures


def _table(desk: Desk, view: View, sites: pd.DataFrame, counted: pd.DataFrame) -> pd.DataFrame:
    lang = view.lang
    here = desk.tambons
    haze = haze_counts(sites)
    known = np.full(len(counted), counted["count"].any() or _known(desk, *view.period, view.satellites))
    table = pd.DataFrame(
        {
            "code": counted["code"],
            say(lang, "column.tambon"): [name(lang, row) for row in here.to_dict("records")],
            say(lang, "column.amphoe"): [name(lang, row, "amphoe") for row in here.to_dict("records")],
            say(lang, "column.count"): counted["count"].astype("Int64").where(known),
            say(lang, "column.count_shared"): counted["count_shared"].round(2).where(known),
            say(lang, "column.sites"): [haze.get(code, 0) for code in counted["code"]],
        }
    )
    return table.sort_values(say(lang, "column.count"), ascending=False, kind="stable").reset_index(drop=True)


def panel(desk: Desk, view: View, sites: pd.DataFrame) -> Panel:
    """Return the panel of the chosen tambon; `sites` are those of the place."""
    lang = view.lang
    row = desk.tambons.set_index("tambon", drop=False).loc[view.tambon]
    season_start, season_end = season_of(view.day)
    figures = []
    for key, start, end in (
        ("panel.day", view.day, view.day),
        ("panel.week", view.day - dt.timedelta(days=6), view.day),
        ("panel.season", season_start, min(view.day, season_end)),
    ):
        count = int(desk.daily(start, end, view.satellites, [view.tambon]).sum()) if desk.seasons else 0
        known = count or _known(desk, start, end, view.satellites)
        figures.append(Figure(say(lang, key), f"{count:,}" if known else "–"))
    detections, coordinates = _detections(desk, view)
    return Panel(
        title=say(lang, "panel.title", tambon=name(lang, row)),
        subtitle=say(
            lang,
            "panel.subtitle",
            amphoe=name(lang, row, "amphoe"),
            province=name(lang, row, "province"),
            code=view.tambon,
            km2=f"{row['area_km2']:,.0f}",
            rai=f"{row['area_km2'] * 625:,.0f}",
        ),
        figures=figures,
        trend=_trend(desk, view),
        station=_nearest(desk, view),
        sites=listed(lang, sites[sites["tambon"] == view.tambon]),
        amphoe_sites=listed(lang, sites[sites["tambon"].isna() & (sites["amphoe"] == row["amphoe"])]),
        detections=detections,
        coordinates=coordinates,
    )


def _trend(desk: Desk, view: View) -> tuple[pd.Series, pd.Series] | None:
    if not desk.seasons:
        return None
    since = view.day - dt.timedelta(days=29)
    counts = desk.daily(since, view.day, view.satellites, [view.tambon])
    return counts, desk.detections.stored_days(since, view.day, view.satellites)


def _detections(desk: Desk, view: View) -> tuple[pd.DataFrame, str]:
    """Return the detections of the chosen tambon, newest first, as a table and as lines to copy."""
    if not desk.seasons:
        return pd.DataFrame(), ""
    lang = view.lang
    rows = desk.hotspots(*view.period, view.satellites)
    rows = rows[rows["tambon"] == view.tambon].sort_values("acquired_at", ascending=False)
    zone, east, north = places.utm(rows["lon"].to_numpy(), rows["lat"].to_numpy(), desk.place.epsg)
    table = pd.DataFrame(
        {
            say(lang, "column.time"): [say_time(lang, t.to_pydatetime()) for t in rows["acquired_at"]],
            say(lang, "column.pass"): [say(lang, f"legend.pass_{'day' if d else 'night'}") for d in rows["day_pass"]],
            say(lang, "column.satellite"): [say(lang, f"satellite.{s}") for s in rows["satellite"]],
            say(lang, "column.confidence"): [
                say(lang, f"map.confidence_{c}") if isinstance(c, str) else "–" for c in rows["confidence"]
            ],
            say(lang, "column.frp"): rows["frp_mw"].round(1).to_numpy(),
            say(lang, "column.lat"): rows["lat"].round(5).to_numpy(),
            say(lang, "column.lon"): rows["lon"].round(5).to_numpy(),
            say(lang, "column.utm"): [f"{z} {e:.0f} {n:.0f}" for z, e, n in zip(zone, east, north, strict=True)],
        }
    )
    coordinates = "\n".join(
        f"{t.tz_convert('Asia/Bangkok'):%Y-%m-%d %H:%M}  {lat:.5f}, {lon:.5f}  {z} {e:.0f} {n:.0f}"
        for t, lat, lon, z, e, n in zip(rows["acquired_at"], rows["lat"], rows["lon"], zone, east, north, strict=True)
    )
    return table, coordinates


def plain(text: str) -> str:
    """Return text that Markdown shows as it stands: facts and names come from tables, not from us."""
    for sign in "\\`*_{}[]<>#$~|":
        text = text.replace(sign, f"\\{sign}")
    return text


def _nearest(desk: Desk, view: View) -> str:
    lang = view.lang
    near = desk.nearest_station(view.tambon)
    if near is None:
        return say(lang, "panel.no_station")
    station_id, km = near
    air = station_values(desk, view.day).set_index("station_id").loc[station_id]
    label = air["name_th"] if lang == "th" else air["name_en"]
    where = say(lang, "panel.station", station=plain(label), km=f"{km:.0f}")
    if np.isnan(air["pm25"]):
        return f"{where} · {say(lang, 'today.no_reading')}"
    bands = palette.pm25_bands(lang)
    band = bands[palette.band_of(float(air["pm25"]), bands)]
    index = thai_aqi(np.array([air["pm25"]]))[0]
    value = f"PM2.5 **{air['pm25']:.1f}** {say(lang, 'unit.pm25')}"
    return f"{where} · {value} · AQI {index} ({band.label}) · {_when(lang, air)}"
