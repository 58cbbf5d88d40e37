"""Small tables that tests work out by hand: detections, square tambons, readings.

A tambon of `tambons` is a square of 0.1 degree: code 520101 is the lower left one, codes grow eastwards and then
northwards, and each province is one grid.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from data import contracts
from data.identity import hotspot_ids

WEST, SOUTH, SIDE = 99.0, 18.0, 0.1

HOTSPOT: dict[str, Any] = {
    "acquired_at": "2026-03-10T06:30Z",
    "lon": 99.05,
    "lat": 18.05,
    "satellite": "SNPP",
    "sensor": "VIIRS",
    "confidence": "nominal",
    "frp_mw": 5.0,
    "brightness_k": 330.0,
    "scan_km": 0.4,
    "track_km": 0.4,
    "is_daytime": True,
    "quality": "nrt",
    "position": "observed",
    "provider": "firms",
}
READING: dict[str, Any] = {
    "station_id": "37t",
    "measured_at": "2026-03-10T00:00Z",
    "variable": "pm25",
    "averaging": "PT1H",
    "value": 40.0,
    "flag": "ok",
    "source": "test",
}
STATION: dict[str, Any] = {
    "station_id": "37t",
    "name_th": "ก",
    "name_en": "A",
    "area_th": "ข",
    "area_en": "B",
    "station_type": "ground",
    "lon": 99.05,
    "lat": 18.05,
    "source": "test",
}


WEATHER: dict[str, Any] = {
    "station_id": "mast",
    "measured_at": "2026-03-10T00:00Z",
    "issued_at": None,
    "temperature_c": 30.0,
    "flag": "ok",
    "source": "test",
}


def weather(*changes: Mapping[str, Any]) -> pd.DataFrame:
    """Return weather, one row for each change of `WEATHER`, doubles kept."""
    table = pd.DataFrame([{**WEATHER, **change} for change in changes])
    moments = {name: pd.to_datetime(table[name], utc=True) for name in ("measured_at", "issued_at")}
    return contracts.typed(table.assign(**moments), contracts.WEATHER_COLUMNS, contracts.WEATHER_CATEGORIES)


def hotspots(*changes: Mapping[str, Any]) -> pd.DataFrame:
    """Return detections, one for each change of `HOTSPOT`, doubles kept."""
    table = pd.DataFrame([{**HOTSPOT, **change} for change in changes], columns=_names(contracts.HOTSPOT_COLUMNS))
    when = pd.to_datetime(table["acquired_at"], utc=True).astype("datetime64[us, UTC]")
    lon, lat = (table[name].astype(float).to_numpy() for name in ("lon", "lat"))
    table = table.assign(acquired_at=when, hotspot_id=hotspot_ids(table["satellite"], when, lon, lat))
    return contracts.typed(table, contracts.HOTSPOT_COLUMNS, contracts.HOTSPOT_CATEGORIES)


def scattered(count: int, seed: int, first: str = "2026-03-01", days: int = 5, **fixed: Any) -> pd.DataFrame:
    """Return `count` different detections in and around the tambons of a 2 by 2 grid, by a seed."""
    random = np.random.default_rng(seed)
    minutes = random.choice(days * 1440, count)
    when = pd.Timestamp(first, tz="UTC") + pd.to_timedelta(minutes, unit="m")
    lon, lat = random.uniform(98.95, 99.25, count).round(5), random.uniform(17.95, 18.25, count).round(5)
    satellite = random.choice(["SNPP", "NOAA20", "NOAA21"], count)
    rows = zip(when, lon, lat, satellite, strict=True)
    return hotspots(*({"acquired_at": w, "lon": x, "lat": y, "satellite": s, **fixed} for w, x, y, s in rows))


def tambons(
    columns: int = 2, rows: int = 2, west: float = WEST, south: float = SOUTH, **fixed: Any
) -> gpd.GeoDataFrame:
    """Return square tambons, the first at the lower left; `fixed` changes columns, ``province`` the codes."""
    province = str(fixed.get("province", "52"))
    made = []
    for row in range(rows):
        for column in range(columns):
            number = row * columns + column + 1
            made.append({"tambon": f"{province}01{number:02d}", "geometry": square(column, row, west, south)})
    table = gpd.GeoDataFrame(made, crs="EPSG:4326")
    filled: dict[str, Any] = {"amphoe": f"{province}01", "province": province, "area_km2": 100.0, "detail": "full"}
    filled |= {f"{kind}_{lang}": f"{kind} {lang}" for kind in ("tambon", "amphoe", "province") for lang in ("th", "en")}
    return table.assign(**{**filled, **fixed})[[*contracts.TAMBON_COLUMNS, "geometry"]]


def square(column: int, row: int, west: float = WEST, south: float = SOUTH) -> shapely.Polygon:
    """Return the square at a place of the grid; neighbours share their corner numbers exactly."""
    x, y = ([round(start + (at + step) * SIDE, 6) for step in (0, 1)] for start, at in ((west, column), (south, row)))
    return shapely.Polygon([(x[0], y[0]), (x[1], y[0]), (x[1], y[1]), (x[0], y[1])])


def readings(*changes: Mapping[str, Any]) -> pd.DataFrame:
    """Return readings, one for each change of `READING`."""
    table = pd.DataFrame([{**READING, **change} for change in changes], columns=_names(contracts.READING_COLUMNS))
    when = pd.to_datetime(table["measured_at"], utc=True).astype("datetime64[us, UTC]")
    return contracts.check_readings(table.assign(measured_at=when, value=table["value"].astype(float)))


def stations(*changes: Mapping[str, Any]) -> pd.DataFrame:
    """Return stations, one for each change of `STATION`."""
    table = pd.DataFrame([{**STATION, **change} for change in changes], columns=_names(contracts.STATION_COLUMNS))
    return contracts.check_stations(table)


def _names(columns: Mapping[str, str]) -> Sequence[str]:
    return list(columns)
