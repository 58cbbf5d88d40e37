"""The governor's page of a real stored day, from the command line to the file, against loading its libraries alone.

Processor seconds are told beside the clock's: a shared machine stretches the one and hardly the other.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.measure import ROOT, shared

_FILES = (
    "boundaries/upper_north_tambons.parquet",
    "boundaries/tambon_population_dopa_2021.csv",
    "hotspots/gistda_viirs_thailand_2026-01-05_to_01-18.csv.gz",
    "hotspots/viirs_snpp_c2_nrt_api_2026-04-21_to_04-25.csv.gz",
    "air/stations_north.csv",
    "air/pcd_daily_pm25_north.csv.gz",
    "air/air4thai_hourly_24hmean_north.csv.gz",
    "weather/openmeteo_weather_hourly_north8_2026-04-17_27.csv.gz",
)
#: One day with air and a forecast, one with fires and whose smoke.
_DAYS = ("2026-03-27", "2026-04-24")
_PEER = "import geopandas, lightgbm, matplotlib.figure, numba, pandas, scipy.stats, sqlalchemy, typst, xarray"


def main() -> None:
    """Print seconds of each form and day, and the ratio to the libraries alone."""
    folder = shared()
    if folder is None:
        print("left out: the real files are not here")
        return
    with tempfile.TemporaryDirectory() as name:
        store = {**os.environ, "HAZE_STORE": f"{name}/store", "HAZE_MODE": "cached"}
        command = [sys.executable, "cli.py"]
        files = [str(folder / one) for one in _FILES]
        clock, _ = _run([*command, "import", *files, "--format", "csv"], store)
        print(f"import of what a page needs, made ready: {clock:.1f} s")
        peer = _median([sys.executable, "-c", _PEER], store)
        print(f"the libraries alone: {peer[0]:.2f} s, {peer[1]:.2f} s of processor")
        for day in _DAYS:
            for form in ("pdf", "pptx", "html"):
                out = str(Path(name) / f"brief.{form}")
                clock, used = _median([*command, "brief", "--day", day, "--out", out], store)
                print(f"{day} {form}: {clock:.2f} s, {used:.2f} s of processor, ratio {used / peer[1]:.1f}")


def _median(command: list[str], environment: dict[str, str]) -> tuple[float, float]:
    rounds = [_run(command, environment) for _ in range(4)][1:]
    return statistics.median(one[0] for one in rounds), statistics.median(one[1] for one in rounds)


def _run(command: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """Return wall and processor seconds of a process."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    clock, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return clock, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main()
