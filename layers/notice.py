"""An error, a stale source, a coarse outline or a gap becomes a notice in the user's language.

Never hides one, never shows a trace.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

import streamlit as st

from data.errors import HazeError, NotStored
from layers.words import Lang, say, say_error, say_time

Level = Literal["info", "warning", "error"]


@dataclass(frozen=True)
class Notice:
    """Words for the user and how much they matter."""

    level: Level
    text: str


def of_error(lang: Lang, error: HazeError) -> Notice:
    """Return the notice for an error; that nothing is stored yet is no fault."""
    return Notice("info" if isinstance(error, NotStored) else "error", say_error(lang, error))


def of_state(
    lang: Lang, *, is_sample: bool, outline_detail: str, alone_since: dt.datetime | None = None
) -> list[Notice]:
    """Return what must be known on every page, in a few words: sample data, a generalised outline, no network."""
    states = [("sample", is_sample), ("generalised", outline_detail == "generalised")]
    notices = [Notice("warning", say(lang, f"notice.{key}")) for key, holds in states if holds]
    if alone_since is not None:
        notices.append(Notice("warning", say(lang, "notice.alone", time=say_time(lang, alone_since))))
    return notices


def details(lang: Lang, *, is_sample: bool, outline_detail: str) -> list[str]:
    """Return the same in full, for the one who asks."""
    states = [("sample", is_sample), ("generalised", outline_detail == "generalised")]
    return [say(lang, f"notice.{key}_details") for key, holds in states if holds]


def show(notices: list[Notice], more: str = "", full: list[str] | None = None) -> None:
    """Show notices at the top of the page, those of one level in one box, with the full words to unfold."""
    for level, box in (("error", st.error), ("warning", st.warning), ("info", st.info)):
        texts = [notice.text for notice in notices if notice.level == level]
        if texts:
            box(" · ".join(texts))
    if full:
        with st.expander(more):
            st.markdown("\n\n".join(full))
