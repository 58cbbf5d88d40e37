"""The Fires page as Streamlit runs it, in both languages, empty and full: every part, a check and a verdict saved."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from data import settings
from data.accounts import OPERATOR
from data.registry import open_registry
from layers.words import LANGS, Lang, say
from models import fire_seasons
from models.desk import open_desk
from models.events import fire_ids
from tests.app import stores

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(autouse=True)
def _no_memory() -> None:
    st.cache_data.clear()
    st.cache_resource.clear()


@pytest.fixture
def full() -> Path:
    root = Path(os.environ["HAZE_STORE"])
    stores.bring(root, **{"firms.csv": stores.firms()})
    return root


def opened(part: str, lang: Lang = "en", **query: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.query_params["lang"] = lang
    app.query_params["day"] = "2026-03-12"
    for name, value in query.items():
        app.query_params[name] = value
    app.session_state["w_fires_part"] = part
    app.switch_page("layers/pages/fires.py")
    return app.run()


def words_of(app: AppTest) -> str:
    parts = (app.markdown, app.caption, app.info, app.subheader, app.code, app.success, app.warning)
    return "\n".join(str(element.value) for kind in parts for element in kind)


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("part", ["map", "round", "check", "heat"])
def test_every_part_runs_full_and_on_the_sample(part: str, lang: Lang, request: pytest.FixtureRequest) -> None:
    for store in (None, "full"):
        if store:
            request.getfixturevalue(store)
        app = opened(part, lang)
        assert not app.exception
        assert say(lang, "fires.title") in words_of(app)


def test_the_map_part_opens_with_the_largest_fire_and_its_point(full: Path) -> None:
    text = words_of(opened("map"))
    # A and B, each one fire: B was seen on two days, A on two.
    assert say("en", "fires.summary", new=0, growing=0, restarted=0, quiet=2, out=0) in text
    assert "47Q " in text


def test_what_is_new_is_shown_alone(full: Path) -> None:
    app = opened("map")
    every = app.selectbox(key="w_fire").options
    app.segmented_control(key="w_fires_show").set_value("fresh").run()
    assert not app.exception
    # On 12 March both fires are older than a day: none is new.
    assert len(every) == 2
    assert say("en", "fires.none") in words_of(app)


def test_a_link_opens_a_fire_under_any_name_it_had(full: Path) -> None:
    desk = open_desk()
    rows = fire_seasons.season(desk, 2026)
    names, every = rows.names(), fire_ids(rows.hotspots)
    largest, other = opened("map").selectbox(key="w_fire").options
    assert largest.endswith(names[0])
    for fire in set(every) - {every[0]}:
        app = opened("map", fire=fire)
        assert app.selectbox(key="w_fire").value == names[list(every).index(fire)]
        assert app.query_params["fire"] == fire
    app = opened("map", fire="F200101-00000000")
    assert say("en", "fires.not_here", name="F200101-00000000") in words_of(app)
    app.selectbox(key="w_fire").set_value(names[-1]).run()
    assert app.query_params["fire"] == names[-1]
    assert other.endswith(names[-1])


def test_from_a_fire_to_its_check(full: Path) -> None:
    app = opened("map")
    name = app.selectbox(key="w_fire").value
    app.button(key="w_check_this").click().run()
    assert not app.exception
    assert (app.segmented_control(key="w_fires_part").value, app.selectbox(key="w_check_fire").value) == ("check", name)
    press(app, "check.save")
    assert open_registry(settings.load()).field_checks()["fire_id"].tolist() == [name]


def test_from_a_count_to_the_list_of_permanent_heat(full: Path) -> None:
    lon, lat = stores.inside(stores.A)
    verdict = {"verdict": "permanent", "evidence": "visited", "geometry": f"POINT ({lon} {lat})", "radius_m": 800}
    open_registry(settings.load()).add("heat", verdict, author=OPERATOR)
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.query_params["lang"], app.query_params["day"] = "en", "2026-03-10"
    app.run()
    assert say("en", "counts.note", count="2") in words_of(app)
    app.button(key="w_heat_list").click().run()
    assert not app.exception
    assert say("en", "heat.note") in words_of(app)


def test_the_round_says_what_is_not_stored(full: Path) -> None:
    text = words_of(opened("round"))
    assert "Whole province 1 hotspots" in text
    assert "Terra not stored" in text


def test_a_field_check_is_saved_with_both_tambons(full: Path) -> None:
    app = opened("check")
    app.text_input(key="w_point").set_value("530706, 1993403")
    app.selectbox(key="w_reported").set_value("520307")
    app.text_area(key="w_crews").set_value("สถานี 16")
    next(button for button in app.button if button.label == say("en", "check.save")).click()
    app.run()
    assert not app.exception
    told = open_registry(settings.load()).field_checks().iloc[0]
    assert told["tambon_reported"] == "520307"
    assert told["tambon"] == "520302"
    assert told["people"] == 16
    assert told["changed_by"] == "desk"
    assert any(warning.value for warning in app.warning)


def press(app: AppTest, key: str) -> None:
    next(button for button in app.button if button.label == say("en", key)).click()
    app.run()
    assert not app.exception


def test_a_check_is_corrected_and_the_trail_shows_both(full: Path) -> None:
    app = opened("check")
    app.text_input(key="w_point").set_value("530706, 1993403")
    app.text_area(key="w_crews").set_value("อบต. 8\nชาวบ้าน")
    app.number_input(key="w_rai").set_value(15.0)
    press(app, "check.save")
    registry = open_registry(settings.load())
    first = registry.field_checks().iloc[0]
    app.run()
    app.selectbox(key="w_corrected").set_value(first["check"]).run()
    of = f"_{first['check']}_1"
    assert app.text_input(key=f"w_point{of}").value == "530706, 1993403"
    assert app.text_area(key=f"w_crews{of}").value == "อบต. 8\nชาวบ้าน ?"
    app.number_input(key=f"w_rai{of}").set_value(25.0)
    press(app, "check.save_correction")
    # Without a reason nothing is replaced.
    assert [error.value for error in app.error] == [say("en", "check.reason_needed")]
    assert registry.field_checks().iloc[0]["burned_rai"] == 15.0
    app.text_input(key=f"w_reason{of}").set_value("measured again")
    press(app, "check.save_correction")
    assert say("en", "check.saved_correction") in words_of(app)
    (second,) = registry.field_checks().to_dict("records")
    kept = [name for name in first.index if name not in ("burned_rai", "version", "changed_at")]
    assert (second["burned_rai"], second["version"]) == (25.0, 2)
    assert {name: second[name] for name in kept} == first[kept].to_dict()
    trail = registry.trail(kind="field_checks", record=first["check"])
    assert trail[["action", "reason"]].to_numpy().tolist() == [["change", "measured again"], ["add", ""]]
    assert [json.loads(trail[side].iloc[0])["burned_rai"] for side in ("before", "after")] == [15.0, 25.0]
    assert any("15 → 25" in str(table.value.to_numpy()) for table in app.dataframe)


def test_a_bad_point_is_told_and_nothing_is_saved(full: Path) -> None:
    app = opened("check")
    app.text_input(key="w_point").set_value("behind the temple")
    next(button for button in app.button if button.label == say("en", "check.save")).click()
    app.run()
    assert not app.exception
    assert app.error
    assert open_registry(settings.load()).field_checks().empty
