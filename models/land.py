"""The land class of a place from polygons that offices give, where the source of a detection does not tell it.

Pure: polygons and points in, classes out. A point in no polygon has no class; it is never guessed.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely

from data.contracts import LAND_CLASSES


def land_at(land: gpd.GeoDataFrame, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """Return the land class of each point.

    Parameters
    ----------
    land : GeoDataFrame
        `land_class` and polygon geometry, EPSG:4326.
    lon, lat : ndarray of float64, shape (n,), degrees

    Returns
    -------
    ndarray of object, shape (n,)
        A class of `LAND_CLASSES`, None outside all polygons. Where polygons overlap, the class that stands first in
        reports counts: a national park inside a reserve is conservation forest.
    """
    rank = land["land_class"].map(LAND_CLASSES.index).to_numpy(np.int64)
    none = len(LAND_CLASSES)
    best = np.full(len(lon), none)
    point, polygon = shapely.STRtree(land.geometry.to_numpy()).query(shapely.points(lon, lat), predicate="intersects")
    np.minimum.at(best, point, rank[polygon])
    return np.asarray(np.array([*LAND_CLASSES, None], dtype=object)[best])
