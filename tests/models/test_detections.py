"""Stored detections seen through tambons: counts, rows and covered days of one state."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.contracts import SATELLITES
from data.errors import NotStored
from data.merge import Writer, bounds_of
from data.store import Store
from models import counts, detections
from models.detections import Detections
from tests import make

DAY = dt.date
MARCH = DAY(2026, 3, 1), DAY(2026, 3, 31)
INSIDE = {"520101": (99.05, 18.05), "520102": (99.15, 18.05), "520103": (99.05, 18.15), "520104": (99.15, 18.15)}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def bring(store: Store, *tables: pd.DataFrame) -> None:
    """Store tables as one file each, with its reach."""
    with store.locked():
        writer = Writer(store, store.state())
        for table in tables:
            writer.add_hotspots(table)
            writer.note({"kind": "hotspots", **bounds_of(table)})
        writer.commit()


def view(store: Store, **how: Any) -> Detections:
    return Detections(store, make.tambons(**how))


def at(code: str, moment: str = "2026-03-10T06:30Z", **fixed: Any) -> dict[str, Any]:
    """Return a detection in the middle of a tambon."""
    return {"lon": INSIDE[code][0], "lat": INSIDE[code][1], "acquired_at": moment, **fixed}


def counted(
    desk: Detections, first: dt.date, last: dt.date, satellites: Any = SATELLITES, passes: str = "all"
) -> dict[str, int]:
    table = desk.count(first, last, satellites, passes)
    return {row.tambon: row.count for row in table[table["count"] > 0].itertuples(index=False, name="Row")}


def test_nothing_stored_is_said(store: Store) -> None:
    desk = view(store)
    for ask in (
        lambda: desk.count(*MARCH, ["SNPP"]),
        lambda: desk.daily(*MARCH, ["SNPP"], np.arange(4)),
        lambda: desk.between(*MARCH),
    ):
        with pytest.raises(NotStored) as refusal:
            ask()
        assert refusal.value.key == "no_hotspots"
    assert not desk.stored_days(*MARCH).any()


def test_each_tambon_has_its_count_and_zeros_are_shown(store: Store) -> None:
    bring(
        store, make.hotspots(at("520101"), at("520103"), at("520103", "2026-03-11T06:30Z"), {"lon": 99.5, "lat": 18.05})
    )
    table = view(store).count(*MARCH, ["SNPP"])
    assert table["tambon"].tolist() == list(INSIDE)
    assert table["count"].tolist() == [1, 0, 2, 0]
    assert table["count_shared"].tolist() == [1.0, 0.0, 2.0, 0.0]
    assert "geometry" not in table
    assert counted(view(store), DAY(2026, 3, 11), DAY(2026, 3, 11)) == {"520103": 1}
    assert counted(view(store), DAY(2026, 4, 1), DAY(2026, 4, 30)) == {}


def test_the_day_boundary(store: Store) -> None:
    rows = [at("520101", "2026-03-10T16:59Z"), at("520102", "2026-03-10T17:00Z"), at("520103", "2026-03-10T18:44Z")]
    bring(store, make.hotspots(*rows))
    desk = view(store)
    assert counted(desk, DAY(2026, 3, 10), DAY(2026, 3, 10)) == {"520101": 1}
    assert counted(desk, DAY(2026, 3, 11), DAY(2026, 3, 11)) == {"520102": 1, "520103": 1}
    rows_found = desk.between(DAY(2026, 3, 11), DAY(2026, 3, 11))
    assert rows_found["tambon"].tolist() == ["520102", "520103"]
    assert rows_found["thai_day"].tolist() == [pd.Timestamp("2026-03-11")] * 2


def test_the_turn_of_the_year_across_stored_years(store: Store) -> None:
    moments = ["2025-12-31T16:59Z", "2025-12-31T17:00Z", "2026-01-01T06:30Z", "2026-01-01T17:00Z"]
    bring(store, make.hotspots(*(at(code, moment) for code, moment in zip(INSIDE, moments, strict=True))))
    desk = view(store)
    assert sorted(desk.parts) == [2025, 2026]
    new_year = DAY(2026, 1, 1), DAY(2026, 1, 1)
    assert counted(desk, *new_year) == {"520102": 1, "520103": 1}
    assert sorted(desk.between(*new_year)["tambon"]) == ["520102", "520103"]
    assert counted(desk, DAY(2025, 12, 31), DAY(2026, 1, 2)) == dict.fromkeys(INSIDE, 1)
    daily = desk.daily(DAY(2025, 12, 31), DAY(2026, 1, 2), SATELLITES, np.arange(4))
    assert daily.tolist() == [1, 2, 1]
    # The evening of 31 December in UTC alone, with nothing stored in the new year.
    other = Store(store.root.parent / "other")
    bring(other, make.hotspots(at("520102", "2025-12-31T18:44Z")))
    assert counted(view(other), *new_year) == {"520102": 1}
    assert len(view(other).between(*new_year)) == 1
    assert len(view(other).between(DAY(2025, 12, 31), DAY(2025, 12, 31))) == 0


def test_satellites_and_passes(store: Store) -> None:
    rows = [
        at("520101", satellite=name, acquired_at=f"2026-03-10T{hour}:30Z")
        for name in SATELLITES
        for hour in ("06", "18")
    ]
    bring(store, make.hotspots(*rows))
    desk = view(store)
    assert counted(desk, *MARCH) == {"520101": 12}
    for name in SATELLITES:
        assert counted(desk, *MARCH, [name]) == {"520101": 2}
        assert counted(desk, *MARCH, [name], "night") == counted(desk, *MARCH, [name], "day") == {"520101": 1}
        assert len(desk.between(*MARCH, [name])) == 2
    assert desk.between(*MARCH)["day_pass"].sum() == 6
    assert desk.daily(*MARCH, ["SNPP", "AQUA"], np.arange(4), "night").sum() == 2
    assert counted(desk, *MARCH, []) == {}
    assert len(desk.between(*MARCH, [])) == 0


def test_standard_rows_replace_nrt_rows_of_their_province_only(store: Store) -> None:
    nrt = make.hotspots(at("520101"), at("520102"), at("520103", "2026-03-11T06:30Z"), at("520104", satellite="NOAA20"))
    bring(store, nrt)
    both = [make.tambons(), make.tambons(1, 1, west=99.2, province="50")]
    tambons = pd.concat(both)
    assert Detections(store, tambons).count(*MARCH, SATELLITES)["count"].sum() == 4
    bring(store, make.hotspots({"lon": 99.25, "lat": 18.05, "quality": "standard"}))  # the other province
    assert Detections(store, tambons).count(*MARCH, SATELLITES)["count"].sum() == 5
    bring(store, make.hotspots(at("520101", quality="standard", frp_mw=9.0)))
    desk = Detections(store, tambons)
    found = desk.count(*MARCH, SATELLITES).set_index("tambon")["count"]
    assert found[found > 0].to_dict() == {"500101": 1, "520101": 1, "520103": 1, "520104": 1}
    rows = desk.between(*MARCH).set_index("tambon")
    assert rows.loc["520101", ["quality", "frp_mw"]].tolist() == ["standard", 9.0]
    assert len(rows) == 4
    assert sum(file.rows for file in desk.parts.values()) == 6  # no row was removed from the store


def test_a_detection_outside_is_a_row_without_a_tambon(store: Store) -> None:
    bring(store, make.hotspots(at("520101"), {"lon": 99.5, "lat": 18.05}))
    rows = view(store).between(*MARCH)
    assert len(rows) == 2
    assert rows.set_index("lon")["tambon"].isna().to_dict() == {99.05: False, 99.5: True}
    assert set(rows.columns) >= {"thai_day", "day_pass", "tambon", "hotspot_id"}


def test_a_period_without_rows_has_all_columns(store: Store) -> None:
    bring(store, make.hotspots(at("520101")))
    empty = view(store).between(DAY(2020, 1, 1), DAY(2020, 1, 2))
    assert len(empty) == 0
    assert empty.columns.tolist() == view(store).between(*MARCH).columns.tolist()


def test_one_view_answers_from_one_state(store: Store) -> None:
    bring(store, make.hotspots(at("520101")))
    desk = view(store)
    bring(store, make.hotspots(at("520102", "2026-03-20T06:30Z")))
    assert counted(desk, *MARCH) == {"520101": 1}
    assert len(desk.between(*MARCH)) == 1
    assert desk.stored_days(*MARCH).sum() == 1
    assert counted(view(store), *MARCH) == {"520101": 1, "520102": 1}
    assert view(store).stored_days(*MARCH).sum() == 2


def test_derived_files_follow_the_outline_and_the_rows(store: Store) -> None:
    bring(store, make.hotspots(at("520101"), at("520102")))
    view(store).prepare()
    known = {path.name for path in (store.root / "derived").iterdir()}
    assert len(known) == 3
    assert counted(view(store), *MARCH) == {"520101": 1, "520102": 1}
    assert {path.name for path in (store.root / "derived").iterdir()} == known
    assert counted(view(store, columns=1), *MARCH) == {"520101": 1}  # other outlines, other answer
    bring(store, make.hotspots(at("520103")))
    assert counted(view(store), *MARCH) == {"520101": 1, "520102": 1, "520103": 1}


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), count=st.integers(1, 150), start=st.integers(0, 5), length=st.integers(0, 5))
def test_counts_equal_a_plain_count_and_shares_add_up(
    tmp_path_factory: pytest.TempPathFactory, seed: int, count: int, start: int, length: int
) -> None:
    store = Store(tmp_path_factory.mktemp("cube") / "store")
    table = make.scattered(count, seed, first="2025-12-29", scan_km=2.0, track_km=1.0)
    bring(store, table)
    desk = view(store)
    first = DAY(2025, 12, 29) + dt.timedelta(days=start)
    last = first + dt.timedelta(days=length)
    local = table["acquired_at"].dt.tz_convert("Asia/Bangkok").dt.date
    chosen = table[(local >= first) & (local <= last) & (table["satellite"] != "NOAA21")]
    inside = chosen[chosen["lon"].between(99, 99.2) & chosen["lat"].between(18, 18.2)]
    column, row = (inside["lon"] > 99.1).astype(int), (inside["lat"] > 18.1).astype(int)
    expected = (row * 2 + column).value_counts().reindex(range(4), fill_value=0)
    found = desk.count(first, last, ["SNPP", "NOAA20"])
    assert found["count"].tolist() == expected.tolist()
    assert found["count_shared"].sum() == len(inside)
    halves = [desk.count(first, last, ["SNPP", "NOAA20"], half)["count"] for half in ("night", "day")]
    assert (halves[0] + halves[1]).tolist() == expected.tolist()
    rows = desk.between(first, last, ["SNPP", "NOAA20"])
    assert sorted(rows["hotspot_id"]) == sorted(chosen["hotspot_id"])
    assert rows["tambon"].notna().sum() == len(inside)
    daily = desk.daily(first, last, ["SNPP", "NOAA20"], np.arange(4))
    assert daily.sum() == len(inside)
    assert daily.to_dict() == {
        pd.Timestamp(day): int((local[inside.index] == day.date()).sum()) for day in pd.date_range(first, last)
    }


# -- covered days ------------------------------------------------------------------------------------------------------


def covered(desk: Detections, first: dt.date, last: dt.date, satellites: Any = None) -> list[bool]:
    return desk.stored_days(first, last, satellites).tolist()


def test_a_covered_day_without_a_row_is_covered_another_is_not(store: Store) -> None:
    bring(store, make.hotspots(at("520101", "2026-03-10T06:30Z"), at("520101", "2026-03-12T18:44Z")))
    days = view(store).stored_days(DAY(2026, 3, 9), DAY(2026, 3, 14))
    # The last pass, 18:44 UTC of the 12th, is on the 13th in Thailand; the 11th and 12th have no row.
    assert days.tolist() == [False, True, True, True, True, False]
    assert days.index.tolist() == pd.date_range("2026-03-09", "2026-03-14").tolist()


def test_days_between_two_files_are_not_covered(store: Store) -> None:
    bring(store, make.hotspots(at("520101", "2026-03-10T06:30Z")), make.hotspots(at("520101", "2026-03-13T06:30Z")))
    assert covered(view(store), DAY(2026, 3, 10), DAY(2026, 3, 13)) == [True, False, False, True]


def test_a_file_of_another_region_does_not_cover(store: Store) -> None:
    bring(store, make.hotspots({"lon": 102.0}, {"lon": 103.0, "lat": 19.0}))
    day = DAY(2026, 3, 10)
    assert covered(view(store), day, day) == [False]
    bring(store, make.hotspots({"lon": 99.15, "lat": 15.0}))
    assert covered(view(store), day, day) == [False]
    bring(store, make.hotspots({"lon": 99.45, "lat": 18.45}))  # outside the tambons, in their half-degree cell
    assert covered(view(store), day, day) == [True]


def test_a_neighbouring_country_whose_box_holds_us_does_not_cover(store: Store) -> None:
    """Rows west, north and east of the tambons, as Myanmar's are of Lampang: the box holds us, the file does not."""
    bring(store, make.hotspots({"lon": 93.0, "lat": 15.0}, {"lon": 97.4, "lat": 18.05}, {"lon": 100.9, "lat": 21.0}))
    assert covered(view(store), DAY(2026, 3, 10), DAY(2026, 3, 10)) == [False]


def test_a_file_of_a_wide_region_without_a_row_here_covers(store: Store) -> None:
    bring(store, make.hotspots({"lon": 96.5, "lat": 15.0}, {"lon": 105.0, "lat": 21.0}))
    assert covered(view(store), DAY(2026, 3, 10), DAY(2026, 3, 10)) == [True]


def test_a_file_of_other_satellites_does_not_cover(store: Store) -> None:
    bring(
        store,
        make.hotspots(at("520101", satellite="AQUA", sensor="MODIS"), at("520102", satellite="TERRA", sensor="MODIS")),
    )
    day = DAY(2026, 3, 10)
    assert covered(view(store), day, day, ["SNPP", "NOAA20"]) == [False]
    assert covered(view(store), day, day, ["SNPP", "TERRA"]) == [True]
    assert covered(view(store), day, day) == [True]


def test_totals_of_a_year_hold_its_satellites_alone_and_may_hold_none(tmp_path: Path) -> None:
    counted = np.arange(2 * 367 * 3, dtype=np.int32).reshape(2, 367, 3)
    for arrays, held in (({"NOAA20": counted, "SNPP": 2 * counted}, ["NOAA20", "SNPP"]), ({}, ["SNPP"])):
        made = counts.Totals(dt.date(2026, 1, 1), arrays, {name: 64 * array for name, array in arrays.items()})
        detections._save_totals(made, 3, tmp_path / "totals.npy")
        read = detections._load_totals(2026)(tmp_path / "totals.npy")
        assert read.first == made.first
        assert sorted(read.counts) == sorted(read.shared) == held
        for name in held:
            np.testing.assert_array_equal(read.counts[name], arrays.get(name, np.zeros_like(counted)))
            np.testing.assert_array_equal(read.shared[name], 64 * arrays.get(name, np.zeros_like(counted)))
