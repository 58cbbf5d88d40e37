"""Two plans side by side in words: their sums, and where they differ.

Takes plans as tables, whether just found or read back from the registry. Never imports Streamlit, never chooses.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd

from layers.choose import number, signed
from layers.site_words import kind_name
from layers.words import Lang, say
from models.desk import Desk


def sums(lang: Lang, plans: Mapping[str, pd.DataFrame], measures: pd.DataFrame) -> pd.DataFrame:
    """Return what each plan holds, one column a plan: measures, tambons, amphoes, baht, benefit, and each measure.

    Parameters
    ----------
    plans : mapping of str to DataFrame
        By name: `tambon`, `amphoe`, `measure`, `baht`, `benefit`, `benefit_low`, `benefit_high`.
    measures : DataFrame
        From `models.measures.read_measures`, for their names.
    """
    kinds = sorted({kind for plan in plans.values() for kind in plan["measure"]})
    rows = [
        say(lang, "plans.measures"),
        say(lang, "plans.tambons"),
        say(lang, "plans.amphoes"),
        say(lang, "choose.baht"),
        say(lang, "choose.avoided"),
        say(lang, "plans.baht_each"),
        *(measure_name(lang, kind, measures) for kind in kinds),
    ]
    table = {say(lang, "plans.what"): rows}
    for name, plan in plans.items():
        table[name] = [
            str(len(plan)),
            str(plan["tambon"].nunique()),
            str(plan["amphoe"].nunique()),
            _told(plan["baht"], ",.0f"),
            _benefit(lang, plan),
            _baht_each(lang, plan),
            *(str(int((plan["measure"] == kind).sum())) for kind in kinds),
        ]
    return pd.DataFrame(table)


def _told(values: pd.Series, form: str) -> str:
    """Return the sum of what is known; a dash where nothing is, a mark where some is not."""
    known = values.dropna()
    if known.empty:
        return "–"
    return f"{known.sum():{form}}" if len(known) == len(values) else f"≥ {known.sum():{form}}"


def _benefit(lang: Lang, plan: pd.DataFrame) -> str:
    known = plan[["benefit", "benefit_low", "benefit_high"]].dropna()
    if known.empty:
        return "–"
    middle, low, high = (number(float(value)) for value in known.sum())
    text = say(lang, "plans.between", middle=middle, low=low, high=high)
    return text if len(known) == len(plan) else f"≥ {text}"


def _baht_each(lang: Lang, plan: pd.DataFrame) -> str:
    """Return baht for a hotspot avoided, whole plan; no price where any figure is missing or none may be avoided."""
    whole = plan[["baht", "benefit", "benefit_low", "benefit_high"]]
    if whole.isna().any(axis=None) or whole["benefit"].sum() <= 0:
        return "–"
    baht, middle, low, high = (float(value) for value in whole.sum())
    if low <= 0:
        return say(lang, "choose.price_open", low=f"{baht / high:,.0f}")
    ends = {"middle": baht / middle, "low": baht / high, "high": baht / low}
    return say(lang, "plans.between", **{name: f"{value:,.0f}" for name, value in ends.items()})


def measure_name(lang: Lang, kind: str, measures: pd.DataFrame) -> str:
    """Return the name of a measure of the table, or of the kind of site where the table has none."""
    known = measures.set_index("measure")[f"name_{lang}"]
    return str(known[kind]) if kind in known.index else kind_name(lang, kind)


def differences(
    desk: Desk, lang: Lang, differing: pd.DataFrame, measures: pd.DataFrame, names: tuple[str, str]
) -> pd.DataFrame:
    """Return where two plans differ, in words; one row a measure in a tambon.

    Parameters
    ----------
    differing : DataFrame
        From `models.budget.difference`.
    names : tuple of str
        Heads of the columns with the units of the first and of the second plan.
    """
    places = desk.tambons.set_index("tambon")
    rows = [
        {
            say(lang, "column.amphoe"): places.at[row["tambon"], f"amphoe_{lang}"],
            say(lang, "column.tambon"): places.at[row["tambon"], f"tambon_{lang}"],
            say(lang, "choose.measure"): measure_name(lang, row["measure"], measures),
            names[0]: _units(row["units_before"]),
            names[1]: _units(row["units_after"]),
            say(lang, "choose.baht_more"): _more(row["baht"], money=True),
            say(lang, "choose.avoided_more"): _more(row["benefit"]),
        }
        for row in differing.to_dict("records")
    ]
    return pd.DataFrame(rows)


def _units(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.0f}"


def _more(value: float, *, money: bool = False) -> str:
    if math.isnan(value):
        return "–"
    return f"{value:+,.0f}".replace("-", "−") if money else signed(value)
