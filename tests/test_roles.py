"""Who may write what: every role against every kind of record and every action, judged by the server's side alone."""

from __future__ import annotations

import ast
import datetime as dt
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import streamlit as st

from data import accounts, places, settings
from data.accounts import Account, Author
from data.errors import NotAllowed
from data.registry import AlertLog, Registry, bulk, open_registry
from data.registry.alert_log import Event
from data.registry.bulk import Scope
from data.registry.tables import KINDS
from layers import signed
from tests.layers import desks
from tests.test_cli import ROOT

NOW = dt.datetime(2026, 12, 1, 6, tzinfo=dt.UTC)
#: The officer is of Mae Mo (5202); the administrator and the planner of nowhere.
AUTHORS = {
    "nobody": Author("", "viewer"),
    "viewer": Author("viewer", "viewer"),
    "officer": Author("anan", "officer", "5202"),
    "planner": Author("somsri", "planner"),
    "administrator": Author("root", "administrator"),
}
OWN, OTHER = "520201", "520111"
_numbers = itertools.count()


def document(kind: str, tambon: str) -> dict[str, Any]:
    """Return a good record of a kind in a tambon, another one each time."""
    number = next(_numbers)
    where = {"tambon": tambon, "amphoe": tambon[:4], "province": "52"}
    year = 2027 + number
    return {
        "sites": {"name_th": f"แนว {number}", "kind": "firebreak", "issue": "haze", **where},
        "field_checks": {"fire_id": f"F-{number}", "visited_at": "2026-02-19 09:30", "result": "fire",
                         "geometry": "POINT (99.6 18.5)", **where},
        "heat": {"verdict": "permanent", "geometry": "POINT (99.6 18.5)", "radius_m": 500, "evidence": "x", **where},
        "alert_rules": {"name": f"rule {number}", "watches": "fire_near", **where},
        "recipients": {"name": f"who {number}", "channel": "file", "amphoe": tambon[:4]},
        "criteria": {"tambon": tambon, "criterion": "problem", "mark": "met", "evidence": "x"},
        "pilots": {"tambon": tambon, "source_url": "https://example.org"},
        "burn_bans": {"year": year, "kind": "burn_ban", "start": f"{year}-03-01", "end": f"{year}-04-30"},
        "milestones": {"number": 100 + number, "text_th": "x", "name_th": "x", "title_th": "x"},
    }[kind]  # fmt: skip


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    return open_registry(settings.load(store=tmp_path_factory.mktemp("roles")), lambda: NOW)


def kept(registry: Registry, kind: str, tambon: str) -> str:
    root = AUTHORS["administrator"]
    values = {name: value for name, value in document(kind, tambon).items() if name in KINDS[kind].names}
    return registry.add(kind, values, author=root)


def add(registry: Registry, kind: str, tambon: str, who: Author) -> None:
    values = {name: value for name, value in document(kind, tambon).items() if name in KINDS[kind].names}
    registry.add(kind, values, author=who)


def add_all(registry: Registry, kind: str, tambon: str, who: Author) -> None:
    values = {name: value for name, value in document(kind, tambon).items() if name in KINDS[kind].names}
    registry.add_all(kind, {f"X-{next(_numbers)}": values}, author=who)


def change(registry: Registry, kind: str, tambon: str, who: Author) -> None:
    record = kept(registry, kind, tambon)
    name = next(one.name for one in KINDS[kind].columns if one.name in _TEXTS)
    registry.change(kind, record, {name: f"https://example.org/{next(_numbers)}"}, author=who, based_on=1)


def remove(registry: Registry, kind: str, tambon: str, who: Author) -> None:
    registry.remove(kind, kept(registry, kind, tambon), author=who, based_on=1)


def undo(registry: Registry, kind: str, tambon: str, who: Author) -> None:
    record = kept(registry, kind, tambon)
    registry.undo(int(registry.trail(kind=kind, record=record)["entry"].iloc[0]), author=who)


#: One free text of each kind.
_TEXTS = ("name_th", "name", "evidence", "source_url", "cause")
ACTIONS: dict[str, Callable[[Registry, str, str, Author], None]] = {
    "add": add, "add_all": add_all, "change": change, "remove": remove, "undo": undo,
}  # fmt: skip
#: The kinds that an officer may write in the own amphoe; everything else is for planners and administrators.
OFFICERS = ("sites", "field_checks", "heat", "alert_rules", "recipients")
WRITTEN = (*OFFICERS, "criteria", "pilots", "burn_bans")


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("kind", WRITTEN)
def test_each_role_writes_what_the_table_says_and_nothing_else(registry: Registry, kind: str, action: str) -> None:
    for role, who in AUTHORS.items():
        for tambon in (OWN, OTHER):
            may = who.plans or (role == "officer" and kind in OFFICERS and tambon == OWN)
            before = registry.revision
            if may:
                ACTIONS[action](registry, kind, tambon, who)
                assert registry.trail(last=1)["author"].tolist() == [who.name]
            else:
                made = registry.revision
                with pytest.raises(NotAllowed) as told:
                    ACTIONS[action](registry, kind, tambon, who)
                assert told.value.context["role"] == who.role
                # Only what the administrator put there to be tried upon was written.
                assert int(registry.revision) - int(made) == (0 if action in ("add", "add_all") else 1)
            assert int(registry.revision) >= int(before)


def test_the_table_of_officers_is_the_registrys() -> None:
    assert {name for name, kind in KINDS.items() if kind.officers} == set(OFFICERS)
    assert set(WRITTEN) | {"milestones"} == set(KINDS)


@pytest.mark.parametrize("role", AUTHORS)
def test_rows_of_a_file_are_judged_one_by_one(registry: Registry, role: str) -> None:
    who = AUTHORS[role]
    good = {"type": "firebreak", "issue": "haze"}
    table = pd.DataFrame(
        [{"name_th": f"{role} {code}", **good, "tambon_code": code} for code in (OWN, OTHER)],
        index=[1, 2],
        dtype="object",
    )
    rows = bulk.read("sites", table, Scope(places.place("lampang")))
    bulk.write(registry, "sites", rows, who, "x.csv")
    expected = {"officer": ["added", "rejected"]}.get(role, ["added"] * 2 if who.plans else ["rejected"] * 2)
    assert [one.verdict for one in rows] == expected


@pytest.mark.parametrize("role", AUTHORS)
def test_an_alert_is_acknowledged_by_those_of_its_amphoe(registry: Registry, role: str) -> None:
    log = AlertLog(registry)
    who = AUTHORS[role]
    for amphoe in ("5202", "5201"):
        event = Event(
            f"{role}{amphoe}", "r", "s", "rise", NOW, f"{amphoe}01", amphoe, {"rule": "r", "watches": "x"}, 0, ""
        )
        number = max(log.keep({}, [event]))
        if who.plans or (role == "officer" and amphoe == "5202"):
            log.acknowledge(number, NOW, who)
            assert log.events({number})[number].acknowledged_by == who.name
        else:
            with pytest.raises(NotAllowed):
                log.acknowledge(number, NOW, who)


@pytest.mark.parametrize("role", AUTHORS)
def test_importing_and_refreshing_need_a_planner(tmp_path: Path, role: str, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = desks.desk_of(desks.store_of(tmp_path / "store"))
    monkeypatch.setattr(signed, "author", lambda desk: AUTHORS[role])
    if AUTHORS[role].plans:
        assert signed.demand_planner(desk) == AUTHORS[role]
    else:
        with pytest.raises(NotAllowed):
            signed.demand_planner(desk)


def test_what_the_frame_hands_to_the_pages_asks_who_it_is_first() -> None:
    tree = ast.parse((ROOT / "app.py").read_text("utf-8"))
    asks = {
        one.name: next(node.func.attr for node in ast.walk(one.body[1]) if isinstance(node, ast.Call))
        for one in tree.body
        if isinstance(one, ast.FunctionDef) and one.name in ("bring_in", "check", "fetch")
    }
    assert asks == dict.fromkeys(("bring_in", "check", "fetch"), "demand_planner")


def test_a_removed_account_loses_its_rights_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "store"
    digest = accounts.hashed("a long enough password")
    for account in (Account("anan", "officer", "5202", digest), Account("root", "administrator", "", digest)):
        accounts.save(root, account)
    desk = desks.desk_of(desks.store_of(root))
    monkeypatch.setattr(st, "session_state", {"account": "anan"})
    assert signed.author(desk).role == "officer"
    accounts.remove(root, "anan")
    assert signed.author(desk).role == "viewer"
    # A made-up name in the session of a browser is nobody.
    monkeypatch.setattr(st, "session_state", {"account": "made up"})
    assert signed.author(desk).role == "viewer"
