"""When rounds of the watch are due, and what a heartbeat says of it."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data import heartbeat, rounds
from data.clock import ICT, UTC
from data.heartbeat import Heartbeat

MINUTE, HOUR = dt.timedelta(minutes=1), dt.timedelta(hours=1)
NOW = dt.datetime(2026, 3, 12, 13, 0, tzinfo=UTC)
BEAT = Heartbeat("desk", 7, NOW - HOUR, NOW, slot=NOW - 48 * MINUTE, round_at=NOW - 40 * MINUTE)


def local(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=ICT).astimezone(UTC)


@pytest.mark.parametrize(
    ("moment", "before", "after"),
    [
        ("2026-03-12T09:11", "2026-03-12T08:12", "2026-03-12T09:12"),
        ("2026-03-12T09:12", "2026-03-12T09:12", "2026-03-12T10:12"),
        # Rows of the pass of 13:30 arrive around 16:30, of the night's around 4:30.
        ("2026-03-12T16:00", "2026-03-12T15:50", "2026-03-12T16:10"),
        ("2026-03-12T04:40", "2026-03-12T04:30", "2026-03-12T04:50"),
        ("2026-03-12T00:05", "2026-03-11T23:12", "2026-03-12T00:12"),
        ("2026-03-12T23:30", "2026-03-12T23:12", "2026-03-13T00:12"),
    ],
)
def test_rounds_follow_the_stations_hours_and_the_passes(moment: str, before: str, after: str) -> None:
    assert rounds.latest(local(moment)) == local(before)
    assert rounds.following(local(moment)) == local(after)


@given(st.datetimes(dt.datetime(2020, 1, 1), dt.datetime(2035, 1, 1), timezones=st.just(UTC)))
def test_a_round_is_never_more_than_an_hour_away_and_each_follows_the_one_before(moment: dt.datetime) -> None:
    last, following = rounds.latest(moment), rounds.following(moment)
    assert last <= moment < following
    assert following - last <= HOUR
    assert rounds.following(last) == following
    assert rounds.latest(following - dt.timedelta(seconds=1)) == last


def test_rows_of_a_pass_arrive_three_hours_after_it() -> None:
    told = [hour for hour in range(24) if rounds.after_a_pass(local(f"2026-03-12T{hour:02d}:00"))]
    assert told == [4, 5, 16, 17]


@pytest.mark.parametrize(
    ("minutes", "state"),
    [(0, "running"), (10, "running"), (11, "late"), (30, "late"), (31, "stopped"), (-6, "stopped")],
)
def test_a_heartbeat_ages(minutes: int, state: str) -> None:
    assert BEAT.state(NOW + minutes * MINUTE) == state


def test_who_shows_itself_and_finishes_no_round_stands_still() -> None:
    long_ago = replace(BEAT, started_at=NOW - 9 * HOUR, round_at=NOW - 4 * HOUR)
    assert long_ago.state(NOW) == "stopped"
    # One that has just begun has had no time for a round yet.
    assert replace(long_ago, started_at=NOW - HOUR).state(NOW) == "running"
    assert replace(long_ago, round_at=None).state(NOW) == "stopped"


def test_a_heartbeat_is_read_as_it_was_written(tmp_path: Path) -> None:
    assert heartbeat.read(tmp_path) is None
    beat = replace(BEAT, problems=[{"step": "alerts", "key": "locked", "context": {"seconds": "60"}}])
    heartbeat.write(tmp_path, beat)
    assert heartbeat.read(tmp_path) == beat
    first = replace(beat, slot=None, round_at=None)
    heartbeat.write(tmp_path, first)
    assert heartbeat.read(tmp_path) == first


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"host": 1}', '{"started_at": "2026-03-12T13:00:00"}'])
def test_a_heartbeat_that_cannot_be_read_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / heartbeat.FILE).write_text(text, "utf-8")
    assert heartbeat.read(tmp_path) is None
