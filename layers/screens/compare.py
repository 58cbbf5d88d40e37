"""The Compare page laid out: districts side by side on chosen outcomes, and kinds of measures with their verdicts."""

from __future__ import annotations

import streamlit as st

from data.errors import NotStored
from layers import compare
from layers.effect_view import acting_kinds, compared, measured
from layers.export import csv_bytes
from layers.screen import controls, opened
from layers.season import comparable
from layers.table import show_table
from layers.view import View
from layers.words import say, say_day
from models.desk import Desk
from models.outcomes import AIR, FIXED_SETS, OUTCOMES

#: Districts and outcomes shown at first.
_FIRST_AMPHOES, _FIRST_OUTCOMES = 4, ["hotspots"]


def page() -> None:
    """Lay out the page."""
    desk, view = opened()
    view = comparable(view)
    st.subheader(say(view.lang, "compare.title"))
    if not desk.seasons:
        raise NotStored("no detections are stored", key="no_hotspots", hint="import a hotspot file first")
    controls(view, FIXED_SETS, with_map=False)
    _districts(desk, view)
    _measures(desk, view)


def _districts(desk: Desk, view: View) -> None:
    lang, until = view.lang, compare.until(view.day)
    names = desk.tambons.drop_duplicates("amphoe").set_index("amphoe")[f"amphoe_{lang}"]
    left, right = st.columns(2, gap="medium")
    codes = left.multiselect(
        say(lang, "compare.districts"),
        list(names.index),
        default=list(names.index)[:_FIRST_AMPHOES],
        format_func=lambda code: str(names[code]),
        key="w_compare_amphoes",
        placeholder=say(lang, "compare.choose"),
    )
    chosen = right.multiselect(
        say(lang, "effect.outcome"),
        list(OUTCOMES),
        default=_FIRST_OUTCOMES,
        format_func=lambda name: say(lang, f"effect.outcomes.{name}"),
        key="w_compare_outcomes",
        placeholder=say(lang, "compare.choose"),
    )
    st.caption(say(lang, "compare.rule", day=say_day(lang, until), satellites=say(lang, f"satellites.{view.sats}")))
    for outcome in chosen if codes else []:
        name = say(lang, f"effect.outcomes.{outcome}")
        found = compared(desk, outcome, view.sats, until, codes)
        st.markdown(f"#### {name}")
        if outcome in AIR:
            st.caption(say(lang, "compare.border"))
        if found[["now", "last_year"]].notna().any(axis=None):
            st.altair_chart(compare.chart(desk, lang, found, until.year, name), width="stretch", theme=None, alt=name)
        else:
            st.info(say(lang, "compare.nothing_known"))
        show_table(compare.districts(desk, lang, found, until.year))
        st.download_button(
            say(lang, "compare.export"),
            csv_bytes(found.assign(outcome=outcome, until=until.isoformat(), satellites=view.sats)),
            f"compare_{outcome}_{until}.csv",
            "text/csv",
            on_click="ignore",
            key=f"w_compare_export_{outcome}",
        )


def _measures(desk: Desk, view: View) -> None:
    lang = view.lang
    st.markdown(f"#### {say(lang, 'compare.measures')}")
    st.caption(say(lang, "compare.measures_note"))
    if not st.toggle(say(lang, "compare.measure_all"), key="w_compare_measures"):
        return
    with st.spinner(say(lang, "compare.working")):
        found = [measured(desk, f"type:{kind}", "hotspots", view.sats) for kind in acting_kinds(desk)]
    table = compare.measures(lang, found)
    show_table(table)
    st.download_button(
        say(lang, "compare.export"), csv_bytes(table), "compare_measures.csv", "text/csv", on_click="ignore"
    )
