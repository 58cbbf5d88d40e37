"""The grid as a layer: the class of each cell of a day, cut to the place, absent where nothing is stored."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pytest

from layers import palette
from layers.grid_layer import MOST_CELLS, grid_layer
from models.desk import Desk
from tests.grid_files import grid
from tests.layers import desks
from tests.models.test_gridded import put

BANDS = palette.pm25_bands("en")
DAY = dt.date(2026, 3, 10)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return desks.desk_of(desks.store_of(tmp_path / "store", [desks.march()]))


def stored(desk: Desk, values: np.ndarray, lon: tuple[float, ...], lat: tuple[float, ...], first: str) -> Desk:
    put(desk.store, grid(values, lon, lat, first=first))
    return desks.desk_of(desk.store)


def test_the_mean_of_the_thai_day_is_told_in_classes_from_the_south(desk: Desk) -> None:
    hours = np.array([[[10, 20], [30, np.nan]], [[10, 20], [60, np.nan]], [[500, 500], [500, 500]]])
    # 17:00 UTC of the 10th, the last of these, is the 11th in Thailand.
    told = grid_layer(stored(desk, hours, (99.0, 99.5), (18.0, 18.5), "2026-03-10T15:00"), "pm25", DAY, BANDS)
    assert told is not None
    # Means 10, 20, 45 and nothing; 45 is class 4 (37.6 to 75), the fourth from 0.
    assert told["cells"] == "013."
    assert (told["west"], told["south"], told["step"]) == (98.75, 17.75, [0.5, 0.5])
    assert (told["columns"], told["rows"], told["source"]) == (2, 2, "cams")
    assert told["colours"] == [band.colour for band in BANDS]


def test_it_is_cut_to_the_place_with_room_around(desk: Desk) -> None:
    lon, lat = tuple(np.arange(94, 106.1, 0.4).round(1)), tuple(np.arange(12, 24.1, 0.4).round(1))
    told = grid_layer(stored(desk, np.full((1, 31, 31), 9.0), lon, lat, "2026-03-10T03:00"), "pm25", DAY, BANDS)
    assert told is not None
    west, _, _, north = desk.place.bbox
    assert west - 1.4 <= told["west"] <= west - 1
    assert north + 1 <= told["south"] + told["rows"] * 0.4 <= north + 1.4
    assert set(told["cells"]) == {"0"}


def test_nothing_stored_or_another_day_or_too_fine_is_no_layer(desk: Desk) -> None:
    assert grid_layer(desk, "pm25", DAY, BANDS) is None
    side = int(MOST_CELLS**0.5) + 60
    lon, lat = tuple(98.5 + 0.01 * np.arange(side)), tuple(17.2 + 0.01 * np.arange(side))
    fine = stored(desk, np.ones((1, side, side), np.float32), lon, lat, "2026-03-10T03:00")
    assert grid_layer(fine, "pm25", DAY, BANDS) is None
    assert grid_layer(fine, "pm25", DAY + dt.timedelta(days=2), BANDS) is None
