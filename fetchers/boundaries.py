"""Tambon boundaries, such as COD-AB Thailand (RTSD/OCHA, CC BY-IGO), and registered population by tambon, from files.

Never guesses a coordinate system, never takes in rings whose area is in doubt, never lets GDAL see anything but a
GeoPackage or a shapefile. GeoJSON, GeoParquet, GeoPackage and shapefiles are told apart by content, not by name.

Quirks of the provider, cured here: codes carry ``TH``; until 2022 the columns are ``ADM3_PCODE, ADM3_TH, ADM3_EN``, in
newer editions ``adm3_pcode, adm3_name, adm3_name1`` with the language not in the name; shapefiles come in UTF-8 or,
without saying so, in the Thai code page 874.
"""

from __future__ import annotations

import io
import json
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyproj
import shapely
from numpy.typing import NDArray

import data.gdal  # noqa: F401  (before anything loads GDAL)
from data.contracts import TAMBON_COLUMNS
from data.errors import FileRefused
from data.places import NAME_COLUMNS, areas_km2, check_tambons, names_of
from fetchers.parsed import Parsed, Remark
from fetchers.unpack import Member, members, members_of_bytes

#: Columns that hold an area's code, by level, lower case, best first; the last of each is the desk's own.
_CODES: dict[str, tuple[str, ...]] = {
    "tambon": ("tambon_code", "adm3_pcode", "tam_code", "pcode", "tambon"),
    "amphoe": ("amphoe_code", "adm2_pcode", "amp_code", "amphoe"),
    "province": ("province_code", "adm1_pcode", "pro_code", "province"),
}
_SHORT = {"tambon": ("adm3", "tam"), "amphoe": ("adm2", "amp"), "province": ("adm1", "pro")}
_AREAS = ("area_km2", "area_sqkm")
_THAI = re.compile("[\u0e00-\u0e7f]")

#: Fewer vertices than this per tambon, on average, is a simplified outline: the official lines of the provinces seen
#: have 900 to 5,000.
_FULL_VERTICES = 120
#: Largest change of a ring's area by mending that is taken as a slip of the pen rather than as another shape.
_RING_CHANGE = 0.01

_LIMIT_BYTES = 1_000_000_000
_SHAPEFILE = b"\x00\x00\x27\x0a"
_UNREADABLE = (
    RuntimeError, ValueError, KeyError, TypeError, AttributeError, IndexError, OSError,
    pa.ArrowException, shapely.errors.ShapelyError,
)  # fmt: skip


def recognise_boundaries(columns: list[str]) -> bool:
    """Return whether columns are those of administrative areas, of any level.

    Parameters
    ----------
    columns : list of str
        Property or column names, with or without ``geometry``.

    Notes
    -----
    Amphoes and provinces are recognised too, so that `parse_boundaries` can say why it refuses them.
    """
    found = {column.lower() for column in columns}
    if found & {"adm1_pcode", "adm2_pcode", "adm3_pcode", "pro_code", "province_code"}:
        return "population" not in found
    known = {name for names in _CODES.values() for name in names} | {"geometry", "id", "detail", "geom_source", *_AREAS}
    known |= {*NAME_COLUMNS}
    return bool(found & {"tambon_code", "tambon"}) and found <= known


def read_boundaries(source: Path | bytes | dict[str, bytes], name: str) -> Parsed:
    """Read a boundary file in any of the known forms, zipped or not.

    Parameters
    ----------
    source : Path, bytes or dict of str to bytes
        A file, its content, or the parts of a shapefile by file name. A path to a ``.shp`` takes its parts from beside
        it.
    name : str
        Name shown to the user.

    Returns
    -------
    Parsed
        See `parse_boundaries`.

    Raises
    ------
    FileRefused
        With the reason as key and ``file`` in the context.
    """
    try:
        if isinstance(source, dict):
            return parse_boundaries(load_shapefile(source), "shapefile")
        if isinstance(source, Path) and source.suffix.lower() == ".shp":
            parts = {part.name: part.read_bytes() for part in source.parent.glob(f"{source.stem}.*") if part.is_file()}
            return parse_boundaries(load_shapefile(parts), "shapefile")
        member = _only_member(source, name)
        if member.parts:
            parts = {f"layer{ending}": part for ending, part in member.parts.items()}
            return parse_boundaries(load_shapefile(parts), "shapefile")
        return parse_boundaries(load_frame(member.data, Path(name).suffix), _form(member.data))
    except FileRefused as refusal:
        refusal.context.setdefault("file", name)
        raise


def _only_member(source: Path | bytes, name: str) -> Member:
    opened = members(source, _LIMIT_BYTES) if isinstance(source, Path) else members_of_bytes(name, source, _LIMIT_BYTES)
    whole: list[Member] = []
    for member in opened:
        if not isinstance(member, Member):
            raise member[1]
        whole.append(member)
    if len(whole) != 1:
        raise _unreadable(f"{len(whole)} files in one archive")
    return whole[0]


def _form(data: bytes) -> str:
    if data[:4] == b"PAR1":
        return "geoparquet"
    return "geopackage" if data[:15] == b"SQLite format 3" else "geojson"


def load_frame(data: bytes, suffix_hint: str) -> gpd.GeoDataFrame:
    """Read GeoJSON, GeoParquet or GeoPackage bytes, told apart by their content.

    Parameters
    ----------
    data : bytes
    suffix_hint : str
        Ending of the file's name; only used in the words of a refusal.

    Returns
    -------
    GeoDataFrame
        As in the file; without a coordinate system where the file declares none.

    Raises
    ------
    FileRefused
        ``boundary_unreadable``; ``boundary_sidecars`` for a ``.shp`` brought alone.
    """
    if data[:4] == _SHAPEFILE:
        raise _sidecars(".dbf, .shx, .prj")
    try:
        if data[:4] == b"PAR1":
            return gpd.read_parquet(io.BytesIO(data))
        if data[:15] == b"SQLite format 3":
            return _geopackage(data)
        if data[:512].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
            return frame_from_geojson(json.loads(data.decode("utf-8-sig")))
    except (*_UNREADABLE, RecursionError) as error:
        raise _unreadable(str(error)) from error
    raise _unreadable(f"content of an unknown form, named {suffix_hint or 'without an ending'}")


def frame_from_geojson(document: dict[str, Any]) -> gpd.GeoDataFrame:
    """Return a parsed GeoJSON feature collection as a frame.

    Parameters
    ----------
    document : dict
        A ``FeatureCollection``. The old ``crs`` member (GeoJSON 2008) is heeded; without it no system is set.

    Raises
    ------
    FileRefused
        ``boundary_unreadable`` when it is another type or a feature is malformed; ``boundary_crs`` when the ``crs``
        member names a system that does not exist.
    """
    features = document.get("features")
    if document.get("type") != "FeatureCollection" or not isinstance(features, list):
        raise _unreadable(f"GeoJSON of type {document.get('type')}, not a FeatureCollection")
    declared = document.get("crs")
    try:
        crs = pyproj.CRS(declared["properties"]["name"]) if isinstance(declared, dict) else None
    except (pyproj.exceptions.CRSError, KeyError, TypeError) as error:
        raise _unplaced(f"crs member {declared}") from error
    try:
        return gpd.GeoDataFrame.from_features(features, crs=crs)
    except _UNREADABLE as error:
        raise _unreadable(str(error)) from error


def load_shapefile(parts: dict[str, bytes]) -> gpd.GeoDataFrame:
    """Read an ESRI shapefile from its parts, of any geometry type.

    Parameters
    ----------
    parts : dict of str to bytes
        Content by file name; only the endings count. ``.shp``, ``.shx`` and ``.dbf`` are needed, ``.prj`` and ``.cpg``
        used.

    Raises
    ------
    FileRefused
        ``boundary_sidecars`` when a needed part is missing, ``boundary_unreadable`` when GDAL cannot read them.
    """
    import pyogrio  # here, so that data.gdal has set the environment before GDAL is loaded

    by_ending = {Path(name).suffix.lower(): content for name, content in parts.items()}
    missing = [ending for ending in (".shp", ".shx", ".dbf") if ending not in by_ending]
    if missing:
        raise _sidecars(", ".join(missing))
    if by_ending[".shp"][:4] != _SHAPEFILE:
        raise _unreadable("the .shp part is not a shapefile")
    with tempfile.TemporaryDirectory(prefix="haze-shapefile-") as folder:
        for ending in (".shp", ".shx", ".dbf", ".prj", ".cpg"):
            if ending in by_ending:
                Path(folder, f"layer{ending}").write_bytes(by_ending[ending])
        path = Path(folder, "layer.shp")
        try:
            if ".cpg" in by_ending:
                return pyogrio.read_dataframe(path)
            try:
                return pyogrio.read_dataframe(path, encoding="UTF-8")
            except UnicodeDecodeError:
                return pyogrio.read_dataframe(path, encoding="CP874")
        except _UNREADABLE as error:
            raise _unreadable(str(error).replace(folder, "")) from error


def _geopackage(data: bytes) -> gpd.GeoDataFrame:
    import pyogrio

    with tempfile.TemporaryDirectory(prefix="haze-geopackage-") as folder:
        path = Path(folder, "layers.gpkg")
        path.write_bytes(data)
        layers = [str(layer) for layer, kind in pyogrio.list_layers(path) if kind is not None]
        if not layers:
            raise _unreadable("a GeoPackage without a layer of shapes")
        fields = {layer: [str(field) for field in pyogrio.read_info(path, layer=layer)["fields"]] for layer in layers}
        # A package may hold provinces, amphoes and tambons side by side.
        of_tambons = [layer for layer in layers if _code_column(fields[layer])[0] == "tambon"]
        return pyogrio.read_dataframe(path, layer=(of_tambons or layers)[0])


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
    level, code_column = _code_column(columns)
    if level is None:
        raise FileRefused(
            f"boundaries: expected a column with tambon codes, got {columns[:8]}",
            key="boundary_columns",
            context={"found": ", ".join(columns[:8])[:200]},
            hint="bring a file with ADM3_PCODE or tambon_code",
        )
    code = _codes(frame[code_column])
    if level != "tambon" or code.str.fullmatch(r"\d{2}|\d{4}").all():
        raise _wrong_level(level if level != "tambon" else "amphoe or province")
    geometry, told = _in_degrees(frame)
    register = names_of(code)
    place = np.arange(1, len(frame) + 1)

    known = code.str.fullmatch(r"\d{6}").to_numpy(dtype=bool) & register["province_en"].notna().to_numpy()
    empty = shapely.is_missing(geometry) | shapely.is_empty(geometry) | ~_finite(geometry)
    # 3 and 6 are GEOS's numbers of polygon and multipolygon, 7 of a collection.
    flat = ~np.isin(shapely.get_type_id(geometry), (3, 6, 7))
    rejected = [
        _remark("unknown_tambon", place[~known], codes=code.to_numpy()[~known]),
        _remark("empty_geometry", place[known & empty], codes=code.to_numpy()[known & empty]),
        _remark("not_polygon", place[known & ~empty & flat], codes=code.to_numpy()[known & ~empty & flat]),
    ]
    keep = known & ~empty & ~flat
    code, register, place, geometry = code[keep], register[keep], place[keep], geometry[keep]
    _refuse_double(code, place)
    geometry, mended = _mend(geometry, code, place)
    new = register["tambon_th"].isna().to_numpy()
    told += [*mended, _remark("tambon_not_in_register", place[new], codes=code.to_numpy()[new])]

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


def recognise_population(columns: list[str]) -> bool:
    """Return whether columns are those of population by tambon: a code and ``population``."""
    found = {column.strip().lower() for column in columns}
    return "population" in found and bool(found & {"tambon_code", "tambon", "adm3_pcode"})


def parse_population(table: pd.DataFrame) -> Parsed:
    """Turn a table of registered population into the desk's.

    Parameters
    ----------
    table : DataFrame, shape (n, ...)
        ``tambon_code`` (also ``ADM3_PCODE``, ``tambon``) and ``population``, best read as text; the year from ``year``
        or ``reference_date`` (an ISO date or a year, Buddhist years too), the source from ``source``, where given.

    Returns
    -------
    Parsed
        ``kind`` population; columns ``tambon`` (text), ``population`` (Int64, persons), ``year`` (Int64, Christian era,
        missing where not given), ``source`` (text), sorted by tambon and year. Rejected rows: ``unknown_tambon``,
        ``bad_population``. Told: ``buddhist_year``.

    Raises
    ------
    FileRefused
        ``boundary_columns`` without the two columns; ``population_double`` when a tambon has two figures for one year.
    """
    by_name = {str(column).strip().lower(): column for column in table.columns}
    code_column = next((by_name[name] for name in ("tambon_code", "adm3_pcode", "tambon") if name in by_name), None)
    if code_column is None or "population" not in by_name:
        found = ", ".join(str(column) for column in table.columns[:8])
        raise FileRefused(
            f"population: expected columns tambon_code and population, got {found}",
            key="boundary_columns",
            context={"found": found[:200]},
            hint="bring a table with tambon_code and population",
        )
    place = np.arange(1, len(table) + 1)
    code = _codes(table[code_column])
    number = pd.to_numeric(_text(table[by_name["population"]]).str.replace(",", ""), errors="coerce")
    known = code.str.fullmatch(r"\d{6}").to_numpy(dtype=bool) & names_of(code)["province_en"].notna().to_numpy()
    whole = (number.notna() & (number >= 0) & (number % 1 == 0) & (number < 1e9)).to_numpy(dtype=bool)
    year, buddhist = _years(table, by_name)
    keep = known & whole
    source = _text(table[by_name["source"]]) if "source" in by_name else pd.Series("", index=table.index, dtype="str")
    out = pd.DataFrame(
        {
            "tambon": code.to_numpy()[keep],
            "population": number[keep].astype("Int64").to_numpy(),
            "year": year[keep].to_numpy(),
            "source": source[keep].to_numpy(),
        }
    ).astype({"tambon": "str", "population": "Int64", "year": "Int64", "source": "str"})
    double = out.duplicated(["tambon", "year"], keep=False).to_numpy()
    if double.any():
        twice = out["tambon"].to_numpy()[double]
        raise _refusal("population_double", "one figure for a tambon and year", twice, place[keep][double])
    rejected = (
        _remark("unknown_tambon", place[~known], codes=code.to_numpy()[~known]),
        _remark("bad_population", place[known & ~whole], codes=code.to_numpy()[known & ~whole]),
    )
    told = _remark("buddhist_year", place[keep & buddhist])
    return Parsed(
        format="population-csv",
        kind="population",
        table=out.sort_values(["tambon", "year"], ignore_index=True),
        read=len(table),
        rejected=tuple(remark for remark in rejected if remark.count),
        mended=(told,) if told.count else (),
    )


def _years(table: pd.DataFrame, by_name: dict[str, Any]) -> tuple[pd.Series, NDArray[np.bool_]]:
    column = next((by_name[name] for name in ("year", "reference_date") if name in by_name), None)
    if column is None:
        return pd.Series(pd.NA, index=table.index, dtype="Int64"), np.zeros(len(table), dtype=bool)
    year = pd.to_numeric(_text(table[column]).str.extract(r"^(\d{4})", expand=False), errors="coerce").astype("Int64")
    # The Buddhist era is 543 years ahead; no Christian year of this desk comes near 2400.
    buddhist = (year > 2400).fillna(False).to_numpy(dtype=bool)
    return year.where(~buddhist, year - 543), buddhist


def _code_column(columns: Sequence[str]) -> tuple[str | None, str]:
    """Return the finest level that has a code column, and that column."""
    by_name = {column.lower(): column for column in reversed(columns)}
    for level, names in _CODES.items():
        for name in names:
            if name in by_name:
                return level, by_name[name]
    return None, ""


def _text(column: pd.Series) -> pd.Series:
    return column.astype("str").fillna("").str.normalize("NFC").str.strip()


def _codes(column: pd.Series) -> pd.Series:
    # A code read as a number may carry ".0"; COD-AB puts TH in front.
    return _text(column).str.replace(r"\.0$", "", regex=True).str.replace(r"^[Tt][Hh]\s*", "", regex=True)


def _finite(geometry: NDArray[np.object_]) -> NDArray[np.bool_]:
    # A sum over all coordinates is not a number as soon as one of them is not.
    xy, index = shapely.get_coordinates(geometry, return_index=True)
    broken = np.unique(index[~np.isfinite(xy).all(axis=1)])
    finite = np.ones(len(geometry), dtype=bool)
    finite[broken] = False
    return finite


def _in_degrees(frame: gpd.GeoDataFrame) -> tuple[NDArray[np.object_], list[Remark]]:
    """Return the geometries in longitude and latitude, flat, and what was done for it."""
    try:
        shapes = frame.geometry
    except AttributeError as error:
        raise _unreadable("no geometry column") from error
    told: list[Remark] = []
    declared = shapes.crs
    if declared is not None and not declared.equals(pyproj.CRS(4326), ignore_axis_order=True):
        try:
            shapes = shapes.to_crs(4326)
        except (pyproj.exceptions.ProjError, RuntimeError) as error:
            raise _unplaced(str(declared.name)) from error
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
        raise _unplaced(f"{xy[:, 0].min():.0f} to {xy[:, 0].max():.0f}, {xy[:, 1].min():.0f} to {xy[:, 1].max():.0f}")
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
        raise _refusal("boundary_rings", "rings that do not cross themselves", codes[doubtful], place[doubtful])
    return out, [_remark("rings_mended", place[invalid], codes=codes[invalid])]


def _polygonal(shape: shapely.Geometry) -> shapely.Geometry:
    parts = shapely.get_parts(shapely.get_parts(shape))
    polygons = parts[shapely.get_type_id(parts) == 3]
    return polygons[0] if len(polygons) == 1 else shapely.multipolygons(polygons)


def _refuse_double(code: pd.Series, place: NDArray[np.int_]) -> None:
    double = code.duplicated(keep=False).to_numpy()
    if double.any():
        raise _refusal("boundary_double", "each tambon once", code.to_numpy()[double], place[double])


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
    given = _text(rows[found])
    return np.where(given.to_numpy() != "", given.to_numpy(), register.to_numpy())


def _is_thai(column: pd.Series) -> bool | None:
    """Return whether a column of names is written in Thai; None when it is empty."""
    names = [name for name in _text(column) if name]
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
    said = _text(rows[by_name["geom_source"]]).str.endswith("_simplified") if "geom_source" in by_name else False
    return np.where(coarse | np.asarray(said, dtype=bool), "simplified", np.full(len(rows), "full"))


def _remark(key: str, place: NDArray[np.int_], codes: NDArray[Any] | None = None) -> Remark:
    context = {} if codes is None else {"codes": _listed(codes)}
    return Remark(key, len(place), tuple(int(row) for row in place[:5]), context)


def _listed(codes: NDArray[Any]) -> str:
    shown = list(dict.fromkeys(str(code)[:12] or "-" for code in codes))
    return ", ".join(shown[:5]) + (" …" if len(shown) > 5 else "")


def _refusal(key: str, expected: str, codes: NDArray[Any], place: NDArray[np.int_]) -> FileRefused:
    rows = ", ".join(str(int(row)) for row in place[:5])
    return FileRefused(
        f"boundaries: expected {expected}, got otherwise for {_listed(codes)} in rows {rows}",
        key=key,
        context={"codes": _listed(codes), "rows": rows, "count": len(set(codes))},
    )


def _wrong_level(level: str) -> FileRefused:
    return FileRefused(
        f"boundaries: expected tambons, got {level} areas",
        key="boundary_level",
        context={"level": level},
        hint="bring the tambon (ADM3) file of the same set",
    )


def _unplaced(found: str) -> FileRefused:
    return FileRefused(
        f"boundaries: expected degrees or a declared coordinate system, got {found}",
        key="boundary_crs",
        context={"found": found[:120]},
        hint="bring the .prj beside the shapefile, or save the file in WGS84 (EPSG:4326)",
    )


def _unreadable(problem: str) -> FileRefused:
    return FileRefused(
        f"boundaries: cannot be read: {problem[:200]}",
        key="boundary_unreadable",
        context={"problem": problem[:120]},
        hint="bring GeoJSON, GeoParquet, GeoPackage or a zipped shapefile",
    )


def _sidecars(missing: str) -> FileRefused:
    return FileRefused(
        f"boundaries: a shapefile without {missing}",
        key="boundary_sidecars",
        context={"missing": missing},
        hint="zip .shp, .shx, .dbf, .prj and .cpg together and bring the zip",
    )
