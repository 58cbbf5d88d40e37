"""The screen's frame: navigation, language, and the one place where a page's error becomes a notice.

Knows everybody, works nothing out itself. Run by `make run` or `python cli.py serve`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from data import clock
from data.errors import HazeError
from fetchers import importer
from layers import notice, screen
from layers.words import say
from models.desk import Desk

ROOT = Path(__file__).resolve().parent


def bring_in(desk: Desk, files: list[tuple[str, bytes]]) -> list[Any]:
    """Take uploaded files into the desk's own store and make ready what the next page view needs."""
    limit = desk.settings.max_file_mb * 1_000_000
    sources = [importer.source_of_bytes(name, data, limit) for name, data in files]
    verdicts = importer.bring_in(desk.own_store, sources, clock.utc_now)
    if any(verdict.kept for verdict in verdicts):
        desk.refresh().prepare()
    return verdicts


st.set_page_config(page_title="Lampang haze desk", page_icon=str(ROOT / "static" / "desk" / "icon.png"), layout="wide")
lang = st.session_state.get("view", {}).get("lang") or ("en" if st.query_params.get("lang") == "en" else "th")
pages = [
    st.Page("layers/pages/today.py", title=say(lang, "page.today"), url_path="today", default=True),
    st.Page("layers/pages/season.py", title=say(lang, "page.season"), url_path="season"),
    st.Page("layers/pages/data.py", title=say(lang, "page.data"), url_path="data"),
]
chosen = st.navigation(pages, position="top")
try:
    screen.frame(bring_in)
    chosen.run()
except HazeError as error:
    notice.show([notice.of_error(lang, error)])
