"""Who resembles whom, by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from models.lookalikes import look_alikes

CODES = [f"52010{n}" for n in range(1, 6)]


def features(**columns: list[float]) -> pd.DataFrame:
    return pd.DataFrame(columns, index=CODES)


def test_nearest_first_in_robust_standard_deviations() -> None:
    # Median 3, distances from it 2 1 0 1 97: their median 1, so one standard deviation is 1.4826.
    found = look_alikes(features(fire=[1.0, 2.0, 3.0, 4.0, 100.0]), "520101")
    assert found["tambon"].tolist() == ["520102", "520103", "520104", "520105"]
    assert found["distance"].to_numpy() == pytest.approx(np.array([1, 2, 3, 99]) / 1.4826)
    assert found["differs_fire"].iloc[0] == pytest.approx(1 / 1.4826)


def test_a_feature_that_hardly_anybody_has_or_that_never_differs_does_not_count() -> None:
    table = features(fire=[1.0, 2.0, 3.0, 4.0, 5.0], rain=[1.0, np.nan, np.nan, 2.0, 3.0], flat=[7.0] * 5)
    found = look_alikes(table, "520101")
    assert "differs_rain" not in found
    assert found["differs_flat"].isna().all()
    assert found["features"].tolist() == [1, 1, 1, 1]


def test_a_tambon_of_which_little_is_known_is_not_offered() -> None:
    table = features(
        fire=[1.0, np.nan, 3.0, 4.0, 5.0], area=[1.0, np.nan, 3.0, 4.0, 5.0], people=[1.0, 1.0, 3.0, 4.0, 5.0]
    )
    assert "520102" not in set(look_alikes(table, "520101")["tambon"])


def test_at_most_as_many_as_asked_and_never_itself() -> None:
    found = look_alikes(features(fire=[1.0, 2.0, 3.0, 4.0, 5.0]), "520103", most=2)
    assert found["tambon"].tolist() == ["520102", "520104"]
    with pytest.raises(KeyError):
        look_alikes(features(fire=[1.0] * 5), "529999")
