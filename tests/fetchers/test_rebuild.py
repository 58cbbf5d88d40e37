"""A damaged store: each damage is named, put aside, and made good from the raw copies; what is lost is not stored."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest

from data.clock import UTC
from data.errors import Damaged
from data.store import MANIFEST, MANIFEST_COPY, Store
from fetchers import importer, rebuild
from fetchers.brought import Brought
from fetchers.rebuild import COPY_LOST, LOST, REBUILT
from tests import files
from tests.test_cli import rows, run

NOW = dt.datetime(2026, 12, 1, 6, tzinfo=UTC)
DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "cut": lambda data: data[: len(data) // 2],
    "flipped": lambda data: data[:-40] + bytes([data[-40] ^ 1]) + data[-39:],
    "empty": lambda data: b"",
}
OLD = files.firms({"acq_date": "2025-03-10"}, {"acq_date": "2025-03-11", "latitude": "18.4"})
NEW = files.firms({"acq_date": "2026-03-10"}, {"acq_date": "2026-03-11", "latitude": "18.4"})


def now() -> dt.datetime:
    return NOW


def bring(root: Path, **given: bytes) -> Store:
    sources = [Brought(name, data, 10**8) for name, data in given.items()]
    assert {v.refused for v in importer.bring_in(Store(root, now), sources, now)} == {None}
    return Store(root, now)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    packed = files.zipped({"new.csv": NEW, "note.csv": files.live(40.0)})
    return bring(tmp_path / "store", **{"old.csv": OLD, "both.zip": packed, "squares.geojson": _squares()})


def _squares() -> bytes:
    return files.as_json(files.squares())


def outcomes(store: Store) -> dict[str, str]:
    told = rebuild.repair(Store(store.root, now), now)
    return {one.broken.table or "manifest": one.outcome for one in told}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("table", ["hotspots", "readings", "stations", "tambons", "snapshots"])
def test_a_damaged_part_is_named_and_made_again_from_the_raw_copies(store: Store, table: str, damage: str) -> None:
    before = store.state()
    rows_before = {part: stored.rows for part, stored in before.tables[table].items()}
    for stored in before.tables[table].values():
        path = store.root / stored.name
        path.write_bytes(DAMAGES[damage](path.read_bytes()))
        with pytest.raises(Damaged) as told:
            Store(store.root).get_table(stored)
        assert told.value.context["file"] == stored.name
        assert "--repair" in told.value.hint
    if table == "snapshots":
        # What was brought in is not known any more; the rows themselves are untouched.
        assert outcomes(store) == {"snapshots": LOST}
        assert Store(store.root).state().revision == before.revision
        return
    assert outcomes(store) == {table: REBUILT}
    after = Store(store.root).state()
    assert after.revision == before.revision
    assert {part: stored.rows for part, stored in after.tables[table].items()} == rows_before
    assert (store.root / "damaged").is_dir()
    assert outcomes(store) == {}


def test_what_raw_copies_do_not_tell_any_more_counts_as_not_stored_and_can_be_brought_again(store: Store) -> None:
    before = store.state()
    digest = store.snapshots().set_index("source").at["old.csv", "sha256"]
    for path in (
        store.root / before.tables["hotspots"]["2025"].name,
        next((store.root / "raw").rglob(f"{digest}.zst")),
    ):
        path.write_bytes(path.read_bytes()[:60])
    assert outcomes(store) == {"hotspots": LOST, "raw": COPY_LOST}
    left = Store(store.root)
    assert sorted(left.parts("hotspots")) == ["2026"]
    assert "old.csv" not in set(left.snapshots()["source"])
    assert {"both.zip: new.csv", "squares.geojson"} <= set(left.snapshots()["source"])
    again = bring(store.root, **{"old.csv": OLD})
    assert again.state().revision == before.revision


def test_a_damaged_raw_copy_is_put_aside_and_kept_again_when_the_file_comes_again(store: Store) -> None:
    path = next(path for path in (store.root / "raw").rglob("*.zst"))
    path.write_bytes(b"")
    assert outcomes(store) == {"raw": COPY_LOST}
    bring(store.root, **{"old.csv": OLD, "squares.geojson": _squares()})
    bring(store.root, **{"both.zip": files.zipped({"new.csv": NEW, "note.csv": files.live(40.0)})})
    assert rebuild.repair(Store(store.root, now), now) == []


@pytest.mark.parametrize("damage", [*DAMAGES, "gone", "digit"])
def test_a_damaged_manifest_is_named_and_replaced_by_its_copy(store: Store, damage: str) -> None:
    before = store.state()
    path = store.root / MANIFEST
    if damage == "gone":
        path.unlink()
    elif damage == "digit":
        text = path.read_text("utf-8")
        path.write_text(text.replace('"rows": 2', '"rows": 3', 1), "utf-8")
    else:
        path.write_bytes(DAMAGES[damage](path.read_bytes()))
    with pytest.raises(Damaged) as told:
        Store(store.root).state()
    assert told.value.context["file"] == MANIFEST
    assert outcomes(store) == {"manifest": REBUILT}
    assert Store(store.root).state().tables == before.tables


def test_without_a_whole_copy_a_damaged_manifest_stays_an_error(store: Store) -> None:
    for name in (MANIFEST, MANIFEST_COPY):
        (store.root / name).write_text("{", "utf-8")
    with pytest.raises(Damaged):
        rebuild.repair(Store(store.root, now), now)


def test_the_command_names_what_is_damaged_and_repairs_it(store: Store) -> None:
    stored = store.state().tables["hotspots"]["2026"]
    (store.root / stored.name).write_bytes(b"PAR1")
    found = run(store.root, "check-store", "--format", "csv")
    assert (found.returncode, found.stdout.splitlines()[1].split(",")[:4]) == (1, [stored.name, "2", "0", "found"])
    assert run(store.root, "counts", "--by", "tambon", "--from", "2026-03-10", "--to", "2026-03-10").returncode == 1
    assert rows(store.root, "check-store", "--repair")[0]["outcome"] == "rebuilt"
    assert rows(store.root, "check-store") == []
