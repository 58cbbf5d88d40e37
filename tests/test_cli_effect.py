"""The effect command as a script meets it: columns, verdicts, wrong usage."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.layers.desks import at, store_of
from tests.make import hotspots
from tests.test_cli import rows, run

COLUMNS = ["estimator", "effect", "low", "high", "p_randomisation", "n_treated", "n_control", "verdict", "why"]


@pytest.fixture(scope="module")
def thin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("thin")
    store_of(root, [hotspots(at("520101", "2024-03-10T06:30Z"))])
    return root


def test_a_thin_store_says_which_number_is_missing(thin: Path) -> None:
    found = rows(thin, "effect", "--type", "firebreak", HAZE_LANG="en")
    assert [row["estimator"] for row in found] == ["poisson", "staggered_did", "synthetic_control", "before_after"]
    assert list(found[0]) == COLUMNS
    assert {row["verdict"] for row in found} == {"cannot tell"}
    assert {row["effect"] for row in found} == {None}
    assert found[0]["why"] == "none of the 8 tambons lies in this place"


def test_wrong_usage_and_unknown_names_are_told_apart(thin: Path) -> None:
    assert run(thin, "effect").returncode == 2
    assert run(thin, "effect", "--type", "firebreak", "--from", "soon").returncode == 2
    done = run(thin, "effect", "LP-HAZ-999", HAZE_LANG="en")
    assert done.returncode == 1
    assert "firebreak" in done.stderr


def test_a_site_that_does_not_act_on_fire_is_allowed_and_said(thin: Path) -> None:
    done = run(thin, "effect", "--type", "air_sensor", "--format", "csv", HAZE_LANG="en")
    assert done.returncode == 0
    assert "do not themselves act on fire" in done.stderr
    assert done.stdout.splitlines()[0] == ",".join(COLUMNS)
