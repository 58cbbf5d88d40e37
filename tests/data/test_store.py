"""The store: one good state at every moment, also through damage, other writers and sudden death."""

from __future__ import annotations

import datetime as dt
import hashlib
import itertools
import json
import multiprocessing
import os
import random
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data import contracts
from data.errors import Damaged, Locked, NotStored, StoreError
from data.merge import Writer
from data.store import DERIVED_S, GRACE_S, State, Store, hotspots_from_arrow, hotspots_to_arrow
from tests import make

NOW = dt.datetime(2026, 3, 11, 1, 0, tzinfo=dt.UTC)
#: Children are forked from a server that has the modules loaded, so that starting 25 of them is quick.
CHILD = multiprocessing.get_context("forkserver")
CHILD.set_forkserver_preload(["data.merge", "tests.make"])
ROWS = 5  # of a batch, in each of its two years


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store", lambda: NOW)


def add(store: Store, table: pd.DataFrame) -> State:
    with store.locked():
        writer = Writer(store, store.state())
        writer.add_hotspots(table)
        return writer.commit()


def batch(number: int) -> pd.DataFrame:
    """Return detections that no other batch has, half of them in another year and so in another file."""
    return make.hotspots(
        *(
            {"acquired_at": f"{year}-03-10T06:30Z", "lon": 99 + number / 1000, "lat": 18 + row / 1000}
            for year in (2025, 2026)
            for row in range(ROWS)
        )
    )


def add_batch(store: Store) -> int:
    """Add the next batch to three files at once; return its number."""
    with store.locked():
        writer = Writer(store, store.state())
        number = len(store.stations())
        writer.add_hotspots(batch(number))
        writer.add_stations(make.stations({"station_id": f"s{number:04d}"}))
        writer.commit()
    return number


def check_whole(store: Store) -> int:
    """Assert that the state holds whole batches, each row once; return how many."""
    state = store.state()
    stations = state.tables.get("stations", {})
    count = stations["all"].rows if stations else 0
    parts = state.tables.get("hotspots", {})
    assert sorted(parts) == (["2025", "2026"] if count else [])
    tables = [store.hotspot_part(part) for part in parts.values()]
    wanted = [batch(number) for number in range(count)]
    found = np.sort(np.concatenate([table["hotspot_id"].to_numpy() for table in tables] or [[]]))
    expected = np.sort(np.concatenate([table["hotspot_id"].to_numpy() for table in wanted] or [[]]))
    assert found.tolist() == expected.tolist()
    return count


# -- states ------------------------------------------------------------------------------------------------------------


def test_nothing_stored(store: Store) -> None:
    assert store.empty
    assert store.state() == State(0, {})
    assert store.stations().columns.tolist() == list(contracts.STATION_COLUMNS)
    assert store.snapshots().empty
    assert store.tambons() is None
    assert store.population() is None
    with pytest.raises(NotStored) as refusal:
        store.readings(NOW, NOW)
    assert refusal.value.key == "no_readings"
    assert not store.root.exists()  # looking leaves nothing behind


def test_a_commit_is_visible_whole_and_counts_up(store: Store) -> None:
    with store.locked():
        writer = Writer(store, store.state())
        writer.add_hotspots(batch(0))
        writer.add_stations(make.stations({}))
        assert Store(store.root).empty  # not before the commit
        state = writer.commit()
    assert (state.number, store.state()) == (1, state)
    assert {part: file.rows for part, file in state.tables["hotspots"].items()} == {"2025": ROWS, "2026": ROWS}
    second = add(store, batch(1))
    assert second.number == 2
    assert second.tables["stations"] == state.tables["stations"]  # what did not change is not written again
    assert second.revision != state.revision


def test_stored_rows_come_back_as_they_were(store: Store) -> None:
    table = make.hotspots(
        {"lon": 99.123456789, "confidence": None, "confidence_pct": None, "frp_mw": None, "is_daytime": None},
        {"acquired_at": "2026-03-10T18:44Z", "land_class": "reserved_forest", "fire_type": 2, "is_daytime": False},
        {"satellite": "AQUA", "sensor": "MODIS", "confidence_pct": 71, "quality": "standard", "fire_type": 0},
    )
    part = add(store, table).tables["hotspots"]["2026"]
    back = Store(store.root).hotspot_part(part).set_index("hotspot_id")
    pd.testing.assert_frame_equal(back.loc[table["hotspot_id"]], table.set_index("hotspot_id"))
    pd.testing.assert_frame_equal(hotspots_from_arrow(hotspots_to_arrow(table)), table)


def test_equal_content_has_an_equal_revision(tmp_path: Path) -> None:
    table = make.scattered(60, 1, first="2025-12-29")
    one, other = Store(tmp_path / "one"), Store(tmp_path / "other")
    add(one, table)
    add(other, table.iloc[40:].reset_index(drop=True))
    last = add(other, table.iloc[:40].sample(frac=1, random_state=1).reset_index(drop=True))
    assert one.state().revision == last.revision
    assert one.state().number != last.number
    assert add(other, make.scattered(1, 2)).revision != last.revision


def test_provenance_does_not_name_the_content(tmp_path: Path) -> None:
    stores = [Store(tmp_path / name) for name in ("one", "other")]
    for day, store in enumerate(stores):
        with store.locked():
            writer = Writer(store, store.state())
            writer.add_hotspots(batch(0))
            writer.note({"source": f"{day}.csv", "kind": "hotspots", "fetched_at": NOW + dt.timedelta(days=day)})
            writer.commit()
    assert stores[0].snapshots()["source"].tolist() == ["0.csv"]
    assert stores[0].state().revision == stores[1].state().revision
    assert stores[0].state().part_revision("snapshots") != stores[1].state().part_revision("snapshots")


def test_a_part_revision_follows_its_tables_only(store: Store) -> None:
    before = add(store, batch(0))
    with store.locked():
        writer = Writer(store, before)
        writer.add_stations(make.stations({}))
        after = writer.commit()
    assert before.part_revision("hotspots") == after.part_revision("hotspots")
    assert before.part_revision("stations") != after.part_revision("stations")


def test_a_reader_of_an_older_state_is_left_its_files(store: Store) -> None:
    before = add(store, batch(0))
    files = [store.root / file.name for file in before.tables["hotspots"].values()]
    for path in files:
        os.utime(path, (0, 0))  # written long ago
    add(store, batch(1))
    assert len(Store(store.root).hotspot_part(before.tables["hotspots"]["2026"])) == ROWS
    for path in files:
        os.utime(path, (time.time() - GRACE_S - 60,) * 2)  # left the state long ago
    add(store, batch(2))
    assert not any(path.exists() for path in files)
    stored = {path.relative_to(store.root).as_posix() for path in (store.root / "tables").rglob("*.parquet")}
    assert {file.name for file in store.state().tables["hotspots"].values()} < stored


# -- raw and derived files ---------------------------------------------------------------------------------------------


@settings(max_examples=20, deadline=None)
@given(data=st.binary(max_size=5000))
def test_raw_bytes_come_back(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    folder = tmp_path_factory.mktemp("raw")
    store = Store(folder / "store")
    digest = store.put_raw(data)
    (folder / "file").write_bytes(data)
    assert store.put_raw(folder / "file") == digest
    assert store.get_raw(digest) == data
    assert len(list((store.root / "raw").rglob("*.zst"))) == 1


def test_raw_bytes_missing_or_damaged(store: Store) -> None:
    with pytest.raises(NotStored):
        store.get_raw("0" * 64)
    digest = store.put_raw(os.urandom(2000))
    path = next((store.root / "raw").rglob("*.zst"))
    whole = path.read_bytes()
    for changed in (whole[:100], whole[:1000] + bytes([whole[1000] ^ 1]) + whole[1001:], b"", b"not zstd"):
        path.write_bytes(changed)
        with pytest.raises(Damaged) as refusal:
            store.get_raw(digest)
        assert refusal.value.context["file"] == f"{digest}.zst"


def test_derived_files_are_made_once_per_key(store: Store) -> None:
    made: list[str] = []

    def build(path: Path) -> None:
        made.append(path.name)
        path.write_text("x")

    first = store.derived("a.txt", "one", build)
    assert first.name == f"a-one-{hashlib.sha256(b'x').hexdigest()[:12]}.txt"
    assert store.derived("a.txt", "one", build) == first
    assert store.derived("a.txt", "two", build) != first
    assert len(made) == 2
    os.utime(first, (0, 0))
    store.derived("a.txt", "one", build)  # use keeps it
    other = store.derived("a.txt", "two", build)
    os.utime(other, (time.time() - DERIVED_S - 60,) * 2)
    add(store, batch(0))
    assert first.exists()
    assert not other.exists()


@pytest.mark.parametrize("damage", [lambda data: data[:4], lambda data: b"", lambda data: b"2" + data[1:]])
def test_a_damaged_derived_file_is_put_aside_and_made_again(
    store: Store, damage: Callable[[bytes], bytes], caplog: pytest.LogCaptureFixture
) -> None:
    def build(path: Path) -> None:
        path.write_text("1 hotspot")

    made = store.derived("a.txt", "one", build)
    made.write_bytes(damage(made.read_bytes()))
    again = Store(store.root)
    assert again.derived("a.txt", "one", build).read_text() == "1 hotspot"
    assert [path.name for path in (store.root / "damaged").iterdir()] == [made.name]
    assert made.name in caplog.text


def test_a_key_that_begins_like_another_is_another(store: Store) -> None:
    whole = store.derived("a.txt", "one-two", lambda path: path.write_text("x") and None)
    assert store.derived("a.txt", "one", lambda path: path.write_text("y") and None) != whole
    assert store.derived("a.txt", "one-two", lambda path: path.write_text("z") and None) == whole


def test_where_the_store_cannot_be_written_derived_files_are_made_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    store = Store(tmp_path / "file")  # no folder can be made here
    made = store.derived("a.txt", "one", lambda path: path.write_text("x") and None)
    assert made.read_text() == "x"
    assert store.derived("a.txt", "one", lambda path: path.write_text("y") and None) == made


def test_a_failing_build_leaves_nothing(store: Store) -> None:
    def build(path: Path) -> None:
        path.write_text("half")
        raise KeyError("x")

    with pytest.raises(KeyError):
        store.derived("a.txt", "one", build)
    assert list((store.root / "derived").iterdir()) == []


# -- damage ------------------------------------------------------------------------------------------------------------


def test_a_flipped_byte_is_found_and_named(store: Store) -> None:
    for file in add(store, batch(0)).tables["hotspots"].values():
        path = store.root / file.name
        whole = path.read_bytes()
        for place in (0, len(whole) // 2, len(whole) - 1):
            path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :])
            with pytest.raises(Damaged) as refusal:
                Store(store.root).get_table(file)
            assert refusal.value.context["file"] == file.name
            assert refusal.value.hint
        path.write_bytes(whole[: len(whole) // 2])
        with pytest.raises(Damaged):
            Store(store.root).get_table(file)
        path.unlink()
        with pytest.raises(Damaged):
            Store(store.root).get_table(file)
        path.write_bytes(whole)
        assert Store(store.root).get_table(file).num_rows == ROWS


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "null", "{}", "\x00\x01", '{"layout": 1, "number": "x", "tables": {}}',
        '{"layout": 1, "number": 1, "tables": []}', '{"layout": 1, "number": 1, "tables": {"a": {"b": 3}}}',
        '{"layout": 1, "number": 1, "tables": {"a": {"b": {"name": "c"}}}}', '{"layout": 1, "number": 1}',
    ],
)  # fmt: skip
def test_a_damaged_manifest_is_no_empty_store(store: Store, text: str) -> None:
    add(store, batch(0))
    (store.root / "manifest.json").write_text(text)
    with pytest.raises(Damaged) as refusal:
        store.state()
    assert refusal.value.context["file"] == "manifest.json"


def test_a_manifest_in_bytes_that_are_no_text(store: Store) -> None:
    add(store, batch(0))
    (store.root / "manifest.json").write_bytes(b"\xff\xfe\x00{")
    with pytest.raises(Damaged):
        store.state()


def test_a_missing_manifest_is_an_empty_store(store: Store) -> None:
    add(store, batch(0))
    (store.root / "manifest.json").unlink()
    with pytest.raises(Damaged):  # its copy tells that something was stored
        store.state()
    (store.root / "manifest.copy.json").unlink()
    assert store.state() == State()


def test_a_manifest_of_another_layout(store: Store) -> None:
    add(store, batch(0))
    path = store.root / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "layout": 99}))
    with pytest.raises(StoreError) as refusal:
        store.state()
    assert refusal.value.key == "store_layout"
    assert refusal.value.context == {"found": 99, "known": 1}


# -- a store that cannot be written ------------------------------------------------------------------------------------


def test_a_file_where_the_store_should_be(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("I am a file")
    store = Store(tmp_path / "store")
    with pytest.raises(StoreError):
        store.state()
    with pytest.raises(StoreError) as refusal, store.locked():
        pass
    assert refusal.value.key == "store_unwritable"
    assert refusal.value.context["folder"] == str(store.root)
    with pytest.raises(StoreError) as refusal:
        store.put_raw(b"x")
    assert refusal.value.key == "store_unwritable"


def test_a_file_where_a_folder_of_tables_should_be(store: Store) -> None:
    before = add(store, batch(0))
    (store.root / "tables" / "stations").write_text("I am a file")
    with store.locked():
        writer = Writer(store, before)
        writer.add_hotspots(batch(1))
        writer.add_stations(make.stations({}))
        with pytest.raises(StoreError) as refusal:
            writer.commit()
    assert refusal.value.key == "store_unwritable"
    assert store.state() == before


def test_an_error_of_the_writer_is_not_taken_for_one_of_the_store(store: Store) -> None:
    with pytest.raises(FileNotFoundError), store.locked():
        raise FileNotFoundError("a source that went away")
    with store.locked():  # and the lock is free again
        assert store.empty


# -- other processes ---------------------------------------------------------------------------------------------------


def hold_lock(root: Path, pipe: Connection) -> None:
    with Store(root).locked():
        pipe.send("held")
        pipe.recv()


def write_on(root: Path, pipe: Connection) -> None:
    store = Store(root)
    while True:
        pipe.send(add_batch(store))


def die_at_rename(root: Path, number: int) -> None:
    """Add a batch; die like a killed process just before the rename of that number."""
    calls = itertools.count()
    rename = os.replace

    def replace(*paths: Path) -> None:
        if next(calls) == number:
            os._exit(9)
        rename(*paths)

    os.replace = replace  # type: ignore[assignment]
    add_batch(Store(root))


def test_a_lock_held_by_another_process(store: Store) -> None:
    add(store, batch(0))
    here, there = CHILD.Pipe()
    child = CHILD.Process(target=hold_lock, args=(store.root, there), daemon=True)
    child.start()
    assert here.recv() == "held"
    hurried = Store(store.root, lock_timeout_s=0.2)
    with pytest.raises(Locked) as refusal, hurried.locked():
        pass
    assert refusal.value.context == {"seconds": "0.2"}
    assert len(hurried.hotspot_part(hurried.state().tables["hotspots"]["2026"])) == ROWS  # readers do not wait
    child.kill()
    child.join()
    with hurried.locked():  # the lock of a dead process is free
        pass


def test_reading_while_another_process_writes(store: Store) -> None:
    here, there = CHILD.Pipe()
    child = CHILD.Process(target=write_on, args=(store.root, there), daemon=True)
    child.start()
    assert here.recv() == 0
    seen = [check_whole(Store(store.root)) for _ in range(30)]
    assert seen == sorted(seen)
    while here.recv() <= seen[-1]:  # the writer went on all the time
        pass
    child.kill()
    child.join()
    assert check_whole(store) > seen[-1]


def test_killed_at_any_moment(store: Store) -> None:
    moment = random.Random(7)
    known = 0
    for _ in range(25):
        here, there = CHILD.Pipe()
        child = CHILD.Process(target=write_on, args=(store.root, there), daemon=True)
        child.start()
        there.close()
        told = [here.recv()]
        time.sleep(moment.uniform(0, 0.15))
        child.kill()
        child.join()
        assert child.exitcode == -9
        try:
            while True:
                told.append(here.recv())
        except EOFError:
            pass
        assert told == list(range(known, known + len(told)))
        # What the writer told of is there; one more may be, whole, that it died before telling.
        known = check_whole(Store(store.root))
        assert known in (told[-1] + 1, told[-1] + 2)
    assert add_batch(Store(store.root, lock_timeout_s=5)) == known
    assert check_whole(store) == known + 1


def test_killed_before_each_rename(store: Store) -> None:
    """Three files, the manifest and its copy: before the fourth rename nothing happened, after it everything."""
    for number, known in enumerate((0, 0, 0, 0, 1)):
        child = CHILD.Process(target=die_at_rename, args=(store.root, number))
        child.start()
        child.join()
        assert (child.exitcode, check_whole(Store(store.root))) == (9, known)
    # Each death leaves the file it was about to name, and perhaps the year that was written beside it.
    assert 4 <= len(list(store.root.rglob(".partial-*"))) <= 8


def test_what_dead_writers_left_is_swept_when_old(store: Store) -> None:
    add(store, batch(0))
    folders = [store.root, store.root / "tables" / "hotspots", store.root / "raw" / "ab", store.root / "derived"]
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
        for name, age in ((".partial-0-old", GRACE_S + 60), (".partial-1-young", 1.0)):
            (folder / name).write_text("half a file")
            os.utime(folder / name, (time.time() - age,) * 2)
    digest = store.put_raw(b"kept for good")
    os.utime(next((store.root / "raw").rglob("*.zst")), (0, 0))
    os.utime(store.root / "lock", (0, 0))
    assert len(store.hotspot_part(store.state().tables["hotspots"]["2025"])) == ROWS
    add(store, batch(1))
    assert [(folder / ".partial-0-old").exists() for folder in folders] == [False] * 4
    assert [(folder / ".partial-1-young").exists() for folder in folders] == [True] * 4
    assert store.get_raw(digest) == b"kept for good"
    assert (store.root / "lock").exists()


def test_put_table_names_the_file_by_its_content(store: Store) -> None:
    one = store.put_table("t", "a", pa.table({"x": [1, 2]}))
    assert store.put_table("t", "a", pa.table({"x": [1, 2]})) == one
    assert store.put_table("t", "a", pa.table({"x": [1, 3]})).name != one.name
    assert (one.rows, one.name) == (2, f"tables/t/a-{one.sha256[:16]}.parquet")
    assert store.get_table(one).to_pydict() == {"x": [1, 2]}
    assert store.get_table(one, columns=[]).num_rows == 2
    assert store.empty  # not part of any state yet
