"""The Pollution Control Department's yearly workbooks (XLSX): one row a day, one column a station, all Thailand.

Cures what only these sheets have: Thai headers, codes in capitals, two sites under one code, a date written twice,
Buddhist years. Never averages; the means are the department's own and stand for Thai civil days.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from python_calamine import CalamineError

from data.errors import FileRefused
from fetchers import cell_days, readings, workbook
from fetchers.delimited import Sieve, from_columns
from fetchers.parsed import Parsed, Remark

SOURCE = "pcd"
DAILY_FORM = "pcd-daily-xlsx"
#: Sheet names that say which pollutant the sheet holds (2019 to 2023: PM2.5; 2025: DATA, which says nothing).
_SHEET_VARIABLES = {"pm25": "pm25", "pm10": "pm10"}
_OTHER_POLLUTANTS = frozenset(("o3", "co", "no", "no2", "nox", "so2"))
_DATE_HEADERS = frozenset(("date", "วันที่", "วันเดือนปี"))
#: A code, its mark, and the name of the station that some headers add on a new line or after a blank.
_CODE = re.compile(r"([a-z]{0,3}\d{1,3}) ?t\s*(\*{1,2}|\((?:เก่า|ใหม่)\)|)(?:\s+[^\s*(].*)?", re.IGNORECASE | re.DOTALL)
#: The header stands in the first row of every workbook of 2019 to 2025; titles above it would not be many.
_HEADER_WITHIN = 20
#: Rows above the codes in which the header of a merged date cell may stand.
_MERGED_ABOVE = 2


class _Table(NamedTuple):
    """A sheet of days and stations: where its header stands, the column of the day, the station of each column."""

    name: str
    rows: list[list[Any]]
    header: int
    date: int
    stations: dict[int, str]


class _Cell(NamedTuple):
    """The cell of a station and day: of which sheet and row, of which pollutant, what it says."""

    sheet: int
    row: int
    station: str
    stamp: str
    text: str
    variable: str
    buddhist: bool


def stations_of(codes: Sequence[str]) -> dict[int, str]:
    """Return the station id of each header cell that is a code such as ``37T``, by its place.

    Where the department wrote two sites under one code, the mark tells them apart: ``70T*`` and ``72T(เก่า)`` are the
    old sites (``70t-old``), ``70T**`` and ``72T(ใหม่)`` the new ones that kept the code. A star on a code that stands
    alone only points to a footnote.
    """
    found = {at: match for at, code in enumerate(codes) if (match := _CODE.fullmatch(code.strip()))}
    plain = {at: f"{match[1]}t".lower() for at, match in found.items()}
    often = Counter(plain.values())
    old = {at for at, match in found.items() if match[2] == "(เก่า)" or (match[2] == "*" and often[plain[at]] > 1)}
    return {at: f"{name}-old" if at in old else name for at, name in plain.items()}


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
        Readings ``P1D`` in µg/m³, stamped with the local midnight that begins the day, of every sheet of PM2.5 or
        PM10. One record per cell of a station and day. A date written twice is told by its place in the sheet
        (`readings.double_days`): in 2021 the sheet rows 181 and 182 both say 30 June and no row says 29 June. Row 182
        stands where 30 June belongs and is kept; row 181 is rejected as ``double_day``, since to call it 29 June would
        be a guess.

    Raises
    ------
    FileRefused
        ``unreadable_workbook``, ``known_but_unread`` (EGAT's workbook), ``no_particles`` or ``unknown_workbook``.
    """
    tables, others = _chosen(_tables(_sheets(data)))
    cells = [cell for at, (table, variable) in enumerate(tables) for cell in _cells(at, table, variable or "pm25")]
    measured = list(dict.fromkeys(cell.variable for cell in cells))
    columns = {"station_id": [cell.station for cell in cells], "stamp": [cell.stamp for cell in cells]}
    # A cell of one pollutant says nothing of another.
    columns |= {name: [cell.text if cell.variable == name else "" for cell in cells] for name in measured}
    sheet = from_columns(columns, readings.all_text)
    readings.refuse_empty(sheet)
    row_numbers = np.array([cell.row for cell in cells], dtype=np.int64)
    sheet = replace(sheet, row_numbers=row_numbers)
    sieve = Sieve(sheet)
    stamps = readings.moments(sieve, sheet.words["stamp"])
    sieve.tell("buddhist_year", np.array([cell.buddhist for cell in cells], dtype=bool))
    readings.reject_future(sieve, stamps, now)
    day_numbers = (stamps + np.timedelta64(7, "h")).astype("datetime64[D]").astype(np.int64)
    double = np.zeros(len(sheet), dtype=bool)
    at = np.flatnonzero(sieve.good)
    sheet_of = np.array([cell.sheet for cell in cells])
    columns_apart = sheet_of * len(sheet) + sheet.words["station_id"].codes
    double[at] = readings.double_days(columns_apart[at], day_numbers[at], row_numbers[at])
    sieve.reject("double_day", double)
    is_moved = [cell.station.endswith("-old") for cell in cells]
    moved = sorted({cell.station for cell, is_old in zip(cells, is_moved, strict=True) if is_old})
    sieve.tell("two_sites", np.array(is_moved, dtype=bool), stations=", ".join(moved))
    assumed = [number for number, (_, variable) in enumerate(tables) if variable is None]
    named = ", ".join(tables[number][0].name for number in assumed)
    sieve.tell("assumed_pm25", np.isin(sheet_of, assumed), sheet=named)
    if others:
        sieve.mended.append(Remark("sheets_left", 0, (), {"sheets": ", ".join(others)[:200]}))
    parsed = readings.assemble(
        DAILY_FORM,
        sheet,
        sieve,
        station_id=sheet.words["station_id"],
        measured_at=stamps,
        averaging="P1D",
        measured={name: readings.values(sieve, sheet.words[name], name) for name in measured},
        source=SOURCE,
    )
    return replace(parsed, rejected=_rows_once(parsed.rejected), mended=_rows_once(parsed.mended))


def _cells(number: int, table: _Table, variable: str) -> Iterator[_Cell]:
    """Yield the cells of one sheet; a row without a day and without a number, such as a footer, has none."""
    body = table.rows[table.header + 1 :]
    days = cell_days.read([row[table.date] for row in body])
    for place, (row, (day, thai)) in enumerate(zip(body, days, strict=True), start=1):
        if day is None and not any(isinstance(row[at], float | int) for at in table.stations if at < len(row)):
            continue
        stamp = "" if day is None else f"{day.isoformat()} 00:00"
        for at, station in table.stations.items():
            if at < len(row):
                yield _Cell(number, place, station, stamp, _text(row[at]), variable, thai)


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


def _tables(sheets: list[tuple[str, list[list[Any]]]]) -> list[_Table]:
    found = [table for name, rows in sheets if (table := _table(name, rows)) is not None]
    if found:
        return found
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


def _table(name: str, rows: list[list[Any]]) -> _Table | None:
    for at, row in enumerate(rows[:_HEADER_WITHIN]):
        stations = stations_of([_text(cell) for cell in row])
        above = rows[max(at - _MERGED_ABOVE, 0) : at + 1]
        dates = [c for c in range(min(stations, default=0)) if any(_is_date_header(one[c]) for one in above)]
        if stations and dates:
            return _Table(name, rows, at, dates[0], stations)
    return None


def _is_date_header(cell: Any) -> bool:
    return re.sub(r"[\s/]", "", _text(cell)).lower() in _DATE_HEADERS


def _chosen(tables: list[_Table]) -> tuple[list[tuple[_Table, str | None]], list[str]]:
    """Return the sheets to read, each with its pollutant (None: not named), and the names of those left out.

    A sheet that names no pollutant is one of PM2.5 where no other sheet names it (workbook of 2025).
    """
    plain = {table.name: re.sub(r"[^a-z0-9]", "", table.name.lower()) for table in tables}
    named = [(table, _SHEET_VARIABLES[plain[table.name]]) for table in tables if plain[table.name] in _SHEET_VARIABLES]
    unnamed = [(table, None) for table in tables if plain[table.name] not in _OTHER_POLLUTANTS | {*_SHEET_VARIABLES}]
    found = named or unnamed
    if not found:
        raise FileRefused(
            f"sheet {tables[0].name}: expected PM2.5 or PM10",
            key="no_particles",
            context={"found": tables[0].name[:80]},
        )
    read = {table.name for table, _ in found}
    return list(found), [table.name for table in tables if table.name not in read]


def _text(cell: Any) -> str:
    return "" if cell is None else str(cell).strip()
