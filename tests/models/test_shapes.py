"""Bends, slopes and products of features: each says what its name says, for the right station, with the right age."""

import dataclasses
import datetime as dt

import numpy as np
import pytest

from models import features as fx
from models import shapes
from models.baselines import usual_year
from tests.models import smoky_years

DATA = smoky_years.smoke(dt.date(2019, 11, 1), dt.date(2021, 4, 30))
USUAL = usual_year(DATA, DATA.year == 2020)
BASE = fx.features(DATA, USUAL, 1)
ELSEWHERE = fx.elsewhere_features(DATA, USUAL)
DAY = DATA.position(dt.date(2021, 3, 9))


def at(table, name, station=2):
    return float(table.value[DAY, station, table.names.index(name)])


def test_bends_follow_their_names():
    found = shapes.bends(BASE)
    own, before, north = (at(BASE, name) for name in ("own 0", "own 1", "north 0"))
    week = shapes.of(BASE, "north 0")[DAY - 6 : DAY + 1, 0]
    days = shapes.of(BASE, "north 0")[DAY - 9 : DAY + 1, 0]

    assert at(found, "own rise") == pytest.approx(max(own - before, 0), abs=1e-6)
    assert at(found, "apart squared") == pytest.approx((own - north) * abs(own - north), abs=1e-6)
    assert at(found, "level in µg") == pytest.approx(DATA.value[DAY, 2] / 50, rel=1e-4)
    assert at(found, "swing") == pytest.approx(week.std(), abs=1e-4)
    assert at(found, "smoky days of ten") == pytest.approx((days > 0.2).mean(), abs=1e-6)


def test_a_slope_belongs_to_one_station():
    found = shapes.slopes(BASE)

    assert at(found, "station 2 x own 0") == at(BASE, "own 0")
    assert at(found, "station 2") == 1
    for other in (0, 1, 3):
        assert at(found, "station 2 x own 0", other) == at(found, "station 2", other) == 0


def test_products_are_products_and_only_those_of_the_calendar_are_always_known():
    found = shapes.products(BASE, ELSEWHERE)
    age = dict(zip(found.names, found.age_days, strict=True))
    passing = shapes.passages(BASE, ELSEWHERE)

    change = at(ELSEWHERE, "northeast 0") - at(ELSEWHERE, "northeast 1")
    assert at(found, "north * northeast change") == pytest.approx(at(BASE, "north 0") * change, rel=1e-5)
    assert age["sin * cos"] == fx.ALWAYS
    assert age["sin * northeast"] == age["north * usual"] == 0
    assert at(passing, "northeast 0 x cos") == pytest.approx(at(ELSEWHERE, "northeast 0") * at(BASE, "cos"), rel=1e-5)
    # The smoky years know no central plain and no east.
    assert not [name for name in passing.names if name.startswith(("central", "east"))]


def test_what_is_missing_stays_missing():
    value = DATA.value.copy()
    value[DAY] = np.nan

    base = fx.features(dataclasses.replace(DATA, value=value), USUAL, 1)

    assert np.isnan(shapes.bends(base).value[DAY, :, shapes.bends(base).names.index("own rise")]).all()
