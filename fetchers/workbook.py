"""Workbooks opened, and a table that somebody saved from a text file as XLSX turned back into the text it was.

Changes no value; knows nothing of what a table means.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import zipfile
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

from data.errors import FileRefused
from fetchers.unpack import ZIP_ERRORS

#: Most cells from the first to the farthest used one of a sheet: the reader makes room for all of them at once, and the
#: whole program ends where there is none.
MOST_CELLS = 10_000_000
#: Where a row or a cell says that it stands.
_PLACE = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]{0,3})([0-9]{1,12})["']""")


def opened(data: bytes) -> CalamineWorkbook:
    """Return a workbook whose sheets need no more room than `MOST_CELLS`.

    Raises
    ------
    FileRefused
        ``zip_bomb`` where a sheet needs more.
    CalamineError, OSError, ValueError
        When it is no workbook.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            names = [name.lower() for name in packed.namelist()]
            # Other forms of workbooks place their cells in other ways.
            if {"mimetype", "content.xml", "xl/workbook.bin"} & set(names):
                raise ValueError("a workbook of another form than XLSX")
            # Any part may be named as a sheet.
            for name in packed.namelist():
                _check_reach(packed.read(name))
    except ZIP_ERRORS as error:
        raise ValueError(f"a damaged workbook: {error}") from error
    return CalamineWorkbook.from_filelike(io.BytesIO(data))


def _check_reach(sheet: bytes) -> None:
    if sheet[:2] in (b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<"):  # UTF-16
        raise ValueError("a sheet in a form that cannot be looked through")
    columns = rows = 1
    for letters, digits in _PLACE.findall(sheet):
        rows = max(rows, int(digits))
        at = 0
        for letter in letters.upper():
            at = at * 26 + letter - 64
        columns = max(columns, at)
    if rows * columns > MOST_CELLS:
        raise FileRefused(f"a sheet of {rows:,} rows and {columns:,} columns", key="zip_bomb")


def first_sheet_as_text(data: bytes) -> bytes:
    """Return the first sheet of a workbook as CSV in UTF-8, empty when there is none that can be read.

    Days become ISO days, times ISO times, and whole numbers lose the ``.0`` that a spreadsheet gives them.
    """
    try:
        book = opened(data)
        rows = book.get_sheet_by_index(0).to_python()
    except (CalamineError, OSError, ValueError, IndexError):
        return b""
    out = io.StringIO()
    csv.writer(out).writerows([_text(cell) for cell in row] for row in rows)
    return out.getvalue().encode()


def sheets_as_text(data: bytes) -> list[list[list[str]]]:
    """Return every sheet of a workbook as rows of text, none when it cannot be read."""
    try:
        book = opened(data)
        sheets = [book.get_sheet_by_name(name).to_python() for name in book.sheet_names]
    except (CalamineError, OSError, ValueError):
        return []
    return [[[_text(cell).strip() for cell in row] for row in rows] for rows in sheets]


def _text(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat() if cell.time() == dt.time() else cell.isoformat()
    return cell.isoformat() if isinstance(cell, dt.date | dt.time) else str(cell)
