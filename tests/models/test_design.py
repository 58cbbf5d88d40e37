"""A plan on a small desk: roles by tambon, and the assumption named where the history is too short."""

from __future__ import annotations

from pathlib import Path

import pytest

from models import power, trial
from models.design import design
from tests.layers.desks import at, desk_of, store_of
from tests.make import hotspots


@pytest.fixture(autouse=True)
def few_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(power, "_RUNS", 5)
    monkeypatch.setattr(trial, "_DRAWS", 50)


def season(year: int) -> list[dict[str, object]]:
    return [at("520104", f"{year}-01-01T06:30Z"), at("520101", f"{year}-05-31T06:30Z")]


def test_without_history_the_map_alone_decides_and_nothing_could_be_seen(tmp_path: Path) -> None:
    found = design(desk_of(store_of(tmp_path)), 1, 3, taken={"520101"}, ring_km=-1)
    assert found.tambons.set_index("tambon")["role"].to_dict()["520101"] == "taken"
    assert sorted(found.tambons["role"]) == ["control", "control", "taken", "treat_first"]
    assert found.tambons["per_season"].isna().all()
    assert (found.power.before, found.power.smallest, found.power.assumed) == (0, -1, True)
    assert found.seasons == ()


def test_with_history_its_own_spread_is_used(tmp_path: Path) -> None:
    rows = [row for year in range(2020, 2024) for row in season(year)]
    found = design(desk_of(store_of(tmp_path, [hotspots(*rows)])), 1, 3, ring_km=-1)
    assert found.seasons == ("2020", "2021", "2022", "2023")
    assert not found.power.assumed
    assert found.power.before == 4
    assert found.tambons.set_index("tambon")["per_season"].to_dict() == {
        "520101": 1.0,
        "520102": 0.0,
        "520103": 0.0,
        "520104": 1.0,
    }
    # Squares all touch: with a ring no control is left.
    assert (design(desk_of(store_of(tmp_path / "b")), 1, 3).tambons["role"] == "control").sum() == 0
