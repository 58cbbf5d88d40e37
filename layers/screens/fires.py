"""The Fires page laid out: fires on the map, one fire, the round to paste, field checks, permanent heat."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import streamlit as st

from data.clock import ICT, season_of
from data.errors import HazeError
from data.registry import open_registry
from layers import fires as words
from layers import notice, palette
from layers import round as round_words
from layers.fires_view import (
    FIRE_DAYS,
    checks_of,
    days_unseen,
    fire_of,
    fires_of,
    heat_in,
    moment_of,
    name_now,
    passes_of,
    round_of,
)
from layers.map_view import show_map
from layers.screen import at, controls, note_choice, opened
from layers.screens import checks
from layers.signed import author
from layers.table import show_table
from layers.view import View, map_page
from layers.words import Lang, say
from models.counts import SATELLITE_SETS
from models.desk import Desk

PARTS = ("map", "round", "check", "heat")
#: Hours of the day at which the two rounds are reported.
_REPORTED = {"night": dt.time(9), "day": dt.time(15)}
#: A round of fewer lines is shown whole, a longer one in a box to scroll.
_SHORT_ROUND = 20


def page() -> None:
    """Lay out the page."""
    desk, view = opened()
    lang = view.lang
    st.subheader(say(lang, "fires.title"))
    # Set by other pages too: the way from a count to the list of permanent heat.
    st.session_state.setdefault("w_fires_part", PARTS[0])
    part = st.segmented_control(
        say(lang, "fires.part"),
        PARTS,
        key="w_fires_part",
        format_func=lambda name: say(lang, f"fires.part_{name}"),
        label_visibility="collapsed",
    )
    if part == "heat":
        _heat(desk, lang)
        return
    controls(view, tuple(SATELLITE_SETS), with_map=False)
    {"round": _round, "check": checks.part}.get(str(part), _map)(desk, view)


def _map(desk: Desk, view: View) -> None:
    lang = view.lang
    first, last = season_of(view.day)
    st.slider(
        say(lang, "fires.slider"),
        min(first, view.day),
        max(last, view.day),
        key=at("w_fire_day", view.day),
        format="DD/MM",
        on_change=note_choice,
        args=("day", "w_fire_day"),
    )
    fires, left_out = fires_of(desk, view)
    unseen = days_unseen(desk, view)
    if unseen < FIRE_DAYS:
        st.markdown(f"**{words.summary(lang, fires)}**")
    if 0 < unseen < FIRE_DAYS:
        st.caption(f"⚠ {say(lang, 'fires.days_missing', missing=unseen, days=FIRE_DAYS)}")
    show = st.segmented_control(
        say(lang, "fires.show"),
        tuple(words.SHOWN),
        key="w_fires_show",
        default="all",
        format_func=lambda name: say(lang, f"fires.show_{name}"),
        label_visibility="collapsed",
    )
    fires = fires[fires["state"].isin(words.SHOWN[show or "all"])]
    opened_fire = name_now(desk, view, fires)
    made = words.page(desk, lang, fires, moment_of(desk, view), view.tambon, left_out, opened_fire)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        show_map("fire_map", map_page(desk), made.values, title=say(lang, "fires.title"), height=600, phone_height=420)
        st.html(palette.legend_html(made.legend))
        for note in made.notes:
            st.caption(note)
    with right:
        if made.table.empty:
            st.info(say(lang, "fires.none" if unseen < FIRE_DAYS else "fires.cannot_tell", days=FIRE_DAYS))
            return
        if view.fire and not opened_fire:
            st.caption(say(lang, "fires.not_here", name=view.fire))
        name = st.selectbox(
            say(lang, "fires.choose"),
            made.table["code"],
            key=at("w_fire", opened_fire or made.table["code"].iloc[0]),
            format_func=lambda code: words.fire_label(desk, lang, fires, code),
            on_change=note_choice,
            args=("fire", "w_fire"),
        )
        _detail(desk, view, fires, str(name))
    show_table(made.table, columns={"code": say(lang, "check.fire")})


def _detail(desk: Desk, view: View, fires: pd.DataFrame, name: str) -> None:
    lang = view.lang
    fire = fires[fires["fire_id"] == name].iloc[0].to_dict()
    st.markdown(f"#### {name}")
    st.markdown("  \n".join(words.detail(desk, lang, fire)))
    st.button(say(lang, "check.of_this"), key="w_check_this", on_click=_check_this, args=(name,))
    st.caption(say(lang, "fires.copy"))
    for way in words.point_ways(desk, fire["lon"], fire["lat"]):
        st.code(way, language=None)
    st.markdown(f"**{say(lang, 'fires.looks')}**")
    part = fire_of(desk, view, name)
    show_table(words.looks(lang, part))
    made = checks_of(desk, view, part)
    if len(made):
        st.markdown(f"**{say(lang, 'check.made')}**")
        show_table(words.checks(desk, lang, made))


def _check_this(name: str) -> None:
    st.session_state["w_fires_part"], st.session_state["w_check_fire"] = "check", name


def _round(desk: Desk, view: View) -> None:
    lang = view.lang
    local = desk.now().astimezone(ICT)
    kinds = tuple(_REPORTED)
    kind = st.segmented_control(
        say(lang, "fires.which_round"),
        kinds,
        default="day" if local.date() > view.day or local.hour >= 12 else "night",
        key="w_round",
        format_func=lambda name: say(lang, f"fires.round_{name}"),
    )
    moment = dt.datetime.combine(view.day, _REPORTED[kind or "day"], ICT)
    moment = min(moment.astimezone(dt.UTC), desk.now())
    report = round_of(desk, view, moment)
    place = desk.place.name_th if lang == "th" else desk.place.name_en
    text = round_words.text(lang, report, place)
    st.caption(say(lang, "fires.paste"))
    st.code(text, language=None, wrap_lines=True, height="content" if text.count("\n") < _SHORT_ROUND else 480)
    name = f"round_{desk.place.key}_{view.day}_{kind or 'day'}.txt"
    st.download_button(
        say(lang, "fires.download_round"), text, name, "text/plain", key="w_round_txt", on_click="ignore"
    )
    with st.expander(say(lang, "passes.title")):
        show_table(words.passes(lang, passes_of(desk, view)))
        st.caption(say(lang, "passes.note"))


def _heat(desk: Desk, lang: Lang) -> None:
    st.caption(say(lang, "heat.note"))
    heat = heat_in(desk)
    if heat.empty:
        st.info(say(lang, "heat.none"))
        return
    show_table(words.heat_table(desk, lang, heat))
    viewing = author(desk).role == "viewer"
    if viewing:
        st.info(say(lang, "fires.sign_in"))
    with st.form("heat"):
        spot = st.selectbox(
            say(lang, "heat.place"),
            heat.index,
            key="w_spot",
            format_func=lambda at: (
                f"{words.place_name(desk, lang, heat['tambon'][at])} · "
                f"{words.point_ways(desk, heat['lon'][at], heat['lat'][at])[0]}"
            ),
        )
        evidence = st.text_input(say(lang, "heat.evidence"), "", key="w_evidence")
        with st.container(horizontal=True):
            confirm = st.form_submit_button(say(lang, "heat.confirm"), disabled=viewing, key="w_confirm")
            restore = st.form_submit_button(say(lang, "heat.restore"), disabled=viewing, key="w_restore")
    if confirm or restore:
        try:
            verdict = words.heat_verdict(heat.loc[spot].to_dict(), permanent=bool(confirm), evidence=evidence)
            open_registry(desk.settings).add("heat", verdict, author=author(desk))
        except HazeError as error:
            notice.show([notice.of_error(lang, error)])
            return
        st.rerun()
