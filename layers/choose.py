"""What the Choose page shows: the ranking of tambons with its reasons, and the best plan under a budget, in words.

Builds words and tables. Never imports Streamlit, never decides a weight.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from layers.words import Lang, say, say_year
from models.budget import Plan, Rules
from models.desk import Desk
from models.measures import pairs
from models.priority import Ranking, reasons

#: A proven gap below this is told as none: it would be written 0.0000 %.
_SMALLEST_GAP = 5e-7


@dataclass(frozen=True)
class Choice:
    """What a planner set on the page: the budget and the rules."""

    baht: float = 3_000_000.0
    most_per_tambon: int = 2
    least_per_amphoe: int = 1
    crew_days: float = 0.0
    robust: bool = False

    def rules(self, measures: pd.DataFrame) -> Rules:
        """Return the rules for a table of measures; no crew days set no limit."""
        return Rules(
            self.baht,
            self.most_per_tambon,
            self.least_per_amphoe,
            self.crew_days or None,
            pairs(measures, "excludes"),
            pairs(measures, "needs"),
            self.robust,
        )


def why(lang: Lang, row: Mapping[str, object]) -> str:
    """Return in one sentence why a tambon stands where it does."""
    named = _criteria(lang, row)
    return say(lang, "rank.why", criteria=named) if named else say(lang, "rank.why_nothing")


def _criteria(lang: Lang, row: Mapping[str, object]) -> str:
    return ", ".join(say(lang, f"criterion.{name}") for name, _ in reasons(row))


def ranking(desk: Desk, lang: Lang, found: Ranking) -> pd.DataFrame:
    """Return the ranking as a table in words."""
    names = desk.tambons.set_index("tambon")
    rows = found.rows
    table = {
        say(lang, "choose.place"): rows["place"],
        say(lang, "column.tambon"): names[f"tambon_{lang}"].reindex(rows["tambon"]).to_numpy(),
        say(lang, "column.amphoe"): names[f"amphoe_{lang}"].reindex(rows["tambon"]).to_numpy(),
        say(lang, "choose.score"): [f"{score:.3f}" for score in rows["score"]],
        say(lang, "choose.firmness"): [
            f"{low}–{high}" for low, high in zip(rows["place_low"], rows["place_high"], strict=True)
        ],
        say(lang, "choose.why"): [_criteria(lang, row) for row in rows.to_dict("records")],
    }
    return pd.DataFrame(table)


def moves(desk: Desk, lang: Lang, moved: pd.DataFrame) -> pd.DataFrame:
    """Return which tambons other weights moved, and why, in words (from `models.priority.moved`)."""
    names = desk.tambons.set_index("tambon")[f"tambon_{lang}"]
    rows = [
        {
            say(lang, "column.tambon"): names[row.tambon],
            say(lang, "choose.place_before"): row.place_before,
            say(lang, "choose.place"): row.place,
            say(lang, "choose.moved_why"): _moved_by(lang, str(row.criterion), bool(row.heavier)),
        }
        for row in moved.itertuples()
    ]
    return pd.DataFrame(rows)


def _moved_by(lang: Lang, criterion: str, heavier: bool) -> str:
    if not criterion:
        return say(lang, "choose.moved_others")
    name = say(lang, f"criterion.{criterion}")
    return say(lang, "choose.moved_heavier" if heavier else "choose.moved_lighter", criterion=name)


def ranking_notes(lang: Lang, found: Ranking, days: Mapping[int, int], satellites: Sequence[str]) -> list[str]:
    """Return what must be known to read the ranking: days seen, criteria left out, how firm it is."""
    notes = [days_note(lang, days, satellites)]
    if found.left_out:
        names = ", ".join(say(lang, f"criterion.{name}") for name in found.left_out)
        notes.append(say(lang, "rank.left_out", criterion=names))
    if not math.isnan(found.kendall):
        notes.append(say(lang, "choose.kendall", tau=f"{found.kendall:.2f}"))
    return notes


def days_note(lang: Lang, days: Mapping[int, int], satellites: Sequence[str]) -> str:
    """Return over which stored days the burden was seen."""
    told = ", ".join(f"{say_year(lang, year)} ({count})" for year, count in days.items())
    seen_by = ", ".join(say(lang, f"satellite.{name}") for name in satellites)
    return say(lang, "rank.days_stored", days=told, satellites=seen_by)


def reason(lang: Lang, row: Mapping[str, object], measure: Mapping[str, object], tambon: str) -> str:
    """Return in one sentence what an option of a plan is and brings."""
    return say(
        lang,
        "budget.reason",
        measure=measure[f"name_{lang}"],
        tambon=tambon,
        units=row["units"],
        unit=measure[f"unit_{lang}"],
        benefit=f"{row['benefit']:.1f}",
        low=f"{row['benefit_low']:.1f}",
        high=f"{row['benefit_high']:.1f}",
        basis=say(lang, f"budget.{measure['basis']}_basis"),
    )


def plan(desk: Desk, lang: Lang, made: Plan, measures: pd.DataFrame, places: Mapping[str, int]) -> pd.DataFrame:
    """Return a plan as a table in words, with the place of each tambon in the ranking shown above it."""
    names = desk.tambons.set_index("tambon")
    known = measures.set_index("measure")
    rows = made.chosen.to_dict("records")
    return pd.DataFrame(
        {
            say(lang, "column.amphoe"): [names.at[row["tambon"], f"amphoe_{lang}"] for row in rows],
            say(lang, "column.tambon"): [names.at[row["tambon"], f"tambon_{lang}"] for row in rows],
            say(lang, "choose.measure"): [known.at[row["measure"], f"name_{lang}"] for row in rows],
            say(lang, "choose.units"): [f"{row['units']} × {known.at[row['measure'], f'unit_{lang}']}" for row in rows],
            say(lang, "choose.baht"): [row["baht"] for row in rows],
            say(lang, "choose.avoided"): [number(row["benefit"]) for row in rows],
            say(lang, "choose.between"): [
                f"{number(row['benefit_low'])}–{number(row['benefit_high'])}" for row in rows
            ],
            say(lang, "choose.rank"): [str(places.get(row["tambon"], "–")) for row in rows],
            say(lang, "choose.basis"): [say(lang, f"budget.{known.at[row['measure'], 'basis']}_basis") for row in rows],
        }
    )


def number(value: float) -> str:
    """Return a number of hotspots: two digits after the point below one, one below a hundred, no minus zero."""
    digits = 2 if abs(value) < 1 else 1 if abs(value) < 100 else 0
    return f"{round(value, digits) + 0.0:,.{digits}f}"


def signed(value: float) -> str:
    """Return a difference of hotspots with its sign."""
    text = number(value)
    return text.replace("-", "−") if text.startswith("-") else f"+{text}" if value > 0 else text


def total(lang: Lang, made: Plan) -> str:
    """Return the sums of a plan and what is proven of it, in one sentence."""
    return say(
        lang,
        "budget.total" if made.gap >= _SMALLEST_GAP else "budget.total_best",
        baht=f"{made.baht:,.0f}",
        count=len(made.chosen),
        benefit=number(made.benefit),
        low=number(made.benefit_low),
        high=number(made.benefit_high),
        gap=f"{100 * made.gap:.4f}",
    )


def rule_prices(lang: Lang, prices: pd.DataFrame) -> pd.DataFrame:
    """Return what each rule costs, in words."""
    return pd.DataFrame(
        {
            say(lang, "choose.rule"): [say(lang, f"choose.rule_{rule}") for rule in prices["rule"]],
            say(lang, "choose.price"): [number(price) for price in prices["price"]],
        }
    )


def measure_prices(desk: Desk, lang: Lang, prices: pd.DataFrame, measures: pd.DataFrame) -> pd.DataFrame:
    """Return the kinds of measures side by side by amphoe: baht for a hotspot avoided, with its interval."""
    names = desk.tambons.drop_duplicates("amphoe").set_index("amphoe")[f"amphoe_{lang}"]
    known = measures.set_index("measure")[f"name_{lang}"]

    return pd.DataFrame(
        {
            say(lang, "column.amphoe"): [names[code] for code in prices["amphoe"]],
            say(lang, "choose.measure"): [known[code] for code in prices["measure"]],
            say(lang, "choose.baht_each"): [_price(lang, row) for row in prices.to_dict("records")],
            say(lang, "choose.burden"): prices["burden"].round(1),
            say(lang, "choose.basis"): [say(lang, f"budget.{basis}_basis") for basis in prices["basis"]],
        }
    )


def _price(lang: Lang, row: Mapping[str, float]) -> str:
    """Return baht for one avoided with its interval; no number where nothing at all may have been avoided."""
    if not math.isfinite(row["baht_low"]):
        return say(lang, "choose.price_nothing")
    low = f"{row['baht_low']:,.0f}"
    if not math.isfinite(row["baht_high"]):
        return say(lang, "choose.price_open", low=low)
    return say(
        lang, "plans.between", middle=f"{row['baht_per_hotspot']:,.0f}", low=low, high=f"{row['baht_high']:,.0f}"
    )


def changes(desk: Desk, lang: Lang, differing: pd.DataFrame, measures: pd.DataFrame) -> pd.DataFrame:
    """Return what differs between two plans, in words."""
    names = desk.tambons.set_index("tambon")[f"tambon_{lang}"]
    known = measures.set_index("measure")[f"name_{lang}"]
    return pd.DataFrame(
        {
            say(lang, "column.tambon"): [names[code] for code in differing["tambon"]],
            say(lang, "choose.measure"): [known[code] for code in differing["measure"]],
            say(lang, "choose.units_before"): differing["units_before"],
            say(lang, "choose.units_after"): differing["units_after"],
            say(lang, "choose.baht_more"): [f"{baht:+,.0f}".replace("-", "−") for baht in differing["baht"]],
            say(lang, "choose.avoided_more"): [signed(more) for more in differing["benefit"]],
        }
    )
