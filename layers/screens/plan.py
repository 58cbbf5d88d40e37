"""The Plan page laid out: the plan by issue, area and milestone, the signal beside it, one tambon with its criteria."""

from __future__ import annotations

import streamlit as st

from data.accounts import Author
from data.errors import HazeError
from data.registry import Registry, open_registry
from data.registry.tables import CRITERIA, MARKS
from layers import plan
from layers.plan_view import programme, signal
from layers.screen import opened, show_figures
from layers.season import comparable
from layers.signed import author
from layers.sites import where
from layers.table import show_table
from layers.today import Figure
from layers.view import View
from layers.words import Lang, say, say_error, say_year
from models import plan as models_plan
from models import plan_signal
from models.desk import Desk


def page() -> None:
    """Lay out the page."""
    desk, view = opened()
    view = comparable(view)
    lang, known = view.lang, programme(desk)
    st.subheader(say(lang, "plan.title", place=getattr(desk.place, f"name_{lang}")))
    st.caption(say(lang, "plan.note"))
    show_figures(_figures(lang, known, desk))
    by = st.segmented_control(
        say(lang, "plan.by"), plan.LAYOUTS, default="issue", key="w_plan_by",
        format_func=lambda one: say(lang, f"plan.{one}"),
    ) or "issue"  # fmt: skip
    table = models_plan.named(models_plan.display(known, by, desk.tambons), by, known, desk.tambons)
    show_table(plan.display(lang, table, by), height=min(560, 38 + 35 * len(table)))
    st.caption(say(lang, "plan.rule"))
    _signal(desk, view, known)
    _tambon(desk, view, known)


def _figures(lang: Lang, known: models_plan.Programme, desk: Desk) -> list[Figure]:
    whole = models_plan.display(known, "province", desk.tambons)
    total = {
        column: int(whole[column].sum()) for column in ("activities", "partners", "research", "targets", "inferred")
    }
    baht = whole["budget_thb"].sum(min_count=1)
    money = say(lang, "plan.budget_unknown") if baht != baht else f"{baht:,.0f}"
    detail = say(lang, "plan.budget_detail", known=int(whole["budget_known"].sum()), all=total["activities"])
    return [
        *(
            Figure(say(lang, f"plan.{one}"), f"{total[one]:,}")
            for one in ("activities", "partners", "research", "targets")
        ),
        Figure(say(lang, "plan.budget"), money, detail),
        Figure(say(lang, "plan.inferred"), f"{total['inferred']:,}", say(lang, "plan.inferred_detail")),
    ]


def _signal(desk: Desk, view: View, known: models_plan.Programme) -> None:
    lang = view.lang
    acted = models_plan.acted(known)
    seen = signal(desk, view.satellites, view.day.year, tuple(acted.index))
    found = plan_signal.gaps(seen, acted)
    st.markdown(f"#### {say(lang, 'plan.signal')}")
    if seen["hotspots"].isna().all():
        # Without detections nothing is known of the burden: two empty lists would say that there is no gap.
        st.info(say(lang, "plan.no_signal", year=say_year(lang, view.day.year)))
        return
    seen_by = ", ".join(say(lang, f"satellite.{one}") for one in view.satellites)
    st.caption(say(lang, "plan.signal_note", satellites=seen_by, days=int(seen["days_stored"].max())))
    left, right = st.columns(2, gap="medium")
    for column, gap in ((left, "burdened_nothing_done"), (right, "done_no_burden")):
        rows = plan.gaps(lang, desk, found, seen, gap)
        with column:
            st.markdown(f"**{say(lang, f'gap.{gap}')}** ({len(rows)})")
            if len(rows):
                show_table(rows, height=min(320, 38 + 35 * len(rows)))
            st.caption(say(lang, f"gap.{gap}_note"))
    with st.expander(say(lang, "plan.all_tambons")):
        show_table(plan.signal(lang, desk, seen, found), height=420)


def _tambon(desk: Desk, view: View, known: models_plan.Programme) -> None:
    lang, registry, who = view.lang, open_registry(desk.settings), author(desk)
    areas = {code: words for code, words in where(desk, lang).items() if len(code) == 6}
    st.markdown(f"#### {say(lang, 'choosing.title')}")
    st.caption(say(lang, "choosing.note"))
    codes = list(areas)
    at = codes.index(view.tambon) if view.tambon in areas else 0
    tambon = st.selectbox(
        say(lang, "column.tambon"), codes, at, key="w_plan_tambon", format_func=lambda code: areas[code]
    )
    if tambon is None:
        return
    marks = models_plan.sheet(registry, tambon)
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown(f"**{say(lang, 'link.heading')}**")
        st.table(plan.links(lang, known, tambon))
    with right:
        st.markdown(f"**{say(lang, 'choosing.marks')}**")
        st.table(plan.sheet(lang, marks))
        page_html = plan.sheet_html(lang, desk, tambon, marks, known)
        st.download_button(
            say(lang, "choosing.print"), page_html, f"criteria_{tambon}.html", "text/html", on_click="ignore",
            key="w_print",
        )  # fmt: skip
        if who.plans and registry.writable:
            _mark(lang, registry, who, tambon, {row["criterion"]: row for row in marks.to_dict("records")})
    with st.expander(say(lang, "choosing.all")):
        show_table(plan.criteria(lang, desk, models_plan.criteria(registry, codes)), height=420)


def _mark(lang: Lang, registry: Registry, who: Author, tambon: str, marks: dict[str, dict]) -> None:
    with st.form(f"mark_{tambon}", clear_on_submit=True):
        criterion = st.selectbox(
            say(lang, "choosing.criterion"), CRITERIA, key="w_criterion",
            format_func=lambda one: say(lang, f"choosing.{one}"),
        )  # fmt: skip
        mark = st.selectbox(
            say(lang, "choosing.mark"), MARKS, key="w_mark", format_func=lambda one: plan.mark_words(lang, one)
        )
        evidence = st.text_area(say(lang, "choosing.evidence"), key="w_evidence", max_chars=2000)
        source = st.text_input(say(lang, "choosing.source"), key="w_source", max_chars=500)
        sent = st.form_submit_button(say(lang, "sites.save"), type="primary")
    if not sent:
        return
    values = {"tambon": tambon, "criterion": criterion, "mark": mark, "evidence": evidence, "source_url": source}
    before = marks[criterion]
    try:
        if before["record"]:
            registry.change("criteria", before["record"], values, author=who, based_on=int(before["version"]))
        else:
            registry.add("criteria", values, author=who, record=f"{tambon}-{criterion}")
    except HazeError as error:
        st.error(say_error(lang, error))
        return
    st.rerun()
