"""Perimeters, areas and growth whose numbers are worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from models.linking import KM_PER_DEG
from models.perimeter import COARSE, FINE, RAI_PER_KM2, Pen, area_rai, area_range, draw, growth

EAST = 1 / KM_PER_DEG / np.cos(np.radians(18.0))
NORTH = 1 / KM_PER_DEG


def drawn(points: list[tuple[float, float]], *, fine: bool = True) -> shapely.Polygon:
    """Return the perimeter of detections at (km east, km north)."""
    at = np.array(points)
    lon, lat = 99 + at[:, 0] * EAST, 18 + at[:, 1] * NORTH
    return draw(lon, lat, np.full(len(at), fine), np.zeros(len(at), int), 1)[0]


def test_one_detection_is_a_disc_around_it() -> None:
    for fine, pen in ((True, FINE), (False, COARSE)):
        # There d / √(d² + blur²) is one half: all that is seen lies on one side, less what the blur takes.
        disc = np.pi * (pen.blur_km / np.sqrt(3)) ** 2 * RAI_PER_KM2
        assert area_rai(np.array([drawn([(0, 0)], fine=fine)]))[0] == pytest.approx(disc, rel=0.02)


def test_ground_inside_a_ring_of_detections_has_burned_and_a_wide_gap_has_not() -> None:
    inside = shapely.Point(99 + 0.3 * EAST, 18 + 0.3 * NORTH)
    assert drawn([(0, 0), (0.6, 0), (0.6, 0.6), (0, 0.6)]).contains(inside)
    between = shapely.Point(99 + 1.5 * EAST, 18 + 0.1 * NORTH)
    wide = drawn([(0, 0), (0.1, 0.3), (3, 0), (3, 0.3)])
    assert not wide.contains(between)
    assert len(shapely.get_parts(wide)) >= 2


def test_ground_seen_twice_as_often_everywhere_is_drawn_the_same() -> None:
    once = [(x * 0.375, y * 0.375) for x in range(5) for y in range(5)]
    shape, again = drawn(once), drawn(once * 4)
    assert shapely.equals_exact(shape.normalize(), again.normalize(), 1e-6)
    # Between half of the ground inside the outer centres, 1.5 km square, and that of whole pixels, 1.875 km square.
    assert 1.5**2 / 2 * RAI_PER_KM2 < area_rai(np.array([shape]))[0] < 1.875**2 * RAI_PER_KM2


def test_a_stray_pixel_at_the_edge_of_much_seen_ground_draws_little() -> None:
    often = [(x * 0.2, y * 0.2) for x in range(8) for y in range(8)]
    stray = (1.4 + 0.4, 0.7)
    without, with_it = (area_rai(np.array([drawn(points)]))[0] for points in (often, [*often, stray]))
    alone = area_rai(np.array([drawn([stray])]))[0]
    assert 0 < with_it - without < alone / 2


def burned(spots: np.ndarray, at: np.ndarray, pen: Pen) -> np.ndarray:
    """Say of each spot whether it has burned, as the rule is written down."""
    away = at - spots[..., None, :]
    far = np.hypot(away[..., 0], away[..., 1])
    weight = np.maximum(1 - far / pen.sight_km, 0) ** 2
    pull = (away * (weight / np.hypot(far, pen.blur_km))[..., None]).sum(axis=-2)
    less = np.hypot(pull[..., 0], pull[..., 1]) < pen.one_sided * weight.sum(axis=-1)
    return np.asarray(less & (far.min(axis=-1) < pen.reach_km))


@given(st.lists(st.tuples(st.floats(0, 3), st.floats(0, 3)), min_size=1, max_size=12), st.booleans())
@settings(max_examples=50, deadline=None)
def test_what_is_drawn_is_the_rule_but_for_a_step_of_the_grid(points: list[tuple[float, float]], fine: bool) -> None:
    pen, at = FINE if fine else COARSE, np.array(points)
    shape = drawn(points, fine=fine)
    assert shape.is_valid
    assert shape.area > 0
    spots = np.random.default_rng(len(points)).uniform(-1, 4, (400, 2))
    told = shapely.contains_xy(shape, 99 + spots[:, 0] * EAST, 18 + spots[:, 1] * NORTH)
    other = spots[told != burned(spots, at, pen)]
    turn = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    around = np.column_stack([np.cos(turn), np.sin(turn)]) * pen.step_km
    there = burned(other[:, None] + around, at, pen)
    assert (there.any(axis=1) | burned(other, at, pen)).all()
    assert not (there.all(axis=1) & burned(other, at, pen)).any()


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
    disc = shapely.Point(99, 18).buffer(0.2 * NORTH)
    before, after = disc, shapely.union(disc, shapely.box(99, 18 - 0.1 * NORTH, 99 + 1.1 * EAST, 18 + 0.1 * NORTH))
    km, bearing = growth(np.array([before, None, before], dtype=object), np.array([after, after, before], dtype=object))
    assert km[0] == pytest.approx(0.9, abs=0.02)
    assert bearing[0] == pytest.approx(90, abs=2)
    assert np.isnan(km[1])
    assert np.isnan(bearing[1])
    assert km[2] == 0
    assert np.isnan(bearing[2])
