"""Forecasts issued from a store, judged again on past seasons, and kept when they are issued."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from data import places, settings
from data.errors import TooLittleData
from data.merge import Writer
from data.store import Store
from models import forecast, issued, report_card
from models.desk import Desk
from models.training import DAMPED, METHODS, PERSISTENCE, WITHOUT_DRIVERS
from tests import make
from tests.models import smoky_years

pytestmark = pytest.mark.usefixtures("few_trees")

DATA = smoky_years.smoke(dt.date(2019, 11, 1), dt.date(2022, 3, 20), seed=3)
#: 08:00 in Thailand on the day after the last one.
NOW = dt.datetime(2022, 3, 21, 1, tzinfo=dt.UTC)


def desk_of(root, readings, now=NOW):
    store = Store(root, lambda: now)
    with store.locked():
        writer = Writer(store, store.state())
        writer.add_stations(smoky_years.stations())
        writer.add_readings(readings)
        writer.commit()
    options = settings.load().model_copy(update={"store": root})
    return Desk(store, places.place("lampang"), options, is_sample=False, now=lambda: now)


@pytest.fixture(scope="module")
def desk(tmp_path_factory, few_trees):
    return desk_of(tmp_path_factory.mktemp("smoke"), smoky_years.readings(DATA))


def test_what_was_made_ready_is_not_learned_again_whoever_asks(tmp_path, monkeypatch):
    ready = desk_of(tmp_path, smoky_years.readings(DATA))
    forecast.prepare(ready)
    monkeypatch.setattr(forecast, "train", lambda *_: pytest.fail("learned again"))
    for days in (0, 40):
        assert len(forecast.issue(ready, NOW - dt.timedelta(days=days)))


def test_there_is_nothing_to_make_ready_without_readings(tmp_path):
    forecast.prepare(desk_of(tmp_path, smoky_years.readings(DATA).iloc[:0]))
    forecast.prepare(desk_of(tmp_path / "few", smoky_years.readings(DATA).iloc[:3]))


def test_the_forecast_of_now_speaks_of_three_days_after_the_last_one_known(desk):
    found = forecast.issue(desk)

    assert set(found["code"]) == set(smoky_years.STATIONS)
    assert found["lead_h"].value_counts().to_dict() == {24: 8, 48: 8, 72: 8}
    # 00:00 of 21 March in Thailand.
    assert found["issued_at"].unique().tolist() == [pd.Timestamp("2022-03-20T17:00Z")]
    assert found.groupby("lead_h")["valid_at"].first().tolist() == [
        pd.Timestamp(f"2022-03-{day}T17:00Z") for day in (20, 21, 22)
    ]
    assert (found["low"] < found["pm25"]).all()
    assert (found["pm25"] < found["high"]).all()
    assert (found["p_over_75"] <= found["p_over_37_5"]).all()
    assert found["method"].nunique() <= 3
    assert not set(found["method"]) & {PERSISTENCE}


def test_what_was_measured_after_the_time_of_issue_is_not_looked_at(desk, tmp_path):
    at = dt.datetime(2022, 2, 10, 3, tzinfo=dt.UTC)
    readings = smoky_years.readings(DATA)
    later = readings["measured_at"] >= pd.Timestamp("2022-02-09T17:00Z")
    changed = readings.assign(value=readings["value"].where(~later, 333.0))

    one = forecast.issue(desk, at)
    two = forecast.issue(desk_of(tmp_path / "changed", changed), at)
    three = forecast.issue(desk_of(tmp_path / "cut", readings[~later]), at)

    pd.testing.assert_frame_equal(one, two)
    pd.testing.assert_frame_equal(one.drop(columns="taught_by"), three.drop(columns="taught_by"))


def test_the_record_uses_only_what_was_known_at_each_issue(desk):
    first, last = dt.date(2022, 2, 1), dt.date(2022, 2, 20)
    pairs, taught = forecast.verify(desk, first, last)

    assert taught[2022].years == (2020, 2021)
    one = pairs[(pairs["valid_at"] == pd.Timestamp("2022-02-11T17:00Z")) & (pairs["lead_h"] == 48)]
    served = taught[2022].served[2]
    # 12 February at 48 h was issued when 10 February had ended.
    again = forecast.issue(desk, dt.datetime(2022, 2, 11, 3, tzinfo=dt.UTC))
    again = again[again["lead_h"] == 48].set_index("code")["pm25"]
    mine = one[one["method"] == served].set_index("code")["pm25"]
    pd.testing.assert_series_equal(mine, again.reindex(mine.index), rtol=1e-6)


def test_the_card_has_every_method_on_the_same_pairs_and_one_served_per_lead(desk):
    pairs, taught = forecast.verify(desk, dt.date(2022, 1, 1), dt.date(2022, 3, 31))
    card = forecast.card(pairs, taught)

    assert set(card["method"]) == {*METHODS} - {*WITHOUT_DRIVERS}
    assert (card.groupby("lead_h")["n"].nunique() == 1).all()
    assert (card.groupby("lead_h")["served"].sum() == 1).all()
    best = card[card["served"]].set_index("lead_h")
    assert (best["skill_vs_persistence"] > 0.1).all()
    assert (best["skill_vs_damped"] > 0).all()
    assert best["coverage_90"].between(0.83, 0.97).all()
    by_station = forecast.card(pairs, taught, ["code"])
    assert len(by_station) == len(card) * 8
    by_season = forecast.card(pairs, taught, ["season"])
    assert by_season["season"].unique().tolist() == [2022]


def test_a_season_with_one_before_it_is_judged_from_all_others_unless_told(desk):
    _, taught = forecast.verify(desk, dt.date(2021, 1, 1), dt.date(2021, 1, 31), codes=["37t"])
    pairs, strict = forecast.verify(desk, dt.date(2021, 1, 1), dt.date(2021, 1, 31), seasons="before")

    assert taught[2021].years == (2020, 2022)
    assert strict[2021].years == (2020,)
    assert DAMPED in set(pairs["method"])


def test_nothing_measured_cannot_be_judged(desk):
    with pytest.raises(TooLittleData) as error:
        forecast.verify(desk, dt.date(2023, 1, 1), dt.date(2023, 1, 31))

    assert error.value.key == "forecast_not_judged"


def test_a_network_that_fell_silent_is_not_forecast(desk):
    with pytest.raises(TooLittleData) as error:
        forecast.issue(desk, dt.datetime(2022, 3, 25, 3, tzinfo=dt.UTC))

    assert error.value.context["newest"] == "2022-03-20"


def test_a_day_late_the_forecast_starts_at_the_last_day_known(desk):
    found = forecast.issue(desk, dt.datetime(2022, 3, 23, 3, tzinfo=dt.UTC))

    assert found["issued_at"].unique().tolist() == [pd.Timestamp("2022-03-20T17:00Z")]


def test_a_station_alone_without_seasons_stays_at_persistence_with_a_wide_interval(tmp_path):
    readings = smoky_years.readings(DATA)
    mine = readings[
        (readings["station_id"] == "37t") & (readings["measured_at"] >= pd.Timestamp("2021-11-01", tz="UTC"))
    ]

    found = forecast.issue(desk_of(tmp_path, mine))

    assert set(found["method"]) == {PERSISTENCE}
    assert found["pm25"].tolist() == pytest.approx([DATA.value[-1, 1]] * 3)
    assert (found["high"] / found["low"]).is_monotonic_increasing


def test_issued_forecasts_are_kept_once_and_judged_when_their_day_has_come(tmp_path):
    readings = smoky_years.readings(DATA)
    day = dt.date(2022, 3, 15)
    morning = dt.datetime(2022, 3, 15, 1, tzinfo=dt.UTC)
    early = readings[readings["measured_at"] < pd.Timestamp("2022-03-14T17:00Z")]
    desk = desk_of(tmp_path, early, now=morning)
    table = forecast.issue(desk)

    assert issued.keep(desk, table) == 24
    assert issued.keep(desk, table.assign(pm25=1.0)) == 0
    with pytest.raises(TooLittleData):
        issued.judged(desk_of(tmp_path, early, now=morning), day, day)

    later = desk_of(tmp_path, readings)
    found = issued.judged(later, day, dt.date(2022, 3, 17))

    assert set(found["method"]) == {*table["method"], PERSISTENCE}
    mine = found[(found["method"] != PERSISTENCE) & (found["code"] == "37t")].sort_values("lead_h")
    assert mine["pm25"].tolist() == table[table["code"] == "37t"]["pm25"].tolist()
    assert mine["measured"].tolist() == DATA.value[DATA.position(day) :][:3, 1].tolist()
    assert found["served"].tolist() == [True] * 24 + [False] * 24
    # A forecast of a day that has passed is none.
    assert issued.keep(later, table.assign(code="x")) == 0
    assert later.state.revision == later.store.state().revision


def test_methods_served_in_turn_are_judged_together_and_persistence_alone_stands_alone(tmp_path):
    readings = smoky_years.readings(DATA)
    kept = []
    for day, method in ((14, "blend"), (15, PERSISTENCE)):
        morning = dt.datetime(2022, 3, day, 1, tzinfo=dt.UTC)
        early = readings[readings["measured_at"] < pd.Timestamp(f"2022-03-{day - 1}T17:00Z")]
        desk = desk_of(tmp_path, early, now=morning)
        table = forecast.issue(desk).assign(method=method)
        # 72 h is persistence on both days.
        kept.append(table.assign(method=table["method"].where(table["lead_h"] < 72, PERSISTENCE)))
        assert issued.keep(desk, kept[-1]) == 24

    found = issued.judged(desk_of(tmp_path, readings), dt.date(2022, 3, 14), dt.date(2022, 3, 17))
    counted = found.groupby(["lead_h", "method", "served"]).size().to_dict()

    both = {(lead, name, name == issued.SEVERAL): 16 for lead in (24, 48) for name in (issued.SEVERAL, PERSISTENCE)}
    assert counted == both | {(72, PERSISTENCE, True): 16}
    mine = found[found["served"]].sort_values(["lead_h", "issued_at", "code"])["pm25"]
    assert mine.tolist() == pd.concat(kept).sort_values(["lead_h", "issued_at", "code"])["pm25"].tolist()


def test_a_stored_forecast_does_not_change_the_name_of_the_data(tmp_path):
    readings = smoky_years.readings(DATA)
    desk = desk_of(tmp_path, readings)
    before = desk.store.state().revision

    assert issued.issue_and_keep(desk) == 24
    assert desk.store.state().revision == before
    assert len(desk.store.forecasts()) == 24


def test_learning_is_done_once_for_the_same_seasons(desk, monkeypatch):
    forecast.issue(desk)
    monkeypatch.setattr(forecast, "train", None)

    assert len(forecast.issue(desk)) == 24
    assert np.isfinite(forecast.issue(desk)["pm25"]).all()


def with_model(root, readings, day, now, pm25):
    """Return a desk whose store knows, since the morning of the day before a Thai day, what a model says of three."""
    desk = desk_of(root, readings, now)
    known = pd.Timestamp(day, tz="Asia/Bangkok").tz_convert("UTC") - pd.Timedelta(hours=15)
    table = pd.DataFrame(
        {
            "station_id": "cams:18.40,99.60",
            "day": [known + pd.Timedelta(hours=15, days=ahead) for ahead in range(3)],
            "known_at": known,
            "pm25": pm25,
        }
    )
    cell = {"station_id": "cams:18.40,99.60", "station_type": "model", "lon": 99.6, "lat": 18.4, "source": "cams"}
    with desk.store.locked():
        writer = Writer(desk.store, desk.store.state())
        writer.add_stations(make.stations(cell))
        writer.add_model_days(table)
        writer.commit()
    return desk_of(root, readings, now)


def test_the_model_is_kept_beside_what_is_served_and_judged_on_its_own_pairs(tmp_path):
    readings = smoky_years.readings(DATA)
    readings = readings[readings["measured_at"] >= pd.Timestamp("2021-11-01", tz="UTC")]
    day = dt.date(2022, 3, 15)
    early = readings[readings["measured_at"] < pd.Timestamp("2022-03-14T17:00Z")]
    morning = dt.datetime(2022, 3, 15, 1, tzinfo=dt.UTC)
    desk = with_model(tmp_path, early, day, morning, [40.0, 50.0, 60.0])
    plain = forecast.issue(desk_of(tmp_path / "plain", early, morning))

    assert issued.issue_and_keep(desk) == 24
    assert issued.keep(desk, plain, forecast.beside(*reversed(forecast.latest(desk))).assign(pm25=1.0)) == 0
    pd.testing.assert_frame_equal(desk.store.forecasts().sort_values(["lead_h", "code"], ignore_index=True), plain)
    beside = desk.store.candidates()
    # Lampang's stations stand in the cell; with less than ten known days nothing can be put right.
    assert beside.groupby("lead_h")["pm25"].agg(["size", "min", "max"]).to_numpy().tolist() == [
        [4, 40, 40], [4, 50, 50], [4, 60, 60],
    ]  # fmt: skip
    assert set(beside["method"]) == {"cams"}

    later = desk_of(tmp_path, readings)
    pairs = issued.judged(later, day, dt.date(2022, 3, 17))
    counted = pairs.groupby(["lead_h", "method", "served"]).size().to_dict()
    assert counted == {
        (lead, method, served): n
        for lead in (24, 48, 72)
        for method, served, n in ((PERSISTENCE, True, 8), ("cams", False, 4))
    }
    card = report_card.scores(pairs).set_index(["lead_h", "method"])
    mine = [code for code in smoky_years.STATIONS if code in {"37t", "38t", "39t", "40t"}]
    at = [smoky_years.STATIONS.index(code) for code in mine]
    came, stays = DATA.value[DATA.position(day), at], DATA.value[DATA.position(day) - 1, at]
    weight = np.array([1, 1 / 3, 1 / 3, 1 / 3])
    error = [np.sqrt(np.average((said - came) ** 2, weights=weight)) for said in (40.0, stays)]
    assert card.loc[(24, "cams"), "skill_vs_persistence"] == pytest.approx(1 - error[0] / error[1])
    assert card.loc[(24, "cams"), "n"] == 2


def test_a_partial_method_served_in_turn_with_others_has_a_record_of_its_own(tmp_path):
    readings = smoky_years.readings(DATA)
    for day, method in ((14, "blend"), (15, "cams_corrected")):
        morning = dt.datetime(2022, 3, day, 1, tzinfo=dt.UTC)
        early = readings[readings["measured_at"] < pd.Timestamp(f"2022-03-{day - 1}T17:00Z")]
        desk = desk_of(tmp_path, early, now=morning)
        table = forecast.issue(desk).assign(method=method)
        beside = table.assign(method="cams_corrected", pm25=33.0) if method == "blend" else None
        issued.keep(desk, table, beside)

    found = issued.judged(desk_of(tmp_path, readings), dt.date(2022, 3, 14), dt.date(2022, 3, 17))
    counted = found.groupby(["method", "served"]).size().to_dict()

    assert counted == {(issued.SEVERAL, True): 48, (PERSISTENCE, False): 48, ("cams_corrected", False): 48}
    assert not found.duplicated(["code", "valid_at", "lead_h", "method"]).any()
