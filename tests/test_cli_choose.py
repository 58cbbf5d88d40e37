"""Ranking and budget as the command line gives them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.app import stores
from tests.test_cli import rows, run


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("choose") / "store"
    stores.bring(root, **{"march.csv": stores.firms()})
    return root


def test_the_most_burdened_tambon_comes_first(store: Path) -> None:
    found = rows(store, "rank", "--weights", "fire=1")
    assert len(found) == 100
    assert {"code", "score"} <= set(found[0])
    # Suomi NPP: three detections in A, one in B.
    assert [row["code"] for row in found[:2]] == [stores.A, stores.B]
    assert found[0]["score"] == pytest.approx(1.0)
    assert found[0]["why"]


def test_the_plan_keeps_the_budget_and_says_why(store: Path) -> None:
    found = rows(store, "budget", "--baht", "200000")
    assert {"site", "tambon", "baht", "benefit", "reason"} <= set(found[0])
    assert 0 < sum(row["baht"] for row in found) <= 200000
    assert found[0]["tambon"] == stores.A
    assert {row["basis"] for row in found} == {"assumed"}


def test_a_plan_is_saved_as_proposed_sites(tmp_path: Path) -> None:
    root = tmp_path / "store"
    stores.bring(root, **{"march.csv": stores.firms()})
    plan = rows(root, "budget", "--baht", "200000", "--save", "Spring plan")
    saved = [row for row in rows(root, "sites") if row["state"] == "proposed"]
    assert sorted((row["tambon"], row["kind"]) for row in saved) == sorted(
        (row["tambon"], row["site"].partition("@")[0]) for row in plan
    )
    assert all("Spring plan" in row["name_en"] for row in saved)
    # Saved again, as after a run that was cut off, the sites are there once.
    rows(root, "budget", "--baht", "200000", "--save", "Spring plan")
    assert [row for row in rows(root, "sites") if row["state"] == "proposed"] == saved


def test_two_kept_plans_are_read_back_and_compared(tmp_path: Path) -> None:
    root = tmp_path / "store"
    stores.bring(root, **{"march.csv": stores.firms()})
    assert rows(root, "plans") == []
    small = rows(root, "budget", "--baht", "100000", "--save", "small")
    large = rows(root, "budget", "--baht", "200000", "--save", "large")
    kept = {row["plan"]: row for row in rows(root, "plans")}
    assert kept["small"]["baht"] == sum(row["baht"] for row in small)
    assert kept["large"]["benefit"] == pytest.approx(sum(row["benefit"] for row in large), rel=1e-3)
    listed = rows(root, "plans", "large")
    assert {(row["tambon"], row["measure"]): row["units"] for row in listed} == {
        (row["tambon"], row["site"].partition("@")[0]): row["units"] for row in large
    }
    for name in ("benefit_low", "benefit_high"):
        assert sum(row[name] for row in listed) == pytest.approx(sum(row[name] for row in large), rel=1e-3)
    assert {row["satellites"] for row in listed} == {"SNPP"}
    differing = rows(root, "plans", "small", "large")
    assert sum(row["baht"] for row in differing) == kept["large"]["baht"] - kept["small"]["baht"]
    assert rows(root, "plans", "small", "small") == []
    assert run(root, "plans", "none").returncode == 2


def test_tambons_alike_are_listed_nearest_first(store: Path) -> None:
    found = rows(store, "alike", stores.A, "--most", "3")
    assert len(found) == 3
    assert stores.A not in {row["code"] for row in found}
    assert [row["distance"] for row in found] == sorted(row["distance"] for row in found)
    assert run(store, "alike", "999999").returncode == 2


def test_rules_that_cannot_be_kept_end_in_a_clear_error(store: Path) -> None:
    done = run(store, "budget", "--baht", "1000", "--least-per-amphoe", "1", HAZE_LANG="th")
    assert done.returncode == 1
    assert "บาท" in done.stderr


@pytest.mark.parametrize(
    "words",
    [("rank", "--weights", "rain=1"), ("rank", "--weights", "fire=-1"), ("budget", "--baht", "-5"), ("budget",)],
)
def test_wrong_usage(store: Path, words: tuple[str, ...]) -> None:
    assert run(store, *words).returncode == 2


def test_without_data_there_is_no_ranking(tmp_path: Path) -> None:
    assert run(tmp_path / "empty", "rank").returncode == 1
