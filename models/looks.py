"""Which satellite passes are behind a number: expected and seen, by satellite, Thai day and pass.

A pass without a detection is not known to be clear sky: cloud is not stored, so "nothing seen" never says why. Never
counts detections for anybody else.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
import pandas as pd

from data.clock import day_bounds, is_day_pass, thai_days
from models.desk import Desk

#: First day with data in NASA's archive of active fires, each twice a day over Lampang ever since (FIRMS, data
#: availability): none of them is expected before.
SINCE: dict[str, dt.date] = {
    "TERRA": dt.date(2000, 11, 1),
    "AQUA": dt.date(2002, 7, 4),
    "SNPP": dt.date(2012, 1, 20),
    "NOAA20": dt.date(2018, 4, 1),
    "NOAA21": dt.date(2024, 1, 17),
}
#: Thai hours by which a pass is over at the latest: VIIRS and Aqua cross near 13:30 and 01:30, up to 100 minutes to
#: either side for a place at the edge of the swath, Terra three hours before.
_OVER = {"day": dt.timedelta(hours=15, minutes=30), "night": dt.timedelta(hours=3, minutes=30)}
#: Rows so far around the place show that a satellite looked, degrees: a swath is 3,000 km wide.
AROUND_DEG = 3.0
STATES = ("seen", "nothing_seen", "not_stored", "not_yet")


def looks(desk: Desk, first: dt.date, last: dt.date, satellites: Sequence[str]) -> pd.DataFrame:
    """Return every pass expected on Thai days `first` to `last` and what came of it.

    Returns
    -------
    DataFrame
        `day`, `satellite`, `pass` (night, day), `detections` (in the place), `around` (within `AROUND_DEG`), `at` (UTC,
        of the first row in the place, else around, NaT without), `state`: ``seen`` (some row around), ``nothing_seen``
        (a stored file of that satellite reaches that day and holds none: no fire, cloud or no pass, which are not told
        apart), ``not_stored`` (no file of it reaches that day) or ``not_yet`` (the pass is not over). The
        night pass of a Thai day is the one after its midnight; rows of the evening before belong to it.
    """
    now = desk.now()
    rows = _around(desk, first, last, satellites)
    mine = set(desk.tambons["tambon"])
    rows = rows.assign(here=rows["tambon"].isin(mine)).sort_values("acquired_at", kind="stable")
    rows = rows.sort_values("here", ascending=False, kind="stable")
    grouped = rows.groupby(["day", "satellite", "pass"])
    told = grouped.agg(detections=("here", "sum"), around=("here", "size"), at=("acquired_at", "first"))
    seen = dict(zip(told.index, told.itertuples(index=False, name=None), strict=True))
    out = []
    for name in satellites:
        covered = desk.detections.stored_days(first, last, [name])
        for day, reached in zip(pd.DatetimeIndex(covered.index).date, covered, strict=True):
            if name not in SINCE or day < SINCE[name]:
                continue
            for part in ("night", "day"):
                state = "nothing_seen" if reached else "not_stored"
                if (day, name, part) in seen:
                    state = "seen"
                elif now < day_bounds(day, day)[0] + _OVER[part]:
                    state = "not_yet"
                out.append((day, name, part, *seen.get((day, name, part), (0, 0, pd.NaT)), state))
    columns = ["day", "satellite", "pass", "detections", "around", "at", "state"]
    table = pd.DataFrame(out, columns=columns)
    return table.assign(at=pd.to_datetime(table["at"], utc=True))


def _around(desk: Desk, first: dt.date, last: dt.date, satellites: Sequence[str]) -> pd.DataFrame:
    rows = desk.detections.between(first - dt.timedelta(days=1), last, satellites)
    west, south, east, north = desk.tambons.total_bounds
    near = rows["lon"].between(west - AROUND_DEG, east + AROUND_DEG)
    near &= rows["lat"].between(south - AROUND_DEG, north + AROUND_DEG)
    rows = rows[near]
    # From 18:00 on it is the night pass of the next day (Terra comes near 22:00).
    evening = (rows["acquired_at"] + pd.Timedelta(hours=7)).dt.hour.to_numpy() >= 18
    day = thai_days(rows["acquired_at"]) + evening.astype("timedelta64[D]")
    table = rows.assign(day=day.astype(object), **{"pass": np.where(is_day_pass(rows["acquired_at"]), "day", "night")})
    table["satellite"] = table["satellite"].astype("str")
    return table[(table["day"] >= first) & (table["day"] <= last)]
