"""Effects and comparisons in words, tables and charts, in both languages."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from layers import compare, effect_charts
from layers import effect as effect_view
from layers.effect_words import say_power, say_why
from layers.words import LANGS, Lang, say
from models.design import Design
from models.effect import Effect, effect
from models.power import FALLS, Power
from models.trial import Trial
from models.twoway import treated_cells
from models.verdict import CANNOT_TELL, Reason, Verdict
from tests.layers.desks import desk_of, store_of
from tests.models.simulated import counts, nobody_near, outcomes_of, treatment_of

both = pytest.mark.parametrize("lang", LANGS)
TREATMENT = treatment_of(dict.fromkeys(range(10), 6))


@pytest.fixture(scope="module")
def found() -> Effect:
    """A clear fall by half in ten of 50 tambons over 10 seasons."""
    values = counts(1, 50, 10, 200)
    starts = np.array([6] * 10 + [10] * 40)
    values = np.where(treated_cells(starts, 10), np.round(values / 2), values)
    return effect(outcomes_of(values), TREATMENT, nobody_near(50), count=199, draws=29)


def compiled(chart: Any) -> list[dict[str, Any]]:
    spec = chart.to_dict(validate=True)
    return [row for rows in spec["datasets"].values() for row in rows]


@both
def test_a_page_says_its_verdict_in_words_and_numbers(lang: Lang, found: Effect, tmp_path: Path) -> None:
    page = effect_view.build(desk_of(store_of(tmp_path)), lang, TREATMENT, found, ["x"])
    assert page.verdict == say(lang, "effect.verdict.fewer")
    assert page.figures[0].value in ("−49 %", "−50 %", "−51 %")
    controls = int((found.roles["role"] == "control").sum())
    assert page.figures[2].value == f"10 : {controls}"
    assert page.figures[3].detail == ("2554–2563" if lang == "th" else "2011–2020")
    assert page.notes == ["x"]
    assert len(page.checks) == 5  # without a ring there is nothing to say of it
    assert page.methods.iloc[-1, -1] == say(lang, "effect.no_verdict")
    assert len(page.roles) == 4  # the desk knows four of the tambons
    assert page.values["tambons"]["520101"] == [0, say(lang, "effect.role.treated")]
    assert [entry.label for entry in page.legend.entries] == [
        say(lang, "effect.role.treated"),
        say(lang, "effect.role.control"),
    ]


@both
def test_charts_carry_what_they_are_given(lang: Lang, found: Effect) -> None:
    rows = compiled(effect_charts.intervals(lang, found.estimates))
    served = next(row for row in rows if row.get("estimator") == "poisson")
    assert served["at"] == pytest.approx(found.estimates["effect"].iloc[0])
    points = [row for row in compiled(effect_charts.event_study(lang, found.event)) if "label" in row]
    assert [row["label"] for row in points] == ["≤ -4", "-3", "-2", "-1", "0", "+1", "+2", "≥ +3"]
    lines = compiled(effect_charts.paths(lang, found.path))
    assert len(lines) == 30
    assert lines[0]["season"] == ("2554" if lang == "th" else "2011")


def test_open_ends_run_to_the_edge_of_the_picture_and_are_said(found: Effect) -> None:
    table = found.estimates.assign(low=-np.inf, high=np.inf)
    row = next(row for row in compiled(effect_charts.intervals("en", table)) if "estimator" in row)
    assert (row["from"], row["to"]) == (-1.0, 1.5)
    assert [effect_view.percent(one) for one in (-0.304, 0.05, math.inf, math.nan)] == ["−30 %", "+5 %", "∞", "–"]


@both
def test_every_reason_of_the_rule_has_words_without_a_gap(lang: Lang) -> None:
    reasons = (
        Reason("no_treatment"),
        Reason("no_tambon", {"sites": 2}),
        Reason("no_start", {"sites": 2}),
        Reason("elsewhere", {"tambons": 3}),
        Reason("seasons_before", {"have": 1, "need": 3, "year": 2026}),
        Reason("seasons_after", {"have": 0, "need": 1, "year": 2026}),
        Reason("seasons_both", {"need": 3, "need_after": 1}),
        Reason("nothing_seen", {"tambons": 1}),
        Reason("no_match", {"tambons": 1}),
        Reason("controls", {"have": 3, "need": 5}),
        Reason("path", {"p": 0.01}),
        Reason("falling", {"drift": -0.08, "p": 0.01, "carried": -0.31}),
        Reason("rising", {"drift": 0.08, "p": 0.01, "carried": 0.31}),
        Reason("last_high", {"p": 0.001}),
        Reason("last_low", {"p": 0.001}),
        Reason("disagree", {"against": 1, "methods": 2}),
        Reason("seen", {"p": 0.01}),
        Reason("ruled_out", {"change": 0.3}),
        Reason("wide", {"seen": 0.51, "wanted": 0.3, "have": 5, "need": 20}),
        Reason("open", {"have": 1}),
    )
    said = say_why(lang, Verdict(CANNOT_TELL, reasons))
    assert "?" not in said
    assert "{" not in said
    assert ("2569" in said) == (lang == "th")
    assert "51 %" in said


@both
def test_what_a_plan_could_show_is_one_sentence(lang: Lang) -> None:
    trial = Trial(np.arange(5), np.arange(20), np.arange(0), {}, 0.1)

    def plan(smallest: float, before: int, assumed: bool = False) -> str:
        power = Power(dict.fromkeys(FALLS, 0.0), smallest, assumed, before, 3)
        return say_power(lang, Design(pd.DataFrame(), trial, power, ()))

    assert "42 %" in plan(-0.42, 8)
    assert plan(-1, 8) == say(lang, "design.nothing", treated=5, controls=20, before=8, after=3)
    assert plan(-1, 2) == say(lang, "design.short", have=2, need=3)
    assert plan(-0.42, 8, True).endswith(say(lang, "design.assumed"))


@both
def test_districts_in_words_and_in_a_picture(lang: Lang, tmp_path: Path) -> None:
    desk = desk_of(store_of(tmp_path))
    row = {"amphoe": "5201", "now": 1234.0, "last_year": 2468.0, "change": -0.5, "neighbours": 9.25, "place": np.nan}
    table = pd.DataFrame([{**row, "low": 10.0, "mean": 20.0, "high": 30.0, "years": 4}])
    shown = compare.districts(desk, lang, table, 2026).iloc[0].tolist()
    assert shown[1:4] == ["1,234", "2,468", "−50 %"]
    assert shown[5:] == ["9.2", "–"]
    nothing = table.assign(years=0, low=np.nan, mean=np.nan, high=np.nan)
    assert compare.districts(desk, lang, nothing, 2026).iloc[0].tolist()[4] == "–"
    points = [one for one in compiled(compare.chart(desk, lang, table, 2026, "x")) if "value" in one]
    assert [one["value"] for one in points] == [2468, 1234]


@both
def test_kinds_of_measures_side_by_side(lang: Lang, found: Effect) -> None:
    shown = compare.measures(lang, [(TREATMENT, found)]).iloc[0].tolist()
    assert shown[1] == say(lang, "effect.verdict.fewer")
    assert "…" in shown[4]
    assert shown[6] == 10
