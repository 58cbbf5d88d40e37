"""New rows into the store: each once, the better one where two meet, the same result whatever the order."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from data import contracts, merge
from data.clock import UTC
from data.contracts import REVISION_COLUMNS
from data.errors import ContractError
from data.merge import Added, Writer, bounds_of, fetched_now
from data.store import State, Store
from tests import make


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def put(store: Store, kind: str, *tables: pd.DataFrame) -> list[Added]:
    """Add tables in one commit."""
    with store.locked():
        writer = Writer(store, store.state())
        added = [getattr(writer, f"add_{kind}")(table) for table in tables]
        writer.commit()
    return added


def stored(store: Store) -> pd.DataFrame:
    parts = store.state().tables["hotspots"]
    return pd.concat([store.hotspot_part(part) for part in parts.values()], ignore_index=True)


def files(store: Store) -> set[Path]:
    return {path for path in store.root.rglob("*") if path.is_file()}


# -- detections --------------------------------------------------------------------------------------------------------


def test_the_same_table_twice_changes_nothing(store: Store) -> None:
    table = make.scattered(50, 1, first="2025-12-30")
    assert put(store, "hotspots", table) == [Added(50, 0)]
    before, known = store.state(), files(store)
    assert put(store, "hotspots", table, table.iloc[::-1]) == [Added(0, 50), Added(0, 50)]
    assert store.state() == before
    assert files(store) == known


def test_overlapping_tables_leave_each_detection_once(store: Store) -> None:
    table = make.scattered(50, 1)
    assert put(store, "hotspots", table.iloc[:30], table.iloc[20:40]) == [Added(30, 0), Added(10, 10)]
    assert put(store, "hotspots", table.iloc[25:]) == [Added(10, 15)]
    assert sorted(stored(store)["hotspot_id"]) == sorted(table["hotspot_id"])


def test_doubles_inside_one_table(store: Store) -> None:
    assert put(store, "hotspots", make.hotspots({}, {"lon": 99.06}, {}, {})) == [Added(2, 2)]
    assert stored(store)["lon"].tolist() in ([99.05, 99.06], [99.06, 99.05])


def test_nrt_and_standard_rows_of_one_pixel_stay_both(store: Store) -> None:
    table = make.hotspots({}, {"quality": "standard", "frp_mw": 5.5})
    assert table["hotspot_id"].nunique() == 1
    assert put(store, "hotspots", table) == [Added(2, 0)]
    assert put(store, "hotspots", table) == [Added(0, 2)]
    assert dict(zip(stored(store)["quality"], stored(store)["frp_mw"], strict=True)) == {"nrt": 5.0, "standard": 5.5}


def test_years_are_utc_years(store: Store) -> None:
    table = make.hotspots({"acquired_at": "2025-12-31T23:59Z"}, {"acquired_at": "2026-01-01T00:00Z"})
    put(store, "hotspots", table)
    assert {year: file.rows for year, file in store.state().tables["hotspots"].items()} == {"2025": 1, "2026": 1}


def test_an_empty_table_changes_nothing(store: Store) -> None:
    assert put(store, "hotspots", make.hotspots()) == [Added(0, 0)]
    assert store.empty


GISTDA = {
    "provider": "gistda", "land_class": "reserved_forest", "frp_mw": None, "scan_km": None, "track_km": None,
    "confidence": "high", "brightness_k": None, "is_daytime": None,
}  # fmt: skip


@pytest.mark.parametrize("first", ["firms", "gistda"])
@pytest.mark.parametrize("commits", [1, 2])
def test_a_pixel_from_gistda_and_firms_becomes_one_row(store: Store, first: str, commits: int) -> None:
    firms, gistda = make.hotspots({}), make.hotspots(GISTDA)
    tables = [firms, gistda] if first == "firms" else [gistda, firms]
    added = put(store, "hotspots", *tables) if commits == 1 else [put(store, "hotspots", table)[0] for table in tables]
    assert added == [Added(1, 0), Added(0, 1)]
    assert len(stored(store)) == 1
    row = stored(store).iloc[0]
    assert (row["land_class"], row["provider"], row["confidence"]) == ("reserved_forest", "firms", "nominal")
    assert (row["frp_mw"], row["brightness_k"], row["is_daytime"]) == (5.0, 330.0, True)
    assert (row["scan_km"], row["track_km"]) == (np.float32(0.4), np.float32(0.4))
    assert row["hotspot_id"] == firms["hotspot_id"].iloc[0]
    before = store.state()
    put(store, "hotspots", gistda, firms)
    assert store.state() == before


def test_a_full_file_fills_what_a_reduced_one_of_the_same_provider_lacked(store: Store) -> None:
    put(store, "hotspots", make.hotspots({"frp_mw": None, "scan_km": None}, {"lon": 99.06}))
    before = store.state()
    assert put(store, "hotspots", make.hotspots({"lon": 99.06, "frp_mw": None})) == [Added(0, 1)]
    assert store.state() == before
    assert put(store, "hotspots", make.hotspots({}, {"lon": 99.06, "frp_mw": 9.0})) == [Added(0, 2)]
    assert store.state().number == before.number + 1
    rows = stored(store).sort_values("lon")
    assert rows["frp_mw"].tolist() == [5.0, 5.0]  # filled where it lacked, kept where it was
    assert rows["scan_km"].tolist() == [np.float32(0.4)] * 2


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_any_split_and_order_gives_the_same_content(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Pixels of two years, each in one to four forms: FIRMS full or reduced, GISTDA, the standard product."""
    forms: list[dict[str, Any]] = [
        {},
        {"frp_mw": None, "is_daytime": None},
        GISTDA,
        {"quality": "standard", "frp_mw": 6.0},
    ]
    drawn = data.draw(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3)), min_size=1, max_size=30))
    changes = [
        {"acquired_at": f"{2025 + pixel % 2}-03-10T06:30Z", "lon": round(99 + pixel / 1000, 5), **forms[form]}
        for pixel, form in drawn
    ]
    whole = make.hotspots(*changes)
    shuffled = whole.iloc[data.draw(st.permutations(range(len(whole))))].reset_index(drop=True)
    cuts = data.draw(st.lists(st.tuples(st.integers(0, len(whole)), st.booleans()), max_size=4).map(sorted))
    one, other = (Store(tmp_path_factory.mktemp("stores") / name) for name in ("one", "other"))
    kept = put(one, "hotspots", whole)[0]
    pieces, waiting, totals = [], [], Added(0, 0)
    for (start, _), (end, alone) in itertools.pairwise([(0, False), *cuts, (len(whole), True)]):
        waiting.append(shuffled.iloc[start:end])
        if alone:
            pieces.append(waiting)
            waiting = []
    with pytest.MonkeyPatch.context() as patch, other.locked():
        patch.setattr(merge, "_MANY_RECENT", data.draw(st.sampled_from([0, 3, 50_000])))
        writer = Writer(other, other.state())
        for together in pieces:
            for table in together:
                added = writer.add_hotspots(table)
                totals = Added(totals.kept + added.kept, totals.duplicates + added.duplicates)
            state = writer.commit()
            if data.draw(st.booleans()):  # a writer can be used on after a commit
                writer = Writer(other, state)
    assert other.state().revision == one.state().revision
    assert totals == kept
    assert kept.kept == len(stored(one)) == len({(pixel, form == 3) for pixel, form in drawn})
    assert kept.kept + kept.duplicates == len(drawn)
    contracts.check_hotspots(stored(one)[stored(one)["quality"] == "nrt"])


# -- readings ----------------------------------------------------------------------------------------------------------


def values(store: Store) -> list[float | None]:
    table = store.readings(dt.datetime(2000, 1, 1, tzinfo=UTC), dt.datetime(2100, 1, 1, tzinfo=UTC))
    return [None if np.isnan(value) else value for value in table["value"]]


def hour(**changes: Any) -> pd.DataFrame:
    return make.readings(changes)


@pytest.mark.parametrize(
    ("sequence", "result", "kept"),
    [
        ([40.0, 40.0], 40.0, [1, 0]),
        ([None, 40.0], 40.0, [1, 1]),
        ([40.0, None], 40.0, [1, 0]),
        ([40.0, 41.0], 41.0, [1, 1]),
        ([None, None], None, [1, 0]),
        ([40.0, 41.0, 40.0], 40.0, [1, 1, 1]),
        ([0.0, None, -1.0], -1.0, [1, 0, 1]),
    ],
)
@pytest.mark.parametrize("how", ["commits", "one commit"])
def test_readings_that_meet(
    store: Store, sequence: Sequence[float | None], result: float | None, kept: list[int], how: str
) -> None:
    tables = [hour(value=value) for value in sequence]
    together = [tables] if how == "one commit" else [[table] for table in tables]
    added = [one for group in together for one in put(store, "readings", *group)]
    assert values(store) == [result]
    assert added == [Added(new, 1 - new) for new in kept]


@pytest.mark.parametrize(
    ("sequence", "result"),
    [
        ([40.0, None], 40.0),
        ([None, 40.0], 40.0),
        ([40.0, 41.0], 41.0),
        ([41.0, 40.0, None], 40.0),
        ([None, None], None),
    ],
)
def test_readings_that_meet_inside_one_table(
    store: Store, sequence: Sequence[float | None], result: float | None
) -> None:
    table = make.readings(*({"value": value} for value in sequence))
    assert put(store, "readings", table) == [Added(1, 0)]
    assert values(store) == [result]


def test_readings_differ_by_station_hour_variable_and_averaging(store: Store) -> None:
    table = make.readings(
        {"value": 1}, {"value": 2, "station_id": "38t"}, {"value": 3, "measured_at": "2026-03-10T01:00Z"},
        {"value": 4, "variable": "pm10"}, {"value": 5, "averaging": "PT24H"}, {"value": 6, "averaging": "P1D"},
        {"value": 7, "measured_at": "2025-12-31T23:00Z"},
    )  # fmt: skip
    # One record is a station, an hour and an averaging: pm25 and pm10 are the same record.
    assert put(store, "readings", table) == [Added(6, 0)]
    assert sorted(v for v in values(store) if v is not None) == [1, 2, 3, 4, 5, 6, 7]
    before, known = store.state(), files(store)
    assert put(store, "readings", table.iloc[::-1]) == [Added(0, 6)]
    assert store.state() == before
    assert files(store) == known


def test_a_record_with_one_new_variable_is_kept(store: Store) -> None:
    put(store, "readings", make.readings({}, {"variable": "pm10", "value": None}))
    both = make.readings({}, {"variable": "pm10", "value": 60})
    assert put(store, "readings", both) == [Added(1, 0)]
    assert put(store, "readings", both) == [Added(0, 1)]
    assert sorted(v for v in values(store) if v is not None) == [40, 60]


def revisions(store: Store) -> list[tuple[str, float, float, str]]:
    table = store.revisions()
    assert table.columns.tolist() == list(REVISION_COLUMNS)
    return list(zip(table["station_id"], table["earlier"], table["later"], table["source"], strict=True))


def test_a_changed_number_leaves_a_revision(tmp_path: Path) -> None:
    moment = dt.datetime(2026, 3, 10, 5, tzinfo=UTC)
    store = Store(tmp_path / "store", lambda: moment)
    put(store, "readings", make.readings({"value": 40}, {"station_id": "38t", "value": 7}))
    assert revisions(store) == []
    put(store, "readings", make.readings({"value": 41.5, "source": "late"}, {"station_id": "38t", "value": 7}))
    assert revisions(store) == [("37t", 40, 41.5, "late")]
    row = store.revisions().iloc[0]
    assert (row["variable"], row["averaging"], row["replaced_at"]) == ("pm25", "PT1H", moment)
    assert row["measured_at"] == pd.Timestamp("2026-03-10T00:00Z")
    # In another year, twice in one commit, and back to what it was: newest last.
    old = {"measured_at": "2025-03-10T00:00Z"}
    put(store, "readings", make.readings({**old, "value": 1}))
    put(store, "readings", make.readings({**old, "value": 2}), make.readings({"value": 40}, {**old, "value": 1}))
    assert [(one, other) for _, one, other, _ in revisions(store)] == [(40, 41.5), (1, 2), (2, 1), (41.5, 40)]


def test_what_is_no_change_leaves_no_revision(store: Store) -> None:
    missing, number = make.readings({"value": None}), make.readings({"value": 40})
    put(store, "readings", missing, number, number, missing)
    put(store, "readings", missing, number)
    put(store, "readings", make.readings({"variable": "pm10", "value": 60}, {"averaging": "P1D", "value": 50}))
    # Two numbers in one table: the last is the first that was ever stored.
    put(store, "readings", make.readings({"station_id": "40t", "value": 1}, {"station_id": "40t", "value": 2}))
    assert revisions(store) == []
    assert "revisions" not in store.state().tables


def test_a_revision_is_no_content(tmp_path: Path) -> None:
    one, other = Store(tmp_path / "one"), Store(tmp_path / "other")
    put(one, "readings", make.readings({"value": 40}), make.readings({"value": 41}))
    put(other, "readings", make.readings({"value": 41}))
    assert len(one.revisions()) == 1
    assert one.state().revision == other.state().revision


def test_readings_are_read_from_start_to_before_end(store: Store) -> None:
    stamps = [f"2026-03-10T0{at}:00Z" for at in range(4)]
    put(store, "readings", make.readings(*({"measured_at": stamp, "value": at} for at, stamp in enumerate(stamps))))
    start, end = (dt.datetime(2026, 3, 10, at, tzinfo=UTC) for at in (1, 3))
    assert store.readings(start, end)["value"].tolist() == [1, 2]
    table = store.readings(dt.datetime(2020, 1, 1, tzinfo=UTC), dt.datetime(2020, 1, 2, tzinfo=UTC))
    assert (len(table), table.columns.tolist()) == (0, list(contracts.READING_COLUMNS))


@settings(max_examples=40, deadline=None)
@given(
    tables=st.lists(
        st.lists(st.tuples(st.integers(0, 3), st.integers(0, 1), st.sampled_from([None, 1.0, 2.0])), max_size=6),
        min_size=1, max_size=5,
    ),
    commits=st.lists(st.booleans(), min_size=5, max_size=5),
    new_writer=st.booleans(),
)  # fmt: skip
def test_readings_follow_the_rule_one_by_one(
    tmp_path_factory: pytest.TempPathFactory,
    tables: list[list[tuple[int, int, float | None]]],
    commits: list[bool],
    new_writer: bool,
) -> None:
    store = Store(tmp_path_factory.mktemp("readings") / "store")
    expected: dict[tuple[int, int], float | None] = {}
    writer = Writer(store, store.state())
    for rows, commit in zip(tables, commits, strict=False):
        for at, variable, value in rows:
            if value is not None or (at, variable) not in expected:
                expected[at, variable] = value
        changes = [
            {"measured_at": f"2026-03-10T0{at}:00Z", "variable": contracts.VARIABLES[variable], "value": value}
            for at, variable, value in rows
        ]
        added = writer.add_readings(make.readings(*changes))
        assert added.kept + added.duplicates == len({at for at, _, _ in rows})
        if commit:
            state = writer.commit()
            writer = Writer(store, state) if new_writer else writer
    writer.commit()
    found: dict[tuple[int, int], float | None] = {}
    if expected:
        table = store.readings(dt.datetime(2026, 3, 1, tzinfo=UTC), dt.datetime(2026, 4, 1, tzinfo=UTC))
        for row in table.itertuples():
            key = (row.measured_at.hour, contracts.VARIABLES.index(row.variable))
            assert key not in found
            found[key] = None if np.isnan(row.value) else row.value
    assert found == expected


# -- stations and population -------------------------------------------------------------------------------------------


def test_stations_are_added_and_updated(store: Store) -> None:
    assert put(store, "stations", make.stations({"station_id": "b"}, {"station_id": "a"})) == [Added(2, 0)]
    before = store.state()
    assert put(store, "stations", make.stations({"station_id": "a"})) == [Added(0, 1)]
    assert store.state() == before
    changed = make.stations({"station_id": "a", "name_en": "New"}, {"station_id": "c"}, {"station_id": "b"})
    assert put(store, "stations", changed) == [Added(2, 1)]
    table = store.stations()
    assert dict(zip(table["station_id"], table["name_en"], strict=True)) == {"a": "New", "b": "A", "c": "A"}


def test_stations_in_any_order_have_one_revision(tmp_path: Path) -> None:
    one, other = Store(tmp_path / "one"), Store(tmp_path / "other")
    put(one, "stations", make.stations({"station_id": "b"}, {"station_id": "a"}))
    put(other, "stations", make.stations({"station_id": "a"}))
    put(other, "stations", make.stations({"station_id": "b"}))
    assert one.state().revision == other.state().revision


def test_stations_that_break_the_contract_are_refused(store: Store) -> None:
    with pytest.raises(ContractError):
        put(store, "stations", make.stations({}).assign(lat=181.0))
    assert store.empty


def test_population_is_added_and_updated(store: Store) -> None:
    first = pd.DataFrame({"tambon": ["520102", "520101"], "population": [20, 10], "year": 2021, "source": "x"})
    assert put(store, "population", first) == [Added(2, 0)]
    assert put(store, "population", first.assign(population=[20, 11])) == [Added(1, 1)]
    table = store.population()
    assert table is not None
    assert dict(zip(table["tambon"], table["population"], strict=True)) == {"520101": 11, "520102": 20}


# -- tambons -----------------------------------------------------------------------------------------------------------


def moved(by: float, **fixed: Any) -> gpd.GeoDataFrame:
    table = make.tambons(**fixed)
    return table.set_geometry(shapely.transform(table.geometry.to_numpy(), lambda xy: xy + by), crs="EPSG:4326")


@pytest.mark.parametrize(
    ("old", "new", "replaced"),
    [
        ("full", "full", True), ("full", "simplified", False), ("full", "generalised", False),
        ("simplified", "full", True), ("simplified", "generalised", False), ("generalised", "simplified", True),
    ],
)  # fmt: skip
@pytest.mark.parametrize("commits", [1, 2])
def test_finer_outlines_replace_coarser(store: Store, old: str, new: str, replaced: bool, commits: int) -> None:
    tables = [make.tambons(detail=old), moved(0.001, detail=new)]
    added = put(store, "tambons", *tables) if commits == 1 else [put(store, "tambons", table)[0] for table in tables]
    assert added == [Added(4, 0), Added(4, 0) if replaced else Added(0, 4)]
    found = store.tambons()
    assert found is not None
    assert set(found["detail"]) == ({new} if replaced else {old})
    assert found.total_bounds[0] == pytest.approx(99.001 if replaced else 99.0, abs=1e-9)
    assert found.columns.tolist() == [*contracts.TAMBON_COLUMNS, "geometry"]


def test_the_same_outlines_twice_change_nothing(store: Store) -> None:
    put(store, "tambons", make.tambons())
    before = store.state()
    assert put(store, "tambons", make.tambons().iloc[::-1]) == [Added(0, 4)]
    assert store.state() == before


def test_a_file_that_lacks_tambons_of_a_province_does_not_replace_it(store: Store) -> None:
    put(store, "tambons", make.tambons(detail="simplified"))
    assert put(store, "tambons", moved(0.001, detail="full").iloc[:3]) == [Added(0, 3)]
    found = store.tambons()
    assert found is not None
    assert (len(found), set(found["detail"])) == (4, {"simplified"})


def test_provinces_are_replaced_one_by_one(store: Store) -> None:
    both = pd.concat([make.tambons(province="50", west=98.0), make.tambons(detail="generalised")])
    put(store, "tambons", gpd.GeoDataFrame(both, crs="EPSG:4326"))
    newer = [
        make.tambons(province="50", west=98.0, detail="generalised"),
        moved(0.001),
        make.tambons(province="51", west=97),
    ]
    assert put(store, "tambons", gpd.GeoDataFrame(pd.concat(newer), crs="EPSG:4326")) == [Added(8, 4)]
    found = store.tambons()
    assert found is not None
    assert found["tambon"].tolist() == sorted(found["tambon"])
    assert found.groupby("province")["detail"].unique().map(list).to_dict() == {p: ["full"] for p in ("50", "51", "52")}
    assert found.groupby("province").size().to_dict() == {"50": 4, "51": 4, "52": 4}


# -- provenance --------------------------------------------------------------------------------------------------------


def test_notes_are_kept_in_order(store: Store) -> None:
    for name in ("a", "b"):
        with store.locked():
            writer = Writer(store, store.state())
            table = make.scattered(10, ord(name))
            writer.add_hotspots(table)
            writer.note({"source": f"{name}.csv", "kind": "hotspots", "kept": 10, **bounds_of(table)})
            writer.commit()
    notes = store.snapshots()
    assert notes["source"].tolist() == ["a.csv", "b.csv"]
    assert notes["kept"].tolist() == [10, 10]
    assert notes["satellites"].tolist() == ["NOAA20,NOAA21,SNPP"] * 2
    assert notes["first"].iloc[0] == make.scattered(10, ord("a"))["acquired_at"].min()


def test_bounds_of_tables() -> None:
    table = make.hotspots({}, {"lon": 99.2, "lat": 17.9, "acquired_at": "2026-03-12T00:00Z", "quality": "standard"})
    reach = bounds_of(table)
    assert (reach["west"], reach["south"], reach["east"], reach["north"]) == (99.05, 17.9, 99.2, 18.05)
    assert (str(reach["first"]), str(reach["last"])) == ("2026-03-10 06:30:00+00:00", "2026-03-12 00:00:00+00:00")
    assert (reach["satellites"], reach["quality"]) == ("SNPP", "nrt,standard")
    assert set(bounds_of(make.readings({}))) == {"first", "last"}
    assert bounds_of(make.hotspots()) == {"satellites": "", "quality": ""}


def test_provenance_keeps_whole_seconds() -> None:
    moment = dt.datetime(2026, 3, 10, 1, 2, 3, 456789, tzinfo=UTC)
    assert fetched_now(moment) == dt.datetime(2026, 3, 10, 1, 2, 3, tzinfo=UTC)


def test_an_untouched_writer_commits_the_same_state(store: Store) -> None:
    put(store, "hotspots", make.scattered(5, 1))
    before = store.state()
    assert Writer(store, before).commit() == before
    assert isinstance(before, State)


def test_a_writer_is_used_on_after_a_commit(store: Store) -> None:
    with store.locked():
        writer = Writer(store, store.state())
        for number in range(3):
            writer.add_hotspots(make.scattered(10, number))
            writer.add_stations(make.stations({"station_id": f"s{number}"}))
            writer.add_tambons(make.tambons(province=f"5{number}"))
            writer.note({"source": f"{number}.csv", "kind": "hotspots"})
            state = writer.commit()
            assert (state.number, store.state()) == (number + 1, state)
        assert writer.commit() == state  # nothing is committed twice
    assert len(stored(store)) == 30
    assert store.stations()["station_id"].tolist() == ["s0", "s1", "s2"]
    assert store.snapshots()["source"].tolist() == ["0.csv", "1.csv", "2.csv"]
    found = store.tambons()
    assert found is not None
    assert found["province"].nunique() == 3


def test_people_of_60_and_over_join_a_table_that_did_not_know_them(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    plain = pd.DataFrame(
        {"tambon": ["520101", "520102"], "population": [10, 20], "year": [2021] * 2, "source": ["a"] * 2}
    )
    plain = plain.astype({"population": "Int64", "year": "Int64"})
    for table in (plain, plain[:1].assign(older=pd.array([4], "Int64"))):
        with store.locked():
            writer = Writer(store, store.state())
            writer.add_population(table)
            writer.commit()
    found = store.population()
    assert found is not None
    assert found["population"].tolist() == [10, 20]
    assert found["older"].tolist() == [4, pd.NA]
