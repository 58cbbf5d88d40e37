"""Perimeters, areas and growth whose numbers are worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from models.linking import KM_PER_DEG
from models.perimeter import COARSE, FINE, RAI_PER_KM2, area_rai, area_range, draw, growth

EAST = 1 / KM_PER_DEG / np.cos(np.radians(18.0))
NORTH = 1 / KM_PER_DEG


def drawn(points: list[tuple[float, float]], *, fine: bool = True) -> shapely.Polygon:
    """Return the perimeter of detections at (km east, km north)."""
    at = np.array(points)
    lon, lat = 99 + at[:, 0] * EAST, 18 + at[:, 1] * NORTH
    return draw(lon, lat, np.full(len(at), fine), np.zeros(len(at), int), 1)[0]


def test_one_detection_is_a_disc_around_it() -> None:
    for fine, pen in ((True, FINE), (False, COARSE)):
        disc = np.pi * pen.widest_km**2 * RAI_PER_KM2
        assert area_rai(np.array([drawn([(0, 0)], fine=fine)]))[0] == pytest.approx(disc, rel=0.02)


def test_ground_inside_a_ring_of_detections_has_burned_and_a_wide_gap_has_not() -> None:
    inside = shapely.Point(99 + 0.3 * EAST, 18 + 0.3 * NORTH)
    assert drawn([(0, 0), (0.6, 0), (0.6, 0.6), (0, 0.6)]).contains(inside)
    between = shapely.Point(99 + 1.5 * EAST, 18 + 0.1 * NORTH)
    wide = drawn([(0, 0), (0.1, 0.3), (3, 0), (3, 0.3)])
    assert not wide.contains(between)
    assert len(shapely.get_parts(wide)) >= 2


def test_the_edge_moves_in_where_the_same_ground_was_seen_again_and_again() -> None:
    once = [(x * 0.375, y * 0.375) for x in range(5) for y in range(5)]
    again = once * 4
    few, many = (area_rai(np.array([drawn(points)]))[0] for points in (once, again))
    assert many < few
    # Between the ground inside the outer centres, 1.5 km square, and that of whole pixels, 1.875 km square.
    assert 1.3**2 * RAI_PER_KM2 < many < few < 1.875**2 * RAI_PER_KM2


def test_coarse_pixels_do_not_draw_where_fine_ones_are() -> None:
    lon, lat = np.array([99.0, 99.0 + EAST]), np.array([18.0, 18.0])
    both = draw(lon, lat, np.array([True, False]), np.array([0, 0]), 1)[0]
    assert shapely.equals(both, draw(lon[:1], lat[:1], np.array([True]), np.array([0]), 1)[0])


def test_fires_are_drawn_each_for_itself() -> None:
    random = np.random.default_rng(4)
    group = np.sort(np.append(np.arange(6), random.integers(0, 6, 60)))
    lon, lat = 99 + group * 0.2 + random.normal(0, 0.004, 66), 18 + random.normal(0, 0.004, 66)
    fine = random.random(66) < 0.7
    together = draw(lon, lat, fine, group, 6)
    for one in range(6):
        mine = group == one
        alone = draw(lon[mine], lat[mine], fine[mine], np.zeros(mine.sum(), int), 1)[0]
        assert shapely.equals_exact(together[one].normalize(), alone.normalize(), 1e-7)


def test_the_range_holds_the_area_or_says_it_is_drawn_large() -> None:
    low, high = area_range(np.full(5, 100.0), np.array([1, 2, 5, 12, 400]))
    assert (low < 100).all()
    assert (high > 100).all()
    assert (np.diff(high / low) < 0).any()


def test_growth_to_the_east() -> None:
    before, after = drawn([(0, 0)]), drawn([(0, 0), (0.5, 0), (0.9, 0)])
    km, bearing = growth(np.array([before, None, before], dtype=object), np.array([after, after, before], dtype=object))
    assert km[0] == pytest.approx(0.9, abs=0.02)
    assert bearing[0] == pytest.approx(90, abs=2)
    assert np.isnan(km[1])
    assert np.isnan(bearing[1])
    assert km[2] == 0
    assert np.isnan(bearing[2])
