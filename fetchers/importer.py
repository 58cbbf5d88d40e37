"""Files brought by a user into the store, with one verdict per file, however many there are.

A bad file never stops the others, a bad row never takes the good ones with it, and nothing is visible before
it is whole. Never words a verdict: it hands over keys and counts.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

import pandas as pd

from data.clock import Now
from data.errors import ContractError, FileRefused, HazeError, RegistryError
from data.merge import Added, Writer, bounds_of, fetched_now
from data.moved import FARTHEST_KM
from data.store import Store
from fetchers import unpack
from fetchers.brought import PARSER_FAULTS, Brought, Read, understood, unparsed
from fetchers.parsed import Parsed, Remark

#: Raised when a parser changes the rows it makes, so that provenance tells which one made them.
PARSER_VERSION = "1"
#: A commit after so many members or rows bounds what a kill can cost, without a rewrite for each small file.
_MEMBERS_A_COMMIT = 500
_ROWS_A_COMMIT = 2_000_000


@dataclass(frozen=True)
class Verdict:
    """What happened to one file.

    Attributes
    ----------
    file, format, kind : str
        Format and kind are empty for a refused file of unknown form.
    read, kept, duplicates, rejected : int
        ``read == kept + duplicates + rejected`` always.
    remarks : tuple of Remark
        Why rows were rejected, then what was mended.
    refused : HazeError or None
        Set when the file as a whole was not taken in.
    """

    file: str
    format: str = ""
    kind: str = ""
    read: int = 0
    kept: int = 0
    duplicates: int = 0
    rejected: int = 0
    remarks: tuple[Remark, ...] = ()
    refused: HazeError | None = None


class TakenRecords(Protocol):
    """What came of the rows of a file for the registry; with `Parsed.read` they add up."""

    kept: int
    duplicates: int
    rejected: int
    remarks: tuple[Remark, ...]


TakeRecords = Callable[[str, Parsed], TakenRecords]


def sources_of(paths: Iterable[Path], limit_bytes: int) -> Iterator[Brought | Verdict]:
    """Yield the files below `paths` (a folder whole, but for hidden files), or a verdict for a wrong path."""
    for given in paths:
        if given.is_dir():
            files = (path for path in given.rglob("*") if path.is_file())
            below = sorted(p for p in files if not any(q.startswith(".") for q in p.relative_to(given).parts))
            if not below:
                yield Verdict(str(given), refused=FileRefused(f"{given}: an empty folder", key="empty_folder"))
            for path in below:
                if not unpack.is_sidecar(path):
                    yield _source(path, str(path.relative_to(given.parent)), limit_bytes)
        elif given.is_file():
            yield _source(given, given.name, limit_bytes)
        else:
            yield Verdict(str(given), refused=FileRefused(f"{given}: no such file", key="no_such_file"))


def _source(path: Path, label: str, limit_bytes: int) -> Brought | Verdict:
    if path.suffix.lower() == ".shp" and path.with_suffix(".dbf").is_file():
        try:
            return Brought(label, unpack.shapefile_beside(path, limit_bytes), limit_bytes)
        except FileRefused as refusal:
            return Verdict(label, refused=refusal)
    return Brought(label, path, limit_bytes)


def bring_in(
    store: Store,
    sources: Iterable[Brought | Verdict],
    now: Now,
    told: Callable[[Verdict], None] = lambda verdict: None,
    records: TakeRecords | None = None,
    read: Read = understood,
) -> list[Verdict]:
    """Take files into the store.

    Parameters
    ----------
    store : Store
    sources : iterable
        Of `Brought`, or what `sources_of` yields.
    now : callable
        Clock in UTC.
    told : callable
        Called with each verdict as soon as it is known, for progress. The rows are safe only when this
        function returns.
    records : callable, optional
        Takes the rows of a file for the registry (`fetchers.record_rows.into`); without it such files are refused.
    read : callable, optional
        Understands a file: in this process, without a bound in time, unless a `fetchers.apart.Reader` is given.

    Returns
    -------
    list of Verdict
        In the order met; a file with several members has one each.

    Raises
    ------
    StoreError
        When the store cannot be locked or written; what was committed before stays.
    """
    verdicts: list[Verdict] = []
    with store.locked(), ThreadPoolExecutor(1) as beside:
        intake = _Intake(store, Writer(store, store.state()), now, beside, records, read)
        for source in sources:
            for verdict in [source] if isinstance(source, Verdict) else intake.take(source):
                verdicts.append(verdict)
                told(verdict)
        intake.commit()
    return verdicts


@dataclass
class _Intake:
    """One import on its way: the writer, and the raw copies that are written beside the parsing."""

    store: Store
    writer: Writer
    now: Now
    beside: Executor
    records: TakeRecords | None = None
    read: Read = understood
    owed: list[tuple[dict[str, object], Future[str]]] = field(default_factory=list)
    members: int = 0
    rows: int = 0

    def take(self, file: Brought) -> Iterator[Verdict]:
        kept: Future[str] | None = None
        for name, found in self.read(file, self.now()):
            if isinstance(found, HazeError):
                yield Verdict(name, refused=found)
                continue
            try:
                if found.kind == "records":
                    yield self._take_records(name, found)
                    continue
                verdict = add(self.writer, name, found)
            except (ContractError, RegistryError) as refusal:
                yield Verdict(name, refused=refusal)
                continue
            except PARSER_FAULTS as fault:
                yield Verdict(name, refused=unparsed(name, fault))
                continue
            if verdict.kept or verdict.duplicates:
                kept = kept or self.beside.submit(self.store.put_raw, file.raw)
                self.owed.append((provenance(verdict, found.table, self.now), kept))
            self.members += 1
            self.rows += verdict.kept
            if self.members >= _MEMBERS_A_COMMIT or self.rows >= _ROWS_A_COMMIT:
                self.commit()
            yield verdict

    def _take_records(self, name: str, parsed: Parsed) -> Verdict:
        if self.records is None:
            raise FileRefused(f"{name}: rows for the registry", key="no_registry")
        taken = self.records(name, parsed)
        return Verdict(
            name, parsed.format, "records", parsed.read, taken.kept, taken.duplicates, taken.rejected, taken.remarks
        )

    def commit(self) -> None:
        # A file of doubles is noted too, since it tells which days are known; but not the same file again.
        taken = self.store.snapshots(self.writer.before)
        known = {(sha, str(first)) for sha, first in zip(taken["sha256"], taken["first"], strict=True)}
        doubles = [(entry, kept) for entry, kept in self.owed if not entry["kept"]]
        for entry, kept in self.owed:
            if entry["kept"]:
                self.writer.note(entry, kept.result)
                if doubles:
                    known.add((kept.result(), str(entry.get("first", pd.NaT))))
        for entry, kept in doubles:
            mark = (kept.result(), str(entry.get("first", pd.NaT)))
            if mark not in known:
                self.writer.note(entry, kept.result)
                known.add(mark)
        self.writer.commit()
        self.owed, self.members, self.rows = [], 0, 0


def add(writer: Writer, name: str, parsed: Parsed) -> Verdict:
    """Add what was parsed to a writer and return what came of it."""
    doubles = sum(remark.count for remark in parsed.mended if remark.key == "double_records")
    if parsed.kind == "hotspots":
        added = writer.add_hotspots(parsed.table)
    elif parsed.kind == "readings":
        if parsed.stations is not None and len(parsed.stations):
            stations, jumped = writer.held_in_place(parsed.stations)
            writer.add_stations(stations)
            if jumped:
                told = {"stations": ", ".join(jumped), "km": f"{FARTHEST_KM:g}"}
                parsed = replace(parsed, mended=(*parsed.mended, Remark("station_moved", len(jumped), (), told)))
        if parsed.model_days is not None and len(parsed.model_days):
            writer.add_model_days(parsed.model_days)
        added = writer.add_readings(parsed.table)
    elif parsed.kind == "weather":
        added = writer.add_weather(parsed.table, parsed.stations)
    elif parsed.kind == "stations":
        added = writer.add_stations(parsed.table)
    elif parsed.kind == "tambons":
        added = writer.add_tambons(parsed.table)
    elif parsed.kind == "land":
        added = writer.add_land(parsed.table)
    elif parsed.kind in ("grid", "raster"):
        each = [writer.add_grid(array) for array in parsed.grids]
        each += [writer.add_raster(raster) for raster in parsed.rasters]
        added = Added(sum(one.kept for one in each), sum(one.duplicates for one in each))
    else:
        added = writer.add_population(parsed.table)
    return Verdict(
        name,
        parsed.format,
        parsed.kind,
        parsed.read,
        added.kept,
        added.duplicates + doubles,
        parsed.rejected_count,
        (*parsed.rejected, *parsed.mended),
    )


def provenance(verdict: Verdict, table: pd.DataFrame, now: Now) -> dict[str, object]:
    """Return the provenance record of the rows of `table` that were added, but for the checksum of their bytes."""
    remarks = [{"key": r.key, "count": r.count, "rows": r.rows, "context": dict(r.context)} for r in verdict.remarks]
    return {
        "source": verdict.file,
        "kind": verdict.kind,
        "format": verdict.format,
        "fetched_at": fetched_now(now()),
        "read": verdict.read,
        "kept": verdict.kept,
        "duplicates": verdict.duplicates,
        "rejected": verdict.rejected,
        "parser_version": PARSER_VERSION,
        "remarks": json.dumps(remarks, ensure_ascii=False, default=str),
        **bounds_of(table),
    }
