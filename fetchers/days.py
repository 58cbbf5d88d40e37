"""Thai days and their numbered hours, as tables of stations write them, become moments.

Never knows a provider's columns.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fetchers.delimited import Sieve, Words
from fetchers.detections import NO_DAY, read_days, tell_days

#: Offset of Thai local time, as numpy counts it.
ICT = np.timedelta64(7, "h")
HOUR = np.timedelta64(1, "h")


def midnights(sieve: Sieve, words: Words) -> NDArray[np.datetime64]:
    """Read Thai days of any of the known ways of writing; rows without one are rejected as ``bad_date``.

    Returns
    -------
    ndarray of datetime64[us], shape (rows,)
        UTC of the midnight that begins each day; of a rejected row without meaning.
    """
    days = read_days(words)
    tell_days(sieve, days)
    sieve.reject("bad_date", days.days == NO_DAY)
    known = np.where(days.days == NO_DAY, 0, days.days).astype("datetime64[D]").astype("datetime64[us]")
    return np.asarray(known - ICT, dtype="datetime64[us]")


def numbered_hours(sieve: Sieve, words: Words, hour: NDArray[np.float64]) -> NDArray[np.datetime64]:
    """Return the UTC start of the hours 1 to 24 of Thai days, as EGAT numbers them: hour 24 ends the day.

    Parameters
    ----------
    sieve : Sieve
        Rows are rejected as ``bad_date``, or ``bad_time`` where the hour is none of these.
    words : Words
        Days.
    hour : ndarray of float64, shape (rows,)
    """
    start = midnights(sieve, words)
    with np.errstate(invalid="ignore"):
        sieve.reject("bad_time", ~((hour >= 1) & (hour <= 24) & (hour == np.floor(hour))))
    return start + (np.nan_to_num(hour, nan=1.0).astype(np.int64) - 1) * HOUR
