"""The Danger and Origin pages in both languages: on the sample, and on a store with weather."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import streamlit as st

from layers.words import LANGS, Lang, say
from tests.app.test_pages import opened
from tests.layers import desks
from tests.models import weathers

both = pytest.mark.parametrize("lang", LANGS)


@pytest.fixture(autouse=True)
def _no_memory() -> None:
    st.cache_data.clear()
    st.cache_resource.clear()


@pytest.fixture
def stored() -> Path:
    store = desks.store_of(Path(os.environ["HAZE_STORE"]), [desks.march()])
    hours = weathers.hours("a", "2026-02-01", "2026-03-12")
    weathers.add(store, hours, {"station_id": "a", "lon": 99.05, "lat": 18.05})
    return store.root


@both
def test_the_sample_has_chances_and_no_weather(lang: Lang) -> None:
    page = opened("danger", lang=lang)
    assert say(lang, "error.no_weather") in [one.value for one in page.info]
    page.segmented_control(key="w_danger_kind").set_value("chance").run(timeout=120)
    assert not page.exception
    assert say(lang, "chance.column.rank") in page.dataframe[-1].value


@both
def test_danger_and_its_basis(lang: Lang, stored: Path) -> None:
    page = opened("danger", lang=lang, day="2026-03-10")
    table = page.dataframe[-1].value
    assert say(lang, "danger.column.class") in table
    assert len(table) >= 4
    captions = " ".join(one.value for one in page.caption)
    assert say(lang, "danger.no_record") in captions
    assert "17.0 / 30.0 / 40.0" in captions


@both
def test_origin_says_why_it_cannot_tell(lang: Lang, stored: Path) -> None:
    page = opened("origin", lang=lang, day="2026-03-10", tambon="520101")
    told = [one.value for one in page.info]
    assert any(say(lang, "origin.reason.no_wind", hours="24") in text for text in told)


@both
def test_origin_on_the_sample_has_no_wind(lang: Lang) -> None:
    page = opened("origin", lang=lang)
    assert any(say(lang, "origin.reason.no_wind", hours="24") in one.value for one in page.info)
