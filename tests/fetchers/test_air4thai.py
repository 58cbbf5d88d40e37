"""Air4Thai: small replies in the exact shape of the live feed and the hourly history, then the real ones.

The replies imitate getNewAQI_JSON.php (every leaf a text, -1 and -999 for "no value", dead stations left in), the
form of 2019 (LastUpdate, N/A and -), and forweb/getHistoryData.php (numbers, null for "no value").
"""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from data import contracts
from data.errors import FileRefused
from fetchers import air4thai, known
from fetchers.parsed import Parsed

NOW = dt.datetime(2026, 3, 28, 15, 30, tzinfo=dt.UTC)


def entry(station: str, value: str, date: str = "2026-03-28", time: str = "22:00", **more: Any) -> dict[str, Any]:
    none = {"color_id": "0", "aqi": "-999", "value": "-1"}
    return {
        "stationID": station,
        "nameTH": "โรงพยาบาลส่งเสริมสุขภาพตำบลท่าสี ",
        "nameEN": " Ban Tha Si ",
        "areaTH": "ต.บ้านดง  อ.แม่เมาะ, ลำปาง",
        "areaEN": "\u0e3aBan Dong, Mae Moh, Lampang\u00a0",
        "stationType": "GROUND",
        "lat": "18.4267833",
        "long": "99.7576333",
        "forecast": [],
        "AQILast": {"date": date, "time": time, "PM25": {"color_id": "5", "aqi": "238", "value": value}, "PM10": none},
        **more,
    }


def live(*entries: dict[str, Any]) -> Parsed:
    return air4thai.parse_live({"stations": list(entries)}, NOW)


def records(parsed: Parsed) -> int:
    return len(parsed.table.drop_duplicates(["station_id", "measured_at", "averaging"]))


def balanced(parsed: Parsed) -> bool:
    doubles = sum(remark.count for remark in parsed.mended if remark.key == "double_records")
    return parsed.read == records(parsed) + doubles + parsed.rejected_count


def told(parsed: Parsed) -> dict[str, int]:
    return {remark.key: remark.count for remark in (*parsed.rejected, *parsed.mended)}


def one(parsed: Parsed, variable: str = "pm25") -> pd.Series:
    return parsed.table[parsed.table["variable"] == variable].iloc[0]


def test_the_live_value_is_a_24_hour_mean_stamped_as_published() -> None:
    parsed = live(entry("39T", "112.4"))
    row = one(parsed)
    assert (row["station_id"], row["averaging"], row["value"], row["flag"]) == ("39t", "PT24H", 112.4, "ok")
    assert row["measured_at"] == pd.Timestamp("2026-03-28T22:00+07:00")
    assert one(parsed, "pm10")["flag"] == "missing"
    assert balanced(parsed)


def test_station_names_are_cleaned() -> None:
    parsed = live(entry("39t", "1.0"), entry("o1", "2.0", stationType="MOBILE"), entry("b1", "3.0", stationType="BKK"))
    assert parsed.stations is not None
    row = parsed.stations.iloc[0]
    assert row["name_th"] == "โรงพยาบาลส่งเสริมสุขภาพตำบลท่าสี"
    assert (row["name_en"], row["area_en"]) == ("Ban Tha Si", "Ban Dong, Mae Moh, Lampang")
    assert row["area_th"] == "ต.บ้านดง อ.แม่เมาะ, ลำปาง"
    assert list(parsed.stations["station_type"]) == ["ground", "mobile", "ground"]
    contracts.check_stations(parsed.stations)


def test_the_upstream_mix_up_of_two_names_is_put_right() -> None:
    wrong = "Wiang Subdistrict Disaster Prevention and Mitigation Center"
    parsed = live(entry("o23", "9.0", nameEN=wrong), entry("o66", "9.0", nameEN=wrong))
    assert parsed.stations is not None
    assert list(parsed.stations["name_en"]) == ["Bhubing Rajanives Palace", wrong]
    assert told(parsed)["wrong_name"] == 1


@pytest.mark.parametrize("text", ["-1", "-1.0", "-999", "-9999", "-", "N/A", "n/a", "", "null"])
def test_every_way_to_write_nothing_is_missing(text: str) -> None:
    parsed = live(entry("37t", text))
    assert pd.isna(one(parsed)["value"])
    assert one(parsed)["flag"] == "missing"
    assert balanced(parsed)
    assert not {"implausible_value", "cell_unreadable"} & set(told(parsed))


def test_small_negatives_and_zero_are_measurements() -> None:
    parsed = live(entry("37t", "-0.8"), entry("38t", "0.0"))
    assert list(parsed.table[parsed.table["variable"] == "pm25"]["value"]) == [-0.8, 0.0]
    assert told(parsed)["zero_values"] == 1


@pytest.mark.parametrize(
    ("text", "key"), [("-51", "implausible_value"), ("3001", "implausible_value"), ("x", "cell_unreadable")]
)
def test_nonsense_becomes_missing_and_is_told(text: str, key: str) -> None:
    parsed = live(entry("37t", text))
    assert one(parsed)["flag"] == "missing"
    assert told(parsed)[key] == 1


def test_a_dead_station_keeps_its_own_time_and_is_told() -> None:
    parsed = live(entry("37t", "50"), entry("63t", "40", date="2025-11-24", time="13:00"))
    stale = next(remark for remark in parsed.mended if remark.key == "stale_stations")
    assert (stale.count, stale.rows, stale.context["stations"]) == (1, (2,), "63t")
    dead = parsed.table[parsed.table["station_id"] == "63t"]
    assert (dead["measured_at"] == pd.Timestamp("2025-11-24T13:00+07:00")).all()


def test_rows_without_or_with_impossible_dates_are_rejected() -> None:
    parsed = live(
        entry("37t", "50"),
        entry("38t", "50", date="", time=""),
        entry("39t", "50", date="2026-02-30"),
        entry("40t", "50", date="2026-03-29"),
        {"stationID": "41t", "AQILast": None},
    )
    assert told(parsed)["no_date"] == 2
    assert told(parsed)["bad_date"] == told(parsed)["future_date"] == 1
    assert balanced(parsed)
    assert records(parsed) == 1


def test_24_00_is_the_following_midnight_and_buddhist_years_are_read() -> None:
    parsed = live(
        entry("37t", "50", date="2026-03-27", time="24:00"), entry("38t", "50", date="2569-03-28", time="22:00")
    )
    first = parsed.table.groupby("station_id")["measured_at"].first()
    assert first["37t"] == pd.Timestamp("2026-03-28T00:00+07:00")
    assert first["38t"] == pd.Timestamp("2026-03-28T22:00+07:00")


def test_a_station_listed_twice_is_one_record_and_a_number_beats_a_gap() -> None:
    parsed = live(entry("37t", "50.5"), entry("37t", "-1"))
    assert told(parsed)["double_records"] == 1
    assert one(parsed)["value"] == 50.5
    assert balanced(parsed)


def test_the_form_of_2019_and_a_single_station_are_read() -> None:
    last = {"date": "2019-03-15", "time": "09:00", "PM25": {"value": "146", "unit": "µg/m³"}, "PM10": {"value": "N/A"}}
    document = {"stationID": "37t", "nameTH": "", "lat": "18.2", "long": "99.5", "LastUpdate": last}
    assert air4thai.is_live(document)
    parsed = air4thai.parse_live(document, NOW)
    assert one(parsed)["value"] == 146
    assert one(parsed, "pm10")["flag"] == "missing"


def test_a_station_without_place_gives_readings_and_no_point() -> None:
    parsed = live(entry("37t", "50", lat="", long=""))
    assert parsed.stations is not None
    assert parsed.stations.empty
    assert told(parsed)["station_without_place"] == 1


def history(*hours: dict[str, Any], wrapper: bool = True) -> Any:
    stations = [{"stationID": "37t", "params": ["PM25"], "data": list(hours), "summary": {"PM25": {"count": 1}}}]
    return {"result": "OK", "error": "", "stations": stations} if wrapper else stations


def test_history_holds_true_hours_and_its_stamp_names_their_end() -> None:
    for wrapper in (True, False):
        document = history(
            {"DATETIMEDATA": "2026-03-28 00:00:00", "PM25": 7.4},
            {"DATETIMEDATA": "2026-03-28 01:00:00", "PM25": None},
            {"DATETIMEDATA": "2026-03-28 02:00:00", "PM25": 0},
            wrapper=wrapper,
        )
        assert air4thai.is_history(document)
        assert not air4thai.is_live(document)
        parsed = air4thai.parse_history(document, NOW)
        assert list(parsed.table["averaging"].unique()) == ["PT1H"]
        assert parsed.table["measured_at"].iloc[0] == pd.Timestamp("2026-03-27T23:00+07:00")
        assert list(parsed.table["flag"]) == ["ok", "missing", "ok"]
        assert parsed.table["value"].iloc[2] == 0
        assert told(parsed) == {"hour_ending_shifted": 3, "zero_values": 1}
        assert balanced(parsed)


def test_history_refusals_say_what_is_wrong() -> None:
    failed = {"result": "Error", "error": "no data for 99t", "stations": []}
    assert air4thai.is_history(failed)
    with pytest.raises(FileRefused) as refusal:
        air4thai.parse_history(failed, NOW)
    assert (refusal.value.key, refusal.value.context["problem"]) == ("provider_error", "no data for 99t")
    with pytest.raises(FileRefused) as refusal:
        air4thai.parse_history(history(), NOW)
    assert refusal.value.key == "header_only"
    with pytest.raises(FileRefused) as refusal:
        air4thai.parse_history(history({"DATETIMEDATA": "2026-03-28 00:00:00", "O3": 4}), NOW)
    assert refusal.value.key == "no_particles"


def test_history_of_the_future_is_rejected_by_the_stamp_as_written() -> None:
    document = history(
        {"DATETIMEDATA": "2026-03-28 23:00:00", "PM25": 7.4}, {"DATETIMEDATA": "2026-03-28 22:00:00", "PM25": 7}
    )
    parsed = air4thai.parse_history(document, NOW)
    assert told(parsed)["future_date"] == 1
    assert balanced(parsed)


@pytest.mark.parametrize(
    ("document", "name"),
    [
        ([{"id": "1", "dustboy_id": "N-1", "pm25": 27}], "DustBoy station list"),
        ({"meta": {"name": "openaq-api", "found": ">5"}, "results": []}, "OpenAQ reply"),
        ({"latitude": 18.0, "longitude": 99.5, "utc_offset_seconds": 0, "hourly": {}}, "Open-Meteo reply"),
        ({"status": 200, "data": {"pm25": 8.0, "pm25Avg24hrs": 9.4}}, "GISTDA PM2.5 reply"),
        ([["18.65", "2026-09-01T11:00:00.000Z"]], "GISTDA PM2.5 history"),
        ({"stations": []}, None),
        ([], None),
        ("text", None),
        ([["1", "2"]], None),
    ],
)
def test_other_services_are_known_by_sight(document: Any, name: str | None) -> None:
    assert known.name_of(document) == name
    assert not air4thai.is_live(document)
    assert not air4thai.is_history(document)


LATER = dt.datetime(2026, 12, 1, tzinfo=dt.UTC)


def test_real_live_replies(shared: Path) -> None:
    paths = sorted((shared / "data" / "air" / "raw_samples").glob("air4thai_getAQI_2*.json"))
    assert len(paths) == 4
    for path in paths:
        document = json.loads(path.read_text("utf-8"))
        parsed = air4thai.parse_live(document, LATER)
        assert parsed.read == len(document["stations"]) == records(parsed)
        assert not parsed.rejected
        assert parsed.stations is not None
        assert len(parsed.stations) == parsed.read
        assert {"37t", "38t", "39t", "40t"} <= set(parsed.stations["station_id"])
        assert not parsed.stations["name_th"].str.contains(r"^\s|\s$|  ").any()
    assert told(air4thai.parse_live(json.loads(paths[0].read_text("utf-8")), LATER))["stale_stations"] == 4


def test_real_histories(shared: Path) -> None:
    folder = shared / "data" / "air" / "raw_samples"
    path = folder / "air4thai_getHistoryData_2026-09-29T01ICT_6stations.json"
    parsed = air4thai.parse_history(json.loads(path.read_text("utf-8")), LATER)
    assert (parsed.read, records(parsed)) == (156, 156)
    of_90t = parsed.table[parsed.table["station_id"] == "90t"]
    assert (int(of_90t["value"].isna().sum()), int((of_90t["value"] == 0).sum())) == (4, 2)
    bare = next(folder.glob("air4thai_getHistoryData_stations_array_36t_*.json"))
    parsed = air4thai.parse_history(json.loads(bare.read_text("utf-8")), LATER)
    assert (parsed.read, int(parsed.table["value"].notna().sum())) == (720, 720)
    assert parsed.table["measured_at"].min() == pd.Timestamp("2025-11-01T23:00+07:00")
