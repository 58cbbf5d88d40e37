"""Randomisation inference: the statistic as worked out the long way, p and interval by their definitions."""

from __future__ import annotations

import math

import numpy as np
import pytest

from models.randomisation import INTERVAL_TEST, Randomisation, deals, smallest_p
from models.twoway import treated_cells
from tests.models.simulated import counts

STARTS = np.array([4, 5, 5] + [8] * 12)


def test_deals_keep_the_starts_and_begin_with_the_real_ones() -> None:
    dealt = deals(STARTS, 1, 50)
    assert (dealt[0] == STARTS).all()
    assert (np.sort(dealt, axis=1) == np.sort(STARTS)).all()
    assert len(np.unique(dealt, axis=0)) > 40
    assert (deals(STARTS, 1, 50) == dealt).all()


def test_deals_stay_within_their_stratum() -> None:
    strata = np.array([0] * 5 + [1] * 10)
    dealt = deals(STARTS, 1, 50, strata)
    assert (np.sort(dealt[:, :5], axis=1) == np.sort(STARTS[:5])).all()
    assert (dealt[:, 5:] == 8).all()


@pytest.mark.parametrize(
    ("starts", "smallest"),
    [([3, 9, 9, 9, 9], 1 / 5), ([3, 3, 9, 9, 9], 1 / 10), ([3, 4, 9, 9, 9], 1 / 20), ([3] * 10 + [9] * 10, 1 / 999)],
)
def test_the_smallest_p_is_one_over_the_number_of_deals(starts: list[int], smallest: float) -> None:
    assert smallest_p(np.array(starts), 8) == pytest.approx(smallest)


def the_long_way(values: np.ndarray, dealt: np.ndarray) -> np.ndarray:
    """The score over its clustered standard error, by weighted least squares on all tambon and season effects."""
    n, seasons = values.shape
    tambon = np.repeat(np.eye(n), seasons, axis=0)
    season = np.tile(np.eye(seasons), (n, 1))
    others = np.hstack([tambon, season])
    mean = (np.outer(values.sum(1), values.sum(0)) / values.sum()).ravel()
    out = []
    for starts in dealt:
        treated = treated_cells(starts, seasons).ravel().astype(float)
        root = np.sqrt(mean)
        known, *_ = np.linalg.lstsq(others * root[:, None], treated * root, rcond=None)
        own = (treated - others @ known) * (values.ravel() - mean)
        per_tambon = own.reshape(n, seasons).sum(1)
        out.append(per_tambon.sum() / np.sqrt((per_tambon**2).sum()))
    return np.array(out)


@pytest.mark.parametrize("seed", range(3))
def test_the_statistic_is_that_worked_out_the_long_way(seed: int) -> None:
    values = counts(seed, 15, 8)
    dealt = deals(STARTS, seed, 40)
    test = Randomisation(values, STARTS, dealt, weighted=False)
    assert test.statistics(0.0) == pytest.approx(the_long_way(values, dealt), abs=1e-4)
    halved = np.where(test.cells, values / 0.5, values)
    assert test.statistics(math.log(0.5)) == pytest.approx(the_long_way(halved, dealt), abs=1e-4)


def test_p_is_the_share_of_deals_at_least_as_far_out() -> None:
    test = Randomisation(counts(1, 15, 8), STARTS, deals(STARTS, 1, 200))
    found = np.abs(test.statistics(0.0))
    assert test.p() == np.mean([one >= found[0] - 1e-9 for one in found])


def test_a_known_effect_lies_in_the_interval_and_nothing_does_not() -> None:
    values = counts(2, 40, 10, mean=200)
    starts = np.array([6] * 12 + [10] * 28)
    values = np.where(treated_cells(starts, 10), np.round(values * 0.6), values)
    test = Randomisation(values, starts, deals(starts, 1))
    low, high = test.interval()
    assert test.estimate == pytest.approx(math.log(0.6), abs=0.05)
    assert low < math.log(0.6) < high < 0
    assert test.p() < 0.01
    # The ends are where the test begins to reject.
    for end, inside in ((low, 0.01), (high, -0.01)):
        assert test.p(end - inside) <= INTERVAL_TEST < test.p(end + inside)


def test_an_interval_that_never_ends_is_open() -> None:
    # One treated among three: no test at 8 % can ever reject.
    starts = np.array([2, 4, 4])
    test = Randomisation(counts(3, 3, 4), starts, deals(starts, 1, 100))
    assert test.interval() == (-math.inf, math.inf)


def test_scaling_every_outcome_changes_nothing() -> None:
    values = counts(4, 15, 8)
    dealt = deals(STARTS, 1, 100)
    one, thousand = (Randomisation(values * factor, STARTS, dealt) for factor in (1.0, 1000.0))
    assert one.estimate == pytest.approx(thousand.estimate)
    assert one.p() == thousand.p()
