"""What one less has cost: worked out by hand, and no number where the effect or the money is not known."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from layers.effect_words import say_cost
from layers.words import LANGS, Lang, say
from models.cost import avoided, cost
from models.effect import Effect
from models.treatment import Treatment
from models.verdict import Reason, Verdict

NONE = pd.DataFrame(columns=["site", "reason"])


def treated(*baht: float) -> Treatment:
    sites = pd.DataFrame({"site": [f"S{number}" for number in range(len(baht))], "budget_thb": baht})
    return Treatment("made", "type", {"520101": 2020}, sites, NONE, True)


def found(code: str, effect: float, low: float, high: float, seen: float = 70.0) -> Effect:
    row = {"estimator": "poisson", "effect": effect, "low": low, "high": high}
    return Effect(pd.DataFrame([row]), Verdict(code, (Reason("x"),)), NONE, NONE, (), {"seen_after": seen}, NONE, NONE)


def test_the_interval_of_the_effect_is_carried_through() -> None:
    # 70 seen where 100 would have been: 30 avoided; at a fall of 12.5 % 10, of half 70.
    made = cost(treated(100_000, 200_000), found("fewer", -0.3, -0.5, -0.125))
    assert made.avoided == pytest.approx((30, 10, 70))
    assert made.each == pytest.approx((10_000, 300_000 / 70, 30_000))
    assert made.lacking is None
    assert made.each[1] < made.each[0] < made.each[2]


def test_nothing_left_leaves_the_lower_price_open() -> None:
    assert avoided(-1.0, 0.0) == math.inf
    assert cost(treated(1.0), found("fewer", -0.5, -1.0, -0.2)).each[1] == 0.0


@pytest.mark.parametrize(
    ("code", "ends"),
    [
        ("cannot_tell", (-0.3, -0.5, 0.1)),
        ("no_difference", (-0.05, -0.2, 0.1)),
        ("more", (0.4, 0.1, 0.8)),
        ("fewer", (-0.3, -0.5, 0.01)),
        ("cannot_tell", (math.nan, math.nan, math.nan)),
    ],
)
@pytest.mark.parametrize("lang", LANGS)
def test_without_an_effect_there_is_no_price(code: str, ends: tuple[float, float, float], lang: Lang) -> None:
    made = cost(treated(100_000.0), found(code, *ends))
    assert np.isnan(made.each).all()
    assert np.isnan(made.avoided).all()
    outcome = say(lang, "effect.outcomes.hotspots")
    assert say_cost(lang, made, "hotspots") == say(lang, f"cost.effect_{code}", outcome=outcome)


def test_a_budget_that_is_not_known_is_named_and_can_be_given() -> None:
    fall = found("fewer", -0.3, -0.5, -0.125)
    made = cost(treated(100_000, math.nan, math.nan), fall)
    assert made.lacking == Reason("budget", {"unknown": 2, "sites": 3})
    assert np.isnan(made.each).all()
    assert made.avoided == pytest.approx((30, 10, 70))
    assert "2" in say_cost("en", made, "hotspots")
    given = cost(treated(100_000, math.nan), fall, 600_000)
    assert given.each[0] == pytest.approx(20_000)
    assert "20,000" in say_cost("th", given, "burned_rai")
