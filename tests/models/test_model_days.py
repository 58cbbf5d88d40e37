"""What the model said at the end of each day: the newest word known by then, of fetches and of runs, none later."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from data import places, settings
from data.clock import UTC, day_bounds
from data.contracts import check_stations
from data.merge import Writer
from data.store import Store
from fetchers import importer
from models.desk import Desk
from models.model_days import known_at_issue
from models.station_days import StationDays
from tests import grid_files

NOW = dt.datetime(2026, 3, 20, tzinfo=UTC)
CELL, FAR = "cams:18.40,99.60", "cams:18.40,101.60"
#: 37t stands in the first cell; 57t in none.
PLACES = {"37t": (99.5065, 18.2783), "57t": (99.83, 19.91)}


def days(first: str = "2026-03-08", count: int = 6) -> StationDays:
    lon, lat = (np.array([place[axis] for place in PLACES.values()]) for axis in (0, 1))
    start = np.datetime64(first)
    value = np.full((count, len(PLACES)), 30.0)
    return StationDays(np.arange(start, start + count), tuple(PLACES), value, lon, lat, np.ones(len(PLACES), bool), {})


def told(day: int, known: str, pm25: float, cell: str = CELL) -> dict[str, object]:
    """Return what was known of a day of March 2026 at a moment in Thai time."""
    start, _ = day_bounds(*[dt.date(2026, 3, day)] * 2)
    return {"station_id": cell, "day": start, "known_at": pd.Timestamp(known, tz="Asia/Bangkok"), "pm25": pm25}


def desk_with(root, rows=(), grids=()) -> Desk:
    store = Store(root, lambda: NOW)
    with store.locked():
        writer = Writer(store, store.state())
        if rows:
            table = pd.DataFrame(list(rows))
            table["known_at"] = pd.to_datetime(table["known_at"]).dt.tz_convert("UTC")
            cells = [
                {"station_id": cell, "name_th": "", "name_en": "", "area_th": "", "area_en": "",
                 "station_type": "model", "lon": lon, "lat": 18.4, "source": "cams"}
                for cell, lon in ((CELL, 99.6), (FAR, 101.6))
            ]  # fmt: skip
            writer.add_stations(check_stations(pd.DataFrame(cells)))
            writer.add_model_days(table)
        for grid in grids:
            writer.add_grid(grid)
        writer.commit()
    options = settings.load().model_copy(update={"store": root})
    return Desk(store, places.place("lampang"), options, is_sample=False, now=lambda: NOW)


def run(start: str, factor: float = 1.0, steps: int = 40, hole: int = -1):
    """Return a run of steps of three hours whose value is the day of the month (Thai) times a factor, on four cells."""
    begin = pd.Timestamp(start)
    times = begin + pd.to_timedelta(3 * np.arange(1, steps + 1), unit="h")
    value = factor * (times + pd.Timedelta(hours=7)).day.to_numpy(float)
    field = np.repeat(value, 4).reshape(-1, 2, 2)
    if hole >= 0:
        field[hole] = np.nan
    grid = grid_files.grid(
        field, lon=(99.2, 99.6), lat=(18.0, 18.4), source="cams", run=f"{start}Z", issued_at=f"{start}Z"
    )
    return grid.assign_coords(time=times.to_numpy("datetime64[us]"))


def test_nothing_stored_is_nothing_said(tmp_path):
    assert known_at_issue(desk_with(tmp_path), days(), (1, 2, 3)) == {}


def test_hours_without_a_time_of_issue_say_nothing(tmp_path):
    analysis = run("2026-03-08T00:00")
    analysis.attrs |= {"run": "", "issued_at": ""}

    assert known_at_issue(desk_with(tmp_path, grids=[analysis]), days(), (1,)) == {}


def test_the_newest_word_known_before_the_day_of_issue_ended_counts(tmp_path):
    rows = [
        told(11, "2026-03-08 12:00", 1.0),  # more than two days before the end of the 10th
        told(11, "2026-03-09 08:00", 2.0),
        told(11, "2026-03-10 23:59:59", 3.0),
        told(12, "2026-03-11 00:00:00", 4.0),  # the 10th has ended: known at 24 h, not at 48
        told(12, "2026-03-10 09:00", 5.0),
        told(13, "2026-03-10 09:00", 6.0),
        told(13, "2026-03-10 09:00", 9.0, FAR),
    ]
    found = known_at_issue(desk_with(tmp_path, rows), days(), (1, 2, 3))
    nan = np.nan

    # By day of issue, 8 to 13 March, at 37t.
    np.testing.assert_array_equal(found[1][:, 0], [nan, nan, 3.0, 4.0, nan, nan])
    np.testing.assert_array_equal(found[2][:, 0], [nan, 2.0, 5.0, 6.0, nan, nan])
    np.testing.assert_array_equal(found[3][:, 0], [1.0, nan, 6.0, nan, nan, nan])
    assert np.isnan(np.stack([value[:, 1] for value in found.values()])).all()


def test_what_is_known_after_the_issue_changes_nothing(tmp_path):
    issue = dt.date(2026, 3, 10)
    end = pd.Timestamp("2026-03-11", tz="Asia/Bangkok")
    rows = [
        told(day, f"2026-03-{known:02d} {hour:02d}:00", 10.0 * day + known + hour / 100)
        for known in range(7, 13)
        for hour in (0, 9, 23)
        for day in range(known + 1, known + 5)
    ]
    late = [row | {"pm25": 500.0} if row["known_at"] >= end else row for row in rows]
    early = [row for row in rows if row["known_at"] < end]
    grids = [run("2026-03-09T12:00"), run("2026-03-10T00:00")]
    # The run of 12 UTC on the 10th is at hand at 22 UTC, when the Thai day has ended.
    later = [run("2026-03-10T12:00", 9.0), run("2026-03-11T00:00", 9.0)]

    one, two, three = (
        known_at_issue(desk_with(tmp_path / name, some, more), days(), (1, 2, 3))
        for name, some, more in (("a", rows, grids), ("b", late, [*grids, *later]), ("c", early, grids))
    )
    at = days().position(issue)
    for lead in (1, 2, 3):
        assert np.isfinite(one[lead][at, 0])
        np.testing.assert_array_equal(one[lead][: at + 1], two[lead][: at + 1])
        np.testing.assert_array_equal(one[lead][: at + 1], three[lead][: at + 1])
        # The test could fail: on later days the changed words are heard.
        assert not np.array_equal(one[lead][at + 1 :], two[lead][at + 1 :], equal_nan=True)


def test_a_run_is_known_ten_hours_after_its_start_and_gives_whole_days_alone(tmp_path):
    # From 10 March 00 UTC, 120 hours: until 15 March 07:00 in Thailand. Whole Thai days: 11 to 14.
    grids = [run("2026-03-10T00:00", 2.0), run("2026-03-09T12:00", 1.0)]
    found = known_at_issue(desk_with(tmp_path, grids=grids), days(), (1, 2, 3, 4))

    # The run of the 9th, at hand on the 10th at 05:00, is older than that of the 10th, at hand at 17:00.
    at = days().position(dt.date(2026, 3, 10))
    assert [found[lead][at, 0] for lead in (1, 2, 3, 4)] == [22.0, 24.0, 26.0, 28.0]
    # Before it nothing was at hand; the day after, its second day is at 24 h.
    assert all(np.isnan(found[lead][at - 1, 0]) for lead in (1, 2, 3, 4))
    assert [found[lead][at + 1, 0] for lead in (1, 2, 3)] == [24.0, 26.0, 28.0]
    # 57t stands outside the grid.
    assert np.isnan(found[1][:, 1]).all()


def test_a_day_with_a_missing_step_is_no_day(tmp_path):
    # Steps 6 to 13 of the run are the Thai 11th (18 UTC of the 10th to 15 UTC of the 11th).
    found = known_at_issue(desk_with(tmp_path, grids=[run("2026-03-10T00:00", hole=8)]), days(), (1, 2))
    at = days().position(dt.date(2026, 3, 10))

    assert np.isnan(found[1][at, 0])
    assert found[2][at, 0] == 12.0


def test_a_run_over_the_turn_of_a_month_is_one(tmp_path):
    found = known_at_issue(desk_with(tmp_path, grids=[run("2026-02-27T00:00")]), days("2026-02-25", 8), (1, 2, 3))
    at = days("2026-02-25", 8).position(dt.date(2026, 2, 27))

    # 1 March begins at 17 UTC of 28 February, in the file of another month.
    assert [found[lead][at, 0] for lead in (1, 2, 3)] == [28.0, 1.0, 2.0]


def test_between_cells_a_grid_is_taken_as_linear(tmp_path):
    grid = run("2026-03-10T00:00")
    grid = grid.copy(data=np.tile(np.array([[10.0, 20.0], [10.0, 20.0]], np.float32), (40, 1, 1)))
    found = known_at_issue(desk_with(tmp_path, grids=[grid]), days(), (1,))

    share = (PLACES["37t"][0] - 99.2) / 0.4
    assert found[1][days().position(dt.date(2026, 3, 10)), 0] == pytest.approx(10 + 10 * share)


def test_an_archive_of_runs_as_the_data_store_writes_it_is_known_run_by_run(tmp_path):
    runs = pd.to_datetime(["2026-03-09", "2026-03-10"]).to_numpy()
    steps = np.arange(0, 121, 3).astype("timedelta64[h]").astype("timedelta64[ns]")
    valid = runs[None] + steps[:, None]
    # The Thai day of the month in µg/m³, and a hundred more in the second run.
    thai = pd.DatetimeIndex(valid.ravel()) + pd.Timedelta(hours=7)
    smoke = thai.day.to_numpy().reshape(valid.shape) + np.array([0.0, 100.0])
    dims = ("forecast_period", "forecast_reference_time", "latitude", "longitude")
    field = np.broadcast_to((smoke * 1e-9)[:, :, None, None], (*smoke.shape, 3, 3)).astype(np.float32)
    coordinates = {
        "forecast_period": steps,
        "forecast_reference_time": runs,
        "latitude": [18.8, 18.4, 18.0],
        "longitude": [99.2, 99.6, 100.0],
        "valid_time": (dims[:2], valid),
    }
    made = xr.Dataset({"pm2p5": (dims, field, {"units": "kg m**-3"})}, coordinates, {"title": "CAMS global forecast"})
    made.to_netcdf(tmp_path / "data_sfc.nc")
    desk = desk_with(tmp_path / "store")
    (verdict,) = importer.bring_in(desk.store, importer.sources_of([tmp_path / "data_sfc.nc"], 10**8), lambda: NOW)
    found = known_at_issue(desk_with(tmp_path / "store"), days(), (1, 2, 3))

    assert (verdict.refused, verdict.kept) == (None, 82)
    nan = np.nan
    for lead, expected in ((1, [10, 111, 112]), (2, [11, 112, 113]), (3, [12, 113, 114])):
        np.testing.assert_allclose(found[lead][:, 0], [nan, *expected, nan, nan], rtol=1e-5)
