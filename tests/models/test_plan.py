"""The plan's display on rows worked out by hand, and on the shipped list of Lampang."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

from data import clock
from data.accounts import OPERATOR, Author
from data.registry import Registry, open_registry
from data.registry.tables import KINDS
from data.store import Store
from fetchers import importer
from fetchers.brought import Brought
from models import plan, plan_signal
from models.desk import Desk, open_desk
from tests.layers import desks

A, B, C, D = "520101", "520102", "520103", "520104"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return desks.desk_of(desks.store_of(tmp_path / "store", [desks.march(), desks.year_before()]))


@pytest.fixture
def registry(desk: Desk) -> Registry:
    """Three sites of our own, the shipped ones taken out: A active with everything, B proposed, one of the amphoe."""
    opened = open_registry(desk.settings)
    with opened.writing() as connection:
        connection.execute(sa.delete(KINDS["sites"].table))
    for record, values in _SITES.items():
        opened.add(
            "sites", {"kind": "firebreak", "issue": "haze", "name_en": record, **values}, author=OPERATOR, record=record
        )
    return opened


_SITES: Mapping[str, Mapping[str, Any]] = {
    "S1": {
        "tambon": A,
        "state": "active",
        "budget_thb": 1000,
        "organisations": [
            {"name": "x", "part": "lead", "mechanism": "area"},
            {"name": "y", "part": "partner"},
        ],
        "research": [{"title": "r"}],
        "plan_links": [{"milestone": 11, "basis": "inferred"}, {"milestone": 10, "basis": "stated"}],
        "targets": [
            {"measure": "km", "year": 2025, "target": 5, "actual": 5},
            {"measure": "km", "year": 2026, "target": 5, "actual": 4},
            {"measure": "km", "year": 2027, "target": 5},
            {"measure": "seen", "actual": 3},
        ],
        "lessons": [{"worked": "w"}],
    },
    "S2": {"tambon": B, "state": "proposed", "organisations": [{"name": "x", "part": "lead"}]},
    "S3": {"amphoe": "5201", "issue": "ageing", "plan_links": [{"milestone": 9, "basis": "inferred"}]},
}


def row(table: pd.DataFrame, code: str) -> dict[str, Any]:
    return dict(table.set_index("code").loc[code])


def test_by_tambon_counts_and_what_is_not_known_stays_unknown(registry: Registry, desk: Desk) -> None:
    table = plan.display(plan.programme(registry, desk), "tambon", desk.tambons)
    assert table["code"].tolist() == [A, B, C, D, ""]
    assert row(table, A) == {
        "activities": 1, "planned": 0, "ended": 0, "budget_thb": 1000.0, "budget_known": 1, "partners": 2,
        "research": 1, "targets": 3, "targets_met": 1, "targets_open": 1, "lessons": 1, "inferred": 1,
    }  # fmt: skip
    planned = row(table, B)
    assert (planned["activities"], planned["planned"], planned["budget_known"]) == (1, 1, 0)
    assert np.isnan(planned["budget_thb"])
    assert (row(table, C)["activities"], row(table, "")["activities"]) == (0, 1)
    assert table["activities"].sum() == 3


def test_by_issue_amphoe_and_milestone(registry: Registry, desk: Desk) -> None:
    known = plan.programme(registry, desk)
    issues = plan.display(known, "issue", desk.tambons)
    assert issues.set_index("code")["activities"].to_dict() == {"haze": 2, "ageing": 1, "ceramics": 0, "all": 0}
    # One organisation in two sites is one partner.
    assert row(issues, "haze")["partners"] == 2
    milestones = plan.named(plan.display(known, "milestone", desk.tambons), "milestone", known, desk.tambons)
    served = milestones.set_index("code")["activities"]
    assert len(served) == 14
    assert served[served > 0].to_dict() == {"09": 1, "10": 1, "11": 1, "": 1}
    assert row(milestones, "11")["name_en"].startswith("Lower risk")
    assert plan.display(known, "province", desk.tambons)["activities"].tolist() == [3]
    with pytest.raises(ValueError, match="expected one of"):
        plan.display(known, "village", desk.tambons)


def test_four_links_say_what_is_there_and_what_is_missing(registry: Registry, desk: Desk) -> None:
    known = plan.programme(registry, desk)
    assert plan.links(known, A).to_numpy().tolist() == [
        ["research", 1, 0, ""],
        ["partners", 2, 0, ""],
        ["strategy", 2, 1, ""],
        ["display", 2, 0, ""],
    ]
    assert plan.links(known, B)["missing"].tolist() == ["research", "mechanism", "strategy", "targets"]
    assert plan.links(known, C)["missing"].tolist() == ["research", "partners", "strategy", "targets"]


def test_criteria_carry_their_evidence_and_author(registry: Registry) -> None:
    author = Author("somsri", "planner")
    mark = {"tambon": A, "criterion": "problem", "mark": "met", "evidence": "ไฟซ้ำ", "source_url": "https://x"}
    record = registry.add("criteria", mark, author=author)
    sheet = plan.sheet(registry, A)
    assert sheet["criterion"].tolist() == ["problem", "mechanism", "research"]
    assert sheet.loc[0, ["mark", "evidence", "author", "record", "version"]].tolist() == [
        "met",
        "ไฟซ้ำ",
        "somsri",
        record,
        1,
    ]
    assert sheet.loc[1, ["mark", "author", "version"]].tolist() == ["", "", 0]
    table = plan.criteria(registry, [A, B])
    assert table[["marked", "met"]].to_numpy().tolist() == [[1, 1], [0, 0]]
    # Nobody is a pilot unless somebody says so with a source.
    assert not table["pilot"].any()
    registry.add("pilots", {"tambon": B, "source_url": "https://y"}, author=author)
    assert plan.criteria(registry, [A, B])["pilot"].tolist() == [False, True]


def test_signal_against_the_season_before(desk: Desk) -> None:
    seen = plan_signal.signal(desk, ("SNPP",), 2026, [A], smoke=False).set_index("tambon")
    assert seen["hotspots"].to_dict() == {A: 2, B: 1, C: 2, D: 0}
    assert seen["usual"].to_dict() == {A: 2.0, B: 0.0, C: 0.0, D: 1.0}
    assert seen.loc[A, "change"] == 0.0
    assert seen.loc[D, "change"] == -1.0
    # From nothing there is no ratio; and four tambons are too few to be compared with five.
    assert np.isnan(seen.loc[B, "change"])
    assert seen["alike_change"].isna().all()
    assert seen["smoke_days"].isna().all()
    nothing = plan_signal.signal(desk, ("NOAA21",), 2026, [], smoke=False)
    assert nothing["hotspots"].isna().all()


def test_alike_tambons_are_those_that_burned_as_much_before_and_where_nothing_is_done() -> None:
    usual = np.array([10.0, 10, 11, 9, 12, 8, 100, 10])
    now = np.array([0.0, 5, 5, 5, 5, 5, 100, 0])
    acted = np.array([True, False, False, False, False, False, False, True])
    change = plan_signal._alike(now, usual, np.ones(8), acted)
    # 25 detections where 50 were usual; the tambon of a hundred and the other one that acted are not asked.
    assert change[0] == change[7] == -0.5


def test_gaps() -> None:
    seen = pd.DataFrame(
        {
            "tambon": list("abcdef"),
            "hotspots": pd.array([40, 30, 0, 0, 5, pd.NA], "Int64"),
            "usual": [60.0, 50.0, 0.0, 2.0, 5.0, np.nan],
        }
    )
    found = plan_signal.gaps(seen, pd.Series({"b": 2, "c": 1, "d": 1})).set_index("tambon")["gap"]
    assert found.to_dict() == {
        "a": "burdened_nothing_done", "b": "", "c": "done_no_burden", "d": "", "e": "", "f": "cannot_tell",
    }  # fmt: skip


def test_smoke_days_and_people(tmp_path: Path) -> None:
    readings = desks.air(("2026-03-10", 52.0), ("2026-03-11", 20.0), ("2026-03-12", 60.0))
    desk = desks.desk_of(desks.store_of(tmp_path / "store", [desks.march()], readings=readings))
    seen = plan_signal.signal(desk, ("SNPP",), 2026, []).set_index("tambon")
    assert (seen.loc[A, "smoke_days"], seen.loc[A, "smoke_known"]) == (2, 3)
    assert seen["people"].isna().all()
    assert seen["person_days"].isna().all()


def test_the_shipped_list_of_lampang_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = open_desk()
    known = plan.programme(open_registry(desk.settings), desk)
    assert plan.display(known, "issue", desk.tambons).set_index("code")["activities"].to_dict() == {
        "haze": 83, "ageing": 13, "ceramics": 12, "all": 1,
    }  # fmt: skip
    amphoes = plan.display(known, "amphoe", desk.tambons).set_index("code")["activities"]
    assert (amphoes["5201"], amphoes["5202"], amphoes["5212"], amphoes[""]) == (43, 11, 2, 14)
    milestones = plan.display(known, "milestone", desk.tambons).set_index("code")
    assert milestones.loc["11", "activities"] == milestones.loc["11", "inferred"] == 82


def test_saraburi_opens_calmly(tmp_path: Path, shared: Path) -> None:
    store = Store(tmp_path / "store")
    outlines = (shared / "data" / "boundaries" / "pilot_tambons.parquet").read_bytes()
    importer.bring_in(store, [Brought("p.parquet", outlines, 10**9)], clock.utc_now)
    desk = open_desk("saraburi")
    known = plan.programme(open_registry(desk.settings), desk)
    table = plan.display(known, "amphoe", desk.tambons)
    assert len(table) == 13
    assert table["activities"].sum() == 0
    seen = plan_signal.signal(desk, ("SNPP",), 2026, [])
    assert len(seen) == len(desk.tambons) > 100
    assert set(plan_signal.gaps(seen, pd.Series(dtype="int64"))["gap"]) == {"cannot_tell"}
