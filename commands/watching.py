"""The watch at work: one leads, does a round at each planned moment, sends what falls due between, shows itself.

What was done lies in the store and the registry, so that a watch that starts again neither misses nor repeats. One
failing step never stops the next. Never judges a rule, never parses; the moments are planned in `data.rounds`.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import faulthandler
import os
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

import typer

from briefings import alerts
from commands import fetching
from commands.frame import lang
from data import clock, heartbeat, rounds
from data.clock import Now
from data.errors import HazeError, Locked, NotStored, SettingError
from data.heartbeat import Heartbeat
from data.registry import Registry, open_registry
from data.store import Store
from fetchers.http import Http, Secrets
from fetchers.sources import SOURCES
from layers.watch import say_leads, say_round, say_waits
from layers.words import say_error
from models.desk import Desk

LOCK = "watch.lock"
#: Seconds: between two heartbeats; between two looks at what falls due; between two tries to lead.
_BEAT_S, _SEND_S, _TRY_S = 20.0, 60.0, 2.0
#: A round that takes longer hangs. The process then ends with its traceback: whoever waits takes over, or the service
#: manager starts it again.
_HANGS_S = 45 * 60


class Ending:
    """What SIGTERM and SIGINT do: end at once where that loses nothing, else at the end of the step."""

    def __init__(self) -> None:
        self.asked = False
        self._free = False

    def __call__(self, *_: object) -> None:
        """Take the signal."""
        self.asked = True
        if self._free:
            raise SystemExit(0)

    @contextlib.contextmanager
    def free(self) -> Iterator[None]:
        """Mark work that may be left at any point: what it writes is written whole."""
        if self.asked:
            raise SystemExit(0)
        self._free = True
        try:
            yield
        finally:
            self._free = False


@dataclass
class Pulse:
    """The heartbeat of a leader, written by a thread of its own so that long work does not look like none."""

    store: Store
    now: Now
    beat: Heartbeat
    _stop: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def show(self, **changed: Any) -> None:
        """Write the heartbeat of now; a store that cannot be written is told and does not end the watch."""
        with self._lock:
            self.beat = replace(self.beat, beat_at=self.now(), **changed)
            try:
                heartbeat.write(self.store.root, self.beat)
            except HazeError as error:
                _log(say_error(lang(), error))

    @contextlib.contextmanager
    def beating(self) -> Iterator[None]:
        """Show the heartbeat regularly for as long as the context is entered."""
        thread = threading.Thread(target=self._run, daemon=True)
        self.show(ended=False)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()
            self.show(ended=True)

    def _run(self) -> None:
        while not self._stop.wait(_BEAT_S):
            self.show()


@dataclass(frozen=True)
class Jobs:
    """What a watch does.

    Attributes
    ----------
    round : callable
        Does the round of a planned moment; returns what went wrong by a fault of the desk's own.
    send : callable
        Sends what falls due between rounds.
    pause : callable
        Waits so many seconds.
    """

    round: Callable[[dt.datetime], list[Mapping[str, Any]]]
    send: Callable[[], None]
    pause: Callable[[float], None]


def turns(pulse: Pulse, jobs: Jobs, now: Now, *, once: bool = False) -> Iterator[dt.datetime]:
    """Do the rounds that are due, one after another and for good; give the planned moment of each when it is done.

    A round missed while nobody watched is done once. One whose moment lies ahead of the clock was done before the clock
    was put back: it counts as the present one, so that nothing is repeated and nothing waits for the old time.
    """
    sent = None
    while True:
        moment = now()
        due, done = rounds.latest(moment), pulse.beat.slot
        if done is not None and done > moment + heartbeat.STEP:
            pulse.show(slot=due)
            done = due
        if once or done is None or done < due:
            problems = jobs.round(due)
            pulse.show(slot=due, round_at=now(), problems=problems)
            yield due
            if once:
                return
            continue
        # A clock that was put back since the last look makes that look old, not new.
        if sent is None or not dt.timedelta() <= moment - sent < dt.timedelta(seconds=_SEND_S):
            jobs.send()
            sent = moment
        until = (rounds.following(moment) - now()).total_seconds()
        # Short naps: a clock that is moved meanwhile is noticed soon.
        jobs.pause(min(max(until, 0.1), _BEAT_S))


def keep(desk: Desk, *, once: bool) -> None:
    """Keep watch until SIGTERM or SIGINT, or for one round.

    Raises
    ------
    SettingError
        When the sample is asked for.
    Locked
        When one round is asked for and another watch leads.
    """
    if desk.settings.mode == "sample":
        raise SettingError("the sample is not watched", key="watch_sample", hint="set HAZE_MODE to live")
    store = desk.own_store
    ending = Ending()
    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, ending)
    with _leading(store, ending, desk, wait=not once):
        before = heartbeat.read(store.root)
        at = clock.utc_now()
        beat = Heartbeat(socket.gethostname(), os.getpid(), at, at)
        if before is not None:
            beat = replace(beat, slot=before.slot, round_at=before.round_at, problems=before.problems)
        pulse = Pulse(store, clock.utc_now, beat)
        work = Work(desk, ending)
        with pulse.beating():
            _log(say_leads(lang(), os.getpid()))
            work.runs_again()
            for _ in turns(pulse, Jobs(work.round, work.send, work.pause), clock.utc_now, once=once):
                pass


@contextlib.contextmanager
def _leading(store: Store, ending: Ending, desk: Desk, *, wait: bool) -> Iterator[None]:
    """Lead: the lock belongs to the process and goes with it, however it ends. Who waits tells if the leader hangs."""
    busy = Locked("another watch leads", key="watch_leads", hint="it takes over by itself when that one ends")
    told, asked = False, 0.0
    with contextlib.ExitStack() as held:
        while True:
            try:
                held.enter_context(store.holding(LOCK, 0, busy))
                break
            except Locked:
                if not wait:
                    raise
            beat = heartbeat.read(store.root)
            if not told:
                _log(say_waits(lang(), beat))
                told = True
            hangs = beat is not None and not desk.is_sample and beat.state(clock.utc_now()) == "stopped"
            if beat is not None and hangs and time.monotonic() - asked > _SEND_S:
                _tell(desk, beat.beat_at)
                asked = time.monotonic()
            with ending.free():
                time.sleep(_TRY_S)
        yield


def _tell(desk: Desk, since: dt.datetime) -> None:
    try:
        alerts.tell_watch(desk, open_registry(desk.settings), lang(), since)
    except HazeError as error:
        _log(say_error(lang(), error))


class Work:
    """The steps of a round on a desk; each is tried whatever became of the one before."""

    def __init__(self, desk: Desk, ending: Ending) -> None:
        self.desk = desk
        self.ending = ending
        self._problems: list[Mapping[str, Any]] = []
        self._registry: Registry | None = None

    @property
    def registry(self) -> Registry:
        """The registry, opened once; one that could not be written at first is tried again."""
        if self._registry is None or not self._registry.writable:
            self._registry = open_registry(self.desk.settings)
        return self._registry

    def round(self, planned: dt.datetime) -> list[Mapping[str, Any]]:
        """Fetch what is due, judge the rules, send; return what went wrong by a fault of the desk's own."""
        self._problems = []
        self._fetched, self._sent = 0, 0
        faulthandler.dump_traceback_later(_HANGS_S, exit=True, file=sys.__stderr__)
        try:
            with self.ending.free():
                self._step("fetch", lambda: self._fetch(planned))
            self._step("alerts", self._alerts)
            if not self._problems:
                with self.ending.free():
                    self._step("ping", self._ping)
        finally:
            faulthandler.cancel_dump_traceback_later()
        _log(say_round(lang(), planned, self._fetched, self._sent, self._problems))
        return self._problems

    def _fetch(self, planned: dt.datetime) -> None:
        eager = rounds.after_a_pass(clock.utc_now()) or rounds.after_a_pass(planned)
        try:
            found = fetching.news(self.desk, also=self.desk.settings.watch_also, eager=eager)
        finally:
            self.desk = self.desk.refresh()
        self._fetched = sum(outcome.rows for outcome in found)
        for outcome in found:
            if outcome.verdict == "fault" and outcome.error is not None:
                self._note("fetch", outcome.error)

    def _alerts(self) -> None:
        if self.desk.is_sample:
            raise NotStored("nothing is stored yet", key="watch_empty")
        facts = [one.info for one in SOURCES.values()]
        table = alerts.run(self.desk, self.registry, facts, lang())
        self._sent = int((table["outcome"] == "sent").sum())

    def send(self) -> None:
        """Send what fell due since the last round."""
        if not self.desk.is_sample:
            self._step("alerts", lambda: alerts.send_due(self.desk, self.registry, lang()))

    def runs_again(self) -> None:
        """Tell those who were told that the desk stopped."""
        if not self.desk.is_sample:
            self._step("alerts", lambda: alerts.tell_watch(self.desk, self.registry, lang(), None))

    def _ping(self) -> None:
        """Ask the address of the setting, so that a service outside tells when this desk stays away."""
        url = self.desk.settings.ping_url.get_secret_value()
        if not url:
            return
        options = self.desk.settings
        online = options.mode in ("auto", "live")
        with Http(online=online, secrets=Secrets([url]), ca_bundle=options.ca_bundle) as http:
            http.get(url, source="ping", hosts=[urlsplit(url).hostname or ""], deadline_s=20.0)

    def pause(self, seconds: float) -> None:
        """Wait; a signal ends the wait and the watch."""
        with self.ending.free():
            time.sleep(seconds)

    def _step(self, name: str, act: Callable[[], object]) -> None:
        try:
            act()
        except HazeError as error:
            self._note(name, error)
        except Exception as error:  # noqa: BLE001, the watch outlives whatever one step does
            traceback.print_exc()
            problem = f"{type(error).__name__}: {error}"[:200]
            self._note(name, HazeError(problem, key="watch_fault", context={"problem": problem}))

    def _note(self, name: str, error: HazeError) -> None:
        _log(say_error(lang(), error))
        self._problems.append({"step": name, "key": error.key, "context": error.context})


def _log(text: str) -> None:
    typer.echo(f"{clock.iso_ict(clock.utc_now().replace(microsecond=0))} {text}")
    sys.stdout.flush()
