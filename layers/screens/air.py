"""The air of a tambon laid out for its panel: figures, the days of the season, the last hours, earlier seasons."""

from __future__ import annotations

import streamlit as st

from layers import charts
from layers.air_view import tambon_air
from layers.figures import figures_html
from layers.table import show_table
from layers.view import View
from layers.words import say
from models.desk import Desk


def of_tambon(desk: Desk, view: View) -> None:
    """Show the air of the chosen tambon; nothing when no reading is stored."""
    found = tambon_air(desk, view)
    if found is None:
        return
    lang = view.lang
    st.html(figures_html(found.facts))
    days, hours, seasons = st.tabs([say(lang, f"air.tab_{name}") for name in ("days", "hours", "seasons")])
    for tab, table, pattern in ((days, found.days, "%d/%m"), (hours, found.hours, "%d/%m %H:%M")):
        with tab:
            if table.empty:
                st.caption(say(lang, "air.none_stored"))
            else:
                chart = charts.air_band(lang, table, found.limit, pattern)
                st.altair_chart(chart, width="stretch", theme=None, alt=say(lang, "air.value"))
    with seasons:
        if found.seasons.empty:
            st.caption(say(lang, "air.none_stored"))
        else:
            show_table(found.seasons)
            st.caption(say(lang, "air.seasons_note"))
    st.caption(found.note)
