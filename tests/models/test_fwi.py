"""The fire weather index: the published sample, an independent implementation, gaps and edges worked out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from models import fwi

#: The first days of the sample of Van Wagner and Pickett (1985): 13 to 17 April, temperature, humidity, wind, rain; and
#: the FFMC, DMC, DC, ISI, BUI and FWI printed there, to one decimal.
WEATHER = [(17, 42, 25, 0), (20, 21, 25, 2.4), (8.5, 40, 17, 0), (6.5, 25, 6, 0), (13, 34, 24, 0)]
PRINTED = [
    (87.7, 8.5, 19.0, 10.9, 8.5, 10.1),
    (86.2, 10.4, 23.6, 8.8, 10.4, 9.3),
    (87.0, 11.8, 26.1, 6.5, 11.7, 7.6),
    (88.8, 13.2, 28.2, 4.9, 13.1, 6.2),
    (89.1, 15.4, 31.5, 12.6, 15.3, 14.8),
]
NAMES = ("ffmc", "dmc", "dc", "isi", "bui", "fwi")


def season(rows: list[tuple[float, ...]], places: int = 1) -> fwi.Season:
    columns = np.array(rows, float).T[:, :, None]
    return fwi.Season(*np.repeat(columns, places, axis=2))


def run(rows: list[tuple[float, ...]], latitude: float = 46.0, month: int = 4) -> fwi.Codes:
    return fwi.run(season(rows), np.full(len(rows), month), np.array([latitude]))


def test_published_sample() -> None:
    codes = run(WEATHER)
    found = np.stack([getattr(codes, name)[:, 0] for name in NAMES], axis=1)
    np.testing.assert_allclose(found, PRINTED, atol=0.051)
    # The first day is known to three decimals.
    np.testing.assert_allclose(found[0], (87.693, 8.545, 19.014, 10.854, 8.490, 10.096), atol=0.0005)
    np.testing.assert_allclose(codes.dsr[0, 0], 0.0272 * 10.096**1.77, atol=0.001)


def test_equals_an_independent_implementation_on_random_weather() -> None:
    fire = pytest.importorskip("xclim.indices.fire")
    import xarray as xr

    random = np.random.default_rng(7)
    shape = (200, 40)
    weather = {
        "degC": random.uniform(-5, 42, shape),
        "mm/day": np.where(random.random(shape) < 0.4, random.gamma(0.5, 12, shape), 0),
        "km/h": random.uniform(0, 60, shape),
        "%": random.uniform(3, 100, shape),
    }
    # 46 north, and 25 north, where the other one too takes the day lengths of 20 north.
    latitude = np.where(np.arange(shape[1]) % 2 == 0, 46.0, 25.0)
    days = pd.date_range("2025-12-01", periods=shape[0])
    codes = fwi.run(
        fwi.Season(weather["degC"], weather["%"], weather["km/h"], weather["mm/day"]), days.month.to_numpy(), latitude
    )
    arrays = [
        xr.DataArray(value, dims=("time", "place"), coords={"time": days}, attrs={"units": unit})
        for unit, value in weather.items()
    ]
    where = xr.DataArray(latitude, dims="place", attrs={"units": "degrees_north"})
    other = dict(zip(("dc", "dmc", "ffmc", "isi", "bui", "fwi"), fire.cffwis_indices(*arrays, where), strict=True))
    for name in NAMES:
        expected = other[name].transpose("time", "place").to_numpy()
        np.testing.assert_allclose(getattr(codes, name), expected, atol=0.0005, err_msg=name)


def test_many_places_equal_each_alone() -> None:
    random = np.random.default_rng(3)
    shape = (40, 6)
    weather = [random.uniform(low, high, shape) for low, high in ((10, 42), (5, 100), (0, 40), (0, 9))]
    weather[2][random.random(shape) < 0.15] = np.nan
    months = np.repeat([11, 12, 1, 2], 10)
    latitude = np.linspace(8, 48, 6)
    together = fwi.run(fwi.Season(*weather), months, latitude)
    for place in range(6):
        alone = fwi.run(fwi.Season(*(w[:, [place]] for w in weather)), months, latitude[[place]])
        for name in (*NAMES, "days_run"):
            np.testing.assert_array_equal(getattr(together, name)[:, [place]], getattr(alone, name))


def test_day_lengths_of_the_tropics() -> None:
    latitude = np.array([0.0, 10.0, 18.3, 30.0, 46.0])
    assert fwi.day_length(latitude, 3).tolist() == [9.0, 9.0, 8.9, 8.9, 9.0]
    assert fwi.drying_factor(np.array([18.3, 20.0, 20.1]), 3).tolist() == [1.4, 1.4, -1.6]
    with pytest.raises(ValueError, match="10 south"):
        fwi.day_length(np.array([-11.0]), 1)


DRY = (30.0, 30.0, 10.0, 0.0)
GAP = (np.nan, 30.0, 10.0, 0.0)


@pytest.mark.parametrize(("gap", "goes_on"), [(1, True), (3, True), (4, False), (10, False)])
def test_a_short_gap_is_bridged_and_a_long_one_starts_anew(gap: int, goes_on: bool) -> None:
    codes = run([DRY] * 5 + [GAP] * gap + [DRY] * 2, 18.0)
    unbroken, fresh = run([DRY] * 7, 18.0), run([DRY] * 2, 18.0)
    for name in NAMES:
        found = getattr(codes, name)[:, 0]
        assert np.isnan(found[5 : 5 + gap]).all()
        expected = getattr(unbroken, name)[5:, 0] if goes_on else getattr(fresh, name)[:, 0]
        np.testing.assert_array_equal(found[5 + gap :], expected)
    assert codes.days_run[:, 0].tolist() == [1, 2, 3, 4, 5] + [0] * gap + ([6, 7] if goes_on else [1, 2])


def test_codes_stay_inside_their_bounds_at_extremes() -> None:
    extremes = [
        (t, h, w, r) for t in (-30.0, 0.0, 48.0) for h in (0.0, 50.0, 100.0) for w in (0.0, 150.0) for r in (0.0, 600.0)
    ]
    for start in ((0.0, 0.0, 0.0), (101.0, 400.0, 1200.0)):
        columns = np.array(extremes).T[:, None, :]
        codes = fwi.run(fwi.Season(*columns), np.array([4]), np.full(len(extremes), 18.0), start)
        for name in (*NAMES, "dsr"):
            values = getattr(codes, name)
            assert np.isfinite(values).all(), name
            assert (values >= 0).all(), name
        assert (codes.ffmc <= 101).all()
    # Both codes zero: nothing is dry.
    assert fwi.bui(np.zeros(1), np.zeros(1)).tolist() == [0.0]


def test_rain_lowers_and_drought_raises() -> None:
    dry = run([DRY] * 60, 18.0)
    assert (np.diff(dry.dc[:, 0]) > 0).all()
    assert (np.diff(dry.dmc[:, 0]) > 0).all()
    wet = run([DRY] * 59 + [(25.0, 95.0, 5.0, 60.0)], 18.0)
    for name in ("ffmc", "dmc", "dc", "fwi"):
        assert getattr(wet, name)[-1, 0] < 0.8 * getattr(dry, name)[-1, 0]
