"""What the Sources page shows: every live source, how it is, how old its newest row is, and what it may be used for.

Takes the facts of the sources as data; never fetches, never imports Streamlit.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from pandas.io.formats.style import Styler

from data.errors import HazeError
from layers.stored import age
from layers.words import Lang, say, say_time, texts
from models.desk import Desk

#: Sign and colour of a state; the word always stands beside them.
_SIGNS = {"fresh": "●", "late": "▲", "silent": "■", "never": "○", "no_key": "○"}
_FAILED = "■"
_COLOURS = {"●": "#d5ecd9", "▲": "#fde3b0", "■": "#f6c8c4", "○": "#ecebe6"}
#: Signs of those that somebody should look at.
_LOOK_AT = ("▲", "■")
#: Of a raw reply this much is shown.
_SHOWN_BYTES = 4000


def table(desk: Desk, lang: Lang, facts: Sequence[Any]) -> pd.DataFrame:
    """Return one row a source, worded.

    Parameters
    ----------
    facts : sequence of fetchers.source.Info
        Handed in by the frame.
    """
    states = desk.source_states(facts).set_index("source")
    rows = []
    for fact in facts:
        state = states.loc[fact.key]
        verdict = str(state["verdict"])
        rows.append(
            {
                say(lang, "column.source"): getattr(fact, f"name_{lang}"),
                say(lang, "column.verdict"): f"{_SIGNS.get(verdict, _FAILED)} {say(lang, f'state.{verdict}')}",
                say(lang, "column.newest"): _time(lang, state["newest"]),
                say(lang, "column.age"): age(lang, state["age_minutes"]),
                say(lang, "column.asked"): _time(lang, state["asked_at"]),
                say(lang, "column.rows_so_far"): int(state["rows"]),
                say(lang, "column.use"): fact.use if lang == "en" else texts(lang).get(f"use.{fact.kind}", fact.use),
                say(lang, "column.licence"): fact.licence,
                say(lang, "column.key"): fact.key,
            }
        )
    return pd.DataFrame(rows)


def chips_html(table: pd.DataFrame, lang: Lang) -> str:
    """Return how many sources are in each state as coloured chips, with the names of those that need a look.

    The table has them all; every text is escaped.
    """
    name, verdict = say(lang, "column.source"), say(lang, "column.verdict")
    chips = ""
    for state, some in table.groupby(verdict, sort=False):
        colour, told = _COLOURS[str(state)[0]], f"<b>{html.escape(str(state))}</b> {len(some)}"
        if str(state)[0] in _LOOK_AT:
            told += ": " + html.escape(", ".join(some[name]))
        chips += (
            f'<span data-state="{html.escape(str(state)[2:])}" style="background:{colour};border-radius:8px;'
            f'padding:4px 10px;color:#1f2a2e;font-size:0.9rem">{told}</span>'
        )
    return f'<div style="display:flex;flex-wrap:wrap;gap:6px">{chips}</div>'


def coloured(table: pd.DataFrame, lang: Lang) -> Styler:
    """Return the table with its state cells in green, amber, red or grey."""
    return table.style.map(lambda text: f"background-color: {_COLOURS[text[0]]}", subset=[say(lang, "column.verdict")])


def _time(lang: Lang, moment: Any) -> str:
    return "–" if pd.isna(moment) else say_time(lang, pd.Timestamp(moment).to_pydatetime())


def outcomes(lang: Lang, found: Sequence[Any], names: Mapping[str, str], worded: Any) -> pd.DataFrame:
    """Return what came of a refresh as a table; `worded` gives the words of one outcome."""
    return pd.DataFrame(
        {
            say(lang, "column.source"): [names.get(one.source, one.source) for one in found],
            say(lang, "column.rows_new"): [one.rows for one in found],
            say(lang, "column.reason"): [worded(lang, one) for one in found],
        }
    )


def raw_reply(desk: Desk, key: str) -> tuple[str, str] | None:
    """Return label and first part of the newest kept reply of a source; None when none is kept."""
    taken = desk.store.snapshots(desk.state)
    mine = taken[taken["source"].str.startswith(f"{key}: ") & (taken["sha256"] != "")]
    if mine.empty:
        return None
    last = mine.iloc[-1]
    try:
        content = desk.store.get_raw(str(last["sha256"]))
    except HazeError:
        return None
    return f"{last['source']} · {last['url']}", content[:_SHOWN_BYTES].decode("utf-8", errors="replace")
