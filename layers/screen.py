"""The frame of every page and the first pages laid out in Streamlit: widgets and their order, nothing worked out here.

What is shown comes worded from `today`, `season` and `stored`; what is chosen goes into the view.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

import streamlit as st

from data.errors import HazeError
from layers import charts, notice, palette, signed, stored
from layers import season as season_view
from layers import sources as sources_view
from layers import today as today_words
from layers.alerts import Alerting
from layers.export import FORM_NAMES, FORMATS
from layers.figures import Figure, figures_html
from layers.fires_view import at_heat
from layers.map_view import chosen_on, show_map
from layers.plan_view import gap_of
from layers.screens import air as air_screen
from layers.screens import watch as watch_screen
from layers.style import STYLE
from layers.table import show_table
from layers.title import title_of
from layers.today_view import page_of, panel_of
from layers.uploader import uploader_words
from layers.view import (
    FIRST_DAY,
    LAST_DAY,
    SPANS,
    THEMES,
    View,
    current_view,
    desk_now,
    map_page,
)
from layers.words import LANGS, Lang, say, say_outcome
from models.counts import SATELLITE_SETS
from models.desk import Desk

#: Streamlit's page says that it is English; a screen reader would read Thai with English sounds.
_page_language = st.components.v2.component(
    "haze_desk_language", js="export default ({ data }) => { document.documentElement.lang = data.lang }"
)

#: Signs that an address may keep; a bracket would end the link it stands in.
_URL = ":/?#@!$&'*+,;=%~-._"

Importer = Callable[[Desk, list[tuple[str, bytes]]], list[Any]]


@dataclass(frozen=True)
class Documents:
    """What leaves the house: a briefing of a day, to be asked for its forms, and the sentences of the bulletin."""

    briefing: Callable[[Desk, dt.date, Lang], Any]
    bulletin: Callable[[Desk, dt.date, Lang], list[str]]


@dataclass(frozen=True)
class Outside:
    """What the frame hands in, since layers never fetch or send: import, refresh, checks, alerts, documents, facts."""

    bring_in: Importer
    refresh: Callable[[Desk], list[Any]]
    check: Callable[[Desk, str, bytes], list[Any]]
    facts: tuple[Any, ...]
    alerting: Alerting
    documents: Documents


def frame(outside: Outside) -> tuple[Desk, View]:
    """Open the desk for this run: the language choice and the notices that stand on every page."""
    desk = desk_now()
    view = current_view(desk, st.query_params, st.session_state)
    st.session_state["outside"] = outside
    st.session_state["desk"] = desk
    st.html(STYLE)
    with st.container(key="page_language"):
        _page_language(key="w_page_language", data={"lang": view.lang})
    with st.container(horizontal=True, vertical_alignment="center", key="page_head"):
        st.markdown(f"### {title_of(view.lang, desk.place)}")
        st.segmented_control(
            say(view.lang, "app.language"),
            LANGS,
            format_func=lambda lang: say(lang, "app.this_language"),
            key=at("w_lang", view.lang),
            label_visibility="collapsed",
            on_change=note_choice,
            args=("lang", "w_lang"),
        )
        signed.corner(desk, view.lang)
    state = {"is_sample": desk.is_sample, "outline_detail": desk.outline_detail}
    notices = notice.of_state(view.lang, **state, alone_since=None if desk.is_sample else desk.alone_since())
    notice.show(notices, say(view.lang, "notice.more"), notice.details(view.lang, **state))
    return desk, view


def opened() -> tuple[Desk, View]:
    """Return the desk and the view of this run, opened by `frame`."""
    desk: Desk = st.session_state["desk"]
    return desk, current_view(desk, {}, st.session_state)


def keep(**changes: Any) -> None:
    """Change the view and the address that opens it."""
    _, view = opened()
    changed = replace(view, **changes)
    st.session_state["view"] = changed.query()
    st.query_params.from_dict(changed.query())


def at(widget: str, value: Any) -> str:
    """Let a widget stand where the view is, whoever moved it: the widget, the map, a button or a link."""
    st.session_state[widget] = value
    return widget


def note_choice(field: str, widget: str) -> None:
    """Take what a widget was set to into the view (a callback of widgets)."""
    value = st.session_state[widget]
    # A segmented control can be switched off; the last choice then stays.
    if value is not None:
        keep(**{field: value})


def _step(days: int) -> None:
    _, view = opened()
    keep(day=min(max(view.day + dt.timedelta(days=days), FIRST_DAY), LAST_DAY))


def day_choice(view: View, label: str, *, width: int = 170) -> None:
    """Show the choice of the view's day under a label."""
    st.date_input(
        label,
        key=at("w_day", view.day),
        format="DD/MM/YYYY",
        min_value=FIRST_DAY,
        max_value=LAST_DAY,
        width=width,
        on_change=note_choice,
        args=("day", "w_day"),
    )


def controls(view: View, sets: tuple[str, ...], *, with_map: bool) -> None:
    """Show the choice of day; of satellites if there are `sets`; and, for a page with a map, of its span and theme."""
    lang = view.lang
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.button("◀", key="w_back", help=say(lang, "today.day_before"), on_click=_step, args=(-1,))
        day_choice(view, say(lang, "today.day"), width=150)
        st.button("▶", key="w_next", help=say(lang, "today.day_after"), on_click=_step, args=(1,))
        if with_map:
            for field, choices in (("span", SPANS), ("theme", THEMES)):
                st.segmented_control(
                    say(lang, f"today.{field}"),
                    choices,
                    key=at(f"w_{field}", getattr(view, field)),
                    format_func=lambda choice, field=field: say(lang, f"{field}.{choice}"),
                    on_change=note_choice,
                    args=(field, f"w_{field}"),
                )
        if not sets:
            return
        st.selectbox(
            say(lang, "today.satellites"),
            sets,
            key=at(f"w_sats_{len(sets)}", view.sats),
            width=250,
            format_func=lambda name: say(lang, f"satellites.{name}"),
            on_change=note_choice,
            args=("sats", f"w_sats_{len(sets)}"),
        )


def show_figures(figures: Sequence[Figure]) -> None:
    """Show large numbers side by side."""
    st.html(figures_html(figures))


def today() -> None:
    """Lay out the Today page."""
    clicked = chosen_on("map")
    if clicked is not None:
        keep(tambon=clicked)
    desk, view = opened()
    lang = view.lang
    controls(view, tuple(SATELLITE_SETS), with_map=True)
    st.subheader(today_words.period_title(view))
    page = page_of(desk, view)
    st.html(page.freshness)
    show_figures(page.figures)
    _heat_link(lang, page.heat_note)
    for text in page.warnings:
        st.caption(f"⚠ {text}")
    left, right = st.columns([3, 2], gap="medium")
    with left:
        show_map("map", map_page(desk), page.values, title=page.title, height=620, phone_height=430)
        for legend in page.legends:
            st.html(palette.legend_html(legend))
        st.caption(page.rule)
    with right:
        _tambon_choice(desk, view)
        if view.tambon:
            _panel(desk, view)
        else:
            st.info(say(lang, "today.choose"))
            show_table(page.table.head(15), height=460, columns={"code": None})
    with st.expander(say(lang, "today.table")):
        show_table(page.table, height=400, columns={"code": say(lang, "column.code")})


def _heat_link(lang: Lang, note: str) -> None:
    """Show what is said of permanent heat, with a way to its list; nothing where nothing is said."""
    if not note:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(note)
        if st.button(say(lang, "counts.list"), type="tertiary", key="w_heat_list"):
            st.session_state["w_fires_part"] = "heat"
            st.switch_page("layers/pages/fires.py")


def _tambon_choice(desk: Desk, view: View) -> None:
    lang = view.lang
    rows = {row["tambon"]: row for row in desk.tambons.drop(columns="geometry").to_dict("records")}
    codes = ["", *sorted(rows, key=lambda code: today_words.name(lang, rows[code]))]
    st.selectbox(
        say(lang, "today.tambon"),
        codes,
        key=at("w_tambon", view.tambon),
        format_func=lambda code: (
            say(lang, "today.none")
            if not code
            else f"{today_words.name(lang, rows[code])} · {today_words.name(lang, rows[code], 'amphoe')}"
        ),
        on_change=note_choice,
        args=("tambon", "w_tambon"),
    )


def _panel(desk: Desk, view: View) -> None:
    lang = view.lang
    panel = panel_of(desk, view)
    st.markdown(f"#### {today_words.plain(panel.title)}")
    st.caption(today_words.plain(panel.subtitle))
    show_figures(panel.figures)
    if panel.trend:
        st.caption(say(lang, "panel.trend"))
        st.altair_chart(
            charts.daily_bars(lang, *panel.trend), width="stretch", theme=None, alt=say(lang, "panel.trend")
        )
    st.markdown(f"**{say(lang, 'panel.air')}**  \n{panel.station}")
    air_screen.of_tambon(desk, view)
    st.markdown(f"**{say(lang, 'panel.sites', count=len(panel.sites))}**")
    if not panel.sites:
        st.caption(say(lang, "panel.no_sites"))
    gap = gap_of(desk, view)
    if gap in ("burdened_nothing_done", "done_no_burden"):
        st.caption(f"⚠ **{say(lang, f'gap.{gap}')}** · {say(lang, f'gap.{gap}_note')}")
    _sites(lang, panel.sites)
    if panel.amphoe_sites:
        with st.expander(say(lang, "panel.amphoe_sites", count=len(panel.amphoe_sites))):
            _sites(lang, panel.amphoe_sites)
    st.markdown(f"**{say(lang, 'panel.detections', count=len(panel.detections))}**")
    if len(panel.detections):
        show_table(panel.detections, height=min(300, 60 + 35 * len(panel.detections)))
        st.caption(say(lang, "panel.copy"))
        st.code(panel.coordinates, language=None, height=min(220, 40 + 24 * len(panel.detections)))


def _sites(lang: Lang, sites: list[dict[str, str]]) -> None:
    for site in sites:
        facts = " · ".join(
            today_words.plain(site[key])
            for key in ("kind", "issue", "lead", "scale", "year", "confidence")
            if site[key]
        )
        source = f"[{say(lang, 'panel.source')}]({quote(site['source'], safe=_URL)})"
        st.markdown(f"**{today_words.plain(site['name'])}**  \n{facts} · {source}")


def season() -> None:
    """Lay out the Season page."""
    desk, view = opened()
    lang = view.lang
    view = season_view.comparable(view)
    controls(view, season_view.FIXED_SETS, with_map=False)
    st.subheader(season_view.title(view))
    page = season_view.build(desk, view, at_heat(desk, view))
    st.caption(page.rule)
    _heat_link(lang, page.heat_note)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        st.markdown(f"**{say(lang, 'season.lines')}**")
        st.altair_chart(
            charts.season_lines(lang, page.lines), width="stretch", theme=None, alt=say(lang, "season.lines")
        )
        st.caption(say(lang, "season.lines_note"))
    with right:
        st.markdown(f"**{say(lang, 'season.coverage')}**")
        show_table(page.coverage)
        st.caption(say(lang, "season.coverage_note"))
        for text in page.left_out:
            st.caption(f"⚠ {text}")
    st.markdown(f"**{say(lang, 'season.calendar')}**")
    st.altair_chart(
        charts.calendar(lang, *page.calendar), width="stretch", theme=None, alt=say(lang, "season.calendar")
    )
    st.caption(say(lang, "season.calendar_note"))
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown(f"**{say(lang, 'season.amphoes')}**")
        st.altair_chart(
            charts.area_bars(lang, page.amphoes), width="stretch", theme=None, alt=say(lang, "season.amphoes")
        )
    with right:
        st.markdown(f"**{say(lang, 'season.land')}**")
        st.altair_chart(charts.area_bars(lang, page.land), width="stretch", theme=None, alt=say(lang, "season.land"))
        st.caption(say(lang, "season.land_note"))
    st.markdown(f"**{say(lang, 'season.air')}**")
    if len(page.air):
        st.altair_chart(
            charts.pm25_lines(lang, page.air, page.limit), width="stretch", theme=None, alt=say(lang, "season.air")
        )
        st.caption(say(lang, "season.air_note"))
        show_table(page.over)
    else:
        st.info(say(lang, "season.no_air"))
    with st.expander(say(lang, "season.table")):
        show_table(page.amphoes)


def data() -> None:
    """Lay out the Data page."""
    desk, view = opened()
    lang = view.lang
    st.subheader(say(lang, "data.title"))
    show_table(stored.status(desk, lang))
    st.markdown(f"#### {say(lang, 'data.import')}")
    if signed.author(desk).plans:
        st.caption(say(lang, "data.import_note"))
        _upload(desk, view)
    else:
        st.caption(say(lang, "signed.needed"))
    st.markdown(f"#### {say(lang, 'data.download')}")
    period = today_words.period_title(view)
    st.caption(say(lang, "data.download_note", period=period, satellites=say(lang, f"satellites.{view.sats}")))
    _downloads(desk, view)
    st.markdown(f"#### {say(lang, 'data.provenance')}")
    show_table(stored.provenance(desk, lang), none=say(lang, "verdict.empty"))


def sources() -> None:
    """Lay out the Sources page."""
    desk, view = opened()
    lang = view.lang
    outside: Outside = st.session_state["outside"]
    st.subheader(say(lang, "sources.title"))
    st.caption(say(lang, "sources.note"))
    watch_screen.show(desk, lang)
    if not signed.author(desk).plans:
        st.caption(say(lang, "signed.needed"))
    elif st.button(say(lang, "sources.refresh"), type="primary", key="w_refresh"):
        with st.spinner(say(lang, "sources.working")):
            _refresh(desk, view, outside)
    found = st.session_state.get("outcomes")
    if isinstance(found, str):
        st.error(found)
    elif found:
        names = {fact.key: getattr(fact, f"name_{lang}") for fact in outside.facts}
        show_table(sources_view.outcomes(lang, found, names, say_outcome))
    table = sources_view.table(desk, lang, outside.facts)
    st.html(sources_view.chips_html(table, lang))
    show_table(sources_view.coloured(table, lang), height=35 * (len(table) + 1) + 3)
    st.caption(say(lang, "sources.legend"))
    with st.expander(say(lang, "sources.raw")):
        keys = [fact.key for fact in outside.facts]
        chosen = st.selectbox(say(lang, "column.source"), keys, key="w_raw")
        reply = sources_view.raw_reply(desk, chosen)
        if reply is None:
            st.caption(say(lang, "sources.no_raw"))
        else:
            st.caption(reply[0])
            st.code(reply[1], language=None, height=320)


def _refresh(desk: Desk, view: View, outside: Outside) -> None:
    try:
        st.session_state["outcomes"] = outside.refresh(desk)
    except HazeError as error:
        st.session_state["outcomes"] = stored.failure(view.lang, error)
    st.rerun()


def _upload(desk: Desk, view: View) -> None:
    lang = view.lang
    st.html(uploader_words(lang, say(lang, "data.most_mb")))
    with st.form("upload", clear_on_submit=True):
        files = st.file_uploader(say(lang, "data.files"), accept_multiple_files=True, key="w_files")
        sent = st.form_submit_button(say(lang, "data.bring_in"), type="primary")
    if sent and files:
        with st.spinner(say(lang, "data.working")):
            _bring_in(desk, view, [(file.name, file.getvalue()) for file in files])
    found = st.session_state.get("verdicts")
    if isinstance(found, str):
        st.error(found)
    elif found:
        show_table(stored.verdicts(lang, found))


def _bring_in(desk: Desk, view: View, files: list[tuple[str, bytes]]) -> None:
    try:
        st.session_state["verdicts"] = st.session_state["outside"].bring_in(desk, files)
    except HazeError as error:
        st.session_state["verdicts"] = stored.failure(view.lang, error)
    st.rerun()


def _downloads(desk: Desk, view: View) -> None:
    lang = view.lang
    columns = st.columns(len(FORMATS) + 2)
    for column, (form, mime) in zip(columns, FORMATS.items(), strict=False):
        column.download_button(
            say(lang, "data.hotspots_as", form=FORM_NAMES[form]),
            lambda form=form: stored.download(desk, view, form)[1],
            file_name=f"hotspots_{desk.place.key}_{view.period[0]}_{view.period[1]}.{form}",
            mime=mime,
            key=f"w_{form}",
            on_click="ignore",
            width="stretch",
        )
    columns[-2].download_button(
        say(lang, "data.counts_as"),
        lambda: stored.counts_csv(desk, view)[1],
        file_name=f"counts_{desk.place.key}_{view.period[0]}_{view.period[1]}.csv",
        mime=FORMATS["csv"],
        key="w_counts",
        on_click="ignore",
        width="stretch",
    )
    columns[-1].download_button(
        say(lang, "data.cube_as"),
        lambda: stored.cube_file(desk, view)[1],
        file_name=f"cube_{desk.place.key}_{view.period[0]}_{view.period[1]}.nc",
        mime="application/netcdf",
        key="w_cube",
        help=say(lang, "data.cube_help"),
        on_click="ignore",
        width="stretch",
    )
