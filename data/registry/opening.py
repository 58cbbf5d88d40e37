"""Opening the registry: which database, its tables brought up to date under a lock, the shipped facts put in once.

A SQLite file in the store unless a PostgreSQL address is set. Where the store cannot be written the shipped facts are
shown from a file apart, and nothing can be changed. Never reads or writes a record itself.
"""

from __future__ import annotations

import contextlib
import functools
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import filelock
import sqlalchemy as sa

from data.clock import Now, utc_now
from data.errors import Locked, RegistryError, SettingError
from data.registry import seed
from data.registry.registry import QUEUE, Registry, fault_of
from data.settings import Settings

FILE = "registry.sqlite"
#: The newest migration. A database that names another one is brought up to it, or is newer than this desk.
HEAD = "0002"
_MIGRATIONS = Path(__file__).parent / "migrations"


def open_registry(options: Settings, now: Now = utc_now) -> Registry:
    """Return the registry of the desk.

    Parameters
    ----------
    options : Settings
        `store` and `database_url`.
    now : callable
        Clock in UTC.

    Raises
    ------
    SettingError
        When the address is not one of PostgreSQL.
    RegistryError
        When the database cannot be reached, or was written by a newer desk.
    """
    address = options.database_url.get_secret_value()
    if address:
        engine = _postgresql(address)
        _bring_up(engine, now, contextlib.nullcontext)
        return Registry(engine, now)
    path = Path(options.store) / FILE
    try:
        return _file(path, now, options.lock_timeout_s)
    except (OSError, RegistryError) as error:
        if isinstance(error, RegistryError) and error.key not in ("registry_database", "registry_readonly"):
            raise
        if not path.exists():
            return Registry(_file(_facts_apart(), now, options.lock_timeout_s).engine, now, writable=False)
        return Registry(_frozen(path), now, writable=False)


def _file(path: Path, now: Now, timeout_s: float) -> Registry:
    path.parent.mkdir(parents=True, exist_ok=True)

    @contextlib.contextmanager
    def alone() -> Iterator[None]:
        try:
            with filelock.FileLock(str(path.with_suffix(".lock")), timeout=timeout_s):
                _use_log(path)
                yield
        except filelock.Timeout as error:
            raise Locked(
                f"another process prepares {path}", context={"seconds": f"{timeout_s:g}"}, hint="try again"
            ) from error

    engine = _sqlite(path, timeout_s)
    _bring_up(engine, now, alone)
    return Registry(engine, now)


def _use_log(path: Path) -> None:
    # Readers and the one writer do not wait for each other; kept in the file, so asked for once.
    try:
        with contextlib.closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
    except sqlite3.Error as error:
        raise fault_of(error) from error


def _frozen(path: Path) -> sa.Engine:
    """Return an engine on a file that may not be written, not even beside it."""
    return _sqlite(path, 1.0, "?mode=ro&immutable=1")


def _sqlite(path: Path, timeout_s: float, asked: str = "") -> sa.Engine:
    def connected() -> sqlite3.Connection:
        return sqlite3.connect(f"file:{quote(str(path.resolve()))}{asked}", uri=True, timeout=timeout_s)

    # A connection to a file costs a tenth of a millisecond: none is kept, so none is shared by threads or left open.
    engine = sa.create_engine("sqlite://", creator=connected, poolclass=sa.NullPool)

    @sa.event.listens_for(engine, "connect")
    def _connected(connection: Any, _: Any) -> None:
        # The driver's own way of beginning transactions is too late to keep two writers apart; we begin them.
        connection.isolation_level = None
        connection.execute("PRAGMA foreign_keys=ON")

    @sa.event.listens_for(engine, "begin")
    def _begun(connection: sa.Connection) -> None:
        writing = connection.get_execution_options().get("writing")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return engine


@functools.cache
def _postgresql(address: str) -> sa.Engine:
    """Return the one engine of an address; its pool of connections serves every registry opened in this process."""
    try:
        url = sa.make_url(address)
    except sa.exc.ArgumentError:
        url = None
    if url is None or url.get_backend_name() != "postgresql":
        # The address holds a password: it is not repeated.
        raise SettingError(
            "HAZE_DATABASE_URL: expected postgresql://user:password@host/database",
            context={"name": "HAZE_DATABASE_URL", "problem": "not an address of PostgreSQL"},
            hint="correct the address, or leave it empty for SQLite in the store",
        )
    return sa.create_engine(url.set(drivername="postgresql+psycopg"), pool_pre_ping=True, hide_parameters=True)


def _bring_up(engine: sa.Engine, now: Now, alone: Callable[[], contextlib.AbstractContextManager[None]]) -> None:
    """Bring the tables up to `HEAD` and put the facts in, all in one transaction; do nothing when they are there."""
    registry = Registry(engine, now)
    with registry.reading() as connection:
        if _revision(connection) == HEAD:
            return
    with alone(), registry.writing(queued=True) as connection:
        found = _revision(connection)
        if found == HEAD:
            return
        _migrate(connection, found)
        if found is None:
            seed.plant(registry, connection)


def _revision(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return str(connection.scalar(sa.text("SELECT version_num FROM alembic_version")))


def _migrate(connection: sa.Connection, found: str | None) -> None:
    # Heavy, and only needed when something is to be done.
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise RegistryError(
            f"the registry has layout {found}, this version reads {HEAD}: {error}",
            key="registry_layout",
            context={"found": found, "known": HEAD},
            hint="use the version of the desk that wrote it",
        ) from error


@functools.cache
def _facts_apart() -> Path:
    """Return where the shipped facts are shown from when the store cannot be written; for the life of the process."""
    return Path(tempfile.mkdtemp(prefix="haze-registry-")) / FILE


__all__ = ["FILE", "HEAD", "QUEUE", "open_registry"]
