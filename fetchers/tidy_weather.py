"""Tidy CSV tables of weather: EGAT's masts at Mae Moh, weather at Air4Thai stations, a model by Open-Meteo.

Recognised by their columns. Never trusts a file name.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from data.errors import FileRefused
from fetchers import days, delimited, open_meteo_json, readings, weather
from fetchers.delimited import Field, Sheet, Sieve, Words
from fetchers.parsed import Parsed

#: Tables by the columns that only they have, in small letters; the first that fits counts.
_FORMS: dict[str, frozenset[str]] = {
    "egat-weather-csv": frozenset(("station", "date", "hour", "ws", "wd", "temp", "rh", "rain", "bp")),
    "air4thai-weather-csv": frozenset(("station_id", "time_ict", "ws", "wd", "temp", "rh", "bp", "rain")),
    "open-meteo-weather-csv": frozenset(("province", "time_ict", "temperature_2m", "wind_speed_10m")),
}
_TEXTS = frozenset(("station", "date", "station_id", "time_ict", "label", "province"))
#: The short names of EGAT's and the department's tables; EGAT states no units, the numbers are those of these.
SHORT = {
    "ws": "wind_speed_ms",
    "wd": "wind_from_deg",
    "temp": "temperature_c",
    "rh": "humidity_pct",
    "rain": "rain_mm",
    "bp": "pressure_hpa",
}
#: No air in Thailand is at 0 °C, without vapour or without pressure: there 0 stands for "no value".
NEVER_ZERO = frozenset(("temp", "rh", "bp"))
#: Units of the table of Open-Meteo, which it does not name: those that the service gives unasked.
_OPEN_METEO_UNITS = {"wind_speed_10m": "km/h", "wind_direction_10m": "°", "temperature_2m": "°C"} | {
    "relative_humidity_2m": "%",
    "precipitation": "mm",
    "surface_pressure": "hPa",
    "boundary_layer_height": "m",
}


class _Opened(NamedTuple):
    form: str
    sheet: Sheet
    sieve: Sieve
    now: dt.datetime


def recognise(columns: Sequence[str]) -> str | None:
    """Return the form that a header belongs to, or None; capitals and blanks do not matter."""
    found = {column.strip().lower() for column in columns}
    return next((form for form, needed in _FORMS.items() if needed <= found), None)


def parse(data: bytes, now: dt.datetime) -> Parsed:
    """Read a tidy table of weather.

    Parameters
    ----------
    data : bytes
        Text of the file.
    now : datetime
        Aware, UTC.

    Returns
    -------
    Parsed
        Weather in WEATHER_COLUMNS; one record per row.

    Raises
    ------
    FileRefused
        ``unknown_table``, ``header_only``, and what `delimited.read` refuses.
    """
    sheet = delimited.read(data, _choose)
    form = recognise(sheet.header)
    if form is None:
        raise FileRefused(
            f"no known table of weather has the columns {list(sheet.header)[:8]}",
            key="unknown_table",
            context={"found": ", ".join(sheet.header[:8])[:200]},
        )
    readings.refuse_empty(sheet)
    return _PARSERS[form](_Opened(form, sheet, Sieve(sheet), now))


def _choose(header: Sequence[str]) -> dict[int, Field]:
    names = [column.strip().lower() for column in header]
    return {
        at: (name, "text" if name in _TEXTS or name.endswith("_flag") else "number") for at, name in enumerate(names)
    }


def _egat(opened: _Opened) -> Parsed:
    """Read EGAT's masts: hour 1 to 24 of a day is the hour that ends then, so hour h begins at h - 1."""
    form, sheet, sieve, now = opened
    start = days.numbered_hours(sieve, sheet.words["date"], sheet.numbers["hour"].values)
    station = sheet.words["station"]
    ids = Words(station.codes, tuple(f"egat:{name.lower()}" if name else "" for name in station.values))
    return weather.assemble(
        form,
        sheet,
        sieve,
        station_id=ids,
        measured_at=start,
        measured={name: _unflagged(opened, column, name) for column, name in SHORT.items()},
        source="egat",
        now=now,
    )


def _unflagged(opened: _Opened, column: str, name: str) -> weather.Values:
    """Return a column of EGAT without the numbers that carry a letter, whose meaning is not told."""
    value = weather.values(opened.sieve, opened.sheet.numbers[column], name, zero=column not in NEVER_ZERO)
    flags = opened.sheet.words.get(f"{column}_flag")
    if flags is None:
        return value
    flagged = flags.spread([bool(text) for text in flags.values], bool)
    opened.sieve.tell("flagged_value", flagged & ~np.isnan(value), variable=name)
    return np.where(flagged, np.nan, value)


def _air4thai(opened: _Opened) -> Parsed:
    """Read weather at the department's stations: pressure in mmHg, 0 for "no value" where no air is at 0."""
    form, sheet, sieve, now = opened
    stamps = readings.moments_until(sieve, sheet.words["time_ict"], now)
    label = sheet.words.get("label")
    if label is not None:
        ending = label.spread([text.lower() == "hour_ending" for text in label.values], bool)
        sieve.tell("hour_ending_shifted", ending)
        stamps = np.where(ending, stamps - weather.HOUR, stamps)
    measured = {
        name: weather.values(
            sieve,
            sheet.numbers[column],
            name,
            weather.unit_of(name, "mmHg") if column == "bp" else weather.AS_IS,
            zero=column not in NEVER_ZERO,
        )
        for column, name in SHORT.items()
    }
    words = sheet.words["station_id"]
    ids = Words(words.codes, tuple(text.lower() for text in words.values))
    return weather.assemble(
        form, sheet, sieve, station_id=ids, measured_at=stamps, measured=measured, source="air4thai", now=now
    )


def _open_meteo(opened: _Opened) -> Parsed:
    """Read the model at provinces: wind in km/h, rain of the hour before the stamp."""
    form, sheet, sieve, now = opened
    columns = {name: numbers for name, numbers in sheet.numbers.items() if name in _OPEN_METEO_UNITS}
    province = sheet.words["province"]
    return weather.assemble(
        form,
        sheet,
        sieve,
        station_id=Words(province.codes, tuple(f"open-meteo:{name}" if name else "" for name in province.values)),
        measured_at=readings.moments(sieve, sheet.words["time_ict"]),
        measured=open_meteo_json.measured(sieve, columns, _OPEN_METEO_UNITS),
        source="open-meteo",
        flag="model",
        rain_ends=True,
        now=now,
    )


_PARSERS: dict[str, Callable[[_Opened], Parsed]] = {
    "egat-weather-csv": _egat,
    "air4thai-weather-csv": _air4thai,
    "open-meteo-weather-csv": _open_meteo,
}
