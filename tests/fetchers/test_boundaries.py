"""Boundary files of every form and fault, on tiny squares near Lampang, and the real files where they are present."""

from __future__ import annotations

import datetime as dt
import io
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from data.contracts import TAMBON_COLUMNS
from data.errors import FileRefused
from data.places import areas_km2
from fetchers import population, recognise, unpack
from fetchers.boundaries import parse_boundaries
from fetchers.parsed import Parsed
from fetchers.shapes import load_frame, load_shapefile

CODES = ("520101", "520102", "520103")
NOW = dt.datetime(2026, 3, 10, tzinfo=dt.UTC)
LIMIT = 1_000_000_000


def square(n: int, vertices_a_side: int = 1) -> shapely.Polygon:
    """A square of 0.01 degrees, the n-th from the west, with so many vertices on each side."""
    west, south, size = 99.5 + 0.01 * n, 18.3, 0.01
    return shapely.segmentize(shapely.box(west, south, west + size, south + size), size / vertices_a_side)


def frame(codes: tuple[str, ...] = CODES, crs: Any = 4326, vertices: int = 1, **columns: Any) -> gpd.GeoDataFrame:
    shapes = [square(n, vertices) for n in range(len(codes))]
    return gpd.GeoDataFrame({"ADM3_PCODE": [f"TH{code}" for code in codes], **columns}, geometry=shapes, crs=crs)


def geojson(table: gpd.GeoDataFrame, **members: Any) -> bytes:
    document = {"type": "FeatureCollection", **members}
    rows = table.drop(columns="geometry").to_dict("records")
    document["features"] = [
        {"type": "Feature", "properties": row, "geometry": None if shape is None else shapely.geometry.mapping(shape)}
        for row, shape in zip(rows, table.geometry, strict=True)
    ]
    return json.dumps(document, ensure_ascii=False).encode()


def geoparquet(table: gpd.GeoDataFrame) -> bytes:
    out = io.BytesIO()
    table.to_parquet(out)
    return out.getvalue()


def geopackage(folder: Path, **layers: gpd.GeoDataFrame) -> bytes:
    path = folder / "set.gpkg"
    for name, table in layers.items():
        pyogrio.write_dataframe(table, path, layer=name, append=path.exists())
    return path.read_bytes()


def shapefile(folder: Path, table: gpd.GeoDataFrame, **options: Any) -> dict[str, bytes]:
    pyogrio.write_dataframe(table, folder / "adm3.shp", **options)
    return {path.name: path.read_bytes() for path in folder.glob("adm3.*")}


def zipped(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in parts.items():
            archive.writestr(f"tha_adm3/{name}", content)
    return out.getvalue()


def refused(act: Callable[[], Any], key: str) -> dict[str, Any]:
    with pytest.raises(FileRefused) as caught:
        act()
    assert caught.value.key == key
    assert caught.value.hint or key in {"boundary_rings", "boundary_double", "population_double", "header_only"}
    return caught.value.context


def read_boundaries(source: Path | bytes | dict[str, bytes], name: str) -> Parsed:
    """Read a file, its content or the parts of a shapefile as an import does: unpacked, recognised, parsed."""
    data = zipped(source) if isinstance(source, dict) else source
    found = unpack.members(data, LIMIT) if isinstance(data, Path) else unpack.members_of_bytes(name, data, LIMIT)
    (member,) = found
    assert isinstance(member, unpack.Member)
    return recognise.parse(member, NOW)


# Forms


def test_geojson() -> None:
    parsed = read_boundaries(geojson(frame()), "adm3.geojson")
    assert parsed.format == "boundaries-geojson"
    assert parsed.kind == "tambons"
    assert parsed.read == 3
    assert list(parsed.table.columns) == [*TAMBON_COLUMNS, "geometry"]
    assert list(parsed.table["tambon"]) == list(CODES)
    assert parsed.table.crs.to_epsg() == 4326
    assert parsed.rejected == ()
    assert parsed.mended == ()


def test_every_form_gives_the_same_table(tmp_path: Path) -> None:
    table = frame(ADM3_TH=["เวียงเหนือ", "หัวเวียง", "สวนดอก"])
    (tmp_path / "zip").mkdir()
    parts = shapefile(tmp_path / "zip", table, encoding="UTF-8")
    wanted = read_boundaries(geojson(table), "a").table
    forms = {
        "boundaries-geoparquet": geoparquet(table),
        "boundaries-geopackage": geopackage(tmp_path, adm3=table),
        "boundaries-shapefile": zipped(parts),
    }
    for form, data in forms.items():
        parsed = read_boundaries(data, "misleading.csv")
        assert parsed.format == form
        pd.testing.assert_frame_equal(
            pd.DataFrame(parsed.table.drop(columns="geometry")), pd.DataFrame(wanted.drop(columns="geometry"))
        )
        assert parsed.table.geometry.normalize().geom_equals_exact(wanted.geometry.normalize(), 1e-9).all()
    assert read_boundaries(parts, "parts").format == "boundaries-shapefile"
    beside = unpack.shapefile_beside(tmp_path / "zip" / "adm3.shp", LIMIT)
    assert read_boundaries(beside, "adm3.shp").format == "boundaries-shapefile"
    path = tmp_path / "adm3.zip"
    path.write_bytes(zipped(parts))
    assert read_boundaries(path, "adm3.zip").format == "boundaries-shapefile"


def test_geopackage_with_all_levels_yields_its_tambons(tmp_path: Path) -> None:
    amphoes = gpd.GeoDataFrame({"ADM2_PCODE": ["TH5201"]}, geometry=[square(0)], crs=4326)
    data = geopackage(tmp_path, adm2=amphoes, adm3=frame())
    assert list(read_boundaries(data, "a.gpkg").table["tambon"]) == list(CODES)


def test_shapefile_in_the_thai_code_page(tmp_path: Path) -> None:
    parts = shapefile(tmp_path, frame(ADM3_TH=["เวียงเหนือ", "หัวเวียง", "สวนดอก"]), encoding="CP874")
    parts.pop("adm3.cpg", None)
    assert list(read_boundaries(parts, "a").table["tambon_th"]) == ["เวียงเหนือ", "หัวเวียง", "สวนดอก"]


def test_shapefile_of_points_can_be_loaded(tmp_path: Path) -> None:
    points = gpd.GeoDataFrame({"FRP": [1.5]}, geometry=[shapely.Point(99.5, 18.3)], crs=4326)
    loaded = load_shapefile(shapefile(tmp_path, points))
    assert loaded.geometry[0] == shapely.Point(99.5, 18.3)
    assert loaded["FRP"][0] == 1.5


def test_shapefile_without_its_parts() -> None:
    context = refused(lambda: load_shapefile({"a.shp": b"\x00\x00\x27\x0a"}), "boundary_sidecars")
    assert context == {"missing": ".shx, .dbf"}
    refused(lambda: load_frame(b"\x00\x00\x27\x0a" + bytes(96), ".shp"), "boundary_sidecars")


VRT = (
    b'<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer>'
    b"</OGRVRTDataSource>"
)
ALGORITHM = b'{"type": "gdal_streamed_alg", "command_line": "gdal vector pipeline read /etc/passwd"}'


@pytest.mark.parametrize(
    "data",
    [
        VRT,
        ALGORITHM,
        b'{"type": "FeatureCollection", "features": 3}',
        b'{"type": "FeatureCollection", "features": [{"type": "Feature"}]}',
        b'{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {}, "geometry": {"type": "Po',
        b"PAR1 and nothing else",
        b"SQLite format 3\x00 and nothing else",
        b"tambon_code,geometry\n520101,POLYGON\n",
        b"{" * 100_000,
    ],
)
def test_what_is_no_boundary_file_is_refused_in_words(data: bytes) -> None:
    context = refused(lambda: load_frame(data, ".geojson"), "boundary_unreadable")
    assert context["problem"]


def test_a_vrt_named_as_a_shapefile_is_not_opened() -> None:
    parts = {"a.shp": VRT, "a.shx": VRT, "a.dbf": VRT}
    refused(lambda: load_shapefile(parts), "boundary_unreadable")


def test_drivers_that_follow_a_file_are_off() -> None:
    assert "OGR_VRT" in os.environ["OGR_SKIP"]
    assert "VRT" in os.environ["GDAL_SKIP"].split(",")


def test_parquet_without_geometry_is_refused() -> None:
    out = io.BytesIO()
    pd.DataFrame({"tambon_code": ["520101"]}).to_parquet(out)
    refused(lambda: read_boundaries(out.getvalue(), "a.parquet"), "boundary_unreadable")


def test_no_rows() -> None:
    refused(lambda: read_boundaries(b'{"type": "FeatureCollection", "features": []}', "a"), "header_only")


# Columns, codes and names


def test_new_edition_names_are_told_apart_by_their_script() -> None:
    new = frame(
        adm3_name=["Wiang Nuea", "Hua Wiang", "Suan Dok"],
        adm3_name1=["เวียงเหนือ", "หัวเวียง", "สวนดอก"],
        adm3_name2=[None, None, None],
        adm1_name=["Lampang"] * 3,
        adm1_name1=["ลำปาง"] * 3,
        area_sqkm=[1.5, 2.5, 3.5],
    ).rename(columns=str.lower)
    swapped = new.rename(columns={"adm3_name": "adm3_name1", "adm3_name1": "adm3_name"})
    for table in (new, swapped):
        out = parse_boundaries(table, "geojson").table
        assert list(out["tambon_en"]) == ["Wiang Nuea", "Hua Wiang", "Suan Dok"]
        assert list(out["tambon_th"]) == ["เวียงเหนือ", "หัวเวียง", "สวนดอก"]
        assert list(out["area_km2"]) == [1.5, 2.5, 3.5]


def test_names_are_kept_clean_and_gaps_filled_from_the_register() -> None:
    # Sara am written as two signs composes under NFC only where Unicode says so; accents always do.
    out = parse_boundaries(frame(ADM3_EN=[" Wiang Nue\u0301a ", None, ""]), "geojson").table
    assert list(out["tambon_en"]) == ["Wiang Nuéa", "Hua Wiang", "Suan Dok"]
    assert list(out["tambon_th"]) == ["เวียงเหนือ", "หัวเวียง", "สวนดอก"]
    assert set(out["amphoe"]) == {"5201"}
    assert set(out["amphoe_en"]) == {"Mueang Lampang"}
    assert set(out["province_th"]) == {"ลำปาง"}


@pytest.mark.parametrize("written", [520101, 520101.0, "520101", "TH520101", "th520101", " TH520101 ", "520101.0"])
def test_codes_as_they_come(written: Any) -> None:
    table = gpd.GeoDataFrame({"tambon_code": [written]}, geometry=[square(0)], crs=4326)
    assert list(parse_boundaries(table, "geojson").table["tambon"]) == ["520101"]


def test_rows_without_a_known_code_are_left_out() -> None:
    table = frame(("520102", "", "52010", "999999", "520101", "ABCDEF"))
    table.loc[1, "ADM3_PCODE"] = None
    parsed = parse_boundaries(table, "geojson")
    assert list(parsed.table["tambon"]) == ["520101", "520102"]
    (remark,) = parsed.rejected
    assert (remark.key, remark.count, remark.rows) == ("unknown_tambon", 4, (2, 3, 4, 6))
    assert parsed.rejected_count + len(parsed.table) == parsed.read


def test_a_code_newer_than_the_register_is_kept_and_told() -> None:
    parsed = parse_boundaries(frame(("520101", "520199"), ADM3_EN=["Wiang Nuea", "New Town"]), "geojson")
    assert list(parsed.table["tambon"]) == ["520101", "520199"]
    assert parsed.table["tambon_en"][1] == "New Town"
    assert pd.isna(parsed.table["tambon_th"][1])
    (remark,) = parsed.mended
    assert (remark.key, remark.rows, remark.context) == ("tambon_not_in_register", (2,), {"codes": "520199"})


@pytest.mark.parametrize(
    ("columns", "level"),
    [
        ({"ADM2_PCODE": ["TH5201"], "ADM1_PCODE": ["TH52"]}, "amphoe"),
        ({"amphoe_code": ["5201"], "province_code": ["52"]}, "amphoe"),
        ({"ADM1_PCODE": ["TH52"], "ADM1_EN": ["Lampang"]}, "province"),
        ({"tambon_code": ["5201"]}, "amphoe or province"),
    ],
)
def test_coarser_levels_are_refused(columns: dict[str, list[str]], level: str) -> None:
    table = gpd.GeoDataFrame(columns, geometry=[square(0)], crs=4326)
    assert refused(lambda: parse_boundaries(table, "geojson"), "boundary_level") == {"level": level}


def test_without_codes_the_columns_are_named() -> None:
    table = gpd.GeoDataFrame({"name": ["Wiang Nuea"]}, geometry=[square(0)], crs=4326)
    assert "name" in refused(lambda: parse_boundaries(table, "geojson"), "boundary_columns")["found"]


def test_a_code_twice_is_refused() -> None:
    table = frame(("520101", "520102", "520101"))
    context = refused(lambda: parse_boundaries(table, "geojson"), "boundary_double")
    assert context == {"codes": "520101", "rows": "1, 3", "count": 1}


# Coordinates


def test_a_declared_system_is_reprojected_and_told(tmp_path: Path) -> None:
    utm = frame().to_crs(32647)
    wanted = read_boundaries(geojson(frame()), "a").table.geometry
    declared = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32647"}}
    for data in (
        geojson(utm, crs=declared),
        geoparquet(utm),
        geopackage(tmp_path, adm3=utm),
        zipped(shapefile(tmp_path, utm)),
    ):
        parsed = read_boundaries(data, "a")
        assert [remark.key for remark in parsed.mended] == ["reprojected"]
        assert "47N" in parsed.mended[0].context["crs"]
        assert parsed.table.geometry.normalize().geom_equals_exact(wanted.normalize(), 1e-8).all()


def test_degrees_under_another_name_are_not_reprojected() -> None:
    named = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
    assert read_boundaries(geojson(frame(), crs=named), "a").mended == ()
    assert read_boundaries(geojson(frame(), crs=None), "a").mended == ()


def test_metres_without_a_declared_system_are_refused(tmp_path: Path) -> None:
    utm = frame().to_crs(32647)
    refused(lambda: read_boundaries(geojson(utm), "a"), "boundary_crs")
    parts = shapefile(tmp_path, utm)
    parts.pop("adm3.prj")
    refused(lambda: read_boundaries(parts, "a"), "boundary_crs")


def test_a_system_that_does_not_exist_is_refused() -> None:
    wrong = {"type": "name", "properties": {"name": "EPSG:123456789"}}
    refused(lambda: read_boundaries(geojson(frame(), crs=wrong), "a"), "boundary_crs")


def test_latitude_first_is_refused() -> None:
    table = frame()
    table["geometry"] = shapely.transform(table.geometry.to_numpy(), lambda xy: xy[:, ::-1])
    context = refused(lambda: parse_boundaries(table, "geojson"), "boundary_swapped")
    assert context["first"].startswith("18.3")
    assert context["second"].startswith("99.5")


def test_heights_are_dropped() -> None:
    table = frame()
    table["geometry"] = shapely.force_3d(table.geometry.to_numpy(), 300.0)
    assert not parse_boundaries(table, "geojson").table.geometry.has_z.any()


# Shapes


def test_rows_without_an_area_are_left_out() -> None:
    table = frame(("520101", "520102", "520103", "520104", "520105"))
    broken = np.array([(99.5, 18.3), (99.6, np.nan), (99.6, 18.4), (99.5, 18.3)])
    shapes = [square(0), None, shapely.Polygon(), shapely.Point(99.5, 18.3), shapely.Polygon(broken)]
    table = table.set_geometry(gpd.GeoSeries(shapes, crs=4326))
    parsed = parse_boundaries(table, "geojson")
    assert list(parsed.table["tambon"]) == ["520101"]
    assert {remark.key: (remark.count, remark.rows) for remark in parsed.rejected} == {
        "empty_geometry": (3, (2, 3, 5)),
        "not_polygon": (1, (4,)),
    }


def looped(size: float) -> shapely.Polygon:
    """The square with a triangle hung under its south-east corner by two lines that cross each other."""
    w, s, side = 99.5, 18.3, 0.01
    loop = size * side
    hung = [(w + side - loop, s), (w + side, s - loop), (w + side - loop, s - loop), (w + side, s)]
    return shapely.Polygon([(w, s), *hung, (w + side, s + side), (w, s + side)])


def test_a_slip_of_the_pen_is_mended_and_told() -> None:
    table = frame()
    table.loc[1, "geometry"] = looped(0.05)
    assert not table.geometry[1].is_valid
    parsed = parse_boundaries(table, "geojson")
    (remark,) = parsed.mended
    assert (remark.key, remark.rows, remark.context["codes"]) == ("rings_mended", (2,), "520102")
    assert parsed.table.geometry.is_valid.all()
    assert set(parsed.table.geom_type) <= {"Polygon", "MultiPolygon"}


def test_a_ring_that_touches_itself_keeps_its_area() -> None:
    pinched = shapely.Polygon(
        [(99.5, 18.3), (99.52, 18.3), (99.51, 18.31), (99.52, 18.32), (99.5, 18.32), (99.51, 18.31)]
    )
    table = frame(("520101",))
    table.loc[0, "geometry"] = pinched
    parsed = parse_boundaries(table, "geojson")
    assert [remark.key for remark in parsed.mended] == ["rings_mended"]
    assert parsed.table.geometry[0].area == pytest.approx(0.0002)


BOW_TIE = shapely.Polygon([(99.5, 18.3), (99.52, 18.32), (99.52, 18.3), (99.5, 18.32)])
LOPSIDED = shapely.Polygon([(99.5, 18.3), (99.56, 18.36), (99.56, 18.3), (99.5, 18.32)])


@pytest.mark.parametrize("shape", [BOW_TIE, LOPSIDED, looped(0.5), shapely.Polygon([(99.5, 18.3)] * 4)])
def test_a_ring_that_crosses_itself_is_refused(shape: shapely.Polygon) -> None:
    table = frame()
    table.loc[2, "geometry"] = shape
    context = refused(lambda: parse_boundaries(table, "geojson"), "boundary_rings")
    assert context == {"codes": "520103", "rows": "3", "count": 1}


@given(st.floats(0.001, 0.99))
def test_mending_stops_at_one_percent(size: float) -> None:
    # Slow reference: cut the ring into the pieces it encloses and add them up, against the shoelace formula.
    table = frame(("520101",))
    table.loc[0, "geometry"] = looped(size)
    shape = table.geometry[0]
    pieces = shapely.get_parts(shapely.polygonize(list(shapely.get_parts(shapely.node(shape.boundary)))))
    even_odd = sum(piece.area for piece in pieces)
    xy = shapely.get_coordinates(shape)
    x, y = xy[:, 0] - xy[0, 0], xy[:, 1] - xy[0, 1]
    signed = abs(float(np.dot(x[:-1], y[1:]) - np.dot(x[1:], y[:-1]))) / 2
    change = abs(even_odd - signed) / signed
    if change < 0.0099:
        assert [remark.key for remark in parse_boundaries(table, "geojson").mended] == ["rings_mended"]
    elif change > 0.0101:
        refused(lambda: parse_boundaries(table, "geojson"), "boundary_rings")


def test_polygonal_part_of_a_collection_is_taken() -> None:
    table = frame(("520101",))
    both = shapely.GeometryCollection([square(0), shapely.LineString([(99.5, 18.3), (99.6, 18.4)])])
    table = table.set_geometry(gpd.GeoSeries([both], crs=4326))
    assert parse_boundaries(table, "geojson").table.geometry[0].equals(square(0))


def test_area_is_taken_or_geodesic() -> None:
    given_area = parse_boundaries(frame(area_km2=[1.25, None, -3.0]), "geojson").table["area_km2"]
    assert given_area[0] == 1.25
    assert list(given_area[1:]) == pytest.approx(list(areas_km2(np.array([square(1), square(2)], dtype=object))))
    assert given_area[1] == pytest.approx(0.01 * 110.67 * 0.01 * 105.76, rel=0.002)


def test_detail() -> None:
    assert set(parse_boundaries(frame(vertices=40), "geojson").table["detail"]) == {"full"}
    assert set(parse_boundaries(frame(vertices=20), "geojson").table["detail"]) == {"simplified"}
    said = frame(vertices=40, geom_source=["rtsd_full", "rtsd_full_simplified", "rtsd_hybrid_simplified"])
    assert list(parse_boundaries(said, "geojson").table["detail"]) == ["full", "simplified", "simplified"]


def test_rows_are_sorted_with_their_shapes() -> None:
    out = parse_boundaries(frame(("520103", "520101", "520102")), "geojson").table
    assert list(out["tambon"]) == list(CODES)
    assert out.geometry[0].equals(square(1))
    assert out.index.equals(pd.RangeIndex(3))


# Population


def test_population() -> None:
    columns = ["tambon_code", "tambon_th", "reference_date", "population", "male"]
    table = pd.DataFrame(
        [
            ["520102", "หัวเวียง", "2021-12-31", "2,345", "1"],
            ["520101", "เวียงเหนือ", "2564-12-31", "10", "1"],
            ["520103", "สวนดอก", "2021-12-31", "-1", "1"],
            ["999999", "", "2021-12-31", "5", "1"],
            ["520104", "", "2021-12-31", "", "1"],
            ["520105", "", "2021-12-31", "1.5", "1"],
        ],
        columns=columns,
    )
    assert population.recognise(columns)
    parsed = population.parse(table)
    assert parsed.kind == "population"
    assert parsed.table.to_dict("list") == {
        "tambon": ["520101", "520102"],
        "population": [10, 2345],
        "year": [2021, 2021],
        "source": ["", ""],
        "older": [None, None],
    }
    assert [str(kind) for kind in parsed.table.dtypes] == ["str", "Int64", "Int64", "str", "Int64"]
    assert {remark.key: remark.rows for remark in parsed.rejected} == {
        "unknown_tambon": (4,),
        "bad_population": (3, 5, 6),
    }
    assert [(remark.key, remark.rows) for remark in parsed.mended] == [("buddhist_year", (2,))]
    assert parsed.rejected_count + len(parsed.table) == parsed.read


def test_population_of_several_years_and_of_one_year_twice() -> None:
    table = pd.DataFrame(
        {"ADM3_PCODE": ["TH520101"] * 2, "Population": [10, 11], "year": [2020, 2021], "source": ["DOPA"] * 2}
    )
    parsed = population.parse(table)
    assert list(parsed.table["year"]) == [2020, 2021]
    assert set(parsed.table["source"]) == {"DOPA"}
    context = refused(lambda: population.parse(table.assign(year=2021)), "population_double")
    assert context["codes"] == "520101"
    without = population.parse(table[:1].drop(columns="year")).table
    assert without["year"].isna().all()


def test_population_without_its_columns() -> None:
    assert not population.recognise(["tambon_code", "households"])
    refused(lambda: population.parse(pd.DataFrame({"tambon_code": ["520101"]})), "boundary_columns")


# The real files


@pytest.mark.parametrize(
    ("name", "tambons", "detail"),
    [
        ("lampang_tambons.geojson", 100, "full"),
        ("lampang_tambons_simplified.geojson", 100, "simplified"),
        ("upper_north_tambons.parquet", 836, "full"),
        ("pilot_tambons.parquet", 443, "full"),
    ],
)
def test_real_tambons(shared: Path, name: str, tambons: int, detail: str) -> None:
    parsed = read_boundaries(shared / "data" / "boundaries" / name, name)
    assert len(parsed.table) == parsed.read == tambons
    assert parsed.rejected == ()
    assert parsed.mended == ()
    assert set(parsed.table["detail"]) == {detail}
    lampang = parsed.table[parsed.table["province"] == "52"]
    if len(lampang):
        assert lampang["area_km2"].sum() == pytest.approx(12_496.4, abs=0.1)


@pytest.mark.parametrize(
    "name", ["lampang_amphoes.geojson", "lampang_province.geojson", "provinces_simplified.geojson"]
)
def test_real_coarser_levels(shared: Path, name: str) -> None:
    context = refused(lambda: read_boundaries(shared / "data" / "boundaries" / name, name), "boundary_level")
    assert context["level"] in ("amphoe", "province")


def test_real_population(shared: Path) -> None:
    table = pd.read_csv(shared / "data" / "boundaries" / "tambon_population_dopa_2021.csv", dtype="str")
    assert population.recognise(list(table.columns))
    out = population.parse(table).table
    assert len(out) == 1279
    assert out.loc[out["tambon"].str.startswith("52"), "population"].sum() == 724_678
    assert set(out["year"]) == {2021}


@pytest.mark.parametrize(
    ("columns", "wanted"),
    [
        ({"60+": ["12", "x"]}, [12, None]),
        ({"Age_60_plus": ["1,200", ""]}, [1200, None]),
        ({"ผู้สูงอายุ": ["12", "99999"]}, [12, None]),  # more than there are people
        ({"55-59": ["9", "9"], "60-64": ["3", "4"], "65-69": ["5", "6"], "70+": ["7", "8"]}, [15, 18]),
        ({"60-64": ["3", "4"], "70+": ["7", "8"]}, [None, None]),  # 65 to 69 are missing
        ({"60-64": ["3", "4"], "65-69": ["5", "6"]}, [None, None]),  # nobody says how many are 70
        ({"65+": ["3", "4"]}, [None, None]),
        ({"male": ["3", "4"]}, [None, None]),
    ],
)  # fmt: skip
def test_population_aged_60_and_over(columns: dict[str, list[str]], wanted: list[int | None]) -> None:
    table = pd.DataFrame({"tambon_code": ["520101", "520102"], "population": ["5000", "6000"], **columns})
    parsed = population.parse(table)
    assert [None if pd.isna(one) else int(one) for one in parsed.table["older"]] == wanted
    told = {remark.key: remark.rows for remark in parsed.mended}
    cells = next(iter(columns.values()))
    bad = {"60+": (2,), "ผู้สูงอายุ": (2,)}.get(next(iter(columns)))
    assert told == ({"bad_older": bad} if bad else {})
    assert len(cells) == 2
