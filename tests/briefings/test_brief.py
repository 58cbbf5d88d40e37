"""The governor's briefing on four square tambons: what it says, that every number is in its sheet, and its forms."""

from __future__ import annotations

import dataclasses
import datetime as dt
import io
import json
import re
from pathlib import Path

import pypdfium2
import pytest
from pptx import Presentation
from pptx.oxml.ns import qn

from briefings.brief import Brief, Section
from briefings.facts import Ledger, sheet_csv
from briefings.making import Made, keep, make
from briefings.web import render as as_html
from layers.words import LANGS, Lang, say
from models.desk import Desk
from tests.layers import desks

DAY = dt.date(2026, 3, 12)
both = pytest.mark.parametrize("lang", LANGS)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Suomi NPP: 2026 520101 2, 520102 1, 520103 2; 2025 520101 2, 520104 1. 37t: 52.0 on 12 March, 30.0 before."""
    air = desks.air(("2026-03-10", 30.0), ("2026-03-11", 30.0), ("2026-03-12", 52.0))
    return desks.desk_of(desks.store_of(tmp_path / "store", [desks.march(), desks.year_before()], air))


def everything(brief: Brief) -> str:
    return json.dumps(brief.document(), ensure_ascii=False)


@both
def test_the_headline_numbers_by_hand(desk: Desk, lang: Lang) -> None:
    brief = make(desk, DAY, lang).brief
    hotspots, air, people = brief.figures
    assert (hotspots.value, hotspots.tone) == ("5", "worse")
    # Five now and three in the same days of 2025: two thirds more.
    assert say(lang, "brief.last_year_change", value="3", percent="+67") in hotspots.lines
    assert say(lang, "brief.neighbours_unknown") in hotspots.lines
    assert say(lang, "brief.no_target") in hotspots.lines
    assert air.value == "1"  # of three days only the 12th lies above 37.5
    assert any("52.0" in line for line in air.lines)
    # No population is stored: unknown, and said so.
    assert (people.value, people.lines[0]) == ("–", say(lang, "brief.person_days_unknown"))


def test_a_target_is_measured_from_last_year(desk: Desk) -> None:
    desk.settings = desk.settings.model_copy(update={"target_percent": 50.0})
    lines = make(desk, DAY, "en").brief.figures[0].lines
    # Half of three is one and a half; printed without decimals.
    assert say("en", "brief.target", percent="50", limit="2") in lines


def test_the_worst_tambons_and_the_week_before(desk: Desk) -> None:
    brief = make(desk, DAY, "en").brief
    parts = {part.key: part for part in brief.sections}
    table = parts["top"].table
    assert table is not None
    assert [(row[0], row[2]) for row in table.rows] == [("tambon en", "2"), ("tambon en", "2"), ("tambon en", "1")]
    assert {row[3] for row in table.rows} <= {row[3] for row in table.rows if row[3]}
    assert parts["week"].lines == (say("en", "brief.week_unknown"),)


def test_every_number_of_the_text_is_in_the_sheet(desk: Desk) -> None:
    made = make(desk, DAY, "en")
    shown = set(made.sheet["shown"])
    for row in next(part.table for part in made.brief.sections if part.key == "activity").rows:  # type: ignore[union-attr]
        assert set(row[1:]) <= shown
    assert {figure.value for figure in made.brief.figures} <= shown
    assert made.sheet["revision"].nunique() == 1
    assert made.sheet["key"].is_unique
    assert (made.sheet["source"] != "").all()


def test_one_key_never_stands_for_two_numbers() -> None:
    ledger = Ledger("r")
    ledger.note("a", 1.0, "x", source="s", as_of=DAY)
    ledger.note("a", 1.0, "x", source="s", as_of=DAY)
    with pytest.raises(ValueError, match="two numbers"):
        ledger.note("a", 2.0, "x", source="s", as_of=DAY)


def test_the_sheet_runs_nothing_in_a_spreadsheet() -> None:
    ledger = Ledger("r")
    ledger.note("=1+1", None, "@x", source="-cmd", as_of=DAY)
    text = sheet_csv(ledger.sheet()).decode("utf-8-sig")
    assert "'=1+1,,'@x" in text
    assert "'-cmd" in text


@both
def test_what_is_not_stored_is_said_and_nothing_breaks(tmp_path: Path, lang: Lang) -> None:
    brief = make(desks.desk_of(desks.store_of(tmp_path / "store")), DAY, lang).brief
    assert [figure.value for figure in brief.figures] == ["–", "–", "–"]
    assert say(lang, "error.no_hotspots") in everything(brief)
    assert {part.key for part in brief.sections} >= {
        "top",
        "week",
        "effects",
        "activity",
        "outlook",
        "origin",
        "people",
    }


def test_equal_data_make_equal_content_and_it_is_kept_once(desk: Desk) -> None:
    first, second = (make(desk, DAY, "th").brief for _ in range(2))
    assert first.as_json() == second.as_json()
    for made_at in (desks.NOW, desks.NOW + dt.timedelta(hours=1)):
        keep(desk.store, first, made_at)
    before = desk.state.revision
    kept = desk.store.briefings()
    assert kept[["day", "lang"]].to_numpy().tolist() == [["2026-03-12", "th"]]
    assert desk.store.get_raw(str(kept["sha256"].iloc[0])) == first.as_json()
    assert desk.store.state().revision == before  # a briefing is no data


# -- the forms -------------------------------------------------------------------------------------------------------


def test_the_pdf_holds_searchable_thai_the_typeface_and_the_sheet(desk: Desk) -> None:
    made = make(desk, DAY, "th")
    document = pypdfium2.PdfDocument(made.as_form("pdf"))
    assert 1 <= len(document) <= 2
    text = "".join(document[page].get_textpage().get_text_range() for page in range(len(document)))
    joined = re.sub(r"\s+", "", text)
    for wanted in (
        made.brief.title,
        say("th", "brief.figure_hotspots"),
        say("th", "brief.top_heading"),
        "12 มีนาคม 2569",
    ):
        assert re.sub(r"\s+", "", wanted) in joined
    assert document.count_attachments() == 1
    attached = document.get_attachment(0)
    assert attached.get_name() == "numbers.csv"
    assert bytes(attached.get_data()) == sheet_csv(made.sheet)
    assert made.as_form("png").startswith(b"\x89PNG")


def test_hostile_text_is_set_as_text(desk: Desk) -> None:
    made = make(desk, DAY, "en")
    bad = '</script><script>alert(1)</script> #read("/etc/passwd") $x$ `a`'
    brief = dataclasses.replace(made.brief, sections=(Section("top", bad, (bad,)),), foot=(bad,))
    page = pypdfium2.PdfDocument(Made(brief, made.desk, made.sites).as_form("pdf"))[0].get_textpage()
    assert '#read("/etc/passwd")' in re.sub(r"[“”]", '"', page.get_text_range())
    html = as_html(brief, b"<svg/>", b"<svg/>").decode()
    assert "<script>alert" not in html
    assert html.count("<script") == 1


def test_slides_have_editable_thai_and_a_native_chart(desk: Desk) -> None:
    made = make(desk, DAY, "th")
    deck = Presentation(io.BytesIO(made.as_form("pptx")))
    assert len(deck.slides) == len(made.brief.sections) + 2
    runs = [
        run
        for slide in deck.slides
        for shape in slide.shapes
        if shape.has_text_frame
        for paragraph in shape.text_frame.paragraphs
        for run in paragraph.runs
    ]
    assert made.brief.title in {run.text for run in runs}
    for run in runs:
        properties = run._r.rPr
        assert properties.get("lang") == "th-TH"
        assert properties.find(qn("a:cs")).get("typeface")
    charts = [shape.chart for slide in deck.slides for shape in slide.shapes if shape.has_chart]
    assert [list(chart.plots[0].series[0].values) for chart in charts] == [[2.0, 2.0, 1.0]]


@both
def test_nothing_of_a_slide_lies_over_another_thing_or_outside(desk: Desk, lang: Lang) -> None:
    deck = Presentation(io.BytesIO(make(desk, DAY, lang).as_form("pptx")))
    for slide in list(deck.slides)[1:]:
        boxes = [
            (one.left, one.top, one.left + one.width, one.top + one.height)
            for one in slide.shapes
            if not one.is_placeholder
        ]
        for west, north, east, south in boxes:
            assert west >= 0
            assert north >= 0
            assert east <= deck.slide_width
            assert south <= deck.slide_height
        for at, one in enumerate(boxes):
            for other in boxes[at + 1 :]:
                apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
                assert apart, slide.shapes.title.text_frame.text


def test_the_page_needs_nothing_beside_it(desk: Desk) -> None:
    made = make(desk, DAY, "th")
    html = made.as_form("html").decode()
    assert "http" not in re.sub(r"http://www\.w3\.org/\S+", "", html)
    numbers = json.loads(re.search(r'id="numbers">(.*?)</script>', html, re.DOTALL).group(1))  # type: ignore[union-attr]
    assert [row["key"] for row in numbers] == made.sheet["key"].tolist()
