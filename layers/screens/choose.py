"""The Choose page laid out: weights and ranking, budget and plan, what rules and measures cost."""

from __future__ import annotations

import streamlit as st

from data.registry import open_registry
from layers import choose
from layers.choose import Choice
from layers.choose_view import chosen_plan, known_for_choosing, measure_prices, measures, ranking, saved
from layers.export import csv_bytes
from layers.screen import opened
from layers.screens import alike, two_plans
from layers.season import comparable
from layers.signed import author
from layers.table import show_table
from layers.today import plain
from layers.view import View
from layers.words import say
from models.budget import Plan, difference
from models.criteria import CRITERIA
from models.desk import Desk
from models.priority import Ranking, moved
from models.proposal import proposals


def page() -> None:
    """Lay out the page."""
    desk, view = opened()
    view = comparable(view)
    st.subheader(say(view.lang, "choose.title"))
    places = _ranking(desk, view)
    _budget(desk, view, places)
    st.markdown(f"#### {say(view.lang, 'choose.prices')}")
    st.caption(say(view.lang, "choose.assumed"))
    table = choose.measure_prices(desk, view.lang, measure_prices(desk, view), measures(desk, view))
    show_table(table, height=360)
    alike.show(desk, view, min(places, key=lambda code: places[code], default=str(desk.tambons["tambon"].iloc[0])))


def _ranking(desk: Desk, view: View) -> dict[str, int]:
    """Show the ranking; return the place of each tambon, nothing where no criterion weighs anything."""
    lang = view.lang
    told = known_for_choosing(desk, view)
    usable = [name for name in CRITERIA if told.criteria[name].nunique() > 1]
    st.markdown(f"#### {say(lang, 'choose.ranking')}")
    left, right = st.columns([1, 3], gap="medium")
    with left:
        st.caption(say(lang, "choose.weights_note"))
        weights = {
            name: st.slider(say(lang, f"criterion.{name}"), 0.0, 5.0, 1.0, 0.5, key=f"w_weight_{name}")
            for name in usable
        }
    with right:
        if not any(weights.values()):
            st.info(say(lang, "choose.weights_note"))
            return {}
        even = dict.fromkeys(CRITERIA, 1.0)
        found = ranking(desk, view, even | weights)
        table = choose.ranking(desk, lang, found)
        show_table(table, height=420)
        for note in choose.ranking_notes(lang, found, told.burden.days, view.satellites):
            st.caption(note)
        st.download_button(
            say(lang, "choose.export_ranking"), csv_bytes(table), "ranking.csv", "text/csv", on_click="ignore"
        )
        if len(set(weights.values())) > 1:
            _moves(desk, view, ranking(desk, view, even), found)
    return dict(zip(found.rows["tambon"], found.rows["place"], strict=True))


def _moves(desk: Desk, view: View, even: Ranking, found: Ranking) -> None:
    """Show what the planner's weights changed against weights that are all the same, and why."""
    lang = view.lang
    st.markdown(f"**{say(lang, 'choose.moved')}**")
    table = choose.moves(desk, lang, moved(even, found))
    if table.empty:
        st.caption(say(lang, "choose.moved_none"))
    else:
        show_table(table)


def _budget(desk: Desk, view: View, places: dict[str, int]) -> None:
    lang = view.lang
    st.markdown(f"#### {say(lang, 'choose.budget')}")
    with st.form("budget"):
        first, second, third, fourth = st.columns(4)
        chosen = Choice(
            baht=first.number_input(say(lang, "choose.baht_limit"), 0.0, 1e9, 3_000_000.0, 100_000.0, format="%.0f"),
            most_per_tambon=second.number_input(say(lang, "choose.most"), 1, 6, 2),
            least_per_amphoe=third.number_input(say(lang, "choose.least"), 0, 20, 1),
            crew_days=fourth.number_input(say(lang, "choose.crew"), 0.0, 1e6, 0.0, 100.0, format="%.0f"),
            robust=st.checkbox(say(lang, "choose.robust")),
        )
        if st.form_submit_button(say(lang, "choose.solve"), type="primary"):
            st.session_state["choice"] = chosen
    choice = st.session_state.get("choice")
    if choice is None:
        two_plans.show(desk, lang, saved(desk), measures(desk, view))
        return
    with st.spinner(say(lang, "choose.working")):
        made = chosen_plan(desk, view, choice)
    known = measures(desk, view)
    st.success(choose.total(lang, made.plan))
    st.caption(
        say(
            lang,
            "choose.habit",
            habit=choose.number(made.habit.benefit),
            times=f"{made.plan.benefit / made.habit.benefit:.2f}" if made.habit.benefit else "–",
        )
    )
    table = choose.plan(desk, lang, made.plan, known, places)
    money = st.column_config.NumberColumn(format="localized")
    show_table(table, height=360, columns={say(lang, "choose.baht"): money})
    st.download_button(say(lang, "choose.export_plan"), csv_bytes(table), "plan.csv", "text/csv", on_click="ignore")
    _save(desk, view, made.plan)
    found = made.plan.chosen.assign(satellites=", ".join(view.satellites))
    two_plans.show(desk, lang, {say(lang, "plans.now"): found, **saved(desk)}, known)
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown(f"**{say(lang, 'choose.rules')}**")
        show_table(choose.rule_prices(lang, made.prices))
    with right:
        st.markdown(f"**{say(lang, 'choose.next')}**")
        more = {
            name: choose.number(getattr(made.richer, field) - getattr(made.plan, field))
            for name, field in (("more", "benefit"), ("low", "benefit_low"), ("high", "benefit_high"))
        }
        st.caption(say(lang, "choose.next_line", **more))
        show_table(choose.changes(desk, lang, made.more, known))


def _save(desk: Desk, view: View, plan: Plan) -> None:
    """Let a planner put the plan into the registry as proposed sites; others see no control and are refused."""
    lang, who = view.lang, author(desk)
    registry = open_registry(desk.settings)
    if not (who.plans and registry.writable):
        return
    with st.form("save_plan", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input(say(lang, "choose.plan_name"), max_chars=80, key="w_plan_name").strip()
        if st.form_submit_button(say(lang, "choose.save")) and name:
            there = saved(desk).get(name)
            if there is not None and not difference(there, plan.chosen).empty:
                st.error(say(lang, "plans.taken", name=plain(name)))
                return
            records = proposals(plan, measures(desk, view), desk.tambons, name, view.satellites)
            registry.add_all("sites", records, author=who, reason=f"plan {name}")
            st.success(say(lang, "choose.saved", count=len(plan.chosen), name=plain(name)))
