"""Charts compile to valid Vega-Lite in both languages, and carry the numbers they were given, also when there are none.

Altair checks a chart against the Vega-Lite schema when it is turned into a dict.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from layers import charts, palette
from layers.words import LANGS, Lang, say

both = pytest.mark.parametrize("lang", LANGS)
DAYS = pd.date_range("2026-01-01", "2026-01-03")


def series(*values: Any, index: pd.DatetimeIndex = DAYS) -> pd.Series:
    return pd.Series(list(values), index=index)


def compiled(chart: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the specification and every row of its data."""
    spec = chart.to_dict(validate=True)
    assert spec["$schema"].startswith("https://vega.github.io/schema/vega-lite/")
    return spec, [row for rows in spec["datasets"].values() for row in rows]


def texts(part: Any) -> set[str]:
    """Return every title of a specification."""
    if isinstance(part, dict):
        own = {part["title"]} if isinstance(part.get("title"), str) else set()
        return own.union(*(texts(value) for value in part.values()))
    return set().union(*(texts(one) for one in part)) if isinstance(part, list) else set()


@both
def test_daily_bars_tell_zero_from_not_stored(lang: Lang) -> None:
    spec, rows = compiled(charts.daily_bars(lang, series(2, 0, 0), series(True, True, False)))
    stored = [row for row in rows if row["stored"]]
    gaps = [row for row in rows if not row["stored"]]
    assert [row["count"] for row in stored] == [2, 0]
    assert [(row["state"], row["top"]) for row in gaps] == [(say(lang, "chart.not_stored"), 2)]
    assert say(lang, "chart.hotspots") in texts(spec)


@both
def test_daily_bars_without_any_stored_day(lang: Lang) -> None:
    _, rows = compiled(charts.daily_bars(lang, series(0, 0, 0), series(False, False, False)))
    assert [row["top"] for row in rows] == [1, 1, 1]


@both
def test_season_lines_carry_totals_and_break(lang: Lang) -> None:
    table = pd.DataFrame({"season": [2026, 2026, 2025], "day": [1, 2, 60], "total": [4, np.nan, 9]})
    spec, rows = compiled(charts.season_lines(lang, table))
    assert [row["total"] for row in rows] == [4, None, 9]
    names = {"th": ["2569", "2568"], "en": ["2026", "2025"]}[lang]
    assert spec["encoding"]["color"]["scale"]["domain"] == names
    # Day 60 of a year without a 29 February is 1 March.
    assert rows[2]["date"].startswith("2001-03-01")


@both
def test_season_lines_without_seasons(lang: Lang) -> None:
    _, rows = compiled(charts.season_lines(lang, pd.DataFrame(columns=["season", "day", "total"])))
    assert rows == []


@both
def test_calendar_colours_follow_the_palette(lang: Lang) -> None:
    _, rows = compiled(charts.calendar(lang, series(3, 0, 7), series(True, True, False)))
    bounds = palette.COUNT_BREAKS[0]
    three = palette.COUNT_COLOURS[int(palette.count_classes([3], bounds)[0])]
    assert [row["colour"] for row in rows] == [three, palette.COUNT_COLOURS[0], palette.NO_VALUE_COLOUR]
    assert [row["shown"] for row in rows] == ["3", "", ""]
    assert {row["month"] for row in rows} == {say(lang, "month.short.1")}


@both
def test_area_bars_put_the_largest_first(lang: Lang) -> None:
    table = pd.DataFrame({"name": ["a", "b", "a", "b"], "count": [1, 5, 4, 9], "group": ["2026"] * 2 + ["2025"] * 2})
    spec, rows = compiled(charts.area_bars(lang, table))
    assert sorted((row["name"], row["count"], row["group"]) for row in rows) == [
        ("a", 1, "2026"),
        ("a", 4, "2025"),
        ("b", 5, "2026"),
        ("b", 9, "2025"),
    ]
    assert spec["layer"][0]["encoding"]["y"]["sort"] == ["b", "a"]
    assert spec["layer"][0]["encoding"]["color"]["scale"]["domain"] == ["2026", "2025"]


@both
def test_area_bars_without_areas(lang: Lang) -> None:
    _, rows = compiled(charts.area_bars(lang, pd.DataFrame({"name": [], "count": [], "group": []})))
    assert rows == []


@both
def test_pm25_lines_show_the_standard(lang: Lang) -> None:
    table = pd.DataFrame({"day": DAYS, "pm25": [20.0, 40.5, 37.5], "station": ["ก", "ก", "ข"]})
    spec, rows = compiled(charts.pm25_lines(lang, table, 37.5))
    assert [row["pm25"] for row in rows if "pm25" in row] == [20.0, 40.5, 37.5]
    assert {row["limit"] for row in rows if "limit" in row} == {37.5}
    assert [row["text"] for row in rows if "text" in row] == [say(lang, "chart.limit", limit="37.5")]
    assert say(lang, "chart.pm25") in texts(spec)


@both
def test_pm25_lines_before_there_was_a_standard(lang: Lang) -> None:
    table = pd.DataFrame({"day": DAYS, "pm25": [20.0, 40.5, 37.5], "station": "ก"})
    _, rows = compiled(charts.pm25_lines(lang, table, None))
    assert [row["pm25"] for row in rows] == [20.0, 40.5, 37.5]


@both
def test_pm25_lines_without_values(lang: Lang) -> None:
    table = pd.DataFrame({"day": pd.to_datetime([]), "pm25": [], "station": []})
    _, rows = compiled(charts.pm25_lines(lang, table, 37.5))
    assert all("pm25" not in row for row in rows)
