"""Tambons alike, laid out for the Choose page: those most like a chosen one, here and in other provinces."""

from __future__ import annotations

import streamlit as st

from layers import alike
from layers.choose_view import alike_by
from layers.export import csv_bytes
from layers.table import show_table
from layers.view import View
from layers.words import say
from models.choice import as_compared
from models.desk import Desk
from models.lookalikes import look_alikes

_MOST = 10


def show(desk: Desk, view: View, first: str) -> None:
    """Show the tambons most like one: at first the chosen tambon, or else `first`."""
    lang = view.lang
    st.markdown(f"#### {say(lang, 'alike.title')}")
    st.caption(say(lang, "alike.note"))
    names = desk.tambons.set_index("tambon")
    codes = list(names.index)
    left, right = st.columns(2, gap="medium", vertical_alignment="bottom")
    chosen = left.selectbox(
        say(lang, "alike.of"),
        codes,
        index=codes.index(view.tambon if view.tambon in codes else first),
        format_func=lambda code: f"{names.at[code, f'tambon_{lang}']} · {names.at[code, f'amphoe_{lang}']}",
        key="w_alike",
    )
    others = desk.all_tambons[~desk.all_tambons["province"].isin(desk.place.provinces)]
    everywhere = False
    if len(others):
        everywhere = right.toggle(say(lang, "alike.everywhere"), key="w_alike_everywhere")
        st.caption(say(lang, "alike.stored", provinces=", ".join(sorted(set(others[f"province_{lang}"])))))
    else:
        right.caption(say(lang, "alike.none_elsewhere"))
    features = alike_by(desk, view, everywhere=everywhere)
    found = look_alikes(as_compared(features), chosen, _MOST)
    table = alike.table(lang, found, features, chosen, desk.all_tambons)
    show_table(table)
    st.download_button(say(lang, "alike.export"), csv_bytes(table), "alike.csv", "text/csv", on_click="ignore")
