"""The Pollution Control Department's yearly workbooks (XLSX): one row a day, one column a station, all Thailand.

Cures what only these sheets have: Thai headers, codes in capitals, two sites under one code, a date written twice,
Buddhist years. Never averages; the means are the department's own and stand for Thai civil days.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from python_calamine import CalamineError

from data.errors import FileRefused
from fetchers import readings, workbook
from fetchers.delimited import Sieve, from_columns
from fetchers.parsed import Parsed, Remark

SOURCE = "pcd"
DAILY_FORM = "pcd-daily-xlsx"
#: Sheet names that say which pollutant the sheet holds (2019 to 2023: PM2.5; 2025: DATA, which says nothing).
_SHEET_VARIABLES = {"pm25": "pm25", "pm10": "pm10"}
_OTHER_POLLUTANTS = frozenset(("o3", "co", "no", "no2", "nox", "so2"))
_DATE_HEADERS = frozenset(("date", "วันที่", "วันเดือนปี"))
_CODE = re.compile(r"([a-z]{0,3}\d{1,3}t)\s*(\*{0,2}|\((?:เก่า|ใหม่)\))", re.IGNORECASE)
_OLD_MARKS = ("*", "(เก่า)")
_TEXT_DAY = re.compile(r"(\d{1,4})[-/.](\d{1,2})[-/.](\d{1,4})")
#: The header stands in the first row of every workbook of 2019 to 2025; titles above it would not be many.
_HEADER_WITHIN = 20


class _Table(NamedTuple):
    name: str
    rows: list[list[Any]]
    header: int
    date: int
    stations: dict[int, str]


def station_of(code: str) -> str:
    """Return the station id of a column such as ``37T``.

    Where the department wrote two sites under one code, the mark tells them apart: ``70T*`` and ``72T(เก่า)`` are the
    old sites (``70t-old``), ``70T**`` and ``72T(ใหม่)`` the new ones that kept the code. Empty when it is no code.
    """
    found = _CODE.fullmatch(code.strip())
    if not found:
        return ""
    return found[1].lower() + ("-old" if found[2] in _OLD_MARKS else "")


def parse_workbook(data: bytes, now: dt.datetime) -> Parsed:
    """Read a yearly workbook.

    The sheet of stations gives names and no coordinates, so no station table comes of it.

    Parameters
    ----------
    data : bytes
        XLSX.
    now : datetime
        Aware, UTC.

    Returns
    -------
    Parsed
        Readings ``P1D`` in µg/m³, stamped with the local midnight that begins the day. One record per cell of a
        station and day. A date written twice is told by its place in the sheet (`readings.double_days`): in 2021 the
        sheet rows 181 and 182 both say 30 June and no row says 29 June. Row 182 stands where 30 June belongs and is
        kept; row 181 is rejected as ``double_day``, since to call it 29 June would be a guess.

    Raises
    ------
    FileRefused
        ``unreadable_workbook``, ``known_but_unread`` (EGAT's workbook), ``no_particles`` or ``unknown_workbook``.
    """
    table = _find(_sheets(data))
    variable = _variable(table.name)
    first = table.header + 1
    days = [_day(row[table.date]) for row in table.rows[first:]]
    cells: list[tuple[int, str, str, str]] = []
    buddhist = set()
    for number, (row, (day, thai)) in enumerate(zip(table.rows[first:], days, strict=True), start=1):
        if day is None and not any(isinstance(row[at], float | int) for at in table.stations if at < len(row)):
            continue
        buddhist |= {number} if thai else set()
        stamp = "" if day is None else f"{day.isoformat()} 00:00"
        cells += [(number, name, stamp, _text(row[at])) for at, name in table.stations.items() if at < len(row)]
    columns = {"row": [str(c[0]) for c in cells], "station_id": [c[1] for c in cells]}
    sheet = from_columns({**columns, "stamp": [c[2] for c in cells], "value": [c[3] for c in cells]}, readings.all_text)
    readings.refuse_empty(sheet)
    row_numbers = np.array([cell[0] for cell in cells], dtype=np.int64)
    sheet = replace(sheet, row_numbers=row_numbers)
    sieve = Sieve(sheet)
    stamps = readings.moments(sieve, sheet.words["stamp"])
    sieve.tell("buddhist_year", np.isin(row_numbers, list(buddhist)))
    readings.reject_future(sieve, stamps, now)
    day_numbers = (stamps + np.timedelta64(7, "h")).astype("datetime64[D]").astype(np.int64)
    double = np.zeros(len(sheet), dtype=bool)
    at = np.flatnonzero(sieve.good)
    double[at] = readings.double_days(sheet.words["station_id"].codes[at], day_numbers[at], row_numbers[at])
    sieve.reject("double_day", double)
    moved = sorted({name for name in table.stations.values() if name.endswith("-old")})
    here = np.isin(np.asarray([cell[1] for cell in cells], dtype=object), moved)
    sieve.tell("two_sites", here, stations=", ".join(moved))
    if variable is None:
        sieve.tell("assumed_pm25", np.ones(len(sheet), dtype=bool), sheet=table.name)
    name = variable or "pm25"
    parsed = readings.assemble(
        DAILY_FORM,
        sheet,
        sieve,
        station_id=sheet.words["station_id"],
        measured_at=stamps,
        averaging="P1D",
        measured={name: readings.values(sieve, sheet.words["value"], name)},
        source=SOURCE,
    )
    return replace(parsed, rejected=_rows_once(parsed.rejected), mended=_rows_once(parsed.mended))


def _rows_once(remarks: tuple[Remark, ...]) -> tuple[Remark, ...]:
    """Name each row once: the cells of one row are many."""
    return tuple(replace(remark, rows=tuple(dict.fromkeys(remark.rows))) for remark in remarks)


def _sheets(data: bytes) -> list[tuple[str, list[list[Any]]]]:
    try:
        book = workbook.opened(data)
        return [(name, book.get_sheet_by_name(name).to_python(skip_empty_area=False)) for name in book.sheet_names]
    except (CalamineError, OSError, ValueError) as error:
        raise FileRefused(
            f"a workbook that cannot be opened: {error}",
            key="unreadable_workbook",
            context={"problem": str(error)[:120]},
            hint="open it in a spreadsheet program and save it again as XLSX",
        ) from error


def _find(sheets: list[tuple[str, list[list[Any]]]]) -> _Table:
    for name, rows in sheets:
        for at, row in enumerate(rows[:_HEADER_WITHIN]):
            stations = {column: station_of(_text(cell)) for column, cell in enumerate(row)}
            stations = {column: station for column, station in stations.items() if station}
            before = range(min(stations, default=0))
            dates = [c for c in before if re.sub(r"[\s/]", "", _text(row[c])).lower() in _DATE_HEADERS]
            if stations and dates:
                return _Table(name, rows, at, dates[0], stations)
    for name, rows in sheets:
        if any(row and _text(row[0]) == "Date/Time" and any(isinstance(c, dt.time) for c in row) for row in rows[:5]):
            raise FileRefused(
                f"sheet {name}: an hourly PM10 workbook of EGAT",
                key="known_but_unread",
                context={"service": "EGAT PM10 workbook"},
            )
    names = [name for name, _ in sheets]
    raise FileRefused(
        f"expected a column Date followed by station codes such as 37T, sheets are {names[:10]}",
        key="unknown_workbook",
        context={"sheets": ", ".join(names)[:200]},
    )


def _variable(sheet_name: str) -> str | None:
    plain = re.sub(r"[^a-z0-9]", "", sheet_name.lower())
    if plain in _OTHER_POLLUTANTS:
        raise FileRefused(
            f"sheet {sheet_name}: expected PM2.5 or PM10", key="no_particles", context={"found": sheet_name[:80]}
        )
    return _SHEET_VARIABLES.get(plain)


def _day(cell: Any) -> tuple[dt.date | None, bool]:
    """Return the day of a cell, and whether its year was Buddhist; Thai sheets write the day before the month."""
    if isinstance(cell, dt.datetime):
        cell = cell.date()
    year, month, day = (cell.year, cell.month, cell.day) if isinstance(cell, dt.date) else (0, 0, 0)
    written = _TEXT_DAY.fullmatch(_text(cell)) if isinstance(cell, str) else None
    if written:
        one, month, three = (int(part) for part in written.groups())
        year, day = (one, three) if len(written[1]) == 4 else (three, one)
    thai = readings.BUDDHIST_YEARS[0] <= year <= readings.BUDDHIST_YEARS[1]
    try:
        return dt.date(year - 543 if thai else year, month, day), thai
    except ValueError:
        return None, False


def _text(cell: Any) -> str:
    return "" if cell is None else str(cell).strip()
