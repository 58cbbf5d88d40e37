"""What a fresh machine without files and network shows: a real episode, as results our own code computed.

The tables beside this file are made by `tests/build_sample.py`; their README says what each row is. Never mixes
with the desk's own store.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from data import contracts
from data.clock import ICT
from data.errors import StoreError
from data.identity import hotspot_ids
from data.merge import Writer, bounds_of
from data.store import Store

_FOLDER = Path(__file__).parent
#: The sample's own present: the officer's morning after its last night pass.
SAMPLE_NOW = dt.datetime(2026, 4, 27, 9, 0, tzinfo=ICT).astimezone(dt.UTC)
#: The day to open with: the fullest one that has both detections and PM2.5.
OPENING_DAY = dt.date(2026, 1, 17)
_TABLES = ("hotspots.csv", "air_daily.csv", "reach.csv")
#: Raised when the store layout or this reader changes.
_VERSION = "1"


def sample_now() -> dt.datetime:
    """Return the sample's own present, UTC."""
    return SAMPLE_NOW


def hotspots() -> pd.DataFrame:
    """Return the sample's detections in HOTSPOT_COLUMNS."""
    raw = pd.read_csv(_FOLDER / "hotspots.csv", dtype={"confidence": "str", "land_class": "str"})
    raw["acquired_at"] = pd.to_datetime(raw["acquired_at"], utc=True).astype("datetime64[us, UTC]")
    satellite = raw["satellite"].astype(pd.CategoricalDtype(list(contracts.SATELLITES)))
    raw["hotspot_id"] = hotspot_ids(satellite, raw["acquired_at"], raw["lon"].to_numpy(), raw["lat"].to_numpy())
    raw["sensor"] = np.where(raw["satellite"].isin(["TERRA", "AQUA"]), "MODIS", "VIIRS")
    raw = raw.assign(quality="nrt", provider=np.where(raw["position"] == "placed", "sample", "firms"))
    return contracts.check_hotspots(raw)


def readings() -> pd.DataFrame:
    """Return the sample's daily means in READING_COLUMNS."""
    raw = pd.read_csv(_FOLDER / "air_daily.csv")
    start = pd.to_datetime(raw["day"]).dt.tz_localize(ICT).dt.tz_convert("UTC").astype("datetime64[us, UTC]")
    table = raw.assign(measured_at=start, variable="pm25", averaging="P1D", value=raw["pm25"], flag="derived")
    return contracts.check_readings(table.assign(source="PCD Air4Thai"))


def open_sample() -> Store:
    """Return a store that holds the sample, made once per version of the sample.

    Raises
    ------
    StoreError
        When no folder to hold it can be written.
    """
    digest = hashlib.sha256(_VERSION.encode())
    for name in _TABLES:
        digest.update((_FOLDER / name).read_bytes())
    folders = (_FOLDER.parent.parent / ".cache", Path(tempfile.gettempdir()) / "haze-desk")
    for folder in folders:
        store = Store(folder / f"sample-{digest.hexdigest()[:16]}", sample_now)
        try:
            if store.empty:
                _fill(store)
        except StoreError:
            if folder == folders[-1]:
                raise
            continue
        return store
    raise StoreError("no folder for the sample")


def _fill(store: Store) -> None:
    with store.locked():
        state = store.state()
        if state.tables:  # another process was first
            return
        writer = Writer(store, state)
        points, air = hotspots(), readings()
        writer.add_hotspots(points)
        writer.add_readings(air)
        west, south, east, north = points["lon"].min(), points["lat"].min(), points["lon"].max(), points["lat"].max()
        reach = pd.read_csv(_FOLDER / "reach.csv", dtype="str", parse_dates=["first", "last"])
        for row in reach.to_dict("records"):
            part = points[points["satellite"].isin(row["satellites"].split(","))]
            part = part[(part["acquired_at"] >= row["first"]) & (part["acquired_at"] <= row["last"])]
            entry = {"sha256": "", "kind": "hotspots", "format": "sample", "fetched_at": SAMPLE_NOW, **row}
            entry |= {"read": len(part), "kept": len(part), "duplicates": 0, "rejected": 0, "quality": "nrt"}
            entry |= {"west": west, "south": south, "east": east, "north": north, "parser_version": _VERSION}
            writer.note({str(key): value for key, value in entry.items()})
        writer.note(
            {"sha256": "", "source": "air_daily.csv", "kind": "readings", "format": "sample", "fetched_at": SAMPLE_NOW}
            | {"read": len(air), "kept": len(air), "duplicates": 0, "rejected": 0, "parser_version": _VERSION}
            | bounds_of(air)
        )
        writer.commit()
