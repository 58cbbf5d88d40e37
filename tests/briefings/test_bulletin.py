"""The bulletin sentence by sentence, in both languages, and silence where nothing is known."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from briefings.making import bulletin_of
from data.variables import pm25_scale
from layers.words import LANGS, Lang, say, texts
from tests.layers import desks

DAY = dt.date(2026, 3, 12)
both = pytest.mark.parametrize("lang", LANGS)


@both
def test_a_bad_day_by_hand(tmp_path: Path, lang: Lang) -> None:
    air = desks.air(("2026-03-11", 30.0), ("2026-03-12", 52.0))
    desk = desks.desk_of(desks.store_of(tmp_path / "store", [desks.march()], air))
    said, ledger = bulletin_of(desk, DAY, lang)
    station = desk.stations.set_index("station_id").at["37t", f"name_{lang}"]
    words = pm25_scale().classes[3].label_th if lang == "th" else pm25_scale().classes[3].label_en
    assert said[1] == say(lang, "bulletin.air", value="52.0", station=station, words=words)
    assert said[2] == say(lang, "bulletin.trend_up", change="22.0")
    assert said[3] == say(lang, "bulletin.advice_starting_to_affect_health")
    assert say(lang, "bulletin.fires", count="2", amphoe=f"amphoe {lang}", most="2") in said
    assert {fact.key: fact.value for fact in ledger}["bulletin.pm25.change"] == 22.0


@pytest.mark.parametrize(
    ("before", "after", "trend"), [(40.0, 42.9, "steady"), (40.0, 37.0, "down"), (40.0, 43.0, "up")]
)
def test_the_trend_begins_at_three_micrograms(tmp_path: Path, before: float, after: float, trend: str) -> None:
    air = desks.air(("2026-03-11", before), ("2026-03-12", after))
    said, _ = bulletin_of(desks.desk_of(desks.store_of(tmp_path / "store", readings=air)), DAY, "en")
    assert said[2] == say("en", f"bulletin.trend_{trend}", change=f"{abs(after - before):.1f}")


@both
def test_nothing_known_is_said(tmp_path: Path, lang: Lang) -> None:
    said, ledger = bulletin_of(desks.desk_of(desks.store_of(tmp_path / "store")), DAY, lang)
    assert said[1:] == [say(lang, "bulletin.nothing")]
    assert not list(ledger)


def test_a_ban_on_record_is_told_and_an_unknown_year_is_not(tmp_path: Path) -> None:
    desk = desks.desk_of(desks.store_of(tmp_path / "store"))
    inside, _ = bulletin_of(desk, dt.date(2023, 3, 1), "en")
    assert say("en", "bulletin.ban", last="30 Apr 2023") in inside
    unknown, _ = bulletin_of(desk, dt.date(2024, 3, 1), "en")
    assert not any("banned" in sentence for sentence in unknown)


@both
def test_every_class_of_air_has_advice(lang: Lang) -> None:
    assert {f"bulletin.advice_{one.code}" for one in pm25_scale().classes} <= set(texts(lang))
