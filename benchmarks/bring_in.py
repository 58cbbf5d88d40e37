"""Import of a million-row FIRMS CSV end to end (read, check, identify, assign, store) against pandas.read_csv alone.

Read in a process apart, as the screen and the command do, and in this one.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path

import pandas as pd

from benchmarks.measure import firms_csv, north, seconds
from data.clock import utc_now
from data.settings import load
from data.store import Store
from fetchers import apart, importer
from fetchers.brought import Brought
from models.desk import open_desk

N = 1_000_000
ROUNDS = 3


def main() -> None:
    """Print times and the ratio."""
    tambons, what = north()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        csv = folder / "fire_archive.csv"
        firms_csv(csv, tambons, N)
        peer = seconds(lambda: pd.read_csv(csv))
        times: list[tuple[float, float]] = []
        here: list[float] = []
        begun: list[float] = []
        for turn in range(ROUNDS + 1):
            start = time.perf_counter()
            store = Store(folder / f"here{turn}")
            importer.bring_in(store, importer.sources_of([csv], 10**10), utc_now)
            here.append(time.perf_counter() - start)
            shutil.rmtree(store.root)
            store = Store(folder / f"store{turn}")
            _outlines(store, tambons)
            # The index of the outlines is made once per boundary file, not once per import.
            desk = open_desk("upper_north", options=load(store=store.root))
            _ = desk.detections.index
            # Nor is the process that reads begun once per file.
            start = time.perf_counter()
            with apart.Reader(desk.settings) as read:
                list(read(Brought("nothing.csv", b"", 1), utc_now()))
                begun.append(time.perf_counter() - start)
                start = time.perf_counter()
                verdicts = importer.bring_in(store, importer.sources_of([csv], 10**10), utc_now, read=read)
            stored = time.perf_counter()
            desk.refresh().detections.assign_all()
            end = time.perf_counter()
            if turn:
                times.append((end - start, stored - start))
            shutil.rmtree(store.root)
        whole, storing = (sorted(t[i] for t in times)[ROUNDS // 2] for i in (0, 1))
        print(f"{N:,} rows, {csv.stat().st_size / 1e6:.0f} MB, {what}; kept {verdicts[0].kept:,}")
        print(f"pandas.read_csv {peer:.2f} s; import {whole:.2f} s, all but the assignment {storing:.2f} s")
        print(f"the process that reads begins in {sorted(begun)[ROUNDS // 2]:.2f} s, once per act of importing")
        print(f"all but the assignment with the file read in this process {sorted(here[1:])[ROUNDS // 2]:.2f} s")
        print(f"ratio import / read_csv = {whole / peer:.1f} (goal: at most 8)")


def _outlines(store: Store, tambons: pd.DataFrame) -> None:
    from benchmarks.measure import shared

    folder = shared()
    if folder is not None:
        path = folder / "boundaries" / "upper_north_tambons.parquet"
        importer.bring_in(store, importer.sources_of([path], 10**10), utc_now)


if __name__ == "__main__":
    main()
