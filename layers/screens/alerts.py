"""The Alerts page laid out: events to acknowledge, what was not sent, a dry run, rules and recipients with their forms.

Widgets and their order. Whoever may not write sees no control to write and no address, and is refused by the registry
all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from data.accounts import Author
from data.errors import HazeError, RecordRefused
from data.points import PointUnreadable
from data.registry import AlertLog, Kept, Registry, open_registry
from data.registry.records import Problem
from data.registry.tables import DANGERS, LANDS, LEVELS, WATCHES
from layers import alerts, sites
from layers.alerts import Alerting, Card
from layers.screen import Outside, opened
from layers.screens import watch
from layers.signed import author
from layers.table import UNKNOWN, show_table
from layers.today import plain
from layers.view import known_sites
from layers.words import LANGS, Lang, say, say_error, say_problems
from models.desk import Desk

_FIRES = ("fire_near", "fire_growing", "ban_breach")
_FORMS = ("full", "short")


def page() -> None:
    """Lay out the page."""
    desk, view = opened()
    lang, who = view.lang, author(desk)
    outside: Outside = st.session_state["outside"]
    registry = open_registry(desk.settings)
    log = AlertLog(registry)
    st.subheader(say(lang, "alerts.title"))
    st.caption(say(lang, "alerts.note"))
    if desk.is_sample:
        st.info(say(lang, "alerts.sample"))
    else:
        watch.show(desk, lang)
    if said := st.session_state.pop("alerts_said", ""):
        st.success(said)
    writes = registry.writable and (who.plans or who.role == "officer")
    _events(desk, lang, log, who, outside.alerting, writes=writes)
    areas = sites.where(desk, lang)
    if writes:
        _rehearsal(desk, lang, outside.alerting, areas)
    with st.expander(say(lang, "alerts.not_sent")):
        show_table(alerts.trail(lang, log, held_back=True), none=say(lang, "alerts.none_yet"))
    with st.expander(say(lang, "alerts.trail")):
        show_table(alerts.trail(lang, log, held_back=False), none=say(lang, "alerts.none_yet"))
    _rules(desk, lang, registry, who, areas, outside, writes=writes)
    st.markdown(f"#### {say(lang, 'alerts.recipients')}")
    if writes:
        _recipients(desk, lang, registry, who, areas)
    else:
        st.caption(say(lang, "alerts.only_writers"))


def _events(desk: Desk, lang: Lang, log: AlertLog, who: Author, alerting: Alerting, *, writes: bool) -> None:
    st.markdown(f"#### {say(lang, 'alerts.open')}")
    found = alerts.cards(lang, log, desk, alerting.words)
    if not found:
        st.caption(say(lang, "alerts.none"))
    for card in found[: alerts.CARDS]:
        _card(desk, lang, log, who, card, writes=writes and who.may_write(card.amphoe, officers=True))
    if len(found) > alerts.CARDS:
        st.caption(say(lang, "alerts.more", count=len(found), shown=alerts.CARDS))


def _card(desk: Desk, lang: Lang, log: AlertLog, who: Author, card: Card, *, writes: bool) -> None:
    with st.container(border=True):
        st.markdown(f"**{card.number} · {plain(card.headline)}**")
        st.caption(plain(f"{card.when} · {card.told}"))
        with st.expander(say(lang, "alerts.full")):
            st.code(card.text, language=None, wrap_lines=True)
        if card.acknowledged:
            st.caption(plain(card.acknowledged))
        elif writes and st.button(say(lang, "alerts.acknowledge"), key=f"w_ack_{card.number}"):
            _try(lang, lambda: log.acknowledge(card.number, desk.now(), who), say(lang, "alerts.outcome.acknowledged"))


def _rehearsal(desk: Desk, lang: Lang, alerting: Alerting, areas: Mapping[str, str]) -> None:
    with st.container(horizontal=True):
        wanted = st.button(say(lang, "alerts.rehearse"), key="w_rehearse")
        ask = bool(desk.settings.line_token.get_secret_value()) and st.button(say(lang, "alerts.quota"), key="w_quota")
    try:
        if ask:
            limit, used = alerting.quota(desk)
            key = "alerts.quota_free" if limit is None else "alerts.quota_left"
            st.info(say(lang, key, used=f"{used:,}", limit=f"{limit or 0:,}"))
        if not wanted:
            return
        with st.spinner(say(lang, "alerts.rehearsal")):
            table, texts = alerting.rehearse(desk, lang)
    except HazeError as error:
        st.error(say_error(lang, error))
        return
    st.markdown(f"**{say(lang, 'alerts.rehearsal')}**")
    show_table(alerts.rehearsed(lang, table, areas))
    if not texts:
        st.caption(say(lang, "alerts.nothing_to_send"))
    for text in texts:
        st.code(text, language=None, wrap_lines=True)


# -- rules --------------------------------------------------------------------------------------------------------


def _rules(
    desk: Desk,
    lang: Lang,
    registry: Registry,
    who: Author,
    areas: Mapping[str, str],
    outside: Outside,
    *,
    writes: bool,
) -> None:
    st.markdown(f"#### {say(lang, 'alerts.rules')}")
    kept, placed = registry.all("alert_rules"), alerts.sites_of(lang, known_sites(desk))
    if kept:
        _list(lang, registry, who, "alert_rules", kept, alerts.rules(lang, kept, areas, placed), writes=writes)
    else:
        st.caption(say(lang, "alerts.no_rules"))
    if not writes:
        return
    with st.expander(say(lang, "alerts.add_rule")):
        watches = st.selectbox(
            say(lang, "field.watches"), WATCHES, key="w_watches", format_func=lambda one: say(lang, f"watches.{one}")
        )
        with st.form("alert_rule", clear_on_submit=True):
            values = {"watches": watches, **_rule_fields(lang, watches, who, areas, placed, outside)}
            point = values.pop("point", "")
            if st.form_submit_button(say(lang, "alerts.save"), type="primary"):
                _add(lang, registry, who, "alert_rules", values, lambda: sites.written_point(point, desk.place.epsg))


def _rule_fields(
    lang: Lang, watches: str, who: Author, areas: Mapping[str, str], placed: Mapping[str, str], outside: Outside
) -> dict[str, Any]:
    values: dict[str, Any] = {"name": st.text_input(say(lang, "field.name"), max_chars=200)}
    if watches == "source_silent":
        codes = ["", *(fact.key for fact in outside.facts)]
        names = {fact.key: getattr(fact, f"name_{lang}") for fact in outside.facts}
        values["source"] = st.selectbox(
            say(lang, "field.source"), codes, format_func=lambda key: names.get(key) or say(lang, "alerts.any_source")
        )
        values |= _area(lang, who, areas) if not who.plans else {}
    else:
        values |= _area(lang, who, areas)
    if watches in _FIRES:
        left, right = st.columns(2)
        values["site"] = left.selectbox(
            say(lang, "field.site"),
            ["", *placed],
            format_func=lambda key: placed.get(key) or say(lang, "alerts.any_site"),
        )
        values["within_km"] = right.number_input(say(lang, "field.within_km"), 0.0, 100.0, 0.0, 1.0) or None
        values["point"] = left.text_input(say(lang, "field.point"), help=say(lang, "alerts.point_help"), max_chars=100)
        values["land_class"] = right.selectbox(
            say(lang, "field.land_class"),
            ["", *LANDS],
            format_func=lambda one: say(lang, f"land.{one}") if one else say(lang, "alerts.any_land"),
        )
    if watches == "fire_growing":
        values["least_rai"] = st.number_input(say(lang, "field.least_rai"), 1.0, 1e6, 100.0, 10.0)
    if watches in ("pm25", "pm25_forecast"):
        values["aqi_class"] = st.selectbox(
            say(lang, "field.aqi_class"), (4, 5, 3, 2), format_func=lambda one: alerts.class_words(lang, one)
        )
    if watches == "danger":
        values["danger_class"] = st.selectbox(
            say(lang, "field.danger_class"), DANGERS[::-1], format_func=lambda one: say(lang, f"danger.level.{one}")
        )
    minutes = st.number_input(say(lang, "field.escalate_minutes"), 0, 1440, 0, 15)
    values["escalate_minutes"] = max(minutes, 5) if minutes else None
    values["urgent"] = "yes" if st.checkbox(say(lang, "field.urgent")) else ""
    return values


def _area(lang: Lang, who: Author, areas: Mapping[str, str]) -> dict[str, Any]:
    mine = [code for code in areas if who.may_write(code[:4] if len(code) >= 4 else "", officers=True)]
    code = st.selectbox(say(lang, "field.place"), mine, format_func=lambda one: areas[one])
    return sites.place_values(code or "")


# -- recipients ---------------------------------------------------------------------------------------------------


def _recipients(desk: Desk, lang: Lang, registry: Registry, who: Author, areas: Mapping[str, str]) -> None:
    everybody = registry.all("recipients")
    kept = {
        record: one for record, one in everybody.items() if who.may_write(str(one.document["amphoe"]), officers=True)
    }
    if kept:
        _list(lang, registry, who, "recipients", kept, alerts.recipients(lang, kept, areas), writes=True)
    elif not everybody:
        st.caption(say(lang, "alerts.no_recipients"))
    with st.expander(say(lang, "alerts.add_recipient")), st.form("alert_recipient", clear_on_submit=True):
        values = _recipient_fields(desk, lang, who, areas)
        if st.form_submit_button(say(lang, "alerts.save"), type="primary"):
            _add(lang, registry, who, "recipients", values, str)


def _recipient_fields(desk: Desk, lang: Lang, who: Author, areas: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {"name": st.text_input(say(lang, "field.name"), max_chars=200)}
    left, right = st.columns(2)
    values["channel"] = left.selectbox(
        say(lang, "field.channel"),
        alerts.channels_of(desk),
        format_func=lambda one: alerts.channel_words(lang, one),
    )
    values["address"] = right.text_input(say(lang, "field.address"), max_chars=320)
    values |= _area(lang, who, areas)
    left, right = st.columns(2)
    values["level"] = left.selectbox(say(lang, "field.level"), range(1, LEVELS + 1))
    values["language"] = right.selectbox(
        say(lang, "field.language"), LANGS, format_func=lambda one: say(one, "app.this_language")
    )
    hours = [None, *range(24)]
    for column, field in ((left, "quiet_from"), (right, "quiet_to")):
        values[field] = column.selectbox(
            say(lang, f"field.{field}"),
            hours,
            format_func=lambda one: say(lang, "alerts.hour_none") if one is None else f"{one:02d}:00",
        )
    values["digest_hours"] = left.text_input(say(lang, "field.digest_hours"), max_chars=60)
    values["form"] = right.selectbox(
        say(lang, "field.form"), _FORMS, format_func=lambda one: say(lang, f"message_form.{one}")
    )
    return values


# -- both ---------------------------------------------------------------------------------------------------------


def _list(
    lang: Lang,
    registry: Registry,
    who: Author,
    kind: str,
    kept: Mapping[str, Kept],
    table: Any,
    *,
    writes: bool,
) -> None:
    if not writes:
        show_table(table)
        return
    picked = st.dataframe(
        table,
        hide_index=True,
        placeholder=UNKNOWN,
        on_select="rerun",
        selection_mode="single-row",
        key=f"w_{kind}_{len(kept)}",
    )
    rows = picked["selection"]["rows"]
    if not rows or rows[0] >= len(kept):
        return
    record, one = list(kept.items())[rows[0]]
    if not who.may_write(str(one.document["amphoe"]), officers=True):
        return
    with st.container(horizontal=True):
        if st.button(say(lang, "alerts.switch"), key=f"w_{kind}_switch"):
            turned = {"active": "yes" if one.document["active"] == "no" else "no"}
            _try(
                lang,
                lambda: registry.change(kind, record, turned, author=who, based_on=one.version),
                say(lang, "alerts.saved"),
            )
        if st.button(say(lang, "alerts.remove"), key=f"w_{kind}_remove"):
            _try(
                lang,
                lambda: registry.remove(kind, record, author=who, based_on=one.version),
                say(lang, "alerts.removed"),
            )


def _add(
    lang: Lang, registry: Registry, who: Author, kind: str, values: dict[str, Any], geometry: Callable[[], str]
) -> None:
    try:
        shape = geometry()
    except PointUnreadable as unread:
        st.error(say_problems(lang, [Problem(unread.key, {"got": unread.text})]))
        return
    if shape:
        values["geometry"] = shape
    _try(lang, lambda: registry.add(kind, values, author=who), say(lang, "alerts.saved"))


def _try(lang: Lang, act: Callable[[], Any], said: str) -> None:
    try:
        act()
    except RecordRefused as refused:
        st.error(say_problems(lang, refused.problems))
    except HazeError as error:
        st.error(say_error(lang, error))
    else:
        st.session_state["alerts_said"] = said
        st.rerun()
