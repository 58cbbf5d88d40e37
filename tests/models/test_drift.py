"""The usual lie of each month: what is put in comes out, levels of days do not matter, months fade into each other."""

from __future__ import annotations

import numpy as np
import pytest

from models import drift

DAYS = np.arange("2021-01-01", "2021-12-31", dtype="datetime64[D]")
PLACES = drift.plane([98.0, 99.5, 101.0, 99.5, 98.7, 100.2], [19.5, 18.3, 19.0, 20.3, 16.8, 16.0])


def test_the_plane_is_in_kilometres() -> None:
    assert drift.plane([99.5], [18.3]).tolist() == [[0.0, 0.0]]
    east, north = drift.plane([100.5, 99.5], [18.3, 19.3])
    assert east.tolist() == pytest.approx([105.8, 0], abs=0.1)
    assert north.tolist() == pytest.approx([0, 110.7], abs=0.1)


def test_the_fit_finds_what_was_put_in_whatever_the_level_of_the_day() -> None:
    truth = drift.Drift(np.array([[0.1, 0.2, 0.8, 0.6, 0.1, 0, 0, 0, 0, 0, -0.2, -0.1]] * 3) * [[1], [0.5], [-0.3]])
    level = 3 + np.random.default_rng(1).normal(0, 2, len(DAYS))
    value = truth.at(PLACES, DAYS) + level[:, None]
    value[::7, 2] = np.nan
    found = drift.fit(value, PLACES, DAYS)
    # The ridge draws a little towards nothing.
    away = found.at(PLACES, DAYS) - truth.at(PLACES, DAYS)
    assert np.abs(away - away[:, [1]]).max() < 0.06


def test_without_a_difference_between_stations_there_is_no_pattern() -> None:
    level = np.linspace(1, 5, len(DAYS))[:, None].repeat(6, axis=1)
    assert np.abs(drift.fit(level, PLACES, DAYS).coefficient).max() < 1e-9


def test_a_month_holds_in_its_middle_and_fades_to_the_next() -> None:
    only_march = drift.Drift(np.eye(12)[[2, 11, 11]] * [[1.0], [0], [0]])
    place = drift.plane([99.5], [20.0])
    told = only_march.at(place, np.array(["2023-03-17", "2023-04-01", "2023-04-17"], "datetime64[D]"))[:, 0]
    assert told[0] > 0.8
    assert told[1] == pytest.approx(told[0] / 2, abs=0.06)
    assert told[2] == pytest.approx(0, abs=0.02)


def test_the_shipped_pattern_makes_the_north_smokier_in_march_than_in_january() -> None:
    north, south = drift.plane([99.9], [20.4]), drift.plane([99.9], [17.0])
    january, march = (np.array([day], "datetime64[D]") for day in ("2024-01-16", "2024-03-17"))
    lie = {day: drift.SHIPPED.at(north, at) - drift.SHIPPED.at(south, at) for day, at in (("j", january), ("m", march))}
    assert lie["m"] > 0.5 > 0 > lie["j"]
    assert not drift.NONE.at(north, march).any()
