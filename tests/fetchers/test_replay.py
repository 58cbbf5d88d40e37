"""Days as they were: archived replies handed out hour by hour must leave what importing their files leaves."""

from __future__ import annotations

import dataclasses
import datetime as dt
import io
import json
import random
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from data.clock import ICT, UTC
from data.store import Store
from fetchers import importer
from fetchers.brought import Brought
from fetchers.http import Http
from fetchers.refresh import Outcome, refresh
from fetchers.source import Area
from tests.server import Answer, Server

AREA = Area(98.5, 17.5, 100.5, 19.5, ("52",), ("37t",))
LIVE = "/forweb/getAQI_JSON.php"
MODIS = "/data/active_fire/modis-c6.1/csv/MODIS_C6_1_SouthEast_Asia_24h.csv"
HOUR = dt.timedelta(hours=1)


@dataclasses.dataclass(frozen=True)
class Copy:
    """One archived reply and when it was taken."""

    at: dt.datetime
    name: str
    body: bytes


@pytest.fixture(scope="module")
def feed(shared: Path) -> list[Copy]:
    """The live feed of Air4Thai of 26 to 30 March 2026, oldest first."""
    found = []
    with tarfile.open(shared / "data/air/raw_samples/air4thai_getAQI_replay_2026-03_peak.tar.xz") as archive:
        for member in archive:
            held = archive.extractfile(member) if member.isfile() else None
            if held is not None:
                stem = Path(member.name).stem
                at = dt.datetime.strptime(stem, "%Y%m%d_%H%M%S").replace(tzinfo=UTC)
                found.append(Copy(at, f"{stem}.json", held.read()))
    found.sort(key=lambda copy: copy.at)
    assert len(found) == 73
    return found


def ask(store: Store, server: Server, host: str, source: str, now: dt.datetime) -> Outcome:
    with Http(mirrors={host: server.url}, pause_s=0.01) as http:
        return refresh(store, http, area=AREA, keys={}, now=lambda: now, names=(source,))[0]


def bring(root: Path, copies: list[Copy]) -> Store:
    """Import copies in this order, as files."""
    store = Store(root)
    sources = (Brought(copy.name, copy.body, 10**8) for copy in copies)
    verdicts = importer.bring_in(store, sources, lambda: dt.datetime(2026, 4, 1, tzinfo=UTC))
    assert all(verdict.refused is None for verdict in verdicts)
    return store


def stations_of(copy: Copy) -> Iterator[tuple[tuple[str, pd.Timestamp], float | None]]:
    """Read a reply with nothing of ours: station and stamp, and the PM2.5 as a number or None."""
    for station in json.loads(copy.body)["stations"]:
        last = station["AQILast"]
        stamp = pd.Timestamp(f"{last['date']} {last['time']}", tz=ICT).tz_convert(UTC)
        value = float(last["PM25"]["value"])
        yield (station["stationID"].lower(), stamp), None if value in (-1, -999, -9999) else value


def pm25(store: Store) -> dict[tuple[str, pd.Timestamp], float]:
    table = store.readings(dt.datetime(2020, 1, 1, tzinfo=UTC), dt.datetime(2027, 1, 1, tzinfo=UTC))
    table = table[table["variable"] == "pm25"]
    return dict(zip(zip(table["station_id"], table["measured_at"], strict=True), table["value"], strict=True))


def test_five_days_of_air_hour_by_hour_leave_what_the_files_leave(
    feed: list[Copy], server: Server, tmp_path: Path
) -> None:
    """Each copy is asked for once when it was new, then each hour again; on the way the feed is down and cut short."""
    store = Store(tmp_path / "live")
    moments = sorted({feed[0].at + n * HOUR for n in range(95)} | {copy.at for copy in feed})
    moments = [moment for moment in moments if moment <= feed[-1].at]
    verdicts = []
    for number, moment in enumerate(moments):
        newest = max((copy for copy in feed if copy.at <= moment), key=lambda copy: copy.at)
        if number % 20 == 7:
            server.answer(LIVE, Answer(status=503))
            assert ask(store, server, "air4thai.pcd.go.th", "air4thai-live", moment).verdict == "unreachable"
        if number % 20 == 13:
            server.answer(LIVE, Answer(newest.body, cut=5000), Answer(newest.body))
        else:
            server.answer(LIVE, Answer(newest.body, gzipped=number % 2 == 0))
        verdicts.append(ask(store, server, "air4thai.pcd.go.th", "air4thai-live", moment).verdict)
    assert set(verdicts) <= {"updated", "late"}

    # In one go; with every file twice, then again from the start as after an interruption.
    assert store.state().revision == bring(tmp_path / "files", feed).state().revision
    doubled = [copy for copy in feed for _ in range(2)]
    assert store.state().revision == bring(tmp_path / "doubled", doubled).state().revision
    again = bring(tmp_path / "again", feed[:40])
    assert again.state().revision != store.state().revision
    assert bring(again.root, feed).state().revision == store.state().revision

    # No hour of any copy is missing, none was made up, and each has the last number that the feed gave for it.
    expected: dict[tuple[str, pd.Timestamp], float | None] = {}
    for copy in feed:
        for key, value in stations_of(copy):
            expected[key] = value if value is not None else expected.get(key)
    stored = pm25(store)
    assert set(stored) == set(expected)
    assert {key: value for key, value in stored.items() if value == value} == {
        key: value for key, value in expected.items() if value is not None
    }
    assert sum(key[0] == "37t" for key in stored) > 50


def test_in_another_order_only_the_hours_that_the_feed_itself_changed_differ(feed: list[Copy], tmp_path: Path) -> None:
    """The later import wins; a file does not say when it was taken."""
    given: dict[tuple[str, pd.Timestamp], set[float]] = {}
    for copy in feed:
        for key, value in stations_of(copy):
            given.setdefault(key, set()).update(() if value is None else (value,))
    changed = {key for key, values in given.items() if len(values) > 1}
    assert changed
    shuffled = random.Random(5).sample(feed, len(feed))
    inorder, mixed = pm25(bring(tmp_path / "files", feed)), pm25(bring(tmp_path / "mixed", shuffled))
    assert set(inorder) == set(mixed)
    differing = {key for key, value in inorder.items() if value == value and mixed[key] != value}
    assert differing <= changed
    assert {key: mixed[key] in given[key] for key in changed} == dict.fromkeys(changed, True)
    # Without these hours the order leaves no trace at all.
    steady = [dataclasses.replace(copy, body=_without(copy, changed)) for copy in feed]
    back = [*reversed(steady), *random.Random(6).sample(steady, 20)]
    one, other = bring(tmp_path / "steady", steady), bring(tmp_path / "back", back)
    assert one.state().part_revision("readings") == other.state().part_revision("readings")
    assert len(pm25(one)) == len(inorder) - len(changed)


def _without(copy: Copy, left_out: set[tuple[str, pd.Timestamp]]) -> bytes:
    document = json.loads(copy.body)
    keys = [key for key, _ in stations_of(copy)]
    kept = [s for s, key in zip(document["stations"], keys, strict=True) if key not in left_out]
    # PM10 of an hour may change while its PM2.5 does not.
    for station in kept:
        station["AQILast"]["PM10"] = {"value": "-1"}
    return json.dumps({**document, "stations": kept}, ensure_ascii=False).encode()


def test_four_days_of_modis_hour_by_hour_leave_what_the_files_leave(
    shared: Path, server: Server, tmp_path: Path
) -> None:
    """April 2022: overlapping files of 24 hours, late arrivals, silent hours."""
    folder = shared / "data/hotspots"
    rows = pd.read_csv(folder / "replay_modis_nrt_season2022.csv.gz", dtype=str, keep_default_na=False)
    snapshots = pd.read_csv(folder / "replay_modis_nrt_season2022_snapshots.csv.gz")
    times = pd.to_datetime(snapshots["snapshot_time"], utc=True)
    seen = [pd.to_datetime(rows[f"{which}_seen_in_snapshot"], utc=True) for which in ("first", "last")]
    plain = rows.drop(columns=["first_seen_in_snapshot", "last_seen_in_snapshot", "n_snapshots"])
    start, end = pd.Timestamp("2022-04-02", tz="UTC"), pd.Timestamp("2022-04-06", tz="UTC")

    def reply(moment: pd.Timestamp) -> bytes:
        return plain[(seen[0] <= moment) & (seen[1] >= moment)].to_csv(index=False).encode()

    served = list(times[(times >= start) & (times < end)].drop_duplicates().sort_values())
    assert len(served) > 60
    store = Store(tmp_path / "live")
    hours = list(pd.date_range(served[0].ceil("h"), end, freq="h"))
    outcomes = []
    for moment in sorted({*served, *hours}):
        newest = max(time for time in served if time <= moment)
        server.answer(MODIS, Answer(reply(newest), gzipped=True))
        outcomes.append(ask(store, server, "firms.modaps.eosdis.nasa.gov", "firms-modis", moment.to_pydatetime()))
    assert {outcome.verdict for outcome in outcomes} == {"updated"}

    alive = (seen[0] <= served[-1]) & (seen[1] >= served[0])
    files = plain[alive].sample(frac=1.0, random_state=7)
    imported = Store(tmp_path / "files")
    halves = [files.iloc[::2], files.iloc[1::2], files.iloc[::3]]
    sources = [Brought(f"{n}.csv", _csv(half), 10**8) for n, half in enumerate(halves)]
    importer.bring_in(imported, sources, lambda: dt.datetime(2022, 5, 1, tzinfo=UTC))
    assert store.state().revision == imported.state().revision
    stored = sum(part.rows for part in store.parts("hotspots").values())
    different = plain[alive].drop_duplicates(["latitude", "longitude", "acq_date", "acq_time", "satellite"])
    assert stored == len(different) == sum(outcome.rows for outcome in outcomes)
    assert stored > 200


def _csv(table: pd.DataFrame) -> bytes:
    out = io.StringIO()
    table.to_csv(out, index=False)
    return out.getvalue().encode()
