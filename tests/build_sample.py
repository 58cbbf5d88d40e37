"""Makes the tables in data/sample from real files: run by hand as `python -m tests.build_sample`.

Counts are taken per tambon, day, pass and satellite with the full outlines by the desk's own code; where only such a
count may be carried, its points are placed inside the tambon of the shipped outline by a seed.
"""

from __future__ import annotations

import datetime as dt
import os
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import shapely

from data import places, settings
from data.clock import utc_now
from data.store import Store
from fetchers import importer
from models.desk import Desk

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "data" / "sample"
#: FIRMS rows of these days are carried over as figures; all others are placed.
OBSERVED = (dt.date(2026, 4, 21), dt.date(2026, 4, 27))
#: Usual overpass times over Lampang, Thai local time, by satellite and pass.
PASS_TIMES = {
    ("SNPP", False): "01:40", ("SNPP", True): "13:40", ("NOAA20", False): "01:15", ("NOAA20", True): "13:15",
    ("NOAA21", False): "02:05", ("NOAA21", True): "14:05", ("TERRA", False): "22:30", ("TERRA", True): "10:40",
    ("AQUA", False): "01:50", ("AQUA", True): "13:50",
}  # fmt: skip


def main() -> None:
    """Read the real files below HAZE_SHARED and write data/sample/*.csv."""
    shared = Path(os.environ.get("HAZE_SHARED", ROOT.parent / "shared")) / "data"
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "store")
        files = [shared / "boundaries" / "lampang_tambons.geojson", *sorted((shared / "hotspots").glob("*.gz"))]
        files.append(shared / "air" / "air4thai_hourly_24hmean_north.csv.gz")
        importer.bring_in(store, importer.sources_of(files, 10**9), utc_now)
        desk = Desk(store, places.place("lampang"), settings.load(), is_sample=False)
        rows = desk.hotspots(dt.date(2015, 1, 1), OBSERVED[1])
        rows["day"] = rows["thai_day"].dt.date
        observed = (rows["day"] >= OBSERVED[0]) & (rows["day"] <= OBSERVED[1]) & (rows["provider"] == "firms")
        table = pd.concat([_carried(rows[observed]), _placed(rows[~observed])], ignore_index=True)
        table.sort_values(["acquired_at", "lon"]).to_csv(OUT / "hotspots.csv", index=False)
        _air(desk).to_csv(OUT / "air_daily.csv", index=False)
        _reach(desk).to_csv(OUT / "reach.csv", index=False)


def _carried(rows: pd.DataFrame) -> pd.DataFrame:
    columns = ["satellite", "lon", "lat", "confidence", "frp_mw", "scan_km", "track_km", "land_class"]
    table = rows[columns].copy()
    for column in ("frp_mw", "scan_km", "track_km"):
        table[column] = rows[column].round(2)
    table.insert(0, "acquired_at", rows["acquired_at"].dt.strftime("%Y-%m-%dT%H:%MZ"))
    return table.assign(position="observed")


def _placed(rows: pd.DataFrame) -> pd.DataFrame:
    counted = rows.assign(land_class=rows["land_class"].astype("object").fillna(""))
    keys = ["tambon", "day", "day_pass", "satellite", "land_class"]
    counts = counted.groupby(keys, observed=True).size().reset_index(name="n")
    outline = places.embedded_tambons().set_index("tambon").geometry
    random = np.random.default_rng(52)
    out = []
    for row in counts.itertuples():
        hour, minute = PASS_TIMES[(row.satellite, row.day_pass)].split(":")
        local = dt.datetime.combine(row.day, dt.time(int(hour), int(minute))) - dt.timedelta(hours=7)
        for lon, lat in _inside(outline[row.tambon], row.n, random):
            stamp = f"{local:%Y-%m-%dT%H:%MZ}"
            place = {"lon": round(lon, 5), "lat": round(lat, 5), "land_class": row.land_class, "position": "placed"}
            out.append({"acquired_at": stamp, "satellite": row.satellite, **place})
    return pd.DataFrame(out)


def _inside(shape: shapely.Geometry, n: int, random: np.random.Generator) -> list[tuple[float, float]]:
    # Well inside, so that rounding and the shared border cannot move a point into a neighbour.
    core = shape.buffer(-0.002)
    core = core if not core.is_empty else shape
    west, south, east, north = core.bounds
    found: list[tuple[float, float]] = []
    while len(found) < n:
        lon, lat = random.uniform(west, east), random.uniform(south, north)
        if shapely.contains_xy(core, round(lon, 5), round(lat, 5)):
            found.append((lon, lat))
    return found


def _air(desk: Desk) -> pd.DataFrame:
    daily = desk.daily_air(dt.date(2025, 12, 24), dt.date(2026, 4, 26))
    daily = daily[daily["value"].notna()]
    days = daily["measured_at"].dt.tz_convert("Asia/Bangkok").dt.strftime("%Y-%m-%d")
    return pd.DataFrame({"station_id": daily["station_id"], "day": days, "pm25": daily["value"].round(1)})


def _reach(desk: Desk) -> pd.DataFrame:
    taken = desk.store.snapshots()
    taken = taken[taken["kind"] == "hotspots"]
    reach = pd.DataFrame({"first": taken["first"], "last": taken["last"], "satellites": taken["satellites"]})
    for column in ("first", "last"):
        reach[column] = reach[column].dt.strftime("%Y-%m-%dT%H:%MZ")
    reach["source"] = taken["source"]
    reach = reach[reach["first"] < str(OBSERVED[1])]
    return reach.drop_duplicates(["first", "last", "satellites"])


if __name__ == "__main__":
    main()
