"""What the Fires page shows: the map's values, one fire, points read and written, checks and verdicts."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest

from data.accounts import LOCAL
from data.clock import day_bounds
from data.errors import RecordRefused
from data.registry import open_registry
from layers import fires as words
from layers.words import LANGS, Lang
from models import fire_seasons
from models.looks import looks
from tests.layers.desks import DAY, desk_of, march, store_of

AT = day_bounds(DAY, DAY)[1] - dt.timedelta(seconds=1)


@pytest.mark.parametrize("lang", LANGS)
def test_the_page_shows_the_fires_that_are_not_out(tmp_path: Path, lang: Lang) -> None:
    desk = desk_of(store_of(tmp_path, [march()]))
    fires = fire_seasons.fires(desk, DAY, dt.date(2026, 3, 20))
    now = fire_seasons.fires(desk, DAY, DAY)
    page = words.page(desk, lang, now, AT, "", 3)
    assert len(page.values["fires"]) == len(page.table) == 2
    assert page.values["layers"]["fires"] is True
    first = page.values["fires"][0]
    # Seen at 13:30, shown for 23:59: within 12 hours.
    assert first["colour"] == words.AGES[0][1]
    ring = first["rings"][0]
    assert min(x for x, _ in ring) < first["lon"] < max(x for x, _ in ring)
    assert len(page.notes) == 2
    assert len(words.page(desk, lang, now, AT, "", 0).notes) == 1
    gone = fires.assign(state="out")
    assert words.page(desk, lang, gone, AT, "", 0).values["fires"] == []


def test_one_fire_in_words(tmp_path: Path) -> None:
    desk = desk_of(store_of(tmp_path, [march()]))
    fires = fire_seasons.fires(desk, DAY, DAY)
    fire = fires.iloc[0].to_dict()
    lines = words.detail(desk, "en", fire)
    assert lines[0] == "tambon en, amphoe en"
    assert any("Hotspots: 3 · looks: 2 · Suomi NPP, Terra" in line for line in lines)
    season = fire_seasons.season(desk, 2026).until(AT)
    part = season.only((season.hotspots["tambon"] == "520101").to_numpy())
    assert words.looks("en", part).iloc[:, 1].tolist() == [1, 2]


def test_points_are_written_in_the_ways_of_crews(tmp_path: Path) -> None:
    desk = desk_of(store_of(tmp_path))
    # The point of a report of 19 February 2026, printed as 530706, 1993403.
    ways = words.point_ways(desk, 99.29010, 18.02886)
    assert ways == ("47Q 530706 E 1993403 N", "530706, 1993403", "E530706 N1993403", "18.02886, 99.29010")


@pytest.mark.parametrize("at", range(4))
def test_a_check_keeps_the_tambon_reported_and_the_one_by_polygon(tmp_path: Path, at: int) -> None:
    desk = desk_of(store_of(tmp_path, [march()]))
    point = words.point_ways(desk, 99.15, 18.05)[at]
    values = {"fire_id": "", "result": "fire", "visited_at": "2026-03-10 15:00", "tambon_reported": "520101"}
    values |= {"crews": words.crews("อบต. 8\nสถานี 16 คน\nชาวบ้าน"), "burned_rai": 15.0}
    document = words.check_document(desk, values, point, pd.DataFrame())
    assert (document["tambon"], document["tambon_reported"]) == ("520102", "520101")
    registry = open_registry(desk.settings, now=desk.now)
    registry.add("field_checks", document, author=LOCAL)
    told = registry.field_checks().iloc[0]
    assert (told["tambon"], told["tambon_reported"], told["point_as_written"]) == ("520102", "520101", point)
    assert (told["lon"], told["lat"]) == pytest.approx((99.15, 18.05), abs=2e-5)
    assert told["crews"] == "อบต. 8; สถานี 16; ชาวบ้าน ?"
    assert words.checks(desk, "en", registry.field_checks()).shape[0] == 1


def test_a_check_without_a_point_stands_at_its_fire_and_a_bad_point_is_refused(tmp_path: Path) -> None:
    desk = desk_of(store_of(tmp_path, [march()]))
    fires = fire_seasons.fires(desk, DAY, DAY)
    values = {"fire_id": fires["fire_id"][1], "result": "false", "visited_at": "", "tambon_reported": ""}
    assert words.check_document(desk, values, "", fires)["tambon"] == "520102"
    for point in ("47Q 2055211 E 564142 N", "somewhere", "564142"):
        with pytest.raises(RecordRefused):
            words.check_document(desk, values, point, fires)


def test_passes_in_words(tmp_path: Path) -> None:
    desk = desk_of(store_of(tmp_path, [march()]))
    table = words.passes("en", looks(desk, DAY, DAY, ("SNPP", "NOAA20")))
    assert table["Suomi NPP"].tolist() == ["1", "2"]
    assert table["NOAA-20"].tolist() == ["not stored", "not stored"]


def test_a_correction_keeps_the_place_until_fire_or_point_is_another(tmp_path: Path) -> None:
    desk = desk_of(store_of(tmp_path, [march()]))
    fires = pd.DataFrame({"fire_id": ["F1"], "lon": [99.15], "lat": [18.05]})
    values = {"fire_id": "F1", "tambon_reported": "520101", "burned_rai": 5.0}
    there = {"fire_id": "", "hotspot_id": "", **words.check_document(desk, values, "", fires)}
    assert there["tambon"] == "520102"
    # The fire is not in the list of another day: the check stays where it was.
    again = words.correction(desk, values | {"burned_rai": 7.0}, "", fires.iloc[:0], there)
    assert (again["geometry"], again["tambon"], again["burned_rai"]) == (there["geometry"], "520102", 7.0)
    moved = words.correction(desk, values, "18.15, 99.05", fires, there)
    assert (moved["tambon"], moved["point_as_written"]) == ("520103", "18.15, 99.05")
    gone = words.correction(desk, values | {"fire_id": ""}, "", fires, there)
    assert (gone["geometry"], gone["tambon"]) == ("", "520101")


def test_a_recorded_check_fills_its_form_in_thai_time() -> None:
    told = {"visited_at": "2026-03-12T08:30:00Z", "put_out_at": None, "crews": [{"unit": "หมู่ 5", "people": None}]}
    values = words.check_values(told)
    assert (values["visited_at"], values["put_out_at"], values["point"]) == ("2026-03-12 15:30", "", "")
    assert words.crews(values["crews"]) == told["crews"]
