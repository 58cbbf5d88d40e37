"""Means of gridded fields over tambons, each with its coverage.

A missing cell lowers the coverage and never the value: 80 and a missing cell give 80 at half the coverage. Below a
stated coverage the mean is missing. Never reads a file and never guesses a cell.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numba
import numpy as np
import xarray as xr

from models.weights import Weights

#: A mean over less than half of a tambon says more about its neighbour.
LEAST_COVERAGE = 0.5
#: Fields worked on at once where an array is not in memory yet: 64 of the largest grid stored are some 50 MB.
_AT_ONCE = 64
_THREADS = 2
_SIDE = 8
#: Shares of cells come with seven digits: what adds up to the whole of an outline but for this part covers it.
ROUNDING = 1e-6


def means(array: xr.DataArray, weights: Weights, least: float = LEAST_COVERAGE) -> xr.Dataset:
    """Return weighted means over tambons.

    Parameters
    ----------
    array : DataArray (time, lat, lon)
        A grid on the axes that `weights` were made for; also one that is not in memory (dask), which is read chunk by
        chunk of time.
    weights : Weights
        By area or by people.
    least : float
        Coverage below which a mean is missing, 0 to 1.

    Returns
    -------
    Dataset (time, tambon)
        ``mean`` (float64, in the unit of the grid) and ``coverage`` (share of the tambon, or of its people, whose
        cells have a value). Where the mean is missing the coverage says why: 0 is no value at all (beyond the grid or
        missing there), between 0 and `least` is too little.
    """
    n = array.sizes["time"]
    value, coverage = (np.empty((n, len(weights.codes))) for _ in range(2))
    for part in _pieces(array):
        value[part], coverage[part] = over(array[part].to_numpy(), weights, least)
    coords = {"time": array["time"].to_numpy(), "tambon": weights.codes.astype(object)}
    attrs = {name: array.attrs.get(name, "") for name in ("units", "source", "run", "issued_at")}
    return xr.Dataset(
        {
            "mean": (("time", "tambon"), value, {**attrs, "long_name": f"mean of {array.name}"}),
            "coverage": (("time", "tambon"), coverage, {"units": "1", "least": least}),
        },
        coords,
    )


def _pieces(array: xr.DataArray) -> Iterator[slice]:
    n = array.sizes["time"]
    lengths = array.chunksizes.get("time", (n,) if isinstance(array.variable._data, np.ndarray) else None)
    if lengths is None:
        lengths = tuple(min(_AT_ONCE, n - at) for at in range(0, n, _AT_ONCE))
    ends = np.cumsum([0, *lengths])
    return (slice(int(low), int(high)) for low, high in itertools.pairwise(ends))


def over(values: np.ndarray, weights: Weights, least: float = LEAST_COVERAGE) -> tuple[np.ndarray, np.ndarray]:
    """Return means and coverage of fields in memory.

    Parameters
    ----------
    values : ndarray, shape (n, rows, columns)
        NaN where missing; float32 or float64. Not copied when its rows lie together in memory.

    Returns
    -------
    tuple of ndarray of float64, shape (n, tambons)
        Mean, NaN below `least`; coverage.
    """
    if values.shape[1:] != (weights.rows, weights.columns):
        raise ValueError(f"fields of {values.shape[1:]} cells, weights of {(weights.rows, weights.columns)}")
    flat = values.reshape(len(values), -1)
    mean, coverage = (np.empty((len(flat), len(weights.codes))) for _ in range(2))
    used, place = np.unique(weights.cells, return_inverse=True)
    parts = [part for part in np.array_split(np.arange(len(flat)), _THREADS) if len(part)]

    def work(part: np.ndarray) -> None:
        rows = slice(part[0], part[-1] + 1)
        held = weights.starts, place, weights.weight, weights.whole
        _means(flat[rows], used, *held, least, mean[rows], coverage[rows])

    # The compiled loop leaves Python alone, so plain threads serve; they may also run beside one another.
    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(work, parts))
    return mean, coverage


def sums(field: np.ndarray, weights: Weights) -> tuple[np.ndarray, np.ndarray]:
    """Return weighted sums of one field, such as people of a population raster, and their coverage.

    A cell that several tambons share is shared out by area, so that all tambons together hold what the raster holds.

    Returns
    -------
    tuple of ndarray of float64, shape (tambons,)
        Sum over the cells that have a value (NaN when none has), coverage.
    """
    mean, coverage = over(field[None], weights, 0.0)
    return mean[0] * coverage[0] * weights.whole, coverage[0]


# NaN must stay NaN, all else may be reordered: the sums then use the vector unit.
@numba.njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "arcp"})
def _means(
    flat: np.ndarray,
    used: np.ndarray,
    starts: np.ndarray,
    place: np.ndarray,
    weight: np.ndarray,
    whole: np.ndarray,
    least: float,
    mean: np.ndarray,
    coverage: np.ndarray,
) -> None:  # pragma: no cover - compiled
    """Fill means and coverage of fields (n, cells); `place` says where in `used` the cell of each weight stands.

    Eight fields at a time are laid side by side, so that each weight is fetched once for eight products.
    """
    side = np.zeros((len(used), _SIDE), flat.dtype)
    sums = np.empty(_SIDE)
    for first in range(0, len(flat), _SIDE):
        fields = min(_SIDE, len(flat) - first)
        for at in range(fields):
            for cell in range(len(used)):
                side[cell, at] = flat[first + at, used[cell]]
        for zone in range(len(whole)):
            sums[:] = 0.0
            full = 0.0
            for entry in range(starts[zone], starts[zone + 1]):
                full += weight[entry]
                for at in range(_SIDE):
                    sums[at] += weight[entry] * side[place[entry], at]
            for at in range(fields):
                add, there = sums[at], full
                if np.isnan(add):
                    # Some cell is missing: the sum is taken again over those that are there.
                    add, there = 0.0, 0.0
                    for entry in range(starts[zone], starts[zone + 1]):
                        value = side[place[entry], at]
                        if not np.isnan(value):
                            add += weight[entry] * value
                            there += weight[entry]
                share = there / whole[zone] if whole[zone] > 0.0 else 0.0
                coverage[first + at, zone] = 1.0 if share > 1.0 - ROUNDING else share
                mean[first + at, zone] = add / there if there > 0.0 and coverage[first + at, zone] >= least else np.nan
