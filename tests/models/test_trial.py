"""The proposal of whom to treat first: every rule of it, on a strip and on a map of squares."""

from __future__ import annotations

import numpy as np
import pytest

from models import trial
from models.trial import propose

NONE = np.array([], int)


@pytest.fixture(autouse=True)
def fewer_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "_DRAWS", 300)


def squares(side: int) -> np.ndarray:
    """Which squares of a board share a border or a corner."""
    x, y = np.divmod(np.arange(side * side), side)
    near = (np.abs(np.subtract.outer(x, x)) <= 1) & (np.abs(np.subtract.outer(y, y)) <= 1)
    np.fill_diagonal(near, False)
    return near


@pytest.mark.parametrize("treat", [1, 6, 12])
def test_no_control_touches_a_tambon_to_be_treated(treat: int) -> None:
    near, traits = squares(9), np.random.default_rng(1).normal(size=(81, 3))
    found = propose(traits, near, np.array([40]), treat)
    assert len(found.treat_first) == treat
    assert not near[np.ix_(found.treat_first, found.control)].any()
    assert not near[40, found.control].any()
    everybody = np.concatenate([found.treat_first, found.control, found.ring, [40]])
    assert sorted(everybody.tolist()) == list(range(81))


def test_groups_are_alike_and_drawn_from_all_strata() -> None:
    traits = np.arange(100.0)[:, None]
    found = propose(traits, np.zeros((100, 100), bool), NONE, 20)
    assert found.imbalance < 0.1
    assert [((found.treat_first >= low) & (found.treat_first < low + 25)).sum() for low in range(0, 100, 25)] == [5] * 4


def test_pairs_are_the_nearest_histories_each_control_once() -> None:
    traits = np.array([0.0, 10.0, 0.2, 9.9, 50.0])[:, None]
    near = np.zeros((5, 5), bool)
    found = propose(traits, near, NONE, 1, seed=3)
    ((treated, control),) = found.pair.items()
    away = np.abs(traits[:, 0] - traits[treated, 0])
    away[treated] = np.inf
    assert control == int(away.argmin())


def test_the_draw_can_be_repeated_and_another_seed_draws_another() -> None:
    traits = np.random.default_rng(2).normal(size=(81, 1))
    one, two, other = (propose(traits, squares(9), NONE, 10, seed) for seed in (1, 1, 2))
    assert one.treat_first.tolist() == two.treat_first.tolist() != other.treat_first.tolist()


def test_more_than_there_are_is_all_there_are() -> None:
    found = propose(np.zeros((4, 1)), np.zeros((4, 4), bool), np.array([0]), 9)
    assert found.treat_first.tolist() == [1, 2, 3]
    assert len(found.control) == 0
    assert found.pair == {}
