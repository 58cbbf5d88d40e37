"""A position as crews and reports write it, read into longitude and latitude.

Reads decimal degrees and UTM with the zone named or not, in the ways seen in reports of Lampang. Never guesses between
two readings: what could be either is refused.
"""

from __future__ import annotations

import re

import pyproj

#: Land and sea within which a position can belong to Thailand, degrees; wide on purpose.
WEST, SOUTH, EAST, NORTH = 96.0, 4.0, 107.0, 22.0
_NUMBER = re.compile(r"[-+]?\d[\d,]*(?:\.\d+)?")
_ZONE = re.compile(r"\b(4[78])\s*([NPQR])\b", re.IGNORECASE)
_THAI_DIGITS = str.maketrans("๐๑๒๓๔๕๖๗๘๙", "0123456789")


class PointUnreadable(ValueError):
    """The text is no position; `key` says why: ``bad_point``, ``swapped_point`` or ``outside_country``."""

    def __init__(self, key: str, text: str) -> None:
        super().__init__(f"{key}: {text!r}")
        self.key = key
        self.text = text[:60]


def read_point(text: str, epsg: int = 32647) -> tuple[float, float]:
    """Return longitude and latitude, degrees, of a position as people write it.

    Parameters
    ----------
    text : str
        Such as ``47Q 564142 E 2055211 N``, ``530706, 1993403``, ``E526076 N1968796``, ``18.32933, 99.58450`` or
        ``N18.32933 E99.58450``. Thai digits are understood.
    epsg : int
        UTM zone of a position that names none, 32647 or 32648; `data.places.Place.epsg`.

    Raises
    ------
    PointUnreadable
        When it is no position, when east and north are exchanged, or when it lies outside Thailand.

    Notes
    -----
    The three ways of writing UTM were seen in reports of 2019 to 2026. In Thailand an easting has six digits and a
    northing six or seven, degrees of latitude stay below 22 and those of longitude above 96, so that no two readings
    meet.
    """
    plain = text.translate(_THAI_DIGITS).strip()
    zone = _ZONE.search(plain)
    if zone:
        epsg = 32600 + int(zone[1])
        plain = plain[: zone.start()] + " " + plain[zone.end() :]
    # "530706, 1993403" has a comma between the numbers, "1,993,403" has them inside one.
    spaced = re.sub(r",(?!\d{3}(?!\d))|,\s|;|/", " ", plain)
    numbers = [float(one.replace(",", "")) for one in _NUMBER.findall(spaced)]
    if len(numbers) != 2:
        raise PointUnreadable("bad_point", text)
    first, second = numbers
    if re.match(r"\s*[nN]", plain) and abs(first) > 360:
        first, second = second, first
    if max(abs(first), abs(second)) > 360:
        return _from_utm(first, second, epsg, text)
    lat, lon = (second, first) if abs(first) > 90 else (first, second)
    return _inside(lon, lat, text)


def _from_utm(east: float, north: float, epsg: int, text: str) -> tuple[float, float]:
    # Southern Thailand begins near 5.6 N, 620 km from the equator; an easting never reaches 900 km.
    if not (100_000 <= east <= 900_000 and 400_000 <= north <= 2_500_000):
        exchanged = 100_000 <= north <= 900_000 and 900_000 < east <= 2_500_000
        raise PointUnreadable("swapped_point" if exchanged else "bad_point", text)
    lon, lat = pyproj.Transformer.from_crs(epsg, 4326, always_xy=True).transform(east, north)
    return _inside(float(lon), float(lat), text)


def _inside(lon: float, lat: float, text: str) -> tuple[float, float]:
    if not (WEST <= lon <= EAST and SOUTH <= lat <= NORTH):
        raise PointUnreadable("outside_country", text)
    return lon, lat


def from_columns(x: float, y: float, epsg: int = 32647) -> tuple[float, float, str]:
    """Return longitude, latitude and a note for a position given as two numbers of a table, `x` east and `y` north.

    Parameters
    ----------
    x, y : float
        Degrees, or metres of UTM in zone `epsg`.

    Returns
    -------
    lon, lat : float, degrees
    note : str
        ``point_from_utm`` when the numbers were metres, else "".

    Raises
    ------
    PointUnreadable
        ``swapped_point`` when the two are exchanged.
    """
    text = f"{x:g}, {y:g}"
    if max(abs(x), abs(y)) > 360:
        return (*_from_utm(x, y, epsg, text), "point_from_utm")
    if SOUTH <= x <= NORTH and WEST <= y <= EAST:
        raise PointUnreadable("swapped_point", text)
    return (*_inside(x, y, text), "")
