"""Detections to tambons, exactly: which tambon holds the centre, and how the pixel's footprint is shared.

A label grid answers for cells that lie inside one tambon; in cells that a border crosses, the edges of the few
tambons there are tested one by one, and a point too near an edge to be sure in double precision is given to GEOS.
The answer is that of "covers, smallest tambon code wins", for every point. Never counts, never stores results.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numba
import numpy as np
import pandas as pd
import rasterio
import rasterio.features
import shapely

#: Raised when the grid or the kernels change, so that a stored index of an older form is not read.
VERSION = "2"
OUTSIDE = -1
_BORDER = -2
_UNSURE = -3
#: Cell of the label grid, degrees (about 200 m): a larger cell saves memory, a smaller one border tests.
CELL_DEG = 0.002
#: Samples along each side of a footprint; shares are multiples of 1/64, which double precision adds exactly.
SAMPLES = 8
SHARES_OF = SAMPLES * SAMPLES
#: Footprints sampled at a time, to bound memory.
_BLOCK = 20_000
_KM_PER_DEG = 111.195  # mean length of one degree of latitude, IUGG mean earth radius 6371.0088 km


@dataclass(frozen=True)
class TambonIndex:
    """Tambon outlines prepared for assignment.

    Attributes
    ----------
    codes : ndarray of str, shape (k,)
        Tambon codes, ascending; results are positions in it.
    west, south, cell_deg : float
        Lower left corner of the grid and side of a cell, degrees.
    labels : ndarray of int32, shape (rows, columns)
        Position of the tambon that holds the whole cell, -1 for none, or ``-2 - slot`` for a border cell.
    cell_start, cell_tambon : ndarray of int32
        Candidates of border cell `slot` are ``cell_tambon[cell_start[slot]:cell_start[slot + 1]]``, ascending.
    row_start : ndarray of int64, shape (rows * k + 1,)
        Edges of tambon `t` that reach grid row `r` are ``row_edge[row_start[r * k + t]:row_start[r * k + t + 1]]``.
    row_edge : ndarray of int32
    edges : ndarray of float64, shape (m, 4)
        Edge ends x1, y1, x2, y2, degrees.
    polygons : ndarray of object, shape (k,)
        The outlines, for the points that the kernel leaves to GEOS.
    """

    codes: np.ndarray
    west: float
    south: float
    cell_deg: float
    labels: np.ndarray
    cell_start: np.ndarray
    cell_tambon: np.ndarray
    row_start: np.ndarray
    row_edge: np.ndarray
    edges: np.ndarray
    polygons: np.ndarray

    def named(self, position: np.ndarray) -> np.ndarray:
        """Return the codes at positions, shape (n,), dtype object; None for -1."""
        names = np.empty(len(self.codes) + 1, dtype=object)
        names[:-1] = self.codes
        return np.asarray(names[position])


def build_index(tambons: gpd.GeoDataFrame, cell_deg: float = CELL_DEG) -> TambonIndex:
    """Prepare tambon outlines.

    Parameters
    ----------
    tambons : GeoDataFrame
        Columns `tambon` (unique codes) and polygon geometry in EPSG:4326.
    cell_deg : float
        Cell of the label grid, degrees.

    Returns
    -------
    TambonIndex
    """
    ordered = tambons.sort_values("tambon")
    polygons = ordered.geometry.to_numpy()
    k = len(ordered)
    west, south, east, north = shapely.total_bounds(polygons)
    # A free cell around, so that a footprint just outside still finds a cell.
    west, south = west - 2 * cell_deg, south - 2 * cell_deg
    columns = int(np.ceil((east - west) / cell_deg)) + 2
    rows = int(np.ceil((north - south) / cell_deg)) + 2
    edges, owner = _edges(polygons)
    pairs = _row_pairs(edges, south, cell_deg, rows)
    flat = pairs[:, 0].astype(np.int64) * k + owner[pairs[:, 1]]
    order = np.argsort(flat, kind="stable")
    row_start = np.zeros(rows * k + 1, np.int64)
    np.cumsum(np.bincount(flat, minlength=rows * k), out=row_start[1:])
    # Drawn north-up by GDAL, then turned over: our rows ascend with latitude.
    transform = rasterio.Affine(cell_deg, 0.0, west, 0.0, -cell_deg, south + rows * cell_deg)
    labels = rasterio.features.rasterize(
        # The last one drawn stays: where outlines overlap that must be the smallest code.
        ((polygons[i], i) for i in reversed(range(k))),
        out_shape=(rows, columns),
        transform=transform,
        fill=OUTSIDE,
        dtype="int32",
    )[::-1].copy()
    cells = _border_cells(edges, owner, k, west, south, cell_deg, rows, columns)
    cells = _with_whole(cells, polygons, west, south, cell_deg, columns)
    border, first = np.unique(cells // k, return_index=True)
    labels.reshape(-1)[border] = _BORDER - np.arange(len(border), dtype=np.int32)
    return TambonIndex(
        codes=ordered["tambon"].to_numpy(str),
        west=float(west),
        south=float(south),
        cell_deg=float(cell_deg),
        labels=labels,
        cell_start=np.append(first, len(cells)).astype(np.int32),
        cell_tambon=(cells % k).astype(np.int32),
        row_start=row_start,
        row_edge=pairs[order, 1].astype(np.int32),
        edges=edges,
        polygons=polygons,
    )


def save_index(index: TambonIndex, path: Path) -> None:
    """Write an index, without its outlines, to one file."""
    with open(path, "wb") as handle:
        np.savez(
            handle,
            codes=index.codes,
            corner=np.array([index.west, index.south, index.cell_deg]),
            labels=index.labels,
            cell_start=index.cell_start,
            cell_tambon=index.cell_tambon,
            row_start=index.row_start,
            row_edge=index.row_edge,
            edges=index.edges,
        )


def load_index(path: Path, tambons: gpd.GeoDataFrame) -> TambonIndex:
    """Read an index written by `save_index` for the same tambons."""
    with np.load(path, allow_pickle=False) as stored:
        west, south, cell_deg = stored["corner"]
        return TambonIndex(
            codes=stored["codes"],
            west=float(west),
            south=float(south),
            cell_deg=float(cell_deg),
            labels=stored["labels"],
            cell_start=stored["cell_start"],
            cell_tambon=stored["cell_tambon"],
            row_start=stored["row_start"],
            row_edge=stored["row_edge"],
            edges=stored["edges"],
            polygons=tambons.sort_values("tambon").geometry.to_numpy(),
        )


def outline_revision(tambons: gpd.GeoDataFrame) -> str:
    """Return a name for codes and outlines: equal outlines have equal names."""
    ordered = tambons.sort_values("tambon")
    digest = hashlib.sha256(VERSION.encode())
    for code, wkb in zip(ordered["tambon"], ordered.geometry.to_wkb(), strict=True):
        digest.update(str(code).encode())
        digest.update(wkb)
    return digest.hexdigest()[:16]


def assign(index: TambonIndex, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """Return the tambon of each point.

    Parameters
    ----------
    index : TambonIndex
    lon, lat : ndarray of float64, shape (n,), degrees

    Returns
    -------
    ndarray of int32, shape (n,)
        Position in `index.codes`, or -1 outside all tambons. A point on a shared border belongs to the
        smaller tambon code.
    """
    x = np.ascontiguousarray(lon, dtype=np.float64)
    y = np.ascontiguousarray(lat, dtype=np.float64)
    found = np.empty(len(x), np.int32)
    _label(x, y, found, *_arrays(index))
    unsure = np.flatnonzero(found == _UNSURE)
    if len(unsure):
        found[unsure] = _by_geos(index, x[unsure], y[unsure])
    return found


def assign_few(index: TambonIndex, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """Return what `assign` does, for so few points that loading its compiled code would take longer than the answer."""
    return _by_geos(index, np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64))


def share(
    index: TambonIndex,
    home: np.ndarray,
    lon: np.ndarray,
    lat: np.ndarray,
    scan_km: np.ndarray,
    track_km: np.ndarray,
) -> pd.DataFrame:
    """Share each detection among the tambons of its province that its pixel covers.

    The footprint is taken as the rectangle scan (east-west) by track (north-south) around the centre, sampled on an
    8 by 8 grid. What falls outside the province stays with the tambon that holds the centre, so the
    shares of a detection always add up to exactly 64. A detection without scan and track is not shared.

    Parameters
    ----------
    index : TambonIndex
    home : ndarray of int32, shape (n,)
        Result of `assign` for the same points; -1 has no shares.
    lon, lat : ndarray of float64, shape (n,), degrees
    scan_km, track_km : ndarray of float, shape (n,), kilometres; NaN where unknown

    Returns
    -------
    DataFrame
        Columns `row` (position of the detection), `tambon` (position in `index.codes`), `share` (in 1/64); only
        detections that touch more than one tambon appear.
    """
    province = np.array([int(code[:2]) for code in index.codes], np.int32)
    inside = np.flatnonzero(home >= 0)
    half_y = np.nan_to_num(np.asarray(track_km, np.float64)[inside]) / 2 / _KM_PER_DEG
    cosine = np.cos(np.radians(np.asarray(lat, np.float64)[inside]))
    half_x = np.nan_to_num(np.asarray(scan_km, np.float64)[inside]) / 2 / _KM_PER_DEG / cosine
    x, y = np.asarray(lon, np.float64)[inside], np.asarray(lat, np.float64)[inside]
    crossing = np.flatnonzero(_crosses(x, y, half_x, half_y, home[inside], *_arrays(index)[:4]))
    step = (np.arange(SAMPLES) + 0.5) / SAMPLES * 2 - 1
    grid_x, grid_y = (part.ravel() for part in np.meshgrid(step, step))
    pieces = []
    for start in range(0, len(crossing), _BLOCK):
        block = crossing[start : start + _BLOCK]
        sample_x = (x[block, None] + half_x[block, None] * grid_x).ravel()
        sample_y = (y[block, None] + half_y[block, None] * grid_y).ravel()
        found = assign(index, sample_x, sample_y).reshape(len(block), SHARES_OF)
        row, tambon, count = _tally(found, home[inside[block]], province)
        pieces.append(pd.DataFrame({"row": inside[block][row], "tambon": tambon, "share": count}))
    if not pieces:
        none = np.empty(0, np.int32)
        return pd.DataFrame({"row": np.empty(0, np.int64), "tambon": none, "share": none})
    return pd.concat(pieces, ignore_index=True)


def _arrays(index: TambonIndex) -> tuple[Any, ...]:
    grid = (index.labels, index.west, index.south, index.cell_deg)
    return (*grid, index.cell_start, index.cell_tambon, index.row_start, index.row_edge, index.edges, len(index.codes))


def _edges(polygons: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    parts, part_owner = shapely.get_parts(polygons, return_index=True)
    rings, ring_part = shapely.get_rings(parts, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    same = ring[1:] == ring[:-1]
    edges = np.hstack([xy[:-1], xy[1:]])[same]
    owner = part_owner[ring_part][ring[:-1][same]]
    return np.ascontiguousarray(edges), owner.astype(np.int32)


def _row_pairs(edges: np.ndarray, south: float, cell: float, rows: int) -> np.ndarray:
    low = np.clip(np.floor((np.minimum(edges[:, 1], edges[:, 3]) - south) / cell - 1e-6), 0, rows - 1).astype(np.int64)
    high = np.clip(np.floor((np.maximum(edges[:, 1], edges[:, 3]) - south) / cell + 1e-6), 0, rows - 1).astype(np.int64)
    span = high - low + 1
    edge = np.repeat(np.arange(len(edges)), span)
    offset = np.arange(span.sum()) - np.repeat(np.cumsum(span) - span, span)
    return np.column_stack([low[edge] + offset, edge])


def _border_cells(
    edges: np.ndarray, owner: np.ndarray, k: int, west: float, south: float, cell: float, rows: int, columns: int
) -> np.ndarray:
    """Return sorted ``(row * columns + column) * k + tambon`` of every cell that an edge may touch."""
    pairs = _row_pairs(edges, south, cell, rows)
    x1, y1, x2, y2 = edges[pairs[:, 1]].T
    bottom = south + pairs[:, 0] * cell
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = (x2 - x1) / (y2 - y1)
        at_bottom = np.where(y1 == y2, x1, x1 + (np.clip(bottom, np.minimum(y1, y2), np.maximum(y1, y2)) - y1) * slope)
        top = np.clip(bottom + cell, np.minimum(y1, y2), np.maximum(y1, y2))
        at_top = np.where(y1 == y2, x2, x1 + (top - y1) * slope)
    left = np.clip(np.floor((np.minimum(at_bottom, at_top) - west) / cell - 1e-6), 0, columns - 1).astype(np.int64)
    right = np.clip(np.floor((np.maximum(at_bottom, at_top) - west) / cell + 1e-6), 0, columns - 1).astype(np.int64)
    span = right - left + 1
    pair = np.repeat(np.arange(len(pairs)), span)
    offset = np.arange(span.sum()) - np.repeat(np.cumsum(span) - span, span)
    cells = pairs[pair, 0] * columns + left[pair] + offset
    return np.unique(cells * k + owner[pairs[pair, 1]])


def _with_whole(
    cells: np.ndarray, polygons: np.ndarray, west: float, south: float, cell: float, columns: int
) -> np.ndarray:
    """Return `cells` with the tambons that cover the middle of a border cell: overlapping ones have no edge in it."""
    k = len(polygons)
    border = np.unique(cells // k)
    x, y = west + (border % columns + 0.5) * cell, south + (border // columns + 0.5) * cell
    tambon, middle = shapely.STRtree(shapely.points(x, y)).query(polygons, predicate="covers")
    return np.union1d(cells, border[middle] * k + tambon)


def _by_geos(index: TambonIndex, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    found = np.full(len(x), OUTSIDE, np.int32)
    points = shapely.points(x, y)
    tree = shapely.STRtree(points)
    tambon, point = tree.query(index.polygons, predicate="covers")
    # Descending, so that the smallest code is written last.
    order = np.argsort(-tambon, kind="stable")
    found[point[order]] = tambon[order]
    return found


@numba.njit(cache=True, nogil=True)
def _label(  # type: ignore[no-untyped-def]
    x, y, found, labels, west, south, cell, cell_start, cell_tambon, row_start, row_edge, edges, k
):
    rows, columns = labels.shape
    for i in range(len(x)):
        fx = (x[i] - west) / cell
        fy = (y[i] - south) / cell
        if not (fx >= 0.0 and fy >= 0.0 and fx < columns and fy < rows):
            found[i] = -1
            continue
        row = int(fy)
        label = labels[row, int(fx)]
        if label >= -1:
            found[i] = label
            continue
        slot = -2 - label
        answer = -1
        for c in range(cell_start[slot], cell_start[slot + 1]):
            tambon = cell_tambon[c]
            crossings = 0
            for e in range(row_start[row * k + tambon], row_start[row * k + tambon + 1]):
                edge = row_edge[e]
                x1, y1, x2, y2 = edges[edge, 0], edges[edge, 1], edges[edge, 2], edges[edge, 3]
                if max(y1, y2) < y[i] - 1e-12 or min(y1, y2) > y[i] + 1e-12 or max(x1, x2) < x[i] - 1e-12:
                    continue
                # Orientation of the point against the edge; its rounding error stays below 4e-16 times the terms
                # (Shewchuk 1997), so a value under the bound is left to GEOS.
                left = (x2 - x1) * (y[i] - y1)
                right = (x[i] - x1) * (y2 - y1)
                turn = left - right
                near = min(x1, x2) - 1e-12 <= x[i]
                if abs(turn) <= 1e-14 * (abs(left) + abs(right)) + 1e-24 and near:
                    crossings = -1
                    break
                if (y1 > y[i]) != (y2 > y[i]) and (turn > 0.0) == (y2 > y1):
                    crossings += 1
            if crossings < 0:
                answer = -3
                break
            if crossings % 2 == 1:
                answer = tambon
                break
        found[i] = answer


@numba.njit(cache=True, nogil=True)
def _crosses(x, y, half_x, half_y, home, labels, west, south, cell):  # type: ignore[no-untyped-def]
    rows, columns = labels.shape
    crosses = np.zeros(len(x), np.bool_)
    for i in range(len(x)):
        if half_x[i] <= 0.0 or half_y[i] <= 0.0:
            continue
        left = max(0, int((x[i] - half_x[i] - west) / cell))
        right = min(columns - 1, int((x[i] + half_x[i] - west) / cell))
        low = max(0, int((y[i] - half_y[i] - south) / cell))
        high = min(rows - 1, int((y[i] + half_y[i] - south) / cell))
        for row in range(low, high + 1):
            for column in range(left, right + 1):
                if labels[row, column] != home[i]:
                    crosses[i] = True
                    break
            if crosses[i]:
                break
    return crosses


@numba.njit(cache=True, nogil=True)
def _tally(found, home, province):  # type: ignore[no-untyped-def]
    n, samples = found.shape
    row = np.empty(n * samples, np.int64)
    tambon = np.empty(n * samples, np.int32)
    count = np.empty(n * samples, np.int32)
    used = 0
    for i in range(n):
        start = used
        for j in range(samples):
            here = found[i, j]
            if here < 0 or province[here] != province[home[i]]:
                here = home[i]
            slot = start
            while slot < used and tambon[slot] != here:
                slot += 1
            if slot == used:
                row[slot], tambon[slot], count[slot] = i, here, 0
                used += 1
            count[slot] += 1
        if used == start + 1:
            used = start  # the whole footprint lies in one tambon of the province
    return row[:used].copy(), tambon[:used].copy(), count[:used].copy()
