"""Daily means of stored grids by tambon: Thai days, runs, cuts, and what a day without fields is."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from data.errors import NotStored
from data.merge import Writer
from data.store import Store
from models import gridded
from tests import make
from tests.grid_files import grid

NAN = float("nan")
DAY = dt.date(2026, 3, 10)
#: Cells that are exactly the two tambons of `make.tambons(2, 1)`.
CELLS: dict[str, Any] = {"lon": (99.05, 99.15), "lat": (18.05, 18.15)}


def put(store: Store, *arrays: xr.DataArray) -> None:
    with store.locked():
        writer = Writer(store, store.state())
        for array in arrays:
            writer.add_grid(array)
        writer.commit()


def daily(store: Store, first: dt.date = DAY, last: dt.date = DAY) -> xr.Dataset:
    return gridded.daily(store, make.tambons(2, 1), "pm25", "cams", first, last)


def field(one: float, other: float) -> list[list[float]]:
    return [[one, other], [999, 999]]


def test_a_day_is_a_thai_day(tmp_path: Path) -> None:
    store = Store(tmp_path)
    # 17:00 UTC of the 9th begins the Thai 10th; 17:00 UTC of the 10th is the 11th.
    put(store, grid([field(hour, 2 * hour) for hour in range(26)], first="2026-03-09T16:00", **CELLS))
    found = daily(store)
    assert found["fields"].values.tolist() == [24]
    np.testing.assert_allclose(found["mean"].values, [[np.mean(range(1, 25)), 2 * np.mean(range(1, 25))]], rtol=1e-5)
    np.testing.assert_allclose(found["coverage"].values, 1, rtol=1e-6)


def test_a_day_without_fields_is_missing_with_coverage_0(tmp_path: Path) -> None:
    store = Store(tmp_path)
    put(store, grid([field(1, 2)], **CELLS))
    found = daily(store, DAY - dt.timedelta(days=1), DAY)
    assert found["fields"].values.tolist() == [0, 1]
    assert np.isnan(found["mean"].values[0]).all()
    assert found["coverage"].values[0].tolist() == [0, 0]
    nothing = gridded.daily(store, make.tambons(2, 1), "pm25", "cams", dt.date(2020, 1, 1), dt.date(2020, 1, 2))
    assert nothing["fields"].values.tolist() == [0, 0]


def test_fields_that_miss_a_tambon_lower_its_coverage_and_never_its_value(tmp_path: Path) -> None:
    store = Store(tmp_path)
    put(store, grid([field(80, 10), field(NAN, 10), field(80, NAN), field(80, NAN)], **CELLS))
    found = daily(store)
    assert found["mean"].values[0].tolist() == pytest.approx([80, 10])
    assert found["coverage"].values[0].tolist() == pytest.approx([0.75, 0.5])


def test_the_newest_run_counts_and_an_analysis_before_it(tmp_path: Path) -> None:
    store = Store(tmp_path)
    runs = [grid([field(n, n)] * 2, run=f"2026-03-0{n}", **CELLS) for n in (8, 9)]
    put(store, *runs, grid([field(1, 1)], **CELLS))
    assert daily(store)["mean"].values[0].tolist() == pytest.approx([5, 5])


def test_of_two_sets_of_cells_the_one_that_covers_a_tambon_counts(tmp_path: Path) -> None:
    store = Store(tmp_path)
    west = grid([[[5, 5], [5, 5]]], lon=(98.95, 99.05), lat=(18.05, 18.15))
    east = grid([[[7, 7], [7, 7]]], lon=(99.13, 99.17), lat=(18.03, 18.07))
    put(store, west, east)
    found = daily(store)
    assert found["coverage"].values[0].tolist() == pytest.approx([1, 0.64], abs=1e-6)
    assert found["mean"].values[0].tolist() == pytest.approx([5, 7])


def test_a_stored_month_is_worked_out_once(tmp_path: Path) -> None:
    store = Store(tmp_path)
    put(store, grid([field(1, 2)], **CELLS))
    daily(store)
    (kept,) = (tmp_path / "derived").glob("gridded-*.npz")
    made = kept.stat().st_mtime_ns
    kept.write_bytes(b"damaged")
    assert daily(store)["mean"].values[0].tolist() == pytest.approx([1, 2])
    put(store, grid([field(3, 4)], **CELLS))
    assert daily(store)["mean"].values[0].tolist() == pytest.approx([3, 4])
    assert len(list((tmp_path / "derived").glob("gridded-*.npz"))) == 2
    assert kept.stat().st_mtime_ns != made


def test_nothing_stored_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotStored):
        daily(Store(tmp_path))
