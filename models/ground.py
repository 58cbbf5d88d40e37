"""What lies on the ground of each tambon: people, height, plants, land classes and burned land from static rasters.

Outlines are brought into the coordinates of the raster; no cell is moved or guessed. Never reads a file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd

from data import stored_grids
from data.rasters import STATISTICS, Raster
from data.store import State, Store
from models import weights, zonal


def per_tambon(store: Store, tambons: gpd.GeoDataFrame, variable: str, state: State | None = None) -> pd.DataFrame:
    """Return a static raster by tambon, all tiles of its newest time together.

    Parameters
    ----------
    store : Store
    tambons : GeoDataFrame
        `tambon` and geometry.
    variable : str
        ``population`` (people, added up), ``elevation_m``, ``burned`` (share of the area), ``ndvi``, ``ndmi``,
        ``ndwi`` (means by area). For ``land_cover`` see `class_shares`.

    Returns
    -------
    DataFrame
        `tambon`, `value` (missing where the raster has nothing there), `coverage` (share of the tambon that
        has cells with a value) and `source`.

    Raises
    ------
    NotStored
        When there is no such raster.
    """
    tiles = list(stored_grids.raster_tiles(store, variable, state))
    found = _over(store, tambons, tiles, [tile.values for tile in tiles])
    value = found.added if STATISTICS[variable] == "sum" else found.mean
    value = np.where(found.known > 0, value, np.nan)
    return pd.DataFrame({"tambon": found.codes, "value": value, "coverage": found.coverage, "source": tiles[0].source})


def class_shares(store: Store, tambons: gpd.GeoDataFrame, state: State | None = None) -> pd.DataFrame:
    """Return the shares of the land-cover classes in each tambon.

    Returns
    -------
    DataFrame
        `tambon`, `land_class` (code of the source), `share` (of the part that is known; they add up to 1), `coverage`
        and `source`.

    Raises
    ------
    NotStored
        When no land cover is stored.
    """
    tiles = list(stored_grids.raster_tiles(store, "land_cover", state))
    classes = np.unique(np.concatenate([np.unique(tile.values[~np.isnan(tile.values)]) for tile in tiles]))
    parts = []
    for one in classes:
        fields = [np.where(np.isnan(tile.values), np.nan, tile.values == one) for tile in tiles]
        found = _over(store, tambons, tiles, fields)
        parts.append(
            pd.DataFrame(
                {"tambon": found.codes, "land_class": int(one), "share": found.mean, "coverage": found.coverage}
            )
        )
    return pd.concat(parts, ignore_index=True).assign(source=tiles[0].source)


@dataclass(frozen=True)
class _Found:
    """Tiles added up over tambons; areas in the square unit of the coordinates."""

    codes: np.ndarray
    added: np.ndarray
    spread: np.ndarray
    known: np.ndarray
    whole: np.ndarray

    @property
    def mean(self) -> np.ndarray:
        missing = np.full(len(self.known), np.nan)
        return np.asarray(np.divide(self.spread, self.known, out=missing, where=self.known > 0))

    @property
    def coverage(self) -> np.ndarray:
        share = np.divide(self.known, self.whole, out=np.zeros(len(self.known)), where=self.whole > 0)
        return np.where(share > 1 - zonal.ROUNDING, 1.0, share)


def _over(store: Store, tambons: gpd.GeoDataFrame, tiles: Sequence[Raster], fields: Sequence[np.ndarray]) -> _Found:
    added, spread, known, whole = (np.zeros(len(tambons)) for _ in range(4))
    for tile, field in zip(tiles, fields, strict=True):
        weight = weights.of_grid(store, tambons, tile.axes, tile.crs)
        total, coverage = zonal.sums(field, weight)
        area = tile.axes.step_lon * tile.axes.step_lat
        added += np.nan_to_num(total)
        spread += np.nan_to_num(total) * area
        known += coverage * weight.whole * area
        whole = weight.whole * area
    return _Found(weight.codes.astype(object), added, spread, known, whole)
