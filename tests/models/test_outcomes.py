"""Outcomes of a small desk: counts by hand, whole and broken seasons, satellites that are missing."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from data.errors import NotStored
from models.outcomes import coverage, months, outcomes, seasons
from tests.layers.desks import air, at, desk_of, store_of
from tests.make import hotspots


def whole(year: int, *more: dict[str, object], satellite: str = "SNPP") -> list[dict[str, object]]:
    """Return detections that reach over a whole season: one in 520104 at both ends, and more."""
    ends = (f"{year}-01-01T06:30Z", f"{year}-05-31T06:30Z")
    return [*(at("520104", moment, satellite=satellite) for moment in ends), *more]


def test_a_season_is_counted_by_tambon_from_january_to_may(tmp_path: Path) -> None:
    rows = whole(
        2024,
        at("520101", "2024-03-10T06:30Z", frp_mw=12.5),
        at("520101", "2024-05-31T16:59Z", frp_mw=None),  # 23:59 in Thailand, the last minute of the season
        at("520101", "2024-05-31T17:00Z"),  # 1 June
        at("520103", "2023-12-31T17:00Z"),  # 1 January in Thailand
    )
    desk = desk_of(store_of(tmp_path, [hotspots(*rows)]))
    found = outcomes(desk, "hotspots", "SNPP")
    assert found.tambons.tolist() == ["520101", "520102", "520103", "520104"]
    assert [period.label for period in found.periods] == ["2024"]
    assert found.values.tolist() == [[2], [0], [1], [2]]
    assert outcomes(desk, "fire_power_mw", "SNPP").values.tolist() == [[12.5], [0], [5], [10]]
    # Each detection is far in time or place from the others: a fire of its own.
    assert outcomes(desk, "fires", "SNPP").values.tolist() == [[2], [0], [1], [2]]
    burned = outcomes(desk, "burned_rai", "SNPP").values[:, 0]
    assert burned[1] == 0
    assert burned[0] == pytest.approx(2 * burned[2], rel=0.01)


def test_a_season_without_all_satellites_of_the_set_is_left_out_and_told(tmp_path: Path) -> None:
    files = [hotspots(*whole(2023)), hotspots(*whole(2024)), hotspots(*whole(2024, satellite="NOAA20"))]
    files.append(hotspots(*whole(2024, satellite="NOAA21")))
    desk = desk_of(store_of(tmp_path, files))
    assert [p.label for p in outcomes(desk, "hotspots", "SNPP").periods] == ["2023", "2024"]
    every = outcomes(desk, "hotspots", "VIIRS")
    assert [p.label for p in every.periods] == ["2024"]
    assert every.coverage.to_dict("list") == {
        "period": ["2023", "2024"],
        "days": [151, 152],
        "SNPP": [151, 152],
        "NOAA20": [0, 152],
        "NOAA21": [0, 152],
        "seen": [2, 2],
        "whole": [False, True],
    }


def test_a_season_stored_in_part_is_no_season(tmp_path: Path) -> None:
    rows = [at("520101", "2024-02-01T06:30Z"), at("520101", "2024-03-10T06:30Z")]
    desk = desk_of(store_of(tmp_path, [hotspots(*rows)]))
    found = outcomes(desk, "hotspots", "SNPP")
    assert found.values.shape == (4, 0)
    assert found.coverage[["SNPP", "whole"]].to_numpy().tolist() == [[39, False]]


def test_months_are_whole_by_themselves(tmp_path: Path) -> None:
    rows = [at("520101", "2024-02-01T06:30Z"), at("520101", "2024-02-29T06:30Z"), at("520102", "2024-03-10T06:30Z")]
    desk = desk_of(store_of(tmp_path, [hotspots(*rows)]))
    found = outcomes(desk, "hotspots", "SNPP", months([2024]))
    assert [period.label for period in found.periods] == ["2024-02"]
    assert found.values.ravel().tolist() == [2, 0, 0, 0]
    assert months([2024])[1].last == dt.date(2024, 2, 29)


def test_some_years_only(tmp_path: Path) -> None:
    desk = desk_of(store_of(tmp_path, [hotspots(*whole(year)) for year in (2022, 2023, 2024)]))
    found = outcomes(desk, "hotspots", "SNPP")
    assert found.between(2023, None).years.tolist() == [2023, 2024]
    assert found.between(None, 2022).values.shape == (4, 1)


def test_an_empty_store_is_not_one_without_fire(tmp_path: Path) -> None:
    desk = desk_of(store_of(tmp_path))
    with pytest.raises(NotStored):
        outcomes(desk, "hotspots", "SNPP")
    assert coverage(desk, seasons([2024]), "SNPP").empty


def test_air_is_an_outcome_only_where_the_season_has_it(tmp_path: Path) -> None:
    desk = desk_of(store_of(tmp_path, [hotspots(*whole(2026))], air(("2026-03-10", 52.0), ("2026-03-11", 20.0))))
    assert outcomes(desk, "pm25", "SNPP").values.shape == (4, 0)
    days = [f"2026-{month:02d}-{day:02d}" for month in range(1, 6) for day in range(1, 29)]
    values = [(day, 80.0 if number < 12 else 10.0) for number, day in enumerate(days)]
    full = desk_of(store_of(tmp_path / "full", [hotspots(*whole(2026))], air(*values)))
    assert outcomes(full, "smoke_days", "SNPP").values.shape == (4, 1)
    assert outcomes(full, "smoke_days", "SNPP").values[0, 0] == 12
    # No file told how many people live there.
    assert outcomes(full, "person_days", "SNPP").values.shape == (4, 0)
