"""The Origin page laid out: "ours or blown in?" in one sentence, shares with ranges, the ways of the air."""

from __future__ import annotations

import streamlit as st

from layers import origin as words
from layers import origin_charts
from layers.danger_view import origin_of
from layers.screen import controls, opened
from layers.words import say, say_day


def page() -> None:
    """Lay out the page."""
    desk, view = opened()
    lang = view.lang
    controls(view, (), with_map=False)
    tambons = desk.tambons
    names = tambons.drop_duplicates("amphoe").set_index("amphoe")[f"amphoe_{lang}"].sort_index()
    mine = tambons.loc[tambons["tambon"] == view.tambon, "amphoe"]
    asked = mine.iloc[0] if len(mine) else st.session_state.get("looked_at_amphoe")
    start = names.index.get_loc(asked) if asked in names.index else 0
    amphoe = st.selectbox(
        say(lang, "origin.amphoe"), list(names.index), index=start, format_func=names.get, key="w_origin", width=300
    )
    with st.spinner(say(lang, "chance.working")):
        found, under = origin_of(desk, view.day, amphoe)
    st.subheader(say(lang, "origin.title", day=say_day(lang, view.day, short=False)))
    st.info(words.sentence(lang, found, amphoe, str(names[amphoe])))
    shares = words.table(lang, found, amphoe, desk)
    left, right = st.columns([2, 3], gap="medium")
    with left:
        if len(shares):
            st.markdown(f"**{say(lang, 'origin.shares')}**")
            st.altair_chart(
                origin_charts.share_bars(lang, shares), width="stretch", theme=None, alt=say(lang, "origin.shares")
            )
        for text in (words.facts(lang, found, amphoe), words.notes(lang, found)[0]):
            if text:
                st.caption(text)
    if found.tracks.empty:  # no way of the air to draw
        return
    with right:
        st.markdown(f"**{say(lang, 'origin.map')}**")
        home = tambons[tambons["amphoe"] == amphoe].geometry.union_all().representative_point()
        chart = origin_charts.ways(lang, found.tracks, under, (home.x, home.y))
        st.altair_chart(chart, width="stretch", theme=None, alt=say(lang, "origin.map"))
        st.caption(say(lang, "origin.map_note"))
