"""A whole real season through the rules as its feed came in: each event told once, everything not told explained."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd

from data import clock, places
from data.registry.alert_log import NO_RECIPIENT, QUEUED, SENT
from data.store import Store
from fetchers import importer
from models import fire_seasons
from models.desk import Desk
from tests.briefings.test_alerts import HOUR, Office, bring, named

#: Mae Sariang, where fires were seen on the most days of that season.
AMPHOE = "5804"


class NorthernOffice(Office):
    """An office for the eight provinces of the upper north, from which the snapshots of the feed were cut."""

    @property
    def desk(self) -> Desk:
        return Desk(self.store, places.place("upper_north"), self.options, is_sample=False, now=self.clock)


def test_a_season_of_the_feed_tells_each_event_once_and_explains_what_it_does_not_tell(
    shared: Path, tmp_path: Path
) -> None:
    """MODIS from October 2022 to May 2023, every snapshot that brought rows, some looked at twice."""
    rows = pd.read_csv(shared / "data/hotspots/replay_modis_nrt_season2023.csv.gz", dtype=str, keep_default_na=False)
    seen = pd.to_datetime(rows.pop("first_seen_in_snapshot"), utc=True)
    rows = rows.drop(columns=["last_seen_in_snapshot", "n_snapshots"])
    office = NorthernOffice(Store(tmp_path / "store"))
    outlines = importer.sources_of([shared / "data/boundaries/upper_north_tambons.parquet"], 10**9)
    importer.bring_in(office.store, outlines, clock.utc_now)
    office.rule(watches="fire_near")
    office.rule(watches="fire_growing", least_rai=1500)
    office.rule(watches="ban_breach")
    office.rule(watches="fire_near", amphoe=AMPHOE, name="เฉพาะอำเภอ")
    heard = {
        office.tell(name="ทั้งภาค", quiet_from=12, quiet_to=17, form="short"): "",
        office.tell(name="อำเภอ", amphoe=AMPHOE, digest_hours="7,17"): AMPHOE,
        office.tell(name="แม่พริก", amphoe="5209"): "5209",
    }
    printed: set[str] = set()
    for number, moment in enumerate(sorted(set(seen))):
        bring(office.store, rows[seen == moment])
        for minutes in (0, 5) if number % 3 == 0 else (0,):
            printed |= {one for _, one in office.run(moment.to_pydatetime() + dt.timedelta(minutes=minutes))}
    printed |= {one for _, one in office.run(moment.to_pydatetime() + 24 * HOUR)}
    assert printed <= {"sent", "nothing", "suppressed: already sent", "suppressed: quiet hours", "kept for the digest"}

    events, trail = office.log.events(), office.log.trail(1_000_000)
    assert len(events) > 100
    # One event for each rule, fire and level.
    assert len({(one.rule, one.subject, one.facts["level"]) for one in events.values()}) == len(events)
    # Each was told to whoever hears of its place, once, and to nobody else.
    sent = trail[trail["outcome"] == SENT]
    assert not sent.duplicated(["event", "recipient"]).any()
    due = {
        (number, who) for number, event in events.items() for who, code in heard.items() if code in ("", event.amphoe)
    }
    assert set(zip(sent["event"], sent["recipient"], strict=True)) == due
    # Whatever did not go at once says what it waited for, and nothing waits any more.
    assert set(trail["outcome"]) <= {SENT, QUEUED, NO_RECIPIENT}
    waited = trail[trail["outcome"] == QUEUED]
    assert set(waited["reason"]) == {"quiet hours", "digest"}
    digest = waited[waited["recipient"] == list(heard)[1]]
    assert len(digest) > 3
    assert set(digest["reason"]) == {"digest"}
    assert {event.facts["watches"] for event in events.values()} >= {"fire_near", "fire_growing"}
    assert {message.outcome for message in office.log.messages()} == {SENT}
    # No fire of the season's last look went untold.
    last = clock.thai_day(moment)
    office.clock.now = moment.to_pydatetime()
    burned = fire_seasons.fires(office.desk, last, last)
    assert named(burned, {event.subject for event in events.values() if event.facts["watches"] == "fire_near"})
