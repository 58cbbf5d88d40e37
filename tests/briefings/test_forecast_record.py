"""The record beside the briefing's outlook counts every forecast that was issued, whichever method served it."""

import datetime as dt

import pandas as pd

from briefings import judged
from briefings.facts import Ledger
from briefings.figures import Scene
from models import forecast, issued
from tests.models import smoky_years
from tests.models.test_forecast import desk_of

#: One season alone: persistence is served, which is quick.
READINGS = smoky_years.readings(smoky_years.smoke(dt.date(2021, 11, 1), dt.date(2022, 3, 20), seed=3))


def test_the_record_counts_the_days_of_every_method_and_of_persistence(tmp_path):
    for day, method in ((14, "blend"), (15, "persistence")):
        early = READINGS[READINGS["measured_at"] < pd.Timestamp(f"2022-03-{day - 1}T17:00Z")]
        desk = desk_of(tmp_path, early, now=dt.datetime(2022, 3, day, 1, tzinfo=dt.UTC))
        issued.keep(desk, forecast.issue(desk).assign(method=method))
    desk = desk_of(tmp_path, READINGS)
    scene = Scene(desk, dt.date(2022, 3, 20), "en", pd.DataFrame(), Ledger(desk.store.state().revision))

    told = judged.outlook(scene).lines[-1]

    # Two days at 37t, and two at Mae Moh, whose three stations count once.
    assert "24 h ahead, 4 cases" in told
    counts = {name.rpartition(".")[2]: fact for name, fact in scene.ledger.facts.items() if ".record." in name}
    assert set(counts) == {"n", "hits", "misses", "false_alarms"}
