"""The reads of the Plan page, kept as long as neither the registry nor the data change."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from data.registry import Registry, open_registry
from layers.season import comparable
from layers.view import View, revision_of
from models import plan, plan_signal
from models.desk import Desk


@st.cache_data(max_entries=8, show_spinner=False)
def _programme(database: str, revision: str, place: str, _registry: Registry, _desk: Desk) -> plan.Programme:
    del database, revision, place
    return plan.programme(_registry, _desk)


def programme(desk: Desk) -> plan.Programme:
    """Return what the registry holds about the place."""
    registry = open_registry(desk.settings)
    return _programme(str(registry.engine.url), registry_key(desk, registry), desk.place.key, registry, desk)


def registry_key(desk: Desk, registry: Registry) -> str:
    """Return the name of the registry's content at this desk."""
    return f"{desk.settings.store}-{registry.revision}"


@st.cache_data(max_entries=8, show_spinner=False)
def _signal(
    revision: str, satellites: tuple[str, ...], year: int, acted: tuple[str, ...], smoke: bool, _desk: Desk
) -> pd.DataFrame:
    del revision
    return plan_signal.signal(_desk, satellites, year, acted, smoke=smoke)


def signal(desk: Desk, satellites: tuple[str, ...], year: int, acted: tuple[str, ...]) -> pd.DataFrame:
    """Return what was seen in each tambon; see `models.plan_signal.signal`."""
    return _signal(revision_of(desk), satellites, year, acted, True, desk)


def gap_of(desk: Desk, view: View) -> str:
    """Return the gap of the chosen tambon in the season of the view's day; see `models.plan_signal.gaps`."""
    acted = plan.acted(programme(desk))
    satellites = comparable(view).satellites
    seen = _signal(revision_of(desk), satellites, view.day.year, tuple(acted.index), False, desk)
    found = plan_signal.gaps(seen, acted).set_index("tambon")["gap"]
    return str(found[view.tambon])
