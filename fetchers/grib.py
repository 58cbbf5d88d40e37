"""GRIB (editions 1 and 2) and its JSON form (grib2json) as gridded fields.

Messages are cut out of the bytes by their own lengths, so that a file that ends early is found before anything is
decoded. Reads regular latitude-longitude grids; never interpolates one of another kind, and never stores.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

# eccodes brings a PROJ of its own, and the process ends in a crash when pyproj is loaded after it.
import pyproj  # noqa: F401  # isort: skip
import eccodes
import numpy as np
import pandas as pd

from data.errors import FileRefused
from fetchers.fields import Layout, Level, Raw, damaged, layout, settled, source_word
from fetchers.parsed import Parsed

_LEVELS = {
    "surface": "surface",
    "meanSea": "surface",
    "heightAboveGround": "height",
    "isobaricInhPa": "pressure",
    "planetaryBoundaryLayer": "boundary_layer",
}
#: Surface types of GRIB2 table 4.5 as grib2json writes them.
_SURFACES = {1: "surface", 103: "height", 100: "pressure", 220: "boundary_layer"}
#: Fields of a centre's own tables that the library does not name, by centre, discipline, category and number: NCEP's
#: height of the boundary layer (GRIB2 table 4.2-0-3 of NCEP).
_LOCAL: dict[tuple[str, ...], tuple[tuple[str, ...], str]] = {("kwbc", "0", "3", "196"): (("hpbl",), "m")}
_MISSING = 1e36
#: More cells than this are a damaged header: the whole Earth has 26 million at 0.05 degrees.
_MOST_CELLS = 60_000_000
_NOT_GIVEN = np.datetime64("NaT", "us")


def parse(data: bytes, name: str, now: dt.datetime) -> Parsed:
    """Read a GRIB file.

    Raises
    ------
    FileRefused
        With the reason as key.
    """
    fields, said = [], set()
    for message in _messages(data, name):
        handle = None
        try:
            handle = eccodes.codes_new_from_message(message)
            fields.append(_field(handle, name))
            said.add(f"{_text(handle, 'centreDescription')} {_text(handle, 'class')}")
        except eccodes.CodesInternalError as error:
            raise damaged(name, error) from error
        finally:
            if handle is not None:
                eccodes.codes_release(handle)
    return settled(_stacked(fields), "grib", source_word(sorted(said), [field.names[0] for field in fields]), now)


def is_json(document: Any) -> bool:
    """Tell whether a JSON document is a list of grib2json records."""
    if not isinstance(document, list) or not document or not isinstance(document[0], dict):
        return False
    header = document[0].get("header")
    return isinstance(header, dict) and {"nx", "ny", "la1", "lo1"} <= header.keys() and "data" in document[0]


def parse_json(document: Sequence[Mapping[str, Any]], name: str, now: dt.datetime) -> Parsed:
    """Read the records that grib2json makes of GRIB messages.

    Raises
    ------
    FileRefused
        With the reason as key.
    """
    fields = [_record(record, name) for record in document]
    return settled(_stacked(fields), "grib2json", source_word([str(document[0]["header"].get("centerName", ""))]), now)


def _messages(data: bytes, name: str) -> Iterator[bytes]:
    at = data.find(b"GRIB")
    while at >= 0:
        edition = data[at + 7] if len(data) > at + 16 else 0
        size = {1: int.from_bytes(data[at + 4 : at + 7]), 2: int.from_bytes(data[at + 8 : at + 16])}.get(edition, 0)
        message = data[at : at + size]
        if size < 16 or len(message) < size or message[-4:] != b"7777":
            raise damaged(name, f"the message at byte {at} is not whole")
        yield message
        at = data.find(b"GRIB", at + size)


def _text(handle: int, key: str) -> str:
    try:
        return str(eccodes.codes_get(handle, key, str))
    except eccodes.CodesInternalError:
        return ""


def _stamp(handle: int, kind: str) -> np.datetime64:
    day, clock = (int(eccodes.codes_get(handle, f"{kind}{part}")) for part in ("Date", "Time"))
    try:
        moment = dt.datetime(day // 10000, day // 100 % 100, day % 100, clock // 100, clock % 100)  # noqa: DTZ001  (UTC)
    except ValueError as error:
        raise damaged("GRIB", f"a message of {day} {clock}") from error
    return np.datetime64(moment, "us")


def _field(handle: int, name: str) -> Raw:
    """Return the one field of a message."""
    kind = _text(handle, "gridType")
    if kind != "regular_ll":
        raise FileRefused(f"{name}: grid of type {kind}", key="grid_projection", context={"kind": kind})
    columns, rows = (int(eccodes.codes_get(handle, key)) for key in ("Ni", "Nj"))
    if not 0 < columns * rows <= _MOST_CELLS:
        raise damaged(name, f"a grid of {columns} x {rows} cells")
    west, east, first, last = (
        float(eccodes.codes_get(handle, f"{key}GridPointInDegrees"))
        for key in ("longitudeOfFirst", "longitudeOfLast", "latitudeOfFirst", "latitudeOfLast")
    )
    plan = layout(_ramp(west, east, columns), np.linspace(first, last, rows))
    eccodes.codes_set(handle, "missingValue", _MISSING)
    values = eccodes.codes_get_values(handle)
    if len(values) != columns * rows:
        raise damaged(name, f"{len(values)} values for a grid of {columns} x {rows} cells")
    across = bool(eccodes.codes_get(handle, "jPointsAreConsecutive"))
    field = values.reshape(columns, rows).T if across else values.reshape(rows, columns)
    field = np.where(field >= _MISSING, np.nan, field)
    level = Level(_LEVELS.get(_text(handle, "typeOfLevel"), "other"), float(_text(handle, "level") or 0))
    run = _stamp(handle, "data") if _text(handle, "dataType") not in ("an", "") else _NOT_GIVEN
    names = tuple(_text(handle, key) for key in ("shortName", "cfName", "name"))
    numbers = tuple(_text(handle, key) for key in ("centre", "discipline", "parameterCategory", "parameterNumber"))
    names, units = _LOCAL.get(numbers, (names, _text(handle, "units")))
    return _one(names, level, units, plan, _stamp(handle, "validity"), run, field)


def _ramp(west: float, east: float, columns: int) -> np.ndarray:
    """Return longitudes going east, across 360 where the last is not greater than the first."""
    return np.linspace(west, east if east > west else east + 360, columns)


def _record(record: Mapping[str, Any], name: str) -> Raw:
    """Return the field of one grib2json record: rows from `la1` by `dy` (southward unless scanMode says else)."""
    try:
        header = record["header"]
        columns, rows = int(header["nx"]), int(header["ny"])
        up = bool(int(header.get("scanMode", 0)) & 64)
        lat = float(header["la1"]) + (1 if up else -1) * float(header["dy"]) * np.arange(rows)
        lon = float(header["lo1"]) + float(header["dx"]) * np.arange(columns)
        reference = pd.to_datetime(header["refTime"], utc=True).tz_convert(None)
        run = np.datetime64(reference.isoformat(), "us")
        valid = run + np.timedelta64(int(header.get("forecastTime", 0)), "h")
        field = np.array([np.nan if value is None else value for value in record["data"]], float).reshape(rows, columns)
        level = Level(_SURFACES.get(int(header.get("surface1Type", 1)), "other"), float(header.get("surface1Value", 0)))
        level = Level(level.kind, level.value / 100) if level.kind == "pressure" else level
        side = {2: "u", 3: "v"}.get(int(header["parameterNumber"])) if int(header["parameterCategory"]) == 2 else None
        names = tuple(filter(None, (side, str(header.get("parameterNumberName", "")))))
        units = str(header.get("parameterUnit", ""))
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
        raise damaged(name, f"a record lacks or garbles {error}") from error
    return _one(names, level, units, layout(lon, lat), valid, run, field)


def _one(
    names: tuple[str, ...],
    level: Level,
    units: str,
    plan: Layout,
    valid: np.datetime64,
    run: np.datetime64,
    field: np.ndarray,
) -> Raw:
    part = field[np.ix_(plan.rows, plan.columns)]
    return Raw(names, level, units, plan.axes, np.array([valid]), np.array([run], "M8[us]"), part[None])


def _stacked(fields: Sequence[Raw]) -> list[Raw]:
    """Return the fields with those of one variable, level and set of cells put together."""
    alike: dict[tuple[object, ...], list[Raw]] = {}
    for field in fields:
        alike.setdefault((field.names, field.level, field.units, field.axes), []).append(field)
    return [
        replace(
            group[0],
            time=np.concatenate([one.time for one in group]),
            run=np.concatenate([one.run for one in group]),
            values=np.concatenate([one.values for one in group]),
        )
        for group in alike.values()
    ]
