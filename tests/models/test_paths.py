"""Placebos in time and space, and the picture by season: on tables where the answer is built in."""

from __future__ import annotations

import math

import numpy as np
import pytest

from models.paths import event_study, placebo_in_space, placebo_in_time
from models.randomisation import deals
from models.twoway import treated_cells
from tests.models.simulated import counts

STARTS = np.array([6] * 10 + [10] * 30)


def dealt(seed: int = 1) -> np.ndarray:
    return deals(STARTS, seed, 300)


def test_a_placebo_in_time_uses_only_the_seasons_before() -> None:
    values = counts(2, 40, 10, 200)
    values[treated_cells(STARTS, 10)] *= 0.1
    found = placebo_in_time(values, STARTS, dealt())
    assert found is not None
    assert found.values.shape == (40, 6)
    assert set(found.starts[:10]) == {4}
    assert found.estimate == pytest.approx(0, abs=0.1)
    earlier = values.copy()
    earlier[:10, 4:6] *= 0.5
    again = placebo_in_time(earlier, STARTS, dealt())
    assert again is not None
    assert again.estimate == pytest.approx(math.log(0.5), abs=0.1)


def test_no_placebo_in_time_within_two_seasons() -> None:
    starts = np.array([2, 4, 4, 4])
    assert placebo_in_time(counts(1, 4, 4), starts, deals(starts, 1, 10)) is None


def test_placebos_in_space_are_spread_about_nothing() -> None:
    chance = placebo_in_space(counts(3, 40, 10, 200), dealt())
    assert len(chance) == 199
    assert abs(np.median(chance)) < 0.05


def test_the_picture_shows_nothing_before_and_the_effect_after() -> None:
    values = counts(4, 40, 10, 400)
    values[treated_cells(STARTS, 10)] *= 0.6
    table = event_study(values, STARTS, dealt()).set_index("season")
    assert table.index.tolist() == [-4, -3, -2, -1, 0, 1, 2, 3]
    assert table.loc[:-1, "effect"].to_numpy() == pytest.approx(np.zeros(4), abs=0.1)
    assert table.loc[0:, "effect"].to_numpy() == pytest.approx(np.full(4, -0.4), abs=0.1)
    assert (table["low"] <= table["effect"] + 1e-12).all()
    assert (table["high"] >= table["effect"] - 1e-12).all()
    assert table["tambons"].tolist() == [10] * 8


def test_the_picture_is_against_the_mean_of_all_seasons_before() -> None:
    values = counts(5, 40, 10, 400)
    values[:10, 5] *= 2  # the season before the start is out of line
    table = event_study(values, STARTS, dealt()).set_index("season")
    # The mean of the logarithms before is log(2) / 6 above the others: 2 ** (-1/6) - 1 = -0.11.
    assert table.loc[0, "effect"] == pytest.approx(2 ** (-1 / 6) - 1, abs=0.06)
    assert table.loc[-1, "effect"] == pytest.approx(2 ** (5 / 6) - 1, abs=0.1)
