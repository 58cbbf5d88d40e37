"""What a source is: facts about a provider, what to ask, and how to read the answer.

Pure apart from `download`. A new source is one file in `fetchers/sources` and one line in its registry.
"""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from data.clock import thai_day
from data.errors import SourceBusy, SourceChanged
from fetchers.http import DEADLINE_S, Http, Reply
from fetchers.parsed import Parsed


@dataclass(frozen=True)
class Info:
    """Facts about a source.

    Attributes
    ----------
    key : str
        Name on the command line and in the store.
    name_th, name_en : str
    kind : str
        ``hotspots``, ``readings``, ``weather``, ``grid``, ``tambons`` or ``raster``.
    provider : str
    cadence_minutes : int
        How often the provider publishes.
    latency_minutes : int
        How old the newest row usually is when it is published.
    hosts : tuple of str
    per_minute : int
        The provider's own limit, or our restraint where none is published.
    key_setting : str
        Name of the setting that holds the key, "" for a source without one.
    licence, use, docs : str
        The licence line that must be shown; what the data may be used for; where the provider describes it.
    quirks : tuple of str
    by_period : bool
        Whether a past period can be asked for.
    default : bool
        Whether it is fetched when no source is named.
    deadline_s : float
        What asking for what is new may cost; more than the house's minute only for a source fetched by name alone.
    max_mb : int
        Most megabytes of one reply; 0 for the usual limit.
    quiet_after_days, quiet_until_days : float
        Age of a past day between which a header alone says that nothing burned: before, the day may not be published
        yet; after, the product may not hold it any more.
    """

    key: str
    name_th: str
    name_en: str
    kind: str
    provider: str
    cadence_minutes: int
    latency_minutes: int
    hosts: tuple[str, ...]
    licence: str
    use: str
    docs: str
    per_minute: int = 30
    key_setting: str = ""
    quirks: tuple[str, ...] = ()
    by_period: bool = False
    default: bool = True
    deadline_s: float = DEADLINE_S
    max_mb: int = 0
    quiet_after_days: float = 0.5
    quiet_until_days: float = float("inf")


@dataclass(frozen=True)
class Area:
    """Where.

    Attributes
    ----------
    west, south, east, north : float
        Box, degrees.
    provinces : tuple of str
        Codes of the provinces in it.
    stations : tuple of str
        Official stations in it.
    points : tuple of (str, float, float)
        Where a model is asked: name, longitude, latitude. An amphoe's point is named by its code of four digits, a
        station's by the station.
    lattice : tuple of (float, float)
        Longitude and latitude of a coarse net of points around, for the wind that smoke comes with.
    """

    west: float
    south: float
    east: float
    north: float
    provinces: tuple[str, ...] = ()
    stations: tuple[str, ...] = ()
    points: tuple[tuple[str, float, float], ...] = ()
    lattice: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True)
class Period:
    """Which Thai days, both included."""

    first: dt.date
    last: dt.date

    def parts(self, days: int) -> list[Period]:
        """Return these days in parts of at most `days`, oldest first; nothing when the last lies before the first."""
        starts = [self.first + dt.timedelta(days=n) for n in range(0, (self.last - self.first).days + 1, days)]
        return [Period(start, min(self.last, start + dt.timedelta(days=days - 1))) for start in starts]


@dataclass(frozen=True)
class Request:
    """One address to ask.

    Attributes
    ----------
    url : str
    label : str
        Names it in verdicts and provenance, without keys.
    headers : mapping
    since, until : date or None
        Thai days that the answer covers whole, for a past period; None for "what is new".
    index : bool
        The answer holds no rows but says what to ask next; see `Leading`.
    body : str
        JSON to send; the address is then asked by POST, and once.
    """

    url: str
    label: str
    headers: Mapping[str, str] = field(default_factory=dict)
    since: dt.date | None = None
    until: dt.date | None = None
    index: bool = False
    body: str = ""


class Source(Protocol):
    """A provider's product: `info`, what to ask (pure), how to read (pure)."""

    @property
    def info(self) -> Info:
        """Facts about the source."""
        ...

    def requests_for(self, area: Area, period: Period | None, key: str, now: dt.datetime) -> Sequence[Request]:
        """Return the addresses to ask, newest last; none where the source holds nothing of the period.

        `period` is None for "what is new".
        """
        ...

    def parse(self, reply: Reply, now: dt.datetime) -> Parsed:
        """Return what a reply says.

        Raises
        ------
        SourceRefused
            The provider answered in words that it refuses the key or the request.
        SourceBusy
            The provider answered in words that its limit is reached.
        SourceChanged
            The reply has another shape than before.
        """
        ...


@runtime_checkable
class Redacting(Protocol):
    """A source whose replies hold what must never be stored, such as names and telephone numbers of people."""

    def redact(self, reply: Reply) -> Reply:
        """Return the reply without it; raise SourceChanged where that cannot be done for certain."""
        ...


#: Seconds that a last look at a queue may take.
_LEAST_S = 1.0
#: Asks one request by the house's own rules, after so many seconds of waiting.
Ask = Callable[[Request, float], Reply]


@runtime_checkable
class Queued(Protocol):
    """A source that makes its answer first, and has to be asked several times for one reply."""

    def collect(self, request: Request, ask: Ask) -> Reply:
        """Return the reply that a request leads to, through `ask` alone.

        Raises
        ------
        SourceError
            As `Source.parse` does; SourceBusy when the time is used up.
        """
        ...


@runtime_checkable
class Leading(Protocol):
    """A source one of whose replies leads to the next: pages, or an index of parts."""

    def following(self, request: Request, reply: Reply) -> Sequence[Request]:
        """Return what to ask after this reply; nothing after the last.

        Raises
        ------
        FileRefused
            ``header_only``: what was asked for is not published yet.
        SourceError
            The provider refuses, or answers in another shape than before.
        """
        ...


def download(source: Source, request: Request, http: Http, deadline_s: float = DEADLINE_S) -> Reply:
    """Fetch one request of a source by the house's own rules (see `Http.get`).

    What a `Redacting` source must not keep is taken out here, before the reply is parsed or its raw copy stored.
    """
    info = source.info
    end = time.monotonic() + deadline_s

    def ask(one: Request, after_s: float) -> Reply:
        left = end - time.monotonic() - after_s
        if after_s and left < _LEAST_S:
            raise SourceBusy(f"{info.key}: still in the queue", key="source_queued", context={"source": info.key})
        time.sleep(after_s)
        return http.get(
            one.url,
            source=info.key,
            hosts=info.hosts,
            headers=one.headers,
            body=one.body,
            per_minute=info.per_minute,
            max_bytes=info.max_mb * 1_000_000 or None,
            deadline_s=max(left, 0.0),
        )

    reply = source.collect(request, ask) if isinstance(source, Queued) else ask(request, 0.0)
    return source.redact(reply) if isinstance(source, Redacting) else reply


def without_today(period: Period | None, now: dt.datetime) -> bool:
    """Tell whether a period leaves out the Thai day of `now`, so that a source of what is new holds nothing of it."""
    return period is not None and not period.first <= thai_day(now) <= period.last


def json_of(reply: Reply, source: str) -> Any:
    """Return the JSON document of a reply.

    Raises
    ------
    SourceChanged
        When it is none; names the source and the fault.
    """
    try:
        return json.loads(reply.content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        context = {"source": source, "problem": str(error)[:80]}
        raise SourceChanged(
            f"{source}: expected JSON, got {reply.content[:40]!r} (HTTP {reply.status})", context=context
        ) from error
