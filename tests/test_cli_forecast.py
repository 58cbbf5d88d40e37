"""The forecast on the command line: what is printed, in which columns, and what is refused how."""

import csv
import datetime as dt
import io
import json

import pytest

from tests.models import smoky_years
from tests.models.test_forecast import desk_of
from tests.test_cli import at_once, run

DATA = smoky_years.smoke(dt.date(2019, 11, 1), dt.date(2022, 3, 20), seed=3)
FORECAST = ["code", "issued_at", "valid_at", "lead_h", "pm25", "low", "high"]
FORECAST += ["p_over_37_5", "p_over_75", "class", "method"]
CARD = ["lead_h", "method", "served", "n", "mae", "rmse", "skill_vs_persistence", "peirce_37_5"]


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    root = tmp_path_factory.mktemp("smoke")
    desk_of(root, smoky_years.readings(DATA))
    return root


def test_forecast_and_report_card_are_printed_in_the_promised_columns(store):
    period = ("--verify", "--from", "2022-01-10", "--to", "2022-02-20")
    now, card, mine = at_once(
        store,
        ("forecast", "--at", "2565-03-21T00:00", "--format", "json"),
        ("forecast", *period, "--format", "csv"),
        ("forecast", *period, "--stations", "lampang", "--by", "station", "--format", "json"),
    )

    rows = json.loads(now.stdout)
    assert list(rows[0]) == FORECAST
    assert rows[0]["issued_at"] == "2022-03-21T00:00:00+07:00"
    assert {row["valid_at"][:10] for row in rows} == {"2022-03-21", "2022-03-22", "2022-03-23"}
    assert {row["code"] for row in rows} == set(smoky_years.STATIONS)
    found = list(csv.DictReader(io.StringIO(card.stdout)))
    assert list(found[0])[:8] == CARD
    assert [row["lead_h"] for row in found if row["served"] == "True"] == ["24", "48", "72"]
    assert "2020, 2021" in card.stderr or "2563, 2564" in card.stderr
    by_station = json.loads(mine.stdout)
    assert {row["code"] for row in by_station} == {"37t", "38t", "39t", "40t"}


def test_wrong_usage_and_an_empty_store(store, tmp_path):
    lonely = at_once(
        tmp_path,
        ("forecast",),
        ("forecast", "--verify", "--from", "2022-01-01", "--to", "2022-01-31"),
    )
    wrong = at_once(
        store,
        ("forecast", "--verify"),
        ("forecast", "--from", "2022-01-01"),
        ("forecast", "--at", "yesterday"),
        ("forecast", "--verify", "--from", "2022-02-01", "--to", "2022-01-01"),
    )

    assert [done.returncode for done in lonely] == [1, 1]
    assert all(done.stderr.strip() and not done.stdout for done in lonely)
    assert [done.returncode for done in wrong] == [2, 2, 2, 2]


def test_days_that_nobody_measured_are_refused_in_words(store):
    late = run(store, "forecast", "--at", "2022-04-20", HAZE_LANG="en")

    assert late.returncode == 1
    assert "2022-03-20" in late.stderr
