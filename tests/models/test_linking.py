"""Linking equals the slow and obvious way: every pair tried, groups spread until nothing changes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.linking import KM_PER_DEG, MOST_REACH_KM, ROOM_KM, Rule, firsts, link, reach_km
from tests import make

RULE = Rule(days=2.0, asleep_days=10.0, asleep_km=0.4)


def by_pairs(lon: np.ndarray, lat: np.ndarray, minute: np.ndarray, reach: np.ndarray, rule: Rule) -> np.ndarray:
    n = len(lon)
    group = np.arange(n)
    changed = True
    while changed:
        changed = False
        for i in range(n):
            for j in range(n):
                days = abs(int(minute[i]) - int(minute[j])) / 1440
                limit = max(
                    reach[i] + reach[j] if days <= rule.days else 0.0,
                    rule.asleep_km if days <= rule.asleep_days else 0.0,
                )
                north = (lat[i] - lat[j]) * KM_PER_DEG
                middle = (np.cos(np.radians(lat[i])) + np.cos(np.radians(lat[j]))) / 2
                east = (lon[i] - lon[j]) * KM_PER_DEG * middle
                if np.hypot(east, north) <= limit and group[i] != group[j]:
                    group[i] = group[j] = min(group[i], group[j])
                    changed = True
    return group


def some(seed: int, count: int, side_deg: float) -> tuple[np.ndarray, ...]:
    random = np.random.default_rng(seed)
    lon, lat = random.uniform(99, 99 + side_deg, count).round(5), random.uniform(18, 18 + side_deg, count).round(5)
    return lon, lat, np.sort(random.integers(0, 20 * 1440, count)), random.choice([0.05, 0.35, 0.65], count)


@given(st.integers(0, 10**6), st.integers(0, 60), st.sampled_from([0.01, 0.03, 0.08, 0.3]))
@settings(max_examples=60, deadline=None)
def test_the_groups_are_those_of_trying_every_pair(seed: int, count: int, side: float) -> None:
    columns = some(seed, count, side)
    assert link(*columns, RULE).tolist() == by_pairs(*columns, RULE).tolist()


@given(st.integers(0, 10**6), st.integers(1, 60), st.floats(0, 1))
@settings(max_examples=60, deadline=None)
def test_groups_found_before_change_nothing(seed: int, count: int, share: float) -> None:
    columns = some(seed, count, 0.05)
    old = np.flatnonzero(np.random.default_rng(seed).random(count) < share)
    known = np.full(count, -1)
    known[old] = old[link(*(column[old] for column in columns), RULE)]
    assert link(*columns, RULE, known).tolist() == link(*columns, RULE).tolist()


def test_a_pair_on_the_limit_is_linked_and_one_beyond_is_not() -> None:
    lon, minute, reach = np.array([99.0, 99.0]), np.array([0, 0]), np.array([0.35, 0.35])
    for km, groups in ((0.6999, [0, 0]), (0.7001, [0, 1])):
        assert link(lon, 18 + np.array([0, km / KM_PER_DEG]), minute, reach, RULE).tolist() == groups


@pytest.mark.parametrize(
    ("days", "km", "groups"), [(2.0, 0.6, [0, 0]), (2.01, 0.6, [0, 1]), (10.0, 0.39, [0, 0]), (10.01, 0.39, [0, 1])]
)
def test_a_sleeper_wakes_only_near_and_in_time(days: float, km: float, groups: list[int]) -> None:
    lat, minute = 18 + np.array([0, km / KM_PER_DEG]), np.array([0, round(days * 1440)])
    assert link(np.array([99.0, 99.0]), lat, minute, np.array([0.35, 0.35]), RULE).tolist() == groups


def test_nothing_and_one_alone() -> None:
    none = np.empty(0)
    assert len(link(none, none, none.astype(int), none, RULE)) == 0
    assert link(np.array([99.0]), np.array([18.0]), np.array([0]), np.array([0.35]), RULE).tolist() == [0]


def test_two_nominal_pixels_reach_the_setting_of_feds_and_large_ones_farther() -> None:
    table = make.hotspots(
        {"scan_km": 0.375, "track_km": 0.375},
        {"scan_km": None, "track_km": None},
        {"scan_km": 0.8, "track_km": 0.8},
        {"scan_km": None, "track_km": None, "sensor": "MODIS", "satellite": "TERRA"},
    )
    reach = reach_km(table)
    assert reach[:2] * 2 == pytest.approx([0.70, 0.70])
    assert reach[2] == pytest.approx(np.hypot(0.4, 0.4) + ROOM_KM)
    assert reach[3] == MOST_REACH_KM


def test_the_firsts_are_those_of_groups_before_they_joined() -> None:
    """Two groups 1.2 km apart at the first look; the second look finds the ground between them."""
    lat = 18 + np.array([0.0, 1.2, 0.6]) / KM_PER_DEG
    minute = np.array([0, 1, 720])
    columns = (np.full(3, 99.0), lat, minute, np.full(3, 0.35))
    assert link(*columns, RULE).tolist() == [0, 0, 0]
    assert firsts(*columns, np.array([0, 3]), RULE, 360).tolist() == [True, True, False]
    # In one look nobody saw them apart.
    at_once = (columns[0], lat, np.array([0, 1, 2]), columns[3])
    assert firsts(*at_once, np.array([0, 3]), RULE, 360).tolist() == [True, False, False]
