"""A year of hourly fields to tambon means, weights built in each round, against exactextract, xvec and rasterstats.

The cost of reading the bytes stands beside it as the limit. What would take minutes is run on fewer hours and scaled;
the row says so.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterstats
import rioxarray  # noqa: F401  (xvec reads through its accessor)
import xarray as xr
import xvec  # noqa: F401  (adds its accessor)
from affine import Affine
from exactextract import exact_extract
from exactextract.raster import NumPyRasterSource

from benchmarks.measure import peak_mb, shared
from data.grids import Axes
from data.places import embedded_tambons
from models import weights, zonal

HOURS = 8760
#: Columns, rows and south-west centre of grids around Lampang, by size of the cell in degrees.
GRIDS = {
    0.1: Axes(97.5, 16.5, 0.1, 0.1, 44, 35),
    0.01: Axes(98.755, 17.105, 0.01, 0.01, 150, 240),
}


def outlines() -> tuple[gpd.GeoDataFrame, str]:
    """Return the tambons: the real full outlines of Lampang where they are, else the shipped generalised ones."""
    folder = shared()
    if folder is None:
        return embedded_tambons(), "100 shipped generalised outlines (real boundaries are not here)"
    table = gpd.read_file(folder / "boundaries" / "lampang_tambons.geojson")
    return table.rename(columns={"tambon_code": "tambon"}), f"{len(table)} real tambons of Lampang"


def field(axes: Axes, hours: int) -> np.ndarray:
    """Return synthetic PM2.5, µg/m³, float32 (hours, rows, columns): a smooth daily course and noise in each cell."""
    random = np.random.default_rng(25)
    ground = random.gamma(4, 10, (axes.rows, axes.columns)).astype(np.float32)
    made = np.empty((hours, axes.rows, axes.columns), np.float32)
    for hour in range(hours):
        made[hour] = ground * (1.5 + np.sin(hour / 24 * 2 * np.pi) + 0.3 * random.random(dtype=np.float32))
    return made


def wall(call: Callable[[], object], rounds: int = 1) -> tuple[float, float]:
    """Return the least wall and processor seconds of some rounds."""
    best = (np.inf, np.inf)
    for _ in range(rounds):
        start, used = time.perf_counter(), time.process_time()
        call()
        best = min(best, (time.perf_counter() - start, time.process_time() - used))
    return best


def peer(values: np.ndarray, axes: Axes, tambons: gpd.GeoDataFrame, strategy: str) -> np.ndarray:
    """Return means by exactextract, (hours, tambons)."""
    west, south, east, north = axes.bounds
    bands = [
        NumPyRasterSource(band[::-1].astype(np.float64), west, south, east, north, name=f"h{at}")
        for at, band in enumerate(values)
    ]
    found = exact_extract(bands, tambons, ["mean"], output="pandas", strategy=strategy)
    return found.to_numpy(float).T


def line(name: str, took: tuple[float, float], ours: tuple[float, float], note: str = "") -> None:
    print(
        f"  {name:<34} wall {took[0]:9.3f} s  cpu {took[1]:9.3f} s  {took[1] / ours[1]:9.0f} x cpu  {note}", flush=True
    )


def main() -> None:
    """Print times, ratios, memory and the greatest difference for each grid."""
    tambons, what = outlines()
    tambons = tambons.sort_values("tambon").reset_index(drop=True)
    steps = [float(text) for text in sys.argv[2:]] or list(GRIDS)
    for step in steps:
        axes = GRIDS[step]
        values = field(axes, HOURS)
        print(
            f"{step} degree, {axes.rows} x {axes.columns} cells, {HOURS} hours ({values.nbytes / 1e6:.0f} MB), {what}"
        )
        array = xr.DataArray(values, {"lat": axes.lat, "lon": axes.lon}, ("time", "lat", "lon"), "pm25")

        def ours(axes: Axes = axes, values: np.ndarray = values) -> np.ndarray:
            return zonal.over(values, weights.build(tambons, axes))[0]

        mine = ours()
        took = wall(ours, 5)
        line("weights built, then means", took, took, f"{peak_mb(ours):.0f} MB extra")
        line("limit: every byte read once (sum)", wall(lambda values=values: values.sum(), 3), took)
        few = HOURS if step >= 0.1 else 730
        for strategy in ("raster-sequential", "feature-sequential"):
            theirs = np.empty(0)

            def run(strategy: str = strategy, few: int = few, values: np.ndarray = values, axes: Axes = axes) -> None:
                nonlocal theirs
                theirs = peer(values[:few], axes, tambons, strategy)

            raw = wall(run)
            scaled = (raw[0] * HOURS / few, raw[1] * HOURS / few)
            difference = float(np.nanmax(np.abs(theirs - mine[:few])))
            note = f"difference {difference:.1e} µg/m³" + (f" (scaled from {few} h)" if few < HOURS else "")
            line(f"exactextract, {strategy}", scaled, took, note)
        hours = 48
        part = array[:hours].assign_coords(time=pd.date_range("2026-01-01", periods=hours, freq="h"))
        part = part.rename(lon="x", lat="y").rio.write_crs("EPSG:4326")
        raw = wall(lambda part=part: part.xvec.zonal_stats(tambons.geometry, "x", "y", "mean", method="exactextract"))
        line("xvec, exactextract", (raw[0] * HOURS / hours, raw[1] * HOURS / hours), took, f"(scaled from {hours} h)")
        west, _, _, north = axes.bounds
        turn = Affine(axes.step_lon, 0, west, 0, -axes.step_lat, north)

        def stats(values: np.ndarray = values, turn: Affine = turn) -> None:
            for hour in range(2):
                rasterstats.zonal_stats(tambons, values[hour, ::-1], affine=turn, stats="mean", nodata=-999)

        raw = wall(stats)
        line("rasterstats, cell centres", (raw[0] * HOURS / 2, raw[1] * HOURS / 2), took, "(scaled from 2 h)")


if __name__ == "__main__":
    main()
