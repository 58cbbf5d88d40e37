"""Synthetic control: mixes known by construction, the library's weights, placebos counted by hand."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pandas as pd
import pytest
import synthdid
from diff_diff import SyntheticControl

from models.randomisation import deals
from models.synthetic import mix, synthetic
from tests.models.simulated import counts


def test_a_target_made_of_donors_is_taken_apart() -> None:
    donors = counts(1, 5, 9)
    share = np.array([0.5, 0.0, 0.3, 0.2, 0.0])
    assert mix(share @ donors, donors) == pytest.approx(share, abs=1e-4)


def test_shares_never_fall_below_nothing_and_sum_to_one() -> None:
    donors = counts(2, 6, 8)
    found = mix(donors.max(0) * 3, donors)  # outside what any mix can reach
    assert found.sum() == pytest.approx(1)
    assert (found >= 0).all()


@pytest.mark.filterwarnings("ignore")
def test_the_mix_fits_as_well_as_the_library_with_equal_weight_on_each_season() -> None:
    values = counts(3, 8, 9) / 10
    table = pd.DataFrame(
        {
            "y": values.ravel(),
            "i": np.repeat(np.arange(8), 9),
            "t": np.tile(np.arange(9), 8),
            "d": ((np.arange(72) < 9) & (np.arange(72) >= 6)).astype(int),
        }
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = SyntheticControl(v_method="custom", custom_v=np.ones(6), standardize="none", inner_max_iter=20000)
        fitted = model.fit(table, "y", "d", "i", "t", pre_period_outcomes=list(range(6)))
    theirs = np.array([fitted.donor_weights.get(unit, 0.0) for unit in range(1, 8)])
    ours = mix(values[0, :6], values[1:, :6])
    gaps = [np.sqrt(((values[0, :6] - share @ values[1:, :6]) ** 2).mean()) for share in (ours, theirs)]
    assert gaps[0] <= gaps[1] + 1e-6
    assert ours == pytest.approx(theirs, abs=0.02)


def test_the_published_effect_of_proposition_99_comes_out() -> None:
    # Arkhangelsky et al. (2021), table 1: synthetic control -19.6 packs a head and year over 1989 to 2000. Abadie et
    # al. (2010): about 26 packs in 2000, most of the mix from Utah, Nevada and Montana.
    table = synthdid.load_california_prop99().pivot(index="State", columns="Year", values="PacksPerCapita")
    california, others = table.loc["California"], table.drop("California")
    before = table.columns < 1989
    share = mix(california[before].to_numpy(), others.loc[:, before].to_numpy())
    gap = california - share @ others.to_numpy()
    assert gap[~before].mean() == pytest.approx(-19.6, abs=0.2)
    assert gap[2000] == pytest.approx(-26, abs=1)
    largest = pd.Series(share, others.index).nlargest(3)
    assert set(largest.index) == {"Utah", "Nevada", "Montana"}
    panel = synthdid.panel_matrices(synthdid.load_california_prop99())
    theirs = synthdid.sc_estimate(panel.Y, panel.N0, panel.T0)
    assert gap[~before].mean() == pytest.approx(float(theirs), abs=0.2)


def twins() -> np.ndarray:
    """Five tambons with the same seasons at different levels; the first falls by half after season 4."""
    values = np.outer([10.0, 20.0, 30.0, 40.0, 50.0], [1.0, 2.0, 1.5, 1.0, 3.0, 2.0])
    values[0, 4:] /= 2
    return values


def test_a_fall_by_half_is_seen_and_ranked_first() -> None:
    found = synthetic(twins(), deals(np.array([4, 6, 6, 6, 6]), 1, 200))
    assert found.log_effect == pytest.approx(math.log(0.5), abs=1e-3)
    assert found.fit == pytest.approx(0, abs=1e-3)
    assert len(found.placebo) == 4  # each other tambon once
    assert found.p == pytest.approx(1 / 5)


def test_several_treated_tambons_with_starts_of_their_own() -> None:
    values = counts(4, 30, 9, 300)
    values[0:2, 5:] *= 0.5
    values[2:4, 6:] *= 0.5
    found = synthetic(values, deals(np.array([5, 5, 6, 6] + [9] * 26), 1, 60), draws=50)
    assert found.log_effect == pytest.approx(math.log(0.5), abs=0.1)
    assert 45 <= len(found.placebo) <= 50
    assert found.p == pytest.approx(1 / (1 + len(found.placebo)))
    low, high = found.interval()
    assert low < math.log(0.5) < high < 0


def test_nothing_left_is_the_lowest_the_scale_goes() -> None:
    values = twins()
    values[0, 4:] = 0
    assert synthetic(values, deals(np.array([4, 6, 6, 6, 6]), 1, 50)).log_effect == pytest.approx(math.log(0.02))
