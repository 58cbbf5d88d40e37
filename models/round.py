"""The officer's round: what satellites saw since the last pass, where, and what changed against the round before.

Two rounds a day as the province keeps them: the night pass, reported in the morning, and the day pass, reported in the
afternoon. Figures and tables only: never words, never a sentence to paste.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj

from data.clock import ICT, UTC, require_utc, thai_day
from data.contracts import LAND_CLASSES, SATELLITES
from data.errors import NotStored
from data.places import utm
from models.counts import UNKNOWN_LAND
from models.desk import Desk
from models.events import GREW_SHARE, OUT_DAYS
from models.fire_seasons import Season, fire_year, season
from models.looks import looks

_GEOD = pyproj.Geod(ellps="WGS84")
#: A wind older or farther away than this is not the wind at the fire.
WIND_HOURS, WIND_KM = 3.0, 40.0
CHANGES = ("new", "restarted", "grown", "same", "gone_quiet", "out")


@dataclass(frozen=True)
class Round:
    """One round.

    Attributes
    ----------
    at : datetime
        The moment reported for, UTC.
    start : datetime
        Detections later than this, up to `at`, are of this round.
    kind : str
        ``night`` or ``day``.
    day : date
        Thai day of the pass.
    satellites : tuple of str
    passes : DataFrame
        `models.looks.looks` of the passes of this round.
    counts : DataFrame
        `by` (province, amphoe, tambon, land), `code`, `name_th`, `name_en`, `count`, `earlier` (the round before); most
        first, by code where equal; areas with none in both are not there, the province always is.
    left_out : int
        Detections of the round in the place that lie at permanent heat; `counts` holds them not.
    fires : GeoDataFrame
        Fires of the place that were seen in this round or went out or quiet since the last: FIRE_COLUMNS, names of
        tambon and amphoe, `zone`, `easting`, `northing`, `age_hours` (of the newest detection), `change`, `seen_now`
        (detections of this round), `wind_from_deg`, `wind_ms`, `wind_at`, `site_th`, `site_en`, `site_km`; seen ones
        first, then the largest.
    earlier : datetime
        Where the round before began.
    official : int
        Detections of the round by Suomi NPP alone, permanent heat left out: the count that is official in Thailand.
    """

    at: dt.datetime
    start: dt.datetime
    kind: str
    day: dt.date
    satellites: tuple[str, ...]
    passes: pd.DataFrame
    counts: pd.DataFrame
    left_out: int
    fires: gpd.GeoDataFrame
    earlier: dt.datetime
    official: int

    @property
    def known(self) -> bool:
        """True when the store can tell of this round: a file of some satellite reaches the day."""
        return bool(self.passes["state"].isin(["seen", "nothing_seen"]).any())

    @property
    def total(self) -> int:
        """Detections of the round in the place, permanent heat left out."""
        return int(self.counts.loc[self.counts["by"] == "province", "count"].sum())


def window(at: dt.datetime) -> tuple[dt.datetime, str, dt.date]:
    """Return where the round of a moment begins (UTC), which pass it is of, and the Thai day of that pass.

    Until noon it is the night pass, which begins with the evening before; from noon on the day pass, which begins at
    06:00. So Terra's passes near 10:00 and 22:00 are in the next report that is written after them.
    """
    local = require_utc(at).astimezone(ICT)
    day = local.date()
    if local.hour < 12:
        start = dt.datetime.combine(day - dt.timedelta(days=1), dt.time(18), ICT)
        return start.astimezone(UTC), "night", day
    return dt.datetime.combine(day, dt.time(6), ICT).astimezone(UTC), "day", day


def make_round(
    desk: Desk, at: dt.datetime, satellites: Sequence[str] = SATELLITES, sites: pd.DataFrame | None = None
) -> Round:
    """Return the round of a moment.

    Parameters
    ----------
    desk : Desk
    at : datetime
        Aware, UTC. What was seen later is not in it.
    satellites : sequence of str
    sites : DataFrame, optional
        `name_th`, `name_en`, `lon`, `lat` of sites and posts; those without a position are passed over.

    Raises
    ------
    NotStored
        When no detection was ever stored.
    """
    start, kind, day = window(at)
    earlier = window(start - dt.timedelta(minutes=1))[0]
    joined = season(desk, fire_year(thai_day(at)), satellites).until(at)
    mine = set(desk.tambons["tambon"])
    rows = joined.hotspots[joined.hotspots["current"] & joined.hotspots["tambon"].isin(mine)]
    now_rows = rows[rows["acquired_at"] > start]
    before_rows = rows[(rows["acquired_at"] > earlier) & (rows["acquired_at"] <= start)]
    heat = joined.heat[joined.heat["tambon"].isin(mine) & (joined.heat["acquired_at"] > start)]
    passes = looks(desk, day, day, satellites)
    return Round(
        at=at,
        start=start,
        kind=kind,
        day=day,
        satellites=tuple(satellites),
        passes=passes[passes["pass"] == kind].reset_index(drop=True),
        counts=_counts(desk, now_rows, before_rows),
        left_out=len(heat),
        fires=_fires(desk, joined, at, start, mine, sites),
        earlier=earlier,
        official=int((now_rows["satellite"] == "SNPP").sum()),
    )


def _counts(desk: Desk, now: pd.DataFrame, before: pd.DataFrame) -> pd.DataFrame:
    names = desk.tambons.drop(columns="geometry").set_index("tambon")
    pieces = []
    for by in ("province", "amphoe", "tambon"):
        column = names.index.to_series() if by == "tambon" else names[by]
        areas = pd.DataFrame({"code": column.to_numpy()})
        for lang in ("th", "en"):
            areas[f"name_{lang}"] = names[f"{by}_{lang}"].to_numpy()
        areas = areas.drop_duplicates("code")
        for name, rows in (("count", now), ("earlier", before)):
            areas[name] = areas["code"].map(column.reindex(rows["tambon"]).value_counts()).fillna(0).astype("int64")
        pieces.append(areas.assign(by=by))
    land = pd.DataFrame({"code": [*LAND_CLASSES, UNKNOWN_LAND]}).assign(by="land", name_th="", name_en="")
    for name, rows in (("count", now), ("earlier", before)):
        told = rows["land_class"].astype("object").fillna(UNKNOWN_LAND).value_counts()
        land[name] = land["code"].map(told).fillna(0).astype("int64")
    table = pd.concat([*pieces, land], ignore_index=True)
    table = table[(table["count"] > 0) | (table["earlier"] > 0) | (table["by"] == "province")]
    rank = table["by"].map({"province": 0, "amphoe": 1, "tambon": 2, "land": 3})
    table = table.assign(rank=rank, most=-table["count"]).sort_values(["rank", "most", "code"])
    return table[["by", "code", "name_th", "name_en", "count", "earlier"]].reset_index(drop=True)


def _fires(
    desk: Desk, joined: Season, at: dt.datetime, start: dt.datetime, mine: set[str], sites: pd.DataFrame | None
) -> gpd.GeoDataFrame:
    # A fire that went out since the last round was last seen a little more than `OUT_DAYS` ago.
    lately = joined.burning(start - dt.timedelta(days=OUT_DAYS), mine)
    table = lately.fires(at)
    before = _before(lately, start)
    seen = table["last_seen"] > start
    known = table["fire_id"].isin(before.index)
    area = table["fire_id"].map(before["area_rai"]).astype(float)
    grown = seen & (table["area_rai"] > (1 + GREW_SHARE) * area)
    was = table["fire_id"].map(before["state"])
    restarted, out = seen & (table["state"] == "restarted"), (table["state"] == "out") & (was != "out")
    cases = {"new": ~known, "restarted": restarted, "grown": grown, "same": seen, "out": out}
    change = np.select(list(cases.values()), list(cases), default="")
    quiet = (table["state"] == "quiet") & ~seen & was.isin(["new", "growing", "restarted"]) & (change == "")
    table = table.assign(change=np.where(quiet, "gone_quiet", change))
    table = table[table["change"] != ""]
    now = lately.hotspots[(lately.hotspots["acquired_at"] > start) & lately.hotspots["current"]]
    names = pd.Series(lately.names(), index=lately.hotspots.index)
    table["seen_now"] = table["fire_id"].map(names[now.index].value_counts()).fillna(0).astype("int64")
    places = desk.tambons.drop(columns="geometry").set_index("tambon")
    for column in ("tambon_th", "tambon_en", "amphoe_th", "amphoe_en"):
        table[column] = table["tambon"].map(places[column])
    zone, easting, northing = utm(table["lon"], table["lat"], desk.place.epsg)
    table = table.assign(zone=zone, easting=easting.round(), northing=northing.round())
    table["age_hours"] = ((pd.Timestamp(at) - table["last_seen"]).dt.total_seconds() / 3600).round(1)
    table = with_wind(desk, table, at)
    table = _with_site(table, sites)
    order = table.assign(unseen=table["seen_now"] == 0, least=-table["area_rai"])
    return table.loc[order.sort_values(["unseen", "least", "fire_id"]).index].reset_index(drop=True)


def _before(part: Season, at: dt.datetime) -> pd.DataFrame:
    """Return the fires of a part as they stood at an earlier moment, by the name they have now.

    Of fires that have met since, the one first seen stands for them.
    """
    then = part.until(at)
    # Rows are in the order of time, so those of then are the first of now; `fires` tells groups in their order.
    earliest = np.unique(then.group[then.hotspots["current"].to_numpy(bool)])
    table = pd.DataFrame(then.fires(at).drop(columns="geometry")).set_axis(part.names()[earliest], axis=0)
    return table[~table.index.duplicated()]


def with_wind(desk: Desk, table: pd.DataFrame, at: dt.datetime) -> pd.DataFrame:
    """Add the wind of the nearest place that has one near the moment; missing where none is stored.

    Parameters
    ----------
    desk : Desk
    table : DataFrame
        `lon`, `lat`.
    at : datetime
        Aware, UTC.

    Returns
    -------
    DataFrame
        Also `wind_from_deg`, `wind_ms`, `wind_at` (UTC).
    """
    table = table.assign(wind_from_deg=np.nan, wind_ms=np.nan)
    table["wind_at"] = pd.Series(pd.NaT, table.index, dtype="datetime64[us, UTC]")
    try:
        weather = desk.store.weather(at - dt.timedelta(hours=WIND_HOURS), at + dt.timedelta(hours=1), desk.state)
    except NotStored:
        return table
    weather = weather[weather["wind_speed_ms"].notna() & weather["wind_from_deg"].notna()]
    places = desk.store.weather_places(desk.state).set_index("station_id")[["lon", "lat"]]
    # The hour that is nearest to now; of several issues of a forecast the latest.
    weather = weather[weather["station_id"].isin(places.index) & (weather["measured_at"] <= at)]
    weather = weather.sort_values(["measured_at", "issued_at"]).drop_duplicates("station_id", keep="last")
    if weather.empty or table.empty:
        return table
    lon, lat = (weather["station_id"].map(places[name]).to_numpy(float) for name in ("lon", "lat"))
    near, away = _nearest(table, lon, lat)
    good = away <= WIND_KM
    table["wind_from_deg"] = np.where(good, weather["wind_from_deg"].to_numpy(float)[near], np.nan)
    table["wind_ms"] = np.where(good, weather["wind_speed_ms"].to_numpy(float)[near], np.nan)
    when = weather["measured_at"].iloc[near].set_axis(table.index)
    table["wind_at"] = when.where(pd.Series(good, table.index))
    return table


def _with_site(table: pd.DataFrame, sites: pd.DataFrame | None) -> pd.DataFrame:
    table = table.assign(site_th="", site_en="", site_km=np.nan)
    placed = sites[sites["lon"].notna() & sites["lat"].notna()] if sites is not None else None
    if placed is None or placed.empty or table.empty:
        return table
    near, away = _nearest(table, placed["lon"].to_numpy(float), placed["lat"].to_numpy(float))
    table["site_th"], table["site_en"] = (placed[name].to_numpy(object)[near] for name in ("name_th", "name_en"))
    table["site_km"] = away.round(1)
    return table


def _nearest(table: pd.DataFrame, lon: np.ndarray, lat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the position of the nearest point to each fire and its distance, km."""
    x, y = np.meshgrid(lon, table["lon"].to_numpy(float)), np.meshgrid(lat, table["lat"].to_numpy(float))
    away = _GEOD.inv(x[1].ravel(), y[1].ravel(), x[0].ravel(), y[0].ravel())[2]
    away = np.asarray(away).reshape(len(table), len(lon)) / 1000
    near = away.argmin(axis=1)
    return near, away[np.arange(len(table)), near]
