"""Field checks laid out, for the phone: a new one, a correction of one that was recorded, and the trail of both."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from data.clock import ICT
from data.errors import HazeError
from data.registry import Kept, Registry, open_registry
from layers import fires as words
from layers import notice, sites
from layers.fires_view import fires_of
from layers.signed import author
from layers.table import show_table
from layers.view import View
from layers.words import Lang, say
from models.desk import Desk

_RESULTS = ("fire", "false", "not_found", "permitted")


def part(desk: Desk, view: View) -> None:
    """Lay out the part of the page of fires."""
    lang = view.lang
    viewing = author(desk).role == "viewer"
    if viewing:
        st.info(say(lang, "fires.sign_in"))
    registry = open_registry(desk.settings)
    told = registry.field_checks()
    corrected = ""
    if len(told):
        labels = words.check_labels(desk, lang, told)
        corrected = st.selectbox(
            say(lang, "check.new_or_correct"),
            ["", *reversed(told["check"].tolist())],
            key="w_corrected",
            format_func=lambda record: labels.get(record, say(lang, "check.new")),
        )
    fires, _ = fires_of(desk, view)
    _form(desk, view, registry, fires, corrected, viewing=viewing)
    told = registry.field_checks()
    st.markdown(f"**{say(lang, 'check.made')}**")
    show_table(words.checks(desk, lang, told), none=say(lang, "check.none_made"))
    if corrected:
        st.markdown(f"**{say(lang, 'trail.title')}**")
        show_table(sites.trail(lang, registry.trail(kind="field_checks", record=corrected)))


def _form(desk: Desk, view: View, registry: Registry, fires: pd.DataFrame, corrected: str, *, viewing: bool) -> None:
    lang = view.lang
    there = registry.get("field_checks", corrected) if corrected else None
    # Of a day gone by nobody knows the hour: the moment shown would be its last minute.
    now = desk.now().astimezone(ICT)
    visited_at = f"{now:%Y-%m-%d %H:%M}" if now.date() == view.day else ""
    given = words.check_values(there.document) if there else {"visited_at": visited_at}
    # A form of its own for each version, filled in with what it has.
    of = f"_{corrected}_{there.version}" if there else ""
    codes = ["", *words.table(desk, lang, fires)["code"]]
    if given.get("fire_id") and given["fire_id"] not in codes:
        codes.append(given["fire_id"])
    tambons = ["", *desk.tambons["tambon"]]
    with st.form(f"field_check{of}", clear_on_submit=there is None):
        fire = st.selectbox(
            say(lang, "check.fire"),
            codes,
            codes.index(given.get("fire_id", "")),
            key=f"w_check_fire{of}",
            format_func=lambda code: words.fire_label(desk, lang, fires, code) if code else say(lang, "check.no_fire"),
        )
        result = st.selectbox(
            say(lang, "check.result"),
            _RESULTS,
            _RESULTS.index(given.get("result") or _RESULTS[0]),
            format_func=lambda name: say(lang, f"check.result_{name}"),
            key=f"w_result{of}",
        )

        def text(field: str, key: str, placeholder: str = "") -> str:
            label = say(lang, f"check.{key}")
            return st.text_input(label, given.get(field, ""), placeholder=placeholder, key=f"w_{field}{of}")

        visited = text("visited_at", "visited_at", f"{view.day} 16:10")
        put_out = text("put_out_at", "put_out_at", f"{view.day} 16:40")
        rai = st.number_input(say(lang, "check.rai"), 0.0, 1e6, given.get("burned_rai"), 1.0, key=f"w_rai{of}")
        point = text("point", "point_any", "47Q 564142 E 2055211 N")
        reported = given.get("tambon_reported", "")
        tambon = st.selectbox(
            say(lang, "check.tambon_reported"),
            tambons,
            tambons.index(reported) if reported in tambons else 0,
            format_func=lambda code: words.place_name(desk, lang, code) if code else "–",
            key=f"w_reported{of}",
        )
        village = text("village_th", "village")
        cause = text("cause", "cause")
        crews = st.text_area(say(lang, "check.crews_lines"), given.get("crews", ""), height=90, key=f"w_crews{of}")
        note = st.text_area(say(lang, "check.note"), given.get("note", ""), height=70, key=f"w_note{of}")
        reason = st.text_input(say(lang, "check.reason"), "", key=f"w_reason{of}") if there else ""
        save = say(lang, "check.save_correction" if there else "check.save")
        sent = st.form_submit_button(save, type="primary", disabled=viewing)
    if sent:
        values = {"fire_id": fire, "result": result, "visited_at": visited, "put_out_at": put_out, "burned_rai": rai}
        values |= {"tambon_reported": tambon, "village_th": village, "cause": cause, "note": note}
        values |= {"crews": words.crews(crews)}
        _save(desk, lang, registry, values, point, fires, corrected, there, reason)


def _save(
    desk: Desk,
    lang: Lang,
    registry: Registry,
    values: dict[str, Any],
    point: str,
    fires: pd.DataFrame,
    corrected: str,
    there: Kept | None,
    reason: str,
) -> None:
    if there and not reason.strip():
        st.error(say(lang, "check.reason_needed"))
        return
    try:
        if there is None:
            document = words.check_document(desk, values, point, fires)
            registry.add("field_checks", document, author=author(desk))
        else:
            document = words.correction(desk, values, point, fires, there.document)
            registry.change(
                "field_checks", corrected, document, author=author(desk), based_on=there.version, reason=reason.strip()
            )
    except HazeError as error:
        notice.show([notice.of_error(lang, error)])
        return
    st.success(say(lang, "check.saved" if there is None else "check.saved_correction"))
    if document["tambon_reported"] and document["tambon"] and document["tambon_reported"] != document["tambon"]:
        told, polygon = (words.place_name(desk, lang, document[name]) for name in ("tambon_reported", "tambon"))
        st.warning(say(lang, "check.differs", reported=told, polygon=polygon))
