"""Daily means side by side: which stations are of the north, haze years, and what is known by a day."""

import datetime as dt

import numpy as np
import pytest

from data.errors import TooLittleData
from models.station_days import haze_years, station_days
from tests import make


def day(code, date, value):
    return {"station_id": code, "averaging": "P1D", "measured_at": f"{date}T00:00+07:00", "value": value}


def test_november_belongs_to_the_season_of_the_next_year():
    days = np.array(["2025-10-31", "2025-11-01", "2026-01-01", "2026-10-31"], dtype="datetime64[D]")

    assert haze_years(days).tolist() == [2025, 2026, 2026, 2026]


def test_the_north_is_told_by_code_or_by_position_and_other_parts_by_code():
    readings = make.readings(
        day("37t", "2026-03-01", 50.0),
        day("70t-old", "2026-03-01", 50.0),  # an older place of a station: where it stood is not known
        day("46t", "2026-03-01", 30.0),
        day("o99", "2026-03-03", 70.0),
        day("pwa", "2026-03-03", 70.0),
        day("99x", "2026-03-03", 70.0),
    )
    stations = make.stations(
        {"station_id": "o99", "station_type": "mobile", "lon": 98.0, "lat": 19.0},
        {"station_id": "pwa", "station_type": "lowcost", "lon": 98.0, "lat": 19.0},
        {"station_id": "99x", "lon": 100.5, "lat": 13.7},
    )

    found = station_days(readings, stations)

    assert found.stations == ("37t", "o99")
    assert found.fixed.tolist() == [True, False]
    assert found.lon.tolist() == [99.5, 98.0]
    np.testing.assert_array_equal(found.value, [[50.0, np.nan], [np.nan, np.nan], [np.nan, 70.0]])
    np.testing.assert_array_equal(found.elsewhere["northeast"], [[30.0], [np.nan], [np.nan]])


def test_mae_moh_shares_one_weight_among_those_that_reported():
    readings = make.readings(
        *(day(c, "2026-03-01", 50.0) for c in ("37t", "38t", "39t", "40t")), day("38t", "2026-03-02", 1.0)
    )

    found = station_days(readings, make.stations({}))

    np.testing.assert_allclose(found.weight[0], [1, 1 / 3, 1 / 3, 1 / 3])
    assert found.weight[1, 1] == 1


def test_until_a_day_nothing_later_is_left():
    readings = make.readings(*(day("37t", f"2026-03-0{n}", float(n)) for n in range(1, 6)))
    found = station_days(readings, make.stations({}))

    assert found.until(dt.date(2026, 3, 3)).value[:, 0].tolist() == [1.0, 2.0, 3.0]
    assert found.since(dt.date(2026, 3, 4)).value[:, 0].tolist() == [4.0, 5.0]
    assert found.last(2).days[0] == np.datetime64("2026-03-04")
    assert len(found.until(dt.date(2026, 2, 1)).days) == 0


def test_model_values_and_other_parts_alone_are_too_little():
    readings = make.readings({**day("37t", "2026-03-01", 50.0), "flag": "model"}, day("46t", "2026-03-01", 30.0))

    with pytest.raises(TooLittleData) as error:
        station_days(readings, make.stations({}))

    assert error.value.key == "forecast_no_days"
