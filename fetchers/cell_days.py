"""The day that a cell of a Thai workbook names, however it was typed: a date, a number of days, text with a Thai month.

Never guesses: a day that could not be read is None. Never looks at other columns.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from typing import Any

from data.clock import month_of
from fetchers.readings import BUDDHIST_YEARS

#: A day in a cell that is not formatted as one is a number of days since this day (ECMA-376 part 1, 18.17.4.1).
_DAY_ZERO = dt.date(1899, 12, 30)
#: Nothing that the desk reads was measured before; a day outside these years is a slip.
_YEARS = range(1980, 2200)
#: Two digits of a year from here on are of the Buddhist era (2550 is 2007), those below of the common era.
_SHORT_BUDDHIST = 50
_MIDNIGHT = r"(?:[T ]0?0:00(?::00)?)?"
_YEAR_FIRST = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})" + _MIDNIGHT)
_YEAR_LAST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})" + _MIDNIGHT)
_WORDED = re.compile(r"(\d{1,2})[\s-]*([ก-๙a-z.]+)[\s-]*(\d{4}|\d{2})", re.IGNORECASE)


def read(cells: Sequence[Any]) -> list[tuple[dt.date | None, bool]]:
    """Return the day of each cell of a column, and whether its year was Buddhist.

    Parameters
    ----------
    cells : sequence
        Dates, moments, numbers and texts, as a reader of workbooks gives them. Thai sheets write the day before the
        month; a column is read the other way round where a day beyond 12 stands second and none stands first.

    Returns
    -------
    list of (date or None, bool)
        As long as `cells`.
    """
    texts = [cell.strip() if isinstance(cell, str) else "" for cell in cells]
    parted = [(int(found[1]), int(found[2])) for text in texts if (found := _YEAR_LAST.fullmatch(text))]
    month_first = any(second > 12 for _, second in parted) and not any(first > 12 for first, _ in parted)
    return [_day(cell, text, month_first=month_first) for cell, text in zip(cells, texts, strict=True)]


def _day(cell: Any, text: str, *, month_first: bool) -> tuple[dt.date | None, bool]:
    if isinstance(cell, dt.date):
        return _dated(cell.year, cell.month, cell.day)
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        # Small numbers are a count of rows, and larger ones no day at all.
        near = 0 < cell < (dt.date(_YEARS[-1], 12, 31) - _DAY_ZERO).days and cell == int(cell)
        day = _DAY_ZERO + dt.timedelta(days=int(cell)) if near else None
        return (day, False) if day is not None and day.year in _YEARS else (None, False)
    if found := _YEAR_FIRST.fullmatch(text):
        return _dated(int(found[1]), int(found[2]), int(found[3]))
    if found := _YEAR_LAST.fullmatch(text):
        first, second = int(found[1]), int(found[2])
        return _dated(_year(found[3]), *((first, second) if month_first else (second, first)))
    found = _WORDED.fullmatch(text)
    month = month_of(found[2]) if found else None
    return _dated(_year(found[3]), month, int(found[1])) if found and month else (None, False)


def _year(digits: str) -> int:
    """Return a year of four or two digits in its own era."""
    year = int(digits)
    if len(digits) == 4:
        return year
    return year + (2500 if year >= _SHORT_BUDDHIST else 2000)


def _dated(year: int, month: int, day: int) -> tuple[dt.date | None, bool]:
    thai = BUDDHIST_YEARS[0] <= year <= BUDDHIST_YEARS[1]
    try:
        found = dt.date(year - 543 if thai else year, month, day)
    except ValueError:
        return None, False
    return (found, thai) if found.year in _YEARS else (None, False)
