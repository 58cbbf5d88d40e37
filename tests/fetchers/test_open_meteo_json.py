"""Open-Meteo's JSON of weather: one place or several, units from the reply, old names, hours ahead, broken replies."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import numpy as np
import pytest

from data.clock import UTC
from data.errors import FileRefused
from fetchers import open_meteo_json, recognise
from fetchers.parsed import Parsed
from fetchers.unpack import Member

NOW = dt.datetime(2026, 3, 10, 6, 30, tzinfo=UTC)
UNITS = {"time": "iso8601", "temperature_2m": "°C", "precipitation": "mm", "wind_speed_10m": "km/h"}


def place(hours: int = 3, **changes: Any) -> dict[str, Any]:
    """Return the reply for one place: `hours` from 12:00 Thai time on 10 March, values by the hour."""
    return {
        "latitude": 18.299999,
        "longitude": 99.5,
        "utc_offset_seconds": 25200,
        "timezone": "Asia/Bangkok",
        "hourly_units": UNITS,
        "hourly": {
            "time": [f"2026-03-10T{12 + hour}:00" for hour in range(hours)],
            "temperature_2m": [30.0 + hour for hour in range(hours)],
            "precipitation": [0.1 * hour for hour in range(hours)],
            "wind_speed_10m": [36.0] * hours,
        },
    } | changes


def read(document: Any, now: dt.datetime = NOW) -> Parsed:
    parsed = recognise.parse(Member("f.json", json.dumps(document).encode()), now)
    assert parsed.read == len(parsed.table) + parsed.rejected_count
    return parsed


def test_hours_that_have_passed_are_weather_and_those_ahead_of_a_file_are_not() -> None:
    parsed = read(place())
    assert (parsed.format, parsed.kind) == ("open-meteo-weather-json", "weather")
    table = parsed.table
    # 13:00 in Thailand is 06:00 UTC; 14:00 lies ahead of 06:30.
    assert [t.hour for t in table["measured_at"]] == [4, 5, 6]
    assert table["rain_mm"].tolist()[:2] == pytest.approx([0.0, 0.1])
    assert table["temperature_c"].tolist()[1:] == [30.0, 31.0]
    assert table["wind_speed_ms"].tolist()[1:] == [10.0, 10.0]
    assert {remark.key: remark.count for remark in parsed.rejected} == {"forecast_hour": 1}
    assert set(table["station_id"]) == {"open-meteo:18.30,99.50"}
    assert parsed.stations is not None
    assert parsed.stations[["lon", "lat", "station_type"]].to_numpy().tolist() == [[99.5, 18.3, "model"]]


def test_with_an_issue_the_hours_ahead_are_a_forecast() -> None:
    issued = dt.datetime(2026, 3, 10, 6, tzinfo=UTC)
    table = open_meteo_json.parse(place(), NOW, prefix="x", model="X", issued_at=issued).table
    assert table["issued_at"].isna().tolist() == [True, True, True, False]
    assert table["issued_at"].iloc[3] == issued
    assert set(table["source"]) == {"x"}


def test_several_places_and_one_cell_twice() -> None:
    document = [place(), place(latitude=18.3000001), place(latitude=18.4, location_id=2)]
    parsed = read(document)
    assert sorted(set(parsed.table["station_id"])) == ["open-meteo:18.30,99.50", "open-meteo:18.40,99.50"]
    assert len(parsed.table) == 6


def test_units_are_those_of_the_reply() -> None:
    units = UNITS | {"temperature_2m": "°F", "wind_speed_10m": "m/s", "precipitation": "inch"}
    table = read(place(hourly_units=units)).table
    assert table["temperature_c"].iloc[1] == pytest.approx(-1.1111, abs=1e-3)
    assert np.isnan(table["wind_speed_ms"].iloc[0])
    assert table["wind_speed_ms"].iloc[1] == 36.0
    with pytest.raises(FileRefused, match="furlongs") as error:
        read(place(hourly_units=UNITS | {"wind_speed_10m": "furlongs"}))
    assert error.value.key == "weather_unread"


def test_names_of_earlier_versions() -> None:
    hourly = {
        "time": ["2026-03-10T12:00"],
        "windspeed_10m": [18],
        "winddirection_10m": [360],
        "relativehumidity_2m": [40],
    }
    units = {"windspeed_10m": "km/h", "winddirection_10m": "°", "relativehumidity_2m": "%"}
    row = read(place(hourly=hourly, hourly_units=units)).table.iloc[0]
    assert [row[name] for name in ("wind_speed_ms", "wind_from_deg", "humidity_pct")] == [5, 0, 40]


def test_wind_at_100_m_lies_between_80_and_120_where_it_is_not_given() -> None:
    hourly: dict[str, Any] = {
        "time": ["2026-03-10T12:00", "2026-03-10T13:00"],
        "wind_speed_80m": [10, 10],
        "wind_direction_80m": [350, 350],
        "wind_speed_120m": [10, None],
        "wind_direction_120m": [10, 10],
        "wind_speed_100m": [None, 7],
        "wind_direction_100m": [None, 90],
    }
    units = dict.fromkeys(hourly, "m/s") | {name: "°" for name in hourly if "direction" in name}
    table = read(place(hourly=hourly, hourly_units=units)).table
    assert table["wind_speed_100m_ms"].tolist() == pytest.approx([10 * np.cos(np.radians(10)), 7], abs=1e-4)
    assert np.mod(np.round(table["wind_from_100m_deg"], 3), 360).tolist() == [0, 90]


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"hourly": place()["hourly"] | {"temperature_2m": [1.0]}}, "weather_unread"),
        ({"hourly": {"time": [], "temperature_2m": []}}, "header_only"),
        ({"hourly_units": {}}, "weather_unread"),
        ({"utc_offset_seconds": None}, "weather_unread"),
        ({"latitude": None}, "weather_unread"),
    ],
)
def test_broken_replies_are_refused_with_the_reason(changes: dict[str, Any], key: str) -> None:
    with pytest.raises(FileRefused) as error:
        read(place(**changes))
    assert error.value.key == key


def test_numbers_as_texts_and_gaps_and_nonsense() -> None:
    hourly = place()["hourly"] | {"temperature_2m": ["30.5", None, "warm"]}
    parsed = read(place(hourly=hourly), NOW.replace(hour=9))
    assert parsed.table["temperature_c"].tolist()[1:] == pytest.approx([30.5, np.nan, np.nan], nan_ok=True)
    assert {"cell_unreadable"} <= {remark.key for remark in parsed.mended}


def test_air_quality_is_not_taken_for_weather() -> None:
    hourly = {"time": ["2026-03-10T12:00"], "pm2_5": [40]}
    assert not open_meteo_json.is_weather(place(hourly=hourly))
    assert not open_meteo_json.is_weather([])
    assert not open_meteo_json.is_weather({"hourly": {}})
