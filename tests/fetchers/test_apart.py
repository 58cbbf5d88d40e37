"""Files read in a process apart: the same answers, and an end for those that take too long or too much memory."""

from __future__ import annotations

import datetime as dt
import json
import math
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from benchmarks import fuzz
from data import settings
from data.errors import HazeError
from data.store import Store
from fetchers import apart, importer
from fetchers.brought import Brought, understood
from tests import files

NOW = dt.datetime(2026, 12, 1, 6, tzinfo=dt.UTC)
LIMIT = 10**8


@pytest.fixture(scope="module")
def read() -> Iterator[apart.Reader]:
    with apart.Reader(settings.load()) as reader:
        yield reader


def impatient() -> apart.Reader:
    return apart.Reader(settings.load(max_parse_s=3))


def crossing_itself(corners: int = 1001) -> bytes:
    """Return the outline of a tambon that is a star of so many corners: 30 kB, which GEOS needs hours to mend."""
    step = 2 * math.pi * (corners // 2) / corners
    ring = [(99 + math.cos(step * at), 18 + math.sin(step * at)) for at in range(corners)]
    shape = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
    feature = {"type": "Feature", "properties": {"ADM3_PCODE": "TH520101"}, "geometry": shape}
    return json.dumps({"type": "FeatureCollection", "features": [feature]}).encode()


@pytest.mark.parametrize("name", sorted(fuzz.seeds()))
def test_a_file_read_apart_is_what_it_is_here(read: apart.Reader, name: str) -> None:
    file = Brought(name, fuzz.seeds()[name], LIMIT)
    found = list(read(file, NOW))
    assert found
    for (told, one), (told_here, here) in zip(found, understood(file, NOW), strict=True):
        assert not isinstance(one, HazeError)
        assert not isinstance(here, HazeError)
        assert (told, one.format, one.kind, one.read) == (told_here, here.format, here.kind, here.read)
        assert (one.rejected, one.mended) == (here.rejected, here.mended)
        pd.testing.assert_frame_equal(one.table, here.table)
        assert [grid.identical(other) for grid, other in zip(one.grids, here.grids, strict=True)] == [True] * len(
            here.grids
        )
        assert list(one.records) == list(here.records)
        for kind, rows in here.records.items():
            pd.testing.assert_frame_equal(one.records[kind], rows)


def test_a_refusal_comes_back_with_its_reason(read: apart.Reader, tmp_path: Path) -> None:
    ((name, found),) = read(Brought("a.csv", b"a,b\n1,2\n", LIMIT), NOW)
    assert isinstance(found, HazeError)
    assert (name, found.key, found.context["found"]) == ("a.csv", "unknown_table", "a, b")
    ((_, gone),) = read(Brought("b.csv", tmp_path / "b.csv", LIMIT), NOW)
    assert isinstance(gone, HazeError)
    assert gone.key == "no_such_file"


def test_a_path_is_of_the_folder_of_the_caller(
    read: apart.Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here.csv").write_bytes(files.firms())
    monkeypatch.chdir(tmp_path)
    ((_, found),) = read(Brought("here.csv", Path("here.csv"), LIMIT), NOW)
    assert not isinstance(found, HazeError)


def test_a_file_that_would_take_hours_is_stopped_and_the_others_are_taken_in(tmp_path: Path) -> None:
    given = {
        "both.zip": files.zipped({"a.csv": files.firms(), "b.json": crossing_itself()}),
        "good.csv": files.firms({"latitude": "18.7"}),
    }
    store = Store(tmp_path)
    with impatient() as read:
        sources = [Brought(name, data, LIMIT) for name, data in given.items()]
        verdicts = importer.bring_in(store, sources, lambda: NOW, read=read)
    found = {verdict.file: verdict.refused.key if verdict.refused else verdict.kept for verdict in verdicts}
    assert found == {"both.zip: a.csv": 1, "both.zip": "too_slow", "good.csv": 1}
    refused = [verdict.refused for verdict in verdicts if verdict.refused]
    assert [one.context["seconds"] for one in refused] == ["3"]
    assert "HAZE_MAX_PARSE_S" in refused[0].hint
    assert set(store.snapshots()["source"]) == {"both.zip: a.csv", "good.csv"}


def test_what_a_slow_file_leaves_is_the_store_as_it_was(tmp_path: Path) -> None:
    store = Store(tmp_path)
    importer.bring_in(store, [Brought("a.csv", files.firms(), LIMIT)], lambda: NOW)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with impatient() as read:
        (verdict,) = importer.bring_in(store, [Brought("s.json", crossing_itself(), LIMIT)], lambda: NOW, read=read)
    assert verdict.refused is not None
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux bounds the memory of a process so")
def test_a_file_that_takes_too_much_memory_ends_its_reader_alone() -> None:
    # 30 MB of text, 700 MB of lists.
    large = b"[" + b"[]," * 10_000_000 + b"[]]"
    with apart.Reader(settings.load(max_parse_mb=400)) as read:
        ((name, found),) = read(Brought("lists.json", large, LIMIT), NOW)
        assert isinstance(found, HazeError)
        assert (name, found.key, found.context) == ("lists.json", "too_heavy", {"limit_mb": 400})
        ((_, good),) = read(Brought("good.csv", files.firms(), LIMIT), NOW)
        assert not isinstance(good, HazeError)


@pytest.mark.skipif(sys.platform != "linux", reason="the environment of a process is read from /proc")
def test_the_process_that_reads_knows_no_keys_and_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HAZE_FIRMS_KEY", "0123456789abcdef0123456789abcdef")
    with apart.Reader(settings.load()) as read:
        list(read(Brought("a.csv", files.firms(), LIMIT), NOW))
        around = Path(f"/proc/{read._process.pid}/environ").read_bytes()
        assert b"PATH=" in around
        assert b"HAZE_" not in around
        assert b"0123456789abcdef" not in around
    assert read._process.returncode is not None
