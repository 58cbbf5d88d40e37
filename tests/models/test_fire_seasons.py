"""Seasons of fires from the store: extended by a new pass, healed, the same in any order of import."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data import clock
from data.errors import NotStored
from data.merge import Writer
from models import events, fire_seasons
from tests import make
from tests.layers.desks import DAY, NOW, desk_of, march, store_of

FIRST, LAST = dt.date(2026, 3, 1), dt.date(2026, 3, 12)


def add(root: Path, table: pd.DataFrame) -> None:
    store = desk_of(store_of(root)).store
    with store.locked():
        writer = Writer(store, store.state())
        writer.add_hotspots(table)
        writer.commit()


def told(root: Path) -> pd.DataFrame:
    return fire_seasons.fires(desk_of(store_of(root)), FIRST, LAST).to_wkb()


def test_fires_of_the_place_in_a_period(tmp_path: Path) -> None:
    table = fire_seasons.fires(desk_of(store_of(tmp_path, [march()])), FIRST, LAST)
    # 520101: Suomi NPP at night, Terra and Suomi NPP by day on one spot; 520102 one; 520103 two, 1.06 km apart.
    assert table[["tambon", "detections"]].to_numpy().tolist() == [
        ["520101", 3],
        ["520102", 1],
        ["520103", 1],
        ["520103", 1],
    ]
    assert not table.geometry.is_empty.any()
    only = fire_seasons.fires(desk_of(store_of(tmp_path)), DAY, DAY, ("TERRA",))
    assert only["satellites"].tolist() == ["TERRA"]


def test_a_state_is_as_of_the_end_of_the_period_or_now(tmp_path: Path) -> None:
    desk = desk_of(store_of(tmp_path, [march()]))
    assert set(fire_seasons.fires(desk, DAY, DAY)["state"]) == {"new"}
    # Now is 12 March, 20:00: the fires of the 12th are new although the period ends later.
    assert fire_seasons.fires(desk, FIRST, dt.date(2026, 4, 30))["state"].tolist() == ["quiet", "quiet", "new", "new"]


@pytest.mark.parametrize("seed", range(4))
def test_passes_brought_in_one_by_one_give_the_fires_of_all_at_once(tmp_path: Path, seed: int) -> None:
    table = make.scattered(120, seed, days=10)
    parts = np.array_split(np.random.default_rng(seed).permutation(len(table)), 4)
    for part in parts:
        add(tmp_path / "by parts", table.iloc[part].reset_index(drop=True))
        told(tmp_path / "by parts")
    add(tmp_path / "at once", table)
    pd.testing.assert_frame_equal(told(tmp_path / "by parts"), told(tmp_path / "at once"))


def test_only_what_is_new_is_joined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add(tmp_path, make.scattered(50, 1))
    told(tmp_path)
    given: list[int] = []
    join = events.join

    def spied(hotspots: pd.DataFrame, known: np.ndarray | None = None) -> np.ndarray:
        given.append(len(hotspots) if known is None else int((known < 0).sum()))
        return join(hotspots, known)

    monkeypatch.setattr(events, "join", spied)
    told(tmp_path)
    assert given == []
    add(tmp_path, make.scattered(7, 2))
    told(tmp_path)
    assert given == [7]


def test_a_damaged_file_is_made_again(tmp_path: Path) -> None:
    desk = desk_of(store_of(tmp_path, [march()]))
    before = fire_seasons.fires(desk, FIRST, LAST)
    made = [*(tmp_path / "derived").glob("fires_*")]
    assert len(made) == 1
    made[0].write_bytes(b"no archive")
    pd.testing.assert_frame_equal(fire_seasons.fires(desk, FIRST, LAST).to_wkb(), before.to_wkb())


def test_a_fire_year_ends_in_the_rains() -> None:
    assert fire_seasons.fire_year(dt.date(2025, 12, 31)) == fire_seasons.fire_year(dt.date(2026, 7, 31)) == 2026
    first, last = fire_seasons.year_bounds(2026)
    assert (first, last) == (dt.date(2025, 8, 1), dt.date(2026, 7, 31))
    assert clock.thai_day(NOW) == LAST


def test_nothing_stored_is_not_nothing_burning(tmp_path: Path) -> None:
    with pytest.raises(NotStored):
        fire_seasons.fires(desk_of(store_of(tmp_path)), FIRST, LAST)
    empty = fire_seasons.fires(desk_of(store_of(tmp_path, [march()])), dt.date(2020, 1, 1), dt.date(2020, 1, 2))
    assert empty.empty
    assert list(events.FIRE_COLUMNS) == list(empty.columns[:-1])
