"""The registry itself: records read, added, changed, removed and put back, each change with its trail.

An edit says which version it was based on; if someone else saved first it is refused with what changed, and nothing is
lost. Who may write is decided here, whatever a screen showed. Never parses files, never words anything.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import sqlalchemy as sa

from data.accounts import Author
from data.clock import Now
from data.errors import Conflict, Damaged, Locked, NotAllowed, NotStored, RecordRefused, RegistryError
from data.places import Place
from data.registry import frames
from data.registry.records import Document, Problem, as_json, checked, difference, document_of, list_rows, row_of
from data.registry.tables import KINDS, PLANNED, TRAIL, Kind

#: Key of the lock under which bulk imports and migrations queue on PostgreSQL.
QUEUE = 520_005


@dataclass(frozen=True)
class Kept:
    """A record as it is now: its document, its version, the digest of its last import ("" for none), and by whom."""

    document: Document
    version: int
    imported: str
    changed_by: str


class Registry:
    """Sites and everything about them that people write down.

    Parameters
    ----------
    engine : Engine
        On a database whose tables are up to date; `data.registry.open_registry` gives one.
    now : callable
        Clock in UTC.
    writable : bool
        False on a read-only store: every change is then refused.
    """

    def __init__(self, engine: sa.Engine, now: Now, *, writable: bool = True) -> None:
        self.engine = engine
        self.now = now
        self.writable = writable

    def close(self) -> None:
        """Close the connections that this process keeps to the database, for every registry opened on it.

        On PostgreSQL they share one pool: to be called when none of them is in use, since what is on its way then is
        left to be closed by chance.
        """
        self.engine.dispose()

    # -- transactions -------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Give a connection on which everything read belongs to one moment."""
        with _clear(), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextlib.contextmanager
    def writing(self, *, queued: bool = False) -> Iterator[sa.Connection]:
        """Give a connection whose changes are all kept at the end, or none of them.

        `queued` lets one such transaction run at a time, as an import of many rows must.

        Raises
        ------
        RegistryError
            When the registry cannot be written.
        Locked
            When another writer does not finish in time.
        """
        if not self.writable:
            raise RegistryError("the registry is read-only", key="registry_readonly", hint="allow writing to the store")
        with _clear(), self.engine.connect().execution_options(writing=True) as connection, connection.begin():
            if queued and connection.dialect.name == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(QUEUE)))
            yield connection

    # -- reading ------------------------------------------------------------------------------------------------

    @property
    def revision(self) -> str:
        """Name of the content: it changes with every change, and only then."""
        with self.reading() as connection:
            return str(connection.scalar(sa.select(sa.func.coalesce(sa.func.max(TRAIL.c.entry), 0))))

    def get(self, kind: str, record: str) -> Kept:
        """Return one record.

        Raises
        ------
        NotStored
            When there is none of this id.
        """
        with self.reading() as connection:
            found = kept(connection, KINDS[kind], [record])
        if record not in found:
            raise NotStored(f"{kind}: no record {record}", key="no_such_record", context={"record": record})
        return found[record]

    def all(self, kind: str) -> dict[str, Kept]:
        """Return every record of a kind by its id, in the order of the ids."""
        with self.reading() as connection:
            return kept(connection, KINDS[kind])

    def sites(
        self,
        *,
        place: Place | None = None,
        kind: str | None = None,
        issue: str | None = None,
        state: str | None = None,
        carried_out: bool = False,
    ) -> pd.DataFrame:
        """Return the sites as a flat table; see `data.registry.frames.sites` for its columns.

        Parameters
        ----------
        place : Place, optional
            Only sites of its provinces; of the whole registry when omitted.
        kind, issue, state : str, optional
            Only these; `state` "" means those whose state is not stated.
        carried_out : bool
            Leave out what is only planned (proposed or approved): nothing was done there yet.
        """
        wanted = {"kind": kind, "issue": issue, "state": state}
        with self.reading() as connection:
            table = frames.sites(connection, place, {name: one for name, one in wanted.items() if one is not None})
        return table[~table["state"].isin(PLANNED)].reset_index(drop=True) if carried_out else table

    def field_checks(self, *, fires: Iterable[str] | None = None) -> pd.DataFrame:
        """Return the field checks, newest visit last; see `data.registry.frames.field_checks`.

        `fires` keeps those of some fire events or detections only.
        """
        with self.reading() as connection:
            table = frames.field_checks(connection)
        if fires is None:
            return table
        asked = set(fires)
        return table[table["fire_id"].isin(asked) | table["hotspot_id"].isin(asked)].reset_index(drop=True)

    def table(self, kind: str) -> pd.DataFrame:
        """Return the records of a kind without lists: `id`, own columns, `version`, `changed_at`, `changed_by`.

        For burn bans, milestones, verdicts on permanent heat, criteria marks and pilot tambons. Geometry stays WKB with
        its box beside it.
        """
        with self.reading() as connection:
            return frames.plain(connection, KINDS[kind])

    def listed(self, kind: str, name: str) -> pd.DataFrame:
        """Return one list of all records of a kind, such as the targets of sites: `record`, `position`, own columns."""
        with self.reading() as connection:
            return frames.listed(connection, KINDS[kind], name)

    def trail(self, *, kind: str | None = None, record: str | None = None, last: int | None = None) -> pd.DataFrame:
        """Return the changes made, newest first.

        Returns
        -------
        DataFrame
            `entry`, `at` (UTC), `author`, `role`, `action`, `kind`, `record`, `version`, `before`, `after` (JSON,
            missing where there was or is none), `reason`.
        """
        query = sa.select(TRAIL).order_by(TRAIL.c.entry.desc())
        if kind is not None:
            query = query.where(TRAIL.c.kind == kind)
        if record is not None:
            query = query.where(TRAIL.c.record == record)
        if last is not None:
            query = query.limit(last)
        with self.reading() as connection:
            return frames.trail(connection, query)

    # -- writing ------------------------------------------------------------------------------------------------

    def add(self, kind: str, values: Mapping[str, Any], *, author: Author, record: str = "", reason: str = "") -> str:
        """Add a record and return its id, made up when none is given.

        Raises
        ------
        RecordRefused
            When a value may not stand in its field; `problems` names each.
        NotAllowed
            When the author may not write this record.
        Conflict
            When there is a record of this id already.
        """
        what = KINDS[kind]
        document = _good(what, values)
        allow(author, what, document)
        chosen = record or f"{kind[0].upper()}-{secrets.token_hex(5)}"
        with self.writing() as connection:
            there = kept(connection, what, [chosen])
            if chosen in there:
                raise self._conflict(connection, what, chosen, there[chosen], 0, {})
            self._write(connection, what, chosen, None, document, "add", author, reason)
        return chosen

    def add_all(self, kind: str, records: Mapping[str, Mapping[str, Any]], *, author: Author, reason: str = "") -> int:
        """Add records by their ids, all or none, and return how many were new.

        One that is there already as it is given is left alone, so that a job cut off can be done again.

        Raises
        ------
        RecordRefused, NotAllowed
            As for `add`.
        Conflict
            When there is another record of such an id.
        """
        what = KINDS[kind]
        documents = {record: _good(what, values) for record, values in records.items()}
        allow(author, what, *documents.values())
        with self.writing() as connection:
            there = kept(connection, what, list(documents))
            for record, document in documents.items():
                if record not in there:
                    self._write(connection, what, record, None, document, "add", author, reason)
                elif there[record].document != document:
                    raise self._conflict(connection, what, record, there[record], 0, {})
        return len(documents) - len(there)

    def change(
        self, kind: str, record: str, values: Mapping[str, Any], *, author: Author, based_on: int, reason: str = ""
    ) -> int:
        """Change some fields of a record, its lists as wholes, and return the new version.

        Parameters
        ----------
        values : mapping
            The fields to change; the others stay.
        based_on : int
            The version that the author saw.

        Raises
        ------
        RecordRefused, NotAllowed
            As for `add`; the author must be allowed to write the record as it was and as it would be.
        Conflict
            When the record is not in that version any more; `theirs` tells what changed since.
        """
        what = KINDS[kind]
        with self.writing() as connection:
            there = self._there(connection, what, record, based_on)
            document = _good(what, {**there.document, **values})
            allow(author, what, there.document, document)
            if document == there.document:
                return there.version
            return self._write(connection, what, record, there, document, "change", author, reason)

    def remove(self, kind: str, record: str, *, author: Author, based_on: int, reason: str = "") -> None:
        """Take a record out; `undo` of the trail entry brings it back. Raises as `change`."""
        what = KINDS[kind]
        with self.writing() as connection:
            there = self._there(connection, what, record, based_on)
            allow(author, what, there.document)
            self._write(connection, what, record, there, None, "remove", author, reason)

    def undo(self, entry: int, *, author: Author, reason: str = "") -> int:
        """Put a record back as it was before a change, as a new change, and return the new version.

        Raises
        ------
        NotStored
            When there is no such entry.
        Conflict
            When the record was changed again since; undo the later change first.
        NotAllowed
            As for `change`.
        """
        with self.writing() as connection:
            told = connection.execute(sa.select(TRAIL).where(TRAIL.c.entry == entry)).mappings().first()
            if told is None:
                raise NotStored(f"no trail entry {entry}", key="no_such_record", context={"record": entry})
            what, record = KINDS[told["kind"]], str(told["record"])
            there = kept(connection, what, [record], lock=True).get(record)
            newest = _last_version(connection, what, record)
            if newest != told["version"]:
                raise self._conflict(connection, what, record, there, int(told["version"]), {})
            before = json.loads(told["before"]) if told["before"] else None
            allow(author, what, *(one for one in (before, there.document if there else None) if one is not None))
            return self._write(connection, what, record, there, before, "undo", author, reason)

    def _there(self, connection: sa.Connection, kind: Kind, record: str, based_on: int) -> Kept:
        found = kept(connection, kind, [record], lock=True).get(record)
        if found is None or found.version != based_on:
            raise self._conflict(connection, kind, record, found, based_on, found.document if found else {})
        return found

    def _conflict(
        self, connection: sa.Connection, kind: Kind, record: str, there: Kept | None, based_on: int, now: Document
    ) -> Conflict:
        """Return the error that tells who saved since a version and what they changed."""
        mine = (TRAIL.c.kind == kind.name) & (TRAIL.c.record == record)
        seen = connection.scalar(sa.select(TRAIL.c.after).where(mine, TRAIL.c.version == based_on))
        last = connection.execute(sa.select(TRAIL).where(mine).order_by(TRAIL.c.version.desc())).mappings().first()
        theirs = difference(json.loads(seen), now) if seen and now else {}
        told = {"author": last["author"] if last else "?", "at": f"{last['at']:%Y-%m-%d %H:%M}Z" if last else "?"}
        return Conflict(
            f"{kind.name} {record}: based on version {based_on}, now {there.version if there else 'none'}",
            version=there.version if there else 0,
            theirs=theirs,
            context={"record": record, **told, "fields": ", ".join(theirs) or "–"},
        )

    def _write(
        self,
        connection: sa.Connection,
        kind: Kind,
        record: str,
        before: Kept | None,
        after: Document | None,
        action: str,
        author: Author,
        reason: str,
    ) -> int:
        """Write one change and its trail entry; the caller checked it and holds the record."""
        moment = self.now().astimezone(dt.UTC).replace(tzinfo=None)
        version = _last_version(connection, kind, record) + 1
        for table in kind.lists.values():
            connection.execute(sa.delete(table).where(table.c.record == record))
        if after is None:
            connection.execute(sa.delete(kind.table).where(kind.table.c.id == record))
        else:
            own = {"version": version, "changed_at": moment, "changed_by": author.name}
            row = row_of(kind, after) | own
            if before is None:
                _insert(connection, kind.table, [row | {"id": record}])
            else:
                connection.execute(sa.update(kind.table).where(kind.table.c.id == record).values(row))
            for name, rows in list_rows(kind, record, after).items():
                _insert(connection, kind.lists[name], rows)
        told = trail_row(
            moment, author, action, kind, record, version, before.document if before else None, after, reason
        )
        _insert(connection, TRAIL, [told])
        return version


def trail_row(
    moment: dt.datetime,
    author: Author,
    action: str,
    kind: Kind,
    record: str,
    version: int,
    before: Document | None,
    after: Document | None,
    reason: str,
) -> dict[str, Any]:
    """Return the trail's row of one change."""
    return {
        "at": moment,
        "author": author.name,
        "role": author.role,
        "action": action,
        "kind": kind.name,
        "record": record,
        "version": version,
        "before": None if before is None else as_json(before),
        "after": None if after is None else as_json(after),
        "reason": reason,
    }


def kept(
    connection: sa.Connection, kind: Kind, records: Sequence[str] | None = None, *, lock: bool = False
) -> dict[str, Kept]:
    """Return records by id, all of the kind or those asked for; `lock` holds them until the transaction ends."""
    query = sa.select(kind.table).order_by(kind.table.c.id)
    if records is not None:
        query = query.where(kind.table.c.id.in_(records))
    rows = connection.execute(query.with_for_update() if lock else query).mappings().all()
    lists: dict[str, dict[str, list[Mapping[str, Any]]]] = {}
    for name, table in kind.lists.items():
        items = sa.select(table).order_by(table.c.record, table.c.position)
        if records is not None:
            items = items.where(table.c.record.in_(records))
        for item in connection.execute(items).mappings():
            lists.setdefault(item["record"], {}).setdefault(name, []).append(dict(item))
    return {
        row["id"]: Kept(
            document_of(kind, dict(row), lists.get(row["id"], {})), row["version"], row["imported"], row["changed_by"]
        )
        for row in rows
    }


def allow(author: Author, kind: Kind, *documents: Document) -> None:
    """Let an author write records of a kind, or raise NotAllowed."""
    for document in documents:
        amphoe = str(document.get("amphoe", ""))
        if not author.may_write(amphoe, officers=kind.officers):
            raise NotAllowed(
                f"{author.name or 'nobody'} ({author.role}) may not write {kind.name} of {amphoe or 'all'}",
                context={"author": author.name or "–", "role": author.role, "amphoe": amphoe},
            )


def _good(kind: Kind, values: Mapping[str, Any]) -> Document:
    document, wrong, _ = checked(kind, values)
    if wrong:
        raise refused(kind, wrong)
    return document


def refused(kind: Kind, wrong: Sequence[Problem]) -> RecordRefused:
    """Return the error for a record with problems."""
    told = "; ".join(f"{one.key} {dict(one.context)}" for one in wrong[:5])
    return RecordRefused(f"{kind.name}: {told}", problems=tuple(wrong), context={"problems": told})


def _insert(connection: sa.Connection, table: sa.Table, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(sa.insert(table), rows)


def _last_version(connection: sa.Connection, kind: Kind, record: str) -> int:
    """Return the newest version a record ever had, also when it is gone."""
    query = sa.select(sa.func.max(TRAIL.c.version)).where(TRAIL.c.kind == kind.name, TRAIL.c.record == record)
    return int(connection.scalar(query) or 0)


@contextlib.contextmanager
def _clear() -> Iterator[None]:
    """Turn what the database reports into the desk's errors."""
    try:
        yield
    except sa.exc.IntegrityError as error:
        # Two wrote the same new version at one moment: the trail lets only one of them in.
        raise Conflict(
            f"written at the same moment: {error.orig}",
            version=0,
            theirs={},
            context={"record": "?", "author": "?", "at": "?", "fields": "–"},
        ) from error
    except (sa.exc.DatabaseError, sa.exc.InterfaceError) as error:
        raise fault_of(error.orig or error) from error


def fault_of(error: BaseException) -> Locked | Damaged | RegistryError:
    """Return the desk's error for what a database reported."""
    told = str(error)
    if "locked" in told:
        return Locked(f"the registry is held by another writer: {told}", context={"seconds": "?"})
    if "malformed" in told or "not a database" in told:  # SQLite's words for a file that was damaged
        return Damaged(
            f"the registry's file is damaged: {told}",
            context={"file": "registry.sqlite"},
            hint="restore registry.sqlite from a backup (see the runbook)",
        )
    return RegistryError(
        f"the registry's database failed: {told}",
        key="registry_database",
        context={"problem": told[:200]},
        hint="free space on the disk, or look at the database's own log",
    )
