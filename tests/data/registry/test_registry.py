"""The contract of the registry, the same on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import datetime as dt
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import shapely
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from data import places, settings
from data.accounts import Author
from data.errors import Conflict, NotAllowed, NotStored, RecordRefused, RegistryError, SettingError
from data.registry import Registry, open_registry, opening, tables

PLANNER = Author("somsri", "planner")
OFFICER = Author("anan", "officer", "5202")
VIEWER = Author("", "viewer")
LINE = "LINESTRING (99.7 18.3, 99.71 18.31)"
SITE = {
    "name_th": "แนวกันไฟบ้านทดสอบ",
    "kind": "firebreak",
    "issue": "haze",
    "tambon": "520201",
    "start": "2026-01-15",
    "budget_thb": "120,000",
    "scale_km": 3.5,
    "geometry": LINE,
    "organisations": [
        {"name": "อบต.บ้านดง", "part": "lead", "role": "state", "mechanism": "area"},
        {"name": "ชุมชน", "part": "partner", "role": "community"},
    ],
    "targets": [{"measure": "km", "year": 2026, "target": 4, "actual": 3.5, "evidence": "ภาพถ่าย"}],
    "lessons": [{"worked": "ทำก่อนใบไม้ร่วง", "conditions": "มีอาสา", "needed": "งบน้ำมัน"}],
    "plan_links": [{"milestone": 11, "basis": "inferred"}],
}


def test_a_new_registry_holds_the_shipped_facts_each_with_its_citation(registry: Registry) -> None:
    sites = registry.sites()
    assert len(sites) == 109
    assert (sites["source_url"] != "").all()
    assert sites["confidence"].value_counts().to_dict() == {"stated": 97, "estimated": 12}
    assert sites["milestones_inferred"].all()
    assert sites["tambon"].notna().sum() == 63
    # Only the one site with a printed position has one; the others are known by their tambon or not even that.
    assert sites.loc[sites["lon"].notna(), "site"].tolist() == ["LP-HAZ-002"]
    assert sites["geometry"].notna().sum() == 1
    assert len(registry.table("burn_bans")) == len(registry.table("milestones")) == 13
    trail = registry.trail()
    assert set(trail["author"]) == {"shipped facts"}
    assert len(trail) == 109 + 13 + 13


def test_the_tables_on_disk_are_those_that_are_declared(registry: Registry) -> None:
    with registry.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, tables.metadata) == []
    config = Config()
    config.set_main_option("script_location", str(opening._MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_current_head() == opening.HEAD


def test_a_record_is_kept_as_it_was_given(registry: Registry) -> None:
    record = registry.add("sites", SITE, author=PLANNER)
    kept = registry.get("sites", record)
    assert kept.version == 1
    expected = {"budget_thb": 120000.0, "amphoe": "5202", "province": "52", "geometry": LINE, "start": "2026-01-15"}
    assert {name: kept.document[name] for name in expected} == expected
    assert kept.document["organisations"][1] == {
        "name": "ชุมชน", "part": "partner", "role": "community", "mechanism": "",
    }  # fmt: skip
    row = registry.sites(place=places.place("lampang"), kind="firebreak").set_index("site").loc[record]
    assert (row["shape"], row["lead_th"], row["partners_th"], row["lessons"]) == ("line", "อบต.บ้านดง", "ชุมชน", 1)
    assert row["start"] == dt.datetime(2026, 1, 15)
    assert shapely.from_wkb(row["geometry"]).equals(shapely.from_wkt(LINE))
    assert registry.sites(place=places.place("saraburi")).empty


def test_several_records_go_in_together_or_not_at_all(registry: Registry) -> None:
    before = registry.revision
    with pytest.raises(RecordRefused):
        registry.add_all("sites", {"S-a": SITE, "S-b": {**SITE, "issue": "no such issue"}}, author=PLANNER)
    with pytest.raises(NotAllowed):
        registry.add_all("sites", {"S-a": SITE, "S-b": {**SITE, "tambon": "520101"}}, author=OFFICER)
    assert registry.revision == before
    assert registry.add_all("sites", {"S-a": SITE, "S-b": SITE}, author=PLANNER) == 2
    assert registry.add_all("sites", {"S-a": SITE, "S-c": SITE}, author=PLANNER) == 1
    registry.change("sites", "S-a", {"state": "active"}, author=PLANNER, based_on=1)
    with pytest.raises(Conflict):
        registry.add_all("sites", {"S-d": SITE, "S-a": SITE}, author=PLANNER)
    assert "S-d" not in registry.all("sites")
    assert len(registry.trail(kind="sites", record="S-a")) == 2


def test_change_undo_remove_and_the_trail(registry: Registry) -> None:
    record = registry.add("sites", SITE, author=PLANNER, reason="survey")
    first = registry.get("sites", record).document
    more = {"state": "active", "notes": [{"text": "x"}]}
    assert registry.change("sites", record, more, author=PLANNER, based_on=1) == 2
    second = registry.get("sites", record).document
    assert (second["state"], len(second["notes"]), len(second["organisations"])) == ("active", 1, 2)
    # Saving what is there already is no change.
    assert registry.change("sites", record, {"state": "active"}, author=PLANNER, based_on=2) == 2
    registry.remove("sites", record, author=PLANNER, based_on=2)
    with pytest.raises(NotStored):
        registry.get("sites", record)
    trail = registry.trail(kind="sites", record=record)
    assert trail["action"].tolist() == ["remove", "change", "add"]
    assert trail["version"].tolist() == [3, 2, 1]
    assert json.loads(trail["before"].iloc[0]) == json.loads(trail["after"].iloc[1]) == second
    assert json.loads(trail["before"].iloc[1]) == json.loads(trail["after"].iloc[2]) == first
    assert trail["reason"].iloc[2] == "survey"
    assert registry.undo(int(trail["entry"].iloc[0]), author=PLANNER) == 4
    assert registry.get("sites", record).document == second
    # An older change cannot be undone under a newer one; the undo itself can be.
    with pytest.raises(Conflict):
        registry.undo(int(trail["entry"].iloc[1]), author=PLANNER)
    registry.undo(int(registry.trail(last=1)["entry"].iloc[0]), author=PLANNER)
    with pytest.raises(NotStored):
        registry.get("sites", record)


def test_the_trail_is_append_only(registry: Registry) -> None:
    for statement in (sa.delete(tables.TRAIL), sa.update(tables.TRAIL).values(author="x")):
        with pytest.raises((RegistryError, sa.exc.DBAPIError)), registry.writing() as connection:
            connection.execute(statement)
    assert set(registry.trail()["author"]) == {"shipped facts"}


def test_who_saved_first_is_told_and_nothing_is_lost(registry: Registry) -> None:
    registry.change("sites", "LP-HAZ-001", {"state": "active"}, author=PLANNER, based_on=1)
    with pytest.raises(Conflict) as found:
        registry.change("sites", "LP-HAZ-001", {"state": "ended"}, author=Author("other", "planner"), based_on=1)
    assert found.value.version == 2
    assert found.value.theirs == {"state": ("", "active")}
    assert found.value.context["author"] == "somsri"
    assert registry.get("sites", "LP-HAZ-001").document["state"] == "active"
    with pytest.raises(Conflict):
        registry.add("sites", SITE, author=PLANNER, record="LP-HAZ-001")
    with pytest.raises(Conflict):
        registry.change("sites", "no-such-site", {"state": "ended"}, author=PLANNER, based_on=1)


def test_ten_editors_lose_no_edit_and_see_every_conflict(options: settings.Settings) -> None:
    """Each of ten adds three notes to one site, on top of whatever is there; a conflict is read again and repeated."""
    start = threading.Barrier(10)

    def edit(number: int) -> int:
        own = open_registry(options)
        author, conflicts = Author(f"editor{number}", "planner"), 0
        start.wait()
        for turn in range(3):
            while True:
                kept = own.get("sites", "LP-HAZ-001")
                notes = [*kept.document["notes"], {"text": f"{number}.{turn}", "written_by": author.name}]
                try:
                    own.change("sites", "LP-HAZ-001", {"notes": notes}, author=author, based_on=kept.version)
                    break
                except Conflict:
                    conflicts += 1
        return conflicts

    with ThreadPoolExecutor(10) as pool:
        conflicts = sum(pool.map(edit, range(10)))
    registry = open_registry(options)
    kept = registry.get("sites", "LP-HAZ-001")
    assert sorted(note["text"] for note in kept.document["notes"]) == sorted(
        f"{n}.{t}" for n in range(10) for t in range(3)
    )
    assert kept.version == 31
    trail = registry.trail(kind="sites", record="LP-HAZ-001")
    assert trail["author"].value_counts().drop("shipped facts").to_dict() == {f"editor{n}": 3 for n in range(10)}
    # Every step stands on the one before it: nobody's save went over another's.
    steps = trail.iloc[::-1]
    assert steps["before"].tolist()[1:] == steps["after"].tolist()[:-1]
    registry.close()
    assert conflicts > 0


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({"kind": ""}, "needed"),
        ({"issue": "fog"}, "not_one_of"),
        ({"budget_thb": -5}, "negative"),
        ({"budget_thb": "many"}, "not_a_number"),
        ({"scale_km": float("inf")}, "not_a_number"),
        ({"start": "ต้นปี 2566"}, "bad_day"),
        ({"end": "2025-01-01"}, "end_before_start"),
        ({"tambon": "529999"}, "unknown_tambon_code"),
        ({"amphoe": "5201"}, "wrong_amphoe"),
        ({"province": "50"}, "wrong_province"),
        ({"geometry": "POLYGON ((0 0, 1 1, 1 0, 0 1, 0 0))"}, "crossing_shape"),
        ({"geometry": "a line"}, "bad_shape"),
        ({"name_th": ""}, "no_name"),
        ({"name_th": "x" * 301}, "too_long"),
        ({"name_th": "a\x00b"}, "control_character"),
        ({"organisations": [{"name": "x", "part": "friend"}]}, "not_one_of"),
        ({"colour": "red"}, "unknown_field"),
        ({"notes": [{"text": "x", "colour": "red"}]}, "unknown_field"),
    ],
)
def test_what_may_not_stand_in_a_record(seeded: Any, values: dict[str, Any], key: str) -> None:
    registry = open_registry(settings.load(store=seeded))
    before = registry.revision
    with pytest.raises(RecordRefused) as found:
        registry.add("sites", {**SITE, **values}, author=PLANNER)
    assert [problem.key for problem in found.value.problems] == [key]
    assert registry.revision == before


def test_scripts_and_formulas_are_kept_as_the_text_they_are(registry: Registry) -> None:
    hostile = '<img src=x onerror="alert(1)">=1+1'
    record = registry.add("sites", {**SITE, "name_th": hostile, "name_en": "=HYPERLINK(1)"}, author=PLANNER)
    assert registry.get("sites", record).document["name_th"] == hostile
    assert registry.sites().set_index("site").at[record, "name_en"] == "=HYPERLINK(1)"


def test_who_may_write_is_decided_by_the_registry(registry: Registry) -> None:
    for author in (VIEWER, OFFICER):
        with pytest.raises(NotAllowed):
            registry.change("sites", "LP-HAZ-001", {"state": "ended"}, author=author, based_on=1)
        with pytest.raises(NotAllowed):
            registry.add("criteria", CRITERION, author=author)
    own = registry.add("sites", SITE, author=OFFICER)
    assert registry.change("sites", own, {"state": "active"}, author=OFFICER, based_on=1) == 2
    with pytest.raises(NotAllowed):  # out of the own amphoe
        registry.change("sites", own, {"tambon": "520111", "amphoe": "5201"}, author=OFFICER, based_on=2)
    with pytest.raises(NotAllowed):
        registry.undo(int(registry.trail(kind="sites", record="LP-HAZ-001")["entry"].iloc[0]), author=OFFICER)
    with pytest.raises(NotAllowed):
        registry.remove("sites", own, author=VIEWER, based_on=2)
    assert registry.get("sites", "LP-HAZ-001").version == 1


CRITERION = {"tambon": "520111", "criterion": "problem", "mark": "met", "evidence": "ไฟซ้ำทุกปี"}


def test_field_checks_keep_the_tambon_as_reported_beside_the_one_of_the_polygon(registry: Registry) -> None:
    values = {
        "fire_id": "F-1",
        "visited_at": "2026-02-19 09:30",
        "put_out_at": "2026-02-19T10:00+07:00",
        "result": "fire",
        "burned_rai": 15,
        "cause": "เก็บหาของป่า",
        "point_as_written": "47Q 564142 E 2055211 N",
        "geometry": shapely.Point(99.6079, 18.5867),
        "tambon_reported": "520111",
        "tambon": "520201",
        "crews": [{"unit": "สถานี", "people": 6}, {"unit": "อบต.", "people": 8}, {"unit": "กำนัน"}],
    }
    check = registry.add("field_checks", values, author=OFFICER)
    table = registry.field_checks(fires=["F-1"])
    row = table.iloc[0]
    assert (row["check"], row["tambon_reported"], row["tambon"], row["people"]) == (check, "520111", "520201", 14)
    assert row["visited_at"] == dt.datetime(2026, 2, 19, 2, 30)
    assert row["put_out_at"] == dt.datetime(2026, 2, 19, 3)
    assert (row["lon"], row["lat"]) == (99.6079, 18.5867)
    assert row["crews"] == "สถานี 6; อบต. 8; กำนัน ?"
    assert registry.field_checks(fires=["F-2"]).empty
    assert list(registry.field_checks(fires=["F-2"]).columns) == list(table.columns)
    with pytest.raises(RecordRefused):
        registry.add("field_checks", {"result": "fire", "tambon": "520201"}, author=OFFICER)


def test_an_address_that_is_no_postgresql_is_refused_without_repeating_it() -> None:
    with pytest.raises(SettingError) as found:
        open_registry(settings.load(database_url="mysql://user:secretword@host/x"))
    assert "secretword" not in f"{found.value} {found.value.context} {found.value.hint}"


def test_a_database_that_cannot_be_reached_is_a_clear_error() -> None:
    with pytest.raises(RegistryError) as found:
        open_registry(settings.load(database_url="postgresql://user:secretword@127.0.0.1:9/x"))
    assert found.value.key == "registry_database"
    assert "secretword" not in f"{found.value} {found.value.context}"


def test_a_registry_of_a_newer_desk_is_left_alone(options: settings.Settings) -> None:
    registry = open_registry(options)
    with registry.writing() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    registry.close()
    with pytest.raises(RegistryError) as found:
        open_registry(options)
    assert found.value.key == "registry_layout"


def test_where_the_store_cannot_be_written_the_facts_are_shown_and_nothing_changes(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file stands where the store should be")
    registry = open_registry(settings.load(store=tmp_path / "store"))
    assert len(registry.sites()) == 109
    assert not registry.writable
    with pytest.raises(RegistryError) as found:
        registry.add("sites", SITE, author=PLANNER)
    assert found.value.key == "registry_readonly"


def test_a_registry_that_may_only_be_read_is_read(seeded: Path) -> None:
    registry = Registry(opening._frozen(seeded / opening.FILE), lambda: dt.datetime.now(dt.UTC), writable=False)
    assert len(registry.sites()) == 109
