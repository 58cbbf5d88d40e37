"""Detections to tambons: the fast answer is the slow answer, for every point and every shared pixel."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from models.assign import (
    SHARES_OF,
    TambonIndex,
    assign,
    assign_few,
    build_index,
    load_index,
    outline_revision,
    save_index,
    share,
)
from tests import make

KM_PER_DEG = 111.195


def frame(*polygons: shapely.Geometry, codes: list[str] | None = None) -> gpd.GeoDataFrame:
    names = codes or [f"5201{number + 1:02d}" for number in range(len(polygons))]
    return gpd.GeoDataFrame({"tambon": names}, geometry=list(polygons), crs="EPSG:4326")


def slow(tambons: gpd.GeoDataFrame, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the reference: of the outlines that cover the point, the one with the smallest code."""
    points = shapely.points(x, y)
    found = np.full(len(points), -1)
    for position, polygon in reversed(list(enumerate(tambons.sort_values("tambon").geometry))):
        shapely.prepare(polygon)
        found[shapely.covers(polygon, points)] = position
    return found


def check(tambons: gpd.GeoDataFrame, x: np.ndarray, y: np.ndarray, index: TambonIndex | None = None) -> np.ndarray:
    index = index or build_index(tambons)
    fast, expected = assign(index, x, y), slow(tambons, x, y)
    wrong = np.flatnonzero(fast != expected)
    assert not len(wrong), [(x[i], y[i], int(fast[i]), int(expected[i])) for i in wrong[:5]]
    assert np.array_equal(assign_few(index, x, y), expected)
    return fast


def near_and_on(tambons: gpd.GeoDataFrame, seed: int, count: int = 300) -> tuple[np.ndarray, np.ndarray]:
    """Return random points, every vertex, points on edges, level with vertices, and a hair beside all of these."""
    random = np.random.default_rng(seed)
    rings = shapely.get_rings(shapely.get_parts(tambons.geometry.to_numpy()))
    vertices = shapely.get_coordinates(rings)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    same = ring[1:] == ring[:-1]
    start, end = xy[:-1][same], xy[1:][same]
    at = random.uniform(0, 1, (len(start), 1))
    west, south, east, north = shapely.total_bounds(rings)
    room = 0.1 * max(east - west, north - south)
    inside = random.uniform((west - room, south - room), (east + room, north + room), (count, 2))
    level = np.column_stack([random.choice(inside[:, 0], len(vertices)), vertices[:, 1]])
    points = np.vstack([inside, vertices, (start + end) / 2, start + at * (end - start), level])
    hair = points + random.choice([-1e-15, 1e-15, -1e-13, 1e-13, -1e-9, 1e-9, 0], points.shape)
    points = np.vstack([points, hair])
    return points[:, 0], points[:, 1]


# -- squares worked out by hand ----------------------------------------------------------------------------------------

# 520103 | 520104      north row, 18.1 to 18.2
# 520101 | 520102      south row, 18.0 to 18.1; columns 99.0 to 99.1 to 99.2


@pytest.mark.parametrize(
    ("lon", "lat", "code"),
    [
        (99.05, 18.05, "520101"), (99.15, 18.05, "520102"), (99.05, 18.15, "520103"), (99.15, 18.15, "520104"),
        (99.1, 18.05, "520101"), (99.05, 18.1, "520101"), (99.1, 18.1, "520101"), (99.15, 18.1, "520102"),
        (99.1, 18.15, "520103"), (99.0, 18.0, "520101"), (99.2, 18.0, "520102"), (99.0, 18.2, "520103"),
        (99.2, 18.2, "520104"), (99.0, 18.1, "520101"), (99.2, 18.1, "520102"), (99.1, 18.2, "520103"),
        (99.1, 18.0, "520101"), (99.05, 18.0, "520101"), (99.2, 18.15, "520104"),
        (98.9999999, 18.05, None), (99.05, 17.9999999, None), (99.2000001, 18.05, None), (99.05, 18.2000001, None),
        (0.0, 0.0, None), (-180.0, -90.0, None), (180.0, 90.0, None), (float("nan"), 18.05, None),
        (99.05, float("nan"), None), (float("inf"), 18.05, None), (99.05, float("-inf"), None),
    ],
)  # fmt: skip
def test_squares_by_hand(lon: float, lat: float, code: str | None) -> None:
    index = build_index(make.tambons())
    position = assign(index, np.array([lon]), np.array([lat]))[0]
    assert position == (-1 if code is None else index.codes.tolist().index(code))


def test_shared_points_go_to_the_smaller_code_whatever_the_order_of_rows() -> None:
    tambons = make.tambons(4, 4)
    turned = tambons.iloc[::-1]
    xy = np.unique(shapely.get_coordinates(tambons.geometry), axis=0)
    found = check(turned, xy[:, 0], xy[:, 1])
    codes = build_index(turned).codes
    assert codes.tolist() == sorted(codes)
    for (x, y), position in zip(xy, found, strict=True):
        column, row = max(round((x - 99) / 0.1) - 1, 0), max(round((y - 18) / 0.1) - 1, 0)
        assert codes[position] == f"5201{row * 4 + column + 1:02d}"


def test_no_points() -> None:
    assert assign(build_index(make.tambons()), np.empty(0), np.empty(0)).tolist() == []


def test_a_hole_is_outside_or_another_tambon() -> None:
    lake = shapely.box(99.04, 18.04, 99.06, 18.06)
    ring = make.square(0, 0).difference(lake)
    x, y = np.array([99.05, 99.04, 99.05, 99.03]), np.array([18.05, 18.05, 18.04, 18.03])
    assert check(frame(ring), x, y).tolist() == [-1, 0, 0, 0]
    assert check(frame(ring, lake), x, y).tolist() == [1, 0, 0, 0]
    assert check(frame(lake, ring), x, y).tolist() == [0, 0, 0, 1]
    for tambons in (frame(ring), frame(ring, lake)):
        check(tambons, *near_and_on(tambons, 1))


def test_a_tambon_in_several_parts() -> None:
    both = shapely.MultiPolygon([make.square(0, 0), make.square(2, 0)])
    tambons = frame(both, make.square(1, 0))
    found = check(tambons, np.array([99.05, 99.15, 99.25, 99.1, 99.2]), np.full(5, 18.05))
    assert found.tolist() == [0, 1, 0, 0, 0]
    check(tambons, *near_and_on(tambons, 2))


def test_where_outlines_overlap_the_smaller_code_wins() -> None:
    """Outlines simplified one by one overlap: also in whole cells, and where an edge runs inside another tambon."""
    west, east = shapely.box(99.0, 18.0, 99.12, 18.1), shapely.box(99.08, 18.02, 99.2, 18.08)
    for tambons in (frame(west, east), frame(east, west), frame(west, shapely.box(99.05, 18.05, 99.051, 18.051))):
        check(tambons, *near_and_on(tambons, 3, 3000))
    assert check(frame(west, east), np.array([99.1, 99.15]), np.array([18.05, 18.05])).tolist() == [0, 1]
    assert check(frame(east, west), np.array([99.1, 99.05]), np.array([18.05, 18.05])).tolist() == [0, 1]


@pytest.mark.parametrize("cell", [0.001, 0.002, 0.05, 0.3, 5.0])
def test_the_cell_changes_nothing(cell: float) -> None:
    tambons = make.tambons(3, 3)
    check(tambons, *near_and_on(tambons, 4), index=build_index(tambons, cell))


# -- any outline -------------------------------------------------------------------------------------------------------

#: Corners on a coarse lattice make horizontal and vertical edges, collinear runs and shared corners frequent.
LATTICE = st.tuples(st.integers(0, 8), st.integers(0, 8))
FREE = st.tuples(st.floats(0, 8, allow_subnormal=False), st.floats(0, 8, allow_subnormal=False))


@st.composite
def outlines(draw: st.DrawFn) -> gpd.GeoDataFrame:
    """Return tambons cut from the triangles of random points, so that neighbours share their corners exactly."""
    corner = draw(st.sampled_from([LATTICE, FREE]))
    corners = draw(st.lists(corner, min_size=4, max_size=12, unique=True))
    xy = np.array(corners, float) * 0.0025 + (99.0, 18.0)
    triangles = shapely.get_parts(shapely.delaunay_triangles(shapely.MultiPoint(xy)))
    count = draw(st.integers(1, 4))
    owner = np.array(draw(st.lists(st.integers(0, count), min_size=len(triangles), max_size=len(triangles))))
    polygons = [shapely.union_all(triangles[owner == number]) for number in range(count)]
    return frame(*(p for p in polygons if p.area > 0 and p.geom_type in ("Polygon", "MultiPolygon")))


@settings(max_examples=150, deadline=None)
@given(tambons=outlines(), seed=st.integers(0, 1000))
def test_fast_equals_slow(tambons: gpd.GeoDataFrame, seed: int) -> None:
    if len(tambons):
        check(tambons, *near_and_on(tambons, seed, 100))


@settings(max_examples=60, deadline=None)
@given(
    heights=st.lists(st.integers(-3, 3), min_size=4, max_size=14),
    depths=st.lists(st.integers(-3, 3), min_size=4, max_size=14),
    seed=st.integers(0, 1000),
)
def test_teeth_up_and_down(heights: list[int], depths: list[int], seed: int) -> None:
    """A comb has local highest and lowest corners, many of them on one level, and level edges."""
    count = min(len(heights), len(depths))
    x = 99 + np.arange(count) * 0.003
    top = np.column_stack([x, 18.01 + np.array(heights[:count]) * 0.001])
    middle = np.column_stack([x, np.full(count, 18.005)])
    bottom = np.column_stack([x, 18.0 + np.array(depths[:count]) * 0.001])
    upper, lower = (shapely.Polygon([*one, *two[::-1]]) for one, two in ((top, middle), (middle, bottom)))
    tambons = frame(lower, upper)
    check(tambons, *near_and_on(tambons, seed, 100))


# -- the file of an index ----------------------------------------------------------------------------------------------


def test_an_index_is_read_as_it_was_saved(tmp_path: Path) -> None:
    tambons = make.tambons(3, 2)
    index = build_index(tambons)
    save_index(index, tmp_path / "index.npz")
    back = load_index(tmp_path / "index.npz", tambons.iloc[::-1])
    assert (back.west, back.south, back.cell_deg) == (index.west, index.south, index.cell_deg)
    names = ("codes", "labels", "cell_start", "cell_tambon", "row_start", "row_edge", "edges")
    for name in names:
        np.testing.assert_array_equal(getattr(back, name), getattr(index, name))
    check(tambons, *near_and_on(tambons, 5), index=back)


def test_the_outline_revision_follows_codes_and_outlines_only() -> None:
    tambons = make.tambons()
    assert outline_revision(tambons) == outline_revision(tambons.iloc[::-1].assign(tambon_en="other"))
    assert outline_revision(tambons) != outline_revision(tambons.iloc[1:])
    assert outline_revision(tambons) != outline_revision(tambons.assign(tambon=["520111", *tambons["tambon"][1:]]))
    moved = shapely.transform(tambons.geometry.to_numpy(), lambda xy: xy + 1e-9)
    assert outline_revision(tambons) != outline_revision(tambons.set_geometry(moved, crs="EPSG:4326"))


# -- shares ------------------------------------------------------------------------------------------------------------


def shares_of(tambons: gpd.GeoDataFrame, lon: float, lat: float, scan: float, track: float) -> dict[str, int]:
    index = build_index(tambons)
    x, y = np.array([lon]), np.array([lat])
    table = share(index, assign(index, x, y), x, y, np.array([scan]), np.array([track]))
    assert set(table["row"]) <= {0}
    return {str(index.codes[row.tambon]): int(row.share) for row in table.itertuples()}


def km(degrees: float, lat: float | None = None) -> float:
    return degrees * KM_PER_DEG * (1 if lat is None else np.cos(np.radians(lat)))


def test_shares_by_hand() -> None:
    tambons = make.tambons()
    side = 0.01
    scan, track = km(side, 18.05), km(side)
    # The pixel reaches 0.005 degrees to every side of its centre.
    assert shares_of(tambons, 99.05, 18.05, scan, track) == {}
    assert shares_of(tambons, 99.0999999, 18.05, scan, track) == {"520101": 32, "520102": 32}
    assert shares_of(tambons, 99.0975, 18.05, scan, track) == {"520101": 48, "520102": 16}
    assert shares_of(tambons, 99.1025, 18.05, scan, track) == {"520101": 16, "520102": 48}
    assert shares_of(tambons, 99.0975, 18.0975, scan, track) == {"520101": 36, "520102": 12, "520103": 12, "520104": 4}


def test_a_pixel_without_size_is_not_shared() -> None:
    nan = float("nan")
    for scan, track in ((nan, nan), (nan, 1.0), (1.0, nan), (0.0, 1.0), (0.0, 0.0)):
        assert shares_of(make.tambons(), 99.0999999, 18.05, scan, track) == {}


def test_what_falls_outside_the_province_stays_home() -> None:
    west = make.tambons(1, 1)
    side = 0.01
    scan, track = km(side, 18.05), km(side)
    assert shares_of(west, 99.0975, 18.05, scan, track) == {}  # a quarter of the pixel lies nowhere
    assert shares_of(west, 99.0975, 18.0975, scan, track) == {}
    neighbour = make.tambons(1, 1, west=99.1, province="50")
    both = frame(*west.geometry, *neighbour.geometry, codes=["520101", "500101"])
    assert shares_of(both, 99.0975, 18.05, scan, track) == {}
    assert shares_of(both, 99.1025, 18.05, scan, track) == {}
    # North of the home lies a tambon of its province, east of both the other province.
    three = frame(make.square(0, 0), make.square(0, 1), make.square(1, 0), codes=["520101", "520102", "500101"])
    assert shares_of(three, 99.0975, 18.0975, scan, track) == {"520101": 52, "520102": 12}


def test_a_point_outside_has_no_shares() -> None:
    assert shares_of(make.tambons(), 98.999, 18.05, 1.0, 1.0) == {}


def test_a_pixel_larger_than_the_grid() -> None:
    found = shares_of(make.tambons(), 99.05, 18.05, 1e6, 1e6)
    assert found == {}  # no sample of so wide a grid falls into another tambon
    found = shares_of(make.tambons(), 99.05, 18.05, km(0.3, 18.05), km(0.3))
    assert sum(found.values()) == SHARES_OF
    # Samples lie every 0.0375 degrees from 98.91875: two of eight in 99.0 to 99.1, three of eight in 99.1 to 99.2.
    assert (found["520102"], found["520103"], found["520104"]) == (6, 6, 9)


@settings(max_examples=60, deadline=None)
@given(
    centres=st.lists(st.tuples(st.floats(99.0, 99.3), st.floats(18.0, 18.3)), min_size=1, max_size=20),
    scan=st.floats(0.3, 5.0),
    track=st.floats(0.3, 3.0),
)
def test_shares_add_up_and_are_the_areas(centres: list[tuple[float, float]], scan: float, track: float) -> None:
    tambons = make.tambons(3, 3)
    index = build_index(tambons)
    x, y = np.array(centres).T
    home = assign(index, x, y)
    table = share(index, home, x, y, np.full(len(x), scan), np.full(len(x), track))
    assert (table.groupby("row")["share"].sum() == SHARES_OF).all()
    assert (table["share"] > 0).all()
    assert not table.duplicated(["row", "tambon"]).any()
    assert table.groupby("row").size().ge(2).all()
    polygons = tambons.sort_values("tambon").geometry.to_numpy()
    for row in range(len(x)):
        half_x, half_y = scan / 2 / KM_PER_DEG / np.cos(np.radians(y[row])), track / 2 / KM_PER_DEG
        pixel = shapely.box(x[row] - half_x, y[row] - half_y, x[row] + half_x, y[row] + half_y)
        exact = shapely.area(shapely.intersection(polygons, pixel)) / pixel.area
        exact[home[row]] += 1 - exact.sum()
        given = np.zeros(len(polygons))
        mine = table[table["row"] == row]
        given[mine["tambon"]] = mine["share"] / SHARES_OF
        given[home[row]] = 1 if mine.empty else given[home[row]]
        # A border along one side of the pixel is met to half a sample column, 1/16; a corner inside it to two of them.
        west, south, east, north = pixel.bounds
        crossed = sum(
            any(low < border < high for border in borders)
            for low, high, borders in ((west, east, (99.1, 99.2)), (south, north, (18.1, 18.2)))
        )
        assert np.abs(given - exact).max() <= max(crossed, 1) / 16 + 1e-6


# -- the real outlines -------------------------------------------------------------------------------------------------


def test_lampang(shared: Path) -> None:
    real = gpd.read_file(shared / "data" / "boundaries" / "lampang_tambons.geojson")
    tambons = real.rename(columns={"tambon_code": "tambon"})[["tambon", "geometry"]]
    random = np.random.default_rng(6)
    west, south, east, north = tambons.total_bounds
    anywhere = random.uniform((west - 0.05, south - 0.05), (east + 0.05, north + 0.05), (12_000, 2))
    vertices = shapely.get_coordinates(tambons.geometry.to_numpy())
    chosen = vertices[random.choice(len(vertices), 8_000, replace=False)]
    chosen[4_000:] += random.choice([-1e-14, 1e-14, 1e-10, -1e-10, 0], (4_000, 2))
    points = np.vstack([anywhere, chosen])
    found = check(tambons, points[:, 0], points[:, 1])
    assert len(np.unique(found)) == len(tambons) + 1  # every tambon was met, and outside
