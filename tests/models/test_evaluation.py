"""Effects of a desk: kept under the revisions that went in, read back as they were written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from models import evaluation
from models.effect import effect
from models.evaluation import evaluate, read_effect, sensitivity, traits, write_effect
from models.outcomes import outcomes
from models.treatment import treatment
from tests.layers.desks import at, desk_of, store_of
from tests.make import hotspots
from tests.models.simulated import counts, nobody_near, outcomes_of, treatment_of

SITES = pd.DataFrame(
    {"site": ["S1"], "kind": ["firebreak"], "issue": ["haze"], "tambon": ["520101"], "start": [""], "year": [2024]}
)


def test_an_effect_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    found = effect(outcomes_of(counts(2, 60, 11)), treatment_of({7: 6}), nobody_near(60), count=99, draws=19)
    write_effect(found, tmp_path / "one.json")
    again = read_effect(tmp_path / "one.json")
    assert again.verdict == found.verdict
    assert (again.seasons, again.checks) == (found.seasons, found.checks)
    for name in ("estimates", "roles", "event", "path"):
        pd.testing.assert_frame_equal(getattr(again, name), getattr(found, name), check_dtype=False)
    assert np.isinf(found.estimates[["low", "high"]].to_numpy()).any() == np.isinf(again.estimates["high"]).any()


def test_a_thin_store_cannot_tell_and_the_answer_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = desk_of(store_of(tmp_path, [hotspots(at("520101", "2024-03-10T06:30Z"))]))
    chosen = treatment(SITES, kind="firebreak")
    found = evaluate(desk, chosen)
    assert [one.key for one in found.verdict.reasons] == ["seasons_before", "seasons_after"]
    assert found.estimates["effect"].isna().all()
    monkeypatch.setattr(evaluation, "effect", None)  # nothing may be worked out again
    assert evaluate(desk, chosen).verdict == found.verdict
    with pytest.raises(TypeError):
        evaluate(desk, chosen, satellites="VIIRS")


def test_each_set_of_satellites_is_asked(tmp_path: Path) -> None:
    desk = desk_of(store_of(tmp_path, [hotspots(at("520101", "2024-03-10T06:30Z"))]))
    table = sensitivity(desk, treatment(SITES, kind="firebreak"))
    assert table["satellites"].tolist() == ["SNPP", "VIIRS", "MODIS"]
    assert table["verdict"].tolist() == ["cannot_tell"] * 3


def test_people_are_matched_on_where_they_are_known(tmp_path: Path) -> None:
    desk = desk_of(store_of(tmp_path, [hotspots(at("520101", "2024-03-10T06:30Z"))]))
    assert traits(desk, outcomes(desk, "hotspots", "SNPP")) is None
