"""One hostile record, driven through everything that shows or writes text: it stays text everywhere."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import logging
import re
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path

import altair as alt
import openpyxl
import pandas as pd
import pypdfium2
import pytest
from pptx import Presentation

from briefings import alerts, cap, making, slides, web
from briefings.brief import Brief, Section, Series, Table
from briefings.facts import SHEET_COLUMNS, sheet_csv
from briefings.making import Made
from briefings.picture import fonts_folder
from briefings.rules import Rule
from data.accounts import OPERATOR, Author
from data.errors import HazeError, RecordRefused
from data.outside import as_cell, as_cells, logger, one_line
from data.registry import Registry, export, open_registry
from layers import export as tables_out
from layers import sites as sites_view
from layers import sources as sources_view
from layers.figures import Figure, figures_html
from layers.map import _script_json
from layers.palette import Entry, Legend, legend_html
from layers.today import plain
from layers.words import say
from models.desk import Desk
from tests.briefings.test_alert_rules import NOW as ALERT_NOW
from tests.briefings.test_alert_rules import check_cap, event
from tests.layers import desks
from tests.test_cli import run

#: What runs in a page, a spreadsheet, a PDF's template, an XML document, a template of text, a log and a terminal.
TEXT = (
    '=HYPERLINK("http://evil.example","x")</script><script>alert(1)</script><img src=x onerror=alert(1)>'
    ' #read("/etc/passwd") #import "x" $x$ ]]>&lt;&#x41; {0} {name} %s ${7*7} {{7*7}} **b** [a](javascript:alert(1))'
    " ไทย"
)
FORGED = "a\r\n2026-03-10 09:00 INFO signed in as administrator\x1b[2J\x1b]0;title\x07\u202egnp.exe\u2028"
PARTS = ("<script>alert", "<img src=x", "onerror=alert(1)>")


def squeezed(text: str) -> str:
    """Return a text without blanks and with one kind of quotation mark: lines may break anywhere."""
    return re.sub(r"[“”‟]", '"', re.sub(r"\s+", "", text))


def assert_no_markup(html: str) -> None:
    assert not [part for part in PARTS if part in html]
    assert "&lt;script&gt;alert" in html or "\\u003cscript" in html


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    air = desks.air(("2026-03-10", 30.0), ("2026-03-11", 30.0), ("2026-03-12", 52.0))
    return desks.desk_of(desks.store_of(tmp_path / "store", [desks.march(), desks.year_before()], air))


@pytest.fixture
def registry(desk: Desk) -> Registry:
    """A registry with one hostile site: every field of it that takes free text."""
    found = open_registry(desk.settings)
    values = {
        "name_th": TEXT, "name_en": TEXT, "kind": "firebreak", "issue": "haze", "tambon": "520101",
        "geometry": "POINT (99.05 18.05)", "plan": TEXT, "notes": [{"text": TEXT}],
        "organisations": [{"name": TEXT, "part": "lead", "role": "state", "mechanism": "area"}],
        "targets": [{"measure": TEXT, "year": 2026, "target": 4, "actual": 3.5, "evidence": TEXT}],
    }  # fmt: skip
    found.add("sites", values, author=Author(TEXT, "administrator"), record="S-hostile", reason=TEXT)
    return found


def test_a_site_in_the_registrys_files_is_no_formula_and_comes_back_as_it_was(registry: Registry) -> None:
    book = openpyxl.load_workbook(io.BytesIO(export.to_bytes(registry, "xlsx")))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s"}
    assert [cell for cell in cells if cell.hyperlink] == []
    assert sum(TEXT in str(cell.value) for cell in cells) >= 3
    packed = zipfile.ZipFile(io.BytesIO(export.to_bytes(registry, "csv")))
    for name in packed.namelist():
        for row in csv.reader(io.StringIO(packed.read(name).decode("utf-8-sig"))):
            assert not [cell for cell in row if cell.startswith(("=", "+", "@", "\t", "\r"))], name
    shapes = json.loads(export.to_bytes(registry, "geojson"))
    told = [one["properties"] for one in shapes["features"] if TEXT in json.dumps(one, ensure_ascii=False)]
    assert told or '"' in TEXT  # quotation marks are escaped in JSON
    assert registry.get("sites", "S-hostile").document["name_th"] == TEXT


def test_a_site_on_the_map_ends_no_script(desk: Desk, registry: Registry) -> None:
    sites = registry.sites()
    made = sites_view.map_of(desk, "th", sites[sites["site"] == "S-hostile"], "")
    text = _script_json(made)
    assert "<" not in text
    assert TEXT in json.dumps(json.loads(text), ensure_ascii=False).replace('\\"', '"')


def test_no_script_of_the_map_reads_markup() -> None:
    for path in (Path(__file__).resolve().parent.parent / "static" / "desk").glob("*.js"):
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", path.read_text()
        )


def test_html_pieces_hold_it_as_text() -> None:
    assert_no_markup(figures_html([Figure(TEXT, TEXT, TEXT)]))
    assert_no_markup(legend_html(Legend(TEXT, (Entry("#fff", "fill", TEXT),), TEXT)))
    rows = {say("en", "column.source"): [TEXT], say("en", "column.verdict"): [f"● {TEXT}"]}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sources_view, "_COLOURS", {"●": "#fff"})
        assert_no_markup(sources_view.chips_html(pd.DataFrame(rows), "en"))


def test_markdown_shows_it_as_it_stands() -> None:
    shown = plain(TEXT)
    assert not re.search(r"(?<!\\)[\[\]<>*`$_{}#|~]", shown)


def test_a_chart_holds_it_as_data_and_runs_no_expression() -> None:
    rows = pd.DataFrame({"name": [TEXT], "count": [1]})
    made = alt.Chart(rows).mark_bar().encode(x="count:Q", y="name:N", tooltip=["name:N"]).to_dict()
    held = [row for rows in made["datasets"].values() for row in rows]
    assert [row["name"] for row in held] == [TEXT]
    del made["datasets"]
    assert "alert" not in json.dumps(made)


def test_tables_that_leave_as_files_run_nothing(tmp_path: Path) -> None:
    table = pd.DataFrame({"lat": [18.0], "lon": [99.0], "acquired_at_thai": ["2026-03-10 13:30"],
                          "acquired_at_utc": ["2026-03-10T06:30Z"], "satellite": ["SNPP"], "name": [TEXT]})  # fmt: skip
    assert "\"'=HYPERLINK" in tables_out.csv_bytes(table).decode("utf-8-sig")
    root = ET.fromstring(tables_out.to_bytes(table, "kml"))
    assert TEXT in {element.text for element in root.iter()}
    assert json.loads(tables_out.to_bytes(table, "geojson"))["features"][0]["properties"]["name"] == TEXT
    sheet = pd.DataFrame([dict.fromkeys(SHEET_COLUMNS, TEXT)])
    for row in csv.reader(io.StringIO(sheet_csv(sheet).decode("utf-8-sig"))):
        assert row[0] in ("key", f"'{TEXT}")


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_no_cell_begins_as_a_formula(sign: str) -> None:
    assert as_cell(f"{sign}1+1") == f"'{sign}1+1"
    assert as_cells(pd.DataFrame({"a": [f"{sign}1"], "b": [-1.5]})).to_numpy().tolist() == [[f"'{sign}1", -1.5]]


def brief_of(desk: Desk) -> tuple[Brief, Made]:
    made = making.make(desk, desks.DAY, "en")
    table = Table((TEXT,), ((TEXT,),), (False,))
    part = Section("top", TEXT, (TEXT,), table, (Series(TEXT, (TEXT,), (1.0,)),))
    brief = dataclasses.replace(made.brief, title=TEXT, subtitle=TEXT, place=TEXT, sections=(part,), foot=(TEXT,))
    return brief, dataclasses.replace(made, brief=brief)


def test_every_form_of_the_briefing_holds_it_as_text(desk: Desk) -> None:
    brief, made = brief_of(desk)
    assert fonts_folder().is_dir()
    pages = pypdfium2.PdfDocument(made.as_form("pdf"))
    told = squeezed("".join(page.get_textpage().get_text_range() for page in pages))
    for piece in ('=HYPERLINK("http://evil.example"', '#read("/etc/passwd")', "${7*7}", "<script>alert(1)</script>"):
        assert squeezed(piece) in told
    assert "root:x:" not in told
    page = web.render(brief, b"<svg/>", b"<svg/>").decode()
    assert_no_markup(page)
    assert page.count("<script") == 1
    png = made.as_form("png")
    deck = Presentation(io.BytesIO(slides.render(brief, png)))
    texts = {
        run.text
        for slide in deck.slides
        for shape in slide.shapes
        if shape.has_text_frame
        for paragraph in shape.text_frame.paragraphs
        for run in paragraph.runs
    }
    assert TEXT in texts
    packed = zipfile.ZipFile(io.BytesIO(slides.render(brief, png)))
    for name in packed.namelist():
        if name.endswith((".xml", ".rels")):
            ET.fromstring(packed.read(name))  # still XML
        assert b"hlinkClick" not in packed.read(name)


def test_a_warning_in_xml_holds_it_as_text() -> None:
    rule = Rule("r", TEXT, "fire_near")
    made = cap.alert(rule, event(rule, land_class=None), ALERT_NOW, status="Draft", sender=TEXT, area=TEXT)
    root = check_cap(made, ALERT_NOW)
    assert any(TEXT[:100] in (element.text or "") for element in root.iter())
    feed = ET.fromstring(cap.feed([("alert_1.xml", made)], TEXT))
    assert "script" not in {element.tag for element in feed.iter()}


def test_an_alert_is_told_in_its_own_words(desk: Desk, registry: Registry) -> None:
    registry.add("alert_rules", {"name": TEXT, "watches": "fire_near"}, author=OPERATOR)
    registry.add("recipients", {"name": TEXT, "channel": "file", "address": "x"}, author=OPERATOR)
    table, texts = alerts.rehearse(desk, registry, (), "en")
    assert len(table)
    assert all("49" not in text for text in texts)


def test_a_line_of_the_log_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    logger("test").warning("refused %s", FORGED)
    (record,) = caplog.records
    assert record.getMessage().startswith("refused a\\r\\n2026-03-10")
    assert not re.search("[\x00-\x1f\x7f\u2028\u2029\u202e]", record.getMessage())
    assert one_line("ไฟป่า\u200b ก็") == "ไฟป่า\u200b ก็"  # Thai, with its invisible breaks, stays as it is


def test_the_command_line_commands_no_terminal(desk: Desk, registry: Registry, tmp_path: Path) -> None:
    with pytest.raises(RecordRefused):  # the registry takes no control character in
        registry.add("sites", {"name_th": FORGED, "kind": "firebreak", "issue": "haze"}, author=OPERATOR)
    for form in ("table", "csv"):
        done = run(Path(desk.settings.store), "sites", "--format", form)
        assert done.returncode == 0
        if form == "table":
            assert "\x1b" not in done.stdout
        else:
            rows = list(csv.reader(io.StringIO(done.stdout)))
            assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "@"))]
    bad = tmp_path / "bad\x1b[2J.csv"
    bad.write_text("a,b\n\x1b[2J,1\n")
    done = run(Path(desk.settings.store), "import", bad)
    assert done.returncode == 1
    assert "\x1b" not in done.stdout + done.stderr


def test_an_error_says_it_as_text() -> None:
    error = HazeError(TEXT, context={"problem": TEXT}, hint=TEXT)
    assert str(error) == TEXT
