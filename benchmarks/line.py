"""The Today page over a poor line: bytes and seconds of the first load and of each choice, on a phone and at a desk.

Chromium's own throttle plays the line. Streamlit serves its own scripts uncompressed and leaves that to a proxy: with
`--proxy` the page comes through nginx, set as `docs/deploy.md` has it but for TLS; else each file is also counted
as gzip would make it. Needs Debian's chromium, and nginx for the proxy.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import gzip
import socket
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import requests
from playwright.sync_api import Browser, CDPSession, Locator, Page, expect, sync_playwright

from data import places
from layers.words import say
from tests.app.test_browser import DESK, PHONE, served, settle

#: Round trip in milliseconds and bytes a second down and up: the profiles of Chromium's own tools.
LINES = {"3G": (400, 1.6e6 / 8, 0.75e6 / 8), "slow 3G": (2000, 0.4e6 / 8, 0.4e6 / 8)}
TAMBON = "520304"


#: How nginx compresses, as in `docs/deploy.md`.
GZIP = """
    gzip on;
    gzip_proxied any;
    gzip_min_length 1000;
    gzip_types text/css text/javascript application/javascript application/json application/geo+json image/svg+xml;
"""


@contextlib.contextmanager
def through_nginx(url: str) -> Iterator[str]:
    """Run nginx before the app and give its address."""
    with tempfile.TemporaryDirectory() as name, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        kept = " ".join(f"{kind}_temp_path {name};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        conf = Path(name) / "nginx.conf"
        conf.write_text(f"""
worker_processes 1;
pid {name}/pid;
error_log {name}/log;
events {{}}
http {{
    include /etc/nginx/mime.types;
    access_log off;
    {kept}
    server {{
        listen 127.0.0.1:{port};
        {GZIP}
        location / {{
            proxy_pass {url};
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection "upgrade";
            proxy_set_header Host $http_host;
        }}
    }}
}}
""")
        nginx = subprocess.Popen(["nginx", "-c", str(conf), "-e", f"{name}/log", "-g", "daemon off;"])
        try:
            wait_for(f"http://127.0.0.1:{port}/_stcore/health")
            yield f"http://127.0.0.1:{port}"
        finally:
            nginx.terminate()
            nginx.wait()


def wait_for(address: str) -> None:
    """Return once an address answers."""
    for _ in range(100):
        with contextlib.suppress(requests.ConnectionError):
            requests.get(address, timeout=5).raise_for_status()
            return
        time.sleep(0.1)
    raise TimeoutError(address)


class Meter:
    """Counts what comes over the line of one page."""

    def __init__(self, page: Page) -> None:
        self.files: dict[str, int] = {}
        self.socket = 0
        #: Messages as the server's compression makes them, each by itself.
        self.deflated = 0
        self._kinds: dict[str, str] = {}
        self.line: CDPSession = page.context.new_cdp_session(page)
        self.line.send("Network.enable")
        self.line.on("Network.responseReceived", self._begun)
        self.line.on("Network.loadingFinished", self._ended)
        self.line.on("Network.webSocketFrameReceived", self._frame)

    def _begun(self, event: dict) -> None:  # type: ignore[type-arg]
        self._kinds[event["requestId"]] = urlsplit(event["response"]["url"]).path

    def _ended(self, event: dict) -> None:  # type: ignore[type-arg]
        path = self._kinds.get(event["requestId"], "?")
        self.files[path] = self.files.get(path, 0) + int(event["encodedDataLength"])

    def _frame(self, event: dict) -> None:  # type: ignore[type-arg]
        # The browser tells what a message holds, not what came over the line.
        payload = base64.b64decode(event["response"]["payloadData"])
        self.socket += len(payload)
        self.deflated += len(zlib.compress(payload, 6))

    def throttle(self, name: str) -> None:
        """Make the line as poor as a profile."""
        latency, down, up = LINES[name]
        poor = {"offline": False, "latency": latency, "downloadThroughput": down, "uploadThroughput": up}
        self.line.send("Network.emulateNetworkConditions", poor)

    @property
    def total(self) -> int:
        """Bytes of all files."""
        return sum(self.files.values())


def own_and_theirs(files: dict[str, int]) -> tuple[int, int]:
    """Return the bytes of our files and of Streamlit's."""
    ours = sum(size for path, size in files.items() if path.startswith("/app/static/"))
    return ours, sum(files.values()) - ours


def choices(page: Page, meter: Meter, steps: dict[str, tuple[Locator, str]]) -> None:
    """Print seconds and bytes of each choice: what is clicked, and the heading that then stands."""
    for name, (click, heading) in steps.items():
        files, socket, deflated, start = meter.total, meter.socket, meter.deflated, time.perf_counter()
        click.click()
        expect(page.get_by_role("heading", name=heading)).to_be_visible(timeout=300_000)
        took = time.perf_counter() - start
        settle(page)
        told = f"{meter.socket - socket:>7,} B in messages ({meter.deflated - deflated:,} compressed)"
        print(f"    {name:<18} {took:6.1f} s  {told}, {meter.total - files:>8,} B of files")


def visit(browser: Browser, url: str, size: dict[str, int], line: str) -> dict[str, int]:
    """Open the Today page over a line and make some choices; return the files of the first load."""
    phone = size["width"] < 500
    context = browser.new_context(
        viewport={"width": size["width"], "height": size["height"]}, is_mobile=phone, has_touch=phone
    )
    context.set_default_timeout(300_000)
    page = context.new_page()
    meter = Meter(page)
    meter.throttle(line)
    start = time.perf_counter()
    page.goto(f"{url}/?lang=en&tambon={TAMBON}")
    expect(page.get_by_role("heading", name="Tambon Wang Phrao")).to_be_visible(timeout=300_000)
    words = time.perf_counter() - start
    frame = page.wait_for_selector("iframe[src*='/live/map-']").content_frame()
    assert frame is not None
    frame.wait_for_function("window.HazeDesk?.now?.drawn > 0")
    settle(page)
    whole = time.perf_counter() - start
    first, (ours, theirs) = dict(meter.files), own_and_theirs(meter.files)
    messages = f"{meter.socket:,} B in messages ({meter.deflated:,} compressed)"
    print(f"  {line}, {'phone' if phone else 'desk'}: words after {words:.1f} s, map after {whole:.1f} s; "
          f"{theirs:,} B Streamlit's files, {ours:,} B ours, {messages}")  # fmt: skip
    steps = {
        "the day before": (page.get_by_role("button", name="◀"), "16 January 2026"),
        "seven days": (page.get_by_role("radio", name=say("en", "span.week")), "10 Jan 2026 to 16 Jan 2026"),
        "the other language": (page.get_by_role("radio", name=say("th", "app.this_language")), "ตำบลวังพร้าว"),
    }
    choices(page, meter, steps)
    start, before = time.perf_counter(), meter.total
    page.reload()
    page.wait_for_selector("iframe[src*='/live/map-']")
    settle(page)
    print(f"    opened again       {time.perf_counter() - start:6.1f} s  {meter.total - before:>8,} B of files")
    context.close()
    return first


def packed(url: str, files: dict[str, int]) -> int:
    """Return what files would weigh if each came as gzip at its usual level."""
    asked = (url + path for path in files if path.startswith("/"))
    plain = [requests.get(one, headers={"Accept-Encoding": "identity"}, timeout=60).content for one in asked]
    return sum(min(len(one), len(gzip.compress(one, 6))) for one in plain)


def main() -> None:
    """Print bytes and seconds."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks line", description=__doc__)
    parser.add_argument("--lines", nargs="+", choices=sorted(LINES), default=["3G"])
    parser.add_argument("--plain", action="store_true", help="as Streamlit is by itself: messages uncompressed")
    parser.add_argument("--proxy", action="store_true", help="through nginx that compresses")
    options = parser.parse_args(sys.argv[2:])
    more = ("--server.enableWebsocketCompression", "false") if options.plain else ()
    print(f"{len(places.embedded_tambons())} tambons of the sample; messages {'plain' if options.plain else 'as set'}")
    with contextlib.ExitStack() as stack:
        name = stack.enter_context(tempfile.TemporaryDirectory())
        url = stack.enter_context(served(Path(name) / "store", *more))
        if options.proxy:
            url = stack.enter_context(through_nginx(url))
        play = stack.enter_context(sync_playwright())
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"])
        # The first visitor after the start pays for what Python reads; that is not the line's.
        page = browser.new_page()
        page.goto(url)
        settle(page)
        page.close()
        for line in options.lines:
            for size in (PHONE, DESK):
                files = visit(browser, url, size, line)
        largest = sorted(files.items(), key=lambda item: -item[1])[:6]
        print("  largest files: " + ", ".join(f"{path.rpartition('/')[2]} {size:,} B" for path, size in largest))
        print(f"  all files of the first load {sum(files.values()):,} B")
        if not options.proxy:
            print(f"  with gzip by a proxy {packed(url, files):,} B")
        browser.close()


if __name__ == "__main__":
    main()
