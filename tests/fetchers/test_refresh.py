"""What came of asking each source, over real HTTP: the verdict, what is stored, and what is never taken for a zero."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import logging
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from data.clock import ICT, UTC
from data.errors import Locked, NotStored, SourceError, StoreError
from data.store import Store
from fetchers import importer
from fetchers.brought import Brought
from fetchers.http import Http, Reply, Secrets
from fetchers.parsed import Parsed
from fetchers.refresh import Outcome, refresh
from fetchers.source import Area, Period, Request, Source
from fetchers.sources import SOURCES
from models.detections import Detections
from tests import files, make
from tests.server import Answer, Asked, Server

ROOT = Path(__file__).resolve().parent.parent.parent
FIRMS, AIR, GISTDA = "firms.modaps.eosdis.nasa.gov", "air4thai.pcd.go.th", "api-gateway.gistda.or.th"
AREA = Area(98.5, 17.5, 100.5, 19.5, ("52",), ("37t",))
KEY, OTHER_KEY = "0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"
KEYS = {"firms_key": KEY, "gistda_key": OTHER_KEY}
#: 13:00 in Lampang.
NOW = dt.datetime(2026, 3, 10, 6, tzinfo=UTC)
SNPP = "/data/active_fire/suomi-npp-viirs-c2/csv/SUOMI_VIIRS_C2_SouthEast_Asia_24h.csv"
LIVE, HISTORY = "/forweb/getAQI_JSON.php", "/forweb/getHistoryData.php"
API = f"/api/area/csv/{KEY}/"
HEADER = files.firms().split(b"\n")[0] + b"\n"
MORNING = {"acq_date": "2026-03-10", "acq_time": "0500"}
TAMBONS = make.tambons(20, 20, west=98.6, south=17.6)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def way_out(server: Server, **options: Any) -> Http:
    mirrors = dict.fromkeys((FIRMS, AIR, GISTDA), server.url)
    secrets = Secrets(KEYS.values())
    return Http(**{"mirrors": mirrors, "secrets": secrets, "pause_s": 0.01, "timeout_s": (2.0, 5.0), **options})


def fetch(store: Store, server: Server, *names: str, now: dt.datetime = NOW, **options: Any) -> dict[str, Outcome]:
    period = options.pop("period", None)
    keys = options.pop("keys", KEYS)
    area = options.pop("area", AREA)
    wishes = {name: options.pop(name) for name in ("also", "eager") if name in options}
    with way_out(server, **options) as http:
        found = refresh(store, http, area=area, keys=keys, now=lambda: now, names=names, period=period, **wishes)
    return {outcome.source: outcome for outcome in found}


def one(store: Store, server: Server, name: str, **options: Any) -> Outcome:
    return fetch(store, server, name, **options)[name]


def days(first: str, last: str) -> Period:
    return Period(dt.date.fromisoformat(first), dt.date.fromisoformat(last))


def stored_days(store: Store, first: str, last: str, satellites: tuple[str, ...] = ("SNPP",)) -> list[bool]:
    known = Detections(store, TAMBONS).stored_days(
        dt.date.fromisoformat(first), dt.date.fromisoformat(last), satellites
    )
    return [bool(day) for day in known]


def rows_of(store: Store) -> int:
    return sum(stored.rows for stored in store.parts("hotspots").values())


def values_of(store: Store) -> dict[str, float]:
    """Return the PM2.5 of 37t by its stamp in UTC, missing ones left out."""
    table = store.readings(NOW - dt.timedelta(days=30), NOW + dt.timedelta(days=30))
    table = table[(table["variable"] == "pm25") & (table["station_id"] == "37t")].dropna(subset="value")
    return {f"{at:%d %H:%M}": value for at, value in zip(table["measured_at"], table["value"], strict=True)}


def raw_files(store: Store) -> dict[str, bytes]:
    return {path.stem: store.get_raw(path.stem) for path in (store.root / "raw").rglob("*.zst")}


def assert_no_key(store: Store, told: str = "") -> None:
    """Look for both keys in every file below the store, packed ones unpacked, and in a text."""
    found = [told.encode()]
    for path in store.root.rglob("*"):
        if path.is_file():
            found.append(str(path).encode() + path.read_bytes())
            if path.suffix == ".parquet":
                found.append(json.dumps(pa.parquet.read_table(path).to_pylist(), default=str).encode())
    found += raw_files(store).values()
    assert len(found) > 2
    everything = b"\n".join(found).lower()
    assert KEY[:16].encode() not in everything
    assert OTHER_KEY[:16].encode() not in everything


# -- verdicts ----------------------------------------------------------------------------------------------------------


def test_new_rows_are_stored_with_their_origin(store: Store, server: Server) -> None:
    server.answer(SNPP, Answer(files.firms(MORNING, {**MORNING, "longitude": "99.6"}), gzipped=True))
    outcome = one(store, server, "firms-snpp")
    assert (outcome.verdict, outcome.rows) == ("updated", 2)
    assert outcome.newest == dt.datetime(2026, 3, 10, 5, tzinfo=UTC)
    note = store.snapshots().iloc[0]
    assert note["url"] == f"https://{FIRMS}{SNPP}"
    assert note["source"] == "firms-snpp: SUOMI_VIIRS_C2_SouthEast_Asia_24h"
    assert (note["read"], note["kept"], note["satellites"]) == (2, 2, "SNPP")
    assert raw_files(store) == {note["sha256"]: files.firms(MORNING, {**MORNING, "longitude": "99.6"})}


def test_the_same_reply_again_adds_nothing(store: Store, server: Server) -> None:
    server.answer(SNPP, Answer(files.firms(MORNING)))
    one(store, server, "firms-snpp")
    before = store.state().revision
    assert one(store, server, "firms-snpp", now=NOW + dt.timedelta(hours=1)).rows == 0
    assert store.state().revision == before


INVALID = b"Invalid MAP_KEY."
PAGE = b"<!DOCTYPE html><html><body>Maintenance</body></html>"
AREA_API = "firms-api-snpp-nrt"
#: Source, answer, verdict, key of the error.
FAULTS: dict[str, tuple[str, Answer, str, str]] = {
    "busy": ("firms-snpp", Answer(status=429, headers={"Retry-After": "7200"}), "busy", "source_busy"),
    "busy in words": (
        AREA_API, Answer(b"Exceeding allowed transaction limit.", status=400), "busy", "source_busy"),
    "down": ("firms-snpp", Answer(status=503), "unreachable", "source_unreachable"),
    "half": ("firms-snpp", Answer(files.firms(MORNING), cut=150), "unreachable", "source_unreachable"),
    "empty": ("firms-snpp", Answer(b""), "unreachable", "source_unreachable"),
    "empty air": ("air4thai-live", Answer(b""), "unreachable", "source_unreachable"),
    "error in words": (
        "air4thai-history", Answer(b'{"result":"Error","error":"MySQL server has gone away","stations":[]}'),
        "unreachable", "source_unreachable"),
    "blank": ("firms-snpp", Answer(b" \n \n"), "changed", "source_changed"),
    "key, 400": (AREA_API, Answer(INVALID, status=400), "refused", "source_key"),
    "key, 200": (AREA_API, Answer(INVALID), "refused", "source_key"),
    "key, 403": ("gistda-viirs", Answer(b'{"message":"no"}', status=403), "refused", "source_refused"),
    "key in words": ("gistda-viirs", Answer(b'{"message":"Invalid API key"}'), "refused", "source_key"),
    "page": ("firms-snpp", Answer(PAGE), "changed", "source_changed"),
    "page, 404": ("firms-snpp", Answer(PAGE, status=404), "changed", "source_changed"),
    "page for air": ("air4thai-live", Answer(PAGE), "changed", "source_changed"),
    "page for hours": ("air4thai-history", Answer(PAGE), "changed", "source_changed"),
    "page for features": ("gistda-viirs", Answer(PAGE), "changed", "source_changed"),
    "columns": ("firms-snpp", Answer(b"lat2,lon2,when\n18.2,99.5,2026-03-10\n"), "changed", "source_changed"),
    "another document": ("air4thai-live", Answer(b'{"status":"ok","data":[1,2]}'), "changed", "source_changed"),
    "depth": ("air4thai-live", Answer(b"[" * 200_000), "changed", "source_changed"),
    "depth of features": ("gistda-viirs", Answer(b"[" * 200_000), "changed", "source_changed"),
    "unknown satellite": ("firms-snpp", Answer(files.firms({"satellite": "ZZ"})), "changed", "source_unread"),
    "elsewhere": (
        "firms-snpp", Answer(status=302, headers={"Location": "https://login.example.com/"}),
        "refused", "source_elsewhere"),
    "large": ("firms-snpp", Answer(b"x", length=10**10), "changed", "reply_too_large"),
}  # fmt: skip
#: Verdicts after which a piece of the reply is kept.
KEPT = {name for name, fault in FAULTS.items() if fault[3] in ("source_changed", "source_unread")}


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_has_its_verdict_and_stores_nothing(store: Store, server: Server, name: str) -> None:
    source, answer, verdict, key = FAULTS[name]
    server.answer("/*", answer)
    outcome = one(store, server, source)
    assert outcome.error is not None
    assert (outcome.verdict, outcome.error.key, outcome.rows) == (verdict, key, 0)
    assert outcome.error.context["source"] == source
    assert store.snapshots().empty
    assert set(store.state().tables) == {"attempts"}
    last = store.attempts().iloc[-1]
    assert (last["source"], last["verdict"], last["error"], last["at"]) == (source, verdict, key, NOW)
    kept = [content for content in raw_files(store).values() if answer.body.startswith(content)]
    assert len(kept) == (1 if name in KEPT else 0)
    assert_no_key(store)


def test_the_first_bytes_of_an_unknown_shape_are_kept_and_named(store: Store, server: Server) -> None:
    body = b"lat2,lon2,when\n" + b"18.2,99.5,2026-03-10\n" * 100_000
    server.answer(SNPP, Answer(body))
    outcome = one(store, server, "firms-snpp")
    assert outcome.error is not None
    digest = str(outcome.error.context["raw"])
    assert store.get_raw(digest) == body[:1_000_000]
    assert digest in store.attempts()["message"].iloc[-1]


def test_an_unreachable_provider_is_told(store: Store) -> None:
    with Server() as gone:
        pass
    outcome = one(store, gone, "firms-snpp")
    assert outcome.verdict == "unreachable"
    assert outcome.error is not None
    assert "refused" in str(outcome.error.context["problem"])


def test_without_a_key_nothing_is_asked(store: Store, server: Server) -> None:
    outcome = one(store, server, AREA_API, keys={})
    assert outcome.verdict == "no_key"
    assert outcome.error is not None
    assert outcome.error.context["setting"] == "HAZE_FIRMS_KEY"
    assert server.asked == []


def test_blanks_around_a_key_do_not_matter(store: Store, server: Server) -> None:
    server.answer("/*", Answer(files.firms(MORNING)))
    assert one(store, server, AREA_API, keys={"firms_key": f" {KEY}\n"}).verdict == "updated"
    assert server.asked[0].path.startswith(API + "VIIRS_SNPP_NRT/")


def test_offline_nothing_is_asked(store: Store, server: Server) -> None:
    assert {outcome.verdict for outcome in fetch(store, server, online=False).values()} == {"offline"}
    assert server.asked == []


def test_an_unknown_source_is_told_with_the_known_ones(store: Store, server: Server) -> None:
    with pytest.raises(SourceError) as told:
        fetch(store, server, "firms-snpp", "nasa")
    assert told.value.key == "source_unknown"
    assert "firms-snpp" in str(told.value.context["known"])
    assert server.asked == []


def test_a_header_alone_is_not_published_and_no_zero(store: Store, server: Server) -> None:
    """For the live file and the live request, for the present day, and for a standard product not yet made."""
    server.answer("/*", Answer(HEADER))
    assert one(store, server, "firms-snpp").verdict == "not_published"
    assert one(store, server, AREA_API).verdict == "not_published"
    assert one(store, server, AREA_API, period=days("2026-03-09", "2026-03-10")).verdict == "not_published"
    assert one(store, server, "firms-api-snpp-sp", period=days("2026-02-01", "2026-02-04")).verdict == "not_published"
    # The near-real-time product of months ago is taken away: an empty answer says nothing.
    assert one(store, server, AREA_API, period=days("2025-11-01", "2025-11-04")).verdict == "not_published"
    assert store.snapshots().empty
    assert set(store.state().tables) == {"attempts"}
    assert not any(stored_days(store, "2025-11-01", "2026-03-10"))
    with pytest.raises(NotStored):
        Detections(store, TAMBONS).count(dt.date(2026, 3, 10), dt.date(2026, 3, 10), ("SNPP",))


@pytest.mark.parametrize("body", [b'{"type":"FeatureCollection","features":[]}', b""])
def test_no_features_are_not_published(store: Store, server: Server, body: bytes) -> None:
    server.answer("/*", Answer(body or b'{"features":[]}'))
    assert one(store, server, "gistda-viirs").verdict == "not_published"
    assert store.snapshots().empty


def test_a_history_without_hours_is_not_published(store: Store, server: Server) -> None:
    server.answer(HISTORY, Answer(files.history({})))
    assert one(store, server, "air4thai-history").verdict == "not_published"


def test_all_pages_of_features_are_asked(store: Store, server: Server) -> None:
    """A page holds a thousand features; a province may burn more often in a month."""
    total = 2_300

    def page(asked: Asked) -> Answer:
        offset, limit = int(asked.query["offset"]), int(asked.query["limit"])
        numbers = range(offset, min(offset + limit, total))
        point = {"latitude": 18.0, "acq_date": "2026-03-10", "acq_time": "0500", "satellite": "Suomi NPP"}
        shapes = [{"properties": {**point, "longitude": 99 + n / 10_000, "hotspotid": f"VI1{n}"}} for n in numbers]
        return Answer(files.as_json({"type": "FeatureCollection", "features": shapes}))

    server.answer("/api/2.0/resources/features/viirs/1day", page)
    assert one(store, server, "gistda-viirs").rows == total
    assert [asked.query["offset"] for asked in server.asked] == ["0", "1000", "2000"]
    assert {asked.headers["API-Key"] for asked in server.asked} == {OTHER_KEY}
    assert {asked.query["pv_idn"] for asked in server.asked} == {"52"}
    assert_no_key(store)


# -- single rows that are wrong ----------------------------------------------------------------------------------------


def test_numbers_may_be_texts_and_hours_may_repeat(store: Store, server: Server) -> None:
    hours: list[dict[str, Any]] = [
        {"DATETIMEDATA": "2026-03-10 08:00:00", "PM25": "41.5"},
        {"DATETIMEDATA": "2026-03-10 09:00:00", "PM25": 42},
        {"DATETIMEDATA": "2026-03-10 09:00:00", "PM25": 42.5},
        {"DATETIMEDATA": "2026-03-10 10:00:00", "PM25": None},
        {"DATETIMEDATA": "2026-03-10 11:00:00", "PM25": 9999},
        {"DATETIMEDATA": "2026-03-10 12:00:00", "PM25": "-1"},
        {"DATETIMEDATA": "2026-03-10 13:05:00", "PM25": 50},
        {"DATETIMEDATA": "2026-03-10 14:00:00", "PM25": 51},
        {"DATETIMEDATA": "2027-01-01 00:00:00", "PM25": 52},
    ]
    server.answer(HISTORY, Answer(files.as_json({"result": "OK", "stations": [{"stationID": "37t", "data": hours}]})))
    outcome = one(store, server, "air4thai-history")
    assert outcome.verdict == "updated"
    # Stamps name the end of the hour in Thai time; a stamp five minutes ahead of our clock is within its error.
    assert values_of(store) == {"10 00:00": 41.5, "10 01:00": 42.5, "10 05:05": 50.0}
    note = store.snapshots().iloc[0]
    assert (note["read"], note["kept"], note["duplicates"], note["rejected"]) == (9, 6, 1, 2)
    told = {remark["key"]: remark["count"] for remark in json.loads(note["remarks"])}
    assert told["future_date"] == 2
    assert told["implausible_value"] == 1


def test_a_live_sensor_gone_mad_is_a_gap_and_not_a_value(store: Store, server: Server) -> None:
    server.answer(LIVE, Answer(files.live(9999, time="12:00")), Answer(files.live(88.5, time="13:00")))
    assert one(store, server, "air4thai-live").verdict == "updated"
    assert values_of(store) == {}
    assert one(store, server, "air4thai-live").verdict == "updated"
    assert values_of(store) == {"10 06:00": 88.5}


def test_a_gap_never_takes_a_stored_value_away(store: Store, server: Server) -> None:
    server.answer(LIVE, Answer(files.live(88.5, time="12:00")), Answer(files.live(-1, time="12:00")))
    one(store, server, "air4thai-live")
    one(store, server, "air4thai-live")
    assert values_of(store) == {"10 05:00": 88.5}


def test_a_clock_of_ours_that_is_late_is_told_and_costs_no_data(store: Store, server: Server) -> None:
    """With our clock two days behind, all rows lie in the future; nothing is stored, and the reason is told."""
    server.answer(SNPP, Answer(files.firms(MORNING)))
    outcome = one(store, server, "firms-snpp", now=NOW - dt.timedelta(days=2))
    assert outcome.verdict == "changed"
    assert outcome.error is not None
    assert (outcome.error.key, outcome.error.context["reasons"]) == ("source_unread", "future_date 1")
    assert one(store, server, "firms-snpp").rows == 1


def test_a_clock_of_theirs_a_little_ahead_costs_nothing(store: Store, server: Server) -> None:
    ahead = {"acq_date": "2026-03-10", "acq_time": "0609"}
    server.answer(SNPP, Answer(files.firms(ahead, {**ahead, "acq_time": "0611"})))
    outcome = one(store, server, "firms-snpp")
    assert (outcome.rows, outcome.newest) == (1, NOW + dt.timedelta(minutes=9))


def test_a_station_that_jumps_three_hundred_kilometres_keeps_its_place_and_its_values(
    store: Store, server: Server
) -> None:
    """A slip of the feed must not take a station out of its province; where nothing is known, the feed is believed."""
    there = {"lat": "15.5", "long": "100.1"}
    feed = (
        files.live(40.0, time="11:00", stationID="88t"),
        files.live(41.0, time="12:00", stationID="88t", **there),
        files.live(42.0, time="12:00", **there),
        files.live(43.0, time="13:00", stationID="88t", lat="18.300", long="99.520"),
    )
    server.answer(LIVE, *(Answer(reply) for reply in feed))
    for _ in feed:
        assert one(store, server, "air4thai-live").verdict == "updated"
    places = store.stations().set_index("station_id")[["lat", "lon"]]
    # 37t is known before anything is stored; a few kilometres are a new site in the same town, and are believed.
    assert places.loc["37t"].tolist() == pytest.approx([18.278, 99.506], abs=0.01)
    assert places.loc["88t"].tolist() == [18.3, 99.52]
    remarks = [{remark["key"]: remark for remark in json.loads(text)} for text in store.snapshots()["remarks"]]
    assert ["station_moved" in told for told in remarks] == [False, True, True, False]
    assert remarks[1]["station_moved"]["context"] == {"stations": "88t", "km": "20"}
    assert values_of(store) == {"10 05:00": 42.0}
    moved = "station_id,name_th,name_en,area_th,area_en,station_type,lat,lon\n88t,ก,A,ข,B,GROUND,15.5,100.1\n"
    brought = Brought("stations.csv", moved.encode(), 10**6)
    assert importer.bring_in(store, [brought], lambda: NOW)[0].kept == 1
    assert store.stations().set_index("station_id").loc["88t", "lat"] == 15.5


# -- sources beside each other -----------------------------------------------------------------------------------------


def test_one_bad_source_never_stops_the_others(store: Store, server: Server) -> None:
    server.answer("/*", Answer(status=503))
    server.answer(SNPP, Answer(b"[" * 1000))
    server.answer("/data/active_fire/modis-c6.1/*", Answer(files.firms({**MORNING, "satellite": "Aqua"})))
    server.answer(HISTORY, Answer(PAGE))
    server.answer(LIVE, Answer(files.live(time="12:00")))
    found = {name: outcome.verdict for name, outcome in fetch(store, server).items() if name in DEFAULT}
    assert found == {
        "firms-snpp": "changed",
        "firms-noaa20": "unreachable",
        "firms-noaa21": "unreachable",
        "firms-modis": "updated",
        "firms-api-snpp-nrt": "unreachable",
        "firms-api-noaa20-nrt": "unreachable",
        "firms-api-noaa21-nrt": "unreachable",
        "firms-api-modis-nrt": "unreachable",
        "gistda-viirs": "unreachable",
        "air4thai-live": "updated",
        "air4thai-history": "changed",
    }
    assert rows_of(store) == 1
    assert_no_key(store)


DEFAULT = tuple(
    name for name in SOURCES if name.startswith(("firms", "air4thai", "gistda-viirs")) and not name.endswith("-sp")
)


@dataclasses.dataclass(frozen=True)
class Faulty:
    """A source whose author made a mistake: its parser fails on every reply."""

    info: Any
    fault: Callable[[], Exception]

    def requests_for(self, area: Area, period: Period | None, key: str, now: dt.datetime) -> list[Request]:
        return [Request(f"https://{FIRMS}{SNPP}", "faulty")]

    def parse(self, reply: Reply, now: dt.datetime) -> Parsed:
        raise self.fault()


@pytest.mark.parametrize("fault", [KeyError, RecursionError, lambda: TypeError("None has no len")])
def test_a_fault_of_our_own_is_called_so(
    store: Store, server: Server, fault: Callable[[], Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    info = dataclasses.replace(SOURCES["firms-snpp"].info, key="faulty")
    monkeypatch.setitem(SOURCES, "faulty", Faulty(info, fault))
    server.answer("/*", Answer(files.firms(MORNING)))
    found = fetch(store, server, "faulty", "firms-snpp")
    assert {name: outcome.verdict for name, outcome in found.items()} == {"faulty": "fault", "firms-snpp": "updated"}
    assert store.attempts()["error"].tolist() == ["unparsed", ""]


def test_a_table_that_breaks_its_contract_is_a_fault_of_our_own(
    store: Store, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Careless(Faulty):
        def parse(self, reply: Reply, now: dt.datetime) -> Parsed:
            parsed = SOURCES["air4thai-live"].parse(reply, now)
            return dataclasses.replace(parsed, table=parsed.table.assign(value=9999.0))

    info = dataclasses.replace(SOURCES["firms-snpp"].info, key="careless", kind="readings")
    monkeypatch.setitem(SOURCES, "careless", Careless(info, KeyError))
    server.answer(SNPP, Answer(files.live(time="12:00")))
    assert one(store, server, "careless").verdict == "fault"
    assert set(store.state().tables) == {"attempts"}


def test_old_rows_are_late_and_then_silent(store: Store, server: Server) -> None:
    server.answer(LIVE, Answer(files.live(time="12:00")))
    found = {}
    for hours in (1, 4, 12):
        outcome = one(store, server, "air4thai-live", now=NOW + dt.timedelta(hours=hours))
        found[hours] = (outcome.verdict, outcome.newest)
    newest = dt.datetime(2026, 3, 10, 5, tzinfo=UTC)
    assert found == {1: ("updated", newest), 4: ("late", newest), 12: ("silent", newest)}


# -- what is due -------------------------------------------------------------------------------------------------------


def asked_again(
    store: Store, server: Server, after: dt.timedelta, name: str = "firms-snpp", *, eager: bool = False
) -> bool:
    before = len(server.asked)
    keys: Mapping[str, str] = {}
    outcome = fetch(store, server, now=NOW + after, keys=keys, eager=eager)[name]
    mine = [path for path in server.paths()[before:] if path == SNPP]
    assert (outcome.verdict == "fresh") == (not mine)
    return bool(mine)


@pytest.mark.parametrize("body", [files.firms(MORNING), HEADER], ids=["rows", "header"])
def test_what_was_answered_is_left_alone_for_most_of_an_hour(store: Store, server: Server, body: bytes) -> None:
    server.answer("/*", Answer(body))
    assert asked_again(store, server, dt.timedelta(0))
    assert not asked_again(store, server, dt.timedelta(minutes=54))
    assert asked_again(store, server, dt.timedelta(minutes=56))


def test_while_rows_of_a_pass_arrive_hotspots_are_asked_more_often(store: Store, server: Server) -> None:
    server.answer("/*", Answer(files.firms(MORNING)))
    hour = NOW.astimezone(ICT) - dt.timedelta(hours=1)
    live = "/forweb/getAQI_JSON.php"
    server.answer(live, Answer(files.live(40.0, f"{hour:%Y-%m-%d}", f"{hour:%H}:00")))
    assert asked_again(store, server, dt.timedelta(0), eager=True)
    assert not asked_again(store, server, dt.timedelta(minutes=14), eager=True)
    assert not asked_again(store, server, dt.timedelta(minutes=16))
    assert asked_again(store, server, dt.timedelta(minutes=16), eager=True)
    # Stations publish by the hour and are left alone as before.
    assert server.paths().count(live) == 1


def test_a_source_that_is_asked_by_name_alone_can_be_asked_when_due(store: Store, server: Server) -> None:
    server.answer("/*", Answer(files.firms(MORNING)))
    key = "gistda-viirs"
    assert key not in fetch(store, server, keys={})
    assert fetch(store, server, keys={}, also=(key,))[key].verdict == "no_key"
    # One that is among the others already is asked once.
    fetch(store, server, now=NOW + dt.timedelta(hours=2), keys={}, also=("firms-snpp",))
    assert server.paths().count(SNPP) == 2


def test_a_source_named_is_asked_in_any_case(store: Store, server: Server) -> None:
    server.answer("/*", Answer(files.firms(MORNING)))
    for _ in range(2):
        one(store, server, "firms-snpp")
    assert len(server.asked) == 2


def test_what_failed_is_asked_again_at_once(store: Store, server: Server) -> None:
    server.answer("/*", Answer(PAGE))
    assert asked_again(store, server, dt.timedelta(0))
    assert asked_again(store, server, dt.timedelta(minutes=1))


def test_who_asked_us_to_wait_is_left_in_peace(store: Store, server: Server) -> None:
    server.answer("/*", Answer(status=429, headers={"Retry-After": "600"}))
    assert asked_again(store, server, dt.timedelta(0))
    assert not asked_again(store, server, dt.timedelta(minutes=14))
    assert asked_again(store, server, dt.timedelta(minutes=16))


def test_filling_in_the_past_does_not_put_off_what_is_new(store: Store, server: Server) -> None:
    server.answer("/*", Answer(HEADER))
    one(store, server, AREA_API, period=days("2026-03-01", "2026-03-02"))
    assert store.attempts().empty
    assert fetch(store, server)[AREA_API].verdict == "not_published"


def test_a_clock_that_once_ran_ahead_does_not_stop_the_asking(store: Store, server: Server) -> None:
    server.answer("/*", Answer(files.firms(MORNING)))
    assert asked_again(store, server, dt.timedelta(days=3000))
    assert asked_again(store, server, dt.timedelta(0))
    assert not asked_again(store, server, dt.timedelta(minutes=10))


def test_a_fresh_source_tells_its_newest_row(store: Store, server: Server) -> None:
    server.answer("/*", Answer(files.firms(MORNING)))
    fetch(store, server, keys={})
    later = fetch(store, server, keys={}, now=NOW + dt.timedelta(minutes=10))["firms-snpp"]
    assert (later.verdict, later.newest) == ("fresh", dt.datetime(2026, 3, 10, 5, tzinfo=UTC))


# -- past periods ------------------------------------------------------------------------------------------------------


def area_api(
    burning: dict[str, list[dict[str, str]]], fails: Callable[[dt.date], bool] = lambda day: False
) -> Callable[[Asked], Answer]:
    """Answer as the area API does: the rows of the UTC days asked for, and a header alone where there are none."""

    def script(asked: Asked) -> Answer:
        *_, count, start = asked.path.split("/")
        first = dt.date.fromisoformat(start)
        if fails(first):
            return Answer(status=503)
        wanted = [first + dt.timedelta(days=n) for n in range(int(count))]
        rows = [{**row, "acq_date": day.isoformat()} for day in wanted for row in burning.get(day.isoformat(), [])]
        return Answer(files.firms(*rows) if rows else HEADER)

    return script


def spans(server: Server) -> list[tuple[str, int]]:
    return [(asked.path.split("/")[-1], int(asked.path.split("/")[-2])) for asked in server.asked]


def test_a_past_period_is_asked_in_pieces_of_five_days_at_most(store: Store, server: Server) -> None:
    """Thai days lie across UTC days: five of these hold four of those, and each Thai day is in one piece whole."""
    server.answer(API + "*", area_api({"2026-02-28": [{"acq_time": "1900"}], "2026-03-03": [{}]}))
    outcome = one(store, server, AREA_API, period=days("2026-02-20", "2026-03-03"))
    assert (outcome.verdict, outcome.rows) == ("updated", 2)
    assert spans(server) == [("2026-02-19", 5), ("2026-02-23", 5), ("2026-02-27", 5)]
    assert {asked.path.split("/")[6] for asked in server.asked} == {"98.5,17.5,100.5,19.5"}
    # Every day asked for is known now, the quiet ones as zeros; the days around them are not.
    assert stored_days(store, "2026-02-18", "2026-03-05") == [False] * 2 + [True] * 12 + [False] * 2
    daily = Detections(store, TAMBONS).daily(dt.date(2026, 2, 27), dt.date(2026, 3, 3), ("SNPP",), range(len(TAMBONS)))
    # 19:00 UTC on 28 February is 02:00 on 1 March in Lampang.
    assert daily.tolist() == [0, 0, 1, 0, 1]
    assert not any(stored_days(store, "2026-02-18", "2026-03-05", ("NOAA20",)))


def test_a_past_quiet_period_is_a_known_zero(store: Store, server: Server) -> None:
    server.answer(API + "*", Answer(HEADER))
    assert one(store, server, AREA_API, period=days("2026-03-01", "2026-03-06")).verdict == "updated"
    assert stored_days(store, "2026-02-28", "2026-03-07") == [False, *[True] * 6, False]
    notes = store.snapshots()
    assert notes["format"].tolist() == ["nothing"] * 2
    assert notes["kept"].tolist() == [0, 0]
    assert_no_key(store)


def test_a_day_is_settled_half_a_day_after_its_end(store: Store, server: Server) -> None:
    server.answer(API + "*", Answer(HEADER))
    end = dt.datetime(2026, 3, 6, 17, tzinfo=UTC)
    before, after = end + dt.timedelta(hours=11), end + dt.timedelta(hours=13)
    period = days("2026-03-06", "2026-03-06")
    assert one(store, server, AREA_API, period=period, now=before).verdict == "not_published"
    assert stored_days(store, "2026-03-06", "2026-03-06") == [False]
    assert one(store, server, AREA_API, period=period, now=after).verdict == "updated"
    assert stored_days(store, "2026-03-06", "2026-03-06") == [True]


def test_an_interrupted_period_goes_on_where_it_stopped(store: Store, server: Server) -> None:
    burning = {f"2026-02-{day:02d}": [{}] for day in range(1, 29)}
    server.answer(API + "*", area_api(burning, fails=lambda day: day >= dt.date(2026, 2, 12)))
    period = days("2026-02-01", "2026-02-24")
    first = one(store, server, AREA_API, period=period)
    assert (first.verdict, first.rows) == ("unreachable", 12)
    assert len(server.asked) == 3 + 4
    server.asked.clear()
    server.answer(API + "*", area_api(burning))
    second = one(store, server, AREA_API, period=period)
    assert (second.verdict, second.rows) == ("updated", 12)
    assert spans(server) == [("2026-02-12", 5), ("2026-02-16", 5), ("2026-02-20", 5)]
    server.asked.clear()
    third = one(store, server, AREA_API, period=period)
    assert (third.verdict, third.rows, server.asked) == ("fresh", 0, [])
    assert rows_of(store) == 24
    assert all(stored_days(store, "2026-02-01", "2026-02-24"))


def test_another_area_is_asked_although_the_days_were(store: Store, server: Server) -> None:
    server.answer(API + "*", area_api({}))
    period = days("2026-03-01", "2026-03-02")
    one(store, server, AREA_API, period=period)
    assert one(store, server, AREA_API, period=period, area=Area(97, 16, 102, 21, ("52", "50"))).verdict == "updated"
    assert len(server.asked) == 2


def test_the_present_day_is_asked_each_time(store: Store, server: Server) -> None:
    server.answer(API + "*", area_api({"2026-03-10": [{"acq_time": "0500"}]}))
    for _ in range(2):
        assert one(store, server, AREA_API, period=days("2026-03-10", "2026-04-30")).verdict == "updated"
    assert spans(server) == [("2026-03-09", 2)] * 2


def test_the_hours_of_ninety_days_are_asked_by_the_month(store: Store, server: Server) -> None:
    server.answer(HISTORY, Answer(files.history({"2026-01-15 08:00:00": 33.0})))
    outcome = one(store, server, "air4thai-history", period=days("2020-01-01", "2026-03-01"))
    assert outcome.verdict == "updated"
    asked = [(a.query["sdate"], a.query["edate"], a.query["stationID"]) for a in server.asked]
    assert asked == [("2025-12-10", "2026-01-09", "37t"), ("2026-01-10", "2026-02-09", "37t"),
                     ("2026-02-10", "2026-03-01", "37t")]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "period"),
    [
        ("firms-snpp", days("2026-02-01", "2026-02-10")),
        ("firms-snpp", days("2026-03-12", "2026-03-13")),
        ("air4thai-live", days("2026-03-01", "2026-03-09")),
        ("air4thai-history", days("2025-01-01", "2025-02-01")),
        ("gistda-viirs", days("2026-01-01", "2026-02-01")),
        ("firms-api-snpp-sp", None),
    ],
)
def test_a_source_that_holds_nothing_of_the_days_says_so(
    store: Store, server: Server, name: str, period: Period | None
) -> None:
    outcome = one(store, server, name, period=period)
    assert outcome.error is not None
    assert (outcome.verdict, outcome.error.key) == ("refused", "source_no_past")
    assert server.asked == []
    # Where no source is named, it is left out.
    server.answer("/*", Answer(status=503))
    assert name not in fetch(store, server, period=period)


def test_the_regional_file_that_reaches_back_far_enough_is_taken(store: Store, server: Server) -> None:
    server.answer("/*", Answer(files.firms(MORNING)))
    for first in ("2026-03-10", "2026-03-09", "2026-03-08", "2026-03-05"):
        one(store, server, "firms-snpp", period=days(first, "2026-03-10"))
    assert [path[-7:-4] for path in server.paths()] == ["24h", "48h", "_7d", "_7d"]


def test_the_standard_product_replaces_the_near_real_time_one(store: Store, server: Server) -> None:
    """The pixel seen twice counts once; a pixel that only the near-real-time product had does not count any more."""
    later = dt.datetime(2026, 10, 1, tzinfo=UTC)
    here, beside = {"longitude": "99.50177"}, {"longitude": "99.70000"}
    server.answer(API + "VIIRS_SNPP_NRT/*", area_api({"2026-03-02": [here, beside]}))
    server.answer(API + "VIIRS_SNPP_SP/*", area_api({"2026-03-02": [{**here, "version": "2"}]}))
    period, day = days("2026-03-02", "2026-03-02"), dt.date(2026, 3, 2)
    assert one(store, server, AREA_API, period=period).rows == 2
    assert len(Detections(store, TAMBONS).between(day, day)) == 2
    assert one(store, server, "firms-api-snpp-sp", period=period, now=later).rows == 1
    shown = Detections(store, TAMBONS).between(day, day)
    assert shown["quality"].tolist() == ["standard"]
    assert rows_of(store) == 3


@pytest.mark.parametrize(("hours", "file"), [(19, "24h"), (30, "48h"), (60, "_7d"), (24 * 30, "_7d")])
def test_after_an_outage_the_days_since_are_caught_up_as_far_as_the_feed_reaches(
    store: Store, server: Server, hours: int, file: str
) -> None:
    server.answer("/data/active_fire/*", Answer(files.firms(MORNING)))
    one(store, server, "firms-snpp")
    one(store, server, "firms-snpp", now=NOW + dt.timedelta(hours=hours))
    assert [path[-7:-4] for path in server.paths()] == ["24h", file]


def test_the_hours_of_an_outage_are_asked_for_and_no_more_than_a_week_of_them(store: Store, server: Server) -> None:
    server.answer(HISTORY, Answer(files.history({"2026-03-10 10:00:00": 40.0})))
    one(store, server, "air4thai-history")
    server.answer(HISTORY, Answer(status=503))
    one(store, server, "air4thai-history", now=NOW + dt.timedelta(days=1))
    server.answer(HISTORY, Answer(files.history({"2026-03-13 10:00:00": 40.0})))
    one(store, server, "air4thai-history", now=NOW + dt.timedelta(days=3))
    one(store, server, "air4thai-history", now=NOW + dt.timedelta(days=63))
    spans = [(asked.query["sdate"], asked.query["edate"]) for asked in server.asked]
    # What is new, asked in vain a day later, since the last answer, and at most a week.
    assert (spans[0], *spans[-2:]) == (
        ("2026-03-08", "2026-03-10"), ("2026-03-10", "2026-03-13"), ("2026-05-06", "2026-05-12"),
    )  # fmt: skip


# -- several at once, and sudden ends ----------------------------------------------------------------------------------


def test_two_refreshes_at_once_do_not_get_in_each_others_way(store: Store, server: Server) -> None:
    asked, go_on = threading.Event(), threading.Event()

    def hold(_: Asked) -> Answer:
        asked.set()
        go_on.wait(30)
        return Answer(files.firms(MORNING))

    server.answer(SNPP, hold)
    found: list[Outcome] = []
    first = threading.Thread(target=lambda: found.append(one(store, server, "firms-snpp")))
    first.start()
    assert asked.wait(30)
    with pytest.raises(Locked) as told:
        one(Store(store.root), server, "firms-snpp")
    assert told.value.key == "refresh_running"
    go_on.set()
    first.join(30)
    assert [outcome.verdict for outcome in found] == ["updated"]
    assert one(store, server, "firms-snpp").verdict == "updated"


def test_the_store_is_free_while_the_network_is_waited_for(store: Store, server: Server) -> None:
    asked, go_on = threading.Event(), threading.Event()

    def hold(_: Asked) -> Answer:
        asked.set()
        go_on.wait(30)
        return Answer(files.firms(MORNING))

    server.answer(SNPP, hold)
    running = threading.Thread(target=one, args=(store, server, "firms-snpp"))
    running.start()
    assert asked.wait(30)
    with Store(store.root, lock_timeout_s=2.0).locked():
        pass
    go_on.set()
    running.join(30)
    assert rows_of(store) == 1


def test_a_store_that_cannot_be_written_is_told(tmp_path: Path, server: Server) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError) as told:
        one(Store(tmp_path / "file" / "store"), server, "firms-snpp")
    assert told.value.key == "store_unwritable"


CHILD = """
    import datetime as dt, sys
    from pathlib import Path
    from data.store import Store
    from fetchers.http import Http
    from fetchers.refresh import refresh
    from tests.fetchers.test_refresh import *
    store, url = sys.argv[1:]
    http = Http(mirrors={FIRMS: url}, pause_s=0.01)
    refresh(Store(Path(store)), http, area=AREA, keys=KEYS, now=lambda: NOW, names=(AREA_API,),
            period=days("2026-02-01", "2026-02-24"))
"""


@pytest.mark.parametrize("at", [1, 3, 6])
def test_a_kill_in_the_middle_leaves_a_good_state_and_the_next_run_completes_it(
    store: Store, server: Server, at: int, tmp_path: Path
) -> None:
    burning = {f"2026-02-{day:02d}": [{}] for day in range(1, 29)}
    whole = area_api(burning)
    held = threading.Event()

    def hold(asked: Asked) -> Answer:
        if len(server.asked) == at:
            held.set()
            return dataclasses.replace(whole(asked), drip=(10, 1.0))
        return whole(asked)

    server.answer(API + "*", hold)
    command = [sys.executable, "-c", textwrap.dedent(CHILD), str(store.root), server.url]
    child = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
    try:
        assert held.wait(60)
        time.sleep(0.2)
        child.send_signal(signal.SIGKILL)
    finally:
        child.kill()
        child.wait(30)
    state = store.state()
    assert rows_of(store) == 4 * (at - 1)
    for parts in state.tables.values():
        for stored in parts.values():
            store.get_table(stored)
    server.asked.clear()
    server.answer(API + "*", whole)
    outcome = one(store, server, AREA_API, period=days("2026-02-01", "2026-02-24"))
    assert outcome.verdict == "updated"
    assert len(server.asked) == 6 - (at - 1)
    undisturbed = Store(tmp_path / "undisturbed")
    one(undisturbed, server, AREA_API, period=days("2026-02-01", "2026-02-24"))
    assert store.state().revision == undisturbed.state().revision
    assert all(stored_days(store, "2026-02-01", "2026-02-24"))


# -- keys --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        Answer(files.firms(MORNING)),
        Answer(HEADER),
        Answer(f"Invalid MAP_KEY {KEY}".encode(), status=400),
        Answer(f"<html>no such page /api/area/csv/{KEY}, {OTHER_KEY}</html>".encode()),
        Answer(f"lat2,lon2\n{KEY},{OTHER_KEY}\n".encode()),
        Answer(files.as_json({"message": f"Invalid API key {OTHER_KEY}"})),
        Answer(status=503),
        Answer(files.firms(MORNING), cut=99),
        Answer(status=302, headers={"Location": f"https://x.example.com/{KEY}?{OTHER_KEY}"}),
    ],
    ids=["rows", "header", "refused", "page", "columns", "json", "down", "half", "redirect"],
)
def test_no_key_is_ever_written(store: Store, server: Server, answer: Answer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    server.answer("/*", answer)
    outcomes = fetch(store, server, AREA_API, "gistda-viirs")
    outcomes |= fetch(store, server, "firms-api-noaa20-nrt", period=days("2026-03-01", "2026-03-02"))
    assert any(KEY in asked.path for asked in server.asked)
    assert any(asked.headers.get("API-Key") == OTHER_KEY for asked in server.asked)
    errors = [f"{o.error} {o.error.context} {o.error.hint}" for o in outcomes.values() if o.error is not None]
    assert_no_key(store, "\n".join([caplog.text, *errors]))


def test_every_source_can_be_asked_by_its_key() -> None:
    for key, source in SOURCES.items():
        known: Source = source
        assert known.info.key == key
