"""The test of the surface: folds, peers and scores by hand, and the real seasons that the documents quote."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data import clock, places, settings
from data.errors import NotStored
from data.merge import Writer
from data.store import Store
from fetchers import importer
from models import surface_check
from models.desk import Desk
from tests import make

PLACES = {"37t": (99.05, 18.05), "x1": (98.9, 18.1), "x2": (99.3, 18.1), "x3": (99.1, 18.4), "x4": (99.1, 17.8)}
MAE_MOH = {"38t": (99.76, 18.25), "39t": (99.76, 18.43), "40t": (99.66, 18.28)}


def desk(root: Path, years: dict[int, int], stations: dict[str, tuple[float, float]]) -> Desk:
    """Return a desk on so many days of each year from 1 February, a wave with small differences between stations."""
    random = np.random.default_rng(2)
    rows = []
    for year, days in years.items():
        start = pd.Timestamp(dt.date(year, 2, 1), tz="Asia/Bangkok")
        for at in range(days):
            level = 60 + 30 * np.sin(at / 5)
            for name in stations:
                value = round(level * np.exp(random.normal(0, 0.1)), 1)
                rows.append({"station_id": name, "measured_at": start + pd.Timedelta(days=at), "value": value})
    store = Store(root / "store")
    with store.locked():
        writer = Writer(store, store.state())
        writer.add_tambons(make.tambons())
        writer.add_stations(make.stations(*({"station_id": n, "lon": x, "lat": y} for n, (x, y) in stations.items())))
        if rows:
            writer.add_readings(make.readings(*({**row, "averaging": "P1D"} for row in rows)))
        writer.commit()
    return Desk(store, places.place("lampang"), settings.load(store=store.root), is_sample=False)


def test_each_station_day_is_foretold_from_the_others(tmp_path: Path) -> None:
    table = surface_check.station_days(desk(tmp_path, {2022: 60}, PLACES))
    assert len(table) == 5 * 60
    assert set(table["pattern"]) == {"shipped"}  # the only season of the store, and not one of those it was fitted on
    day = table[table["day"] == "2022-02-10"].set_index("station_id")
    others = day["observed"].drop("37t")
    # The nearest to 37t is x1, 16.8 km away.
    assert day.at["37t", "nearest"] == pytest.approx(day.at["x1", "observed"])
    assert day.at["37t", "nearest_km"] == pytest.approx(16.8, abs=0.1)
    assert others.min() < day.at["37t", "idw"] < others.max()
    assert day.at["37t", "low"] < day.at["37t", "pm25"] < day.at["37t", "high"]


def test_a_season_is_never_judged_by_a_pattern_that_has_seen_it(tmp_path: Path) -> None:
    seen = surface_check.station_days(desk(tmp_path / "one", {2023: 60}, PLACES))
    assert set(seen["pattern"]) == {"none"}
    both = surface_check.station_days(desk(tmp_path / "two", {2022: 60, 2023: 60}, PLACES))
    assert set(both["pattern"]) == {"refitted"}
    assert sorted(both["season"].unique()) == [2022, 2023]


def test_of_one_instrument_one_station_is_in_the_test(tmp_path: Path) -> None:
    table = surface_check.station_days(desk(tmp_path, {2022: 60}, {**PLACES, **MAE_MOH}))
    assert sorted(table["station_id"].unique()) == ["37t", "40t", "x1", "x2", "x3", "x4"]


def test_too_little_is_no_test(tmp_path: Path) -> None:
    assert surface_check.station_days(desk(tmp_path / "few", {2022: 20}, PLACES)).empty
    three = {name: PLACES[name] for name in ("x1", "x2", "x3")}
    assert surface_check.station_days(desk(tmp_path / "three", {2022: 90}, three)).empty
    assert surface_check.scores(
        surface_check.station_days(desk(tmp_path / "few", {2022: 20}, PLACES)), ["season"]
    ).empty
    with pytest.raises(NotStored):
        surface_check.station_days(desk(tmp_path / "none", {}, PLACES))


def test_scores_by_hand() -> None:
    table = pd.DataFrame(
        {
            "season": [2022, 2022, 2023],
            "observed": [10.0, 30.0, 50.0],
            "pm25": [12.0, 28.0, 50.0],
            "low": [11.0, 20.0, 40.0],
            "high": [15.0, 40.0, 60.0],
            "idw": [14.0, 26.0, 50.0],
            "nearest": [30.0, 10.0, 50.0],
            "nearest_km": [10.0, 20.0, 30.0],
        }
    )
    first = surface_check.scores(table, ["season"]).iloc[0]
    # Squared departures from 20 are 200; errors of the surface 8, of inverse distance 32, of the nearest 800.
    assert first[["season", "n", "r2", "r2_idw", "r2_nearest"]].tolist() == pytest.approx([2022, 2, 0.96, 0.84, -3])
    assert first[["rmse", "rmse_idw", "gain_pct"]].tolist() == pytest.approx([2, 4, 50])
    assert first[["bias", "inside_pct", "nearest_km"]].tolist() == pytest.approx([0, 50, 15])
    whole = surface_check.scores(table).iloc[0]
    assert (whole["n"], whole["inside_pct"]) == (3, pytest.approx(200 / 3))


def test_the_real_seasons_reach_what_the_documents_say(tmp_path: Path, shared: Path) -> None:
    store = Store(tmp_path / "store")
    files = [shared / "data" / "air" / name for name in ("stations_north.csv", "pcd_daily_pm25_north.csv.gz")]
    importer.bring_in(store, importer.sources_of(files, 10**9), clock.utc_now)
    table = surface_check.station_days(
        Desk(store, places.place("lampang"), settings.load(store=store.root), is_sample=False)
    )
    whole = surface_check.scores(table).iloc[0]
    assert whole["n"] == 12_506
    assert whole[["r2_nearest", "r2_idw", "rmse_idw"]].tolist() == pytest.approx([0.607, 0.696, 21.23], abs=0.005)
    assert whole["r2"] > 0.78
    assert whole["gain_pct"] > 15
    seasons = surface_check.scores(table, ["season"])
    assert (seasons["gain_pct"] > 5).all()
    assert seasons["inside_pct"].between(85, 95).all()
