"""Detections of NASA FIRMS in every form they come in: downloads, feeds, API replies, GeoJSON, shapefiles.

Never fetches, never stores, never drops a detection that occurs twice; what it cannot understand it counts and names.
The rules that all detections share are in `fetchers.detections`.
"""

from __future__ import annotations

import datetime as dt
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
import pyogrio
from numpy.typing import NDArray

from data.errors import FileRefused
from fetchers import delimited, detections
from fetchers.delimited import Field, Sheet, Sieve, plain_name
from fetchers.parsed import Parsed, Remark


class Column(NamedTuple):
    """A column of FIRMS: how its cells are read, FIRMS's own names, names that people and programs give it."""

    kind: Literal["number", "text"]
    own: tuple[str, ...]
    other: tuple[str, ...] = ()


#: The one table of column names; `other` is compared after `plain_name`.
COLUMNS: dict[str, Column] = {
    "latitude": Column("number", detections.LATITUDE_NAMES[:1], detections.LATITUDE_NAMES[1:]),
    "longitude": Column("number", detections.LONGITUDE_NAMES[:1], detections.LONGITUDE_NAMES[1:]),
    "acq_date": Column("text", ("acq_date",), ("date", "acquisition_date")),
    "acq_time": Column("text", ("acq_time",), ("time", "acquisition_time")),
    "satellite": Column("text", ("satellite",), ("sat", "platform")),
    "instrument": Column("text", ("instrument",), ("sensor",)),
    "confidence": Column("text", ("confidence",), ("conf", "probability")),
    "version": Column("text", ("version",)),
    "brightness": Column("number", ("bright_ti4", "brightness")),
    "scan": Column("number", ("scan",)),
    "track": Column("number", ("track",)),
    "frp": Column("number", ("frp",), ("frp_mw", "fire_radiative_power")),
    "daynight": Column("text", ("daynight",), ("day_night",)),
    "type": Column("text", ("type",), ("fire_type",)),
}
_NAMES = {plain_name(name): field for field, column in COLUMNS.items() for name in (*column.own, *column.other)}
#: Columns besides the position that only detections have; one of the first or two of the second prove them.
_STRONG_MARKS = {"brightness", "frp"}
_WEAK_MARKS = {"satellite", "confidence", "scan", "track", "daynight", "acq_date", "acq_time"}
#: Tables that hold numbers of detections instead of detections.
_COUNT_TABLES = ({"snapshot_time", "detections_worldwide"}, {"date", "province", "hotspot_count"})
_PHRASES = {
    "invalid map_key": "firms_invalid_key",
    "invalid api key": "firms_invalid_key",
    "exceeding allowed transaction limit": "firms_limit",
}


class Traits(NamedTuple):
    """What in the content of a file tells the forms apart."""

    container: Literal["text", "geojson", "shapefile"]
    altered: bool
    country: bool
    bare_times: bool
    colon_times: bool
    standard: bool


#: Known forms, how each is told, and the test; the first that holds is taken.
FORMATS: tuple[tuple[str, str, Callable[[Traits], bool]], ...] = (
    ("firms-geojson", "GeoJSON features with FIRMS properties", lambda t: t.container == "geojson"),
    ("firms-shapefile", "dBASE attributes with FIRMS names", lambda t: t.container == "shapefile"),
    ("firms-altered-csv", "a column renamed, or dates such as 5/25/17", lambda t: t.altered),
    ("firms-api-csv", "country_id, or instrument with times such as 703", lambda t: t.country or t.bare_times),
    ("firms-archive-csv", "a type column, or versions such as 61.03, 2, 1", lambda t: t.standard),
    ("firms-daily-text", "times such as 03:20", lambda t: t.colon_times),
    ("firms-nrt-csv", "everything else: 24 h, 48 h, 7 d feeds and downloads", lambda _: True),
)

#: 61.03, 6.1, 2 and 1 are standard; the 7-day feed says 2.0 and 6.0 and is near real time.
_STANDARD_VERSION = re.compile(r"\d+(\.\d*[1-9]\d*)?")
_MAP_KEY = re.compile(r"\b[0-9a-fA-F]{32}\b")


def recognise(columns: Sequence[str]) -> bool:
    """Return True when a file with these columns is this module's to parse, or to refuse with a good reason."""
    plain = {plain_name(name) for name in columns}
    if any(table <= plain for table in _COUNT_TABLES):
        return True
    fields = {_NAMES[name] for name in plain if name in _NAMES}
    # "date" and "time" stand in many tables, so only FIRMS's own spelling of them proves anything.
    proof = {field for field in fields & _WEAK_MARKS if not field.startswith("acq_") or field in plain}
    if plain & {"hotspotid", "th_date", "lu_name"} or not {"latitude", "longitude"} <= fields:
        return False
    return bool(fields & _STRONG_MARKS) or len(proof) >= 2


def parse_text(data: bytes, now: dt.datetime) -> Parsed:
    """Read a delimited FIRMS text.

    Parameters
    ----------
    data : bytes
        File or reply.
    now : datetime
        Aware, UTC; detections later than this are refused.

    Returns
    -------
    Parsed
        Detections in the contract `HOTSPOT_COLUMNS`, doubles kept; kind ``hotspots``.

    Raises
    ------
    FileRefused
        ``firms_invalid_key``, ``firms_limit``, ``firms_message``, ``html_page``, ``empty_file``, ``header_only``,
        ``wrong_columns``, ``no_dates``, ``no_satellite``, ``ambiguous_dates``, ``not_detections``, ``not_text``.
    """
    _refuse_message(data)
    return parse_delimited(delimited.read(data, _choose), now)


def parse_geojson(document: dict[str, Any], now: dt.datetime) -> Parsed:
    """Read a GeoJSON feature collection with FIRMS properties; values may all be text.

    Raises
    ------
    FileRefused
        As `parse_text`.
    """
    return parse_delimited(delimited.from_columns(detections.feature_columns(document), _choose), now, "geojson")


def parse_shapefile(parts: Mapping[str, bytes], now: dt.datetime) -> Parsed:
    """Read the attribute tables of a FIRMS shapefile download.

    Parameters
    ----------
    parts : mapping of str to bytes
        Files of the shapefile by name. Positions are taken from LATITUDE and LONGITUDE, so the dbf is enough;
        several layers (near real time and archive in one download) are read one after the other, by name.
    now : datetime
        Aware, UTC; detections later than this are refused.

    Raises
    ------
    FileRefused
        As `parse_text`; ``damaged_shapefile`` when there is no readable dbf.
    """
    tables = [_dbf(parts, name) for name in sorted(parts) if name.lower().endswith(".dbf") and "__MACOSX" not in name]
    if not tables:
        raise FileRefused("expected a dbf file in the shapefile", key="damaged_shapefile")
    joined = pd.concat(tables, ignore_index=True).astype(object)
    # dBASE names are upper case in every shapefile: no one renamed them.
    columns = {str(name).lower(): joined[name].tolist() for name in joined.columns}
    return parse_delimited(delimited.from_columns(columns, _choose), now, "shapefile")


def parse_delimited(
    sheet: Sheet, now: dt.datetime, container: Literal["text", "geojson", "shapefile"] = "text"
) -> Parsed:
    """Turn a sheet with FIRMS columns into detections.

    Parameters
    ----------
    sheet : Sheet
        Columns named as in `COLUMNS`.
    now : datetime
        Aware, UTC.
    container : str
        What the sheet was taken from.
    """
    detections.refuse_empty(sheet)
    sieve = Sieve(sheet)
    detections.keep_positions(sheet, sieve)
    days = detections.read_days(sheet.words["acq_date"])
    seconds = detections.read_seconds(sheet.words["acq_time"])
    acquired = detections.keep_times(sieve, days.days, seconds, now)
    satellites = detections.satellite_codes(sheet)
    sieve.reject("unknown_satellite", satellites < 0)
    sensors = detections.SENSOR_CODES[satellites]
    quality = _quality_codes(sheet)
    table = detections.assemble(sheet, sieve, acquired, satellites, quality, provider="firms")
    renamed = _renamed(sheet.header)
    if renamed:
        sieve.mended.append(Remark("renamed_columns", len(renamed), (), {"columns": ", ".join(renamed)}))
    detections.tell_days(sieve, days)
    plain_header = {plain_name(name) for name in sheet.header}
    if "brightness" in plain_header and "bright_ti4" not in plain_header:
        sieve.tell("viirs_in_modis_columns", sensors == detections.VIIRS)
    times = sheet.words["acq_time"].values
    traits = Traits(
        container=container,
        altered=bool(renamed) or days.order is not None,
        country="country_id" in plain_header,
        bare_times="instrument" in sheet.words and any(re.fullmatch(r"\d{1,3}", value) for value in times),
        colon_times=any(":" in value for value in times),
        standard=bool(sieve.good.any()) and bool(quality[sieve.good].all()),
    )
    name = next(name for name, _, holds in FORMATS if holds(traits))
    return Parsed(name, "hotspots", table, sheet.read, tuple(sieve.rejected), tuple(sieve.mended))


def _fields(header: Sequence[str]) -> dict[int, str]:
    own = {plain_name(name) for name in header if plain_name(name) in _NAMES}
    taken = {field for field, column in COLUMNS.items() if own & set(column.own)}
    found = {at: _NAMES[plain_name(name)] for at, name in enumerate(header) if plain_name(name) in _NAMES}
    # A stray "date" beside acq_date is some other date.
    return {at: f for at, f in found.items() if f not in taken or plain_name(header[at]) in COLUMNS[f].own}


def _choose(header: Sequence[str]) -> dict[int, Field]:
    plain = {plain_name(name) for name in header}
    if any(table <= plain for table in _COUNT_TABLES):
        raise FileRefused(
            f"expected detections, got a table of counts {list(header)[:20]}",
            key="not_detections",
            context={"found": ", ".join(header[:20])},
        )
    fields = _fields(header)
    if not recognise(header):
        wanted = ("latitude", "longitude", "acq_date", "acq_time", "satellite", "confidence", "frp")
        raise detections.wrong_columns(header, [field for field in wanted if field not in fields.values()])
    detections.refuse_without(header, set(fields.values()), ("latitude", "longitude", "acq_date", "acq_time"))
    return {at: (field, COLUMNS[field].kind) for at, field in fields.items()}


def _renamed(header: Sequence[str]) -> list[str]:
    fields = _fields(header)
    return [f"{header[at]} = {field}" for at, field in fields.items() if header[at] not in COLUMNS[field].own]


def _refuse_message(data: bytes) -> None:
    if len(data) > 4000:
        return
    text = data.decode("utf-8", errors="replace").strip()
    if not text or text.startswith(("<", "{")):
        return
    # FIRMS answers in words, sometimes with status 200; a message may repeat the key that was sent.
    shown = _MAP_KEY.sub("…", text.splitlines()[0])[:200]
    for phrase, key in _PHRASES.items():
        if phrase in shown.lower():
            raise FileRefused(f"FIRMS answered {shown!r}", key=key, context={"message": shown})
    pieces = re.split(r"[,;\t]", text)
    is_header = len(pieces) > 2 and max(len(piece.split()) for piece in pieces) <= 2
    if "\n" not in text and not is_header:
        raise FileRefused(f"expected a table, got {shown!r}", key="firms_message", context={"message": shown})


def _dbf(parts: Mapping[str, bytes], name: str) -> pd.DataFrame:
    stem = name[:-4].lower()
    with tempfile.TemporaryDirectory() as folder:
        # Names inside a zip may point anywhere, so none of them is used on disk.
        for part, content in parts.items():
            if part.lower() in (f"{stem}.dbf", f"{stem}.cpg"):
                Path(folder, f"layer{part[-4:].lower()}").write_bytes(content)
        try:
            table: pd.DataFrame = pyogrio.read_dataframe(Path(folder, "layer.dbf"), read_geometry=False)
        except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, UnicodeDecodeError) as error:
            raise FileRefused(f"expected a dBASE table in {name}: {error}", key="damaged_shapefile") from error
    return table


def _quality_codes(sheet: Sheet) -> NDArray[np.int8]:
    has_type = "type" in sheet.words
    versions = sheet.words.get("version")
    if versions is None:
        return np.full(len(sheet), has_type, dtype=np.int8)
    standard = [
        not text.upper().endswith("RT") and (has_type or bool(_STANDARD_VERSION.fullmatch(text)))
        for text in versions.values
    ]
    return versions.spread(standard, np.int8)
