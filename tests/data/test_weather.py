"""Weather into the store: each place, hour and issue once, numbers before gaps, the same file whatever the order."""

from __future__ import annotations

import datetime as dt
import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data import contracts
from data.clock import UTC
from data.errors import ContractError, NotStored
from data.merge import Added, Writer, bounds_of
from data.store import Store
from data.variables import registry
from data.weather import joined
from tests import make

EVER = (dt.datetime(2000, 1, 1, tzinfo=UTC), dt.datetime(2100, 1, 1, tzinfo=UTC))
ISSUED = "2026-03-09T18:00Z"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def put(store: Store, *tables: pd.DataFrame, places: pd.DataFrame | None = None) -> list[Added]:
    """Add tables in one commit."""
    with store.locked():
        writer = Writer(store, store.state())
        added = [writer.add_weather(table, places) for table in tables]
        writer.commit()
    return added


def test_nothing_stored_is_not_no_weather(store: Store) -> None:
    with pytest.raises(NotStored) as error:
        store.weather(*EVER)
    assert error.value.key == "no_weather"
    assert store.weather_places().empty
    put(store, make.weather({}))
    assert store.weather(EVER[0], EVER[0]).empty


def test_rows_come_back_by_year_place_hour_and_issue(store: Store) -> None:
    rows = [
        {"station_id": "b"},
        {"station_id": "a", "measured_at": "2025-12-31T23:00Z"},
        {"station_id": "a", "issued_at": ISSUED},
        {"station_id": "a"},
    ]
    assert put(store, make.weather(*rows)) == [Added(4, 0)]
    assert set(store.parts("weather")) == {"2025", "2026"}
    back = store.weather(*EVER)
    assert list(zip(back["station_id"], back["measured_at"].dt.year, back["issued_at"].isna(), strict=True)) == [
        ("a", 2025, True),
        ("a", 2026, True),
        ("a", 2026, False),
        ("b", 2026, True),
    ]
    assert dict(back.dtypes.astype(str)) == contracts.WEATHER_COLUMNS
    start = dt.datetime(2026, 3, 10, tzinfo=UTC)
    assert len(store.weather(start, start + dt.timedelta(hours=1))) == 3
    assert store.weather(start + dt.timedelta(hours=1), EVER[1]).empty


def test_a_number_fills_a_gap_and_a_gap_takes_nothing(store: Store) -> None:
    whole = make.weather({"temperature_c": 30.0, "humidity_pct": None, "rain_mm": 0.0})
    other = make.weather({"temperature_c": None, "humidity_pct": 40.0, "rain_mm": None, "source": "other"})
    assert put(store, whole) == [Added(1, 0)]
    assert put(store, other) == [Added(1, 0)]
    assert put(store, other, whole) == [Added(0, 1), Added(0, 1)]
    row = store.weather(*EVER).iloc[0]
    assert (row["temperature_c"], row["humidity_pct"], row["rain_mm"], row["source"]) == (30.0, 40.0, 0.0, "other")
    assert store.revisions().empty


def test_a_row_without_numbers_stays_missing_until_one_comes(store: Store) -> None:
    put(store, make.weather({"temperature_c": None, "flag": "missing"}))
    assert store.weather(*EVER)["flag"].tolist() == ["missing"]
    put(store, make.weather({"temperature_c": 0.5}))
    assert store.weather(*EVER)[["flag", "temperature_c"]].to_numpy().tolist() == [["ok", 0.5]]


def test_a_measured_number_that_changes_is_a_revision_and_a_model_that_does_is_none(store: Store) -> None:
    put(store, make.weather({}, {"station_id": "model", "flag": "model"}))
    assert put(store, make.weather({"temperature_c": 31.0}, {"station_id": "model", "temperature_c": 31.0})) == [
        Added(2, 0)
    ]
    assert store.weather(*EVER)["temperature_c"].tolist() == [31.0, 31.0]
    told = store.revisions()[["station_id", "variable", "averaging", "earlier", "later"]]
    assert told.to_numpy().tolist() == [["mast", "temperature_c", "PT1H", 30.0, 31.0]]


def test_what_was_known_when_is_kept_apart(store: Store) -> None:
    forecasts = [{"issued_at": ISSUED, "temperature_c": 28.0}, {"issued_at": "2026-03-09T12:00Z"}, {}]
    assert put(store, make.weather(*forecasts, *forecasts)) == [Added(3, 3)]
    assert store.weather(*EVER)["temperature_c"].tolist() == [30.0, 30.0, 28.0]


def test_the_order_of_additions_does_not_show_in_the_file(tmp_path: Path) -> None:
    rows = [
        make.weather({"station_id": name, "measured_at": f"2026-03-10T0{hour}:00Z"}) for name in "ab" for hour in (1, 2)
    ]
    revisions = set()
    for at, order in enumerate(itertools.permutations(rows)):
        store = Store(tmp_path / str(at))
        put(store, *order[:2])
        put(store, *order[1:])
        revisions.add(store.state().revision)
    assert len(revisions) == 1


def test_places_are_kept_beside_and_are_no_stations(store: Store) -> None:
    put(store, make.weather({}), places=make.stations({"station_id": "mast"}))
    assert store.weather_places()["station_id"].tolist() == ["mast"]
    assert store.stations().empty


def test_the_same_weather_again_writes_nothing(store: Store) -> None:
    table = make.weather({}, {"issued_at": ISSUED}, {"temperature_c": None, "station_id": "x", "flag": "missing"})
    put(store, table, places=make.stations({}))
    before = store.state()
    put(store, table, table.iloc[::-1], places=make.stations({}))
    assert store.state() == before


@pytest.mark.parametrize("variable", contracts.WEATHER_VALUES)
def test_every_limit_of_the_registry_is_checked(variable: str) -> None:
    entry = registry()[variable]
    edges = make.weather({variable: entry.low}, {variable: entry.high, "station_id": "x"})
    assert len(contracts.check_weather(edges)) == 2
    for wrong in (entry.low - 1, entry.high + 1):
        with pytest.raises(ContractError, match=variable):
            contracts.check_weather(make.weather({variable: wrong}))


def test_the_reach_of_a_forecast_is_told_by_what_has_passed() -> None:
    table = make.weather({}, {"measured_at": "2026-03-12T00:00Z", "issued_at": ISSUED})
    assert bounds_of(table)["last"] == pd.Timestamp("2026-03-10T00:00Z")
    assert bounds_of(table.iloc[1:])["last"] == pd.Timestamp("2026-03-12T00:00Z")


_ROW = st.fixed_dictionaries(
    {
        "station_id": st.sampled_from(["a", "b"]),
        "measured_at": st.sampled_from(["2026-03-10T01:00Z", "2026-03-10T02:00Z"]),
        "issued_at": st.sampled_from([None, ISSUED]),
        "temperature_c": st.sampled_from([None, 0.0, 10.0, 20.0]),
        "rain_mm": st.sampled_from([None, 0.0, 1.0]),
    }
)


def slowly(rows: list[dict[str, Any]]) -> dict[tuple[Any, ...], list[Any]]:
    """Return what must be held after the rows came one after the other."""
    held: dict[tuple[Any, ...], list[Any]] = {}
    for row in rows:
        key = tuple(row[name] for name in contracts.WEATHER_KEY)
        mine = held.setdefault(key, [None, None])
        for at, name in enumerate(("temperature_c", "rain_mm")):
            mine[at] = mine[at] if row[name] is None else row[name]
    return held


@settings(max_examples=60, deadline=None)
@given(st.lists(_ROW, min_size=1, max_size=8), st.lists(_ROW, min_size=1, max_size=8))
def test_joining_is_as_if_each_row_came_alone(first: list[dict[str, Any]], second: list[dict[str, Any]]) -> None:
    empty = contracts.typed(
        contracts.empty(contracts.WEATHER_COLUMNS), contracts.WEATHER_COLUMNS, contracts.WEATHER_CATEGORIES
    )
    held = joined(empty, make.weather(*first)).table
    table = joined(held, make.weather(*second)).table
    found = {
        (
            row["station_id"],
            row["measured_at"].strftime("%Y-%m-%dT%H:%MZ"),
            None if pd.isna(row["issued_at"]) else ISSUED,
        ): [None if np.isnan(row[name]) else row[name] for name in ("temperature_c", "rain_mm")]
        for row in table.to_dict("records")
    }
    assert found == slowly([*first, *second])
    assert len(table) == len(found)
