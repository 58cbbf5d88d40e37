"""The Today page and its panel, worked out once for all who look at the same.

Keyed by the revisions of data and registry and by the view. Never draws.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pandas as pd
import streamlit as st

from data.clock import day_bounds
from data.registry import open_registry
from layers import today
from layers.danger_page import Fill
from layers.danger_view import fill_of
from layers.fires_view import at_heat
from layers.view import View, known_sites, map_points, revision_of
from models.desk import Desk

#: How far the ages of detections on the map may lag behind.
_STEP = dt.timedelta(minutes=5)


@st.cache_data(max_entries=64, show_spinner=False)
def _page(
    revisions: tuple[str, str], moment: dt.datetime, asked: dict[str, str], points_url: str, left_out: int,
    _desk: Desk, _view: View, _sites: pd.DataFrame, _given: Fill | None,
) -> today.Today:  # fmt: skip
    del revisions, moment, asked  # they name the entry
    return today.build(_desk, _view, _sites, points_url, left_out, at_heat(_desk, _view), _given)


def page_of(desk: Desk, view: View) -> today.Today:
    """Return the page of a view (see `layers.today.build`), its ages as of now."""
    points_url, left_out = map_points(desk, view)
    # Whoever chose which tambon, the page around the choice is the same.
    everybody = replace(view, tambon="", measure="")
    end = min(day_bounds(view.day, view.day)[1], desk.now())
    moment = end - (end - dt.datetime.min.replace(tzinfo=dt.UTC)) % _STEP
    key = _revisions(desk), moment, everybody.query(), points_url, left_out
    found = _page(*key, desk, everybody, known_sites(desk), fill_of(desk, everybody))
    values = {**found.values, "chosen": view.tambon}
    return replace(found, values=values, freshness=today.freshness_html(desk, view.lang))


@st.cache_data(max_entries=256, show_spinner=False)
def _panel(
    revisions: tuple[str, str], asked: dict[str, str], _desk: Desk, _view: View, _sites: pd.DataFrame
) -> today.Panel:
    del revisions, asked
    return today.panel(_desk, _view, _sites)


def panel_of(desk: Desk, view: View) -> today.Panel:
    """Return the panel of the view's tambon (see `layers.today.panel`)."""
    return _panel(_revisions(desk), view.query(), desk, view, known_sites(desk))


def _revisions(desk: Desk) -> tuple[str, str]:
    return revision_of(desk), open_registry(desk.settings).revision
