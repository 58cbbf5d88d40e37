"""Alerts: each event told once, whatever happens in between; what is not told says why."""

from __future__ import annotations

import datetime as dt
import shutil
import xml.etree.ElementTree as ET
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from briefings import alerts, sms
from data import contracts, places, settings
from data.accounts import OPERATOR, Author
from data.errors import NotAllowed, NotStored, SettingError
from data.merge import Writer
from data.registry import AlertLog, Registry, open_registry
from data.registry.tables import WATCHES
from data.store import Store
from fetchers import importer
from fetchers.brought import Brought
from models import fire_seasons
from models.desk import Desk
from tests import make
from tests.briefings.test_alert_rules import check_cap
from tests.layers import desks

NOW = desks.NOW
HOUR = dt.timedelta(hours=1)


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> dt.datetime:
        return self.now


class Office:
    """A desk with its registry and clock, on the four square tambons."""

    def __init__(self, store: Store, **options: Any) -> None:
        self.store = store
        self.clock = Clock()
        self.options = settings.load(store=store.root, mode="live", lock_timeout_s=5, **options)

    @property
    def desk(self) -> Desk:
        return Desk(self.store, places.place("lampang"), self.options, is_sample=False, now=self.clock)

    @property
    def registry(self) -> Registry:
        return open_registry(self.options, self.clock)

    @property
    def log(self) -> AlertLog:
        return AlertLog(self.registry)

    def rule(self, **values: Any) -> str:
        return self.registry.add("alert_rules", {"name": "กติกา", **values}, author=OPERATOR)

    def tell(self, **values: Any) -> str:
        return self.registry.add("recipients", {"name": "เวร", "channel": "file", **values}, author=OPERATOR)

    def run(self, at: dt.datetime | None = None, facts: Any = ()) -> list[tuple[str, str]]:
        """Run the alerts and return channel and outcome of each row."""
        if at is not None:
            self.clock.now = at
        table = alerts.run(self.desk, self.registry, facts, "en")
        assert tuple(table.columns[:4]) == ("rule", "place", "channel", "outcome")
        return list(zip(table["channel"], table["outcome"], strict=True))

    def outbox(self) -> list[str]:
        return [path.read_text("utf-8") for path in sorted((self.store.root / "outbox").glob("*.txt"))]

    def add(self, *detections: dict[str, Any]) -> None:
        with self.store.locked():
            writer = Writer(self.store, self.store.state())
            writer.add_hotspots(make.hotspots(*detections))
            writer.commit()


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a store that knows one fire of long ago, its registry opened once."""
    root = tmp_path_factory.mktemp("founded") / "store"
    open_registry(Office(desks.store_of(root, [desks.year_before()])).options, lambda: NOW).close()
    return root


@pytest.fixture
def office(founded: Path, tmp_path: Path) -> Office:
    """An office of its own."""
    shutil.copytree(founded, tmp_path / "store")
    return Office(Store(tmp_path / "store"))


def seen(code: str, hours_ago: float, **fixed: Any) -> dict[str, Any]:
    """Return a detection in the middle of a tambon so many hours before NOW."""
    return desks.at(code, (NOW - hours_ago * HOUR).isoformat(), **fixed)


def test_a_fire_is_told_once_with_everything_an_officer_needs(office: Office) -> None:
    office.rule(name="ไฟใหม่", watches="fire_near", tambon="520103")
    office.tell()
    office.add(seen("520103", 7), seen("520104", 7))
    assert office.run() == [("file", "sent")]
    (text,) = office.outbox()
    lines = text.splitlines()
    assert lines[0] == "พบไฟใหม่ ต.tambon th อ.amphoe th"
    assert "พิกัด 18.15000, 99.05000 · UTM 47Q 505289 E 2006782 N" in lines
    assert {"ประเภทที่ดิน: ไม่ทราบ", "ไม่มีข้อมูลลมใกล้เคียง"} <= set(lines)
    assert "เห็นล่าสุด 12 มี.ค. 2569 13:00 น. (อายุข้อมูล 7 ชม.)" in lines
    assert "แจ้งเตือนเลขที่ 1 ตามกติกา “ไฟใหม่”" in lines
    for hours in range(1, 4):
        assert office.run(NOW + hours * HOUR) == [("", "suppressed: already sent")]
    assert len(office.outbox()) == 1
    assert office.log.trail()["outcome"].tolist() == ["sent", "queued"]


def test_several_events_of_one_run_are_one_message(office: Office) -> None:
    office.rule(watches="fire_near", within_km=1, tambon="520101")
    office.rule(watches="fire_near", name="อื่น", amphoe="5201")
    office.tell()
    office.tell(name="สั้น", form="short", language="en")
    office.add(seen("520101", 2), seen("520104", 2))
    assert office.run() == [("file", "sent")] * 6
    texts = sorted(office.outbox(), key=len)
    assert len(texts) == 2
    assert texts[0].startswith("3 alerts / ")
    assert sms.size(texts[0].strip()) == sms.Size(len(texts[0].strip()), 160, 1)
    assert texts[1].startswith("แจ้งเตือน 3 เรื่อง")


def test_a_run_that_died_between_sending_and_recording_is_taken_up_without_a_second_message(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.rule(watches="fire_near")
    office.tell()
    office.add(seen("520101", 2))

    def die(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(AlertLog, "end", die)
        with pytest.raises(KeyboardInterrupt):
            office.run()
    assert len(office.outbox()) == 1
    before = office.outbox()
    assert office.run(NOW + HOUR) == [("", "suppressed: already sent"), ("file", "sent")]
    assert office.outbox() == before
    assert office.run() == [("", "suppressed: already sent")]


@pytest.mark.parametrize("step", ["queue", "begin"])
def test_a_run_that_died_before_sending_loses_nothing(
    office: Office, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    office.rule(watches="fire_near")
    office.tell()
    office.add(seen("520101", 2))

    def die(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(AlertLog, step, die)
        with pytest.raises(KeyboardInterrupt):
            office.run()
    assert office.outbox() == []
    assert ("file", "sent") in office.run(NOW + HOUR)
    assert len(office.outbox()) == 1


def test_two_runs_at_once_send_once(office: Office) -> None:
    office.rule(watches="fire_near")
    office.tell()
    office.add(seen("520101", 2))
    with ThreadPoolExecutor(2) as pool:
        rows = [row for run in [pool.submit(office.run) for _ in range(2)] for row in run.result()]
    assert sorted(rows) == [("", "suppressed: already sent"), ("file", "sent")]
    assert len(office.outbox()) == 1


def test_draft_warnings_are_files_with_a_feed(office: Office) -> None:
    office.rule(watches="fire_near")
    office.tell(channel="cap")
    office.add(seen("520101", 2), seen("520104", 3))
    assert office.run() == [("cap", "sent")] * 2
    folder = office.store.root / "outbox" / "cap"
    assert sorted(path.name for path in folder.iterdir()) == ["alert_1.xml", "alert_2.xml", "feed.xml"]
    for path in folder.glob("alert_*.xml"):
        check_cap(path.read_text("utf-8"), NOW)
    atom = "{http://www.w3.org/2005/Atom}"
    feed = ET.fromstring((folder / "feed.xml").read_text("utf-8"))
    assert [link.get("href") for link in feed.iter(f"{atom}link")] == ["alert_2.xml", "alert_1.xml"]
    assert all(entry.findtext(f"{atom}title") for entry in feed.iter(f"{atom}entry"))


def test_nobody_to_tell_is_said_and_kept(office: Office) -> None:
    office.rule(watches="fire_near")
    office.tell(amphoe="5202", name="อำเภออื่น")
    office.add(seen("520101", 2))
    assert office.run() == [("", "suppressed: no recipient")]
    assert office.log.trail()["outcome"].tolist() == ["suppressed: no recipient"]
    # Somebody who comes later is not told of what is past.
    office.tell(amphoe="5201")
    assert office.run() == [("", "suppressed: already sent")]


def test_quiet_hours_hold_what_is_not_urgent(office: Office) -> None:
    # 20:00 in Thailand.
    office.rule(watches="fire_near", tambon="520101")
    office.rule(watches="fire_near", tambon="520102", name="ด่วน", urgent="yes")
    office.tell(quiet_from=19, quiet_to=6)
    office.add(seen("520101", 2), seen("520102", 2))
    assert sorted(office.run()) == [("file", "sent"), ("file", "suppressed: quiet hours")]
    assert office.run(NOW + 9 * HOUR) == [("", "suppressed: already sent")] * 2
    assert ("file", "sent") in office.run(NOW + 10 * HOUR)
    assert len(office.outbox()) == 2


def test_a_digest_waits_for_its_hour(office: Office) -> None:
    office.rule(watches="fire_near")
    office.tell(digest_hours="7, 21")
    office.add(seen("520101", 2), seen("520102", 2))
    assert office.run() == [("file", "kept for the digest")] * 2
    assert office.run(NOW + HOUR)[-1] == ("file", "sent")
    assert len(office.outbox()) == 1


def air(office: Office, *values: float | None) -> list[list[tuple[str, str]]]:
    """Publish one 24 h mean an hour at 37t and run after each; None publishes nothing."""
    told = []
    for hour, value in enumerate(values):
        at = NOW + hour * HOUR
        if value is not None:
            with office.store.locked():
                writer = Writer(office.store, office.store.state())
                writer.add_readings(make.readings({"measured_at": at, "value": value, "averaging": "PT24H"}))
                writer.commit()
        told.append(office.run(at))
    return told


def test_pm25_that_wobbles_at_its_edge_is_told_once_up_and_once_down(office: Office) -> None:
    office.rule(watches="pm25", aqi_class=4)
    office.tell()
    # Class 4 begins at 37.6; it is over below nine tenths of that.
    told = air(office, 30.0, 40.0, 37.0, 38.0, 34.0, 33.0, 37.0, 80.0, 79.0)
    sent, already, wobble, quiet = (
        [("file", "sent")], [("", "suppressed: already sent")], [("", "suppressed: hysteresis")], [("", "nothing")],
    )  # fmt: skip
    assert told == [quiet, sent, wobble, already, wobble, sent, quiet, sent, already]
    heads = sorted(text.splitlines()[0] for text in office.outbox())
    assert heads == sorted(
        [
            "PM2.5 40.0 มคก./ลบ.ม. (เริ่มมีผลกระทบต่อสุขภาพ) ที่ก",
            "PM2.5 ที่ก ลดลงต่ำกว่าเกณฑ์แจ้งเตือนแล้ว: 33.0 มคก./ลบ.ม. (ปานกลาง)",
            "PM2.5 80.0 มคก./ลบ.ม. (มีผลกระทบต่อสุขภาพ) ที่ก",
        ]
    )


def test_old_air_is_not_judged_and_changes_nothing(office: Office) -> None:
    office.rule(watches="pm25", aqi_class=4, tambon="520101")
    office.tell()
    told = air(office, 40.0, None, None, None, 41.0)
    # The mean of 20:00 stands until 23:00; an hour without a value does not end what was told.
    assert [rows[0][1] for rows in told[1:]] == [
        "suppressed: already sent", "suppressed: already sent",
        "cannot tell: There are no data new enough to tell.", "suppressed: already sent",
    ]  # fmt: skip


def test_an_area_without_a_station_is_judged_by_its_estimate_and_says_so(office: Office) -> None:
    office.rule(watches="pm25", aqi_class=4, tambon="520104")
    office.tell()
    # The only instrument stands in another tambon, some 15 km away.
    told = air(office, 90.0, 90.0)
    assert [rows[0] for rows in told] == [("file", "sent"), ("", "suppressed: already sent")]
    (text,) = office.outbox()
    assert "ค่าประมาณของตำบล (" in text
    (event,) = office.log.events().values()
    assert (event.tambon, event.amphoe) == ("520104", "5201")
    assert event.facts["low"] < event.facts["pm25"] < event.facts["high"]


def test_a_forecast_is_told_once_for_its_day(office: Office) -> None:
    office.rule(watches="pm25_forecast", aqi_class=4)
    office.tell()
    assert office.run() == [("", "cannot tell: No forecast was issued yet.")]
    issue(office, NOW - HOUR, {24: 30.0, 48: 45.0})
    assert office.run() == [("file", "sent")]
    # The next issue says much the same of that day, and worse of another.
    issue(office, NOW + 23 * HOUR, {24: 44.0, 48: 80.0})
    assert sorted(office.run(NOW + 24 * HOUR)) == [("", "suppressed: already sent"), ("file", "sent")]
    heads = sorted(text.splitlines()[0] for text in office.outbox())
    assert heads == [
        "คาดว่า PM2.5 วันที่ 13 มี.ค. 2569 ประมาณ 45 มคก./ลบ.ม. (เริ่มมีผลกระทบต่อสุขภาพ) ที่ก",
        "คาดว่า PM2.5 วันที่ 14 มี.ค. 2569 ประมาณ 80 มคก./ลบ.ม. (มีผลกระทบต่อสุขภาพ) ที่ก",
    ]


def issue(office: Office, at: dt.datetime, values: dict[int, float]) -> None:
    """Store a forecast for 37t; lead 24 is the day of issue, which begins at midnight in Thailand."""
    today = dt.datetime.combine((at + 7 * HOUR).date(), dt.time(), dt.UTC) - 7 * HOUR
    rows = [
        {"code": "37t", "issued_at": today, "valid_at": today + (lead - 24) * HOUR, "lead_h": lead, "method": "test",
         "pm25": value, "low": value - 10, "high": value + 10, "p_over_37_5": 0.5, "p_over_75": 0.1, "taught_by": "-"}
        for lead, value in values.items()
    ]  # fmt: skip
    table = contracts.typed(pd.DataFrame(rows), contracts.FORECAST_COLUMNS, {})
    with office.store.locked():
        writer = Writer(office.store, office.store.state())
        writer.add_forecasts(table)
        writer.commit()


class Fact:
    """A source that publishes every hour."""

    key, name_th, name_en, cadence_minutes, latency_minutes = "feed", "แหล่ง", "Feed", 60, 0


def attempt(office: Office, newest: dt.datetime, rows: int) -> None:
    with office.store.locked():
        writer = Writer(office.store, office.store.state())
        writer.attempt(
            {
                "source": "feed",
                "at": office.clock.now,
                "verdict": "fetched" if rows else "nothing_new",
                "rows": rows,
                "newest": newest,
                "message": "",
            }
        )
        writer.commit()


def test_a_silent_source_is_told_once_and_once_when_it_is_back(office: Office) -> None:
    office.rule(watches="source_silent", source="feed")
    office.tell()
    attempt(office, NOW, 5)
    told = [office.run(NOW + hours * HOUR, [Fact]) for hours in (0, 8, 9, 12)]
    # More than eight hours without a row is silent.
    assert [rows[0][1] for rows in told] == ["nothing", "nothing", "sent", "suppressed: already sent"]
    attempt(office, NOW + 10 * HOUR, 1)
    # What is three hours late is not back yet; nor does it fall silent again.
    assert office.run(NOW + 13 * HOUR, [Fact]) == [("", "suppressed: hysteresis")]
    attempt(office, NOW + 13 * HOUR, 1)
    assert office.run(NOW + 14 * HOUR, [Fact]) == [("file", "sent")]
    assert office.run(NOW + 15 * HOUR, [Fact]) == [("", "nothing")]
    heads = sorted(text.splitlines()[0] for text in office.outbox())
    assert heads == ["แหล่งข้อมูลแหล่ง กลับมาส่งข้อมูลแล้ว", "แหล่งข้อมูลแหล่ง ไม่ส่งข้อมูล"]


def test_what_is_over_before_the_quiet_hours_end_is_not_told(office: Office) -> None:
    office.rule(watches="source_silent")
    office.tell(quiet_from=19, quiet_to=6)
    attempt(office, NOW - 9 * HOUR, 5)
    assert office.run(NOW, [Fact]) == [("file", "suppressed: quiet hours")]
    attempt(office, NOW + HOUR, 1)
    over = ("file", "suppressed: over before it was due")
    assert office.run(NOW + HOUR, [Fact]) == [over, over]
    attempt(office, NOW + 10 * HOUR, 1)
    assert office.run(NOW + 11 * HOUR, [Fact]) == [("", "nothing")]
    assert office.outbox() == []


def test_a_recipient_who_is_gone_waits_for_nothing(office: Office) -> None:
    office.rule(watches="fire_near")
    who = office.tell(digest_hours="7")
    office.add(seen("520101", 2))
    assert office.run() == [("file", "kept for the digest")]
    office.registry.remove("recipients", who, author=OPERATOR, based_on=1)
    assert office.run(NOW + HOUR) == [("", "suppressed: already sent"), ("file", "suppressed: no recipient")]
    assert office.run(NOW + 12 * HOUR) == [("", "suppressed: already sent")]


def test_the_next_level_is_told_when_nobody_acknowledges(office: Office) -> None:
    office.rule(watches="fire_near", escalate_minutes=30)
    office.tell(name="เวร", level=1)
    office.tell(name="หัวหน้า", level=3)
    office.add(seen("520101", 2))
    minute = dt.timedelta(minutes=1)
    assert office.run(NOW) == [("file", "sent")]
    assert office.run(NOW + 29 * minute) == [("", "suppressed: already sent")]
    assert office.run(NOW + 30 * minute) == [("", "suppressed: already sent"), ("file", "sent")]
    assert office.run(NOW + 90 * minute) == [("", "suppressed: already sent")]
    assert "ส่งต่อระดับ 3 เพราะยังไม่มีผู้ตอบรับ" in "".join(office.outbox())


def test_an_acknowledged_alert_goes_no_further(office: Office) -> None:
    office.rule(watches="fire_near", escalate_minutes=30)
    office.tell(level=1)
    office.tell(name="หัวหน้า", level=2)
    office.add(seen("520101", 2))
    office.run()
    with pytest.raises(NotStored):
        office.log.acknowledge(2, NOW, OPERATOR)
    office.log.acknowledge(1, NOW, OPERATOR)
    assert office.run(NOW + HOUR) == [("", "suppressed: already sent")]
    newest = office.log.trail().iloc[0]
    assert (newest["outcome"], newest["author"], newest["event"]) == ("acknowledged", "operator", 1)
    # An officer acknowledges for the own amphoe alone.
    with pytest.raises(NotAllowed):
        office.log.acknowledge(1, NOW, Author("x", "officer", "5202"))


def test_a_rehearsal_keeps_and_sends_nothing_and_says_what_would_go(office: Office) -> None:
    office.rule(name="ไฟ", watches="fire_near")
    office.tell()
    office.tell(name="ไลน์กลุ่ม", channel="line", address="U1")
    office.add(seen("520101", 2))
    table, texts = alerts.rehearse(office.desk, office.registry, (), "en")
    told = dict(zip(table["channel"], table["outcome"], strict=True))
    assert told == {"file": "would send", "line": "failed: The channel line is not set up (HAZE_LINE_TOKEN)"}
    assert texts[0].startswith("→ เวร (file)\nพบไฟใหม่")
    assert office.outbox() == []
    assert office.log.events() == {}
    assert office.log.states() == {}
    # What really goes then is the same text.
    assert ("file", "sent") in office.run()
    assert office.outbox()[0].strip() == texts[0].split("\n", 1)[1]


def test_the_sample_sends_nothing(office: Office) -> None:
    desk = office.desk
    desk.is_sample = True
    with pytest.raises(SettingError):
        alerts.run(desk, office.registry, (), "en")


@pytest.mark.parametrize("forgets", [False, True])
def test_an_earlier_row_that_comes_late_brings_no_second_message(office: Office, *, forgets: bool) -> None:
    office.rule(watches="fire_near")
    office.tell()
    office.add(seen("520103", 6))
    assert office.run() == [("file", "sent")]
    (event,) = office.log.events().values()
    if forgets:
        # Without what is kept of lists the fire is called after the earlier row.
        shutil.rmtree(office.store.root / "derived")
    late = seen("520103", 6.1, lon=99.051)
    office.add(late, seen("520103", 6, lon=99.0504, quality="standard"))
    if forgets:
        shutil.rmtree(office.store.root / "derived", ignore_errors=True)
    for minutes in (5, 65):
        assert office.run(NOW + dt.timedelta(minutes=minutes)) == [("", "suppressed: already sent")]
    assert len(office.outbox()) == 1
    fires = fire_seasons.fires(office.desk, NOW.date(), NOW.date())
    assert (fires["fire_id"].tolist() == [event.subject]) is not forgets
    assert fire_seasons.named(office.desk, event.subject)["fire_id"].tolist() == fires["fire_id"].tolist()


def test_a_day_replayed_in_small_steps_tells_each_fire_once(office: Office) -> None:
    office.rule(watches="fire_near")
    office.rule(watches="fire_growing", least_rai=50)
    office.tell()
    table = make.scattered(40, seed=7, first="2026-03-12", days=1)
    rows = table[table["lon"].between(99, 99.2) & table["lat"].between(18, 18.2)].sort_values("acquired_at")
    outcomes: list[str] = []
    start = dt.datetime(2026, 3, 12, tzinfo=dt.UTC)
    for hour in range(6, 28, 6):
        now = start + hour * HOUR
        fresh = rows[(rows["acquired_at"] > now - 6 * HOUR) & (rows["acquired_at"] <= now)]
        if len(fresh):
            with office.store.locked():
                writer = Writer(office.store, office.store.state())
                writer.add_hotspots(fresh)
                writer.commit()
        for _ in range(2):
            outcomes += [outcome for _, outcome in office.run(now)]
    assert set(outcomes) <= {"sent", "suppressed: already sent", "nothing"}
    told = [(event.rule, event.subject, event.facts["level"]) for event in office.log.events().values()]
    assert len(told) == len(set(told)) == outcomes.count("sent") >= 10
    trail = office.log.trail(10_000)
    assert not trail[trail["outcome"] == "sent"].duplicated(["event", "recipient"]).any()


def told_once(office: Office, outcomes: list[str], recipients: int) -> dict[str, set[str]]:
    """Hold what a replay sent against the log; return the subjects told, by what was watched."""
    assert set(outcomes) <= {"sent", "suppressed: already sent", "nothing"}
    events = office.log.events().values()
    told = [(event.rule, event.subject, event.facts["level"]) for event in events]
    assert len(told) == len(set(told))
    assert outcomes.count("sent") == recipients * len(told)
    trail = office.log.trail(100_000)
    assert not trail[trail["outcome"] == "sent"].duplicated(["event", "recipient"]).any()
    return {kind: {event.subject for event in events if event.facts["watches"] == kind} for kind in WATCHES}


def test_a_real_feed_replayed_snapshot_by_snapshot_tells_every_fire_once(shared: Path, tmp_path: Path) -> None:
    """MODIS over Lampang in April 2022 as the feed gave it: overlapping files, late rows, silent hours."""
    folder = shared / "data/hotspots"
    rows = pd.read_csv(folder / "replay_modis_nrt_season2022.csv.gz", dtype=str, keep_default_na=False)
    first = pd.to_datetime(rows["first_seen_in_snapshot"], utc=True)
    plain = rows.drop(columns=["first_seen_in_snapshot", "last_seen_in_snapshot", "n_snapshots"])
    start, end = pd.Timestamp("2022-04-02", tz="UTC"), pd.Timestamp("2022-04-06", tz="UTC")
    office = Office(Store(tmp_path / "store"))
    bring(office.store, plain[first < start])
    for watches in ("fire_near", "ban_breach"):
        office.rule(watches=watches)
    office.tell()
    outcomes: list[str] = []
    for moment in sorted(set(first[(first >= start) & (first < end)])):
        bring(office.store, plain[first == moment])
        for minutes in (0, 5):
            outcomes += [one for _, one in office.run(moment.to_pydatetime() + dt.timedelta(minutes=minutes))]
    told = told_once(office, outcomes, 1)
    # 2022 has a stated ban, so each new fire of the province is one of its breaches too.
    assert told["fire_near"] == told["ban_breach"] != set()
    burned = fire_seasons.fires(office.desk, dt.date(2022, 4, 2), dt.date(2022, 4, 5))
    assert named(burned, told["fire_near"])


def test_a_real_day_of_lampang_replayed_tells_every_fire_once(shared: Path, tmp_path: Path) -> None:
    """GISTDA's detections of 5 to 14 January 2026, the last day looked at every four hours and each time twice."""
    rows = pd.read_csv(shared / "data/hotspots/gistda_viirs_thailand_2026-01-05_to_01-18.csv.gz", dtype=str)
    near = rows["longitude"].astype(float).between(98.5, 100.5) & rows["latitude"].astype(float).between(17, 19.7)
    office = Office(Store(tmp_path / "store"))
    bring(office.store, rows[near])
    for rule in ({"watches": "fire_near"}, {"watches": "fire_growing", "least_rai": 100}, {"watches": "ban_breach"}):
        office.rule(**rule)
    office.tell()
    office.tell(name="สั้น", form="short", language="en")
    outcomes: list[str] = []
    for hour in range(-7, 18, 4):
        for minutes in (0, 5):
            at = dt.datetime(2026, 1, 14, tzinfo=dt.UTC) + hour * HOUR + dt.timedelta(minutes=minutes)
            outcomes += [one for _, one in office.run(at)]
    told = told_once(office, outcomes, 2)
    # The ban of 2026 is not on record.
    assert told["ban_breach"] == set()
    office.clock.now = dt.datetime(2026, 1, 14, 17, 30, tzinfo=dt.UTC)
    burned = fire_seasons.fires(office.desk, dt.date(2026, 1, 14), dt.date(2026, 1, 14))
    assert len(burned) > 10
    assert named(burned, told["fire_near"])


def named(fires: pd.DataFrame, told: set[str]) -> bool:
    """Return whether every fire was told under the name it has or once had."""
    return all({fire["fire_id"], *fire["merged"].split()} & told for fire in fires.to_dict("records"))


def bring(store: Store, rows: pd.DataFrame) -> None:
    source = Brought("modis.csv", rows.to_csv(index=False).encode(), 10**8)
    importer.bring_in(store, [source], lambda: NOW)
