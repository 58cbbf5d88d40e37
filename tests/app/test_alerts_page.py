"""The Alerts page in both languages: a rule is set, rehearsed, told and acknowledged; roles keep hands off."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
import time_machine

from briefings import alerts
from data import accounts
from data.accounts import OPERATOR, Account
from data.registry import AlertLog, open_registry
from layers.words import Lang, say
from models.desk import Desk, open_desk
from tests.app import stores
from tests.app.test_pages import both, notices, opened, whole


@pytest.fixture(autouse=True)
def _no_memory() -> None:
    st.cache_data.clear()
    st.cache_resource.clear()


@pytest.fixture
def desk() -> Iterator[Desk]:
    """A desk on the evening of the last stored day."""
    with time_machine.travel(dt.datetime(2026, 3, 12, 13, tzinfo=dt.UTC)):
        stores.bring(Path(os.environ["HAZE_STORE"]), **{"firms.csv": stores.firms()})
        yield open_desk()


def told(desk: Desk) -> AlertLog:
    """Tell the fire of Mae Wa of 12 March to a recipient, and return the log."""
    registry = open_registry(desk.settings, desk.now)
    registry.add("alert_rules", {"name": "<b>ไฟ</b>", "watches": "fire_near", "amphoe": "5208"}, author=OPERATOR)
    registry.add("recipients", {"name": "เวร", "channel": "file", "address": "secret-place"}, author=OPERATOR)
    assert alerts.run(desk, registry, (), "en")["outcome"].tolist() == ["sent"]
    return AlertLog(registry)


@both
def test_a_rule_is_added_rehearsed_and_acknowledged(lang: Lang, desk: Desk) -> None:
    log = told(desk)
    app = opened("alerts", lang=lang)
    assert any("แม่วะ" in one.value or "Mae Wa" in one.value for one in app.markdown)
    assert any(say(lang, "alerts.outcome.sent") in one.value for one in app.caption)
    app.selectbox(key="w_watches").set_value("pm25")
    app = whole(app.run())
    name = next(one for one in app.text_input if one.label == say(lang, "field.name"))
    name.set_value("ฝุ่น")
    save = next(one for one in app.button if one.label == say(lang, "alerts.save"))
    app = whole(save.click().run())
    assert [one.value for one in app.success] == [say(lang, "alerts.saved")]
    kept = [one.document for one in log.registry.all("alert_rules").values()]
    assert sorted((one["watches"], one["aqi_class"]) for one in kept) == [("fire_near", None), ("pm25", 4)]

    app = whole(app.button(key="w_rehearse").click().run())
    words = [set(one.value[say(lang, "alerts.outcome_title")]) for one in app.dataframe
             if say(lang, "alerts.event") in one.value]  # fmt: skip
    assert say(lang, "alerts.outcome.already") in words[0]
    assert any(one.startswith(say(lang, "alerts.outcome.cannot_tell")) for one in words[0])

    app = whole(app.button(key="w_ack_1").click().run())
    assert log.events()[1].acknowledged_by == "desk"
    assert not [one for one in app.button if str(one.key) == "w_ack_1"]
    assert any(say(lang, "alerts.acknowledged_by", name="desk") in one.value for one in app.caption)


@both
def test_whoever_did_not_sign_in_sees_events_and_no_address(lang: Lang, desk: Desk) -> None:
    told(desk)
    word = accounts.hashed("correct horse battery")
    accounts.save(Path(desk.settings.store), Account("anan", "planner", hash=word))
    app = opened("alerts", lang=lang)
    assert any("แม่วะ" in one.value or "Mae Wa" in one.value for one in app.markdown)
    assert not [one for one in app.button if str(one.key).startswith(("w_ack", "w_rehearse"))]
    shown = " ".join([*(str(one.value) for one in app.dataframe), *(one.value for one in app.caption), notices(app)])
    assert "secret-place" not in shown
    assert say(lang, "alerts.only_writers") in shown


@both
def test_an_empty_desk_says_what_is_missing(lang: Lang) -> None:
    app = opened("alerts", lang=lang)
    said = " ".join(one.value for one in app.caption)
    for key in ("alerts.none", "alerts.no_rules", "alerts.no_recipients"):
        assert say(lang, key) in said
    assert say(lang, "alerts.sample") in [one.value for one in app.info]
