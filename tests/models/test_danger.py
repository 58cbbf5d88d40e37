"""Fire danger: noons, the nearest whole weather, gaps, amphoes and classes, on weather worked out by hand."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data.errors import NotStored
from models import danger, danger_class, fwi, likelihood, stored_weather
from models.danger_class import LEVELS, Classes
from tests import make
from tests.layers import desks
from tests.models import weathers

DAY = dt.date


def noons(*tables: pd.DataFrame) -> pd.DataFrame:
    return danger.noon_weather(pd.concat(tables, ignore_index=True))


def test_noon_is_the_hour_that_begins_at_twelve_and_rain_the_24_hours_before() -> None:
    table = weathers.hours("a", "2026-03-01", "2026-03-03")
    local = table["measured_at"].dt.tz_convert("Asia/Bangkok")
    table.loc[local == "2026-03-02 12:00+07:00", "temperature_c"] = 38.0
    table.loc[local == "2026-03-02 11:00+07:00", "rain_mm"] = 3.0  # still before noon: rain of the 2nd
    table.loc[local == "2026-03-02 12:00+07:00", "rain_mm"] = 5.0  # after it: rain of the 3rd
    found = noons(table).set_index("day")
    # The first day has rain of twelve hours only.
    assert [str(day.date()) for day in found.index] == ["2026-03-02", "2026-03-03"]
    assert found["temperature_c"].tolist() == [38.0, 34.0]
    assert found["rain_mm"].tolist() == [3.0, 5.0]
    assert found["wind_kmh"].tolist() == pytest.approx([7.2, 7.2])


def test_an_hour_without_noon_takes_the_next_and_unknown_rain_is_not_dry() -> None:
    table = weathers.hours("a", "2026-03-01", "2026-03-04")
    local = table["measured_at"].dt.tz_convert("Asia/Bangkok")
    table.loc[local == "2026-03-02 12:00+07:00", "humidity_pct"] = np.nan
    table.loc[local == "2026-03-02 13:00+07:00", "humidity_pct"] = 41.0
    unknown = (local >= "2026-03-02 12:00+07:00") & (local < "2026-03-02 19:00+07:00")
    table.loc[unknown, "rain_mm"] = np.nan  # 7 of 24 hours: one too many
    found = noons(table)
    assert [str(day.date()) for day in found["day"]] == ["2026-03-02", "2026-03-04"]
    assert found["humidity_pct"].tolist() == [41.0, 30.0]


def test_what_was_measured_beats_a_forecast_and_a_newer_forecast_an_older_one() -> None:
    old = weathers.hours("a", "2026-03-01", "2026-03-03", issued="2026-02-27", temperature_c=20.0)
    new = weathers.hours("a", "2026-03-01", "2026-03-03", issued="2026-02-28", temperature_c=25.0)
    measured = weathers.hours("a", "2026-03-01", "2026-03-02", temperature_c=30.0)
    for order in ([old, new, measured], [measured, new, old]):
        assert noons(*order)["temperature_c"].tolist() == [30.0, 25.0]


def place(name: str, lon: float, lat: float) -> dict[str, object]:
    return {"station_id": name, "lon": lon, "lat": lat}


def test_each_day_takes_the_nearest_place_that_is_whole(tmp_path: Path) -> None:
    near = weathers.hours("near", "2026-03-01", "2026-03-10", temperature_c=30.0)
    far = weathers.hours("far", "2026-03-01", "2026-03-12", temperature_c=40.0)
    store = desks.store_of(tmp_path)
    # 520101 has its middle at 99.05, 18.05; "far" is 0.5 degrees east of it: 52.9 km.
    weathers.add(store, pd.concat([near, far]), place("near", 99.05, 18.05), place("far", 99.55, 18.05))
    table = danger.indices(desks.desk_of(store))
    mine = table[table["tambon"] == "520101"].set_index("day")
    assert mine["source"].tolist() == ["near"] * 9 + ["far"] * 2
    assert mine["source_km"].round(1).tolist() == [0.0] * 9 + [52.9] * 2
    expected = fwi.run(
        fwi.Season(*(np.array(v, float)[:, None] for v in ([30] * 9 + [40] * 2, [30] * 11, [7.2] * 11, [0] * 11))),
        np.full(11, 3),
        np.array([18.05]),
    )
    for name in danger.INDICES:
        np.testing.assert_allclose(mine[name], getattr(expected, name)[:, 0], rtol=1e-6)


def test_weather_too_far_away_says_nothing(tmp_path: Path) -> None:
    store = desks.store_of(tmp_path)
    weathers.add(store, weathers.hours("a", "2026-02-01", "2026-03-12"), place("a", 101.0, 18.05))
    table, _ = danger.daily_danger(desks.desk_of(store), DAY(2026, 3, 10), DAY(2026, 3, 10))
    assert table["class"].tolist() == ["cannot_tell"] * 4
    assert table["state"].tolist() == ["no_weather"] * 4
    assert table["fwi"].isna().all()


def test_days_outside_the_weather_and_days_too_soon_cannot_be_told(tmp_path: Path) -> None:
    store = desks.store_of(tmp_path)
    weathers.add(store, weathers.hours("a", "2026-03-01", "2026-03-20"), place("a", 99.1, 18.1))
    desk = desks.desk_of(store)
    table, classes = danger.daily_danger(desk, DAY(2026, 3, 14), DAY(2026, 3, 22))
    assert len(table) == 4 * 9
    mine = table[table["code"] == "520101"]
    # The first whole noon is 2 March: 16 March is its 15th day.
    assert mine["state"].tolist() == ["settling"] * 2 + ["ok"] * 5 + ["no_weather"] * 2
    assert mine["days_run"].tolist() == [13, 14, 15, 16, 17, 18, 19, 0, 0]
    assert (mine["class"] == "cannot_tell").tolist() == [True] * 2 + [False] * 5 + [True] * 2
    # A day does not depend on the period asked for.
    alone, _ = danger.daily_danger(desk, DAY(2026, 3, 18), DAY(2026, 3, 18))
    again = table[table["day"] == "2026-03-18"].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone, again)
    assert classes.basis == "regional"


def test_amphoes_are_means_by_area(tmp_path: Path) -> None:
    store = desks.store_of(tmp_path)
    cool = weathers.hours("cool", "2026-02-01", "2026-03-12", temperature_c=25.0)
    warm = weathers.hours("warm", "2026-02-01", "2026-03-12", temperature_c=38.0)
    weathers.add(store, pd.concat([cool, warm]), place("cool", 99.0, 18.1), place("warm", 99.2, 18.1))
    desk = desks.desk_of(store)
    each, _ = danger.daily_danger(desk, DAY(2026, 3, 10), DAY(2026, 3, 10))
    one, _ = danger.daily_danger(desk, DAY(2026, 3, 10), DAY(2026, 3, 10), "amphoe")
    assert one["code"].tolist() == ["5201"]
    assert each["fwi"].nunique() == 2
    assert one["fwi"].tolist() == pytest.approx([each["fwi"].mean()])  # the four squares are equal
    assert one["source_km"].tolist() == [each["source_km"].max()]
    assert one["state"].tolist() == ["ok"]


def test_without_any_weather_the_error_says_so(tmp_path: Path) -> None:
    desk = desks.desk_of(desks.store_of(tmp_path))
    with pytest.raises(NotStored):
        danger.daily_danger(desk, DAY(2026, 3, 10), DAY(2026, 3, 10))


# -- classes ---------------------------------------------------------------------------------------------------------


def history(seed: int, years: tuple[int, ...], chance: object) -> pd.DataFrame:
    """Return tambon-days with an index from 0 to 50 and fires by a known chance."""
    random = np.random.default_rng(seed)
    days = np.concatenate([pd.date_range(f"{year}-01-01", periods=100).to_numpy() for year in years])
    day = np.repeat(days, 40)
    index = random.uniform(0, 50, len(day))
    return pd.DataFrame({"day": day, "fwi": index, "fire": random.random(len(day)) < chance(index)})  # type: ignore[operator]


def rising(index: np.ndarray) -> np.ndarray:
    return np.asarray(0.002 * index)  # on average 0.05; half of it at 12.5, all at 25, twice only at 50


def test_classes_begin_where_fires_are_so_many_times_as_frequent() -> None:
    table = history(1, (2023, 2024, 2025), lambda index: np.select([index < 20, index < 40], [0.01, 0.06], 0.2))
    # Base rate 0.068: half of it is passed at 20, the whole at 40, twice at 40.
    limits = danger_class.limits_of(table["fwi"].to_numpy(), table["fire"].to_numpy(), 300)
    assert limits == pytest.approx((20.0, 40.0, 40.0), abs=2.6)


def test_a_class_that_no_index_reaches_does_not_begin() -> None:
    table = history(2, (2023, 2024, 2025), lambda index: np.full(len(index), 0.05))
    limits = danger_class.limits_of(table["fwi"].to_numpy(), table["fire"].to_numpy(), 300)
    assert limits is not None
    assert limits[2] == float("inf")  # fires do not follow the index, so nothing is "very high"


def test_too_few_fires_set_no_classes() -> None:
    index, fire = np.linspace(0, 50, 1000), np.arange(1000) >= 901
    assert danger_class.limits_of(index, fire, 40) is None  # 99 fires
    fire[900] = True
    assert danger_class.limits_of(index, fire, 40) is not None
    assert danger_class.limits_of(index, fire, 29) is None


def test_words_of_classes_at_their_limits() -> None:
    classes = Classes((10.0, 20.0, float("inf")), "fires", 1, 1, 1, "SNPP")
    found = danger_class.classes_of([0.0, 9.99, 10.0, 20.0, 500.0, np.nan], classes)
    assert found.tolist() == ["low", "low", "moderate", "high", "high", "cannot_tell"]
    assert set(found) <= {*LEVELS, "cannot_tell"}


def test_the_record_is_of_unseen_seasons() -> None:
    table = history(3, (2023, 2024, 2025), rising)
    found = danger_class.record_of(table)
    assert found["season"].tolist() == [2023, 2024, 2025]
    assert (found["ratio"] > 1.3).all()
    # The fires of the judged season itself do not move its limits.
    changed = table.assign(fire=table["fire"] & (table["day"].dt.year != 2024))
    judged = danger_class.record_of(changed).set_index("season")
    assert judged["top_days"][2024] == found.set_index("season")["top_days"][2024]
    assert judged["top_rate"][2024] == 0.0
    assert danger_class.record_of(table[table["day"].dt.year == 2023]).empty


def test_fire_history_counts_only_days_that_files_reach(tmp_path: Path) -> None:
    store = desks.store_of(tmp_path, [desks.march()])
    weathers.add(store, weathers.hours("a", "2026-02-01", "2026-03-20"), place("a", 99.1, 18.1))
    desk = desks.desk_of(store)
    found, satellites = danger_class.fire_history(danger.indices(desk), desk)
    assert satellites == "SNPP"
    # 10 to 12 March (UTC 9 March 18:40 is the 10th): four tambons each.
    assert found["day"].dt.strftime("%m-%d").unique().tolist() == ["03-10", "03-11", "03-12"]
    assert len(found) == 12
    fires = found[found["fire"]]
    assert list(zip(fires["tambon"], fires["day"].dt.day, strict=True)) == [
        ("520101", 10),
        ("520102", 10),
        ("520103", 12),
    ]


def test_distances_are_geodesic() -> None:
    places = make.stations(place("a", 99.05, 18.05), place("b", 99.05, 19.05))
    away = danger.distances_km(make.tambons(1, 1), places)
    assert away.round(1).tolist() == [[0.0, 110.7]]  # one degree of latitude at 18.5 north is 110.7 km


def test_weather_without_a_position_speaks_for_no_tambon(tmp_path: Path) -> None:
    store = desks.store_of(tmp_path, [desks.march()])
    weathers.add(store, weathers.hours("somewhere", "2026-02-01", "2026-03-12"))
    desk = desks.desk_of(store)
    table, classes = danger.daily_danger(desk, DAY(2026, 3, 10), DAY(2026, 3, 11))
    assert table["state"].tolist() == ["no_weather"] * 8
    assert (classes.basis, classes.tambon_days) == ("regional", 0)
    amphoe, _ = danger.daily_danger(desk, DAY(2026, 3, 10), DAY(2026, 3, 11), "amphoe")
    assert amphoe["class"].tolist() == ["cannot_tell"] * 2
    assert np.isnan(likelihood.history(desk).fwi).all()


def test_masts_without_a_printed_position_stand_at_their_village(tmp_path: Path) -> None:
    store = desks.store_of(tmp_path)
    weathers.add(store, weathers.hours("egat:ban_soppad", "2026-02-01", "2026-03-12"))
    stands = stored_weather.weather_places(desks.desk_of(store)).set_index("station_id")
    assert stands.loc["egat:ban_soppad", ["lon", "lat"]].tolist() == [99.764, 18.251]
    assert stands.loc["37t", "lon"] == pytest.approx(99.05)  # as stored, not as shipped
