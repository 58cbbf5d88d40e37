"""Brought files understood in a process of its own, which is ended when one takes too long or too much memory.

A parser that hangs inside a library cannot be stopped within the own process, and memory that it takes is taken from
everybody. Never stores anything. No prison either: what reads the file may do what this user may do.

Run as a program it is that process: files come by its input, what was made of them goes to its output.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import IO, cast

from data.errors import FileRefused
from data.settings import ROOT, Settings
from fetchers.brought import Brought, Found, understood

#: What reading and writing raise when the process at the other end is gone.
_GONE = (EOFError, OSError, pickle.UnpicklingError)
#: Processor seconds beyond the time for a file after which a process that nobody waits for any more ends by itself.
_FORGOTTEN_S = 60


class Reader:
    """Understands files one after the other, each to its end, as `brought.understood` does but in a process apart.

    The process begins with this object and ends with it as a context; one that had to be ended is followed by another.

    Parameters
    ----------
    options : Settings
        `max_parse_s` for each file and `max_parse_mb` for the process.
    """

    def __init__(self, options: Settings) -> None:
        self.seconds, self.megabytes = options.max_parse_s, options.max_parse_mb
        self._is_ready = False
        self._begin()

    def __enter__(self) -> Reader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def __call__(self, file: Brought, now: dt.datetime) -> Iterator[Found]:
        """Yield what `brought.understood` yields, as far as it comes in time.

        What came before the process had to be ended is whole; the last is then a refusal of the file: ``too_slow``,
        or ``too_heavy`` when the process ended by itself, most likely for want of memory.
        """
        if isinstance(file.raw, Path):
            file = replace(file, raw=file.raw.resolve())
        if not self._is_ready:
            # How long the process needs to start is not the file's fault.
            pickle.load(self._out)  # noqa: S301 - of our own process
            self._is_ready = True
        asked, left = False, self.seconds
        while left > 0:
            start = time.monotonic()
            clock = threading.Timer(left, self._process.kill)
            clock.start()
            try:
                if not asked:
                    pickle.dump((file, now), self._in, pickle.HIGHEST_PROTOCOL)
                    self._in.flush()
                    asked = True
                found: Found | None = pickle.load(self._out)  # noqa: S301 - of our own process
            except _GONE:
                break
            finally:
                clock.cancel()
                # The time that the caller takes between two members does not count.
                left -= time.monotonic() - start
            if found is None:
                return
            yield found
        self._end()
        self._begin()
        yield file.name, self._too_slow(file.name) if left <= 0 else self._too_heavy(file.name)

    def _begin(self) -> None:
        # Who reads files of strangers needs to know no keys.
        around = {name: value for name, value in os.environ.items() if not name.startswith("HAZE_")}
        command = [sys.executable, "-m", "fetchers.apart", f"{self.seconds:.0f}", str(self.megabytes)]
        self._process = subprocess.Popen(  # noqa: S603 - our own program
            command, cwd=ROOT, env=around, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._in, self._out = cast("IO[bytes]", self._process.stdin), cast("IO[bytes]", self._process.stdout)
        self._is_ready = False

    def _end(self) -> None:
        self._process.kill()
        self._process.wait()
        self._out.close()
        with contextlib.suppress(BrokenPipeError):  # the rest of a file that nobody reads any more
            self._in.close()

    def _too_slow(self, name: str) -> FileRefused:
        seconds = f"{self.seconds:g}"
        return FileRefused(
            f"{name}: not understood within {seconds} s",
            key="too_slow",
            context={"seconds": seconds},
            hint="look at it with the program that wrote it, or raise HAZE_MAX_PARSE_S",
        )

    def _too_heavy(self, name: str) -> FileRefused:
        return FileRefused(
            f"{name}: the process that read it ended, with {self.megabytes} MB to its use",
            key="too_heavy",
            context={"limit_mb": self.megabytes},
            hint="split the file, or raise HAZE_MAX_PARSE_MB",
        )


def _serve(seconds: float, megabytes: int) -> None:
    out = os.fdopen(os.dup(1), "wb")
    # What a library prints goes to the log, not between the answers.
    os.dup2(2, 1)
    _bound_memory(megabytes)
    try:
        while True:
            pickle.dump(None, out)
            out.flush()
            file, now = pickle.load(sys.stdin.buffer)  # noqa: S301 - of the process that began this one
            _bound_time(seconds)
            for found in understood(file, now):
                pickle.dump(found, out, pickle.HIGHEST_PROTOCOL)
                out.flush()
    except MemoryError:
        sys.exit(1)
    except EOFError:  # no more files
        return


def _bound_memory(megabytes: int) -> None:
    """Let this process take so much memory beside what it has now; on Linux, elsewhere nothing bounds it."""
    if sys.platform == "linux":
        import resource

        # The sixth number is what it may write to, in pages.
        has = int(Path("/proc/self/statm").read_text().split()[5]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_DATA, (has + megabytes * 1_000_000, resource.RLIM_INFINITY))


def _bound_time(seconds: float) -> None:
    """Let this process end by itself when who began it was killed and nobody will."""
    if sys.platform == "linux":
        import resource

        whole = time.process_time() + seconds * (os.cpu_count() or 1) + _FORGOTTEN_S
        resource.setrlimit(resource.RLIMIT_CPU, (int(whole), resource.RLIM_INFINITY))


if __name__ == "__main__":
    _serve(float(sys.argv[1]), int(sys.argv[2]))
