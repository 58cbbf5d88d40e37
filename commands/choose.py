"""Commands that help to choose: the ranking of tambons, the best plan under a budget."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import pandas as pd
import typer

from commands.frame import ERRORS, Format, FormatOption, PlaceOption, clear_errors, lang, print_rows
from commands.seen import satellites_of
from data.registry import open_registry
from layers.words import say
from models.desk import Desk, open_desk

if TYPE_CHECKING:
    from models.burden import Burden

SatellitesOption = Annotated[
    str, typer.Option(help="A fixed set of satellites, so that seasons can be compared: SNPP, VIIRS, MODIS or a list.")
]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(rank)
    app.command()(budget)


def rank(
    weights: Annotated[
        str, typer.Option(help="criterion=number, comma separated; without it every known criterion weighs the same.")
    ] = "",
    satellites: SatellitesOption = "SNPP",
    place: PlaceOption = "",
    form: FormatOption = Format.table,
) -> None:
    """Rank the tambons by need, by what is done already and by the partners' three criteria.

    Example: python cli.py rank --weights fire=3,repeat=1,gap=1
    """
    from models import priority
    from models.criteria import CRITERIA, criteria

    chosen = _weights(weights, CRITERIA)
    fixed = satellites_of(satellites)
    with clear_errors():
        desk = open_desk(place)
        known = _burden(desk, fixed)
        found = priority.rank(criteria(known, _actions(desk)), chosen)
        for name in found.left_out:
            ERRORS.print(say(lang(), "rank.left_out", criterion=say(lang(), f"criterion.{name}")), markup=False)
        names = desk.tambons.set_index("tambon")[["tambon_th", "tambon_en", "amphoe"]]
        rows = found.rows.join(names, on="tambon").rename(
            columns={"tambon": "code", "tambon_th": "name_th", "tambon_en": "name_en"}
        )
        rows["why"] = [_why(row) for row in found.rows.to_dict("records")]
        first = [
            "code",
            "score",
            "place",
            "place_low",
            "place_high",
            "top_share",
            "name_th",
            "name_en",
            "amphoe",
            "why",
        ]
        print_rows(rows[[*first, *[name for name in rows if name not in first]]], form)


def _weights(text: str, known: tuple[str, ...]) -> dict[str, float]:
    found: dict[str, float] = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        name, _, number = part.partition("=")
        if name not in known:
            raise typer.BadParameter(f"no criterion {name!r}; known are {', '.join(known)}", param_hint="--weights")
        try:
            found[name] = float(number)
        except ValueError:
            found[name] = -1.0
        if not 0 <= found[name] < float("inf"):
            raise typer.BadParameter(f"expected a number of at least 0, got {part!r}", param_hint="--weights")
    if found and not any(found.values()):
        raise typer.BadParameter("at least one weight must be above 0", param_hint="--weights")
    return found or dict.fromkeys(known, 1.0)


def _burden(desk: Desk, satellites: tuple[str, ...]) -> Burden:
    """Return the burden of the place, and say on stderr over which days it was seen."""
    from models.burden import burden

    known = burden(desk, satellites)
    told = ", ".join(f"{year}: {count}" for year, count in known.days.items())
    ERRORS.print(say(lang(), "rank.days_stored", days=told, satellites=", ".join(satellites)), markup=False)
    return known


def _actions(desk: Desk) -> pd.Series:
    haze = open_registry(desk.settings).sites(issue="haze", carried_out=True)
    return haze[haze["tambon"].notna()].groupby("tambon").size()


def _why(row: dict[str, Any]) -> str:
    from models.priority import reasons

    parts = reasons(row)
    if not parts:
        return say(lang(), "rank.why_nothing")
    named = ", ".join(say(lang(), f"criterion.{name}") for name, _ in parts)
    return say(lang(), "rank.why", criteria=named)


def budget(
    baht: Annotated[float, typer.Option(min=0, help="Most that may be spent.")],
    measures: Annotated[
        Path | None, typer.Option(help="CSV of measures with cost and effect; the shipped assumptions without it.")
    ] = None,
    most_per_tambon: Annotated[int, typer.Option(min=1, help="Most measures in one tambon.")] = 2,
    least_per_amphoe: Annotated[int, typer.Option(min=0, help="Fewest measures in each amphoe.")] = 0,
    crew_days: Annotated[float, typer.Option(min=0, help="Most crew days; 0 sets no limit.")] = 0,
    robust: Annotated[bool, typer.Option("--robust", help="Choose by the low end of the effects.")] = False,
    satellites: SatellitesOption = "SNPP",
    place: PlaceOption = "",
    form: FormatOption = Format.table,
) -> None:
    """Choose the best measures under a budget, with the proof of how good the choice is.

    Example: python cli.py budget --baht 5000000 --least-per-amphoe 1
    """
    from models import budget as model
    from models.measures import options_of, pairs, read_measures

    fixed = satellites_of(satellites)
    with clear_errors():
        desk = open_desk(place)
        table = read_measures(measures)
        tambons = desk.tambons.set_index("tambon")
        options = options_of(table, _burden(desk, fixed).per_season.to_dict(), tambons["amphoe"].to_dict())
        rules = model.Rules(
            baht,
            most_per_tambon,
            least_per_amphoe,
            crew_days or None,
            pairs(table, "excludes"),
            pairs(table, "needs"),
            robust,
        )
        plan = model.best_plan(options, rules)
        assumed = bool((table["basis"] == "assumed").any())
        print_rows(_planned(plan.chosen, table.set_index("measure"), tambons), form)
        ERRORS.print(
            say(
                lang(),
                "budget.total",
                baht=f"{plan.baht:,.0f}",
                count=len(plan.chosen),
                benefit=f"{plan.benefit:,.1f}",
                low=f"{plan.benefit_low:,.1f}",
                high=f"{plan.benefit_high:,.1f}",
                gap=f"{100 * plan.gap:.4f}",
            ),
            markup=False,
        )
        if assumed:
            ERRORS.print(say(lang(), "budget.assumed"), markup=False)


def _planned(chosen: pd.DataFrame, measures: pd.DataFrame, tambons: pd.DataFrame) -> pd.DataFrame:
    said = lang()
    rows = []
    for row in chosen.to_dict("records"):
        measure, place = measures.loc[row["measure"]], tambons.loc[row["tambon"]]
        rows.append(
            {
                "site": f"{row['measure']}@{row['tambon']}",
                "tambon": row["tambon"],
                "baht": row["baht"],
                "benefit": row["benefit"],
                "reason": say(
                    said,
                    "budget.reason",
                    measure=measure[f"name_{said}"],
                    tambon=place[f"tambon_{said}"],
                    units=row["units"],
                    unit=measure[f"unit_{said}"],
                    benefit=f"{row['benefit']:.1f}",
                    low=f"{row['benefit_low']:.1f}",
                    high=f"{row['benefit_high']:.1f}",
                    basis=say(said, f"budget.{measure['basis']}_basis"),
                ),
                "units": row["units"],
                "benefit_low": row["benefit_low"],
                "benefit_high": row["benefit_high"],
                "crew_days": row["crew_days"],
                "basis": measure["basis"],
            }
        )
    names = [
        "site",
        "tambon",
        "baht",
        "benefit",
        "reason",
        "units",
        "benefit_low",
        "benefit_high",
        "crew_days",
        "basis",
    ]
    return pd.DataFrame(rows, columns=names)
