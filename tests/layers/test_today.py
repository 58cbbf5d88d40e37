"""The Today page in words and numbers, on four square tambons that are counted by hand (see desks.py)."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
import pytest

from data.errors import NotStored
from data.merge import Writer, bounds_of
from data.places import place
from data.settings import load
from data.store import Store
from layers import palette, today
from layers.figures import Figure, figures_html
from layers.words import say
from models.desk import Desk
from tests import make
from tests.layers import desks

MARCH_9, MARCH_11, MARCH_12 = dt.date(2026, 3, 9), dt.date(2026, 3, 11), dt.date(2026, 3, 12)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return desks.desk_of(desks.store_of(tmp_path / "s", [desks.march()], desks.air(("2026-03-10", 52.0))))


def shown(desk: Desk, **changes: object) -> today.Today:
    return today.build(desk, desks.view(**changes), desks.sites(desk), "live/points-1.bin", 0)


def figures(made: list[Figure]) -> dict[str, tuple[str, str]]:
    return {figure.label: (f"{figure.value} {figure.unit}".strip(), figure.detail) for figure in made}


def fills(page: today.Today) -> dict[str, list[object]]:
    return dict(page.values["tambons"])


def test_figures_of_a_day(desk: Desk) -> None:
    found = figures(shown(desk, lang="en").figures)
    assert found["Hotspots"] == ("4", "night 1 · day 3 · in 2 tambons")
    # 1 January to 10 March are 69 days; the one file begins with the night pass of 10 March.
    assert found["Season so far"] == ("4", "since 1 Jan; stored files reach 1 of 69 days")
    assert found["Highest PM2.5"] == ("52.0 µg/m³", "AQI 139 · starting to affect health · A")


def test_permanent_heat_stands_beside_the_counts_that_hold_it(desk: Desk) -> None:
    def static(first: dt.date, last: dt.date) -> int:
        return 1 if first == last else 3

    page = today.build(desk, desks.view(lang="en"), desks.sites(desk), "", 0, static)
    found = figures(page.figures)
    assert found["Hotspots"] == ("4", "night 1 · day 3 · in 2 tambons · without permanent heat 3")
    assert found["Season so far"][1].endswith("reach 1 of 69 days · without permanent heat 1")
    assert page.heat_note == say("en", "counts.note", count="1")
    assert shown(desk, lang="en").heat_note == ""


def test_figures_count_the_chosen_satellites(desk: Desk) -> None:
    assert figures(shown(desk, lang="en", sats="SNPP").figures)["Hotspots"][0] == "3"
    assert figures(shown(desk, lang="en", sats="MODIS").figures)["Hotspots"] == ("1", "night 0 · day 1 · in 1 tambons")


def test_fills_table_and_legend_agree(desk: Desk) -> None:
    page = shown(desk)
    assert fills(page) == {"520101": [2, "3"], "520102": [1, "1"], "520103": [0, "0"], "520104": [0, "0"]}
    legend = page.legends[0]
    assert page.values["colours"] == [entry.colour for entry in legend.entries]
    assert [entry.label for entry in legend.entries][:3] == ["0", "1–2", "3–5"]
    assert dict(zip(page.table["code"], page.table[say("th", "column.count")], strict=True)) == {
        "520101": 3,
        "520102": 1,
        "520103": 0,
        "520104": 0,
    }


def test_a_week_and_a_season_add_up(desk: Desk) -> None:
    # Seven days to 12 March hold both days of the file: 4 and 2.
    week = shown(desk, day=MARCH_12, span="week", lang="en")
    assert figures(week.figures)["Hotspots"] == ("6", "night 1 · day 5 · in 3 tambons")
    assert [fills(week)[code][1] for code in desks.MIDDLE] == ["3", "1", "2", "0"]
    assert week.title == "6 Mar 2026 to 12 Mar 2026"
    # 6 to 12 March are seven days, of which 10, 11 and 12 March are reached.
    assert week.warnings == [say("en", "today.days_missing", missing=4, days=7)]
    season = shown(desk, day=MARCH_12, span="season", lang="en")
    assert figures(season.figures)["Hotspots"][0] == "6"


def test_a_reached_day_without_fire_is_zero(desk: Desk) -> None:
    page = shown(desk, day=MARCH_11, lang="en")
    assert figures(page.figures)["Hotspots"] == ("0", "night 0 · day 0 · in 0 tambons")
    assert set(map(tuple, fills(page).values())) == {(0, "0")}
    assert page.warnings == []
    assert all(entry.label != say("en", "chart.not_stored") for entry in page.legends[0].entries)


def test_a_day_that_no_file_reaches_is_not_zero(desk: Desk) -> None:
    page = shown(desk, day=MARCH_9, lang="en")
    assert figures(page.figures)["Hotspots"] == ("–", "not stored")
    assert set(map(tuple, fills(page).values())) == {(None, "not stored")}
    assert page.table["Hotspots"].isna().all()
    assert page.table["Shared by footprint"].isna().all()
    assert page.warnings == [say("en", "today.day_missing")]
    last = page.legends[0].entries[-1]
    assert (last.colour, last.label) == (palette.NO_VALUE_COLOUR, "not stored")


def test_a_satellite_that_is_not_stored_is_not_zero(tmp_path: Path) -> None:
    snpp = desks.march()
    desk = desks.desk_of(desks.store_of(tmp_path / "s", [snpp[snpp["satellite"] == "SNPP"]]))
    assert figures(shown(desk, lang="en", sats="MODIS").figures)["Hotspots"] == ("–", "not stored")
    assert figures(shown(desk, lang="en", sats="SNPP").figures)["Hotspots"][0] == "3"


def test_pm25_theme_colours_every_tambon_and_marks_the_estimates(desk: Desk) -> None:
    page = shown(desk, theme="pm25", lang="en")
    bands = palette.pm25_bands("en")
    at = [band.low <= 52.0 <= band.high for band in bands].index(True)
    assert fills(page)["520101"] == [at, f"52.0 µg/m³ · {bands[at].label}\nmeasured at A"]
    assert page.values["hatched"] == ["520102", "520103", "520104"]
    told = fills(page)["520102"][1].split("\n")
    assert [line.split(" ")[0] for line in told[1:]] == ["estimated", "nearest"]
    assert told[2] == "nearest instrument A, 11 km"
    assert page.table.set_index("code").at["520102", "How known"] == "estimated"
    assert figures(page.figures)["People above the standard"] == ("–", "not known: import a population table")
    assert page.values["colours"] == [band.colour for band in bands]
    assert page.legends[0].entries[at].colour == bands[at].colour
    mark = page.values["stations"][0]
    assert (mark["value"], mark["colour"], mark["shape"]) == ("52", bands[at].colour, bands[at].shape)


def test_a_running_mean_goes_before_the_mean_of_the_day(tmp_path: Path) -> None:
    running = make.readings(
        {"measured_at": "2026-03-10T13:00Z", "value": 61.0, "averaging": "PT24H"},
        {"measured_at": "2026-03-10T15:00Z", "value": 88.4, "averaging": "PT24H"},
    )
    both = pd.concat([running, desks.air(("2026-03-10", 52.0))])
    desk = desks.desk_of(desks.store_of(tmp_path / "s", [desks.march()], both))
    row = today.station_values(desk, desks.DAY).iloc[0]
    assert (row["pm25"], row["averaging"], row["time"]) == (88.4, "PT24H", pd.Timestamp("2026-03-10T15:00Z"))
    mark = shown(desk, lang="th").values["stations"][0]
    assert mark["value"] == "88"
    assert mark["lines"][1] == say("th", "today.mean_24h", time="10 มี.ค. 2569 22:00 น.")
    # The day after has no value: said so, and drawn grey with a dash.
    mark = shown(desk, lang="th", day=MARCH_12).values["stations"][0]
    assert (mark["value"], mark["colour"]) == ("–", palette.NO_VALUE_COLOUR)
    assert mark["lines"] == (say("th", "today.no_reading"),)


def test_the_map_counts_the_same_window_as_the_figures(desk: Desk) -> None:
    show = shown(desk, day=MARCH_12, span="week", sats="SNPP").values["show"]
    minute = lambda text: int(pd.Timestamp(text).timestamp()) // 60  # noqa: E731
    assert show["from"] == minute("2026-03-06T00:00+07:00")
    assert show["to"] == minute("2026-03-13T00:00+07:00")
    # The age of detections is told from the present, which lies before the end of the window.
    assert show["now"] == minute(desks.NOW.isoformat())
    assert show["satellites"] == ["SNPP"]


def test_detections_left_out_of_the_drawing_are_told(desk: Desk) -> None:
    page = today.build(desk, desks.view(lang="en"), desks.sites(desk), "live/points-1.bin", 12_345)
    assert page.warnings == ["12,345 further detections are counted but not drawn."]


def test_panel_of_a_tambon(desk: Desk) -> None:
    panel = today.panel(desk, desks.view(lang="en", tambon="520101", day=MARCH_12, span="week"), desks.sites(desk))
    assert [(figure.label, figure.value) for figure in panel.figures] == [
        (say("en", "panel.day"), "0"),
        (say("en", "panel.week"), "3"),
        (say("en", "panel.season"), "3"),
    ]
    assert panel.subtitle == "Amphoe amphoe en · province en · 520101 · 100 km² (62,500 rai)"
    assert panel.detections["Time"].tolist() == ["10 Mar 2026 13:30", "10 Mar 2026 10:20", "10 Mar 2026 01:40"]
    assert panel.detections["Satellite"].tolist() == ["Suomi NPP", "Terra", "Suomi NPP"]
    assert panel.detections["Pass"].tolist() == ["Day pass", "Day pass", "Night pass"]
    assert panel.detections["Confidence"].tolist() == ["nominal", "–", "high"]
    assert panel.detections["FRP (MW)"].tolist() == pytest.approx([12.3, 5.0, 5.0])
    # 0.05 degrees (105.8 km each here, times 0.9996) east of the central meridian 99 E of zone 47: 5.29 km.
    assert panel.coordinates.splitlines()[0] == "2026-03-10 13:30  18.05000, 99.05000  47Q 505292 1995718"
    assert len(panel.coordinates.splitlines()) == 3


def test_panel_says_what_is_not_stored(desk: Desk) -> None:
    panel = today.panel(desk, desks.view(lang="en", tambon="520104", day=MARCH_9), desks.sites(desk))
    assert [figure.value for figure in panel.figures] == ["–", "–", "–"]
    panel = today.panel(desk, desks.view(lang="en", tambon="520104"), desks.sites(desk))
    assert [figure.value for figure in panel.figures] == ["0", "0", "0"]
    assert panel.trend is not None
    counts, stored = panel.trend
    assert len(counts) == len(stored) == 30
    assert (stored[stored].index == pd.Timestamp("2026-03-10")).all()
    assert panel.detections.empty


def test_panel_in_thai_uses_buddhist_years(desk: Desk) -> None:
    panel = today.panel(desk, desks.view(tambon="520102"), desks.sites(desk))
    assert panel.detections[say("th", "column.time")].tolist() == ["10 มี.ค. 2569 13:30 น."]
    assert panel.title == "ตำบลtambon th"


def test_nearest_station_says_value_class_and_distance(desk: Desk) -> None:
    near = today.panel(desk, desks.view(lang="en", tambon="520101"), desks.sites(desk)).station
    assert near == "A, 0 km away · PM2.5 **52.0** µg/m³ · AQI 139 (starting to affect health) · mean of the day"
    # 0.1 degree of latitude is 11.1 km.
    far = today.panel(desk, desks.view(lang="en", tambon="520103", day=MARCH_12), desks.sites(desk)).station
    assert far == "A, 11 km away · no PM2.5 value stored for this day"


def test_a_station_name_cannot_become_markdown(tmp_path: Path) -> None:
    named = make.stations({"name_en": "![x](https://evil.example/a.png) <b>"})
    desk = desks.desk_of(desks.store_of(tmp_path / "s", [desks.march()], stations=named))
    station = today.panel(desk, desks.view(lang="en", tambon="520101"), desks.sites(desk)).station
    assert station.startswith(r"!\[x\](https://evil.example/a.png) \<b\>")


def test_air_without_hotspots_shows_the_air(tmp_path: Path) -> None:
    desk = desks.desk_of(desks.store_of(tmp_path / "s", readings=desks.air(("2026-03-10", 52.0))))
    page = today.build(desk, desks.view(lang="en", theme="pm25"), desks.sites(desk), "", 0)
    assert figures(page.figures)["Hotspots"] == ("–", "not stored")
    assert figures(page.figures)["Highest PM2.5"][0] == "52.0 µg/m³"
    assert "Season so far" not in figures(page.figures)
    assert page.warnings == [say("en", "error.no_hotspots")]
    assert fills(page)["520101"][1].startswith("52.0")  # type: ignore[union-attr]
    assert page.values["points"] == ""
    panel = today.panel(desk, desks.view(lang="en", tambon="520101"), desks.sites(desk))
    assert [figure.value for figure in panel.figures] == ["–", "–", "–"]
    assert panel.trend is None
    assert panel.detections.empty


def test_hotspots_without_air_say_so(tmp_path: Path) -> None:
    desk = desks.desk_of(desks.store_of(tmp_path / "s", [desks.march()]))
    assert figures(shown(desk, lang="en").figures)["Highest PM2.5"] == ("–", "no PM2.5 value stored for this day")


def test_an_empty_store_is_no_page_of_zeros(tmp_path: Path) -> None:
    desk = desks.desk_of(desks.store_of(tmp_path / "s"))
    with pytest.raises(NotStored):
        today.build(desk, desks.view(), desks.sites(desk), "", 0)


def test_figure_cards_escape_what_they_say() -> None:
    made = figures_html([Figure("<b>", "1 & 2", '"><script>', 'red"')])
    assert "<b>" not in made
    assert "<script>" not in made
    assert "1 &amp; 2" in made
    assert 'solid red"' not in made


@pytest.mark.parametrize(
    ("hours", "colour"), [(11.9, "#d5ecd9"), (12.1, "#fde3b0"), (23.9, "#fde3b0"), (24.1, "#f6c8c4")]
)
def test_the_age_of_the_newest_hotspot_has_a_colour_and_words(tmp_path: Path, hours: float, colour: str) -> None:
    now = dt.datetime(2026, 3, 12, 12, 0, tzinfo=dt.UTC)
    store = Store(tmp_path / "store", lambda: now)
    seen = f"{now - dt.timedelta(hours=hours):%Y-%m-%dT%H:%MZ}"
    table = make.hotspots({"acquired_at": seen, "lon": 99.5, "lat": 18.3})
    with store.locked():
        writer = Writer(store, store.state())
        writer.add_hotspots(table)
        writer.note({"source": "x", "kind": "hotspots", **bounds_of(table)})
        writer.commit()
    desk = Desk(store, place("lampang"), load(), is_sample=False, now=lambda: now)
    chips = today.freshness_html(desk, "en")
    assert f'data-kind="hotspots" style="background:{colour}' in chips
    assert say("en", "today.none_readings") in chips
