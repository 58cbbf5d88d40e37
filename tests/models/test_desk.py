"""The desk as a whole: live sources by age and verdict, being alone, stations of a place."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import pytest

from data import places, settings
from data.merge import Writer
from data.store import Store
from models.desk import Desk

NOW = dt.datetime(2026, 3, 10, 12, 0, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Fact:
    key: str
    cadence_minutes: int = 60
    latency_minutes: int = 30


def desk(tmp_path: Path, *attempts: tuple[str, float, str, float | None]) -> Desk:
    """Return a desk whose sources were asked so many hours ago, with a verdict and a newest row so many hours old."""
    store = Store(tmp_path / "store", lambda: NOW)
    with store.locked():
        writer = Writer(store, store.state())
        for source, asked, verdict, newest in attempts:
            entry = {"source": source, "at": NOW - dt.timedelta(hours=asked), "verdict": verdict, "rows": 2}
            writer.attempt(entry if newest is None else {**entry, "newest": NOW - dt.timedelta(hours=newest)})
        writer.commit()
    return Desk(store, places.place("lampang"), settings.load(), is_sample=False, now=lambda: NOW)


@pytest.mark.parametrize(
    ("newest", "verdict", "state"),
    [
        (0.5, "updated", "fresh"),
        (2.5, "updated", "fresh"),  # 150 minutes: its latency and exactly two cadences
        (2.6, "updated", "late"),
        (8.5, "late", "late"),
        (8.6, "updated", "silent"),
        (0.5, "unreachable", "unreachable"),
        (None, "not_published", "fresh"),
    ],
)
def test_a_source_is_judged_by_its_age_now(tmp_path: Path, newest: float | None, verdict: str, state: str) -> None:
    found = desk(tmp_path, ("a", 0.1, verdict, newest)).source_states([Fact("a"), Fact("b")])
    assert found["verdict"].tolist() == [state, "never"]
    assert found["rows"].tolist() == [2, 0]


def test_the_command_line_gives_the_same_verdicts(tmp_path: Path) -> None:
    one = desk(tmp_path, ("a", 1, "updated", 20), ("b", 1, "busy", 0.2))
    status = one.status([Fact("a"), Fact("b")]).set_index("source")
    assert status.loc[["a", "b"], "verdict"].tolist() == ["silent", "busy"]
    assert status.at["a", "age_minutes"] == 20 * 60


def test_alone_only_when_no_source_can_be_reached(tmp_path: Path) -> None:
    answered = ("a", 5.0, "updated", 6.0)
    cut_off = (("a", 1.0, "unreachable", None), ("b", 1.0, "unreachable", None), ("c", 1.0, "no_key", None))
    assert desk(tmp_path / "1").alone_since() is None
    assert desk(tmp_path / "2", answered).alone_since() is None
    assert desk(tmp_path / "3", answered, *cut_off).alone_since() == NOW - dt.timedelta(hours=5)
    assert desk(tmp_path / "4", *cut_off).alone_since() == NOW - dt.timedelta(hours=1)
    assert desk(tmp_path / "5", *cut_off, ("b", 0.5, "busy", None)).alone_since() is None
