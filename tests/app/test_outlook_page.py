"""The Outlook page in both languages: three days with intervals, the record beside them, and what it says without."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st

from layers.words import Lang, say, say_day
from tests.app import stores
from tests.app.test_pages import both, captions, cards, notices, opened, whole
from tests.models import smoky_years
from tests.models.test_forecast import desk_of

SMOKE = smoky_years.smoke(dt.date(2019, 11, 1), dt.date(2022, 3, 20))


@pytest.fixture(autouse=True)
def _no_memory() -> Iterator[None]:
    st.cache_data.clear()
    st.cache_resource.clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("models.loglinear._ROUNDS", 10)
        yield


@both
def test_three_days_with_intervals_and_the_record_beside_them(lang: Lang) -> None:
    desk_of(Path(os.environ["HAZE_STORE"]), smoky_years.readings(SMOKE))
    app = opened("outlook", lang=lang, day="2022-03-20")

    names = app.selectbox(key="w_outlook_amphoe").options
    assert len(names) == 13
    # The amphoe of the capital stands first, by its code.
    assert app.selectbox(key="w_outlook_amphoe").value == "5201"
    shown = cards(app)
    assert len(shown) == 3
    assert all(say(lang, "unit.pm25") in value for value in shown.values())
    record = next(one.value for one in app.markdown if "24" in one.value and "72" in one.value)
    assert record.count("\n") == 3
    table = app.dataframe[0].value
    assert table.shape == (13, 7)
    assert say(lang, "outlook.record.title") in [one.value.strip("*") for one in app.markdown]

    app.selectbox(key="w_outlook_tambon").select_index(3)
    app = whole(app.run())
    carried = say(lang, "outlook.carried", km="~", station="~").split("(")[0]
    assert any(caption.startswith(carried) for caption in captions(app))
    first = app.subheader[1].value
    app.segmented_control(key="w_outlook_lead").set_value(72)
    app = whole(app.run())
    assert app.subheader[1].value != first
    assert say(lang, "outlook.stale", day="~").split("~")[0] not in notices(app)


@both
def test_without_readings_the_page_says_what_to_do(lang: Lang) -> None:
    stores.bring(Path(os.environ["HAZE_STORE"]), **{"firms.csv": stores.firms()})
    app = opened("outlook", lang=lang)

    assert say(lang, "error.no_readings") in notices(app)


@both
def test_the_sample_opens_with_three_days_and_says_what_they_rest_on(lang: Lang) -> None:
    app = opened("outlook", lang=lang)

    assert len(cards(app)) == 3
    assert say(lang, "outlook.record.no_seasons") in captions(app)
    basis = say(
        lang, "outlook.basis_none", day=say_day(lang, dt.date(2026, 1, 17)), method=say(lang, "method.persistence")
    )
    assert basis in captions(app)
    # No day over the limit: the record says so and boasts nothing.
    none = say(lang, "outlook.record.none_over", lead=24, n="~", mae="~").split("~")[1]
    assert any(none in one.value for one in app.markdown)


@both
def test_silent_stations_give_the_outlook_of_then_and_a_warning(lang: Lang) -> None:
    app = opened("outlook", lang=lang, day="2026-04-20")  # the sample has no later day than 31 March

    assert len(cards(app)) == 3
    warned = [one.value for one in app.warning]
    assert say(lang, "outlook.stale", day=say_day(lang, dt.date(2026, 3, 31))) in warned
