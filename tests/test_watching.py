"""The turns of the watch on a clock that the test moves: what is missed is caught up once, nothing is done twice."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from commands import watching
from commands.watching import Ending, Jobs, Pulse, turns
from data import heartbeat
from data.clock import ICT, UTC
from data.heartbeat import Heartbeat
from data.store import Store

HOUR = dt.timedelta(hours=1)
#: 09:30 in Thailand.
START = dt.datetime(2026, 3, 12, 2, 30, tzinfo=UTC)


class Office:
    """A watch with a clock that moves only while it waits."""

    def __init__(self, root: Path) -> None:
        self.now = START
        self.done: list[str] = []
        self.sent = 0
        self.waited = 0.0
        self.problems: list[Mapping[str, Any]] = []
        self.store = Store(root)
        self.store.root.mkdir()
        self.pulse = self.leader()

    def leader(self) -> Pulse:
        """Return the pulse of a watch that starts now, as `watching.keep` makes it."""
        known = heartbeat.read(self.store.root)
        return Pulse(self.store, lambda: self.now, Heartbeat("a", 1, self.now, self.now, known.slot if known else None))

    def round(self, planned: dt.datetime) -> list[Mapping[str, Any]]:
        self.done.append(f"{planned.astimezone(ICT):%H:%M}")
        self.now += dt.timedelta(minutes=2)
        return self.problems

    def pause(self, seconds: float) -> None:
        assert 0 < seconds <= 20
        self.now += dt.timedelta(seconds=seconds)
        self.waited += seconds
        assert self.waited < 2 * 86400, "the watch stalls"

    def send(self) -> None:
        self.sent += 1

    def turns(self, *, once: bool = False) -> Iterator[dt.datetime]:
        return turns(self.pulse, Jobs(self.round, self.send, self.pause), lambda: self.now, once=once)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path / "store")


def test_a_watch_begins_with_the_round_it_missed_and_goes_on_by_plan(office: Office) -> None:
    list(islice(office.turns(), 9))
    assert office.done == ["09:12", "10:12", "11:12", "12:12", "13:12", "14:12", "15:12", "15:30", "15:50"]
    # What falls due between two rounds is sent about every minute.
    minutes = (office.now - START).total_seconds() / 60
    assert 0.6 * minutes < office.sent <= minutes


def test_a_restart_neither_repeats_nor_misses(office: Office) -> None:
    list(islice(office.turns(), 2))
    office.now += 10 * dt.timedelta(minutes=1)
    office.pulse = office.leader()
    list(islice(office.turns(), 1))
    assert office.done == ["09:12", "10:12", "11:12"]
    # After a day without a watch what was missed is caught up once.
    office.now += 24 * HOUR
    office.pulse = office.leader()
    list(islice(office.turns(), 2))
    assert office.done[3:] == ["11:12", "12:12"]


def test_a_round_that_a_kill_cut_short_is_done_again(office: Office) -> None:
    def killed(planned: dt.datetime) -> list[Mapping[str, Any]]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(turns(office.pulse, Jobs(killed, office.send, office.pause), lambda: office.now))
    office.pulse = office.leader()
    list(islice(office.turns(), 1))
    assert office.done == ["09:12"]


def test_a_clock_put_back_repeats_nothing_and_stalls_nothing(office: Office) -> None:
    going = office.turns()
    list(islice(going, 2))
    assert office.done == ["09:12", "10:12"]
    office.now -= 5 * HOUR
    before = office.waited
    list(islice(going, 2))
    # 05:14: the round of 05:10 counts as done, the next ones come at their time.
    assert office.done[2:] == ["05:30", "06:12"]
    assert office.waited - before < 1.1 * 3600
    known = heartbeat.read(office.store.root)
    assert known is not None
    assert known.beat_at == office.now


def test_a_clock_put_right_by_seconds_does_not_do_a_round_again(office: Office) -> None:
    office.now = dt.datetime(2026, 3, 12, 3, 12, tzinfo=UTC)
    going = office.turns()
    next(going)
    office.now -= dt.timedelta(minutes=3)
    next(going)
    assert office.done == ["10:12", "11:12"]


def test_a_clock_put_forward_does_the_round_it_jumped_over(office: Office) -> None:
    going = office.turns()
    next(going)
    office.now += 3 * HOUR
    next(going)
    assert office.done == ["09:12", "12:12"]


def test_one_round_is_done_whatever_was_done_before(office: Office) -> None:
    assert len(list(office.turns(once=True))) == 1
    assert len(list(office.turns(once=True))) == 1
    assert office.done == ["09:12", "09:12"]
    assert office.sent == 0


def test_what_went_wrong_stands_in_the_heartbeat(office: Office) -> None:
    office.problems = [{"step": "alerts", "key": "locked", "context": {}}]
    next(office.turns())
    known = heartbeat.read(office.store.root)
    assert known is not None
    assert (known.problems, known.slot, known.ended) == (
        office.problems,
        dt.datetime(2026, 3, 12, 2, 12, tzinfo=UTC),
        False,
    )


def test_a_store_that_cannot_be_written_does_not_end_the_watch(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise watching.HazeError("disk full", key="store_unwritable", context={"folder": "x", "problem": "full"})

    monkeypatch.setattr(heartbeat, "write", full)
    list(islice(office.turns(), 3))
    assert office.done == ["09:12", "10:12", "11:12"]


def test_a_step_that_fails_is_noted_and_the_next_one_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    work = watching.Work(None, Ending())  # type: ignore[arg-type]

    def broken() -> None:
        raise ZeroDivisionError("surprise")

    work._step("fetch", broken)
    work._step("alerts", lambda: None)
    (problem,) = work._problems
    assert (problem["step"], problem["key"]) == ("fetch", "watch_fault")
    assert "ZeroDivisionError: surprise" in problem["context"]["problem"]
    assert "surprise" in capsys.readouterr().out


def test_a_signal_ends_what_may_be_left_at_once_and_the_rest_at_its_end() -> None:
    ending = Ending()
    with pytest.raises(SystemExit), ending.free():
        ending()
    assert ending.asked
    later = Ending()
    later()
    with pytest.raises(SystemExit), later.free():
        pytest.fail("begun after the signal")
