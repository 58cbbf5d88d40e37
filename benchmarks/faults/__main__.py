"""Command of the faults: `python -m benchmarks.faults [--faults N] [--seed N] [--job NAME]`."""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from data.settings import Settings
    from tests.server import Asked, Server

HERE = Path(__file__).resolve().parent
_numbers = itertools.count()


def main() -> None:
    """Kill every job at every write point, or at some by a seed, and print what came of it."""
    asked = argparse.ArgumentParser(prog="python -m benchmarks.faults", description=main.__doc__)
    asked.add_argument("--faults", type=int, default=0, help="so many, shared among the jobs; all without it")
    asked.add_argument("--seed", type=int, default=52)
    asked.add_argument("--job", default="", help="only jobs whose name holds this")
    asked.add_argument("--on", choices=("both", "sqlite", "postgresql"), default="both", help="which database")
    given = asked.parse_args()
    _preloaded()
    sys.exit(_run(given))


def _preloaded() -> None:
    """Start this program again with the library preloaded; return when it is."""
    if os.environ.pop("HAZE_FAULTS", ""):
        # What this program starts (a database server, say) is not to be disturbed.
        del os.environ["LD_PRELOAD"]
        return
    folder = tempfile.mkdtemp(prefix="haze-shim-")
    library = Path(folder) / "shim.so"
    try:
        command = ["cc", "-shared", "-fPIC", "-O1", "-o", str(library), str(HERE / "shim.c"), "-ldl"]
        subprocess.run(command, check=True)
        around = {**os.environ, "LD_PRELOAD": str(library), "HAZE_FAULTS": "1", "OMP_NUM_THREADS": "1"}
        module = ["-m", "benchmarks.faults"]
        sys.exit(subprocess.run([sys.executable, *module, *sys.argv[1:]], env=around, check=False).returncode)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(given: argparse.Namespace) -> int:
    from benchmarks.faults import harness
    from benchmarks.faults.jobs import JOBS, ON_POSTGRESQL
    from tests import postgres

    chosen = [job for job in JOBS if given.job in job.name]
    sums, failures = {"killed": 0, "full": 0}, 0
    start = time.monotonic()
    with ExitStack() as stack:
        url = stack.enter_context(_served())
        places = [("SQLite", job, _on_sqlite(url)) for job in chosen if given.on != "postgresql"]
        if given.on != "sqlite" and postgres.available():
            address = stack.enter_context(postgres.cluster())
            places += [("PostgreSQL", job, _on_postgresql(url, address)) for job in chosen if job.name in ON_POSTGRESQL]
        drawn = random.Random(given.seed)
        print(f"{'job':40} {'on':10} {'points':>6} {'kills':>6} {'full disks':>10} {'wrong':>6}")
        for where, job, options in places:
            bench = harness.Bench(job, options, lambda: _reset(url))
            stack.callback(bench.close)
            faults = [(at, what) for at in range(1, bench.points + 1) for what in (1, 2)]
            if where == "SQLite":
                faults += [(at, harness.FULL) for at in range(1, bench.points + 1)]
            if given.faults:
                faults = sorted(drawn.sample(faults, min(len(faults), max(1, given.faults // len(places)))))
            counts = {"killed": 0, "full": 0, "wrong": 0}
            for at, what in faults:
                judged = bench.full(at) if what == harness.FULL else bench.killed(at, what)
                if judged.missed:
                    continue
                counts["full" if what == harness.FULL else "killed"] += 1
                if judged.wrong:
                    counts["wrong"] += 1
                    print(f"  WRONG at {at} of {bench.points} ({what}): {judged.wrong}", flush=True)
            sums["killed"] += counts["killed"]
            sums["full"] += counts["full"]
            failures += counts["wrong"]
            line = f"{job.name:40} {where:10} {bench.points:6} {counts['killed']:6} {counts['full']:10}"
            print(f"{line} {counts['wrong']:6}", flush=True)
    print(f"{sums['killed']} kills, {sums['full']} full disks, {failures} wrong, {time.monotonic() - start:.0f} s")
    return int(failures > 0)


def _on_sqlite(url: str) -> Callable[[Path], Settings]:
    from benchmarks.faults.jobs import TOKEN
    from data import settings

    def options(store: Path) -> Settings:
        return settings.load(
            store=store, mode="live", lock_timeout_s=5, line_host=url, line_token=TOKEN, mirrors=_mirrors(url)
        )

    return options


def _on_postgresql(url: str, address: str) -> Callable[[Path], Settings]:
    """Return settings on a new database for each store: that of the first store is what the others begin with."""
    from pydantic import SecretStr

    from data.registry import opening
    from tests import postgres

    plain = _on_sqlite(url)
    first: list[str] = []

    def options(store: Path) -> Settings:
        name = f"d{next(_numbers)}"
        if first:
            # PostgreSQL copies no database that somebody is connected to.
            opening._postgresql(f"{address}/{first[0]}").dispose()
        made = postgres.database(address, name, first[0] if first else "template1")
        first.append(name)
        return plain(store).model_copy(update={"database_url": SecretStr(made)})

    return options


def _mirrors(url: str) -> dict[str, str]:
    hosts = ("firms.modaps.eosdis.nasa.gov", "air4thai.pcd.go.th", "air4thai.com")
    return dict.fromkeys(hosts, url)


@contextmanager
def _served() -> Iterator[str]:
    """Run the providers and LINE in a process of their own, so that the one that forks has no threads."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        from tests.server import Answer, Server

        accepted: list[str] = []
        said = {"Content-Type": "application/json"}
        with Server() as server:

            def push(asked: Asked) -> Answer:
                key = asked.headers.get("X-Line-Retry-Key", "")
                if key in accepted:
                    return Answer(b'{"message": "The retry key is already accepted"}', status=409, headers=said)
                accepted.append(key)
                return Answer(b'{"sentMessages": [{"id": "1"}]}', headers=said)

            def reset(asked: Asked) -> Answer:
                accepted.clear()
                return Answer(b"{}")

            _script(server)
            server.answer("/v2/bot/message/push", push)
            server.answer("/reset", reset)
            server.answer("/accepted", lambda asked: Answer(json.dumps(accepted).encode()))
            os.write(writer, server.url.encode())
            os.close(writer)
            threading.Event().wait()
    os.close(writer)
    with os.fdopen(reader) as source:
        url = source.read()
    try:
        yield url
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)


def _script(server: Server) -> None:
    from benchmarks.faults.jobs import KEY
    from tests import files
    from tests.server import Answer

    morning = {"acq_date": "2026-03-12", "acq_time": "0630"}
    server.answer("/data/active_fire/*", Answer(files.firms(morning, {**morning, "latitude": "18.4"})))
    server.answer("/forweb/getAQI_JSON.php", Answer(files.live(47.0, date="2026-03-12", time="18:00")))

    def area(asked: Asked) -> Answer:
        day = asked.path.rsplit("/", 1)[-1]
        return Answer(files.firms({"acq_date": day}, {"acq_date": day, "latitude": "18.5"}))

    server.answer(f"/api/area/csv/{KEY}/*", area)


def _reset(url: str) -> None:
    import requests

    requests.get(f"{url}/reset", timeout=5)


if __name__ == "__main__":
    main()
