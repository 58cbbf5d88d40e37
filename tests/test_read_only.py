"""A store on a disk that may only be read: everything reads on, and every write says why it cannot be."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.app import stores
from tests.conftest import left_out
from tests.test_cli import ROOT, environment

DAYS = ("--from", "2026-03-10", "--to", "2026-03-12")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("frozen") / "store"
    stores.bring(root, **{"march.csv": stores.firms(), "live.json": stores.air4thai()})
    return root


def frozen(store: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command line with the store mounted for reading only, in a namespace of its own."""
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        left_out("a read-only mount needs root and util-linux")
    mount = 'mount --bind "$HAZE_STORE" "$HAZE_STORE" && mount -o remount,ro,bind "$HAZE_STORE" && exec "$@"'
    command = ["unshare", "--mount", "sh", "-c", mount, "sh", sys.executable, "cli.py", *words]
    done = subprocess.run(
        command, cwd=ROOT, env=environment(store), capture_output=True, text=True, timeout=200, check=False
    )
    if "mount:" in done.stderr or "unshare:" in done.stderr:
        left_out("this machine allows no mount of its own")
    assert "Traceback" not in done.stderr + done.stdout
    return done


def test_it_reads_on_and_every_write_says_why_it_cannot_be(store: Path, tmp_path: Path) -> None:
    for words in (("counts", "--by", "tambon", *DAYS), ("sites",), ("status",)):
        done = frozen(store, *words)
        assert (done.returncode, done.stderr) == (0, ""), words
        assert done.stdout
    bad = tmp_path / "more.csv"
    bad.write_bytes(stores.firms())
    done = frozen(store, "import", str(bad))
    assert done.returncode == 1
    assert "The store cannot be written" in done.stderr
