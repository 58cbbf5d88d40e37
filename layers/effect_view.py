"""The cached reads of the Effect and Compare pages, keyed by revision like those of `layers.view`. Never draws."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from data.registry import open_registry
from data.registry.tables import PLANNED
from layers.view import known_sites, revision_of
from models.comparison import compare
from models.desk import Desk
from models.effect import Effect
from models.evaluation import evaluate, sensitivity
from models.treatment import NOT_ACTING, Treatment, treatment


def done_sites(desk: Desk) -> pd.DataFrame:
    """Return the sites where something was done: those only planned have changed nothing."""
    known = known_sites(desk)
    return known[~known["state"].isin(PLANNED)]


@st.cache_data(max_entries=64, show_spinner=False)
def _measured(
    revision: str, registry: str, measure: str, outcome: str, sats: str, _desk: Desk
) -> tuple[Treatment, Effect]:
    del revision, registry  # they name the entry
    chosen = chosen_treatment(_desk, measure)
    return chosen, evaluate(_desk, chosen, outcome=outcome, satellites=sats)


def measured(desk: Desk, measure: str, outcome: str, sats: str) -> tuple[Treatment, Effect]:
    """Return a treatment and what it changed.

    Parameters
    ----------
    measure : str
        ``issue:…``, ``type:…`` or ``site:…``.
    outcome, sats : str
        As for `models.evaluation.evaluate`.
    """
    return _measured(revision_of(desk), open_registry(desk.settings).revision, measure, outcome, sats, desk)


def chosen_treatment(desk: Desk, measure: str) -> Treatment:
    """Return the treatment that a choice on the page stands for."""
    scope, _, name = measure.partition(":")
    asked = {"issue": {"issue": name}, "type": {"kind": name}, "site": {"site": name}}[scope]
    return treatment(done_sites(desk), **asked)


@st.cache_data(max_entries=32, show_spinner=False)
def _sets(revision: str, registry: str, measure: str, outcome: str, _desk: Desk) -> pd.DataFrame:
    del revision, registry
    return sensitivity(_desk, chosen_treatment(_desk, measure), outcome=outcome)


def by_satellites(desk: Desk, measure: str, outcome: str) -> pd.DataFrame:
    """Return the served estimate over each fixed set of satellites (see `models.evaluation.sensitivity`)."""
    return _sets(revision_of(desk), open_registry(desk.settings).revision, measure, outcome, desk)


@st.cache_data(max_entries=64, show_spinner=False)
def _compared(
    revision: str, outcome: str, sats: str, until: dt.date, codes: tuple[str, ...], _desk: Desk
) -> pd.DataFrame:
    del revision
    return compare(_desk, outcome, sats, until, codes)


def compared(desk: Desk, outcome: str, sats: str, until: dt.date, codes: Sequence[str]) -> pd.DataFrame:
    """Return amphoes side by side (see `models.comparison.compare`)."""
    return _compared(revision_of(desk), outcome, sats, until, tuple(codes), desk)


def acting_kinds(desk: Desk) -> list[str]:
    """Return the kinds of haze sites that act on fire and of which some tambon is known, most sites first."""
    sites = done_sites(desk)
    mine = sites[(sites["issue"] == "haze") & ~sites["kind"].isin(NOT_ACTING)]
    known = set(mine.loc[mine["tambon"].notna(), "kind"])
    return [str(kind) for kind in mine["kind"].value_counts().index if kind in known]
