"""The Briefing page laid out: make the briefing of a day, look at it, take it along; the bulletin to copy.

Widgets and their order. The documents are made outside the layers and handed in by the frame.
"""

from __future__ import annotations

import streamlit as st

from layers.screen import Outside, day_choice, opened
from layers.view import revision_of
from layers.words import say, say_day

_MIME = {
    "pdf": "application/pdf",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "html": "text/html",
    "csv": "text/csv",
}


def page() -> None:
    """Lay out the page."""
    desk, view = opened()
    lang = view.lang
    outside: Outside = st.session_state["outside"]
    st.subheader(say(lang, "briefing.title"))
    st.caption(say(lang, "briefing.note"))
    day_choice(view, say(lang, "today.day"))
    wanted = (revision_of(desk), view.day, lang)
    if st.button(say(lang, "briefing.make"), type="primary", key="w_briefing"):
        with st.spinner(say(lang, "briefing.working")):
            made = outside.documents.briefing(desk, view.day, lang)
            sentences = outside.documents.bulletin(desk, view.day, lang)
            st.session_state["briefing"] = (wanted, made, made.as_form("png"), sentences)
    kept = st.session_state.get("briefing")
    # What was made of other data or another day must not be taken for this one.
    if kept is None or kept[0] != wanted:
        return
    _, made, picture, sentences = kept
    with st.container(horizontal=True):
        for form, mime in _MIME.items():
            st.download_button(
                say(lang, f"briefing.as_{form}"),
                lambda form=form: made.as_form(form),
                file_name=f"briefing_{desk.place.key}_{view.day}.{form}",
                mime=mime,
                key=f"w_briefing_{form}",
                on_click="ignore",
            )
    left, right = st.columns([3, 2], gap="medium")
    with left:
        st.image(picture, caption=say(lang, "briefing.first_page", day=say_day(lang, view.day)), width="stretch")
    with right:
        st.markdown(f"**{say(lang, 'briefing.bulletin')}**")
        st.code("\n".join(sentences), language=None, wrap_lines=True)
