"""The share under trees by tambon: by hand, unknown where half has no class, never by a legend that is not known."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from models.evaluation import known_traits, traits
from models.forest import forest_share
from models.outcomes import Outcomes
from tests.models.test_area_grids import desk_with, raster

NAN = np.nan


def covered() -> np.ndarray:
    """Four tambons of four cells each: half trees, no trees, one cell known, all trees."""
    classes = np.full((4, 4), 10.0)
    classes[0, :2], classes[:2, 2:] = 40, 40
    classes[2:, :2] = NAN
    classes[2, 0] = 10
    return classes


def test_the_share_under_trees(tmp_path: Path) -> None:
    mapped = dataclasses.replace(raster("land_cover", covered()), source="esa")
    desk = desk_with(tmp_path, rasters=(mapped,))
    assert forest_share(desk).sort_index().tolist() == pytest.approx([0.5, 0.0, NAN, 1.0], nan_ok=True)
    assert known_traits(desk) == ("forest",)
    codes = np.array(sorted(desk.tambons["tambon"]), dtype=object)
    found = traits(desk, Outcomes("hotspots", "SNPP", codes, (), np.zeros((4, 0)), forest_share(desk).to_frame()))
    assert found is not None
    assert found[:, 0] == pytest.approx(np.array([0.5, 0.0, NAN, 1.0]), nan_ok=True)


def test_another_legend_and_no_map_tell_nothing(tmp_path: Path) -> None:
    assert forest_share(desk_with(tmp_path / "none")).empty
    assert forest_share(desk_with(tmp_path / "other", rasters=(raster("land_cover", covered()),))).empty
    assert known_traits(desk_with(tmp_path / "none")) == ()
