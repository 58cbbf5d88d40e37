"""The page on the PM2.5 estimates in both languages, and the air of a tambon in the panel of Today."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import streamlit as st

from layers.words import Lang, say
from tests.app import stores
from tests.app.test_pages import both, notices, opened
from tests.models import test_surface_check as checked


@pytest.fixture(autouse=True)
def _no_memory() -> None:
    st.cache_data.clear()
    st.cache_resource.clear()


@both
def test_the_test_is_shown_by_season_and_station(lang: Lang, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = checked.desk(tmp_path, {2022: 60}, checked.PLACES).store
    monkeypatch.setenv("HAZE_STORE", str(store.root))
    app = opened("estimates", lang=lang)
    assert app.subheader[0].value == say(lang, "estimates.title")
    seasons, stations = (one.value for one in app.dataframe)
    assert seasons[say(lang, "estimates.n")].tolist() == [300]
    assert len(stations) == 5


@both
def test_too_little_is_told(lang: Lang) -> None:
    stores.bring(Path(os.environ["HAZE_STORE"]), **{"air.json": stores.air4thai()})
    assert say(lang, "estimates.too_little") in notices(opened("estimates", lang=lang))


@both
def test_the_panel_tells_value_interval_and_nearest_instrument(lang: Lang) -> None:
    stores.bring(Path(os.environ["HAZE_STORE"]), **{"air.json": stores.air4thai()})
    app = opened(lang=lang, day="2026-03-12", theme="pm25", tambon=stores.A)
    cards = " ".join(str(one.proto.body) for one in app.get("html"))
    for key in ("air.value", "air.interval_label", "air.nearest_label", "air.people", "air.days_over"):
        assert say(lang, key) in cards
    assert [tab.label for tab in app.tabs] == [say(lang, f"air.tab_{name}") for name in ("days", "hours", "seasons")]
