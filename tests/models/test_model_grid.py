"""A gridded model beside the stations: followed when it foretells them, left alone when it does not."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from data.merge import Writer
from models import drift, model_grid, surface, witnesses
from models.desk import Desk
from tests.grid_files import grid
from tests.models.test_surface import AROUND, desk

FIRST, LAST = dt.date(2026, 3, 10), dt.date(2026, 4, 28)
DAYS = 50
LON, LAT = (98.8, 99.0, 99.2, 99.4), (17.7, 18.0, 18.3, 18.6)


def slope(at: int) -> float:
    """Return how much thicker the east is on a day, log units per degree."""
    return float(2.5 * np.sin(at / 4))


def made(root: Path, cells: np.ndarray) -> Desk:
    """Return a desk whose air grows eastwards, differently each day, beside a model's daily fields of `cells`."""
    random = np.random.default_rng(6)
    values = {
        name: [round(60 * np.exp(slope(at) * (lon - 99.1) + random.normal(0, 0.05)), 1) for at in range(DAYS)]
        for name, (lon, _) in AROUND.items()
    }
    one = desk(root, values)
    days = np.datetime64("2026-03-09T17:00", "ns") + np.arange(DAYS) * np.timedelta64(24, "h")
    fields = grid(cells.tolist(), lon=LON, lat=LAT).assign_coords(time=days)
    with one.store.locked():
        writer = Writer(one.store, one.store.state())
        writer.add_grid(fields)
        writer.commit()
    return Desk(one.store, one.place, one.settings, is_sample=False)


def cells(factor: float = 1.0) -> np.ndarray:
    east = np.array([[factor * slope(at) * (lon - 99.1) for lon in LON] for at in range(DAYS)])
    return 30 * np.exp(east)[:, None, :].repeat(len(LAT), axis=1)


def test_a_model_that_knows_the_east_is_followed(tmp_path: Path) -> None:
    one = made(tmp_path, cells())
    told = surface.verdicts(one, FIRST, LAST)
    assert told["reason"].tolist() == ["model_used"]
    assert told["values"].tolist() == [DAYS]
    table = surface.daily_surface(one, FIRST, LAST)
    alone = surface.daily_surface(desk(tmp_path / "alone", {name: [60.0] for name in AROUND}), FIRST, FIRST)
    assert not table["measured"].all()
    assert len(alone) == 4
    # 520102 lies at 99.15 degrees: half its own slope times 0.05 away from 60, on every day.
    mine = table[table["tambon"] == "520102"]["pm25"].to_numpy()
    truth = np.array([60 * np.exp(slope(at) * 0.05) for at in range(DAYS)])
    assert np.abs(np.log(mine / truth)).max() < 0.15


def test_a_model_that_knows_nothing_is_not_followed(tmp_path: Path) -> None:
    noise = 30 * np.exp(np.random.default_rng(1).normal(0, 0.5, (DAYS, len(LAT), len(LON))))
    assert surface.verdicts(made(tmp_path, noise), FIRST, LAST)["reason"].tolist() == ["model_unhelpful"]
    turned = made(tmp_path / "turned", cells(-1.0))
    assert surface.verdicts(turned, FIRST, LAST)["reason"].tolist() == ["model_unhelpful"]


def test_a_constant_factor_of_the_model_does_not_matter(tmp_path: Path) -> None:
    one, five = (made(tmp_path / str(factor), factor * cells()) for factor in (1, 5))
    tables = [surface.daily_surface(each, FIRST, LAST)["pm25"].to_numpy() for each in (one, five)]
    assert tables[0] == pytest.approx(tables[1], abs=0.11)


def test_means_of_the_model_need_their_hours() -> None:
    times = pd.date_range("2026-03-10", periods=48, freq="h")
    array = xr.DataArray(
        np.arange(48.0)[:, None, None] * np.ones((1, 2, 2)) + 10,
        dims=("time", "lat", "lon"), coords={"time": times, "lat": [18.0, 19.0], "lon": [99.0, 100.0]},
    )  # fmt: skip
    place = drift.plane([99.5, 105.0], [18.5, 18.5])
    wanted = pd.DatetimeIndex(["2026-03-10T00:00", "2026-03-11T12:00"], tz="UTC")
    hour, day = pd.Timedelta(hours=0), pd.Timedelta(hours=24)
    found = model_grid._means(array, place, wanted, (hour, day))
    # The first 24 hours are 10 to 33; of the second 24 only twelve are there; and the second place is beyond the grid.
    assert found[0, 0] == pytest.approx(np.log(21.5))
    assert np.isnan(found[1, 0])
    assert np.isnan(found[:, 1]).all()


def test_a_few_values_cannot_tell() -> None:
    random = np.random.default_rng(8)
    for days, wanted in ((30, 0.0), (50, 1.0)):
        east = np.array([[slope(at) * (lon - 99.1) for lon, _ in AROUND.values()] for at in range(days)])
        at = drift.plane(*np.array(list(AROUND.values())).T)
        stamps = np.datetime64("2026-03-10") + np.arange(days)
        value = 4 + east + random.normal(0, 0.05, east.shape) + drift.SHIPPED.at(at, stamps)
        said = witnesses.Witnesses(value, at, np.full(5, 0.03), tuple(AROUND), pd.DataFrame(), pd.DataFrame())
        assert model_grid.worth(said, 3 + east, stamps) == pytest.approx(wanted, abs=0.2)
