"""The one way out of the house: time-outs, bounded retry, rate and size limits, allowed hosts, keys out of sight.

Refuses before a socket is opened when the mode forbids the network. Never parses a reply, never switches
certificate checks off, never lets a key into an error, a log or a stored address.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from data.errors import (
    Offline,
    SourceBusy,
    SourceChanged,
    SourceError,
    SourceRefused,
    SourceUnreachable,
)

log = logging.getLogger("haze.http")

#: Seconds to connect and to wait between two bytes.
TIMEOUT_S = (5.0, 20.0)
#: Everything that one source may cost, retries and waits included.
DEADLINE_S = 60.0
#: A server that asks for a longer pause than this is told to the user as busy, not waited for.
RETRY_AFTER_S = 60
_REDIRECTS = 3
_BLOCK = 1 << 16
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
    """

    url: str
    status: int
    content: bytes
    content_type: str = ""


class Secrets:
    """Keys to keep out of sight: replaced wherever they would be written."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        found = {value for value in values if value}
        self._values = sorted({*found, *(quote(value, safe="") for value in found)}, key=len, reverse=True)

    def redact(self, text: str) -> str:
        """Return `text` with every key replaced by dots."""
        for value in self._values:
            text = text.replace(value, _MASK)
        return text


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
        File of trusted certificates, for a server that sends an incomplete chain; the system's own when empty.
    max_bytes : int
        Most decoded bytes of one reply.
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
    ) -> None:
        self.online = online
        self.secrets = secrets or Secrets()
        self.mirrors = dict(mirrors or {})
        self.max_bytes = max_bytes
        self.timeout_s = timeout_s
        self._paces: dict[str, _Pace] = {}
        self._session = requests.Session()
        self._session.headers["User-Agent"] = _AGENT
        self._session.trust_env = False
        self._session.verify = ca_bundle or True
        retry = Retry(
            total=3,
            backoff_factor=0.5,
            backoff_jitter=0.3,
            status_forcelist=(429, 500, 502, 503, 504),
            allowed_methods={"GET", "HEAD"},
            respect_retry_after_header=True,
            retry_after_max=RETRY_AFTER_S,
            raise_on_status=False,
        )
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, HTTPAdapter(max_retries=retry))

    def get(
        self,
        url: str,
        *,
        source: str,
        hosts: Iterable[str],
        headers: Mapping[str, str] | None = None,
        per_minute: int = 60,
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
        per_minute : int
            The provider's own limit for this host.
        deadline_s : float
            All that this call may take, retries included.

        Raises
        ------
        Offline
            The mode forbids the network; no socket was opened.
        SourceUnreachable
            No connection, no answer in time, half a body, or a server error after retries.
        SourceBusy
            429, or more than our own limit.
        SourceRefused
            400, 401, 403, 404 or a redirect to a host that is not allowed.
        SourceChanged
            A body larger than the limit.
        """
        shown = self.secrets.redact(url)
        allowed = {host.lower() for host in hosts}
        if not self.online:
            raise Offline(f"{source}: the mode allows no network", context={"source": source, "url": shown})
        deadline = time.monotonic() + deadline_s
        fault: SourceError | None = None
        # A body cut short is not covered by the adapter's retries.
        for _ in range(2):
            try:
                return self._once(url, source, allowed, headers, per_minute, deadline)
            except SourceUnreachable as error:
                fault = error
                if error.context.get("whole", True) or time.monotonic() > deadline:
                    break
        assert fault is not None  # noqa: S101 - the loop ends only by return or by a fault
        raise fault

    def _once(
        self,
        url: str,
        source: str,
        allowed: set[str],
        headers: Mapping[str, str] | None,
        per_minute: int,
        deadline: float,
    ) -> Reply:
        for _ in range(_REDIRECTS + 1):
            host = (urlsplit(url).hostname or "").lower()
            if host not in allowed:
                raise SourceRefused(
                    f"{source}: host {host!r} is not allowed",
                    key="source_elsewhere",
                    context={"source": source, "host": host},
                )
            self._paces.setdefault(host, _Pace(per_minute)).wait(source, deadline)
            answer = self._ask(url, source, headers, deadline)
            if answer.is_redirect:
                url = urljoin(url, answer.headers.get("Location", ""))
                answer.close()
                continue
            return self._whole(answer, url, source, deadline)
        raise SourceRefused(
            f"{source}: too many redirects", key="source_elsewhere", context={"source": source, "host": ""}
        )

    def _ask(self, url: str, source: str, headers: Mapping[str, str] | None, deadline: float) -> requests.Response:
        shown = self.secrets.redact(url)
        read_s = max(0.5, min(self.timeout_s[1], deadline - time.monotonic()))
        try:
            log.info("%s GET %s", source, shown)
            return self._session.get(
                self._mirrored(url),
                headers=dict(headers or {}),
                timeout=(self.timeout_s[0], read_s),
                stream=True,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            problem = self.secrets.redact(_reason(error))
            raise SourceUnreachable(
                f"{source}: {shown}: {problem}", context={"source": source, "url": shown, "problem": problem}
            ) from None

    def _mirrored(self, url: str) -> str:
        parts = urlsplit(url)
        base = self.mirrors.get(parts.hostname or "")
        if not base:
            return url
        mirror = urlsplit(base)
        path = mirror.path.rstrip("/") + parts.path
        return urlunsplit((mirror.scheme, mirror.netloc, path, parts.query, ""))

    def _whole(self, answer: requests.Response, url: str, source: str, deadline: float) -> Reply:
        shown = self.secrets.redact(url)
        context: dict[str, object] = {"source": source, "url": shown, "status": answer.status_code}
        with answer:
            if answer.status_code == 429:
                after = answer.headers.get("Retry-After", "")
                context["retry_after_s"] = int(after) if after.isdigit() else None
                raise SourceBusy(f"{source}: {shown}: asked to wait (429)", context=context)
            if answer.status_code >= 500:
                context["problem"] = f"HTTP {answer.status_code}"
                raise SourceUnreachable(f"{source}: {shown}: server error {answer.status_code}", context=context)
            content = self._body(answer, source, shown, deadline)
        if answer.status_code in (401, 403):
            raise SourceRefused(f"{source}: {shown}: refused ({answer.status_code})", context=context)
        if answer.status_code >= 400 and not content:
            raise SourceRefused(f"{source}: {shown}: refused ({answer.status_code})", context=context)
        return Reply(shown, answer.status_code, content, answer.headers.get("Content-Type", ""))

    def _body(self, answer: requests.Response, source: str, shown: str, deadline: float) -> bytes:
        blocks: list[bytes] = []
        total = 0
        context = {"source": source, "url": shown, "limit_mb": self.max_bytes // 1_000_000}
        declared = answer.headers.get("Content-Length", "")
        if declared.isdigit() and int(declared) > self.max_bytes:
            raise SourceChanged(
                f"{source}: {shown}: {declared} bytes announced", key="reply_too_large", context=context
            )
        try:
            for block in answer.iter_content(_BLOCK):
                total += len(block)
                if total > self.max_bytes:
                    raise SourceChanged(
                        f"{source}: {shown}: reply larger than allowed", key="reply_too_large", context=context
                    )
                if time.monotonic() > deadline:
                    raise SourceUnreachable(
                        f"{source}: {shown}: no whole reply in time",
                        context={**context, "problem": "time-out", "whole": True},
                    )
                blocks.append(block)
        except requests.RequestException as error:
            problem = self.secrets.redact(_reason(error))
            raise SourceUnreachable(
                f"{source}: {shown}: half a reply ({problem})", context={**context, "problem": problem, "whole": False}
            ) from None
        return b"".join(blocks)


def _reason(error: requests.RequestException) -> str:
    """Return the innermost reason of a request error, short enough for a person."""
    text = str(error)
    inner = re.findall(
        r"(?:\(|: )([A-Z][A-Za-z ]+(?:timed out|refused|unreachable|broken|failed|resolve)[^()']{0,80})", text
    )
    return (inner[-1] if inner else text)[:160].strip()
