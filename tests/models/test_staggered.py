"""Staggered differences: the published county wage result, the library's estimate, and a change worked out by hand."""

from __future__ import annotations

from pathlib import Path

import moderndid
import numpy as np
import pandas as pd
import pytest

from models import staggered
from models.randomisation import deals
from tests.models.simulated import counts


def test_by_hand() -> None:
    # Treated since season 2: +4 and +6 against season 1; controls +1 and +3: (4 - 1 + 6 - 3) / 2 = 3.
    logged = np.array([[0.0, 1.0, 5.0, 7.0], [9.0, 2.0, 3.0, 5.0]])
    assert staggered.overall(logged, np.array([[2, 4]])).tolist() == [3.0]


@pytest.mark.parametrize("seed", range(3))
def test_every_deal_has_the_estimate_of_the_library(seed: int) -> None:
    values = counts(seed, 14, 8)
    starts = np.array([3, 3, 5, 6] + [8] * 10)
    dealt = deals(starts, seed, 4)
    own = staggered.overall(np.log1p(values), dealt)
    library = [staggered.estimate(values, one)[0] for one in dealt]
    assert own == pytest.approx(library, abs=1e-10)


def test_one_treated_tambon_has_an_estimate_and_no_interval() -> None:
    effect, low, high = staggered.estimate(counts(1, 8, 6), np.array([4] + [6] * 7))
    assert np.isfinite(effect)
    assert np.isnan([low, high]).all()


def test_the_published_effect_of_minimum_wages_on_teen_employment_is_reproduced() -> None:
    """Callaway and Sant'Anna 2021 on the county panel that their R package `did` ships and its vignette prints.

    Simple aggregation without covariates, never-treated controls: -0.0400 with standard error 0.0119 to 0.0123 by run
    of the bootstrap. Not printed there and so not compared: our permutation p.
    """
    folder = Path(moderndid.__file__).parent / "core" / "datasets"
    table = pd.read_pickle(folder / "mpdta_long.pkl.gz")
    logged = table.pivot(index="countyreal", columns="year", values="lemp")
    first = table.groupby("countyreal")["first.treat"].first()
    assert logged.shape == (500, 5)
    starts = np.where(first > 0, first - 2003, 5).astype(int)
    assert staggered.overall(logged.to_numpy(), starts[None]) == pytest.approx([-0.0400], abs=5e-5)
    effect, low, high = staggered.estimate(np.expm1(logged.to_numpy()), starts, cover=0.95)
    assert effect == pytest.approx(-0.0400, abs=5e-5)
    assert (high - low) / (2 * 1.96) == pytest.approx(0.0121, abs=0.0004)


def test_p_is_the_share_of_deals_at_least_as_far_out() -> None:
    values = counts(2, 14, 8)
    dealt = deals(np.array([3, 5] + [8] * 12), 1, 100)
    found = [abs(staggered.overall(np.log1p(values), one[None])[0]) for one in dealt]
    assert staggered.permutation_p(values, dealt) == np.mean(np.array(found) >= found[0] - 1e-9)
