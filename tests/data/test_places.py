"""Places: configuration, the shipped outline against the full lines, stations, UTM, the contract of tambons."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely

from data import places
from data.contracts import STATION_COLUMNS, TAMBON_COLUMNS
from data.errors import ContractError, SettingError
from data.places import PLACES, check_tambons, embedded_stations, embedded_tambons, names_of, place, utm

ROOT = Path(__file__).resolve().parents[2]


def overlap(one: gpd.GeoSeries, other: gpd.GeoSeries) -> pd.Series:
    """Area of intersection over area of union by code; 0 where a code is on one side only."""
    codes = sorted(set(one.index) | set(other.index))
    found = {}
    for code in codes:
        if code not in one.index or code not in other.index:
            found[code] = 0.0
            continue
        a, b = one[code], other[code]
        found[code] = a.intersection(b).area / a.union(b).area
    return pd.Series(found)


def neighbours(shapes: gpd.GeoSeries) -> set[tuple[str, str]]:
    """Pairs of codes that share a border longer than a point."""
    geometry = shapes.to_numpy()
    one, other = shapely.STRtree(geometry).query(geometry, predicate="intersects")
    first = one < other
    one, other = one[first], other[first]
    edge = shapely.boundary(geometry)
    shared = shapely.length(shapely.intersection(edge[one], edge[other])) > 0
    code = shapes.index.to_numpy()
    return {(code[i], code[j]) for i, j in zip(one[shared], other[shared], strict=True)}


def metric(frame: gpd.GeoDataFrame, code: str) -> gpd.GeoSeries:
    return frame.set_index(code).geometry.to_crs(32647)


@pytest.fixture(scope="module")
def full(shared: Path) -> gpd.GeoDataFrame:
    text = (shared / "data" / "boundaries" / "lampang_tambons.geojson").read_text(encoding="utf-8")
    return gpd.GeoDataFrame.from_features(json.loads(text)["features"], crs=4326)


def test_lampang_comes_first_and_all_places_are_whole() -> None:
    assert next(iter(PLACES)) == "lampang"
    assert set(PLACES) == {"lampang", "saraburi", "satun", "bueng_kan", "eec", "upper_north"}
    assert place("eec").provinces == ("20", "21", "24")
    assert place("upper_north").provinces == tuple(str(code) for code in range(50, 59))
    for key, one in PLACES.items():
        west, south, east, north = one.bbox
        assert one.key == key
        assert west < one.lon < east
        assert south < one.lat < north
        assert one.epsg == 32600 + int((one.lon + 180) // 6) + 1
        assert not set(one.neighbours) & set(one.provinces)
        assert names_of([f"{code}0101" for code in one.provinces + one.neighbours])["province_en"].notna().all()


def test_single_provinces_have_the_register_name() -> None:
    for one in PLACES.values():
        if len(one.provinces) == 1:
            name = names_of([f"{one.provinces[0]}0101"]).iloc[0]
            assert (one.name_th, one.name_en) == (name["province_th"], name["province_en"])


def test_unknown_place_names_the_known_ones() -> None:
    with pytest.raises(SettingError) as caught:
        place("atlantis")
    assert caught.value.key == "place_unknown"
    assert caught.value.context["place"] == "atlantis"
    assert "lampang" in caught.value.context["known"]


def test_outline_is_a_whole_valid_coverage() -> None:
    frame = embedded_tambons()
    assert len(frame) == 100
    assert list(frame.columns) == [*TAMBON_COLUMNS, "geometry"]
    assert frame.crs == pyproj.CRS(4326)
    assert frame["tambon"].is_monotonic_increasing
    assert set(frame["detail"]) == {"generalised"}
    assert frame["amphoe"].nunique() == 13
    assert set(frame["province_en"]) == {"Lampang"}
    assert frame.notna().all(axis=None)
    assert frame.geometry.is_valid.all()
    assert shapely.coverage_is_valid(frame.geometry.to_numpy())
    whole = shapely.coverage_union_all(frame.geometry.to_numpy())
    assert whole.geom_type == "Polygon"
    assert not whole.interiors, "a gap inside the province"
    west, south, east, north = place("lampang").bbox
    assert shapely.box(west, south, east, north).covers(whole)
    assert frame["area_km2"].sum() == pytest.approx(12_496, rel=0.01)


def test_outline_is_small_and_fast() -> None:
    assert (ROOT / "data" / "places" / "lampang_outline.json").stat().st_size < 80_000
    embedded_tambons()  # the register is read once for the process
    places._outline.cache_clear()
    start = time.perf_counter()
    embedded_tambons()
    assert time.perf_counter() - start < 0.3


def test_outline_is_a_fresh_copy() -> None:
    frame = embedded_tambons()
    frame.loc[0, "tambon_en"] = "spoiled"
    assert embedded_tambons().loc[0, "tambon_en"] == "Wiang Nuea"


def test_outline_follows_the_full_lines(full: gpd.GeoDataFrame) -> None:
    shapes, truth = metric(embedded_tambons(), "tambon"), metric(full, "tambon_code")
    found = overlap(shapes, truth)
    print(f"overlap: mean {found.mean():.4f}, lowest {found.min():.4f} ({found.idxmin()})")
    assert len(found) == 100
    assert found.min() >= 0.7
    assert found.mean() >= 0.9
    pairs, true_pairs = neighbours(shapes), neighbours(truth)
    print(f"neighbours: {len(pairs)} pairs, {len(pairs ^ true_pairs)} differ from the full set's {len(true_pairs)}")
    assert pairs == true_pairs


def test_the_comparison_would_catch_a_swap_and_a_loss(full: gpd.GeoDataFrame) -> None:
    shapes, truth = metric(embedded_tambons(), "tambon"), metric(full, "tambon_code")
    swapped = shapes.rename({"520101": "520102", "520102": "520101"})
    assert overlap(swapped, truth).min() < 0.7
    assert neighbours(swapped) != neighbours(truth)
    lost = overlap(shapes.drop("521305"), truth)
    assert len(lost) == 100
    assert lost["521305"] == 0.0


def test_outline_and_full_set_name_the_same_tambons(full: gpd.GeoDataFrame) -> None:
    ours = embedded_tambons().set_index("tambon")
    theirs = full.set_index("tambon_code").sort_index()
    for column in ("tambon_th", "amphoe_th", "amphoe_en", "province_th", "province_en"):
        assert (ours[column] == theirs[column]).all(), column


def test_neighbours_of_lampang_touch_it(shared: Path) -> None:
    frame = gpd.read_parquet(shared / "data" / "boundaries" / "upper_north_tambons.parquet")
    near = frame[frame.intersects(shapely.unary_union(frame[frame["province_code"] == "52"].geometry.to_numpy()))]
    assert set(near["province_code"]) - {"52"} == set(place("lampang").neighbours) & {str(c) for c in range(50, 59)}


def test_extents_hold_the_places(shared: Path) -> None:
    folder = shared / "data" / "boundaries"
    both = pd.concat([gpd.read_parquet(folder / f"{name}_tambons.parquet") for name in ("upper_north", "pilot")])
    for one in PLACES.values():
        west, south, east, north = both[both["province_code"].isin(one.provinces)].total_bounds
        assert one.bbox[0] <= west
        assert one.bbox[1] <= south
        assert one.bbox[2] >= east
        assert one.bbox[3] >= north


def test_names_come_from_the_register() -> None:
    names = names_of(["520101", "529999", "999999"])
    assert names.loc["520101", "tambon_th"] == "เวียงเหนือ"
    assert names.loc["520101", "amphoe_en"] == "Mueang Lampang"
    assert pd.isna(names.loc["529999", "tambon_en"])
    assert names.loc["529999", "province_en"] == "Lampang"
    assert names.loc["999999", "province"] == "99"
    assert pd.isna(names.loc["999999", "province_th"])


def test_stations() -> None:
    table = embedded_stations()
    assert list(table.columns) == list(STATION_COLUMNS)
    assert list(table["station_id"]) == ["37t", "38t", "39t", "40t"]
    assert set(table["source"]) == {"PCD Air4Thai"}
    points = gpd.GeoDataFrame(table, geometry=gpd.points_from_xy(table["lon"], table["lat"]), crs=4326)
    inside = points.sjoin(embedded_tambons(), predicate="within").set_index("station_id")["amphoe_en"]
    assert inside.to_dict() == {"37t": "Mueang Lampang", "38t": "Mae Mo", "39t": "Mae Mo", "40t": "Mae Mo"}


def test_mae_moh_stations_are_one_reading() -> None:
    (group,) = places.STATION_GROUPS
    assert group.key == "mae_moh"
    assert group.stations == ("38t", "39t", "40t")
    assert set(group.stations) <= set(embedded_stations()["station_id"])
    assert group.since.year == 2025


def test_utm_on_the_central_meridian() -> None:
    # Zone 47 is centred on 99 E, zone 48 on 105 E: easting 500,000; a degree of latitude is 110.6 to 110.7 km there.
    zone, easting, northing = utm([99.0, 99.0, 99.0], [0.0, 1.0, 18.0], 32647)
    assert list(zone) == ["47N", "47N", "47Q"]
    assert easting == pytest.approx([500_000.0] * 3, abs=1e-3)
    assert northing[0] == pytest.approx(0.0, abs=1e-3)
    assert northing[1] == pytest.approx(110_574.4 * 0.9996, abs=5)
    assert [str(z) for z in utm(105.0, 18.3, 32648)[0].ravel()] == ["48Q"]


def test_utm_returns_to_where_it_came_from() -> None:
    lon, lat = np.meshgrid(np.linspace(97.3, 101.4, 9), np.linspace(5.7, 20.4, 9))
    zone, easting, northing = utm(lon, lat, 32647)
    back = pyproj.Transformer.from_crs(32647, 4326, always_xy=True).transform(easting, northing)
    assert zone.shape == lon.shape
    assert np.abs(back[0] - lon).max() < 1e-8
    assert np.abs(back[1] - lat).max() < 1e-8


def test_utm_leaves_missing_positions_missing() -> None:
    zone, easting, northing = utm([np.nan, 99.5, 99.5], [18.0, 91.0, 18.3], 32647)
    assert list(zone) == ["", "", "47Q"]
    assert np.isnan(easting[:2]).all()
    assert np.isfinite(northing[2])


def test_utm_refuses_another_system() -> None:
    with pytest.raises(SettingError):
        utm(99.5, 18.3, 4326)


def _set(column: str, value: object) -> Callable[[gpd.GeoDataFrame], gpd.GeoDataFrame]:
    def change(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        frame.loc[1, column] = value
        return frame

    return change


BOW_TIE = shapely.Polygon([(99, 18), (99.1, 18.1), (99.1, 18), (99, 18.1)])


@pytest.mark.parametrize(
    ("change", "column"),
    [
        (lambda frame: frame.drop(columns="amphoe_th"), "amphoe_th"),
        (_set("tambon", "52010"), "tambon"),
        (_set("tambon", "520101"), "tambon"),
        (_set("detail", "roughly"), "detail"),
        (lambda frame: frame.set_crs(32647, allow_override=True), "geometry"),
        (lambda frame: frame.set_crs(None, allow_override=True), "geometry"),
        (_set("geometry", None), "geometry"),
        (_set("geometry", shapely.Point(99, 18)), "geometry"),
        (_set("geometry", shapely.Polygon()), "geometry"),
        (_set("geometry", BOW_TIE), "geometry"),
        (_set("geometry", shapely.box(500_000, 2_000_000, 500_100, 2_000_100)), "geometry"),
    ],
)
def test_contract_of_tambons_names_the_column(
    change: Callable[[gpd.GeoDataFrame], gpd.GeoDataFrame], column: str
) -> None:
    with pytest.raises(ContractError) as caught:
        check_tambons(change(embedded_tambons()))
    assert caught.value.context["column"] == column


def test_contract_of_tambons_says_which_row() -> None:
    with pytest.raises(ContractError) as caught:
        check_tambons(_set("tambon", "x")(embedded_tambons()))
    assert caught.value.context["rows"] == "2"
    assert caught.value.context["got"] == "x"


def test_areas_take_off_holes_whichever_way_they_turn() -> None:
    shell, hole = shapely.box(99, 18, 99.2, 18.2), shapely.box(99.05, 18.05, 99.1, 18.1)
    ways = [shapely.Polygon(shell.exterior.coords[::a], [hole.exterior.coords[::b]]) for a in (1, -1) for b in (1, -1)]
    found = places.areas_km2(np.array([shell, hole, *ways], dtype=object))
    assert found[0] == pytest.approx(0.2 * 0.2 * 110.67 * 105.9, rel=0.002)
    assert found[2:] == pytest.approx(np.full(4, found[0] - found[1]), rel=1e-9)


def test_places_switch_off_drivers_that_follow_a_file() -> None:
    code = "import data.places, pyogrio; print(','.join(sorted(pyogrio.list_drivers())))"
    drivers = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "GPKG" in drivers
    for name in ("OGR_VRT", "GDALG", "WFS", "OAPIF", "HTTP"):
        assert name not in drivers.strip().split(",")
