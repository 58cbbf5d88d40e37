"""Every page, in both languages, in every state a store can be in: the right words and the numbers of stores.py.

Runs the app as Streamlit does, without a browser; the map itself is looked at in test_browser.py.
"""

from __future__ import annotations

import datetime as dt
import os
import re
import shutil
from html import unescape
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from data import places
from layers.title import title_of
from layers.words import LANGS, Lang, say, say_day
from tests.app import stores

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = ("today", "season", "data")
LAMPANG = places.place("lampang")
MARCH_12 = {"th": "12 มีนาคม 2569", "en": "12 March 2026"}

both = pytest.mark.parametrize("lang", LANGS)
each_page = pytest.mark.parametrize("page", PAGES)


@pytest.fixture(autouse=True)
def _no_memory() -> None:
    """Forget what other tests' stores left in Streamlit's caches."""
    st.cache_data.clear()
    st.cache_resource.clear()


@pytest.fixture
def root() -> Path:
    return Path(os.environ["HAZE_STORE"])


@pytest.fixture
def full(root: Path) -> Path:
    """A store with detections and air."""
    stores.bring(root, **{"firms.csv": stores.firms(), "air.json": stores.air4thai()})
    return root


def opened(page: str = "today", **query: str) -> AppTest:
    """Return a page as a link opens it."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    return shown(app, page) if page != "today" else whole(app)


def shown(app: AppTest, page: str) -> AppTest:
    """Return the app after going to another of its pages."""
    return whole(app.switch_page(f"layers/pages/{page}.py").run())


def whole(app: AppTest) -> AppTest:
    """Return the app after asserting that nothing broke."""
    assert [one.value for one in app.exception] == []
    return app


def do(app: AppTest) -> AppTest:
    return whole(app.run())


def title(app: AppTest) -> str:
    """Return the desk's name as it stands above every page."""
    return str(app.markdown[0].value)


def notices(app: AppTest) -> str:
    return " ".join(str(one.value) for kind in (app.error, app.warning, app.info) for one in kind)


def cards(app: AppTest, nth: int = 0) -> dict[str, str]:
    """Return the value of each figure of the page (0) or of the panel (1)."""
    found = [one.proto.body for one in app.get("html") if "flex:1 1 150px" in one.proto.body]
    card = r"font-size:0\.92rem[^>]*>([^<]*)</div><div[^>]*>(.*?)</div>"
    return {unescape(label): unescape(re.sub("<[^>]*>", "", value)) for label, value in re.findall(card, found[nth])}


def captions(app: AppTest) -> list[str]:
    return [str(one.value) for one in app.caption]


def page_title(lang: Lang, page: str, day: dt.date) -> str:
    """Return the headline of a page whose view is one day."""
    if page == "today":
        return say_day(lang, day, short=False)
    if page == "data":
        return say(lang, "data.title")
    first, last = say_day(lang, dt.date(day.year, 1, 1), year=False), say_day(lang, min(day, dt.date(day.year, 5, 31)))
    year = day.year + 543 if lang == "th" else day.year
    return say(lang, "season.title", season=year, first=first, last=last)


# -- the states of a store -----------------------------------------------------------------------------------------


@both
@each_page
def test_a_fresh_machine_shows_the_sample_and_says_so(lang: Lang, page: str) -> None:
    app = opened(page, lang=lang)
    assert title(app) == f"### {title_of(lang, LAMPANG)}"
    assert app.subheader[0].value == page_title(lang, page, dt.date(2026, 1, 17))
    assert app.warning[0].value == f"{say(lang, 'notice.sample')} · {say(lang, 'notice.generalised')}"
    details = say(lang, "notice.sample_details")
    assert any(details in str(one.value) for one in app.markdown)
    assert len(app.error) == 0


@both
@each_page
def test_imported_files_replace_the_sample(lang: Lang, page: str, full: Path) -> None:
    app = opened(page, lang=lang)
    assert title(app) == f"### {title_of(lang, LAMPANG)}"
    assert app.subheader[0].value == page_title(lang, page, dt.date(2026, 3, 12))
    assert [one.value for one in app.warning] == [say(lang, "notice.generalised")]
    assert len(app.error) == 0


@both
def test_today_shows_the_imported_numbers(lang: Lang, full: Path) -> None:
    found = cards(opened(lang=lang))
    assert found[say(lang, "today.figure_hotspots")] == "1"
    assert found[say(lang, "today.figure_season")] == "5"
    assert found[say(lang, "today.figure_pm25")] == f"112.4 {say(lang, 'unit.pm25')}"


@both
@each_page
def test_a_store_with_only_air(lang: Lang, page: str, root: Path) -> None:
    stores.bring(root, **{"air.json": stores.air4thai()})
    app = opened(page, lang=lang)
    assert title(app) == f"### {title_of(lang, LAMPANG)}"
    assert say(lang, "notice.sample") not in notices(app)
    assert len(app.error) == 0
    told = say(lang, "error.no_hotspots")
    if page == "today":
        assert app.subheader[0].value == MARCH_12[lang]
        assert f"⚠ {told}" in captions(app)
        assert cards(app)[say(lang, "today.figure_hotspots")] == "–"
        assert cards(app)[say(lang, "today.figure_pm25")] == f"112.4 {say(lang, 'unit.pm25')}"
    elif page == "season":
        assert [one.value for one in app.info] == [told]
    else:
        state = app.dataframe[0].value.set_index(say(lang, "column.source"))[say(lang, "column.verdict")]
        assert state[say(lang, "source.hotspots")] == say(lang, "verdict.empty")


@both
@each_page
def test_a_store_with_only_hotspots(lang: Lang, page: str, root: Path) -> None:
    stores.bring(root, **{"firms.csv": stores.firms()})
    app = opened(page, lang=lang)
    assert app.subheader[0].value == page_title(lang, page, dt.date(2026, 3, 12))
    assert len(app.error) == 0
    if page == "today":
        assert cards(app)[say(lang, "today.figure_hotspots")] == "1"
        assert cards(app)[say(lang, "today.figure_pm25")] == "–"
    if page == "season":
        assert say(lang, "season.no_air") in [one.value for one in app.info]


@both
@each_page
def test_an_empty_store_without_the_sample(lang: Lang, page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HAZE_MODE", "cached")
    app = opened(page, lang=lang)
    assert title(app) == f"### {title_of(lang, LAMPANG)}"
    assert [one.value for one in app.warning] == [say(lang, "notice.generalised")]
    assert len(app.error) == 0
    if page == "data":
        states = app.dataframe[0].value[say(lang, "column.verdict")].tolist()
        assert states.count(say(lang, "verdict.empty")) == 3
    else:
        assert [one.value for one in app.info] == [say(lang, "error.no_hotspots")]


@both
@pytest.mark.parametrize("page", ["today", "season"])
def test_a_damaged_file_is_told_and_never_counted(lang: Lang, page: str, full: Path) -> None:
    part = next((full / "tables" / "hotspots").glob("*.parquet"))
    data = bytearray(part.read_bytes())
    data[len(data) // 2] ^= 0xFF
    part.write_bytes(bytes(data))
    app = opened(page, lang=lang)
    assert title(app) == f"### {title_of(lang, LAMPANG)}"
    assert len(app.error) == 1
    assert part.name in app.error[0].value
    assert app.error[0].value.startswith(say(lang, "error.damaged", file="§").partition("§")[0])
    assert "Traceback" not in notices(app)
    # The Data page stands, so that the file can be brought in again.
    assert shown(app, "data").subheader[0].value == say(lang, "data.title")


@both
@each_page
def test_a_damaged_manifest_is_told_on_every_page(lang: Lang, page: str, full: Path) -> None:
    (full / "manifest.json").write_text("{")
    app = opened(page, lang=lang)
    assert [one.value for one in app.error] == [say(lang, "error.damaged", file="manifest.json")]


@both
@pytest.mark.parametrize(("name", "value"), [("HAZE_MODE", "nonsense"), ("HAZE_PLACE", "atlantis")])
def test_a_wrong_setting_is_a_notice(lang: Lang, name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    app = opened(lang=lang)
    assert len(app.error) == 1
    assert name in app.error[0].value
    assert "Traceback" not in app.error[0].value


# -- what a person does --------------------------------------------------------------------------------------------


def test_the_language_toggle_changes_every_word(full: Path) -> None:
    app = opened(lang="th")
    app.segmented_control(key="w_lang").set_value("en")
    do(app)
    assert title(app) == "### Lampang haze and wildfire desk"
    assert app.subheader[0].value == MARCH_12["en"]
    assert app.query_params["lang"] == "en"
    assert cards(app)["Hotspots"] == "1"
    assert shown(app, "season").subheader[0].value == "Season 2026: 1 Jan to 12 Mar 2026"
    app.segmented_control(key="w_lang").set_value("th")
    assert title(do(app)) == f"### {title_of('th', LAMPANG)}"


def test_stepping_days(full: Path) -> None:
    app = opened(lang="en")
    seen = []
    for _ in range(3):
        app.button(key="w_back").click()
        do(app)
        seen.append((app.subheader[0].value, cards(app)["Hotspots"]))
    # 9 March is before the first detection, so no file reaches it: not known, not zero.
    assert seen == [("11 March 2026", "2"), ("10 March 2026", "2"), ("9 March 2026", "–")]
    app.button(key="w_next").click()
    do(app)
    assert (app.subheader[0].value, app.query_params["day"]) == ("10 March 2026", "2026-03-10")
    assert app.date_input(key="w_day").value == dt.date(2026, 3, 10)


def test_choosing_a_day(full: Path) -> None:
    app = opened(lang="en")
    app.date_input(key="w_day").set_value(dt.date(2026, 3, 11))
    do(app)
    assert app.subheader[0].value == "11 March 2026"
    assert cards(app)["Hotspots"] == "2"


@pytest.mark.parametrize("day", ["2000-02-24", "2099-12-31"])
def test_stepping_stops_at_the_ends(full: Path, day: str) -> None:
    app = opened(lang="en", day=day)
    for key in ("w_back", "w_next", "w_next", "w_back"):
        app.button(key=key).click()
        do(app)
    assert app.query_params["day"].startswith(day[:7])


def test_span_and_satellites_change_the_numbers(full: Path) -> None:
    app = opened(lang="en")
    app.segmented_control(key="w_span").set_value("week")
    do(app)
    assert app.subheader[0].value == "6 Mar 2026 to 12 Mar 2026"
    assert cards(app)["Hotspots"] == "5"
    assert "⚠ " + say("en", "today.days_missing", missing=4, days=7) in captions(app)
    rows = app.dataframe[-1].value
    assert rows[rows["Hotspots"] > 0].set_index("code")["Hotspots"].to_dict() == {stores.A: 3, stores.B: 2}
    app.selectbox(key="w_sats_4").set_value("SNPP")
    do(app)
    assert cards(app)["Hotspots"] == "4"
    app.selectbox(key="w_sats_4").set_value("MODIS")
    do(app)
    assert cards(app)["Hotspots"] == "–"
    app.selectbox(key="w_sats_4").set_value("ALL")
    app.segmented_control(key="w_span").set_value("season")
    do(app)
    assert app.subheader[0].value == "1 Jan 2026 to 12 Mar 2026"
    assert cards(app)["Hotspots"] == "5"


def test_the_theme_changes_the_legend(full: Path) -> None:
    app = opened(lang="en")
    legends = " ".join(one.proto.body for one in app.get("html"))
    assert say("en", "today.hotspots_legend") in legends
    app.segmented_control(key="w_theme").set_value("pm25")
    do(app)
    legends = " ".join(one.proto.body for one in app.get("html"))
    assert say("en", "today.pm25_legend") in legends
    assert say("en", "today.hotspots_legend") not in legends
    assert app.query_params["theme"] == "pm25"


@pytest.mark.parametrize("theme", ["danger", "chance"])
def test_danger_and_chance_are_themes_of_the_map(full: Path, theme: str) -> None:
    app = opened(lang="en", theme=theme)
    assert not app.exception
    legends = " ".join(one.proto.body for one in app.get("html"))
    # No weather is stored; the chance of the day after is an order, since few fires are known.
    title = say("en", "danger.tip") if theme == "danger" else say("en", "chance.title", day="13 Mar 2026")
    assert title in legends
    assert say("en", "danger.level.cannot_tell") in legends or say("en", "chance.first", count=10) in legends
    assert say("en", "today.hotspots_legend") not in legends


def test_switching_a_choice_off_keeps_it(full: Path) -> None:
    app = opened(lang="en", span="week")
    app.segmented_control(key="w_span").set_value(None)
    assert do(app).subheader[0].value == "6 Mar 2026 to 12 Mar 2026"


def test_choosing_a_tambon_opens_its_panel(full: Path) -> None:
    app = opened(lang="en", day="2026-03-11", span="week")
    assert say("en", "today.choose") in [one.value for one in app.info]
    app.selectbox(key="w_tambon").set_value(stores.A)
    do(app)
    assert "#### Tambon Wang Phrao" in [one.value for one in app.markdown]
    # On 11 March one, in the seven days before it three, all of them Suomi NPP.
    labels = [say("en", f"panel.{span}") for span in ("day", "week", "season")]
    assert cards(app, 1) == dict(zip(labels, ["1", "3", "3"], strict=True))
    assert say("en", "panel.detections", count=3) in str([one.value for one in app.markdown])
    assert app.query_params["tambon"] == stores.A
    lon, lat = stores.inside(stores.A)
    copied = app.code[0].value.splitlines()
    assert [line.split("  ")[:2] for line in copied] == [
        ["2026-03-11 01:40", f"{lat:.5f}, {lon:.5f}"],
        ["2026-03-10 13:36", f"{lat:.5f}, {lon:.5f}"],
        ["2026-03-10 13:30", f"{lat:.5f}, {lon:.5f}"],
    ]
    app.selectbox(key="w_tambon").set_value("")
    do(app)
    assert say("en", "today.choose") in [one.value for one in app.info]
    assert "tambon" not in app.query_params


def test_the_choice_lives_on_over_pages(full: Path) -> None:
    app = opened(lang="en", day="2026-03-11", tambon=stores.A)
    assert shown(app, "season").subheader[0].value == "Season 2026: 1 Jan to 11 Mar 2026"
    assert shown(app, "data").caption[-1].value.startswith("Detections and counts of 11 March 2026")
    app = shown(app, "today")
    assert "#### Tambon Wang Phrao" in [one.value for one in app.markdown]
    assert app.subheader[0].value == "11 March 2026"


def test_the_season_page_counts_a_fixed_set(full: Path) -> None:
    app = opened("season", lang="en")
    # Suomi NPP alone: 3 in A, 1 in B; NOAA-20 is not counted. 10 to 12 March are stored of 71 days.
    row = app.dataframe[0].value.iloc[0]
    assert (row["To 12 Mar"], row["Days stored"]) == (4, "3 / 71")
    app.selectbox(key="w_sats_3").set_value("VIIRS")
    do(app)
    assert app.dataframe[0].value.iloc[0]["To 12 Mar"] == 5


# -- links ---------------------------------------------------------------------------------------------------------


def test_a_link_opens_exactly_its_view(full: Path) -> None:
    link = {"lang": "en", "day": "2026-03-11", "span": "week", "theme": "pm25", "sats": "VIIRS", "tambon": stores.B}
    app = opened(**link)
    assert app.subheader[0].value == "5 Mar 2026 to 11 Mar 2026"
    assert app.segmented_control(key="w_span").value == "week"
    assert app.segmented_control(key="w_theme").value == "pm25"
    assert app.selectbox(key="w_sats_4").value == "VIIRS"
    assert app.selectbox(key="w_tambon").value == stores.B
    assert cards(app)["Hotspots"] == "4"
    # A second step writes the same view back into the address.
    app.segmented_control(key="w_theme").set_value("hotspots")
    do(app)
    assert dict(app.query_params) == link | {"theme": "hotspots"}


@pytest.mark.parametrize(
    "query",
    [
        {"day": "yesterday", "span": "year", "theme": "x", "sats": "x", "tambon": "x", "lang": "x"},
        {"day": "0001-01-01"},
        {"day": "9999-12-31"},
        {"day": "2026-02-30"},
        {"tambon": "100101"},
        {"tambon": "<img src=x onerror=alert(1)>", "lang": "'; DROP TABLE x"},
        {"unknown": "1", "": ""},
    ],
)
def test_garbage_in_a_link_falls_back(full: Path, query: dict[str, str]) -> None:
    app = opened(**query)
    assert title(app) == f"### {title_of('th', LAMPANG)}"
    assert app.subheader[0].value == MARCH_12["th"]
    assert len(app.error) == 0


@pytest.mark.parametrize("day", ["2000-02-24", "2024-02-29", "2026-12-31", "2099-12-31"])
@each_page
def test_far_days_are_shown_as_not_stored(full: Path, page: str, day: str) -> None:
    app = opened(page, lang="en", day=day, span="season")
    assert len(app.error) == 0
    if page == "today":
        assert cards(app)["Hotspots"] == ("5" if day == "2026-12-31" else "–")


# -- bringing files in ---------------------------------------------------------------------------------------------


@both
def test_files_brought_in_on_the_data_page(lang: Lang, root: Path) -> None:
    app = opened("data", lang=lang)
    assert say(lang, "notice.sample") in notices(app)
    app.get("file_uploader")[0].upload("firms.csv", stores.firms(), "text/csv")
    app.get("file_uploader")[0].upload("empty.csv", b" ", "text/csv")
    app.button[0].click()
    do(app)
    verdicts = app.dataframe[1].value
    found = dict(zip(verdicts[say(lang, "column.file")], verdicts[say(lang, "column.reason")], strict=True))
    assert found["firms.csv"] == say(lang, "word.all_good")
    assert found["empty.csv"] == say(lang, "error.empty_file")
    assert verdicts[say(lang, "column.kept")].sum() == 5
    assert say(lang, "notice.sample") not in notices(app)
    assert app.dataframe[-1].value[say(lang, "column.file")].tolist() == ["firms.csv"]


@both
def test_a_store_that_cannot_be_written_is_told(lang: Lang, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = opened("data", lang=lang)
    # The registry made its file there when the page was first seen.
    shutil.rmtree(root)
    root.write_text("a file stands where the store should be")
    app.get("file_uploader")[0].upload("firms.csv", stores.firms(), "text/csv")
    app.button[0].click()
    do(app)
    assert len(app.error) == 1
    assert "Traceback" not in app.error[0].value
