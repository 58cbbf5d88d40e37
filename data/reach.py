"""Which land a file of detections speaks of, in half-degree cells, small enough to stand in its provenance.

A box around all rows is not enough: the box of Myanmar holds Lampang, and its file says nothing of it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

#: South-East Asia, degrees; what lies outside is not told cell by cell.
_WEST, _SOUTH, _EAST, _NORTH = 90, 0, 110, 30
_PER_DEG = 2
_COLUMNS = (_EAST - _WEST) * _PER_DEG
_ROWS = (_NORTH - _SOUTH) * _PER_DEG


def reach_cells(lon: ArrayLike, lat: ArrayLike) -> str:
    """Return the cells that hold a position, as hexadecimal digits of one bit a cell; "" when none is in the region.

    Parameters
    ----------
    lon, lat : array_like of float, shape (n,), degrees
    """
    taken = np.zeros((_ROWS, _COLUMNS), bool)
    column = np.floor((np.asarray(lon, float) - _WEST) * _PER_DEG)
    row = np.floor((np.asarray(lat, float) - _SOUTH) * _PER_DEG)
    inside = (column >= 0) & (column < _COLUMNS) & (row >= 0) & (row < _ROWS)
    taken[row[inside].astype(int), column[inside].astype(int)] = True
    return np.packbits(taken).tobytes().hex() if taken.any() else ""


def touches(cells: str, west: float, south: float, east: float, north: float) -> bool:
    """Return whether any of `cells` lies in the box or shares ground with it."""
    if not cells:
        return False
    taken = np.unpackbits(np.frombuffer(bytes.fromhex(cells), np.uint8))[: _ROWS * _COLUMNS].reshape(_ROWS, _COLUMNS)
    low = [max(0, int(np.floor((edge - first) * _PER_DEG))) for edge, first in ((south, _SOUTH), (west, _WEST))]
    high = [max(0, int(np.floor((edge - first) * _PER_DEG)) + 1) for edge, first in ((north, _SOUTH), (east, _WEST))]
    return bool(taken[low[0] : high[0], low[1] : high[1]].any())
