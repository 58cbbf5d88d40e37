"""The Sites page laid out: choice, map, list, one site with its trail, and the form to add or edit one.

Widgets and their order. Whoever may not write sees no control to write, and is refused by the registry all the same.
"""

from __future__ import annotations

import collections
import functools
from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from data.accounts import Author
from data.errors import Conflict, HazeError, RecordRefused
from data.points import PointUnreadable
from data.registry import Kept, Registry, open_registry
from data.registry import export as registry_export
from data.registry.records import Problem
from data.registry.tables import ISSUES, KINDS, STATES, fields_of
from layers import palette, sites
from layers.map_view import drawn_on, show_map
from layers.screen import Outside, opened
from layers.screens import site_photos
from layers.signed import author
from layers.site_words import kind_name, legend_of_sites, state_name
from layers.table import UNKNOWN, show_table
from layers.today import plain
from layers.uploader import uploader_words
from layers.view import known_sites, map_page
from layers.words import Lang, say, say_error, say_problems
from models.desk import Desk

SHAPES = ("point", "line", "polygon")
_TEXTS = ("village_th", "moo", "start", "end", "year", "budget_thb", "funds")
_SCALES = ("scale_km", "scale_rai", "scale_households", "scale_persons")


def page() -> None:
    """Lay out the page."""
    desk, view = opened()
    lang, who, registry = view.lang, author(desk), open_registry(desk.settings)
    st.subheader(say(lang, "sites.title"))
    if not registry.writable:
        st.info(say(lang, "error.registry_readonly"))
    drawn = drawn_on("sites_map")
    if drawn is not None:
        _take_drawing(desk, drawn)
    writes = registry.writable and (who.plans or who.role == "officer")
    chosen = _choice(lang, known_sites(desk))
    left, right = st.columns([3, 2], gap="medium")
    with left:
        show_map("sites_map", map_page(desk), sites.map_of(desk, lang, chosen, st.session_state.get("drawing", "")),
                 title=say(lang, "sites.title"), height=560, phone_height=420)  # fmt: skip
        st.html(palette.legend_html(legend_of_sites(lang)))
        st.caption(say(lang, "sites.note"))
    with right:
        if st.session_state.get("editing") is not None and writes:
            _form(desk, lang, registry, who)
        else:
            _list(desk, lang, registry, who, chosen, writes=writes)
    if who.plans and registry.writable:
        with st.expander(say(lang, "sites.bring")):
            _bring(desk, lang)
    with st.expander(say(lang, "sites.export")):
        _downloads(lang, registry)
    with st.expander(say(lang, "sites.latest")):
        _latest(lang, registry, who)


def _choice(lang: Lang, known: pd.DataFrame) -> pd.DataFrame:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = st.selectbox(
            say(lang, "field.kind"), ["", *sorted(set(known["kind"]))], key="w_site_kind", width=240,
            format_func=lambda code: kind_name(lang, code) if code else say(lang, "sites.all"),
        )  # fmt: skip
        issue = st.selectbox(
            say(lang, "field.issue"), ["", *ISSUES], key="w_site_issue", width=200,
            format_func=lambda code: say(lang, f"issue.{code}") if code else say(lang, "sites.all"),
        )  # fmt: skip
        state = st.selectbox(
            say(lang, "field.state"), ["", *STATES], key="w_site_state", width=160,
            format_func=lambda code: state_name(lang, code) or say(lang, "sites.all"),
        )  # fmt: skip
    return sites.filtered(known, kind, issue, state)


def _list(desk: Desk, lang: Lang, registry: Registry, who: Author, chosen: pd.DataFrame, *, writes: bool) -> None:
    if said := st.session_state.pop("site_said", ""):
        st.success(said)
    if writes and st.button(say(lang, "sites.add"), type="primary", key="w_site_add"):
        _edit("")
    areas = sites.where(desk, lang)
    st.caption(say(lang, "sites.count", count=len(chosen)))
    picked = st.dataframe(
        sites.table(lang, chosen, areas), hide_index=True, placeholder=UNKNOWN, height=300, on_select="rerun",
        selection_mode="single-row", key="w_site_list",
    )  # fmt: skip
    rows = picked["selection"]["rows"]
    if rows and rows[0] < len(chosen):
        st.session_state["site"] = str(chosen["site"].iloc[rows[0]])
    site = st.session_state.get("site")
    if not site:
        st.info(say(lang, "sites.pick"))
        return
    _one(desk, lang, registry, who, site, writes=writes)


def _one(desk: Desk, lang: Lang, registry: Registry, who: Author, site: str, *, writes: bool) -> None:
    entries = registry.trail(kind="sites", record=site)
    try:
        kept = registry.get("sites", site)
    except HazeError as error:
        st.warning(say_error(lang, error))
        _trail(lang, registry, who, entries, writes=writes)
        return
    document = kept.document
    st.markdown(f"#### {plain(document[f'name_{lang}'] or document['name_th'] or document['name_en'])}")
    st.caption(say(lang, "sites.version", site=site, version=kept.version))
    mine = writes and who.may_write(document["amphoe"], officers=True)
    if mine:
        with st.container(horizontal=True):
            if st.button(say(lang, "sites.edit"), key="w_site_edit"):
                _edit(site)
            if st.button(say(lang, "sites.remove"), key="w_site_remove"):
                _try(lang, lambda: registry.remove("sites", site, author=who, based_on=kept.version), "sites.removed")
    show_table(sites.facts(lang, document))
    for title, table in sites.lists(lang, document).items():
        st.markdown(f"**{title}**")
        show_table(table)
    site_photos.show(desk, lang, kept)
    if mine and site_photos.form(desk, lang, registry, who, site, kept):
        _set(site_said=say(lang, "photo.saved"))
        st.rerun()
    _trail(lang, registry, who, entries, writes=mine)


def _trail(lang: Lang, registry: Registry, who: Author, entries: pd.DataFrame, *, writes: bool) -> None:
    st.markdown(f"**{say(lang, 'trail.title')}**")
    show_table(sites.trail(lang, entries))
    # The shipped facts are where a record begins; what comes before them is nothing.
    if writes and len(entries) and (len(entries) > 1 or entries["action"].iloc[0] != "import"):
        if st.button(say(lang, "trail.undo"), key="w_site_undo"):
            newest = int(entries["entry"].iloc[0])
            _try(lang, lambda: registry.undo(newest, author=who), "trail.undone")
        st.caption(say(lang, "trail.undo_note"))


def _try(lang: Lang, act: Any, said: str) -> None:
    try:
        act()
    except HazeError as error:
        st.error(say_error(lang, error))
        return
    st.session_state["site_said"] = say(lang, said)
    st.rerun()


def _edit(site: str) -> None:
    st.session_state["form_turn"] = st.session_state.get("form_turn", 0) + 1
    _set(editing=site, drawn="", drawing="", based_on=None)
    st.rerun()


def _leave(said: str = "") -> None:
    _set(editing=None, drawn="", drawing="", site_said=said)
    st.rerun()


def _set(**values: Any) -> None:
    st.session_state.update(values)


def _take_drawing(desk: Desk, geojson: str) -> None:
    """Keep a finished shape for the form, and end the drawing: the choice of shape becomes a new, empty widget."""
    _set(drawn=geojson, drawing="", draw_turn=st.session_state.get("draw_turn", 0) + 1)
    code = sites.tambon_of(desk, geojson)
    if code:
        st.session_state[f"w_f{st.session_state.get('form_turn', 0)}_place"] = code


def _note_drawing(widget: str) -> None:
    st.session_state["drawing"] = st.session_state[widget] or ""


def _form(desk: Desk, lang: Lang, registry: Registry, who: Author) -> None:
    site, turn = st.session_state["editing"], st.session_state["form_turn"]
    kept = registry.get("sites", site) if site else None
    if st.session_state["based_on"] is None:
        st.session_state["based_on"] = kept.version if kept else 0
    st.markdown(f"#### {say(lang, 'sites.edit' if site else 'sites.add')}")
    _drawing(lang, kept)
    with st.form(f"site_{turn}"):
        values = _fields(desk, lang, kept, who, f"w_f{turn}")
        for list_name in KINDS["sites"].lists:
            with st.expander(say(lang, f"list.{list_name}")):
                values[list_name] = _items(lang, kept, list_name, f"w_f{turn}_{list_name}")
        reason = st.text_input(say(lang, "trail.reason"), key=f"w_f{turn}_reason", max_chars=300)
        with st.container(horizontal=True):
            saved = st.form_submit_button(say(lang, "sites.save"), type="primary")
            left = st.form_submit_button(say(lang, "sites.cancel"))
    if left:
        _leave()
    if saved:
        _save(desk, lang, registry, who, values, reason)


def _drawing(lang: Lang, kept: Kept | None) -> None:
    widget = f"w_draw_{st.session_state.get('draw_turn', 0)}_{st.session_state['form_turn']}"
    st.segmented_control(
        say(lang, "sites.draw"), SHAPES, key=widget, format_func=lambda shape: say(lang, f"draw.{shape}"),
        on_change=_note_drawing, args=(widget,),
    )  # fmt: skip
    drawn = st.session_state.get("drawn")
    if drawn:
        st.success(say(lang, "sites.drawn", shape=sites.shape_words(lang, sites.wkt_of(drawn))))
    elif kept and kept.document["geometry"]:
        st.caption(sites.shape_words(lang, kept.document["geometry"]))


def _fields(desk: Desk, lang: Lang, kept: Kept | None, who: Author, key: str) -> dict[str, Any]:
    was: Mapping[str, Any] = kept.document if kept else {}

    def text(field: str, where: Any = st) -> str:
        value = was.get(field)
        shown = "" if value in (None, "") else f"{value:.15g}" if isinstance(value, float) else str(value)
        return str(where.text_input(say(lang, f"field.{field}"), shown, key=f"{key}_{field}", max_chars=300))

    def choice(field: str, codes: list[str], words: Any) -> str:
        index = codes.index(was[field]) if was.get(field) in codes else 0
        return str(st.selectbox(say(lang, f"field.{field}"), codes, index, key=f"{key}_{field}", format_func=words))

    values: dict[str, Any] = {field: text(field) for field in ("name_th", "name_en")}
    kinds = sites.kinds(lang)
    codes = [*kinds, *([was["kind"]] if was.get("kind") and was["kind"] not in kinds else [])]
    values["kind"] = choice("kind", codes, lambda code: kind_name(lang, code))
    values["issue"] = choice("issue", list(ISSUES), lambda code: say(lang, f"issue.{code}"))
    values["state"] = choice(
        "state", ["", *STATES], lambda code: state_name(lang, code) or say(lang, "sites.not_stated")
    )
    areas = sites.where(desk, lang)
    mine = [code for code in areas if who.may_write(code[:4] if len(code) >= 4 else "", officers=True)]
    if f"{key}_place" not in st.session_state and kept and sites.place_code(kept.document) in mine:
        st.session_state[f"{key}_place"] = sites.place_code(kept.document)
    # Nothing is chosen beforehand: a site that nobody placed would stand for the whole province.
    place = st.selectbox(
        say(lang, "field.place"), mine, None, key=f"{key}_place", placeholder=say(lang, "sites.choose_place"),
        format_func=lambda code: areas[code],
    )  # fmt: skip
    values |= sites.place_values(place or "")
    for fields in (_TEXTS[:2], _TEXTS[2:5], _TEXTS[5:], _SCALES):
        columns = st.columns(len(fields))
        values |= {field: text(field, column) for field, column in zip(fields, columns, strict=True)}
    values["scale_note"] = text("scale_note")
    values["point"] = st.text_input(
        say(lang, "field.point"), key=f"{key}_point", help=say(lang, "sites.point_help"), max_chars=100
    )
    return values


def _items(lang: Lang, kept: Kept | None, list_name: str, key: str) -> list[dict[str, str]]:
    config: dict[str, Any] = {}
    for column in fields_of(KINDS["sites"].lists[list_name]):
        label, allowed = say(lang, f"field.{column.name}"), column.info.get("one_of")
        config[column.name] = (
            st.column_config.SelectboxColumn(
                label, options=["", *allowed], format_func=functools.partial(sites.code_words, lang, column.name)
            )
            if allowed
            else st.column_config.TextColumn(label)
        )
    edited = st.data_editor(
        sites.editable(kept, list_name), num_rows="dynamic", hide_index=True, column_config=config, key=key
    )
    return sites.items_of(edited)


def _save(desk: Desk, lang: Lang, registry: Registry, who: Author, values: dict[str, Any], reason: str) -> None:
    if not values["province"]:
        st.error(say_problems(lang, [Problem("needed", {"field": "place"})]))
        return
    try:
        point = sites.written_point(values.pop("point"), desk.place.epsg)
        geometry = st.session_state["drawn"] or point
        if geometry:
            values["geometry"] = geometry
        site = st.session_state["editing"]
        if site:
            based_on = st.session_state["based_on"]
            registry.change("sites", site, values, author=who, based_on=based_on, reason=reason)
        else:
            site = registry.add("sites", values, author=who, reason=reason)
    except PointUnreadable as unread:
        st.error(say_problems(lang, [Problem(unread.key, {"got": unread.text})]))
    except RecordRefused as refused:
        st.error(say_problems(lang, refused.problems))
    except Conflict as conflict:
        # What was typed stays in the form; saving again puts it on top of what the other person saved.
        st.session_state["based_on"] = conflict.version
        st.warning(say_error(lang, conflict))
        for field, (before, after) in conflict.theirs.items():
            st.caption(plain(sites.change_words(lang, field, before, after)))
    except HazeError as error:
        st.error(say_error(lang, error))
    else:
        st.session_state["site"] = site
        _leave(say(lang, "sites.saved"))


def _bring(desk: Desk, lang: Lang) -> None:
    """Check a list row by row before anything is written, then bring it in."""
    outside: Outside = st.session_state["outside"]
    st.caption(say(lang, "sites.bring_note"))
    st.html(uploader_words(lang, say(lang, "data.most_mb"), "w_list"))
    file = st.file_uploader(say(lang, "sites.list"), ["csv", "xlsx", "geojson", "json", "zip"], key="w_list")
    if file is None:
        return
    try:
        found = outside.check(desk, file.name, file.getvalue())
        counts = collections.Counter(one.verdict for _, one in found)
        st.caption(" · ".join(f"{say(lang, f'row.{verdict}')}: {count:,}" for verdict, count in counts.items()))
        show_table(sites.checked(lang, found), height=260)
        if st.button(say(lang, "sites.bring_in"), type="primary", key="w_bring"):
            outside.bring_in(desk, [(file.name, file.getvalue())])
            _set(site_said=say(lang, "sites.brought"))
            st.rerun()
    except HazeError as error:
        st.error(say_error(lang, error))


def _latest(lang: Lang, registry: Registry, who: Author) -> None:
    entries = registry.trail(kind="sites", last=50)
    picked = st.dataframe(
        sites.latest(lang, entries), hide_index=True, placeholder=UNKNOWN, height=300, on_select="rerun",
        selection_mode="single-row", key="w_latest",
    )  # fmt: skip
    rows = picked["selection"]["rows"]
    if rows and who.plans and registry.writable and st.button(say(lang, "trail.undo_this"), key="w_undo_this"):
        _try(lang, lambda: registry.undo(int(entries["entry"].iloc[rows[0]]), author=who), "trail.undone")


def _downloads(lang: Lang, registry: Registry) -> None:
    st.caption(say(lang, "sites.export_note"))
    with st.container(horizontal=True):
        for form, mime in registry_export.FORMATS.items():
            # Made when somebody asks for it, not at every rerun.
            made = functools.partial(registry_export.to_bytes, registry, form)
            name = f"registry.{registry_export.ENDINGS[form]}"
            st.download_button(say(lang, f"sites.export_{form}"), made, name, mime, on_click="ignore", key=f"w_{form}")
        empty, mime = registry_export.template_bytes, registry_export.FORMATS["xlsx"]
        st.download_button(say(lang, "sites.template"), empty, "sites.xlsx", mime, on_click="ignore", key="w_template")
