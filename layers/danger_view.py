"""The cached reads of the Danger and Origin pages, keyed by revision like those of `layers.view`. Never draws."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import streamlit as st

from data.bans import Bans
from data.errors import HazeError
from data.registry import open_registry
from layers import danger_page
from layers.view import View, revision_of
from layers.words import say, say_error
from models import danger_class, likelihood, likelihood_record
from models.burning import Under
from models.danger import daily_danger, indices
from models.danger_class import Classes
from models.desk import Desk
from models.likelihood import History
from models.likelihood_record import Chances
from models.origin import Origin, beneath, origin


@st.cache_data(max_entries=16, show_spinner=False)
def _danger(revision: str, day: dt.date, _desk: Desk) -> tuple[pd.DataFrame, Classes]:
    del revision
    return daily_danger(_desk, day, day)


def danger_of(desk: Desk, day: dt.date) -> tuple[pd.DataFrame, Classes]:
    """Return the danger of a day per tambon and how its classes were set; raise NotStored without any weather."""
    return _danger(revision_of(desk), day, desk)


@st.cache_data(max_entries=2, show_spinner=False)
def _class_record(revision: str, _desk: Desk) -> pd.DataFrame:
    del revision
    return danger_class.record(indices(_desk), _desk)


def class_record(desk: Desk) -> pd.DataFrame:
    """Return the record of the danger classes on unseen seasons (see `models.danger_class.record`)."""
    return _class_record(revision_of(desk), desk)


@st.cache_resource(max_entries=2, show_spinner=False)
def _history(revision: str, registry: str, _desk: Desk) -> History:
    del revision, registry  # bans are in the registry
    return likelihood.history(_desk)


@st.cache_data(max_entries=16, show_spinner=False)
def _chances(revision: str, registry: str, day: dt.date, _desk: Desk) -> tuple[Chances, pd.DataFrame, Bans]:
    past = _history(revision, registry, _desk)
    card = likelihood_record.record(_desk, past)
    return likelihood_record.chances(past, day, likelihood_record.served_by(card)), card, past.bans


def chances_of(desk: Desk, day: dt.date) -> tuple[Chances, pd.DataFrame, Bans]:
    """Return the chances of a day, the report card and the bans known; raise NotStored without any detection."""
    return _chances(revision_of(desk), open_registry(desk.settings).revision, day, desk)


def fill_of(desk: Desk, view: View) -> danger_page.Fill | None:
    """Return the fill of the map in the themes of danger and chance, None in the others."""
    lang = view.lang
    try:
        if view.theme == "danger":
            return danger_page.weather_fill(lang, view.day, *danger_of(desk, view.day))
        if view.theme == "chance":
            with st.spinner(say(lang, "chance.working")):
                made, card, _ = chances_of(desk, danger_page.tomorrow(view))
            return danger_page.chance_fill(lang, made, card)
    except HazeError as error:
        return danger_page.no_fill(lang, view.theme, desk, say_error(lang, error))
    return None


@st.cache_data(max_entries=8, show_spinner=False)
def _origin(revision: str, day: dt.date, amphoe: str, _desk: Desk) -> tuple[Origin, Under]:
    del revision
    return origin(_desk, day, "amphoe", (amphoe,)), beneath(_desk, day)


def origin_of(desk: Desk, day: dt.date, amphoe: str) -> tuple[Origin, Under]:
    """Return the origin of the smoke of a day over an amphoe, and the fires that the air may have passed."""
    return _origin(revision_of(desk), day, amphoe, desk)
