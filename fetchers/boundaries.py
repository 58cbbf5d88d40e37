"""Tambon boundaries, such as COD-AB Thailand (RTSD/OCHA, CC BY-IGO), from the files that `fetchers.shapes` reads.

Never guesses a coordinate system, never takes in rings whose area is in doubt.

Quirks of the provider, cured here: codes carry ``TH``; until 2022 the columns are ``ADM3_PCODE, ADM3_TH, ADM3_EN``, in
newer editions ``adm3_pcode, adm3_name, adm3_name1`` with the language not in the name.
"""

from __future__ import annotations

import re
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely
from numpy.typing import NDArray

from data.contracts import TAMBON_COLUMNS
from data.errors import FileRefused
from data.places import NAME_COLUMNS, areas_km2, check_tambons, names_of
from fetchers.areas import code_column_of, codes_of, refused_for, remark_on, text_of
from fetchers.parsed import Parsed, Remark
from fetchers.shapes import unplaced, unreadable

_SHORT = {"tambon": ("adm3", "tam"), "amphoe": ("adm2", "amp"), "province": ("adm1", "pro")}
_AREAS = ("area_km2", "area_sqkm")
_THAI = re.compile("[\u0e00-\u0e7f]")

#: Fewer vertices than this per tambon, on average, is a simplified outline: the official lines of the provinces seen
#: have 900 to 5,000.
_FULL_VERTICES = 120
#: Largest change of a ring's area by mending that is taken as a slip of the pen rather than as another shape.
_RING_CHANGE = 0.01


def parse_boundaries(frame: gpd.GeoDataFrame, source_format: str) -> Parsed:
    """Turn a frame of administrative areas into the desk's table of tambons.

    Parameters
    ----------
    frame : GeoDataFrame, shape (n, ...)
        One row per tambon, columns as in COD-AB Thailand or in a like table, any declared coordinate system.
    source_format : str
        ``geojson``, ``geoparquet``, ``geopackage`` or ``shapefile``.

    Returns
    -------
    Parsed
        ``kind`` tambons; a GeoDataFrame of `TAMBON_COLUMNS` and ``geometry`` in EPSG:4326, sorted by tambon. Missing
        names come from the register, a missing area is the geodesic one. Rejected rows: ``unknown_tambon``,
        ``empty_geometry``, ``not_polygon``. Told: ``reprojected``, ``rings_mended``, ``tambon_not_in_register``.

    Raises
    ------
    FileRefused
        ``header_only`` no rows; ``boundary_level`` amphoes or provinces; ``boundary_columns`` no code; ``boundary_crs``
        coordinates that are not degrees and no system declared; ``boundary_swapped`` latitude first; ``boundary_rings``
        rings whose area is in doubt; ``boundary_double`` a code twice.
    """
    if len(frame) == 0:
        raise FileRefused("a boundary file without rows", key="header_only")
    columns = [str(column) for column in frame.columns]
    level, code_column = code_column_of(columns)
    if level is None:
        raise FileRefused(
            f"boundaries: expected a column with tambon codes, got {columns[:8]}",
            key="boundary_columns",
            context={"found": ", ".join(columns[:8])[:200]},
            hint="bring a file with ADM3_PCODE or tambon_code",
        )
    code = codes_of(frame[code_column])
    if level != "tambon" or code.str.fullmatch(r"\d{2}|\d{4}").all():
        raise _wrong_level(level if level != "tambon" else "amphoe or province")
    geometry, told = in_degrees(frame)
    register = names_of(code)
    place = np.arange(1, len(frame) + 1)

    known = code.str.fullmatch(r"\d{6}").to_numpy(dtype=bool) & register["province_en"].notna().to_numpy()
    empty = shapely.is_missing(geometry) | shapely.is_empty(geometry) | ~_finite(geometry)
    # 3 and 6 are GEOS's numbers of polygon and multipolygon, 7 of a collection.
    flat = ~np.isin(shapely.get_type_id(geometry), (3, 6, 7))
    rejected = [
        remark_on("unknown_tambon", place[~known], codes=code.to_numpy()[~known]),
        remark_on("empty_geometry", place[known & empty], codes=code.to_numpy()[known & empty]),
        remark_on("not_polygon", place[known & ~empty & flat], codes=code.to_numpy()[known & ~empty & flat]),
    ]
    keep = known & ~empty & ~flat
    code, register, place, geometry = code[keep], register[keep], place[keep], geometry[keep]
    _refuse_double(code, place)
    geometry, mended = _mend(geometry, code, place)
    new = register["tambon_th"].isna().to_numpy()
    told += [*mended, remark_on("tambon_not_in_register", place[new], codes=code.to_numpy()[new])]

    rows = frame[keep]
    table: dict[str, Any] = {"tambon": code.to_numpy()}
    for column in NAME_COLUMNS:
        table[column] = _named(rows, column, register[column])
    table["area_km2"] = _area(rows, geometry)
    table["detail"] = _detail(rows, geometry)
    out = gpd.GeoDataFrame(
        pd.DataFrame({name: pd.Series(table[name], dtype=kind) for name, kind in TAMBON_COLUMNS.items()}),
        geometry=geometry,
        crs="EPSG:4326",
    )
    out = check_tambons(out.sort_values("tambon", ignore_index=True))
    return Parsed(
        format=f"boundaries-{source_format}",
        kind="tambons",
        table=out,
        read=len(frame),
        rejected=tuple(remark for remark in rejected if remark.count),
        mended=tuple(remark for remark in told if remark.count),
    )


def _finite(geometry: NDArray[np.object_]) -> NDArray[np.bool_]:
    # A sum over all coordinates is not a number as soon as one of them is not.
    xy, index = shapely.get_coordinates(geometry, return_index=True)
    broken = np.unique(index[~np.isfinite(xy).all(axis=1)])
    finite = np.ones(len(geometry), dtype=bool)
    finite[broken] = False
    return finite


def in_degrees(frame: gpd.GeoDataFrame) -> tuple[NDArray[np.object_], list[Remark]]:
    """Return the geometries in longitude and latitude, flat, and what was done for it."""
    try:
        shapes = frame.geometry
    except AttributeError as error:
        raise unreadable("no geometry column") from error
    told: list[Remark] = []
    declared = shapes.crs
    if declared is not None and not declared.equals(pyproj.CRS(4326), ignore_axis_order=True):
        try:
            shapes = shapes.to_crs(4326)
        except (pyproj.exceptions.ProjError, RuntimeError) as error:
            raise unplaced(str(declared.name)) from error
        told.append(Remark("reprojected", len(frame), context={"crs": str(declared.name)}))
    geometry = shapely.force_2d(shapes.to_numpy())
    xy = shapely.get_coordinates(geometry)
    xy = xy[~np.isnan(xy).any(axis=1)]
    if not len(xy):
        return geometry, told
    x, y = np.median(xy, axis=0)
    # Thailand lies between 5 and 21 N and 97 and 106 E: no longitude of it can be a latitude.
    if 5.0 <= x <= 21.0 and 97.0 <= y <= 106.0:
        raise FileRefused(
            f"boundaries: expected longitude before latitude, got first {x:.2f}, then {y:.2f}",
            key="boundary_swapped",
            context={"first": f"{x:.2f}", "second": f"{y:.2f}"},
            hint="write longitude first, then latitude",
        )
    if (np.abs(xy) > (180.0, 90.0)).any():
        raise unplaced(f"{xy[:, 0].min():.0f} to {xy[:, 0].max():.0f}, {xy[:, 1].min():.0f} to {xy[:, 1].max():.0f}")
    return geometry, told


def _mend(
    geometry: NDArray[np.object_], code: pd.Series, place: NDArray[np.int_]
) -> tuple[NDArray[np.object_], list[Remark]]:
    """Make rings valid where that does not change what they enclose; refuse the file otherwise.

    The area inside a ring by the even-odd rule (what make_valid keeps) and the ring's own area (shoelace formula) agree
    unless the ring crosses itself: a loop of area a moves them apart by 2 a, a bow-tie of equal halves by the whole.
    """
    collections = shapely.get_type_id(geometry) == 7
    invalid = ~shapely.is_valid(geometry)
    out = geometry.copy()
    out[invalid] = shapely.make_valid(geometry[invalid])
    for row in np.flatnonzero(invalid | collections):
        out[row] = _polygonal(out[row])
    own = np.abs(shapely.area(geometry[invalid]))
    change = np.abs(shapely.area(out[invalid]) - own)
    codes = code.to_numpy()
    doubtful = np.union1d(
        np.flatnonzero(invalid)[~(change < _RING_CHANGE * own)], np.flatnonzero(shapely.is_empty(out))
    )
    if doubtful.size:
        raise refused_for("boundary_rings", "rings that do not cross themselves", codes[doubtful], place[doubtful])
    return out, [remark_on("rings_mended", place[invalid], codes=codes[invalid])]


def _polygonal(shape: shapely.Geometry) -> shapely.Geometry:
    parts = shapely.get_parts(shapely.get_parts(shape))
    polygons = parts[shapely.get_type_id(parts) == 3]
    return polygons[0] if len(polygons) == 1 else shapely.multipolygons(polygons)


def _refuse_double(code: pd.Series, place: NDArray[np.int_]) -> None:
    double = code.duplicated(keep=False).to_numpy()
    if double.any():
        raise refused_for("boundary_double", "each tambon once", code.to_numpy()[double], place[double])


def _named(rows: gpd.GeoDataFrame, column: str, register: pd.Series) -> NDArray[Any]:
    """Return a name column of the file, gaps filled from the register; codes of parents always follow the tambon's."""
    level, _, language = column.partition("_")
    if not language:
        return register.to_numpy()
    by_name = {str(name).lower(): name for name in reversed(rows.columns)}
    wanted = [column, *(f"{short}_{language}" for short in _SHORT[level])]
    found = next((by_name[name] for name in wanted if name in by_name), None)
    if found is None:
        short = _SHORT[level][0]
        numbered = [by_name[name] for name in (f"{short}_name{n}" for n in ("", "1", "2", "3")) if name in by_name]
        found = next((name for name in numbered if _is_thai(rows[name]) == (language == "th")), None)
    if found is None:
        return register.to_numpy()
    given = text_of(rows[found])
    return np.where(given.to_numpy() != "", given.to_numpy(), register.to_numpy())


def _is_thai(column: pd.Series) -> bool | None:
    """Return whether a column of names is written in Thai; None when it is empty."""
    names = [name for name in text_of(column) if name]
    return None if not names else 2 * sum(bool(_THAI.search(name)) for name in names) > len(names)


def _area(rows: gpd.GeoDataFrame, geometry: NDArray[np.object_]) -> NDArray[np.float64]:
    by_name = {str(name).lower(): name for name in reversed(rows.columns)}
    found = next((by_name[name] for name in _AREAS if name in by_name), None)
    if found is None:
        return areas_km2(geometry)
    given = np.array(pd.to_numeric(rows[found], errors="coerce"), dtype=np.float64)
    lacking = ~(given > 0)
    given[lacking] = areas_km2(geometry[lacking])
    return given


def _detail(rows: gpd.GeoDataFrame, geometry: NDArray[np.object_]) -> NDArray[Any]:
    by_name = {str(name).lower(): name for name in reversed(rows.columns)}
    coarse = len(geometry) > 0 and float(shapely.get_num_coordinates(geometry).mean()) < _FULL_VERTICES
    said = text_of(rows[by_name["geom_source"]]).str.endswith("_simplified") if "geom_source" in by_name else False
    return np.where(coarse | np.asarray(said, dtype=bool), "simplified", np.full(len(rows), "full"))


def _wrong_level(level: str) -> FileRefused:
    return FileRefused(
        f"boundaries: expected tambons, got {level} areas",
        key="boundary_level",
        context={"level": level},
        hint="bring the tambon (ADM3) file of the same set",
    )
