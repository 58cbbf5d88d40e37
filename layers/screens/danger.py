"""The Danger page laid out: danger by the weather and the chance of fire tomorrow, each with its record beside it."""

from __future__ import annotations

import streamlit as st

from data.errors import NotStored
from layers import danger_page as words
from layers import notice, palette
from layers.danger_view import chances_of, class_record, danger_of
from layers.map_view import chosen_on, show_map
from layers.screen import controls, keep, opened
from layers.table import show_table
from layers.today import outline_credit
from layers.view import View, map_page
from layers.words import say
from models.desk import Desk


def page() -> None:
    """Lay out the page."""
    clicked = chosen_on("danger_map")
    if clicked is not None:
        keep(tambon=clicked)
    desk, view = opened()
    lang = view.lang
    controls(view, (), with_map=False)
    kind = st.segmented_control(
        say(lang, "danger.kind"),
        words.KINDS,
        default=words.KINDS[0],
        format_func=lambda one: say(lang, f"danger.kind_{one}"),
        key="w_danger_kind",
        required=True,
    )
    title = words.title(view, str(kind))
    st.subheader(title)
    try:
        shown = _shown(desk, view, str(kind))
    except NotStored as error:
        notice.show([notice.of_error(lang, error)])
        return
    left, right = st.columns([3, 2], gap="medium")
    with left:
        show_map("danger_map", map_page(desk), shown.values, title=title, height=560, phone_height=430)
        st.html(palette.legend_html(shown.legend))
        for text in shown.notes:
            st.caption(text)
    with right:
        st.markdown(f"**{say(lang, 'danger.record_title')}**")
        for text in shown.record:
            st.caption(text)
        if len(shown.card):
            show_table(shown.card)
        show_table(shown.table, height=420)


def _shown(desk: Desk, view: View, kind: str) -> words.Shown:
    credit = outline_credit(desk, view.lang)
    if kind == "chance":
        with st.spinner(say(view.lang, "chance.working")):
            made, card, bans = chances_of(desk, words.tomorrow(view))
        return words.chance(desk, view, made, card, bans, credit)
    with st.spinner(say(view.lang, "chance.working")):
        found, classes = danger_of(desk, view.day)
        return words.weather(desk, view, found, classes, class_record(desk), credit)
