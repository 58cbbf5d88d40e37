"""How often a name was tried with a wrong password lately, so that guessing is slow however many tabs guess.

Kept by the process for as long as it runs, never written. Never looks at a password.
"""

from __future__ import annotations

import collections
import threading
import time
from collections.abc import Callable

from data.errors import NotAllowed

#: Wrong tries of one name within so many seconds; a person who mistypes needs fewer, a list of passwords needs more.
MOST, WITHIN_S = 10, 15 * 60.0


class Tries:
    """The wrong tries of each name; safe among threads.

    Parameters
    ----------
    clock : callable
        Seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._wrong: dict[str, collections.deque[float]] = {}

    def demand(self, name: str) -> None:
        """Raise NotAllowed (key ``too_many_tries``, with the minutes to wait) when a name was tried too often."""
        with self._lock:
            wrong = self._recent(name)
            if len(wrong) >= MOST:
                left = WITHIN_S - (self._clock() - wrong[0])
                minutes = max(1, round(left / 60 + 0.5))
                raise NotAllowed("too many wrong tries", key="too_many_tries", context={"minutes": minutes})

    def wrong(self, name: str) -> None:
        """Note a wrong try, of a name that exists or not."""
        with self._lock:
            self._recent(name).append(self._clock())

    def right(self, name: str) -> None:
        """Forget the wrong tries of a name whose password was right."""
        with self._lock:
            self._wrong.pop(name, None)

    def _recent(self, name: str) -> collections.deque[float]:
        """Return the tries of a name that still count, and forget those of others that no longer do."""
        oldest = self._clock() - WITHIN_S
        for one in [key for key, times in self._wrong.items() if not times or times[-1] <= oldest]:
            del self._wrong[one]
        times = self._wrong.setdefault(name, collections.deque(maxlen=MOST))
        while times and times[0] <= oldest:
            times.popleft()
        return times
