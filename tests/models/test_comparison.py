"""Districts side by side on a small desk: by hand, with the seasons that are not stored left missing."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pytest

from data import places, settings
from data.merge import Writer, bounds_of
from data.store import Store
from models.comparison import compare, neighbours_of, same_days
from models.desk import Desk
from tests import make
from tests.layers.desks import NOW, at

UNTIL = dt.date(2026, 3, 31)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Three amphoes in a row, 5201 to 5203 of one tambon each; 2023 to 2026 but not 2024 stored up to 31 March.

    Detections from January to March: 5201 has 1, 3, 4; 5202 has 0, 0, 2; 5203 has 2 (the ends) in each year.
    """
    tambons = make.tambons(columns=3, rows=1)
    codes = ["520101", "520201", "520301"]
    tambons = tambons.assign(tambon=codes, amphoe=[code[:4] for code in codes])
    tambons = tambons.assign(amphoe_en=["A", "B", "C"], amphoe_th=["ก", "ข", "ค"])
    store = Store(tmp_path)
    middle = {"520101": 99.05, "520201": 99.15, "520301": 99.25}
    with store.locked():
        writer = Writer(store, store.state())
        writer.add_tambons(tambons)
        for number, (year, first, second) in enumerate(((2023, 1, 0), (2025, 3, 0), (2026, 4, 2))):
            moments = [("520301", f"{year}-01-01T06:30Z"), ("520301", f"{year}-03-31T06:30Z")]
            moments += [("520101", f"{year}-02-{day + 1:02d}T06:30Z") for day in range(first)]
            moments += [("520201", f"{year}-02-{day + 1:02d}T06:30Z") for day in range(second)]
            rows = make.hotspots(*(at("520101", moment, lon=middle[code]) for code, moment in moments))
            added = writer.add_hotspots(rows)
            note = {
                "kind": "hotspots",
                "format": "x",
                "source": str(year),
                "fetched_at": NOW,
                "sha256": f"{number:064x}",
            }
            note |= {"read": len(rows), "kept": added.kept, "duplicates": 0, "rejected": 0, "remarks": "[]"}
            writer.note(note | bounds_of(rows))
        writer.commit()
    options = settings.load(store=tmp_path, mode="cached")
    return Desk(store, places.place("lampang"), options, is_sample=False, now=lambda: NOW)


def test_side_by_side_by_hand(desk: Desk) -> None:
    table = compare(desk, "hotspots", "SNPP", UNTIL, ["5201", "5202", "5203"]).set_index("amphoe")
    assert table["now"].tolist() == [4, 2, 2]
    assert table["last_year"].tolist() == [3, 0, 2]
    assert table["change"].tolist() == [pytest.approx(1 / 3), pytest.approx(np.nan, nan_ok=True), 0]
    assert table.loc["5201", ["low", "mean", "high", "years"]].tolist() == [1, 2, 3, 2]
    assert table["neighbours"].tolist() == [2, 3, 2]
    assert table["place"].tolist() == [pytest.approx(8 / 3)] * 3


def test_a_season_that_no_file_reaches_is_not_known(desk: Desk) -> None:
    later = compare(desk, "hotspots", "SNPP", dt.date(2026, 5, 31), ["5201"])
    assert later[["now", "last_year", "change", "mean"]].isna().all(axis=None)
    assert later["years"].tolist() == [0]
    before = compare(desk, "hotspots", "SNPP", dt.date(2024, 3, 31), ["5201"])
    assert np.isnan(before["now"].iloc[0])
    assert before[["last_year", "years"]].iloc[0].tolist() == [1, 1]


def test_satellites_that_are_not_stored_make_nothing_known(desk: Desk) -> None:
    assert compare(desk, "hotspots", "MODIS", UNTIL, ["5201"])["now"].isna().all()


def test_neighbours_touch_and_the_same_days_are_the_same_days(desk: Desk) -> None:
    assert neighbours_of(desk) == {"5201": ["5202"], "5202": ["5201", "5203"], "5203": ["5202"]}
    assert same_days(dt.date(2024, 2, 29), 2023).last == dt.date(2023, 2, 28)
    assert same_days(UNTIL, 2023).first == dt.date(2023, 1, 1)
