"""What a forecast is made from: nothing of it may be newer than the time of issue, and fast sums equal slow ones."""

import datetime as dt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models import features as fx
from models import shapes
from models.baselines import logs, usual_year
from tests.models import smoky_years

DATA = smoky_years.smoke(dt.date(2019, 11, 1), dt.date(2021, 5, 31))
TRAINING = DATA.year == 2020


def both(data, lead):
    usual = usual_year(DATA, TRAINING)
    base, elsewhere = fx.features(data, usual, lead), fx.elsewhere_features(data, usual)
    shaped = [
        shapes.bends(base),
        shapes.slopes(base),
        shapes.passages(base, elsewhere),
        shapes.products(base, elsewhere),
    ]
    return fx.joined([base, elsewhere, *shaped])


@pytest.mark.parametrize("lead", [1, 2, 3])
def test_no_feature_is_newer_than_the_time_of_issue(lead):
    found = both(DATA, lead)

    assert (found.age_days >= 0).all()
    assert len(found.names) == len(set(found.names)) == found.value.shape[-1]


@settings(max_examples=15, deadline=None)
@given(at=st.integers(150, len(DATA.days) - 2), lead=st.sampled_from([1, 2, 3]), seed=st.integers(0, 99))
def test_what_comes_after_the_day_of_issue_changes_no_feature_of_it(at, lead, seed):
    random = np.random.default_rng(seed)
    value, away = DATA.value.copy(), DATA.elsewhere["northeast"].copy()
    value[at + 1 :] = random.uniform(1, 500, value[at + 1 :].shape)
    value[at + 1 :][random.random(value[at + 1 :].shape) < 0.2] = np.nan
    away[at + 1 :] = random.uniform(1, 500, away[at + 1 :].shape)
    changed = fx_replace(value, away)

    before, after = both(DATA, lead), both(changed, lead)

    np.testing.assert_array_equal(before.value[: at + 1], after.value[: at + 1])


def fx_replace(value, away):
    import dataclasses

    return dataclasses.replace(DATA, value=value, elsewhere={"northeast": away})


def test_a_day_alone_gives_the_same_features_as_the_whole_record():
    usual = usual_year(DATA, TRAINING)
    day = dt.date(2021, 3, 9)

    whole = fx.features(DATA, usual, 1).value[DATA.position(day)]
    alone = fx.features(DATA.until(day).last(70), usual, 1).value[-1]

    np.testing.assert_allclose(whole, alone, rtol=1e-5, atol=1e-5)


def test_a_gap_in_the_whole_network_is_bridged_by_the_day_after_it():
    value = DATA.value.copy()
    at = DATA.position(dt.date(2021, 2, 10))
    value[at - 1] = np.nan
    found = both(fx_replace(value, DATA.elsewhere["northeast"]), 1)
    column = found.names.index("own 1"), found.names.index("own 0")

    np.testing.assert_array_equal(found.value[at, :, column[0]], found.value[at, :, column[1]])
    assert np.isnan(found.value[at - 1, :, column[1]]).all()


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 999), length=st.sampled_from([1, 3, 7, 60]))
def test_trailing_means_equal_the_plain_ones(seed, length):
    random = np.random.default_rng(seed)
    value = random.normal(0, 1, (80, 3))
    value[random.random(value.shape) < 0.4] = np.nan

    found = fx.trailing_mean(value, length)

    for t in range(80):
        for s in range(3):
            there = [x for x in value[max(t - length + 1, 0) : t + 1, s] if np.isfinite(x)]
            expected = sum(there) / len(there) if there else np.nan
            np.testing.assert_allclose(found[t, s], expected, atol=1e-9)


def test_neighbours_weigh_by_distance_and_never_count_the_station_itself():
    km = np.array([[0.0, 60.0, 120.0], [60.0, 0.0, 60.0], [120.0, 60.0, 0.0]])
    value = np.array([[1.0, 2.0, 4.0], [1.0, np.nan, 4.0], [np.nan, 5.0, np.nan]])

    found = fx.neighbour_mean(value, km, 60.0)

    near, far = np.exp(-1.0), np.exp(-2.0)
    assert found[0, 0] == pytest.approx((2 * near + 4 * far) / (near + far))
    assert found[0, 1] == pytest.approx(2.5)
    assert found[1, 0] == pytest.approx(4.0)
    assert np.isnan(found[2, 1])


def test_distances_are_those_of_the_globe_to_a_per_cent():
    import pyproj

    km = fx.distances(DATA)
    geod = pyproj.Geod(ellps="WGS84")
    away = geod.inv(DATA.lon[0], DATA.lat[0], DATA.lon[5], DATA.lat[5])[2] / 1000

    assert km[0, 5] == pytest.approx(away, rel=0.01)


def test_a_part_of_the_country_with_two_stations_says_nothing():
    away = DATA.elsewhere["northeast"].copy()
    away[-1, :2] = np.nan

    found = fx.elsewhere_features(fx_replace(DATA.value, away), usual_year(DATA, TRAINING))

    # The gap of the last day takes no earlier value: what is not known today is not said.
    assert np.isnan(found.value[-1, 0, found.names.index("northeast 0")])
    assert np.isfinite(found.value[-2]).all()


def test_a_part_of_the_country_that_is_gone_gives_no_table():
    import dataclasses

    assert fx.elsewhere_features(dataclasses.replace(DATA, elsewhere={}), usual_year(DATA, TRAINING)) is None


def test_logs_never_fall_below_one_microgram():
    np.testing.assert_array_equal(logs(np.array([-3.0, 0.0, 1.0])), [0.0, 0.0, 0.0])
