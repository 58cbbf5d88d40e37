"""Kriging: hand-worked pairs, and the fast form against one that solves for each place and time anew."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from models import kriging

FAR = np.array([[0.0, 0.0], [100.0, 0.0]])


def slow(value, at, noise, target, slope):
    """One time, one place: the system of ordinary kriging, solved as it stands in the book."""
    known = [number for number in range(len(at)) if not np.isnan(value[number])]
    if not known:
        return np.nan, np.nan
    size = len(known)
    matrix, right = np.zeros((size + 1, size + 1)), np.zeros(size + 1)
    for row, i in enumerate(known):
        for column, j in enumerate(known):
            matrix[row, column] = -slope * np.hypot(*(at[i] - at[j])) + (noise[i] if i == j else 0.0)
        matrix[row, size] = matrix[size, row] = 1.0
        right[row] = -slope * np.hypot(*(target - at[i]))
    right[size] = 1.0
    solved = np.linalg.solve(matrix, right)
    return float(solved[:-1] @ value[known]), float(-right @ solved)


def test_between_two_equal_stations_the_middle_is_their_mean() -> None:
    mean, variance = kriging.estimate(np.array([[1.0, 3.0]]), FAR, np.full(2, 0.02), np.array([[50.0, 0.0]]), 0.001)
    assert mean[0, 0] == pytest.approx(2.0)
    # Weights of a half: 2 (0.05/2 + 0.05/2) - 2 (0.1/4) + 2 (0.02/4) = 0.06.
    assert variance[0, 0] == pytest.approx(0.06)


def test_one_station_is_repeated_and_doubted_with_distance() -> None:
    places = np.array([[10.0, 0.0], [200.0, 0.0]])
    mean, variance = kriging.estimate(np.array([[1.5, np.nan]]), FAR, np.full(2, 0.02), places, 0.001)
    assert mean[0].tolist() == pytest.approx([1.5, 1.5])
    # Twice the slope times the distance, and the noise of the one.
    assert variance[0].tolist() == pytest.approx([0.04, 0.42])


def test_nothing_known_is_nothing_told() -> None:
    mean, variance = kriging.estimate(np.full((2, 2), np.nan), FAR, np.full(2, 0.02), FAR, 0.001)
    assert np.isnan(mean).all()
    assert np.isnan(variance).all()
    back, spread = kriging.left_out(np.array([[1.0, np.nan]]), FAR, np.full(2, 0.02), 0.001)
    assert np.isnan(back).all()
    assert np.isnan(spread).all()


VALUES = arrays(np.float64, (3, 5), elements=st.one_of(st.floats(0, 6), st.just(np.nan)))
PLACES = st.lists(st.tuples(st.integers(-300, 300), st.integers(-300, 300)), min_size=5, max_size=5)


@settings(max_examples=40, deadline=None)
@given(VALUES, PLACES, arrays(np.float64, 5, elements=st.floats(0.005, 0.3)), st.floats(1e-4, 1e-2))
def test_it_equals_the_slow_form(value, places, noise, slope) -> None:  # two stations may share a place
    at, target = np.array(places, dtype=float), np.array([[20.0, -40.0], [500.0, 0.0]])
    mean, variance = kriging.estimate(value, at, noise, target, slope)
    back, spread = kriging.left_out(value, at, noise, slope)
    for time in range(3):
        for place in range(2):
            wanted = slow(value[time], at, noise, target[place], slope)
            assert (mean[time, place], variance[time, place]) == pytest.approx(wanted, abs=1e-6, nan_ok=True)
        for station in range(5):
            others = value[time].copy()
            others[station] = np.nan
            wanted = slow(others, at, noise, at[station], slope)
            if np.isnan(value[time, station]):
                wanted = (np.nan, np.nan)
            told = (back[time, station], spread[time, station] - noise[station])
            assert told == pytest.approx(wanted, abs=1e-6, nan_ok=True)
