"""A newcomer's first minutes: a clean clone with an empty home, `make run` until the page answers, `make env` again.

Also the set-up of `make test`, without the tests. Downloads every package; takes minutes and some 4 GB in the folder
of temporary files.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from benchmarks.measure import ROOT
from tests.app.test_browser import free_port


def surroundings(home: Path) -> dict[str, str]:
    """Return an environment with nothing of the person who runs this but the way to the package registry."""
    kept = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "UV_", "SSL_", "REQUESTS_"))}
    python = Path(sys.base_prefix) / "bin"
    return {**kept, "HOME": str(home), "PATH": f"{python}:/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}


def until_it_answers(clone: Path, env: dict[str, str]) -> float:
    """Run `make run` and stop it; return the seconds until the server answered."""
    port, start = free_port(), time.perf_counter()
    made = subprocess.Popen(["make", "run", f"PORT={port}"], cwd=clone, env=env, start_new_session=True)
    try:
        while True:
            if made.poll() is not None:
                raise RuntimeError(f"make run ended with {made.returncode}")
            with (
                contextlib.suppress(OSError),
                urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health") as told,
            ):
                if told.status == 200:
                    return time.perf_counter() - start
            time.sleep(0.2)
    finally:
        os.killpg(made.pid, signal.SIGINT)
        made.wait()


def main() -> None:
    """Print the seconds of each step."""
    with tempfile.TemporaryDirectory() as name:
        home, clone = Path(name) / "home", Path(name) / "clone"
        home.mkdir()
        subprocess.run(["git", "clone", "-q", "--no-hardlinks", str(ROOT), str(clone)], check=True)
        env = surroundings(home)
        print(f"  clean clone, {shutil.which('make')}, Python {sys.version.split()[0]}, load {os.getloadavg()[0]:.1f}")
        print(f"  make run, first: the page answers after {until_it_answers(clone, env):.0f} s", flush=True)
        print(f"  make run, again: the page answers after {until_it_answers(clone, env):.0f} s", flush=True)
        start = time.perf_counter()
        # What `make test` makes before it runs anything.
        subprocess.run(["make", "--no-print-directory", ".venv/dev.stamp"], cwd=clone, env=env, check=True)
        print(f"  set-up of make test: {time.perf_counter() - start:.0f} s", flush=True)
        size = sum(path.stat().st_size for path in (clone / ".venv").rglob("*") if path.is_file()) / 1e9
        print(f"  the environment takes {size:.1f} GB")


if __name__ == "__main__":
    main()
