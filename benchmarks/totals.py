"""Season-to-date totals per tambon from the running totals against a scan of the Parquet rows by pandas."""

from __future__ import annotations

import datetime as dt
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.measure import firms_csv, north, seconds
from data.clock import utc_now
from data.places import place
from data.settings import load
from data.store import Store
from fetchers import importer
from models.desk import Desk

FIRST, LAST = dt.date(2024, 1, 1), dt.date(2024, 5, 31)


def main() -> None:
    """Print times, the ratio, and whether the totals are the same."""
    tambons, _ = north()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        firms_csv(folder / "fires.csv", tambons, 1_000_000)
        store = Store(folder / "store")
        importer.bring_in(store, importer.sources_of([folder / "fires.csv"], 10**10), utc_now)
        desk = Desk(store, place("lampang"), load(), is_sample=False)
        desk.prepare()

        def ours() -> pd.DataFrame:
            return desk.detections.count(FIRST, LAST, ("SNPP",))

        def peer() -> pd.Series:
            return desk.detections.between(FIRST, LAST, ("SNPP",)).groupby("tambon").size()

        same = np.array_equal(ours().set_index("tambon")["count"].reindex(peer().index), peer())
        mine, theirs = seconds(ours, 5), seconds(peer)
        print(f"ours {mine * 1000:.2f} ms, scan {theirs * 1000:.0f} ms, ratio {theirs / mine:.0f}; same totals: {same}")


if __name__ == "__main__":
    main()
