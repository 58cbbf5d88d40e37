"""The burden of four square tambons over two stored seasons, worked out by hand, and the criteria made of it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data.errors import NotStored, TooLittleData
from models.burden import Burden, burden
from models.criteria import CRITERIA, criteria
from tests.layers import desks


def test_two_seasons_by_hand(tmp_path: Path) -> None:
    desk = desks.desk_of(desks.store_of(tmp_path, [desks.march(), desks.year_before()]))
    found = burden(desk, ("SNPP",))
    # 2025: 520101 2, 520104 1. 2026: 520101 2 (Terra's is another satellite), 520102 1, 520103 2.
    assert found.counts.to_dict("list") == {2025: [2, 0, 0, 1], 2026: [2, 1, 2, 0]}
    assert found.per_season.tolist() == [2.0, 0.5, 1.0, 0.5]
    assert found.days == {2025: 3, 2026: 3}
    assert found.repeats.isna().all()  # two seasons are too few to speak of every year


def test_a_season_without_one_of_the_satellites_does_not_count(tmp_path: Path) -> None:
    desk = desks.desk_of(desks.store_of(tmp_path, [desks.march(), desks.year_before()]))
    assert list(burden(desk, ("SNPP", "TERRA")).counts) == [2026]
    with pytest.raises(TooLittleData):
        burden(desk, ("NOAA21",))
    assert list(burden(desk, ("SNPP",), dt.date(2025, 12, 31)).counts) == [2025]


def test_nothing_stored_is_not_a_quiet_season(tmp_path: Path) -> None:
    with pytest.raises(NotStored):
        burden(desks.desk_of(desks.store_of(tmp_path)), ("SNPP",))


def test_criteria_by_hand() -> None:
    codes = ["520101", "520102", "520103"]
    counts = pd.DataFrame({2023: [4, 0, 1], 2024: [2, 0, 0], 2025: [6, 0, 2]}, index=codes)
    known = Burden(counts, {2023: 151, 2024: 152, 2025: 151}, ("SNPP",))
    more = pd.DataFrame({"smoke": [30.0]}, index=["520103"])
    found = criteria(known, pd.Series({"520101": 1}), more)
    assert list(found) == list(CRITERIA)
    assert found["fire"].tolist() == [4.0, 0.0, 1.0]
    assert found["repeat"].tolist() == pytest.approx([1.0, 0.0, 2 / 3])
    # Ranks 1, 0 and a half; the first has one activity already.
    assert found["gap"].tolist() == [0.5, 0.0, 0.5]
    assert np.isnan(found.loc["520101", "smoke"])
    assert found.loc["520103", "smoke"] == 30.0
    assert found["plan_fit"].isna().all()
