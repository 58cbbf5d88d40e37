"""Stations that jump keep their known place; those that move a little, or that nothing is known of, are believed."""

from __future__ import annotations

import pytest

from data.moved import FARTHEST_KM, held_in_place
from tests import make

KNOWN = make.stations({"lon": 99.5, "lat": 18.0}, {"station_id": "38t", "lon": 100.0, "lat": 18.0})


@pytest.mark.parametrize(
    ("lon", "lat", "jumped"),
    [
        (99.5, 18.0, False),
        (99.5, 18.17, False),
        (99.5, 18.2, True),
        (99.68, 18.0, False),
        (99.71, 18.0, True),
        (18.0, 80.0, True),
    ],
)
def test_a_jump_is_more_than_twenty_kilometres(lon: float, lat: float, jumped: bool) -> None:
    # 0.18 degrees of latitude, or 0.19 of longitude at 18 N, are 20 km.
    table, told = held_in_place(make.stations({"lon": lon, "lat": lat}), KNOWN)
    assert FARTHEST_KM == 20
    assert told == (("37t",) if jumped else ())
    assert table[["lon", "lat"]].to_numpy().tolist() == [[99.5, 18.0] if jumped else [lon, lat]]


def test_what_nothing_is_known_of_is_believed() -> None:
    table = make.stations({"station_id": "99t", "lon": 18.0, "lat": 80.0})
    held, told = held_in_place(table, KNOWN)
    assert held is table
    assert told == ()
    assert held_in_place(table, KNOWN.iloc[:0]) == (table, ())


def test_a_mobile_station_is_there_to_be_moved() -> None:
    assert held_in_place(make.stations({"lon": 101.0, "station_type": "mobile"}), KNOWN)[1] == ()
