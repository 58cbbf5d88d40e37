"""The cells that a file speaks of: what is written is what is read, to the half degree."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from data.reach import reach_cells, touches

lons, lats = st.floats(90, 109.99), st.floats(0, 29.99)


@given(lons, lats)
def test_a_position_touches_a_box_around_it_and_none_a_degree_away(lon: float, lat: float) -> None:
    cells = reach_cells([lon], [lat])
    assert touches(cells, lon, lat, lon, lat)
    assert not touches(cells, lon + 1.01, lat, lon + 2, lat)
    assert not touches(cells, lon, lat + 1.01, lon, lat + 2)


def test_by_hand() -> None:
    cells = reach_cells([99.6, 101.2, 150.0], [18.3, 15.1, 18.3])
    assert touches(cells, 99.5, 18.0, 99.9, 18.4)
    assert not touches(cells, 100.0, 18.0, 100.9, 18.4)
    assert touches(cells, 101.0, 15.0, 101.1, 15.1)
    assert reach_cells([150.0], [18.3]) == ""
    assert not touches("", 90, 0, 110, 30)
