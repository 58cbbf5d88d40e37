"""Which instruments may speak: each fault alone, made by hand, and the real years in which no fault is to be found."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from models import drift, witnesses
from tests import make

DAYS = np.arange("2023-02-01", "2023-04-02", dtype="datetime64[D]")
#: A wave from 30 to 90 µg/m³ and back in 30 days, the same everywhere.
WAVE = 60 + 30 * np.sin(2 * np.pi * np.arange(60) / 30)
PLACES = {"a": (99.5, 18.3), "b": (99.7, 18.3), "c": (99.5, 18.5), "d": (99.7, 18.5), "e": (99.6, 18.1)}


def stations(extra: dict[str, tuple[float, float]] | None = None, **changed: dict[str, object]) -> pd.DataFrame:
    places = {**PLACES, **(extra or {})}
    rows = ({"station_id": n, "lon": x, "lat": y, **changed.get(n, {})} for n, (x, y) in places.items())
    return make.stations(*rows)


def series(**changed: np.ndarray) -> pd.DataFrame:
    """Return the wave at five stations, each with its own small noise, some changed."""
    random = np.random.default_rng(3)
    table = {name: WAVE * np.exp(random.normal(0, 0.05, 60)) for name in PLACES}
    return pd.DataFrame({**table, **changed}, index=pd.to_datetime(DAYS))


def speak(table: pd.DataFrame, some: pd.DataFrame, groups=(), wrong=None) -> witnesses.Witnesses:
    return witnesses.witnesses(table, some, groups, DAYS, "P1D", wrong)


def told(found: witnesses.Witnesses) -> list[tuple[str, str, int]]:
    return [tuple(row) for row in found.left_out.itertuples(index=False)]


def test_sound_stations_all_speak_as_they_are() -> None:
    table = series()
    found = speak(table, stations())
    assert (found.names, told(found)) == (tuple("abcde"), [])
    assert found.value == pytest.approx(np.log(table.to_numpy()))
    assert found.at == pytest.approx(drift.plane([99.5, 99.7, 99.5, 99.7, 99.6], [18.3, 18.3, 18.5, 18.5, 18.1]))
    assert found.noise.tolist() == [witnesses.NUGGET] * 5
    pd.testing.assert_frame_equal(found.sound, table)


def test_missing_zero_and_sentinels_have_no_say() -> None:
    broken = WAVE.copy()
    broken[[1, 2, 3]] = [np.nan, 0.0, -1.0]
    found = speak(series(a=broken), stations())
    assert np.isnan(found.value[1:4, 0]).all()
    assert not np.isnan(found.value[4:, 0]).any()


def test_a_stuck_instrument_has_no_say_while_it_is_stuck() -> None:
    stuck = WAVE.copy()
    stuck[20:40] = 44.0
    found = speak(series(b=stuck), stations())
    assert told(found) == [("b", "stuck", 20)]
    assert np.isnan(found.value[20:40, 1]).all()
    assert found.sound["b"].isna().sum() == 20
    # Air that stands still in every instrument is air.
    still = {name: np.where(np.arange(60) < 30, 20.0, WAVE) for name in PLACES}
    assert told(speak(series(**still), stations())) == []


def test_twenty_times_the_neighbours_is_left_out_and_three_times_is_not() -> None:
    for factor, wanted in ((20.0, [("c", "far", 1)]), (3.0, []), (1 / 20, [("c", "far", 1)])):
        high = WAVE.copy()
        high[10] *= factor
        assert told(speak(series(c=high), stations())) == wanted
    # With one other nobody can say which is wrong.
    two = series(b=WAVE * 20)[["a", "b"]]
    assert told(speak(two, stations())) == []


def test_positions_outside_the_north_and_labels_of_another_place_are_left_out() -> None:
    some = stations({"far": (100.5, 13.7), "lost": (98.2, 19.9)}, lost={"area_en": "Phra Bat, Lampang"})
    tambons = make.tambons(columns=10, rows=10, province_en="Lampang")
    wrong = witnesses.misplaced(some, tambons)
    assert some.loc[wrong, "station_id"].tolist() == ["lost"]
    found = speak(series(far=WAVE, lost=WAVE), some, (), wrong)
    assert told(found) == [("far", "outside", 60), ("lost", "misplaced", 60)]
    assert found.names == tuple("abcde")


def test_a_station_whose_air_is_not_that_of_its_place_is_found_out() -> None:
    found = speak(series(d=90.0 - WAVE / 2 + np.arange(60) % 7), stations())
    assert told(found) == []  # half as much, but the air may do that
    found = speak(series(d=WAVE * 5), stations())
    assert told(found) == [("d", "misfit", 60)]
    assert found.names == tuple("abce")
    assert list(found.sound) == list("abce")


def test_one_instrument_has_one_voice_in_its_middle() -> None:
    found = speak(series(b=WAVE, a=WAVE), stations(), groups=[("a", "b")])
    assert found.names == ("a", "c", "d", "e")
    assert found.at[0] == pytest.approx(drift.plane([99.6], [18.3])[0])
    # Its members stand 10.6 km from the middle.
    assert found.noise[0] == pytest.approx(witnesses.NUGGET + witnesses.SLOPE * 10.579)
    assert found.value[:, 0] == pytest.approx(np.log(WAVE))
    assert list(found.sound) == list("abcde")


def test_a_sensor_is_corrected_and_weighs_by_its_error() -> None:
    random = np.random.default_rng(5)
    high, rough = 1.4 * WAVE, WAVE * np.exp(random.normal(0, 0.4, 60))
    late = np.where(np.arange(60) < 55, np.nan, WAVE)
    extra = dict.fromkeys(("high", "rough", "late", "wild"), (99.6, 18.3))
    cheap = {name: {"station_type": "lowcost"} for name in extra}
    found = speak(series(high=high, rough=rough, late=late, wild=4 * WAVE), stations(extra, **cheap))
    assert found.names == ("a", "b", "c", "d", "e", "high", "rough")
    assert told(found) == [("late", "unproven", 5), ("wild", "inexact", 60)]
    at = found.names.index("high")
    # 40 % too high throughout: what is left is the wave.
    assert np.abs(found.value[:, at] - np.log(WAVE)).max() < 0.05
    assert found.noise[at] < 0.035 < 0.15 < found.noise[at + 1] < 0.25


def test_model_points_never_speak() -> None:
    assert speak(series(), stations(a={"station_type": "model"})).names == tuple("bcde")


def test_no_station_at_all() -> None:
    found = speak(series()[[]], stations())
    assert found.names == ()
    assert found.value.shape == (60, 0)
