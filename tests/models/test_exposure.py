"""People under the smoke of four squares, added up by hand; unknown people stay unknown."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data import clock
from fetchers import importer
from fetchers.brought import Brought
from models import exposure
from models.desk import Desk
from models.people import people
from tests.grid_files import geotiff
from tests.models.test_surface import AROUND, DAY, EVEN, NEXT, desk

PEOPLE = {"520101": 1000, "520102": 200, "520103": 300, "520104": 400}


def rows(**changed: list[object]) -> pd.DataFrame:
    """Return one day of three tambons: 30 measured, 37.5 (30 to 45) and 80 (60 to 100) estimated."""
    table = {
        "tambon": ["520101", "520102", "520201"],
        "day": [pd.Timestamp("2026-03-10")] * 3,
        "pm25": [30.0, 37.5, 80.0],
        "low": [np.nan, 30.0, 60.0],
        "high": [np.nan, 45.0, 100.0],
        "people": [1000.0, 200.0, 300.0],
        "older": [100.0, 50.0, 60.0],
        "limit": [37.5] * 3,
        "class": pd.array([3, 3, 5], "Int64"),
        "class_low": pd.array([3, 3, 4], "Int64"),
        "class_high": pd.array([3, 4, 5], "Int64"),
    }
    return pd.DataFrame({**table, **changed})


def test_people_by_class() -> None:
    table = exposure.by_class(rows()).set_index("class")
    assert table.loc[[1, 2, 3, 4, 5], "people"].tolist() == [0, 0, 1200, 0, 300]
    assert table.loc[[3, 5], "older"].tolist() == [150, 60]
    assert table.loc[[3, 5], "tambons"].tolist() == [2, 1]
    # In the fourth class or worse: 80 surely, 37.5 if its upper bound is true; 30 never.
    assert table.loc[4, ["people_at_least_low", "people_at_least", "people_at_least_high"]].tolist() == [300, 300, 500]
    assert table.loc[5, ["people_at_least_low", "people_at_least", "people_at_least_high"]].tolist() == [0, 300, 300]


def test_what_cannot_be_told_is_a_class_of_its_own() -> None:
    told = rows(pm25=[30.0, np.nan, 80.0], **{"class": pd.array([3, None, 5], "Int64")})
    told[["low", "high"]] = told[["low", "high"]].where(told["pm25"].notna())
    table = exposure.by_class(told.assign(class_low=told["class"], class_high=told["class"]))
    last = table[table["class"].isna()].iloc[0]
    assert (last["tambons"], last["people"]) == (1, 200)


def test_person_days_over_the_standard() -> None:
    second = rows(day=[pd.Timestamp("2026-03-11")] * 3, pm25=[40.0, 50.0, np.nan], low=[np.nan, 45.0, np.nan])
    second = second.assign(high=[np.nan, 60.0, np.nan])
    both = pd.concat([rows(), second], ignore_index=True)
    tambon = exposure.over_standard(both, "tambon").set_index("code")
    assert tambon["days"].tolist() == [2, 2, 1]
    assert tambon["days_over"].tolist() == [1, 1, 1]  # 37.5 is not over 37.5
    assert tambon["days_over_high"].tolist() == [1, 2, 1]
    assert tambon["person_days"].tolist() == [1000, 200, 300]
    assert tambon["person_days_high"].tolist() == [1000, 400, 300]
    assert tambon["older_days"].tolist() == [100, 50, 60]
    amphoe = exposure.over_standard(both, "amphoe").set_index("code")
    assert amphoe["person_days_low"].tolist() == [1200, 300]
    # (1000 * (30 + 40) + 200 * (37.5 + 50)) / (2 * 1200)
    assert amphoe["mean"].tolist() == pytest.approx([36.4583, 80], abs=1e-3)
    province = exposure.over_standard(both, "province")
    assert province[["people", "older", "person_days"]].iloc[0].tolist() == [1500, 210, 1500]


def test_unknown_people_are_not_zero() -> None:
    nobody = exposure.over_standard(rows(people=[np.nan] * 3, older=[np.nan] * 3), "province").iloc[0]
    assert nobody[["people", "older", "person_days"]].isna().all()
    assert nobody["people_of"] == 0
    assert nobody["mean"] == pytest.approx((30 + 37.5 + 80) / 3)
    some = exposure.over_standard(rows(people=[np.nan, 200.0, 300.0]), "province").iloc[0]
    assert (some["people"], some["people_of"]) == (500, pytest.approx(2 / 3))


def test_exposure_of_a_desk(tmp_path: Path) -> None:
    one = desk(tmp_path, EVEN, people=PEOPLE)
    table = exposure.exposure(one, DAY, NEXT)
    assert table["people"].tolist() == [1000, 200, 300, 400] * 2
    assert table["older"].isna().all()
    assert set(table["limit"]) == {37.5}
    first = table.iloc[:4]
    assert first["class"].tolist() == [4, 4, 4, 4]
    # What was measured has no doubt about its class.
    assert first[["class_low", "class_high"]].iloc[0].tolist() == [4, 4]
    assert (first["class_low"] <= first["class"]).all()
    assert exposure.over_standard(table, "province")["person_days"].tolist() == [3800]


def test_the_standard_is_the_one_of_the_day(tmp_path: Path) -> None:
    one = desk(tmp_path, {name: [45.0, 45.0] for name in AROUND}, people=PEOPLE)
    assert set(exposure.exposure(one, dt.date(2023, 5, 31), dt.date(2023, 6, 1))["limit"]) == {50.0, 37.5}


def test_without_a_population_file(tmp_path: Path) -> None:
    table = people(desk(tmp_path, EVEN))
    assert table[["people", "older"]].isna().all(axis=None)
    assert len(table) == 4


def test_a_raster_counts_people_where_no_file_told_any(tmp_path: Path) -> None:
    one = desk(tmp_path, EVEN)
    # Four cells to each square of 0.1 degree; the square in the north-east has cells over a quarter only.
    cells = np.array([[9, 9, 5, -1], [9, 9, -1, -1], [1, 1, 2, 2], [1, 1, 2, 2]], dtype=np.float32)
    raster = geotiff(cells, nodata=-1.0, described=["population count"])
    importer.bring_in(one.store, [Brought("p.tif", raster, 10**9)], clock.utc_now)
    table = people(Desk(one.store, one.place, one.settings, is_sample=False))
    assert table["people"].tolist() == pytest.approx([4, 8, 36, np.nan], nan_ok=True)
    assert table["basis"].tolist() == ["raster"] * 3 + [""]
    assert table["older"].isna().all()
    # Registered people of one tambon are enough to leave the raster alone.
    told = people(desk(tmp_path / "told", EVEN, people={"520101": 1000}))
    assert told["basis"].tolist() == ["registered", "", "", ""]
