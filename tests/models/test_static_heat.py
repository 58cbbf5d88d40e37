"""Permanent heat: a furnace is found, a long fire is not, an officer has the last word."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely

from data.accounts import LOCAL
from data.registry import open_registry
from models import fire_seasons, heat_of
from models.static_heat import Verdict, at_heat, judged, seen_days, spots
from tests import make
from tests.layers.desks import desk_of, store_of

FURNACE = (99.05, 18.05)


def shining(days: list[dt.date], hour: int = 18, jitter: float = 0.002, **fixed: Any) -> pd.DataFrame:
    """Return one detection on each UTC day, near the furnace; 18 h UTC is a night pass, 6 h a day pass."""
    random = np.random.default_rng(1)
    lon, lat = (np.round(at + random.uniform(-jitter, jitter, len(days)), 5) for at in FURNACE)
    moments = [dt.datetime.combine(day, dt.time(hour), dt.UTC) for day in days]
    return make.hotspots(
        *({"acquired_at": w, "lon": x, "lat": y, **fixed} for w, x, y in zip(moments, lon, lat, strict=True))
    )


def run(first: dt.date, count: int, step: int = 1) -> list[dt.date]:
    return [first + dt.timedelta(days=step * number) for number in range(count)]


JANUARY = dt.date(2026, 1, 5)


def reasons(table: pd.DataFrame) -> list[str]:
    return spots(seen_days(table))["reasons"].tolist()


def test_a_furnace_seen_most_nights_of_a_fortnight_is_found() -> None:
    found = spots(seen_days(shining(run(JANUARY, 9))))
    assert found["reasons"].tolist() == ["steady"]
    one = found.iloc[0]
    assert (one["days"], one["nights"], one["steady_days"]) == (9, 9, 9)
    assert (one["lon"], one["lat"]) == pytest.approx(FURNACE, abs=0.005)
    assert 0.3 < one["radius_km"] < 1.5


def test_what_burns_a_week_or_by_day_only_is_a_fire() -> None:
    assert reasons(shining(run(JANUARY, 7))) == []
    assert reasons(shining(run(JANUARY, 12), hour=6)) == []
    # Eight nights, but over sixteen days.
    assert reasons(shining(run(JANUARY, 8, step=2))) == []


def test_heat_all_year_round_and_heat_in_the_rains() -> None:
    assert reasons(shining(run(JANUARY, 20, step=8), hour=6)) == ["all_year"]
    assert reasons(shining(run(JANUARY, 20, step=2), hour=6)) == []
    june, july = dt.date(2025, 6, 3), dt.date(2025, 7, 3)
    assert reasons(shining([*run(june, 2, 10), *run(july, 2, 10)], hour=6)) == ["rains"]
    assert reasons(shining(run(june, 4, 3), hour=6)) == []


def test_what_the_archive_calls_static() -> None:
    assert reasons(shining(run(JANUARY, 3, 9), hour=6, fire_type=2)) == ["told"]
    assert reasons(shining(run(JANUARY, 3, 9), hour=6, fire_type=0)) == []


def test_two_furnaces_are_two_spots_and_no_row_is_no_spot() -> None:
    near = shining(run(JANUARY, 9))
    far = near.assign(lon=near["lon"] + 0.1)
    assert len(spots(seen_days(pd.concat([near, far])))) == 2
    assert spots(seen_days(near.iloc[:0])).empty
    assert spots(seen_days(near.iloc[:2])).empty


def test_an_officer_confirms_restores_and_names() -> None:
    found = spots(seen_days(shining(run(JANUARY, 9))))
    here, there = Verdict(*FURNACE, 0.5, permanent=True), Verdict(99.3, 18.3, 0.0, permanent=True)
    restored = Verdict(*FURNACE, 0.5, permanent=False)
    assert judged(found, [])["standing"].tolist() == ["found"]
    assert judged(found, [here])["standing"].tolist() == ["confirmed"]
    assert judged(found, [here, restored])["standing"].tolist() == ["restored"]
    assert judged(found, [there])["standing"].tolist() == ["found", "named"]
    lon, lat = np.array([FURNACE[0], 99.3, 99.2]), np.array([FURNACE[1], 18.3, 18.2])
    assert at_heat(judged(found, []), lon, lat).tolist() == [True, False, False]
    assert at_heat(judged(found, [restored]), lon, lat).tolist() == [False, False, False]
    assert at_heat(judged(found, [there]), lon, lat).tolist() == [True, True, False]


def test_heat_leaves_the_fires_visibly_and_comes_back_by_verdict(tmp_path: Path) -> None:
    fire = make.hotspots({"acquired_at": "2026-01-10T06:30Z", "lon": 99.15, "lat": 18.15})
    desk = desk_of(store_of(tmp_path, [pd.concat([shining(run(JANUARY, 9)), fire], ignore_index=True)]))
    period = JANUARY, JANUARY + dt.timedelta(days=12)
    assert heat_of.heat(desk)["tambon"].tolist() == ["520101"]
    assert fire_seasons.fires(desk, *period)["tambon"].tolist() == ["520104"]
    assert heat_of.left_out(desk, *period).to_dict() == {"520101": 9}
    assert heat_of.left_out(desk, *period, by="land").to_dict() == {"unknown": 9}
    halves = [heat_of.left_out(desk, *period, passes=half, by="province").sum() for half in ("night", "day")]
    assert (halves, heat_of.left_out(desk, *period, ("TERRA",)).sum()) == ([9, 0], 0)
    registry = open_registry(desk.settings, now=desk.now)
    point = shapely.to_wkt(shapely.Point(*FURNACE))
    verdict = {"verdict": "not_permanent", "evidence": "visited", "geometry": point, "radius_m": 800}
    registry.add("heat", verdict, author=LOCAL)
    assert heat_of.heat(desk)["standing"].tolist() == ["restored"]
    assert set(fire_seasons.fires(desk, *period)["tambon"]) == {"520101", "520104"}
    assert heat_of.left_out(desk, *period).sum() == 0
