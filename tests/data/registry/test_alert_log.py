"""The log of alerts, the same on SQLite and on a real PostgreSQL; and its kinds of records."""

from __future__ import annotations

import datetime as dt
import threading
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from data import settings
from data.accounts import Author
from data.errors import HazeError, Locked, NotAllowed, NotStored, RecordRefused, RegistryError
from data.registry import AlertLog, Registry, export, open_registry, opening, sheet
from data.registry.alert_log import Delivery, Event, Message, State
from data.registry.alert_tables import ALERT_TRAIL

NOW = dt.datetime(2026, 3, 12, 13, 0, tzinfo=dt.UTC)
PLANNER = Author("somsri", "planner")
OFFICER = Author("anan", "officer", "5202")


def event(key: str = "r|F1|rise|1", amphoe: str = "5202") -> Event:
    return Event(key, "r", "F1", "rise", NOW, amphoe + "01", amphoe, {"rule": "ไฟ", "km": None})


def test_an_event_is_kept_once_with_its_states_and_messages_follow_it(registry: Registry) -> None:
    log = AlertLog(registry)
    made = log.keep({("r", "F1"): State(1, NOW)}, [event()])
    assert [(one.key, one.facts) for one in made.values()] == [("r|F1|rise|1", {"rule": "ไฟ", "km": None})]
    (number,) = made
    assert log.keep({("r", "F1"): State(2, NOW)}, [event()]) == {}
    assert log.states() == {("r", "F1"): State(2, NOW)}
    assert log.events() == made == log.events([number]) == log.events(since=NOW)
    message = Message(number, "a", "file", 1, NOW)
    for _ in range(2):
        log.queue(NOW, [message])
    assert [(one.event, one.recipient, one.outcome) for one in log.messages("queued")] == [(number, "a", "queued")]
    delivery = Delivery("id", "a", "file", {"text": "ก"}, NOW, events=(number,))
    log.begin(NOW, delivery)
    assert log.unfinished() == [delivery]
    log.end(NOW, delivery, "sending", "later", NOW + dt.timedelta(minutes=1))
    (again,) = log.unfinished()
    assert (again.attempts, again.next_at) == (1, NOW + dt.timedelta(minutes=1))
    log.end(NOW, again, "sent")
    assert log.unfinished() == []
    assert log.messages()[0].outcome == "sent"
    assert log.trail()["outcome"].tolist() == ["sent", "sending", "queued"]
    assert log.trail(1)["event"].tolist() == [number]


def test_what_was_told_is_never_changed(registry: Registry) -> None:
    log = AlertLog(registry)
    (number,) = log.keep({}, [event()])
    log.queue(NOW, [Message(number, "", "", 0, NOW, "suppressed: no recipient")])
    for statement in (sa.delete(ALERT_TRAIL), sa.update(ALERT_TRAIL).values(outcome="sent")):
        with pytest.raises((RegistryError, sa.exc.DBAPIError)), registry.writing() as connection:
            connection.execute(statement)
    assert log.trail()["outcome"].tolist() == ["suppressed: no recipient"]


def test_an_officer_acknowledges_for_the_own_amphoe_and_once(registry: Registry) -> None:
    log = AlertLog(registry)
    mine, other = log.keep({}, [event(), event("r|F2|rise|1", "5203")])
    with pytest.raises(NotAllowed):
        log.acknowledge(other, NOW, OFFICER)
    with pytest.raises(NotStored):
        log.acknowledge(99, NOW, OFFICER)
    log.acknowledge(mine, NOW, OFFICER)
    log.acknowledge(mine, NOW, PLANNER)
    assert {number: one.acknowledged_by for number, one in log.events().items()} == {mine: "anan", other: ""}
    assert log.trail()["author"].tolist() == ["anan"]


def test_one_run_at_a_time_where_several_machines_share_a_database(registry: Registry) -> None:
    log, entered, let_go = AlertLog(registry), threading.Event(), threading.Event()
    if registry.engine.dialect.name == "sqlite":
        # A file is on one machine, where the store's own lock keeps runs apart (test_alerts.py): nothing to wait for.
        with log.alone(0, Locked("busy")), log.alone(0, Locked("busy")):
            return

    def hold() -> None:
        with log.alone(5, Locked("busy")):
            entered.set()
            let_go.wait(30)

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        assert entered.wait(30)
        with pytest.raises(Locked), log.alone(0.3, Locked("busy")):
            pass
    finally:
        let_go.set()
        holder.join()
    with log.alone(5, Locked("busy")):
        pass


@pytest.mark.parametrize(
    ("kind", "values", "problem"),
    [
        ("alert_rules", {"name": "x", "watches": "pm25"}, "needed"),
        ("alert_rules", {"name": "x", "watches": "smoke"}, "not_one_of"),
        ("alert_rules", {"name": "x", "watches": "pm25", "aqi_class": 6}, "too_large_number"),
        ("recipients", {"name": "x", "channel": "email"}, "needed"),
        ("recipients", {"name": "x", "channel": "file", "quiet_from": 21}, "needed"),
        ("recipients", {"name": "x", "channel": "file", "digest_hours": "7,25"}, "bad_hours"),
    ],
)
def test_rules_and_recipients_that_could_not_work_are_refused(
    registry: Registry, kind: str, values: dict[str, Any], problem: str
) -> None:
    with pytest.raises(RecordRefused) as refused:
        registry.add(kind, values, author=PLANNER)
    assert [one.key for one in refused.value.problems] == [problem]
    assert registry.all(kind) == {}


def test_addresses_of_people_leave_only_when_asked_for(registry: Registry) -> None:
    registry.add("recipients", {"name": "x", "channel": "email", "address": "a@example.org"}, author=PLANNER)
    registry.add("alert_rules", {"name": "x", "watches": "fire_near", "amphoe": "5202"}, author=OFFICER)
    shown, whole = export.tables(registry), export.tables(registry, private=True)
    assert "recipients" not in shown
    assert "a@example.org" not in "".join(table.to_csv() for table in shown.values())
    assert whole["recipients"]["address"].tolist() == ["a@example.org"]
    # Lists are known by their columns when they come back.
    for kind in ("recipients", "alert_rules"):
        assert sheet.kind_of(list(whole[kind].columns)) == kind
    with pytest.raises(HazeError):
        registry.add("recipients", {"name": "y", "channel": "file"}, author=OFFICER)


def test_a_registry_of_the_first_layout_is_brought_up_and_keeps_what_it_holds(tmp_path: Path) -> None:
    path = tmp_path / opening.FILE
    engine = opening._sqlite(path, 5.0)
    config = Config()
    config.set_main_option("script_location", str(opening._MIGRATIONS))
    with engine.connect().execution_options(writing=True) as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(sa.text("INSERT INTO pilots (id, version, changed_at, changed_by) VALUES "
                                   "('P-1', 1, '2026-01-01 00:00:00', 'somsri')"))  # fmt: skip
    opened = open_registry(settings.load(store=tmp_path))
    assert list(opened.all("pilots")) == ["P-1"]
    assert AlertLog(opened).keep({}, [event()]).keys() == {1}
    # The shipped facts are planted in a new registry alone.
    assert opened.all("sites") == {}
