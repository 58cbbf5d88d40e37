"""The wind anywhere: against a slow reference, in its directions, at its edges and gaps."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from models import winds
from models.winds import Winds
from tests.layers import desks
from tests.models import weathers


def field(seed: int = 0, levels: int = 3) -> Winds:
    random = np.random.default_rng(seed)
    shape = (levels, 5, 4, 6)
    heights = np.array([10.0, 100.0, 1210.0])[:levels]
    layer = random.uniform(200, 2000, shape[1:])
    return Winds(
        np.array([0.0, 1, 2, 5, 6]), np.linspace(99, 101.5, 6), np.linspace(17, 18.5, 4), heights,
        random.normal(size=shape), random.normal(size=shape), layer, "test",
    )  # fmt: skip


def reference(volume: np.ndarray, held: Winds, lon: float, lat: float, hour: float) -> float:
    """Interpolate one axis after the other with numpy's own one-dimensional interpolation."""
    rows = [[np.interp(lon, held.lon, row) for row in plane] for plane in volume]
    return float(np.interp(hour, held.hours, [np.interp(lat, held.lat, row) for row in rows]))


@settings(max_examples=60, deadline=None)
@given(
    st.floats(99, 101.5), st.floats(17, 18.5), st.floats(0, 6), st.floats(0, 3000), st.integers(1, 3), st.integers(0, 9)
)
def test_equals_interpolation_axis_by_axis(
    lon: float, lat: float, hour: float, height: float, levels: int, seed: int
) -> None:
    held = field(seed, levels)
    point = [np.array([one]) for one in (lon, lat, hour, height)]
    east, north = held.at(*point)
    for values, found in ((held.east, east), (held.north, north)):
        levels_here = [reference(volume, held, lon, lat, hour) for volume in values]
        assert found[0] == pytest.approx(np.interp(height, held.heights, levels_here), abs=1e-9)
    assert held.layer_at(*point[:3])[0] == pytest.approx(reference(held.layer_m, held, lon, lat, hour), abs=1e-6)


def test_nothing_outside_and_nothing_in_a_gap() -> None:
    held = field()
    lon, lat = np.array([98.9, 101.6, 100, 100, 100, np.nan]), np.array([17.5, 17.5, 16.9, 18.6, 17.5, 17.5])
    east, _ = held.at(lon, lat, np.full(6, 1.0), np.full(6, 10.0))
    assert np.isnan(east).tolist() == [True, True, True, True, False, True]
    late, _ = held.at(np.full(3, 100.0), np.full(3, 17.5), np.array([-0.1, 6.1, 6.0]), np.full(3, 10.0))
    assert np.isnan(late).tolist() == [True, True, False]
    sparse = Winds(np.array([0.0, 12.0]), held.lon, held.lat, held.heights, held.east[:, :2], held.north[:, :2],
                   held.layer_m[:2], "test")  # fmt: skip
    between, _ = sparse.at(np.full(3, 100.0), np.full(3, 17.5), np.array([0.0, 6.0, 12.0]), np.full(3, 10.0))
    assert np.isnan(between).tolist() == [False, True, False]


def test_a_missing_level_leaves_the_other_to_speak() -> None:
    held = field()
    held.east[2] = np.nan
    held.north[2] = np.nan
    point = [np.array([one]) for one in (100.0, 17.5, 1.0)]
    found = held.at(*point, np.array([800.0]))
    assert found == tuple(pytest.approx(one) for one in held.at(*point, np.array([100.0])))


def test_wind_is_told_by_where_it_comes_from() -> None:
    east, north = winds.east_north([2, 2, 2, 2], [0, 90, 180, 270])
    np.testing.assert_allclose(east, [0, -2, 0, 2], atol=1e-12)
    np.testing.assert_allclose(north, [-2, 0, 2, 0], atol=1e-12)


def stands(*rows: tuple[str, float, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["station_id", "lon", "lat"])


def test_places_make_a_lattice_that_reaches_so_far_and_no_farther() -> None:
    table = weathers.hours("a", "2026-03-01", "2026-03-01", wind_speed_ms=4.0, wind_from_deg=270.0)
    held = winds.from_places(table, stands(("a", 99.0, 18.0)))
    assert held is not None
    assert held.heights.tolist() == [10.0]
    assert len(held.hours) == 24
    lon = np.array([99.0, 99.9, 100.0])
    east, north = held.at(lon, np.full(3, 18.0), np.full(3, held.hours[3]), np.full(3, 500.0))
    np.testing.assert_allclose(east, 4.0, rtol=1e-6)
    np.testing.assert_allclose(north, 0.0, atol=1e-6)
    # The corner of the lattice is 1 degree off in both: 152 km from the place.
    far, _ = held.at(np.array([99.9]), np.array([18.9]), held.hours[:1], np.array([10.0]))
    assert np.isnan(far).all()


def test_directions_about_north_do_not_cancel() -> None:
    one = weathers.hours("a", "2026-03-01", "2026-03-01", wind_speed_ms=3.0, wind_from_deg=350.0)
    other = weathers.hours("b", "2026-03-01", "2026-03-01", wind_speed_ms=3.0, wind_from_deg=10.0)
    held = winds.from_places(pd.concat([one, other]), stands(("a", 99.0, 18.0), ("b", 100.0, 18.0)))
    assert held is not None
    east, north = held.at(np.array([99.5]), np.array([18.0]), held.hours[:1], np.array([10.0]))
    assert east[0] == pytest.approx(0.0, abs=1e-6)
    assert north[0] == pytest.approx(-3.0 * np.cos(np.deg2rad(10)), abs=1e-5)


def test_grids_of_several_levels_meet_in_the_hours_that_all_have() -> None:
    def grid(first: str, hours: int, value: float) -> xr.DataArray:
        time = pd.date_range(first, periods=hours, freq="h")
        lon, lat = [98.0, 99.0, 100.0], [17.0, 18.0, 19.0]
        return xr.DataArray(np.full((hours, 3, 3), value), coords=[("time", time), ("lat", lat), ("lon", lon)])

    low, high = grid("2026-03-01 00:00", 6, 1.0), grid("2026-03-01 02:00", 6, 3.0)
    held = winds.of_grids("gfs", [(10.0, low, low), (100.0, high, high)], None)
    assert held is not None
    assert len(held.hours) == 4
    east, _ = held.at(np.array([99.5]), np.array([18.2]), held.hours[:1], np.array([55.0]))
    assert east.tolist() == [2.0]
    assert np.isnan(held.layer_at(np.array([99.5]), np.array([18.2]), held.hours[:1])).all()
    assert winds.of_grids("gfs", [(10.0, low, low), (100.0, grid("2026-04-01", 2, 1.0), low)], None) is None


def test_the_stored_wind_of_a_desk(tmp_path: Path) -> None:
    store = desks.store_of(tmp_path)
    start, end = dt.datetime(2026, 3, 9, tzinfo=dt.UTC), dt.datetime(2026, 3, 11, tzinfo=dt.UTC)
    assert winds.stored_winds(desks.desk_of(store), start, end) is None
    weathers.add(store, weathers.hours("a", "2026-03-09", "2026-03-11"), {"station_id": "a", "lon": 99.5, "lat": 18.3})
    held = winds.stored_winds(desks.desk_of(store), start, end)
    assert held is not None
    assert held.source == "test"
    assert winds.stored_winds(desks.desk_of(store), start - dt.timedelta(days=30), end - dt.timedelta(days=30)) is None
