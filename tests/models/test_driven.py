"""Learning from fires and weather: they are used where they help, and change nothing where they cannot be tried."""

import dataclasses
import datetime as dt

import numpy as np
import pytest

from models import driven, training
from models.training import BENT, BLEND, DRIVEN, DRIVEN_BLEND
from tests.models import burning_years

DATA, FIRES, AIR = burning_years.smoke(dt.date(2018, 11, 1), dt.date(2022, 3, 31))
KNOWN = burning_years.known(DATA, FIRES, AIR)
YEARS = (2019, 2020, 2021)


@pytest.fixture(scope="module", autouse=True)
def quick():
    """One lead and ten trees tell as much of the code as all."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("models.loglinear._ROUNDS", 10)
        patch.setattr(training, "LEADS", (1,))
        yield


@pytest.fixture(scope="module")
def trained(quick):
    return training.train(KNOWN, YEARS)


@pytest.fixture(scope="module")
def bare(quick):
    return training.train(DATA, YEARS)


def only(data, *years):
    """Return the days with drivers of some haze years alone."""
    mine = np.isin(data.year, years)[:, None]
    drivers = {
        group: {name: np.where(mine, value, np.nan) for name, value in columns.items()}
        for group, columns in data.drivers.items()
    }
    return dataclasses.replace(data, drivers=drivers)


def test_smoke_from_fires_is_forecast_better_with_them_and_so_served(trained, bare):
    record = trained.record[1]

    assert record[DRIVEN] < 0.93 * min(value for method, value in bare.record[1].items())
    assert trained.served[1] in (DRIVEN, DRIVEN_BLEND)
    # On a season that nobody learned from.
    found = training.forecasts(trained.leads, KNOWN, 1)
    rows = ((DATA.year == 2022) & (DATA.month <= 3))[:-1]
    error = {name: np.sqrt(np.mean((value[:-1][rows] - DATA.value[1:][rows]) ** 2)) for name, value in found.items()}
    assert error[DRIVEN] < 0.95 * error[BENT]


def test_fires_that_have_nothing_to_do_with_the_smoke_are_not_served(bare):
    noise = burning_years.known(DATA, burning_years.seen(len(DATA.days), 99), burning_years.wind(len(DATA.days), 98))
    found = training.train(noise, YEARS)

    assert found.served == bare.served
    assert found.record[1][DRIVEN] < 1.04 * found.record[1][BENT]


def test_the_other_methods_are_the_same_with_drivers_as_without(trained, bare):
    for method, error in bare.record[1].items():
        assert trained.record[1][method] == error
    assert set(trained.record[1]) - set(bare.record[1]) == {DRIVEN, DRIVEN_BLEND}
    with_them, without = (training.forecasts(bare.leads, data, 1) for data in (KNOWN, DATA))
    for method, value in without.items():
        np.testing.assert_array_equal(with_them[method], value)


def test_drivers_of_one_season_change_no_number_and_no_name(bare):
    one = training.train(only(KNOWN, 2020), YEARS)

    assert training.to_json(one) == training.to_json(bare)
    assert training.training_key(only(KNOWN, 2020, 2022), YEARS) == bare.key
    assert training.training_key(only(KNOWN, 2020, 2021), YEARS) != bare.key


def test_where_no_driver_is_known_the_line_and_the_blend_without_speak(trained):
    for data in (DATA.last(200), only(KNOWN, 2019).last(200)):
        found = training.forecasts(trained.leads, data, 1)
        np.testing.assert_array_equal(found[DRIVEN], found[BENT])
        np.testing.assert_array_equal(found[DRIVEN_BLEND], found[BLEND])
    part = KNOWN.last(200)
    fires = {name: np.where(np.arange(8) == 2, np.nan, value) for name, value in part.drivers["fires"].items()}
    found = training.forecasts(trained.leads, dataclasses.replace(part, drivers={**part.drivers, "fires": fires}), 1)
    whole = training.forecasts(trained.leads, part, 1)
    # A station without fires still has the weather; the others are not changed by more than the common shift.
    assert np.isfinite(found[DRIVEN][-1]).all()
    assert found[DRIVEN][-1, 2] != whole[DRIVEN][-1, 2]
    np.testing.assert_allclose(found[DRIVEN][-1, 0] / whole[DRIVEN][-1, 0], 1, rtol=0.05)


def test_what_was_learned_of_drivers_can_be_written_and_read_back(trained):
    again = training.from_json(training.to_json(trained))

    assert training.to_json(again) == training.to_json(trained)
    one, two = (training.forecasts(t.leads, KNOWN.last(200), 1)[DRIVEN] for t in (trained, again))
    np.testing.assert_array_equal(one, two)


def test_forecasts_of_a_day_do_not_change_with_fires_and_weather_that_come_later(trained):
    day = dt.date(2022, 3, 3)
    after = np.arange(len(DATA.days))[:, None] > DATA.position(day)
    drivers = {
        group: {name: np.where(after, 9.0, value) for name, value in columns.items()}
        for group, columns in KNOWN.drivers.items()
    }
    value = np.where(after, 300.0, KNOWN.value)
    later = dataclasses.replace(KNOWN, value=value, drivers=drivers)

    one, two = (training.forecasts(trained.leads, data, 1) for data in (KNOWN.until(day).last(200), later.last(228)))

    for method in training.METHODS:
        np.testing.assert_allclose(one[method][-1], two[method][-29], rtol=1e-9)


def test_no_feature_of_the_drivers_is_newer_than_the_time_of_issue():
    ahead = {f"ahead {lead}": {"wind": KNOWN.value * lead} for lead in (1, 2, 3)}
    data = dataclasses.replace(KNOWN, drivers={**KNOWN.drivers, **ahead})

    for lead in (1, 2, 3):
        found = driven.driven_features(data, lead)
        assert set(found) == {"fires", "region", "weather", "upwind", "ahead"}
        assert all((part.age_days >= 0).all() for part in found.values())
        np.testing.assert_allclose(found["ahead"].value[..., 0], KNOWN.value * lead, rtol=1e-6)


def test_a_group_needs_two_seasons_and_a_column_as_many_as_its_group():
    drivers = {
        "fires": only(KNOWN, 2019, 2020, 2021).drivers["fires"] | only(KNOWN, 2020, 2021).drivers["upwind model"],
        "weather model": only(KNOWN, 2019).drivers["weather model"],
        "weather station": only(KNOWN, 2019, 2020).drivers["weather model"],
        "upwind station": only(KNOWN, 2019, 2020).drivers["upwind model"],
    }

    found = driven.usable(dataclasses.replace(KNOWN, drivers=drivers), YEARS)

    assert found["fires"] == ("1", "3")
    assert set(found) == {"fires", "upwind station", "weather station"}
    assert driven.usable(KNOWN, (2019,)) == {}
    few = only(KNOWN, 2019, 2020)
    two = dataclasses.replace(few, fixed=np.arange(8) < 2)
    assert driven.usable(two, YEARS) == {}


def test_sets_of_groups_are_those_that_can_be_missing_together():
    assert driven.sets(["fires"]) == (("fires",),)
    assert driven.sets(["elsewhere", "fires", "weather"]) == (
        ("weather",),
        ("fires",),
        ("fires", "weather"),
        ("elsewhere", "weather"),
        ("elsewhere", "fires"),
        ("elsewhere", "fires", "weather"),
    )
    every = driven.sets(["ahead", "fires", "region", "upwind", "weather"])
    assert every[-1] == ("fires", "region", "upwind", "weather", "ahead")
    assert len(every) == 10
    for some in every:
        assert "weather" in some or not {"ahead", "upwind"} & {*some}
        assert "fires" in some or not {"region", "upwind"} & {*some}
    assert driven.sets([]) == ()
