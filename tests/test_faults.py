"""Some kills and full disks of the fault harness, by a seed; `python -m benchmarks.faults` has them all."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys

from tests.conftest import ROOT, left_out


def test_jobs_cut_off_at_a_write_point_lose_nothing_and_count_nothing_twice() -> None:
    if shutil.which("cc") is None:
        left_out("no C compiler for the fault harness; install Debian's gcc and libc6-dev")
    command = [sys.executable, "-m", "benchmarks.faults", "--faults", "26", "--on", "sqlite"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    told = re.fullmatch(r"(\d+) kills, (\d+) full disks, 0 wrong, .*", done.stdout.splitlines()[-1])
    assert told is not None
    # Every job of the list was disturbed: none is left out because it wrote nothing.
    assert int(told[1]) + int(told[2]) >= 20
    assert "WRONG" not in done.stdout
