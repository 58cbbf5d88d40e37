"""The photographs of a site laid out: shown, and added by whoever may edit the site, also straight from a telephone."""

from __future__ import annotations

import datetime as dt

import streamlit as st

from data import photos
from data.accounts import Author
from data.clock import ICT
from data.errors import HazeError
from data.registry import Kept, Registry
from layers.today import plain
from layers.uploader import uploader_words
from layers.words import Lang, say, say_day, say_error
from models.desk import Desk


def show(desk: Desk, lang: Lang, kept: Kept) -> None:
    """Show the pictures that the desk keeps of a site, each with its words and day."""
    for item in kept.document["photos"]:
        day = item["taken_on"]
        told = " · ".join(filter(None, (item["caption"], say_day(lang, dt.date.fromisoformat(day)) if day else "")))
        try:
            picture = photos.read(desk.own_store, item["link"])
        except HazeError as error:
            st.caption(f"{plain(told)} {say_error(lang, error)}")
            continue
        if picture is not None:
            st.image(picture)
            st.caption(plain(told))


def form(desk: Desk, lang: Lang, registry: Registry, who: Author, site: str, kept: Kept) -> bool:
    """Lay out the form that adds a picture; True when one was added."""
    st.html(uploader_words(lang, say(lang, "photo.most_mb", mb=photos.MOST_BYTES // 1_000_000), "w_photo"))
    with st.expander(say(lang, "photo.add")), st.form(f"photo_{site}", clear_on_submit=True):
        file = st.file_uploader(say(lang, "photo.file"), ["jpg", "jpeg", "png", "webp"], key=f"w_photo_{site}")
        caption = st.text_input(say(lang, "field.caption"), max_chars=200)
        today = desk.now().astimezone(ICT).date()
        taken = st.date_input(say(lang, "field.taken_on"), value=None, max_value=today, format="DD/MM/YYYY")
        st.caption(say(lang, "photo.note"))
        if not st.form_submit_button(say(lang, "photo.save"), type="primary"):
            return False
    if file is None:
        st.warning(say(lang, "photo.none"))
        return False
    try:
        added = {
            "link": photos.keep(desk.own_store, file.getvalue()),
            "caption": caption,
            "taken_on": str(taken) if isinstance(taken, dt.date) else "",
        }
        values = {"photos": [*kept.document["photos"], added]}
        registry.change("sites", site, values, author=who, based_on=kept.version)
    except HazeError as error:
        st.error(say_error(lang, error))
        return False
    return True
