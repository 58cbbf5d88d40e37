"""The ranking by hand, its firmness, and what it says of criteria that are unknown."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from models.priority import moved, rank, reasons

CODES = ["520101", "520102", "520103"]


def criteria(**columns: list[float]) -> pd.DataFrame:
    return pd.DataFrame(columns, index=CODES)


def test_one_criterion_orders_by_itself() -> None:
    found = rank(criteria(fire=[1.0, 5.0, 3.0]), {"fire": 2.0})
    assert found.rows["tambon"].tolist() == ["520102", "520103", "520101"]
    # Closeness on a line: the middle of 1..5 is half way between the best and the worst.
    assert found.rows["score"].tolist() == pytest.approx([1.0, 0.5, 0.0])
    assert found.weights == {"fire": 1.0}
    assert found.kendall == pytest.approx(1.0)
    assert (found.rows["place_low"] == found.rows["place_high"]).all()


def test_two_criteria_by_hand() -> None:
    # Scaled: (1, 0), (0, 1), (0.5, 0.5); weights 3/4 and 1/4 give (0.75, 0), (0, 0.25), (0.375, 0.125).
    found = rank(criteria(fire=[10.0, 0.0, 5.0], smoke=[0.0, 2.0, 1.0]), {"fire": 3, "smoke": 1}).rows
    scores = found.set_index("tambon")["score"]
    best, worst = np.hypot(0.0, 0.25), np.hypot(0.75, 0.0)
    assert scores["520101"] == pytest.approx(worst / (best + worst))
    assert scores["520102"] == pytest.approx(best / (best + worst))
    assert scores["520103"] == pytest.approx(0.5)


def test_the_weights_decide() -> None:
    table = criteria(fire=[10.0, 0.0, 5.0], smoke=[0.0, 2.0, 1.0])
    assert rank(table, {"fire": 9, "smoke": 1}).rows["tambon"].iloc[0] == "520101"
    assert rank(table, {"fire": 1, "smoke": 9}).rows["tambon"].iloc[0] == "520102"


def test_places_move_where_the_weights_are_near_a_tie() -> None:
    # Of equal weights the first two tie: a small move of a weight puts either first.
    found = rank(criteria(fire=[1.0, 0.0, 0.0], smoke=[0.0, 1.0, 0.0]), {"fire": 1, "smoke": 1})
    ends = found.rows.set_index("tambon")[["place_low", "place_high"]].to_numpy().tolist()
    assert ends == [[1, 2], [1, 2], [3, 3]]
    assert found.kendall < 1.0
    assert found.rows["place"].tolist() == [1, 1, 3]


def test_an_unknown_value_is_taken_as_the_middle_and_told() -> None:
    found = rank(criteria(fire=[1.0, np.nan, 3.0]), {"fire": 1}).rows.set_index("tambon")
    assert found.loc["520102", "unknown"] == "fire"
    assert found.loc["520102", "score"] == pytest.approx(0.5)
    assert found.loc["520101", "unknown"] == ""


def test_a_criterion_that_tells_nothing_is_left_out_and_told() -> None:
    found = rank(criteria(fire=[1.0, 2.0, 3.0], smoke=[np.nan] * 3, plan=[1.0] * 3), {"fire": 1, "smoke": 1, "plan": 1})
    assert found.left_out == ("smoke", "plan")
    assert found.weights == {"fire": 1.0}
    nothing = rank(criteria(plan=[1.0] * 3), {"plan": 1})
    assert nothing.rows["place"].tolist() == [1, 1, 1]
    assert nothing.rows["place_high"].tolist() == [3, 3, 3]
    assert np.isnan(nothing.kendall)


def test_what_lifts_a_tambon() -> None:
    found = rank(criteria(fire=[10.0, 0.0, 5.0], smoke=[0.0, 2.0, 1.0]), {"fire": 3, "smoke": 1}).rows
    first = found.set_index("tambon", drop=False).loc["520101"].to_dict()
    assert reasons(first) == [("fire", pytest.approx(0.375))]


@pytest.mark.parametrize("weights", [{}, {"fire": 0.0}, {"fire": -1.0}, {"fire": np.nan}, {"rain": 1.0}])
def test_weights_that_are_none(weights: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"weight|criterion"):
        rank(criteria(fire=[1.0, 2.0, 3.0]), weights)


def test_scores_are_those_of_the_library_on_scaled_values() -> None:
    random = np.random.default_rng(3)
    table = pd.DataFrame(random.random((20, 3)), columns=list("abc"), index=[f"5201{n:02d}" for n in range(20)])
    scaled = (table - table.min()) / (table.max() - table.min())
    weights = np.array([0.5, 0.3, 0.2])
    gap = [np.sqrt((((scaled - ideal) * weights) ** 2).sum(axis=1)) for ideal in (1.0, 0.0)]
    by_hand = gap[1] / (gap[0] + gap[1])
    found = rank(table, {"a": 5, "b": 3, "c": 2}).rows.set_index("tambon")["score"]
    assert found.to_numpy() == pytest.approx(by_hand.loc[found.index].to_numpy())


def test_what_other_weights_move_and_why() -> None:
    table = criteria(fire=[10.0, 0.0, 5.0], smoke=[0.0, 2.0, 1.0])
    fire, smoke = rank(table, {"fire": 9, "smoke": 1}), rank(table, {"fire": 1, "smoke": 9})
    found = moved(fire, smoke).set_index("tambon")
    # The first two change places, the one in the middle stays. Smoke lifts one; the other loses by the same smoke.
    assert found.index.tolist() == ["520102", "520101"]
    assert found[["place_before", "place"]].to_numpy().tolist() == [[3, 1], [1, 3]]
    assert found["criterion"].tolist() in (["smoke", "smoke"], ["fire", "fire"], ["smoke", "fire"], ["fire", "smoke"])
    assert all(found["heavier"] == (found["criterion"] == "smoke"))
    assert moved(fire, fire).empty


def test_a_criterion_that_only_one_ranking_uses_can_be_what_moves() -> None:
    table = criteria(fire=[10.0, 0.0, 5.0], smoke=[0.0, 1.9, 2.0])
    found = moved(rank(table, {"fire": 1}), rank(table, {"fire": 1, "smoke": 1})).set_index("tambon")
    assert found.loc["520103", "place"] < found.loc["520103", "place_before"]
    assert found.loc["520103", ["criterion", "heavier"]].tolist() == ["smoke", True]
