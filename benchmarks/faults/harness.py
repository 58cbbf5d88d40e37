"""A job cut off at its n-th write point, then judged: reopened, nothing lost, nothing twice, done again, the same.

The faults come from a small preloaded library (`shim.c`) that counts the calls by which a process changes files of the
store, over all its threads; the product knows nothing of it. One warm process forks a child for every fault.
"""

from __future__ import annotations

import collections
import contextlib
import ctypes
import os
import pickle
import shutil
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Loaded by the first opening of a registry: once here, not in every child.
import alembic.command
import alembic.config  # noqa: F401

from benchmarks.faults.jobs import Facts, Job
from data import settings
from data.errors import HazeError

COUNT, KILL_BEFORE, KILL_WITHIN, FULL = range(4)


@dataclass(frozen=True)
class Judged:
    """What came of one fault; `wrong` is empty when all is well."""

    wrong: str
    #: The job had ended before the fault came: it wrote less often than the undisturbed one.
    missed: bool = False


def forked(call: Callable[[], Any], before: Callable[[], None] = lambda: None) -> tuple[int, Any]:
    """Run a call in a child; return its end (0, an exit code, or minus a signal) and its result or the trace."""
    reader, writer = os.pipe()
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        os.close(reader)
        code, result = 0, None
        try:
            before()
            result = call()
        except BaseException as error:  # noqa: BLE001 - told to the parent, whatever it is
            code = 3 if isinstance(error, HazeError) else 4
            result = (f"{type(error).__name__} {getattr(error, 'key', '')}: {error}", traceback.format_exc())
        ctypes.CDLL(None).faults_arm(b"", 0, COUNT, 0)
        with os.fdopen(writer, "wb") as out:
            pickle.dump(result, out)
        os._exit(code)
    os.close(writer)
    with os.fdopen(reader, "rb") as source:
        told = source.read()
    _, status = os.waitpid(child, 0)
    code = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
    return code, pickle.loads(told) if told else None  # our own child wrote it


@contextlib.contextmanager
def _copied(base: Path) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="haze-fault-")).resolve()
    try:
        shutil.copytree(base, folder / "store", symlinks=True)
        yield folder / "store"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Bench:
    """One job, what it begins with, and what the undisturbed job leaves.

    Parameters
    ----------
    job : Job
    options : callable
        Settings of a store folder; each call may give another database.
    reset : callable
        Called before each doing, to make what is outside of the store forget.
    """

    def __init__(self, job: Job, options: Callable[[Path], settings.Settings], reset: Callable[[], None]) -> None:
        self.job, self.options, self.reset = job, options, reset
        self.base = Path(tempfile.mkdtemp(prefix="haze-base-")).resolve() / "store"
        reset()
        self.base.mkdir()
        job.begin(options(self.base))
        with self._fresh() as chosen:
            self.before = self._facts(chosen)
            self.points = self._work(chosen, 0, COUNT)
            self.after = self._facts(chosen)
        if self.before == self.after and not job.by_looking:
            raise AssertionError(f"{job.name}: the job stores nothing")

    def close(self) -> None:
        """Remove what it began with."""
        shutil.rmtree(self.base.parent, ignore_errors=True)

    @contextlib.contextmanager
    def _fresh(self) -> Iterator[settings.Settings]:
        self.reset()
        with _copied(self.base) as store:
            yield self.options(store)

    def _facts(self, chosen: settings.Settings) -> Facts:
        code, found = forked(lambda: self.job.facts(chosen))
        if code:
            raise AssertionError(f"{self.job.name}: what is stored cannot be read: {found[1]}")
        return found  # type: ignore[no-any-return]

    def _work(self, chosen: settings.Settings, at: int, fault: int) -> int:
        """Do the job with a fault and return its end; without one, how many write points it has."""
        library = ctypes.CDLL(None)
        folder = str(Path(chosen.store)).encode()

        def arm() -> None:
            library.faults_arm(folder, at, fault, int(self.job.sockets or bool(chosen.database_url.get_secret_value())))

        def work() -> int:
            self.job.work(chosen)
            return int(library.faults_seen())

        code, result = forked(work, arm)
        if fault == COUNT:
            if code:
                raise AssertionError(f"{self.job.name}: {result[1] if result else code}")
            return int(result)
        self.told = result
        return code

    def killed(self, at: int, fault: int) -> Judged:
        """Kill the job at its n-th write point, before or within, and judge what is left."""
        with self._fresh() as chosen:
            code = self._work(chosen, at, fault)
            if code == 0:
                return Judged("", missed=True)
            if code != -signal.SIGKILL:
                return Judged(f"ended with {code}: {self.told}")
            return Judged(self._judge(chosen))

    def full(self, at: int) -> Judged:
        """Let the disk be full from the n-th write point on; the job must say so clearly and leave the store whole."""
        with self._fresh() as chosen:
            code = self._work(chosen, at, FULL)
            if code not in (0, 3):  # 0: it found another way, or had written all it had to
                return Judged(f"no clear error, ended with {code}: {self.told and self.told[1]}")
            return Judged(self._judge(chosen))

    def _judge(self, chosen: settings.Settings) -> str:
        code, left = forked(lambda: self.job.facts(chosen))
        if code:
            return f"what is left cannot be read: {left[1] if left else code}"
        for table, rows in self.before.items():
            # "As they are" may change; what names a record may not go.
            if not table.endswith("as they are") and rows - left.get(table, collections.Counter()):
                return f"{table}: lost {list(rows - left[table])[:3]}"
        for table, rows in left.items():
            if not table.endswith("as they are") and rows - self.after.get(table, collections.Counter()):
                return f"{table}: twice or strange {list(rows - self.after.get(table, collections.Counter()))[:3]}"
        again, told = forked(lambda: self.job.work(chosen))
        if again:
            return f"the job done again fails: {told[1] if told else again}"
        if (end := self._facts(chosen)) != self.after:
            differ = {t: (end.get(t, 0), r) for t, r in self.after.items() if end.get(t) != r}
            return f"done again it differs: {str(differ)[:600]}"
        return ""
