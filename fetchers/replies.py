"""Replies of live air sources that somebody saved as a file: which source they are of, read as when they are fetched.

Never asks for anything. DustBoy's lists are left to the live source alone: they name people, and a file brought in is
kept as it is.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from data.errors import FileRefused, SourceError
from fetchers import known
from fetchers.http import Reply
from fetchers.parsed import Parsed
from fetchers.source import Source
from fetchers.sources import gistda_pm25, open_meteo, openaq


def parse_json(document: Any, data: bytes, name: str, now: dt.datetime) -> Parsed | None:
    """Return what a JSON reply of a live air source holds, None when it is of none of them.

    Parameters
    ----------
    document : object
        JSON as loaded.
    data : bytes
        The same, as it lies in the file.
    name : str
        Of the file, for the message.
    now : datetime
        Aware, UTC; later hours are refused.

    Raises
    ------
    FileRefused
        ``reply_unread`` when it is of such a source and holds nothing that can be read, with the source's own reason.
    """
    places = document if isinstance(document, list) else [document]
    first = places[0] if places else None
    if not isinstance(first, dict):
        return None
    source: Source | None = None
    if all(isinstance(place, dict) and "pm2_5" in _members(place, "hourly") for place in places):
        source = open_meteo.SAVED
    elif _names_its_amphoe(first):
        source = gistda_pm25.AMPHOES
    elif known.is_openaq(first) and any("latest" in sensor for sensor in first["results"] if isinstance(sensor, dict)):
        source = openaq.LATEST
    return _read(source, data, name, now) if source else None


def is_archive(columns: Sequence[str]) -> bool:
    """Tell whether a table has the columns of a file of OpenAQ's archive."""
    return set(openaq.COLUMNS) <= set(columns)


def parse_archive(data: bytes, name: str, now: dt.datetime) -> Parsed:
    """Return the readings of a file of OpenAQ's archive; FileRefused ``reply_unread`` when it cannot be read."""
    return _read(openaq.ARCHIVE, data, name, now)


def _members(entry: dict[str, Any], name: str) -> dict[str, Any]:
    found = entry.get(name)
    return found if isinstance(found, dict) else {}


def _names_its_amphoe(entry: dict[str, Any]) -> bool:
    data = entry.get("data")
    loc = data.get("loc") if isinstance(data, dict) else None
    return isinstance(data, dict) and gistda_pm25.HISTORY in data and isinstance(loc, dict) and bool(loc.get("ap_idn"))


def _read(source: Source, data: bytes, name: str, now: dt.datetime) -> Parsed:
    try:
        return source.parse(Reply("", 200, data), now)
    except SourceError as error:
        problem = str(error)[:160]
        raise FileRefused(f"{name}: {problem}", key="reply_unread", context={"problem": problem}) from error
