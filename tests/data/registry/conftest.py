"""A registry on each of the two databases, new for every test and already holding the shipped facts."""

from __future__ import annotations

import datetime as dt
import itertools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from data import settings
from data.registry import Registry, open_registry, opening
from tests import postgres
from tests.conftest import left_out

NOW = dt.datetime(2026, 12, 1, 6, tzinfo=dt.UTC)
_numbers = itertools.count()
Options = Callable[[], settings.Settings]


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with a registry file as it is after its first opening."""
    folder = tmp_path_factory.mktemp("seeded")
    open_registry(settings.load(store=folder), lambda: NOW).close()
    return folder


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """Address of a PostgreSQL with a database ``seeded`` as it is after its first opening."""
    if not postgres.available():
        left_out("no PostgreSQL; install Debian's postgresql-15")
    with postgres.cluster() as address:
        url = postgres.database(address, "seeded")
        open_registry(settings.load(database_url=url), lambda: NOW).close()
        yield address


@pytest.fixture(params=["sqlite", "postgresql"])
def options(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[settings.Settings]:
    """Settings of a registry of its own, on each database."""
    if request.param == "sqlite":
        (tmp_path / "store").mkdir()
        shutil.copy(request.getfixturevalue("seeded") / "registry.sqlite", tmp_path / "store")
        yield settings.load(store=tmp_path / "store")
        return
    url = postgres.database(request.getfixturevalue("server"), f"t{next(_numbers)}", "seeded")
    yield settings.load(store=tmp_path / "store", database_url=url)
    # Its connections are closed, whatever the test left open.
    opening._postgresql(url).dispose()


@pytest.fixture
def registry(options: settings.Settings) -> Iterator[Registry]:
    """The registry of those settings, its clock standing still."""
    opened = open_registry(options, lambda: NOW)
    yield opened
    opened.close()
