"""What is told about the air of a tambon: value, interval, nearest instrument, people, seasons, and the test page."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pytest

from layers import air
from layers.figures import Figure
from layers.view import View
from layers.words import LANGS, Lang, say
from models.desk import Desk
from tests.models import test_surface_check as checked
from tests.models.test_surface import AROUND, DAY, EVEN, NEXT, desk

PEOPLE = {"520101": 1000, "520102": 200, "520103": 300, "520104": 400}


def view(**changes: object) -> View:
    return View(**{"lang": "en", "day": DAY, "theme": "pm25", **changes})  # type: ignore[arg-type]


@pytest.fixture
def one(tmp_path: Path) -> Desk:
    return desk(tmp_path, EVEN, people=PEOPLE)


def facts(figures: list[Figure]) -> dict[str, tuple[str, str]]:
    return {figure.label: (f"{figure.value} {figure.unit}".strip(), figure.detail) for figure in figures}


def test_an_estimated_tambon_says_all_that_is_known_of_its_value(one: Desk) -> None:
    found = air.of_tambon(one, view(tambon="520102"))
    assert found is not None
    told = facts(found.facts)
    value = float(told["PM2.5 here"][0].split()[0])
    low, high = (float(part) for part in told["90 % interval (µg/m³)"][0].split()[0].split("–"))
    assert low < 50 < value < high
    assert told["PM2.5 here"][1].endswith("mean of the day")
    assert told["Nearest instrument"] == ("11 km", "A · estimated")
    assert told["People here"] == ("200", "60 and over: not known · registered")
    # 10 March is the only day of the season so far that has a value, and 50 is over 37.5 whatever the bounds say.
    assert told["Days over the standard"][0] == "1"
    assert found.limit == 37.5
    assert found.days["time"].iloc[-1].date() == DAY
    assert found.days["pm25"].notna().sum() == 1
    assert found.hours.empty
    assert found.seasons.iloc[0].tolist()[:1] == ["2026"]


def test_a_measured_tambon_has_no_interval(one: Desk) -> None:
    found = air.of_tambon(one, view(tambon="520101"))
    assert found is not None
    told = facts(found.facts)
    assert told["PM2.5 here"][0] == "50.0 µg/m³"
    assert "90 % interval (µg/m³)" not in told
    assert told["Nearest instrument"][1] == "A · measured"


def test_a_day_without_a_value_cannot_be_told(one: Desk) -> None:
    found = air.of_tambon(one, view(tambon="520102", day=dt.date(2026, 3, 9)))
    assert found is not None
    told = facts(found.facts)
    assert told["PM2.5 here"] == ("–", say("en", "air.cannot_tell"))
    assert told["Days over the standard"][0] == "–"
    assert found.days.empty
    day = air.of_day(one, view(day=dt.date(2026, 3, 9)))
    assert set(day.fills.values()) == {(None, say("en", "air.cannot_tell"))}
    assert day.estimated == ()


def test_nothing_stored(tmp_path: Path) -> None:
    empty = desk(tmp_path, {})
    assert air.of_tambon(empty, view(tambon="520102")) is None
    day = air.of_day(empty, view())
    assert len(day.fills) == 4
    assert air.people_over(empty, view(), day).value == "–"


@pytest.mark.parametrize("lang", LANGS)
def test_people_above_the_standard(tmp_path: Path, lang: Lang) -> None:
    # 36 µg/m³ all around: below the standard of 37.5, but the bounds of the three estimates reach above it.
    near = desk(tmp_path, {name: [36.0] for name in AROUND}, people=PEOPLE)
    shown = view(lang=lang)
    figure = air.people_over(near, shown, air.of_day(near, shown))
    assert figure.value in {"0", "900"}  # the mean of a log-normal lies a little above 36
    assert "900" in figure.detail
    assert "1,900" in figure.detail
    high = desk(tmp_path / "high", {name: [150.0] for name in AROUND}, people=PEOPLE)
    assert air.people_over(high, shown, air.of_day(high, shown)).value == "1,900"


def test_hours_of_the_running_mean_are_drawn_in_local_time(tmp_path: Path) -> None:
    hourly = desk(tmp_path, {name: [50.0] * 48 for name in AROUND}, averaging="PT1H")
    found = air.of_tambon(hourly, view(tambon="520102", day=NEXT))
    assert found is not None
    known = found.hours.dropna(subset="pm25")
    # 18 hours make a mean: the first is published at 18:00 of the first day.
    assert str(known["time"].iloc[0]) == "2026-03-10 18:00:00"
    assert (known["low"] < known["high"]).all()
    assert facts(found.facts)["PM2.5 here"][1].startswith("AQI")


@pytest.mark.parametrize("lang", LANGS)
def test_how_good_the_estimates_are(tmp_path: Path, lang: Lang) -> None:
    found = air.estimates(checked.desk(tmp_path, {2022: 60}, checked.PLACES), lang)
    assert found is not None
    assert [figure.label for figure in found.summary][:2] == ["R²", "RMSE"]
    assert found.seasons.iloc[0].tolist()[:2] == ["2565" if lang == "th" else "2022", 300]
    assert len(found.stations) == 5
    assert found.stations.iloc[:, 0].str.split().str[0].tolist()[0] in {"37t", "x1"}
    assert found.note == say(lang, "estimates.pattern_shipped")
    assert air.estimates(checked.desk(tmp_path / "few", {2022: 10}, checked.PLACES), lang) is None
    assert np.isfinite(found.stations["RMSE"]).all()
