"""Fires: their names, what survives late and better rows, and how they stand at a moment."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models import events
from models.linking import KM_PER_DEG, link, reach_km
from tests import make

NORTH = 1 / KM_PER_DEG


def seen(day: int, hour: float, km: float = 0.0, **fixed: Any) -> dict[str, Any]:
    """Return a detection on a day of March 2026, at a UTC hour, so many kilometres north of 18.05."""
    moment = dt.datetime(2026, 3, day, tzinfo=dt.UTC) + dt.timedelta(hours=hour)
    return {"acquired_at": moment, "lat": round(18.05 + km * NORTH, 5), **fixed}


def rows(*changes: dict[str, Any]) -> pd.DataFrame:
    table = make.hotspots(*changes)
    return events.ordered(table.assign(tambon="520101", current=True))


def stand(table: pd.DataFrame, day: int, hour: float) -> pd.DataFrame:
    at = dt.datetime(2026, 3, day, tzinfo=dt.UTC) + dt.timedelta(hours=hour)
    then = table[table["acquired_at"] <= at].reset_index(drop=True)
    return events.fires(then, events.join(then), at)[0]


@given(st.integers(0, 10**6), st.integers(1, 40))
@settings(max_examples=30, deadline=None)
def test_the_order_of_rows_changes_nothing(seed: int, count: int) -> None:
    random = np.random.default_rng(seed)
    table = make.scattered(count, seed).assign(tambon=None, current=True)
    at = dt.datetime(2026, 3, 7, tzinfo=dt.UTC)
    told = [
        events.fires(given, events.join(given), at)[0]
        for given in (events.ordered(table), events.ordered(table.iloc[random.permutation(count)]))
    ]
    pd.testing.assert_frame_equal(*told)
    assert told[0]["detections"].sum() == count


@given(st.integers(0, 10**6), st.integers(1, 60), st.floats(0, 1))
@settings(max_examples=60, deadline=None)
def test_a_season_extended_equals_a_season_joined_at_once(seed: int, count: int, share: float) -> None:
    table = events.ordered(make.scattered(count, seed, days=30).assign(lon=lambda t: 99 + (t["lon"] - 99) / 8))
    old = np.flatnonzero(np.random.default_rng(seed).random(count) < share)
    known = np.full(count, -1)
    known[old] = old[events.join(table.iloc[old].reset_index(drop=True))]
    assert events.join(table, known).tolist() == events.join(table).tolist()


def mixed(count: int, seed: int) -> pd.DataFrame:
    """Return detections of VIIRS and MODIS, close together."""
    table = make.scattered(count, seed, days=12).assign(lon=lambda t: 99 + (t["lon"] - 99) / 5)
    coarse = np.random.default_rng(seed).random(count) < 0.4
    table.loc[coarse, ["sensor", "satellite"]] = ["MODIS", "TERRA"]
    return events.ordered(table)


def by_hand(table: pd.DataFrame) -> list[int]:
    """Return groups where coarse detections go one by one with what the rule says."""
    lon, lat = table["lon"].to_numpy(), table["lat"].to_numpy()
    minute = table["acquired_at"].astype("int64").to_numpy() // 60_000_000
    fine = (table["sensor"] == "VIIRS").to_numpy()
    group = np.arange(len(table))
    for kind in (fine, ~fine):
        at = np.flatnonzero(kind)
        group[at] = at[link(lon[at], lat[at], minute[at], reach_km(table.iloc[at]), events.RULE)]
    lone = []
    for i in np.flatnonzero(~fine):
        found = []
        for j in np.flatnonzero(fine):
            north = (lat[i] - lat[j]) * KM_PER_DEG
            middle = (np.cos(np.radians(lat[i])) + np.cos(np.radians(lat[j]))) / 2
            away = np.hypot(north, (lon[i] - lon[j]) * KM_PER_DEG * middle)
            gap = abs(minute[i] - minute[j])
            if away <= events.COARSE_KM and gap <= events.RULE.days * 1440:
                found.append((minute[j] > minute[i], gap // 720, away, j))
        if found:
            group[i] = group[min(found)[3]]
        else:
            lone.append(i)
    at = np.array(lone, int)
    if len(at):
        group[at] = at[link(lon[at], lat[at], minute[at], reach_km(table.iloc[at]), events.RULE)]
    return [int(np.flatnonzero(group == name)[0]) for name in group]


@given(st.integers(0, 10**6), st.integers(1, 50), st.floats(0, 1))
@settings(max_examples=40, deadline=None)
def test_coarse_pixels_go_with_finer_ones_and_join_none(seed: int, count: int, share: float) -> None:
    table = mixed(count, seed)
    group = events.join(table)
    assert group.tolist() == by_hand(table)
    old = np.flatnonzero(np.random.default_rng(seed + 1).random(count) < share)
    known = np.full(count, -1)
    known[old] = old[events.join(table.iloc[old].reset_index(drop=True))]
    assert events.join(table, known).tolist() == group.tolist()


def test_a_coarse_pixel_between_two_fires_leaves_them_two() -> None:
    coarse = {"sensor": "MODIS", "satellite": "TERRA", "scan_km": 2.0, "track_km": 1.0}
    table = rows(seen(1, 6.5), seen(1, 6.6, 1.4), seen(1, 8.0, 0.6, **coarse))
    told = stand(table, 1, 9)
    assert told["detections"].tolist() == [2, 1]
    assert told["merged"].tolist() == ["", ""]
    # Seen first by MODIS, the fire keeps that name when VIIRS finds it, and later fires do not take it away.
    table = rows(seen(1, 3.5, 0.6, **coarse), seen(1, 6.5), seen(2, 6.5, 0.9))
    names = [stand(table, *when)["fire_id"].tolist() for when in ((1, 4), (1, 7), (2, 7))]
    assert names[0] == names[1] == names[2][:1]


def test_new_detections_extend_a_fire_under_its_name() -> None:
    table = rows(seen(1, 6.5), seen(1, 18.5, 0.5), seen(2, 6.5, 1.0))
    names = [stand(table, *when)["fire_id"].tolist() for when in ((1, 7), (1, 19), (2, 7))]
    assert names[0] == names[1] == names[2]
    assert names[0][0].startswith("F260301-")


def test_when_two_fires_meet_the_older_name_stays_and_the_other_is_told_and_still_finds_it() -> None:
    table = rows(seen(1, 6.5), seen(1, 18.5, 1.2), seen(2, 6.5, 0.6))
    apart, joined = stand(table, 1, 19), stand(table, 2, 7)
    assert len(apart) == 2
    assert joined["fire_id"].tolist() == apart["fire_id"].tolist()[:1]
    assert joined["merged"].tolist() == apart["fire_id"].tolist()[1:]
    group = events.join(table)
    for name in apart["fire_id"]:
        assert events.find(table, group, name).tolist() == [0, 1, 2]
    assert not len(events.find(table, group, "F260301-00000000"))


def test_a_standard_row_is_counted_and_its_near_real_time_row_keeps_the_name() -> None:
    nrt = seen(1, 6.5)
    better = {**seen(1, 6.5, 0.05), "quality": "standard"}
    before, after = rows(nrt), rows(nrt, better)
    after["current"] = after["quality"] == "standard"
    names = [stand(table, 1, 7)[["fire_id", "detections"]].to_numpy().tolist() for table in (before, after)]
    assert names[0] == names[1]
    after["current"] = False
    assert stand(after, 1, 7).empty


@pytest.mark.parametrize(
    ("changes", "day", "hour", "state"),
    [
        ([seen(1, 6.5)], 1, 7, "new"),
        ([seen(1, 6.5)], 2, 6, "new"),
        ([seen(1, 6.5)], 2, 7, "quiet"),
        ([seen(1, 6.5)], 6, 6, "quiet"),
        ([seen(1, 6.5)], 6, 7, "out"),
        ([seen(1, 6.5), seen(1, 18.5, 0.6)], 1, 19, "growing"),
        ([seen(1, 6.5), seen(1, 18.5, 0.01), seen(2, 6.5, 0.02), seen(2, 18.5, 0.01)], 2, 19, "quiet"),
        ([seen(1, 6.5), seen(8, 6.5, 0.1)], 8, 7, "restarted"),
        ([seen(1, 6.5), seen(8, 6.5, 0.1)], 9, 7, "quiet"),
    ],
)
def test_the_state_of_a_fire(changes: list[dict[str, Any]], day: int, hour: float, state: str) -> None:
    assert stand(rows(*changes), day, hour)["state"].tolist() == [state]


def test_what_is_told_of_a_fire() -> None:
    table = rows(
        seen(1, 6.5, 0.0, frp_mw=4.0, land_class="agriculture"),
        seen(1, 18.5, 0.5, frp_mw=2.0, land_class="reserved_forest"),
        seen(1, 18.5, 0.9, frp_mw=3.0, land_class="reserved_forest"),
        seen(1, 19.3, 0.5, frp_mw=9.0, satellite="NOAA20"),
    )
    table["tambon"] = ["520102", "520101", None, "520102"]
    fire = stand(table, 1, 20).iloc[0]
    assert fire["tambon"] == "520102"
    assert fire["detections"] == 4
    assert fire["looks"] == 2
    assert fire["satellites"] == "SNPP,NOAA20"
    assert fire["land_class"] == "reserved_forest"
    # NOAA-20 saw 9 MW, Suomi NPP 5 MW of the same flames; the strongest detection stands 0.5 km north.
    assert fire["frp_mw"] == 9.0
    assert fire["lat"] == pytest.approx(18.05 + 0.5 * NORTH, abs=1e-5)
    assert fire["state"] == "growing"
    assert fire["toward_deg"] == pytest.approx(0, abs=5)
    # From 06:30 to 19:18 UTC it went 0.9 km; the line around three detections stays a little behind the last of them.
    assert 900 / 12.8 * 0.75 < fire["speed_m_h"] < 900 / 12.8
    assert fire["area_low"] < fire["area_rai"] < fire["area_high"]


def test_no_detection_is_no_fire() -> None:
    table = rows(seen(1, 6.5)).iloc[:0]
    told, shapes = events.fires(table, events.join(table), dt.datetime(2026, 3, 1, tzinfo=dt.UTC))
    assert told.columns.tolist() == list(events.FIRE_COLUMNS)
    assert len(told) == len(shapes) == 0
