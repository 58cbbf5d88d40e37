"""A desk over four square tambons whose numbers are worked out by hand, for the tests of what the pages show.

520101 is the lower left square, 520102 to its right, 520103 above it, 520104 above that one. Only Suomi NPP and
Terra, and only the days named below, are stored; one station, 37t, stands in 520101.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from data import places, settings
from data.merge import Writer, bounds_of
from data.registry import open_registry
from data.store import Store
from layers.view import View
from models.desk import Desk
from tests import make

MIDDLE = {"520101": (99.05, 18.05), "520102": (99.15, 18.05), "520103": (99.05, 18.15), "520104": (99.15, 18.15)}
#: 20:00 in Thailand on the last stored day.
NOW = dt.datetime(2026, 3, 12, 13, 0, tzinfo=dt.UTC)
DAY = dt.date(2026, 3, 10)


def at(code: str, moment: str, **fixed: Any) -> dict[str, Any]:
    """Return a detection in the middle of a tambon; the seconds of arc keep detections of one moment apart."""
    lon, lat = MIDDLE[code]
    return {"lon": lon, "lat": lat, "acquired_at": moment, **fixed}


def march() -> pd.DataFrame:
    """Return six detections of 10 to 12 March 2026.

    10 March: 520101 day pass 2 (Suomi NPP, Terra) and night pass 1 (Suomi NPP, 01:40 Thai time, which is 18:40 UTC
    the day before); 520102 day pass 1 (Suomi NPP). 12 March: 520103 day pass 2 (Suomi NPP). 11 March: reached by the
    same file, nothing detected.
    """
    return make.hotspots(
        at("520101", "2026-03-10T06:30Z", frp_mw=12.34, land_class="agriculture"),
        at("520101", "2026-03-10T03:20Z", satellite="TERRA", sensor="MODIS", confidence=None),
        at("520101", "2026-03-09T18:40Z", confidence="high", land_class="reserved_forest"),
        at("520102", "2026-03-10T06:30Z"),
        at("520103", "2026-03-12T06:10Z"),
        at("520103", "2026-03-12T06:10Z", lon=99.06),
    )


def year_before() -> pd.DataFrame:
    """Return three detections of Suomi NPP on 10 and 12 March 2025: 520101 2, 520104 1."""
    return make.hotspots(
        at("520101", "2025-03-10T06:30Z"),
        at("520101", "2025-03-10T06:36Z"),
        at("520104", "2025-03-12T06:30Z"),
    )


def store_of(
    root: Path,
    files: Sequence[pd.DataFrame] = (),
    readings: pd.DataFrame | None = None,
    stations: pd.DataFrame | None = None,
) -> Store:
    """Return a store of the four tambons and of one hotspot file for each table, with the reach its rows have."""
    store = Store(root)
    with store.locked():
        writer = Writer(store, store.state())
        writer.add_tambons(make.tambons())
        for number, table in enumerate(files):
            added = writer.add_hotspots(table)
            remark = {"key": "no_date", "count": 2, "rows": [3, 5], "context": {}}
            note = {"kind": "hotspots", "format": "firms-nrt-csv", "source": f"file{number}.csv", "fetched_at": NOW}
            note |= {"sha256": f"{number:064x}", "read": len(table) + 2, "rejected": 2, "duplicates": added.duplicates}
            writer.note(note | {"kept": added.kept, "remarks": json.dumps([remark])} | bounds_of(table))
        writer.add_stations(make.stations({}) if stations is None else stations)
        if readings is not None:
            writer.add_readings(readings)
            note = {"kind": "readings", "format": "pcd-daily-csv", "source": "air.csv", "fetched_at": NOW}
            writer.note(note | {"sha256": "f" * 64, "read": len(readings), "kept": len(readings)} | bounds_of(readings))
        writer.commit()
    return store


def desk_of(store: Store) -> Desk:
    """Return the desk of Lampang on a store, its clock standing at NOW."""
    options = settings.load(store=store.root, mode="cached")
    return Desk(store, places.place("lampang"), options, is_sample=False, now=lambda: NOW)


def air(*values: tuple[str, float], averaging: str = "P1D") -> pd.DataFrame:
    """Return PM2.5 of 37t: ("2026-03-10", 52.0) is the mean of that Thai day, which begins at 17:00 UTC before."""
    return make.readings(
        *(
            {"measured_at": pd.Timestamp(day, tz="Asia/Bangkok"), "value": value, "averaging": averaging}
            for day, value in values
        )
    )


def view(**changes: Any) -> View:
    """Return the view of 10 March in Thai over all satellites, changed."""
    return View(**{"lang": "th", "day": DAY, **changes})


def sites(desk: Desk) -> pd.DataFrame:
    """Return the sites of the desk's registry, which holds the shipped facts alone."""
    return open_registry(desk.settings).sites(place=desk.place)
