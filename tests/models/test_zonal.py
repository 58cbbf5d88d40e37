"""Weights and zonal means: hand-worked squares, exactextract as second opinion, and what must hold for every grid."""

from __future__ import annotations

from pathlib import Path

import dask.array
import geopandas as gpd
import numpy as np
import pytest
import shapely
import xarray as xr
from exactextract import exact_extract
from exactextract.raster import NumPyRasterSource
from hypothesis import given, settings
from hypothesis import strategies as st

from data.grids import Axes
from data.store import Store
from models import weights, zonal
from tests import make

NAN = float("nan")


def shape(box: tuple[float, float, float, float]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"tambon": ["520101"]}, geometry=[shapely.box(*box)], crs="EPSG:4326")


def square_cells(columns: int, rows: int) -> Axes:
    """Cells of one degree from 99 E, 18 N."""
    return Axes(99.5, 18.5, 1.0, 1.0, columns, rows)


def test_shares_of_cells_are_those_of_the_drawing() -> None:
    made = weights.build(shape((99.5, 18.25, 101.0, 19.0)), square_cells(3, 2))
    assert made.cells.tolist() == [0, 1]  # the southern row, from the west
    assert made.weight.tolist() == [0.375, 0.75]
    assert made.whole.tolist() == [1.125]


def test_rows_are_counted_from_the_south() -> None:
    made = weights.build(shape((99.0, 19.0, 100.0, 20.0)), square_cells(2, 2))
    assert (made.cells.tolist(), made.weight.tolist()) == ([2], [1.0])


def test_a_missing_cell_lowers_the_coverage_and_never_the_value() -> None:
    made = weights.build(shape((99.25, 18.0, 100.25, 19.0)), square_cells(2, 1))
    mean, coverage = zonal.over(np.array([[[80.0, NAN]], [[80.0, 40.0]], [[NAN, NAN]]]), made)
    np.testing.assert_array_equal(mean[:, 0], [80, 70, NAN])
    assert coverage[:, 0].tolist() == [0.75, 1.0, 0.0]


def test_below_the_stated_coverage_the_mean_is_missing_and_the_coverage_says_why() -> None:
    made = weights.build(shape((99.25, 18.0, 100.25, 19.0)), square_cells(2, 1))
    field = np.array([[[NAN, 40.0]]])
    assert np.isnan(zonal.over(field, made)[0][0, 0])
    assert zonal.over(field, made)[1][0, 0] == 0.25
    assert zonal.over(field, made, least=0.25)[0][0, 0] == 40


def test_what_lies_beyond_the_grid_counts_as_missing() -> None:
    made = weights.build(shape((98.0, 18.0, 100.0, 19.0)), square_cells(2, 1))
    mean, coverage = zonal.over(np.array([[[10.0, 99.0]]]), made)
    assert (mean[0, 0], coverage[0, 0]) == (10, 0.5)
    away = weights.build(shape((90.0, 10.0, 91.0, 11.0)), square_cells(2, 1))
    mean, coverage = zonal.over(np.array([[[10.0, 99.0]]]), away)
    assert np.isnan(mean[0, 0])
    assert coverage[0, 0] == 0


def test_an_outline_smaller_than_a_cell_gets_its_value() -> None:
    made = weights.build(shape((99.6, 18.6, 99.61, 18.61)), square_cells(2, 2))
    mean, coverage = zonal.over(np.arange(4.0).reshape(1, 2, 2), made)
    assert (mean[0, 0], coverage[0, 0]) == (0, 1)


def test_outlines_are_brought_into_the_coordinates_of_the_grid() -> None:
    home = shape((99.0, 18.0, 99.1, 18.1))
    west, south, east, north = home.to_crs(32647).total_bounds
    step = 500.0
    columns, rows = int((east - west) / step) + 2, int((north - south) / step) + 2
    axes = Axes(round(west, 1), round(south, 1), step, step, columns, rows)
    made = weights.build(home, axes, 32647)
    assert made.weight.sum() * step**2 == pytest.approx(home.to_crs(32647).area.iloc[0], rel=1e-9)


def test_fields_of_other_cells_are_refused() -> None:
    made = weights.build(shape((99.0, 18.0, 100.0, 19.0)), square_cells(2, 2))
    with pytest.raises(ValueError, match="cells"):
        zonal.over(np.zeros((1, 3, 2)), made)


def grid(values: object, axes: Axes) -> xr.DataArray:
    n = values.shape[0]  # type: ignore[attr-defined]
    time = np.datetime64("2026-03-10", "ns") + np.arange(n) * np.timedelta64(1, "h")
    attrs = {"units": "µg/m³", "source": "cams", "run": "r", "issued_at": "i"}
    return xr.DataArray(values, {"time": time, "lat": axes.lat, "lon": axes.lon}, ("time", "lat", "lon"), "pm25", attrs)


@pytest.mark.parametrize("chunk", [1, 7, 64, 200])
def test_an_array_that_is_not_in_memory_gives_the_same_chunk_by_chunk(chunk: int) -> None:
    axes = Axes(98.95, 17.95, 0.03, 0.03, 12, 11)
    values = np.random.default_rng(1).normal(40, 10, (150, 11, 12)).astype(np.float32)
    values[values > 55] = np.nan
    made = weights.build(make.tambons(2, 2), axes)
    whole = zonal.means(grid(values, axes), made)
    lazy = zonal.means(grid(dask.array.from_array(values, chunks=(chunk, 11, 12)), axes), made)
    assert whole.identical(lazy)
    assert (whole["mean"].attrs["units"], whole["mean"].attrs["source"]) == ("µg/m³", "cams")
    assert whole["mean"].dims == ("time", "tambon")


def test_weights_are_made_once_for_an_outline_and_a_grid(tmp_path: Path) -> None:
    store, axes = Store(tmp_path), Axes(98.95, 17.95, 0.1, 0.1, 4, 4)
    made = weights.of_grid(store, make.tambons(2, 2), axes)
    again = weights.of_grid(store, make.tambons(2, 2), axes)
    assert [np.array_equal(getattr(made, n), getattr(again, n)) for n in vars(made)] == [True] * 7
    weights.of_grid(store, make.tambons(2, 1), axes)
    assert len(list((tmp_path / "derived").iterdir())) == 2


def test_people_weigh_where_they_live() -> None:
    # One tambon over two coarse cells; nine of ten people live in the eastern one.
    home, coarse, fine = shape((99.0, 18.0, 101.0, 19.0)), square_cells(2, 1), Axes(99.25, 18.25, 0.5, 0.5, 4, 2)
    people = np.array([[1.0, 0, 9, 0], [NAN, 0, 0, 0]])
    made = weights.by_people(weights.build(home, fine), people, fine, coarse)
    mean, coverage = zonal.over(np.array([[[100.0, 20.0]], [[NAN, 20.0]]]), made)
    assert mean[:, 0] == pytest.approx([28, 20])
    assert coverage[:, 0] == pytest.approx([1, 0.9])


def test_some_tambons_can_be_taken_out() -> None:
    made = weights.build(make.tambons(2, 2), Axes(98.95, 17.95, 0.07, 0.07, 5, 5))
    some = made.take(np.array([3, 1]))
    field = np.random.default_rng(0).random((3, 5, 5))
    np.testing.assert_array_equal(zonal.over(field, some)[0], zonal.over(field, made)[0][:, [3, 1]])


# -- what must hold for every grid -------------------------------------------------------------------------------------

steps = st.sampled_from([0.013, 0.05, 0.1, 0.4, 0.75])


@st.composite
def scenes(draw: st.DrawFn) -> tuple[Axes, np.ndarray]:
    """A grid somewhere over the 2 by 2 tambons of 0.1 degree, with holes."""
    step = draw(steps)
    west, south = draw(st.floats(98.3, 99.15)), draw(st.floats(17.3, 18.15))
    columns, rows = draw(st.integers(1, 12)), draw(st.integers(1, 12))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    values = random.normal(50, 30, (11, rows, columns))
    values[random.random(values.shape) < draw(st.sampled_from([0.0, 0.1, 0.6, 1.0]))] = np.nan
    return Axes(west, south, step, step, columns, rows), values


@settings(max_examples=40, deadline=None)
@given(scenes(), st.sampled_from([0.0, 0.3, 0.5, 1.0]))
def test_a_mean_lies_between_its_cells_and_a_coverage_between_0_and_1(
    scene: tuple[Axes, np.ndarray], least: float
) -> None:
    axes, values = scene
    made = weights.build(make.tambons(2, 2), axes)
    mean, coverage = zonal.over(values, made, least)
    assert ((coverage >= 0) & (coverage <= 1)).all()
    flat = values.reshape(len(values), -1)
    for zone in range(4):
        cells = flat[:, made.cells[made.starts[zone] : made.starts[zone + 1]]]
        weight = made.weight[made.starts[zone] : made.starts[zone + 1]]
        known = ~np.isnan(cells)
        # The slow, obvious answer.
        share = (known * weight).sum(1) / made.whole[zone]
        np.testing.assert_allclose(coverage[:, zone], share, atol=1e-6)
        for time in range(len(flat)):
            if np.isnan(mean[time, zone]):
                assert not known[time].any() or share[time] < least + 1e-6
            else:
                there = cells[time][known[time]]
                assert there.min() - 1e-6 <= mean[time, zone] <= there.max() + 1e-6
                assert mean[time, zone] == pytest.approx(
                    (there * weight[known[time]]).sum() / weight[known[time]].sum()
                )


@settings(max_examples=40, deadline=None)
@given(scenes())
def test_totals_are_conserved(scene: tuple[Axes, np.ndarray]) -> None:
    axes, values = scene
    made = weights.build(make.tambons(2, 2), axes)
    apart, _ = zonal.sums(values[0], made)
    together = weights.build(shape((99.0, 18.0, 99.2, 18.2)), axes)
    whole, _ = zonal.sums(values[0], together)
    # exactextract gives shares with seven digits.
    assert np.nansum(apart) == pytest.approx(np.nansum(whole), rel=1e-5, abs=1e-3)


@settings(max_examples=30, deadline=None)
@given(scenes())
def test_a_constant_field_gives_its_constant(scene: tuple[Axes, np.ndarray]) -> None:
    axes, values = scene
    field = np.where(np.isnan(values), np.nan, 42.0).astype(np.float32)
    mean, _ = zonal.over(field, weights.build(make.tambons(2, 2), axes), 0.0)
    assert np.all(np.isnan(mean) | (np.abs(mean - 42) < 1e-9))


# -- the second opinion ------------------------------------------------------------------------------------------------


def by_exactextract(field: np.ndarray, axes: Axes, tambons: gpd.GeoDataFrame) -> np.ndarray:
    west, south, east, north = axes.bounds
    source = NumPyRasterSource(np.ascontiguousarray(field[::-1]), west, south, east, north)
    found = exact_extract(source, tambons, ["mean"], include_cols=["tambon"], output="pandas")
    return found.set_index("tambon")["mean"].sort_index().to_numpy(float)


@settings(max_examples=25, deadline=None)
@given(scenes())
def test_exactextract_agrees_also_where_cells_are_missing(scene: tuple[Axes, np.ndarray]) -> None:
    axes, values = scene
    tambons = make.tambons(2, 2)
    mean, coverage = zonal.over(values[:1], weights.build(tambons, axes), 0.0)
    theirs = by_exactextract(values[0], axes, tambons)
    inside = coverage[0] > 1e-6  # a sliver of rounding is no cell
    np.testing.assert_allclose(mean[0][inside], theirs[inside], atol=1e-4)


@pytest.mark.parametrize("step", [0.75, 0.4, 0.1, 0.01, 0.001])
def test_exactextract_agrees_on_the_real_outlines_at_every_resolution(shared: Path, step: float) -> None:
    tambons = gpd.read_file(shared / "data" / "boundaries" / "lampang_tambons.geojson")
    tambons = tambons.rename(columns={"tambon_code": "tambon"})
    columns, rows = int(1.4 / step) + 3, int(2.4 / step) + 3
    axes = Axes(98.85, 17.15, step, step, columns, rows)
    field = np.random.default_rng(3).gamma(4, 15, (rows, columns))
    mean, coverage = zonal.over(field[None], weights.build(tambons, axes))
    assert np.abs(mean[0] - by_exactextract(field, axes, tambons)).max() < 1e-3
    assert coverage.min() > 0.999 or step > 0.1
