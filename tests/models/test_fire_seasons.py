"""Seasons of fires from the store: extended by a new pass, healed, the same in any order of import."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from data import clock
from data.contracts import SATELLITES
from data.errors import NotStored
from data.merge import Writer
from models import events, fire_seasons
from tests import make
from tests.layers.desks import DAY, NOW, at, desk_of, march, store_of

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


@pytest.mark.parametrize("seed", [0, 3])
def test_passes_brought_in_one_by_one_give_the_fires_of_all_at_once(tmp_path: Path, seed: int) -> None:
    table = make.scattered(120, seed, days=10)
    parts = np.array_split(np.random.default_rng(seed).permutation(len(table)), 4)
    for part in parts:
        add(tmp_path / "by parts", table.iloc[part].reset_index(drop=True))
        add(tmp_path / "looked at", table.iloc[part].reset_index(drop=True))
        told(tmp_path / "looked at")
    add(tmp_path / "at once", table)
    by_parts, looked_at, at_once = (told(tmp_path / name) for name in ("by parts", "looked at", "at once"))
    pd.testing.assert_frame_equal(by_parts, at_once)
    # A name that was read out in between stays, and is the only thing that may differ.
    pd.testing.assert_frame_equal(
        looked_at.drop(columns=["fire_id", "merged"]), at_once.drop(columns=["fire_id", "merged"])
    )
    desk = desk_of(store_of(tmp_path / "at once"))
    for kept, new in zip(looked_at["fire_id"], at_once["fire_id"], strict=True):
        assert fire_seasons.named(desk, kept)["fire_id"].tolist() == [new]


def late(minutes: int, **fixed: Any) -> pd.DataFrame:
    """Return a detection in 520102 on 10 March so many minutes after 06:30 UTC."""
    return make.hotspots(at("520102", f"2026-03-10T06:{30 + minutes:02d}Z", **fixed))


@pytest.mark.parametrize("sets", [SATELLITES, ("SNPP",)])
def test_an_earlier_row_that_arrives_late_renames_nothing(tmp_path: Path, sets: tuple[str, ...]) -> None:
    def names() -> list[str]:
        return fire_seasons.fires(desk_of(store_of(tmp_path)), FIRST, LAST, sets)["fire_id"].tolist()

    add(tmp_path, late(0))
    (first,) = names()
    # The other half of the pass comes later, its minute is the earlier one; then a pass of the night before.
    add(tmp_path, late(-4, lon=99.152))
    add(tmp_path, make.hotspots(at("520102", "2026-03-09T18:40Z")))
    assert names() == [first]
    told = fire_seasons.fires(desk_of(store_of(tmp_path)), FIRST, LAST, sets).iloc[0]
    assert (told["detections"], told["merged"]) == (3, "")
    # Whoever has the data alone calls it otherwise; each of the names finds it here.
    desk = desk_of(store_of(tmp_path))
    for name in events.fire_ids(fire_seasons.season(desk, 2026).hotspots):
        assert fire_seasons.named(desk, name, sets)["fire_id"].tolist() == [first]
    assert fire_seasons.named(desk, "F260310-00000000", sets).empty


def test_a_better_row_of_an_earlier_minute_and_another_place_renames_nothing(tmp_path: Path) -> None:
    add(tmp_path, late(0))
    (first,) = told(tmp_path)["fire_id"]
    better = late(-1, lon=99.1513, lat=18.0508, quality="standard")
    add(tmp_path, better)
    table = told(tmp_path)
    assert table[["fire_id", "detections", "lon"]].to_numpy().tolist() == [[first, 1, 99.1513]]
    desk = desk_of(store_of(tmp_path))
    (other,) = events.fire_ids(better)
    assert fire_seasons.named(desk, other)["fire_id"].tolist() == [first] != [other]


def test_a_name_of_all_satellites_finds_the_fire_among_some(tmp_path: Path) -> None:
    desk = desk_of(store_of(tmp_path, [march()]))
    night = {"satellite": "TERRA", "sensor": "MODIS", "confidence": None}
    add(tmp_path, make.hotspots(at("520103", "2026-03-12T03:40Z", **night)))
    desk = desk_of(store_of(tmp_path))
    every = fire_seasons.fires(desk, LAST, LAST)
    alone = fire_seasons.fires(desk, LAST, LAST, ("SNPP",))
    name = next(fire for fire, seen in zip(every["fire_id"], every["satellites"], strict=True) if "TERRA" in seen)
    assert name not in set(alone["fire_id"])
    (found,) = fire_seasons.named(desk, name, ("SNPP",))["fire_id"]
    assert found in set(alone["fire_id"])
    part = fire_seasons.part_of(desk, name, 2026, NOW, ("SNPP",))
    assert {name, found} <= fire_seasons.names_of(desk, part, 2026, ("SNPP",))
    assert name not in fire_seasons.names_of(desk, part.named("F260310-00000000"), 2026, ("SNPP",))


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
