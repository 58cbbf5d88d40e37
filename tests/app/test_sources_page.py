"""The Sources page: its states in both languages agree with the command line, before and after a real refresh."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import streamlit as st

from fetchers.sources import SOURCES
from layers.words import LANGS, Lang, say
from tests.app.test_pages import opened
from tests.server import Answer, Server

both = pytest.mark.parametrize("lang", LANGS)


@pytest.fixture(autouse=True)
def _no_memory() -> None:
    st.cache_data.clear()
    st.cache_resource.clear()


@both
def test_nothing_was_asked_yet(lang: Lang) -> None:
    page = opened("sources", lang=lang)
    assert page.subheader[0].value == say(lang, "sources.title")
    table = page.dataframe[0].value
    assert len(table) == len(SOURCES)
    assert set(table[say(lang, "column.verdict")]) == {f"○ {say(lang, 'state.never')}"}


@both
def test_a_refresh_from_the_page_says_what_came_of_each(lang: Lang, monkeypatch: pytest.MonkeyPatch) -> None:
    header = b"latitude,longitude,bright_ti4,scan,track,acq_date,acq_time,satellite,confidence,version,frp,daynight\n"
    row = b"18.1,99.5,330.1,0.4,0.4,2026-03-10,0630,N,nominal,2.0NRT,5.5,D\n"
    answers = {
        "/data/active_fire/suomi-npp-viirs-c2/csv/SUOMI_VIIRS_C2_SouthEast_Asia_24h.csv": Answer(header + row),
        "/data/active_fire/noaa-20-viirs-c2/csv/J1_VIIRS_C2_SouthEast_Asia_24h.csv": Answer(status=403),
    }
    with Server() as server:
        for path, script in answers.items():
            server.answer(path, script)
        hosts = {host for one in SOURCES.values() for host in one.info.hosts}
        monkeypatch.setenv("HAZE_MIRRORS", json.dumps(dict.fromkeys(hosts, server.url)))
        page = opened("sources", lang=lang)
        page.button(key="w_refresh").click().run(timeout=120)
    assert not page.exception
    states = page.dataframe[-1].value.set_index(say(lang, "column.key"))
    # The one detection is of March; the source answers but has been silent since.
    assert states.at["firms-snpp", say(lang, "column.verdict")] == f"■ {say(lang, 'state.silent')}"
    assert states.at["firms-snpp", say(lang, "column.rows_so_far")] == 1
    assert states.at["firms-noaa20", say(lang, "column.verdict")] == f"■ {say(lang, 'state.refused')}"
    assert say(lang, "notice.sample") not in [one.value for one in page.warning]
    raw = page.selectbox(key="w_raw").select("firms-snpp").run()
    assert row.decode().strip() in str(raw.code[0].value)


def test_the_page_names_no_folder_of_the_machine(tmp_path: Path) -> None:
    page = opened("sources", lang="en")
    assert str(tmp_path) not in str(page.main)
