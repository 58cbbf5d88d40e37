"""The Outlook page laid out: three days on the map and as a table, the fan of an area, the record beside it."""

from __future__ import annotations

import datetime as dt

import streamlit as st

from data.clock import thai_day
from layers import charts, outlook, outlook_view, palette
from layers.map_view import chosen_on, show_map
from layers.screen import at, day_choice, keep, note_choice, opened, show_figures
from layers.table import show_table
from layers.today import name
from layers.view import View, map_page
from layers.words import Lang, say, say_day
from models.desk import Desk
from models.outlook import Outlook


def page() -> None:
    """Lay out the page."""
    clicked = chosen_on("outlook_map")
    if clicked is not None:
        keep(tambon=clicked)
        if clicked:
            st.session_state["w_outlook_amphoe"] = clicked[:4]
    desk, view = opened()
    lang = view.lang
    st.subheader(say(lang, "page.outlook"))
    with st.spinner(say(lang, "outlook.working")):
        found = outlook_view.current(desk, view)
    lead = _controls(lang, view, found)
    shown = outlook.build(desk, lang, found, lead, view.tambon)
    st.subheader(shown.title)
    st.caption(shown.basis)
    last = outlook.last_known(found)
    if last < min(view.day, thai_day(desk.now()) - dt.timedelta(days=1)):
        st.warning(say(lang, "outlook.stale", day=say_day(lang, last)))
    left, right = st.columns([3, 2], gap="medium")
    with right:
        _area(desk, view, found)
    with left:
        show_map("outlook_map", map_page(desk), shown.values, title=shown.title, height=540, phone_height=400)
        st.html(palette.legend_html(shown.legend))
    _record(desk, view, found)
    st.markdown(f"**{say(lang, 'outlook.table')}**")
    show_table(shown.table, height=35 * (len(shown.table) + 1) + 3)
    st.caption(say(lang, "outlook.table_note", weight=say(lang, f"outlook.weight.{found.weight}")))


def _controls(lang: Lang, view: View, found: Outlook) -> int:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        day_choice(view, say(lang, "outlook.known_until"))
        chosen = st.segmented_control(
            say(lang, "outlook.which_day"),
            outlook.LEADS,
            default=outlook.LEADS[0],
            key="w_outlook_lead",
            format_func=lambda lead: (
                f"{say_day(lang, outlook.valid_day(found, lead), year=False)} · {lead} " + say(lang, "outlook.hours")
            ),
        )
    return chosen or outlook.LEADS[0]


def _area(desk: Desk, view: View, found: Outlook) -> None:
    lang = view.lang
    names = outlook.amphoe_names(desk, lang)
    amphoe = st.selectbox(
        say(lang, "outlook.amphoe"),
        sorted(names),
        key="w_outlook_amphoe",
        format_func=lambda code: names[code],
        on_change=lambda: keep(tambon=""),
    )
    # Whose smoke it is, is then asked of the same amphoe.
    st.session_state["looked_at_amphoe"] = amphoe
    tambons = {str(row["tambon"]): row for row in desk.tambons[desk.tambons["amphoe"] == amphoe].to_dict("records")}
    st.selectbox(
        say(lang, "outlook.tambon"),
        ["", *sorted(tambons)],
        key=at("w_outlook_tambon", view.tambon if view.tambon in tambons else ""),
        format_func=lambda code: name(lang, tambons[code]) if code else say(lang, "outlook.whole_amphoe"),
        on_change=note_choice,
        args=("tambon", "w_outlook_tambon"),
    )
    code = view.tambon if view.tambon in tambons else str(amphoe)
    rows = outlook.area_rows(found, code)
    if rows.empty:
        st.info(say(lang, "outlook.cannot_tell"))
        return
    show_figures(outlook.figures(lang, rows))
    past = outlook_view.past(desk, code, outlook.last_known(found))
    st.altair_chart(
        charts.fan(lang, outlook.fan(rows, past)), width="stretch", theme=None, alt=say(lang, "outlook.pm25")
    )
    near = rows.iloc[0]
    key = "outlook.here" if near["nearest_km"] == 0 else "outlook.carried"
    station = outlook.station_name(desk, lang, str(near["nearest_station"]))
    st.caption(say(lang, key, km=f"{near['nearest_km']:.0f}", station=station))
    st.page_link("layers/pages/origin.py", label=say(lang, "outlook.whose"))


def _record(desk: Desk, view: View, found: Outlook) -> None:
    lang = view.lang
    st.markdown(f"**{say(lang, 'outlook.record.title')}**")
    judged = outlook_view.record(desk, view)
    if judged is None:
        st.caption(say(lang, "outlook.record.none"))
    else:
        st.markdown("\n".join(f"- {line}" for line in outlook.record(lang, *judged)))
    st.caption(outlook.held_out(lang, found.trained))
