"""What the air model says of days to come, over real HTTP: kept with the moment it was known, and never of a file."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from data.clock import UTC
from data.errors import ContractError
from data.merge import Writer
from data.store import Store
from fetchers import importer, rebuild
from fetchers.http import Http
from fetchers.refresh import Outcome, refresh
from fetchers.source import Area, Period
from fetchers.sources import SOURCES
from tests.server import Answer, Asked, Server

#: 13:30 of 10 March in Lampang.
NOW = dt.datetime(2026, 3, 10, 6, 30, tzinfo=UTC)
EVER = (dt.datetime(2000, 1, 1, tzinfo=UTC), dt.datetime(2100, 1, 1, tzinfo=UTC))
AREA = Area(98.5, 17.5, 100.5, 19.5, ("52",), ("37t",), (("5201", 99.53, 18.39), ("37t", 99.5065, 18.2783)))
PATH = "/v1/air-quality"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store", lambda: NOW)


def reply(asked: Asked, smoke: float = 0.0, end: int = 117) -> list[dict[str, Any]]:
    """Answer as the service does: both places in one cell, hours of the days asked for, nothing after the run's end.

    The value of an hour is its day of the month plus a thousandth of its hour, plus `smoke` from 11 March on.
    """
    first, last = (dt.datetime.fromisoformat(asked.query[name]) for name in ("start_date", "end_date"))
    hours = [first + dt.timedelta(hours=h) for h in range(((last - first).days + 1) * 24)]
    values = [
        None
        if (hour - dt.datetime(2026, 3, 10)) / dt.timedelta(hours=1) >= end
        else hour.day + hour.hour / 1000 + (smoke if hour.day >= 11 else 0.0)
        for hour in hours
    ]
    cell = {
        "latitude": 18.4,
        "longitude": 99.600006,
        "generationtime_ms": 0.3,
        "utc_offset_seconds": 25200,
        "timezone": "Asia/Bangkok",
        "timezone_abbreviation": "+07",
        "elevation": 250.0,
        "hourly_units": {"time": "iso8601", "pm2_5": "μg/m³"},
        "hourly": {"time": [f"{hour:%Y-%m-%dT%H:%M}" for hour in hours], "pm2_5": values},
    }
    return [cell, cell | {"location_id": 1}]


def answering(**how: Any) -> Any:
    return lambda asked: Answer(json.dumps(reply(asked, **how)).encode())


def fetch(store: Store, server: Server, now: dt.datetime = NOW, period: Period | None = None) -> Outcome:
    mirrors = dict.fromkeys(SOURCES["open-meteo-cams"].info.hosts, server.url)
    with Http(mirrors=mirrors, pause_s=0.01, timeout_s=(2.0, 5.0)) as http:
        (found,) = refresh(store, http, area=AREA, keys={}, now=lambda: now, names=["open-meteo-cams"], period=period)
    return found


def kept(store: Store) -> list[tuple[str, str, str, float]]:
    table = store.model_days()
    days, known = (table[name].dt.tz_convert("Asia/Bangkok") for name in ("day", "known_at"))
    return list(
        zip(
            table["station_id"], days.dt.strftime("%d %H:%M"), known.dt.strftime("%d %H:%M"), table["pm25"], strict=True
        )
    )


def test_whole_days_to_come_are_kept_with_the_moment_of_the_fetch(store: Store, server: Server) -> None:
    server.answer(PATH, answering())
    found = fetch(store, server)

    assert found.verdict == "updated"
    query = server.asked[0].query
    assert (query["start_date"], query["end_date"]) == ("2026-03-08", "2026-03-14")
    # The mean of 0 to 23 is 11.5; 14 March ends before its last hour and is no day. Two places of a cell are one.
    assert kept(store) == [
        ("cams:18.40,99.60", f"{day} 00:00", "10 13:30", pytest.approx(day + 0.0115)) for day in (11, 12, 13)
    ]
    readings = store.readings(*EVER)
    assert readings["measured_at"].max() == pd.Timestamp("2026-03-10T06:00Z")
    assert set(readings["flag"]) == {"model"}
    taken = store.snapshots().iloc[-1]
    # 8 and 9 March and 14 hours of the 10th; ten hours of today and the cut-off 14th are no part of a day to come.
    assert (taken["read"], taken["kept"], taken["rejected"]) == (48 + 24 + 24, 62, 34)
    assert '"forecast_days", "count": 3' in taken["remarks"]


def test_a_word_is_known_since_it_was_first_said_and_never_put_right(store: Store, server: Server) -> None:
    hours = [NOW, NOW + dt.timedelta(hours=1), NOW + dt.timedelta(hours=9)]
    server.answer(PATH, answering(), answering(), answering(smoke=5.0))
    for now in hours:
        fetch(store, server, now)

    told = [row for row in kept(store) if row[1] == "12 00:00"]
    assert told == [
        ("cams:18.40,99.60", "12 00:00", "10 13:30", pytest.approx(12.0115)),
        ("cams:18.40,99.60", "12 00:00", "10 22:30", pytest.approx(17.0115)),
    ]


def test_a_past_period_has_no_days_to_come_but_one_that_reaches_today(store: Store, server: Server) -> None:
    server.answer(PATH, answering())
    fetch(store, server, period=Period(dt.date(2026, 2, 1), dt.date(2026, 3, 9)))
    assert not len(store.model_days())
    fetch(store, server, period=Period(dt.date(2026, 2, 20), dt.date(2026, 3, 12)))
    spans = [(asked.query["start_date"], asked.query["end_date"]) for asked in server.asked]
    assert spans[-2:] == [("2026-02-20", "2026-03-05"), ("2026-03-06", "2026-03-14")]
    assert [row[1] for row in kept(store)] == ["11 00:00", "12 00:00", "13 00:00"]


def test_a_saved_reply_has_no_time_of_issue_and_gives_past_hours_alone(store: Store, tmp_path: Path) -> None:
    asked = Asked(PATH, {"start_date": "2026-03-10", "end_date": "2026-03-13"}, {}, "")
    path = tmp_path / "saved.json"
    path.write_bytes(json.dumps(reply(asked)).encode())
    (verdict,) = importer.bring_in(store, importer.sources_of([path], 10**6), lambda: NOW)

    assert (verdict.kept, verdict.rejected) == (14, 96 - 14)
    assert [remark.key for remark in verdict.remarks] == ["forecast_hour"]
    assert not len(store.model_days())


def test_a_damaged_table_is_made_again_from_the_raw_replies(store: Store, server: Server) -> None:
    server.answer(PATH, answering(), answering(smoke=5.0))
    fetch(store, server)
    fetch(store, server, NOW + dt.timedelta(hours=9))
    before = kept(store)
    (part,) = store.parts("model_days").values()
    (store.root / part.name).write_bytes(b"torn")
    again = Store(store.root, lambda: NOW)
    told = rebuild.repair(again, lambda: NOW)

    assert [(one.broken.table, one.outcome) for one in told] == [("model_days", rebuild.REBUILT)]
    assert kept(again) == before


def test_nothing_is_kept_as_known_before_a_day_that_had_begun(store: Store) -> None:
    row = {"station_id": "cams:18.40,99.60", "day": NOW, "known_at": NOW, "pm25": 40.0}
    with store.locked(), pytest.raises(ContractError):
        Writer(store, store.state()).add_model_days(pd.DataFrame([row]))


@pytest.mark.parametrize("year", [2027, 9999])
def test_a_day_beyond_the_reach_of_a_run_is_none(store: Store, server: Server, year: int) -> None:
    def far(asked: Asked) -> Answer:
        (cell, _) = reply(asked)
        stamps, values = cell["hourly"]["time"], cell["hourly"]["pm2_5"]
        stamps += [f"{year}-12-31T{hour:02d}:00" for hour in range(24)]
        values += [40.0] * 24
        return Answer(json.dumps(cell).encode())

    server.answer(PATH, far)
    assert fetch(store, server).verdict == "updated"
    assert [row[1] for row in kept(store)] == ["11 00:00", "12 00:00", "13 00:00"]
