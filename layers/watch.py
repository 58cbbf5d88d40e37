"""The watch in words: whether it runs, what its last round met, and the lines of its log.

Texts only. Never reads the heartbeat's file, never judges its age.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from data.errors import HazeError
from data.heartbeat import Heartbeat
from layers.words import Lang, say, say_error, say_time


def say_state(lang: Lang, beat: Heartbeat | None, state: str) -> str:
    """Return how the watch is: ``never``, or a state of `Heartbeat.state`."""
    if beat is None or state == "never":
        return say(lang, "watch.never")
    if beat.ended and state != "running":
        return say(lang, "watch.ended", time=say_time(lang, beat.beat_at))
    last = say(lang, "watch.no_round")
    if beat.round_at is not None:
        last = say(lang, "watch.last_round", time=say_time(lang, beat.round_at))
    return say(lang, f"watch.{state}", time=say_time(lang, beat.beat_at), last=last)


def say_problems(lang: Lang, problems: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return what went wrong in the last round, a text for each."""
    said = []
    for one in problems:
        problem = say_error(lang, HazeError("", key=str(one["key"]), context=one["context"]))
        said.append(say(lang, f"watch.step.{one['step']}", problem=problem))
    return said


def say_leads(lang: Lang, pid: int) -> str:
    """Return the line of a watch that begins to lead."""
    return say(lang, "watch.leads", pid=pid)


def say_waits(lang: Lang, beat: Heartbeat | None) -> str:
    """Return the line of a watch that waits for another."""
    return say(lang, "watch.waits", pid=beat.pid if beat else "–", host=beat.host if beat else "–")


def say_round(lang: Lang, planned: dt.datetime, fetched: int, sent: int, problems: Sequence[Mapping[str, Any]]) -> str:
    """Return the line of a round that is done."""
    told = {"fetched": f"{fetched:,}", "sent": f"{sent:,}", "problems": f"{len(problems):,}"}
    return say(lang, "watch.round", planned=say_time(lang, planned), **told)
