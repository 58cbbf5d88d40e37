"""The report card, worked out by hand."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from models import report_card
from models.station_days import StationDays


def days(value, stations=("37t",)):
    value = np.array(value, dtype=float)
    first = np.datetime64("2026-03-01")
    zeros = np.zeros(len(stations))
    return StationDays(
        np.arange(first, first + len(value)), stations, value, zeros, zeros, np.ones(len(stations), bool), {}
    )


def forecast(day, pm25, method="m", code="37t", lead=24, low=np.nan, high=np.nan, chance=np.nan):
    """Return a forecast that aims at a day of March 2026."""
    valid = pd.Timestamp(dt.date(2026, 3, day), tz="Asia/Bangkok").tz_convert("UTC")
    issued = valid - pd.Timedelta(hours=lead - 24)
    return {
        "code": code, "issued_at": issued, "valid_at": valid, "lead_h": lead, "method": method, "pm25": pm25,
        "low": low, "high": high, "p_over_37_5": chance, "p_over_75": np.nan,
    }  # fmt: skip


def table(*rows):
    return pd.DataFrame(list(rows))


def test_pairs_need_the_day_aimed_at_and_the_last_day_known():
    data = days([[10.0], [20.0], [np.nan], [40.0], [50.0]])
    found = report_card.pairs(table(*(forecast(day, 30.0) for day in range(1, 8)), forecast(4, 30.0, lead=48)), data)

    # 2 March follows a day that was measured; 4 March does not, but lies two days after one that was; 5 March does.
    assert found[["measured", "last_known", "lead_h"]].to_numpy().tolist() == [
        [20.0, 10.0, 24],
        [50.0, 40.0, 24],
        [40.0, 20.0, 48],
    ]
    assert found["season"].tolist() == [2026] * 3


def test_errors_skill_and_threshold_counts():
    data = days([[30.0], [40.0], [50.0], [30.0], [20.0]])
    rows = [forecast(day, value) for day, value in zip((2, 3, 4, 5), (42.0, 36.0, 40.0, 22.0), strict=True)]
    stay = [
        forecast(day, value, "persistence") for day, value in zip((2, 3, 4, 5), (30.0, 40.0, 50.0, 30.0), strict=True)
    ]

    card = report_card.scores(report_card.pairs(table(*rows, *stay), data)).set_index("method")

    mine = card.loc["m"]
    assert mine["n"] == 4
    assert mine["mae"] == pytest.approx((2 + 14 + 10 + 2) / 4)
    assert mine["rmse"] == pytest.approx(np.sqrt((4 + 196 + 100 + 4) / 4))
    assert mine["bias"] == pytest.approx((2 - 14 + 10 + 2) / 4)
    assert mine["skill_vs_persistence"] == pytest.approx(1 - np.sqrt(304 / 4) / np.sqrt((100 + 100 + 400 + 100) / 4))
    # Over 37.5 were 2 and 3 March; said so on 2 and 4 March.
    assert mine[["hits", "misses", "false_alarms"]].tolist() == [1, 1, 1]
    assert mine["peirce_37_5"] == pytest.approx(1 / 2 - 1 / 2)
    assert card.loc["persistence", "skill_vs_persistence"] == 0
    assert np.isnan(mine["skill_vs_climatology"])


def test_coverage_and_reliability():
    data = days([[30.0], [40.0], [50.0], [30.0], [20.0]])
    rows = [
        forecast(2, 40.0, low=35.0, high=45.0, chance=0.9),
        forecast(3, 40.0, low=35.0, high=45.0, chance=0.9),
        forecast(4, 30.0, low=25.0, high=45.0, chance=0.1),
        forecast(5, 20.0, low=15.0, high=45.0, chance=0.3),
    ]

    judged = report_card.pairs(table(*rows), data)
    card = report_card.scores(judged).iloc[0]

    assert card["coverage_90"] == pytest.approx(3 / 4)
    # Said 0.9 twice, came twice; said 0.1, did not come; said 0.3, did not come.
    assert card["reliability_gap"] == pytest.approx((2 * 0.1 + 0.1 + 0.3) / 4)
    fifths = report_card.reliability(judged)
    assert fifths[["fifth", "n", "came"]].to_numpy().tolist() == [[0, 1, 0], [1, 1, 0], [4, 2, 1]]


def test_stations_of_one_instrument_count_once():
    data = days([[30.0, 30.0, 30.0, 30.0], [40.0, 60.0, 60.0, 60.0]], ("37t", "38t", "39t", "40t"))
    rows = [forecast(2, 40.0, code=code) for code in data.stations]

    card = report_card.scores(report_card.pairs(table(*rows), data)).iloc[0]

    assert card["n"] == 2
    assert card["mae"] == pytest.approx((0 + 20) / 2)
    assert card["misses"] == 0
    assert card["hits"] == 2


def test_common_keeps_what_every_method_told():
    rows = table(forecast(2, 1.0), forecast(3, 1.0), forecast(2, 1.0, "other"), forecast(2, 1.0, lead=48))

    kept = report_card.common(rows)

    assert len(kept) == 3
    assert set(kept["lead_h"]) == {24, 48}


def test_without_days_over_the_limit_there_is_no_peirce_score():
    card = report_card.scores(report_card.pairs(table(forecast(2, 20.0)), days([[10.0], [20.0]]))).iloc[0]

    assert np.isnan(card["peirce_37_5"])
