"""The screen's frame: navigation, language, and the one place where a page's error becomes a notice.

Knows everybody, works nothing out itself. Run by `make run` or `python cli.py serve`.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from commands import fetching
from data import clock
from data.errors import HazeError, NotStored, StoreError
from data.registry import open_registry
from data.registry.alert_log import Event
from data.registry.bulk import Scope
from fetchers import apart, importer, record_rows
from fetchers.brought import Brought, Found
from fetchers.sources import SOURCES
from layers import notice, screen, signed
from layers.alerts import Alerting
from layers.words import Lang, say
from models.desk import Desk

ROOT = Path(__file__).resolve().parent
FACTS = tuple(one.info for one in SOURCES.values())


def bring_in(desk: Desk, files: list[tuple[str, bytes]]) -> list[Any]:
    """Take uploaded files into the desk's own store and make ready what the next page view needs."""
    who = signed.demand_planner(desk)
    limit = desk.settings.max_file_mb * 1_000_000
    sources = [Brought(name, data, limit) for name, data in files]
    taken_by = record_rows.into(open_registry(desk.settings), Scope(desk.place, desk.all_tambons), who)
    with apart.Reader(desk.settings) as read:
        verdicts = importer.bring_in(desk.own_store, sources, clock.utc_now, records=taken_by, read=read)
    fetching.make_ready(desk, [verdict.kind for verdict in verdicts if verdict.kept])
    return verdicts


def check(desk: Desk, name: str, data: bytes) -> list[Any]:
    """Return what an import would do with each row of a list of records; nothing is written."""
    who = signed.demand_planner(desk)
    scope = Scope(desk.place, desk.all_tambons)
    found = _understood(desk, Brought(name, data, desk.settings.max_file_mb * 1_000_000))
    return list(record_rows.looked_at(open_registry(desk.settings), scope, who, found))


def _understood(desk: Desk, file: Brought) -> list[Found]:
    """Return what a file holds, read once for all reruns of a session as long as no other file is checked."""
    kept: tuple[Brought, list[Found]] | None = st.session_state.get("checked_file")
    if kept is None or kept[0] != file:
        with apart.Reader(desk.settings) as read:
            kept = file, list(read(file, clock.utc_now()))
        st.session_state["checked_file"] = kept
    return kept[1]


def fetch(desk: Desk) -> list[Any]:
    """Ask the sources that are due, under the lock that lets one refresh run at a time."""
    signed.demand_planner(desk)
    return fetching.news(desk)


def briefing(desk: Desk, day: dt.date, lang: Lang) -> Any:
    """Return the briefing of a day; of those who may write, the desk keeps what it said."""
    from briefings import making

    made = making.make(desk, day, lang)
    if not desk.is_sample and signed.author(desk).role != "viewer":
        try:
            making.keep(desk.store, made.brief, desk.now())
        except StoreError as error:
            # What was read can still be shown and taken along.
            notice.show([notice.of_error(lang, error)])
    return made


def bulletin(desk: Desk, day: dt.date, lang: Lang) -> list[str]:
    """Return the sentences of the bulletin of a day."""
    from briefings import making

    return making.bulletin_of(desk, day, lang)[0]


def alert_words(lang: Lang, event: Event, desk: Desk) -> tuple[str, str]:
    """Return headline and text of an event of the alerts."""
    from briefings import alerts

    return alerts.words_of(lang, event, desk)


def rehearse(desk: Desk, lang: Lang) -> tuple[pd.DataFrame, list[str]]:
    """Say which alerts would go now; nothing is sent."""
    from briefings import alerts

    return alerts.rehearse(desk, open_registry(desk.settings, desk.now), FACTS, lang)


def line_quota(desk: Desk) -> tuple[int | None, int]:
    """Ask LINE for the month's limit and use."""
    from briefings import channels

    found = channels.line_quota(desk.settings)
    return found.limit, found.used


lang = st.session_state.get("view", {}).get("lang") or ("en" if st.query_params.get("lang") == "en" else "th")
st.set_page_config(
    page_title=say(lang, "app.name"), page_icon=str(ROOT / "static" / "desk" / "icon.png"), layout="wide"
)
#: What each of the three people in front of the screen opens, in the order of a working day.
ROOMS = {
    "situation": ("today", "fires", "alerts", "outlook", "danger", "origin", "estimates", "briefing"),
    "planning": ("season", "compare", "effect", "choose", "sites", "plan"),
    "keeping": ("data", "sources"),
}


def page_of(name: str) -> Any:
    """Return a page by its file; the officer's is the one that opens."""
    title = say(lang, f"page.{name}")
    path = f"layers/pages/{name}.py"
    return st.Page(path, title=title, default=True) if name == "today" else st.Page(path, title=title, url_path=name)


rooms = {say(lang, f"room.{room}"): [page_of(name) for name in names] for room, names in ROOMS.items()}
chosen = st.navigation(rooms, position="top")
try:
    alerting = Alerting(alert_words, rehearse, line_quota)
    documents = screen.Documents(briefing, bulletin)
    screen.frame(screen.Outside(bring_in, fetch, check, FACTS, alerting, documents))
    chosen.run()
except HazeError as error:
    notice.show([notice.of_error(lang, error)])
    if isinstance(error, NotStored):
        st.page_link("layers/pages/data.py", label=say(lang, "notice.bring_in"))
