"""The surface over four square tambons: measured stays measured, estimates are marked, doubted, sometimes refused."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data import clock, places, settings
from data.errors import ModelError, NotStored
from data.merge import Writer
from data.store import Store
from fetchers import importer
from models import area_air, surface
from models.desk import Desk
from tests import make

DAY = dt.date(2026, 3, 10)
NEXT = dt.date(2026, 3, 11)
#: 37t stands in 520101; the others around the four squares, outside.
AROUND = {"37t": (99.05, 18.05), "x1": (98.9, 18.1), "x2": (99.3, 18.1), "x3": (99.1, 18.4), "x4": (99.1, 17.8)}


def desk(
    root: Path,
    values: Mapping[str, list[float]],
    around: Mapping[str, tuple[float, float]] = AROUND,
    people: Mapping[str, int] | None = None,
    averaging: str = "P1D",
    **fixed: object,
) -> Desk:
    """Return a desk on daily (or hourly) values from 10 March 2026 on."""
    store = Store(root / "store")
    start, step = pd.Timestamp(DAY, tz="Asia/Bangkok"), pd.Timedelta(hours=24 if averaging == "P1D" else 1)
    rows = [
        {"station_id": name, "measured_at": start + at * step, "averaging": averaging, "value": value, **fixed}
        for name, row in values.items()
        for at, value in enumerate(row)
    ]
    with store.locked():
        writer = Writer(store, store.state())
        writer.add_tambons(make.tambons())
        writer.add_stations(make.stations(*({"station_id": n, "lon": x, "lat": y} for n, (x, y) in around.items())))
        if rows:
            writer.add_readings(make.readings(*rows))
        if people:
            table = pd.DataFrame({"tambon": list(people), "population": list(people.values())})
            table = table.assign(year=2021, source="test")
            writer.add_population(table.astype({"tambon": "str", "population": "Int64", "year": "Int64"}))
        writer.commit()
    return Desk(store, places.place("lampang"), settings.load(store=store.root), is_sample=False)


EVEN = {name: [50.0, 80.0] for name in AROUND}


def test_a_station_speaks_for_its_tambon_and_others_are_estimated(tmp_path: Path) -> None:
    table = surface.daily_surface(desk(tmp_path, EVEN), DAY, NEXT)
    assert list(table) == ["tambon", "day", *list(surface.SURFACE_COLUMNS)[2:]]
    assert table["day"].dt.day.tolist() == [10] * 4 + [11] * 4
    first = table.iloc[:4].set_index("tambon")
    assert first["measured"].tolist() == [True, False, False, False]
    assert first.at["520101", "pm25"] == 50.0
    assert np.isnan(first.at["520101", "low"])
    assert first["nearest_station"].tolist() == ["37t"] * 4
    # From the middle of a square to that of its neighbour: 0.1 degrees of longitude and of latitude.
    assert first["nearest_km"].tolist() == pytest.approx([0.0, 10.6, 11.1, 15.3], abs=0.1)
    rest = first.iloc[1:]
    # Equal all around; the mean of a log-normal lies a little above.
    assert rest["pm25"].between(50.0, 53.0).all()
    assert (rest["low"] < 45).all()
    assert (rest["high"] > 57).all()
    assert (rest["coverage"] == 0).all()


def test_the_interval_grows_with_distance_and_beyond_the_tested_reach_nothing_is_told(tmp_path: Path) -> None:
    # From the middle of 520101, 99.05 degrees east: 58, 164 and 185 km to a station in the west.
    width = {}
    for lon in (98.5, 97.5, 97.3):
        table = surface.daily_surface(desk(tmp_path / str(lon), {"x1": [50.0]}, {"x1": (lon, 18.1)}), DAY, DAY)
        width[lon] = (np.log(table["high"]) - np.log(table["low"])).iloc[0]
    assert width[97.5] > width[98.5] > 0.5
    assert np.isnan(width[97.3])
    assert table["nearest_km"].iloc[0] == pytest.approx(185.2, abs=0.5)
    assert table.loc[0, ["pm25", "low", "high"]].isna().all()


def test_no_reading_of_a_day_is_cannot_tell_and_no_reading_at_all_is_not_stored(tmp_path: Path) -> None:
    table = surface.daily_surface(desk(tmp_path, EVEN), dt.date(2026, 3, 9), DAY)
    before = table.iloc[:4]
    assert before[["pm25", "low", "high", "nearest_km"]].isna().all(axis=None)
    assert before["nearest_station"].tolist() == [""] * 4
    assert not before["measured"].any()
    assert surface.daily_surface(desk(tmp_path / "other", EVEN), dt.date(2023, 3, 1), dt.date(2023, 3, 2)).shape == (
        8,
        9,
    )
    assert (before["coverage"] == 0).all()
    with pytest.raises(NotStored):
        surface.daily_surface(desk(tmp_path / "none", {}), DAY, DAY)


def test_a_missing_day_of_the_station_is_estimated_from_the_others(tmp_path: Path) -> None:
    table = surface.daily_surface(desk(tmp_path, {**EVEN, "37t": [np.nan, 80.0]}), DAY, DAY).set_index("tambon")
    assert not table["measured"].any()
    assert table.at["520101", "low"] < 50 < table.at["520101", "high"]
    assert table.at["520101", "nearest_station"] == "x1"


def test_a_station_twenty_times_its_neighbours_spoils_nothing(tmp_path: Path) -> None:
    spoiled = surface.daily_surface(desk(tmp_path, {**EVEN, "37t": [1000.0, 80.0]}), DAY, DAY)
    assert not spoiled["measured"].any()
    assert spoiled["pm25"].between(49, 55).all()


def test_averagings_are_kept_apart(tmp_path: Path) -> None:
    one = desk(tmp_path, {name: [50.0] * 24 for name in AROUND}, averaging="PT1H")
    hours = surface.hourly_surface(one, DAY, DAY, "PT1H")
    assert len(hours) == 24 * 4
    assert hours.loc[hours["measured"], "pm25"].eq(50.0).all()
    running = surface.hourly_surface(one, DAY, DAY, "PT24H")
    # 18 of 24 hours are needed: from the mean published at 18:00 on, whose stamp is its end.
    known = running.dropna(subset="pm25")
    assert known["time"].dt.tz_convert("Asia/Bangkok").dt.hour.min() == 18
    assert known.loc[known["measured"], "coverage"].tolist() == pytest.approx([at / 24 for at in range(18, 24)])
    days = surface.daily_surface(one, DAY, DAY)
    wide = {name: (np.log(t["high"]) - np.log(t["low"])).iloc[1] for name, t in (("1", hours), ("24", days))}
    assert wide["1"] > wide["24"]
    with pytest.raises(ModelError):
        surface.hourly_surface(one, DAY, DAY, "P7D")


def test_the_year_is_kept_until_a_reading_changes(tmp_path: Path) -> None:
    one = desk(tmp_path, EVEN)
    first = surface.daily_surface(one, DAY, DAY)
    kept = list((one.store.root / "derived").glob("surface_lampang_2026-*.parquet"))
    assert len(kept) == 1
    pd.testing.assert_frame_equal(surface.daily_surface(one, DAY, DAY), first)
    with one.store.locked():
        writer = Writer(one.store, one.store.state())
        writer.add_readings(make.readings({"measured_at": "2026-03-09T17:00Z", "averaging": "P1D", "value": 60.0}))
        writer.commit()
    later = Desk(one.store, one.place, one.settings, is_sample=False)
    assert surface.daily_surface(later, DAY, DAY)["pm25"].iloc[0] == 60.0
    assert len(list((one.store.root / "derived").glob("surface_*"))) == 2


# -- amphoes -----------------------------------------------------------------------------------------------------------


def test_an_amphoe_is_the_mean_over_its_people(tmp_path: Path) -> None:
    people = {"520101": 300, "520102": 100, "520103": 0, "520104": 0}
    one = desk(tmp_path, EVEN, people=people)
    tambons = area_air.tambon_air(one, DAY, DAY, "P1D").set_index("code")
    table, weight = area_air.amphoe_air(one, DAY, DAY, "P1D")
    assert (weight, list(table)) == ("population", list(area_air.COLUMNS))
    other = tambons.loc["520102"]
    assert table.at[0, "pm25"] == pytest.approx((3 * 50 + other["pm25"]) / 4, abs=0.051)
    assert table.at[0, "low"] == pytest.approx((3 * 50 + other["low"]) / 4, abs=0.051)
    assert table.at[0, "class"] == 4
    assert tambons["aqi"].notna().all()


def test_without_all_people_the_area_weighs(tmp_path: Path) -> None:
    one = desk(tmp_path, EVEN, people={"520101": 300})
    tambons = area_air.tambon_air(one, DAY, DAY, "P1D")
    table, weight = area_air.amphoe_air(one, DAY, DAY, "P1D")
    assert weight == "area"  # all squares are 100 km²
    assert table.at[0, "pm25"] == pytest.approx(tambons["pm25"].mean(), abs=0.051)


def test_means_over_amphoes_by_hand() -> None:
    def row(code: str, pm25: float, coverage: float, low: float = np.nan, high: float = np.nan) -> dict[str, object]:
        return {"code": code, "time": DAY, "pm25": pm25, "coverage": coverage, "low": low, "high": high}

    rows = [row("520101", 20, 1), row("520102", 40, 0, 30, 60), row("520201", 20, 1), row("520202", 30, 0.5)]
    rows += [row("520301", 20, 1), row("520302", np.nan, 0), row("520401", 9, np.nan), row("520402", 11, 1)]
    weight = pd.Series(1.0, index=[str(entry["code"]) for entry in rows])
    weight["520102"] = 3.0
    table = area_air.mean_over_amphoes(pd.DataFrame(rows), weight).set_index("code")
    # 20 once and 40 three times; what was measured is its own bound.
    assert table.loc["5201", ["pm25", "low", "high", "coverage"]].tolist() == [35, 27.5, 50, 0.25]
    assert table.loc["5202", ["pm25", "coverage"]].tolist() == [25, 0.75]
    assert table.loc["5202", ["low", "high"]].isna().all()
    # Half of the weight is without a value: the mean would not stand for the amphoe.
    assert np.isnan(table.at["5203", "pm25"])
    assert table.at["5203", "coverage"] == 0
    assert table.at["5204", "pm25"] == 10
    assert np.isnan(table.at["5204", "coverage"])


# -- the real years ----------------------------------------------------------------------------------------------------


def test_four_real_stations_fill_the_province(tmp_path: Path, shared: Path) -> None:
    store = Store(tmp_path / "store")
    files = [shared / "data" / "air" / name for name in ("stations_north.csv", "pcd_daily_pm25_north.csv.gz")]
    verdicts = list(importer.bring_in(store, importer.sources_of(files, 10**9), clock.utc_now))
    assert [verdict.refused for verdict in verdicts] == [None, None]
    one = Desk(store, places.place("lampang"), settings.load(store=store.root), is_sample=False)
    table = surface.daily_surface(one, dt.date(2023, 1, 1), dt.date(2023, 5, 31))
    assert len(table) == 151 * 100
    assert table["pm25"].notna().all()
    assert table["measured"].sum() == pytest.approx(4 * 151, abs=45)
    rest = table[~table["measured"]]
    assert ((rest["low"] < rest["pm25"]) & (rest["pm25"] < rest["high"])).all()
    assert table.loc[table["pm25"].idxmax(), "day"] > pd.Timestamp("2023-03-01")
