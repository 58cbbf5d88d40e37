"""Where air came from: particles carried backwards through the wind, and how long they lay over each cell of ground.

Plain vectorised arithmetic: second-order Runge-Kutta steps on the sphere, mixing inside the boundary layer, a stated
error of the wind. Knows nothing of fires or of borders.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from models.winds import Winds

Array = NDArray[np.float64]

#: Step of the paths, hours: at 10 m/s a step is 18 km, under two cells of the ground and a part of any stored wind's.
STEP_H = 0.5
_M_PER_DEG = 111_195.0  # mean length of one degree of latitude, IUGG mean earth radius 6371.0088 km
#: Random wind of each particle and hour, m/s in each component: the eddies between the nodes of the wind. Over a day
#: they spread air by about 9 km.
_EDDY_MS = 0.5
#: Height of the boundary layer where none is stored, metres: least and greatest of the members, at night and by day. In
#: the dry season of the north soundings and reanalyses give 150 to 500 m and 1,000 to 2,500 m (our judgement).
NIGHT_LAYER_M, DAY_LAYER_M = (150.0, 500.0), (1000.0, 2500.0)
#: A shallower layer is not believed over hills.
_SHALLOWEST_M = 100.0


@dataclass(frozen=True)
class Guess:
    """One version, for each particle, of what is not known exactly; each array of shape (particles,).

    Attributes
    ----------
    east_ms, north_ms : ndarray of float64
        Error of the wind, the same all along the path.
    factor : ndarray of float64
        Times the stored wind.
    layer : ndarray of float64
        Times the stored boundary layer.
    depth : ndarray of float64
        0 to 1: where between its least and greatest height the layer lies when none is stored.
    lifetime_h : ndarray of float64
        Hours after which a share of 1/e of the smoke is left.
    """

    east_ms: Array
    north_ms: Array
    factor: Array
    layer: Array
    depth: Array
    lifetime_h: Array


@dataclass(frozen=True)
class Ground:
    """Cells of ground and hours into which paths are counted.

    Attributes
    ----------
    west, south, cell_deg : float
        Lower left corner and side of a cell, degrees.
    columns, rows : int
    first_hour : float
        Hours since 1970 UTC at which the first time step begins.
    step_h : float
    steps : int
    """

    west: float
    south: float
    cell_deg: float
    columns: int
    rows: int
    first_hour: float
    step_h: float
    steps: int

    @property
    def size(self) -> int:
        """Number of cells times steps."""
        return self.columns * self.rows * self.steps

    def flat(self, lon: Array, lat: Array, hour: Array) -> NDArray[np.int64]:
        """Return the position of points and times, shape (n,); -1 outside."""
        column = np.floor((lon - self.west) / self.cell_deg)
        row = np.floor((lat - self.south) / self.cell_deg)
        step = np.floor((hour - self.first_hour) / self.step_h)
        inside = (column >= 0) & (column < self.columns) & (row >= 0) & (row < self.rows)
        inside &= (step >= 0) & (step < self.steps)
        at = (np.where(inside, step, 0) * self.rows + np.where(inside, row, 0)) * self.columns
        return np.where(inside, at + np.where(inside, column, 0), -1).astype(np.int64)


@dataclass(frozen=True)
class Paths:
    """What became of the particles.

    Attributes
    ----------
    weight : sparse matrix, shape (groups, ground.size)
        Hours that the particles of each group lay over each cell and step inside the boundary layer, divided by its
        height in kilometres and lessened by age.
    followed_h : ndarray of float64, shape (groups,)
        Hours for which they could be followed, mean.
    away_km : ndarray of float64, shape (groups,)
        Median distance from the start after 24 hours, or where the wind ended before.
    lon, lat : ndarray of float64, shape (steps + 1, kept particles)
        The paths of the first particles, NaN after the wind ended.
    """

    weight: sparse.csr_array
    followed_h: Array
    away_km: Array
    lon: Array
    lat: Array


def backward(
    winds: Winds,
    start: tuple[Array, Array, Array],
    group: NDArray[np.int64],
    groups: int,
    ground: Ground,
    hours: float,
    guess: Guess,
    seed: int,
    kept: int = 0,
) -> Paths:
    """Carry particles backwards in time and count where they lay.

    Inside the boundary layer a particle is put to a new height every hour, since the layer mixes within one; above it,
    after the layer sank, it keeps its height and takes nothing from the ground. The wind of the height is taken.

    Parameters
    ----------
    winds : Winds
    start : tuple of ndarray, each of shape (particles,)
        Longitude, latitude, and hour since 1970 UTC of arrival. Heights are drawn within the layer.
    group : ndarray of int64, shape (particles,)
        Which of `groups` a particle belongs to.
    hours : float
        How far back.
    guess : Guess
    seed : int
        Equal seeds give equal paths.
    kept : int
        So many of the first particles keep their path.

    Returns
    -------
    Paths
    """
    random = np.random.default_rng(seed)
    lon, lat, hour = (np.array(one, dtype=float) for one in start)
    first_lon, first_lat = lon.copy(), lat.copy()
    count, steps = len(lon), round(hours / STEP_H)
    layer = layer_height(winds, lon, lat, hour, guess)
    height = random.random(count) * layer
    track = np.full((2, steps + 1, kept), np.nan)
    track[:, 0] = lon[:kept], lat[:kept]
    followed, away = np.zeros(count), np.zeros(count)
    cells, shares = [], []
    eddy = np.zeros((2, count))
    for step in range(steps):
        if step % round(1 / STEP_H) == 0:
            eddy = random.normal(0.0, _EDDY_MS, (2, count))
            inside = height <= layer
            height = np.where(inside, random.random(count) * layer, height)
        age = step * STEP_H
        from_lon, from_lat = lon, lat
        lon, lat = _step_back(winds, lon, lat, hour, height, guess, eddy)
        hour = hour - STEP_H
        known = ~np.isnan(lon)
        followed += np.where(known, STEP_H, 0.0)
        layer = layer_height(winds, lon, lat, hour, guess)
        taken = np.where(known & (height <= layer), STEP_H * np.exp(-age / guess.lifetime_h) / (layer / 1000), 0.0)
        # The middle of a step stands for it: with its end, ground near the start would be passed over.
        passed_lon, passed_lat = (np.nan_to_num(one / 2, nan=-999.0) for one in (from_lon + lon, from_lat + lat))
        at = ground.flat(passed_lon, passed_lat, hour + STEP_H / 2)
        some = np.flatnonzero((at >= 0) & (taken > 0))
        cells.append(np.stack([group[some], at[some]]))
        shares.append(taken[some])
        track[:, step + 1] = lon[:kept], lat[:kept]
        if age < 24:
            away = np.where(known, _distance_km(first_lon, first_lat, lon, lat), away)
    index, value = np.concatenate(cells, axis=1), np.concatenate(shares)
    number = np.maximum(np.bincount(group, minlength=groups), 1)
    weight = sparse.csr_array((value / number[index[0]], (index[0], index[1])), shape=(groups, ground.size))
    mean_followed = np.bincount(group, followed, minlength=groups) / number
    middle = np.array([np.median(away[group == one]) if (group == one).any() else 0.0 for one in range(groups)])
    return Paths(weight, mean_followed, middle, track[0], track[1])


def layer_height(winds: Winds, lon: Array, lat: Array, hour: Array, guess: Guess) -> Array:
    """Return the height of the boundary layer, metres, shape (n,): stored, or a day's course between stated bounds."""
    known = winds.layer_at(lon, lat, hour) * guess.layer
    local = (hour + 7.0) % 24.0
    # Grows from 8 to 14 o'clock, stands to 17, sinks to 20: the course of clear days over land.
    risen = np.interp(local, [0.0, 8.0, 14.0, 17.0, 20.0, 24.0], [0.0, 0.0, 1.0, 1.0, 0.0, 0.0])
    night, day = (low + (high - low) * guess.depth for low, high in (NIGHT_LAYER_M, DAY_LAYER_M))
    return np.maximum(np.where(np.isnan(known), night + (day - night) * risen, known), _SHALLOWEST_M)


def _step_back(
    winds: Winds, lon: Array, lat: Array, hour: Array, height: Array, guess: Guess, eddy: Array
) -> tuple[Array, Array]:
    """Return the positions one step before (midpoint rule)."""
    seconds = STEP_H * 3600.0

    def moved(to_lon: Array, to_lat: Array, at: Array, time: float) -> tuple[Array, Array]:
        east, north = winds.at(to_lon, to_lat, at, height)
        east = east * guess.factor + guess.east_ms + eddy[0]
        north = north * guess.factor + guess.north_ms + eddy[1]
        step_lat = north * time / _M_PER_DEG
        step_lon = east * time / (_M_PER_DEG * np.cos(np.deg2rad(lat)))
        return lon - step_lon, lat - step_lat

    middle_lon, middle_lat = moved(lon, lat, hour, seconds / 2)
    return moved(middle_lon, middle_lat, hour - STEP_H / 2, seconds)


def _distance_km(lon: Array, lat: Array, to_lon: Array, to_lat: Array) -> Array:
    east = (to_lon - lon) * np.cos(np.deg2rad((lat + to_lat) / 2))
    return np.asarray(np.hypot(east, to_lat - lat) * _M_PER_DEG / 1000)
