"""Tidy CSV tables of air quality, one row a record: Air4Thai series, daily means, stations, models, old PM10.

Recognised by their columns. Never trusts a file name, except for the station of a table that does not hold it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.contracts import STATION_COLUMNS, check_stations
from data.errors import FileRefused
from fetchers import days, delimited, readings
from fetchers.delimited import Field, Sheet, Sieve, Words
from fetchers.parsed import Parsed
from fetchers.pcd import stations_of

#: Tables by the columns that only they have, in small letters; the first that fits counts.
_FORMS: dict[str, frozenset[str]] = {
    "air4thai-24h-csv": frozenset(("station_id", "time_ict", "pm25_value")),
    "air4thai-1h-csv": frozenset(("station_id", "time_ict", "label", "pm25_1h")),
    "pcd-daily-csv": frozenset(("date", "station_id", "pm25_24h")),
    "air-stations-csv": frozenset(("station_id", "name_th", "name_en", "station_type", "lat", "lon")),
    "cams-hourly-csv": frozenset(("province", "time_ict", "pm25_model")),
    "egat-pm10-csv": frozenset(("station", "date", "hour", "pm10")),
    "pcd-hourly-csv": frozenset(("time_ict", "pm10", "no2", "so2")),
}
#: Until about 2012 the station 37t stood at the city pillar shrine; the hourly tables of 2009 to 2012 are of that
#: place. The other two of that time stand where they stood.
_OLD_SITES = {"37t": "37t-old"}
_STATION_IN_NAME = re.compile(r"(?<![0-9a-z])(\d{2,3}t)(?![0-9a-z])")
#: The one model point whose place is known (the reader's note to the series); it is about 40 km wide.
_MODEL_POINTS = {"Lampang": ("ลำปาง", 99.4930, 18.2888)}


class _Opened(NamedTuple):
    form: str
    name: str
    sheet: Sheet
    sieve: Sieve
    now: dt.datetime


def recognise(columns: Sequence[str]) -> str | None:
    """Return the form that a header belongs to, or None; capitals and blanks do not matter."""
    found = {column.strip().lower() for column in columns}
    return next((form for form, needed in _FORMS.items() if needed <= found), None)


def parse(data: bytes, name: str, now: dt.datetime) -> Parsed:
    """Read a tidy table.

    Parameters
    ----------
    data : bytes
        Text of the file.
    name : str
        File name, read only for the station of a ``pcd-hourly-csv`` table without a column station_id.
    now : datetime
        Aware, UTC.

    Returns
    -------
    Parsed
        Stations, or readings in µg/m³ in the convention of `contracts.AVERAGINGS`; one record per row.

    Raises
    ------
    FileRefused
        ``unknown_table``, ``header_only``, ``no_station``, and what `delimited.read` refuses.
    """
    sheet = delimited.read(data, _choose)
    form = recognise(sheet.header)
    if form is None:
        raise FileRefused(
            f"no known table of air quality has the columns {list(sheet.header)[:8]}",
            key="unknown_table",
            context={"found": ", ".join(sheet.header[:8])[:200]},
        )
    readings.refuse_empty(sheet)
    return _PARSERS[form](_Opened(form, name, sheet, Sieve(sheet), now))


def _choose(header: Sequence[str]) -> dict[int, Field]:
    """Take every column as text under its small name; the hour of EGAT is a number in every row."""
    return {
        at: (column.strip().lower(), "number" if column.strip().lower() == "hour" else "text")
        for at, column in enumerate(header)
    }


def _stamps(opened: _Opened) -> NDArray[np.datetime64]:
    return readings.moments_until(opened.sieve, opened.sheet.words["time_ict"], opened.now)


def _done(
    opened: _Opened,
    station_id: Words,
    measured_at: NDArray[np.datetime64],
    averaging: str,
    columns: Mapping[str, str],
    source: str,
    flag: str = "ok",
) -> Parsed:
    words = opened.sheet.words
    measured = {v: readings.values(opened.sieve, words[c], v) for v, c in columns.items() if c in words}
    stations = _model_points(station_id) if flag == "model" else None
    return readings.assemble(
        opened.form,
        opened.sheet,
        opened.sieve,
        station_id=station_id,
        measured_at=measured_at,
        averaging=averaging,
        measured=measured,
        source=source,
        flag=flag,
        stations=stations,
    )


def _model_points(station_id: Words) -> pd.DataFrame | None:
    """Return the points of the model whose place is known."""
    known = [place for place in _MODEL_POINTS if f"cams:{place}" in station_id.values]
    rows = [
        {
            "station_id": f"cams:{place}",
            "name_th": f"แบบจำลอง CAMS {_MODEL_POINTS[place][0]}",
            "name_en": f"CAMS model, {place}",
            "area_th": f"จ.{_MODEL_POINTS[place][0]}",
            "area_en": place,
            "station_type": "model",
            "lon": _MODEL_POINTS[place][1],
            "lat": _MODEL_POINTS[place][2],
            "source": "cams",
        }
        for place in known
    ]
    return check_stations(pd.DataFrame(rows)) if rows else None


def _renamed(words: Words, name: Callable[[str], str]) -> Words:
    return Words(words.codes, tuple(name(text) if text else "" for text in words.values))


def _live_series(opened: _Opened) -> Parsed:
    """Read the hourly copies of the live feed: 24 h means, stamped as published (their end)."""
    ids = _renamed(opened.sheet.words["station_id"], str.lower)
    columns = {"pm25": "pm25_value", "pm10": "pm10_value"}
    return _done(opened, ids, _stamps(opened), "PT24H", columns, "air4thai")


def _hourly_series(opened: _Opened) -> Parsed:
    """Read true hours: ``hour_ending`` stamps go back one hour, ``hour_beginning`` stamps stay."""
    stamps = _stamps(opened)
    label = opened.sheet.words["label"]
    ending = label.spread([text.lower() == "hour_ending" for text in label.values], bool)
    beginning = label.spread([text.lower() == "hour_beginning" for text in label.values], bool)
    opened.sieve.reject("no_hour_label", ~(ending | beginning))
    opened.sieve.tell("hour_ending_shifted", ending)
    ids = _renamed(opened.sheet.words["station_id"], str.lower)
    columns = {"pm25": "pm25_1h", "pm10": "pm10_1h"}
    return _done(opened, ids, np.where(ending, stamps - days.HOUR, stamps), "PT1H", columns, "air4thai")


def _daily_series(opened: _Opened) -> Parsed:
    """Read the department's daily means; the workbook's column and row, where given, tell sites and days apart."""
    words, sieve = opened.sheet.words, opened.sieve
    stamps = days.midnights(sieve, words["date"])
    readings.reject_future(sieve, stamps, opened.now)
    ids = _renamed(words["station_id"], str.lower)
    if "source_column" in words:
        marked = words["source_column"]
        known = stations_of(marked.values)
        old = marked.spread([known.get(at, "").endswith("-old") for at in range(len(marked.values))], bool)
        each = ids.spread(ids.values, object)
        ids = Words.of([f"{i}-old" if is_old else i for i, is_old in zip(each, old, strict=True)])
        sieve.tell("two_sites", old, stations=", ".join(sorted({i for i in ids.values if i.endswith("-old")})))
    if {"source_row", "source_year"} <= set(words):
        double = np.zeros(len(opened.sheet), dtype=bool)
        at = np.flatnonzero(sieve.good)
        each, years = ids.spread(ids.values, object), _spread(opened.sheet, "source_year")
        group = [f"{i} {year}" for i, year in zip(each[at], years[at], strict=True)]
        place = np.nan_to_num(words["source_row"].numbers().values[at]).astype(np.int64)
        each_day = (stamps[at] + days.ICT).astype("datetime64[D]").astype(np.int64)
        double[at] = readings.double_days(np.asarray(group, dtype=object), each_day, place)
        sieve.reject("double_day", double)
    return _done(opened, ids, stamps, "P1D", {"pm25": "pm25_24h"}, "pcd")


def _model_series(opened: _Opened) -> Parsed:
    """Read the CAMS model: an estimate for a cell of about 40 km, flagged as such; stamps name the start."""
    ids = _renamed(opened.sheet.words["province"], lambda province: f"cams:{province}")
    return _done(opened, ids, _stamps(opened), "PT1H", {"pm25": "pm25_model"}, "cams", flag="model")


def _egat_series(opened: _Opened) -> Parsed:
    """Read EGAT's PM10: hour 1 to 24 of a day is the hour that ends then, so hour h begins at h - 1."""
    sieve = opened.sieve
    start = days.numbered_hours(sieve, opened.sheet.words["date"], opened.sheet.numbers["hour"].values)
    readings.reject_future(sieve, start + days.HOUR, opened.now)
    ids = _renamed(opened.sheet.words["station"], lambda station: f"egat:{station.lower()}")
    return _done(opened, ids, start, "PT1H", {"pm10": "pm10"}, "egat")


def _old_hourly_series(opened: _Opened) -> Parsed:
    """Read the department's PM10 of 2009 to 2012: stamps begin at 01:00 on 1 January, so they end their hour."""
    words = opened.sheet.words
    if "station_id" in words:
        ids = _renamed(words["station_id"], lambda i: _OLD_SITES.get(i.lower(), i.lower()))
    else:
        hint = _STATION_IN_NAME.search(opened.name.lower())
        if not hint:
            raise FileRefused(
                "expected a column station_id, and the file name tells no station either",
                key="no_station",
                context={"found": ", ".join(opened.sheet.header[:8])[:200]},
                hint="add a column station_id, or write the code, such as 37t, into the file name",
            )
        ids = Words(np.zeros(len(opened.sheet), dtype=np.int32), (_OLD_SITES.get(hint[1], hint[1]),))
        opened.sieve.tell("station_from_name", np.ones(len(opened.sheet), dtype=bool), station=ids.values[0])
    stamps = _stamps(opened)
    opened.sieve.tell("hour_ending_shifted", np.ones(len(opened.sheet), dtype=bool))
    return _done(opened, ids, stamps - days.HOUR, "PT1H", {"pm10": "pm10"}, "pcd")


def _station_list(opened: _Opened) -> Parsed:
    sheet, sieve = opened.sheet, opened.sieve
    wanted = [name for name in STATION_COLUMNS if name != "source"]
    columns = {name: [str(text) for text in _spread(sheet, name)] for name in wanted}
    columns["station_id"] = [text.lower() for text in columns["station_id"]]
    return readings.station_list(opened.form, sheet, sieve, columns, "air4thai")


def _spread(sheet: Sheet, name: str) -> NDArray[np.object_]:
    words = sheet.words.get(name)
    return np.full(len(sheet), "", dtype=object) if words is None else words.spread(words.values, object)


_PARSERS: dict[str, Callable[[_Opened], Parsed]] = {
    "air4thai-24h-csv": _live_series,
    "air4thai-1h-csv": _hourly_series,
    "pcd-daily-csv": _daily_series,
    "air-stations-csv": _station_list,
    "cams-hourly-csv": _model_series,
    "egat-pm10-csv": _egat_series,
    "pcd-hourly-csv": _old_hourly_series,
}
