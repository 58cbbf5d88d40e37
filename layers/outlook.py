"""What the Outlook page shows: three days ahead per amphoe and tambon, and beside them how good such forecasts were.

Builds words, tables and map values from an outlook and a record. Never forecasts, never imports Streamlit.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from data.clock import thai_day
from layers import palette
from layers.forecast import chance_told, drivers, year
from layers.map import map_values
from layers.palette import Legend
from layers.today import Figure, name
from layers.words import Lang, say, say_day
from models.desk import Desk
from models.outlook import Outlook
from models.partial import PARTIAL
from models.training import DAMPED, PERSISTENCE, Trained

LEADS = (24, 48, 72)
#: From which chance on a word holds; the words are ours, the steps those of the IPCC's guidance on uncertainty (2010).
_CHANCES = ((0.9, "almost_certain"), (0.66, "likely"), (0.33, "even"), (0.1, "unlikely"), (0.0, "hardly"))
#: Fewer days over the limit than this say too little about warnings.
_FEWEST_DAYS = 5


@dataclass(frozen=True)
class Page:
    """The whole place, worded."""

    title: str
    basis: str
    values: dict[str, Any]
    legend: Legend
    table: pd.DataFrame


def build(desk: Desk, lang: Lang, outlook: Outlook, lead: int, chosen: str) -> Page:
    """Return the page of a lead (24, 48 or 72 h); `chosen` is the outlined tambon, "" for none."""
    mine = outlook.tambons[outlook.tambons["lead_h"] == lead].set_index("code")
    bands = palette.pm25_bands(lang)
    fills: dict[str, tuple[int | None, str]] = {}
    for code in desk.tambons["tambon"]:
        if code not in mine.index:
            fills[code] = (None, say(lang, "outlook.cannot_tell"))
            continue
        row = mine.loc[code]
        band = palette.band_of(float(row["pm25"]), bands)
        fills[code] = (band, f"{interval(lang, row)} · {bands[band].label} · {chance(lang, row['p_over_37_5'])}")
    day = valid_day(outlook, lead)
    return Page(
        title=say(lang, "outlook.title", day=say_day(lang, day, short=False)),
        basis=basis(lang, outlook),
        values=map_values(
            lang=lang,
            colours=tuple(band.colour for band in bands),
            tambons=fills,
            tip=(say(lang, "outlook.pm25"), ""),
            chosen=chosen,
            credit=say(lang, "outlook.credit"),
        ),
        legend=palette.band_legend(
            say(lang, "outlook.legend"), bands, shapes=False, no_value=say(lang, "outlook.cannot_tell")
        ),
        table=amphoe_table(desk, lang, outlook),
    )


def valid_day(outlook: Outlook, lead: int) -> dt.date:
    """Return the Thai day that a lead speaks of."""
    moment = outlook.tambons.loc[outlook.tambons["lead_h"] == lead, "valid_at"].iloc[0]
    return thai_day(moment.to_pydatetime())


def last_known(outlook: Outlook) -> dt.date:
    """Return the last day that the outlook looks at."""
    return valid_day(outlook, LEADS[0]) - dt.timedelta(days=1)


def basis(lang: Lang, outlook: Outlook) -> str:
    """Return from which day, by which methods and from which seasons the outlook was made."""
    last = last_known(outlook)
    trained = outlook.trained
    methods = {lead: say(lang, f"method.{trained.served[lead // 24]}") for lead in LEADS}
    if len(set(methods.values())) == 1:
        used = methods[LEADS[0]]
    else:
        used = ", ".join(f"{lead} {say(lang, 'outlook.hours')}: {text}" for lead, text in methods.items())
    if not trained.years:
        return say(lang, "outlook.basis_none", day=say_day(lang, last), method=used)
    years = ", ".join(year(lang, one) for one in trained.years)
    told = [say(lang, "outlook.basis", day=say_day(lang, last), method=used, years=years)]
    for method in PARTIAL:
        if leads := [f"{24 * lead}" for lead, first in sorted(trained.preferred.items()) if first == method]:
            words = say(lang, f"method.{method}")
            told.append(say(lang, "outlook.basis_model", leads=" / ".join(leads), method=words))
    return " ".join(filter(None, [*told, drivers(lang, trained, outlook.inputs)]))


def interval(lang: Lang, row: Any) -> str:
    """Return a value with its interval."""
    return say(lang, "outlook.interval", pm25=f"{row['pm25']:.0f}", low=f"{row['low']:.0f}", high=f"{row['high']:.0f}")


def chance(lang: Lang, value: float) -> str:
    """Return a chance of crossing 37.5 in words, with its tenths."""
    tenths = min(max(round(value * 10), 0), 10)
    # The ends have words of their own; between them the word follows the tenths, which stand beside it.
    told = value if value >= _CHANCES[0][0] or value < _CHANCES[-2][0] else max(min(tenths / 10, 0.89), 0.1)
    word = next(key for least, key in _CHANCES if told >= least)
    return say(lang, f"outlook.chance.{word}", tenths=f"{tenths}")


def amphoe_table(desk: Desk, lang: Lang, outlook: Outlook) -> pd.DataFrame:
    """Return three days per amphoe: value, interval and chance; the smokiest first."""
    names = amphoe_names(desk, lang)
    by_lead = {lead: part.set_index("code") for lead, part in outlook.amphoes.groupby("lead_h")}
    order = by_lead[LEADS[0]].sort_values("pm25", ascending=False).index
    rows = []
    for code in order:
        row = {say(lang, "column.amphoe"): names.get(code, code)}
        for lead in LEADS:
            day = say_day(lang, valid_day(outlook, lead), year=False)
            mine = by_lead[lead].loc[code]
            pm25, low, high = (f"{mine[name]:.0f}" for name in ("pm25", "low", "high"))
            row[say(lang, "outlook.column_value", day=day)] = f"{pm25} ({low}–{high})"
            row[say(lang, "outlook.column_chance", day=day)] = f"{chance_told(mine['p_over_37_5']):.0%}"
        rows.append(row)
    return pd.DataFrame(rows)


def amphoe_names(desk: Desk, lang: Lang) -> dict[str, str]:
    """Return the names of the place's amphoes by code."""
    rows = desk.tambons.drop_duplicates("amphoe").to_dict("records")
    return {str(row["amphoe"]): name(lang, row, "amphoe") for row in rows}


def station_name(desk: Desk, lang: Lang, code: str) -> str:
    """Return a station's name; its code where it has none."""
    names = desk.stations.drop_duplicates("station_id").set_index("station_id")[f"name_{lang}"]
    found = names.get(code)
    return found if isinstance(found, str) and found else code


def area_rows(outlook: Outlook, code: str) -> pd.DataFrame:
    """Return the three rows of a tambon (six digits) or amphoe (four), empty where nothing can be told."""
    table = outlook.tambons if len(code) == 6 else outlook.amphoes
    return table[table["code"] == code].sort_values("lead_h")


def figures(lang: Lang, rows: pd.DataFrame) -> list[Figure]:
    """Return one card per day: value and interval in the colour of its class, the chance of crossing in words."""
    bands = palette.pm25_bands(lang)
    cards = []
    for _, row in rows.iterrows():
        band = bands[palette.band_of(float(row["pm25"]), bands)]
        day = say_day(lang, thai_day(row["valid_at"].to_pydatetime()), year=False)
        bounds = say(lang, "outlook.bounds", low=f"{row['low']:.0f}", high=f"{row['high']:.0f}")
        detail = f"{bounds} · {band.label} · {chance(lang, row['p_over_37_5'])}"
        cards.append(Figure(day, f"{row['pm25']:.0f}", detail, band.colour, say(lang, "unit.pm25")))
    return cards


def fan(rows: pd.DataFrame, past: pd.DataFrame) -> pd.DataFrame:
    """Return what the fan is drawn from: `day`, `pm25`, `low`, `high`, `ahead`; the last day known begins the fan."""
    known = past[past["pm25"].notna()]
    measured = pd.DataFrame({"day": _days(known["time"]), "pm25": known["pm25"], "ahead": False})
    ahead = rows.assign(day=_days(rows["valid_at"]), ahead=True)[["day", "pm25", "low", "high", "ahead"]]
    if len(measured):
        start = measured.tail(1).assign(ahead=True)
        ahead = pd.concat([start.assign(low=start["pm25"], high=start["pm25"]), ahead])
    return pd.concat([measured.assign(low=np.nan, high=np.nan), ahead], ignore_index=True)


def record(lang: Lang, card: pd.DataFrame, first: dt.date, last: dt.date) -> list[str]:
    """Return the report card in sentences, one per lead.

    Parameters
    ----------
    card : DataFrame
        From `models.forecast.card`.
    first, last : date
        Days that were judged.
    """
    period = {"first": say_day(lang, first), "last": say_day(lang, last)}
    lines = [say(lang, "outlook.record.period", **period)]
    for lead in LEADS:
        mine = card[card["lead_h"] == lead].set_index("method")
        if mine.empty:
            continue
        # A preferred method that tells of only a part has its own line below.
        used = mine.index[mine["served"] & ~mine.index.isin(PARTIAL)]
        served = used[0] if len(used) else PERSISTENCE
        one, stay = mine.loc[served], mine.loc[PERSISTENCE]
        over = int(one["hits"] + one["misses"])
        words = {"lead": lead, "method": say(lang, f"method.{served}"), "n": int(one["n"]), "over": over}
        if over < _FEWEST_DAYS:
            key = "few" if over else "none_over"
            lines.append(say(lang, f"outlook.record.{key}", mae=f"{one['mae']:.1f}", **words))
            continue
        warned = say(
            lang,
            "outlook.record.warned",
            hits=int(one["hits"]),
            alarms=int(one["false_alarms"]),
            stay_hits=int(stay["hits"]),
            stay_alarms=int(stay["false_alarms"]),
            **words,
        )
        key = "smaller" if one["skill_vs_persistence"] >= 0 else "larger"
        share, inside = (f"{100 * abs(one[name]):.0f}" for name in ("skill_vs_persistence", "coverage_90"))
        close = say(lang, f"outlook.record.{key}", share=share, mae=f"{one['mae']:.1f}", inside=inside)
        lines.append(f"{warned} {close}")
    return [*lines, *_partly(lang, card)]


def _partly(lang: Lang, card: pd.DataFrame) -> list[str]:
    """Return a sentence on each method that tells of only a part of the days, beside persistence on the same ones."""
    lines = []
    for method in PARTIAL:
        mine = card[(card["method"] == method) & card["skill_vs_persistence"].notna()].sort_values("lead_h")
        told = [
            say(
                lang,
                f"outlook.record.partial_{'smaller' if row['skill_vs_persistence'] >= 0 else 'larger'}",
                lead=row["lead_h"],
                share=f"{100 * abs(row['skill_vs_persistence']):.0f}",
                n=row["n"],
            )
            for row in mine.to_dict("records")
        ]
        if told:
            lines.append(
                say(lang, "outlook.record.partial", method=say(lang, f"method.{method}"), told="; ".join(told))
            )
    return lines


def held_out(lang: Lang, trained: Trained) -> str:
    """Return how the served methods did on whole seasons they had not seen."""
    if not trained.held_out:
        return say(lang, "outlook.record.no_seasons")
    gains = {
        lead: 1 - trained.record[lead // 24][trained.served[lead // 24]] / trained.record[lead // 24][PERSISTENCE]
        for lead in LEADS
    }
    damped = {lead: 1 - trained.record[lead // 24][DAMPED] / trained.record[lead // 24][PERSISTENCE] for lead in LEADS}
    return say(
        lang,
        "outlook.record.seasons",
        years=", ".join(year(lang, one) for one in trained.years),
        gains=" / ".join(f"{gain:.0%}" for gain in gains.values()),
        damped=" / ".join(f"{gain:.0%}" for gain in damped.values()),
    )


def _days(moments: pd.Series) -> pd.Series:
    """Return Thai days as plain dates: a chart would show an aware time in the browser's own zone."""
    return moments.dt.tz_convert("Asia/Bangkok").dt.tz_localize(None)
