"""Sites and the plan in words: shapes with their size, changes, marks on the map, the sheet to print."""

from __future__ import annotations

import json

import pandas as pd
import pytest
import shapely

from data import settings
from data.accounts import OPERATOR
from data.registry import Registry, open_registry
from data.registry.tables import KINDS, fields_of
from layers import plan, site_words, sites
from layers.words import LANGS, Lang
from models import plan as models_plan
from models.desk import Desk, open_desk

HOSTILE = "<script>alert(1)</script>"
LINE = "LINESTRING (99.4 18.1, 99.5 18.1)"
AREA = "POLYGON ((99.4 18.1, 99.41 18.1, 99.41 18.11, 99.4 18.11, 99.4 18.1))"


@pytest.fixture
def registry() -> Registry:
    opened = open_registry(settings.load())
    for record, geometry, state in (
        ("A-1", LINE, "active"),
        ("A-2", AREA, "proposed"),
        ("A-3", "POINT (99.4 18.1)", ""),
    ):
        values = {"name_th": HOSTILE, "kind": "firebreak", "issue": "ageing", "tambon": "520304", "state": state}
        opened.add("sites", {**values, "geometry": geometry}, author=OPERATOR, record=record)
    return opened


@pytest.fixture
def desk() -> Desk:
    return open_desk()


def test_shapes_and_their_size() -> None:
    # At 18.1 N a degree of longitude is 105.85 km and a hundredth of a degree of latitude 1.107 km.
    assert sites.shape_words("en", LINE) == "line, 10.58 km"
    assert sites.shape_words("en", AREA) == "area, 732.2 rai"
    assert sites.shape_words("en", "POINT (99.58450 18.32933)") == "point 18.32933, 99.58450"


def test_marks_and_shapes_by_issue_and_state(registry: Registry) -> None:
    table = registry.sites()
    shapes = site_words.site_shapes("en", table)
    assert [(shape.geometry["type"], shape.planned) for shape in shapes] == [("LineString", False), ("Polygon", True)]
    assert {shape.colour for shape in shapes} == {site_words.colour_of("ageing")}
    marks = site_words.site_marks("en", table)
    assert [(mark.name, mark.lon, mark.lat) for mark in marks if mark.name == HOSTILE] == [(HOSTILE, 99.4, 18.1)]
    # A site with a line is not counted again at its tambon, one known by its tambon only is no mark.
    assert "520304" not in site_words.haze_counts(table)
    assert len(marks) == 2


def test_a_drawn_shape_finds_its_tambon(desk: Desk) -> None:
    middle = desk.tambons.set_index("tambon").geometry["520304"].representative_point()
    assert sites.tambon_of(desk, json.dumps(shapely.geometry.mapping(middle))) == "520304"
    assert sites.tambon_of(desk, json.dumps({"type": "Point", "coordinates": [90, 10]})) == ""


@pytest.mark.parametrize("lang", LANGS)
def test_every_code_that_may_be_kept_has_words(lang: Lang) -> None:
    for kind in (KINDS["sites"],):
        for column in (*kind.columns, *(one for table in kind.lists.values() for one in fields_of(table))):
            for code in column.info.get("one_of", ()):
                assert sites.code_words(lang, column.name, code)


@pytest.mark.parametrize("lang", LANGS)
def test_every_field_has_a_name_and_a_change_is_told(registry: Registry, desk: Desk, lang: Lang) -> None:
    document = registry.get("sites", "A-1").document
    facts = sites.facts(lang, document)
    assert len(facts) == 6
    assert sites.change_words(lang, "state", "", "active").endswith(sites.code_words(lang, "state", "active"))
    assert sites.change_words(lang, "notes", [], [{"text": "x"}]).endswith("0 → 1")
    assert "10.58" in sites.change_words(lang, "geometry", "", LINE)
    registry.change("sites", "A-1", {"state": "ended"}, author=OPERATOR, based_on=1, reason="done")
    trail = sites.trail(lang, registry.trail(kind="sites", record="A-1"))
    assert trail.iloc[0, 4] == "done"
    assert sites.code_words(lang, "state", "ended") in trail.iloc[0, 3]
    areas = sites.where(desk, lang)
    assert len(areas) == 1 + 13 + 100
    assert len(sites.table(lang, registry.sites(), areas)) == 112


def test_lists_that_a_person_edits_come_back_as_they_were(registry: Registry) -> None:
    kept = registry.get("sites", "LP-HAZ-001")
    for name in KINDS["sites"].lists:
        again = sites.items_of(sites.editable(kept, name))
        registry.change("sites", "LP-HAZ-001", {name: again}, author=OPERATOR, based_on=1)
    assert registry.get("sites", "LP-HAZ-001") == kept
    assert sites.items_of(pd.DataFrame({"text": ["", " "]})) == []


@pytest.mark.parametrize("lang", LANGS)
def test_the_sheet_to_print_escapes_and_asks_nothing(registry: Registry, desk: Desk, lang: Lang) -> None:
    mark = {"tambon": "520304", "criterion": "problem", "mark": "met", "evidence": HOSTILE, "source_url": "https://x"}
    registry.add("criteria", mark, author=OPERATOR)
    known = models_plan.programme(registry, desk)
    page = plan.sheet_html(lang, desk, "520304", models_plan.sheet(registry, "520304"), known)
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "src=" not in page
    assert "operator" in page
