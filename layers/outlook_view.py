"""The cached reads of the Outlook page, keyed by revision like those of `layers.view`. Never draws."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import streamlit as st

from data.clock import day_bounds, thai_day
from data.errors import TooLittleData
from layers.view import View, revision_of
from models import area_air, forecast
from models import outlook as model
from models.desk import Desk
from models.outlook import Outlook

#: Days of the record beside the outlook, and of the past before the fan.
_RECORD_DAYS, _PAST_DAYS = 150, 14


@st.cache_data(max_entries=8, show_spinner=False)
def _outlook(revision: str, moment: dt.datetime, _desk: Desk) -> Outlook:
    del revision  # it names the entry
    return model.outlook(_desk, moment)


def current(desk: Desk, view: View) -> Outlook:
    """Return the outlook made when the view's day had ended, or now where it has not.

    Where the stations fell silent before, that of the last day they told something; the page says so.
    """
    # To the day: an outlook looks at ended days only, so every moment of a day gives the same one.
    ended = min(thai_day(desk.now()), view.day + dt.timedelta(days=1))
    try:
        return _outlook(revision_of(desk), day_bounds(ended, ended)[0], desk)
    except TooLittleData as error:
        newest = str(error.context.get("newest", "-"))
        if error.key != "forecast_too_old" or newest == "-":
            raise
        ended = dt.date.fromisoformat(newest) + dt.timedelta(days=1)
        return _outlook(revision_of(desk), day_bounds(ended, ended)[0], desk)


@st.cache_data(max_entries=8, show_spinner=False)
def _record(revision: str, last: dt.date, _desk: Desk) -> tuple[pd.DataFrame, dt.date, dt.date] | None:
    del revision
    codes = list(_desk.stations["station_id"])
    first = last - dt.timedelta(days=_RECORD_DAYS - 1)
    try:
        pairs, taught = forecast.verify(_desk, first, last, codes=codes, seasons="before")
    except TooLittleData:
        return None
    days = pairs["valid_at"]
    return (
        forecast.card(pairs, taught),
        thai_day(days.min().to_pydatetime()),
        thai_day(days.max().to_pydatetime()),
    )


def record(desk: Desk, view: View) -> tuple[pd.DataFrame, dt.date, dt.date] | None:
    """Return the report card of the place's stations over the 150 days up to the view's, and the days judged."""
    return _record(revision_of(desk), min(view.day, thai_day(desk.now())), desk)


@st.cache_data(max_entries=8, show_spinner=False)
def _past(revision: str, by: str, last: dt.date, _desk: Desk) -> pd.DataFrame:
    del revision
    first = last - dt.timedelta(days=_PAST_DAYS - 1)
    if by == "tambon":
        return area_air.tambon_air(_desk, first, last, "P1D")
    return area_air.amphoe_air(_desk, first, last, "P1D")[0]


def past(desk: Desk, code: str, last: dt.date) -> pd.DataFrame:
    """Return the daily PM2.5 of a tambon or amphoe over the fortnight up to a day (see `models.area_air`)."""
    table = _past(revision_of(desk), "tambon" if len(code) == 6 else "amphoe", last, desk)
    return table[table["code"] == code]
