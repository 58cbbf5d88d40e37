"""The Effect page laid out: the verdict in large words, its picture, the checks, who was compared, what is missing."""

from __future__ import annotations

import html

import streamlit as st

from layers import effect as effect_view
from layers import effect_charts, palette
from layers.effect_view import by_satellites, done_sites, measured
from layers.effect_words import say_cost, say_matched
from layers.export import csv_bytes
from layers.map_view import show_map
from layers.screen import at, keep, note_choice, opened, show_figures
from layers.season import comparable
from layers.table import show_table
from layers.view import View, map_page
from layers.words import Lang, say
from models.cost import SUMMED, cost
from models.desk import Desk
from models.effect import Effect
from models.evaluation import known_traits
from models.outcomes import AIR, FIXED_SETS, OUTCOMES, coverage, seasons
from models.treatment import Treatment


def page() -> None:
    """Lay out the page."""
    desk, view = opened()
    lang, view = view.lang, comparable(view)
    st.subheader(say(lang, "effect.title"))
    measure, outcome = _choices(desk, view)
    treatment, found = measured(desk, measure, outcome, view.sats)
    notes = [say(lang, "effect.border")] if outcome in AIR else []
    made = effect_view.build(desk, lang, treatment, found, notes)
    st.html(
        f'<div role="status" style="border-left:10px solid {made.colour};background:#fff;padding:10px 16px">'
        f"<div>{html.escape(say(lang, f'effect.outcomes.{outcome}'))}</div>"
        f'<div style="font-size:2.1rem;font-weight:700;line-height:1.2">{html.escape(made.verdict)}</div>'
        + "".join(f'<div style="font-size:1.05rem">{html.escape(text)}</div>' for text in made.why)
        + "</div>"
    )
    show_figures(made.figures)
    for note in made.notes:
        st.caption(f"⚠ {note}")
    if found.estimates["effect"].notna().any():
        _pictures(lang, found, made)
    else:
        st.info(say(lang, "effect.nothing"))
    if treatment.acting and outcome in SUMMED:
        _cost(lang, treatment, found, outcome)
    _compared(desk, lang, made)
    _stored(desk, view, lang, measure, outcome)
    st.download_button(
        say(lang, "effect.export"),
        csv_bytes(found.estimates.assign(served=found.verdict.code, why="; ".join(made.why))),
        f"effect_{measure.replace(':', '_')}_{outcome}_{view.sats}.csv",
        "text/csv",
        on_click="ignore",
    )
    st.caption(say(lang, "effect.rule"))


def _choices(desk: Desk, view: View) -> tuple[str, str]:
    lang = view.lang
    options = effect_view.measures(lang, done_sites(desk))
    chosen = view.measure if view.measure in options else next(iter(options))
    left, middle, right = st.columns([3, 2, 2])
    with left:
        st.selectbox(
            say(lang, "effect.measure"),
            list(options),
            key=at("w_measure", chosen),
            format_func=lambda code: options[code],
            on_change=note_choice,
            args=("measure", "w_measure"),
        )
    with middle:
        outcome = st.selectbox(
            say(lang, "effect.outcome"),
            list(OUTCOMES),
            key="w_outcome",
            format_func=lambda name: say(lang, f"effect.outcomes.{name}"),
        )
    with right:
        st.selectbox(
            say(lang, "today.satellites"),
            FIXED_SETS,
            key=at("w_effect_sats", view.sats),
            format_func=lambda name: say(lang, f"satellites.{name}"),
            on_change=note_choice,
            args=("sats", "w_effect_sats"),
        )
    return chosen, str(outcome)


def _pictures(lang: Lang, found: Effect, made: effect_view.Page) -> None:
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown(f"**{say(lang, 'effect.intervals')}**")
        st.altair_chart(
            effect_charts.intervals(lang, found.estimates),
            width="stretch",
            theme=None,
            alt=say(lang, "effect.intervals"),
        )
        st.caption(say(lang, "effect.intervals_note"))
    with right:
        st.markdown(f"**{say(lang, 'effect.event')}**")
        st.altair_chart(
            effect_charts.event_study(lang, found.event), width="stretch", theme=None, alt=say(lang, "effect.event")
        )
        st.caption(say(lang, "effect.event_note"))
    show_table(made.methods)
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown(f"**{say(lang, 'effect.paths')}**")
        st.altair_chart(
            effect_charts.paths(lang, found.path), width="stretch", theme=None, alt=say(lang, "effect.paths")
        )
    with right:
        st.markdown(f"**{say(lang, 'effect.checks')}**")
        st.markdown("\n".join(f"- {text}" for text in made.checks))


def _cost(lang: Lang, treatment: Treatment, found: Effect, outcome: str) -> None:
    """Say what one less has cost, by the budgets of the sites or by what the planner knows to have been spent."""
    st.markdown(f"**{say(lang, 'cost.title')}**")
    left, right = st.columns([1, 3], vertical_alignment="bottom")
    baht = left.number_input(
        say(lang, "cost.baht"), 0.0, 1e12, None, 100_000.0, format="%.0f", key="w_cost_baht", placeholder="–"
    )
    right.write(say_cost(lang, cost(treatment, found, baht), outcome))


def _compared(desk: Desk, lang: Lang, made: effect_view.Page) -> None:
    st.markdown(f"**{say(lang, 'effect.who')}**")
    if made.roles.empty:
        st.caption(say(lang, "effect.nobody"))
        return
    st.caption(say_matched(lang, known_traits(desk)))
    left, right = st.columns([3, 2], gap="medium")
    with left:
        clicked = show_map("effect_map", map_page(desk), made.values, title=say(lang, "effect.map"), height=420)
        if clicked is not None:
            keep(tambon=clicked)
        st.html(palette.legend_html(made.legend))
    with right:
        show_table(made.roles, height=420)


def _stored(desk: Desk, view: View, lang: Lang, measure: str, outcome: str) -> None:
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown(f"**{say(lang, 'effect.missing')}**")
        table = effect_view.coverage_table(lang, coverage(desk, seasons(desk.seasons), view.sats))
        if len(table):
            show_table(table)
        st.caption(say(lang, "effect.whole_note"))
    with right:
        st.markdown(f"**{say(lang, 'effect.sets')}**")
        table = effect_view.sensitivity_table(lang, by_satellites(desk, measure, outcome))
        show_table(table)
