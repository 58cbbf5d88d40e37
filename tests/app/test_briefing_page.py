"""The Briefing page in both languages: nothing before it is asked for, then a picture, four files and the bulletin."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import streamlit as st

from data.store import Store
from layers.words import Lang, say
from tests.app import stores
from tests.app.test_pages import both, opened, whole


@pytest.fixture(autouse=True)
def _no_memory() -> None:
    st.cache_data.clear()
    st.cache_resource.clear()


@both
def test_one_click_makes_the_briefing_of_the_day(lang: Lang) -> None:
    root = Path(os.environ["HAZE_STORE"])
    stores.bring(root, **{"firms.csv": stores.firms(), "air.json": stores.air4thai()})
    app = opened("briefing", lang=lang)
    assert not app.get("download_button")
    assert Store(root).briefings().empty
    app = whole(app.button(key="w_briefing").click().run())
    assert [one.label for one in app.get("download_button")] == [
        say(lang, f"briefing.as_{form}") for form in ("pdf", "pptx", "html", "csv")
    ]
    assert app.session_state["briefing"][2].startswith(b"\x89PNG")
    # Suomi NPP saw one detection on 12 March 2026.
    assert (
        say(lang, "bulletin.fires", count="1", amphoe="เถิน" if lang == "th" else "Thoen", most="1") in app.code[0].value
    )
    kept = Store(root).briefings()
    assert kept[["day", "lang"]].to_numpy().tolist() == [["2026-03-12", lang]]
