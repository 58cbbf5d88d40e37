"""Fires and weather at the stations: sums worked out the slow way, what is known when, and gaps that stay gaps."""

import dataclasses
import datetime as dt
import shutil

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models import drivers, fire_power, forecast, training
from models.fire_power import Seen
from models.training import BENT, BLEND, DRIVEN, DRIVEN_BLEND
from tests import make
from tests.models import burning_years, smoky_years, weathers
from tests.models.test_forecast import desk_of

DATA, FIRES, AIR = burning_years.smoke(dt.date(2019, 11, 1), dt.date(2022, 3, 20))
#: 08:00 in Thailand on the day after the last one.
NOW = dt.datetime(2022, 3, 21, 1, tzinfo=dt.UTC)
#: The forecast of this day is changed by nothing that comes after it.
DAY = dt.date(2022, 2, 9)
STATIONS = np.array([[0.0, 0.0], [100.0, 0.0]])


@pytest.fixture(scope="module", autouse=True)
def quick():
    """One lead and ten trees tell as much of the code as all."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("models.loglinear._ROUNDS", 10)
        for module in (forecast, training):
            patch.setattr(module, "LEADS", (1,))
        yield


@pytest.fixture(scope="module")
def desk(tmp_path_factory, quick):
    root = tmp_path_factory.mktemp("burning")
    bare = desk_of(root, smoky_years.readings(DATA), NOW)
    return burning_years.stored(bare, burning_years.hotspots(DATA, FIRES), burning_years.weather(DATA, AIR))


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 999), count=st.integers(0, 30))
def test_power_around_and_under_a_way_equals_the_plain_sums(seed, count):
    random = np.random.default_rng(seed)
    seen = Seen(random.integers(0, 4, count), random.uniform(-200, 200, (count, 2)), random.gamma(1, 10, count))
    way = random.normal(0, 250, (4, 5, 2, 2))
    way[2, :, 1], way[3] = np.nan, np.nan

    near, under = fire_power.power_near(seen, STATIONS, 4, 50.0, 75.0), fire_power.power_under(seen, STATIONS, way)

    for day in range(4):
        for station in range(2):
            around, below = 0.0, 0.0
            for when, at, power in zip(seen.day, seen.at, seen.power_mw, strict=True):
                if when == day:
                    away = np.hypot(*(at - STATIONS[station]))
                    around += power * np.exp(-away / 50) * (away <= 75)
                    nodes = [node for node in way[day, :, station] if np.hypot(*node) <= 400]
                    least = min((np.hypot(*(at - STATIONS[station] - node)) for node in nodes), default=np.inf)
                    below += power * np.exp(-least / 50)
            assert near[day, station] == pytest.approx(around)
            below = np.nan if np.isnan(way[day, :, station]).any() else below
            assert under[day, station] == pytest.approx(below, nan_ok=True)


def test_the_air_of_a_day_came_from_where_the_wind_blew_hour_by_hour():
    east, north = np.full((1, 24, 1), 5.0), np.zeros((1, 24, 1))
    north[0, 12:] = 5.0  # in the second half it blew to the northeast

    today, beyond = fire_power.way_back(east, north)

    # 5 m/s are 18 km an hour: an hour before the end, 18 km to the southwest; at its start, west of where it turned.
    np.testing.assert_allclose(today[0, [0, 1, 12, 24], 0], [[0, 0], [-18, -18], [-216, -216], [-432, -216]])
    np.testing.assert_allclose(beyond[0, [0, 24], 0], [[-432, -216], [-864, -432]])


def test_a_way_needs_eighteen_hours_and_bridges_the_others_with_their_mean():
    east = np.full((2, 24, 1), 5.0)
    east[0, :6], east[1, :7] = np.nan, np.nan

    today, _ = fire_power.way_back(east, np.zeros((2, 24, 1)))

    assert today[0, 24, 0, 0] == pytest.approx(-432)
    assert np.isnan(today[1]).all()


def test_fires_of_three_days_need_all_three_and_no_fire_is_zero():
    seen = Seen(np.array([1, 3]), np.zeros((2, 2)), np.array([10.0, 30.0]))
    known = np.ones((6, 2), bool)
    known[4, 0] = False

    near, wide = (fire_power.fires(seen, STATIONS, known, *far) for far in fire_power.AROUND.values())

    np.testing.assert_allclose(np.expm1(near["1"][:, 0]), [0, 10, 0, 30, np.nan, 0])
    np.testing.assert_allclose(np.expm1(near["3"][:, 0]), [np.nan, np.nan, 10, 40, np.nan, np.nan])
    # 100 km away: too far to count as near.
    np.testing.assert_array_equal(near["1"][:, 1], 0)
    np.testing.assert_allclose(np.expm1(wide["3"][:, 1]), np.exp(-2 / 3) * np.array([np.nan, np.nan, 10, 40, 30, 30]))


def test_weather_of_a_day_at_a_station_is_that_of_the_places_around():
    table = pd.concat(
        [weathers.hours("a", "2026-03-01", "2026-03-03"), weathers.hours("far", "2026-03-01", "2026-03-03")]
    )
    table.loc[table["station_id"] == "far", "temperature_c"] = 10.0
    # Seven hours of the second day are missing, and the air of the third stands still without a direction.
    day = (table["measured_at"] + pd.Timedelta(hours=7)).dt.day
    table.loc[(day == 2) & ((table["measured_at"] + pd.Timedelta(hours=7)).dt.hour < 7), "temperature_c"] = np.nan
    table.loc[day == 3, ["wind_speed_ms", "wind_from_deg"]] = 0.0, np.nan
    table["rain_mm"] = 0.5
    stands = pd.DataFrame({"station_id": ["a", "far"], "lon": [99.0, 103.0], "lat": [18.0, 18.0]})
    days = np.arange(np.datetime64("2026-03-01"), np.datetime64("2026-03-05"))

    hours = drivers.hours_at(table, stands, np.array([99.2]), np.array([18.1]), days)
    found = drivers.day_weather(hours)

    np.testing.assert_allclose(found["temperature"][:, 0], [34, np.nan, 34, np.nan])
    np.testing.assert_allclose(found["east"][:, 0], [2, 2, 0, np.nan], atol=1e-6)
    np.testing.assert_allclose(found["rain"][:, 0], [np.log1p(12)] * 3 + [np.nan])
    assert np.isnan(found["layer"]).all()
    np.testing.assert_allclose(hours["carries east"][0, :, 0], 2.6)


@pytest.mark.parametrize(
    ("issued", "before", "known"),
    [
        (None, 0, True),  # measured that day
        (None, 1, False),  # and not the day before
        ("2026-03-10T16:59Z", 0, True),
        ("2026-03-10T17:01Z", 0, False),  # 00:01 of 11 March in Thailand
        ("2026-03-09T17:00Z", 1, True),
        ("2026-03-09T17:01Z", 1, False),
        ("2026-03-07T17:00Z", 3, True),
        ("2026-03-08T03:00Z", 3, False),
    ],
)
def test_weather_is_known_from_its_issue_on(issued, before, known):
    row = make.weather({"measured_at": "2026-03-10T05:00Z", "issued_at": issued})

    assert drivers.known_by(row, before).tolist() == [known]


def test_the_store_gives_what_the_arrays_give(desk):
    found = drivers.drivers(desk, DATA)
    wanted = burning_years.known(DATA, FIRES, AIR).drivers

    assert set(found) == {"fires", "region", "weather model", "upwind model"}
    assert set(found["weather model"]) == {"speed", "east", "north"}
    for group, columns in wanted.items():
        for name, value in columns.items():
            # Places are kept to some metres, and numbers to 32 bits.
            close = np.isclose(found[group][name], value, atol=2e-3) | ~np.isfinite(value)
            assert close[2:].mean() > 0.999, (group, name)  # a fire at the rim of a circle may fall to either side


def test_days_and_stations_that_no_file_reaches_are_missing(tmp_path):
    short = DATA.until(dt.date(2019, 12, 31))
    fires = burning_years.hotspots(DATA, FIRES)
    day = (fires["acquired_at"] + pd.Timedelta(hours=7)).dt.date
    some = fires[(day >= dt.date(2019, 11, 5)) & (day <= dt.date(2019, 11, 20))]
    # The last file was taken at night: the afternoon of 21 November is not in it.
    night = some.iloc[[-1]].assign(acquired_at=pd.Timestamp("2019-11-20T18:40Z"))
    desk = desk_of(tmp_path, smoky_years.readings(short), NOW)
    desk = burning_years.stored(desk, pd.concat([some, night]), burning_years.weather(DATA, AIR).iloc[:0])

    found = drivers.drivers(desk, short)

    # The fires span 98.12 to 100.63 east and 17.15 to 19.85 north; 75 km around Phayao reach half a degree beyond.
    assert set(found) == {"fires"}
    known = np.isfinite(found["fires"]["1"])
    phayao = smoky_years.STATIONS.index("57t")
    assert not known[:, phayao].any()
    mine = np.delete(known, phayao, axis=1)
    assert (mine.all(axis=1) == mine.any(axis=1)).all()
    assert short.days[mine.all(axis=1)][[0, -1]].astype(str).tolist() == ["2019-11-05", "2019-11-20"]


def test_a_way_is_known_as_far_as_files_reach_along_it():
    day = np.array(["2026-03-10"], "datetime64[D]")
    reach = fire_power.Reach(day, day, np.array([[-200.0, -200.0]]), np.array([[200.0, 200.0]]))
    # To the west as far as 150 km, 250 km, and 250 then 500 km, where it is no longer followed.
    way = np.zeros((1, 3, 3, 2))
    way[0, 1, :, 0], way[0, 2, :, 0] = (-150, -250, -150), (-150, -250, -500)

    assert fire_power.seen_along(reach, day, np.zeros((3, 2)), way).tolist() == [[True, False, True]]
    assert fire_power.seen_along(reach, day + 1, np.zeros((3, 2)), way).tolist() == [[False, False, False]]


def test_files_of_thailand_alone_and_of_other_satellites_tell_nothing(tmp_path):
    short = DATA.until(dt.date(2019, 12, 31))
    fires = burning_years.hotspots(DATA, FIRES)
    desk = desk_of(tmp_path, smoky_years.readings(short), NOW)
    stored = burning_years.stored(desk, fires.assign(satellite="NOAA20"), burning_years.weather(DATA, AIR).iloc[:0])

    assert drivers.drivers(desk, short) == {}
    assert drivers.drivers(stored, short) == {}


def _taught_as(desk, other):
    """Give a store what another learned; equal seasons have an equal name and are not learned again."""
    forecast.prepare(desk)
    folder = other.store.root / "derived"
    folder.mkdir(exist_ok=True)
    for file in (desk.store.root / "derived").glob("forecast-*"):
        shutil.copy(file, folder)


def test_nothing_after_the_day_of_issue_changes_its_drivers_or_its_forecast(desk, tmp_path):
    fires, air = burning_years.hotspots(DATA, FIRES), burning_years.weather(DATA, AIR)
    ended = pd.Timestamp("2022-02-09T17:00Z")
    later = fires["acquired_at"] >= ended
    # The weak fire at the corner stays: how far a file reaches is read from its rows.
    later &= fires["frp_mw"] != 1.0
    moved = fires.assign(lon=fires["lon"].where(~later, 99.4), frp_mw=fires["frp_mw"].where(~later, 9e3))
    turned = air.assign(wind_from_deg=air["wind_from_deg"].where(air["measured_at"] < ended, 10.0))
    # Forecasts that were made after the day had ended, of that day and of those to come.
    hours = air[
        (air["measured_at"] >= ended - pd.Timedelta(days=1)) & (air["measured_at"] < ended + pd.Timedelta(days=3))
    ]
    made = hours.assign(issued_at=ended + pd.Timedelta(minutes=1), wind_speed_ms=40.0)
    readings = smoky_years.readings(DATA)
    readings["value"] = readings["value"].where(readings["measured_at"] < ended, 333.0)
    changed = burning_years.stored(desk_of(tmp_path, readings, NOW), moved, pd.concat([turned, made]))

    _taught_as(desk, changed)

    one, two = (forecast.known_days_of(some).until(DAY) for some in (desk, changed))
    # What was forecast after the day had ended is there, of no day up to it.
    for name, value in two.drivers["ahead 1"].items():
        assert np.isnan(value).all(), name
    for group, columns in one.drivers.items():
        for name, value in columns.items():
            np.testing.assert_array_equal(value, two.drivers[group][name], err_msg=f"{group} {name}")
    at = dt.datetime(2022, 2, 10, 3, tzinfo=dt.UTC)
    said = forecast.issue(desk, at)
    pd.testing.assert_frame_equal(said, forecast.issue(changed, at))
    # The fires of the last two years went into it.
    assert set(said["method"]) == {"log_linear_drivers"}
    known, taught = forecast.latest(desk, at)
    assert forecast.inputs(taught, known) == {1: ("fires", "region", "upwind", "weather")}
    # And what is known of the day does: without its fires another value is said.
    before = fires["acquired_at"] < ended - pd.Timedelta(days=3)
    gone = burning_years.stored(desk_of(tmp_path / "gone", readings, NOW), fires[before], turned)
    _taught_as(desk, gone)
    other = forecast.issue(gone, at)
    assert (np.abs(other["pm25"] - said["pm25"]) > 0.1).any()
    known, taught = forecast.latest(gone, at)
    assert forecast.inputs(taught, known) == {1: ("weather",)}


def test_a_season_taught_without_fires_is_judged_by_what_speaks_without_them(tmp_path):
    fires = burning_years.hotspots(DATA, FIRES)
    early = fires[fires["acquired_at"] < "2021-11-01"]
    none = burning_years.weather(DATA, AIR).iloc[:0]
    desk = burning_years.stored(desk_of(tmp_path, smoky_years.readings(DATA), NOW), early, none)
    # 2021 is taught by 2020 and 2022, of which one alone has fires; 2022 by two that have.
    pairs, taught = forecast.verify(desk, dt.date(2021, 3, 1), dt.date(2022, 2, 28))

    assert [DRIVEN in trained.record[1] for trained in taught.values()] == [False, True]
    table = pairs.pivot(index=["season", "code", "valid_at"], columns="method", values="pm25")
    assert table.notna().all(axis=None)
    np.testing.assert_array_equal(table.loc[2021, DRIVEN], table.loc[2021, BENT])
    np.testing.assert_array_equal(table.loc[2021, DRIVEN_BLEND], table.loc[2021, BLEND])


def test_forecast_weather_is_that_of_the_day_aimed_at(tmp_path):
    short = DATA.until(dt.date(2019, 11, 20))
    air = burning_years.weather(DATA, AIR)
    # Issued on 9 November at 12:00 in Thailand, and a newer one at 20:00, for the tenth.
    tenth = air[(air["measured_at"] >= "2019-11-09T17:00Z") & (air["measured_at"] < "2019-11-10T17:00Z")]
    early = tenth.assign(issued_at=pd.Timestamp("2019-11-09T05:00Z"), temperature_c=20.0)
    newer = tenth.assign(issued_at=pd.Timestamp("2019-11-09T13:00Z"), temperature_c=25.0)
    desk = desk_of(tmp_path, smoky_years.readings(short), NOW)
    desk = burning_years.stored(desk, burning_years.hotspots(DATA, FIRES), pd.concat([air, early, newer]))

    found = drivers.drivers(desk, short)

    known = np.isfinite(found["ahead 1"]["temperature"]).all(axis=1)
    assert short.days[known].astype(str).tolist() == ["2019-11-09"]
    np.testing.assert_allclose(found["ahead 1"]["temperature"][known], 25.0)
    assert "ahead 2" not in found
    # Of the tenth itself the analysed hours count, which have no temperature.
    assert "temperature" not in found["weather model"]


def test_what_was_made_of_a_year_is_kept_and_made_anew_when_it_changes(desk, monkeypatch):
    drivers.drivers(desk, DATA)
    with monkeypatch.context() as patch:
        patch.setattr(drivers, "_made", lambda *_: pytest.fail("made again"))
        drivers.drivers(desk, DATA)
        with pytest.raises(pytest.fail.Exception):
            drivers.drivers(desk, dataclasses.replace(DATA, lon=DATA.lon + 0.01))
