"""Time: UTC inside, the Thai civil day at the edge, Buddhist years, passes, seasons.

Never reads a global "current" clock: whoever needs the present is handed a `now`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

UTC = dt.UTC
#: Indochina Time, UTC+7 all year; Thailand has kept no summer time since 1920.
ICT = dt.timezone(dt.timedelta(hours=7), "ICT")
ICT_OFFSET = pd.Timedelta(hours=7)

#: The haze season that Thai reports count: 1 January to 31 May (KPI report 23788, p. 159).
SEASON_START = (1, 1)
SEASON_END = (5, 31)

#: Local hours of the day pass (VIIRS and Aqua near 13:30, Terra near 10:30); the rest is the night pass.
DAY_PASS_HOURS = (6, 18)

#: Months by the beginning that the long name has, and by the short name without dots.
_THAI_MONTHS = (
    "มกรา", "กุมภา", "มีนา", "เมษา", "พฤษภา", "มิถุนา", "กรกฎา", "สิงหา", "กันยา", "ตุลา", "พฤศจิกา", "ธันวา",
)  # fmt: skip
_SHORT_THAI_MONTHS = ("มค", "กพ", "มีค", "เมย", "พค", "มิย", "กค", "สค", "กย", "ตค", "พย", "ธค")
_ENGLISH_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

#: Years that a day may be asked for; at the ends of the calendar there is no day before or after.
YEARS = range(1900, 2200)

Now = Callable[[], dt.datetime]


def utc_now() -> dt.datetime:
    """Return the present moment, aware, in UTC."""
    return dt.datetime.now(UTC)


def require_utc(moment: dt.datetime) -> dt.datetime:
    """Return `moment` unchanged; raise ValueError when it is not aware and in UTC."""
    if moment.tzinfo is None or moment.utcoffset() != dt.timedelta(0):
        raise ValueError(f"expected an aware UTC time, got {moment!r}")
    return moment


def thai_day(moment: dt.datetime) -> dt.date:
    """Return the Thai civil day of an aware time: 18:44 UTC belongs to the next day."""
    return moment.astimezone(ICT).date()


def thai_days(acquired_at: pd.Series) -> np.ndarray:
    """Return the Thai civil days, shape (n,), dtype datetime64[D], of a UTC time column."""
    utc = acquired_at.dt.tz_localize(None).to_numpy("datetime64[s]")
    return np.asarray((utc + np.timedelta64(7, "h")).astype("datetime64[D]"))


def is_day_pass(acquired_at: pd.Series) -> np.ndarray:
    """Return True, shape (n,), where the Thai local hour lies in the day pass."""
    utc = acquired_at.dt.tz_localize(None).to_numpy("datetime64[s]")
    local = utc + np.timedelta64(7, "h")
    hour = (local - local.astype("datetime64[D]")).astype("timedelta64[h]").astype(int)
    return np.asarray((hour >= DAY_PASS_HOURS[0]) & (hour < DAY_PASS_HOURS[1]))


def day_bounds(first: dt.date, last: dt.date) -> tuple[dt.datetime, dt.datetime]:
    """Return the UTC half-open interval that covers the Thai days `first` to `last`, both included."""
    start = dt.datetime.combine(first, dt.time(), ICT).astimezone(UTC)
    end = dt.datetime.combine(last + dt.timedelta(days=1), dt.time(), ICT).astimezone(UTC)
    return start, end


def season_of(day: dt.date) -> tuple[dt.date, dt.date]:
    """Return first and last day of the haze season in the calendar year of `day`."""
    return dt.date(day.year, *SEASON_START), dt.date(day.year, *SEASON_END)


def buddhist_year(year: int) -> int:
    """Return the Buddhist-era year of a common-era year."""
    return year + 543


def month_of(word: str) -> int | None:
    """Return the number of a month by its Thai or English name, long or short, with or without dots; None for none."""
    plain = word.replace(".", "").strip().lower()
    names = zip(_THAI_MONTHS, _SHORT_THAI_MONTHS, _ENGLISH_MONTHS, strict=True)
    for number, (long, short, english) in enumerate(names, start=1):
        if plain.startswith((long, english)) or plain == short:
            return number
    return None


def parse_day(text: str) -> dt.date:
    """Read an ISO day; a Buddhist-era year (2400 to 2699) is taken as such.

    Raises
    ------
    ValueError
        When the text is no ISO day of `YEARS`.
    """
    cleaned = text.strip()
    if len(cleaned) == 10 and cleaned[:4].isdigit() and 2400 <= int(cleaned[:4]) <= 2699:
        cleaned = f"{int(cleaned[:4]) - 543}{cleaned[4:]}"
    day = dt.date.fromisoformat(cleaned)
    if day.year not in YEARS:
        raise ValueError(f"expected a year from {YEARS[0]} to {YEARS[-1]}, got {day}")
    return day


def iso_ict(moment: Any) -> str:
    """Return an aware time as ISO 8601 with the Thai offset, to the minute or second it holds."""
    return pd.Timestamp(moment).tz_convert(ICT).isoformat()
