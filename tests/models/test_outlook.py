"""The forecast carried to tambons and amphoes: a station's own where it stands, wider intervals where none does."""

import datetime as dt

import numpy as np
import pytest

from data.errors import TooLittleData
from models import outlook
from models.conformal import fit_spread
from tests.models import smoky_years
from tests.models.test_forecast import NOW, desk_of

DATA = smoky_years.smoke(dt.date(2021, 11, 1), dt.date(2022, 3, 20), seed=3)


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    return desk_of(tmp_path_factory.mktemp("smoke"), smoky_years.readings(DATA))


@pytest.fixture(scope="module")
def found(desk):
    # No season before: persistence is served, which is quick and as good for what is asked here.
    return outlook.outlook(desk)


def test_every_tambon_and_amphoe_of_the_place_has_three_days(found):
    assert found.tambons.groupby("code").size().to_dict() == dict.fromkeys(sorted(set(found.tambons["code"])), 3)
    assert found.tambons["code"].nunique() == 100
    assert found.amphoes["code"].nunique() == 13
    assert found.weight == "area"
    for table in (found.tambons, found.amphoes):
        assert tuple(table.columns) == outlook.COLUMNS
        assert (table["low"] < table["pm25"]).all()
        assert (table["pm25"] < table["high"]).all()
        assert table["p_over_37_5"].between(0, 1).all()
        assert (table["p_over_75"] <= table["p_over_37_5"] + 1e-9).all()


def test_where_a_station_stands_its_own_forecast_speaks(desk, found):
    home = desk.stations.set_index("station_id")["tambon"]
    assert (home != home["37t"]).sum() == 3
    here = found.tambons[found.tambons["code"] == home["37t"]]

    # Persistence is the last day itself.
    assert here["pm25"].tolist() == pytest.approx([DATA.value[-1, 1]] * 3)
    assert here["nearest_km"].tolist() == [0, 0, 0]
    assert here["nearest_station"].unique().tolist() == ["37t"]
    station = found.stations[found.stations["code"] == "37t"]
    assert here["low"].tolist() == pytest.approx(station["low"].tolist())
    assert here["p_over_37_5"].tolist() == pytest.approx(station["p_over_37_5"].tolist(), abs=1e-6)


def test_carrying_widens_the_interval(found):
    first = found.tambons[found.tambons["lead_h"] == 24].assign(width=lambda t: np.log(t["high"] / t["low"]))
    here = first[first["nearest_km"] == 0]["width"].max()

    assert (first[first["nearest_km"] > 0]["width"] > here).all()


def test_an_amphoe_lies_between_its_tambons(found):
    for _, row in found.amphoes.iterrows():
        mine = found.tambons[
            (found.tambons["code"].str[:4] == row["code"]) & (found.tambons["lead_h"] == row["lead_h"])
        ]
        assert mine["pm25"].min() - 0.1 <= row["pm25"] <= mine["pm25"].max() + 0.1
        assert row["nearest_km"] == mine["nearest_km"].min()


def test_a_stretched_interval_stretches_the_chance():
    random = np.random.default_rng(1)
    forecast = random.uniform(20, 45, 8000)
    spread = fit_spread(forecast, forecast * np.exp(random.normal(0, 0.2, 8000)))
    pm25 = np.array([30.0])
    low, high = outlook._wider(pm25, spread, np.array([1.6449 * 0.2]))
    down, up = np.log(pm25 / low), np.log(high / pm25)

    # Two independent errors of 0.2 make one of 0.283: the chance of log(37.5/30)/0.283 = 0.79 standard deviations.
    assert up == pytest.approx(1.6449 * 0.283, rel=0.03)
    own_low, own_high = spread.interval(pm25)
    reach = outlook._drawn_in(pm25, 37.5, down / np.log(pm25 / own_low), up / np.log(own_high / pm25))
    assert spread.chance_over(pm25, reach)[0] == pytest.approx(0.215, abs=0.02)


def test_a_place_far_from_the_north_cannot_be_told(tmp_path):
    desk = desk_of(tmp_path, smoky_years.readings(DATA), NOW)
    desk.all_tambons = desk.all_tambons.assign(geometry=desk.all_tambons.geometry.translate(0, -8))

    with pytest.raises(TooLittleData) as error:
        outlook.outlook(desk)

    assert error.value.key == "forecast_no_station_near"
