"""Two plans side by side, laid out for the Choose page: the plan just found and those kept in the registry."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from layers import two_plans
from layers.export import csv_bytes
from layers.table import show_table
from layers.words import Lang, say
from models.budget import difference
from models.desk import Desk


def show(desk: Desk, lang: Lang, plans: dict[str, pd.DataFrame], measures: pd.DataFrame) -> None:
    """Show any two of some plans side by side.

    Parameters
    ----------
    plans : dict of str to DataFrame
        By name, the one just found first.
    measures : DataFrame
    """
    st.markdown(f"#### {say(lang, 'plans.title')}")
    if len(plans) < 2:
        st.caption(say(lang, "plans.too_few"))
        return
    left, right = st.columns(2, gap="medium")
    names = list(plans)
    one = left.selectbox(say(lang, "plans.first"), names, index=len(names) - 1, key="w_plan_one")
    other = right.selectbox(say(lang, "plans.second"), names, index=0, key="w_plan_two")
    if one == other:
        st.caption(say(lang, "plans.same"))
        return
    counted = {name: sorted(set(plans[name]["satellites"])) for name in (one, other)}
    if counted[one] != counted[other]:
        st.warning(say(lang, "plans.satellites"))
    show_table(two_plans.sums(lang, {name: plans[name] for name in (one, other)}, measures))
    differing = difference(plans[one], plans[other])
    table = two_plans.differences(desk, lang, differing, measures, (one, other))
    if table.empty:
        st.caption(say(lang, "plans.alike"))
        return
    show_table(table)
    st.download_button(say(lang, "plans.export"), csv_bytes(table), "plans_compared.csv", "text/csv", on_click="ignore")
