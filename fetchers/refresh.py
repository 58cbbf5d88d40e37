"""What is stale, fetched, parsed, checked and stored, with a verdict per source.

An upstream outage is a warning, our own fault is a failure, and one bad source never stops the others. Never holds
the store's lock while it waits for the network.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import filelock
import pandas as pd

from data.clock import Now, day_bounds
from data.errors import FileRefused, HazeError, Locked, Offline, SourceBusy, SourceChanged, SourceError, SourceRefused
from data.merge import Writer, bounds_of, fetched_now
from data.store import Store
from fetchers.http import DEADLINE_S, Http, Reply
from fetchers.importer import PARSER_FAULTS, PARSER_VERSION, add, provenance
from fetchers.parsed import Parsed
from fetchers.source import Area, Period, Request, Source, download
from fetchers.sources import SOURCES

#: Words of a verdict: what came of asking a source.
OK = ("updated", "fresh", "not_published")
WARNINGS = ("late", "silent", "busy", "unreachable", "no_key", "refused", "changed", "offline")
FAULT = "fault"
#: A source whose newest row is older than this many of its cadences is late, than that many silent.
_LATE, _SILENT = 2, 8


@dataclass(frozen=True)
class Outcome:
    """What came of one source.

    Attributes
    ----------
    source, verdict : str
        The verdict is one of `OK`, `WARNINGS` or `FAULT`.
    rows : int
        New rows stored.
    newest : datetime or None
        Newest row of the reply, UTC.
    error : HazeError or None
    """

    source: str
    verdict: str
    rows: int = 0
    newest: dt.datetime | None = None
    error: HazeError | None = None


def chosen(names: Sequence[str], keys: Mapping[str, str]) -> list[Source]:
    """Return the sources of `names`; without names the keyless ones and those whose key is set.

    Raises
    ------
    SourceError
        For a name that no source has; lists the known ones.
    """
    unknown = [name for name in names if name not in SOURCES]
    if unknown:
        known = ", ".join(SOURCES)
        raise SourceError(
            f"no source {unknown[0]!r}; known are {known}",
            key="source_unknown",
            context={"source": unknown[0], "known": known},
        )
    if names:
        return [SOURCES[name] for name in names]
    return [s for s in SOURCES.values() if s.info.default or keys.get(s.info.key_setting)]


def refresh(
    store: Store,
    http: Http,
    *,
    area: Area,
    keys: Mapping[str, str],
    now: Now,
    names: Sequence[str] = (),
    period: Period | None = None,
    told: Callable[[Outcome], None] = lambda outcome: None,
) -> list[Outcome]:
    """Fetch what is stale, or the named sources and period.

    Parameters
    ----------
    store : Store
    http : Http
    area : Area
    keys : mapping of str to str
        Key by setting name.
    now : callable
        Clock in UTC.
    names : sequence of str
        Sources to ask in any case; without them those that are due.
    period : Period, optional
        Past days to fill in; requests that were answered after their last day are not asked again.
    told : callable
        Called with each outcome, for progress.

    Raises
    ------
    Locked
        When another refresh is running.
    StoreError
        When the store cannot be written.
    """
    outcomes = []
    store.root.mkdir(parents=True, exist_ok=True)
    try:
        with filelock.FileLock(str(store.root / "fetch.lock"), timeout=0):
            for source in chosen(names, keys):
                if names or period is not None or _due(store, source, now()):
                    outcome = _one(store, http, source, area, keys, now, period)
                    _remember(store, outcome, now)
                else:
                    outcome = Outcome(source.info.key, "fresh", newest=_newest(store, source))
                outcomes.append(outcome)
                told(outcome)
    except filelock.Timeout as error:
        raise Locked("another refresh is running", key="refresh_running", hint="wait for it to end") from error
    return outcomes


def attempts(store: Store) -> pd.DataFrame:
    """Return what came of asking, newest last: source, at, verdict, rows, newest, message; empty when never asked."""
    return store.attempts()


def _due(store: Store, source: Source, moment: dt.datetime) -> bool:
    taken = store.attempts()
    mine = taken[
        (taken["source"] == source.info.key) & taken["verdict"].isin(["updated", "late", "silent", "not_published"])
    ]
    if mine.empty:
        return True
    # A satellite source is asked more often than it changes, since passes come at hours of their own.
    wait = min(source.info.cadence_minutes, 60)
    return bool(moment - mine["at"].max() >= dt.timedelta(minutes=wait - 5))


def _newest(store: Store, source: Source) -> dt.datetime | None:
    taken = store.attempts()
    known = taken.loc[taken["source"] == source.info.key, "newest"].dropna()
    return None if known.empty else known.max().to_pydatetime()


def _one(
    store: Store, http: Http, source: Source, area: Area, keys: Mapping[str, str], now: Now, period: Period | None
) -> Outcome:
    info = source.info
    key = keys.get(info.key_setting, "")
    if info.key_setting and not key:
        setting = f"HAZE_{info.key_setting.upper()}"
        error = SourceRefused(
            f"{info.key}: no key", key="source_no_key", context={"source": info.key, "setting": setting}
        )
        return Outcome(info.key, "no_key", error=error)
    rows, newest = 0, None
    deadline = time.monotonic() + DEADLINE_S
    fault: HazeError | None = None
    empty = 0
    asked = [r for r in source.requests_for(area, period, key, now()) if not _answered(store, info.key, r)]
    for request in asked:
        try:
            if time.monotonic() > deadline and period is None:
                raise SourceBusy(f"{info.key}: its minute is used up", context={"source": info.key})
            reply = download(source, request, http)
            added, last = _take(store, source, request, reply, area, now)
            rows += added
            newest = max(filter(None, (newest, last)), default=None)
        except FileRefused as nothing:
            if nothing.key not in ("header_only", "empty_file"):
                fault = SourceChanged(str(nothing), context={"source": info.key})
                break
            empty += 1
        except SourceError as error:
            fault = error
            break
        except PARSER_FAULTS as error:
            problem = f"{type(error).__name__}: {error}"[:160]
            fault = HazeError(f"{info.key}: {problem}", key="unparsed", context={"problem": problem})
            break
    if fault is not None:
        return Outcome(info.key, _verdict_of(fault), rows, newest, fault)
    if asked and empty == len(asked):
        return Outcome(info.key, "not_published", 0, _newest(store, source))
    return Outcome(info.key, _age_verdict(source, newest, now(), period), rows, newest)


def _answered(store: Store, key: str, request: Request) -> bool:
    if request.until is None:
        return False
    taken = store.snapshots()
    mine = taken.loc[taken["source"] == f"{key}: {request.label}", "fetched_at"]
    return bool(len(mine)) and _settled(request, mine.max().to_pydatetime())


def _settled(request: Request, moment: dt.datetime) -> bool:
    # A day is complete some hours after its end, when its last pass is published.
    return request.until is not None and moment > day_bounds(request.until, request.until)[1] + dt.timedelta(hours=12)


def _take(
    store: Store, source: Source, request: Request, reply: Reply, area: Area, now: Now
) -> tuple[int, dt.datetime | None]:
    name = f"{source.info.key}: {request.label}"
    try:
        parsed = source.parse(reply, now())
    except FileRefused as nothing:
        if nothing.key == "header_only" and request.since is not None and _settled(request, now()):
            days = Period(request.since, request.until or request.since)
            _note_nothing(store, source, request, reply, days, area, now)
            return 0, None
        raise
    except SourceChanged:
        # The first bytes of an unknown shape are kept, so that the parser can be mended without asking again.
        store.put_raw(reply.content[:1_000_000])
        raise
    digest = store.put_raw(reply.content)
    with store.locked():
        writer = Writer(store, store.state())
        verdict = add(writer, name, parsed)
        writer.note({**provenance(verdict, parsed, now), "sha256": digest, "url": reply.url})
        writer.commit()
    return verdict.kept, _last(parsed)


def _note_nothing(
    store: Store, source: Source, request: Request, reply: Reply, days: Period, area: Area, now: Now
) -> None:
    first, last = day_bounds(days.first, days.last)
    product = getattr(source, "satellites", ())
    entry: dict[str, object] = {
        "sha256": store.put_raw(reply.content),
        "source": f"{source.info.key}: {request.label}",
        "kind": source.info.kind,
        "format": "nothing",
        "fetched_at": fetched_now(now()),
        "read": 0,
        "kept": 0,
        "duplicates": 0,
        "rejected": 0,
        "first": first,
        "last": last - dt.timedelta(minutes=1),
        "west": area.west,
        "south": area.south,
        "east": area.east,
        "north": area.north,
        "satellites": ",".join(product),
        "parser_version": PARSER_VERSION,
        "url": reply.url,
    }
    with store.locked():
        writer = Writer(store, store.state())
        writer.note(entry)
        writer.commit()


def _last(parsed: Parsed) -> dt.datetime | None:
    last = bounds_of(parsed.table).get("last")
    return None if last is None or pd.isna(last) else last.to_pydatetime()


def _verdict_of(fault: HazeError) -> str:
    for kind, verdict in (
        (Offline, "offline"),
        (SourceBusy, "busy"),
        (SourceRefused, "refused"),
        (SourceChanged, "changed"),
    ):
        if isinstance(fault, kind):
            return verdict
    return "unreachable" if isinstance(fault, SourceError) else FAULT


def _age_verdict(source: Source, newest: dt.datetime | None, moment: dt.datetime, period: Period | None) -> str:
    if newest is None or period is not None:
        return "updated"
    age = (moment - newest).total_seconds() / 60 - source.info.latency_minutes
    if age > _SILENT * source.info.cadence_minutes:
        return "silent"
    return "late" if age > _LATE * source.info.cadence_minutes else "updated"


def _remember(store: Store, outcome: Outcome, now: Now) -> None:
    with store.locked():
        writer = Writer(store, store.state())
        writer.attempt(
            {
                "source": outcome.source,
                "at": now(),
                "verdict": outcome.verdict,
                "rows": outcome.rows,
                "newest": outcome.newest,
                "error": "" if outcome.error is None else outcome.error.key,
                "message": "" if outcome.error is None else str(outcome.error)[:500],
            }
        )
        writer.commit()
