"""What the Danger page says: classes with sign and word, chances and orders, records, in both languages."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data.bans import shipped
from layers import danger, danger_page, today
from layers.words import LANGS, Lang, say, say_day
from models import likelihood, likelihood_record
from models.danger import daily_danger
from models.danger_class import Classes
from tests.layers import desks
from tests.models import chances, weathers

both = pytest.mark.parametrize("lang", LANGS)
NO_CARD = likelihood_record.report_card([])


@pytest.fixture
def desk(tmp_path: Path) -> desks.Desk:
    store = desks.store_of(tmp_path, [desks.march()])
    hours = weathers.hours("a", "2026-02-01", "2026-03-12")
    weathers.add(store, hours, {"station_id": "a", "lon": 99.05, "lat": 18.05})
    return desks.desk_of(store)


@both
def test_each_tambon_has_a_class_in_sign_word_and_colour(desk: desks.Desk, lang: Lang) -> None:
    found, classes = daily_danger(desk, desks.DAY, desks.DAY)
    found.loc[found["code"] == "520104", "class"] = "cannot_tell"
    shown = danger_page.weather(desk, desks.view(lang=lang), found, classes, pd.DataFrame(), "credit")
    level = found.set_index("code").loc["520101", "class"]
    number, text = shown.values["tambons"]["520101"]
    assert number == danger_page.LEVELS.index(level)
    assert text.startswith(say(lang, f"danger.level.{level}"))
    assert shown.values["tambons"]["520104"] == [None, say(lang, "danger.level.cannot_tell")]
    column = shown.table[say(lang, "danger.column.class")]
    assert f"{danger_page.LEVEL_SIGNS[level]} {say(lang, f'danger.level.{level}')}" in set(column)
    assert len(set(danger_page.LEVEL_SIGNS.values())) == 5
    assert shown.record == [say(lang, "danger.no_record")]
    assert len(shown.legend.entries) == 5


@both
def test_the_basis_names_its_fires_and_limits(lang: Lang) -> None:
    classes = Classes((12.0, 20.5, float("inf")), "fires", 4000, 160, 45, "SNPP")
    text = danger.basis(lang, classes)
    for part in ("12.0 / 20.5", "4,000", "160", "45"):
        assert part in text
    assert "inf" not in text


@both
def test_the_class_record_compares_with_the_base_rate(lang: Lang, desk: desks.Desk) -> None:
    row = {"season": 2024, "tambon_days": 900, "base_rate": 0.04, "top_days": 90, "top_rate": 0.1, "ratio": 2.5}
    found, classes = daily_danger(desk, desks.DAY, desks.DAY)
    shown = danger_page.weather(desk, desks.view(lang=lang), found, classes, pd.DataFrame([row]), "")
    assert len(shown.record) == 1
    for part in ("10.0", "4.0", "2.5", "2567" if lang == "th" else "2024"):
        assert part in shown.record[0]


@both
def test_an_order_without_probability_shows_the_first_ten(desk: desks.Desk, lang: Lang) -> None:
    made = likelihood_record.chances(likelihood.history(desk), dt.date(2026, 3, 13), "week")
    shown = danger_page.chance(desk, desks.view(lang=lang), made, NO_CARD, shipped(), "")
    assert shown.table[say(lang, "chance.column.probability")].isna().all()
    assert shown.legend.entries[0].label == say(lang, "chance.first", count=10)
    assert any(say(lang, "chance.no_probability", fires=made.learned_from) == text for text in shown.notes)
    years = "2017, 2018, 2019, 2020, 2021, 2022, 2023" if lang == "en" else "2560, 2561, 2562, 2563, 2564, 2565, 2566"
    assert shown.record == [say(lang, "chance.no_record"), say(lang, "chance.bans_shipped", years=years)]
    unknown = likelihood_record.chances(likelihood.history(desk), dt.date(2026, 3, 30), "week")
    shown = danger_page.chance(desk, desks.view(lang=lang), unknown, NO_CARD, shipped(), "")
    assert {at for at, _ in shown.values["tambons"].values()} == {None}
    assert len(shown.notes) == 1


@both
def test_probabilities_fall_into_their_classes(desk: desks.Desk, lang: Lang) -> None:
    past, _ = chances.province(11, range(2022, 2025))
    judged = likelihood_record.judge(past, dt.date(2022, 1, 1), dt.date(2024, 12, 31))
    card = likelihood_record.report_card(judged)
    made = likelihood_record.chances(past, dt.date(2024, 3, 10), likelihood_record.served_by(card))
    shown = danger_page.chance(desk, desks.view(lang=lang), made, card, shipped(), "")
    percent = 100 * made.table.set_index("code")["probability"]
    for code, (at, text) in shown.values["tambons"].items():
        assert at == int(np.searchsorted((1, 2, 5, 10, 20), percent[code], side="right"))
        assert text.startswith(f"{percent[code]:.0f} %")
    assert len(shown.card) == 3
    assert shown.card[say(lang, "chance.card.served")].tolist().count("●") == 1
    assert "2567" in shown.record[0] if lang == "th" else "2024" in shown.record[0]


@both
def test_the_fills_of_the_today_page_say_day_and_basis(desk: desks.Desk, lang: Lang) -> None:
    made = likelihood_record.chances(likelihood.history(desk), dt.date(2026, 3, 13), "week")
    fill = danger_page.chance_fill(lang, made, NO_CARD)
    assert fill.legend.title == say(lang, "chance.title", day=say_day(lang, dt.date(2026, 3, 13)))
    assert say(lang, "chance.no_record") in fill.legend.note
    found, classes = daily_danger(desk, desks.DAY, desks.DAY)
    weather = danger_page.weather_fill(lang, desks.DAY, found, classes)
    assert weather.legend.title == say(lang, "danger.title_weather", day=say_day(lang, desks.DAY))
    assert danger.basis(lang, classes) in weather.legend.note
    why = say(lang, "error.no_hotspots")
    for one, basis in ((fill, made.table["code"]), (weather, found["code"])):
        page = today.build(desk, desks.view(lang=lang), desks.sites(desk), "", 0, given=one)
        assert set(page.values["tambons"]) == set(basis)
        assert page.legends[0] == one.legend
        assert page.table[one.tip].notna().all()
    nothing = danger_page.no_fill(lang, "danger", desk, why)
    assert {at for at, _ in nothing.tambons.values()} == {None}
    assert nothing.legend.note == why
