"""OpenAQ v3: Air4Thai's running 24 h means by another road, for when Air4Thai itself does not answer, and their past.

Cadence: hourly, one to two hours after Air4Thai; the archive about three days later. Licence: OpenAQ and the original
source are to be named; no competing product. 60 requests a minute and 2,000 an hour a key.
Quirks cured here: OpenAQ reads the headline value of Air4Thai, so what it calls an hour is the mean of 24 hours; stamps
name the END of a period; values below zero are left out before we see them; the unit is spelt with either mu;
`meta.found` is a number or a text such as ">5". A station keeps the id it has at Air4Thai, since it is the same
measurement. Never asks for stations outside its list: of others nobody knows over which time they average.
"""

from __future__ import annotations

import datetime as dt
import gzip
import io
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from data.clock import thai_day
from data.errors import FileRefused, SourceChanged, SourceRefused
from data.places import embedded_stations
from fetchers import delimited, readings
from fetchers.delimited import Sheet, Sieve, Words
from fetchers.http import Reply
from fetchers.parsed import Parsed, Remark
from fetchers.source import Area, Info, Period, Request, json_of, without_today

_HOST = "api.openaq.org"
_ARCHIVE_HOST = "openaq-data-archive.s3.amazonaws.com"
_LICENCE = "OpenAQ (openaq.org); measured by the Pollution Control Department, Thailand. Both are to be named"
#: Location numbers of Air4Thai's stations at OpenAQ.
_LOCATIONS = {"35t": "225669", "36t": "225579", "37t": "225570", "38t": "225692", "39t": "2411", "40t": "225646"}
_STATIONS = {location: station for station, location in _LOCATIONS.items()}
#: What is read of a file of the archive.
COLUMNS = ("location_id", "parameter", "units", "datetime", "value")
#: Days that the archive lags behind.
_ARCHIVE_LAG = 4
#: A day of one location is a few kilobytes; what unpacks to more is not one.
_ARCHIVE_BYTES = 20_000_000
#: Two stations of the list stand farther apart than this by far; copies of a place differ by less.
_SAME_PLACE_DEGREES = 0.003
_IN_URL = re.compile(r"/locations/(\d+)/")


@dataclass(frozen=True)
class Latest:
    """The newest value of the place's stations.

    Asked by `/locations/{id}/sensors`, since `/locations/{id}/latest` does not say which pollutant a value is of.
    """

    info: Info

    def requests_for(self, area: Area, period: Period | None, key: str, now: dt.datetime) -> Sequence[Request]:
        """Return one request for each station of the place that OpenAQ has; none for a period without today."""
        if without_today(period, now):
            return []
        headers = {"X-API-Key": key}
        return [
            Request(f"https://{_HOST}/v3/locations/{_LOCATIONS[station]}/sensors", f"sensors of {station}", headers)
            for station in area.stations
            if station in _LOCATIONS
        ]

    def parse(self, reply: Reply, now: dt.datetime) -> Parsed:
        """Return the readings of a reply; see `Source.parse`."""
        source = self.info.key
        document = json_of(reply, source)
        results = document.get("results") if isinstance(document, dict) else None
        if not isinstance(results, list):
            raise _denial(document, reply, source)
        if not all(isinstance(sensor, dict) and {"parameter", "latest"} <= set(sensor) for sensor in results):
            raise SourceChanged(f"{source}: expected sensors with their latest value", context={"source": source})
        location = _IN_URL.search(reply.url)
        rows = [_row_of(sensor, location[1] if location else _location_at(sensor)) for sensor in results]
        columns = {name: [row[at] for row in rows] for at, name in enumerate(COLUMNS)}
        told = _cut_short(document.get("meta"), len(results))
        return _read("openaq-sensors-json", delimited.from_columns(columns, readings.all_text), now, told)


@dataclass(frozen=True)
class Archive:
    """Past days of the place's stations, one file a station and day, without a key."""

    info: Info

    def requests_for(self, area: Area, period: Period | None, key: str, now: dt.datetime) -> Sequence[Request]:
        """Return one request a station and day, oldest first; the newest archived day when no period is asked for."""
        del key
        newest = thai_day(now) - dt.timedelta(days=_ARCHIVE_LAG)
        first, last = (newest, newest) if period is None else (period.first, min(period.last, newest))
        days = [part.first for part in Period(first, last).parts(1)]
        known = [station for station in area.stations if station in _LOCATIONS]
        return [self._request(station, day, past=period is not None) for day in days for station in known]

    @staticmethod
    def _request(station: str, day: dt.date, *, past: bool) -> Request:
        location = _LOCATIONS[station]
        folder = f"records/csv.gz/locationid={location}/year={day:%Y}/month={day:%m}"
        url = f"https://{_ARCHIVE_HOST}/{folder}/location-{location}-{day:%Y%m%d}.csv.gz"
        return Request(url, f"archive {station} {day}", since=day if past else None, until=day if past else None)

    def parse(self, reply: Reply, now: dt.datetime) -> Parsed:
        """Return the readings of a reply; see `Source.parse`. A day without a file is a day without records."""
        source = self.info.key
        if reply.status == 404:
            raise FileRefused(f"{source}: no file for this day", key="header_only")
        try:
            sheet = delimited.read(_unpacked(reply.content), readings.all_text)
        except (FileRefused, OSError, EOFError) as refusal:
            raise SourceChanged(f"{source}: {refusal}", context={"source": source}) from refusal
        if not set(COLUMNS) <= set(sheet.header):
            raise SourceChanged(f"{source}: columns {list(sheet.header)[:8]}", context={"source": source})
        return _read("openaq-archive-csv", sheet, now, ())


def _unpacked(content: bytes) -> bytes:
    if not content.startswith(b"\x1f\x8b"):
        return content
    with gzip.GzipFile(fileobj=io.BytesIO(content)) as packed:
        data = packed.read(_ARCHIVE_BYTES + 1)
    if len(data) > _ARCHIVE_BYTES:
        raise OSError(f"the file unpacks to more than {_ARCHIVE_BYTES} bytes")
    return data


def _row_of(sensor: dict[str, Any], location: str) -> tuple[object, ...]:
    parameter, latest = sensor["parameter"] or {}, sensor["latest"] or {}
    stamp = (latest.get("datetime") or {}).get("utc")
    return location, parameter.get("name"), parameter.get("units"), stamp, latest.get("value")


def _location_at(sensor: dict[str, Any]) -> str:
    """Return the location of a sensor by where it stands, for a reply whose address is not known; "" for no station."""
    at = (sensor["latest"] or {}).get("coordinates") or {}
    try:
        lat, lon = float(at["latitude"]), float(at["longitude"])
    except (KeyError, TypeError, ValueError):
        return ""
    stations = embedded_stations()
    for station, its_lat, its_lon in zip(
        *(stations[name].tolist() for name in ("station_id", "lat", "lon")), strict=True
    ):
        if station in _LOCATIONS and math.hypot(its_lat - lat, its_lon - lon) <= _SAME_PLACE_DEGREES:
            return _LOCATIONS[station]
    return ""


def _cut_short(meta: Any, there: int) -> tuple[Remark, ...]:
    """Return a remark when more was found than this page holds; ">5" means that more than five were."""
    text = str(meta.get("found", "")) if isinstance(meta, dict) else ""
    found = int(text.lstrip(">")) if text.lstrip(">").isdigit() else there
    more = found - there + text.startswith(">")
    return (Remark("more_pages", more),) if more > 0 else ()


def _denial(document: Any, reply: Reply, source: str) -> SourceRefused | SourceChanged:
    """Return the error that a reply without results stands for."""
    detail = document.get("detail", document.get("message")) if isinstance(document, dict) else None
    if isinstance(detail, list):
        detail = "; ".join(str(one.get("msg", one)) if isinstance(one, dict) else str(one) for one in detail)
    if not detail:
        return SourceChanged(f"{source}: no results (HTTP {reply.status})", context={"source": source})
    problem = str(detail)[:160]
    if reply.status in (401, 403):
        return SourceRefused(f"{source}: {problem}", key="source_key", context={"source": source})
    return SourceRefused(f"{source}: {problem}", key="source_says", context={"source": source, "problem": problem})


def _read(form: str, sheet: Sheet, now: dt.datetime, told: tuple[Remark, ...]) -> Parsed:
    readings.refuse_empty(sheet)
    sieve = Sieve(sheet)
    sieve.mended += told
    words = sheet.words
    sieve.reject("other_pollutant", ~_where(words["parameter"], lambda text: text == "pm25"))
    sieve.reject("other_unit", ~_where(words["units"], readings.is_micrograms))
    sieve.reject("other_place", ~_where(words["location_id"], _STATIONS.__contains__))
    stamps = readings.moments_until(sieve, words["datetime"], now)
    locations = words["location_id"]
    return readings.assemble(
        form,
        sheet,
        sieve,
        station_id=Words(locations.codes, tuple(_STATIONS.get(text, text) for text in locations.values)),
        measured_at=stamps,
        averaging="PT24H",
        measured={"pm25": readings.values(sieve, words["value"], "pm25")},
        source="openaq",
    )


def _where(words: Words, holds: Callable[[str], bool]) -> Any:
    return words.spread([holds(text) for text in words.values], bool)


def _info(key: str, name_th: str, name_en: str, *, archive: bool) -> Info:
    return Info(
        key=key,
        name_th=name_th,
        name_en=name_en,
        kind="readings",
        provider="OpenAQ",
        cadence_minutes=24 * 60 if archive else 60,
        latency_minutes=3 * 24 * 60 if archive else 120,
        hosts=(_ARCHIVE_HOST,) if archive else (_HOST,),
        licence=_LICENCE,
        use="the official running 24 h means when Air4Thai does not answer, or for past days",
        docs="https://docs.openaq.org",
        per_minute=60,
        key_setting="" if archive else "openaq_key",
        quirks=(
            "what it calls an hour of a Thai station is Air4Thai's mean of 24 hours, stamped at their end",
            "values below zero are left out by OpenAQ",
            "only the stations of Lampang and Chiang Mai whose numbers are known are asked",
        ),
        by_period=archive,
        default=False,
    )


LATEST = Latest(_info("openaq-latest", "OpenAQ ค่าล่าสุด", "OpenAQ, newest values", archive=False))
ARCHIVE = Archive(_info("openaq-archive", "OpenAQ คลังข้อมูลย้อนหลัง", "OpenAQ, archive of past days", archive=True))
