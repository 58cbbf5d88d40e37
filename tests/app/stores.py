"""Small real-shaped files whose numbers are worked out by hand, for the tests of the whole app.

A is tambon Wang Phrao (520304), B is tambon Mae Wa (520802). Detections by Thai day: 10 March 2026 A 2 (day pass);
11 March A 1 (night pass, 18:40 UTC the day before) and B 1 (day pass, NOAA-20); 12 March B 1 (day pass). The reply of
Air4Thai gives station 37t 112.4 µg/m³ at 14:00 of 12 March.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import shapely

from data import clock, places
from data.store import Store
from fetchers import importer
from fetchers.brought import Brought

A, B = "520304", "520802"
COLUMNS = (
    "latitude,longitude,bright_ti4,scan,track,acq_date,acq_time,satellite,confidence,version,bright_ti5,frp,daynight"
)


def inside(code: str) -> tuple[float, float]:
    """Return a longitude and latitude inside a tambon of the embedded outline, to five decimals."""
    shape = places.embedded_tambons().set_index("tambon").geometry[code]
    centre = shapely.get_point(shapely.maximum_inscribed_circle(shape), 0)
    return round(centre.x, 5), round(centre.y, 5)


def firms() -> bytes:
    """Return the five detections as a FIRMS file."""
    lines = [COLUMNS]
    for code, day, time, satellite in (
        (A, "2026-03-10", "0630", "N"),
        (A, "2026-03-10", "0636", "N"),
        (A, "2026-03-10", "1840", "N"),
        (B, "2026-03-11", "0610", "N20"),
        (B, "2026-03-12", "0650", "N"),
    ):
        lon, lat = inside(code)
        lines.append(f"{lat},{lon},336.96,0.4,0.4,{day},{time},{satellite},nominal,2.0NRT,293.54,6.9,D")
    return "\n".join([*lines, ""]).encode()


def air4thai(**changes: Any) -> bytes:
    """Return a reply of Air4Thai with station 37t, its fields changed."""
    entry = {
        "stationID": "37t",
        "nameTH": "สถานีอุตุนิยมวิทยาลำปาง",
        "nameEN": "Lampang Meteorological Station",
        "areaTH": "ต.พระบาท อ.เมือง, ลำปาง",
        "areaEN": "Phra Bat, Mueang, Lampang",
        "stationType": "GROUND",
        "lat": "18.2783333",
        "long": "99.5064666",
        "forecast": [],
        "AQILast": {
            "date": "2026-03-12",
            "time": "14:00",
            "PM25": {"color_id": "5", "aqi": "238", "value": "112.4"},
            "PM10": {"color_id": "0", "aqi": "-999", "value": "-1"},
        },
        **changes,
    }
    return json.dumps({"stations": [entry]}).encode()


def bring(root: Path, **files: bytes) -> Store:
    """Return a store with the files, each of which must have been taken in whole."""
    store = Store(root)
    sources = [Brought(name, data, 10**9) for name, data in files.items()]
    verdicts = importer.bring_in(store, sources, clock.utc_now)
    assert [verdict.refused for verdict in verdicts] == [None] * len(files)
    assert all(verdict.kept == verdict.read > 0 for verdict in verdicts)
    return store
