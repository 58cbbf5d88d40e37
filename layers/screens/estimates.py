"""The page on how good the PM2.5 estimates are, laid out: the result in figures, then by season and by station."""

from __future__ import annotations

import streamlit as st

from layers.air_view import estimates
from layers.figures import figures_html
from layers.screen import opened
from layers.words import say


def page() -> None:
    """Lay out the page."""
    desk, view = opened()
    lang = view.lang
    st.subheader(say(lang, "estimates.title"))
    st.markdown(say(lang, "estimates.how"))
    found = estimates(desk, view)
    if found is None:
        st.info(say(lang, "estimates.too_little"))
        return
    st.html(figures_html(found.summary))
    st.markdown(f"**{say(lang, 'estimates.by_season')}**")
    st.dataframe(found.seasons, hide_index=True)
    st.markdown(f"**{say(lang, 'estimates.by_station')}**")
    st.dataframe(found.stations, hide_index=True, height=35 * (len(found.stations) + 1) + 3)
    st.caption(found.note)
    st.caption(say(lang, "estimates.care"))
