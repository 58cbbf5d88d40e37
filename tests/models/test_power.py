"""What a plan could show: more tambons and larger falls are seen more often, too little data shows nothing."""

from __future__ import annotations

import numpy as np
import pytest

from models import power as model
from models.power import FALLS, power, spread_of
from models.simulation import Province, simulate


@pytest.fixture(autouse=True)
def few_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "_RUNS", 30)


def seen(treated: int, controls: int = 40, before: int = 8, after: int = 3) -> model.Power:
    level = np.full(treated + controls, 60.0)
    return power(level, np.arange(treated + controls) < treated, Province(), before, after, assumed=False)


def test_larger_falls_and_more_tambons_are_seen_more_often() -> None:
    few, many = seen(4), seen(20)
    assert list(many.seen) == list(FALLS)
    for one in (few, many):
        assert one.seen[-0.1] < one.seen[-0.3] < one.seen[-0.6]
    assert many.seen[-0.3] > few.seen[-0.3]
    assert -0.45 < many.smallest < -0.15
    assert few.smallest < many.smallest


@pytest.mark.parametrize(("treated", "controls", "before", "after"), [(5, 40, 2, 3), (5, 40, 8, 0), (1, 10, 8, 3)])
def test_too_little_shows_nothing_however_large(treated: int, controls: int, before: int, after: int) -> None:
    found = seen(treated, controls, before, after)
    assert found.smallest == -1
    assert set(found.seen.values()) == {0.0}


def test_the_spread_of_a_history_is_found_again() -> None:
    made = Province(seasons=40, outbreaks=0.3, memory=0.4, weather=0.5, unequal=0.8, mean=300, spill=0.0)
    nobody = np.zeros((200, 200), bool)
    counts, _ = simulate(np.random.default_rng(1), made, nobody, np.arange(200), 1, 0.0)
    found = spread_of(counts.astype(float))
    assert found.outbreaks == pytest.approx(0.3, abs=0.06)
    assert found.memory == pytest.approx(0.4, abs=0.08)
    assert found.weather == pytest.approx(0.5, abs=0.15)
    assert found.unequal == pytest.approx(0.8, abs=0.15)


def test_poisson_counts_have_no_outbreaks() -> None:
    values = np.random.default_rng(2).poisson(50.0, (100, 10)).astype(float)
    assert spread_of(values).outbreaks == pytest.approx(0, abs=0.005)
