"""The Choose page in both languages: the ranking follows the weights, the plan keeps the budget and can be compared."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import streamlit as st

from data import settings
from data.registry import open_registry
from layers.words import Lang, say
from tests.app import stores
from tests.app.test_pages import both, notices, opened, whole


@pytest.fixture(autouse=True)
def _no_memory() -> None:
    st.cache_data.clear()
    st.cache_resource.clear()


@both
def test_a_planner_moves_a_weight_and_finds_a_plan(lang: Lang) -> None:
    stores.bring(Path(os.environ["HAZE_STORE"]), **{"firms.csv": stores.firms()})
    app = opened("choose", lang=lang)
    ranking = app.dataframe[0].value
    assert len(ranking) == 100
    # Suomi NPP: three detections in Wang Phrao, one in Mae Wa.
    names = ranking[say(lang, "column.tambon")].tolist()[:2]
    assert names == (["วังพร้าว", "แม่วะ"] if lang == "th" else ["Wang Phrao", "Mae Wa"])
    alike = app.dataframe[-1].value
    assert len(alike) == 10
    assert set(alike[say(lang, "alike.province")]) == {"ลำปาง" if lang == "th" else "Lampang"}
    for slider in app.slider:
        slider.set_value(0.0)
    app = whole(app.run())
    assert say(lang, "choose.weights_note") in notices(app)

    app.number_input[0].set_value(200_000.0)
    app.number_input[2].set_value(0)
    app = whole(app.button[0].click().run())
    assert len(app.success) == 1
    plan = next(one.value for one in app.dataframe if say(lang, "choose.baht") in one.value)
    assert 0 < plan[say(lang, "choose.baht")].sum() <= 200_000
    assert set(plan[say(lang, "choose.basis")]) == {say(lang, "budget.assumed_basis")}

    app.text_input(key="w_plan_name").set_value("แผน ก")
    app = whole(next(one for one in app.button if one.label == say(lang, "choose.save")).click().run())
    saved = open_registry(settings.load()).sites(state="proposed")
    assert len(saved) == len(plan)
    assert set(saved["plan"]) == {"แผน ก"}

    # Another plan beside the kept one; the kept one is there for whoever opens the page next.
    app.number_input[0].set_value(400_000.0)
    app = whole(app.button[0].click().run())
    assert app.selectbox(key="w_plan_two").value == say(lang, "plans.now")
    sums = next(one.value for one in app.dataframe if "แผน ก" in one.value)
    spent = sums.set_index(sums.columns[0]).loc[say(lang, "choose.baht"), "แผน ก"]
    assert int(spent.replace(",", "")) == plan[say(lang, "choose.baht")].sum()
    app.text_input(key="w_plan_name").set_value("แผน ก")
    app = whole(next(one for one in app.button if one.label == say(lang, "choose.save")).click().run())
    assert [one.value for one in app.error] == [say(lang, "plans.taken", name="แผน ก")]
    again = opened("choose", lang=lang)
    assert say(lang, "plans.too_few") in [one.value for one in again.caption]


@both
def test_rules_that_cannot_be_kept_are_told(lang: Lang) -> None:
    stores.bring(Path(os.environ["HAZE_STORE"]), **{"firms.csv": stores.firms()})
    app = opened("choose", lang=lang)
    app.number_input[0].set_value(1_000.0)
    app = whole(app.button[0].click().run())
    assert "1,000" in notices(app)
    assert not app.success


@both
def test_without_detections_the_page_says_what_to_do(lang: Lang) -> None:
    stores.bring(Path(os.environ["HAZE_STORE"]), **{"air.json": stores.air4thai()})
    assert say(lang, "error.no_hotspots") in notices(opened("choose", lang=lang))
