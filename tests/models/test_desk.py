"""The desk as a whole: live sources by age and verdict, being alone, stations of a place."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from data import places, settings
from data.merge import Writer
from data.store import Store
from models import area_air
from models.desk import Desk
from models.instruments import InstrumentGroups
from tests import make

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


LAST = dt.date(2026, 3, 10)


def groups(tmp_path: Path, series: dict[str, tuple[int, float]], first: dt.date = LAST) -> InstrumentGroups:
    """Return the groups of stations with daily means: so many days up to LAST, of a wave times a factor.

    A factor of 0 stands for a wave of its own.
    """
    one = desk(tmp_path)
    rows = []
    for code, (days, factor) in series.items():
        for back in range(days):
            value = factor * (50 + 20 * np.sin(back / 3)) if factor else 50 + 20 * np.cos(back)
            stamp = dt.datetime(2026, 3, 9, 17, tzinfo=dt.UTC) - dt.timedelta(days=back)
            rows.append({"station_id": code, "measured_at": stamp, "averaging": "P1D", "value": value})
    with one.store.locked():
        writer = Writer(one.store, one.state)
        writer.add_readings(make.readings(*rows))
        writer.commit()
    return Desk(one.store, one.place, one.settings, is_sample=False).instrument_groups(first, LAST)


def test_instruments_are_found_in_the_readings(tmp_path: Path) -> None:
    every = {"37t": (60, 1.05), "38t": (60, 1.0), "39t": (60, 1.0), "40t": (60, 1.0)}
    assert groups(tmp_path / "1", every) == InstrumentGroups((("37t", "38t", "39t", "40t"),), "found")
    two = {**every, "37t": (60, 1.3), "38t": (60, 0)}
    assert groups(tmp_path / "2", two) == InstrumentGroups((("39t", "40t"),), "found")
    # A station of another province is none of the place's.
    assert groups(tmp_path / "3", {**two, "35t": (60, 1.3)}) == InstrumentGroups((("39t", "40t"),), "found")


def test_instruments_are_as_known_where_the_readings_are_too_few(tmp_path: Path) -> None:
    mae_moh = ("38t", "39t", "40t")
    assert desk(tmp_path / "1").instrument_groups(LAST, LAST) == InstrumentGroups((mae_moh,), "known")
    few = {"37t": (29, 1.0), "38t": (29, 1.0), "39t": (29, 1.0), "40t": (29, 1.0)}
    assert groups(tmp_path / "2", few) == InstrumentGroups((mae_moh,), "known")
    # What can be told is believed: 37t and 38t are one, and the silent 39t and 40t stay with 38t.
    some = {"37t": (60, 1.0), "38t": (60, 1.0)}
    assert groups(tmp_path / "3", some) == InstrumentGroups((("37t", *mae_moh),), "known")


def test_a_longer_period_is_looked_at_as_a_whole(tmp_path: Path) -> None:
    # 38t agrees with nothing; 39t and 40t are silent on all but the first days of the half-year.
    one = desk(tmp_path)
    stamps = [dt.datetime(2025, 10, 1, 17, tzinfo=dt.UTC) + dt.timedelta(days=at) for at in range(160)]
    rows = [
        {"station_id": code, "measured_at": stamp, "averaging": "P1D", "value": 50 + 20 * np.sin(at / 3 + turn)}
        for code, days, turn in (("38t", 160, 2.0), ("39t", 40, 0.0), ("40t", 40, 0.0))
        for at, stamp in enumerate(stamps[:days])
    ]
    with one.store.locked():
        writer = Writer(one.store, one.state)
        writer.add_readings(make.readings(*rows))
        writer.commit()
    now = Desk(one.store, one.place, one.settings, is_sample=False)
    assert now.instrument_groups(LAST - dt.timedelta(days=30), LAST).basis == "known"
    assert now.instrument_groups(dt.date(2025, 10, 2), LAST) == InstrumentGroups((("39t", "40t"),), "found")


def test_stations_that_repeat_one_another_weigh_once_in_a_tambon(tmp_path: Path) -> None:
    """39t (33) is put beside 40t (36) and o99 (60): the two are one instrument, and their tambon is (34.5 + 60) / 2."""
    store = Store(tmp_path / "store", lambda: NOW)
    day = "2026-03-09T17:00Z"
    values = {"38t": 30.0, "39t": 33.0, "40t": 36.0, "o99": 60.0}
    rows = [{"station_id": s, "measured_at": day, "averaging": "P1D", "value": v} for s, v in values.items()]
    with store.locked():
        writer = Writer(store, store.state())
        writer.add_readings(make.readings(*rows))
        here = {"lon": 99.66, "lat": 18.29}
        writer.add_stations(make.stations({"station_id": "o99", "station_type": "mobile", **here}))
        writer.add_stations(make.stations({"station_id": "39t", **here}))
        writer.commit()
    here = Desk(store, places.place("lampang"), settings.load(), is_sample=False, now=lambda: NOW)
    tenth = dt.date(2026, 3, 10)
    assert here.instrument_groups(tenth, tenth).groups == (("38t", "39t", "40t"),)
    table = area_air.tambon_air(here, tenth, tenth, "P1D").set_index("code")
    assert table.loc[["520204", "520205"], "pm25"].tolist() == [47.25, 30.0]
    assert table.loc[["520204", "520205", "520201"], "low"].isna().tolist() == [True, True, False]
