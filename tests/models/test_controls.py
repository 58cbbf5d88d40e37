"""Ring and matching, on squares and on numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from models.controls import choose, history_traits, neighbours
from tests import make
from tests.models.simulated import nobody_near

NONE = np.array([], int)


def test_squares_that_touch_are_neighbours_and_none_its_own() -> None:
    near = neighbours(make.tambons(columns=3, rows=1), 32647)
    assert near.tolist() == [[False, True, False], [True, False, True], [False, True, False]]


def test_the_reach_is_from_border_to_border() -> None:
    tambons = make.tambons(columns=3, rows=1)  # squares of 0.1 degree, about 10.6 km wide
    assert neighbours(tambons, 32647, 10)[0].tolist() == [False, True, False]
    assert neighbours(tambons, 32647, 11)[0].tolist() == [False, True, True]
    assert not neighbours(tambons, 32647, -1).any()


def test_traits_of_a_history() -> None:
    found = history_traits(np.array([[3.0, 3.0, 7.0, 15.0]]))
    level = np.log(8.0)  # the mean is 7
    assert found[0] == pytest.approx([level, np.log(12) - np.log(4), np.log(16) - level])
    assert history_traits(np.array([[3.0]]))[0] == pytest.approx([np.log(4), 0, 0])


def strip(n: int) -> np.ndarray:
    return np.abs(np.subtract.outer(np.arange(n), np.arange(n))) == 1


def test_neighbours_are_neither_treated_nor_control() -> None:
    found = choose(np.array([2]), np.array([2]), NONE, strip(6), np.zeros((6, 1)))
    assert found.treated.tolist() == [2]
    assert found.ring.tolist() == [1, 3]
    assert found.control.tolist() == [0, 4, 5]


def test_the_ring_is_drawn_round_every_touched_tambon_and_none_of_them_is_a_control() -> None:
    found = choose(np.array([0]), np.array([0, 4]), NONE, strip(8), np.zeros((8, 1)))
    assert found.ring.tolist() == [1, 3, 5]
    assert found.control.tolist() == [2, 6, 7]


def test_a_silent_tambon_is_no_control() -> None:
    assert choose(np.array([0]), np.array([0]), np.array([3]), nobody_near(4), np.zeros((4, 1))).control.tolist() == [
        1,
        2,
    ]


def test_the_nearest_histories_are_chosen_and_far_ones_are_no_match() -> None:
    traits = np.concatenate([[0.0, 1.0], np.linspace(0, 1, 98)])[:, None]
    found = choose(np.array([0]), np.array([0]), NONE, nobody_near(100), traits)
    assert len(found.control) == 40
    assert found.control.max() == 2 + 39  # the forty nearest to 0, not the one at 1
    traits[0] = 30
    alone = choose(np.array([0, 1]), np.array([0, 1]), NONE, nobody_near(100), traits)
    assert (alone.treated.tolist(), alone.unmatched.tolist()) == ([1], [0])


def test_a_trait_missing_for_any_tambon_takes_no_part() -> None:
    traits = np.column_stack([np.linspace(0, 1, 100), np.arange(100.0)])
    traits[99, 1] = np.nan
    found = choose(np.array([0]), np.array([0]), NONE, nobody_near(100), traits)
    assert found.control.tolist() == list(range(1, 41))


def test_nobody_treated_or_nobody_free_is_an_empty_comparison() -> None:
    assert len(choose(NONE, NONE, NONE, nobody_near(3), np.zeros((3, 1))).control) == 0
    assert len(choose(np.array([0]), np.arange(3), NONE, nobody_near(3), np.zeros((3, 1))).control) == 0
