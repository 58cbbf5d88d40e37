"""Real feeds of NASA played again, snapshot by snapshot: overlapping windows, late rows, silent hours."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data import places, settings
from data.store import Store
from fetchers import importer
from fetchers.brought import Brought
from models import events, fire_seasons
from models.desk import Desk
from models.looks import looks
from tests import make

NAMES = {"T": "TERRA", "A": "AQUA"}


def feed(shared: Path, season: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    folder = shared / "data" / "hotspots"
    rows = pd.read_csv(folder / f"replay_modis_nrt_season{season}.csv.gz", dtype=str)
    return rows, pd.read_csv(folder / f"replay_modis_nrt_season{season}_snapshots.csv.gz", dtype=str)


@pytest.mark.parametrize("season", [2022, 2023, 2024])
def test_fires_keep_their_names_and_nothing_counts_twice(shared: Path, season: int) -> None:
    rows, _ = feed(shared, season)
    when = pd.to_datetime(rows["acq_date"] + rows["acq_time"].str.zfill(4), format="%Y-%m-%d%H%M", utc=True)
    table = make.hotspots(
        *(
            {"acquired_at": w, "lon": float(r.longitude), "lat": float(r.latitude), "satellite": NAMES[r.satellite[0]]}
            | {"sensor": "MODIS", "scan_km": float(r.scan), "track_km": float(r.track)}
            for w, r in zip(when, rows.itertuples(), strict=True)
        )
    ).assign(tambon=None, current=True)
    arrived = pd.to_datetime(rows["first_seen_in_snapshot"], utc=True, format="ISO8601")
    known: set[str] = set()
    listed: set[str] = set()
    changed = 0
    for moment in sorted(arrived.unique()):
        part = events.ordered(table[(arrived <= moment).to_numpy()])
        group = events.join(part)
        own = events.fire_ids(part)
        part = part.assign(named=np.isin(own, list(listed)))
        names = own[events.namesakes(part, group)]
        now = set(names)
        for name in known - now:
            # Only because it met a fire that was listed too; the former name still finds both.
            member = events.find(part, group, name)
            assert names[member[0]] in known
            changed += 1
        # The rule without a memory of lists: late rows may rename, and every name still finds its fire.
        assert all(len(events.find(part, group, name)) for name in known - set(own[group]))
        known, listed = now, listed | now
    assert changed <= 0.002 * len(known)
    told, _ = events.fires(part, group, moment.to_pydatetime())
    assert told["detections"].sum() == len(table)
    assert told["fire_id"].is_unique


def test_a_feed_through_the_importer_tells_silent_days(shared: Path, tmp_path: Path) -> None:
    rows, snapshots = feed(shared, 2024)
    columns = rows.columns[3:]
    store = Store(tmp_path)
    seen = 0
    for text in snapshots["snapshot_time"]:
        moment = dt.datetime.fromisoformat(text).astimezone(dt.UTC)
        stamps = (dt.datetime.fromisoformat(one) for one in rows["first_seen_in_snapshot"])
        first = np.array([one <= moment for one in stamps])
        last = np.array([dt.datetime.fromisoformat(one) >= moment for one in rows["last_seen_in_snapshot"]])
        content = rows.loc[first & last, columns].to_csv(index=False).encode()
        importer.bring_in(store, [Brought("feed.csv", content, 10**9)], lambda now=moment: now)
        desk = Desk(
            store, places.place("lampang"), settings.load(store=tmp_path), is_sample=False, now=lambda m=moment: m
        )
        stored = desk.detections.between(dt.date(2023, 1, 1), dt.date(2024, 12, 31))
        # Rows of overlapping windows are there once; what is not in a window any more stays.
        assert len(stored) == first.sum() >= seen
        seen = len(stored)
        newest = moment.astimezone(dt.timezone(dt.timedelta(hours=7))).date()
        table = fire_seasons.fires(desk, dt.date(2023, 8, 1), newest)
        assert table["detections"].sum() <= seen
    days = set(pd.to_datetime(rows["acq_date"]).dt.date)
    every = [min(days) + dt.timedelta(days=n) for n in range((max(days) - min(days)).days)]
    # A day in the midst of the gap: a Thai day has rows of two UTC days.
    silent = next(day for day in every if not days & {day + dt.timedelta(days=n) for n in (-1, 0, 1)})
    assert set(looks(desk, silent, silent, ("TERRA", "AQUA"))["state"]) == {"not_stored"}
