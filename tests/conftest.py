"""Fixtures for every test: no network but loopback, own store, the real files where they are present."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder that holds ``data/`` with the real files; the test is skipped where it is absent."""
    folder = Path(os.environ.get("HAZE_SHARED", ROOT.parent / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip(f"real files are not here ({folder}); set HAZE_SHARED to the folder that holds data/")
    return folder


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
