"""Which rows count: the standard product replaces near-real-time rows of its own satellite, UTC day and province."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from models.current import is_current
from tests import make

NRT: dict[str, Any] = {"quality": "nrt"}
STANDARD: dict[str, Any] = {"quality": "standard", "lon": 99.0501}


def current(*rows: tuple[dict[str, Any], int]) -> list[bool]:
    """Return which rows count; each is a change of a detection and its province."""
    return is_current(make.hotspots(*(row for row, _ in rows)), np.array([province for _, province in rows])).tolist()


def test_standard_replaces_nrt() -> None:
    assert current((NRT, 52), (NRT, 52), (STANDARD, 52)) == [False, False, True]
    assert current((STANDARD, 52), (NRT, 52)) == [True, False]


@pytest.mark.parametrize("quality", [NRT, STANDARD])
def test_one_product_alone_counts(quality: dict[str, Any]) -> None:
    assert current((quality, 52), (quality, 52)) == [True, True]
    assert is_current(make.hotspots(), np.empty(0, int)).tolist() == []


@pytest.mark.parametrize(
    ("other", "province"),
    [
        ({"satellite": "NOAA20"}, 52),
        ({"satellite": "AQUA", "sensor": "MODIS"}, 52),
        ({"acquired_at": "2026-03-11T00:00Z"}, 52),
        ({"acquired_at": "2026-03-09T23:59Z"}, 52),
        ({"acquired_at": "2025-03-10T06:30Z"}, 52),
        ({}, 50),
        ({}, 51),
        ({}, -1),
    ],
)
def test_nrt_rows_of_another_satellite_day_or_province_stay(other: dict[str, Any], province: int) -> None:
    assert current((STANDARD, 52), ({**NRT, **other}, province), (NRT, 52)) == [True, True, False]


def test_the_day_is_the_utc_day_of_the_archive() -> None:
    early, late = {**NRT, "acquired_at": "2026-03-10T00:00Z"}, {**NRT, "acquired_at": "2026-03-10T23:59Z"}
    assert current((STANDARD, 52), (early, 52), (late, 52)) == [True, False, False]


def test_outside_known_tambons_the_square_degree_stands_for_the_province() -> None:
    """The standard row lies at 101.5 E 18.5 N, outside."""
    standard = {"quality": "standard", "lon": 101.5, "lat": 18.5}
    places = [(101.0, 18.0), (101.9999, 18.9999), (102.0, 18.5), (100.9999, 18.5), (101.5, 19.0), (101.5, 17.9999)]
    rows = [({**NRT, "lon": lon, "lat": lat}, -1) for lon, lat in places]
    assert current((standard, -1), *rows) == [True, False, False, True, True, True, True]
    assert current((standard, -1), ({**NRT, "lon": 101.6, "lat": 18.6}, 52)) == [True, True]


def test_squares_west_and_south_of_zero() -> None:
    standard = {"quality": "standard", "lon": -0.5, "lat": -0.5}
    assert current((standard, -1), ({**NRT, "lon": 0.5, "lat": -0.5}, -1), ({**NRT, "lon": -0.1, "lat": -0.9}, -1)) == [
        True, True, False,
    ]  # fmt: skip


def test_no_square_is_taken_for_a_province() -> None:
    """The first squares of the Earth, at the South Pole, have small numbers as provinces do."""
    for lon in range(-180, -80):
        row = {"lon": lon + 0.5, "lat": -89.5}
        assert current(({**row, "quality": "standard"}, -1), (NRT, 10 + (lon + 180) % 90)) == [True, True]
