"""Grids and rasters by area: an amphoe is its own outline, people weigh cells, what is missing lowers the coverage."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from data.errors import NotStored
from data.grids import Axes
from data.merge import Writer
from data.rasters import Raster
from data.store import Store
from models import area_grids, cube
from models.desk import Desk
from tests import make
from tests.grid_files import grid
from tests.layers import desks

DAY = dt.date(2026, 3, 10)
NAN = np.nan
#: Cells that are exactly the four tambons of `make.tambons(2, 2)`.
CELLS = {"lon": (99.05, 99.15), "lat": (18.05, 18.15)}


def desk_with(root: Path, *arrays: xr.DataArray, rasters: tuple[Raster, ...] = ()) -> Desk:
    store = Store(root)
    with store.locked():
        writer = Writer(store, store.state())
        writer.add_tambons(make.tambons(2, 2))
        for array in arrays:
            writer.add_grid(array)
        for raster in rasters:
            writer.add_raster(raster)
        writer.commit()
    return desks.desk_of(store)


def raster(variable: str, values: object, crs: str = "EPSG:4326", axes: Axes | None = None) -> Raster:
    axes = axes or Axes(99.025, 18.025, 0.05, 0.05, 4, 4)
    return Raster(variable, "made", "people", "2020", crs, axes, np.asarray(values, np.float32))


def field() -> xr.DataArray:
    return grid([[[10, 20], [30, NAN]]], first="2026-03-10T03:00", **CELLS)  # type: ignore[arg-type]


def test_tambons_have_their_cell_and_the_coverage_of_it(tmp_path: Path) -> None:
    desk = desk_with(tmp_path, field())
    table = area_grids.grid_by_area(desk, "pm25", "", DAY, DAY, "tambon")
    assert table["value"].tolist() == pytest.approx([10, 20, 30, NAN], nan_ok=True)
    assert table["coverage"].tolist() == [1, 1, 1, 0]
    assert set(table["source"]) == {"cams"}
    assert set(table["day"]) == {"2026-03-10"}


def test_an_amphoe_is_its_own_outline(tmp_path: Path) -> None:
    desk = desk_with(tmp_path, field())
    table = area_grids.grid_by_area(desk, "pm25", "cams", DAY, DAY, "amphoe")
    assert table["code"].tolist() == sorted(set(desk.tambons["amphoe"]))
    whole = area_grids.grid_by_area(desk, "pm25", "cams", DAY, DAY, "province").iloc[0]
    assert (whole["code"], whole["value"], whole["coverage"]) == ("52", 20.0, 0.75)


def test_people_weigh_the_cells(tmp_path: Path) -> None:
    # Of the hundred people of the province with a field, ninety live in the south-west.
    people = np.zeros((4, 4))
    people[0, 0], people[1, 2], people[3, 0], people[3, 3] = 90, 4, 6, 25
    desk = desk_with(tmp_path, field(), rasters=(raster("population", people),))
    whole = area_grids.grid_by_area(desk, "pm25", "cams", DAY, DAY, "province", people=True).iloc[0]
    assert whole["value"] == pytest.approx((90 * 10 + 4 * 20 + 6 * 30) / 100, rel=1e-5)
    assert whole["coverage"] == pytest.approx(100 / 125, rel=1e-4)
    by_area = area_grids.grid_by_area(desk, "pm25", "cams", DAY, DAY, "province").iloc[0]
    assert by_area["value"] == 20


def test_people_in_metres_are_put_where_they_live(tmp_path: Path) -> None:
    from pyproj import Transformer

    x, y = Transformer.from_crs("EPSG:4326", "EPSG:32647", always_xy=True).transform(99.05, 18.05)
    axes = Axes(round(x), round(y), 100.0, 100.0, 1, 1)
    two = (
        raster("population", [[7.0]], "EPSG:32647", axes),
        raster("population", [[3.0]], "EPSG:32647", Axes(round(x) + 11_000, round(y), 100.0, 100.0, 1, 1)),
    )
    desk = desk_with(tmp_path, field(), rasters=two)
    whole = area_grids.grid_by_area(desk, "pm25", "cams", DAY, DAY, "province", people=True).iloc[0]
    assert whole["value"] == pytest.approx(13, rel=1e-4)
    assert whole["coverage"] == pytest.approx(1)


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    two = grid([[[1, 2], [3, 4]]], first="2026-03-10T03:00", source="other", **CELLS)  # type: ignore[arg-type]
    desk = desk_with(tmp_path, field(), two)
    for variable, people, key in (("pm25", False, "which_grid"), ("pm10", False, "no_grid")):
        with pytest.raises(NotStored) as refusal:
            area_grids.grid_by_area(desk, variable, "", DAY, DAY, "tambon", people=people)
        assert refusal.value.key == key
    with pytest.raises(NotStored) as refusal:
        area_grids.grid_by_area(desk, "pm25", "cams", DAY, DAY, "tambon", people=True)
    assert refusal.value.key == "no_raster"


def test_land_is_shared_among_classes_and_height_is_a_mean(tmp_path: Path) -> None:
    classes = np.full((4, 4), 10.0)
    classes[0, :2], classes[3, 3] = 40, NAN
    desk = desk_with(tmp_path, rasters=(raster("land_cover", classes), raster("elevation_m", np.full((4, 4), 300.0))))
    land = area_grids.ground_by_area(desk, "land_cover", "tambon")
    first = land[land["code"] == "520101"]
    assert list(zip(first["land_class"], first["value"], strict=True)) == [(10, 0.5), (40, 0.5)]
    last = land[land["code"] == land["code"].max()]
    assert last["value"].tolist() == [1.0]
    assert last["coverage"].tolist() == [0.75]
    height = area_grids.ground_by_area(desk, "elevation_m", "amphoe")
    assert set(height["value"]) == {300.0}
    assert "land_class" not in height


def test_a_cube_goes_to_a_file_and_comes_back(tmp_path: Path) -> None:
    desk = desk_with(tmp_path / "store", field())
    made = cube.cube(desk, DAY, DAY)
    cube.write(made, tmp_path / "cube.nc")
    with xr.open_dataset(tmp_path / "cube.nc") as again:
        xr.testing.assert_equal(again.load(), made)
        assert again["pm25_cams"].attrs["units"] == "µg/m³"
    cube.write(made, tmp_path / "cube.csv")
    rows = pd.read_csv(tmp_path / "cube.csv", dtype={"tambon": str})
    assert rows["day"].tolist() == ["2026-03-10"] * 4
    assert rows["pm25_cams"].tolist() == pytest.approx([10, 20, 30, NAN], nan_ok=True)
