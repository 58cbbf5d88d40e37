"""The commands effect and design as a script meets them: columns, verdicts, wrong usage. Run within this process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from cli import app
from models import power, trial
from tests.layers.desks import at, store_of
from tests.make import hotspots

COLUMNS = ["estimator", "effect", "low", "high", "p_randomisation", "n_treated", "n_control", "verdict", "why"]


@pytest.fixture(scope="module")
def thin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("thin")
    store_of(root, [hotspots(at("520101", "2024-03-10T06:30Z"))])
    return root


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(power, "_RUNS", 5)
    monkeypatch.setattr(trial, "_DRAWS", 50)


def run(store: Path, *words: str) -> Result:
    return CliRunner().invoke(app, words, env={"HAZE_STORE": str(store), "HAZE_LANG": "en", "HAZE_MODE": "cached"})


def rows(store: Path, *words: str) -> list[dict[str, Any]]:
    done = run(store, *words, "--format", "json")
    assert done.exit_code == 0, done.output
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def test_a_thin_store_says_which_number_is_missing(thin: Path) -> None:
    found = rows(thin, "effect", "--type", "firebreak")
    assert [row["estimator"] for row in found] == ["poisson", "staggered_did", "synthetic_control", "before_after"]
    assert list(found[0]) == COLUMNS
    assert {row["verdict"] for row in found} == {"cannot tell"}
    assert {row["effect"] for row in found} == {None}
    assert found[0]["why"] == "none of the 8 tambons lies in this place"


def test_wrong_usage_and_unknown_names_are_told_apart(thin: Path) -> None:
    assert run(thin, "effect").exit_code == 2
    assert run(thin, "effect", "--type", "firebreak", "--from", "soon").exit_code == 2
    assert run(thin, "effect", "--type", "firebreak", "--from", "2567", "--to", "2023").exit_code == 2
    done = run(thin, "effect", "LP-HAZ-999")
    assert done.exit_code == 1
    assert "firebreak" in done.stderr


def test_a_site_that_does_not_act_on_fire_is_allowed_and_said(thin: Path) -> None:
    done = run(thin, "effect", "--type", "air_sensor", "--format", "csv")
    assert done.exit_code == 0
    assert "do not themselves act on fire" in done.stderr
    assert done.stdout.splitlines()[0] == ",".join(COLUMNS)


def test_a_design_is_printed_and_saved_as_proposed_sites(thin: Path) -> None:
    asked = ("design", "--tambons", "1", "--seasons", "3", "--ring-km", "-1")
    plan = rows(thin, *asked, "--type", "compost", "--save", "P")
    assert list(plan[0]) == ["tambon", "tambon_th", "tambon_en", "amphoe_th", "role", "pair", "per_season"]
    chosen = [row["tambon"] for row in plan if row["role"] == "treat_first"]
    saved = rows(thin, "sites", "--state", "proposed")
    assert [(one["tambon"], one["kind"], one["plan"]) for one in saved] == [(chosen[0], "compost", "P")]
    # What is only proposed has changed nothing yet.
    assert {row["verdict"] for row in rows(thin, "effect", "--type", "compost")} == {"cannot tell"}
    power = rows(thin, *asked, "--show", "power")
    assert [row["effect"] for row in power] == [-0.1, -0.2, -0.3, -0.4, -0.5, -0.6, -0.7, -0.8]
    assert run(thin, *asked, "--save", "P").exit_code == 2
