"""Whose smoke: known shares from smoke carried forwards, calm, gaps, borders, and paths worked out by hand."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from models import burning, origin, source_areas, trajectories
from models.origin import OWN, REST, TELLING
from models.trajectories import Guess
from tests import make
from tests.layers import desks
from tests.models import plumes, weathers

DAY = dt.date(2026, 3, 10)
AREAS = [OWN, REST, "province:50", "province:54", "thailand", "myanmar", "laos", "other"]
BOX = (99.0, 18.0, 99.3, 18.3)  # the nine tambons of `make.tambons(3, 3)`


def steady(x: np.ndarray, y: np.ndarray, t: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.full(np.shape(x), 5.0), np.full(np.shape(x), 0.5)


def turning(x: np.ndarray, y: np.ndarray, t: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """From the west the day before, turning within 36 hours to the south."""
    angle = np.deg2rad(np.clip((t + 24) / 36, 0, 1) * 90)
    return 5 * np.cos(angle) + 0 * x, 5 * np.sin(angle) + 0 * x


def sheared(x: np.ndarray, y: np.ndarray, t: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """From the west near the ground, from the south and faster aloft."""
    part = np.clip(z / plumes.LAYER_M, 0, 1)
    return (3 + 3 * part) * np.cos(part * np.pi / 2) + 0 * x, (3 + 3 * part) * np.sin(part * np.pi / 2) + 0 * x


def calm(x: np.ndarray, y: np.ndarray, t: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.full(np.shape(x), 0.2), np.zeros(np.shape(x))


OWN_FIRE = (99.15, 18.1, 3.0, "amphoe:5201")
FROM_THE_WEST = ((97.0, 17.95, 60.0, "myanmar"), (98.2, 18.15, 30.0, "province:50"), OWN_FIRE)
TWO_SIDES = ((97.8, 18.1, 60.0, "myanmar"), (98.9, 17.0, 60.0, "province:54"), OWN_FIRE)
SOUTH_WEST = ((98.0, 17.5, 50.0, "myanmar"), (98.6, 17.2, 50.0, "province:54"), (98.4, 18.0, 20.0, "province:50"))
CASES = {
    "steady": (steady, (*FROM_THE_WEST, (101.0, 18.1, 500.0, "laos"))),  # Laos burns most, and lies downwind
    "turning": (turning, TWO_SIDES),
    "sheared": (sheared, SOUTH_WEST),
}


def told(formula: plumes.Formula, *sources: tuple[float, float, float, str], seen: bool = True) -> pd.DataFrame:
    begin = plumes.START - dt.timedelta(hours=origin.HOURS_BACK)
    ground = origin.ground_of(begin, plumes.START + dt.timedelta(hours=24))
    air = origin.follow(plumes.lattice(formula), make.tambons(3, 3), plumes.START, ground)
    known = np.full(ground.size, seen)
    power = burning.burning_of(plumes.fires(*sources), ground, AREAS[2:])
    return origin.shares(air, power, known, "amphoe", DAY, AREAS)


@pytest.mark.parametrize("name", list(CASES))
def test_known_shares_are_found_within_ten_points(name: str) -> None:
    formula, sources = CASES[name]
    truth = plumes.arrived(formula, sources, BOX)
    table = told(formula, *sources)
    found = table.set_index("area")
    assert found["share"].sum() == pytest.approx(1.0, abs=1e-9)
    for area in AREAS:
        known = truth.get("amphoe:5201" if area == OWN else area, 0.0)
        assert found.loc[area, "share"] == pytest.approx(known, abs=0.10), area
    assert (found["low"] <= found["share"]).all()
    assert (found["share"] <= found["high"]).all()
    assert found["ours"].iloc[0] == pytest.approx(found.loc[[OWN, REST], "share"].sum())
    assert set(found["verdict"]) <= set(TELLING)


def test_calm_air_cannot_tell() -> None:
    table = told(calm, (99.15, 18.1, 50.0, "amphoe:5201"), (98.5, 18.1, 50.0, "myanmar"))
    assert set(table["verdict"]) == {"calm"}
    assert table[["share", "low", "high", "ours"]].isna().all(axis=None)
    assert table["area"].tolist() == AREAS


def test_no_fire_under_the_air_and_fires_that_nobody_looked_for() -> None:
    downwind = (101.5, 18.1, 500.0, "laos")
    assert set(told(steady, downwind)["verdict"]) == {"no_fire"}
    unseen = told(steady, *FROM_THE_WEST, seen=False)
    assert set(unseen["verdict"]) == {"fires_unseen"}
    assert unseen["unseen"].tolist() == pytest.approx([1.0] * len(AREAS))
    assert unseen["share"].isna().all()


def test_ours_when_nothing_else_burns() -> None:
    table = told(steady, (99.15, 18.15, 20.0, "amphoe:5201"), (99.05, 18.05, 5.0, "amphoe:5202")).set_index("area")
    assert set(table["verdict"]) == {"ours"}
    assert table.loc[OWN, "share"] > table.loc[REST, "share"] > 0
    assert table["ours_low"].iloc[0] == pytest.approx(1.0)


# -- paths -----------------------------------------------------------------------------------------------------------


def guess(number: int, **changes: float) -> Guess:
    values = {"east_ms": 0.0, "north_ms": 0.0, "factor": 1.0, "layer": 1.0, "depth": 0.5, "lifetime_h": 1e9}
    return Guess(**{name: np.full(number, value) for name, value in (values | changes).items()})


def back(formula: plumes.Formula, hours: float, number: int = 200, **changes: float) -> trajectories.Paths:
    ground = origin.ground_of(plumes.START - dt.timedelta(hours=48), plumes.START + dt.timedelta(hours=24))
    start = (np.full(number, 99.0), np.full(number, 18.0), np.full(number, plumes.HOUR))
    group = np.zeros(number, np.int64)
    return trajectories.backward(
        plumes.lattice(formula), start, group, 1, ground, hours, guess(number, **changes), 1, kept=number
    )


def test_a_steady_wind_carries_so_far() -> None:
    paths = back(steady, 12.0)
    # 5 m/s towards east for 12 hours: 216 km, 2.04 degrees at 18 north; 0.5 m/s: 21.6 km.
    assert np.median(paths.lon[-1]) == pytest.approx(99.0 - 216 / (111.195 * np.cos(np.deg2rad(17.9))), abs=0.02)
    assert np.median(paths.lat[-1]) == pytest.approx(18.0 - 21.6 / 111.195, abs=0.02)
    assert paths.followed_h.tolist() == [12.0]
    assert paths.away_km[0] == pytest.approx(217, abs=3)
    faster = back(steady, 12.0, factor=1.5, east_ms=-1.0)
    assert faster.away_km[0] == pytest.approx(np.hypot(6.5, 0.75) * 43.2, abs=4)


def test_a_circle_comes_back_where_it_began() -> None:
    """Solid rotation about 99.5 east, 18 north in 24 hours: the midpoint rule must close the circle."""

    def rotation(x: np.ndarray, y: np.ndarray, t: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        speed = 2 * np.pi / 86_400 * 111_195.0
        return -speed * (y - 18.0), speed * (x - 99.5) * np.cos(np.deg2rad(18.0))

    paths = back(rotation, 24.0, 400)
    assert np.median(paths.lon[-1]) == pytest.approx(99.0, abs=0.04)
    assert np.median(paths.lat[-1]) == pytest.approx(18.0, abs=0.04)
    assert abs(np.median(paths.lon[24]) - 100.0) < 0.05  # half way round


def test_hours_over_ground_add_up_inside_the_layer() -> None:
    paths = back(steady, 10.0)
    # Always inside a layer of 1,200 m, so ten hours divided by 1.2 km lie over the ground.
    assert paths.weight.sum() == pytest.approx(10.0 / 1.2, rel=1e-6)
    fading = back(steady, 10.0, lifetime_h=10.0)
    # Of age 0, 0.5, ... 9.5 hours, each for half an hour.
    assert fading.weight.sum() == pytest.approx(sum(0.5 * np.exp(-age / 10) for age in np.arange(0, 10, 0.5)) / 1.2)


def test_paths_end_with_the_wind() -> None:
    paths = back(steady, 48.0)
    # The lattice ends at 94 east: 5 degrees at 0.17 degrees an hour are 29.4 hours.
    assert paths.followed_h[0] == pytest.approx(29.4, abs=1.0)
    assert np.isnan(paths.lon[-1]).all()


def test_the_layer_follows_the_day_where_none_is_stored() -> None:
    held = plumes.lattice(steady)
    held.layer_m[:] = np.nan
    hour = plumes.HOUR + np.array([0.0, 3.0, 15.0])  # 0, 3 and 15 o'clock in Thailand
    layer = trajectories.layer_height(held, np.full(3, 99.0), np.full(3, 18.0), hour, guess(3))
    assert layer.tolist() == [325.0, 325.0, 1750.0]
    shallow = trajectories.layer_height(held, np.full(3, 99.0), np.full(3, 18.0), hour, guess(3, depth=0.0))
    assert shallow.tolist() == [150.0, 150.0, 1000.0]


# -- fires and borders -----------------------------------------------------------------------------------------------


def test_emission_is_spread_over_twelve_hours_and_keeps_its_power() -> None:
    ground = origin.ground_of(plumes.START - dt.timedelta(hours=48), plumes.START + dt.timedelta(hours=24))
    fires = plumes.fires((99.04, 18.04, 8.0, "laos"))
    one = burning.Fires(fires.lon[:1], fires.lat[:1], fires.hour[:1] + 24, fires.frp_mw[:1], fires.area[:1])
    made = burning.emission(one, ground, ["myanmar", "laos"])
    assert isinstance(made, sparse.csr_array)
    assert made.sum(axis=0).tolist() == pytest.approx([0.0, 4 * 8.0])  # four steps of three hours


def test_areas_by_outline_and_country() -> None:
    points = [(99.05, 18.05), (98.98, 18.79), (100.8, 13.75), (97.2, 20.9), (102.1, 19.9), (105.8, 21.0), (95.0, 14.5)]
    lon, lat = (np.array(column) for column in zip(*points, strict=True))
    tambon = np.array(["520101", "500101", None, None, None, None, None], dtype=object)
    found = source_areas.areas_of(lon, lat, tambon, ("52",), ("50", "54"))
    # The last two: Hanoi, and the Andaman Sea.
    assert found.tolist() == ["amphoe:5201", "province:50", "thailand", "myanmar", "laos", "other", "other"]
    elsewhere = source_areas.areas_of(lon[1:2], lat[1:2], tambon[1:2], ("52",), ("54",))
    assert elsewhere.tolist() == ["thailand"]


# -- a desk ----------------------------------------------------------------------------------------------------------


def test_a_desk_with_wind_from_the_west_blames_the_west(tmp_path: Path) -> None:
    west = [
        {"lon": lon, "lat": lat, "acquired_at": f"2026-03-{day:02d}T{hour}Z", "frp_mw": 20.0}
        for day in (7, 8, 9, 10)
        for hour in ("06:30", "18:30")
        for lon in np.arange(97.9, 98.5, 0.1).round(2)
        for lat in np.arange(17.6, 18.6, 0.1).round(2)
    ]
    corners = [
        {"lon": lon, "lat": lat, "acquired_at": f"2026-03-{day:02d}T06:30Z", "frp_mw": 0.1}
        for day in (7, 11)
        for lon in (93.0, 107.0)
        for lat in (12.0, 25.0)
    ]
    store = desks.store_of(tmp_path, [make.hotspots(*west, *corners)])
    for name, lon in (("a", 99.1), ("b", 98.0)):
        weather = weathers.hours(name, "2026-03-06", "2026-03-11", wind_speed_ms=4.0, wind_from_deg=270.0)
        weathers.add(store, weather, {"station_id": name, "lon": lon, "lat": 18.1})
    desk = desks.desk_of(store)
    found = origin.origin(desk, DAY, "tambon")
    assert sorted(found.table["code"].unique()) == ["520101", "520102", "520103", "520104"]
    sums = found.table.groupby("code")["share"].sum()
    told = found.table[found.table["verdict"].isin(TELLING)]
    assert np.allclose(sums[sums > 0], 1.0)
    assert set(told["verdict"]) <= {"blown_in"}
    assert found.wind == "test"
    assert {"tambon", "path", "hours_back", "lon", "lat"} == set(found.tracks.columns)
    again = origin.origin(desk, DAY, "tambon", ("520103",))
    one = found.table[found.table["code"] == "520103"].reset_index(drop=True)
    pd.testing.assert_frame_equal(one, again.table)  # the same number whoever else is asked about


def test_a_desk_without_wind_says_so(tmp_path: Path) -> None:
    found = origin.origin(desks.desk_of(desks.store_of(tmp_path, [desks.march()])), DAY)
    assert found.table["verdict"].unique().tolist() == ["no_wind"]
    assert found.table["code"].unique().tolist() == ["5201"]
    assert found.table["share"].isna().all()
    assert found.tracks.empty


def test_a_desk_without_detections_says_so(tmp_path: Path) -> None:
    store = desks.store_of(tmp_path)
    for name, lon in (("a", 99.1), ("b", 98.0), ("c", 97.0)):
        weather = weathers.hours(name, "2026-03-06", "2026-03-11", wind_speed_ms=2.0, wind_from_deg=270.0)
        weathers.add(store, weather, {"station_id": name, "lon": lon, "lat": 18.1})
    found = origin.origin(desks.desk_of(store), DAY)
    assert found.table["verdict"].unique().tolist() == ["fires_not_stored"]
