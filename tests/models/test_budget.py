"""The best plan against every plan there is, the rules one by one, conflicts named, the habit beside it."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import ContractError
from models.budget import (
    GAP,
    OPTION_COLUMNS,
    Rules,
    RulesConflict,
    best_plan,
    difference,
    highest_first,
    next_baht,
    rule_prices,
)

OPTION: dict[str, Any] = {
    "tambon": "520101",
    "amphoe": "5201",
    "measure": "firebreak",
    "fixed_baht": 100.0,
    "unit_baht": 10.0,
    "most_units": 1,
    "unit_crew_days": 1.0,
    "benefit": 5.0,
    "benefit_low": 1.0,
    "benefit_high": 9.0,
}


def options(*changes: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame([{**OPTION, **change} for change in changes])[list(OPTION_COLUMNS)]


def keeps(rules: Rules, table: pd.DataFrame, units: np.ndarray) -> bool:
    stands = units > 0
    baht = (table["fixed_baht"] * stands + table["unit_baht"] * units).sum()
    if baht > rules.baht + 1e-9:
        return False
    if rules.crew_days is not None and (table["unit_crew_days"] * units).sum() > rules.crew_days + 1e-9:
        return False
    if (table[stands].groupby("tambon").size() > rules.most_per_tambon).any():
        return False
    per_amphoe = table.assign(stands=stands).groupby("amphoe")["stands"].sum()
    if (per_amphoe < rules.least_per_amphoe).any():
        return False
    for here in table[stands].groupby("tambon")["measure"].agg(set):
        if any({one, other} <= here for one, other in rules.excludes):
            return False
        if any(one in here and other not in here for one, other in rules.needs):
            return False
    return True


def greatest(table: pd.DataFrame, rules: Rules) -> float | None:
    """Return the benefit of the best of all plans, tried one by one; None when none keeps the rules."""
    value = table["benefit_low" if rules.robust else "benefit"]
    ranges = [range(most + 1) for most in table["most_units"]]
    found = [
        float((value * np.array(units)).sum())
        for units in itertools.product(*ranges)
        if keeps(rules, table, np.array(units))
    ]
    return max(found, default=None)


@st.composite
def problems(draw: st.DrawFn) -> tuple[pd.DataFrame, Rules]:
    measures = ("firebreak", "patrol")
    changes = []
    for number in range(draw(st.integers(1, 3))):
        for measure in measures:
            low, middle, high = sorted(draw(st.lists(st.integers(0, 40), min_size=3, max_size=3)))
            changes.append(
                {
                    "tambon": f"52010{number}",
                    "amphoe": "5201" if number < 2 else "5202",
                    "measure": measure,
                    "fixed_baht": float(draw(st.integers(0, 50))),
                    "unit_baht": float(draw(st.integers(1, 50))),
                    "most_units": draw(st.integers(1, 2)),
                    "unit_crew_days": float(draw(st.integers(0, 3))),
                    "benefit_low": float(low),
                    "benefit": float(middle),
                    "benefit_high": float(high),
                }
            )
    rules = Rules(
        baht=float(draw(st.integers(0, 250))),
        most_per_tambon=draw(st.integers(1, 2)),
        least_per_amphoe=draw(st.integers(0, 2)),
        crew_days=draw(st.none() | st.integers(0, 8).map(float)),
        excludes=draw(st.sampled_from([(), (("firebreak", "patrol"),)])),
        needs=draw(st.sampled_from([(), (("patrol", "firebreak"),)])),
        robust=draw(st.booleans()),
    )
    return options(*changes), rules


@settings(max_examples=60, deadline=None)
@given(problems())
def test_the_plan_is_the_best_of_all_plans(problem: tuple[pd.DataFrame, Rules]) -> None:
    table, rules = problem
    wanted = greatest(table, rules)
    if wanted is None:
        with pytest.raises(RulesConflict):
            best_plan(table, rules)
        return
    plan = best_plan(table, rules)
    reached = plan.benefit_low if rules.robust else plan.benefit
    assert reached == pytest.approx(wanted, rel=GAP, abs=1e-6)
    assert plan.gap <= GAP
    spot = {(t, m): n for t, m, n in plan.chosen[["tambon", "measure", "units"]].itertuples(index=False)}
    units = np.array([spot.get(key, 0) for key in zip(table["tambon"], table["measure"], strict=True)])
    assert keeps(rules, table, units)


@settings(max_examples=40, deadline=None)
@given(problems())
def test_the_habit_keeps_money_crews_and_what_fits_together(problem: tuple[pd.DataFrame, Rules]) -> None:
    table, rules = problem
    plan = highest_first(table, rules, {"520101": 3.0, "520100": 1.0})
    free = Rules(rules.baht, rules.most_per_tambon, 0, rules.crew_days, rules.excludes, rules.needs)
    spot = {(t, m): n for t, m, n in plan.chosen[["tambon", "measure", "units"]].itertuples(index=False)}
    units = np.array([spot.get(key, 0) for key in zip(table["tambon"], table["measure"], strict=True)])
    assert keeps(free, table, units)
    assert plan.benefit <= best_plan(table, free).benefit * (1 + GAP) + 1e-6


def test_sums_of_a_plan_worked_out_by_hand() -> None:
    plan = best_plan(options({"most_units": 3}), Rules(baht=125.0))
    # 100 for the first stroke and 10 a unit: two units fit into 125 baht.
    assert plan.chosen[["units", "baht", "crew_days"]].to_numpy().tolist() == [[2, 120.0, 2.0]]
    assert (plan.baht, plan.benefit, plan.benefit_low, plan.benefit_high) == (120.0, 10.0, 2.0, 18.0)


def test_the_cautious_plan_goes_by_the_low_end() -> None:
    table = options(
        {"measure": "bold", "benefit": 9.0, "benefit_low": 0.0, "benefit_high": 20.0},
        {"measure": "sure", "benefit": 5.0, "benefit_low": 4.0, "benefit_high": 6.0},
    )
    rules = Rules(baht=110.0)
    assert best_plan(table, rules).chosen["measure"].tolist() == ["bold"]
    assert best_plan(table, Rules(baht=110.0, robust=True)).chosen["measure"].tolist() == ["sure"]


@pytest.mark.parametrize(
    ("rules", "key", "told"),
    [
        (Rules(baht=1000.0, least_per_amphoe=3), "rules_options", {"least": 3, "most": 2}),
        (Rules(baht=100.0, least_per_amphoe=1), "rules_baht", {"baht": "100", "needed": "110"}),
        (Rules(baht=1000.0, least_per_amphoe=1, crew_days=0.0), "rules_crew", {"days": "0", "needed_days": "1"}),
    ],
)
def test_rules_that_cannot_be_kept_are_named(rules: Rules, key: str, told: dict[str, object]) -> None:
    with pytest.raises(RulesConflict) as caught:
        best_plan(options({}), rules)
    assert caught.value.key == key
    assert told.items() <= caught.value.context.items()


def test_two_limits_that_can_be_kept_only_one_at_a_time() -> None:
    table = options(
        {"measure": "cheap", "fixed_baht": 0.0, "unit_baht": 10.0, "unit_crew_days": 9.0},
        {"measure": "quick", "fixed_baht": 0.0, "unit_baht": 90.0, "unit_crew_days": 1.0},
    )
    with pytest.raises(RulesConflict) as caught:
        best_plan(table, Rules(baht=50.0, least_per_amphoe=1, crew_days=5.0))
    assert caught.value.key == "rules_both"


def test_the_price_of_each_rule_is_the_benefit_without_it() -> None:
    table = options(
        {"benefit": 9.0},
        {"measure": "patrol", "benefit": 8.0, "benefit_low": 1.0},
        {"tambon": "520201", "amphoe": "5202", "benefit": 1.0},
    )
    # 220 baht buy two: with one in each amphoe 9 + 1, without that rule 9 + 8.
    prices = rule_prices(table, Rules(baht=220.0, most_per_tambon=2, least_per_amphoe=1))
    assert prices.set_index("rule")["price"].to_dict() == {
        "most_per_tambon": pytest.approx(0.0, abs=1e-6),
        "least_per_amphoe": pytest.approx(7.0),
    }


def test_what_more_money_buys() -> None:
    table = options({"benefit": 9.0}, {"measure": "patrol", "benefit": 8.0, "benefit_low": 1.0})
    richer, more = next_baht(table, Rules(baht=110.0), 110.0)
    assert richer.benefit == pytest.approx(17.0)
    assert more.to_numpy().tolist() == [["520101", "patrol", 0, 1, 110.0, 8.0]]
    same = best_plan(table, Rules(baht=110.0))
    assert difference(same.chosen, same.chosen).empty


def test_two_plans_differ_by_units_and_an_unknown_figure_stays_unknown() -> None:
    def plan(*rows: tuple[str, float, float, float]) -> pd.DataFrame:
        table = pd.DataFrame(rows, columns=["tambon", "units", "baht", "benefit"])
        return table.assign(measure="patrol")

    one = plan(("520101", 1, 10, 2), ("520102", 2, 20, 4), ("520103", math.nan, 30, math.nan))
    other = plan(("520101", 1, 10, 2), ("520102", 3, 30, 6), ("520103", math.nan, 35, math.nan), ("520104", 1, 5, 1))
    found = difference(one, other).set_index("tambon")
    assert found.index.tolist() == ["520102", "520103", "520104"]
    assert found["baht"].tolist() == [10, 5, 5]
    assert found.loc["520104", ["units_before", "units_after", "benefit"]].tolist() == [0, 1, 1]
    assert math.isnan(found.loc["520103", "benefit"])


@pytest.mark.parametrize(
    "change",
    [{"unit_baht": -1.0}, {"most_units": 0}, {"benefit_low": 6.0}, {"fixed_baht": float("nan")}],
    ids=["negative", "no_unit", "outside", "unknown"],
)
def test_options_that_are_none(change: dict[str, Any]) -> None:
    with pytest.raises(ContractError):
        best_plan(options(change), Rules(baht=1.0))


def test_a_measure_twice_in_a_tambon_is_refused() -> None:
    with pytest.raises(ContractError, match="twice"):
        best_plan(options({}, {}), Rules(baht=1.0))
