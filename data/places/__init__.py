"""The places the desk can serve: provinces as configuration, the shipped tambon outline, official stations.

Facts and geometry only. Never reads the store or the network, never decides which outline is used; a full boundary file
that a user brings in takes the place of the shipped one in the store.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import geopandas as gpd
import geothai
import numpy as np
import pandas as pd
import pyproj
import shapely
from numpy.typing import ArrayLike, NDArray

import data.gdal  # noqa: F401  (before anything loads GDAL)
from data.contracts import TAMBON_COLUMNS, TAMBON_DETAILS, check_stations
from data.errors import ContractError, SettingError

_FOLDER = Path(__file__).parent
_TAMBON_CODE = re.compile(r"[0-9]{6}")
_GEOD = pyproj.Geod(ellps="WGS84")
#: Latitude bands of the military grid, 8 degrees each from 80 S; the last one, X, is 12 degrees high.
_BANDS = "CDEFGHJKLMNPQRSTUVWXX"

#: Columns that name a tambon's amphoe and province, all derived from its code.
NAME_COLUMNS = (
    "tambon_th", "tambon_en", "amphoe", "amphoe_th", "amphoe_en", "province", "province_th", "province_en",
)  # fmt: skip


@dataclass(frozen=True)
class Place:
    """An area the desk serves.

    Attributes
    ----------
    key : str
        Name in settings and in addresses, for example ``lampang``.
    name_th, name_en : str
    provinces : tuple of str
        Two-digit province codes.
    neighbours : tuple of str
        Codes of the provinces of Thailand that share a land border with the place, without its own.
    lon, lat : float
        Centre of the first map, degrees.
    zoom : int
        Web map zoom of the first map.
    epsg : int
        UTM zone in which positions are shown, 32647 or 32648.
    bbox : tuple of float
        West, south, east, north, degrees.
    """

    key: str
    name_th: str
    name_en: str
    provinces: tuple[str, ...]
    neighbours: tuple[str, ...]
    lon: float
    lat: float
    zoom: int
    epsg: int
    bbox: tuple[float, float, float, float]


@dataclass(frozen=True)
class StationGroup:
    """Stations whose readings are to be shown as one.

    Attributes
    ----------
    key, name_th, name_en : str
    stations : tuple of str
        Station ids.
    since : date
        From this Thai day on.
    """

    key: str
    name_th: str
    name_en: str
    stations: tuple[str, ...]
    since: date


@dataclass(frozen=True)
class AirNetwork:
    """Where the official stations of the country stand, roughly.

    Attributes
    ----------
    north : dict of str to (float, float)
        Longitude and latitude to 0.1 degree of the stations of the north.
    elsewhere : dict of str to tuple of str
        Stations of the other parts of the country, by part.
    """

    north: dict[str, tuple[float, float]]
    elsewhere: dict[str, tuple[str, ...]]


def _toml(name: str) -> dict[str, Any]:
    return tomllib.loads((_FOLDER / name).read_text(encoding="utf-8"))


def _place(row: dict[str, Any]) -> Place:
    lists = {name: tuple(row[name]) for name in ("provinces", "neighbours", "bbox")}
    return Place(**{**row, **lists})


#: All places by key, the default one first.
PLACES: dict[str, Place] = {row["key"]: _place(row) for row in _toml("provinces.toml")["place"]}

STATION_GROUPS: tuple[StationGroup, ...] = tuple(
    StationGroup(**{**row, "stations": tuple(row["stations"])}) for row in _toml("stations.toml")["group"]
)


def place(key: str) -> Place:
    """Return the place named `key`.

    Raises
    ------
    SettingError
        When there is no such place; the context names the known keys.
    """
    try:
        return PLACES[key]
    except KeyError:
        known = ", ".join(PLACES)
        raise SettingError(
            f"place: expected one of {known}, got {key!r}",
            key="place_unknown",
            context={"place": key, "known": known},
            hint=f"choose one of {known}",
        ) from None


def names_of(codes: Iterable[str]) -> pd.DataFrame:
    """Return names and parent areas from the register of the Department of Provincial Administration.

    Parameters
    ----------
    codes : iterable of str
        Six-digit tambon codes.

    Returns
    -------
    DataFrame, shape (n, 8), index ``tambon``
        Columns `NAME_COLUMNS`, all text. A tambon, amphoe or province that the register does not know has missing
        names; codes of its parents are always there.

    Notes
    -----
    Source: package ``geothai``, data CC BY 4.0. English spelling is the register's.
    """
    wanted = list(codes)
    rows = []
    for code in wanted:
        areas = (geothai.subdistrict(code), geothai.district(code[:4]), geothai.province(code[:2]))
        tambon, amphoe, province = ((area.name_th, area.name_en) if area else (None, None) for area in areas)
        rows.append((*tambon, code[:4], *amphoe, code[:2], *province))
    index = pd.Index(wanted, name="tambon", dtype="str")
    return pd.DataFrame(rows, columns=list(NAME_COLUMNS), index=index, dtype="str")


def areas_km2(geometry: NDArray[np.object_]) -> NDArray[np.float64]:
    """Return geodesic areas on the WGS84 ellipsoid.

    Parameters
    ----------
    geometry : ndarray of shapely polygons or multipolygons, shape (n,), EPSG:4326

    Returns
    -------
    ndarray of float64, shape (n,), km2
        Holes are taken off. Method: Karney (2013), as in PROJ.
    """
    # PROJ gives clockwise rings a negative area; with shells one way and holes the other the parts add up.
    oriented = shapely.orient_polygons(geometry, exterior_cw=False)
    return np.array([_GEOD.geometry_area_perimeter(one)[0] for one in oriented], dtype=np.float64) / 1e6


@cache
def _outline() -> gpd.GeoDataFrame:
    shipped = json.loads((_FOLDER / "lampang_outline.json").read_text(encoding="utf-8"))
    per_degree = round(1 / shipped["unit_deg"])
    codes = sorted(shipped["tambons"])
    polygons = []
    for code in codes:
        rings = [np.array(ring, dtype=np.float64).reshape(-1, 2) / per_degree for ring in shipped["tambons"][code]]
        parts = [shapely.Polygon(ring) for ring in rings]
        polygons.append(parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts))
    geometry = np.array(polygons, dtype=object)
    table = names_of(codes).reset_index()
    table["area_km2"] = areas_km2(geometry)
    table["detail"] = "generalised"
    frame = gpd.GeoDataFrame(table[list(TAMBON_COLUMNS)], geometry=geometry, crs="EPSG:4326")
    return check_tambons(frame)


def embedded_tambons() -> gpd.GeoDataFrame:
    """Return the shipped outline of Lampang's 100 tambons, generalised.

    Returns
    -------
    GeoDataFrame, shape (100, 12), EPSG:4326
        `TAMBON_COLUMNS` and ``geometry``, sorted by tambon; ``detail`` is ``generalised`` and ``area_km2`` the geodesic
        area of the generalised polygon. Neighbours share their borders exactly. A fresh copy at each call.

    Notes
    -----
    Made from public copies of COD-AB Thailand (Royal Thai Survey Department / OCHA, CC BY-IGO); see ``README.md``
    beside the file for provenance, method and how true it is. Good for a map and for counts by tambon on a machine
    that has nothing else; not evidence of a boundary.
    """
    return _outline().copy()


def embedded_stations() -> pd.DataFrame:
    """Return the official PM2.5 stations of Lampang.

    Returns
    -------
    DataFrame, shape (4, 9)
        Columns of `data.contracts.STATION_COLUMNS`; ``source`` is ``PCD Air4Thai``. Stations to be read as one are in
        `STATION_GROUPS`.
    """
    facts = _toml("stations.toml")
    table = pd.DataFrame(facts["station"]).assign(station_type="ground", source=facts["source"])
    return check_stations(table)


def approximate_weather_places() -> pd.DataFrame:
    """Return where weather stands whose files carry no position (see ``weather.toml``).

    Returns
    -------
    DataFrame
        `station_id`, `lon`, `lat` (degrees), `within_km` (estimated error), `basis`.
    """
    return pd.DataFrame(_toml("weather.toml")["place"])


@cache
def air_network() -> AirNetwork:
    """Return in which part of the country the department's stations stand, for those whose position is not stored."""
    facts = _toml("air_network.toml")
    north = {code: (float(lon), float(lat)) for code, (lon, lat) in facts["north"].items()}
    return AirNetwork(north, {part: tuple(codes) for part, codes in facts["elsewhere"].items()})


def utm(lon: ArrayLike, lat: ArrayLike, epsg: int) -> tuple[NDArray[np.str_], NDArray[np.float64], NDArray[np.float64]]:
    """Return positions in a UTM zone, as crews write them.

    Parameters
    ----------
    lon, lat : array_like of float, shape (...), degrees, WGS84
    epsg : int
        32647 or 32648 (`Place.epsg`).

    Returns
    -------
    zone : ndarray of str, shape (...)
        Zone number and latitude band, for example ``47Q``; empty where the position is missing or outside 80 S to 84 N.
    easting, northing : ndarray of float64, shape (...), metres
        NaN where `zone` is empty.

    Raises
    ------
    SettingError
        When `epsg` is another system.
    """
    if epsg not in (32647, 32648):
        raise SettingError(
            f"UTM zone: expected EPSG 32647 or 32648, got {epsg}",
            key="utm_zone",
            context={"got": epsg},
            hint="correct epsg of the place in provinces.toml",
        )
    x, y = np.broadcast_arrays(np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64))
    good = np.isfinite(x) & np.isfinite(y) & (y >= -80.0) & (y <= 84.0) & (np.abs(x) <= 180.0)
    easting, northing = _to_utm(epsg).transform(np.where(good, x, 99.0), np.where(good, y, 0.0))
    band = np.where(good, (np.where(good, y, 0.0) + 80.0) // 8.0, 0.0).astype(int)
    zone = np.where(good, np.char.add(str(epsg - 32600), np.array(list(_BANDS))[band]), "")
    return zone, np.where(good, easting, np.nan), np.where(good, northing, np.nan)


@cache
def _to_utm(epsg: int) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(4326, epsg, always_xy=True)


def check_tambons(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return `frame` unchanged if it is a table of tambons.

    Parameters
    ----------
    frame : GeoDataFrame, shape (n, >= 12)
        `TAMBON_COLUMNS` and ``geometry``.

    Raises
    ------
    ContractError
        Names the column, up to five rows (from 1), what was expected and what is there: a column is missing; a code is
        not six digits or occurs twice; ``detail`` is unknown; the system is not EPSG:4326; a geometry is missing,
        empty, not polygonal, not valid, or outside -180..180 and -90..90 degrees.
    """
    missing = [name for name in (*TAMBON_COLUMNS, "geometry") if name not in frame.columns]
    if missing:
        raise _broken(missing[0], f"columns {', '.join(missing)}", "no such column", ())
    code = frame["tambon"].astype("str")
    _demand(code.str.fullmatch(_TAMBON_CODE).fillna(False), code, "tambon", "six digits")
    _demand(~code.duplicated(keep=False), code, "tambon", "each code once")
    _demand(frame["detail"].isin(TAMBON_DETAILS), frame["detail"], "detail", f"one of {', '.join(TAMBON_DETAILS)}")
    if frame.crs is None or not frame.crs.equals(pyproj.CRS(4326), ignore_axis_order=True):
        raise _broken("geometry", "EPSG:4326", str(frame.crs and frame.crs.name), ())
    shapes = frame.geometry
    kinds = shapes.geom_type
    _demand(kinds.isin(["Polygon", "MultiPolygon"]) & ~shapes.is_empty, kinds, "geometry", "a polygon or multipolygon")
    _demand(shapes.is_valid, kinds, "geometry", "valid rings")
    bounds = shapes.bounds
    inside = (bounds["minx"] >= -180) & (bounds["maxx"] <= 180) & (bounds["miny"] >= -90) & (bounds["maxy"] <= 90)
    _demand(inside, bounds["maxx"], "geometry", "longitude and latitude in degrees")
    return frame


def _demand(holds: pd.Series, values: pd.Series, column: str, expected: str) -> None:
    wrong = np.flatnonzero(~holds.to_numpy(dtype=bool))[:5]
    if wrong.size:
        got = ", ".join(str(value) for value in values.iloc[wrong])
        raise _broken(column, expected, got, tuple(int(row) + 1 for row in wrong))


def _broken(column: str, expected: str, got: str, rows: tuple[int, ...]) -> ContractError:
    return ContractError(
        f"tambons: column {column}, rows {list(rows)}: expected {expected}, got {got}",
        context={"column": column, "rows": ", ".join(map(str, rows)), "expected": expected, "got": got},
    )
