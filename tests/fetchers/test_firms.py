"""FIRMS files: every rule on small texts of our own, and every real file with the number of rows it is known to hold.

Never downloads; the real files are read where they are present.
"""

from __future__ import annotations

import datetime as dt
import gzip
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data import contracts
from data.errors import FileRefused
from fetchers import delimited, detections, firms
from fetchers.parsed import Parsed

NOW = dt.datetime(2026, 12, 1, 6, 0, tzinfo=dt.UTC)
COLUMNS = (
    "latitude,longitude,bright_ti4,scan,track,acq_date,acq_time,satellite,confidence,version,bright_ti5,frp,daynight"
)
ROW = {
    "latitude": "18.29743",
    "longitude": "99.50177",
    "bright_ti4": "336.96",
    "scan": "0.64",
    "track": "0.72",
    "acq_date": "2026-04-22",
    "acq_time": "0542",
    "satellite": "N",
    "confidence": "nominal",
    "version": "2.0NRT",
    "bright_ti5": "293.54",
    "frp": "6.9",
    "daynight": "D",
}


def text(*changes: dict[str, str], drop: str = "", rename: dict[str, str] | None = None) -> bytes:
    """Return a file with one row per change of `ROW`, without the column `drop`, columns renamed."""
    rows = [{**ROW, **change} for change in changes or ({},)]
    names = [name for name in dict.fromkeys(name for row in rows for name in row) if name != drop]
    lines = [",".join((rename or {}).get(name, name) for name in names)]
    lines += [",".join(row.get(name, "") for name in names) for row in rows]
    return "\n".join([*lines, ""]).encode()


def parse(*changes: dict[str, str], **how: Any) -> Parsed:
    return checked(firms.parse_text(text(*changes, **how), NOW))


def checked(parsed: Parsed) -> Parsed:
    """Return `parsed` after asserting what holds for every file."""
    assert len(parsed.table) + parsed.rejected_count == parsed.read
    assert parsed.kind == "hotspots"
    assert {name: str(dtype) for name, dtype in parsed.table.dtypes.items()} == contracts.HOTSPOT_COLUMNS
    doubles = parsed.table.duplicated("hotspot_id")
    contracts.check_hotspots(parsed.table[~doubles])
    return parsed


def rejected(parsed: Parsed) -> dict[str, int]:
    return {remark.key: remark.count for remark in parsed.rejected}


def mended(parsed: Parsed) -> dict[str, int]:
    return {remark.key: remark.count for remark in parsed.mended}


def refused(data: bytes) -> FileRefused:
    with pytest.raises(FileRefused) as refusal:
        firms.parse_text(data, NOW)
    return refusal.value


def test_one_row_in_full() -> None:
    parsed = parse()
    row = parsed.table.iloc[0]
    assert (parsed.format, parsed.read, parsed.rejected, parsed.mended) == ("firms-nrt-csv", 1, (), ())
    assert row["acquired_at"] == pd.Timestamp("2026-04-22T05:42Z")
    assert (row["lon"], row["lat"]) == (99.50177, 18.29743)
    assert (row["satellite"], row["sensor"], row["confidence"]) == ("SNPP", "VIIRS", "nominal")
    assert (row["quality"], row["position"], row["provider"]) == ("nrt", "observed", "firms")
    assert row["frp_mw"] == np.float32(6.9)
    assert row["brightness_k"] == np.float32(336.96)
    assert (row["scan_km"], row["track_km"]) == (np.float32(0.64), np.float32(0.72))
    assert bool(row["is_daytime"])
    assert row[["confidence_pct", "land_class", "fire_type"]].isna().all()


@pytest.mark.parametrize(
    ("satellite", "sensor", "spellings"),
    [
        ("SNPP", "VIIRS", ["N", "NPP", "S-NPP", "Suomi NPP", "SNPP", "suomi-npp"]),
        ("NOAA20", "VIIRS", ["1", "J1", "N20", "NOAA20", "NOAA-20", "noaa 20"]),
        ("NOAA21", "VIIRS", ["2", "J2", "N21", "NOAA21", "NOAA-21"]),
        ("TERRA", "MODIS", ["T", "Terra", "TERRA"]),
        ("AQUA", "MODIS", ["A", "Aqua", "aqua"]),
        ("LANDSAT", "OLI", ["L8", "L9", "Landsat-8"]),
    ],
)
def test_satellites(satellite: str, sensor: str, spellings: list[str]) -> None:
    table = parse(*({"satellite": spelling} for spelling in spellings)).table
    assert set(table["satellite"]) == {satellite}
    assert set(table["sensor"]) == {sensor}


def test_unknown_satellite_costs_its_row() -> None:
    assert rejected(parse({}, {"satellite": "G16"}, {"satellite": ""})) == {"unknown_satellite": 2}


def test_missing_satellite_column() -> None:
    assert refused(text(drop="satellite")).key == "no_satellite"
    assert refused(text({"instrument": "MODIS"}, drop="satellite")).key == "no_satellite"
    assert set(parse({"instrument": "OLI"}, drop="satellite").table["satellite"]) == {"LANDSAT"}


@pytest.mark.parametrize(
    ("satellite", "written", "expected", "percent"),
    [
        ("T", "0", "low", 0),
        ("T", "29", "low", 29),
        ("A", "30", "nominal", 30),
        ("A", "79", "nominal", 79),
        ("A", "80", "high", 80),
        ("A", "100", "high", 100),
        ("A", "66%", "nominal", 66),
        ("N", "l", "low", None),
        ("N", "n", "nominal", None),
        ("N", "H", "high", None),
        ("N", "Nominal", "nominal", None),
        ("L8", "M", "nominal", None),
        ("N", "26", "low", 26),
        ("T", "101", None, None),
        ("T", "-1", None, None),
        ("N", "sure", None, None),
        ("N", "", None, None),
        ("T", "nan", None, None),
    ],
)
def test_confidence(satellite: str, written: str, expected: str | None, percent: float | None) -> None:
    parsed = parse({"satellite": satellite, "confidence": written})
    row = parsed.table.iloc[0]
    assert row["confidence"] == expected if expected else pd.isna(row["confidence"])
    assert row["confidence_pct"] == percent if percent is not None else np.isnan(row["confidence_pct"])
    told = {} if expected else {"confidence_unreadable": 1}
    assert mended(parsed) == ({"confidence_number_for_viirs": 1} if (satellite, written) == ("N", "26") else told)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("0305", "03:05"),
        ("703", "07:03"),
        ("41", "00:41"),
        ("5", "00:05"),
        ("0", "00:00"),
        ("05:54", "05:54"),
        ("5:54", "05:54"),
        ("03:25:00", "03:25"),
        ("703.0", "07:03"),
        ("2359", "23:59"),
    ],
)
def test_times(written: str, expected: str) -> None:
    assert parse({"acq_time": written}).table["acquired_at"].iloc[0].strftime("%H:%M") == expected


@pytest.mark.parametrize("written", ["2400", "0560", "24:00", "5:61", "noon", "", "12345", "-5"])
def test_bad_times(written: str) -> None:
    assert rejected(parse({"acq_time": written})) == {"bad_time": 1}


@pytest.mark.parametrize("written", ["2026-04-22", "2026/04/22", "2026-4-22", "2026-04-22T00:00:00", "2565-04-22"])
def test_dates(written: str) -> None:
    parsed = parse({"acq_date": written})
    assert parsed.table["acquired_at"].iloc[0].date() == dt.date(2022 if "2565" in written else 2026, 4, 22)
    assert mended(parsed) == ({"buddhist_year": 1} if "2565" in written else {})


@pytest.mark.parametrize("written", ["2026-02-30", "2026-13-01", "", "yesterday", "2000-02-23", "2026-04-22T17:00:00"])
def test_bad_dates(written: str) -> None:
    assert rejected(parse({"acq_date": written})) == {"bad_date": 1}


def test_first_light_and_future() -> None:
    rows = [{"acq_date": "2000-02-24", "satellite": "T"}]
    rows += [{"acq_date": "2026-12-01", "acq_time": time} for time in ("0610", "0611")]
    parsed = parse(*rows, {"acq_date": "2099-01-01"})
    assert rejected(parsed) == {"future_date": 2}
    assert parsed.rejected[0].rows == (3, 4)


def test_month_first_dates_proven_by_one_row() -> None:
    parsed = parse({"acq_date": "5/6/17", "acq_time": "50"}, {"acq_date": "5/25/2017"})
    assert [day.isoformat() for day in parsed.table["acquired_at"].dt.date] == ["2017-05-06", "2017-05-25"]
    assert mended(parsed) == {"us_dates": 2}
    assert parsed.mended[0].context["example"] == "5/6/17 = 2017-05-06"
    assert parsed.format == "firms-altered-csv"


def test_day_first_dates_proven_by_one_row() -> None:
    parsed = parse({"acq_date": "5/3/2569"}, {"acq_date": "25/3/2569"})
    assert [day.isoformat() for day in parsed.table["acquired_at"].dt.date] == ["2026-03-05", "2026-03-25"]
    assert mended(parsed) == {"buddhist_year": 2, "day_first_dates": 2}


@pytest.mark.parametrize("days", [["5/6/17"], ["5/25/17", "25/5/17"]])
def test_ambiguous_dates(days: list[str]) -> None:
    assert refused(text(*({"acq_date": day} for day in days))).key == "ambiguous_dates"


@pytest.mark.parametrize(
    ("lat", "lon", "key"),
    [
        ("abc", "99", "bad_coordinate"),
        ("", "99", "bad_coordinate"),
        ("18", "181", "bad_coordinate"),
        ("-91", "99", "bad_coordinate"),
        ("inf", "99", "bad_coordinate"),
        ("0", "0.0", "bad_coordinate"),
        ("99.5", "18.3", "swapped_coordinates"),
        ("-120", "18.3", "swapped_coordinates"),
    ],
)
def test_positions_outside_the_earth(lat: str, lon: str, key: str) -> None:
    parsed = parse({}, {"latitude": lat, "longitude": lon})
    assert rejected(parsed) == {key: 1}
    assert parsed.rejected[0].rows == (2,)


@pytest.mark.parametrize("field", ["frp", "bright_ti4", "scan"])
@pytest.mark.parametrize("written", ["-1", "n/a", "1e9"])
def test_unreadable_measures_are_missing_and_told(field: str, written: str) -> None:
    parsed = parse({}, {field: written}, {field: ""})
    assert mended(parsed) == {"cell_unreadable": 1}
    assert parsed.mended[0].context["column"] in (field, "brightness")
    column = {"frp": "frp_mw", "bright_ti4": "brightness_k", "scan": "scan_km"}[field]
    assert list(parsed.table[column].isna()) == [False, True, True]


def test_zero_fire_power_is_a_value() -> None:
    assert parse({"frp": "0"}).table["frp_mw"].iloc[0] == 0


@pytest.mark.parametrize(
    ("version", "kind", "quality"),
    [
        ("61.03", "0", "standard"),
        ("2", "0", "standard"),
        ("2.0NRT", "0", "nrt"),
        ("61.03", None, "standard"),
        ("6.1", None, "standard"),
        ("1", None, "standard"),
        ("2.0", None, "nrt"),
        ("6.0", None, "nrt"),
        ("6.1NRT", None, "nrt"),
        ("2.0URT", None, "nrt"),
        ("2.0RT", None, "nrt"),
        ("", None, "nrt"),
    ],
)
def test_quality(version: str, kind: str | None, quality: str) -> None:
    change = {"version": version} | ({"type": kind} if kind else {})
    assert parse(change).table["quality"].iloc[0] == quality


def test_quality_without_version() -> None:
    assert parse(drop="version").table["quality"].iloc[0] == "nrt"
    assert parse({"type": "2"}, drop="version").table["quality"].iloc[0] == "standard"


def test_fire_type_and_daytime() -> None:
    changes = [{"type": kind, "daynight": light} for kind, light in zip("0123x", "DNdnX", strict=True)]
    parsed = parse(*changes)
    assert [None if pd.isna(kind) else kind for kind in parsed.table["fire_type"]] == [0, 1, 2, 3, None]
    assert [None if pd.isna(day) else day for day in parsed.table["is_daytime"]] == [True, False, True, False, None]
    assert [remark.context["column"] for remark in parsed.mended] == ["daynight", "type"]
    assert parse(drop="daynight").table["is_daytime"].isna().all()


@pytest.mark.parametrize(
    "names",
    [
        {"latitude": "lat", "longitude": "lng"},
        {"latitude": "Lat", "longitude": "Long"},
        {"latitude": "y", "longitude": "x"},
        {"latitude": "LATITUDE", "acq_date": "date", "acq_time": "time"},
        {"confidence": "probability (%)", "longitude": "lon"},
    ],
)
def test_renamed_columns(names: dict[str, str]) -> None:
    parsed = parse({"confidence": "h"}, rename=names)
    assert parsed.format == "firms-altered-csv"
    assert mended(parsed) == {"renamed_columns": len(names)}
    assert all(f"{new} = {old}" in parsed.mended[0].context["columns"] for old, new in names.items())
    pd.testing.assert_frame_equal(parsed.table, parse({"confidence": "h"}).table)


def test_a_stray_date_column_is_not_taken() -> None:
    parsed = parse({"date": "2011-01-01", "first_seen_in_snapshot": "x"})
    assert (parsed.format, parsed.mended) == ("firms-nrt-csv", ())
    assert parsed.table["acquired_at"].dt.year.iloc[0] == 2026


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"type": "0", "version": "2"}, "firms-archive-csv"),
        ({"version": "61.03", "satellite": "Terra"}, "firms-archive-csv"),
        ({}, "firms-nrt-csv"),
        ({"instrument": "VIIRS"}, "firms-nrt-csv"),
        ({"acq_time": "05:54"}, "firms-daily-text"),
        ({"instrument": "VIIRS", "acq_time": "703"}, "firms-api-csv"),
        ({"country_id": "THA", "instrument": "VIIRS", "acq_time": "1803"}, "firms-api-csv"),
        ({"instrument": "VIIRS", "acq_time": "703", "type": "0", "version": "2"}, "firms-api-csv"),
    ],
)
def test_formats(change: dict[str, str], expected: str) -> None:
    assert parse(change).format == expected
    assert expected in {name for name, _, _ in firms.FORMATS}


def test_viirs_in_modis_columns() -> None:
    parsed = parse(
        {"confidence": "26", "version": "2.0"}, rename={"bright_ti4": "brightness", "bright_ti5": "bright_t31"}
    )
    assert mended(parsed) == {"confidence_number_for_viirs": 1, "viirs_in_modis_columns": 1}
    assert parsed.table["sensor"].iloc[0] == "VIIRS"


def test_the_same_pixel_has_the_same_number_in_every_form() -> None:
    forms = [{"acq_time": "0542"}, {"acq_time": "542", "satellite": "S-NPP"}, {"acq_time": "05:42", "confidence": "n"}]
    table = parse(*forms, {"acq_time": "0543"}).table
    assert list(table["hotspot_id"].duplicated()) == [False, True, True, False]


@pytest.mark.parametrize(
    ("data", "key"),
    [
        (b"Invalid MAP_KEY.", "firms_invalid_key"),
        (b"Invalid API key.\n", "firms_invalid_key"),
        (b"Exceeding allowed transaction limit.", "firms_limit"),
        (b"Invalid source.", "firms_message"),
        (b"Invalid day range, expects [1..5] days.", "firms_message"),
        (b"<html><body>Down</body></html>", "html_page"),
        (COLUMNS.encode(), "header_only"),
        ((COLUMNS + "\r\n").encode(), "header_only"),
        (b"", "empty_file"),
        (b"a,b,c\n1,2,3\n", "wrong_columns"),
        (b"station,lat,lon,date,time,pm25\ns,18,99,2026-01-01,01:00,3\n", "wrong_columns"),
        (b"latitude,longitude,brightness\n5.4,102.9,328.6\n", "no_dates"),
        (b"snapshot_time,detections_worldwide,detections_in_north_box\nx,1,2\n", "not_detections"),
        (b"date,Province,hotspot_count,frp_sum\n2023-01-01,Lampang,2.0,2.67\n", "not_detections"),
    ],
)
def test_refused(data: bytes, key: str) -> None:
    assert refused(data).key == key


def test_missing_time_column_is_named() -> None:
    refusal = refused(text(drop="acq_time"))
    assert (refusal.key, refusal.context["missing"]) == ("wrong_columns", "acq_time")
    assert refused(text(drop="acq_date")).key == "no_dates"


def test_a_key_in_a_message_is_not_repeated() -> None:
    refusal = refused(b"Invalid request for " + b"0123456789abcdef" * 2)
    assert "0123456789abcdef" not in str(refusal) + str(refusal.context)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (COLUMNS, True),
        ("lat,lng,frp", True),
        ("date,Province,hotspot_count,frp_sum,frp_mean", True),
        ("LATITUDE,LONGITUDE,acq_date,acq_time", True),
        ("lat,lon,date,time,pm25", False),
        ("latitude,longitude,hotspotid,frp", False),
        ("latitude,frp", False),
    ],
)
def test_recognise(header: str, expected: bool) -> None:
    assert firms.recognise(header.split(",")) is expected


def test_geojson() -> None:
    point = {"type": "Point", "coordinates": [99.50177, 18.29743]}
    upper = {name.upper(): value for name, value in ROW.items()}
    bare = {name: value for name, value in ROW.items() if name not in ("latitude", "longitude")}
    numbers = {**bare, "acq_time": 542, "frp": 6.9, "bright_ti4": 336.96, "scan": 0.64, "track": 0.72}
    tables = []
    for properties in (upper, bare, numbers):
        document = {"type": "FeatureCollection", "features": [{"geometry": point, "properties": properties}]}
        parsed = checked(firms.parse_geojson(document, NOW))
        assert parsed.format == "firms-geojson"
        tables.append(parsed.table)
    for table in tables:
        pd.testing.assert_frame_equal(table, parse().table)


def test_geojson_without_points_or_features() -> None:
    bare = {name: value for name, value in ROW.items() if name not in ("latitude", "longitude")}
    parsed = checked(firms.parse_geojson({"features": [{"geometry": None, "properties": bare}]}, NOW))
    assert rejected(parsed) == {"bad_coordinate": 1}
    for document, key in (({"features": []}, "header_only"), ({"type": "Point"}, "wrong_columns")):
        with pytest.raises(FileRefused) as refusal:
            firms.parse_geojson(document, NOW)
        assert refusal.value.key == key


@pytest.mark.parametrize("parts", [{}, {"a.shp": b"x"}, {"a.dbf": b"no table"}])
def test_damaged_shapefile(parts: dict[str, bytes]) -> None:
    with pytest.raises(FileRefused) as refusal:
        firms.parse_shapefile(parts, NOW)
    assert refusal.value.key == "damaged_shapefile"


ROWS = st.fixed_dictionaries(
    {
        "latitude": st.floats(-90, 90).map(lambda value: f"{value:.5f}"),
        "longitude": st.floats(-180, 180).map(lambda value: f"{value:.5f}"),
        "bright_ti4": st.floats(200, 500).map(lambda value: f"{value:.2f}") | st.just(""),
        "frp": st.floats(0, 900).map(repr) | st.just(""),
        "acq_date": st.dates(dt.date(2000, 2, 24), dt.date(2026, 11, 30)).map(str),
        "acq_time": st.times().map(lambda time: time.strftime("%H%M").lstrip("0") or "0"),
        "satellite": st.sampled_from(sorted(detections.SATELLITE_NAMES)),
        "confidence": st.sampled_from(["l", "n", "h", "0", "55", "100", ""]),
        "version": st.sampled_from(["2.0NRT", "2", "61.03", "6.0"]),
        "daynight": st.sampled_from(["D", "N", ""]),
    }
)


@settings(deadline=None)
@given(st.lists(ROWS, min_size=1, max_size=25))
def test_fast_and_slow_path_give_the_same_table(rows: list[dict[str, str]]) -> None:
    clean = text(*rows)
    fast = checked(firms.parse_text(clean, NOW))
    slow = checked(firms.parse_text(clean + b"broken,row\n", NOW))
    assert delimited.read(clean, firms._choose).fast
    assert slow.read == fast.read + 1
    assert rejected(slow) == {**rejected(fast), "cell_count": 1}
    assert (fast.format, fast.mended) == (slow.format, slow.mended)
    pd.testing.assert_frame_equal(fast.table, slow.table)
    assert fast.table["hotspot_id"].tolist() == slow.table["hotspot_id"].tolist()


def load(path: Path) -> Parsed:
    """Parse a real file by what it is."""
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            return firms.parse_shapefile({name: archive.read(name) for name in archive.namelist()}, NOW)
    if "json" in "".join(path.suffixes[-2:]):
        return firms.parse_geojson(json.loads(data), NOW)
    return firms.parse_text(data, NOW)


#: File, rows it holds, form without its first word.
REAL = [
    ("modis_c6_nrt_global24h_2017-04-28.csv.gz", 389, "nrt-csv"),
    ("modis_c6_nrt_global24h_2017-04-29.csv.gz", 94, "nrt-csv"),
    ("modis_c6_nrt_global24h_2017-05-02.csv.gz", 542, "nrt-csv"),
    ("modis_c6_nrt_global24h_2017-05-04_renamed_header.csv.gz", 526, "altered-csv"),
    ("modis_c6_nrt_global48h_2018-12-03.csv.gz", 107, "nrt-csv"),
    ("modis_c6_nrt_seasia24h_2019-01-23.csv.gz", 106, "nrt-csv"),
    ("viirs_snpp_c1_nrt_seasia24h_2019-01-22.csv.gz", 255, "nrt-csv"),
    ("modis_c6_nrt_globalday_2019-02-21.csv.gz", 211, "daily-text"),
    ("modis_c6_nrt_global24h_2019-04-06.csv.gz", 1028, "nrt-csv"),
    ("modis_c6_nrt_globalday_2019-04-06.csv.gz", 802, "daily-text"),
    ("viirs_snpp_c1_nrt_globalday_2019-04-07.csv.gz", 1211, "daily-text"),
    ("modis_c6_nrt_global24h_2021-02-13.csv.gz", 292, "nrt-csv"),
    ("modis_c61_nrt_global24h_2022-02-27.csv.gz", 238, "nrt-csv"),
    ("modis_c61_nrt_global7d_2022-04-04.csv.gz", 905, "nrt-csv"),
    ("modis_c61_nrt_global24h_2023-03-11.csv.gz", 444, "nrt-csv"),
    ("viirs_snpp_c2_nrt_globalday_2023-11-09.csv.gz", 13, "daily-text"),
    ("viirs_noaa20_c2_nrt_globalday_2023-11-09.csv.gz", 7, "daily-text"),
    ("modis_c61_nrt_global24h_2025-11-24.csv.gz", 21, "nrt-csv"),
    ("viirs_snpp_c2_nrt_api_2026-04-21_to_04-25.csv.gz", 1839, "api-csv"),
    ("viirs_snpp_c2_nrt_api_2026-04-22_to_04-25.csv.gz", 1367, "api-csv"),
    ("viirs_snpp_c2_nrt_api_2026-04-23_to_04-26.csv.gz", 727, "api-csv"),
    ("modis_c61_nrt_myanmar7d_2026-05-26.csv.gz", 42, "nrt-csv"),
    ("viirs_snpp_c1_nrt_thailand_2019-10-01_to_11-12.geojson.gz", 1490, "geojson"),
    ("modis_c61_nrt_global24h_json_season2022.csv.gz", 1698, "nrt-csv"),
    ("modis_c61_nrt_global24h_json_season2023.csv.gz", 2050, "nrt-csv"),
    ("modis_c61_nrt_global24h_json_season2024.csv.gz", 327, "nrt-csv"),
    ("replay_modis_nrt_season2022.csv.gz", 1698, "nrt-csv"),
    ("replay_modis_nrt_season2023.csv.gz", 2050, "nrt-csv"),
    ("replay_modis_nrt_season2024.csv.gz", 327, "nrt-csv"),
    ("raw_samples/firms_nrt_regional24h_MODIS_C6_SouthEast_Asia_24h_2019-01-23.csv", 1661, "nrt-csv"),
    ("raw_samples/firms_nrt_regional24h_VNP14IMGTDL_NRT_SouthEast_Asia_24h_2019-01-22.csv", 5870, "nrt-csv"),
    ("raw_samples/firms_nrt_global24h_MODIS_C6_1_Global_24h_2023-03-11_first100.csv", 100, "nrt-csv"),
    ("raw_samples/firms_nrt_dailytext_MODIS_C6_Global_MCD14DL_NRT_2019052_first100.txt", 100, "daily-text"),
    ("raw_samples/firms_nrt_dailytext_SUOMI_VIIRS_C2_Global_VNP14IMGTDL_NRT_2023313_first100.txt", 100, "daily-text"),
    ("raw_samples/firms_nrt_dailytext_J1_VIIRS_C2_Global_VJ114IMGTDL_NRT_2023313_first100.txt", 100, "daily-text"),
    ("raw_samples/firms_api_area_VIIRS_SNPP_NRT_2026-04-23_to_26.csv", 749, "api-csv"),
    ("raw_samples/firms_archive_csv_fire_archive_M-C61_malaysia_first100.csv", 100, "archive-csv"),
    ("raw_samples/firms_download_csv_fire_nrt_J1V-C2_157510_first100.csv", 100, "nrt-csv"),
    ("raw_samples/firms_download_csv_fire_nrt_M6_157509_first100.csv", 100, "nrt-csv"),
    ("raw_samples/firms_download_csv_fire_nrt_V1_157511_first100.csv", 100, "nrt-csv"),
    ("raw_samples/firms_archive_shapefile_DL_FIRE_M6_23960.zip", 498, "shapefile"),
    ("raw_samples/firms_archive_shapefile_DL_FIRE_V1_23961.zip", 2037, "shapefile"),
    ("raw_samples/firms_24h_as_geojson_modis_all_strings.json.gz", 1451, "geojson"),
    ("raw_samples/firms_7d_geojson_geonet_myanmar_fires.geojson", 380, "geojson"),
    ("raw_samples/altered_firms_header_lat_lng_first100.csv", 100, "altered-csv"),
    ("raw_samples/altered_firms_header_probability_percent_first100.csv", 100, "altered-csv"),
    ("raw_samples/altered_firms_us_style_dates_first100.csv", 100, "altered-csv"),
    ("raw_samples/broken_firms_csv_with_git_conflict_markers_cut.csv", 39, "nrt-csv"),
]
REFUSED = {
    "raw_samples/minimal_lat_lon_brightness_no_date_first200.csv": "no_dates",
    "viirs_snpp_daily_counts_8provinces_2023_2024_2026.csv.gz": "not_detections",
    "replay_modis_nrt_season2022_snapshots.csv.gz": "not_detections",
    "replay_modis_nrt_season2023_snapshots.csv.gz": "not_detections",
    "replay_modis_nrt_season2024_snapshots.csv.gz": "not_detections",
}


@pytest.fixture(scope="module")
def real(shared: Path) -> Callable[[str], Parsed]:
    return lambda name: load(shared / "data" / "hotspots" / name)


@pytest.mark.parametrize(("name", "rows", "form"), REAL, ids=[name for name, _, _ in REAL])
def test_real_files(real: Callable[[str], Parsed], name: str, rows: int, form: str) -> None:
    parsed = checked(real(name))
    assert (parsed.read, len(parsed.table), parsed.format) == (rows, rows, f"firms-{form}")
    archive = "archive" in form or "archive" in name
    assert set(parsed.table["quality"]) == {"standard" if archive else "nrt"}
    assert not parsed.table[["confidence", "frp_mw", "brightness_k", "scan_km", "track_km"]].isna().any(axis=None)


def test_every_real_file_is_covered(shared: Path) -> None:
    folder = shared / "data" / "hotspots"
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    ours = {name for name in found if "gistda" not in name and not name.startswith(("gridded", "README"))}
    assert ours == {name for name, _, _ in REAL} | REFUSED.keys()


@pytest.mark.parametrize("name", REFUSED)
def test_real_files_that_hold_no_detections(real: Callable[[str], Parsed], name: str) -> None:
    with pytest.raises(FileRefused) as refusal:
        real(name)
    assert refusal.value.key == REFUSED[name]


def test_overlapping_pulls_share_their_detections(real: Callable[[str], Parsed]) -> None:
    names = [name for name, _, _ in REAL if name.startswith("viirs_snpp_c2_nrt_api_")]
    ids = pd.concat([real(name).table["hotspot_id"] for name in names])
    assert (len(ids), ids.nunique()) == (3933, 1895)


def test_replayed_seasons_are_the_same_detections(real: Callable[[str], Parsed]) -> None:
    for year in (2022, 2023, 2024):
        season = real(f"modis_c61_nrt_global24h_json_season{year}.csv.gz").table
        replay = real(f"replay_modis_nrt_season{year}.csv.gz").table
        assert set(season["hotspot_id"]) == set(replay["hotspot_id"])


def test_what_is_told_of_altered_files(real: Callable[[str], Parsed]) -> None:
    assert mended(real("raw_samples/altered_firms_us_style_dates_first100.csv")) == {
        "renamed_columns": 2,
        "us_dates": 100,
    }
    assert mended(real("raw_samples/broken_firms_csv_with_git_conflict_markers_cut.csv")) == {"conflict_markers": 3}
    told = mended(real("modis_c61_nrt_myanmar7d_2026-05-26.csv.gz"))
    assert told == {"confidence_number_for_viirs": 33, "viirs_in_modis_columns": 33}
