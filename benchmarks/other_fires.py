"""Perimeters where fires and satellites are otherwise than in the usual seasons, with two other drawings beside.

The drawing was chosen on the usual seasons alone, of other seeds. Never judges which detections belong together.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import shapely

from benchmarks.fires import SIZES, matches, overlap
from benchmarks.known_fires import KM_PER_DEG, SOUTH, USUAL, WEST, WORLDS, World, season
from models import events
from models.perimeter import draw

SEED = 101
SETS = {"one": ("SNPP",), "three": ("SNPP", "NOAA20", "NOAA21")}
MODIS = {"MODIS": ("TERRA", "AQUA")}
WIDE = np.cos(np.radians(SOUTH + 0.27))


def main() -> None:
    """Print intersection over union for each way of burning and seeing, over all fires and by burned ground."""
    spans = ", ".join(f"{low:,.0f} to {high:,.0f}" for low, high in pairwise(SIZES))
    print(f"IOU per matched fire, seed {SEED}, one and three VIIRS satellites together; all fires, then {spans} rai")
    for name, world in WORLDS.items():
        _print(name, world, SETS)
    _print("MODIS alone", USUAL, MODIS)


def _print(name: str, world: World, sets: dict[str, tuple[str, ...]]) -> None:
    told = pd.concat([_told(world, satellites) for satellites in sets.values()])
    size = pd.cut(told["burned"], SIZES, right=False)
    print(f"{name}, {len(told)} fires")
    for drawing in ("ours", "FEDS", "pixels"):
        classes = "  ".join(f"{iou:.2f}" for iou in told.groupby(size, observed=False)[drawing].mean())
        print(f"    {drawing:8s} {told[drawing].mean():.3f}   {classes}")


def _told(world: World, satellites: tuple[str, ...]) -> pd.DataFrame:
    one = season(SEED, satellites=satellites, world=world)
    group = events.join(one.hotspots)
    out = []
    for found, true in matches(one, group)[["found", "true"]].itertuples(index=False):
        rows, cells = one.hotspots[group == found], one.cells[true]
        lon, lat = rows["lon"].to_numpy(float), rows["lat"].to_numpy(float)
        is_fine = (rows["sensor"] == "VIIRS").to_numpy()
        ours = draw(lon, lat, is_fine, np.zeros(len(rows), int), 1)[0]
        x, y = (lon - WEST) * KM_PER_DEG * WIDE, (lat - SOUTH) * KM_PER_DEG
        shapes = (ours, *map(_placed, (_feds(x, y), _pixels(x, y, rows))))
        (iou, _, burned), *others = (overlap(shape, cells) for shape in shapes)
        out.append((burned, iou, *(other[0] for other in others)))
    return pd.DataFrame(out, columns=["burned", "ours", "FEDS", "pixels"])


def _feds(x: np.ndarray, y: np.ndarray) -> shapely.Geometry:
    """Return the hull of the centres with an alpha of 1 km, and 0.1875 km around it (fireatlas, FireConsts)."""
    centres = shapely.multipoints(np.column_stack([x, y]))
    triangle = shapely.get_parts(shapely.delaunay_triangles(centres))
    corner = shapely.get_coordinates(triangle).reshape(-1, 4, 2)
    a, b, c = np.hypot(*np.moveaxis(np.diff(corner, axis=1), 2, 0)).T
    # A flat triangle has no area and an endless radius.
    with np.errstate(divide="ignore"):
        small = a * b * c / (4 * shapely.area(triangle)) <= 1.0
    return shapely.buffer(shapely.union_all([centres, *triangle[small]]), 0.1875)


def _pixels(x: np.ndarray, y: np.ndarray, rows: pd.DataFrame) -> shapely.Geometry:
    """Return the ground of all pixels, as large as they were seen."""
    scan, track = rows["scan_km"].to_numpy(float) / 2, rows["track_km"].to_numpy(float) / 2
    return shapely.union_all(shapely.box(x - scan, y - track, x + scan, y + track))


def _placed(shape: shapely.Geometry) -> shapely.Geometry:
    return shapely.transform(shape, lambda xy: xy / KM_PER_DEG / (WIDE, 1.0) + (WEST, SOUTH))


if __name__ == "__main__":
    main()
