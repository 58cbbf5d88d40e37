"""Detections of GISTDA: its CSV exports of today and of earlier years, and the GeoJSON of its hotspot service.

Never fetches, never stores; the rules that all detections share are in `fetchers.detections`.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from data import contracts
from data.errors import FileRefused
from fetchers import delimited, detections
from fetchers.delimited import Field, Sheet, Sieve, Words, plain_name
from fetchers.parsed import Parsed

#: Column names of the exports and of the service, compared after `plain_name`; the first name present is taken.
COLUMNS: dict[str, tuple[Literal["number", "text"], tuple[str, ...]]] = {
    "latitude": ("number", ("latitude", "lat")),
    "longitude": ("number", ("longitude", "long", "lon")),
    "lat_long": ("text", ("lat_long",)),
    "acq_date": ("text", ("acq_date",)),
    "acq_time": ("text", ("acq_time",)),
    "th_date": ("text", ("th_date",)),
    "th_time": ("text", ("th_time",)),
    "satellite": ("text", ("satellite",)),
    "hotspotid": ("text", ("hotspotid",)),
    "confidence": ("text", ("confidence",)),
    "brightness": ("number", ("bright_ti4", "brightness")),
    "scan": ("number", ("scan",)),
    "track": ("number", ("track",)),
    "frp": ("number", ("frp",)),
    "lu_name": ("text", ("lu_name",)),
}
#: Columns that only GISTDA has; any one of them beside a position proves the source.
_MARKS = {"hotspotid", "th_date", "lu_name", "linkgmap", "f_alarm"}
#: Columns of the monthly files of earlier years.
_OLDER_MARKS = {"objectid", "changwat", "tambol"}
#: First letters of hotspotid. The reading is ours: GISTDA does not document them, the three occur about equally often.
ID_SATELLITES = {"VI1": "SNPP", "VI2": "NOAA20", "VI3": "NOAA21"}
#: Land-use words (lu_name) without blanks and dots.
LAND_CLASS_NAMES: dict[str, str] = {
    "ป่าอนุรักษ์": "conservation_forest",
    "ป่าสงวนแห่งชาติ": "reserved_forest",
    "เขตสปก": "land_reform",
    "สปก": "land_reform",
    "พื้นที่เกษตร": "agriculture",
    "เกษตร": "agriculture",
    "ชุมชนและอื่นๆ": "community_other",
    "พื้นที่ริมทางหลวง": "highway_side",
    "ริมทางหลวง": "highway_side",
}
_BLANKS_AND_DOTS = re.compile(r"[\s.\u200b\u00a0]+")
_ICT_SECONDS = 7 * 3600


def recognise(columns: Sequence[str]) -> bool:
    """Return True when a file with these columns is this module's to parse, or to refuse with a good reason."""
    fields = set(_names(columns).values())
    proven = bool(_MARKS & {plain_name(name) for name in columns})
    return "lat_long" in fields or ({"latitude", "longitude"} <= fields and proven)


def parse_text(data: bytes, now: dt.datetime) -> Parsed:
    """Read a GISTDA CSV.

    Parameters
    ----------
    data : bytes
        The file.
    now : datetime
        Aware, UTC; detections later than this are refused.

    Returns
    -------
    Parsed
        Detections in the contract `HOTSPOT_COLUMNS`, with GISTDA's land class; kind ``hotspots``.

    Raises
    ------
    FileRefused
        ``no_dates`` for the short export, ``no_satellite``, ``wrong_columns``, ``header_only``, ``ambiguous_dates``,
        ``html_page``, ``empty_file``, ``not_text``.
    """
    sheet = delimited.read(data, _choose)
    older = _OLDER_MARKS & {plain_name(name) for name in sheet.header}
    return _parse(sheet, now, "gistda-csv-older" if older else "gistda-csv")


def parse_geojson(document: dict[str, Any], now: dt.datetime) -> Parsed:
    """Read a GeoJSON reply of GISTDA's hotspot service.

    Raises
    ------
    FileRefused
        As `parse_text`.
    """
    return _parse(delimited.from_columns(detections.feature_columns(document), _choose), now, "gistda-geojson")


def _parse(sheet: Sheet, now: dt.datetime, form: str) -> Parsed:
    detections.refuse_empty(sheet)
    _split_positions(sheet)
    sieve = Sieve(sheet)
    detections.keep_positions(sheet, sieve)
    acquired, from_thai, disagree = _keep_times(sheet, sieve, now)
    satellites, from_id = _satellites(sheet)
    sieve.reject("unknown_satellite", satellites < 0)
    land, unknown_land = _land_classes(sheet)
    quality = np.zeros(len(sheet), dtype=np.int8)
    table = detections.assemble(sheet, sieve, acquired, satellites, quality, provider="gistda", land_class=land)
    sieve.tell("gistda_thai_time_read", from_thai)
    sieve.tell("gistda_times_disagree", disagree)
    sieve.tell("gistda_satellite_read", from_id)
    sieve.tell("land_class_unknown", unknown_land)
    return Parsed(form, "hotspots", table, sheet.read, tuple(sieve.rejected), tuple(sieve.mended))


def _names(header: Sequence[str]) -> dict[int, str]:
    plain = [plain_name(name) for name in header]
    found: dict[int, str] = {}
    for field, (_, names) in COLUMNS.items():
        at = next((plain.index(name) for name in names if name in plain), None)
        if at is not None:
            found[at] = field
    return found


def _choose(header: Sequence[str]) -> dict[int, Field]:
    fields = _names(header)
    present = set(fields.values())
    if "lat_long" in present:
        present |= {"latitude", "longitude"}
    only_thai = {"th_date", "th_time"} <= present and not {"acq_date", "acq_time"} <= present
    date, time = ("th_date", "th_time") if only_thai else ("acq_date", "acq_time")
    detections.refuse_without(header, present, ("latitude", "longitude", date, time))
    if not present & {"satellite", "hotspotid"}:
        raise FileRefused(
            f"expected a column satellite or hotspotid, got {list(header)[:20]}",
            key="no_satellite",
            context={"found": ", ".join(header[:20])},
            hint="export again and keep the column hotspotid",
        )
    return {at: (field, COLUMNS[field][0]) for at, field in fields.items()}


def _split_positions(sheet: Sheet) -> None:
    if {"latitude", "longitude"} <= sheet.numbers.keys():
        return
    both = sheet.words["lat_long"]
    pairs = [text.split(",") if text.count(",") == 1 else ["", ""] for text in both.values]
    for place, name in enumerate(("latitude", "longitude")):
        sheet.numbers[name] = Words(both.codes, tuple(pair[place] for pair in pairs)).numbers()


def _keep_times(
    sheet: Sheet, sieve: Sieve, now: dt.datetime
) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.bool_]]:
    """Return seconds since 1970 UTC, where they come from Thai time, and where the two clocks disagree."""
    words = sheet.words
    unknown = np.full(len(sheet), detections.NO_DAY, dtype=np.int64), np.full(len(sheet), -1, dtype=np.int64)
    (days, seconds), (thai_days, thai_seconds) = unknown, unknown
    has_utc = {"acq_date", "acq_time"} <= words.keys()
    if has_utc:
        utc = detections.read_days(words["acq_date"])
        days, seconds = utc.days, detections.read_seconds(words["acq_time"])
        detections.tell_days(sieve, utc)
    if {"th_date", "th_time"} <= words.keys():
        thai_days, thai_seconds = _thai_as_utc(sheet, sieve, told=not has_utc)
    readable = (days != detections.NO_DAY) & (seconds >= 0)
    thai_readable = (thai_days != detections.NO_DAY) & (thai_seconds >= 0)
    disagree = readable & thai_readable & ((days != thai_days) | (seconds != thai_seconds))
    from_thai = thai_readable & ~readable if has_utc else np.ones(len(sheet), dtype=bool)
    days, seconds = np.where(from_thai, thai_days, days), np.where(from_thai, thai_seconds, seconds)
    return detections.keep_times(sieve, days, seconds, now), from_thai, disagree


def _thai_as_utc(sheet: Sheet, sieve: Sieve, *, told: bool) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    try:
        thai = detections.read_days(sheet.words["th_date"])
    except FileRefused:
        # The Thai clock only checks the other one; unclear dates there must not cost the file.
        if told:
            raise
        return np.full(len(sheet), detections.NO_DAY, dtype=np.int64), np.full(len(sheet), -1, dtype=np.int64)
    seconds = detections.read_seconds(sheet.words["th_time"])
    if told:
        detections.tell_days(sieve, thai)
    readable = (thai.days != detections.NO_DAY) & (seconds >= 0)
    moment = thai.days * 86_400 + seconds - _ICT_SECONDS
    # An unreadable day keeps its mark, so that the row is rejected for the right reason.
    return (
        np.where(readable, moment // 86_400, thai.days),
        np.where(readable, moment % 86_400, seconds),
    )


def _satellites(sheet: Sheet) -> tuple[NDArray[np.int8], NDArray[np.bool_]]:
    """Return satellite positions in the contract, and where they were read from hotspotid."""
    codes = np.full(len(sheet), -1, dtype=np.int8)
    if "satellite" in sheet.words:
        codes = detections.satellite_codes(sheet)
    if "hotspotid" not in sheet.words:
        return codes, np.zeros(len(sheet), dtype=bool)
    ids = sheet.words["hotspotid"]
    known = {start: contracts.SATELLITES.index(name) for start, name in ID_SATELLITES.items()}
    from_id = ids.spread([known.get(text[:3].upper(), -1) for text in ids.values], np.int8)
    used = (codes < 0) & (from_id >= 0)
    return np.where(used, from_id, codes), used


def _land_classes(sheet: Sheet) -> tuple[NDArray[np.int8], NDArray[np.bool_]]:
    """Return land-class positions in the contract, -1 when missing, and where the words are not known."""
    words = sheet.words.get("lu_name")
    if words is None:
        return np.full(len(sheet), -1, dtype=np.int8), np.zeros(len(sheet), dtype=bool)
    names = [LAND_CLASS_NAMES.get(_BLANKS_AND_DOTS.sub("", text)) for text in words.values]
    codes = words.spread([contracts.LAND_CLASSES.index(name) if name else -1 for name in names], np.int8)
    filled = words.spread([bool(text) for text in words.values], bool)
    return codes, filled & (codes < 0)
