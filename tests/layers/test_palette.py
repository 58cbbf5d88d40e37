"""Classes, colours and legends: every number falls into the class that its label names.

Never opens a browser.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.variables import pm25_scale
from layers import palette

HOSTILE = ("<img src=x onerror=alert(1)>", '"><script>alert(1)</script>', "`+alert(1)+`", "${alert(1)}", "a & 'b'")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], (2, 5, 10, 20, 50)),
        ([0, 0, math.nan], (2, 5, 10, 20, 50)),
        ([1, 2, 3], (2, 5, 10, 20, 50)),
        ([50] * 100, (2, 5, 10, 20, 50)),
        ([51] * 100, (10, 25, 50, 100, 250)),
        # One outlier in a hundred does not coarsen the classes of all the others.
        ([5] * 99 + [900], (2, 5, 10, 20, 50)),
        ([1_000_000], (250, 500, 1000, 2500, 5000)),
    ],
)
def test_breaks(values: list[float], expected: tuple[int, ...]) -> None:
    assert palette.breaks(values) == expected


@given(st.lists(st.integers(0, 20_000)))
def test_classes_agree_with_their_labels(counts: list[int]) -> None:
    bounds = palette.breaks(counts)
    labels = palette.count_labels(bounds)

    assert len(labels) == len(palette.COUNT_COLOURS)
    for count, at in zip(counts, palette.count_classes(counts, bounds), strict=True):
        assert _holds(labels[at], count)


def _holds(label: str, count: int) -> bool:
    label = label.replace(",", "")
    if label.startswith("> "):
        return count > int(label[2:])
    low, _, high = label.partition("–")
    return int(low) <= count <= int(high or low)


def test_missing_is_not_zero() -> None:
    assert palette.count_classes([math.nan, 0, 1], (2, 5, 10, 20, 50)).tolist() == [-1, 0, 1]


def test_colours_darken_step_by_step() -> None:
    light = [palette.contrast(colour, "#000000") for colour in palette.COUNT_COLOURS]

    assert light == sorted(light, reverse=True)
    assert all(before / after > 1.1 for before, after in itertools.pairwise(light))


@pytest.mark.parametrize("lang", ["th", "en"])
def test_bands_are_those_of_the_registry(lang: str) -> None:
    bands = palette.pm25_bands(lang)

    assert [band.low for band in bands] == [one.low for one in pm25_scale().classes]
    assert len({band.shape for band in bands}) == len(bands)
    assert all(palette.contrast(palette.ink(band.colour), band.colour) >= 4.5 for band in bands)


@pytest.mark.parametrize(
    ("value", "at"),
    [
        (None, -1),
        (math.nan, -1),
        (-3.0, 0),
        (0.0, 0),
        (15.04, 0),
        (15.06, 1),
        (37.5, 2),
        (37.6, 3),
        (75.1, 4),
        (900, 4),
    ],
)
def test_band_of(value: float | None, at: int) -> None:
    assert palette.band_of(value, palette.pm25_bands("en")) == at


@given(st.floats(-50, 3000))
def test_band_agrees_with_the_number_as_shown(value: float) -> None:
    bands = palette.pm25_bands("en")
    band = bands[palette.band_of(value, bands)]

    assert max(0.0, round(value, 1)) >= band.low
    assert round(value, 1) <= band.high


def test_contrast_against_known_values() -> None:
    assert palette.contrast("#000000", "#ffffff") == pytest.approx(21.0)
    # The grey that is known as the lightest with 4.5 on white.
    assert palette.contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)
    assert palette.ink("#ffff00") == "#111111"
    assert palette.ink("#6f1420") == "#ffffff"


@pytest.mark.parametrize("text", HOSTILE)
def test_legend_escapes_every_text(text: str) -> None:
    legend = palette.Legend(text, (palette.Entry(text, "fill", text),), note=text)

    made = palette.legend_html(legend)

    assert "<script" not in made
    assert "<img src=x" not in made
    assert "onerror=alert" not in made.replace("onerror=alert(1)&gt;", "")


def test_every_legend_can_be_drawn() -> None:
    words = dict.fromkeys(("pass_day", "pass_night", "placed", "sites_here", *palette.SITE_COLOURS), "word")
    legends = (
        palette.count_legend("counts", palette.COUNT_BREAKS[0], no_value="no data", note="rule"),
        palette.band_legend("PM2.5", palette.pm25_bands("th"), no_value="no data"),
        palette.band_legend("PM2.5", palette.pm25_bands("th"), shapes=False),
        palette.detection_legend("detections", words),
        palette.site_legend("sites", words),
    )
    for legend in legends:
        made = palette.legend_html(legend)
        assert made.count("<img ") == len(legend.entries)
        assert all(entry.label in made.replace("&gt;", ">") for entry in legend.entries)


def test_bands_label_their_span() -> None:
    labels = [entry.label for entry in palette.band_legend("x", palette.pm25_bands("en")).entries]

    assert labels[0].startswith("0–15 ")
    assert labels[-1].startswith("≥ 75.1 ")
    assert np.all([label.strip() == label for label in labels])
