"""The Effect and Compare pages in both languages: the honest answer of a thin store, and the planner's choices."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import streamlit as st

from layers.words import Lang, say
from tests.app import stores
from tests.app.test_pages import both, notices, opened, whole


@pytest.fixture(autouse=True)
def _no_memory() -> None:
    st.cache_data.clear()
    st.cache_resource.clear()


@pytest.fixture
def full() -> None:
    stores.bring(Path(os.environ["HAZE_STORE"]), **{"firms.csv": stores.firms()})


def page(app: object) -> str:
    return " ".join(str(one.proto.body) for one in app.get("html"))  # type: ignore[attr-defined]


@both
def test_a_thin_store_cannot_tell_and_says_which_number_is_missing(lang: Lang, full: None) -> None:
    app = opened("effect", lang=lang, measure="site:LP-HAZ-001")
    assert app.selectbox(key="w_measure").value == "site:LP-HAZ-001"
    shown = page(app)
    assert say(lang, "effect.verdict.cannot_tell") in shown
    year = "2569" if lang == "th" else "2026"
    assert say(lang, "effect.why.seasons_before", have="0", need="3", year=year) in shown
    assert say(lang, "effect.nothing") in notices(app)
    app.selectbox(key="w_measure").set_value("type:air_sensor")
    app = whole(app.run())
    assert app.query_params["measure"] == "type:air_sensor"
    assert any(say(lang, "effect.not_acting") in str(one.value) for one in app.caption)


@both
def test_districts_and_measures_are_compared(lang: Lang, full: None) -> None:
    app = opened("compare", lang=lang, day="2026-03-12")
    table = app.dataframe[0].value
    assert len(table) == 4
    # Three days of March are stored: the season so far is not known, and so no number is shown.
    assert set(table.iloc[:, 1]) == {"–"}
    app.multiselect(key="w_compare_amphoes").set_value([])
    assert len(whole(app.run()).dataframe) == 0
    app.toggle(key="w_compare_measures").set_value(True)
    app = whole(app.run())
    verdicts = app.dataframe[0].value[say(lang, "effect.column.verdict")]
    assert set(verdicts) == {say(lang, "effect.verdict.cannot_tell")}


@both
def test_without_any_detection_both_pages_say_so(lang: Lang, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HAZE_MODE", "cached")
    for name in ("effect", "compare"):
        assert say(lang, "error.no_hotspots") in notices(opened(name, lang=lang))
