"""The Sites and Plan pages without a browser: two who save at once, what a person may do, another province."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import streamlit as st

from data import accounts, clock, settings
from data.accounts import Author
from data.registry import Registry, open_registry
from data.store import Store
from fetchers import importer
from fetchers.brought import Brought
from layers.words import Lang, say
from tests.app.test_pages import both, notices, opened, whole

OTHER = Author("other", "planner")


@pytest.fixture(autouse=True)
def _no_memory() -> None:
    st.cache_data.clear()
    st.cache_resource.clear()


@pytest.fixture
def registry() -> Registry:
    return open_registry(settings.load())


@both
def test_the_second_to_save_is_told_and_loses_nothing(lang: Lang, registry: Registry) -> None:
    app = opened("sites", lang=lang)
    app.session_state["site"] = "LP-HAZ-001"
    app = whole(app.run())
    app = whole(app.button(key="w_site_edit").click().run())
    app.text_input(key="w_f1_scale_km").set_value("7")
    registry.change("sites", "LP-HAZ-001", {"funds": "งบอื่น"}, author=OTHER, based_on=1)
    app = whole(app.button[[one.label for one in app.button].index(say(lang, "sites.save"))].click().run())
    assert "other" in notices(app)
    assert registry.get("sites", "LP-HAZ-001").document["scale_km"] is None
    # What was typed is still there, and saved again it stands on top of what the other person saved.
    assert app.text_input(key="w_f1_scale_km").value == "7"
    app.text_input(key="w_f1_funds").set_value("งบอื่น")
    app = whole(app.button[[one.label for one in app.button].index(say(lang, "sites.save"))].click().run())
    document = registry.get("sites", "LP-HAZ-001").document
    assert (document["scale_km"], document["funds"]) == (7.0, "งบอื่น")


@both
def test_a_new_site_needs_an_area_and_a_readable_position(lang: Lang, registry: Registry) -> None:
    before = registry.revision
    app = opened("sites", lang=lang)
    app = whole(app.button(key="w_site_add").click().run())
    app.text_input(key="w_f1_name_th").set_value("ทดสอบ")
    save = say(lang, "sites.save")
    app = whole(app.button[[one.label for one in app.button].index(save)].click().run())
    assert say(lang, "field.place") in app.error[0].value
    app.selectbox(key="w_f1_place").set_value("520111")
    app.text_input(key="w_f1_point").set_value("near the temple")
    app = whole(app.button[[one.label for one in app.button].index(save)].click().run())
    assert "near the temple" in app.error[0].value
    assert registry.revision == before
    app.text_input(key="w_f1_point").set_value("47Q 561810 E 2026743 N")
    app = whole(app.button[[one.label for one in app.button].index(save)].click().run())
    assert not app.error
    (row,) = registry.sites().query("name_th == 'ทดสอบ'").to_dict("records")
    assert (row["shape"], row["tambon"], row["changed_by"]) == ("point", "520111", "desk")


def test_whoever_is_not_signed_in_is_refused_even_where_a_form_was_left_open(registry: Registry) -> None:
    app = opened("sites", lang="en")
    app = whole(app.button(key="w_site_add").click().run())
    root = Path(os.environ["HAZE_STORE"])
    accounts.save(root, accounts.Account("somsri", "planner", "", accounts.hashed("correct horse battery")))
    before = registry.revision
    app.text_input(key="w_f1_name_en").set_value("forged")
    app = whole(app.button[[one.label for one in app.button].index(say("en", "sites.save"))].click().run())
    assert registry.revision == before
    assert say("en", "sites.save") not in [one.label for one in app.button]


@both
def test_the_plan_of_saraburi_opens_calmly(lang: Lang, shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outlines = (shared / "data" / "boundaries" / "pilot_tambons.parquet").read_bytes()
    store = Store(Path(os.environ["HAZE_STORE"]))
    importer.bring_in(store, [Brought("p.parquet", outlines, 10**9)], clock.utc_now)
    monkeypatch.setenv("HAZE_PLACE", "saraburi")
    app = opened("plan", lang=lang)
    assert not app.error
    assert say(lang, "plan.title", place="สระบุรี" if lang == "th" else "Saraburi") in [
        one.value for one in app.subheader
    ]
    assert app.dataframe[0].value[say(lang, "plan.activities")].sum() == 0
    year = clock.utc_now().year + (543 if lang == "th" else 0)
    assert any(text.value.startswith(say(lang, "plan.no_signal", year=year)[:20]) for text in app.info)
