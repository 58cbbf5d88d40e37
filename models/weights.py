"""Grid meets polygons once: how much of each cell lies in each tambon, as a sparse matrix.

A weight is the share of the cell's plane area, in the coordinates of the grid, that the outline covers; cells of a
latitude-longitude grid therefore count alike, whatever their true size (between the south and the north edge of a
0.75 degree cell at 18 N the cosine changes by 0.4 %). Outlines are brought into the coordinates of the grid, the grid
is never resampled. Never averages anything: that is `models.zonal`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyproj
import scipy.sparse
import shapely
from exactextract import exact_extract
from exactextract.feature import FeatureSource
from exactextract.raster import RasterSource

# The package's own GeoJSON features cost thirty times the work itself; only a feature of one's own can hand over WKB.
from exactextract._exactextract import Feature  # isort: skip

from data import stored_grids
from data.grids import Axes
from data.store import State, Store
from models.assign import outline_revision
from models.derived import kept

#: Raised when weights change their form or meaning.
VERSION = "1"


@dataclass(frozen=True)
class Weights:
    """Cells by tambons, sparse, in rows of tambons.

    Attributes
    ----------
    codes : ndarray of str, shape (z,)
        Tambons, ascending.
    rows, columns : int
        Shape of the grid; cell ``row * columns + column`` counts rows from the south.
    starts : ndarray of int64, shape (z + 1,)
        Where the cells of each tambon begin in the next two.
    cells : ndarray of int64, shape (n,)
    weight : ndarray of float64, shape (n,)
        Share of the cell in the tambon, 0 to 1, or people there (`by_people`).
    whole : ndarray of float64, shape (z,)
        What the weights of a tambon add up to when it lies in the grid entirely.
    """

    codes: np.ndarray
    rows: int
    columns: int
    starts: np.ndarray
    cells: np.ndarray
    weight: np.ndarray
    whole: np.ndarray

    @property
    def matrix(self) -> scipy.sparse.csr_array:
        """The weights as a matrix of shape (tambons, cells)."""
        shape = (len(self.codes), self.rows * self.columns)
        return scipy.sparse.csr_array((self.weight, self.cells, self.starts), shape=shape)

    def take(self, chosen: np.ndarray) -> Weights:
        """Return the weights of some tambons, by position."""
        some = self.matrix[chosen]
        return replace(
            self,
            codes=self.codes[chosen],
            starts=some.indptr.astype(np.int64),
            cells=some.indices.astype(np.int64),
            weight=some.data,
            whole=self.whole[chosen],
        )


class _Outline(Feature):  # type: ignore[misc]
    def __init__(self, at: int, wkb: bytes) -> None:
        Feature.__init__(self)
        self._values: dict[str, object] = {"at": at}
        self._wkb = wkb

    def set(self, name: str, value: object) -> None:
        self._values[name] = value

    def get(self, name: str) -> object:
        return self._values[name]

    def geometry(self) -> bytes:
        return self._wkb

    def fields(self) -> list[str]:
        return list(self._values)


class _Outlines(FeatureSource):  # type: ignore[misc]
    def __init__(self, shapes: np.ndarray) -> None:
        super().__init__()
        self._wkbs: list[bytes] = list(shapely.to_wkb(shapes))

    def count(self) -> int:
        return len(self._wkbs)

    def __iter__(self) -> Iterator[_Outline]:
        return (_Outline(at, wkb) for at, wkb in enumerate(self._wkbs))

    def srs_wkt(self) -> None:
        return None


class _Cells(RasterSource):  # type: ignore[misc]
    """A raster without values: only where its cells lie matters here, so that no array of its size is needed."""

    def __init__(self, bounds: tuple[float, float, float, float], rows: int, columns: int) -> None:
        super().__init__()
        self._bounds, self._rows, self._columns = bounds, rows, columns

    def res(self) -> tuple[float, float]:
        west, south, east, north = self._bounds
        return (east - west) / self._columns, (north - south) / self._rows

    def extent(self) -> tuple[float, float, float, float]:
        return self._bounds

    def nodata_value(self) -> None:
        return None

    def srs_wkt(self) -> None:
        return None

    def read_window(self, x: int, y: int, columns: int, rows: int) -> np.ndarray:
        return np.zeros((rows, columns), np.uint8)


def build(tambons: gpd.GeoDataFrame, axes: Axes, crs: object = "EPSG:4326") -> Weights:
    """Return the weights of tambons over the cells of a grid.

    Parameters
    ----------
    tambons : GeoDataFrame
        `tambon` and geometry, in any coordinates.
    axes : Axes
        Cells, in the coordinates of `crs`.
    crs : anything that pyproj understands
        Coordinates of the grid; the outlines are brought there, corner by corner.

    Notes
    -----
    Method: exact area of polygon and cell by traversal of the outline (exactextract, ISciences).
    """
    ordered = tambons.sort_values("tambon")
    shapes = ordered.geometry.to_crs(crs).to_numpy()
    found = exact_extract(
        _Cells(axes.bounds, axes.rows, axes.columns),
        _Outlines(shapes),
        ["cell_id", "coverage"],
        include_cols=["at"],
        output="pandas",
    )
    count = np.array([len(ids) for ids in found["cell_id"]], dtype=np.int64)
    ids = np.concatenate([*found["cell_id"], np.empty(0, np.int64)]).astype(np.int64)
    weight = np.concatenate([*found["coverage"], np.empty(0)]).astype(np.float64)
    # exactextract counts rows from the north.
    cells = (axes.rows - 1 - ids // axes.columns) * axes.columns + ids % axes.columns
    starts = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
    order = np.lexsort((cells, np.repeat(np.arange(len(shapes)), count)))
    whole = shapely.area(shapes) / (axes.step_lon * axes.step_lat)
    codes = ordered["tambon"].to_numpy(dtype="U6")
    return Weights(codes, axes.rows, axes.columns, starts, cells[order], weight[order], whole)


def of_grid(store: Store, tambons: gpd.GeoDataFrame, axes: Axes, crs: str = "EPSG:4326") -> Weights:
    """Return the weights of tambons over a grid, from the store's derived files where they were made before."""
    said = json.dumps([axes.numbers, crs, outline_revision(tambons), VERSION])
    key = hashlib.sha256(said.encode()).hexdigest()[:16]
    return kept(store, "weights.npz", key, lambda path: _save(build(tambons, axes, crs), path), _load)


def _save(weights: Weights, path: Path) -> None:
    with open(path, "wb") as handle:
        np.savez(handle, **vars(weights))


def _load(path: Path) -> Weights:
    with np.load(path, allow_pickle=False) as held:
        names = ("codes", "starts", "cells", "weight", "whole")
        parts = {name: held[name] for name in names}
        return Weights(rows=int(held["rows"]), columns=int(held["columns"]), **parts)


def of_people(store: Store, tambons: gpd.GeoDataFrame, axes: Axes, state: State | None = None) -> Weights:
    """Return weights over a grid in degrees that count the people of the stored population raster, all its tiles.

    Raises
    ------
    NotStored
        When no population raster is stored.
    """
    tiles = list(stored_grids.raster_tiles(store, "population", state))
    fine = [of_grid(store, tambons, tile.axes, tile.crs) for tile in tiles]
    parts = [by_people(one, tile.values, tile.axes, axes, tile.crs) for one, tile in zip(fine, tiles, strict=True)]
    summed = sum((part.matrix for part in parts[1:]), parts[0].matrix).tocsr()
    return replace(
        parts[0],
        starts=summed.indptr.astype(np.int64),
        cells=summed.indices.astype(np.int64),
        weight=summed.data,
        whole=np.sum([part.whole for part in parts], axis=0),
    )


def by_people(fine: Weights, people: np.ndarray, fine_axes: Axes, axes: Axes, crs: str = "EPSG:4326") -> Weights:
    """Return weights over a coarse grid that count people instead of area.

    Parameters
    ----------
    fine : Weights
        Of the tambons over the cells of the population raster.
    people : ndarray, shape (rows, columns) of `fine_axes`
        People per cell; a missing cell counts nobody.
    fine_axes, axes : Axes
        Of the population, in the coordinates `crs`, and of the coarse grid, in degrees. A population cell belongs to
        the coarse cell that holds its centre.

    Notes
    -----
    `whole` counts all people of the tambon, also those beyond the coarse grid: coverage stays a share of people.
    """
    at = np.repeat(np.arange(len(fine.codes)), np.diff(fine.starts))
    there = np.nan_to_num(people.ravel()[fine.cells]) * fine.weight
    west, south, _, _ = axes.bounds
    lon, lat = fine_axes.lon[fine.cells % fine.columns], fine_axes.lat[fine.cells // fine.columns]
    if not pyproj.CRS(crs).is_geographic:
        lon, lat = pyproj.Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform(lon, lat)
    column = np.floor((lon - west) / axes.step_lon).astype(np.int64)
    row = np.floor((lat - south) / axes.step_lat).astype(np.int64)
    inside = (column >= 0) & (column < axes.columns) & (row >= 0) & (row < axes.rows)
    cell = (row * axes.columns + column)[inside]
    shape = (len(fine.codes), axes.cells)
    summed = scipy.sparse.coo_array((there[inside], (at[inside], cell)), shape=shape).tocsr()
    summed.sum_duplicates()
    whole = np.bincount(at, there, len(fine.codes))
    starts, cells = (array.astype(np.int64) for array in (summed.indptr, summed.indices))
    return Weights(fine.codes, axes.rows, axes.columns, starts, cells, summed.data, whole)
