"""Counts from running totals: each equal to a plain count of the rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.contracts import LAND_CLASSES, SATELLITES
from models import counts
from models.assign import SHARES_OF
from tests import make

DAY = dt.date


def built(
    table: pd.DataFrame, home: Sequence[int], tambons: int = 4, shares: pd.DataFrame | None = None
) -> list[counts.Totals]:
    """Return the totals of every year of a table."""
    none = pd.DataFrame({"row": np.empty(0, np.int64), "tambon": np.empty(0, np.int32), "share": np.empty(0, np.int32)})
    shares = none if shares is None else shares
    where = np.asarray(home, np.int32)
    out = []
    for year in sorted(set(table["acquired_at"].dt.year)):
        rows = np.flatnonzero(table["acquired_at"].dt.year == year)
        mine = shares[shares["row"].isin(rows)]
        mine = mine.assign(row=np.searchsorted(rows, mine["row"].to_numpy()))
        out.append(counts.totals(table.iloc[rows].reset_index(drop=True), where[rows], mine, tambons, int(year)))
    return out


def count(
    years: Sequence[counts.Totals], first: dt.date, last: dt.date, satellites: Sequence[str] = SATELLITES,
    passes: str = "all",
) -> list[int]:  # fmt: skip
    whole, shared = counts.count(years, first, last, satellites, passes, 4)
    assert shared.sum() == whole.sum()
    return whole.tolist()


def at(*moments: str, **fixed: Any) -> pd.DataFrame:
    return make.hotspots(*({"acquired_at": moment, "lon": 99 + n / 100, **fixed} for n, moment in enumerate(moments)))


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2026-03-10T16:59Z", DAY(2026, 3, 10)),
        ("2026-03-10T17:00Z", DAY(2026, 3, 11)),
        ("2026-03-10T18:44Z", DAY(2026, 3, 11)),
        ("2026-03-10T00:00Z", DAY(2026, 3, 10)),
        ("2026-02-28T18:44Z", DAY(2026, 3, 1)),
        ("2024-02-28T18:44Z", DAY(2024, 2, 29)),
        ("2025-12-31T16:59Z", DAY(2025, 12, 31)),
        ("2025-12-31T17:00Z", DAY(2026, 1, 1)),
        ("2026-01-01T00:00Z", DAY(2026, 1, 1)),
        ("2024-12-31T23:59Z", DAY(2025, 1, 1)),
    ],
)
def test_the_thai_day(moment: str, day: dt.date) -> None:
    years = built(at(moment), [2])
    step = dt.timedelta(days=1)
    assert count(years, day, day) == [0, 0, 1, 0]
    assert count(years, day - step, day - step) == count(years, day + step, day + step) == [0, 0, 0, 0]
    found = counts.daily(years, day - step, day + step, SATELLITES, "all", np.arange(4))
    assert found.tolist() == [0, 1, 0]
    assert found.index.tolist() == [pd.Timestamp(day - step), pd.Timestamp(day), pd.Timestamp(day + step)]


def test_the_turn_of_the_year_is_counted_from_both_years() -> None:
    table = at("2025-12-31T06:00Z", "2025-12-31T18:44Z", "2026-01-01T06:00Z", "2026-01-01T18:44Z")
    years = built(table, [0, 0, 0, 1])
    assert len(years) == 2
    assert count(years, DAY(2026, 1, 1), DAY(2026, 1, 1)) == [2, 0, 0, 0]
    assert count(years, DAY(2025, 12, 31), DAY(2026, 1, 2)) == [3, 1, 0, 0]
    assert count(years, DAY(2020, 1, 1), DAY(2030, 1, 1)) == [3, 1, 0, 0]
    found = counts.daily(years, DAY(2025, 12, 30), DAY(2026, 1, 3), SATELLITES, "all", np.arange(4))
    assert found.tolist() == [0, 1, 2, 1, 0]
    assert counts.daily(years, DAY(2025, 12, 30), DAY(2026, 1, 3), SATELLITES, "all", np.array([1])).tolist() == [
        0,
        0,
        0,
        1,
        0,
    ]


def test_both_ends_are_included() -> None:
    years = built(at(*(f"2026-03-{day}T06:00Z" for day in (10, 11, 12, 13))), [0, 1, 2, 3])
    assert count(years, DAY(2026, 3, 11), DAY(2026, 3, 12)) == [0, 1, 1, 0]
    assert count(years, DAY(2026, 3, 10), DAY(2026, 3, 13)) == [1, 1, 1, 1]
    assert count(years, DAY(2026, 3, 12), DAY(2026, 3, 11)) == [0, 0, 0, 0]
    assert count(years, DAY(2020, 1, 1), DAY(2020, 1, 2)) == [0, 0, 0, 0]
    assert count([], DAY(2020, 1, 1), DAY(2020, 1, 2)) == [0, 0, 0, 0]


def test_satellites_and_sets() -> None:
    table = make.hotspots(*({"satellite": name, "lon": 99 + n / 100} for n, name in enumerate(SATELLITES)))
    years = built(table, [0] * 6)
    day = DAY(2026, 3, 10)
    assert [count(years, day, day, [name])[0] for name in SATELLITES] == [1] * 6
    assert {name: count(years, day, day, members)[0] for name, members in counts.SATELLITE_SETS.items()} == {
        "SNPP": 1, "VIIRS": 3, "MODIS": 2, "ALL": 6,
    }  # fmt: skip
    assert count(years, day, day, []) == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("moment", "passed"),
    [("22:59", "night"), ("23:00", "day"), ("10:59", "day"), ("11:00", "night"), ("18:44", "night"), ("06:30", "day")],
)
def test_the_pass_is_told_by_the_thai_hour(moment: str, passed: str) -> None:
    """The day pass is 06:00 to 18:00 Thai time, 23:00 to 11:00 UTC."""
    years = built(at(f"2026-03-10T{moment}Z"), [0])
    period = DAY(2026, 3, 10), DAY(2026, 3, 11)
    assert {name: count(years, *period, passes=name)[0] for name in counts.PASSES} == {
        "night": int(passed == "night"),
        "day": int(passed == "day"),
    }
    assert count(years, *period) == [1, 0, 0, 0]


def test_detections_outside_are_not_counted() -> None:
    table = at("2026-03-10T06:00Z", "2026-03-10T06:00Z", "2026-03-10T06:00Z")
    assert count(built(table, [-1, 3, -1]), DAY(2026, 3, 10), DAY(2026, 3, 10)) == [0, 0, 0, 1]
    assert count(built(table, [-1, -1, -1]), DAY(2026, 3, 10), DAY(2026, 3, 10)) == [0, 0, 0, 0]


def test_a_year_without_rows_counts_nothing() -> None:
    empty = counts.totals(make.hotspots(), np.empty(0, np.int32), built_shares([]), 4, 2026)
    assert count([empty], DAY(2026, 1, 1), DAY(2026, 12, 31)) == [0, 0, 0, 0]


def built_shares(rows: list[tuple[int, int, int]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["row", "tambon", "share"]).astype(
        {"row": np.int64, "tambon": np.int32, "share": np.int32}
    )


def test_shared_counts_by_hand() -> None:
    table = at("2026-03-10T06:00Z", "2026-03-10T06:00Z", "2026-03-11T06:00Z")
    years = built(table, [0, 1, 1], shares=built_shares([(0, 0, 48), (0, 1, 16), (2, 1, 1), (2, 2, 63)]))
    whole, shared = counts.count(years, DAY(2026, 3, 10), DAY(2026, 3, 11), SATELLITES, "all", 4)
    assert whole.tolist() == [1, 2, 0, 0]
    assert shared.tolist() == [0.75, 0.25 + 1 + 1 / 64, 63 / 64, 0]
    _, shared = counts.count(years, DAY(2026, 3, 11), DAY(2026, 3, 11), SATELLITES, "all", 4)
    assert shared.tolist() == [0, 1 / 64, 63 / 64, 0]


@st.composite
def random_tables(draw: st.DrawFn) -> tuple[pd.DataFrame, np.ndarray, pd.DataFrame]:
    start = pd.Timestamp("2025-12-28T00:00Z")
    rows = draw(
        st.lists(
            st.tuples(st.integers(0, 8 * 1440), st.sampled_from(SATELLITES), st.integers(-1, 3), st.integers(0, 64)),
            min_size=1, max_size=60,
        )
    )  # fmt: skip
    table = make.hotspots(
        *(
            {"acquired_at": start + pd.Timedelta(minutes=minute), "satellite": satellite, "lon": 99 + n / 1000}
            for n, (minute, satellite, _, _) in enumerate(rows)
        )
    )
    shares = []
    for n, (_, _, home, given_away) in enumerate(rows):
        if home >= 0 and 0 < given_away < SHARES_OF:
            shares += [(n, home, SHARES_OF - given_away), (n, (home + 1) % 4, given_away)]
    return table, np.array([home for _, _, home, _ in rows]), built_shares(shares)


@settings(max_examples=80, deadline=None)
@given(
    made=random_tables(),
    start=st.integers(-2, 10),
    length=st.integers(0, 10),
    satellites=st.sets(st.sampled_from(SATELLITES)).map(sorted),
    passes=st.sampled_from(["all", "night", "day"]),
)
def test_totals_equal_a_plain_count(
    made: tuple[pd.DataFrame, np.ndarray, pd.DataFrame], start: int, length: int, satellites: list[str], passes: str
) -> None:
    table, home, shares = made
    years = built(table, home.tolist(), shares=shares)
    first = DAY(2025, 12, 28) + dt.timedelta(days=start)
    last = first + dt.timedelta(days=length)
    local = table["acquired_at"].dt.tz_convert("Asia/Bangkok")
    is_day = local.dt.hour.between(6, 17)
    chosen = (local.dt.date >= first) & (local.dt.date <= last) & table["satellite"].isin(satellites) & (home >= 0)
    chosen &= {"all": np.ones(len(local), bool), "night": ~is_day, "day": is_day}[passes]
    expected = pd.Series(home)[chosen].value_counts().reindex(range(4), fill_value=0)
    whole, shared = counts.count(years, first, last, satellites, passes, 4)
    assert whole.tolist() == expected.tolist()
    assert shared.sum() == whole.sum()  # to the last bit

    parts = np.zeros(4)
    divided = set(shares["row"])
    for row in np.flatnonzero(chosen):
        if row not in divided:
            parts[home[row]] += 1
    for row in shares[shares["row"].isin(np.flatnonzero(chosen))].itertuples():
        parts[row.tambon] += row.share / SHARES_OF
    assert shared.tolist() == parts.tolist()

    days = counts.daily(years, first, last, satellites, passes, np.array([1, 3]))
    wanted = local[chosen & np.isin(home, [1, 3])].dt.date.value_counts()
    assert days.tolist() == [int(wanted.get(day.date(), 0)) for day in days.index]
    assert len(days) == length + 1
    halves = [counts.count(years, first, last, satellites, half, 4)[0] for half in counts.PASSES]
    assert sum(halves).tolist() == counts.count(years, first, last, satellites, "all", 4)[0].tolist()


def test_land_classes_in_their_order_with_zeros() -> None:
    table = make.hotspots(
        {"land_class": "agriculture"},
        {"land_class": "agriculture"},
        {"land_class": None},
        {"land_class": "highway_side"},
    )
    found = counts.land_counts(table)
    assert found.index.tolist() == [*LAND_CLASSES, "unknown"]
    assert found.tolist() == [0, 0, 0, 2, 0, 1, 1]
    assert counts.land_counts(make.hotspots()).tolist() == [0] * 7
