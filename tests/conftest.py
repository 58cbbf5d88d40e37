"""Fixtures for every test: no network but loopback, own store, the real files and the browser where they are present.

What is missing on this machine is left out loudly: with HAZE_TEST_COMPLETE=1 it fails instead.
"""

from __future__ import annotations

import collections
import os
import shutil
import socket
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).resolve().parent.parent
#: Read before any test runs, since every test has its HAZE_ settings taken away.
_COMPLETE = os.environ.get("HAZE_TEST_COMPLETE") == "1"
_CHROMIUM = os.environ.get("HAZE_CHROMIUM", "/usr/bin/chromium")
_LEFT_OUT = "left out: "


def left_out(reason: str) -> NoReturn:
    """Leave the present test out because something is missing on this machine; fail where nothing may be missing."""
    if _COMPLETE:
        pytest.fail(f"HAZE_TEST_COMPLETE=1 forbids leaving out: {reason}", pytrace=False)
    pytest.skip(_LEFT_OUT + reason)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give a journey in a real browser a second try, since a busy machine may starve it; the summary counts them.

    Files that start programs come first: they take longest, and the last file of a run is one that no core shares.
    """
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.flaky(reruns=1))
    items.sort(key=lambda item: item.path.parent not in (ROOT / "tests" / "app", ROOT / "tests"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in capitals what was left out, so that a short green run is not taken for a whole one."""
    reasons: collections.Counter[str] = collections.Counter()
    for report in terminalreporter.stats.get("skipped", []):
        told = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if _LEFT_OUT in told:
            reasons[told.partition(_LEFT_OUT)[2]] += 1
    for reason, count in sorted(reasons.items()):
        terminalreporter.write_line(f"LEFT OUT, NOT TESTED HERE ({count}): {reason.upper()}", red=True, bold=True)


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder that holds ``data/`` with the real files; the test is skipped where it is absent."""
    folder = Path(os.environ.get("HAZE_SHARED", ROOT.parent / "shared"))
    if not (folder / "data").is_dir():
        left_out(f"real files are not here ({folder}); set HAZE_SHARED to the folder that holds data/")
    return folder


@pytest.fixture(scope="session")
def chromium() -> str:
    """Address of the browser; tests that need it are left out where there is none."""
    found = shutil.which(_CHROMIUM)
    if found is None:
        left_out(f"no browser at {_CHROMIUM}; install Debian's chromium or set HAZE_CHROMIUM")
    return found


@pytest.fixture(autouse=True)
def _only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection that leaves this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        host = address[0] if isinstance(address, tuple) else ""
        if self.family in (socket.AF_INET, socket.AF_INET6) and host not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"a test tried to reach {host}")
        connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep a developer's own settings and store out of the tests."""
    for name in list(os.environ):
        if name.startswith("HAZE_") and name != "HAZE_SHARED":
            monkeypatch.delenv(name)
    monkeypatch.setenv("HAZE_STORE", str(tmp_path / "store"))
