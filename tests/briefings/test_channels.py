"""Channels against real servers on loopback: LINE-shaped, mail, webhook; down, slow, refusing, at their limit."""

from __future__ import annotations

import datetime as dt
import email
import email.policy
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from briefings import alerts, channels
from briefings.channels import Parcel
from data import settings
from data.accounts import OPERATOR
from data.errors import ChannelError, SettingError
from data.registry import AlertLog, open_registry
from data.registry.alert_log import Delivery
from tests.briefings.test_alerts import HOUR, NOW, Office, seen
from tests.layers import desks
from tests.server import Answer, Asked, Server
from tests.test_cli import ROOT, environment

TOKEN, WORD = "line-token-3141592653", "mail-word-2718281828"
PUSH = "/v2/bot/message/push"
PARCEL = Parcel("3f0f7a52-8f55-5f39-9d7d-0a2f6b7c0001", "U123", "หัวข้อ\nที่สอง", "ข้อความ\nบรรทัดสอง")


class Line:
    """A LINE-shaped server: a retry key that was accepted is not accepted again."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.accepted: dict[str, Any] = {}
        server.answer(PUSH, self.push)
        server.answer("/v2/bot/message/quota", Answer(b'{"type": "limited", "value": 300}', headers=_JSON))
        server.answer("/v2/bot/message/quota/consumption", Answer(b'{"totalUsage": 41}', headers=_JSON))

    def push(self, asked: Asked) -> Answer:
        key = asked.headers["X-Line-Retry-Key"]
        assert asked.headers["Authorization"] == f"Bearer {TOKEN}"
        if key in self.accepted:
            return Answer(b'{"message": "The retry key is already accepted"}', status=409, headers=_JSON)
        self.accepted[key] = json.loads(asked.body)
        return Answer(b'{"sentMessages": [{"id": "1"}]}', headers=_JSON)


_JSON = {"Content-Type": "application/json"}


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


@pytest.fixture
def line(server: Server) -> Line:
    return Line(server)


def options(tmp_path: Path, **more: Any) -> settings.Settings:
    return settings.load(store=tmp_path / "store", mode="live", **more)


def to_line(tmp_path: Path, server: Server) -> settings.Settings:
    return options(tmp_path, line_host=server.url, line_token=TOKEN)


def refusal(channel: str, parcel: Parcel, chosen: settings.Settings) -> tuple[str, bool]:
    """Return key and whether to try again of the error; no key of a channel stands in it."""
    with pytest.raises(ChannelError) as caught:
        channels.send(channel, parcel, chosen)
    told = f"{caught.value} {caught.value.context} {caught.value.hint}"
    assert TOKEN not in told
    assert WORD not in told
    return caught.value.key, caught.value.retry


# -- LINE ---------------------------------------------------------------------------------------------------------


def test_line_gets_a_text_once_however_often_it_is_handed_over(tmp_path: Path, server: Server, line: Line) -> None:
    for _ in range(2):
        channels.send("line", PARCEL, to_line(tmp_path, server))
    assert list(line.accepted) == [PARCEL.id]
    body = line.accepted[PARCEL.id]
    assert body["to"] == "U123"
    assert [(one["type"], one["text"]) for one in body["messages"]] == [("text", PARCEL.text)]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer(b"{}", status=500), ("channel_unreachable", True)),
        (Answer(b'{"message": "The API rate limit has been exceeded"}', status=429), ("channel_busy", True)),
        (Answer(b'{"message": "You have reached your monthly limit."}', status=429), ("channel_quota", False)),
        (Answer(f'{{"message": "bad {TOKEN}"}}'.encode(), status=401), ("channel_refused", False)),
        (Answer(status=302, headers={"Location": "http://127.0.0.1:9/"}), ("channel_refused", False)),
        (Answer(b"half an answer", cut=4), ("channel_unreachable", True)),
        (Answer(b"<html>"), ("channel_unreachable", True)),
        (Answer(b"{}", delay_s=30), ("channel_unreachable", True)),
    ],
    ids=["fault", "rate", "quota", "token", "redirect", "cut", "page", "stall"],
)
def test_what_line_answers_is_understood(
    tmp_path: Path, server: Server, answer: Answer, expected: tuple[str, bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channels, "TIMEOUTS", (1.0, 0.5))
    server.answer(PUSH, answer)
    assert refusal("line", PARCEL, to_line(tmp_path, server)) == expected
    assert len(server.asked) == 1


def test_line_that_is_down_is_tried_again_later(tmp_path: Path) -> None:
    with Server() as gone:
        chosen = to_line(tmp_path, gone)
    assert refusal("line", PARCEL, chosen) == ("channel_unreachable", True)


def test_the_quota_is_asked_for(tmp_path: Path, server: Server, line: Line) -> None:
    assert channels.line_quota(to_line(tmp_path, server)) == channels.Quota(300, 41)


def test_no_connection_outside_live_modes_or_without_a_key(tmp_path: Path, server: Server, line: Line) -> None:
    shut = settings.load(store=tmp_path, mode="cached", line_host=server.url, line_token=TOKEN)
    assert refusal("line", PARCEL, shut) == ("channel_shut", True)
    assert refusal("line", PARCEL, options(tmp_path)) == ("channel_not_set", True)
    assert refusal("elsewhere", PARCEL, options(tmp_path)) == ("channel_not_set", True)
    assert server.asked == []


# -- mail ---------------------------------------------------------------------------------------------------------


class Mailbox:
    """What a mail server was handed; `answers` are given in turn to whole mails, then all are taken."""

    def __init__(self) -> None:
        self.mails: list[email.message.EmailMessage] = []
        self.answers: list[str] = []
        self.signed_in: list[bytes] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802, the server's name
        if self.answers:
            return self.answers.pop(0)
        self.mails.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        return "250 OK"

    def authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        self.signed_in.append(data.password)
        right = bool(data.password == WORD.encode())
        return AuthResult(success=right, handled=right)


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, str]]:
    box = Mailbox()
    running = Controller(
        box, hostname="127.0.0.1", port=0, authenticator=box.authenticate, auth_require_tls=False, ready_timeout=60
    )
    # Port 0 lets the system choose; the controller's own trial connection needs to know which.
    running.port = _free()
    running.start()
    yield box, f"127.0.0.1:{running.port}"
    running.stop()


def _free() -> int:
    import socket

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def test_a_mail_arrives_in_thai_with_a_name_of_its_own(tmp_path: Path, mailbox: tuple[Mailbox, str]) -> None:
    box, where = mailbox
    chosen = options(tmp_path, smtp_url=f"smtp://desk:{WORD}@{where}", mail_from="desk@example.org")
    parcel = Parcel(PARCEL.id, "duty@example.org", PARCEL.subject, PARCEL.text)
    channels.send("email", parcel, chosen)
    (mail,) = box.mails
    assert (mail["Subject"], mail["To"], mail["From"]) == ("หัวข้อ ที่สอง", "duty@example.org", "desk@example.org")
    assert mail["Message-ID"] == f"<{PARCEL.id}@haze-desk.invalid>"
    assert mail.get_content().split() == PARCEL.text.split()
    assert box.signed_in == [WORD.encode()]


def test_what_a_mail_server_answers_is_understood(tmp_path: Path, mailbox: tuple[Mailbox, str]) -> None:
    box, where = mailbox
    box.answers = ["451 later", "554 never"]
    chosen, parcel = options(tmp_path, smtp_url=f"smtp://{where}"), Parcel(PARCEL.id, "a@example.org", "x", "y")
    assert refusal("email", parcel, chosen) == ("channel_busy", True)
    assert refusal("email", parcel, chosen) == ("channel_refused", False)
    wrong = options(tmp_path, smtp_url=f"smtp://desk:wrong-{WORD}@{where}")
    assert refusal("email", parcel, wrong) == ("channel_refused", False)
    injected = Parcel(PARCEL.id, "a@example.org\nBcc: b@example.org", "x", "y")
    assert refusal("email", injected, chosen) == ("channel_refused", False)
    assert refusal("email", parcel, options(tmp_path, smtp_url=f"smtp://127.0.0.1:{_free()}"))[1]
    assert box.mails == []


def test_a_webhook_of_apprise_is_called_and_its_faults_tried_again(
    tmp_path: Path, server: Server, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    server.answer("/hook-secret-1234", Answer(b"no", status=500), Answer(b"ok"))
    address = server.url.replace("http://", "json://") + "/hook-secret-1234"
    chosen = options(tmp_path, channels={"team": address})
    assert refusal("team", PARCEL, chosen) == ("channel_unreachable", True)
    channels.send("team", PARCEL, chosen)
    body = json.loads(server.asked[-1].body)
    assert (body["title"].split(), body["message"]) == (PARCEL.subject.split(), PARCEL.text)
    assert refusal("team", PARCEL, options(tmp_path, channels={"team": "nothing://x"})) == ("channel_refused", False)
    assert "hook-secret" not in caplog.text + "".join(capfd.readouterr())


# -- whole runs ---------------------------------------------------------------------------------------------------


@pytest.fixture
def office(tmp_path: Path, server: Server, line: Line) -> Office:
    made = Office(desks.store_of(tmp_path / "store", [desks.year_before()]), line_host=server.url, line_token=TOKEN)
    made.rule(watches="fire_near")
    made.tell(channel="line", address="U1", name="กลุ่ม")
    made.add(seen("520101", 2))
    return made


def test_a_channel_that_is_down_delays_an_alert_and_neither_loses_nor_doubles_it(
    office: Office, server: Server, line: Line
) -> None:
    server.answer(PUSH, Answer(b"{}", status=500), Answer(b"{}", status=429), line.push)
    again = "to be tried again: line"
    minute = dt.timedelta(minutes=1)
    assert office.run(NOW)[0][1].startswith(again)
    assert office.run(NOW + 0.5 * minute) == [("", "suppressed: already sent")]
    assert office.run(NOW + 1 * minute)[-1][1].startswith(again)
    assert office.run(NOW + 2 * minute) == [("", "suppressed: already sent")]
    assert office.run(NOW + 3 * minute)[-1] == ("line", "sent")
    assert office.run(NOW + 9 * HOUR) == [("", "suppressed: already sent")]
    assert len(line.accepted) == 1
    assert len(server.asked) == 3
    assert office.log.trail()["outcome"].tolist() == ["sent", "sending", "sending", "queued"]


def test_trying_ends_and_the_next_level_is_told(office: Office, server: Server) -> None:
    office.registry.change("alert_rules", next(iter(office.registry.all("alert_rules"))), {"escalate_minutes": 60},
                           author=OPERATOR, based_on=1)  # fmt: skip
    office.tell(name="หัวหน้า", level=2)
    server.answer(PUSH, Answer(b'{"message": "You have reached your monthly limit."}', status=429))
    assert office.run(NOW) == [("line", "failed: line has no messages left this month")]
    assert office.run(NOW + HOUR) == [("", "suppressed: already sent"), ("file", "sent")]


def test_a_channel_that_stays_down_does_not_hold_the_next_level_up(office: Office, server: Server) -> None:
    office.registry.change("alert_rules", next(iter(office.registry.all("alert_rules"))), {"escalate_minutes": 60},
                           author=OPERATOR, based_on=1)  # fmt: skip
    office.tell(name="หัวหน้า", level=2)
    server.answer(PUSH, Answer(b"{}", status=500))
    assert office.run(NOW)[-1][1].startswith("to be tried again: line cannot be reached")
    assert ("file", "sent") in office.run(NOW + HOUR)


def test_no_key_is_in_the_store_or_the_output(
    office: Office, server: Server, capfd: pytest.CaptureFixture[str]
) -> None:
    server.answer(PUSH, Answer(f'{{"message": "unknown {TOKEN}"}}'.encode(), status=400))
    assert office.run(NOW)[0][1].startswith("failed: line refused: 400")
    held = b"".join(path.read_bytes() for path in office.store.root.rglob("*") if path.is_file())
    assert TOKEN.encode() not in held + "".join(capfd.readouterr()).encode()
    assert TOKEN not in repr(office.options)
    with pytest.raises(SettingError) as caught:
        settings.load(channels=[f"tgram://{TOKEN}/1"])
    assert TOKEN not in str(caught.value)


def test_a_run_killed_while_line_answers_is_finished_by_the_next_without_a_second_message(
    tmp_path: Path, server: Server, line: Line
) -> None:
    store = desks.store_of(tmp_path / "store", [desks.year_before()])
    now = dt.datetime.now(dt.UTC)
    # The command line has no clock of ours: a fire of just now, whatever the day is.
    office = Office(store)
    office.add(desks.at("520101", (now - HOUR).isoformat()))
    office.rule(watches="fire_near")
    office.tell(channel="line", address="U1")

    def accept_and_stall(asked: Asked) -> Answer:
        line.push(asked)
        return Answer(b"{}", delay_s=60)

    server.answer(PUSH, accept_and_stall, line.push)
    around = environment(store.root, HAZE_LINE_HOST=server.url, HAZE_LINE_TOKEN=TOKEN, HAZE_MODE="live")
    command = [sys.executable, "cli.py", "alert", "run", "--format", "csv"]
    first = subprocess.Popen(command, cwd=ROOT, env=around, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 120
    while not server.asked and time.monotonic() < until:
        time.sleep(0.05)
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    assert len(line.accepted) == 1
    (left,) = AlertLog(open_registry(office.options)).unfinished()
    assert isinstance(left, Delivery)
    done = subprocess.run(command, cwd=ROOT, env=around, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0].startswith("rule,place,channel,outcome,")
    assert [row.split(",")[2:4] for row in done.stdout.splitlines()[1:]] == [
        ["", "suppressed: already sent"],
        ["line", "sent"],
    ]
    assert len(line.accepted) == 1
    assert len(server.asked) == 2


def test_a_test_message_reaches_every_recipient_of_a_channel(office: Office, line: Line) -> None:
    table = alerts.send_test(office.desk, office.registry, "line", "en")
    assert table[["channel", "outcome", "recipient"]].to_numpy().tolist() == [["line", "sent", "กลุ่ม"]]
    (body,) = line.accepted.values()
    assert body["messages"][0]["text"].startswith("ข้อความทดสอบ")
    assert alerts.send_test(office.desk, office.registry, "email", "en")["outcome"].tolist() == [
        "suppressed: no recipient"
    ]
    assert office.log.events() == {}
