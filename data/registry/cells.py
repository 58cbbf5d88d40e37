"""One value of a record: from what a person or a file wrote to what the registry keeps, or the reason why not.

The kept form is plain enough for JSON: text, numbers, days and moments in ISO 8601, geometry as WKT. Never looks at a
second value; what must hold between values is in `records`.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import re
import unicodedata
from typing import Any

import numpy as np
import shapely
import sqlalchemy as sa

from data import clock

#: Seven decimals of a degree, about one centimetre: what is kept of a position.
DECIMALS = 7
MOST_VERTICES = 20_000
_GEOMETRIES = ("Point", "LineString", "Polygon", "MultiLineString", "MultiPolygon")
_THAI_DIGITS = str.maketrans("๐๑๒๓๔๕๖๗๘๙", "0123456789")
_PARTED = re.compile(r"(\d{1,2})\s*[/.\-]\s*(\d{1,2})\s*[/.\-]\s*(\d{4})")
_WORDED = re.compile(r"(\d{1,2})\s*([ก-๙.]+)\s*(?:พ\.?ศ\.?|ค\.?ศ\.?)?\s*(\d{4})")
_BUDDHIST = range(2400, 2700)


class Unreadable(ValueError):
    """The value cannot be kept; `key` is the reason, `context` what to say with it."""

    def __init__(self, key: str, **context: Any) -> None:
        super().__init__(f"{key}: {context}")
        self.key = key
        self.context = context


def read(column: sa.Column[Any], value: Any) -> tuple[Any, str]:
    """Return the kept form of a value, and a note on how it was understood ("" when there is nothing to say).

    Parameters
    ----------
    column : Column
        Of `data.registry.tables`; its type and `info` say what may stand there.
    value : object
        Text as typed or read from a file, a number, a day, a moment, a shapely geometry or GeoJSON; None and blank text
        are missing.

    Raises
    ------
    Unreadable
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        value = ""
    if isinstance(value, str):
        value = _clean(value)
    if isinstance(column.type, sa.LargeBinary):
        return _shape(value), ""
    if isinstance(value, str) and not value:
        if column.info.get("needed"):
            raise Unreadable("needed", field=column.name)
        return ("" if isinstance(column.type, sa.Text) else None), ""
    if isinstance(column.type, sa.Text):
        return _text(column, str(value)), ""
    if isinstance(column.type, sa.DateTime):
        return _moment(column.name, value), ""
    if isinstance(column.type, sa.Date):
        return _day(column.name, value)
    return _number(column, value)


def _clean(text: str) -> str:
    return unicodedata.normalize("NFC", text).replace("\r\n", "\n").strip()


def _text(column: sa.Column[Any], text: str) -> str:
    if any(unicodedata.category(letter) in ("Cc", "Cs") and letter not in "\n\t" for letter in text):
        raise Unreadable("control_character", field=column.name)
    if len(text) > column.info["most"]:
        raise Unreadable("too_long", field=column.name, most=column.info["most"])
    allowed = column.info["one_of"]
    if allowed and text not in allowed:
        raise Unreadable("not_one_of", field=column.name, got=text[:60], known=", ".join(allowed))
    return text


def _number(column: sa.Column[Any], value: Any) -> tuple[float | int, str]:
    note = ""
    try:
        number = float(str(value).translate(_THAI_DIGITS).replace(",", "").replace(" ", ""))
    except ValueError:
        raise Unreadable("not_a_number", field=column.name, got=str(value)[:60]) from None
    whole = isinstance(column.type, sa.Integer)
    if not math.isfinite(number) or (whole and number != int(number)):
        raise Unreadable("not_a_number", field=column.name, got=str(value)[:60])
    if column.name == "year" and number in _BUDDHIST:
        number, note = number - 543, "buddhist_year"
    least, most = column.info["least"], column.info["most"]
    if number < least:
        raise Unreadable("negative" if least == 0 else "too_small", field=column.name, got=f"{number:g}")
    if number > most:
        raise Unreadable("too_large_number", field=column.name, got=f"{number:g}")
    return (int(number) if whole else number), note


def _day(name: str, value: Any) -> tuple[str, str]:
    text = f"{value:%Y-%m-%d}" if isinstance(value, dt.date) else str(value).translate(_THAI_DIGITS)
    day = _iso(text) or _parted(text) or _worded(text)
    if day is None:
        raise Unreadable("bad_day", field=name, got=str(value)[:60])
    year, month, number = day
    buddhist = year in _BUDDHIST
    try:
        found = dt.date(year - 543 if buddhist else year, month, number)
    except ValueError:
        raise Unreadable("bad_day", field=name, got=str(value)[:60]) from None
    if not 1900 <= found.year <= 2200:
        raise Unreadable("bad_day", field=name, got=str(value)[:60])
    return found.isoformat(), "buddhist_year" if buddhist else ""


def _iso(text: str) -> tuple[int, int, int] | None:
    found = re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]0?0:00(?::00)?)?", text)
    return (int(found[1]), int(found[2]), int(found[3])) if found else None


def _parted(text: str) -> tuple[int, int, int] | None:
    """Read day/month/year, as Thailand writes it; refuse what an American could have meant with a common-era year."""
    found = _PARTED.fullmatch(text)
    if not found:
        return None
    first, second, year = int(found[1]), int(found[2]), int(found[3])
    if year not in _BUDDHIST and first <= 12 and second <= 12 and first != second:
        return None
    return year, second, first


def _worded(text: str) -> tuple[int, int, int] | None:
    found = _WORDED.fullmatch(text)
    if not found:
        return None
    month = clock.month_of(found[2])
    return (int(found[3]), month, int(found[1])) if month else None


def _moment(name: str, value: Any) -> str:
    """Return a moment in UTC; one that names no zone is Thai time."""
    try:
        moment = (
            value if isinstance(value, dt.datetime) else dt.datetime.fromisoformat(str(value).translate(_THAI_DIGITS))
        )
        if moment.year in _BUDDHIST:
            moment = moment.replace(year=moment.year - 543)
    except ValueError:
        raise Unreadable("bad_moment", field=name, got=str(value)[:60]) from None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=clock.ICT)
    return aware.astimezone(clock.UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def _shape(value: Any) -> str:
    """Return a geometry as WKT with `DECIMALS` decimals, "" for none."""
    if isinstance(value, str) and not value:
        return ""
    try:
        if isinstance(value, str):
            shape = shapely.from_geojson(value) if value.startswith("{") else shapely.from_wkt(value)
        elif isinstance(value, dict):
            shape = shapely.from_geojson(json.dumps(value))
        else:
            shape = value
        kind = shape.geom_type
    except (shapely.errors.ShapelyError, AttributeError, TypeError, ValueError):
        raise Unreadable("bad_shape", got=str(value)[:60]) from None
    if shape.is_empty:
        return ""
    if kind not in _GEOMETRIES:
        raise Unreadable("bad_shape", got=kind)
    flat = shapely.force_2d(shape)
    if shapely.get_num_coordinates(flat) > MOST_VERTICES:
        raise Unreadable("too_many_vertices", most=f"{MOST_VERTICES:,}")
    if not np.isfinite(shapely.get_coordinates(flat)).all():
        raise Unreadable("bad_shape", got=kind)
    rounded = shapely.transform(flat, lambda xy: np.round(xy, DECIMALS))
    if not shapely.is_valid(rounded):
        raise Unreadable("crossing_shape")
    return str(shapely.to_wkt(rounded, rounding_precision=DECIMALS, trim=True))
