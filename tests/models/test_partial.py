"""A model known for a part of the days, on a made-up north: judged on its own pairs, served where it is good."""

import dataclasses
import datetime as dt

import numpy as np
import pandas as pd
import pytest

from models import forecast, outlook, partial, report_card, training
from models.baselines import later
from models.conformal import FEWEST
from models.corrected import corrected
from models.partial import CAMS, CAMS_CORRECTED, CAMS_MEAN
from models.training import LEADS, PERSISTENCE
from tests.models import smoky_years
from tests.models.test_forecast import desk_of

pytestmark = pytest.mark.usefixtures("few_trees")

DATA = smoky_years.smoke(dt.date(2019, 11, 1), dt.date(2022, 3, 20), seed=3)
YEARS = (2020, 2021)
LAMPANG = ("37t", "38t", "39t", "40t")


def with_model(data=DATA):
    """Return the days with a model that reads half of the truth at 24 h, at random at 48 h, and nothing at 72 h.

    Known at 24 h from 1 January of each season on, at the stations of Lampang.
    """
    random = np.random.default_rng(5)
    noise = np.exp(random.normal(0, 0.05, data.value.shape))
    known = (np.isin(data.month, (1, 2, 3, 4, 5)))[:, None] & np.isin(data.stations, LAMPANG)
    half = np.where(known, 0.5 * later(data.value, 1) * noise, np.nan)
    loose = np.exp(random.normal(3.5, 0.5, data.value.shape))
    return dataclasses.replace(data, model={1: half, 2: loose, 3: np.full(data.value.shape, np.nan)})


@pytest.fixture(scope="module")
def plain(few_trees):
    return training.train(DATA, YEARS)


@pytest.fixture(scope="module")
def trained(few_trees):
    return training.train(with_model(), YEARS)


def test_the_correction_is_worked_out_by_hand():
    value = np.full((25, 2), 40.0)
    value[:, 1] = 90.0
    model = np.full((25, 2), 20.0)
    found = corrected(model, value, lead=2)

    # The first error is known two days after its issue, the tenth eleven days after the first.
    assert np.isnan(found[:11]).all()
    # Mean error log 2 and log 4.5; the station's part is shrunk by 10 / 20 then, by 20 / 30 ten days later.
    north = (np.log(2) + np.log(4.5)) / 2
    away = (np.log(4.5) - np.log(2)) / 2
    np.testing.assert_allclose(found[11], 20 * np.exp(north + np.array([-away, away]) * 10 / 20))
    np.testing.assert_allclose(found[21], 20 * np.exp(north + np.array([-away, away]) * 20 / 30))


def test_the_correction_forgets_after_thirty_days_and_knows_no_later_outcome():
    random = np.random.default_rng(2)
    value, model = np.exp(random.normal(3.5, 0.5, (2, 120, 4)))
    changed = value.copy()
    changed[61:] = 500.0
    longer = value.copy()
    longer[:57] = 5.0

    one = corrected(model, value, lead=3)
    np.testing.assert_array_equal(one[:61], corrected(model, changed, lead=3)[:61])
    # Outcomes of the days 58 to 87 are of the last 30 at the end of day 87.
    np.testing.assert_allclose(one[87:], corrected(model, longer, lead=3)[87:])


def test_a_station_without_a_past_is_corrected_like_the_others():
    value = np.full((30, 3), 40.0)
    value[:, 2] = np.nan
    model = np.full((30, 3), 20.0)

    np.testing.assert_allclose(corrected(model, value, lead=1)[-1], 40.0)


def test_the_others_are_learned_judged_and_chosen_as_if_there_were_no_model(plain, trained):
    assert training.training_key(with_model(), YEARS) != plain.key
    assert trained.record == plain.record
    assert trained.served == plain.served
    assert plain.partial == {1: {}, 2: {}, 3: {}}
    assert plain.preferred == {}
    one, two = training.forecasts(plain.leads, DATA, 1), training.forecasts(trained.leads, with_model(), 1)
    for method in one:
        np.testing.assert_array_equal(one[method], two[method])
        for name in ("level", "quantile"):
            np.testing.assert_array_equal(
                getattr(trained.spread[1][method], name), getattr(plain.spread[1][method], name)
            )


def test_a_model_without_a_word_in_the_seasons_of_learning_leaves_the_name_of_what_was_learned(plain):
    data = with_model()
    silent = {lead: np.where((data.year == 2022)[:, None], value, np.nan) for lead, value in data.model.items()}

    assert training.training_key(dataclasses.replace(data, model=silent), YEARS) == plain.key


def test_a_good_model_put_right_is_preferred_and_a_loose_or_silent_one_is_not(trained):
    assert trained.preferred == {1: CAMS_CORRECTED}
    assert set(trained.partial[2]) == set(partial.PARTIAL)
    assert trained.partial[3] == {}
    good = trained.partial[1][CAMS_CORRECTED]
    assert good.record[CAMS_CORRECTED] < 0.6 * good.record[trained.served[1]]
    # As it is it reads half.
    raw = trained.partial[1][CAMS]
    assert raw.record[CAMS] > raw.record[PERSISTENCE]
    assert raw.record[trained.served[1]] == pytest.approx(trained.record[1][trained.served[1]], rel=0.2)
    # Known from 1 January on, it aims at 2 January to 31 May.
    assert raw.days == {2020: 151, 2021: 150}
    assert good.days[2020] < raw.days[2020]


def test_what_was_learned_can_be_written_and_read_back(trained):
    again = training.from_json(training.to_json(trained))

    assert training.to_json(again) == training.to_json(trained)
    assert again.preferred == trained.preferred
    assert again.partial[1][CAMS].days == trained.partial[1][CAMS].days


@pytest.mark.parametrize(
    ("days", "ratio", "spread", "chosen"),
    [
        ({2020: 60, 2021: 60}, 0.9, True, CAMS),
        ({2020: 60, 2021: 59}, 0.9, True, None),
        ({2020: 151}, 0.5, True, None),
        ({2020: 90, 2021: 90}, 0.99, True, None),
        ({2020: 90, 2021: 90}, 1.1, True, None),
        ({2020: 90, 2021: 90}, 0.5, False, None),
    ],
)
def test_two_seasons_of_sixty_days_and_a_clear_gain_are_needed(plain, days, ratio, spread, chosen):
    one = partial.Partial({CAMS: 10 * ratio, "blend": 10.0}, days, plain.spread[1]["blend"] if spread else None)

    assert partial.prefer({CAMS: one}, "blend", 1.02) == chosen


def test_too_few_pairs_have_no_interval_and_none_no_record():
    rows = np.stack([np.full(80, np.nan), np.full(80, 40.0), np.ones(80)])
    aimed = np.arange(np.datetime64("2026-01-01"), np.datetime64("2026-01-01") + 80)
    others = {PERSISTENCE: np.stack([np.linspace(30, 50, 80), np.full(80, 40.0), np.ones(80)])}

    assert partial.judge(CAMS, rows, aimed, others) is None
    rows[0, : FEWEST - 1] = 50.0
    one = partial.judge(CAMS, rows, aimed, others)
    assert one.spread is None
    assert one.record[CAMS] == 10.0
    assert one.record[PERSISTENCE] == pytest.approx(np.sqrt(np.mean((np.linspace(30, 50, 80)[: FEWEST - 1] - 40) ** 2)))
    assert one.days == {2026: FEWEST - 1}


def test_where_it_is_known_the_preferred_method_speaks_and_elsewhere_the_one_served(plain, trained):
    data = with_model()
    now, before = forecast.now(trained, data), forecast.now(plain, DATA)

    mine = now[now["method"] == CAMS_CORRECTED]
    # The last day has no truth to make a model from: nothing is known there, as after a failed fetch.
    assert mine.empty
    pd.testing.assert_frame_equal(now.drop(columns="taught_by"), before.drop(columns="taught_by"))
    earlier, same = data.until(dt.date(2022, 3, 10)), DATA.until(dt.date(2022, 3, 10))
    now, before = forecast.now(trained, earlier), forecast.now(plain, same)
    mine = now[now["method"] == CAMS_CORRECTED]
    assert mine["lead_h"].unique().tolist() == [24]
    assert set(mine["code"]) == set(LAMPANG)
    assert ((mine["low"] < mine["pm25"]) & (mine["pm25"] < mine["high"])).all()
    came = pd.Series(DATA.value[DATA.position(dt.date(2022, 3, 11))], smoky_years.STATIONS)
    np.testing.assert_allclose(mine["pm25"], came[mine["code"]], rtol=0.35)
    others = now[now["method"] != CAMS_CORRECTED].reset_index(drop=True)
    kept = before[~((before["lead_h"] == 24) & before["code"].isin(mine["code"]))].reset_index(drop=True)
    pd.testing.assert_frame_equal(others.drop(columns="taught_by"), kept.drop(columns="taught_by"))
    assert not now.duplicated(["code", "lead_h"]).any()


def test_beside_stands_what_was_not_served(trained):
    found = forecast.beside(trained, with_model().until(dt.date(2022, 3, 10)))

    counted = found.groupby(["lead_h", "method"]).size().to_dict()
    assert counted == {(24, CAMS): 4, (24, CAMS_MEAN): 4} | {(48, method): 8 for method in partial.PARTIAL}
    assert found["low"].notna().all()


def test_a_model_never_judged_says_a_value_without_an_interval(plain):
    found = forecast.beside(plain, with_model().until(dt.date(2022, 3, 10)))

    assert len(found) == 36
    assert found["pm25"].notna().all()
    assert found[["low", "high", "p_over_37_5", "p_over_75"]].isna().all().all()


def test_in_the_card_it_is_compared_on_its_own_pairs_and_the_others_stay_as_they_are(plain, trained):
    days = (DATA.days >= np.datetime64("2022-02-01")) & (DATA.days < np.datetime64("2022-03-10"))
    one, two = (
        report_card.common(report_card.pairs(forecast.issued(taught, data, days), data))
        for taught, data in ((plain, DATA), (trained, with_model()))
    )
    before, after = report_card.scores(one), report_card.scores(two)
    marked = forecast.card(two, {2022: trained})
    used = marked[marked["served"]].groupby("lead_h")["method"].agg(set).to_dict()
    assert used == {24: {CAMS_CORRECTED, trained.served[1]}, 48: {trained.served[2]}, 72: {trained.served[3]}}

    others = after[~after["method"].isin(partial.PARTIAL)].reset_index(drop=True)
    pd.testing.assert_frame_equal(others, before, check_exact=True)
    card = after.set_index(["lead_h", "method"])
    # The model knows Lampang alone, where 38t, 39t and 40t share one vote.
    whole, mine = card.loc[(24, PERSISTENCE), "n"], card.loc[(24, CAMS), "n"]
    assert 0 < mine < whole
    rows = two[(two["lead_h"] == 24) & two["method"].isin([CAMS, PERSISTENCE])]
    rows = rows[rows["code"].isin(LAMPANG)]
    error = {
        method: np.sqrt(np.average((part["pm25"] - part["measured"]) ** 2, weights=part["weight"]))
        for method, part in rows.groupby("method")
    }
    assert card.loc[(24, CAMS), "skill_vs_persistence"] == pytest.approx(1 - error[CAMS] / error[PERSISTENCE])
    assert (24 * np.array(LEADS)).tolist() == sorted(set(after["lead_h"]))


def test_the_mean_of_model_and_stations_is_served_where_each_knows_what_the_other_does_not(plain):
    random = np.random.default_rng(9)
    said = training.forecasts(plain.leads, DATA, 1)[training.BLEND]
    # As wrong as the blend, but wrong by other things.
    error = np.nanstd(np.log(later(DATA.value, 1) / said))
    model = later(DATA.value, 1) * np.exp(random.normal(0, error, DATA.value.shape))
    found = training.forecasts(plain.leads, dataclasses.replace(DATA, model={1: model}), 1)

    np.testing.assert_allclose(found[CAMS_MEAN], (found[CAMS_CORRECTED] + found[training.BLEND]) / 2)
    rows = np.isin(DATA.month, training.SEASON_MONTHS)[:, None] & np.isfinite(later(DATA.value, 1) + found[CAMS_MEAN])
    miss = {name: np.sqrt(np.mean((found[name] - later(DATA.value, 1))[rows] ** 2)) for name in found}
    assert miss[CAMS_MEAN] < 0.9 * min(miss[CAMS_CORRECTED], miss[training.BLEND])


def test_the_outlook_of_a_place_is_of_the_method_that_speaks_at_its_stations(trained, tmp_path, monkeypatch):
    data = with_model().until(dt.date(2022, 3, 10))
    monkeypatch.setattr(forecast, "latest", lambda desk, at: (data, trained))
    desk = desk_of(tmp_path, smoky_years.readings(DATA.last(5)))
    made = outlook.outlook(desk)

    tambons = made.tambons.set_index(["lead_h", "code"])
    methods = made.tambons.groupby("lead_h")["method"].unique()
    assert [list(methods[24 * lead]) for lead in LEADS] == [[CAMS_CORRECTED], [trained.served[2]], [trained.served[3]]]
    # Value, interval and chance of the tambon in which 37t stands are those of the station.
    home = desk.stations.set_index("station_id").loc["37t", "tambon"]
    station = made.stations[made.stations["code"] == "37t"].set_index("lead_h").loc[24]
    for name in ("pm25", "low", "high", "p_over_37_5"):
        assert tambons.loc[(24, home), name] == pytest.approx(station[name], rel=1e-6)
    assert set(made.beside["method"]) == set(partial.PARTIAL)
