"""The heartbeat of the watch: who leads, when it last showed itself, which round it finished last.

One small file of the store, written whole; it tells a restart what was done and everybody whether the desk still runs.
Never decides when a round is due, never sends.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from data.files import write_whole

FILE = "watch.json"
#: The leader shows itself twice a minute, also while it works; after so long something is wrong, then it stands still.
LATE, STOPPED = dt.timedelta(minutes=10), dt.timedelta(minutes=30)
#: Rounds are an hour apart at most: one that shows itself and finishes none for so long stands still too.
_NO_ROUND = dt.timedelta(hours=3)
#: A clock that is put right by more than this was wrong.
STEP = dt.timedelta(minutes=5)
_MOMENTS = ("started_at", "beat_at", "slot", "round_at")


@dataclass(frozen=True)
class Heartbeat:
    """What the leader last wrote.

    Attributes
    ----------
    host : str
    pid : int
    started_at, beat_at : datetime
        Since when this watch leads, and when it last showed itself; UTC.
    slot : datetime or None
        The planned moment whose round was finished last, UTC; None before the first.
    round_at : datetime or None
        When that round ended, UTC.
    problems : sequence of mapping
        What went wrong in it by a fault of the desk's own: `step`, and `key` and `context` of the error's text.
    ended : bool
        Whether the watch was ended in order.
    """

    host: str
    pid: int
    started_at: dt.datetime
    beat_at: dt.datetime
    slot: dt.datetime | None = None
    round_at: dt.datetime | None = None
    problems: Sequence[Mapping[str, Any]] = ()
    ended: bool = False

    def state(self, now: dt.datetime, stopped: dt.timedelta = STOPPED) -> str:
        """Return ``running``, ``late`` or ``stopped`` at a moment (UTC).

        A heartbeat ahead of the clock is of a clock since put right, or of a watch that died before: a living one has
        written another within the minute.
        """
        age = now - self.beat_at
        quiet = now - max(filter(None, (self.round_at, self.started_at)))
        if age > stopped or age < -STEP or quiet > _NO_ROUND:
            return "stopped"
        return "late" if age > LATE else "running"


def write(root: Path, beat: Heartbeat) -> None:
    """Put a heartbeat in place of the last one.

    Raises
    ------
    StoreError
        When the store cannot be written.
    """
    document = asdict(beat)
    for name in _MOMENTS:
        document[name] = None if document[name] is None else document[name].isoformat()
    text = json.dumps(document, ensure_ascii=False, indent=1, default=str)
    write_whole(root / FILE, lambda partial: _put(partial, text))


def _put(path: Path, text: str) -> None:
    path.write_text(text, "utf-8")


def read(root: Path) -> Heartbeat | None:
    """Return the heartbeat of a store; None where no watch ever ran, or where nobody can read what is there."""
    try:
        document = json.loads((root / FILE).read_text("utf-8"))
        for name in _MOMENTS:
            moment = document[name] and dt.datetime.fromisoformat(document[name])
            if moment and moment.utcoffset() is None:
                return None
            document[name] = moment
        return Heartbeat(**document)
    except (OSError, ValueError, TypeError, KeyError):
        return None
