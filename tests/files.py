"""Small files written as the providers write them, for tests that bring files in.

Positions lie around Lampang; nothing here is a copy of a real file.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

import shapely

from tests import make

FIRMS: dict[str, str] = {
    "latitude": "18.29743",
    "longitude": "99.50177",
    "bright_ti4": "336.96",
    "scan": "0.42",
    "track": "0.45",
    "acq_date": "2026-03-10",
    "acq_time": "0630",
    "satellite": "N",
    "instrument": "VIIRS",
    "confidence": "nominal",
    "version": "2.0NRT",
    "bright_ti5": "293.54",
    "frp": "6.9",
    "daynight": "D",
}
GISTDA: dict[str, str] = {
    "latitude": "18.29743",
    "longitude": "99.50177",
    "province": "ลำปาง",
    "amphoe": "เมืองลำปาง",
    "tambon": "บ้านแลง",
    "village": "",
    "lu_name": "ป่าสงวนแห่งชาติ",
    "hotspotid": "VI1202601041838w1w88pqny8",
    "confidence": "nominal",
    "frp": "0.44",
    "acq_date": "2026-03-09T00:00:00",
    "acq_time": "1838",
    "th_date": "2026-03-10T00:00:00",
    "th_time": "0138",
}
#: One entry of the live feed of Air4Thai: all leaves are texts.
LIVE: dict[str, Any] = {
    "stationID": "37t",
    "nameTH": "สถานีอุตุนิยมวิทยาลำปาง",
    "nameEN": "Lampang Meteorological Station",
    "areaTH": "ต.พระบาท อ.เมือง, ลำปาง",
    "areaEN": "Phra Bat, Mueang, Lampang",
    "stationType": "GROUND",
    "lat": "18.278",
    "long": "99.506",
}


def table(rows: Sequence[Mapping[str, str]], delimiter: str = ",", end: str = "\n") -> str:
    """Return rows as delimited text under the names of the first."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), delimiter=delimiter, lineterminator=end)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def firms_rows(*changes: Mapping[str, str]) -> list[dict[str, str]]:
    """Return rows of FIRMS, one for each change."""
    return [{**FIRMS, **change} for change in changes or ({},)]


def firms(*changes: Mapping[str, str]) -> bytes:
    """Return a FIRMS text, one row for each change."""
    return table(firms_rows(*changes)).encode()


def gistda(*changes: Mapping[str, str]) -> bytes:
    """Return a GISTDA export, one row for each change, with its mark of the byte order."""
    return table([{**GISTDA, **change} for change in changes or ({},)]).encode("utf-8-sig")


def live(pm25: float = 40.0, date: str = "2026-03-10", time: str = "12:00", **station: str) -> bytes:
    """Return a reply of the live feed with one station."""
    none = {"value": "-1", "aqi": "-999", "color_id": "0"}
    last = {"date": date, "time": time, "PM25": {"value": str(pm25), "aqi": "1", "color_id": "1"}, "PM10": none}
    return json.dumps({"stations": [{**LIVE, **station, "AQILast": last}]}, ensure_ascii=False).encode()


def history(hours: Mapping[str, float | None], station: str = "37t") -> bytes:
    """Return a reply of the hourly history; the stamps name the end of the hour."""
    data = [{"DATETIMEDATA": stamp, "PM25": value} for stamp, value in hours.items()]
    return json.dumps({"result": "OK", "error": "", "stations": [{"stationID": station, "data": data}]}).encode()


def squares(columns: int = 2, rows: int = 2, **members: Any) -> dict[str, Any]:
    """Return a boundary set as GeoJSON: the square tambons of `tests.make`, 520101 at the lower left."""
    features = [
        feature({"ADM3_PCODE": f"TH5201{row * columns + column + 1:02d}"}, make.square(column, row))
        for row in range(rows)
        for column in range(columns)
    ]
    return {"type": "FeatureCollection", **members, "features": features}


def feature(properties: Mapping[str, Any], shape: shapely.Geometry) -> dict[str, Any]:
    """Return one GeoJSON feature."""
    return {"type": "Feature", "properties": dict(properties), "geometry": shapely.geometry.mapping(shape)}


def as_json(document: Any) -> bytes:
    """Return JSON in UTF-8."""
    return json.dumps(document, ensure_ascii=False).encode()


def zipped(members: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a zip file with these members; the same bytes each time."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 3, 10, 12, 0, 0)), content, method)
    return out.getvalue()


def gzipped(content: bytes) -> bytes:
    """Return the content as gzip."""
    return gzip.compress(content, mtime=0)
