"""The cached reads of the Choose page, keyed by revision like those of `layers.view`. Never draws."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from data.registry import open_registry
from data.registry.tables import PLANNED
from layers.choose import Choice
from layers.effect_view import done_sites
from layers.view import View, known_sites, revision_of
from models.budget import Plan, best_plan, highest_first, next_baht, rule_prices
from models.choice import Known, features, known, marked
from models.counts import SATELLITE_SETS
from models.desk import Desk
from models.evaluation import measured_kinds
from models.measures import options_of, prices, read_measures, with_measured
from models.plan import criteria
from models.priority import Ranking, rank
from models.proposal import saved_plans


@dataclass(frozen=True)
class MadePlan:
    """A best plan and what stands beside it: the plan of habit, what rules cost, and what 100,000 baht more buy."""

    plan: Plan
    habit: Plan
    prices: pd.DataFrame
    richer: Plan
    more: pd.DataFrame


@st.cache_data(max_entries=4, show_spinner=False)
def _known(revision: str, registry: str, sats: str, _desk: Desk) -> Known:
    del revision, registry  # they name the entry
    done = known_sites(_desk)
    marks = marked(criteria(open_registry(_desk.settings), _desk.tambons["tambon"]))
    return known(_desk, SATELLITE_SETS[sats], done[~done["state"].isin(PLANNED)], marks)


def known_for_choosing(desk: Desk, view: View) -> Known:
    """Return what is known for choosing among the tambons, over the view's satellites."""
    return _known(*_revisions(desk), view.sats, desk)


def _revisions(desk: Desk) -> tuple[str, str]:
    """Return the names of the data and of the registry behind a desk."""
    return revision_of(desk), open_registry(desk.settings).revision


@st.cache_data(max_entries=32, show_spinner=False)
def _ranking(revision: str, registry: str, sats: str, weights: tuple[tuple[str, float], ...], _desk: Desk) -> Ranking:
    return rank(_known(revision, registry, sats, _desk).criteria, dict(weights))


def ranking(desk: Desk, view: View, weights: Mapping[str, float]) -> Ranking:
    """Return the ranking under some weights."""
    return _ranking(*_revisions(desk), view.sats, tuple(sorted(weights.items())), desk)


@st.cache_data(max_entries=8, show_spinner=False)
def _measures(revision: str, registry: str, sats: str, _desk: Desk) -> pd.DataFrame:
    del revision, registry
    table = read_measures()
    return with_measured(table, measured_kinds(_desk, done_sites(_desk), table["measure"], sats))


def measures(desk: Desk, view: View) -> pd.DataFrame:
    """Return the shipped measures, their effects as measured where there is a verdict and as assumed elsewhere."""
    return _measures(*_revisions(desk), view.sats, desk)


def _amphoe(desk: Desk) -> dict[str, str]:
    return dict(zip(desk.tambons["tambon"], desk.tambons["amphoe"], strict=True))


def measure_prices(desk: Desk, view: View) -> pd.DataFrame:
    """Return what a hotspot avoided costs by amphoe and measure (see `models.measures.prices`)."""
    burden = known_for_choosing(desk, view).burden.per_season
    return prices(measures(desk, view), burden.to_dict(), _amphoe(desk))


@st.cache_data(max_entries=16, show_spinner=False)
def _plan(revision: str, registry: str, sats: str, choice: Choice, _desk: Desk) -> MadePlan:
    burden = _known(revision, registry, sats, _desk).burden.per_season.to_dict()
    table = _measures(revision, registry, sats, _desk)
    options, rules = options_of(table, burden, _amphoe(_desk)), choice.rules(table)
    richer, more = next_baht(options, rules)
    return MadePlan(
        best_plan(options, rules), highest_first(options, rules, burden), rule_prices(options, rules), richer, more
    )


def chosen_plan(desk: Desk, view: View, choice: Choice) -> MadePlan:
    """Return the best plan of a choice, found once for each revision."""
    return _plan(*_revisions(desk), view.sats, choice, desk)


@st.cache_data(max_entries=8, show_spinner=False)
def _saved(revision: str, registry: str, _desk: Desk) -> dict[str, pd.DataFrame]:
    del revision, registry
    return saved_plans(open_registry(_desk.settings), _desk.tambons)


def saved(desk: Desk) -> dict[str, pd.DataFrame]:
    """Return the plans kept in the registry, by name."""
    return _saved(*_revisions(desk), desk)


@st.cache_data(max_entries=4, show_spinner=False)
def _features(revision: str, sats: str, everywhere: bool, _desk: Desk) -> pd.DataFrame:
    del revision
    return features(_desk, SATELLITE_SETS[sats], everywhere=everywhere)


def alike_by(desk: Desk, view: View, *, everywhere: bool) -> pd.DataFrame:
    """Return what tambons are compared by (see `models.choice.features`)."""
    return _features(revision_of(desk), view.sats, everywhere, desk)
