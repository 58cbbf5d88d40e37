"""Tidy tables of air quality: a few rows each in the columns of the real tables, then the real ones."""

from __future__ import annotations

import datetime as dt
import gzip
from pathlib import Path

import pandas as pd
import pytest

from data import contracts
from data.errors import FileRefused
from fetchers import tidy_air
from fetchers.parsed import Parsed

NOW = dt.datetime(2026, 12, 1, tzinfo=dt.UTC)


def parse(*lines: str, name: str = "table.csv") -> Parsed:
    return tidy_air.parse("\n".join(lines).encode(), name, NOW)


def told(parsed: Parsed) -> dict[str, int]:
    return {remark.key: remark.count for remark in (*parsed.rejected, *parsed.mended)}


def balanced(parsed: Parsed) -> bool:
    doubles = told(parsed).get("double_records", 0)
    kept = len(parsed.table.drop_duplicates(["station_id", "measured_at", "averaging"]))
    return parsed.read == kept + doubles + parsed.rejected_count


def stamps(parsed: Parsed) -> list[str]:
    return [time.tz_convert("Asia/Bangkok").strftime("%m-%dT%H") for time in parsed.table["measured_at"]]


LIVE = "station_id,time_ict,pm25_value,pm25_aqi,pm25_color_id,pm10_value"


def test_live_series_are_24_hour_means_as_published() -> None:
    parsed = parse(LIVE, "37t,2026-03-05T12:00:00+07:00,88.6,214,5,-1", "38T,2026-03-05T12:00:00+07:00,-1,-1,0,120")
    assert parsed.format == "air4thai-24h-csv"
    assert set(parsed.table["averaging"]) == {"PT24H"}
    assert stamps(parsed) == ["03-05T12"] * 4
    values = parsed.table.set_index(["station_id", "variable"])["value"]
    assert values["37t", "pm25"] == 88.6
    assert values["38t", "pm10"] == 120
    assert values.isna().sum() == 2
    assert balanced(parsed)


def test_text_that_pandas_would_swallow_is_understood() -> None:
    parsed = parse(LIVE, "37t,2026-03-05T12:00:00+07:00,N/A,,,n/a", "38t,2026-03-05T12:00:00+07:00,broken,,,")
    assert (parsed.table["flag"] == "missing").all()
    assert told(parsed)["cell_unreadable"] == 1


def test_bad_rows_are_rejected_one_by_one() -> None:
    parsed = parse(
        LIVE,
        ",2026-03-05T12:00:00+07:00,1,,,",
        "37t,,1,,,",
        "37t,yesterday,1,,,",
        "37t,2027-01-01T00:00:00+07:00,1,,,",
        "37t,2026-03-05T12:00:00+07:00,5000,,,",
        "37t,2026-03-05T12:00:00+07:00,5,,,",
        "37t,2026-03-05T13:00:00+07:00",
    )
    assert told(parsed) == {
        "cell_count": 1,
        "no_date": 1,
        "bad_date": 1,
        "future_date": 1,
        "no_station": 1,
        "implausible_value": 1,
        "double_records": 1,
    }
    assert list(parsed.table["value"][parsed.table["variable"] == "pm25"]) == [5]
    assert balanced(parsed)


def test_hour_labels_decide_the_end_of_the_hour() -> None:
    parsed = parse(
        "station_id,time_ict,label,endpoint,pm25_1h,pm10_1h",
        "35t,2020-11-03T05:00:00+07:00,hour_beginning,webV2,18.0,39.0",
        "36t,2025-11-02T05:00:00+07:00,hour_ending,forweb,9.3,",
        "36t,2025-11-02T06:00:00+07:00,,forweb,9.3,",
    )
    assert stamps(parsed)[:2] == ["11-03T05", "11-02T04"]
    assert (told(parsed)["no_hour_label"], told(parsed)["hour_ending_shifted"]) == (1, 1)
    assert set(parsed.table["averaging"]) == {"PT1H"}
    assert balanced(parsed)


DAILY = "date,station_id,province,pm25_24h,raw_text,source_year,source_column,source_row,note"


def test_daily_means_keep_two_sites_apart_and_leave_out_the_row_out_of_step() -> None:
    parsed = parse(
        DAILY,
        "2019-01-01,70t,Phayao,17.0,,2019,70T*,2,",
        "2019-01-01,70t,Phayao,,n/a,2019,70T**,2,",
        "2021-06-28,37t,Lampang,9.0,,2021,37T,180,",
        "2021-06-30,37t,Lampang,13.0,,2021,37T,181,date appears twice",
        "2021-06-30,37t,Lampang,12.0,,2021,37T,182,date appears twice",
        "2021-07-01,37t,Lampang,11.0,,2021,37T,183,",
    )
    assert list(parsed.table["station_id"]) == ["70t-old", "70t", "37t", "37t", "37t"]
    assert list(parsed.table["value"][2:]) == [9, 12, 11]
    assert parsed.rejected[0].key == "double_day"
    assert parsed.rejected[0].rows == (4,)
    assert stamps(parsed)[0] == "01-01T00"
    assert balanced(parsed)


def test_daily_means_without_provenance_columns_are_read() -> None:
    parsed = parse("date,station_id,pm25_24h", "2566-02-09,37t,106.0", "2566-02-09,37t,107.0")
    assert list(parsed.table["value"]) == [107]
    assert told(parsed) == {"buddhist_year": 2, "double_records": 1}


def test_a_model_is_flagged_as_a_model() -> None:
    parsed = parse(
        "province,time_ict,pm25_model",
        "Lampang,2026-04-17T11:00:00+07:00,72.2",
        "Phrae,2026-04-17T11:00:00+07:00,61.0",
    )
    assert list(parsed.table["station_id"]) == ["cams:Lampang", "cams:Phrae"]
    assert set(parsed.table["flag"]) == {"model"}
    assert parsed.stations is not None
    assert list(parsed.stations["station_id"]) == ["cams:Lampang"]
    assert parsed.stations["station_type"].iloc[0] == "model"


def test_egat_hour_24_belongs_to_its_day() -> None:
    parsed = parse(
        "station,date,hour,pm10,flag",
        "ban_huafai,2009-01-01,1,9.0,",
        "ban_huafai,2009-01-01,24,0.0,",
        "ban_huafai,2009-01-02,1,,F",
        "ban_huafai,2009-01-02,25,3.0,",
        "ban_huafai,2009-01-02,2,-1.0,",
    )
    assert stamps(parsed) == ["01-01T00", "01-01T23", "01-02T00", "01-02T01"]
    assert set(parsed.table["variable"]) == {"pm10"}
    assert list(parsed.table["flag"]) == ["ok", "ok", "missing", "missing"]
    assert set(parsed.table["station_id"]) == {"egat:ban_huafai"}
    assert (told(parsed)["bad_time"], told(parsed)["zero_values"]) == (1, 1)
    assert balanced(parsed)


OLD = ("time_ict,PM10,CO,NO2,SO2,Temp", "2009-01-01T01:00:00+07:00,8.0,0.1,1.0,0.0,72.6")


def test_old_hourly_tables_need_a_station() -> None:
    with pytest.raises(FileRefused) as refusal:
        parse(*OLD)
    assert refusal.value.key == "no_station"
    parsed = parse(*OLD, name="pcd_hourly_pm10_37t_city_pillar_shrine.csv")
    assert list(parsed.table["station_id"]) == ["37t-old"]
    assert stamps(parsed) == ["01-01T00"]
    assert told(parsed) == {"station_from_name": 1, "hour_ending_shifted": 1}
    named = parse(f"station_id,{OLD[0]}", f"38t,{OLD[1]}", name="pcd_hourly_37t.csv")
    assert list(named.table["station_id"]) == ["38t"]


def test_a_list_of_stations() -> None:
    parsed = parse(
        "station_id,name_th,name_en,area_th,area_en,province,station_type,lat,lon",
        "37t,สถานี ,Met station,ก,Phra Bat,Lampang,GROUND,18.2783333,99.5064666",
        "37t,สถานี ,Met station,ก,Phra Bat,Lampang,GROUND,18.2783333,99.5064666",
        "o1,ก,a,ก,b,Lampang,MOBILE,,",
    )
    assert (parsed.kind, parsed.read, len(parsed.table)) == ("stations", 3, 1)
    assert told(parsed) == {"double_records": 1, "bad_coordinate": 1}


def test_recognition_is_by_columns_alone() -> None:
    assert tidy_air.recognise([" Station_ID", "TIME_ICT ", "pm25_value"]) == "air4thai-24h-csv"
    assert tidy_air.recognise(["latitude", "longitude", "bright_ti4", "acq_date"]) is None
    assert tidy_air.recognise([]) is None
    with pytest.raises(FileRefused) as refusal:
        parse("a,b,c", "1,2,3")
    assert refusal.value.key == "unknown_table"
    with pytest.raises(FileRefused) as refusal:
        parse(LIVE)
    assert refusal.value.key == "header_only"


REAL = {
    "air4thai_hourly_1h_north": ("air4thai-1h-csv", 15_407),
    "air4thai_hourly_24hmean_north": ("air4thai-24h-csv", 71_548),
    "egat_maemoh_pm10_hourly_2009_2019": ("egat-pm10-csv", 566_640),
    "openmeteo_cams_pm25_hourly_chiang_mai_2025": ("cams-hourly-csv", 8_760),
    "openmeteo_cams_pm25_hourly_north8_2026-04-17_27": ("cams-hourly-csv", 1_920),
    "pcd_hourly_pm10_gases_met_37t_city_pillar_shrine_2009_2012": ("pcd-hourly-csv", 35_063),
    "pcd_hourly_pm10_gases_met_38t_sop_pad_2009_2011": ("pcd-hourly-csv", 22_007),
    "pcd_hourly_pm10_gases_met_40t_mae_moh_waterworks_2009": ("pcd-hourly-csv", 8_759),
}


@pytest.mark.parametrize("stem", REAL)
def test_real_tables_are_read_whole(stem: str, shared: Path) -> None:
    path = shared / "data" / "air" / f"{stem}.csv.gz"
    parsed = tidy_air.parse(gzip.decompress(path.read_bytes()), path.name, NOW)
    assert (parsed.format, parsed.read) == REAL[stem]
    assert parsed.rejected == ()
    assert balanced(parsed)
    contracts.check_readings(parsed.table)
    if stem == "air4thai_hourly_24hmean_north":
        pm25 = parsed.table[parsed.table["variable"] == "pm25"]
        assert int((pm25["flag"] == "missing").sum()) == 618


def test_real_station_list(shared: Path) -> None:
    parsed = tidy_air.parse((shared / "data" / "air" / "stations_north.csv").read_bytes(), "stations_north.csv", NOW)
    assert (parsed.read, len(parsed.table), told(parsed)) == (33, 33, {"wrong_name": 1})
    at = parsed.table.set_index("station_id").loc["37t"]
    assert (at["lon"], at["lat"]) == (99.5064666, 18.2783333)
    assert isinstance(parsed.table, pd.DataFrame)
