"""The ground that a fire has burned, as far as satellites can tell: perimeter, area with a range, growth.

Pure: arrays in, polygons and figures out. Never decides which detections belong together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from models.linking import KM_PER_DEG

#: 1 km² in rai (1 rai = 1,600 m²).
RAI_PER_KM2 = 625.0


@dataclass(frozen=True)
class Pen:
    """How detections of one fineness are drawn: see `draw`. All in km.

    Attributes
    ----------
    widest_km : float
        Radius around the centre of a pixel that was seen once.
    thinned_km : float
        How much less it becomes as the same ground is seen again and again; below zero the edge is drawn in.
    hull_km : float
        Ground between detections is taken as burned where no disc of this radius fits between them.
    pixel_km2 : float
        Ground of a pixel.
    """

    widest_km: float
    thinned_km: float
    hull_km: float
    pixel_km2: float


#: FEDS draws with an alpha of 1 km and half a pixel, 0.1875 km, around each centre. On known fires of 10 to 8,000 rai
#: that drew 1.5 times the burned ground for one satellite and 2.4 times for three, since every look adds pixels that
#: only touch the edge (benchmarks/fires.py); so here the edge moves in as the same ground is seen again.
FINE = Pen(widest_km=0.14, thinned_km=0.30, hull_km=0.6, pixel_km2=0.14)
COARSE = Pen(widest_km=0.40, thinned_km=0.50, hull_km=1.2, pixel_km2=1.0)
#: True over drawn area, the 10th and 90th percentile of known fires, the widest of one to three satellites with and
#: without MODIS (benchmarks/fires.py prints them), by the least number of detections that the row holds for.
AREA_RANGE: tuple[tuple[int, float, float], ...] = (
    (1, 0.25, 4.8),
    (2, 0.20, 4.8),
    (4, 0.15, 2.5),
    (10, 0.55, 1.45),
    (30, 0.55, 1.1),
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
    The α-shape of the centres (Edelsbrunner, Kirkpatrick and Seidel 1983, IEEE Trans. Inf. Theory 29:551) from their
    Delaunay triangles, widened by a radius, in a local plane of each fire. The radius is `Pen.widest_km` less
    `Pen.thinned_km` times 1 - 1 / (detections per pixel of ground).
    """
    fine_fire = np.zeros(groups, bool)
    fine_fire[group[is_fine]] = True
    drawn = is_fine | ~fine_fire[group]
    size = np.bincount(group[drawn], minlength=groups)
    lon_0 = np.bincount(group[drawn], lon[drawn], groups) / size
    lat_0 = np.bincount(group[drawn], lat[drawn], groups) / size
    wide = KM_PER_DEG * np.cos(np.radians(lat_0))
    order = np.flatnonzero(drawn)[np.argsort(group[drawn], kind="stable")]
    mine = group[order]
    x, y = (lon[order] - lon_0[mine]) * wide[mine], (lat[order] - lat_0[mine]) * KM_PER_DEG
    pen = {
        name: np.where(fine_fire, getattr(FINE, name), getattr(COARSE, name))
        for name in ("widest_km", "thinned_km", "hull_km", "pixel_km2")
    }
    hull = _alpha_hulls(x, y, mine, pen["hull_km"])
    ground = shapely.area(shapely.buffer(hull, pen["widest_km"]))
    often = np.maximum(size * pen["pixel_km2"] / np.maximum(ground, pen["pixel_km2"]), 1.0)
    radius = pen["widest_km"] - pen["thinned_km"] * (1 - 1 / often)
    shape = shapely.buffer(hull, radius)
    # What is thinner than a single detection would be is drawn as wide as one.
    thin = shapely.area(shape) < np.pi * pen["widest_km"] ** 2 * 0.95
    shape[thin] = shapely.buffer(hull[thin], pen["widest_km"][thin])
    return _on_earth(shape, lon_0, lat_0, wide)


def _alpha_hulls(x: np.ndarray, y: np.ndarray, group: np.ndarray, radius: np.ndarray) -> np.ndarray:
    """Return, for each group, its Delaunay triangles of no greater circumradius, and the points in none of them."""
    centres = shapely.multipoints(shapely.points(x, y), indices=group)
    triangle, owner = shapely.get_parts(shapely.delaunay_triangles(centres), return_index=True)
    if not len(triangle):
        return np.asarray(centres)
    corner = shapely.get_coordinates(triangle).reshape(-1, 4, 2)[:, :3]
    a, b, c = (np.hypot(*(corner[:, i] - corner[:, j]).T) for i, j in ((1, 2), (2, 0), (0, 1)))
    # A flat triangle has no area and an endless radius.
    with np.errstate(divide="ignore"):
        around = a * b * c / (4 * shapely.area(triangle))
    small = around <= radius[owner]
    hulls = centres.copy()
    for which in np.unique(owner[small]).tolist():
        joined = shapely.coverage_union_all(triangle[small & (owner == which)])
        hulls[which] = shapely.union(joined, centres[which])
    return np.asarray(hulls)


def _on_earth(shapes: np.ndarray, lon_0: np.ndarray, lat_0: np.ndarray, wide: np.ndarray) -> np.ndarray:
    xy, owner = shapely.get_coordinates(shapes, return_index=True)
    there = np.column_stack([lon_0[owner] + xy[:, 0] / wide[owner], lat_0[owner] + xy[:, 1] / KM_PER_DEG])
    # Seven decimals are a centimetre: the same fire is written the same however it was summed up.
    return np.asarray(shapely.set_coordinates(shapes.copy(), there.round(7)))


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
