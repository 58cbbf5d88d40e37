"""The one way out of the house: time-outs, bounded retry, rate and size limits, allowed hosts, keys out of sight.

Refuses before a socket is opened when the mode forbids the network. Never parses a reply, never switches
certificate checks off, never lets a key into an error, a log or a stored address.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import email.utils
import logging
import random
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util.ssl_ import create_urllib3_context

from data.errors import (
    Offline,
    SettingError,
    SourceBusy,
    SourceChanged,
    SourceError,
    SourceRefused,
    SourceUnreachable,
)
from data.outside import logger

log = logger("http")
# urllib3 writes whole addresses, keys included, into logs of its own.
for _name in ("connection", "connectionpool", "poolmanager", "response", "util.retry"):
    logging.getLogger(f"urllib3.{_name}").addFilter(lambda record: False)

#: Seconds to connect and to wait between two bytes.
TIMEOUT_S = (5.0, 20.0)
#: Everything that one source may cost, retries and waits included.
DEADLINE_S = 60.0
#: A server that asks for a longer pause than this is told to the user as busy, not waited for.
RETRY_AFTER_S = 60
#: So often a request is made again: after no answer or a server error, and after a body cut short.
_AGAIN, _AGAIN_CUT = 3, 1
_REDIRECTS = 3
_BLOCK = 1 << 16
#: Encodings that cannot grow without end inside one block.
_ENCODINGS = ("", "identity", "gzip", "x-gzip", "deflate")
#: What went wrong below the system's own errors, as the library words it.
_REASONS = ("Remote end closed connection", "IncompleteRead", "InvalidChunkLength", "Failed to decode")
#: A shorter key is not looked for in a body, where it could be a part of anything.
_SHORTEST_KEY = 8
_AGENT = "Mozilla/5.0 (compatible; lampang-haze-desk/0.1)"
_MASK = "•••"


@dataclass(frozen=True)
class Reply:
    """A whole reply.

    Attributes
    ----------
    url : str
        Address without keys.
    status : int
    content : bytes
        Decoded body.
    content_type : str
    whole_bytes : int
        Length of the whole of which the body is a part (206); 0 where that is not told.
    """

    url: str
    status: int
    content: bytes
    content_type: str = ""
    whole_bytes: int = 0


class Secrets:
    """Keys to keep out of sight: replaced wherever they would be written."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        found = {text for value in values for text in (value, value.strip()) if text}
        values = sorted({*found, *(quote(value, safe="") for value in found)}, key=len, reverse=True)
        long = [value.encode() for value in values if len(value) >= _SHORTEST_KEY]
        # In any case of letters, since a host name is turned into small ones; without keys what nothing meets.
        self._pattern = re.compile("|".join(map(re.escape, values)) or "(?!)", re.IGNORECASE)
        self._in_body = re.compile(b"|".join(map(re.escape, long)) or b"(?!)", re.IGNORECASE)

    def redact(self, text: str) -> str:
        """Return `text` with every key replaced by dots."""
        return self._pattern.sub(_MASK, text)

    def redact_body(self, content: bytes) -> bytes:
        """Return a body in which a server repeats no key."""
        return self._in_body.sub(_MASK.encode(), content)


@dataclass
class _Pace:
    """Requests of one host, so that its own limit is kept."""

    per_minute: int
    lock: threading.Lock = field(default_factory=threading.Lock)
    times: list[float] = field(default_factory=list)

    def wait(self, source: str, deadline: float) -> None:
        with self.lock:
            now = time.monotonic()
            self.times = [at for at in self.times if now - at < 60.0]
            if len(self.times) >= self.per_minute:
                pause = 60.0 - (now - self.times[0])
                if now + pause > deadline:
                    raise SourceBusy(
                        f"{source}: own limit of {self.per_minute} requests a minute reached",
                        context={"source": source, "retry_after_s": int(pause) + 1},
                    )
                time.sleep(pause)
            self.times.append(time.monotonic())


@dataclass(frozen=True)
class _Call:
    """What stays the same through the redirects and repetitions of one call."""

    source: str
    headers: Mapping[str, str] | None
    body: bytes
    per_minute: int
    max_bytes: int


class _Again(Exception):
    """A fault that asking again may cure: how often, and after which pause when the server named one."""

    def __init__(self, fault: SourceError, times: int, pause_s: float | None = None) -> None:
        super().__init__(str(fault))
        self.fault = fault
        self.times = times
        self.pause_s = pause_s


class _Watch:
    """Cuts the connections of one call at its deadline, since a server that drips never meets a time-out."""

    def __init__(self, deadline: float) -> None:
        self.fired = False
        self._connections: list[HTTPConnection] = []
        self._sockets: list[socket.socket] = []
        self._timer = threading.Timer(max(0.0, deadline - time.monotonic()), self._cut)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def add(self, connection: HTTPConnection) -> None:
        """Watch over a connection that is about to be used, or has just sent its request."""
        self._connections.append(connection)
        if connection.sock is not None:
            # A connection lets go of its socket when the body ends with it; the socket must be known before.
            self._sockets.append(connection.sock)
        if self.fired:
            self._cut()

    def _cut(self) -> None:
        self.fired = True
        held = [connection.sock for connection in self._connections]
        for one in (*self._sockets, *held):
            if one is not None:
                with contextlib.suppress(OSError):
                    # The plain socket's own method: that of TLS would let go of what the reader still uses.
                    socket.socket.shutdown(one, socket.SHUT_RDWR)


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Hide redirects: to prepare the next request, requests would read the whole body without a limit."""
        return None


class _Adapter(HTTPAdapter):
    """Connections that tell when they are used, and that trust the usual certificates and those of a file."""

    def __init__(self, used: Callable[[HTTPConnection], None], ca_bundle: str) -> None:
        self._used = used
        self._context = create_urllib3_context()
        if ca_bundle:
            try:
                self._context.load_verify_locations(ca_bundle)
            except OSError as error:
                problem = error.strerror or "no certificates in it"
                raise SettingError(
                    f"certificates {ca_bundle}: {problem}",
                    context={"name": "HAZE_CA_BUNDLE", "problem": f"{ca_bundle}: {problem}"},
                ) from error
            # A server that leaves its intermediate certificate out is met by naming that one alone.
            self._context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options, ssl_context=self._context)
        used = self._used

        class Plain(HTTPConnection):
            def request(self, *args: Any, **options: Any) -> None:
                used(self)
                super().request(*args, **options)
                used(self)

        class Secure(HTTPSConnection):
            def request(self, *args: Any, **options: Any) -> None:
                used(self)
                super().request(*args, **options)
                used(self)

        class PlainPool(urllib3.HTTPConnectionPool):
            ConnectionCls = Plain

        class SecurePool(urllib3.HTTPSConnectionPool):
            ConnectionCls = Secure

        self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}


class Http:
    """A session that every source shares.

    Parameters
    ----------
    online : bool
        False refuses every request before a socket is opened.
    secrets : Secrets
        Keys that must not be written anywhere.
    mirrors : mapping of str to str
        Host to base address that is asked instead, for a mirror or a replay.
    ca_bundle : str
        File of certificates to trust beside the usual ones, for a server that sends an incomplete chain.
    max_bytes : int
        Most decoded bytes of one reply.
    timeout_s : tuple of float
        Seconds to connect and to wait between two bytes.
    pause_s : float
        Seconds before a request is made again; doubled each time.

    Raises
    ------
    SettingError
        When `ca_bundle` holds no certificates.
    """

    def __init__(
        self,
        *,
        online: bool = True,
        secrets: Secrets | None = None,
        mirrors: Mapping[str, str] | None = None,
        ca_bundle: str = "",
        max_bytes: int = 200_000_000,
        timeout_s: tuple[float, float] = TIMEOUT_S,
        pause_s: float = 0.5,
    ) -> None:
        self.online = online
        self.secrets = secrets or Secrets()
        self.mirrors = dict(mirrors or {})
        self.max_bytes = max_bytes
        self.timeout_s = timeout_s
        self.pause_s = pause_s
        self._paces: dict[str, _Pace] = {}
        #: The watch over the call of each thread.
        self._watches: dict[int, _Watch] = {}
        self._session = _Session()
        self._session.headers.update({"User-Agent": _AGENT, "Accept-Encoding": "gzip, deflate"})
        self._session.trust_env = False
        adapter = _Adapter(self._used, ca_bundle)
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, adapter)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connections kept for the next request."""
        self._session.close()

    def _used(self, connection: HTTPConnection) -> None:
        watch = self._watches.get(threading.get_ident())
        if watch is not None:
            watch.add(connection)

    def get(
        self,
        url: str,
        *,
        source: str,
        hosts: Iterable[str],
        headers: Mapping[str, str] | None = None,
        body: str = "",
        per_minute: int = 60,
        max_bytes: int | None = None,
        deadline_s: float = DEADLINE_S,
    ) -> Reply:
        """Fetch one address whole.

        Parameters
        ----------
        url : str
            Address, key included where the provider wants it there.
        source : str
            Key of the source, for errors.
        hosts : iterable of str
            Hosts that may answer; a redirect elsewhere is refused.
        headers : mapping, optional
        body : str
            JSON to send by POST; such a request is made once, since nobody knows what a second one would do.
        per_minute : int
            The provider's own limit for this host.
        max_bytes : int, optional
            Most decoded bytes of this reply, where it is not the usual limit.
        deadline_s : float
            All that this call may take, retries included.

        Raises
        ------
        Offline
            The mode forbids the network; no socket was opened.
        SourceUnreachable
            No connection, no answer in time, half a body or none, a certificate that is not trusted, or a server
            error after retries.
        SourceBusy
            429, or more than our own limit.
        SourceRefused
            401, 403, another refusal without words, a redirect to a host that is not allowed or out of TLS. A
            refusal in words is returned, since providers say in words what is wrong.
        SourceChanged
            A body larger than the limit or in an encoding that was not asked for.
        """
        shown = self.secrets.redact(url)
        allowed = {host.lower() for host in hosts}
        if not self.online:
            raise Offline(f"{source}: the mode allows no network", context={"source": source, "url": shown})
        call = _Call(source, headers, body.encode(), per_minute, max_bytes or self.max_bytes)
        deadline = time.monotonic() + deadline_s
        me = threading.get_ident()
        again = 0
        with _Watch(deadline) as watch:
            self._watches[me] = watch
            try:
                while True:
                    try:
                        return self._once(url, allowed, call, deadline)
                    except _Again as fault:
                        pause = fault.pause_s
                        if pause is None:
                            pause = self.pause_s * 2**again * random.uniform(0.8, 1.2)  # noqa: S311 - no secret
                        again += 1
                        if watch.fired:
                            raise SourceUnreachable(
                                f"{source}: {shown}: no whole reply in time",
                                context={**fault.fault.context, "problem": "time-out"},
                            ) from None
                        if body or again > fault.times or time.monotonic() + pause > deadline:
                            raise fault.fault from None
                        log.info("%s asks again in %.1f s: %s", source, pause, fault)
                        time.sleep(pause)
            finally:
                del self._watches[me]

    def _once(self, url: str, allowed: set[str], call: _Call, deadline: float) -> Reply:
        source = call.source
        for _ in range(_REDIRECTS + 1):
            host = (urlsplit(url).hostname or "").lower()
            if host not in allowed:
                raise self._elsewhere(source, host)
            self._paces.setdefault(host, _Pace(call.per_minute)).wait(source, deadline)
            answer = self._ask(url, call, deadline)
            if answer.is_redirect and not call.body:
                target = answer.headers.get("Location", "")
                answer.close()
                try:
                    onward = urljoin(url, target)
                    scheme = urlsplit(onward).scheme
                except ValueError:
                    raise self._elsewhere(source, self.secrets.redact(target)[:80]) from None
                # A key must not leave TLS because a server says so.
                if scheme not in ("http", "https") or (url.startswith("https:") and scheme != "https"):
                    raise self._elsewhere(source, f"{scheme}://{urlsplit(onward).hostname or ''}")
                url = onward
                continue
            return self._whole(answer, url, call)
        raise SourceRefused(
            f"{source}: too many redirects", key="source_elsewhere", context={"source": source, "host": host}
        )

    def _elsewhere(self, source: str, host: str) -> SourceRefused:
        host = self.secrets.redact(host)
        return SourceRefused(
            f"{source}: host {host!r} is not allowed",
            key="source_elsewhere",
            context={"source": source, "host": host},
        )

    def _ask(self, url: str, call: _Call, deadline: float) -> requests.Response:
        source, method = call.source, "POST" if call.body else "GET"
        shown = self.secrets.redact(url)
        left = max(0.1, deadline - time.monotonic())
        try:
            log.info("%s %s %s", source, method, shown)
            return self._session.request(
                method,
                self._mirrored(url),
                headers=dict(call.headers or {}) | ({"Content-Type": "application/json"} if call.body else {}),
                data=call.body or None,
                timeout=(min(self.timeout_s[0], left), min(self.timeout_s[1], left)),
                stream=True,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            problem = self._reason(error)
            context = {"source": source, "url": shown, "problem": problem}
            if "CERTIFICATE_VERIFY_FAILED" in str(error):
                raise SourceUnreachable(
                    f"{source}: {shown}: {problem}",
                    key="source_certificate",
                    context=context,
                    hint="name a file with the missing certificate in HAZE_CA_BUNDLE",
                ) from None
            raise _Again(SourceUnreachable(f"{source}: {shown}: {problem}", context=context), _AGAIN) from None

    def _mirrored(self, url: str) -> str:
        parts = urlsplit(url)
        base = self.mirrors.get(parts.hostname or "")
        if not base:
            return url
        mirror = urlsplit(base)
        path = mirror.path.rstrip("/") + parts.path
        return urlunsplit((mirror.scheme, mirror.netloc, path, parts.query, ""))

    def _whole(self, answer: requests.Response, url: str, call: _Call) -> Reply:
        source = call.source
        shown = self.secrets.redact(url)
        status = answer.status_code
        context: dict[str, object] = {"source": source, "url": shown, "status": status}
        with answer:
            if status == 429:
                after = _retry_after(answer.headers.get("Retry-After", ""))
                context["retry_after_s"] = after
                busy = SourceBusy(f"{source}: {shown}: asked to wait (429)", context=context)
                if after is not None and after > RETRY_AFTER_S:
                    raise busy
                raise _Again(busy, _AGAIN, after)
            if status >= 500:
                context["problem"] = f"HTTP {status}"
                fault = SourceUnreachable(f"{source}: {shown}: server error {status}", context=context)
                raise _Again(fault, _AGAIN)
            content = self._body(answer, source, shown, call.max_bytes)
        if status in (401, 403) or (status >= 400 and not content):
            raise SourceRefused(f"{source}: {shown}: refused ({status})", context=context)
        if not content:
            context["problem"] = "empty reply"
            raise _Again(SourceUnreachable(f"{source}: {shown}: an empty reply", context=context), _AGAIN_CUT)
        told = re.fullmatch(r"bytes \d{1,18}-\d{1,18}/(\d{1,18})", answer.headers.get("Content-Range", ""))
        kind, whole_bytes = answer.headers.get("Content-Type", ""), int(told[1]) if told else 0
        return Reply(shown, status, self.secrets.redact_body(content), kind, whole_bytes)

    def _body(self, answer: requests.Response, source: str, shown: str, max_bytes: int) -> bytes:
        blocks: list[bytes] = []
        total = 0
        context: dict[str, object] = {"source": source, "url": shown, "limit_mb": max_bytes // 1_000_000}
        declared = answer.headers.get("Content-Length", "")
        if re.fullmatch(r"[0-9]{1,18}", declared) and int(declared) > max_bytes:
            raise SourceChanged(
                f"{source}: {shown}: {declared} bytes announced", key="reply_too_large", context=context
            )
        encoding = answer.headers.get("Content-Encoding", "").strip().lower()
        if encoding not in _ENCODINGS:
            problem = f"encoding {encoding[:40]!r}"
            raise SourceChanged(f"{source}: {shown}: {problem}", context={**context, "problem": problem})
        watch = self._watches[threading.get_ident()]
        problem = ""
        try:
            for block in answer.iter_content(_BLOCK):
                total += len(block)
                if total > max_bytes:
                    raise SourceChanged(
                        f"{source}: {shown}: reply larger than allowed", key="reply_too_large", context=context
                    )
                blocks.append(block)
        except requests.RequestException as error:
            problem = self._reason(error)
        # Where no length is announced, a connection cut by us looks like the end of the body.
        if problem or watch.fired:
            fault = SourceUnreachable(
                f"{source}: {shown}: half a reply ({problem})", context={**context, "problem": problem}
            )
            raise _Again(fault, _AGAIN_CUT)
        return b"".join(blocks)

    def _reason(self, error: requests.RequestException) -> str:
        """Return the innermost reason of a request error, without keys and short enough for a person."""
        if isinstance(error, requests.Timeout):
            return "time-out"
        text = self.secrets.redact(str(error))
        system = re.findall(r"\[(?:Errno|SSL)[^]]*\] ([^'\"()]+)", text)
        known = [words for words in _REASONS if words in text]
        return str((*system[-1:], *known, text)[0])[:160].strip()


def _retry_after(text: str) -> float | None:
    """Return the pause that a server asks for, in seconds; None when it names none."""
    text = text.strip()
    if re.fullmatch(r"[0-9]{1,9}", text):
        return float(text)
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    return max(0.0, (moment - dt.datetime.now(dt.UTC)).total_seconds())
