"""The cached reads of what is told about the air, keyed by revision like those of `layers.view`. Never draws."""

from __future__ import annotations

import datetime as dt

import streamlit as st

from layers import air
from layers.view import View, revision_of
from layers.words import Lang
from models.desk import Desk


@st.cache_data(max_entries=64, show_spinner=False)
def _tambon(revision: str, lang: Lang, day: dt.date, tambon: str, _desk: Desk) -> air.TambonAir | None:
    del revision  # it names the entry
    return air.of_tambon(_desk, View(lang, day, tambon=tambon))


def tambon_air(desk: Desk, view: View) -> air.TambonAir | None:
    """Return the air of the view's tambon (see `layers.air.of_tambon`)."""
    return _tambon(revision_of(desk), view.lang, view.day, view.tambon, desk)


@st.cache_data(max_entries=16, show_spinner=False)
def _verdicts(revision: str, lang: Lang, day: dt.date, _desk: Desk) -> list[str]:
    del revision
    return air.verdicts(_desk, View(lang, day))


def verdicts(desk: Desk, view: View) -> list[str]:
    """Return what has no say in the estimates (see `layers.air.verdicts`)."""
    return _verdicts(revision_of(desk), view.lang, view.day, desk)


@st.cache_data(max_entries=4, show_spinner=False)
def _estimates(revision: str, lang: Lang, _desk: Desk) -> air.Estimates | None:
    del revision
    return air.estimates(_desk, lang)


def estimates(desk: Desk, view: View) -> air.Estimates | None:
    """Return how good the estimates are (see `layers.air.estimates`)."""
    return _estimates(revision_of(desk), view.lang, desk)
