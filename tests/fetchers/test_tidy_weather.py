"""Tables of weather: hours, units, faults, zeros that mean nothing, letters beside numbers, rain in its hour."""

from __future__ import annotations

import datetime as dt
import gzip
import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data.clock import ICT, UTC
from data.contracts import check_weather
from data.errors import FileRefused
from fetchers import readings, recognise, tidy_weather, weather
from fetchers.delimited import Numbers, Sieve, from_columns
from fetchers.parsed import Parsed
from fetchers.unpack import Member

NOW = dt.datetime(2026, 4, 30, tzinfo=UTC)
EGAT = "station,date,hour,ws,wd,temp,rh,rain,bp,ws_flag,wd_flag,temp_flag,rh_flag,rain_flag,bp_flag"
AIR4THAI = "station_id,time_ict,label,ws,wd,temp,rh,bp,rain"
OPEN_METEO = (
    "province,time_ict,temperature_2m,relative_humidity_2m,precipitation,wind_speed_10m,wind_direction_10m,"
    "surface_pressure"
)


def read(header: str, *rows: str, now: dt.datetime = NOW) -> Parsed:
    data = "\n".join([header, *rows]).encode()
    parsed = recognise.parse(Member("f.csv", data), now)
    doubles = sum(remark.count for remark in parsed.mended if remark.key == "double_records")
    assert parsed.read == len(parsed.table) + parsed.rejected_count + doubles
    check_weather(parsed.table)
    return parsed


def told(parsed: Parsed) -> dict[str, int]:
    found: dict[str, int] = {}
    for remark in (*parsed.rejected, *parsed.mended):
        found[remark.key] = found.get(remark.key, 0) + remark.count
    return found


def local(parsed: Parsed) -> list[str]:
    return [t.astimezone(ICT).strftime("%Y-%m-%d %H") for t in parsed.table["measured_at"]]


# -- EGAT --------------------------------------------------------------------------------------------------------------


def test_hour_24_of_egat_is_the_last_of_the_day_written() -> None:
    rows = [f"ban_sadet,2010-01-01,{hour},1.5,90,20,50,0,970,,,,,," for hour in (1, 24)]
    parsed = read(EGAT, *rows, "Ban_Sadet,2010-01-02,1,,,,,,,F,F,F,F,F,F")
    assert (parsed.format, parsed.kind) == ("egat-weather-csv", "weather")
    assert local(parsed) == ["2010-01-01 00", "2010-01-01 23", "2010-01-02 00"]
    assert set(parsed.table["station_id"]) == {"egat:ban_sadet"}
    assert parsed.table["flag"].tolist() == ["ok", "ok", "missing"]
    first = parsed.table.iloc[0]
    assert [first[name] for name in ("wind_speed_ms", "wind_from_deg", "temperature_c", "humidity_pct")] == [
        1.5,
        90,
        20,
        50,
    ]
    assert [first["rain_mm"], first["pressure_hpa"]] == [0, 970]
    assert parsed.table["issued_at"].isna().all()


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        ("1,756,20,50,0,970", "wind_from_deg"),
        ("1,90,20,50,45032.25,970", "rain_mm"),
        ("228,90,20,50,0,970", "wind_speed_ms"),
        ("1,90,-32.34,50,0,970", "temperature_c"),
        ("1,90,20,50,0,31", "pressure_hpa"),
        ("1,90,20,168,0,970", "humidity_pct"),
        ("1,90,0,50,0,970", "temperature_c"),
        ("1,90,20,0,0,970", "humidity_pct"),
    ],
)
def test_junk_of_egat_is_missing_and_the_row_stays(cells: str, column: str) -> None:
    parsed = read(EGAT, f"m,2010-01-01,1,{cells},,,,,,")
    row = parsed.table.iloc[0]
    assert row.notna().loc[["wind_speed_ms", "temperature_c", "rain_mm", "pressure_hpa"]].sum() >= 3
    assert np.isnan(row[column])
    assert row["flag"] == "ok"
    assert set(told(parsed)) & {"implausible_weather", "zero_is_missing"}


def test_a_number_with_a_letter_beside_it_is_not_taken() -> None:
    parsed = read(EGAT, "m,2010-01-01,1,1.5,90,20,50,0,970,,,D,,,")
    assert np.isnan(parsed.table["temperature_c"].iloc[0])
    assert told(parsed) == {"flagged_value": 1}


def test_bad_hours_days_and_stations_of_egat_are_rejected_with_the_reason() -> None:
    good = "1,90,20,50,0,970,,,,,,"
    rows = [f"m,2010-01-01,{hour},{good}" for hour in (0, 25, 1.5)]
    parsed = read(
        EGAT,
        *rows,
        f"m,2010-13-01,1,{good}",
        f",2010-01-01,1,{good}",
        f"m,2027-01-01,1,{good}",
        f"m,2010-01-01,7,{good}",
    )
    assert told(parsed) == {"bad_time": 3, "bad_date": 1, "no_station": 1, "future_date": 1}
    assert len(parsed.table) == 1


def test_an_hour_told_twice_is_kept_once() -> None:
    parsed = read(EGAT, "m,2010-01-01,1,1,90,20,50,0,970,,,,,,", "m,2010-01-01,1,1,90,21,,0,970,,,,,,")
    assert told(parsed) == {"double_records": 1}
    assert parsed.table[["temperature_c", "humidity_pct"]].to_numpy().tolist() == [[21, 50]]


# -- Air4Thai ----------------------------------------------------------------------------------------------------------


def test_zeros_and_millimetres_of_mercury_of_air4thai() -> None:
    parsed = read(
        AIR4THAI,
        "35T,2023-08-01T08:00:00+07:00,hour_beginning,0.5,360,25,96,750,0.0",
        "37t,2023-08-01T08:00:00+07:00,hour_beginning,132.5,10,0,0,0,0.0",
        "37t,2023-08-01T10:00:00+07:00,hour_ending,1,10,25,101,750,1.0",
    )
    assert parsed.table["station_id"].tolist() == ["35t", "37t", "37t"]
    assert local(parsed) == ["2023-08-01 08", "2023-08-01 08", "2023-08-01 09"]
    assert parsed.table["pressure_hpa"].iloc[0] == pytest.approx(999.92, abs=0.01)
    assert parsed.table["wind_from_deg"].iloc[0] == 0
    second = parsed.table.iloc[1]
    assert second[["wind_speed_ms", "temperature_c", "humidity_pct", "pressure_hpa"]].isna().all()
    assert second["rain_mm"] == 0
    assert np.isnan(parsed.table["humidity_pct"].iloc[2])
    assert told(parsed) == {"zero_is_missing": 3, "implausible_weather": 2, "hour_ending_shifted": 1}


# -- Open-Meteo --------------------------------------------------------------------------------------------------------


def test_kilometres_an_hour_and_rain_at_the_end_of_its_hour() -> None:
    parsed = read(
        OPEN_METEO,
        "Lampang,2026-04-17T11:00:00+07:00,34.8,35,0.5,36,200,983.4",
        "Lampang,2026-04-17T12:00:00+07:00,35.0,33,2.0,18,210,983.0",
    )
    assert parsed.kind == "weather"
    assert local(parsed) == ["2026-04-17 10", "2026-04-17 11", "2026-04-17 12"]
    assert parsed.table["rain_mm"].tolist()[:2] == [0.5, 2.0]
    assert parsed.table["temperature_c"].isna().tolist() == [True, False, False]
    assert parsed.table["wind_speed_ms"].tolist()[1:] == [10.0, 5.0]
    assert set(parsed.table["flag"]) == {"model"}
    assert parsed.table["station_id"].unique().tolist() == ["open-meteo:Lampang"]


def test_hours_ahead_of_a_file_are_not_taken_since_nobody_knows_when_they_were_forecast() -> None:
    row = "Lampang,{},34.8,35,0.5,36,200,983.4"
    parsed = read(OPEN_METEO, row.format("2026-04-17T11:00:00+07:00"), row.format("2026-05-17T11:00:00+07:00"))
    assert told(parsed)["forecast_hour"] == 1
    assert len(parsed.table) == 2


def test_a_header_alone_and_an_unknown_table() -> None:
    with pytest.raises(FileRefused) as error:
        read(EGAT)
    assert error.value.key == "header_only"
    with pytest.raises(FileRefused) as error:
        tidy_weather.parse(b"station,hour\nm,1\n", NOW)
    assert error.value.key == "unknown_table"


def test_a_table_saved_as_a_workbook_is_read_alike() -> None:
    row = ["ban_sadet", "2010-01-01", "1", "1.5", "90", "20", "50", "0", "970", *[""] * 6]
    out = io.BytesIO()
    pd.DataFrame([row], columns=EGAT.split(",")).to_excel(out, index=False)
    parsed = recognise.parse(Member("f.xlsx", out.getvalue()), NOW)
    assert parsed.format == "egat-weather-csv"
    assert parsed.table["temperature_c"].tolist() == [20]


# -- units and wind ----------------------------------------------------------------------------------------------------


def test_units() -> None:
    cases = [
        ("temperature_c", "°F", 86.0, 30.0),
        ("temperature_c", "K", 303.15, 30.0),
        ("wind_speed_ms", "km/h", 36.0, 10.0),
        ("wind_speed_ms", "mp/h", 10.0, 4.4704),
        ("wind_speed_ms", "kn", 10.0, 5.14444),
        ("rain_mm", "inch", 1.0, 25.4),
        ("boundary_layer_m", "ft", 1000.0, 304.8),
        ("pressure_hpa", "Pa", 97000.0, 970.0),
    ]
    for variable, unit, value, expected in cases:
        sieve = Sieve(from_columns({"x": [""]}, readings.all_text))
        numbers = Numbers(np.array([value]), np.array([False]))
        found = weather.values(sieve, numbers, variable, weather.unit_of(variable, unit))
        assert found[0] == pytest.approx(expected, abs=1e-4), (variable, unit)
    with pytest.raises(ValueError, match="furlong"):
        weather.unit_of("wind_speed_ms", "furlong/fortnight")


def test_wind_and_its_components() -> None:
    east, north = weather.components(np.array([2.0, 2.0, 2.0, 2.0]), np.array([0.0, 90.0, 180.0, 270.0]))
    assert np.round(east, 9).tolist() == [0, -2, 0, 2]
    assert np.round(north, 9).tolist() == [-2, 0, 2, 0]
    speed, wind_from = weather.from_components(east, north)
    assert speed.tolist() == pytest.approx([2] * 4)
    assert np.mod(np.round(wind_from, 6), 360).tolist() == [0, 90, 180, 270]


# -- real files --------------------------------------------------------------------------------------------------------


def test_the_real_tables_are_read_whole(shared: Path) -> None:
    folder = shared / "data" / "weather"
    expected = {"egat_maemoh_ban_sadet_hourly_2010_2020": 96_432, "air4thai_station_weather_2023-08_10_north": 9_775}
    for name, rows in expected.items():
        data = gzip.decompress((folder / f"{name}.csv.gz").read_bytes())
        parsed = recognise.parse(Member(f"{name}.csv", data), NOW)
        assert (parsed.read, len(parsed.table), parsed.rejected) == (rows, rows, ())
        check_weather(parsed.table)
        assert (
            pd.Series(parsed.table["temperature_c"]).between(3, 46).sum() == parsed.table["temperature_c"].notna().sum()
        )
