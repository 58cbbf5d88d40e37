"""Air at stations: the index against every real row, means against hand-made hours, days over and newest values."""

from __future__ import annotations

import datetime as dt
import gzip
import itertools
import json
import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data import contracts
from data.clock import ICT
from data.errors import ContractError, ModelError
from data.variables import aqi_class, pm25_scale, registry, standard_24h, standard_annual
from fetchers import air4thai, tidy_air
from models import air

DAY = dt.date(2026, 3, 5)


def local(day: dt.date, hour: int = 0) -> pd.Timestamp:
    return pd.Timestamp(dt.datetime(day.year, day.month, day.day, tzinfo=ICT)) + pd.Timedelta(hours=hour)


def make(*rows: tuple[str, pd.Timestamp, str, float], flag: str = "ok") -> pd.DataFrame:
    """Readings of station, stamp, averaging and value."""
    table = pd.DataFrame(rows, columns=["station_id", "measured_at", "averaging", "value"])
    table["measured_at"] = pd.to_datetime(table["measured_at"], utc=True)
    table["variable"], table["source"] = "pm25", "test"
    table["flag"] = np.where(table["value"].isna(), "missing", flag)
    return contracts.check_readings(table)


def hours(values: list[float], day: dt.date = DAY, station: str = "37t") -> list[tuple[str, pd.Timestamp, str, float]]:
    return [(station, local(day, h), "PT1H", value) for h, value in enumerate(values)]


def test_the_registry_holds_the_law_of_the_day() -> None:
    assert standard_24h(dt.date(2023, 5, 31)) == 50
    assert standard_24h(dt.date(2023, 6, 1)) == 37.5
    assert (standard_annual(2021), standard_annual(2022), standard_annual(2026)) == (25, 15, 15)
    with pytest.raises(ContractError) as error:
        standard_24h(dt.date(1999, 1, 1))
    assert error.value.key == "no_standard"
    with pytest.raises(ContractError):
        standard_24h(DAY, "pm10")


def test_each_class_has_its_own_colour_and_shape() -> None:
    classes = pm25_scale().classes
    assert [entry.id for entry in classes] == [1, 2, 3, 4, 5]
    assert len({entry.colour for entry in classes}) == len({entry.shape for entry in classes}) == 5
    assert aqi_class(1).colour == "#00bff3"
    assert aqi_class(4).label_en == "starting to affect health"
    for lower, upper in itertools.pairwise(classes):
        assert lower.aqi_high is not None
        assert upper.aqi_low == lower.aqi_high + 1
        assert upper.low == pytest.approx(lower.high + 0.1)
    assert registry() is registry()
    for entry in registry().values():
        assert entry.source
        assert entry.low < entry.high
    assert (registry()["pm25"].low, registry()["pm25"].high) == (-50, 3000)


def test_index_at_the_edges() -> None:
    value = [0, 15.0, 15.1, 25.0, 25.1, 37.5, 37.6, 75.0, 75.1, 333.7, -0.8, np.nan, 15.04, 15.05, 75.05]
    index = [0, 25, 26, 50, 51, 100, 101, 200, 201, 459, 0, None, 25, 26, 201]
    assert [None if pd.isna(i) else int(i) for i in air.thai_aqi(value)] == index
    classes = [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 1, None, 1, 2, 5]
    assert [None if pd.isna(i) else int(i) for i in air.thai_aqi_class(value)] == classes


@given(st.integers(0, 6000))
@settings(max_examples=300)
def test_index_equals_the_rule_in_exact_fractions(tenths: int) -> None:
    bands = [(0, 150, 0, 25), (151, 250, 26, 50), (251, 375, 51, 100), (376, 750, 101, 200)]
    expected = tenths // 10 + 126
    for low, high, index_low, index_high in bands:
        if low <= tenths <= high:
            expected = math.floor(
                index_low + Fraction((tenths - low) * (index_high - index_low), high - low) + Fraction(1, 2)
            )
    assert int(air.thai_aqi([tenths / 10])[0]) == expected


def test_index_of_every_row_of_the_live_feed(shared: Path) -> None:
    path = shared / "data" / "air" / "air4thai_hourly_24hmean_north.csv.gz"
    raw = pd.read_csv(path, dtype="str", keep_default_na=False)
    value = raw["pm25_value"].astype(float)
    value = value.mask(value == -1)
    known = value.notna().to_numpy()
    assert (len(raw), int(known.sum())) == (71_548, 70_930)
    index = air.thai_aqi(value)
    assert int((index[known] != raw["pm25_aqi"][known].astype(int).to_numpy()).sum()) == 0
    assert pd.isna(index[~known]).all()
    coloured = known & (raw["pm25_color_id"] != "").to_numpy()
    classes = air.thai_aqi_class(value)
    assert int((classes[coloured] != raw["pm25_color_id"][coloured].astype(float).astype(int).to_numpy()).sum()) == 0


def test_running_mean_needs_18_of_24_hours_and_is_stamped_at_its_end() -> None:
    table = air.running_mean(make(*hours([float(v) for v in range(24)])))
    assert list(table["averaging"].unique()) == ["PT24H"]
    assert table["measured_at"].iloc[-1] == local(DAY, 24)
    assert table["value"].iloc[-1] == pytest.approx(11.5)
    at = table.set_index("measured_at")
    assert pd.isna(at["value"][local(DAY, 17)])
    assert at["flag"][local(DAY, 17)] == "missing"
    assert at["value"][local(DAY, 18)] == pytest.approx(8.5)
    assert at["coverage"][local(DAY, 18)] == pytest.approx(0.75)
    assert at["flag"][local(DAY, 18)] == "derived"


@given(st.lists(st.one_of(st.none(), st.floats(-5, 500)), min_size=1, max_size=60))
@settings(max_examples=60, deadline=None)
def test_running_mean_equals_the_slow_obvious_one(given_values: list[float | None]) -> None:
    line = [np.nan if value is None else value for value in given_values]
    table = air.running_mean(make(*hours(line))).set_index("measured_at")
    for end in range(1, len(line) + 1):
        window = [value for value in line[max(0, end - 24) : end] if not np.isnan(value)]
        if not window:
            assert local(DAY, end) not in table.index
            continue
        row = table.loc[local(DAY, end)]
        assert row["coverage"] == pytest.approx(len(window) / 24)
        if len(window) >= 18:
            assert row["value"] == pytest.approx(sum(window) / len(window), abs=1e-9)
        else:
            assert pd.isna(row["value"])


def test_running_mean_does_not_cross_stations_or_long_gaps() -> None:
    later = DAY + dt.timedelta(days=400)
    table = air.running_mean(make(*hours([10.0] * 24), *hours([20.0] * 24, later), *hours([90.0] * 24, station="40t")))
    assert len(table) == 24 * 3 + 23
    assert set(table[table["station_id"] == "40t"]["value"].dropna()) == {90.0}


def one_day(*rows: tuple[str, pd.Timestamp, str, float], day: dt.date = DAY) -> pd.Series:
    table = air.daily_mean(make(*rows))
    return table[table["measured_at"] == local(day)].iloc[0]


def test_daily_mean_takes_the_best_that_is_there() -> None:
    running = [("37t", local(DAY, h), "PT24H", 100.0 + h) for h in range(1, 25)]
    provider = ("37t", local(DAY), "P1D", 33.0)
    full = hours([10.0] * 18)
    row = one_day(*running, *full, provider)
    assert (row["value"], row["basis"], row["flag"]) == (33, "provider", "ok")
    assert pd.isna(row["coverage"])
    row = one_day(*running, *full)
    assert (row["value"], row["basis"], row["coverage"], row["flag"]) == (10, "hours", 0.75, "derived")
    row = one_day(*running, *full[:17])
    assert (row["value"], row["basis"], row["coverage"]) == (124, "running", 1)
    row = one_day(*running[:21])
    assert (row["value"], row["basis"], row["coverage"]) == (121, "running", 0.875)
    row = one_day(*running[:20])
    assert (row["value"], row["coverage"]) == (120, pytest.approx(20 / 24))


def test_daily_mean_says_when_nothing_is_good_enough() -> None:
    row = one_day(*[("37t", local(DAY, h), "PT24H", 100.0) for h in range(1, 20)])
    assert pd.isna(row["value"])
    assert (row["flag"], row["basis"], row["coverage"]) == ("missing", "running", pytest.approx(19 / 24))
    row = one_day(*hours([10.0] * 5))
    assert (row["flag"], row["basis"], row["coverage"]) == ("missing", "hours", pytest.approx(5 / 24))


def test_a_missing_daily_value_of_the_provider_gives_way() -> None:
    row = one_day(("37t", local(DAY), "P1D", np.nan), ("37t", local(DAY, 24), "PT24H", 55.0))
    assert (row["value"], row["basis"]) == (55, "running")


def test_a_missing_midnight_mean_gives_way_to_an_earlier_one() -> None:
    row = one_day(("37t", local(DAY, 24), "PT24H", np.nan), ("37t", local(DAY, 22), "PT24H", 55.0))
    assert (row["value"], row["coverage"]) == (55, pytest.approx(22 / 24))


def test_midnight_belongs_to_the_day_that_ends() -> None:
    table = air.daily_mean(make(("37t", local(DAY), "PT24H", 77.0)))
    assert list(table["measured_at"]) == [local(DAY - dt.timedelta(days=1))]


def test_means_of_a_model_stay_a_model() -> None:
    table = air.daily_mean(make(*hours([10.0] * 24, station="cams:Lampang"), flag="model"))
    assert list(table["flag"]) == ["model"]
    assert set(air.running_mean(make(*hours([10.0] * 24), flag="model"))["flag"]) == {"model", "missing"}


def test_a_series_of_hours_has_no_index() -> None:
    readings = make(*hours([100.0] * 24), *hours([50.0] * 24, DAY + dt.timedelta(days=1)))
    table = air.station_series(readings, DAY, DAY, "PT1H")
    assert list(table.columns) == ["code", "time", "pm25", "coverage", "aqi", "class", "flag", "basis"]
    assert len(table) == 24
    assert table["aqi"].isna().all()
    assert table["class"].isna().all()
    assert str(table["aqi"].dtype) == "Int64"


def test_a_series_covers_both_days_and_prefers_published_means() -> None:
    readings = make(*hours([100.0] * 48), ("37t", local(DAY, 30), "PT24H", 61.0))
    table = air.station_series(readings, DAY, DAY + dt.timedelta(days=1), "PT24H").set_index("time")
    assert table["pm25"][local(DAY, 30)] == 61
    assert table["basis"][local(DAY, 30)] == "provider"
    assert table["basis"][local(DAY, 31)] == "hours"
    assert table["class"][local(DAY, 31)] == 5
    daily = air.station_series(readings, DAY, DAY + dt.timedelta(days=1), "P1D")
    assert list(daily["pm25"]) == [100, 100]
    assert list(daily["aqi"]) == [226, 226]
    with pytest.raises(ModelError) as error:
        air.station_series(readings, DAY, DAY, "PT2H")
    assert error.value.key == "unknown_averaging"


def test_days_over_uses_the_standard_of_each_day() -> None:
    rows = [("37t", local(dt.date(2023, 5, 31)), "P1D", 45.0), ("37t", local(dt.date(2023, 6, 1)), "P1D", 45.0)]
    rows += [("37t", local(dt.date(2023, 6, 2)), "P1D", 37.5), ("37t", local(dt.date(2023, 6, 3)), "P1D", np.nan)]
    daily = air.daily_mean(make(*rows))
    row = air.days_over(daily).iloc[0]
    assert (row["code"], row["year"], row["valid_days"], row["days_over"]) == ("37t", 2023, 3, 1)
    assert (row["limit"], row["limit_changed"], row["annual_limit"]) == (37.5, True, 15)
    assert pd.isna(row["annual_over"])
    assert air.days_over(daily, 37.0).iloc[0]["days_over"] == 3


def test_the_annual_mean_is_judged_when_most_of_the_year_is_there() -> None:
    rows = [("37t", local(dt.date(2025, 1, 1), 24 * d), "P1D", 16.0) for d in range(274)]
    row = air.days_over(air.daily_mean(make(*rows))).iloc[0]
    assert row["annual_over"]
    assert row["valid_share"] == pytest.approx(274 / 365)


def test_latest_is_the_newest_value_with_its_age() -> None:
    readings = make(
        ("37t", local(DAY, 20), "PT24H", 78.1),
        ("37t", local(DAY, 22), "PT24H", np.nan),
        ("37t", local(DAY, 23), "PT24H", 70.0),
        ("38t", local(DAY, 20), "PT24H", np.nan),
    )
    table = air.latest(readings, local(DAY, 22).tz_convert("UTC").to_pydatetime())
    assert list(table["code"]) == ["37t"]
    assert (table["pm25"][0], table["age_hours"][0], table["class"][0]) == (78.1, 2, 5)


def test_nothing_gives_tables_without_rows() -> None:
    none = contracts.empty(contracts.READING_COLUMNS, contracts.READING_CATEGORIES)
    assert air.running_mean(none).empty
    assert air.days_over(air.daily_mean(none)).empty
    assert air.latest(none, dt.datetime(2026, 1, 1, tzinfo=dt.UTC)).empty
    for averaging in contracts.AVERAGINGS:
        assert air.station_series(none, DAY, DAY, averaging).empty


def test_real_mae_moh_stations_agree_as_stated(shared: Path) -> None:
    """The reason for `INDEPENDENT_GROUPS`, so that it is looked at again when new data say otherwise."""
    name = "pcd_daily_pm25_north.csv.gz"
    now = dt.datetime(2026, 12, 1, tzinfo=dt.UTC)
    daily = tidy_air.parse(gzip.decompress((shared / "data" / "air" / name).read_bytes()), name, now).table
    wide = daily.pivot(index="measured_at", columns="station_id", values="value")
    near = (wide["38t"] - wide["39t"]).abs().dropna() < 1
    share = near.groupby(near.index.tz_convert(ICT).year).mean()
    assert share[2025] > 0.97
    assert share[2019] < 0.1


def test_a_real_month_of_hours_gives_running_means(shared: Path) -> None:
    path = next((shared / "data" / "air" / "raw_samples").glob("air4thai_getHistoryData_stations_array_36t_*.json"))
    now = dt.datetime(2026, 12, 1, tzinfo=dt.UTC)
    readings = air4thai.parse_history(json.loads(path.read_text("utf-8")), now).table
    table = air.running_mean(readings)
    # 720 hours in a row: the first 17 windows hold too little.
    assert (len(table), int(table["value"].isna().sum())) == (720, 17)
    whole = readings.set_index("measured_at")["value"]
    last = table.iloc[-1]
    assert last["value"] == pytest.approx(whole.iloc[-24:].mean())
