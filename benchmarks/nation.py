"""Ten years of detections in 7,400 tambons and three years of hourly fields: one process against Dask workers.

The work is done at a hundredth, a tenth and the whole; costs are printed and drawn. `python -m benchmarks nation` works
through all of it (some ten minutes); `--sizes 0.01` through less. The nation is drawn
by a seed: a Voronoi net over the land that the store keeps fields of, not the real outlines.
"""

from __future__ import annotations

import argparse
import datetime as dt
import hashlib
import multiprocessing
import os
import resource
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import psutil
import shapely
import xarray as xr

from benchmarks.measure import ROOT
from data import contracts, settings
from data.identity import hotspot_ids
from data.merge import Writer, bounds_of
from data.places import place
from data.store import Store
from models import cluster, cube
from models.desk import Desk

#: The whole of the work; a year has 8,766 hours.
TAMBONS, DETECTIONS, HOURS, FIRST_YEAR, YEARS = 7_400, 5_000_000, 3 * 8766, 2016, 10
SIZES = (0.01, 0.1, 1.0)
#: West, south, east, north, degrees: as much of Thailand as lies in the box that the store keeps fields of.
LAND = (97.5, 12.5, 105.5, 20.5)
_SIDE = 0.1
_MONTHS_AT_ONCE = 744


def tambons(count: int = TAMBONS, seed: int = 52) -> gpd.GeoDataFrame:
    """Return a nation of Voronoi cells whose borders have a corner every 500 m."""
    random = np.random.default_rng(seed)
    west, south, east, north = LAND
    centres = random.uniform((west, south), (east, north), (count, 2))
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(centres), extend_to=shapely.box(*LAND)))
    shapes = shapely.segmentize(shapely.intersection(cells, shapely.box(*LAND)), 0.005)
    at = np.arange(count)
    province = (10 + at // 100).astype(str)
    amphoe = [f"{p}{n // 10 + 1:02d}" for p, n in zip(province, at % 100, strict=True)]
    codes = [f"{a}{n % 10 + 1:02d}" for a, n in zip(amphoe, at, strict=True)]
    # Neighbours get neighbouring codes, as provinces have.
    order = np.lexsort((shapely.get_x(shapely.centroid(shapes)), np.floor(shapely.get_y(shapely.centroid(shapes)))))
    table = {"tambon": codes, "amphoe": amphoe, "province": province, "area_km2": 50.0, "detail": "full"}
    table |= {f"{kind}_{lang}": table[kind] for kind in ("tambon", "amphoe", "province") for lang in ("th", "en")}
    made = gpd.GeoDataFrame(table, geometry=shapes[order], crs="EPSG:4326")
    return made[[*contracts.TAMBON_COLUMNS, "geometry"]]


def detections(year: int, count: int) -> pd.DataFrame:
    """Return a year of Suomi NPP and NOAA-20, most of it in clusters between January and April."""
    random = np.random.default_rng(year)
    west, south, east, north = LAND
    centres = random.uniform((west, south), (east, north), (3000, 2))
    spots = centres[random.integers(0, len(centres), count)] + random.normal(0, 0.05, (count, 2))
    day = np.where(random.random(count) < 0.85, random.integers(0, 120, count), random.integers(0, 365, count))
    minutes = random.choice([390, 1130], count) + random.integers(0, 60, count)
    when = pd.Series(pd.Timestamp(f"{year}-01-01", tz="UTC") + pd.to_timedelta(day * 1440 + minutes, unit="m"))
    when = when.astype("datetime64[us, UTC]")
    lon, lat = spots[:, 0].round(5), spots[:, 1].round(5)
    satellite = pd.Series(random.choice(["SNPP", "NOAA20"], count))
    table = pd.DataFrame({"acquired_at": when, "lon": lon, "lat": lat, "satellite": satellite})
    fixed = {"sensor": "VIIRS", "confidence": "nominal", "is_daytime": True, "quality": "standard"}
    table = table.assign(
        **fixed, position="observed", provider="firms", frp_mw=random.gamma(1.5, 4, count).round(2),
        brightness_k=330.0, scan_km=random.uniform(0.32, 0.8, count), track_km=random.uniform(0.36, 0.78, count),
        hotspot_id=hotspot_ids(table["satellite"], when, lon, lat),
    )  # fmt: skip
    return contracts.typed(table.reindex(columns=list(contracts.HOTSPOT_COLUMNS)), contracts.HOTSPOT_COLUMNS,
                           contracts.HOTSPOT_CATEGORIES)  # fmt: skip


def fields(first: int, hours: int) -> xr.DataArray:
    """Return hours of PM2.5 at a tenth of a degree over the land, from hour `first` of the newest three years."""
    random = np.random.default_rng(first)
    west, south, east, north = LAND
    lon = np.round(np.arange(west - 0.5, east + 0.5, _SIDE), 2)
    lat = np.round(np.arange(south - 0.4, north + 0.5, _SIDE), 2)
    values = random.gamma(4, 10, (hours, len(lat), len(lon))).astype(np.float32)
    start = pd.Timestamp(f"{FIRST_YEAR + YEARS - 3}-01-01") + pd.Timedelta(hours=first)
    coords = {"time": pd.date_range(start, periods=hours, freq="h"), "lat": lat, "lon": lon}
    return xr.DataArray(values, coords, ("time", "lat", "lon"), "pm25", {"units": "µg/m³", "source": "drawn"})


def fill(root: Path, nation: gpd.GeoDataFrame, size: float) -> None:
    """Store a share of the decade, a year and a month at a time, as imports by year and month would."""
    store = Store(root)
    with store.locked():
        writer = Writer(store, store.state())
        writer.add_tambons(nation)
        writer.commit()
        for year in range(FIRST_YEAR, FIRST_YEAR + YEARS):
            rows = detections(year, round(DETECTIONS * size / YEARS))
            writer = Writer(store, store.state())
            added = writer.add_hotspots(rows)
            note = {
                "kind": "hotspots",
                "format": "firms-archive-csv",
                "source": f"{year}.csv",
                "sha256": f"{year:064d}",
            }
            note |= {"read": len(rows), "kept": added.kept, "duplicates": added.duplicates, "rejected": 0}
            writer.note(note | {"fetched_at": store.now()} | bounds_of(rows))
            writer.commit()
        for first in range(0, round(HOURS * size), _MONTHS_AT_ONCE):
            writer = Writer(store, store.state())
            writer.add_grid(fields(first, min(_MONTHS_AT_ONCE, round(HOURS * size) - first)))
            writer.commit()


def desk_on(root: Path) -> Desk:
    """Return the desk of a store."""
    return Desk(Store(root), place("lampang"), settings.load(store=root, mode="cached"), is_sample=False)


def high_water_mb() -> float:
    """Return the most memory that the process that runs this has held, megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def apart(call: Callable[..., object], *given: object) -> tuple[float, float, float]:
    """Run a call in a fresh process; return its wall and processor seconds and the most memory it held, megabytes."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        before = pool.apply(time.process_time)
        start = time.perf_counter()
        pool.apply(call, given)
        return time.perf_counter() - start, pool.apply(time.process_time) - before, pool.apply(high_water_mb)


def alone(root: Path) -> None:
    """Make everything ready in this process."""
    cluster.prepare(desk_on(root))


def spread(root: Path, workers: int) -> tuple[float, float, float]:
    """Make everything ready on a local cluster, its start not counted; return the same of all or the largest worker."""
    with cluster.opened("local", workers) as client:
        assert client is not None
        before = sum(client.run(time.process_time).values())
        most = [0.0] * workers
        done = threading.Event()
        watched = [psutil.Process(pid) for pid in client.run(os.getpid).values()]

        def watch() -> None:
            while not done.wait(0.05):
                for at, process in enumerate(watched):
                    most[at] = max(most[at], process.memory_info().rss / 1e6)

        watcher = threading.Thread(target=watch)
        watcher.start()
        start = time.perf_counter()
        try:
            cluster.prepare(desk_on(root), client)
            took = time.perf_counter() - start
            used = sum(client.run(time.process_time).values()) - before
        finally:
            done.set()
            watcher.join()
    return took, used, max(most)


def answer(root: Path) -> str:
    """Return a name of all answers: every count of every day and tambon, and every cube, cell by cell."""
    desk, digest = desk_on(root), hashlib.sha256()
    every = np.arange(len(desk.all_tambons))
    for year in sorted(desk.detections.parts):
        first, last = dt.date(year, 1, 1), dt.date(year, 12, 31)
        for half in ("night", "day"):
            digest.update(desk.detections.daily_each(first, last, contracts.SATELLITES, every, half).tobytes())
        digest.update(desk.detections.count(first, last, contracts.SATELLITES)["count_shared"].to_numpy().tobytes())
        made = cube.cube(desk, first, last)
        for name in sorted(made.data_vars):
            digest.update(name.encode() + made[name].to_numpy().tobytes())
    return digest.hexdigest()[:16]


def measure(root: Path, nation: gpd.GeoDataFrame, size: float, workers: int) -> dict[str, float | str]:
    """Return what one size costs, both ways."""
    start = time.perf_counter()
    fill(root, nation, size)
    filled = time.perf_counter() - start
    stored_mb = sum(path.stat().st_size for path in (root / "tables").rglob("*.parquet")) / 1e6
    one_s, one_cpu_s, one_mb = apart(alone, root)
    mine = answer(root)
    start = time.perf_counter()
    desk_on(root).detections.count(dt.date(2024, 1, 1), dt.date(2024, 5, 31), ("SNPP",))
    asked = time.perf_counter() - start
    derived_mb = sum(path.stat().st_size for path in (root / "derived").iterdir()) / 1e6
    shutil.rmtree(root / "derived")
    many_s, many_cpu_s, worker_mb = spread(root, workers)
    facts = {"size": size, "detections": round(DETECTIONS * size), "hours": round(HOURS * size)}
    facts |= {"fill_s": filled, "stored_mb": stored_mb, "derived_mb": derived_mb, "count_s": asked}
    facts |= {"one_s": one_s, "one_cpu_s": one_cpu_s, "one_mb": one_mb}
    facts |= {"workers_s": many_s, "workers_cpu_s": many_cpu_s, "worker_mb": worker_mb}
    return facts | {"same": str(mine == answer(root))}


def draw(table: pd.DataFrame, path: Path, workers: int) -> None:
    """Draw the costs over the size of the work, both axes by tens."""
    import matplotlib

    matplotlib.use("Agg")
    matplotlib.rcParams["svg.hashsalt"] = "nation"
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(9, 3.6))
    for axis, columns, unit in (
        (left, ("one_cpu_s", "workers_cpu_s"), "processor seconds"),
        (right, ("one_mb", "worker_mb"), "megabytes"),
    ):
        for name, label in zip(columns, ("one process", f"{workers} Dask workers"), strict=True):
            axis.plot(table["detections"], table[name], marker="o", label=label)
        axis.set(xscale="log", xlabel="detections", ylabel=unit)
        axis.grid(alpha=0.3)
        axis.legend(frameon=False)
    left.set(yscale="log", title="work to make everything ready")
    right.set(title="most memory of one process", ylim=(0, None))
    right.axhline(4295, color="grey", linestyle=":")
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})


def main() -> None:
    """Print what each size costs both ways and whether the answers are the same; draw it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks nation", description=__doc__)
    parser.add_argument("--sizes", type=float, nargs="+", default=list(SIZES))
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--plot", type=Path, help="draw the costs into this SVG, such as docs/scale.svg")
    options = parser.parse_args(sys.argv[2:])
    nation = tambons()
    corners = int(shapely.get_num_coordinates(nation.geometry.to_numpy()).sum())
    print(f"{len(nation):,} tambons of {corners:,} corners, {YEARS} years; {options.workers} workers")
    rows = []
    for size in options.sizes:
        with tempfile.TemporaryDirectory() as name:
            row = measure(Path(name) / "store", nation, size, options.workers)
        rows.append(row)
        print(
            "  " + "  ".join(f"{k} {v:,.3g}" if isinstance(v, float) else f"{k} {v}" for k, v in row.items()),
            flush=True,
        )
    if options.plot:
        draw(pd.DataFrame(rows), ROOT / options.plot, options.workers)


if __name__ == "__main__":
    main()
