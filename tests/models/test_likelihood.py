"""The chance of fire: features by hand, no look ahead, and skill on a made province whose truth is known."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from data.accounts import OPERATOR
from data.bans import known_bans, shipped
from data.errors import NotStored
from data.registry import open_registry
from models import likelihood, likelihood_record
from models.likelihood import FEATURES, History, Samples
from tests import make
from tests.layers import desks
from tests.models import chances

DAY = dt.date


def small(counts: list[list[float]], first: str = "2026-03-01", covered: list[bool] | None = None) -> History:
    """Return a history of three tambons in a row, the middle one touching both others."""
    array = np.array(counts, float)
    days = np.arange(np.datetime64(first), np.datetime64(first) + len(array))
    near = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]], float)
    known = np.ones(len(array), bool) if covered is None else np.array(covered)
    unknown = np.full(array.shape, np.nan)
    return History(days, np.array(["520101", "520102", "520103"]), array, known, near, unknown, chances.NO_BANS, "SNPP")


def of(past: History, name: str, day: int) -> list[float]:
    return likelihood.features(past)[day, :, FEATURES.index(name)].tolist()


def test_recent_fires_are_means_over_known_days() -> None:
    past = small([[4, 0, 0], [2, 1, 0], [0, 3, 6]])
    assert of(past, "own_1", 2) == pytest.approx(np.log1p([0, 3, 6]))
    assert of(past, "own_3", 2) == pytest.approx(np.log1p([2, 4 / 3, 2]))
    assert of(past, "near_1", 2) == pytest.approx(np.log1p([3, 6, 3]))
    assert of(past, "place_1", 2) == pytest.approx(np.log1p([9, 9, 9]))
    assert of(past, "place_7", 0) == pytest.approx(np.log1p([4, 4, 4]))  # one day is known so far
    gap = small([[4, 0, 0], [9, 9, 9], [0, 3, 6]], covered=[True, False, True])
    assert of(gap, "own_3", 2) == pytest.approx(np.log1p([2, 1.5, 3]))  # what no file reaches is not counted
    assert np.isnan(of(gap, "own_1", 1)).all()


def test_past_burns_are_of_earlier_years_and_the_season_of_this_one() -> None:
    days = np.arange(np.datetime64("2025-12-29"), np.datetime64("2026-01-03"))  # 29 December to 2 January
    past = small([[1, 0, 0], [1, 0, 0], [2, 1, 0], [5, 0, 0], [0, 0, 3]], first=str(days[0]))
    # At the end of 2 January, for 3 January: of 3 days before 2026, 3, 1 and 0 had a fire; 20 days at 4/9 are added.
    expected = [(hits + 20 * (4 / 3) / 3) / 23 for hits in (3, 1, 0)]
    assert of(past, "past_burns", 4) == pytest.approx(expected)
    assert np.isnan(of(past, "past_burns", 1)).all()  # no earlier year
    assert of(past, "season_so_far", 4) == pytest.approx(np.log1p([5, 0, 3]))
    # At the end of 31 December, for 1 January: 2025 is already past.
    assert of(past, "past_burns", 2) == pytest.approx(expected)


def test_no_feature_knows_the_day_it_speaks_of() -> None:
    past, _ = chances.province(5, range(2024, 2026))
    random = np.random.default_rng(0)
    whole = likelihood.features(past)
    for day in (40, 200, 400):
        later = np.arange(len(past.days)) > day
        changed = replace(
            past,
            counts=np.where(later[:, None], random.integers(0, 9, past.counts.shape), past.counts),
            fwi=np.where(later[:, None], 99.0, past.fwi),
            covered=past.covered & ~later,
        )
        np.testing.assert_array_equal(likelihood.features(changed)[: day + 1], whole[: day + 1])
        cut = past.until(past.days[day].astype(dt.date))
        np.testing.assert_array_equal(likelihood.features(cut), whole[: day + 1])


def test_a_ban_is_known_before_it_begins_and_unknown_in_years_not_found() -> None:
    days = np.array(
        ["2023-02-14", "2023-02-15", "2023-04-30", "2023-05-01", "2024-03-01", "2026-03-01"], "datetime64[D]"
    )
    np.testing.assert_array_equal(shipped().on(days), [0, 1, 1, 0, np.nan, np.nan])
    assert (shipped().table["end"] >= shipped().table["start"]).all()
    past = replace(small([[0, 0, 0]] * 3, first="2023-02-12"), bans=shipped())
    assert of(past, "ban", 2) == [1.0] * 3  # issued on 14 February for the 15th


def test_bans_on_record_count_and_the_shipped_list_where_there_are_none() -> None:
    days = np.array(["2023-02-20", "2026-02-09", "2026-02-10", "2026-05-01"], "datetime64[D]")
    row = {"kind": "burn_ban", "start": pd.Timestamp("2026-02-10"), "end": pd.Timestamp("2026-04-30"), "province": "52"}
    closure = {**row, "kind": "forest_closure", "start": pd.Timestamp("2023-02-01")}
    open_end = {**row, "start": pd.Timestamp("2025-02-01"), "end": pd.NaT}
    record = pd.DataFrame([row, closure, open_end, {**row, "province": "50", "start": pd.Timestamp("2026-01-01")}])
    mine = known_bans(record, ("52",))
    assert (mine.source, mine.years) == ("registry", [2026])
    np.testing.assert_array_equal(mine.on(days), [np.nan, 0, 1, 0])
    assert known_bans(record[record["kind"] != "burn_ban"], ("52",)) is shipped()
    assert mine.revision != shipped().revision
    elsewhere = known_bans(record.iloc[:0], ("57",))
    assert (elsewhere.source, elsewhere.years) == ("none", [])
    assert np.isnan(elsewhere.on(days)).all()


def test_a_ban_that_an_officer_enters_is_read(tmp_path: Path) -> None:
    desk = desks.desk_of(desks.store_of(tmp_path, [desks.march()]))
    registry = open_registry(desk.settings)
    before = likelihood.history(desk).bans
    assert (before.source, 2026 in before.years) == ("registry", False)
    ban = {"kind": "burn_ban", "start": "2026-03-01", "end": "2026-04-30", "province": "52"}
    registry.add("burn_bans", ban, author=OPERATOR)
    past = likelihood.history(desk)
    assert of(past, "ban", -1) == [1.0] * len(past.codes)
    for record, one in registry.all("burn_bans").items():
        registry.remove("burn_bans", record, author=OPERATOR, based_on=one.version)
    assert likelihood.history(desk).bans.source == "shipped"


def test_pairs_of_days_that_are_not_both_reached_are_no_samples() -> None:
    past = small([[0, 0, 0]] * 5, covered=[True, True, False, True, True])
    found = likelihood.samples(past)
    assert sorted(set(found.day.astype(str))) == ["2026-03-02", "2026-03-05"]
    assert len(found.day) == 6


def test_touching_squares() -> None:
    near = likelihood.touching(make.tambons(3, 1).geometry.to_numpy())
    assert near.tolist() == [[0, 1, 0], [1, 0, 1], [0, 1, 0]]


@pytest.fixture(scope="module")
def judged() -> tuple[History, np.ndarray, list[likelihood_record.Judged]]:
    past, truth = chances.province(11, range(2020, 2025))
    return past, truth, likelihood_record.judge(past, DAY(2020, 1, 1), DAY(2024, 12, 31))


def test_the_model_beats_both_baselines_and_comes_near_the_truth(judged: tuple) -> None:  # type: ignore[type-arg]
    past, truth, found = judged
    card = likelihood_record.report_card(found).set_index(["season", "method"])
    assert [one.season for one in found] == [2021, 2022, 2023, 2024]
    model, week, yesterday = (card.loc["all", name] for name in ("model", "week", "yesterday"))
    assert [bool(one["served"]) for one in (model, week, yesterday)] == [True, False, False]
    assert model["auc"] > max(week["auc"], yesterday["auc"]) + 0.05
    assert model["skill_vs_week"] > 0.05
    assert model["skill_vs_yesterday"] > 0.05
    assert model["top10_caught"] > max(week["top10_caught"], yesterday["top10_caught"])
    years = past.days.astype("datetime64[Y]").astype(int) + 1970
    mine = (years >= 2021) & likelihood_record.in_season(past.days)
    best = roc_auc_score((past.counts > 0)[mine].ravel(), truth[mine].ravel())
    assert model["auc"] > best - 0.04


def test_probabilities_are_calibrated_on_unseen_seasons(judged: tuple) -> None:  # type: ignore[type-arg]
    table = likelihood_record.reliability(judged[2], "model")
    assert (abs(table["stated"] - table["observed"]) < 0.05).all()
    assert table["n"].sum() == sum(len(one.known.day) for one in judged[2])


def test_a_season_is_judged_without_what_came_after(judged: tuple) -> None:  # type: ignore[type-arg]
    past, _, found = judged
    cut = past.until(DAY(2022, 12, 31))
    again = likelihood_record.judge(cut, DAY(2022, 1, 1), DAY(2022, 12, 31))
    assert [one.season for one in again] == [2022]
    np.testing.assert_array_equal(again[0].probability["model"], found[1].probability["model"])


def test_where_fires_follow_nothing_the_baseline_is_served() -> None:
    past, _ = chances.province(2, range(2022, 2025))
    random = np.random.default_rng(1)
    noise = replace(
        past, counts=(random.random(past.counts.shape) < 0.05).astype(float), fwi=np.full_like(past.fwi, np.nan)
    )
    found = likelihood_record.judge(noise, DAY(2022, 1, 1), DAY(2024, 12, 31))
    assert likelihood_record.served(found) != "model"
    assert likelihood_record.served([]) == "week"


def test_equal_scores_share_the_list() -> None:
    day = np.repeat(np.datetime64("2026-03-01"), 20)
    count = np.zeros(20)
    count[[3, 15]] = (4.0, 2.0)
    known = Samples(day, np.arange(20), np.zeros((20, len(FEATURES))), count)
    # All alike: ten of twenty places, so half of what burned.
    assert likelihood_record.caught(known, np.zeros(20)).tolist() == [[3.0, 6.0]]
    first = np.where(np.arange(20) == 15, 1.0, 0.0)
    assert likelihood_record.caught(known, first).tolist() == [[2 + 4 * 9 / 19, 6.0]]


def test_chances_of_a_day_use_the_days_before_and_say_when_they_cannot_tell() -> None:
    past, truth = chances.province(11, range(2020, 2025))
    day = DAY(2024, 3, 10)
    made = likelihood_record.chances(past, day, "model")
    assert (made.state, made.method, made.known_until) == ("ok", "model", DAY(2024, 3, 9))
    row = int(np.flatnonzero(past.days == np.datetime64(day))[0])
    stated = made.table.set_index("code")["probability"].reindex(past.codes).to_numpy()
    assert np.corrcoef(stated, truth[row])[0, 1] > 0.7
    assert made.table["rank"].iloc[0] == 1
    # What burns on the day itself changes nothing.
    later = replace(past, counts=np.where((past.days >= np.datetime64(day))[:, None], 9.0, past.counts))
    assert likelihood_record.chances(later, day, "model").table.equals(made.table)
    gap = replace(past, covered=past.covered & (past.days != np.datetime64("2024-03-09")))
    unknown = likelihood_record.chances(gap, day, "model")
    assert unknown.state == "not_stored"
    assert unknown.table["probability"].isna().all()


def test_with_few_fires_there_is_an_order_and_no_probability() -> None:
    past = small([[0, 0, 0], [3, 0, 1], [0, 2, 0]])
    made = likelihood_record.chances(past, DAY(2026, 3, 4), "model")
    assert (made.state, made.method) == ("no_probability", "week")
    assert made.table["code"].tolist() == ["520101", "520102", "520103"]
    assert made.table["fires_7"].tolist() == pytest.approx([1, 2 / 3, 1 / 3])
    assert made.table["probability"].isna().all()


def test_history_of_a_desk(tmp_path: Path) -> None:
    desk = desks.desk_of(desks.store_of(tmp_path, [desks.march()]))
    past = likelihood.history(desk)
    assert (str(past.days[0]), str(past.days[-1]), past.satellites) == ("2026-01-01", "2026-03-12", "SNPP")
    assert past.covered.sum() == 3
    assert past.counts[past.days == np.datetime64("2026-03-10")].tolist() == [[2.0, 1.0, 0.0, 0.0]]
    assert 2026 not in past.bans.years  # its dates were not found
    assert np.isnan(past.fwi).all()
    with pytest.raises(NotStored):
        likelihood.history(desks.desk_of(desks.store_of(tmp_path / "empty")))


def test_a_day_of_which_only_the_night_pass_is_stored_is_not_known(tmp_path: Path) -> None:
    night = make.hotspots(desks.at("520102", "2026-03-12T18:40Z"))  # 01:40 of 13 March
    past = likelihood.history(desks.desk_of(desks.store_of(tmp_path, [desks.march(), night])))
    assert str(past.days[-1]) == "2026-03-13"
    assert past.covered[-2:].tolist() == [True, False]
