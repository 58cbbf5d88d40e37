"""A store looked through: which of its files are gone or not what their checksum says, and those put aside.

Never makes anything again: `fetchers.rebuild` does, from the raw copies.
"""

from __future__ import annotations

from dataclasses import dataclass

from data.errors import Damaged, NotStored, StoreError
from data.files import set_aside, sha256_of
from data.store import MANIFEST, MANIFEST_COPY, State, Store

RAW = "raw"


@dataclass(frozen=True)
class Broken:
    """A file of the store that cannot be trusted.

    Attributes
    ----------
    file : str
        Its name below the store.
    table, part : str
        What it held; `RAW` and its SHA-256 for the raw copy of a file or reply; both empty for the manifest.
    rows : int
        How many rows of the state are in it, 0 for others.
    """

    file: str
    table: str = ""
    part: str = ""
    rows: int = 0


def look_through(store: Store) -> list[Broken]:
    """Return the files of the store that are gone or damaged; all are read.

    A damaged manifest is the only thing told: what else belongs to the state is not known then.
    """
    try:
        state = store.state()
    except Damaged:
        return [Broken(MANIFEST)]
    found = []
    for table, parts in sorted(state.tables.items()):
        for part, stored in sorted(parts.items()):
            path = store.root / stored.name
            try:
                whole = sha256_of(path) == stored.sha256
            except OSError:
                whole = False
            if not whole:
                found.append(Broken(stored.name, table, part, stored.rows))
    for path in sorted((store.root / RAW).rglob("*.zst")):
        try:
            store.get_raw(path.stem)
        except Damaged:
            found.append(Broken(str(path.relative_to(store.root)), RAW, path.stem))
        except NotStored:
            continue  # a partial of a writer that died
    return found


def restore_manifest(store: Store) -> State:
    """Put the copy of the manifest in the place of a damaged one; the caller holds the lock.

    Raises
    ------
    Damaged
        When there is no whole copy.
    """
    copy = store.root / MANIFEST_COPY
    try:
        state = store.state_in(copy)
    except OSError as error:
        raise Damaged(
            f"{MANIFEST} is damaged and there is no copy",
            context={"file": MANIFEST},
            hint="restore manifest.json from a backup; the data files beside it are untouched",
        ) from error
    set_aside(store.root, store.root / MANIFEST)
    return store.commit(State(state.number, state.tables), {})


def without(state: State, broken: list[Broken]) -> State:
    """Return a state that leaves damaged files out."""
    gone = {(one.table, one.part) for one in broken}
    tables = {
        table: {part: stored for part, stored in parts.items() if (table, part) not in gone}
        for table, parts in state.tables.items()
    }
    return State(state.number, {table: parts for table, parts in tables.items() if parts})


def put_aside(store: Store, broken: list[Broken]) -> None:
    """Copy damaged files into the folder ``damaged``, before their rows are made again under the same names.

    Raises
    ------
    StoreError
        When the store cannot be written.
    """
    for one in broken:
        path = store.root / one.file
        if path.exists() and not set_aside(store.root, path, copy=True):
            raise StoreError(
                f"{path} cannot be put aside",
                key="store_unwritable",
                context={"folder": str(store.root), "problem": one.file},
                hint="free space on the disk or give the desk the right to write there",
            )


def remove(store: Store, broken: list[Broken]) -> None:
    """Remove damaged files that no state names any more; those made again bear the same names and stay."""
    named = {stored.name for parts in store.state().tables.values() for stored in parts.values()}
    for one in broken:
        if one.file not in named:
            (store.root / one.file).unlink(missing_ok=True)
