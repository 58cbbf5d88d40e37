"""Lists of records as files: recognised by content, read from CSV, XLSX and GeoJSON, in and out without loss."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import openpyxl
import pytest

from data import clock, places, settings
from data.accounts import OPERATOR
from data.registry import Registry, export, open_registry
from data.registry.bulk import Scope
from data.store import Store
from fetchers import importer, record_rows
from fetchers.brought import Brought
from fetchers.importer import Verdict
from layers.words import LANGS, say_verdict

LIST = """id,name_th,type,issue,tambon_th,amphoe_th,lat,lon,budget_thb,source_url
A,แนวกันไฟ ก,firebreak,haze,พิชัย,เมืองลำปาง,18.32933,99.58450,5000,https://a.example
B,<script>alert(1)</script>,firebreak,haze,พิชย,เมืองลำปาง,,,,
C,"=HYPERLINK(""http://x"")",firebreak,haze,พิชัย,เมืองลำปาง,,,,
D,ฝาย,check_dam,haze,พิชัย,เมืองลำปาง,,,-1,
""".encode()
TRICKY = {
    "name_th": "=SUM(A1)",
    "name_en": "'<b>quoted</b>",
    "kind": "firebreak",
    "issue": "haze",
    "tambon": "520201",
    "geometry": "LINESTRING (99.7 18.3, 99.71 18.31)",
    "scale_note": "บรรทัดหนึ่ง\nบรรทัดสอง, และ; อีก",
    "organisations": [{"name": "+66 54", "part": "lead"}],
    "targets": [{"measure": "km", "year": 2026, "target": -1.5, "actual": None, "evidence": "@x"}],
}


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return open_registry(settings.load(store=tmp_path / "store"))


def bring(registry: Registry, tmp_path: Path, **files: bytes) -> list[Verdict]:
    sources = [Brought(name.replace("_", "."), data, 10**9) for name, data in files.items()]
    take = record_rows.into(registry, Scope(places.place("lampang"), places.embedded_tambons()), OPERATOR)
    return importer.bring_in(Store(tmp_path / "files"), sources, clock.utc_now, records=take)


def test_a_list_gets_a_verdict_that_adds_up_and_names_its_rows(registry: Registry, tmp_path: Path) -> None:
    (verdict,) = bring(registry, tmp_path, list_csv=LIST)
    assert (verdict.format, verdict.read, verdict.kept, verdict.duplicates, verdict.rejected) == (
        "sites-csv",
        4,
        1,
        0,
        3,
    )
    assert [(remark.key, remark.rows) for remark in verdict.remarks] == [
        ("no_such_tambon", (2,)),
        ("formula", (3,)),
        ("negative", (4,)),
    ]
    for lang in LANGS:
        assert "พิชัย (เมืองลำปาง)" in say_verdict(lang, verdict)
    assert registry.sites().set_index("site").at["A", "lon"] == 99.5845
    (again,) = bring(registry, tmp_path, list_csv=LIST)
    assert (again.kept, again.duplicates, again.rejected) == (0, 1, 3)


def test_without_a_registry_such_a_file_is_refused(tmp_path: Path) -> None:
    (verdict,) = importer.bring_in(Store(tmp_path / "files"), [Brought("list.csv", LIST, 10**9)], clock.utc_now)
    assert verdict.refused is not None
    assert verdict.refused.key == "no_registry"


def test_the_real_lists(registry: Registry, tmp_path: Path, shared: Path) -> None:
    folder = shared / "data" / "interventions"
    names = ("interventions.csv", "burn_bans.csv", "plan13_milestones.csv")
    files = {name.replace(".", "_"): (folder / name).read_bytes() for name in names}
    for kept in (True, False):
        verdicts = bring(registry, tmp_path, **files)
        assert [v.read for v in verdicts] == [109, 13, 13]
        assert [v.kept if kept else v.duplicates for v in verdicts] == [109, 13, 13]
        assert [v.refused for v in verdicts] == [None] * 3
    sites = registry.sites()
    assert (sites["source_url"] != "").all()
    assert set(sites["changed_by"]) == {"operator"}


@pytest.mark.parametrize("form", export.FORMATS)
def test_an_export_brought_into_another_registry_is_the_same_registry(
    registry: Registry, tmp_path: Path, form: str
) -> None:
    registry.add("sites", TRICKY, author=OPERATOR, record="X-1")
    check = {"fire_id": "F", "geometry": "POINT (99.7 18.3)", "crews": [{"unit": "ก", "people": 3}]}
    registry.add("field_checks", check, author=OPERATOR, record="K-1")
    registry.add(
        "criteria", {"tambon": "520201", "criterion": "problem", "mark": "met", "evidence": "=1"}, author=OPERATOR
    )
    data = export.to_bytes(registry, form)
    other = open_registry(settings.load(store=tmp_path / "other"))
    verdicts = bring(other, tmp_path, **{f"all_{export.ENDINGS[form]}": data})
    assert [v.refused.key for v in verdicts if v.refused] == (["trail_file"] if form == "csv" else [])
    assert sum(v.rejected for v in verdicts) == 0
    for kind in ("sites",) if form == "geojson" else ("sites", "burn_bans", "milestones", "field_checks"):
        found = {record: kept.document for record, kept in other.all(kind).items()}
        assert found == {record: kept.document for record, kept in registry.all(kind).items()}
    if form != "geojson":
        marks = [[kept.document for kept in one.all("criteria").values()] for one in (registry, other)]
        assert marks[0] == marks[1] != []


def test_no_cell_of_an_export_is_run(registry: Registry) -> None:
    registry.add("sites", TRICKY, author=OPERATOR, record="X-1")
    book = openpyxl.load_workbook(io.BytesIO(export.to_bytes(registry, "xlsx")))
    cells = [cell for page in book for row in page.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s"}
    assert not [cell.value for cell in cells if str(cell.value).startswith(("=", "@", "+"))]
    assert "trail" in book.sheetnames
    packed = zipfile.ZipFile(io.BytesIO(export.to_bytes(registry, "csv")))
    assert {"sites.csv", "burn_bans.csv", "milestones.csv", "trail.csv"} == set(packed.namelist())
    assert "\n=SUM" not in packed.read("sites.csv").decode("utf-8-sig")
    features = json.loads(export.to_bytes(registry, "geojson"))["features"]
    assert len(features) == 110
    # A site known by its tambon alone has no geometry anywhere.
    assert sum(feature["geometry"] is None for feature in features) == 108
