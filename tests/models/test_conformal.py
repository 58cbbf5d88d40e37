"""Intervals and chances from past errors: they hold as often as they say on errors of the same kind."""

import numpy as np
import pytest

from data.errors import TooLittleData
from models.conformal import fit_spread


def sample(seed, count):
    """Return forecasts and what came: errors grow from 10 to 40 per cent with the level."""
    random = np.random.default_rng(seed)
    forecast = np.exp(random.uniform(np.log(10), np.log(150), count))
    width = 0.1 + 0.3 * (np.log(forecast) - np.log(10)) / np.log(15)
    return forecast, forecast * np.exp(random.normal(0, width))


def test_ninety_per_cent_intervals_hold_nine_of_ten_at_every_level():
    spread = fit_spread(*sample(1, 6000))
    forecast, came = sample(2, 20_000)

    low, high = spread.interval(forecast)
    inside = (came >= low) & (came <= high)

    for part in np.array_split(np.argsort(forecast), 4):
        assert inside[part].mean() == pytest.approx(0.9, abs=0.025)
    assert (high / low)[forecast < 20].mean() < (high / low)[forecast > 100].mean()


def test_chances_of_crossing_come_true_as_often_as_they_say():
    spread = fit_spread(*sample(3, 6000))
    forecast, came = sample(4, 40_000)

    chance = spread.chance_over(forecast, 37.5)

    for low in np.arange(0, 1, 0.2):
        mine = (chance >= low) & (chance < low + 0.2)
        assert (came[mine] > 37.5).mean() == pytest.approx(chance[mine].mean(), abs=0.03)


def test_a_higher_forecast_never_has_a_lower_chance_nor_a_chance_outside_one():
    spread = fit_spread(*sample(5, 3000))

    chance = spread.chance_over(np.linspace(1, 300, 500), 75.0)

    assert (np.diff(chance) > -0.02).all()
    assert chance.min() >= 0
    assert chance.max() <= 1
    assert chance[0] < 0.01
    assert chance[-1] > 0.98


def test_missing_stays_missing():
    spread = fit_spread(*sample(5, 300))

    assert np.isnan(spread.chance_over(np.array([np.nan]), 37.5)).all()
    assert np.isnan(spread.interval(np.array([np.nan]))[0]).all()


def test_few_pairs_are_told_how_many_are_needed():
    with pytest.raises(TooLittleData) as error:
        fit_spread(*sample(1, 49))

    assert error.value.context == {"needed": 50, "found": 49}


def test_a_season_that_is_lower_draws_the_spread_down():
    spread = fit_spread(*sample(5, 6000))
    forecast, came = sample(6, 6000)
    forecast, came = forecast.reshape(60, 100), 0.8 * came.reshape(60, 100)
    later, then = sample(7, 20_000)
    then = 0.8 * then

    turned = spread.turned(spread.places(forecast, came), np.ones(forecast.shape))

    def off(one):
        return abs(float((then > 37.5).mean() - one.chance_over(later, 37.5).mean()))

    # Sixty days weigh two thirds: about two thirds of the distance go.
    assert off(turned) < 0.4 * off(spread)
    assert (turned.interval(later)[1] < spread.interval(later)[1]).all()
    assert (np.diff(turned.quantile, axis=1) >= 0).all()


def test_without_a_known_day_the_spread_stays():
    spread = fit_spread(*sample(8, 1000))
    nothing = np.full((60, 3), np.nan)

    assert spread.turned(nothing, np.ones((60, 3))) is spread
    assert spread.turned(np.full((60, 3), 0.1), np.zeros((60, 3))) is spread


def test_places_are_even_when_the_spread_is_right():
    spread = fit_spread(*sample(9, 6000))
    places = spread.places(*sample(10, 20_000))

    for limit in (0.1, 0.5, 0.9):
        assert (places <= limit).mean() == pytest.approx(limit, abs=0.02)
