"""Messages of NOAA's GFS in GRIB2 as weather at points: what a message holds, and its numbers nearest to each point.

Never asks for anything and never stores; messages that are not wanted are passed over.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fetchers.grib_library import eccodes

#: Discipline, category, number (WMO FM 92, tables 4.1 and 4.2; 3.196 is NCEP's own), kind of level (4.5: 1 surface, 100
#: pressure, 103 above ground) and its height in metres or hPa, by the name of the field.
_FIELDS: dict[tuple[int, int, int, int, int], str] = {
    (0, 2, 2, 103, 10): "east",
    (0, 2, 3, 103, 10): "north",
    (0, 2, 2, 103, 100): "east_100m",
    (0, 2, 3, 103, 100): "north_100m",
    (0, 2, 2, 100, 925): "east_925hpa",
    (0, 2, 3, 100, 925): "north_925hpa",
    (0, 2, 2, 100, 850): "east_850hpa",
    (0, 2, 3, 100, 850): "north_850hpa",
    (0, 0, 0, 103, 2): "temperature_k",
    (0, 1, 1, 103, 2): "humidity_pct",
    (0, 3, 0, 1, 0): "pressure_pa",
    (0, 3, 18, 1, 0): "boundary_layer_m",
    (0, 3, 196, 1, 0): "boundary_layer_m",
}
#: A net of 0.25 degrees has a point within this of any point, degrees.
_NEAR = 0.18
#: Longest message and most points of a net that are believed: the whole net of 0.25 degrees has a million.
_LONGEST, _MOST_POINTS = 1 << 28, 20_000_000


class Field(NamedTuple):
    """One message: its name here, run and valid time (UTC), and the numbers at the points."""

    name: str
    run: dt.datetime
    valid: dt.datetime
    values: NDArray[np.float64]


def fields(data: bytes, points: Sequence[tuple[float, float]]) -> list[Field]:
    """Return the known fields of GRIB2 messages that follow one another, at `points` (longitude, latitude).

    Raises
    ------
    ValueError
        For bytes that are no whole messages, another net than latitude by longitude, or points outside it.
    """
    found = []
    for message in _messages(data):
        with _opened(message) as handle:
            keys = ("discipline", "parameterCategory", "parameterNumber", "typeOfFirstFixedSurface", "level")
            name = _FIELDS.get(tuple(int(eccodes().codes_get_long(handle, key)) for key in keys))  # type: ignore[arg-type]
            if name is not None:
                run = _moment(handle, "dataDate", "dataTime")
                valid = _moment(handle, "validityDate", "validityTime")
                found.append(Field(name, run, valid, _at(handle, points)))
    return found


def _messages(data: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        length = int.from_bytes(data[at + 8 : at + 16], "big")
        message = data[at : at + length]
        if message[:4] != b"GRIB" or length > _LONGEST or len(message) != length or message[-4:] != b"7777":
            raise ValueError(f"no whole GRIB2 message at byte {at} of {len(data)}")
        yield message
        at += length


@contextmanager
def _opened(message: bytes) -> Iterator[Any]:
    try:
        handle = eccodes().codes_new_from_message(message)
    except eccodes().CodesInternalError as error:
        raise ValueError(f"damaged GRIB message: {error}") from error
    try:
        yield handle
    except eccodes().CodesInternalError as error:
        raise ValueError(f"damaged GRIB message: {error}") from error
    finally:
        eccodes().codes_release(handle)


def _moment(handle: Any, day: str, hour: str) -> dt.datetime:
    text = f"{eccodes().codes_get_long(handle, day):08d}{eccodes().codes_get_long(handle, hour):04d}"
    return dt.datetime.strptime(text, "%Y%m%d%H%M").replace(tzinfo=dt.UTC)


def _at(handle: Any, points: Sequence[tuple[float, float]]) -> NDArray[np.float64]:
    if eccodes().codes_get(handle, "gridType") != "regular_ll":
        raise ValueError(f"net {eccodes().codes_get(handle, 'gridType')!r}")
    if eccodes().codes_get_long(handle, "jPointsAreConsecutive") or eccodes().codes_get_long(
        handle, "iScansNegatively"
    ):
        raise ValueError("numbers in another order than west to east")
    columns, rows = (int(eccodes().codes_get_long(handle, key)) for key in ("Ni", "Nj"))
    if not 0 < columns * rows <= _MOST_POINTS:
        raise ValueError(f"net of {columns} x {rows} points")
    lats = np.linspace(
        eccodes().codes_get_double(handle, "latitudeOfFirstGridPointInDegrees"),
        eccodes().codes_get_double(handle, "latitudeOfLastGridPointInDegrees"),
        rows,
    )
    west = eccodes().codes_get_double(handle, "longitudeOfFirstGridPointInDegrees")
    step = eccodes().codes_get_double(handle, "iDirectionIncrementInDegrees")
    lon, lat = np.asarray(points, dtype=float).T
    column = np.rint(np.mod(lon - west, 360.0) / step).astype(int)
    row = np.abs(lats[:, None] - lat).argmin(axis=0)
    if (column >= columns).any() or (np.abs(lats[row] - lat) > _NEAR).any():
        raise ValueError("points outside the net")
    eccodes().codes_set_double(handle, "missingValue", -1e34)
    values = np.asarray(eccodes().codes_get_array(handle, "values"), dtype=float).reshape(rows, columns)[row, column]
    return np.where(values == -1e34, np.nan, values)


def columns(found: Sequence[Field]) -> Mapping[str, NDArray[np.float64]]:
    """Return the numbers of fields of one valid time by name; the later of two of one name counts."""
    return {field.name: field.values for field in found}
