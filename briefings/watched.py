"""What rules of alerts look at, brought together from the desk as plain tables: fires, air, forecasts, danger, sources.

Only what some rule needs is looked up. What is not there is told apart from what is quiet. Never judges, never words.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import pandas as pd

from data.clock import thai_day
from data.errors import HazeError, NotStored
from data.places import utm
from data.registry import Registry
from models import danger, danger_class, fire_seasons, surface
from models.air import thai_aqi_class
from models.desk import Desk, SourceFacts, age_state
from models.events import FRESH_HOURS
from models.round import with_wind

#: A 24 h mean older than this says nothing about now; as the desk's own mark of stale readings.
FRESH_AIR = dt.timedelta(hours=3)
#: A value must fall by this share below the edge it passed before it counts as over: stations wobble by as much.
MARGIN = 0.10
FIRE_RULES = ("fire_near", "fire_growing", "ban_breach")


@dataclass(frozen=True)
class Watched:
    """The tables at one moment; empty where no rule asked, and `missing` says which could not be had and why.

    Attributes
    ----------
    at : datetime
        UTC.
    epsg : int
        Of the metres in which distances are measured.
    tambons : GeoDataFrame
        TAMBON_COLUMNS of the place.
    sites : DataFrame
        `models.registry` sites by id: `name_th`, `name_en`, `tambon`, `geometry` (WKB or missing).
    fires : GeoDataFrame
        FIRE_COLUMNS, perimeters, `known_as` (every name that finds the fire, by space), `tambon_th`, `tambon_en`,
        `amphoe`, `amphoe_th`, `amphoe_en`, `zone`, `easting`, `northing`, `wind_from_deg`, `wind_ms`,
        `wind_at`; seen in the last day, in or around the place.
    bans : DataFrame
        Bans on burning that a source states: `start`, `end`, `province`, `area`, `exceptions`.
    stations : DataFrame
        `code`, `name_th`, `name_en`, `tambon`, `time` (UTC), `pm25` (µg/m³), `class`, `stays` (class with the margin),
        `low`, `high` (NaN where measured).
    estimates : callable
        Gives the same of tambons without a station, modelled; asked only where an area has no fresh station.
    forecasts : DataFrame
        As `stations`, with `valid_at`, `issued_at`, `lead_h`.
    danger : DataFrame
        `code` (tambon), `fwi`, `class`, `stays`, `day`.
    sources : DataFrame
        `source`, `name_th`, `name_en`, `state` (fresh, late, silent), `newest`, `age_minutes`.
    missing : mapping of str to HazeError
        What a rule watches to why it cannot be told.
    """

    at: dt.datetime
    epsg: int
    tambons: gpd.GeoDataFrame
    sites: pd.DataFrame
    bans: pd.DataFrame
    estimates: Callable[[], pd.DataFrame]
    fires: gpd.GeoDataFrame = field(default_factory=gpd.GeoDataFrame)
    stations: pd.DataFrame = field(default_factory=pd.DataFrame)
    forecasts: pd.DataFrame = field(default_factory=pd.DataFrame)
    danger: pd.DataFrame = field(default_factory=pd.DataFrame)
    sources: pd.DataFrame = field(default_factory=pd.DataFrame)
    missing: Mapping[str, HazeError] = field(default_factory=dict)


def gather(
    desk: Desk, registry: Registry, at: dt.datetime, watches: Iterable[str], facts: Iterable[SourceFacts] = ()
) -> Watched:
    """Return what rules of these kinds look at.

    Parameters
    ----------
    desk : Desk
    registry : Registry
    at : datetime
        Aware, UTC.
    watches : iterable of str
        `data.registry.tables.WATCHES`.
    facts : iterable of SourceFacts
        The live sources.
    """
    asked = set(watches)
    missing: dict[str, HazeError] = {}
    found: dict[str, pd.DataFrame] = {}
    looks = {
        "fires": (FIRE_RULES, lambda: _fires(desk, at)),
        "stations": (("pm25",), lambda: _stations(desk, at)),
        "forecasts": (("pm25_forecast",), lambda: _forecasts(desk, at)),
        "danger": (("danger",), lambda: _danger(desk, at)),
        "sources": (("source_silent",), lambda: _sources(desk, at, facts)),
    }
    for name, (kinds, look) in looks.items():
        if asked.isdisjoint(kinds):
            continue
        try:
            found[name] = look()
        except HazeError as error:
            missing |= dict.fromkeys(kinds, error)
    return Watched(
        at,
        desk.place.epsg,
        desk.tambons,
        registry.sites(place=desk.place),
        _bans(registry),
        functools.cache(lambda: _estimates(desk, at)),
        missing=missing,
        **found,  # type: ignore[arg-type]
    )


def _bans(registry: Registry) -> pd.DataFrame:
    bans = registry.table("burn_bans")
    # A date that somebody estimated accuses nobody, and a year without a source has no date at all.
    stated = (bans["kind"] == "burn_ban") & bans["start"].notna() & bans["end"].notna()
    return bans[stated & (bans["confidence"] == "stated")].reset_index(drop=True)


def _fires(desk: Desk, at: dt.datetime) -> gpd.GeoDataFrame:
    day = thai_day(at)
    joined = fire_seasons.season(desk, fire_seasons.fire_year(day)).until(at)
    fresh = joined.hotspots["acquired_at"] >= at - dt.timedelta(hours=FRESH_HOURS)
    part = joined.only(fresh.to_numpy() & joined.hotspots["current"].to_numpy(bool))
    table, names = part.fires(at), part.known_as()
    table["known_as"] = [" ".join(sorted(names[fire])) for fire in table["fire_id"]]
    places = desk.all_tambons.drop(columns="geometry").set_index("tambon")
    for column in ("tambon_th", "tambon_en", "amphoe", "amphoe_th", "amphoe_en", "province"):
        table[column] = table["tambon"].map(places[column])
    zone, easting, northing = utm(table["lon"], table["lat"], desk.place.epsg)
    table = with_wind(desk, table.assign(zone=zone, easting=easting, northing=northing), at)
    return gpd.GeoDataFrame(table, crs="EPSG:4326")


def _stations(desk: Desk, at: dt.datetime) -> pd.DataFrame:
    table = desk.air(thai_day(at) - dt.timedelta(days=1), thai_day(at), "PT24H")
    newest = _newest(table, at)
    places = desk.stations.set_index("station_id")
    newest = newest[newest["code"].isin(places.index)]
    for column in ("name_th", "name_en", "tambon"):
        newest[column] = newest["code"].map(places[column])
    return _classed(newest.assign(low=np.nan, high=np.nan))


def _estimates(desk: Desk, at: dt.datetime) -> pd.DataFrame:
    day = thai_day(at)
    try:
        table = surface.hourly_surface(desk, day, day).rename(columns={"tambon": "code"})
    except HazeError:
        return pd.DataFrame(columns=["code", "tambon", "pm25"])
    newest = _newest(table[~table["measured"]], at)
    names = desk.tambons.set_index("tambon")
    for column in ("name_th", "name_en"):
        newest[column] = newest["code"].map(names[column.replace("name", "tambon")])
    return _classed(newest.assign(tambon=newest["code"]))


def _newest(table: pd.DataFrame, at: dt.datetime) -> pd.DataFrame:
    table = table[table["pm25"].notna() & (table["time"] <= at) & (table["time"] > at - FRESH_AIR)]
    return table.sort_values("time").drop_duplicates("code", keep="last").sort_values("code").reset_index(drop=True)


def _classed(table: pd.DataFrame) -> pd.DataFrame:
    value = table["pm25"].to_numpy(float)
    return table.assign(**{"class": thai_aqi_class(value), "stays": thai_aqi_class(value / (1 - MARGIN))})


def _forecasts(desk: Desk, at: dt.datetime) -> pd.DataFrame:
    table = desk.store.forecasts(desk.state)
    if table.empty:
        raise NotStored("no forecast was ever issued", key="no_forecast_issued", hint="fetch, or run `forecast`")
    places = desk.stations.set_index("station_id")
    # The day aimed at begins at `valid_at`; once it is over its mean is measured.
    over = table["valid_at"] + pd.Timedelta(days=1) <= at
    open_ = (table["issued_at"] <= at) & ~over & table["code"].isin(places.index)
    table = table[open_ & table["pm25"].notna()].sort_values("issued_at")
    table = table.drop_duplicates(["code", "valid_at"], keep="last").sort_values(["code", "valid_at"])
    for column in ("name_th", "name_en", "tambon"):
        table[column] = table["code"].map(places[column])
    return _classed(table.assign(time=table["issued_at"])).reset_index(drop=True)


def _danger(desk: Desk, at: dt.datetime) -> pd.DataFrame:
    table, classes = danger.daily_danger(desk, thai_day(at), thai_day(at))
    stays = danger_class.classes_of(table["fwi"].to_numpy(float) / (1 - MARGIN), classes)
    known = table["class"] != danger_class.CANNOT_TELL
    return table.assign(stays=stays)[known].reset_index(drop=True)


def _sources(desk: Desk, at: dt.datetime, facts: Iterable[SourceFacts]) -> pd.DataFrame:
    known = {fact.key: fact for fact in facts}
    table = desk.source_states(known.values())
    rows = []
    for row in table.to_dict("records"):
        # Never asked, or nothing ever came: what is not used cannot fall silent.
        if pd.isna(row["newest"]) or row["newest"] > at:
            continue
        fact = known[str(row["source"])]
        age = int((pd.Timestamp(at) - row["newest"]).total_seconds() // 60)
        name = {f"name_{lang}": getattr(fact, f"name_{lang}", fact.key) for lang in ("th", "en")}
        rows.append(
            {"source": fact.key, **name, "state": age_state(age, fact), "newest": row["newest"], "age_minutes": age}
        )
    columns = ["source", "name_th", "name_en", "state", "newest", "age_minutes"]
    return pd.DataFrame(rows, columns=columns)
