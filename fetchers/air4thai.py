"""Air4Thai, the live feed and the hourly history of Thailand's Pollution Control Department (no key, no licence text).

Two facts rule here. The number in the live feed is the mean of the last 24 hours, never an hourly value; true hours
come only from the history, which stamps the END of the hour. Never averages and never fetches.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from data.errors import FileRefused
from fetchers import readings
from fetchers.delimited import Sieve
from fetchers.parsed import Parsed

SOURCE = "air4thai"
LIVE_FORM = "air4thai-live-json"
HISTORY_FORM = "air4thai-history-json"
#: A station this far behind the newest stamp of the same reply has died; the feed keeps its last value for months
#: (March 2025 was still in the copies of December 2025).
STALE_AFTER = np.timedelta64(2, "D")
#: Names of the latest values: today's form, and that of 2019.
_LATEST = ("AQILast", "LastUpdate")
_PARTICLES = {"pm25": "PM25", "pm10": "PM10"}
_STATION_FIELDS = {
    "station_id": "stationID",
    "name_th": "nameTH",
    "name_en": "nameEN",
    "area_th": "areaTH",
    "area_en": "areaEN",
    "station_type": "stationType",
    "lat": "lat",
    "lon": "long",
}


def is_live(document: Any) -> bool:
    """Tell whether a JSON document is the live feed: all stations, a list of them, or a single one."""
    return any(isinstance(entry, dict) and _latest_of(entry) is not None for entry in _entries(document))


def is_history(document: Any) -> bool:
    """Tell whether a JSON document is an hourly history, an error reply of it included."""
    if isinstance(document, dict) and "result" in document and ("stations" in document or "error" in document):
        return True
    return any(isinstance(entry, dict) and "stationID" in entry and "data" in entry for entry in _entries(document))


def parse_live(document: Any, now: dt.datetime) -> Parsed:
    """Read one copy of the live feed (getNewAQI_JSON, getAQI_JSON).

    Parameters
    ----------
    document : object
        JSON as loaded. All leaves are texts, numbers too.
    now : datetime
        Aware, UTC.

    Returns
    -------
    Parsed
        Readings ``PT24H`` of pm25 and pm10 in µg/m³, stamped as published, which is the end of their 24 hours, and
        all stations that have a place. One record per station entry. Dead stations keep their own old stamp and are
        told as ``stale_stations``.

    Raises
    ------
    FileRefused
        ``header_only`` when there is no station entry.
    """
    entries = [entry if isinstance(entry, dict) else {} for entry in _entries(document)]
    latest = [_latest_of(entry) or {} for entry in entries]
    described = {name: [_text(entry.get(field)) for entry in entries] for name, field in _STATION_FIELDS.items()}
    described["station_id"] = [text.lower() for text in described["station_id"]]
    columns = {
        "station_id": described["station_id"],
        "stamp": [f"{_text(last.get('date'))} {_text(last.get('time'))}".strip() for last in latest],
        **{variable: [_value(last.get(field)) for last in latest] for variable, field in _PARTICLES.items()},
    }
    sheet, sieve = readings.opened(columns)
    stamps = readings.moments_until(sieve, sheet.words["stamp"], now)
    _tell_stale(sieve, stamps, columns["station_id"])
    measured = {name: readings.values(sieve, sheet.words[name], name) for name in _PARTICLES}
    stations = readings.stations_of(described, sieve, SOURCE)
    return readings.assemble(
        LIVE_FORM,
        sheet,
        sieve,
        station_id=sheet.words["station_id"],
        measured_at=stamps,
        averaging="PT24H",
        measured=measured,
        source=SOURCE,
        stations=stations,
    )


def parse_history(document: Any, now: dt.datetime) -> Parsed:
    """Read an hourly history (forweb/getHistoryData), with its wrapper or as the bare list of stations.

    The older endpoint (webV2) stamps the START of the hour and rounds to whole numbers; its reply cannot be told
    from this one, so it must not be brought in as JSON.

    Parameters
    ----------
    document : object
        JSON as loaded.
    now : datetime
        Aware, UTC.

    Returns
    -------
    Parsed
        Readings ``PT1H`` in µg/m³, stamped with the START of the hour: one hour before the provider's stamp. One
        record per hourly entry; JSON null is missing, zero stays zero.

    Raises
    ------
    FileRefused
        ``provider_error`` when the reply says that something went wrong, ``no_particles`` when it holds neither
        PM2.5 nor PM10, ``header_only`` when there is no hour in it.
    """
    _refuse_error(document)
    hours = [(station, hour) for station in _entries(document) for hour in _hours(station)]
    present = {name: field for name, field in _PARTICLES.items() if any(field in hour for _, hour in hours)}
    if hours and not present:
        found = sorted({str(key) for _, hour in hours[:100] for key in hour} - {"DATETIMEDATA"})
        raise FileRefused(
            f"expected PM25 or PM10, got {found}", key="no_particles", context={"found": ", ".join(found)[:200]}
        )
    columns = {
        "station_id": [_text(station.get("stationID")).lower() for station, _ in hours],
        "stamp": [_text(hour.get("DATETIMEDATA")) for _, hour in hours],
        **{name: [_text(hour.get(field)) for _, hour in hours] for name, field in present.items()},
    }
    sheet, sieve = readings.opened(columns)
    stamps = readings.moments_until(sieve, sheet.words["stamp"], now)
    sieve.tell("hour_ending_shifted", np.ones(len(sheet), dtype=bool))
    return readings.assemble(
        HISTORY_FORM,
        sheet,
        sieve,
        station_id=sheet.words["station_id"],
        measured_at=stamps - np.timedelta64(1, "h"),
        averaging="PT1H",
        measured={name: readings.values(sieve, sheet.words[name], name) for name in present},
        source=SOURCE,
    )


def _entries(document: Any) -> list[Any]:
    if isinstance(document, list):
        return document
    if not isinstance(document, dict):
        return []
    stations = document.get("stations")
    if isinstance(stations, list):
        return stations
    return [document] if "stationID" in document else []


def _latest_of(entry: Mapping[str, Any]) -> Mapping[str, Any] | None:
    if "stationID" not in entry:
        return None
    for name in _LATEST:
        if isinstance(entry.get(name), dict):
            found: Mapping[str, Any] = entry[name]
            return found
    return None


def _hours(station: Any) -> Iterable[Mapping[str, Any]]:
    data = station.get("data") if isinstance(station, dict) else None
    return [hour if isinstance(hour, dict) else {} for hour in data] if isinstance(data, list) else []


def _refuse_error(document: Any) -> None:
    if not isinstance(document, dict) or "result" not in document:
        return
    if str(document["result"]).strip().upper() != "OK":
        problem = str(document.get("error") or document["result"])[:120]
        raise FileRefused(
            f"Air4Thai answered {document['result']!r}: {problem}",
            key="provider_error",
            context={"problem": problem},
            hint="ask again, for fewer stations or days",
        )


def _tell_stale(sieve: Sieve, stamps: np.ndarray, ids: list[str]) -> None:
    good = stamps[sieve.good]
    if not len(good):
        return
    stale = stamps < good.max() - STALE_AFTER
    some = [ids[at] for at in np.flatnonzero(stale & sieve.good)]
    newest = f"{np.datetime_as_string(good.max(), 'm')}Z"
    sieve.tell("stale_stations", stale, stations=", ".join(some[:10]), newest=newest)


def _value(cell: Any) -> str:
    return _text(cell.get("value")) if isinstance(cell, dict) else _text(cell)


def _text(cell: Any) -> str:
    return "" if cell is None or isinstance(cell, dict | list) else str(cell).strip()
