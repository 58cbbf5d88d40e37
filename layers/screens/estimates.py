"""The page on how good the PM2.5 estimates are, laid out: the result in figures, then by season and by station."""

from __future__ import annotations

import streamlit as st

from layers.air_view import estimates, verdicts
from layers.figures import figures_html
from layers.screen import opened
from layers.table import show_table
from layers.today import plain
from layers.words import say, say_day


def page() -> None:
    """Lay out the page."""
    desk, view = opened()
    lang = view.lang
    st.subheader(say(lang, "estimates.title"))
    st.markdown(say(lang, "estimates.how"))
    told = verdicts(desk, view)
    st.markdown(f"**{say(lang, 'estimates.left_out')}**")
    st.caption(say(lang, "estimates.left_out_note", day=say_day(lang, view.day)))
    for text in told or [say(lang, "estimates.none_left_out")]:
        st.markdown(f"- {plain(text)}")
    found = estimates(desk, view)
    if found is None:
        st.info(say(lang, "estimates.too_little"))
        return
    st.html(figures_html(found.summary))
    st.markdown(f"**{say(lang, 'estimates.by_season')}**")
    show_table(found.seasons)
    st.markdown(f"**{say(lang, 'estimates.by_station')}**")
    show_table(found.stations, height=35 * (len(found.stations) + 1) + 3)
    st.caption(found.note)
    st.caption(say(lang, "estimates.care"))
