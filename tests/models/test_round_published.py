"""The round against the published form: province total and amphoe counts of GISTDA's own labels, January 2026."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd

from data import clock, places, settings
from data.store import Store
from fetchers import importer
from models.desk import Desk
from models.round import make_round

VIIRS = ("SNPP", "NOAA20", "NOAA21")


def test_rounds_have_the_totals_and_the_order_of_the_source(shared: Path, tmp_path: Path) -> None:
    data = shared / "data"
    file = data / "hotspots" / "gistda_viirs_thailand_2026-01-05_to_01-18.csv.gz"
    store = Store(tmp_path)
    importer.bring_in(
        store, importer.sources_of([data / "boundaries" / "lampang_tambons.geojson", file], 10**9), clock.utc_now
    )
    desk = Desk(store, places.place("lampang"), settings.load(store=tmp_path), is_sample=False)
    rows = pd.read_csv(file, encoding="utf-8-sig")
    rows = rows[rows["province"] == "ลำปาง"]
    hour = rows["th_time"].astype(int) // 100
    checked = 0
    for day in (dt.date(2026, 1, 8), dt.date(2026, 1, 13), dt.date(2026, 1, 14)):
        for kind, at, inside in (("night", 9, hour < 6), ("day", 15, (hour >= 6) & (hour < 18))):
            moment = dt.datetime.combine(day, dt.time(at), clock.ICT).astimezone(dt.UTC)
            report = make_round(desk, moment, VIIRS)
            printed = rows[(rows["th_date"].str[:10] == str(day)) & inside]["amphoe"].value_counts()
            counts = report.counts[(report.counts["by"] == "amphoe") & (report.counts["count"] > 0)]
            assert report.kind == kind
            assert report.total == printed.sum()
            assert dict(zip(counts["name_th"], counts["count"], strict=True)) == printed.to_dict()
            assert counts["count"].is_monotonic_decreasing
            checked += int(printed.sum())
    assert checked > 30
