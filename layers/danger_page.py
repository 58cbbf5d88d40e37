"""What the Danger page shows: the class or the chance of each tambon on the map and in a table, with its record.

Builds words and tables from what the models found. Never imports Streamlit.
"""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from data.bans import Bans
from data.clock import buddhist_year
from layers import palette
from layers.danger import bans_sentence, chance_notes, notes, record_sentence
from layers.map import map_values
from layers.palette import Entry, Legend
from layers.view import View
from layers.words import Lang, say, say_day
from models.danger_class import CANNOT_TELL, LEVELS, Classes
from models.desk import Desk
from models.likelihood_record import Chances

KINDS = ("weather", "chance")
#: Light to dark, so that the order is read without telling red from green; each class has a sign beside its word.
LEVEL_COLOURS = ("#e3ecdf", "#f6d98a", "#e0904f", "#8f2d25")
LEVEL_SIGNS = {"low": "○", "moderate": "◇", "high": "▲", "very_high": "■", CANNOT_TELL: "–"}
#: Lowest probability of each class but the first, percent.
CHANCE_BOUNDS = (1, 2, 5, 10, 20)
#: Places on the list that is told where only an order is known.
_FIRST = 10


@dataclass(frozen=True)
class Shown:
    """One theme of the page, worded: the map's values and legend, the table, what it rests on and how good it was."""

    values: dict[str, Any]
    legend: Legend
    table: pd.DataFrame
    notes: list[str]
    record: list[str]
    card: pd.DataFrame


@dataclass(frozen=True)
class Fill:
    """How tambons are filled on a map: colours, class and words of each, their legend, and the title of the values."""

    colours: tuple[str, ...]
    tambons: dict[str, tuple[int | None, str]]
    legend: Legend
    tip: str


def weather_fill(lang: Lang, day: dt.date, found: pd.DataFrame, classes: Classes) -> Fill:
    """Return the class of each tambon on a day; its legend says the day and what the classes rest on."""
    words = {level: say(lang, f"danger.level.{level}") for level in (*LEVELS, CANNOT_TELL)}
    fills: dict[str, tuple[int | None, str]] = {}
    for code, level, index in zip(found["code"], found["class"], found["fwi"], strict=True):
        number = None if level == CANNOT_TELL else LEVELS.index(level)
        fills[code] = (number, words[level] if number is None else f"{words[level]} · FWI {index:.0f}")
    entries = [Entry(colour, "fill", f"{LEVEL_SIGNS[level]} {words[level]}") for level, colour in _levels()]
    entries.append(Entry(palette.NO_VALUE_COLOUR, "fill", f"{LEVEL_SIGNS[CANNOT_TELL]} {words[CANNOT_TELL]}"))
    title = say(lang, "danger.title_weather", day=say_day(lang, day))
    return Fill(
        LEVEL_COLOURS,
        fills,
        Legend(title, tuple(entries), " ".join(notes(lang, found, classes))),
        say(lang, "danger.tip"),
    )


def chance_fill(lang: Lang, made: Chances, card: pd.DataFrame) -> Fill:
    """Return the chance of each tambon; its legend says the day, the method and its record."""
    ordered = made.state == "no_probability"
    percent = 100 * made.table["probability"].to_numpy(float)
    rank = made.table["rank"]
    first = (rank <= _FIRST).fillna(False).to_numpy(bool)
    fills: dict[str, tuple[int | None, str]] = {}
    for at, code in enumerate(made.table["code"]):
        if ordered:
            fills[code] = (4 if first[at] else 0, say(lang, "chance.rank", rank=int(rank.iloc[at])))
        elif np.isnan(percent[at]):
            fills[code] = (None, say(lang, "danger.level.cannot_tell"))
        else:
            place = say(lang, "chance.rank", rank=int(rank.iloc[at]))
            number = int(np.searchsorted(CHANCE_BOUNDS, percent[at], side="right"))
            fills[code] = (number, f"{percent[at]:.0f} % · {place}")
    title = say(lang, "chance.title", day=say_day(lang, made.day))
    legend = Legend(title, tuple(_chance_entries(lang, ordered)), " ".join(chance_notes(lang, made, card)))
    return Fill(palette.COUNT_COLOURS, fills, legend, say(lang, "chance.tip"))


def no_fill(lang: Lang, kind: str, desk: Desk, why: str) -> Fill:
    """Return the map of a theme that cannot be told at all: every tambon without a value, and why."""
    words = say(lang, "danger.level.cannot_tell")
    entry = Entry(palette.NO_VALUE_COLOUR, "fill", words)
    tip = say(lang, "danger.tip") if kind == "danger" else say(lang, "chance.tip")
    return Fill(LEVEL_COLOURS, dict.fromkeys(desk.tambons["tambon"], (None, words)), Legend(tip, (entry,), why), tip)


def weather(desk: Desk, view: View, found: pd.DataFrame, classes: Classes, record: pd.DataFrame, credit: str) -> Shown:
    """Return the theme of the weather: the class of each tambon on the view's day."""
    lang = view.lang
    words = {level: say(lang, f"danger.level.{level}") for level in (*LEVELS, CANNOT_TELL)}
    fill = weather_fill(lang, view.day, found, classes)
    named = found.merge(_names(desk, lang), on="code").sort_values("fwi", ascending=False, na_position="last")
    table = pd.DataFrame(
        {
            say(lang, "column.tambon"): named["tambon_name"],
            say(lang, "column.amphoe"): named["amphoe_name"],
            say(lang, "danger.column.class"): [f"{LEVEL_SIGNS[level]} {words[level]}" for level in named["class"]],
            **{
                say(lang, f"danger.column.{name}"): named[name].round(1) for name in ("fwi", "ffmc", "dmc", "dc", "isi")
            },
            say(lang, "danger.column.source_km"): named["source_km"].round(0),
        }
    )
    return Shown(
        map_values(
            lang=lang,
            colours=fill.colours,
            tambons=fill.tambons,
            tip=(fill.tip, ""),
            chosen=view.tambon,
            credit=credit,
        ),
        Legend(say(lang, "danger.legend"), fill.legend.entries),
        table,
        notes(lang, found, classes),
        _class_record(lang, record),
        pd.DataFrame(),
    )


def _levels() -> list[tuple[str, str]]:
    return list(zip(LEVELS, LEVEL_COLOURS, strict=True))


def _class_record(lang: Lang, record: pd.DataFrame) -> list[str]:
    if record.empty:
        return [say(lang, "danger.no_record")]
    lines = []
    for row in record.to_dict("records"):
        season = buddhist_year(int(row["season"])) if lang == "th" else int(row["season"])
        numbers = {"top": f"{100 * row['top_rate']:.1f}", "base": f"{100 * row['base_rate']:.1f}"}
        lines.append(say(lang, "danger.record", season=season, ratio=f"{row['ratio']:.1f}", **numbers))
    return lines


def chance(desk: Desk, view: View, made: Chances, card: pd.DataFrame, bans: Bans, credit: str) -> Shown:
    """Return the theme of the chance of a hotspot on the day after the view's."""
    lang = view.lang
    fill = chance_fill(lang, made, card)
    named = made.table.merge(_names(desk, lang), on="code", sort=False)
    table = pd.DataFrame(
        {
            say(lang, "chance.column.rank"): named["rank"],
            say(lang, "column.tambon"): named["tambon_name"],
            say(lang, "column.amphoe"): named["amphoe_name"],
            say(lang, "chance.column.probability"): (100 * named["probability"]).round(1),
            say(lang, "chance.column.fires_1"): named["fires_1"].round(1),
            say(lang, "chance.column.fires_7"): named["fires_7"].round(1),
        }
    )
    return Shown(
        map_values(
            lang=lang,
            colours=fill.colours,
            tambons=fill.tambons,
            tip=(fill.tip, ""),
            chosen=view.tambon,
            credit=credit,
        ),
        Legend(fill.tip, fill.legend.entries),
        table,
        chance_notes(lang, made, card)[:-1] if made.state != "not_stored" else chance_notes(lang, made, card),
        [record_sentence(lang, card), bans_sentence(lang, bans)],
        report_card(lang, card),
    )


def _chance_entries(lang: Lang, ordered: bool) -> list[Entry]:
    if ordered:
        return [
            Entry(palette.COUNT_COLOURS[4], "fill", say(lang, "chance.first", count=_FIRST)),
            Entry(palette.COUNT_COLOURS[0], "fill", say(lang, "chance.after")),
        ]
    labels = [f"< {CHANCE_BOUNDS[0]} %"]
    labels += [f"{low}–{high} %" for low, high in itertools.pairwise(CHANCE_BOUNDS)]
    labels.append(f"≥ {CHANCE_BOUNDS[-1]} %")
    entries = [Entry(colour, "fill", label) for colour, label in zip(palette.COUNT_COLOURS, labels, strict=False)]
    return [*entries, Entry(palette.NO_VALUE_COLOUR, "fill", say(lang, "danger.level.cannot_tell"))]


def _names(desk: Desk, lang: Lang) -> pd.DataFrame:
    table = desk.tambons
    columns = {"code": table["tambon"], "tambon_name": table[f"tambon_{lang}"], "amphoe_name": table[f"amphoe_{lang}"]}
    return pd.DataFrame(columns)


def report_card(lang: Lang, card: pd.DataFrame) -> pd.DataFrame:
    """Return the report card in words: one row per method over all unseen seasons, the served one marked."""
    mine = card[card["season"] == "all"]
    return pd.DataFrame(
        {
            say(lang, "chance.card.method"): [say(lang, f"chance.method.{method}") for method in mine["method"]],
            say(lang, "chance.card.served"): ["●" if used else "" for used in mine["served"].astype(bool)],
            "AUC": mine["auc"].round(3).to_numpy(),
            say(lang, "chance.card.brier_skill"): (100 * mine["brier_skill"]).round(1).to_numpy(),
            say(lang, "chance.card.top10"): (100 * mine["top10_caught"]).round(0).to_numpy(),
        }
    )


def title(view: View, kind: str) -> str:
    """Return the title of a theme, which stands also where there is nothing to show."""
    if kind == "chance":
        return say(view.lang, "chance.title", day=say_day(view.lang, tomorrow(view), short=False))
    return say(view.lang, "danger.title_weather", day=say_day(view.lang, view.day, short=False))


def tomorrow(view: View) -> dt.date:
    """Return the day after the view's."""
    return view.day + dt.timedelta(days=1)
