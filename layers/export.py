"""Tables that leave the house as files: CSV, GeoJSON, KML and GeoPackage.

A cell that a spreadsheet would run as a formula leaves as text. Never changes a number.
"""

from __future__ import annotations

import io
import json
import tempfile
from pathlib import Path
from xml.etree import ElementTree

import geopandas as gpd
import pandas as pd

from data.clock import iso_ict
from data.identity import as_text
from data.outside import as_cells

#: NASA asks for this line wherever FIRMS data are shown.
ACKNOWLEDGEMENT = (
    "We acknowledge the use of data and/or imagery from NASA's Fire Information for Resource Management System "
    "(FIRMS) (https://earthdata.nasa.gov/firms), part of NASA's Earth Observing System Data "
    "and Information System (EOSDIS)."
)
FORMATS = {
    "csv": "text/csv",
    "geojson": "application/geo+json",
    "kml": "application/vnd.google-earth.kml+xml",
    "gpkg": "application/geopackage+sqlite3",
}
#: As those who made them write the forms.
FORM_NAMES = {"csv": "CSV", "geojson": "GeoJSON", "kml": "KML", "gpkg": "GeoPackage"}


def flat(rows: pd.DataFrame, names: pd.DataFrame) -> pd.DataFrame:
    """Return detections as plain columns for any program.

    Parameters
    ----------
    rows : DataFrame
        From `Desk.hotspots`.
    names : DataFrame
        Tambons, for their names.
    """
    named = names.set_index("tambon")[["tambon_th", "tambon_en", "amphoe", "amphoe_th", "amphoe_en"]]
    joined = named.reindex(rows["tambon"]).reset_index(drop=True)
    return pd.DataFrame(
        {
            "hotspot_id": as_text(rows["hotspot_id"].to_numpy()),
            "acquired_at_utc": rows["acquired_at"].dt.strftime("%Y-%m-%dT%H:%MZ"),
            "acquired_at_thai": [iso_ict(t) for t in rows["acquired_at"]],
            "pass": ["day" if d else "night" for d in rows["day_pass"]],
            "satellite": rows["satellite"].astype("str"),
            "sensor": rows["sensor"].astype("str"),
            "confidence": rows["confidence"].astype("object"),
            "confidence_pct": rows["confidence_pct"],
            "frp_mw": rows["frp_mw"].round(2),
            "scan_km": rows["scan_km"].round(3),
            "track_km": rows["track_km"].round(3),
            "quality": rows["quality"].astype("str"),
            "land_class": rows["land_class"].astype("object"),
            "position": rows["position"].astype("str"),
            "provider": rows["provider"].astype("str"),
            "lat": rows["lat"].round(5),
            "lon": rows["lon"].round(5),
            "tambon": rows["tambon"].to_numpy(),
            **{column: joined[column].to_numpy() for column in joined},
        }
    )


def to_bytes(table: pd.DataFrame, form: str) -> bytes:
    """Return a flat table of points (columns `lon`, `lat`) as a file of `form`, a key of `FORMATS`."""
    if form == "csv":
        return csv_bytes(table)
    if form == "geojson":
        return _geojson(table)
    if form == "kml":
        return _kml(table)
    return _gpkg(table)


def csv_bytes(table: pd.DataFrame) -> bytes:
    """Return CSV that Thai Excel opens right and that runs nothing."""
    return as_cells(table).to_csv(index=False).encode("utf-8-sig")


def _geojson(table: pd.DataFrame) -> bytes:
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [row["lon"], row["lat"]]},
            "properties": {k: None if pd.isna(v) else v for k, v in row.items() if k not in ("lon", "lat")},
        }
        for row in table.to_dict("records")
    ]
    document = {"type": "FeatureCollection", "acknowledgement": ACKNOWLEDGEMENT, "features": features}
    return json.dumps(document, ensure_ascii=False, default=str).encode()


def _kml(table: pd.DataFrame) -> bytes:
    space = "http://www.opengis.net/kml/2.2"
    ElementTree.register_namespace("", space)
    root = ElementTree.Element(f"{{{space}}}kml")
    folder = ElementTree.SubElement(root, f"{{{space}}}Document")
    ElementTree.SubElement(folder, f"{{{space}}}description").text = ACKNOWLEDGEMENT
    for row in table.to_dict("records"):
        mark = ElementTree.SubElement(folder, f"{{{space}}}Placemark")
        ElementTree.SubElement(mark, f"{{{space}}}name").text = f"{row['acquired_at_thai'][:16]} {row['satellite']}"
        when = ElementTree.SubElement(mark, f"{{{space}}}TimeStamp")
        ElementTree.SubElement(when, f"{{{space}}}when").text = row["acquired_at_utc"]
        extended = ElementTree.SubElement(mark, f"{{{space}}}ExtendedData")
        for key, value in row.items():
            if not pd.isna(value):
                data = ElementTree.SubElement(extended, f"{{{space}}}Data", name=str(key))
                ElementTree.SubElement(data, f"{{{space}}}value").text = str(value)
        point = ElementTree.SubElement(mark, f"{{{space}}}Point")
        ElementTree.SubElement(point, f"{{{space}}}coordinates").text = f"{row['lon']},{row['lat']}"
    out = io.BytesIO()
    ElementTree.ElementTree(root).write(out, encoding="utf-8", xml_declaration=True)
    return out.getvalue()


def _gpkg(table: pd.DataFrame) -> bytes:
    points = gpd.GeoDataFrame(table, geometry=gpd.points_from_xy(table["lon"], table["lat"]), crs="EPSG:4326")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "hotspots.gpkg"
        points.to_file(path, driver="GPKG", layer="hotspots")
        return path.read_bytes()
