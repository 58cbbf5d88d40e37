"""The way before the start: drifts and bad last seasons that are built in, and scores worked out the slow way."""

from __future__ import annotations

import math

import numpy as np
import pytest

from models.earlier import before
from models.randomisation import Randomisation, deals
from models.twoway import treated_cells, without_effect
from tests.models.simulated import counts

STARTS = np.array([6] * 5 + [8] * 5 + [10] * 30)


def of(values: np.ndarray, starts: np.ndarray = STARTS, count: int = 300) -> Randomisation:
    return Randomisation(values, starts, deals(starts, 1, count))


def test_the_same_way_before_is_not_doubted() -> None:
    found = [before(of(counts(seed, 40, 10, 100), count=200)) for seed in range(40)]
    for name in ("falling", "rising", "high", "low", "either"):
        assert np.mean([getattr(one, name) < 0.05 for one in found]) <= 0.15


@pytest.mark.parametrize("sign", [-1, 1])
def test_a_drift_is_found_and_measured_over_each_tambons_own_seasons(sign: int) -> None:
    values = counts(1, 40, 10, 400)
    values[:10] *= np.exp(sign * 0.1 * np.arange(10))
    # The effect stands on top, from each start on; it is no drift.
    values[treated_cells(STARTS, 10)] *= 0.5
    found = before(of(values))
    assert (found.falling, found.rising)[sign > 0] < 0.02
    assert (found.rising, found.falling)[sign > 0] > 0.9
    assert found.drift == pytest.approx(sign * 0.1, abs=0.03)
    # Half the seasons before lie before the middle, half of those after beyond it: five seasons for every start.
    assert found.reach == pytest.approx(5.0)
    assert found.carried == pytest.approx(math.expm1(5 * found.drift))
    assert 0 < found.noticed < 0.1


def test_a_last_season_out_of_line_is_found() -> None:
    values = counts(2, 40, 10, 200)
    values[:5, 5] *= 1.8
    values[5:10, 7] *= 1.8
    found = before(of(values))
    assert found.high < 0.02 < 0.5 < found.low
    assert found.either < 0.05


def test_an_effect_alone_is_no_drift() -> None:
    values = counts(3, 40, 10, 200)
    values[treated_cells(STARTS, 10)] *= 0.3
    found = before(of(values))
    assert min(found.falling, found.rising) > 0.05


def test_nothing_left_after_the_start_is_borne() -> None:
    values = counts(4, 40, 10, 200)
    values[treated_cells(STARTS, 10)] = 0
    assert 0 < before(of(values)).falling <= 1


def test_the_score_of_a_drift_is_the_slow_sum() -> None:
    values = counts(5, 12, 7, 60)
    starts = np.array([4, 5, 5] + [7] * 9)
    test = of(values, starts, 50)
    plain = np.where(test.cells, test.scaled * math.exp(-test.estimate), test.scaled)
    residual, weather = plain - without_effect(plain), plain.sum(0)

    def slow(deal: np.ndarray) -> float:
        own = np.zeros(12)
        profile = np.zeros((12, 7))
        for row, start in enumerate(deal):
            if start < 7:
                middle = np.average(np.arange(start), weights=weather[:start])
                profile[row, :start] = np.arange(start) - middle
                own[row] = (residual[row] * profile[row]).sum()
        common = (profile * plain.sum(1)[:, None]).sum(0) / plain.sum()
        return float(own.sum() / np.sqrt(((own - residual @ common) ** 2).sum()))

    scores = np.array([slow(deal) for deal in test.dealt])
    assert before(test).rising == pytest.approx((scores >= scores[0] - 1e-9).mean())
    assert before(test).falling == pytest.approx((scores <= scores[0] + 1e-9).mean())
