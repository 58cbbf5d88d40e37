"""The made-up province: each assumption shows in what it makes, and the served rule keeps its promises on it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.effect import effect
from models.simulation import Province, outbreaks, simulate
from models.verdict import FEWER, MORE
from tests.models.simulated import outcomes_of, treatment_of

N = 100
AMPHOE = np.repeat(np.arange(10), 10)
STRIP = np.abs(np.subtract.outer(np.arange(N), np.arange(N))) == 1
CALM = Province(unequal=0.0, weather=0.0, outbreaks=0.0, spill=0.0, mean=1000)


def made(changed: Province, treated: int = 20, effect: float = 0.0, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    return simulate(np.random.default_rng(seed), changed, STRIP, AMPHOE, treated, effect)


def test_a_calm_province_is_poisson_about_its_mean() -> None:
    counts, starts = made(CALM)
    assert counts.mean() == pytest.approx(1000, rel=0.01)
    assert counts.var() == pytest.approx(1000, rel=0.15)
    assert (starts < 13).sum() == 20
    assert set(starts[starts < 13]) <= set(range(8, 12))


def test_the_effect_is_on_the_treated_and_part_of_it_on_their_neighbours() -> None:
    counts, starts = made(replace(CALM, spill=0.5, first_start=8, last_start=8), treated=3, effect=-0.36)
    treated = starts < 13
    neighbours = STRIP[treated].any(0) & ~treated
    ratio = counts[:, 8:].mean(1) / counts[:, :8].mean(1)
    assert ratio[treated] == pytest.approx(np.full(3, 0.64), abs=0.05)
    assert ratio[neighbours] == pytest.approx(np.full(neighbours.sum(), 0.8), abs=0.05)
    assert ratio[~treated & ~neighbours].mean() == pytest.approx(1, abs=0.02)


def test_worse_tambons_are_likelier_to_be_treated() -> None:
    uneven = replace(CALM, unequal=1.0)
    treated, others = [], []
    for seed in range(10):
        counts, starts = made(uneven, seed=seed)
        treated.append(counts[starts < 13].mean())
        others.append(counts[starts == 13].mean())
    assert np.mean(treated) > 1.5 * np.mean(others)


def test_a_bad_last_season_draws_the_measure_where_it_is_said_to() -> None:
    dip = replace(CALM, outbreaks=1.0, memory=0.0, selected_on_last=True)
    counts, starts = made(dip)
    last = counts[:, 7] / counts[:, :7].mean(1)
    assert last[starts < 13].mean() > 1.3 * last[starts == 13].mean()


def test_more_satellites_see_more_and_a_drift_is_the_treated_tambons_alone() -> None:
    counts, _ = made(replace(CALM, satellites=((6, 1.5), (11, 2.0))))
    by_season = counts.mean(0) / counts[:, :6].mean()
    assert by_season[6:11] == pytest.approx(np.full(5, 1.5), rel=0.02)
    assert by_season[11:] == pytest.approx(np.full(2, 3.0), rel=0.02)
    counts, starts = made(replace(CALM, drift=-0.1))
    assert counts[starts < 13, 7].mean() / counts[starts < 13, 0].mean() == pytest.approx(np.exp(-0.7), rel=0.03)


def test_outbreaks_have_their_variance_memory_and_neighbours() -> None:
    wild = Province(outbreaks=0.25, memory=0.5, neighbourly=0.4, seasons=400)
    factors = outbreaks(np.random.default_rng(1), wild, AMPHOE)
    assert factors.mean() == pytest.approx(1, abs=0.03)
    assert factors.var() == pytest.approx(0.25, abs=0.03)
    logged = np.log(factors)
    assert np.corrcoef(logged[:, 1:].ravel(), logged[:, :-1].ravel())[0, 1] == pytest.approx(0.5, abs=0.05)
    assert np.corrcoef(logged[0], logged[1])[0, 1] == pytest.approx(0.4, abs=0.15)
    assert abs(np.corrcoef(logged[0], logged[15])[0, 1]) < 0.2


def test_the_served_rule_seldom_errs_and_mostly_sees_a_halving() -> None:
    """A small copy of the study in benchmarks/effects.py, which has the figures of docs/effects.md."""
    wrong = seen = inside = 0
    for seed in range(12):
        for change in (0.0, -0.5):
            counts, starts = made(Province(spill=0.3, mean=40), treated=20, effect=change, seed=seed)
            first = {int(one): int(starts[one]) for one in np.flatnonzero(starts < 13)}
            numbered = {position: first[position] for position in first}
            found = effect(outcomes_of(counts), treatment_of(numbered), STRIP, count=199, draws=3, checks=False)
            row = found.estimates.iloc[0]
            inside += row["low"] <= change <= row["high"]
            wrong += change == 0 and found.verdict.code in (FEWER, MORE)
            seen += change != 0 and found.verdict.code == FEWER
    assert wrong <= 2  # 12 at 5 %: more than 2 has a chance of 2 %
    assert inside >= 18  # 24 at 90 %: fewer than 18 has a chance of 1 %
    assert seen >= 10
