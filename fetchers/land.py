"""Polygons of land classes: forest, land reform, farm, community and roadside, as offices give them.

Recognised by a column whose every word names one of the six classes; so a file may hold all classes, or one only.
Never guesses a class from a file's name.
"""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from data.contracts import LAND_CLASSES, LAND_NAMES
from fetchers.areas import remark_on
from fetchers.boundaries import in_degrees
from fetchers.gistda import LAND_CLASS_NAMES
from fetchers.parsed import Parsed

#: Further words for the classes, without blanks, dots and dashes, in small letters.
_WORDS = {
    "nationalpark": "conservation_forest",
    "wildlifesanctuary": "conservation_forest",
    "อุทยานแห่งชาติ": "conservation_forest",
    "เขตรักษาพันธุ์สัตว์ป่า": "conservation_forest",
    "reservedforest": "reserved_forest",
    "ป่าสงวน": "reserved_forest",
    "landreform": "land_reform",
    "alro": "land_reform",
    "farm": "agriculture",
    "เกษตร": "agriculture",
    "community": "community_other",
    "ชุมชน": "community_other",
    "roadside": "highway_side",
    "ริมทางหลวง": "highway_side",
    "ริมทาง": "highway_side",
}


def _plain(word: object) -> str:
    return "".join(letter for letter in str(word).casefold() if letter not in " .-_ๆ")


_KNOWN: dict[str, str] = {
    **{_plain(word): code for word, code in LAND_CLASS_NAMES.items()},
    **{_plain(word): code for word, code in _WORDS.items()},
    **{_plain(word): code for code in LAND_CLASSES for word in (code, *LAND_NAMES[code])},
}


def class_column(frame: gpd.GeoDataFrame) -> str | None:
    """Return the column whose every value names a land class, None when there is none."""
    for column in frame.columns.drop(frame.geometry.name):
        values = frame[column].dropna()
        if len(values) and values.map(lambda value: _plain(value) in _KNOWN).all():
            return str(column)
    return None


def parse_land(frame: gpd.GeoDataFrame, column: str, source_format: str) -> Parsed:
    """Turn polygons with a class into the desk's table of land.

    Parameters
    ----------
    frame : GeoDataFrame, shape (n, ...)
        Any declared coordinate system.
    column : str
        From `class_column`.
    source_format : str
        ``geojson``, ``geoparquet``, ``geopackage`` or ``shapefile``.

    Returns
    -------
    Parsed
        ``kind`` land; a GeoDataFrame of `land_class` and ``geometry`` in EPSG:4326. Rejected rows: ``no_land_class``,
        ``empty_geometry``, ``not_polygon``. Told: ``reprojected``.

    Raises
    ------
    FileRefused
        ``boundary_crs`` or ``boundary_swapped``, as for boundaries.
    """
    geometry, told = in_degrees(frame)
    place = np.arange(1, len(frame) + 1)
    code = frame[column].map(lambda value: _KNOWN.get(_plain(value))).to_numpy(dtype=object)
    unnamed = np.array([one is None or one != one for one in code])
    empty = shapely.is_missing(geometry) | shapely.is_empty(geometry)
    flat = ~np.isin(shapely.get_type_id(geometry), (3, 6))
    faults: dict[str, Any] = {
        "no_land_class": unnamed,
        "empty_geometry": ~unnamed & empty,
        "not_polygon": ~unnamed & ~empty & flat,
    }
    rejected = [remark_on(key, place[rows], codes=place[rows].astype(str)) for key, rows in faults.items()]
    keep = ~unnamed & ~empty & ~flat
    table = gpd.GeoDataFrame(
        {"land_class": code[keep]}, geometry=shapely.make_valid(geometry[keep]), crs="EPSG:4326"
    ).astype({"land_class": "str"})
    return Parsed(
        format=f"land-{source_format}",
        kind="land",
        table=table,
        read=len(frame),
        rejected=tuple(remark for remark in rejected if remark.count),
        mended=tuple(remark for remark in told if remark.count),
    )
