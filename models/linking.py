"""Which detections belong together: pairs near enough in space and time, and what they join into.

Exact: the groups are the connected components of all pairs that a `Rule` accepts, found without listing the pairs.
Never draws a perimeter, never names a fire.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
import pandas as pd

#: Mean length of one degree of latitude, IUGG mean earth radius 6371.0088 km.
KM_PER_DEG = 111.195
#: Side of a VIIRS pixel where the file does not tell, km: 375 m at nadir (VIIRS active fire user guide).
VIIRS_KM = 0.375
#: The same of MODIS, 1 km at nadir, and of Landsat's OLI, 30 m.
MODIS_KM, OLI_KM = 1.0, 0.03
#: Room beside two pixels that touch at their corners, km each: with it two VIIRS pixels of 375 m are linked up to
#: 0.70 km, the setting that FEDS uses for new pixels (Chen et al. 2022, Scientific Data 9:249).
ROOM_KM = 0.35 - VIIRS_KM / np.sqrt(2.0)
#: The reach of a pixel ends here, at that of a VIIRS pixel of 0.8 km at the edge of the swath: a MODIS pixel there is
#: 4.8 km long, and half of that would link fires of different villages.
MOST_REACH_KM = 0.66


@dataclass(frozen=True)
class Rule:
    """When two detections belong to one fire.

    Attributes
    ----------
    days : float
        Detections at most so long apart are linked when no farther from each other than their reaches together.
    asleep_days : float
        Up to so long apart they are linked when no farther than `asleep_km`: the fire slept and woke at the same place.
    asleep_km : float
    """

    days: float
    asleep_days: float
    asleep_km: float


def reach_km(hotspots: pd.DataFrame) -> np.ndarray:
    """Return how far each detection reaches towards another, km, shape (n,).

    Half the diagonal of its pixel, as large as the satellite saw it, and `ROOM_KM`; so pixels of any size are linked
    when they touch. Where the size is not told, the one at nadir stands for it.
    """
    usual = hotspots["sensor"].map({"VIIRS": VIIRS_KM, "MODIS": MODIS_KM, "OLI": OLI_KM}).astype(float).to_numpy()
    sides = [hotspots[name].to_numpy(float) for name in ("scan_km", "track_km")]
    scan, track = (np.where(np.isnan(side) | (side <= 0), usual, side) for side in sides)
    return np.asarray(np.minimum(np.hypot(scan, track) / 2 + ROOM_KM, MOST_REACH_KM), dtype=np.float64)


def link(
    lon: np.ndarray,
    lat: np.ndarray,
    minute: np.ndarray,
    reach: np.ndarray,
    rule: Rule,
    known: np.ndarray | None = None,
) -> np.ndarray:
    """Return the group of each detection.

    Parameters
    ----------
    lon, lat : ndarray of float64, shape (n,), degrees
    minute : ndarray of int64, shape (n,)
        Minutes since any moment.
    reach : ndarray of float64, shape (n,), km
        See `reach_km`.
    rule : Rule
    known : ndarray of int64, shape (n,), optional
        Groups found before, as positions of their first member, -1 for detections that are new. Pairs of two old ones
        are not tried again.

    Returns
    -------
    ndarray of int64, shape (n,)
        Position of the first member of the group in the given order.

    Notes
    -----
    Detections are put in square cells as wide as the longest link, and in the order of time inside each; a cell is
    compared with itself and with half of its neighbours, in a window of time that moves along. The distance is that
    of a local plane at the mean latitude of the two, which is true to a millimetre at 1 km.
    """
    n = len(lon)
    parent = np.arange(n) if known is None else np.where(known < 0, np.arange(n), known)
    if n < 2:
        return np.asarray(parent)
    fresh = np.ones(n, bool) if known is None else known < 0
    widest = max(2 * float(reach.max()), rule.asleep_km)
    # A hair wider, so that rounding never puts a pair two cells apart.
    tall = widest * (1 + 1e-9) / KM_PER_DEG
    cosine = np.cos(np.radians(lat))
    wide = tall / max(float(cosine.min()), 1e-6)
    row = ((lat - lat.min()) / tall).astype(np.int64)
    column = ((lon - lon.min()) / wide).astype(np.int64) + 1
    columns = int(column.max()) + 2
    cell = row * columns + column
    since = minute - minute.min()
    order = np.argsort(cell * (int(since.max()) + 1) + since, kind="stable")
    sorted_cell = cell[order]
    start = np.flatnonzero(np.append(True, sorted_cell[1:] != sorted_cell[:-1]))
    _unite(
        parent,
        sorted_cell[start],
        np.append(start, n),
        columns,
        order,
        lon[order],
        lat[order],
        cosine[order],
        since[order],
        reach[order],
        fresh[order],
        rule.days * 1440,
        rule.asleep_days * 1440,
        rule.asleep_km,
    )
    return np.asarray(parent)


def attach(
    lon: np.ndarray, lat: np.ndarray, minute: np.ndarray, is_fine: np.ndarray, km: float, days: float
) -> np.ndarray:
    """Return for each coarse detection the fine one that it goes with.

    Parameters
    ----------
    lon, lat : ndarray of float64, shape (n,), degrees
    minute : ndarray of int64, shape (n,)
    is_fine : ndarray of bool, shape (n,)
    km, days : float
        At most so far apart in space and time.

    Returns
    -------
    ndarray of int64, shape (n,)
        Position of the fine detection, -1 for none and for fine ones. One seen before or at the same time goes before
        one seen later, then the one nearer in time by half-days, then the nearest, then the first: so what
        is seen later changes no choice among what was known.
    """
    fine, coarse = np.flatnonzero(is_fine), np.flatnonzero(~is_fine)
    chosen = np.full(len(lon), -1, np.int64)
    if not len(fine) or not len(coarse):
        return chosen
    tall = km * (1 + 1e-9) / KM_PER_DEG
    cosine = np.cos(np.radians(lat))
    wide = tall / max(float(cosine.min()), 1e-6)
    row = ((lat - lat.min()) / tall).astype(np.int64) + 1
    column = ((lon - lon.min()) / wide).astype(np.int64) + 1
    columns = int(column.max()) + 2
    cell, since = row * columns + column, minute - minute.min()
    longest = int(since.max()) + 1
    key = cell[fine] * longest + since[fine]
    order = fine[np.argsort(key, kind="stable")]
    given = (lon, lat, cosine, since, cell)
    chosen[coarse] = _attached(coarse, order, np.sort(key), longest, columns, *given, km, int(days * 1440))
    return chosen


def firsts(
    lon: np.ndarray,
    lat: np.ndarray,
    minute: np.ndarray,
    reach: np.ndarray,
    start: np.ndarray,
    rule: Rule,
    pause_minutes: float,
) -> np.ndarray:
    """Return which detections were the first of a group at any earlier look, before later ones joined the groups.

    Parameters
    ----------
    lon, lat, minute, reach : ndarray, shape (n,)
        As in `link`, group by group and by time inside each.
    start : ndarray of int, shape (groups + 1,)
        Where each group begins, and n.
    rule : Rule
    pause_minutes : float
        A pause longer than this parts two looks.

    Returns
    -------
    ndarray of bool, shape (n,)
        The first of a whole group is always among them.
    """
    cosine = np.cos(np.radians(lat))
    days = (rule.days * 1440, rule.asleep_days * 1440)
    return np.asarray(_firsts(lon, lat, cosine, minute, reach, start, *days, rule.asleep_km, pause_minutes))


@numba.njit(cache=True, nogil=True)
def _root(parent, i):  # type: ignore[no-untyped-def]
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i


@numba.njit(cache=True, nogil=True)
def _linked(i, j, lon, lat, cosine, gap, reach, awake, asleep, asleep_km):  # type: ignore[no-untyped-def]
    limit = 0.0
    if gap <= awake:
        limit = reach[i] + reach[j]
    if gap <= asleep:
        limit = max(limit, asleep_km)
    north = (lat[i] - lat[j]) * KM_PER_DEG
    east = (lon[i] - lon[j]) * KM_PER_DEG * (cosine[i] + cosine[j]) / 2
    return north * north + east * east <= limit * limit


@numba.njit(cache=True, nogil=True)
def _unite(  # type: ignore[no-untyped-def]
    parent, cells, start, columns, order, lon, lat, cosine, minute, reach, fresh, awake, asleep, asleep_km
):
    longest = max(awake, asleep)
    for step in (0, 1, columns - 1, columns, columns + 1):
        other = 0
        for c in range(len(cells)):
            while other < len(cells) and cells[other] < cells[c] + step:
                other += 1
            if other == len(cells):
                break
            if cells[other] != cells[c] + step:
                continue
            low = start[other]
            for i in range(start[c], start[c + 1]):
                while low < start[other + 1] and minute[low] < minute[i] - longest:
                    low += 1
                first = i + 1 if step == 0 else low
                for j in range(first, start[other + 1]):
                    gap = abs(minute[j] - minute[i])
                    if gap > longest:
                        break
                    if not (fresh[i] or fresh[j]):
                        continue
                    if _linked(i, j, lon, lat, cosine, gap, reach, awake, asleep, asleep_km):
                        _join(parent, order[i], order[j])
    for i in range(len(parent)):
        parent[i] = _root(parent, i)


@numba.njit(cache=True, nogil=True)
def _attached(coarse, order, key, longest, columns, lon, lat, cosine, minute, cell, km, window):  # type: ignore[no-untyped-def]
    out = np.full(len(coarse), -1, np.int64)
    for c in range(len(coarse)):
        i = coarse[c]
        best_class, best_km = np.int64(1 << 40), km * km
        for above in (-columns, 0, columns):
            for aside in (-1, 0, 1):
                near = (cell[i] + above + aside) * longest
                at = np.searchsorted(key, near + max(0, minute[i] - window))
                last = near + min(longest - 1, minute[i] + window)
                while at < len(key) and key[at] <= last:
                    j = order[at]
                    at += 1
                    north = (lat[i] - lat[j]) * KM_PER_DEG
                    east = (lon[i] - lon[j]) * KM_PER_DEG * (cosine[i] + cosine[j]) / 2
                    away = north * north + east * east
                    if away > km * km:
                        continue
                    rank = abs(minute[j] - minute[i]) // 720
                    if minute[j] > minute[i]:
                        rank += 1 << 20
                    better = rank < best_class or (rank == best_class and away < best_km)
                    if better or (rank == best_class and away == best_km and j < out[c]):
                        best_class, best_km, out[c] = rank, away, j
    return out


@numba.njit(cache=True, nogil=True)
def _join(parent, i, j):  # type: ignore[no-untyped-def]
    one, two = _root(parent, i), _root(parent, j)
    if one < two:
        parent[two] = one
    elif two < one:
        parent[one] = two


@numba.njit(cache=True, nogil=True)
def _firsts(lon, lat, cosine, minute, reach, start, awake, asleep, asleep_km, pause):  # type: ignore[no-untyped-def]
    was = np.zeros(len(lon), np.bool_)
    parent = np.arange(len(lon))
    for g in range(len(start) - 1):
        for j in range(start[g], start[g + 1]):
            if j > start[g] and minute[j] - minute[j - 1] > pause:
                for i in range(start[g], j):
                    was[i] |= _root(parent, i) == i
            for i in range(start[g], j):
                if _linked(i, j, lon, lat, cosine, minute[j] - minute[i], reach, awake, asleep, asleep_km):
                    _join(parent, i, j)
        was[start[g]] = True
    return was
