"""What the Origin page says: one sentence with its range, or the reason; names of areas; charts that Vega accepts."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from layers import origin, origin_charts
from layers.words import LANGS, Lang, say
from models import origin as model
from models.burning import Under
from models.origin import Origin
from tests.layers import desks

both = pytest.mark.parametrize("lang", LANGS)
AREAS = ["own_amphoe", "rest_of_place", "thailand", "myanmar", "laos", "other"]


def made(verdict: str, ours: tuple[float, float, float] = (np.nan,) * 3) -> Origin:
    share = [ours[0] * part for part in (0.5, 0.5, 0.0, 1 / ours[0] - 1, 0.0, 0.0)]
    table = pd.DataFrame({"code": "5201", "day": pd.Timestamp("2026-03-10"), "area": AREAS, "share": share})
    table = table.assign(low=table["share"] * 0.5, high=(table["share"] * 1.5).clip(upper=1), verdict=verdict)
    table = table.assign(ours=ours[0], ours_low=ours[1], ours_high=ours[2], followed_h=40.0, unseen=0.05)
    tracks = pd.DataFrame({"tambon": "520101", "path": [0, 0, 1, 1], "hours_back": [0.0, 2.0] * 2,
                           "lon": [99.0, 98.5, 99.1, 98.7], "lat": [18.0, 18.1, 18.0, 18.2]})  # fmt: skip
    return Origin(dt.date(2026, 3, 10), table, tracks, "gfs")


@both
@pytest.mark.parametrize(
    ("verdict", "ours"), [("ours", (0.8, 0.6, 0.9)), ("blown_in", (0.2, 0.1, 0.4)), ("both", (0.5, 0.2, 0.9))]
)
def test_one_sentence_with_its_range(lang: Lang, verdict: str, ours: tuple[float, float, float]) -> None:
    text = origin.sentence(lang, made(verdict, ours), "5201", "เมือง")
    for share in ours:
        assert f"{100 * share:.0f}" in text
    assert "เมือง" in text


@both
@pytest.mark.parametrize("verdict", ["calm", "no_wind", "no_fire", "fires_not_stored", "fires_unseen"])
def test_a_reason_where_it_cannot_be_told(lang: Lang, verdict: str, tmp_path: Path) -> None:
    found = made(verdict)
    text = origin.sentence(lang, found, "5201", "X")
    assert say(lang, f"origin.reason.{verdict}", hours="24") in text
    assert "nan" not in text
    assert any("1" in note for note in origin.notes(lang, found)[1:])
    assert origin.table(lang, found, "5201", desks.desk_of(desks.store_of(tmp_path))).empty


@both
def test_areas_have_names(lang: Lang, tmp_path: Path) -> None:
    desk = desks.desk_of(desks.store_of(tmp_path))
    names = [origin.area_word(lang, area, desk) for area in [*AREAS, "province:52"]]
    assert len(set(names)) == len(names)
    assert names[-1] == f"province {lang}"


@both
def test_charts_are_valid(lang: Lang, tmp_path: Path) -> None:
    desk = desks.desk_of(desks.store_of(tmp_path, [desks.march()]))
    found = made("both", (0.5, 0.2, 0.9))
    table = origin.table(lang, found, "5201", desk)
    assert table["ours"].tolist() == [True, True, False, False, False, False]
    assert table["share"].sum() == pytest.approx(100.0)
    bars = origin_charts.share_bars(lang, table).to_dict()
    assert bars["layer"][0]["mark"]["type"] == "bar"
    under = model.beneath(desk, dt.date(2026, 3, 10))
    assert isinstance(under, Under)
    assert len(under.fires) == 4  # those of 8 to 10 March
    assert set(under.borders["kind"]) == {"province", "country"}
    ways = origin_charts.ways(lang, found.tracks, under, (99.05, 18.05)).to_dict()
    domain = ways["layer"][2]["encoding"]["x"]["scale"]["domain"]
    assert domain[0] < 98.5 < 99.1 < domain[1]
    assert domain[1] - domain[0] >= 3.0
    # Without any wind there are no ways, and the picture still stands.
    none = origin_charts.ways(lang, found.tracks.iloc[:0], under, (99.05, 18.05)).to_dict()
    assert none["layer"]
