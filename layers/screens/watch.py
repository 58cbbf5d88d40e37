"""How the watch is, laid out: a quiet line while it runs, amber when it is late, red when it stands still.

Widgets alone; the words are those of `layers.watch`.
"""

from __future__ import annotations

import streamlit as st

from data import clock, heartbeat
from layers.watch import say_problems, say_state
from layers.words import Lang
from models.desk import Desk


def show(desk: Desk, lang: Lang) -> None:
    """Show whether the watch of the desk's own store runs, and what its last round met."""
    beat = heartbeat.read(desk.own_store.root)
    # Also beside the sample, whose own clock stands still, the watch is judged by the time of day.
    state = "never" if beat is None else beat.state(clock.utc_now())
    shown = {"late": st.warning, "stopped": st.error}.get(state, st.caption)
    shown(say_state(lang, beat, state))
    for problem in say_problems(lang, beat.problems if beat else ()):
        st.warning(problem)
