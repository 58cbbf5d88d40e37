"""The Season page: seasons over one fixed set of satellites, on four square tambons counted by hand (see desks.py)."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest

from data.errors import NotStored
from layers import season
from layers.words import say
from models.desk import Desk
from tests import make
from tests.layers import desks


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    air = desks.air(("2026-03-10", 52.0), ("2026-03-11", 20.0), ("2026-03-12", 37.6))
    return desks.desk_of(desks.store_of(tmp_path / "s", [desks.march(), desks.year_before()], air))


def page(desk: Desk, **changes: object) -> season.Season:
    changes = {"lang": "en", "day": dt.date(2026, 3, 12), "sats": "SNPP", **changes}
    return season.build(desk, season.comparable(desks.view(**changes)))


def test_only_a_fixed_set_is_compared() -> None:
    assert season.comparable(desks.view(sats="ALL")).sats == "SNPP"
    assert season.comparable(desks.view(sats="MODIS")).sats == "MODIS"


def test_lines_are_running_totals_that_break_where_nothing_is_stored(desk: Desk) -> None:
    lines = page(desk).lines
    # 12 March is day 71. Suomi NPP saw 3 on 10 March, 0 on the 11th, 2 on the 12th; nothing else is stored.
    this = lines[lines["season"] == 2026].set_index("day")["total"]
    assert this.dropna().to_dict() == {69: 3, 70: 3, 71: 5}
    assert this.index.max() == 71
    before = lines[lines["season"] == 2025].set_index("day")["total"]
    assert before.dropna().to_dict() == {69: 2, 70: 2, 71: 3}
    assert before.index.max() == 151


def test_coverage_says_how_many_days_a_number_rests_on(desk: Desk) -> None:
    table = page(desk).coverage
    assert table.to_dict("records") == [
        {
            "Season": "2026",
            "To 12 Mar": 5,
            "Without permanent heat": 5,
            "Days stored": "3 / 71",
            "All stored": 5,
            "Days of season": "3 / 71",
        },
        {
            "Season": "2025",
            "To 12 Mar": 3,
            "Without permanent heat": 3,
            "Days stored": "3 / 71",
            "All stored": 3,
            "Days of season": "3 / 151",
        },
    ]


def test_the_same_part_of_the_season_is_compared(desk: Desk) -> None:
    table = page(desk, day=dt.date(2026, 3, 10)).coverage.set_index("Season")
    assert table["To 10 Mar"].to_dict() == {"2026": 3, "2025": 2}
    assert table["All stored"].to_dict() == {"2026": 3, "2025": 3}


def test_a_year_without_the_whole_set_is_left_out_and_named(tmp_path: Path) -> None:
    newer = make.hotspots(*(desks.at("520101", "2026-03-10T06:30Z", satellite=s) for s in ("SNPP", "NOAA20", "NOAA21")))
    desk = desks.desk_of(desks.store_of(tmp_path / "s", [newer, desks.year_before()]))
    # NOAA-20 and NOAA-21 are not stored for 2025: its three detections of Suomi NPP may not stand beside three
    # satellites of 2026.
    made = page(desk, sats="VIIRS")
    assert made.lines["season"].unique().tolist() == [2026]
    assert made.left_out == ["2025 is left out: not every satellite of the set is stored for it."]
    assert made.amphoes["group"].unique().tolist() == ["2026"]
    alone = page(desk, sats="SNPP")
    assert sorted(alone.lines["season"].unique()) == [2025, 2026]
    assert alone.left_out == []


def test_permanent_heat_stands_beside_the_counts_that_hold_it(desk: Desk) -> None:
    made = season.build(desk, season.comparable(desks.view(lang="en")), lambda first, _: first.year - 2024)
    table = made.coverage.set_index("Season")
    without = table[say("en", "counts.column_without")]
    assert (table.iloc[:, 0] - without).to_dict() == {"2026": 2, "2025": 1}
    assert made.heat_note == say("en", "counts.note", count="3")
    assert page(desk).heat_note == ""


def test_later_years_are_not_shown(desk: Desk) -> None:
    made = page(desk, day=dt.date(2025, 3, 12))
    assert made.lines["season"].unique().tolist() == [2025]


def test_the_last_of_february_has_a_twin_in_other_years(tmp_path: Path) -> None:
    leap = make.hotspots(desks.at("520101", "2024-02-29T06:30Z"))
    before = make.hotspots(desks.at("520101", "2023-02-28T06:30Z"), desks.at("520101", "2023-03-01T06:30Z"))
    desk = desks.desk_of(desks.store_of(tmp_path / "s", [leap, before]))
    table = page(desk, day=dt.date(2024, 2, 29)).coverage.set_index("Season")
    assert table["To 29 Feb"].to_dict() == {"2024": 1, "2023": 1}


def test_calendar_tells_zero_from_not_stored(desk: Desk) -> None:
    counts, stored = page(desk).calendar
    assert len(counts) == len(stored) == 151
    assert [day.date() for day in stored[stored].index] == [dt.date(2026, 3, 10 + n) for n in range(3)]
    assert counts[stored].tolist() == [3, 0, 2]
    # A day after the one looked at is not part of the page, though it is stored.
    counts, stored = page(desk, day=dt.date(2026, 3, 10)).calendar
    assert int(stored.sum()) == 1


def test_areas_of_this_season_and_the_last_one(desk: Desk) -> None:
    made = page(desk)
    assert made.amphoes.to_dict("records") == [
        {"name": "amphoe en", "count": 5, "group": "2026"},
        {"name": "amphoe en", "count": 3, "group": "2025"},
    ]
    land = made.land[made.land["group"] == "2026"].set_index("name")["count"]
    assert land[land > 0].to_dict() == {"National reserved forest": 1, "Farmland": 1, "Unknown": 3}


def test_air_is_given_by_thai_day(desk: Desk) -> None:
    air = page(desk).air
    assert air["day"].tolist() == [pd.Timestamp(2026, 3, 10 + n) for n in range(3)]
    assert air["pm25"].tolist() == [52.0, 20.0, 37.6]
    assert air["station"].unique().tolist() == ["A"]


def test_days_over_the_standard(desk: Desk) -> None:
    made = page(desk)
    assert made.limit == 37.5
    # 52.0 and 37.6 lie above 37.5; three of the 151 days have a value.
    assert made.over.to_dict("records") == [
        {
            "Season": "2026",
            "Station": "A",
            "Days over": 2,
            "Days with a value": "3 / 151",
            "Standard": "37.5 µg/m³",
        }
    ]


def test_the_thai_page_speaks_of_buddhist_years(desk: Desk) -> None:
    made = page(desk, lang="th")
    assert made.title == "ฤดูหมอกควันปี 2569: 1 ม.ค. ถึง 12 มี.ค. 2569"
    assert made.coverage[say("th", "column.season")].tolist() == ["2569", "2568"]


def test_without_air_the_page_stands(tmp_path: Path) -> None:
    made = page(desks.desk_of(desks.store_of(tmp_path / "s", [desks.march()])))
    assert made.air.empty
    assert made.over.empty
    assert made.coverage["All stored"].tolist() == [5]


def test_a_season_that_no_file_reaches_has_no_line(desk: Desk) -> None:
    made = page(desk, day=dt.date(2027, 2, 1))
    assert made.lines["season"].unique().tolist() == [2026, 2025]
    assert not made.calendar[1].any()


def test_without_hotspots_the_page_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotStored):
        page(desks.desk_of(desks.store_of(tmp_path / "s", readings=desks.air(("2026-03-10", 52.0)))))
