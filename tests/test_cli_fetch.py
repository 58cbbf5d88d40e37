"""`fetch` as a person or a script meets it: the program itself, with a server on loopback in the providers' place."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from data.clock import ICT, UTC
from data.store import Store
from tests import files
from tests.server import Answer, Server
from tests.test_cli import ROOT, environment, run

HOSTS = ("firms.modaps.eosdis.nasa.gov", "air4thai.pcd.go.th", "api-gateway.gistda.or.th")
KEY, OTHER_KEY = "0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"
SNPP = "/data/active_fire/suomi-npp-viirs-c2/csv/SUOMI_VIIRS_C2_SouthEast_Asia_24h.csv"
LIVE = "/forweb/getAQI_JSON.php"
COLUMNS = ["source", "verdict", "rows", "newest", "message"]
THAI = re.compile("[\u0e00-\u0e7f]")


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"


def an_hour_ago() -> dt.datetime:
    return dt.datetime.now(UTC).replace(second=0, microsecond=0) - dt.timedelta(hours=1)


def burning(moment: dt.datetime) -> Answer:
    return Answer(files.firms({"acq_date": f"{moment:%Y-%m-%d}", "acq_time": f"{moment:%H%M}"}))


def fetch(store: Path, server: Server, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run `fetch`, both keys set; no key may stand in what it prints."""
    keys = {"HAZE_FIRMS_KEY": KEY, "HAZE_GISTDA_KEY": OTHER_KEY}
    mirrors = json.dumps(dict.fromkeys(HOSTS, server.url))
    done = run(store, "fetch", *words, **{"HAZE_MIRRORS": mirrors, **keys, **more})
    for key in (KEY, OTHER_KEY):
        assert key[:12] not in done.stdout + done.stderr
    return done


def rows_of(done: subprocess.CompletedProcess[str]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(done.stdout)))


def test_verdicts_are_printed_with_the_columns_promised(store: Path, server: Server) -> None:
    moment = an_hour_ago()
    server.answer("/*", Answer(status=503))
    server.answer(SNPP, burning(moment))
    local = moment.astimezone(ICT)
    server.answer(LIVE, Answer(files.live(88.5, date=f"{local:%Y-%m-%d}", time=f"{local:%H:00}")))
    server.answer("/api/area/*", Answer(f"Invalid MAP_KEY {KEY}.".encode(), status=400))
    names = ("firms-snpp", "air4thai-live", "firms-api-snpp-nrt", "firms-modis")
    done = fetch(store, server, *names, "--format", "csv")
    assert done.returncode == 0, done.stderr
    rows = rows_of(done)
    assert list(rows[0]) == COLUMNS
    assert [(row["source"], row["verdict"], row["rows"]) for row in rows] == [
        ("firms-snpp", "updated", "1"),
        ("air4thai-live", "updated", "1"),
        ("firms-api-snpp-nrt", "refused", "0"),
        ("firms-modis", "unreachable", "0"),
    ]
    assert rows[0]["newest"] == local.isoformat()
    assert "refuses the key of firms-api-snpp-nrt" in rows[2]["message"]
    assert "HTTP 503" in rows[3]["message"]
    kept = Store(store)
    assert sum(part.rows for part in kept.parts("hotspots").values()) == 1
    # What was fetched is there for the other commands at once.
    counted = run(store, "counts", "--by", "province", "--from", str(local.date()), "--to", str(local.date()),
                  "--format", "json")  # fmt: skip
    assert [row["count"] for row in json.loads(counted.stdout)] == [1]
    listed = fetch(store, server, "firms-snpp", "--format", "json")
    assert [(row["verdict"], row["rows"]) for row in json.loads(listed.stdout)] == [("updated", 0)]


def test_without_names_what_is_due_is_asked(store: Path, server: Server) -> None:
    server.answer("/*", Answer(status=429, headers={"Retry-After": "7200"}))
    server.answer(SNPP, burning(an_hour_ago()))
    first = rows_of(fetch(store, server, "--format", "csv", HAZE_GISTDA_KEY=""))
    verdicts = {row["source"]: row["verdict"] for row in first}
    assert verdicts["firms-snpp"] == "updated"
    assert {verdicts[name] for name in ("firms-modis", "firms-api-snpp-nrt", "air4thai-live")} == {"busy"}
    # No key, no question; and a standard product has nothing new.
    assert not {"gistda-viirs", "firms-api-snpp-sp"} & set(verdicts)
    before = server.paths().count(SNPP)
    second = rows_of(fetch(store, server, "--format", "csv", HAZE_GISTDA_KEY=""))
    assert {row["source"]: row["verdict"] for row in second}["firms-snpp"] == "fresh"
    assert server.paths().count(SNPP) == before == 1


def test_a_past_period_is_filled_in(store: Path, server: Server) -> None:
    server.answer("/api/area/*", Answer(files.firms().split(b"\n")[0] + b"\n"))
    last = dt.datetime.now(UTC).date() - dt.timedelta(days=3)
    first = last - dt.timedelta(days=5)
    # A Buddhist year is understood.
    thai = f"{first.year + 543}-{first:%m-%d}"
    done = fetch(store, server, "firms-api-snpp-nrt", "--from", thai, "--to", str(last), "--format", "csv")
    assert [row["verdict"] for row in rows_of(done)] == ["updated"]
    asked = [path.split("/")[-2:] for path in server.paths()]
    day = dt.timedelta(days=1)
    assert asked == [["5", str(first - day)], ["3", str(first + 3 * day)]]
    assert all(path.startswith(f"/api/area/csv/{KEY}/VIIRS_SNPP_NRT/") for path in server.paths())
    again = fetch(store, server, "firms-api-snpp-nrt", "--from", thai, "--to", str(last), "--format", "csv")
    assert [row["verdict"] for row in rows_of(again)] == ["fresh"]
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--from", "2026-03-01"), "--from and --to go together"),
        (("--to", "2026-03-01"), "--from and --to go together"),
        (("--from", "2026-03-02", "--to", "2026-03-01"), "lies before"),
        (("--from", "yesterday", "--to", "2026-03-01"), "YYYY-MM-DD"),
        (("--format", "xml"), "xml"),
    ],
)
def test_wrong_usage_is_told_before_anything_is_asked(
    store: Path, server: Server, words: tuple[str, ...], told: str
) -> None:
    done = fetch(store, server, *words)
    assert done.returncode == 2
    assert told in re.sub(r"[\s│]+", " ", done.stderr)
    assert server.asked == []


@pytest.mark.parametrize(
    ("words", "more", "told"),
    [
        (("nasa",), {}, "firms-snpp"),
        (("firms-snpp",), {"HAZE_CA_BUNDLE": "/no/such/file.pem"}, "/no/such/file.pem"),
    ],
    ids=["unknown source", "no certificates"],
)
def test_what_cannot_be_done_is_told_on_one_line(
    store: Path, server: Server, words: tuple[str, ...], more: dict[str, str], told: str
) -> None:
    done = fetch(store, server, *words, **more)
    assert done.returncode == 1
    assert told in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert server.asked == []


def test_a_mode_without_network_asks_nobody(store: Path, server: Server) -> None:
    done = fetch(store, server, "firms-snpp", "air4thai-live", "--format", "csv", HAZE_MODE="cached")
    assert done.returncode == 0
    assert {row["verdict"] for row in rows_of(done)} == {"offline"}
    assert server.asked == []


def test_messages_come_in_thai(store: Path, server: Server) -> None:
    server.answer("/*", Answer(status=503))
    server.answer(SNPP, burning(an_hour_ago()))
    server.answer(LIVE, Answer(b"<html>maintenance</html>"))
    names = ("firms-snpp", "firms-modis", "air4thai-live", "firms-api-snpp-nrt")
    done = fetch(store, server, *names, "--format", "json", HAZE_LANG="th", HAZE_FIRMS_KEY="")
    rows = json.loads(done.stdout)
    assert [row["verdict"] for row in rows] == ["updated", "unreachable", "changed", "no_key"]
    assert all(THAI.search(row["message"]) for row in rows)
    assert "HAZE_FIRMS_KEY" in rows[3]["message"]
    assert all("?" not in row["message"] for row in rows)


def test_a_fault_of_our_own_is_exit_code_one(store: Path, server: Server) -> None:
    """The program with one more source, whose author made a mistake; the others are served all the same."""
    server.answer(SNPP, burning(an_hour_ago()))
    program = """
        import dataclasses
        import cli
        from fetchers.source import Request
        from fetchers.sources import SOURCES

        real = SOURCES["firms-snpp"]

        class Faulty:
            info = dataclasses.replace(real.info, key="faulty")

            def requests_for(self, area, period, key, now):
                return real.requests_for(area, period, key, now)

            def parse(self, reply, now):
                return reply.no_such_thing

        SOURCES["faulty"] = Faulty()
        cli.app(["fetch", "faulty", "firms-snpp", "--format", "csv"])
    """
    more = {"HAZE_MIRRORS": json.dumps(dict.fromkeys(HOSTS, server.url)), "PYTHONPATH": os.fspath(ROOT)}
    command = [sys.executable, "-c", textwrap.dedent(program)]
    env = environment(store, **more)
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr + done.stdout
    assert [(row["source"], row["verdict"]) for row in rows_of(done)] == [
        ("faulty", "fault"),
        ("firms-snpp", "updated"),
    ]


def test_a_refresh_beside_another_is_told(store: Path, server: Server) -> None:
    import filelock

    store.mkdir()
    with filelock.FileLock(str(store / "fetch.lock")):
        done = fetch(store, server, "firms-snpp")
    assert done.returncode == 1
    assert "Another refresh is running" in done.stderr
    assert server.asked == []
