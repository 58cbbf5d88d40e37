"""The cached reads of the Fires page, keyed by the revisions of data and registry. Never draws."""

from __future__ import annotations

import datetime as dt

import geopandas as gpd
import pandas as pd
import streamlit as st

from data.clock import day_bounds
from data.registry import open_registry
from layers.today import AtHeat
from layers.view import View, known_sites, revision_of
from models import fire_seasons, heat_of
from models.counts import SATELLITE_SETS
from models.desk import Desk
from models.events import OUT_DAYS
from models.fire_seasons import Season
from models.looks import looks
from models.round import Round, make_round

#: A fire not seen for longer is out; the page looks for fires in these days, the chosen one the last.
FIRE_DAYS = int(OUT_DAYS)


def _revisions(desk: Desk) -> tuple[str, str]:
    return revision_of(desk), open_registry(desk.settings).revision


def moment_of(desk: Desk, view: View) -> dt.datetime:
    """Return the end of the view's day, or now when it is not over."""
    return min(day_bounds(view.day, view.day)[1] - dt.timedelta(seconds=1), desk.now())


@st.cache_data(max_entries=32, show_spinner=False)
def _fires(revision: str, registry: str, day: dt.date, sats: str, _desk: Desk) -> tuple[gpd.GeoDataFrame, int]:
    del revision, registry  # they name the entry
    first = day - dt.timedelta(days=int(OUT_DAYS))
    satellites = SATELLITE_SETS[sats]
    table = fire_seasons.fires(_desk, first, day, satellites)
    return table, left_out_of(_desk, first, day, sats)


def fires_of(desk: Desk, view: View) -> tuple[gpd.GeoDataFrame, int]:
    """Return the fires seen in the days before the end of the view's day, and how many detections were left out."""
    return _fires(*_revisions(desk), view.day, view.sats, desk)


def days_unseen(desk: Desk, view: View) -> int:
    """Return on how many of the days in which fires are looked for no stored file reaches."""
    first = view.day - dt.timedelta(days=FIRE_DAYS - 1)
    return desk.days_not_stored(first, view.day, SATELLITE_SETS[view.sats])


def fire_of(desk: Desk, view: View, fire_id: str) -> Season:
    """Return the detections of one fire as of the view's day, under any name it has or once had."""
    year = fire_seasons.fire_year(view.day)
    return fire_seasons.part_of(desk, fire_id, year, moment_of(desk, view), SATELLITE_SETS[view.sats])


def name_now(desk: Desk, view: View, fires: pd.DataFrame) -> str:
    """Return under which name the fire of the view stands among some fires; "" when it is not there."""
    if not view.fire or view.fire in set(fires["fire_id"]):
        return view.fire
    names = set(fire_of(desk, view, view.fire).names()) & set(fires["fire_id"])
    return min(names, default="")


def checks_of(desk: Desk, view: View, part: Season) -> pd.DataFrame:
    """Return the field checks of a fire, under whatever name of it they were written down."""
    names = fire_seasons.names_of(desk, part, fire_seasons.fire_year(view.day), SATELLITE_SETS[view.sats])
    return open_registry(desk.settings).field_checks(fires=names)


@st.cache_data(max_entries=32, show_spinner=False)
def _round(revision: str, registry: str, at: dt.datetime, sats: str, _desk: Desk) -> Round:
    del revision, registry
    return make_round(_desk, at, SATELLITE_SETS[sats], known_sites(_desk))


def round_of(desk: Desk, view: View, at: dt.datetime) -> Round:
    """Return the round of a moment over the view's satellites."""
    return _round(*_revisions(desk), at, view.sats, desk)


@st.cache_data(max_entries=32, show_spinner=False)
def _passes(revision: str, first: dt.date, last: dt.date, hour: str, sats: str, _desk: Desk) -> pd.DataFrame:
    del revision, hour  # a pass that is not over becomes one that was missed
    return looks(_desk, first, last, SATELLITE_SETS[sats])


def passes_of(desk: Desk, view: View, days: int = 7) -> pd.DataFrame:
    """Return the passes expected in the days up to the view's day, and what came of them."""
    first = view.day - dt.timedelta(days=days - 1)
    return _passes(revision_of(desk), first, view.day, f"{desk.now():%Y-%m-%dT%H}", view.sats, desk)


@st.cache_data(max_entries=4, show_spinner=False)
def _heat(revision: str, registry: str, _desk: Desk) -> pd.DataFrame:
    del revision, registry
    return heat_of.heat(_desk)


@st.cache_data(max_entries=64, show_spinner=False)
def _left_out(revision: str, registry: str, first: dt.date, last: dt.date, sats: str, _desk: Desk) -> int:
    known = _heat(revision, registry, _desk)
    return int(heat_of.left_out(_desk, first, last, SATELLITE_SETS[sats], known=known).sum())


def left_out_of(desk: Desk, first: dt.date, last: dt.date, sats: str) -> int:
    """Return how many detections of a period lie at permanent heat; none where no detection is stored."""
    return _left_out(*_revisions(desk), first, last, sats, desk) if desk.seasons else 0


def at_heat(desk: Desk, view: View) -> AtHeat:
    """Return what tells how many of the view's detections of a period lie at permanent heat."""
    return lambda first, last: left_out_of(desk, first, last, view.sats)


def heat_in(desk: Desk) -> pd.DataFrame:
    """Return the permanent heat of the place."""
    return _heat(*_revisions(desk), desk)
