"""The rule of the verdict, case by case."""

from __future__ import annotations

import math

import pytest

from models.verdict import CANNOT_TELL, FEWER, MORE, NO_DIFFERENCE, Before, judge, smallest_seen, too_wide


@pytest.mark.parametrize(
    ("figures", "path_p", "others", "code", "reason"),
    [
        ((-0.4, -0.5, -0.2, 0.01), 0.5, (-0.3, -0.2), FEWER, "seen"),
        ((0.4, 0.1, 0.9, 0.05), 0.5, (0.3, 0.2), MORE, "seen"),
        ((-0.05, -0.2, 0.1, 0.6), 0.04, (0.1, -0.1), CANNOT_TELL, "path"),
        ((-0.4, -0.5, -0.2, 0.01), 0.5, (0.3, -0.2), CANNOT_TELL, "disagree"),
        ((-0.4, -0.5, -0.2, 0.01), 0.5, (math.nan, -0.2), FEWER, "seen"),
        ((-0.05, -0.2, 0.1, 0.6), 0.5, (0.1, -0.1), NO_DIFFERENCE, "ruled_out"),
        ((-0.05, -0.31, 0.1, 0.6), 0.5, (0.1, -0.1), CANNOT_TELL, "wide"),
        ((0.05, -0.2, 0.43, 0.6), 0.5, (0.1, -0.1), CANNOT_TELL, "wide"),
        ((-0.2, -0.4, math.inf, 0.06), 0.5, (-0.1, -0.1), CANNOT_TELL, "open"),
    ],
)
def test_rule(
    figures: tuple[float, float, float, float], path_p: float, others: tuple[float, ...], code: str, reason: str
) -> None:
    found = judge(*figures, before=Before(either=path_p), others=others, treated=20)
    assert (found.code, found.reasons[0].key) == (code, reason)


def test_what_would_mostly_be_seen_follows_from_the_width() -> None:
    # Half a width of 1.75 standard errors of 0.1: a fall of 2.8 standard errors.
    low, high = math.expm1(-0.175), math.expm1(0.175)
    assert smallest_seen(low, high) == pytest.approx(math.expm1(-0.28))
    assert smallest_seen(-1, 0.5) == smallest_seen(-0.5, math.inf) == -1


def test_the_tambons_needed_grow_with_the_square_of_the_width() -> None:
    # A fall of 1 - 0.7² = 51 % is twice as far as one of 30 % in logarithms: four times the tambons.
    reach = 1.75 * -math.log(0.7**2) / 2.8
    numbers = too_wide(math.expm1(-reach), math.expm1(reach), 5).numbers
    assert numbers["seen"] == pytest.approx(0.51)
    assert numbers["need"] in (20, 21)


def test_what_was_under_way_before_the_measure_is_no_effect_of_it() -> None:
    fall, rise = (-0.3, -0.4, -0.2, 0.01), (0.5, 0.2, 0.9, 0.01)
    falling = Before(drift=math.log(0.9), reach=5.0, falling=0.04)
    found = judge(*fall, before=falling)
    assert (found.code, found.reasons[0].key) == (CANNOT_TELL, "falling")
    assert found.reasons[0].numbers == {"drift": pytest.approx(-0.1), "p": 0.04, "carried": pytest.approx(0.9**5 - 1)}
    # A drift that could explain only part of the effect leaves it standing: at most 10 % and 2 % of a fall by 30 %.
    small = Before(drift=math.log(0.98), spread=0.005, reach=5.0, falling=0.01)
    assert judge(*fall, before=small).code == FEWER
    unsure = Before(drift=math.log(0.98), spread=0.05, reach=5.0, falling=0.01)
    assert judge(*fall, before=unsure).reasons[0].key == "falling"
    # A drift the other way makes a claim no weaker.
    assert judge(*rise, before=falling).code == MORE
    assert judge(*rise, before=Before(drift=0.1, reach=5.0, rising=0.04)).reasons[0].key == "rising"
    assert judge(*fall, before=Before(rising=0.001)).code == FEWER
    assert judge(*fall, before=Before(drift=-0.1, reach=5.0, falling=0.05)).code == FEWER


def test_a_start_after_a_season_out_of_line_is_no_proof() -> None:
    fall, rise = (-0.3, -0.4, -0.2, 0.01), (0.5, 0.2, 0.9, 0.01)
    assert judge(*fall, before=Before(high=0.009)).reasons[0].key == "last_high"
    assert judge(*fall, before=Before(high=0.01, low=0.001)).code == FEWER
    assert judge(*rise, before=Before(low=0.009)).reasons[0].key == "last_low"
