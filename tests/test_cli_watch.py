"""The watch as it runs: real processes, services on loopback, killed and started again."""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli import app
from data import heartbeat
from data.accounts import OPERATOR
from data.clock import UTC
from data.registry import AlertLog, open_registry
from data.settings import load
from fetchers.sources import SOURCES
from tests import files
from tests.layers import desks
from tests.server import Answer, Server
from tests.test_cli import ROOT, environment, run
from tests.test_cli_fetch import SNPP, an_hour_ago, burning

PING = "/ping/0123456789abcdef"


class Watched:
    """A store with a rule and a recipient, a server in every provider's place, and watches started on it."""

    def __init__(self, root: Path, server: Server) -> None:
        self.store = desks.store_of(root, [desks.year_before()])
        self.server = server
        self.options = load(store=root)
        registry = open_registry(self.options)
        registry.add("alert_rules", {"name": "ไฟ", "watches": "fire_near"}, author=OPERATOR)
        registry.add("recipients", {"name": "เวร", "channel": "hook"}, author=OPERATOR)
        self.log = AlertLog(registry)
        hosts = {host for one in SOURCES.values() for host in one.info.hosts}
        self.settings = {
            "HAZE_MIRRORS": json.dumps(dict.fromkeys(hosts, server.url)),
            "HAZE_CHANNELS": json.dumps({"hook": server.url.replace("http", "json", 1) + "/hook"}),
            "HAZE_PING_URL": server.url + PING,
        }
        self.running: list[subprocess.Popen[str]] = []
        server.answer("/*", Answer(status=403))
        server.answer("/hook", Answer(b"ok"))
        server.answer(PING, Answer(b"ok"))

    def start(self, name: str, *words: str) -> tuple[subprocess.Popen[str], Path]:
        log = self.store.root.parent / f"{name}.log"
        with log.open("w", encoding="utf-8") as out:
            process = subprocess.Popen(
                [sys.executable, "cli.py", "watch", *words],
                cwd=ROOT,
                env=environment(self.store.root, **self.settings),
                stdout=out,
                stderr=subprocess.STDOUT,
                text=True,
            )
        self.running.append(process)
        return process, log

    def ask(self, *words: str) -> tuple[int, str]:
        """Run a short command in this process, since most of a command's time is the start of Python."""
        done = CliRunner().invoke(app, words, env=environment(self.store.root, **self.settings))
        return done.exit_code, done.stdout + done.stderr

    def told(self) -> int:
        return self.server.paths().count("/hook")

    def beat(self) -> heartbeat.Heartbeat:
        known = heartbeat.read(self.store.root)
        assert known is not None
        return known


def until(holds: Callable[[], object], log: Path | None = None) -> None:
    end = time.monotonic() + 300
    while not holds():
        assert time.monotonic() < end, log.read_text("utf-8") if log else "it never came"
        time.sleep(0.05)


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    with Server() as server:
        office = Watched(tmp_path / "store", server)
        yield office
        for process in office.running:
            process.kill()
            process.wait()


def end(process: subprocess.Popen[str], log: Path) -> None:
    process.send_signal(signal.SIGTERM)
    assert process.wait(300) == 0
    assert "Traceback" not in log.read_text("utf-8")


def test_a_watch_killed_in_its_round_is_followed_by_one_that_does_it_and_tells_once(watched: Watched) -> None:
    fire = files.firms({"acq_date": f"{an_hour_ago():%Y-%m-%d}", "acq_time": f"{an_hour_ago():%H%M}",
                        "longitude": "99.05", "latitude": "18.05"})  # fmt: skip
    watched.server.answer(SNPP, Answer(fire, delay_s=100), Answer(fire, delay_s=100), Answer(fire))
    first, log = watched.start("first")
    until(lambda: SNPP in watched.server.paths(), log)
    first.kill()
    first.wait()
    assert watched.beat().slot is None
    # The next one is asked to end in the middle of its round: it does so at once and in order.
    second, log = watched.start("second")
    until(lambda: watched.server.paths().count(SNPP) == 2, log)
    end(second, log)
    assert (watched.beat().slot, watched.beat().ended) == (None, True)
    third, log = watched.start("third")
    until(lambda: watched.beat().slot is not None, log)
    assert (watched.told(), watched.server.paths().count(PING)) == (1, 1)
    beat = watched.beat()
    assert (beat.pid, beat.ended, list(beat.problems)) == (third.pid, False, [])
    # One that waits leads as soon as the first is killed, and does not do over what was done.
    fourth, log = watched.start("fourth")
    until(lambda: "Another watch leads" in log.read_text("utf-8"), log)
    refused = run(watched.store.root, "watch", "--once", **watched.settings)
    assert (refused.returncode, "Another watch leads" in refused.stderr) == (1, True)
    assert watched.ask("watch", "--check")[0] == 0
    asked = watched.server.paths().count(SNPP)
    os.kill(third.pid, signal.SIGKILL)
    until(lambda: watched.beat().pid == fourth.pid, log)
    end(fourth, log)
    if watched.beat().slot == beat.slot:  # else the next round fell due meanwhile
        assert watched.server.paths().count(SNPP) == asked
    assert watched.told() == 1
    assert len(watched.log.events()) == 1


def test_a_round_goes_on_past_every_fault_and_a_desk_that_stood_still_is_told_once(watched: Watched) -> None:
    watched.server.answer(SNPP, burning(an_hour_ago()))
    watched.server.answer("/hook", Answer(status=500))
    watched.server.answer(PING, Answer(status=404))
    done = run(watched.store.root, "watch", "--once", **watched.settings)
    assert done.returncode == 0, done.stderr
    assert "1 new rows, 0 messages sent" in done.stdout
    assert "0123456789abcdef" not in done.stdout + done.stderr
    beat = watched.beat()
    # A service that is down is no fault of the desk; an address for the heartbeat that is wrong is one.
    assert (beat.ended, [one["step"] for one in beat.problems]) == (True, ["ping"])
    # Hours later, without a watch.
    long_ago = dt.datetime.now(UTC).replace(microsecond=0) - dt.timedelta(hours=4)
    heartbeat.write(watched.store.root, heartbeat.Heartbeat("a", 1, long_ago, long_ago, long_ago, long_ago))
    watched.server.answer("/hook", Answer(b"ok"))
    before = watched.told()
    for _ in range(2):
        code, said = watched.ask("watch", "--check", "--tell")
        assert (code, "has stood still since" in said) == (1, True)
    stood = [asked.body.decode() for asked in watched.server.asked if asked.path == "/hook"][before:]
    assert len([body for body in stood if json.loads(body)["title"].startswith("ระบบเฝ้าระวังหมอกควันหยุดทำงาน")]) == 1
    again = run(watched.store.root, "watch", "--once", **watched.settings)
    assert again.returncode == 0, again.stderr
    titles = [json.loads(asked.body)["title"] for asked in watched.server.asked if asked.path == "/hook"]
    assert titles.count("ระบบเฝ้าระวังหมอกควันกลับมาทำงานแล้ว") == 1
    assert watched.ask("watch", "--check")[0] == 0
    listed = json.loads(watched.ask("status", "--format", "json")[1])
    assert [row["verdict"] for row in listed if row["source"] == "watch"] == ["running"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--once", "--check"), 2, ""),
        (("--tell",), 2, ""),
        (("--check", "--minutes", "0"), 2, ""),
        (("--check",), 1, "No watch has run here yet"),
    ],
)
def test_what_does_not_go_together_is_wrong_usage_and_what_never_ran_fails(
    words: tuple[str, ...], code: int, said: str
) -> None:
    done = CliRunner().invoke(app, ["watch", *words])
    assert (done.exit_code, said in done.stdout + done.stderr) == (code, True)


def test_the_sample_is_not_watched() -> None:
    refused = CliRunner().invoke(app, ["watch", "--once"], env={"HAZE_MODE": "sample"})
    assert (refused.exit_code, "sample is not watched" in refused.stderr) == (1, True)
