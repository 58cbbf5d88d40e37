"""The cube: each variable is what its own model gives, missing and zero told apart, named by what went in."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data.merge import Writer
from data.store import Store
from models import cube, surface
from models.desk import Desk
from tests import make
from tests.grid_files import grid
from tests.layers import desks
from tests.models.test_gridded import put

FIRST, LAST = dt.date(2026, 3, 9), dt.date(2026, 3, 13)
TOLD = {"units", "long_name", "source", "revision", "run"}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    readings = desks.air(("2026-03-10", 52.0), ("2026-03-11", 40.0))
    store = desks.store_of(tmp_path / "store", [desks.march()], readings)
    cells = {"lon": (99.05, 99.15), "lat": (18.05, 18.15)}
    put(store, grid([[[10, 20], [30, np.nan]]] * 2, first="2026-03-10T03:00", run="2026-03-10", **cells))  # type: ignore[arg-type]
    return desks.desk_of(store)


def test_counts_are_those_of_the_pages_by_pass_with_zeros(desk: Desk) -> None:
    found = cube.cube(desk, FIRST, LAST)
    assert [str(day)[:10] for day in found["time"].values] == [f"2026-03-{d:02d}" for d in range(9, 14)]
    one = found.sel(tambon="520101")
    assert one["hotspots_day"].values.tolist() == [0, 1, 0, 0, 0]
    assert one["hotspots_night"].values.tolist() == [0, 1, 0, 0, 0]
    counted = desk.counts("tambon", FIRST, LAST, ("SNPP",)).set_index("code")["count"]
    total = (found["hotspots_day"] + found["hotspots_night"]).sum("time").to_series()
    assert total.loc[counted.index].tolist() == counted.tolist()


def test_a_day_that_no_file_reaches_is_marked_not_zero(desk: Desk) -> None:
    found = cube.cube(desk, FIRST, LAST)
    known = found["hotspots_known"].sel(tambon=["520101", "520104"])
    assert known.values.T.tolist() == [[False, True, True, True, False]] * 2


def test_a_file_of_one_province_tells_nothing_of_another(tmp_path: Path) -> None:
    """Four squares of province 58 far in the west beside ours: the file of Myanmar has rows there and none here."""
    myanmar = make.hotspots(
        *({"acquired_at": f"2026-03-{day}T06:30Z", "lon": 97.35, "lat": 18.95} for day in (14, 15)),
        {"acquired_at": "2026-03-15T06:30Z", "lon": 94.0, "lat": 21.5},
    )
    store = desks.store_of(tmp_path / "store", [desks.march(), myanmar])
    with store.locked():
        writer = Writer(store, store.state())
        writer.add_tambons(make.tambons(west=97.3, south=18.9, province="58"))
        writer.commit()
    desk = desks.desk_of(store)
    last = dt.date(2026, 3, 15)
    found = cube.cube(desk, FIRST, last)["hotspots_known"]
    here, there = (found.sel(tambon=code).values.tolist() for code in ("520101", "580101"))
    assert here == [False, True, True, True, False, False, False]
    assert there == [False] * 5 + [True] * 2
    assert desk.detections.stored_days(FIRST, last).tolist() == here
    assert desk.days_not_stored(dt.date(2026, 3, 14), last, ("SNPP",)) == 2
    assert desk.newest == pd.Timestamp("2026-03-12T06:10Z")


def test_satellites_are_counted_as_asked(desk: Desk) -> None:
    both = cube.cube(desk, FIRST, LAST, ("SNPP", "TERRA")).sel(tambon="520101", time="2026-03-10")
    assert (int(both["hotspots_day"]), both["hotspots_day"].attrs["source"]) == (2, "SNPP,TERRA")


def test_air_is_the_surface_of_the_place(desk: Desk) -> None:
    found = cube.cube(desk, FIRST, LAST)
    table = surface.daily_surface(desk, FIRST, LAST).set_index(["day", "tambon"])
    for name in ("pm25", "low", "high", "coverage"):
        wide = found["pm25" if name == "pm25" else f"pm25_{name}"].to_series()
        np.testing.assert_allclose(wide.loc[table.index], table[name], rtol=1e-6)
    assert found["pm25_measured"].sel(tambon="520101").values.tolist() == [False, True, True, False, False]


def test_grids_stand_beside_with_their_coverage(desk: Desk) -> None:
    found = cube.cube(desk, FIRST, LAST).sel(time="2026-03-10", tambon=["520101", "520102", "520103", "520104"])
    np.testing.assert_allclose(found["pm25_cams"], [10, 20, 30, np.nan], rtol=1e-6)
    np.testing.assert_allclose(found["pm25_cams_coverage"], [1, 1, 1, 0], rtol=1e-6)
    assert int(found["pm25_cams_fields"]) == 2


def test_every_variable_says_what_it_is(desk: Desk) -> None:
    found = cube.cube(desk, FIRST, LAST)
    assert {name: set(array.attrs) for name, array in found.items()} == dict.fromkeys(found.data_vars, TOLD)
    assert found.attrs["revision"] == cube.revision(desk, ("SNPP",))
    means = [name for name in found if str(name).startswith("pm25_cams")]
    assert means == ["pm25_cams", "pm25_cams_coverage", "pm25_cams_fields"]


def test_new_data_make_a_new_revision_and_other_data_do_not(desk: Desk) -> None:
    before = cube.revision(desk, ("SNPP",))
    with desk.store.locked():
        writer = Writer(desk.store, desk.store.state())
        writer.add_population(make.tambons()[["tambon"]].assign(population=10, year=2021, source="x"))
        writer.commit()
    assert cube.revision(desks.desk_of(desk.store), ("SNPP",)) == before
    put(desk.store, grid([[[1, 1], [1, 1]]], first="2026-03-11T03:00"))
    after = desks.desk_of(desk.store)
    assert cube.revision(after, ("SNPP",)) != before
    assert cube.revision(after, ("SNPP",)) != cube.revision(after, ("TERRA",))


def test_years_are_put_together(desk: Desk) -> None:
    found = cube.cube(desk, dt.date(2025, 12, 30), dt.date(2026, 1, 2))
    assert found.sizes["time"] == 4
    assert found["hotspots_day"].dtype.kind == "i"
    assert np.isnan(found["pm25_cams"]).all()


def test_an_empty_store_gives_an_empty_cube(tmp_path: Path) -> None:
    found = cube.cube(desks.desk_of(Store(tmp_path / "store")), FIRST, LAST)
    assert list(found.data_vars) == []
    assert found.sizes["time"] == 5
    assert found.sizes["tambon"] == 100
