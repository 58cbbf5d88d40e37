"""The one way out of the house, against a real server on loopback that behaves well, badly and worse."""

from __future__ import annotations

import datetime as dt
import email.utils
import logging
import shutil
import socket
import ssl
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from data.errors import (
    HazeError,
    Offline,
    SettingError,
    SourceBusy,
    SourceChanged,
    SourceError,
    SourceRefused,
    SourceUnreachable,
)
from fetchers.http import Http, Reply, Secrets
from fetchers.sources import SOURCES
from tests import files
from tests.conftest import left_out
from tests.server import Answer, Asked, Server

HOST = "data.example.org"
OTHER = "mirror.example.org"
URL = f"https://{HOST}/a"
KEY = "0123456789abcdef0123456789ABCDEF"
NOW = dt.datetime(2026, 3, 10, 12, tzinfo=dt.UTC)
BODY = files.firms({}, {"acq_time": "0631"})


def way_out(server: Server, **options: Any) -> Http:
    """Return the way out with the test's server in the place of the providers, asking again without much waiting."""
    options.setdefault("mirrors", {HOST: server.url, OTHER: server.url})
    return Http(**{"pause_s": 0.01, "timeout_s": (2.0, 5.0), **options})


def ask(http: Http, url: str = URL, **options: Any) -> Reply:
    with http:
        return http.get(url, **{"source": "test", "hosts": (HOST,), **options})


def failed(kind: type[HazeError], http: Http, url: str = URL, **options: Any) -> HazeError:
    """Return the error of a request; of this class exactly, told with its source."""
    with pytest.raises(kind) as told:
        ask(http, url, **options)
    assert type(told.value) is kind
    assert told.value.context["source"] == "test"
    return told.value


# -- good answers ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        Answer(BODY),
        Answer(BODY, gzipped=True),
        Answer(BODY, chunked=True),
        Answer(BODY, chunked=True, gzipped=True),
        Answer(BODY, length=-1),
        Answer(BODY, drip=(50, 0.01)),
        Answer(BODY, delay_s=0.2),
    ],
    ids=["plain", "gzip", "chunked", "chunked-gzip", "until-close", "drip", "late"],
)
def test_a_whole_reply_is_returned_however_it_travels(server: Server, answer: Answer) -> None:
    server.answer("/a", answer)
    reply = ask(way_out(server))
    assert (reply.content, reply.status, reply.url, reply.content_type) == (BODY, 200, URL, "text/plain")
    assert server.paths() == ["/a"]


def test_the_request_names_the_desk_and_its_headers(server: Server) -> None:
    server.answer("/a", Answer(BODY))
    ask(way_out(server), headers={"API-Key": KEY})
    assert server.asked[0].headers["User-Agent"].startswith("Mozilla/5.0 (compatible; lampang-haze-desk")
    assert server.asked[0].headers["API-Key"] == KEY


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_mirror_is_asked_in_the_place_of_a_host(server: Server, scheme: str) -> None:
    server.answer("/copies/firms/a/b.csv", Answer(BODY))
    http = way_out(server, mirrors={HOST: f"{server.url}/copies/firms/"})
    reply = ask(http, f"{scheme}://{HOST}/a/b.csv?days=1&x=%20y")
    assert server.asked[0].target == "/copies/firms/a/b.csv?days=1&x=%20y"
    assert reply.url == f"{scheme}://{HOST}/a/b.csv?days=1&x=%20y"


def test_a_host_without_a_mirror_is_not_sent_to_one(server: Server) -> None:
    # Nothing answers at this port of loopback, and the mirror of another host must not be asked.
    url = "http://127.0.0.1:9/a"
    error = failed(SourceUnreachable, way_out(server, mirrors={OTHER: server.url}), url, hosts=("127.0.0.1",))
    assert server.asked == []
    assert "refused" in str(error.context["problem"])


# -- busy, failing and silent servers ----------------------------------------------------------------------------------


def test_a_short_pause_asked_for_is_kept(server: Server) -> None:
    server.answer("/a", Answer(status=429, headers={"Retry-After": "1"}), Answer(BODY))
    begun = time.monotonic()
    assert ask(way_out(server)).content == BODY
    assert time.monotonic() - begun >= 1.0
    assert len(server.asked) == 2


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_a_long_pause_asked_for_is_told_and_not_waited_for(server: Server, form: str) -> None:
    then = dt.datetime.now(dt.UTC) + dt.timedelta(hours=2)
    after = "7200" if form == "seconds" else email.utils.format_datetime(then, usegmt=True)
    server.answer("/a", Answer(b"slow down", status=429, headers={"Retry-After": after}))
    error = failed(SourceBusy, way_out(server))
    assert 7000 < float(str(error.context["retry_after_s"])) <= 7200
    assert len(server.asked) == 1


@pytest.mark.parametrize("after", ["", "soon", "²", "-5", "9" * 5000, "Thu, 99 Foo 2026 00:00:00 GMT"])
def test_an_unreadable_pause_is_met_by_our_own(server: Server, after: str) -> None:
    server.answer("/a", Answer(status=429, headers={"Retry-After": after} if after else {}), Answer(BODY))
    assert ask(way_out(server)).content == BODY


def test_a_pause_longer_than_the_deadline_is_not_begun(server: Server) -> None:
    server.answer("/a", Answer(status=429, headers={"Retry-After": "50"}), Answer(BODY))
    begun = time.monotonic()
    assert failed(SourceBusy, way_out(server), deadline_s=5.0).context["retry_after_s"] == 50
    assert time.monotonic() - begun < 20.0


def test_a_server_that_stays_busy_is_asked_four_times(server: Server) -> None:
    server.answer("/a", Answer(status=429))
    assert failed(SourceBusy, way_out(server)).context["retry_after_s"] is None
    assert len(server.asked) == 4


def test_a_server_error_is_asked_again(server: Server) -> None:
    server.answer("/a", Answer(b"oops", status=500), Answer(status=502), Answer(BODY))
    assert ask(way_out(server)).content == BODY
    assert len(server.asked) == 3


@pytest.mark.parametrize("status", [500, 503, 504])
def test_a_server_error_for_ever_is_unreachable(server: Server, status: int) -> None:
    server.answer("/a", Answer(b"<html>down</html>", status=status))
    error = failed(SourceUnreachable, way_out(server))
    assert (error.context["status"], error.context["problem"]) == (status, f"HTTP {status}")
    assert len(server.asked) == 4


def test_a_closed_port_is_unreachable() -> None:
    with Server() as gone:
        pass
    error = failed(SourceUnreachable, way_out(gone))
    assert "refused" in str(error.context["problem"])


def test_a_server_that_hangs_up_is_unreachable(server: Server) -> None:
    server.answer("/a", Answer(b"", status=200, length=100, cut=0))
    failed(SourceUnreachable, way_out(server))


def test_a_first_byte_that_does_not_come_ends_in_a_time_out(server: Server) -> None:
    server.answer("/a", Answer(BODY, delay_s=30.0))
    begun = time.monotonic()
    error = failed(SourceUnreachable, way_out(server, timeout_s=(1.0, 0.2)), deadline_s=10.0)
    assert error.context["problem"] == "time-out"
    assert time.monotonic() - begun < 20.0
    assert len(server.asked) == 4


@pytest.mark.parametrize(
    "answer",
    [
        Answer(BODY * 50, drip=(1, 0.05)),
        Answer(BODY * 50, drip=(1, 0.05), length=-1),
        Answer(BODY * 50, drip=(1, 0.05), chunked=True),
        Answer(BODY * 50, drip=(1, 0.05), gzipped=True),
        Answer(BODY, drip=(1, 0.2), drip_head=True),
    ],
    ids=["length", "until-close", "chunked", "gzip", "head"],
)
def test_a_reply_that_drips_is_cut_at_the_deadline(server: Server, answer: Answer) -> None:
    """No two bytes are far apart, so that no time-out helps; the whole would take minutes."""
    server.answer("/a", answer)
    begun = time.monotonic()
    error = failed(SourceUnreachable, way_out(server), deadline_s=1.0)
    assert error.context["problem"] == "time-out"
    assert time.monotonic() - begun < 10.0
    assert len(server.asked) == 1


@pytest.mark.parametrize("half", [Answer(BODY, cut=100), Answer(BODY, gzipped=True, cut=60), Answer(BODY, length=900)])
def test_half_a_body_is_asked_for_again(server: Server, half: Answer) -> None:
    server.answer("/a", half, Answer(BODY))
    assert ask(way_out(server)).content == BODY
    assert len(server.asked) == 2


@pytest.mark.parametrize("half", [Answer(BODY, cut=100), Answer(BODY, chunked=True, cut=90), Answer(BODY, length=900)])
def test_half_a_body_twice_is_no_body(server: Server, half: Answer) -> None:
    server.answer("/a", half)
    failed(SourceUnreachable, way_out(server))
    assert len(server.asked) == 2


def test_an_empty_body_is_asked_for_again_and_then_no_answer(server: Server) -> None:
    server.answer("/a", Answer(b""), Answer(BODY))
    assert ask(way_out(server)).content == BODY
    server.answer("/a", Answer(b""))
    assert failed(SourceUnreachable, way_out(server)).context["problem"] == "empty reply"


def test_a_body_that_is_not_what_its_encoding_says_is_unreachable(server: Server) -> None:
    server.answer("/a", Answer(b"no gzip at all", headers={"Content-Encoding": "gzip"}))
    failed(SourceUnreachable, way_out(server))


# -- size --------------------------------------------------------------------------------------------------------------


def test_a_gzip_bomb_stops_at_the_limit(server: Server) -> None:
    server.answer("/a", Answer(b"\0" * 50_000_000, gzipped=True))
    error = failed(SourceChanged, way_out(server, max_bytes=5_000_000))
    assert (error.key, error.context["limit_mb"]) == ("reply_too_large", 5)


def test_a_large_reply_without_a_length_stops_at_the_limit(server: Server) -> None:
    server.answer("/a", Answer(b"x" * 3_000_000, chunked=True))
    assert failed(SourceChanged, way_out(server, max_bytes=1_000_000)).key == "reply_too_large"


def test_a_reply_of_exactly_the_limit_is_taken(server: Server) -> None:
    server.answer("/a", Answer(b"x" * 1_000_000))
    assert len(ask(way_out(server, max_bytes=1_000_000)).content) == 1_000_000


def test_ten_gigabytes_announced_are_not_begun(server: Server) -> None:
    server.answer("/a", Answer(b"x" * 1000, length=10_000_000_000))
    assert failed(SourceChanged, way_out(server)).key == "reply_too_large"
    assert len(server.asked) == 1


@pytest.mark.parametrize("encoding", ["gzip, gzip", "br", "zstd"])
def test_an_encoding_that_was_not_asked_for_is_refused(server: Server, encoding: str) -> None:
    server.answer("/a", Answer(BODY, headers={"Content-Encoding": encoding}))
    failed(SourceChanged, way_out(server))


# -- refusals and pages in the place of data ---------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [Answer(b"no", status=401), Answer(b"no", status=403), Answer(status=404)])
def test_a_refusal_is_not_asked_again(server: Server, answer: Answer) -> None:
    server.answer("/a", answer)
    error = failed(SourceRefused, way_out(server))
    assert error.context["status"] == answer.status
    assert len(server.asked) == 1


def test_a_refusal_in_words_is_handed_to_the_source(server: Server) -> None:
    server.answer("/a", Answer(b"Invalid MAP_KEY.", status=400))
    reply = ask(way_out(server))
    assert (reply.status, reply.content) == (400, b"Invalid MAP_KEY.")
    with pytest.raises(SourceRefused) as told:
        SOURCES["firms-api-snpp-nrt"].parse(reply, NOW)
    assert told.value.key == "source_key"


@pytest.mark.parametrize("status", [200, 404])
@pytest.mark.parametrize("name", ["firms-snpp", "air4thai-live", "air4thai-history", "gistda-viirs"])
def test_a_page_of_a_browser_is_no_data(server: Server, name: str, status: int) -> None:
    page = b"<!DOCTYPE html><html><title>Maintenance</title><body>Back soon</body></html>"
    server.answer("/a", Answer(page, status=status, headers={"Content-Type": "text/html"}))
    reply = ask(way_out(server))
    with pytest.raises(SourceChanged):
        SOURCES[name].parse(reply, NOW)


# -- redirects ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["/b", f"https://{HOST}/b", f"//{OTHER.upper()}/b", "b"])
def test_a_redirect_inside_the_allowed_hosts_is_followed(server: Server, target: str) -> None:
    server.answer("/a", Answer(b"moved", status=301, headers={"Location": target}))
    server.answer("/b", Answer(BODY))
    assert ask(way_out(server), hosts=(HOST, OTHER)).content == BODY
    assert server.paths() == ["/a", "/b"]


def test_a_redirect_into_tls_is_followed(server: Server) -> None:
    server.answer("/a", Answer(status=301, headers={"Location": f"https://{HOST}/b"}))
    server.answer("/b", Answer(BODY))
    assert ask(way_out(server), f"http://{HOST}/a").url == f"https://{HOST}/b"


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example.com/b",
        f"http://{HOST}/b",
        "file:///etc/passwd",
        f"ftp://{HOST}/b",
        f"https://{HOST}.evil.example.com/b",
        f"https://{HOST}@evil.example.com/b",
        "https://[bad/b",
        "http://127.0.0.1:22/",
        "http://169.254.169.254/latest/meta-data",
    ],
)
def test_a_redirect_elsewhere_is_refused(server: Server, target: str) -> None:
    server.answer("/a", Answer(status=302, headers={"Location": target}))
    assert failed(SourceRefused, way_out(server)).key == "source_elsewhere"
    assert server.paths() == ["/a"]


def test_a_redirect_in_a_circle_ends(server: Server) -> None:
    server.answer("/a", Answer(status=302, headers={"Location": "/b"}))
    server.answer("/b", Answer(status=302, headers={"Location": "/a"}))
    assert failed(SourceRefused, way_out(server)).key == "source_elsewhere"
    assert server.paths() == ["/a", "/b", "/a", "/b"]


def test_the_body_of_a_redirect_is_not_waited_for(server: Server) -> None:
    """What comes with a redirect may be without end; it is nobody's data."""
    server.answer("/a", Answer(b"x" * 10_000, status=302, headers={"Location": "/b"}, drip=(1, 0.1)))
    server.answer("/b", Answer(BODY))
    assert ask(way_out(server), deadline_s=20.0).content == BODY


def test_a_host_that_is_not_the_sources_own_is_not_asked(server: Server) -> None:
    assert failed(SourceRefused, way_out(server), f"https://{OTHER}/a").context["host"] == OTHER
    assert server.asked == []


# -- keys --------------------------------------------------------------------------------------------------------------

FAULTS = {
    "good": Answer(BODY),
    "refused": Answer(f"Invalid MAP_KEY {KEY}.".encode(), status=400),
    "echo": Answer(f"<html>cannot find /a/{KEY}</html>".encode()),
    "forbidden": Answer(KEY.encode(), status=403),
    "busy": Answer(status=429),
    "down": Answer(status=503),
    "half": Answer(BODY, cut=10),
    "hang-up": Answer(BODY, cut=0),
    "late": Answer(BODY, delay_s=30.0),
    "large": Answer(b"x", length=10**10),
    "redirect": Answer(status=302, headers={"Location": f"https://{KEY}.example.com/{KEY}"}),
    "bad-redirect": Answer(status=302, headers={"Location": f"https://[{KEY}"}),
    "bad-header": Answer(BODY, headers={"X y": KEY, f"X\r\n{KEY}": "z"}),
}


@pytest.mark.parametrize("where", ["path", "query", "header"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_key_is_never_shown(server: Server, where: str, fault: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("urllib3", "urllib3.connectionpool", "requests"):
        caplog.set_level(logging.DEBUG, logger=name)
    url = {"path": f"https://{HOST}/a/{KEY}/csv", "query": f"https://{HOST}/a?key={KEY}", "header": URL}[where]
    server.answer("/a*", FAULTS[fault])
    http = way_out(server, secrets=Secrets([KEY]), timeout_s=(1.0, 0.2))
    shown: list[object] = []
    try:
        reply = ask(http, url, headers={"API-Key": KEY} if where == "header" else {})
        shown += [reply.url, reply.content, reply.content_type]
    except SourceError as error:
        shown += [str(error), repr(error), error.context, error.hint]
    assert server.asked, "the request with the key was made"
    assert KEY in server.asked[0].target or server.asked[0].headers.get("API-Key") == KEY
    told = " ".join(map(repr, shown)) + caplog.text
    # No part of it either, in no case: a text cut short may cut a key short.
    assert KEY[:12].lower() not in told.lower()
    assert "haze.http" in caplog.text


def test_a_key_of_unusual_letters_is_not_shown_in_any_form(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    key = "a/b+c d=é"
    server.answer("/a*", Answer(status=503))
    error = failed(SourceUnreachable, way_out(server, secrets=Secrets([key])), f"{URL}/a%2Fb%2Bc%20d%3D%C3%A9/x")
    told = f"{error} {error.context} {caplog.text}"
    assert "%2Fb%2Bc" not in told
    assert "•••" in told


def test_a_key_with_a_line_end_is_told_as_a_fault_without_it(server: Server) -> None:
    http = way_out(server, secrets=Secrets([KEY + "\n"]))
    error = failed(SourceUnreachable, http, headers={"API-Key": KEY + "\n"})
    assert KEY not in f"{error} {error.context}"


# -- limits of our own -------------------------------------------------------------------------------------------------


def test_the_limit_of_a_host_is_kept_and_told(server: Server) -> None:
    server.answer("/a", Answer(BODY))
    with way_out(server) as http:
        for _ in range(3):
            http.get(URL, source="test", hosts=(HOST,), per_minute=3)
        with pytest.raises(SourceBusy) as told:
            http.get(URL, source="test", hosts=(HOST,), per_minute=3, deadline_s=5.0)
        assert 1 <= told.value.context["retry_after_s"] <= 61
        assert told.value.context["source"] == "test"
        # Another host has a limit of its own.
        http.get(f"https://{OTHER}/a", source="test", hosts=(OTHER,), per_minute=3)
    assert len(server.asked) == 4


def test_asking_again_counts_against_the_limit(server: Server) -> None:
    server.answer("/a", Answer(status=503))
    failed(SourceBusy, way_out(server), per_minute=2, deadline_s=5.0)
    assert len(server.asked) == 2


def test_offline_refuses_before_a_socket_is_opened() -> None:
    # The guard of the tests fails on any connection that leaves this machine, so this would be noticed.
    error = failed(Offline, Http(online=False, secrets=Secrets([KEY])), f"https://{HOST}/{KEY}")
    assert KEY not in str(error)
    assert error.context["url"] == f"https://{HOST}/•••"


def test_the_guard_of_the_tests_notices_a_connection_that_leaves() -> None:
    with socket.socket() as plain, pytest.raises(AssertionError, match="tried to reach"):
        plain.connect(("192.0.2.1", 80))


# -- certificates ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with a self-signed certificate (self), and one (leaf) signed by an intermediate that a root signed."""
    openssl = shutil.which("openssl")
    if openssl is None:
        left_out("no openssl to make certificates with")
    folder = tmp_path_factory.mktemp("certificates")
    (folder / "leaf.ext").write_text("subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n")
    (folder / "ca.ext").write_text("basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n")

    def run(*words: str) -> None:
        done = subprocess.run([openssl, *words], cwd=folder, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr

    new = ("req", "-newkey", "rsa:2048", "-nodes")
    run(*new, "-x509", "-keyout", "self.key", "-out", "self.pem", "-days", "2", "-subj", "/CN=self",
        "-addext", "subjectAltName=IP:127.0.0.1")  # fmt: skip
    run(*new, "-x509", "-keyout", "root.key", "-out", "root.pem", "-days", "2", "-subj", "/CN=root")
    for name, by, kind in (("middle", "root", "ca"), ("leaf", "middle", "leaf")):
        run(*new, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        run("x509", "-req", "-in", f"{name}.csr", "-CA", f"{by}.pem", "-CAkey", f"{by}.key", "-CAcreateserial",
            "-days", "2", "-extfile", f"{kind}.ext", "-out", f"{name}.pem")  # fmt: skip
    return folder


@pytest.mark.parametrize("name", ["self", "leaf"])
def test_a_certificate_that_is_not_trusted_is_refused_once(certificates: Path, name: str) -> None:
    with Server((certificates / f"{name}.pem", certificates / f"{name}.key")) as server:
        server.answer("/a", Answer(BODY))
        error = failed(SourceUnreachable, way_out(server))
        assert error.key == "source_certificate"
        assert "HAZE_CA_BUNDLE" in error.hint
        assert server.asked == []


@pytest.mark.parametrize(("name", "trusted"), [("self", "self"), ("leaf", "middle")])
def test_a_certificate_named_in_the_bundle_is_trusted(certificates: Path, name: str, trusted: str) -> None:
    """The second is Air4Thai's case: the server leaves its intermediate out, and naming that one alone is enough."""
    with Server((certificates / f"{name}.pem", certificates / f"{name}.key")) as server:
        server.answer("/a", Answer(BODY, drip=(100, 0.01)))
        assert ask(way_out(server, ca_bundle=str(certificates / f"{trusted}.pem"))).content == BODY


def test_the_usual_certificates_stay_trusted_beside_the_bundle(certificates: Path) -> None:
    import certifi

    with Http(ca_bundle=str(certificates / "self.pem")) as http:
        context: ssl.SSLContext = http._session.get_adapter(URL)._context  # type: ignore[attr-defined]
        named = len(context.get_ca_certs())
        assert http._session.verify is True
        context.load_verify_locations(certifi.where())
        assert named == 1 < len(context.get_ca_certs())


def test_another_certificate_in_the_bundle_helps_nothing(certificates: Path) -> None:
    with Server((certificates / "self.pem", certificates / "self.key")) as server:
        http = way_out(server, ca_bundle=str(certificates / "root.pem"))
        assert failed(SourceUnreachable, http).key == "source_certificate"


def test_a_certificate_for_another_name_is_refused(certificates: Path) -> None:
    with Server((certificates / "self.pem", certificates / "self.key")) as server:
        there = server.url.replace("127.0.0.1", "localhost")
        http = way_out(server, mirrors={HOST: there}, ca_bundle=str(certificates / "self.pem"))
        assert failed(SourceUnreachable, http).key == "source_certificate"


def test_a_slow_drip_inside_tls_is_cut_at_the_deadline(certificates: Path) -> None:
    with Server((certificates / "self.pem", certificates / "self.key")) as server:
        server.answer("/a", Answer(BODY * 50, drip=(1, 0.05)))
        begun = time.monotonic()
        http = way_out(server, ca_bundle=str(certificates / "self.pem"))
        assert failed(SourceUnreachable, http, deadline_s=1.0).context["problem"] == "time-out"
        assert time.monotonic() - begun < 10.0


@pytest.mark.parametrize("content", [None, b"", b"not a certificate"])
def test_a_bundle_without_certificates_is_told_at_the_start(tmp_path: Path, content: bytes | None) -> None:
    bundle = tmp_path / "bundle.pem"
    if content is not None:
        bundle.write_bytes(content)
    with pytest.raises(SettingError) as told:
        Http(ca_bundle=str(bundle))
    assert told.value.context["name"] == "HAZE_CA_BUNDLE"
    assert str(bundle) in str(told.value.context["problem"])


def test_two_threads_share_one_way_out(server: Server) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def path_of(asked: Asked) -> Answer:
        return Answer(asked.path.encode() * 100, drip=(100, 0.001))

    server.answer("/a*", path_of)
    with way_out(server) as http, ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda n: http.get(f"{URL}/{n}", source="test", hosts=(HOST,)).content, range(40)))
    assert found == [f"/a/{n}".encode() * 100 for n in range(40)]
