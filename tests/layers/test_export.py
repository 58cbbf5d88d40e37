"""Files that leave the house: they parse back to the same points and ids, and no cell runs as a formula."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from xml.etree import ElementTree

import geopandas as gpd
import pandas as pd
import pytest

from layers import export
from tests.layers import desks

KML = "{http://www.opengis.net/kml/2.2}"


@pytest.fixture
def table(tmp_path: Path) -> pd.DataFrame:
    desk = desks.desk_of(desks.store_of(tmp_path / "s", [desks.march()]))
    rows = desk.hotspots(desks.DAY, desks.DAY)
    return export.flat(rows, pd.DataFrame(desk.tambons.drop(columns="geometry")))


def points(table: pd.DataFrame) -> set[tuple[str, float, float]]:
    return set(zip(table["hotspot_id"], table["lon"], table["lat"], strict=True))


def test_flat_rows_speak_for_themselves(table: pd.DataFrame) -> None:
    assert len(table) == 4
    row = table[table["confidence"] == "high"].iloc[0]
    assert (row["acquired_at_utc"], row["acquired_at_thai"]) == ("2026-03-09T18:40Z", "2026-03-10T01:40:00+07:00")
    assert (row["pass"], row["satellite"], row["tambon"], row["tambon_en"]) == ("night", "SNPP", "520101", "tambon en")
    assert row["land_class"] == "reserved_forest"
    assert table["hotspot_id"].is_unique


def test_csv_has_a_mark_for_thai_excel_and_every_row(table: pd.DataFrame) -> None:
    data = export.to_bytes(table, "csv")
    assert data.startswith(b"\xef\xbb\xbf")
    back = pd.read_csv(io.BytesIO(data), dtype={"hotspot_id": "str", "tambon": "str"})
    assert points(back) == points(table)
    assert list(back.columns) == list(table.columns)


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r"])
def test_cells_that_a_spreadsheet_would_run_are_text(table: pd.DataFrame, sign: str) -> None:
    hostile = f'{sign}HYPERLINK("http://evil.example","ลำปาง")'
    text = export.csv_bytes(table.assign(tambon_en=hostile)).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert len(rows) == 4
    assert {row["tambon_en"] for row in rows} == {"'" + hostile}


def test_a_negative_number_stays_a_number() -> None:
    text = export.csv_bytes(pd.DataFrame({"lon": [-99.5], "name": ["-1"]})).decode("utf-8-sig")
    assert text.splitlines() == ["lon,name", "-99.5,'-1"]


def test_geojson_parses_back(table: pd.DataFrame) -> None:
    document = json.loads(export.to_bytes(table, "geojson"))
    assert document["acknowledgement"] == export.ACKNOWLEDGEMENT
    back = {
        (one["properties"]["hotspot_id"], *one["geometry"]["coordinates"])
        for one in document["features"]
        if one["geometry"]["type"] == "Point"
    }
    assert back == points(table)
    missing = next(one for one in document["features"] if one["properties"]["satellite"] == "TERRA")
    assert missing["properties"]["confidence"] is None


def test_kml_parses_back(table: pd.DataFrame) -> None:
    root = ElementTree.fromstring(export.to_bytes(table, "kml"))
    assert root.findtext(f"{KML}Document/{KML}description") == export.ACKNOWLEDGEMENT
    back = set()
    for mark in root.iter(f"{KML}Placemark"):
        lon, lat = mark.findtext(f"{KML}Point/{KML}coordinates", "").split(",")
        held = {data.get("name"): data.findtext(f"{KML}value") for data in mark.iter(f"{KML}Data")}
        back.add((held["hotspot_id"], float(lon), float(lat)))
        assert mark.findtext(f"{KML}TimeStamp/{KML}when") == held["acquired_at_utc"]
    assert back == points(table)


def test_kml_holds_hostile_text_as_text(table: pd.DataFrame) -> None:
    hostile = "</value><script>alert(1)</script>&"
    root = ElementTree.fromstring(export.to_bytes(table.assign(tambon_en=hostile), "kml"))
    names = [d.findtext(f"{KML}value") for d in root.iter(f"{KML}Data") if d.get("name") == "tambon_en"]
    assert names == [hostile] * 4


def test_geopackage_parses_back(table: pd.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "out.gpkg"
    path.write_bytes(export.to_bytes(table, "gpkg"))
    back = gpd.read_file(path)
    assert back.crs.to_epsg() == 4326
    assert points(back) == points(table)
    assert {(p.x, p.y) for p in back.geometry} == {(lon, lat) for _, lon, lat in points(table)}


@pytest.mark.parametrize("form", list(export.FORMATS))
def test_no_rows_are_a_file_too(table: pd.DataFrame, form: str, tmp_path: Path) -> None:
    data = export.to_bytes(table.iloc[:0], form)
    if form == "csv":
        assert data.decode("utf-8-sig").splitlines() == [",".join(table.columns)]
    elif form == "geojson":
        assert json.loads(data)["features"] == []
    elif form == "kml":
        assert not list(ElementTree.fromstring(data).iter(f"{KML}Placemark"))
    else:
        (tmp_path / "out.gpkg").write_bytes(data)
        assert gpd.read_file(tmp_path / "out.gpkg").empty
