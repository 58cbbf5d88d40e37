"""The whole measurement on made-up counts: roles, what is missing, estimates, checks and verdict together."""

from __future__ import annotations

import numpy as np
import pytest

from models.effect import ESTIMATORS, Effect, effect
from models.twoway import treated_cells
from models.verdict import CANNOT_TELL, FEWER, NO_DIFFERENCE
from tests.models.simulated import counts, nobody_near, outcomes_of, treatment_of

TREATED = {position: 6 + position % 3 for position in range(15)}


def measured(change: float, seed: int = 1, mean: float = 200.0, near: np.ndarray | None = None) -> Effect:
    values = counts(seed, 60, 11, mean)
    starts = np.array([TREATED.get(position, 11) for position in range(60)])
    values = np.where(treated_cells(starts, 11), np.round(values * change), values)
    near = nobody_near(60) if near is None else near
    return effect(outcomes_of(values), treatment_of(TREATED), near, count=299, draws=99)


def test_a_fall_is_seen_by_every_method_and_called_fewer() -> None:
    found = measured(0.6)
    table = found.estimates.set_index("estimator")
    assert list(table.index) == list(ESTIMATORS)
    for name in ESTIMATORS[:3]:
        assert table.loc[name, "effect"] == pytest.approx(-0.4, abs=0.06)
        assert table.loc[name, "low"] < -0.37 < table.loc[name, "high"] + 0.06 < 0.06
        assert table.loc[name, "p_randomisation"] <= 0.02
    assert table.loc["poisson", "n_treated"] == 15
    assert 30 <= table.loc["poisson", "n_control"] == (found.roles["role"] == "control").sum() <= 45
    assert found.verdict.code == FEWER == table.loc["poisson", "verdict"]
    assert table.loc["before_after", "verdict"] == CANNOT_TELL
    assert found.seasons == tuple(str(year) for year in range(2011, 2022))


def test_no_effect_and_much_data_is_no_difference_seen() -> None:
    found = measured(1.0, seed=3)
    assert found.verdict.code == NO_DIFFERENCE
    assert found.verdict.reasons[0].numbers == {"change": 0.3}


def test_checks_and_pictures_are_there_and_quiet_where_they_should_be() -> None:
    near = np.zeros((60, 60), bool)
    near[0, 50] = near[50, 0] = near[1, 51] = near[51, 1] = True
    found = measured(0.6, near=near)
    assert found.roles.set_index("tambon")["role"].loc[["520151", "520152"]].tolist() == ["ring", "ring"]
    assert found.checks["ring_tambons"] == 2
    assert found.checks["ring_effect"] == pytest.approx(0, abs=0.15)
    assert found.checks["time_effect"] == pytest.approx(0, abs=0.1)
    assert found.checks["path_p"] > 0.05
    assert found.checks["space_low"] < 0 < found.checks["space_high"]
    assert found.event["season"].tolist() == list(range(-4, 4))
    assert found.path.columns.tolist() == ["season", "treated", "controls", "mixed"]
    assert len(found.path) == 11


def lacking(
    values: np.ndarray, starts: dict[int, int], near: np.ndarray | None = None
) -> tuple[str, dict[str, object]]:
    near = nobody_near(len(values)) if near is None else near
    found = effect(outcomes_of(values), treatment_of(starts), near, count=99, draws=19)
    assert found.verdict.code == CANNOT_TELL
    assert found.estimates["effect"].isna().all()
    assert (found.estimates["verdict"] == CANNOT_TELL).all()
    return found.verdict.reasons[0].key, found.verdict.reasons[0].numbers


def test_each_number_that_is_missing_is_named() -> None:
    values = counts(1, 40, 8)
    assert lacking(values, {0: 2}) == ("seasons_before", {"have": 2, "need": 3, "year": 2013})
    assert lacking(values, {0: 8}) == ("seasons_after", {"have": 0, "need": 1, "year": 2019})
    assert lacking(values, {0: 2, 1: 8}) == ("seasons_both", {"need": 3, "need_after": 1})
    assert lacking(values[:, :0], {0: 3})[0] == "seasons_before"
    key, numbers = lacking(values[:15], {0: 5})
    assert (key, numbers["need"]) == ("controls", 19)
    assert 1 <= int(str(numbers["have"])) <= 14
    crowded = counts(2, 24, 8)
    key, numbers = lacking(crowded, {position: 4 + position % 3 for position in range(21)})
    assert (key, numbers["need"]) == ("controls", 5)
    assert lacking(values, {}) == ("no_treatment", {})
    silent = values.copy()
    silent[0] = 0
    assert lacking(silent, {0: 5}) == ("nothing_seen", {"tambons": 1})
    far = values.copy()
    far[0] *= 10_000
    assert lacking(far, {0: 5}) == ("no_match", {"tambons": 1})
    assert lacking(values, {99: 5}) == ("elsewhere", {"tambons": 1})


def test_one_treated_tambon_is_measured_and_its_wide_interval_said() -> None:
    found = effect(outcomes_of(counts(2, 60, 11)), treatment_of({7: 6}), nobody_near(60), count=299, draws=99)
    assert found.estimates.loc[0, ["n_treated", "n_control"]].tolist() == [1, 40]
    assert found.verdict.code in {CANNOT_TELL, NO_DIFFERENCE}
    assert np.isnan(found.estimates.set_index("estimator").loc["staggered_did", "low"])


def test_the_same_question_has_the_same_answer() -> None:
    one, two = measured(0.8), measured(0.8)
    assert one.estimates.equals(two.estimates)
    assert one.checks == two.checks
