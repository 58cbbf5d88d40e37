"""Grids at rest: what comes out is what went in, cut to the box, each field once, whatever the order."""

from __future__ import annotations

import datetime as dt
import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from data import grids, stored_grids
from data.errors import ContractError, NotStored, StoreError
from data.merge import Added, Writer
from data.store import Store
from tests.grid_files import grid

DAY = dt.datetime(2026, 3, 10, tzinfo=dt.UTC)
LATER = DAY + dt.timedelta(days=60)
NAN = float("nan")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def put(store: Store, *arrays: xr.DataArray) -> list[Added]:
    with store.locked():
        writer = Writer(store, store.state())
        added = [writer.add_grid(array) for array in arrays]
        writer.commit()
    return added


def test_a_grid_comes_back_as_it_went_in(store: Store) -> None:
    assert put(store, grid([[[1, 2], [3, NAN]], [[5, 6], [7, 8]]])) == [Added(2, 0)]
    back = stored_grids.grid(store, "pm25", "cams", DAY, LATER)
    assert back.dims == ("time", "lat", "lon")
    np.testing.assert_array_equal(back.to_numpy(), np.array([[[1, 2], [3, NAN]], [[5, 6], [7, 8]]], np.float32))
    assert (back["lon"].values.tolist(), back["lat"].values.tolist()) == ([99.0, 99.1], [18.0, 18.1])
    assert (back.attrs["units"], back.attrs["source"], back.attrs["run"]) == ("µg/m³", "cams", "")
    assert grids.check_grid(back) is back


def test_the_period_is_half_open(store: Store) -> None:
    put(store, grid([[[1, 1], [1, 1]], [[2, 2], [2, 2]], [[3, 3], [3, 3]]]))
    back = stored_grids.grid(store, "pm25", "cams", DAY + dt.timedelta(hours=1), DAY + dt.timedelta(hours=2))
    assert back.to_numpy()[:, 0, 0].tolist() == [2]


def test_the_same_grid_twice_changes_nothing(store: Store) -> None:
    array = grid([[[1, 2], [3, NAN]]])
    put(store, array)
    before = store.state()
    assert put(store, array) == [Added(0, 1)]
    assert store.state() == before


def test_a_number_replaces_a_missing_cell_and_a_missing_cell_replaces_nothing(store: Store) -> None:
    put(store, grid([[[1, NAN], [3, 4]]]))
    assert put(store, grid([[[NAN, 2], [3, 5]]])) == [Added(1, 0)]
    assert stored_grids.grid(store, "pm25", "cams", DAY, LATER).to_numpy()[0].tolist() == [[1, 2], [3, 5]]


def test_what_lies_outside_the_box_is_left_away_and_a_cell_that_touches_it_stays(store: Store) -> None:
    lon, lat = np.arange(-180.0, 180, 10), np.arange(-90.0, 90.1, 10)
    put(store, grid(np.ones((1, len(lat), len(lon))), lon, lat))
    back = stored_grids.grid(store, "pm25", "cams", DAY, LATER)
    # Cells of 10 degrees: the centre 90 reaches to 95 and touches the box from 94, the centre 30 starts beyond 24.
    assert back["lon"].values.tolist() == [90, 100, 110]
    assert back["lat"].values.tolist() == [10, 20]


def test_one_coarse_cell_keeps_its_size(store: Store) -> None:
    array = grid(np.arange(9.0).reshape(1, 3, 3), (70, 100, 130), (-12, 18, 48))
    put(store, array)
    back = stored_grids.grid(store, "pm25", "cams", DAY, LATER)
    assert back.to_numpy().ravel().tolist() == [4]
    assert grids.axes_of(back).bounds == (85, 3, 115, 33)


def test_a_grid_beyond_the_box_is_refused(store: Store) -> None:
    with pytest.raises(ContractError) as caught:
        put(store, grid(np.ones((1, 2, 2)), (10, 11), (50, 51)))
    assert caught.value.key == "grid_elsewhere"
    assert store.empty


@pytest.mark.parametrize(
    ("lon", "lat"),
    [((99.0, 99.1, 99.3), (18.0, 18.1)), ((99.1, 99.0), (18.0, 18.1)), ((99.0,), (18.0, 18.1))],
    ids=["uneven", "descending", "one column"],
)
def test_axes_that_are_not_regular_are_refused(lon: tuple[float, ...], lat: tuple[float, ...]) -> None:
    with pytest.raises(ContractError) as caught:
        grids.block_of(grid(np.ones((1, len(lat), len(lon))), lon, lat))
    assert caught.value.key == "grid_axes"


def test_an_analysis_wins_over_a_forecast_and_a_newer_run_over_an_older(store: Store) -> None:
    old, new = (grid([[[n, n], [n, n]]] * 2, run=f"2026-03-0{n}T00:00", issued_at="") for n in (7, 8))
    measured = grid([[[1, 1], [1, 1]]])
    put(store, new, measured, old)
    back = stored_grids.grid(store, "pm25", "cams", DAY, LATER)
    assert back.to_numpy()[:, 0, 0].tolist() == [1, 8]
    assert pd.isna(back["run"].values[0])
    assert back["run"].values[1] == np.datetime64("2026-03-08")
    first = stored_grids.grid(store, "pm25", "cams", DAY, LATER, run=dt.datetime(2026, 3, 7, tzinfo=dt.UTC))
    assert first.to_numpy()[:, 0, 0].tolist() == [7, 7]
    assert first.attrs["run"].startswith("2026-03-07")


def test_two_cuts_of_the_same_cells_become_one_array(store: Store) -> None:
    put(store, grid([[[1, 2], [3, 4]]]), grid([[[9, 5], [9, 6]]], lon=(99.1, 99.2)))
    back = stored_grids.grid(store, "pm25", "cams", DAY, LATER)
    assert back["lon"].values.tolist() == [99.0, 99.1, 99.2]
    assert back.sizes["time"] == 1
    assert back.to_numpy()[0, :, [0, 2]].tolist() == [[1, 3], [5, 6]]


def test_other_cells_need_a_name(store: Store) -> None:
    put(store, grid([[[1, 2], [3, 4]]]), grid([[[1, 2], [3, 4]]], lon=(99.03, 99.13)))
    with pytest.raises(StoreError) as caught:
        stored_grids.grid(store, "pm25", "cams", DAY, LATER)
    assert caught.value.key == "grid_lattices"
    listed = stored_grids.grids(store)
    assert list(listed.columns) == list(grids.LISTED)
    assert [
        stored_grids.grid(store, "pm25", "cams", DAY, LATER, axes=axes).sizes["lon"] for axes in listed["axes"]
    ] == [2, 2]


def test_the_list_says_what_is_there(store: Store) -> None:
    put(store, grid(np.ones((30, 2, 2)), first="2026-03-31T00:00"), grid(np.ones((1, 2, 2)), run="2026-03-01"))
    (entry,) = stored_grids.grids(store).to_dict("records")
    assert (entry["variable"], entry["source"], entry["units"], entry["cells"]) == ("pm25", "cams", "µg/m³", 4)
    assert (entry["times"], entry["runs"], entry["step_deg"]) == (31, 1, 0.1)
    assert (str(entry["first"]), str(entry["last"])) == ("2026-03-10 00:00:00+00:00", "2026-04-01 05:00:00+00:00")


def test_nothing_stored_is_said(store: Store) -> None:
    assert stored_grids.grids(store).empty
    with pytest.raises(NotStored) as caught:
        stored_grids.grid(store, "pm25", "cams", DAY, LATER)
    assert caught.value.key == "no_grid"


def test_the_order_of_files_does_not_change_the_revision(tmp_path: Path) -> None:
    pieces = [
        grid([[[1, NAN], [3, 4]]]),
        grid([[[1, 2], [3, 4]]], first="2026-03-10T01:00"),
        grid([[[5, 6], [7, 8]]], run="2026-03-09T00:00"),
    ]
    revisions = set()
    for number, order in enumerate(itertools.permutations(pieces)):
        store = Store(tmp_path / str(number))
        for piece in order:
            put(store, piece)
        revisions.add(store.state().revision)
    assert len(revisions) == 1


@given(
    west=st.floats(-170, 150),
    south=st.floats(-80, 60),
    step=st.sampled_from([0.01, 0.1, 0.25, 0.4, 0.75, 1.0]),
    columns=st.integers(2, 40),
    rows=st.integers(2, 40),
)
def test_axes_survive_32_bit_numbers(west: float, south: float, step: float, columns: int, rows: int) -> None:
    lon = (round(west, 2) + step * np.arange(columns)).astype(np.float32)
    lat = (round(south, 2) + step * np.arange(rows)).astype(np.float32)
    found = grids.regular(lon, lat)
    assert found is not None
    np.testing.assert_allclose(found.lon, lon, atol=step * 0.05)
    np.testing.assert_allclose(found.lat, lat, atol=step * 0.05)
