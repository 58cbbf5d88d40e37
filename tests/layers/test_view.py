"""The view in the address: what is written is read back, and whatever else stands there falls back."""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers import view
from layers.view import View, read_view
from models.counts import SATELLITE_SETS
from tests.layers import desks

DEFAULT = View("th", dt.date(2026, 4, 26))
TAMBONS = {"520101", "520304"}
ALLOWED = {"lang": ("th", "en"), "span": view.SPANS, "theme": view.THEMES, "sats": tuple(SATELLITE_SETS)}
FIELDS = [field.name for field in dataclasses.fields(View)]

views = st.builds(
    View,
    lang=st.sampled_from(ALLOWED["lang"]),
    day=st.dates(view.FIRST_DAY, view.LAST_DAY),
    span=st.sampled_from(view.SPANS),
    theme=st.sampled_from(view.THEMES),
    sats=st.sampled_from(ALLOWED["sats"]),
    tambon=st.sampled_from(["", *sorted(TAMBONS)]),
)
garbage = st.dictionaries(st.one_of(st.sampled_from(FIELDS), st.text(max_size=8)), st.text(max_size=24), max_size=8)


@given(views)
def test_an_address_opens_exactly_its_view(one: View) -> None:
    assert read_view(one.query(), DEFAULT, TAMBONS) == one


@given(garbage)
def test_garbage_never_raises_and_never_gets_in(query: dict[str, str]) -> None:
    found = read_view(query, DEFAULT, TAMBONS)
    for name, allowed in ALLOWED.items():
        assert getattr(found, name) in allowed
    assert found.tambon in {"", *TAMBONS}
    assert view.FIRST_DAY <= found.day <= view.LAST_DAY
    # Periods and addresses can be worked out of whatever came through.
    first, last = found.period
    assert first <= last
    assert read_view(found.query(), DEFAULT, TAMBONS) == found


@given(st.dates(dt.date(1, 1, 1), dt.date(2399, 12, 31)))
def test_days_that_no_page_can_show_fall_back(day: dt.date) -> None:
    found = read_view({"day": day.isoformat()}, DEFAULT, TAMBONS).day
    assert found == (day if view.FIRST_DAY <= day <= view.LAST_DAY else DEFAULT.day)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"day": "2569-03-28"}, {"day": dt.date(2026, 3, 28)}),
        ({"day": "28/03/2026"}, {}),
        ({"day": "0001-01-01"}, {}),
        ({"day": "9999-12-31"}, {}),
        ({"day": "2026-02-30", "lang": "en"}, {"lang": "en"}),
        ({"lang": "de", "sats": "snpp"}, {}),
        ({"tambon": "999999"}, {}),
        ({"tambon": "520304", "span": "week"}, {"tambon": "520304", "span": "week"}),
        ({"tambon": "<script>", "theme": "pm25"}, {"theme": "pm25"}),
    ],
)
def test_each_part_stands_alone(query: dict[str, str], expected: dict[str, object]) -> None:
    assert read_view(query, DEFAULT, TAMBONS) == dataclasses.replace(DEFAULT, **expected)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("day", "span", "first"),
    [
        ("2026-03-12", "day", "2026-03-12"),
        ("2026-03-12", "week", "2026-03-06"),
        ("2026-01-02", "week", "2025-12-27"),
        ("2026-03-12", "season", "2026-01-01"),
        ("2026-01-01", "season", "2026-01-01"),
        ("2026-11-23", "season", "2026-01-01"),
    ],
)
def test_periods(day: str, span: str, first: str) -> None:
    one = View("th", dt.date.fromisoformat(day), span)
    assert one.period == (dt.date.fromisoformat(first), dt.date.fromisoformat(day))


def test_the_first_address_counts_then_the_session(tmp_path: Path) -> None:
    desk = desks.desk_of(desks.store_of(tmp_path / "s", [desks.march()]))
    kept: dict[str, object] = {}
    asked = {"lang": "en", "day": "2026-03-01", "tambon": "520104"}
    first = view.current_view(desk, asked, kept)
    assert (first.lang, first.day, first.tambon) == ("en", dt.date(2026, 3, 1), "520104")
    assert view.current_view(desk, {"lang": "th"}, kept) == first


def test_the_desk_opens_with_the_newest_day(tmp_path: Path) -> None:
    desk = desks.desk_of(desks.store_of(tmp_path / "s", [desks.march()]))
    assert view.newest_day(desk) == dt.date(2026, 3, 12)
    assert view.newest_day(desks.desk_of(desks.store_of(tmp_path / "old", [desks.year_before()]))) == dt.date(
        2025, 3, 12
    )
    # With nothing stored it is today: 20:00 in Thailand on 12 March.
    assert view.newest_day(desks.desk_of(desks.store_of(tmp_path / "empty"))) == dt.date(2026, 3, 12)


def test_without_detections_no_points_are_published(tmp_path: Path) -> None:
    desk = desks.desk_of(desks.store_of(tmp_path / "s", readings=desks.air(("2026-03-10", 52.0))))
    assert view.map_points(desk, desks.view()) == ("", 0)
