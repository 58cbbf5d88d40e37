"""A small web server on loopback that answers as a test scripts it: well, late, wrongly or by halves.

Real HTTP over a real socket, so that what is tested is what runs. Records every request it gets.
"""

from __future__ import annotations

import contextlib
import gzip
import http.server
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Answer:
    """One scripted answer.

    Attributes
    ----------
    body : bytes
    status : int
    headers : mapping
        More headers, or others than the usual ones.
    length : int or None
        Content-Length to tell instead of the true one; -1 tells none and ends with the connection.
    chunked, gzipped : bool
    delay_s : float
        Silence before the first byte.
    drip : (int, float) or None
        So many bytes at a time, with so many seconds between; the head drips too when `drip_head`.
    cut : int or None
        Close the connection after so many bytes of the body.
    """

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    length: int | None = None
    chunked: bool = False
    gzipped: bool = False
    delay_s: float = 0.0
    drip: tuple[int, float] | None = None
    drip_head: bool = False
    cut: int | None = None


@dataclass(frozen=True)
class Asked:
    """One request as it came; `query` holds the first value of each name, `body` what was sent."""

    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    target: str
    body: bytes = b""


Script = Answer | Callable[[Asked], Answer]


class Server:
    """The server, running while the context is entered.

    Parameters
    ----------
    certificate : (Path, Path), optional
        Certificate and key, to speak TLS.
    """

    def __init__(self, certificate: tuple[Path, Path] | None = None) -> None:
        self.asked: list[Asked] = []
        self.stopped = threading.Event()
        self._scripts: dict[str, list[Script]] = {}
        self._lock = threading.Lock()
        owner = self

        class Handler(_Handler):
            server_of_test = owner

        self._http = _Quiet(("127.0.0.1", 0), Handler)
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self._http.socket = context.wrap_socket(self._http.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"{'https' if certificate else 'http'}://127.0.0.1:{self._http.server_address[1]}"
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stopped.set()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def answer(self, path: str, *scripts: Script) -> None:
        """Script the answers to a path, in turn, the last for ever; a path that ends with ``*`` names a beginning."""
        with self._lock:
            self._scripts[path] = list(scripts)

    def paths(self) -> list[str]:
        """Return the paths asked, in order."""
        return [asked.path for asked in self.asked]

    def take(self, asked: Asked) -> Answer:
        """Record a request and return its answer."""
        with self._lock:
            self.asked.append(asked)
            begun = [p for p in self._scripts if p.endswith("*") and asked.path.startswith(p[:-1])]
            name = asked.path if asked.path in self._scripts else max(begun, key=len, default="")
            scripts = self._scripts.get(name)
            if scripts is None:
                return Answer(b"nothing scripted here", status=404)
            script = scripts.pop(0) if len(scripts) > 1 else scripts[0]
        return script if isinstance(script, Answer) else script(asked)


class _Quiet(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up, or do not trust us, are what the tests are about."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_of_test: Server

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        answer = self.server_of_test.take(Asked(parts.path, query, dict(self.headers.items()), self.path, body))
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            self._send(answer)

    def _send(self, answer: Answer) -> None:
        body = gzip.compress(answer.body, mtime=0) if answer.gzipped else answer.body
        headers = {"Content-Type": "text/plain"}
        if answer.gzipped:
            headers["Content-Encoding"] = "gzip"
        if answer.chunked:
            headers["Transfer-Encoding"] = "chunked"
            pieces = [body[at : at + 1000] for at in range(0, len(body), 1000)]
            body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
        elif answer.length != -1:
            headers["Content-Length"] = str(len(body) if answer.length is None else answer.length)
        lines = [f"HTTP/1.1 {answer.status} Scripted", *(f"{k}: {v}" for k, v in {**headers, **answer.headers}.items())]
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
        self.server_of_test.stopped.wait(answer.delay_s)
        shown = body if answer.cut is None else body[: answer.cut]
        if answer.drip_head:
            self._drip(head + shown, answer.drip)
        else:
            self.wfile.write(head)
            self._drip(shown, answer.drip)
        if answer.cut is not None or answer.length is not None:
            self.close_connection = True
            with contextlib.suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)

    def _drip(self, content: bytes, drip: tuple[int, float] | None) -> None:
        size, pause = drip or (len(content) or 1, 0.0)
        for at in range(0, len(content), size):
            if at and self.server_of_test.stopped.wait(pause):
                return
            self.wfile.write(content[at : at + size])
            self.wfile.flush()
