"""The ground that a fire has burned, as far as satellites can tell: perimeter, area with a range, growth.

Pure: arrays in, polygons and figures out. Never decides which detections belong together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
import shapely
from contourpy import FillType, contour_generator

from models.linking import KM_PER_DEG

#: 1 km² in rai (1 rai = 1,600 m²).
RAI_PER_KM2 = 625.0


@dataclass(frozen=True)
class Pen:
    """How detections of one fineness are drawn: see `draw`.

    Attributes
    ----------
    sight_km : float
        A detection farther than this from a spot says nothing about it; a nearer one says the more.
    blur_km : float
        So near a centre it cannot be told any more on which side of the spot it burned.
    one_sided : float
        Ground has burned where the directions to the detections, added up, are less than this share of what they
        would be if all lay on one side.
    reach_km : float
        Ground farther than this from every detection has not burned.
    step_km : float
        Side of the grid on which this is worked out.
    """

    sight_km: float
    blur_km: float
    one_sided: float
    reach_km: float
    step_km: float

    @property
    def alone_km(self) -> float:
        """Radius of the disc that a single detection becomes."""
        return self.blur_km * self.one_sided / float(np.sqrt(1 - self.one_sided**2))


#: Chosen on known fires of 10 to 8,000 rai and judged on those of other seasons (benchmarks/fires.py). FEDS draws the
#: hull of the centres (alpha 1 km) and half a pixel, 0.1875 km, around it: on the same fires 1.5 times the burned
#: ground for one satellite and 2.4 times for three, since every look adds pixels that only touch the edge.
FINE = Pen(sight_km=1.5, blur_km=0.3, one_sided=0.5, reach_km=0.6, step_km=0.1)
COARSE = Pen(sight_km=5.5, blur_km=0.85, one_sided=0.5, reach_km=1.5, step_km=0.25)
#: True over drawn area, the 10th and 90th percentile of known fires, the widest of one to three satellites with and
#: without MODIS (benchmarks/fires.py prints them), by the least number of detections that the row holds for.
AREA_RANGE: tuple[tuple[int, float, float], ...] = (
    (1, 0.20, 3.3),
    (2, 0.13, 3.2),
    (4, 0.16, 1.7),
    (10, 0.55, 1.35),
    (30, 0.55, 1.2),
)


def draw(lon: np.ndarray, lat: np.ndarray, is_fine: np.ndarray, group: np.ndarray, groups: int) -> np.ndarray:
    """Return the perimeter of each fire.

    Parameters
    ----------
    lon, lat : ndarray of float64, shape (n,), degrees
        Centres of detected pixels.
    is_fine : ndarray of bool, shape (n,)
        True for pixels of about 375 m or less. Where a fire has any, the coarse ones do not draw.
    group : ndarray of int, shape (n,)
        Fire of each, 0 to `groups` - 1, each at least once.
    groups : int

    Returns
    -------
    ndarray of polygons or multipolygons, shape (groups,), EPSG:4326

    Notes
    -----
    A spot has burned when detections lie all around it. Each detection at distance d pulls with the weight
    (1 - d / `Pen.sight_km`)², along its direction times d / √(d² + `Pen.blur_km`²); the length of all pulls together
    over the sum of weights is the mean resultant length of directional statistics (Mardia and Jupp 2000, chapter 2):
    1 where all lie on one side, 0 where they surround the spot, 2 / π on a straight edge of evenly seen ground. The
    perimeter is the line where it equals `Pen.one_sided`. Ground seen twice as often everywhere is drawn the same, and
    the sparse outermost pixels of many looks, which only touch the edge, stay outside.
    """
    fine_fire = np.zeros(groups, bool)
    fine_fire[group[is_fine]] = True
    drawn = np.flatnonzero(is_fine | ~fine_fire[group])
    order = drawn[np.lexsort((lon[drawn], group[drawn]))]
    mine = group[order]
    size = np.bincount(mine, minlength=groups)
    lon_0 = np.bincount(mine, lon[order], groups) / size
    lat_0 = np.bincount(mine, lat[order], groups) / size
    wide = KM_PER_DEG * np.cos(np.radians(lat_0))
    x, y = (lon[order] - lon_0[mine]) * wide[mine], (lat[order] - lat_0[mine]) * KM_PER_DEG
    # A detection alone, as half of all fires are, is a disc; so are several within a metre.
    shape = shapely.buffer(shapely.points(np.zeros((groups, 2))), np.where(fine_fire, FINE.alone_km, COARSE.alone_km))
    start = np.append(0, np.cumsum(size))
    traced = {
        fire: _traced(
            x[start[fire] : start[fire + 1]], y[start[fire] : start[fire + 1]], FINE if fine_fire[fire] else COARSE
        )
        for fire in np.flatnonzero(np.bincount(mine, x * x + y * y, groups) > 1e-6).tolist()
    }
    if traced:
        fires = np.fromiter(traced, np.int64)
        shape[fires] = _polygons([lines for lines, _ in traced.values()], [first for _, first in traced.values()])
    return _on_earth(shape, lon_0, lat_0, wide)


def _traced(x: np.ndarray, y: np.ndarray, pen: Pen) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return the outline of the ground that detections surround; `x`, in rising order, and `y` in km.

    Corners of each part, its outer ring first, and where in them each ring begins, the end of the last one too.
    """
    edge = pen.reach_km + pen.step_km
    east, north = (
        np.arange(np.floor((v.min() - edge) / pen.step_km), (v.max() + edge) / pen.step_km + 1) * pen.step_km
        for v in (x, y)
    )
    inside = _inside(east, north, x, y, pen.sight_km, pen.blur_km, pen.one_sided, pen.reach_km)
    # Typed for every kind of filling at once; this kind gives two lists of arrays.
    outline: Any = contour_generator(east, north, inside, fill_type=FillType.OuterOffset).filled(0.0, np.inf)
    return outline[0], outline[1]


def _polygons(corners: list[list[np.ndarray]], first: list[list[np.ndarray]]) -> np.ndarray:
    """Return one polygon or multipolygon for each list of parts."""
    owner = np.repeat(np.arange(len(corners)), [len(parts) for parts in corners])
    rings = [np.diff(one) for parts in first for one in parts]
    which = np.repeat(np.arange(len(rings)), [len(one) for one in rings])
    corner = np.concatenate([one for parts in corners for one in parts])
    ring = shapely.linearrings(corner, indices=np.repeat(np.arange(len(which)), np.concatenate(rings)))
    part = shapely.polygons(ring, indices=which)
    out = shapely.multipolygons(part, indices=owner)
    alone = np.bincount(owner) == 1
    out[alone] = part[alone[owner]]
    return np.asarray(out)


@numba.njit(cache=True, nogil=True)
def _inside(
    east: np.ndarray,
    north: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
    sight: float,
    blur: float,
    one_sided: float,
    reach: float,
) -> np.ndarray:
    """Return by how much each crossing of the grid is inside, below zero outside, shape (north, east)."""
    out = np.empty((len(north), len(east)))
    for column in range(len(east)):
        first, last = np.searchsorted(x, east[column] - sight), np.searchsorted(x, east[column] + sight)
        for row in range(len(north)):
            weight, pull_x, pull_y, nearest = 0.0, 0.0, 0.0, np.inf
            for i in range(first, last):
                dx, dy = x[i] - east[column], y[i] - north[row]
                square = dx * dx + dy * dy
                if square < sight * sight:
                    nearest = min(nearest, square)
                    w = (1 - np.sqrt(square) / sight) ** 2
                    weight += w
                    w /= np.sqrt(square + blur * blur)
                    pull_x += w * dx
                    pull_y += w * dy
            near = reach - np.sqrt(nearest) if weight > 0 else -reach
            pulled = np.hypot(pull_x, pull_y) / weight if weight > 0 else 1.0
            out[row, column] = min(one_sided - pulled, near)
    return out


def _on_earth(shapes: np.ndarray, lon_0: np.ndarray, lat_0: np.ndarray, wide: np.ndarray) -> np.ndarray:
    xy, owner = shapely.get_coordinates(shapes, return_index=True)
    there = np.column_stack([lon_0[owner] + xy[:, 0] / wide[owner], lat_0[owner] + xy[:, 1] / KM_PER_DEG])
    # Seven decimals are a centimetre: the same fire is written the same however it was summed up.
    placed = shapely.set_coordinates(shapes.copy(), there.round(7))
    # An edge that folds onto itself within that centimetre.
    folded = ~shapely.is_valid(placed)
    placed[folded] = shapely.buffer(placed[folded], 0)
    return np.asarray(placed)


def area_rai(perimeters: np.ndarray) -> np.ndarray:
    """Return the area of polygons in EPSG:4326, rai, shape (n,); true to 1 in 1,000 up to 50 km of length."""
    middle = shapely.get_y(shapely.centroid(perimeters))
    return np.asarray(
        shapely.area(perimeters) * KM_PER_DEG**2 * np.cos(np.radians(middle)) * RAI_PER_KM2, dtype=np.float64
    )


def area_range(area: np.ndarray, detections: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return what the true area may be, rai: the range that held four of five known fires (`AREA_RANGE`)."""
    least = np.array([row[0] for row in AREA_RANGE])
    row = np.searchsorted(least, detections, side="right") - 1
    factor = np.array([row[1:] for row in AREA_RANGE])[np.maximum(row, 0)]
    return area * factor[:, 0], area * factor[:, 1]


def growth(before: np.ndarray, after: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how far and which way fires have moved on.

    Parameters
    ----------
    before, after : ndarray of polygons, shape (n,), EPSG:4326
        Perimeters earlier and now; None or empty in `before` where there was none.

    Returns
    -------
    km : ndarray of float64, shape (n,)
        Greatest distance of the present perimeter from the earlier one; NaN where there was none.
    bearing : ndarray of float64, shape (n,)
        Degrees from north, clockwise, from the earlier middle to the middle of the new ground; NaN where there is
        none of it.
    """
    had = ~(shapely.is_missing(before) | shapely.is_empty(before))
    km, bearing = np.full(len(after), np.nan), np.full(len(after), np.nan)
    if not had.any():
        return km, bearing
    old, new = before[had], after[had]
    middle = shapely.centroid(old)
    squeeze = np.cos(np.radians(shapely.get_y(middle)))
    # In degrees of latitude both ways, so that distances are true.
    flat_old, flat_new = (_squeezed(shapes, squeeze) for shapes in (old, new))
    corners, owner = shapely.get_coordinates(flat_new, return_index=True)
    away = shapely.distance(shapely.points(corners), flat_old[owner])
    farthest = np.zeros(len(old))
    np.maximum.at(farthest, owner, away)
    km[had] = farthest * KM_PER_DEG
    ground = shapely.difference(flat_new, flat_old)
    gained = ~shapely.is_empty(ground)
    there, here = (shapely.get_coordinates(shapely.centroid(shapes[gained])) for shapes in (ground, flat_old))
    east, north = (there - here).T
    bearing[np.flatnonzero(had)[gained]] = np.degrees(np.arctan2(east, north)) % 360
    return km, bearing


def _squeezed(shapes: np.ndarray, squeeze: np.ndarray) -> np.ndarray:
    xy, owner = shapely.get_coordinates(shapes, return_index=True)
    xy[:, 0] *= squeeze[owner]
    return np.asarray(shapely.set_coordinates(shapes.copy(), xy))
