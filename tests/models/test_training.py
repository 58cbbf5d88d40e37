"""Learning from seasons and choosing on seasons not seen, on a made-up north whose truth is known."""

import dataclasses
import datetime as dt

import numpy as np
import pytest

from data.errors import TooLittleData
from models import training
from models.baselines import fit_damped, logs, usual_year
from models.training import BENT, BLEND, CLIMATOLOGY, DAMPED, DRIVEN, DRIVEN_BLEND, LINEAR, PERSISTENCE, PRODUCTS, WIDE
from tests.models import smoky_years

pytestmark = pytest.mark.usefixtures("few_trees")

DATA = smoky_years.smoke(dt.date(2018, 11, 1), dt.date(2022, 5, 31))
YEARS = (2019, 2020, 2021)
#: Without fires and weather in the store.
ALWAYS = [method for method in training.METHODS if method not in training.WITHOUT_DRIVERS]


@pytest.fixture(scope="module")
def trained(few_trees):
    return training.train(DATA, YEARS)


def test_usable_seasons_need_sixty_days_of_three_stations():
    value = DATA.value.copy()
    value[DATA.year == 2020, 2:] = np.nan
    few = dataclasses.replace(DATA.until(dt.date(2022, 2, 15)), value=value[: DATA.position(dt.date(2022, 2, 15)) + 1])

    assert training.usable_years(DATA) == (2019, 2020, 2021, 2022)
    assert training.usable_years(few) == (2019, 2021)


def test_damped_persistence_finds_the_share_that_stays():
    random = np.random.default_rng(1)
    now = random.normal(0, 0.5, 20_000)
    then = 0.7 * now + random.normal(0, 0.3, 20_000)
    usual = np.full(20_000, 3.0)

    found = fit_damped(usual, usual, np.exp(3 + now), np.exp(3 + then), np.ones(20_000))

    assert found.share == pytest.approx(0.7, abs=0.01)
    # The mean of exp of a normal error of variance 0.09.
    assert found.factor == pytest.approx(np.exp(0.045), rel=0.01)


def test_the_usual_year_is_learned_from_the_days_of_training_alone():
    other = DATA.value.copy()
    other[DATA.year == 2020] *= 7

    one = usual_year(DATA, DATA.year != 2020)
    two = usual_year(dataclasses.replace(DATA, value=other), DATA.year != 2020)

    np.testing.assert_array_equal(one.curve, two.curve)
    np.testing.assert_array_equal(one.offset, two.offset)


def test_a_station_without_days_of_training_has_the_level_of_the_north():
    value = DATA.value.copy()
    value[:, 0] = np.nan

    assert usual_year(dataclasses.replace(DATA, value=value), DATA.year == 2020).offset[0] == 0


def test_what_is_there_to_be_learned_is_learned_and_served(trained):
    for lead in training.LEADS:
        record = trained.record[lead]
        assert record[WIDE] < record[DAMPED] < record[PERSISTENCE] < record[CLIMATOLOGY]
        assert max(record[BENT], record[PRODUCTS], record[BLEND]) < record[DAMPED]
        assert record[trained.served[lead]] <= 1.02 * min(record.values())
    # Half of the northeast's air of today comes tomorrow: only the wide line knows.
    assert trained.record[1][WIDE] < 0.75 * trained.record[1][LINEAR]


def test_a_season_not_seen_is_forecast_as_well_as_the_record_says(trained):
    found = training.forecasts(
        trained.leads,
        DATA,
        1,
    )
    rows = (DATA.year == 2022)[:-1] & np.isin(DATA.month, training.SEASON_MONTHS)[:-1]
    error = {name: np.sqrt(np.mean((value[:-1][rows] - DATA.value[1:][rows]) ** 2)) for name, value in found.items()}
    low, high = trained.spread[1][trained.served[1]].interval(found[trained.served[1]][:-1][rows])
    came = DATA.value[1:][rows]

    assert error[trained.served[1]] < 0.8 * error[PERSISTENCE]
    assert ((came >= low) & (came <= high)).mean() == pytest.approx(0.9, abs=0.05)


def test_other_seasons_than_those_of_learning_are_not_looked_at(trained):
    value = DATA.value.copy()
    value[DATA.year == 2022] = 400.0
    other = dataclasses.replace(DATA, value=value)

    assert training.training_key(other, YEARS) == trained.key
    assert training.to_json(training.train(other, YEARS)) == training.to_json(trained)


def test_what_was_learned_can_be_written_and_read_back(trained):
    text = training.to_json(trained)
    again = training.from_json(text)

    assert training.to_json(again) == text
    for lead in training.LEADS:
        one, two = (training.forecasts(t.leads, DATA.last(200), lead) for t in (trained, again))
        for method in ALWAYS:
            np.testing.assert_array_equal(one[method], two[method])


def test_forecasts_of_a_day_do_not_change_with_what_comes_later(trained):
    day = dt.date(2022, 3, 3)
    value = DATA.value.copy()
    value[DATA.position(day) + 1 :] = 300.0
    later = dataclasses.replace(DATA, value=value)

    for lead in training.LEADS:
        one, two = (training.forecasts(trained.leads, data, lead) for data in (DATA.until(day), later))
        for method in ALWAYS:
            np.testing.assert_allclose(one[method][-1], two[method][DATA.position(day)], rtol=1e-9)


def test_without_the_northeast_today_the_plain_line_speaks(trained):
    away = DATA.elsewhere["northeast"].copy()
    away[-1] = np.nan
    blind = dataclasses.replace(DATA, elsewhere={"northeast": away}).last(150)
    gone = dataclasses.replace(DATA, elsewhere={}).last(150)

    for data in (blind, gone):
        found = training.forecasts(trained.leads, data, 1)
        np.testing.assert_allclose(found[WIDE][-1] / found[LINEAR][-1], found[WIDE][-1, 0] / found[LINEAR][-1, 0])
        # Bends and slopes need no other part of the country; products with it are left out.
        np.testing.assert_allclose(found[BENT][-1] / found[PRODUCTS][-1], found[BENT][-1, 0] / found[PRODUCTS][-1, 0])
        assert np.isfinite(found[BLEND][-1]).all()


def test_a_station_that_is_silent_is_forecast_from_its_neighbours(trained):
    value = DATA.value.copy()
    value[-4:, 3] = np.nan
    found = training.forecasts(trained.leads, dataclasses.replace(DATA, value=value).last(150), 1)

    assert np.isnan(found[PERSISTENCE][-1, 3])
    assert found[LINEAR][-1, 3] == pytest.approx(DATA.value[-1, 3], rel=0.5)


def test_one_season_serves_persistence_or_its_damped_form_and_none_persistence():
    one, none = training.train(DATA, (2021,)), training.train(DATA.until(dt.date(2019, 3, 1)), ())

    assert set(one.served.values()) <= {PERSISTENCE, DAMPED}
    assert not one.held_out
    assert set(none.served.values()) == {PERSISTENCE}
    assert none.leads == {}


def test_a_fortnight_is_too_little():
    with pytest.raises(TooLittleData) as error:
        training.train(DATA.until(dt.date(2018, 11, 6)), ())

    assert error.value.key == "forecast_few_days"
    assert error.value.context == {"needed": 21, "found": 6}


@pytest.mark.parametrize(
    ("record", "served"),
    [
        ({PERSISTENCE: 10, DAMPED: 9, CLIMATOLOGY: 20, LINEAR: 8.9}, LINEAR),
        ({PERSISTENCE: 10, DAMPED: 9, CLIMATOLOGY: 20, LINEAR: 9}, DAMPED),
        ({PERSISTENCE: 9, DAMPED: 9.5, CLIMATOLOGY: 20, LINEAR: 9.2}, PERSISTENCE),
        ({PERSISTENCE: 9, DAMPED: 9.5, CLIMATOLOGY: 8, LINEAR: 9.2}, CLIMATOLOGY),
        ({PERSISTENCE: 9}, PERSISTENCE),
        ({PERSISTENCE: 10, DAMPED: 9, LINEAR: 8, BLEND: 8.15}, BLEND),
        ({PERSISTENCE: 10, DAMPED: 9, LINEAR: 8, BLEND: 8.17}, LINEAR),
        ({PERSISTENCE: 10, DAMPED: 8, LINEAR: 8.1, BLEND: 8.05}, DAMPED),
        ({PERSISTENCE: 10, DAMPED: 9, BENT: 8.2, BLEND: 8.15, DRIVEN: 8, DRIVEN_BLEND: 8.05}, BLEND),
        ({PERSISTENCE: 10, DAMPED: 9, BENT: 8.2, BLEND: 8.17, DRIVEN: 8, DRIVEN_BLEND: 8.15}, DRIVEN_BLEND),
        ({PERSISTENCE: 10, DAMPED: 9, BENT: 8.2, BLEND: 8.2, DRIVEN: 7.5, DRIVEN_BLEND: 7.8}, DRIVEN),
    ],
)
def test_nothing_is_served_that_a_baseline_beats(record, served):
    assert training.choose(record) == served


def test_logs_are_natural():
    assert logs(np.array([np.e]))[0] == pytest.approx(1)
