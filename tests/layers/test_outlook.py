"""What the Outlook says of a method that tells of only a part of the days, in both languages."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from layers import forecast, outlook
from layers.words import Lang, say

both = pytest.mark.parametrize("lang", ["th", "en"])


def card(**skill: float) -> pd.DataFrame:
    """Return a card of 24 h: persistence, the served blend, and further methods with their skill."""
    row = {"lead_h": 24, "n": 300, "mae": 8.0, "rmse": 10.0, "hits": 40, "misses": 10, "false_alarms": 12}
    row |= {"skill_vs_persistence": 0.0, "coverage_90": 0.9, "served": False}
    rows = [row | {"method": "persistence"}, row | {"method": "blend", "skill_vs_persistence": 0.2, "served": True}]
    rows += [
        row | {"method": name, "n": 70, "hits": 1, "skill_vs_persistence": value, "served": name == "cams_corrected"}
        for name, value in skill.items()
    ]
    return pd.DataFrame(rows).sort_values("method", ascending=False)


def told(lang: Lang, table: pd.DataFrame) -> list[str]:
    return outlook.record(lang, table, dt.date(2026, 1, 1), dt.date(2026, 5, 31))


@both
def test_a_model_has_a_line_of_its_own_with_its_number_of_days(lang: Lang) -> None:
    plain, more = told(lang, card()), told(lang, card(cams=-0.44, cams_corrected=0.07))

    assert len(plain) == 2
    # The line of the lead is of the method that tells of all, also where the model goes first.
    assert more[:2] == plain
    assert len(more) == 4
    assert say(lang, "method.cams") in more[2]
    assert say(lang, "method.cams_corrected") in more[3]
    larger = say(lang, "outlook.record.partial_larger", lead=24, share="44", n=70)
    smaller = say(lang, "outlook.record.partial_smaller", lead=24, share="7", n=70)
    assert larger in more[2]
    assert smaller in more[3]


@both
def test_what_could_not_be_compared_is_not_told(lang: Lang) -> None:
    assert told(lang, card(cams=np.nan)) == told(lang, card())


@both
@pytest.mark.parametrize("preferred", [{}, {2: "cams_corrected", 3: "cams_corrected"}])
def test_the_basis_names_a_preferred_model_and_where(lang: Lang, preferred: dict[int, str]) -> None:
    trained: Any = SimpleNamespace(
        served=dict.fromkeys((1, 2, 3), "blend"), preferred=preferred, years=(2024, 2025), held_out=True, leads={}
    )
    tambons = pd.DataFrame({"lead_h": [24], "valid_at": [pd.Timestamp("2026-03-01T17:00Z")]})
    made: Any = SimpleNamespace(trained=trained, tambons=tambons, inputs={})
    method = say(lang, "method.cams_corrected")
    first = say(lang, "outlook.basis_model", leads="48 / 72", method=method)

    assert (first in outlook.basis(lang, made)) == bool(preferred)
    assert (method in outlook.basis(lang, made)) == bool(preferred)


@both
def test_the_basis_says_which_fires_and_weather_went_in_or_why_none(lang: Lang) -> None:
    seen = {"fires": ("near 1",), "upwind model": ("today",), "weather model": ("east",)}
    words = {key: say(lang, f"forecast.driver.{key}") for key in ("fires", "upwind", "weather_model")}
    leads = {lead: SimpleNamespace(drivers=seen) for lead in (1, 2, 3)}

    def told(method: str, inputs: dict[int, tuple[str, ...]], **changes: Any) -> str:
        served = {1: method, 2: "blend", 3: "blend"}
        trained: Any = SimpleNamespace(**{"served": served, "held_out": True, "leads": leads, **changes})
        return forecast.drivers(lang, trained, inputs)

    fires, upwind, weather = words.values()
    both_in = say(lang, "forecast.drivers", leads="24", inputs=f"{fires}, {weather}")
    assert told("log_linear_drivers", {1: ("fires", "weather"), 2: ()}) == both_in
    every = f"{fires}, {upwind}, {weather}"
    assert told("log_linear_drivers", {1: (), 2: ()}) == say(lang, "forecast.drivers_absent", inputs=every)
    assert told("blend", {1: (), 2: ()}) == say(lang, "forecast.drivers_no_better", inputs=every)
    bare = {lead: SimpleNamespace(drivers={}) for lead in (1, 2, 3)}
    assert told("blend", {}, leads=bare) == say(lang, "forecast.drivers_few")
    assert told("persistence", {}, held_out=False, leads={}) == ""
