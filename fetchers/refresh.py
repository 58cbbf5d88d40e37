"""What is stale, fetched, parsed, checked and stored, with a verdict per source.

An upstream outage is a warning, our own fault is a failure, and one bad source never stops the others. Never holds
the store's lock while it waits for the network.
"""

from __future__ import annotations

import datetime as dt
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from data.clock import Now, day_bounds, thai_day
from data.errors import (
    ContractError,
    FileRefused,
    HazeError,
    Locked,
    Offline,
    SourceBusy,
    SourceChanged,
    SourceError,
    SourceRefused,
)
from data.merge import Writer, bounds_of
from data.store import Store
from fetchers.brought import PARSER_FAULTS
from fetchers.http import Http, Reply
from fetchers.importer import Verdict, add, provenance
from fetchers.parsed import Parsed
from fetchers.source import Area, Leading, Period, Request, Source, download
from fetchers.sources import SOURCES

#: The verdict of what is no fault of a source, but of ours.
FAULT = "fault"
#: A source whose newest row is older than this many of its cadences is late, than that many silent.
_LATE, _SILENT = 2, 8
#: A map of one year is not late.
_AGELESS = ("tambons", "raster")
#: Verdicts of a source that answered.
_ANSWERED = ("updated", "late", "silent", "not_published")
#: What is new reaches back so far; after a longer outage the days since are asked for, but not more than so many.
_REACH, _CATCH_UP_DAYS = dt.timedelta(hours=20), 6
#: What a fault of our own looks like; the rest of the sources must not suffer from it.
_OUR_FAULTS = (*PARSER_FAULTS, ContractError)
#: A source that asked us to wait is left in peace so long, unless it is named.
_PEACE = dt.timedelta(minutes=15)
#: While rows of a pass arrive, hotspots are due again after so long.
_EAGER_MINUTES = 20


@dataclass(frozen=True)
class Outcome:
    """What came of one source.

    Attributes
    ----------
    source, verdict : str
        The verdict is ``updated``, ``fresh`` or ``not_published`` where all is well; ``late``, ``silent``, ``busy``,
        ``unreachable``, ``no_key``, ``refused``, ``changed`` or ``offline`` where something is to be known; `FAULT`.
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
    also: Sequence[str] = (),
    period: Period | None = None,
    eager: bool = False,
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
    also : sequence of str
        Sources that are asked when due beside those that always are.
    period : Period, optional
        Past days to fill in; requests that were answered after their last day are not asked again, and what came of
        asking is not among the attempts.
    eager : bool
        Whether rows of a satellite pass may be arriving: hotspots are then due again sooner.
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
    sources = chosen(names, keys)
    sources += [source for source in chosen(also, keys) if source not in sources] if also else []
    if not names:
        sources = [source for source in sources if source.requests_for(area, period, "", now())]
    busy = Locked("another refresh is running", key="refresh_running", hint="wait for it to end")
    with store.holding("fetch.lock", 0, busy):
        for source in sources:
            if names or period is not None or _due(store, source, now(), eager):
                outcome = _one(store, http, source, area, keys, now, period)
                # How a source does is told by what is new; filling in the past says nothing of that.
                if period is None or period.last >= thai_day(now()):
                    _remember(store, outcome, now)
            else:
                outcome = Outcome(source.info.key, "fresh", newest=_newest(store, source))
            outcomes.append(outcome)
            told(outcome)
    return outcomes


def _due(store: Store, source: Source, moment: dt.datetime, eager: bool) -> bool:
    taken = store.attempts()
    # What a clock that once ran ahead has written must not keep a source unasked until then.
    mine = taken[(taken["source"] == source.info.key) & (taken["at"] <= moment)]
    busy = mine.loc[mine["verdict"] == "busy", "at"]
    if len(busy) and moment - busy.max() < _PEACE:
        return False
    answered = mine.loc[mine["verdict"].isin(_ANSWERED), "at"]
    if answered.empty:
        return True
    # Passes come at hours of their own and stations in bursts: both are asked more often than they change.
    often = source.info.kind in ("hotspots", "readings")
    wait = min(source.info.cadence_minutes, 60) if often else source.info.cadence_minutes
    if eager and source.info.kind == "hotspots":
        wait = min(wait, _EAGER_MINUTES)
    return bool(moment - answered.max() >= dt.timedelta(minutes=wait - 5))


def _missed(store: Store, key: str, moment: dt.datetime) -> Period | None:
    """Return the days since a source last answered, where that was longer ago than what is new reaches back."""
    taken = store.attempts()
    answered = taken.loc[(taken["source"] == key) & taken["verdict"].isin(_ANSWERED) & (taken["at"] <= moment), "at"]
    if answered.empty or moment - answered.max() <= _REACH:
        return None
    today = thai_day(moment)
    return Period(max(thai_day(answered.max()), today - dt.timedelta(days=_CATCH_UP_DAYS)), today)


def _newest(store: Store, source: Source) -> dt.datetime | None:
    taken = store.attempts()
    known = taken.loc[taken["source"] == source.info.key, "newest"].dropna()
    return None if known.empty else known.max().to_pydatetime()


def _one(
    store: Store, http: Http, source: Source, area: Area, keys: Mapping[str, str], now: Now, period: Period | None
) -> Outcome:
    info = source.info
    key = keys.get(info.key_setting, "").strip()
    if info.key_setting and not key:
        setting = f"HAZE_{info.key_setting.upper()}"
        error = SourceRefused(
            f"{info.key}: no key", key="source_no_key", context={"source": info.key, "setting": setting}
        )
        return Outcome(info.key, "no_key", error=error)
    missed = _missed(store, info.key, now()) if period is None else None
    requests = source.requests_for(area, period or missed, key, now())
    if missed is not None and not requests:  # it holds nothing of the past
        requests = source.requests_for(area, None, key, now())
    if not requests:
        error = SourceRefused(
            f"{info.key}: holds nothing of the days asked for", key="source_no_past", context={"source": info.key}
        )
        return Outcome(info.key, "refused", error=error)
    waiting = deque(request for request in requests if not _answered(store, info.key, request))
    if not waiting:
        return Outcome(info.key, "fresh", newest=_newest(store, source))
    rows, newest = 0, None
    deadline = time.monotonic() + info.deadline_s
    fault: HazeError | None = None
    quiet = True
    while waiting and fault is None:
        request = waiting.popleft()
        # A past period has a deadline for each request, what is new one for all of them.
        left = info.deadline_s if period is not None else deadline - time.monotonic()
        try:
            if left <= 0:
                raise SourceBusy(f"{info.key}: its time is used up", context={"source": info.key})
            reply = download(source, request, http, left)
            if not request.index:
                added, last = _take(store, source, request, reply, area, now)
                rows += added
                newest = max(filter(None, (newest, last)), default=None)
                quiet = False
            if isinstance(source, Leading):
                more = [one for one in source.following(request, reply) if not _answered(store, info.key, one)]
                waiting.extendleft(reversed(more))
        except FileRefused as nothing:
            if nothing.key not in ("header_only", "empty_file"):
                fault = SourceChanged(str(nothing), context={"source": info.key})
        except SourceError as error:
            fault = error
        except _OUR_FAULTS as error:
            problem = f"{type(error).__name__}: {error}"[:160]
            fault = HazeError(f"{info.key}: {problem}", key="unparsed", context={"problem": problem})
    if fault is not None:
        return Outcome(info.key, _verdict_of(fault), rows, newest, fault)
    if quiet:
        return Outcome(info.key, "not_published", 0, _newest(store, source))
    return Outcome(info.key, _age_verdict(source, newest, now(), period), rows, newest)


def _answered(store: Store, key: str, request: Request) -> bool:
    if request.until is None:
        return False
    taken = store.snapshots()
    mine = taken.loc[taken["source"] == f"{key}: {request.label}", "fetched_at"]
    # A day is complete some hours after its end, when its last pass is published.
    return bool(len(mine)) and _age_days(request.until, mine.max().to_pydatetime()) > 0.5


def _age_days(day: dt.date, moment: dt.datetime) -> float:
    return (moment - day_bounds(day, day)[1]) / dt.timedelta(days=1)


def _is_quiet(source: Source, request: Request, moment: dt.datetime) -> bool:
    """Tell whether the days of a request are so old, and not too old, that what is not in the reply did not happen."""
    info = source.info
    if request.since is None or request.until is None or info.kind != "hotspots":
        return False
    newest, oldest = _age_days(request.until, moment), _age_days(request.since, moment)
    return newest > info.quiet_after_days and oldest < info.quiet_until_days


def _take(
    store: Store, source: Source, request: Request, reply: Reply, area: Area, now: Now
) -> tuple[int, dt.datetime | None]:
    name = f"{source.info.key}: {request.label}"
    moment = now()
    quiet = _is_quiet(source, request, moment)
    parsed: Parsed | None = None
    try:
        parsed = source.parse(reply, moment)
        _refuse_unread(source, parsed)
    except FileRefused as nothing:
        # Of quiet days a header alone is an answer, too: it is noted, so that they are known and not asked again.
        if nothing.key != "header_only" or not quiet:
            raise
    except SourceChanged as changed:
        # The first bytes of an unknown shape are kept, so that the parser can be mended without asking again.
        digest = store.put_raw(reply.content[:1_000_000])
        context = {**changed.context, "raw": digest}
        raise SourceChanged(f"{changed}; first bytes kept as {digest}", key=changed.key, context=context) from changed
    with store.locked():
        writer = Writer(store, store.state())
        verdict = Verdict(name, "nothing", source.info.kind) if parsed is None else add(writer, name, parsed)
        table = pd.DataFrame() if parsed is None else parsed.table
        entry = {**provenance(verdict, table, now), "sha256": store.put_raw(reply.content), "url": reply.url}
        if quiet:
            # Days without a row before the first and after the last one are known to be quiet, too.
            entry |= _whole_days(source, request, area)
        writer.note(entry)
        writer.commit()
    return verdict.kept, None if source.info.kind in _AGELESS else _last(table, moment)


def _refuse_unread(source: Source, parsed: Parsed) -> None:
    if parsed.read and not len(parsed.table):
        reasons = ", ".join(f"{remark.key} {remark.count}" for remark in parsed.rejected)
        raise SourceChanged(
            f"{source.info.key}: none of {parsed.read} rows could be read ({reasons})",
            key="source_unread",
            context={"source": source.info.key, "read": parsed.read, "reasons": reasons},
        )


def _whole_days(source: Source, request: Request, area: Area) -> dict[str, object]:
    """Return the reach of a reply that speaks for whole days of the whole area."""
    if request.since is None or request.until is None:
        return {}
    first, end = day_bounds(request.since, request.until)
    return {
        "first": first,
        "last": end - dt.timedelta(minutes=1),
        "west": area.west,
        "south": area.south,
        "east": area.east,
        "north": area.north,
        "satellites": ",".join(getattr(source, "satellites", ())),
    }


def _last(table: pd.DataFrame, moment: dt.datetime) -> dt.datetime | None:
    if "measured_at" in table:
        # What lies ahead of now is a forecast, and makes no source fresh.
        table = table[table["measured_at"] <= moment]
    last = bounds_of(table).get("last")
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
