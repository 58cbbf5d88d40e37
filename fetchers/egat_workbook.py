"""EGAT's untouched workbooks of Mae Moh: one quantity and one station, a row a day, hours 1 to 24 across.

Recognised by their columns. What and where is told by the title, the sheet or the file name alone, which is why this
reader looks at a name. Never stores, and takes no number that carries a letter, whose meaning is not told.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from python_calamine import CalamineError

from data.errors import FileRefused
from fetchers import days, delimited, readings, weather, workbook
from fetchers.delimited import Sheet, Sieve, Words
from fetchers.parsed import Parsed
from fetchers.tidy_weather import NEVER_ZERO, SHORT

_HOURS = tuple(range(1, 25))
#: Names of the stations as files and sheets write them, without blanks and signs, and as the desk does.
_STATIONS = {
    "bansoppad": "ban_soppad",
    "bansadet": "ban_sadet",
    "banthasi": "ban_thasi",
    "pratupha": "pratupha",
    "mainstation": "main_station",
    "governmentcenter": "government_center",
}
_QUANTITY = re.compile(r"(?<![a-z])(pm10|ws|wd|temp|rh|rain|bp)(?![a-z])")
_FLAGGED = re.compile(r"[-+]?[0-9.,]*\s*[A-Za-z+-]+")
_CLOCK = re.compile(r"(\d{1,2})(?:\.0|:00(?::00)?)?")
_FIRST_ROWS = 6


def first_sheet(data: bytes) -> tuple[str, list[list[Any]]] | None:
    """Return name and rows of the first sheet when it has EGAT's columns, else None."""
    try:
        book = workbook.opened(data)
        rows = book.get_sheet_by_index(0).to_python()
    except (CalamineError, OSError, ValueError, IndexError):
        return None
    return (book.sheet_names[0], rows) if _header_at(rows) is not None else None


def parse(sheet_name: str, rows: Sequence[Sequence[Any]], name: str, now: dt.datetime) -> Parsed:
    """Read a workbook.

    Parameters
    ----------
    sheet_name : str
    rows : sequence
        From `first_sheet`.
    name : str
        File name.
    now : datetime
        Aware, UTC.

    Returns
    -------
    Parsed
        Weather, or readings of PM10; one record an hour written.

    Raises
    ------
    FileRefused
        ``egat_workbook`` when nothing says which quantity and station; ``header_only``.
    """
    at = _header_at(rows)
    if at is None:
        raise FileRefused(
            f"{name}: no columns of hours 1 to 24", key="unknown_workbook", context={"sheets": sheet_name}
        )
    said = " ".join(str(cell) for row in rows[:at] for cell in row).lower()
    quantity, station = _quantity(said, sheet_name, name), _station(sheet_name, name)
    if not quantity or not station:
        raise FileRefused(f"{name}: neither title nor name tells quantity and station", key="egat_workbook")
    written = [row for row in rows[at + 1 :] if str(row[0]).strip()]
    sheet = delimited.from_columns(
        {
            "date": [row[0] for row in written for _ in _HOURS],
            "hour": [hour for _ in written for hour in _HOURS],
            "value": [str(row[hour]).replace("\xa0", " ") for row in written for hour in _HOURS],
        },
        readings.all_text,
    )
    readings.refuse_empty(sheet)
    return _parsed(sheet, quantity, f"egat:{station}", now)


def _parsed(sheet: Sheet, quantity: str, station: str, now: dt.datetime) -> Parsed:
    sieve = Sieve(sheet)
    start = days.numbered_hours(sieve, sheet.words["date"], sheet.words["hour"].numbers().values)
    readings.reject_future(sieve, start + weather.HOUR, now)
    value = sheet.words["value"]
    flagged = [_FLAGGED.fullmatch(text) is not None for text in value.values]
    variable = "pm10" if quantity == "pm10" else SHORT[quantity]
    number = [any(letter.isdigit() for letter in text) for text in value.values]
    told = [one and other for one, other in zip(flagged, number, strict=True)]
    sieve.tell("flagged_value", value.spread(told, bool), variable=variable)
    kept = Words(value.codes, tuple("" if f else text for f, text in zip(flagged, value.values, strict=True)))
    ids = Words(np.zeros(len(sheet), dtype=np.int32), (station,))
    if quantity == "pm10":
        return readings.assemble(
            "egat-pm10-xlsx",
            sheet,
            sieve,
            station_id=ids,
            measured_at=start,
            averaging="PT1H",
            measured={"pm10": readings.values(sieve, kept, "pm10")},
            source="egat",
        )
    values = weather.values(sieve, kept.numbers(), variable, zero=quantity not in NEVER_ZERO)
    return weather.assemble(
        "egat-weather-xlsx",
        sheet,
        sieve,
        station_id=ids,
        measured_at=start,
        measured={variable: values},
        source="egat",
        now=now,
    )


def _header_at(rows: Sequence[Sequence[Any]]) -> int | None:
    for at, row in enumerate(rows[:_FIRST_ROWS]):
        if str(row[0]).strip().lower() == "date/time" and tuple(_hour(cell) for cell in row[1:25]) == _HOURS:
            return at
    return None


def _hour(cell: Any) -> int | None:
    """Return the hour that heads a column: a number, a time of day, or a whole day for 24."""
    if isinstance(cell, dt.timedelta):
        return int(cell / dt.timedelta(hours=1))
    if isinstance(cell, dt.time):
        return cell.hour or 24
    found = _CLOCK.fullmatch(str(cell).strip())
    return (int(found[1]) or 24) if found else None


def _quantity(*said: str) -> str:
    for text in said:
        found = _QUANTITY.search(text.lower().replace("_", " "))
        if found:
            return found[1]
    return ""


def _station(*said: str) -> str:
    for text in said:
        letters = re.sub("[^a-z]+", "", text.lower())
        known = next((name for spelt, name in _STATIONS.items() if spelt in letters), "")
        if known:
            return known
    return ""
