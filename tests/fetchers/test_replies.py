"""Replies of live air sources saved as files: read as when they are fetched, refused with the source's own reason."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pandas as pd
import pytest

from data.clock import UTC
from data.errors import FileRefused
from fetchers import recognise
from fetchers.http import Reply
from fetchers.parsed import Parsed
from fetchers.source import Source
from fetchers.sources import gistda_pm25, open_meteo, openaq
from fetchers.unpack import Member
from tests.fetchers.test_sources import NOW, REPLIES, asked


def read(content: bytes, now: dt.datetime = NOW) -> Parsed:
    parsed = recognise.parse(Member("saved.dat", content), now)
    assert parsed.read == len(parsed.table) + parsed.rejected_count
    return parsed


def fetched(source: Source, content: bytes, url: str = "") -> Parsed:
    return source.parse(Reply(url, 200, content), NOW)


def same(file: Parsed, live: Parsed) -> bool:
    pd.testing.assert_frame_equal(file.table, live.table)
    return file.format == live.format and file.rejected == live.rejected


def air(**hourly: Any) -> dict[str, Any]:
    hours = {"time": ["2026-03-10T06:00", "2026-03-10T07:00"], "pm2_5": [40.5, None]}
    return {
        "latitude": 18.299999, "longitude": 99.5, "utc_offset_seconds": 25200,
        "hourly_units": {"time": "iso8601", "pm2_5": "μg/m³"}, "hourly": hours | hourly,
    }  # fmt: skip


def test_hours_of_the_model_by_open_meteo_are_the_same_from_a_file_and_live() -> None:
    for document in (air(), [air(), air() | {"latitude": 18.7}]):
        content = json.dumps(document).encode()
        parsed = read(content, dt.datetime(2026, 3, 10, 6, tzinfo=UTC))
        assert same(parsed, open_meteo.CAMS.parse(Reply("", 200, content), dt.datetime(2026, 3, 10, 6, tzinfo=UTC)))
        assert set(parsed.table["flag"]) == {"model", "missing"}


def test_an_openaq_reply_finds_its_station_by_where_it_stands() -> None:
    document = json.loads((REPLIES / "openaq_location_sensors.json").read_text("utf-8"))
    url = asked(openaq.LATEST)[0].url
    for sensor in document["results"]:
        sensor["latest"]["coordinates"] = {"latitude": 18.2784, "longitude": 99.5064}
    content = json.dumps(document).encode()
    parsed = read(content)
    assert set(parsed.table["station_id"]) == {"37t"}
    assert same(parsed, fetched(openaq.LATEST, content, url))
    for sensor in document["results"]:
        sensor["latest"]["coordinates"] = {"latitude": 18.5, "longitude": 99.5064}
    assert len(read(json.dumps(document).encode()).table) == 0


def test_a_file_of_openaqs_archive_is_no_hotspot_file() -> None:
    content = (REPLIES / "openaq_archive_day.csv").read_bytes()
    parsed = read(content)
    assert len(parsed.table) > 0
    assert set(parsed.table["averaging"]) == {"PT24H"}
    assert same(parsed, fetched(openaq.ARCHIVE, content))


def test_gistda_hours_need_their_amphoe() -> None:
    hours = [[8.69, "2026-03-09T17:00:00.000Z"], [9.5, "2026-03-09T18:00:00.000Z"]]
    loc = {"ap_idn": "5201", "ap_tn": "เมืองลำปาง", "ap_en": "Mueang Lampang"}
    document: dict[str, Any] = {"status": 200, "data": {"pm25": 8, "pm25Avg24hrs": 9, "graphHistory24hrs": hours}}
    with pytest.raises(FileRefused) as refusal:
        read(json.dumps(document).encode())
    assert refusal.value.key == "known_but_unread"
    document["data"]["loc"] = loc
    content = json.dumps(document).encode()
    parsed = read(content)
    assert set(parsed.table["station_id"]) == {"gistda:5201"}
    assert len(parsed.table) == 2
    assert same(parsed, fetched(gistda_pm25.AMPHOES, content))


@pytest.mark.parametrize(
    "document",
    [
        air(pm2_5=[40.5]),
        air() | {"hourly_units": {"time": "iso8601", "pm2_5": "ppm"}},
        {k: v for k, v in air().items() if k != "utc_offset_seconds"},
    ],
    ids=["unequal columns", "another unit", "no zone"],
)
def test_a_reply_that_cannot_be_read_says_why(document: dict[str, Any]) -> None:
    with pytest.raises(FileRefused) as refusal:
        read(json.dumps(document).encode())
    assert refusal.value.key == "reply_unread"
    assert refusal.value.context["problem"]
