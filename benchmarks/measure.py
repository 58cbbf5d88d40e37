"""Time and memory of a call, and synthetic detections for every benchmark."""

from __future__ import annotations

import gc
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import psutil

ROOT = Path(__file__).resolve().parent.parent


def shared() -> Path | None:
    """Return the folder of the real files, or None where it is absent."""
    folder = Path(os.environ.get("HAZE_SHARED", ROOT.parent / "shared")) / "data"
    return folder if folder.is_dir() else None


def seconds(call: Callable[[], object], rounds: int = 3) -> float:
    """Return the median wall time of `rounds` calls after a warm-up, seconds."""
    call()
    times = []
    for _ in range(rounds):
        gc.collect()
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def peak_mb(call: Callable[[], object]) -> float:
    """Return the memory that a call needs beyond what was held before it, megabytes, in a forked process."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        process = psutil.Process()
        gc.collect()
        # The kernel's own high-water mark, set back to the present use before the call.
        Path("/proc/self/clear_refs").write_text("5")
        before = process.memory_info().rss
        call()
        high = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
        os.write(writer, str(int(high.split()[1]) * 1024 - before).encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writer)
    return int(os.read(reader, 64)) / 1e6


def north() -> tuple[gpd.GeoDataFrame, str]:
    """Return the tambons to assign to: the 836 of the upper north where the real files are, else the shipped 100."""
    folder = shared()
    if folder is None:
        from data.places import embedded_tambons

        return embedded_tambons(), "100 shipped outlines (real boundaries are not here)"
    table = gpd.read_parquet(folder / "boundaries" / "upper_north_tambons.parquet")
    return table.rename(columns={"tambon_code": "tambon"}), f"{len(table)} real tambons of the upper north"


def points(tambons: gpd.GeoDataFrame, n: int, seed: int = 52) -> tuple[np.ndarray, np.ndarray]:
    """Return synthetic positions: 85 % in clusters as fires are, the rest anywhere in the bounding box."""
    random = np.random.default_rng(seed)
    west, south, east, north_ = tambons.total_bounds
    centres = random.uniform((west, south), (east, north_), (2000, 2))
    chosen = centres[random.integers(0, len(centres), n)] + random.normal(0, 0.02, (n, 2))
    spread = random.uniform((west, south), (east, north_), (n, 2))
    both = np.where(random.random((n, 1)) < 0.85, chosen, spread).round(5)
    return both[:, 0], both[:, 1]


def firms_csv(path: Path, tambons: gpd.GeoDataFrame, n: int) -> None:
    """Write a synthetic FIRMS archive CSV of one satellite over three seasons."""
    random = np.random.default_rng(7)
    lon, lat = points(tambons, n)
    day = pd.to_datetime("2023-01-01") + pd.to_timedelta(random.integers(0, 3 * 365, n), unit="D")
    table = pd.DataFrame(
        {
            "latitude": lat,
            "longitude": lon,
            "brightness": random.uniform(300, 367, n).round(2),
            "scan": random.uniform(0.32, 0.8, n).round(2),
            "track": random.uniform(0.36, 0.78, n).round(2),
            "acq_date": day.strftime("%Y-%m-%d"),
            "acq_time": np.char.zfill((random.choice([600, 1800, 1900], n) + random.integers(0, 60, n)).astype(str), 4),
            "satellite": "N",
            "instrument": "VIIRS",
            "confidence": random.choice(["l", "n", "h"], n, p=[0.1, 0.8, 0.1]),
            "version": "2",
            "bright_t31": random.uniform(280, 310, n).round(2),
            "frp": random.gamma(1.5, 4, n).round(2),
            "daynight": random.choice(["D", "N"], n),
            "type": 0,
        }
    )
    table.to_csv(path, index=False)
