"""The Poisson model by scaling: equal to the closed form, to pyfixest, and to what is worked out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyfixest
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from models.twoway import log_effects, row_weights, treated_cells, without_effect
from tests.models.simulated import counts


def test_a_measure_is_at_work_from_its_first_season_on() -> None:
    assert treated_cells(np.array([1, 3, 9]), 3).tolist() == [[False, True, True], [False] * 3, [False] * 3]


def test_without_effect_is_row_times_column_over_total() -> None:
    # Rows 30 and 10, columns 24 and 16, total 40.
    assert without_effect(np.array([[20.0, 10.0], [4.0, 6.0]])).tolist() == [[18, 12], [6, 4]]


def test_one_treated_cell_of_four_is_the_double_ratio() -> None:
    # Before 20 and after 5 where treated, 30 and 15 where not: (5 / 20) / (15 / 30) = 0.5.
    values = np.array([[20.0, 5.0], [30.0, 15.0]])
    effects, fitted = log_effects(values, np.array([[0, 1], [0, 0]]), 1)
    assert np.exp(effects) == pytest.approx([0.5])
    assert fitted == pytest.approx(values)


@settings(max_examples=40, deadline=None)
@given(arrays(float, (4, 3), elements=st.integers(1, 50).map(float)))
def test_scaling_without_groups_gives_the_closed_form(values: np.ndarray) -> None:
    nowhere = np.zeros(values.shape, int)
    effects, fitted = log_effects(values, nowhere, 1)
    assert np.isnan(effects).all()
    assert fitted == pytest.approx(without_effect(values))


def poisson(values: np.ndarray, group: np.ndarray, groups: int) -> np.ndarray:
    n, seasons = values.shape
    table = pd.DataFrame(
        {"y": values.ravel(), "i": np.repeat(np.arange(n), seasons), "t": np.tile(np.arange(seasons), n)}
    )
    names = [f"g{number}" for number in range(1, groups + 1)]
    table = table.assign(
        **{name: (group == number).ravel().astype(float) for number, name in enumerate(names, start=1)}
    )
    fitted = pyfixest.fepois(f"y ~ {' + '.join(names)} | i + t", table, iwls_tol=1e-12)
    return fitted.coef()[names].to_numpy()


@pytest.mark.parametrize("seed", range(4))
def test_effects_are_those_of_pyfixest(seed: int) -> None:
    values = counts(seed, 12, 7)
    starts = np.array([3, 4, 4, 5] + [7] * 8)
    since = np.arange(7) - starts[:, None]
    one = treated_cells(starts, 7).astype(int)
    several = np.where(since >= 2, 3, np.where(since >= 0, since + 1, 0))
    assert log_effects(values, one, 1)[0] == pytest.approx(poisson(values, one, 1), abs=1e-6)
    assert log_effects(values, several, 3)[0] == pytest.approx(poisson(values, several, 3), abs=1e-6)


def test_tables_fitted_side_by_side_are_those_fitted_alone() -> None:
    tables = np.stack([counts(seed, 6, 5) for seed in range(3)])
    group = np.stack([treated_cells(np.array([k, 2, 5, 5, 5, 5]), 5).astype(int) for k in (2, 3, 4)])
    together = log_effects(tables, group, 1)[0]
    alone = [log_effects(table, one, 1)[0] for table, one in zip(tables, group, strict=True)]
    assert together == pytest.approx(np.array(alone), abs=1e-7)


def test_an_effect_on_cells_that_hold_nothing_is_minus_infinity() -> None:
    values = np.array([[20.0, 0.0], [30.0, 15.0]])
    assert log_effects(values, np.array([[0, 1], [0, 0]]), 1)[0][0] == -np.inf


def test_a_tambon_without_fire_changes_nothing() -> None:
    values = counts(5, 6, 5)
    group = treated_cells(np.array([3, 3, 5, 5, 5, 5]), 5).astype(int)
    more = np.vstack([values, np.zeros(5)])
    assert log_effects(more, np.vstack([group, group[-1]]), 1)[0] == pytest.approx(
        log_effects(values, group, 1)[0], abs=1e-7
    )


def test_outbreaks_make_large_tambons_count_less_and_chance_alone_does_not() -> None:
    random = np.random.default_rng(0)
    mean = np.outer([5.0, 50.0, 500.0] * 30, np.ones(12))
    even = row_weights(random.poisson(mean).astype(float), mean)
    wild = row_weights(random.poisson(mean * random.gamma(4, 0.25, mean.shape)).astype(float), mean)
    assert (even.mean(), wild.mean()) == pytest.approx((1, 1))
    assert even[0] / even[2] < 1.5
    # By hand: variance 1 + 0.25 times the mean, so (1 + 125) / (1 + 1.25) = 56.
    assert 25 < wild[0] / wild[2] < 110


def test_a_perfect_fit_weighs_all_alike() -> None:
    table = np.outer([1.0, 2.0], [3.0, 4.0])
    assert row_weights(table, table).tolist() == [1, 1]
