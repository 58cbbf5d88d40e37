"""Many at once on one app: how long a page takes, what memory does, whether anybody sees what another chose.

`python -m benchmarks visitors --minutes 60 --visitors 50` is the soak; fewer minutes tell the same of speed. Visitors
speak Streamlit's protocol as a browser does and pause between choices as people do; new files are imported beside them
by a process of its own. Each page is read: it must be in the visitor's own language, of the own day and tambon.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import datetime as dt
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import psutil

from benchmarks.measure import ROOT, firms_csv
from data import clock, places
from data.merge import Writer
from data.store import Store
from fetchers import importer
from layers.title import title_of
from layers.words import Lang, say, say_day
from tests.app.visitor import Visitor
from tests.models import smoky_years

#: Detections of three seasons, as many as Lampang has in bad years.
DETECTIONS = 30_000
LAST_DAY = dt.date(2025, 4, 20)
PAGES = ("", "season", "fires", "data")
#: Seconds that a person looks at a page before choosing again.
PAUSE_S = (10.0, 50.0)
REFRESH_S = 60.0


@dataclass
class Told:
    """What came of it all."""

    seconds: list[float] = field(default_factory=list)
    kinds: dict[str, list[float]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    first: list[float] = field(default_factory=list)
    second: list[float] = field(default_factory=list)
    memory: list[tuple[float, float]] = field(default_factory=list)

    def note(self, kind: str, seconds: float) -> None:
        """Note how long one page took."""
        self.seconds.append(seconds)
        self.kinds.setdefault(kind, []).append(seconds)


def store_of(root: Path, folder: Path) -> None:
    """Fill a store with three seasons of detections and of daily means."""
    firms_csv(folder / "seasons.csv", places.embedded_tambons(), DETECTIONS)
    store = Store(root)
    importer.bring_in(store, importer.sources_of([folder / "seasons.csv"], 10**9), clock.utc_now)
    with store.locked():
        writer = Writer(store, store.state())
        writer.add_stations(smoky_years.stations())
        writer.add_readings(smoky_years.readings(smoky_years.smoke(dt.date(2022, 11, 1), LAST_DAY)))
        writer.commit()
    bring(root, folder, 0)


def bring(root: Path, folder: Path, turn: int) -> None:
    """Import one more file of a hundred detections by the command line, as a timer does."""
    path = folder / f"more{turn}.csv"
    firms_csv(path, places.embedded_tambons(), 100 + turn)
    table = pd.read_csv(path, dtype={"acq_time": "str"})
    number = np.random.default_rng(turn).integers(0, 90, len(table))
    table["acq_date"] = (pd.Timestamp("2025-01-20") + pd.to_timedelta(number, unit="D")).strftime("%Y-%m-%d")
    table["longitude"] = (table["longitude"] + 1e-5 * (turn + 1)).round(5)
    table.to_csv(path, index=False)
    env = {name: value for name, value in os.environ.items() if not name.startswith("HAZE_")}
    command = [sys.executable, "cli.py", "import", str(path)]
    done = subprocess.run(command, cwd=ROOT, env=env | {"HAZE_STORE": str(root)}, capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr.decode())


@contextlib.contextmanager
def app(root: Path) -> Iterator[tuple[str, psutil.Process]]:
    """Serve the store; give the address and the process."""
    from tests.app.test_browser import free_port

    port = free_port()
    env = {name: value for name, value in os.environ.items() if not name.startswith("HAZE_")}
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    with root.with_name("app.log").open("w") as log:
        served = subprocess.Popen(
            [*command, "--server.address", "127.0.0.1"], cwd=ROOT, env=env | {"HAZE_STORE": str(root)},
            stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            time.sleep(8)
            yield f"http://127.0.0.1:{port}", psutil.Process(served.pid)
        finally:
            served.terminate()
            served.wait()


def expected(visitor: Visitor, lang: Lang, day: dt.date, tambon: str) -> str:
    """Return what is wrong with what a visitor sees; nothing is well."""
    if title_of(lang, places.place("lampang")) not in visitor.text:
        return f"not in {lang}"
    seen = visitor.query
    if (seen.get("lang"), seen.get("day"), seen.get("tambon")) != (lang, day.isoformat(), tambon):
        return f"view {seen}, own {lang} {day} {tambon}"
    if visitor.page == "":
        if not any(one.body == say_day(lang, day, short=False) for one in visitor.of("heading")):
            return f"{[one.body for one in visitor.of('heading')]}, own {day} in {lang}"
        name = names()[tambon][lang]
        if name not in visitor.text:
            return f"no tambon {name}"
    return ""


def names() -> dict[str, dict[str, str]]:
    """Return the names of the tambons by code and language."""
    table = places.embedded_tambons().set_index("tambon")
    return {code: {"th": row["tambon_th"], "en": row["tambon_en"]} for code, row in table.iterrows()}


async def person(url: str, number: int, until: float, told: Told) -> None:
    """Look at pages and choose until the time is over."""
    luck = random.Random(number)
    lang: Lang = luck.choice(("th", "en"))
    tambon = luck.choice(sorted(names()))
    day = LAST_DAY - dt.timedelta(days=luck.randrange(7))
    query = {"lang": lang, "day": day.isoformat(), "span": "day", "theme": "hotspots", "sats": "ALL", "tambon": tambon}
    await asyncio.sleep(luck.uniform(0, 30))
    async with Visitor(url, query) as visitor:
        took = await visitor.open()
        told.note("first open", took.seconds)
        while time.monotonic() < until:
            if problem := expected(visitor, lang, day, tambon):
                told.wrong.append(f"visitor {number}: {problem}")
            await asyncio.sleep(luck.uniform(*PAUSE_S))
            turn = luck.random()
            if turn < 0.2:
                page = luck.choice(PAGES)
                told.note(f"open {page or 'today'}", (await visitor.open(page)).seconds)
            elif turn < 0.35:
                lang = "en" if lang == "th" else "th"
                label = next(one.label for one in visitor.of("button_group"))
                option = say(lang, "app.this_language")
                told.note("language", (await visitor.choose(label, option)).seconds)
            elif visitor.page == "":
                step = luck.choice((-1, 1))
                day += dt.timedelta(days=step)
                told.note("day", (await visitor.press("◀" if step < 0 else "▶")).seconds)


async def refreshed(root: Path, folder: Path, url: str, until: float, told: Told) -> None:
    """Import a file again and again; open a new page right after each, and one more."""
    turn = 1
    query = {"lang": "en", "day": LAST_DAY.isoformat()}
    while time.monotonic() + REFRESH_S < until:
        await asyncio.sleep(REFRESH_S)
        await asyncio.to_thread(bring, root, folder, turn)
        for kept in (told.first, told.second):
            async with Visitor(url, dict(query)) as visitor:
                kept.append((await visitor.open()).seconds)
        turn += 1


async def watched(process: psutil.Process, until: float, told: Told) -> None:
    """Note the memory of the app every five seconds."""
    start = time.monotonic()
    while time.monotonic() < until:
        told.memory.append((time.monotonic() - start, process.memory_info().rss / 1e6))
        await asyncio.sleep(5)


async def all_at_once(root: Path, folder: Path, visitors: int, minutes: float) -> Told:
    """Let everybody in."""
    told = Told()
    with app(root) as (url, process):
        async with Visitor(url, {"lang": "en"}) as visitor:
            print(f"  the very first page after the start {(await visitor.open()).seconds:.2f} s")
        until = time.monotonic() + 60 * minutes
        people = [person(url, number, until, told) for number in range(visitors)]
        await asyncio.gather(*people, refreshed(root, folder, url, until, told), watched(process, until, told))
    return told


def report(told: Told) -> None:
    """Print what came of it."""
    print(f"  {len(told.seconds):,} pages: median {statistics.median(told.seconds):.2f} s, 95 of 100 within "
          f"{np.percentile(told.seconds, 95):.2f} s, worst {max(told.seconds):.2f} s")  # fmt: skip
    for kind, seconds in sorted(told.kinds.items()):
        print(
            f"    {kind:<14} {len(seconds):>5}  median {statistics.median(seconds):.2f} s  worst {max(seconds):.2f} s"
        )
    if told.first:
        first, second = statistics.median(told.first), statistics.median(told.second)
        print(f"  after each of {len(told.first)} imports: first new page {first:.2f} s, the next {second:.2f} s")
    at, memory = (np.array(part) for part in zip(*told.memory, strict=True))
    late = at > at[-1] / 3
    slope = np.polyfit(at[late] / 3600, memory[late], 1)[0] if late.sum() > 2 else float("nan")
    print(f"  memory of the app: {memory[0]:.0f} MB at first, {memory.max():.0f} at most, {memory[-1]:.0f} at last")
    print(f"  its course over the last two thirds: {slope:+.0f} MB an hour")
    print(f"  pages with another's view: {len(told.wrong)}")
    for problem in told.wrong[:5]:
        print(f"    {problem}")


def main() -> None:
    """Print speed, memory and what was mixed up."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks visitors", description=__doc__)
    parser.add_argument("--minutes", type=float, default=8)
    parser.add_argument("--visitors", type=int, default=50)
    options = parser.parse_args(sys.argv[2:])
    print(f"{options.visitors} visitors for {options.minutes:g} minutes, a file imported every {REFRESH_S:g} s, "
          f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start")  # fmt: skip
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store_of(folder / "store", folder)
        report(asyncio.run(all_at_once(folder / "store", folder, options.visitors, options.minutes)))


if __name__ == "__main__":
    main()
