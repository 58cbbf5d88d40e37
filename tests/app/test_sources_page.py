"""The Sources page: its states in both languages agree with the command line, before and after a real refresh."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
import streamlit as st
from typer.testing import CliRunner

from cli import app
from data import heartbeat
from data.clock import ICT
from data.heartbeat import Heartbeat
from data.store import Store
from fetchers.http import Http
from fetchers.refresh import refresh
from fetchers.source import Area
from fetchers.sources import SOURCES
from layers.watch import say_problems, say_state
from layers.words import LANGS, Lang, say, say_time
from tests import files
from tests.app.test_pages import opened, shown
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
    # The command line says the same of every source, and a key is on no page.
    told = CliRunner().invoke(app, ["status", "--format", "json"])
    rows = {row["source"]: row["verdict"] for row in json.loads(told.stdout)}
    for key, cell in states[say(lang, "column.verdict")].items():
        assert cell.partition(" ")[2] == say(lang, f"state.{rows[key]}"), key
    raw = page.selectbox(key="w_raw").select("firms-snpp").run()
    assert row.decode().strip() in str(raw.code[0].value)


@both
@pytest.mark.parametrize(("hours", "where"), [(0, "caption"), (0.4, "warning"), (5, "error")])
def test_the_page_says_how_the_watch_is(lang: Lang, hours: float, where: str, tmp_path: Path) -> None:
    then = dt.datetime.now(dt.UTC) - dt.timedelta(hours=hours)
    problem = {"step": "alerts", "key": "locked", "context": {"seconds": "60"}}
    beat = Heartbeat("desk", 7, then, then, then, then, problems=[problem])
    (tmp_path / "store").mkdir()
    heartbeat.write(tmp_path / "store", beat)
    page = opened("sources", lang=lang)
    words = say_state(lang, beat, {"caption": "running", "warning": "late", "error": "stopped"}[where])
    assert words in [one.value for one in getattr(page, where)]
    assert say_problems(lang, [problem])[0] in [one.value for one in page.warning]


def test_a_key_stands_on_no_page_even_when_a_provider_repeats_it(monkeypatch: pytest.MonkeyPatch) -> None:
    key = "0123456789abcdef0123456789abcdef"
    monkeypatch.setenv("HAZE_FIRMS_KEY", key)
    with Server() as server:
        server.answer("/api/area/csv/*", Answer(f"what is {key}? no such product\n".encode()))
        server.answer("/*", Answer(status=403))
        hosts = {host for one in SOURCES.values() for host in one.info.hosts}
        monkeypatch.setenv("HAZE_MIRRORS", json.dumps(dict.fromkeys(hosts, server.url)))
        page = opened("sources", lang="en")
        page.button(key="w_refresh").click().run(timeout=120)
        assert any(key in path for path in server.paths())
    assert not page.exception
    shown = [str(page.main), *(table.value.to_csv() for table in page.dataframe)]
    told = CliRunner().invoke(app, ["status", "--format", "csv"]).stdout
    assert "firms-api-snpp-nrt" in told
    assert key not in "".join([*shown, told])


@both
def test_every_page_works_without_network_and_says_since_when_it_is_alone(tmp_path: Path, lang: Lang) -> None:
    store, start = Store(tmp_path / "store"), dt.datetime.now(dt.UTC)
    area = Area(98.5, 17.5, 100.5, 19.5, ("52",), ("37t",))
    live, path = "air4thai.pcd.go.th", "/forweb/getAQI_JSON.php"
    with Server() as server:
        now = (start - dt.timedelta(hours=5)).astimezone(ICT)
        server.answer(path, Answer(files.live(40.0, date=f"{now:%Y-%m-%d}", time=f"{now:%H}:00")))
        with Http(mirrors={live: server.url}) as http:
            refresh(store, http, area=area, keys={}, now=lambda: now.astimezone(dt.UTC), names=["air4thai-live"])
    # The server is gone: nothing answers any more.
    with Http(mirrors={live: server.url}, pause_s=0.01) as http:
        (cut_off,) = refresh(store, http, area=area, keys={}, now=lambda: start, names=["air4thai-live"])
    assert cut_off.verdict == "unreachable"
    page = opened("today", lang=lang)
    for name in ("today", "season", "data", "sources"):
        shown(page, name)
        told = say(lang, "notice.alone", time=say_time(lang, now.astimezone(dt.UTC).replace(microsecond=0)))
        assert any(told in one.value for one in page.warning), name


def test_the_page_names_no_folder_of_the_machine(tmp_path: Path) -> None:
    page = opened("sources", lang="en")
    assert str(tmp_path) not in str(page.main)
