"""A damaged store made whole again: from the raw copies of the files and replies that its rows came from.

What cannot be made again is taken out of the record of what was brought in, so that it counts as not stored and is
asked for again. Never asks a provider itself.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from data.clock import Now
from data.errors import Damaged, HazeError, NotStored
from data.merge import Writer
from data.repair import RAW, Broken, look_through, put_aside, remove, restore_manifest, without
from data.store import State, Store
from fetchers import importer, recognise, unpack
from fetchers.brought import PARSER_FAULTS
from fetchers.http import Reply
from fetchers.parsed import Parsed
from fetchers.sources import SOURCES

REBUILT, IN_PART, LOST, COPY_LOST, FOUND = "rebuilt", "in_part", "lost", "copy_lost", "found"
#: Which table the rows of a kind of file are in.
_TABLES = {
    "hotspots": ("hotspots",),
    "readings": ("readings", "stations", "model_days"),
    "stations": ("stations",),
    "weather": ("weather", "weather_places"),
    "tambons": ("tambons",),
    "land": ("land",),
    "population": ("population",),
    "grid": ("grids",),
    "raster": ("rasters",),
}


@dataclass(frozen=True)
class Repaired:
    """What became of a damaged file.

    Attributes
    ----------
    broken : Broken
    outcome : str
        FOUND where nothing was done, REBUILT with all rows, IN_PART with fewer, LOST, or COPY_LOST for a raw copy.
    rows : int
        Rows of its part now.
    """

    broken: Broken
    outcome: str
    rows: int = 0


def repair(store: Store, now: Now, *, limit_bytes: int = 1_000_000_000) -> list[Repaired]:
    """Look the store through, put damaged files aside and make their rows again from the raw copies.

    Raises
    ------
    Damaged
        When the manifest is damaged and its copy, too.
    StoreError
        When the store cannot be written.
    """
    told: list[Repaired] = []
    with store.locked():
        broken = look_through(store)
        if [one.table for one in broken] == [""]:
            restore_manifest(store)
            told.append(Repaired(broken[0], REBUILT))
            broken = look_through(store)
        if not broken:
            return told
        put_aside(store, broken)
        damaged = [one for one in broken if one.table != RAW]
        if damaged:
            _make_again(store, damaged, now, limit_bytes)
        remove(store, broken)
    state = store.state()
    for one in broken:
        stored = state.tables.get(one.table, {}).get(one.part)
        rows = 0 if stored is None else stored.rows
        missing = COPY_LOST if one.table == RAW else LOST
        outcome = missing if stored is None else REBUILT if rows >= one.rows else IN_PART
        told.append(Repaired(one, outcome, rows))
    return told


def _make_again(store: Store, damaged: list[Broken], now: Now, limit_bytes: int) -> None:
    """Put a state in place without the damaged files and with all of their rows that raw copies still tell, at once.

    A kill before that leaves the damage as it was, to be found again.
    """
    before = without(store.state(), damaged)
    writer = Writer(store, before)
    tables = {one.table for one in damaged}
    lost: set[str] = set()
    for row in _brought(store, before, damaged, now):
        try:
            raw = store.get_raw(row["sha256"])
        except (NotStored, Damaged):
            lost.add(row["sha256"])
            continue
        for parsed in _parsed(row, raw, limit_bytes):
            if tables & set(_TABLES.get(parsed.kind, ())):
                importer.add(writer, row["source"], parsed)
    if lost:
        # Its days are not stored any more, and are asked for again.
        rows = store.snapshots(before)
        writer.replace_snapshots(rows[~rows["sha256"].isin(lost)])
    if writer.commit() is before:
        store.commit(before, {})


def _brought(store: Store, before: State, damaged: list[Broken], now: Now) -> Iterator[dict[str, Any]]:
    """Yield what was brought in, each raw copy once, oldest first, where rows of it may have been in a damaged file."""
    if any(one.table == "snapshots" for one in damaged):
        # Where the record itself is gone every raw copy is looked at.
        for path in sorted((store.root / RAW).rglob("*.zst"), key=lambda path: path.stat().st_mtime_ns):
            yield {"sha256": path.stem, "source": path.stem, "fetched_at": pd.Timestamp(now()), "url": ""}
        return
    taken = store.snapshots(before).sort_values("fetched_at", kind="stable")
    for row in taken.drop_duplicates(["sha256", "first"]).to_dict("records"):
        if any(one.table in _TABLES.get(row["kind"], ()) and _reaches(row, one.part) for one in damaged):
            yield {str(name): value for name, value in row.items()}


def _reaches(row: Mapping[Hashable, Any], part: str) -> bool:
    """Tell whether the rows of a file may be in a part: one that is named for a year, or ends with a month."""
    year = part.rpartition(".")[2][:4]
    if not year.isdigit() or pd.isna(row["first"]):
        return True
    return bool(row["first"].year <= int(year) <= row["last"].year)


def _parsed(row: Mapping[str, Any], raw: bytes, limit_bytes: int) -> Iterator[Parsed]:
    moment = pd.Timestamp(str(row["fetched_at"])).to_pydatetime()
    source = SOURCES.get(str(row["source"]).partition(": ")[0])
    try:
        if source is not None:
            yield source.parse(Reply(str(row["url"]), 200, raw), moment)
            return
        for member in unpack.members_of_bytes(str(row["source"]), raw, limit_bytes):
            if not isinstance(member, tuple):
                yield from _member(member, moment)
    except (HazeError, *PARSER_FAULTS):
        return  # it was refused when it was brought, too


def _member(member: unpack.Member, moment: dt.datetime) -> Iterator[Parsed]:
    try:
        yield recognise.parse(member, moment)
    except (HazeError, *PARSER_FAULTS):
        return
