"""GISTDA files: Thai labels, Thai time, satellites read from the id, and the real files.

Never downloads; the real files are read where they are present.
"""

from __future__ import annotations

import datetime as dt
import gzip
import io
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from data import contracts
from data.errors import FileRefused
from fetchers import firms, gistda
from fetchers.parsed import Parsed

NOW = dt.datetime(2026, 12, 1, 6, 0, tzinfo=dt.UTC)
ROW = {
    "latitude": "18.29743",
    "longitude": "99.50177",
    "province": "ลำปาง",
    "amphoe": "เมืองลำปาง",
    "tambon": "บ้านแลง",
    "village": "",
    "lu_code": "2",
    "lu_name": "ป่าสงวนแห่งชาติ",
    "hotspotid": "VI1202601041838w1w88pqny8",
    "instrument": "VIIRS",
    "confidence": "nominal",
    "frp": "0.44",
    "acq_date": "2026-01-04T00:00:00",
    "acq_time": "1838",
    "th_date": "2026-01-05T00:00:00",
    "th_time": "0138",
}
UTC_CLOCK = ("acq_date", "acq_time")
THAI_CLOCK = ("th_date", "th_time")


def text(*changes: dict[str, str], drop: tuple[str, ...] = (), upper: bool = False) -> bytes:
    rows = [{**ROW, **change} for change in changes or ({},)]
    names = [name for name in dict.fromkeys(name for row in rows for name in row) if name not in drop]
    table = pd.DataFrame([{name: row.get(name, "") for name in names} for row in rows])
    if upper:
        table.columns = table.columns.str.upper()
    return table.to_csv(index=False).encode("utf-8-sig")


def parse(*changes: dict[str, str], **how: Any) -> Parsed:
    return checked(gistda.parse_text(text(*changes, **how), NOW))


def checked(parsed: Parsed) -> Parsed:
    assert len(parsed.table) + parsed.rejected_count == parsed.read
    assert {name: str(dtype) for name, dtype in parsed.table.dtypes.items()} == contracts.HOTSPOT_COLUMNS
    contracts.check_hotspots(parsed.table[~parsed.table.duplicated("hotspot_id")])
    return parsed


def rejected(parsed: Parsed) -> dict[str, int]:
    return {remark.key: remark.count for remark in parsed.rejected}


def mended(parsed: Parsed) -> dict[str, int]:
    return {remark.key: remark.count for remark in parsed.mended}


def test_one_row_in_full() -> None:
    parsed = parse()
    row = parsed.table.iloc[0]
    assert parsed.format == "gistda-csv"
    assert row["acquired_at"] == pd.Timestamp("2026-01-04T18:38Z")
    assert (row["satellite"], row["sensor"], row["confidence"]) == ("SNPP", "VIIRS", "nominal")
    assert (row["land_class"], row["quality"], row["provider"]) == ("reserved_forest", "nrt", "gistda")
    assert (row["lon"], row["lat"], row["frp_mw"]) == (99.50177, 18.29743, np.float32(0.44))
    assert mended(parsed) == {"gistda_satellite_read": 1}


def test_the_same_pixel_as_in_firms() -> None:
    line = (
        b"latitude,longitude,bright_ti4,acq_date,acq_time,satellite,frp\n18.29743,99.50177,300,2026-01-04,18:38,N,1\n"
    )
    assert firms.parse_text(line, NOW).table["hotspot_id"].iloc[0] == parse().table["hotspot_id"].iloc[0]


def test_satellites() -> None:
    starts = ("VI1", "VI2", "VI3", "MO1", "", "vi2")
    parsed = parse(*({"hotspotid": start + "202601041838w1"} for start in starts))
    assert list(parsed.table["satellite"]) == ["SNPP", "NOAA20", "NOAA21", "NOAA20"]
    assert rejected(parsed) == {"unknown_satellite": 2}
    assert mended(parsed) == {"gistda_satellite_read": 4}


def test_satellite_column_comes_first() -> None:
    parsed = parse({"satellite": "Aqua"}, {"satellite": "N20"}, {"satellite": "?"})
    assert list(parsed.table["satellite"]) == ["AQUA", "NOAA20", "SNPP"]
    assert mended(parsed) == {"gistda_satellite_read": 1}


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("ป่าอนุรักษ์", "conservation_forest"),
        ("ป่าสงวนแห่งชาติ", "reserved_forest"),
        ("เขต สปก.", "land_reform"),
        ("ส.ป.ก.", "land_reform"),
        ("พื้นที่เกษตร", "agriculture"),
        ("ชุมชนและอื่น ๆ", "community_other"),
        (" ชุมชนและอื่นๆ", "community_other"),
        ("พื้นที่ริมทางหลวง", "highway_side"),
    ],
)
def test_land_classes(label: str, expected: str) -> None:
    assert parse({"lu_name": label}).table["land_class"].iloc[0] == expected


def test_unknown_and_empty_land_classes() -> None:
    parsed = parse({"lu_name": "ทะเล"}, {"lu_name": ""})
    assert parsed.table["land_class"].isna().all()
    assert mended(parsed) == {"gistda_satellite_read": 2, "land_class_unknown": 1}


def test_thai_clock_alone() -> None:
    parsed = parse({}, {"th_date": "2569-01-05", "th_time": "06:59"}, drop=UTC_CLOCK)
    assert list(parsed.table["acquired_at"]) == [pd.Timestamp("2026-01-04T18:38Z"), pd.Timestamp("2026-01-04T23:59Z")]
    assert mended(parsed) == {"buddhist_year": 1, "gistda_thai_time_read": 2, "gistda_satellite_read": 2}


def test_thai_clock_alone_unreadable() -> None:
    parsed = parse({"th_time": "2560"}, {"th_date": "?"}, {"th_date": "2026-12-01", "th_time": "1311"}, drop=UTC_CLOCK)
    assert rejected(parsed) == {"bad_date": 1, "bad_time": 1, "future_date": 1}
    assert mended(parsed) == {}


def test_utc_clock_alone() -> None:
    assert parse(drop=THAI_CLOCK).table["acquired_at"].iloc[0] == pd.Timestamp("2026-01-04T18:38Z")


def test_thai_clock_fills_in() -> None:
    parsed = parse({"acq_time": ""}, {"acq_date": ""}, {})
    assert set(parsed.table["acquired_at"]) == {pd.Timestamp("2026-01-04T18:38Z")}
    assert mended(parsed) == {"gistda_thai_time_read": 2, "gistda_satellite_read": 3}


def test_clocks_that_disagree() -> None:
    parsed = parse({"th_time": "0139"}, {"th_date": "2026-01-04T00:00:00"}, {"th_date": "5/1/69"})
    assert set(parsed.table["acquired_at"]) == {pd.Timestamp("2026-01-04T18:38Z")}
    told = mended(parse({"th_time": "0139"}, {"th_date": "2026-01-04T00:00:00"}, {}))
    assert told == {"gistda_times_disagree": 2, "gistda_satellite_read": 3}


def test_older_monthly_file() -> None:
    change = {"satellite": "Terra", "OBJECTID": "1", "CHANGWAT": "ลำปาง", "TAMBOL": "บ้านแลง", "confidence": "81"}
    parsed = parse({**change, "brightness": "320.5", "bright_t31": "290"}, upper=True)
    row = parsed.table.iloc[0]
    assert parsed.format == "gistda-csv-older"
    assert (row["satellite"], row["confidence"], row["brightness_k"]) == ("TERRA", "high", np.float32(320.5))
    assert row["land_class"] == "reserved_forest"


def test_service_reply() -> None:
    properties = {**ROW, "acq_date": "2026-01-04T00:00:00.000Z", "th_date": "2026-01-05T00:00:00.000Z", "frp": 0.44}
    properties |= {"satellite": "Suomi NPP", "bright_ti4": 301.2, "pv_tn": "ลำปาง", "linkgmap": "x"}
    feature = {"type": "Feature", "properties": properties, "geometry": {"type": "Point", "coordinates": [99.5, 18.3]}}
    parsed = checked(gistda.parse_geojson({"type": "FeatureCollection", "features": [feature]}, NOW))
    assert (parsed.format, parsed.mended) == ("gistda-geojson", ())
    assert parsed.table["satellite"].iloc[0] == "SNPP"
    assert parsed.table["hotspot_id"].iloc[0] == parse().table["hotspot_id"].iloc[0]


def test_latitude_and_longitude_in_one_column() -> None:
    combined = [{"Lat, Long": "18.29743, 99.50177"}, {"Lat, Long": "99.5,18.3"}, {"Lat, Long": "18.3"}]
    parsed = parse(*combined, drop=("latitude", "longitude"))
    assert parsed.table["hotspot_id"].tolist() == parse().table["hotspot_id"].tolist()
    assert rejected(parsed) == {"swapped_coordinates": 1, "bad_coordinate": 1}


@pytest.mark.parametrize(
    ("data", "key"),
    [
        ('province,"Lat, Long",Latitude,Longitude\nสงขลา,"6.66402,100.70943",6.66402,100.70943\n'.encode(), "no_dates"),
        (text(drop=(*UTC_CLOCK, *THAI_CLOCK)), "no_dates"),
        (text(drop=("hotspotid",)), "no_satellite"),
        (text(drop=("acq_time", "th_time")), "wrong_columns"),
        (text(drop=("latitude",)), "wrong_columns"),
        (text().splitlines()[0], "header_only"),
        (b"", "empty_file"),
        (b"<html></html>", "html_page"),
        (text({"acq_date": "4/1/2569"}), "ambiguous_dates"),
    ],
)
def test_refused(data: bytes, key: str) -> None:
    with pytest.raises(FileRefused) as refusal:
        gistda.parse_text(data, NOW)
    assert refusal.value.key == key


def test_recognise() -> None:
    assert gistda.recognise(list(ROW))
    assert gistda.recognise([name.upper() for name in ROW])
    assert gistda.recognise(["province", "Lat, Long", "Latitude", "Longitude"])
    assert not gistda.recognise(["latitude", "longitude", "bright_ti4", "acq_date", "acq_time", "satellite"])
    assert not gistda.recognise(["hotspotid", "frp"])


REAL = {
    "gistda_viirs_thailand_2026-01-05_to_01-18.csv.gz": 10_000,
    "raw_samples/gistda_viirs_1000rows_2026-01-05_06.csv": 1_000,
    "raw_samples/gistda_viirs_10rows_2026-01-05.csv": 10,
}


@pytest.mark.parametrize("name", REAL)
def test_real_files(shared: Path, name: str) -> None:
    path = shared / "data" / "hotspots" / name
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    parsed = checked(gistda.parse_text(data, NOW))
    table = parsed.table
    assert (parsed.read, len(table), parsed.rejected) == (REAL[name], REAL[name], ())
    assert mended(parsed) == {"gistda_satellite_read": REAL[name]}
    assert not table[["land_class", "confidence", "frp_mw"]].isna().any(axis=None)
    assert table["hotspot_id"].is_unique
    # The source's own labels and clock, read without our parser.
    source = pd.read_csv(io.BytesIO(data), dtype=str, encoding="utf-8-sig")
    assert (source["latitude"].astype(float).to_numpy() == table["lat"].to_numpy()).all()
    thai = table["acquired_at"].dt.tz_convert("Asia/Bangkok").dt.strftime("%Y-%m-%dT00:00:00 %H%M")
    assert (thai.to_numpy() == (source["th_date"] + " " + source["th_time"]).to_numpy()).all()
    assert table["land_class"].nunique() == source["lu_name"].nunique()
    if REAL[name] == 10_000:
        assert (source["province"] == "ลำปาง").sum() == 157


def test_the_short_export_is_refused(shared: Path) -> None:
    path = shared / "data" / "hotspots" / "raw_samples" / "gistda_short_export_lat_long_combined.csv"
    with pytest.raises(FileRefused) as refusal:
        gistda.parse_text(path.read_bytes(), NOW)
    assert refusal.value.key == "no_dates"


def test_every_real_file_is_covered(shared: Path) -> None:
    folder = shared / "data" / "hotspots"
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*gistda*")}
    assert found == REAL.keys() | {"raw_samples/gistda_short_export_lat_long_combined.csv"}
