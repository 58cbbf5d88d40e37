"""Stations that are one instrument: hand-made pairs on both sides of the limits, and the real years."""

from __future__ import annotations

import datetime as dt
import gzip
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data import contracts
from data.clock import ICT
from fetchers import tidy_air
from models import instruments

START = pd.Timestamp("2026-03-01", tz="UTC")
#: Ten days of hours around 50 µg/m³.
WAVE = [50 + 20 * np.sin(2 * np.pi * hour / 96) for hour in range(240)]


def readings(stations: Mapping[str, list[float]], averaging: str = "PT24H", variable: str = "pm25") -> pd.DataFrame:
    step = pd.Timedelta(hours=1 if averaging == "PT24H" else 24)
    rows = [(code, START + at * step, value) for code, values in stations.items() for at, value in enumerate(values)]
    table = pd.DataFrame(rows, columns=["station_id", "measured_at", "value"])
    table = table.assign(variable=variable, averaging=averaging, source="test", flag="ok")
    table.loc[table["value"].isna(), "flag"] = "missing"
    return contracts.check_readings(table)


def groups(table: pd.DataFrame) -> list[tuple[str, ...]]:
    return list(instruments.instrument_groups(table, table["station_id"].unique(), ()).groups)


def test_identical_and_scaled_series_are_one_instrument() -> None:
    table = instruments.dependence(readings({"b": WAVE, "a": WAVE, "c": [1.05 * value for value in WAVE]}))
    assert list(table.columns) == list(instruments.DEPENDENCE_COLUMNS)
    assert list(zip(table["one"], table["other"], strict=True)) == [("a", "b"), ("a", "c"), ("b", "c")]
    assert table["factor"].tolist() == pytest.approx([1, 1.05, 1.05])
    assert table["r"].tolist() == pytest.approx([1, 1, 1])
    assert table["spread"].tolist() == pytest.approx([0, 0, 0], abs=1e-12)
    assert table["n"].tolist() == [240] * 3
    assert table["dependent"].all()


@pytest.mark.parametrize(
    "other",
    [
        [50 + 20 * np.cos(2 * np.pi * hour / 96) for hour in range(240)],  # r 0
        np.roll(WAVE, 6).tolist(),  # the same, six hours later: a front that passes, r cos(22.5°)
        [1.2 * value for value in WAVE],  # calibrated too far apart
        [value * (1.05 if at % 2 else 0.95) for at, value in enumerate(WAVE)],  # 5 % to either side
        [value + 20 for value in WAVE],  # r 1, but the difference is a constant, not the ratio
    ],
    ids=["independent", "shifted", "factor", "noisy", "raised"],
)  # fmt: skip
def test_other_series_are_not(other: list[float]) -> None:
    table = instruments.dependence(readings({"a": WAVE, "b": other}))
    assert table["dependent"].tolist() == [False]
    assert groups(readings({"a": WAVE, "b": other})) == []


def test_a_shifted_series_has_the_correlation_of_its_angle() -> None:
    table = instruments.dependence(readings({"a": WAVE[:192] * 2, "b": np.roll(WAVE[:192] * 2, 6).tolist()}))
    assert table["r"].iloc[0] == pytest.approx(np.cos(np.pi / 8))


def test_too_few_common_values_cannot_tell() -> None:
    gap = [np.nan, *WAVE[1:]]
    assert instruments.dependence(readings({"a": WAVE, "b": gap})).empty
    assert len(instruments.dependence(readings({"a": [*WAVE, 50.0], "b": [*gap, 50.0]}))) == 1
    assert instruments.dependence(readings({"a": WAVE[:29], "b": WAVE[:29]}, "P1D")).empty
    assert len(instruments.dependence(readings({"a": WAVE[:30], "b": WAVE[:30]}, "P1D"))) == 1


def test_only_means_of_24_hours_of_measured_pm25_are_compared() -> None:
    both = {"a": WAVE, "b": WAVE}
    assert instruments.dependence(readings(both, "PT1H")).empty
    assert instruments.dependence(readings(both, variable="pm10")).empty
    assert instruments.dependence(readings(both).assign(flag="model")).empty
    mixed = pd.concat([readings({"a": WAVE}), readings({"b": WAVE}, "P1D")])
    assert instruments.dependence(mixed).empty
    none = instruments.dependence(contracts.empty(contracts.READING_COLUMNS, contracts.READING_CATEGORIES))
    assert none.dtypes.astype(str).to_dict() == instruments.dependence(readings(both)).dtypes.astype(str).to_dict()
    assert instruments.dependence(readings({"a": [50.0] * 240, "b": [50.0] * 240})).empty


def test_the_averaging_with_more_common_values_speaks() -> None:
    cosine = [50 + 20 * np.cos(2 * np.pi * day / 96) for day in range(48)]
    table = pd.concat([readings({"a": WAVE, "b": WAVE}), readings({"a": WAVE[:48], "b": cosine}, "P1D")])
    assert instruments.dependence(table)[["n", "dependent"]].to_numpy().tolist() == [[240, True]]


def test_groups_are_joined_through_a_third() -> None:
    assert instruments.joined([("d", "c"), ("x", "a"), ("b", "c")]) == [("a", "x"), ("b", "c", "d")]
    assert instruments.joined([("a", "b"), ("c", "d"), ("b", "c")]) == [("a", "b", "c", "d")]
    assert instruments.joined([]) == []
    # 1.07 * 1.07 is beyond the greatest factor, so a and c are joined by b alone.
    chain = readings({"a": WAVE, "b": [1.07 * value for value in WAVE], "c": [1.1449 * value for value in WAVE]})
    assert instruments.dependence(chain)["dependent"].tolist() == [True, False, True]
    assert groups(chain) == [("a", "b", "c")]


def real(shared: Path, name: str) -> pd.DataFrame:
    now = dt.datetime(2026, 12, 1, tzinfo=dt.UTC)
    return tidy_air.parse(gzip.decompress((shared / "data" / "air" / name).read_bytes()), name, now).table


def test_real_daily_means_of_the_north(shared: Path) -> None:
    table = real(shared, "pcd_daily_pm25_north.csv.gz")
    year = table["measured_at"].dt.tz_convert(ICT).dt.year
    found = {int(at): groups(table[year == at]) for at in sorted(year.unique())}
    assert found == {2019: [], 2020: [], 2021: [], 2023: [], 2025: [("38t", "39t", "40t")]}


def test_real_running_means_of_the_north(shared: Path) -> None:
    table = real(shared, "air4thai_hourly_24hmean_north.csv.gz")
    assert groups(table) == [("37t", "38t", "39t", "40t")]
    pairs = instruments.dependence(table).set_index(["one", "other"])
    assert len(pairs) > 400
    assert pairs["dependent"].sum() == 6
    assert 1 / pairs["factor"].to_dict()["37t", "38t"] == pytest.approx(1.048, abs=0.002)
    assert pairs["r"].to_dict()["37t", "38t"] == pytest.approx(0.9998, abs=5e-5)
    march = table[table["measured_at"] < pd.Timestamp("2026-03-31T17:00Z")]
    assert groups(march[march["measured_at"] >= pd.Timestamp("2026-01-30T17:00Z")]) == [("37t", "38t", "39t", "40t")]
