"""A table that somebody saved from a text file as XLSX, turned back into the text it was.

Takes the first sheet alone and changes no value; knows nothing of what the table means.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook


def first_sheet_as_text(data: bytes) -> bytes:
    """Return the first sheet of a workbook as CSV in UTF-8, empty when there is none that can be read.

    Days become ISO days, times ISO times, and whole numbers lose the ``.0`` that a spreadsheet gives them.
    """
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        rows = book.get_sheet_by_index(0).to_python()
    except (CalamineError, OSError, ValueError, IndexError):
        return b""
    out = io.StringIO()
    csv.writer(out).writerows([_text(cell) for cell in row] for row in rows)
    return out.getvalue().encode()


def sheets_as_text(data: bytes) -> list[list[list[str]]]:
    """Return every sheet of a workbook as rows of text, none when it cannot be read."""
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
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
