"""Many rows into the registry: the real list whole, bad rows told one by one, all or nothing, nothing overwritten."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data import places, settings
from data.accounts import Author
from data.registry import Registry, bulk, open_registry, sheet
from data.registry.bulk import Reading, Scope
from data.registry.records import as_json
from data.registry.tables import KINDS

ROOT = Path(__file__).resolve().parent.parent.parent.parent
FACTS = ROOT / "data" / "facts"
PLANNER = Author("somsri", "planner")
LAMPANG = Scope(places.place("lampang"), places.embedded_tambons())


def table(*rows: dict[str, str]) -> pd.DataFrame:
    """Return rows as a file gives them, each a good site changed by what is given."""
    good = {"name_th": "แนวกันไฟ", "type": "firebreak", "issue": "haze", "tambon_th": "พิชัย", "amphoe_th": "เมืองลำปาง"}
    frame = pd.DataFrame([{**good, **row} for row in rows], dtype="object").fillna("")
    return frame.set_axis(range(1, len(frame) + 1))


def bring(registry: Registry, frame: pd.DataFrame, kind: str = "sites", author: Author = PLANNER) -> list[Reading]:
    readings = bulk.read(kind, frame, LAMPANG)
    bulk.write(registry, kind, readings, author, "test.csv")
    return readings


def facts(name: str) -> pd.DataFrame:
    frame = pd.read_csv(FACTS / name, dtype="str", keep_default_na=False)
    return frame.set_axis(range(1, len(frame) + 1))


def same_cells(found: pd.Series, expected: pd.Series) -> None:
    """Hold a column against the one it came from: as numbers where it holds numbers, else letter by letter."""
    numbers = pd.to_numeric(expected.where(expected != ""), errors="coerce")
    if numbers.notna().sum() == (expected != "").sum():
        np.testing.assert_array_equal(pd.to_numeric(found.where(found != "")).to_numpy(), numbers.to_numpy())
    else:
        assert found.tolist() == expected.tolist()


@pytest.mark.parametrize(
    ("kind", "name", "key"),
    [
        ("sites", "interventions.csv", ["id"]),
        ("burn_bans", "burn_bans.csv", ["year_ce", "kind", "start_date"]),
        ("milestones", "plan13_milestones.csv", ["milestone_no"]),
    ],
)
def test_the_shipped_lists_come_out_as_they_went_in(registry: Registry, kind: str, name: str, key: list[str]) -> None:
    given = facts(name)
    out = sheet.rows(KINDS[kind], {record: kept.document for record, kept in registry.all(kind).items()})
    assert len(out) == len(given)
    joined = given[key].merge(out, on=key, how="left", validate="one_to_one")
    for column in given.columns.drop("days_inclusive", errors="ignore"):
        same_cells(joined[column], given[column])
    # Brought by a user, a shipped fact is one no more; nothing in it changes.
    assert {one.verdict for one in bring(registry, given, kind)} == {"confirmed"}
    assert sheet.rows(KINDS[kind], {one: kept.document for one, kept in registry.all(kind).items()}).equals(out)
    assert set(registry.table(kind)["changed_by"]) == {"somsri"}
    # Brought again, as it was or as it came out, it changes nothing.
    before = registry.revision
    for again in (given, out.set_axis(range(1, len(out) + 1))):
        assert {one.verdict for one in bring(registry, again, kind)} == {"duplicate"}
    assert registry.revision == before


def test_everything_goes_into_an_empty_registry_and_comes_out_the_same(registry: Registry, tmp_path: Path) -> None:
    record = registry.add("sites", FULL, author=PLANNER)
    documents = {name: kept.document for name, kept in registry.all("sites").items()}
    out = sheet.rows(KINDS["sites"], documents)
    other = open_registry(settings.load(store=tmp_path / "other"))
    readings = bring(other, out.set_axis(range(1, len(out) + 1)))
    assert [one.wrong for one in readings if one.wrong] == []
    assert {name: kept.document for name, kept in other.all("sites").items()} == documents
    assert as_json(other.get("sites", record).document) == as_json(registry.get("sites", record).document)


FULL = {
    "name_th": "=SUM(A1) <script>alert(1)</script>",
    "name_en": "'quoted",
    "kind": "firebreak",
    "issue": "haze",
    "state": "approved",
    "tambon": "520201",
    "geometry": "POLYGON ((99.7 18.3, 99.71 18.3, 99.71 18.31, 99.7 18.3))",
    "start": "2026-01-15",
    "budget_thb": 1234.5,
    "funds": "-งบจังหวัด",
    "organisations": [{"name": "ก; ข", "part": "lead", "role": "state", "mechanism": "mission"}],
    "research": [{"title": "t;1", "funder": "วช.", "link": "https://x.example/?a=1;b", "readiness": "TRL 7"}],
    "targets": [{"measure": "rai", "unit": "rai", "year": 2026, "target": 10, "actual": -1, "evidence": "x\ny"}],
    "photos": [{"link": "a.jpg", "caption": "@x", "taken_on": "2026-01-16"}],
    "lessons": [{"worked": "a", "conditions": "b", "needed": "c"}],
    "sources": [{"url": "https://a", "confidence": "stated"}, {"url": "https://b", "about": "budget_thb"}],
    "plan_links": [{"milestone": 11, "basis": "stated", "strategy": "แผนจังหวัด"}],
}

BAD = [
    ("unknown tambon", {"tambon_th": "พิชย"}, "no_such_tambon", {"nearest": "พิชัย (เมืองลำปาง)"}),
    ("wrong amphoe", {"tambon_th": "แม่วะ", "amphoe_th": "เกาะคา"}, "wrong_amphoe", {"where": "เถิน"}),
    ("unknown amphoe", {"amphoe_th": "แม่ทา"}, "no_such_amphoe", {"amphoe": "แม่ทา"}),
    ("code and name differ", {"tambon_code": "520112"}, "code_and_name_differ", {"code": "520112"}),
    ("unknown code", {"tambon_code": "529999"}, "unknown_tambon_code", {}),
    ("date as text", {"start_date": "ต้นปี 2566"}, "bad_day", {}),
    ("ambiguous date", {"start_date": "03/04/2024"}, "bad_day", {}),
    ("no such date", {"start_date": "2569-02-30"}, "bad_day", {}),
    ("swapped degrees", {"lat": "99.5845", "lon": "18.32933"}, "swapped_point", {}),
    ("swapped UTM", {"lat": "561000", "lon": "2027000"}, "swapped_point", {}),
    ("outside the province", {"lat": "18.79", "lon": "98.98"}, "outside_province", {}),
    ("outside the country", {"lat": "51.5", "lon": "0.1"}, "outside_country", {}),
    ("position in words", {"lat": "near", "lon": "the temple"}, "bad_point", {}),
    ("negative budget", {"budget_thb": "-100"}, "negative", {}),
    ("formula", {"name_th": '=HYPERLINK("http://x","y")'}, "formula", {"field": "name_th"}),
    ("formula as number", {"budget_thb": "=1+1"}, "formula", {"field": "budget_thb"}),
    ("no name", {"name_th": ""}, "no_name", {}),
    ("no kind", {"type": ""}, "needed", {}),
    ("broken list", {"targets": "{"}, "broken_list", {"field": "targets"}),
    ("unknown confidence", {"source_url": "https://x", "confidence": "sure"}, "not_one_of", {}),
]


@pytest.mark.parametrize(("row", "key", "context"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_a_bad_row_is_told_and_the_good_one_beside_it_is_taken(
    tmp_path: Path, seeded: Path, row: dict[str, str], key: str, context: dict[str, str]
) -> None:
    registry = open_registry(settings.load(store=seeded))
    readings = bulk.read("sites", table({"name_th": f"ดี {key}"}, row), LAMPANG)
    bulk.look(registry, "sites", readings, PLANNER)
    good, bad = readings
    assert (good.verdict, bad.verdict, bad.row) == ("added", "rejected", 2)
    assert bad.wrong[0].key == key
    assert context.items() <= bad.wrong[0].context.items()


@pytest.mark.parametrize(
    ("row", "field", "value", "note"),
    [
        ({"start_date": "2569-03-12"}, "start", "2026-03-12", "buddhist_year"),
        ({"start_date": "12/03/2569"}, "start", "2026-03-12", "buddhist_year"),
        ({"start_date": "12 มี.ค. 2569"}, "start", "2026-03-12", "buddhist_year"),
        ({"start_date": "๑๒ มีนาคม พ.ศ. ๒๕๖๙"}, "start", "2026-03-12", "buddhist_year"),
        ({"start_date": "25/12/2024"}, "start", "2024-12-25", None),
        ({"year_ce": "2566"}, "year", 2023, "buddhist_year"),
        ({"budget_thb": "1,250,000"}, "budget_thb", 1250000.0, None),
        ({"lat": "2026743", "lon": "561810"}, "geometry", "POINT (99.58", "point_from_utm"),
        ({"lat": "18.32933", "lon": "99.58450"}, "geometry", "POINT (99.5845 18.32933)", None),
        ({"tambon_th": "Phichai", "amphoe_th": "เมือง"}, "tambon", "520111", None),
        ({"tambon_th": "", "amphoe_th": ""}, "province", "52", None),
        ({"tambon_th": "ห้วยทราย", "amphoe_th": "หนองแค", "province": "สระบุรี"}, "tambon", "190", None),
        ({"name_th": "<script>alert(1)</script>"}, "name_th", "<script>alert(1)</script>", None),
        ({"name_th": "- ขีดหน้า"}, "name_th", "- ขีดหน้า", None),
        ({"name_th": "'=1+1"}, "name_th", "=1+1", None),
    ],
)
def test_what_people_write_is_understood(row: dict[str, str], field: str, value: object, note: str | None) -> None:
    (one,) = bulk.read("sites", table(row), LAMPANG)
    assert one.wrong == []
    found = one.document[field]
    assert found == value or str(found).startswith(str(value))
    assert [problem.key for problem in one.notes] == ([note] if note else [])


def test_a_position_in_another_tambon_than_the_row_says_is_kept_and_noted() -> None:
    (one,) = bulk.read("sites", table({"tambon_th": "พระบาท", "lat": "18.32933", "lon": "99.58450"}), LAMPANG)
    assert one.wrong == []
    assert one.document["tambon"] == "520112" or one.document["tambon"].startswith("5201")
    assert [(note.key, note.context["stated"]) for note in one.notes] == [("point_in_other_tambon", "พระบาท")]


def test_doubles_within_a_file_and_against_the_registry(registry: Registry) -> None:
    frame = table(
        {"id": "A", "name_th": "ก"},
        {"id": "A", "name_th": "ก"},
        {"id": "A", "name_th": "ข"},
        {"id": "B", "name_th": "ก"},
        {"name_th": "ค"},
        {"name_th": "ค"},
    )
    readings = bring(registry, frame)
    verdicts = [(one.verdict, one.wrong[0].key if one.wrong else "") for one in readings]
    assert verdicts == [
        ("added", ""),
        ("duplicate", ""),
        ("rejected", "double_id"),
        ("rejected", "same_site"),
        ("added", ""),
        ("duplicate", ""),
    ]
    again = bring(registry, table({"id": "C", "name_th": "ก"}, {"name_th": "ค"}))
    assert [(one.verdict, [p.key for p in one.wrong]) for one in again] == [
        ("rejected", ["same_site"]),
        ("duplicate", []),
    ]


def test_an_edit_made_since_the_import_is_never_overwritten(registry: Registry) -> None:
    given = facts("interventions.csv")
    given.loc[1, "scale_note"] = "corrected in the list"
    registry.change("sites", "LP-HAZ-002", {"state": "active"}, author=PLANNER, based_on=1)
    given.loc[2, "scale_note"] = "corrected in the list"
    verdicts = {one.record: (one.verdict, [p.key for p in one.wrong]) for one in bring(registry, given)}
    assert verdicts["LP-HAZ-003"] == ("confirmed", [])
    assert verdicts["LP-HAZ-001"] == ("changed", [])
    assert verdicts["LP-HAZ-002"] == ("rejected", ["edited_since"])
    assert registry.get("sites", "LP-HAZ-002").document["state"] == "active"
    # Exported with its version, changed and brought back, it is a change like any other.
    out = sheet.rows(KINDS["sites"], {"LP-HAZ-002": registry.get("sites", "LP-HAZ-002").document})
    (one,) = bring(registry, out.assign(version="2", scale_note="new").set_axis([1]))
    assert one.verdict == "changed"
    assert registry.get("sites", "LP-HAZ-002").document["scale_note"] == "new"
    trail = registry.trail(kind="sites", record="LP-HAZ-002")
    assert trail[["action", "version"]].to_numpy().tolist() == [["import", 3], ["change", 2], ["import", 1]]


def test_an_officer_brings_rows_of_the_own_amphoe_alone(registry: Registry) -> None:
    officer = Author("anan", "officer", "5202")
    frame = table({"name_th": "ก", "tambon_th": "บ้านดง", "amphoe_th": "แม่เมาะ"}, {"name_th": "ข"})
    own, other = bring(registry, frame, author=officer)
    assert (own.verdict, other.verdict, other.wrong[0].key) == ("added", "rejected", "row_not_allowed")


def many(count: int) -> pd.DataFrame:
    return table(*({"id": f"N-{number}", "name_th": f"แนวกันไฟ {number}"} for number in range(count)))


def test_two_people_importing_at_once_lose_nothing(options: settings.Settings) -> None:
    def one(frame: pd.DataFrame) -> Sequence[Reading]:
        return bring(open_registry(options), frame)

    both = many(300)
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(one, [both, both.iloc[100:]])
    verdicts = [reading.verdict for reading in (*first, *second)]
    assert verdicts.count("added") == 300
    assert verdicts.count("duplicate") == 200
    registry = open_registry(options)
    assert len(registry.sites()) == 109 + 300
    assert len(registry.trail()) == 135 + 300
    registry.close()


_IMPORT = """
import sys
from data import settings
from data.registry import bulk, open_registry
from tests.data.registry import test_bulk as own
registry = open_registry(settings.load(store=sys.argv[1], database_url=sys.argv[2]))
readings = bulk.read("sites", own.many(2000), own.LAMPANG)
print("reading done", flush=True)
bulk.write(registry, "sites", readings, own.PLANNER, "killed")
print("written", flush=True)
"""


def test_a_kill_in_the_middle_of_an_import_leaves_all_or_nothing(options: settings.Settings) -> None:
    found = set()
    for wait_s in (0.02, 0.2):
        arguments = [str(options.store), options.database_url.get_secret_value()]
        with subprocess.Popen(
            [sys.executable, "-c", _IMPORT, *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True, env=os.environ
        ) as running:
            assert running.stdout is not None
            assert running.stdout.readline() == "reading done\n"
            time.sleep(wait_s)
            running.send_signal(signal.SIGKILL)
            running.wait()
        registry = open_registry(options)
        rows, told = len(registry.sites()) - 109, len(registry.trail()) - 135
        registry.close()
        assert (rows, told) in ((0, 0), (2000, 2000))
        found.add(rows)
    assert 0 in found


def test_fifty_thousand_rows(tmp_path: Path) -> None:
    registry = open_registry(settings.load(store=tmp_path))
    readings = bring(registry, many(50_000))
    assert {one.verdict for one in readings} == {"added"}
    assert len(registry.sites()) == 50_109
    assert len(registry.trail(last=60_000)) == 50_135


def test_a_template_has_the_columns_that_are_understood() -> None:
    assert sheet.kind_of(list(sheet.template().columns)) == "sites"
    assert sheet.template().empty


def test_burn_bans_not_found_stay_unknown(registry: Registry) -> None:
    bans = registry.table("burn_bans")
    unknown = bans[bans["confidence"] == "not_found"]
    assert sorted(unknown["year"]) == [2016, 2024, 2026]
    assert unknown["start"].isna().all()
    ban = bans[(bans["year"] == 2023) & (bans["kind"] == "burn_ban")].iloc[0]
    assert (ban["start"], ban["end"]) == (dt.datetime(2023, 2, 15), dt.datetime(2023, 4, 30))
