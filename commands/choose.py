"""Commands that help to choose: the ranking of tambons, the best plan under a budget, tambons alike."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from commands.frame import ERRORS, Format, FormatOption, PlaceOption, clear_errors, lang, print_rows
from commands.seen import satellites_of
from data.accounts import OPERATOR
from data.registry import open_registry
from layers.words import say
from models.desk import open_desk

SatellitesOption = Annotated[
    str, typer.Option(help="A fixed set of satellites, so that seasons can be compared: SNPP, VIIRS, MODIS or a list.")
]


_SUMS = ["plan", "measures", "tambons", "baht", "benefit", "benefit_low", "benefit_high"]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(rank)
    app.command()(budget)
    app.command()(plans)
    app.command()(alike)


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
    from layers import choose
    from models import plan, priority
    from models.choice import known, marked
    from models.criteria import CRITERIA

    chosen = _weights(weights, CRITERIA)
    fixed = satellites_of(satellites)
    with clear_errors():
        desk = open_desk(place).outlined()
        registry = open_registry(desk.settings)
        marks = marked(plan.criteria(registry, desk.tambons["tambon"]))
        told = known(desk, fixed, registry.sites(place=desk.place, carried_out=True), marks)
        found = priority.rank(told.criteria, chosen)
        for note in choose.ranking_notes(lang(), found, told.burden.days, fixed):
            ERRORS.print(note, markup=False)
        names = desk.tambons.set_index("tambon")[["tambon_th", "tambon_en", "amphoe"]]
        rows = found.rows.join(names, on="tambon").rename(
            columns={"tambon": "code", "tambon_th": "name_th", "tambon_en": "name_en"}
        )
        rows["why"] = [choose.why(lang(), row) for row in found.rows.to_dict("records")]
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


def budget(
    baht: Annotated[float, typer.Option(min=0, help="Most that may be spent.")],
    measures: Annotated[
        Path | None, typer.Option(help="CSV of measures with cost and effect; the shipped assumptions without it.")
    ] = None,
    most_per_tambon: Annotated[int, typer.Option(min=1, help="Most measures in one tambon.")] = 2,
    least_per_amphoe: Annotated[int, typer.Option(min=0, help="Fewest measures in each amphoe.")] = 0,
    crew_days: Annotated[float, typer.Option(min=0, help="Most crew days; 0 sets no limit.")] = 0,
    robust: Annotated[bool, typer.Option("--robust", help="Choose by the low end of the effects.")] = False,
    save: Annotated[str, typer.Option(help="Name under which the plan goes into the registry as proposed sites.")] = "",
    satellites: SatellitesOption = "SNPP",
    place: PlaceOption = "",
    form: FormatOption = Format.table,
) -> None:
    """Choose the best measures under a budget, with the proof of how good the choice is.

    Example: python cli.py budget --baht 5000000 --least-per-amphoe 1
    """
    from layers import choose
    from models.budget import best_plan
    from models.burden import burden
    from models.counts import SATELLITE_SETS
    from models.evaluation import measured_kinds
    from models.measures import options_of, read_measures, with_measured
    from models.outcomes import FIXED_SETS
    from models.proposal import proposals

    fixed = satellites_of(satellites)
    with clear_errors():
        desk = open_desk(place).outlined()
        table = read_measures(measures)
        registry = open_registry(desk.settings)
        named = next((name for name in FIXED_SETS if SATELLITE_SETS[name] == tuple(fixed)), None)
        if measures is None and named is not None:
            done = registry.sites(place=desk.place, carried_out=True)
            table = with_measured(table, measured_kinds(desk, done, table["measure"], named))
        tambons = desk.tambons.set_index("tambon")
        seen = burden(desk, fixed)
        options = options_of(table, seen.per_season.to_dict(), tambons["amphoe"].to_dict())
        rules = choose.Choice(baht, most_per_tambon, least_per_amphoe, crew_days, robust).rules(table)
        plan = best_plan(options, rules)
        if save:
            registry.add_all(
                "sites", proposals(plan, table, desk.tambons, save, fixed), author=OPERATOR, reason=f"plan {save}"
            )
            ERRORS.print(say(lang(), "choose.saved", count=len(plan.chosen), name=save), markup=False)
        print_rows(_planned(plan.chosen, table.set_index("measure"), tambons), form)
        ERRORS.print(choose.days_note(lang(), seen.days, fixed), markup=False)
        ERRORS.print(choose.total(lang(), plan), markup=False)
        if (table["basis"] == "assumed").any():
            ERRORS.print(say(lang(), "budget.assumed"), markup=False)


def plans(
    name: Annotated[str, typer.Argument(help="Plan to list; all plans with their sums without it.")] = "",
    other: Annotated[str, typer.Argument(help="Second plan: only what differs is listed, second minus first.")] = "",
    place: PlaceOption = "",
    form: FormatOption = Format.table,
) -> None:
    """List the plans kept in the registry, one of them by its name, or what differs between two by both names.

    Example: python cli.py plans
    """
    from models.budget import difference
    from models.proposal import saved_plans

    with clear_errors():
        desk = open_desk(place).outlined()
        kept = saved_plans(open_registry(desk.settings), desk.tambons)
        for wanted in filter(None, (name, other)):
            if wanted not in kept:
                told = say(lang(), "plans.unknown", name=repr(wanted), known=", ".join(kept) or "–")
                raise typer.BadParameter(told, param_hint="NAME")
        if not kept:
            ERRORS.print(say(lang(), "plans.none"), markup=False)
        if other:
            table = difference(kept[name], kept[other])
        elif name:
            table = kept[name]
        else:
            table = pd.DataFrame([_sums(one, plan) for one, plan in kept.items()], columns=_SUMS)
        print_rows(table.round(4), form)


def _sums(name: str, plan: pd.DataFrame) -> dict[str, object]:
    """Return the sums of a kept plan; missing where no figure is known."""
    told = {column: plan[column].sum(min_count=1) for column in ("baht", "benefit", "benefit_low", "benefit_high")}
    return {"plan": name, "measures": len(plan), "tambons": plan["tambon"].nunique(), **told}


def alike(
    tambon: Annotated[str, typer.Argument(help="Code of a tambon, 6 digits.")],
    most: Annotated[int, typer.Option(min=1, help="How many to list.")] = 10,
    everywhere: Annotated[
        bool, typer.Option("--everywhere", help="Also in other provinces whose outlines and hotspots are stored.")
    ] = False,
    satellites: SatellitesOption = "SNPP",
    place: PlaceOption = "",
    form: FormatOption = Format.table,
) -> None:
    """List the tambons that resemble one, so that a lesson may hold there, with what differs.

    Likeness is a reason to look, no proof. Differences are in robust standard deviations.

    Example: python cli.py alike 520111 --most 5 --everywhere
    """
    from layers.alike import differences
    from models.choice import as_compared, features
    from models.lookalikes import look_alikes

    fixed = satellites_of(satellites)
    with clear_errors():
        desk = open_desk(place).outlined()
        if tambon not in set(desk.tambons["tambon"]):
            raise typer.BadParameter(f"no tambon {tambon!r} in {desk.place.name_en}", param_hint="TAMBON")
        by = features(desk, fixed, everywhere=everywhere)
        found = look_alikes(as_compared(by), tambon, most)
        names = desk.all_tambons.set_index("tambon")[["tambon_th", "tambon_en", "amphoe", "province"]]
        rows = found.join(names, on="tambon").rename(
            columns={"tambon": "code", "tambon_th": "name_th", "tambon_en": "name_en"}
        )
        rows["differences"] = [differences(lang(), by, tambon, row["tambon"], row) for row in found.to_dict("records")]
        first = ["code", "name_th", "name_en", "amphoe", "province", "distance", "differences"]
        print_rows(rows[[*first, *[name for name in rows if name not in first]]].round(3), form)


def _planned(chosen: pd.DataFrame, measures: pd.DataFrame, tambons: pd.DataFrame) -> pd.DataFrame:
    from layers import choose

    rows = chosen.to_dict("records")
    known = [measures.loc[row["measure"]].to_dict() for row in rows]
    names = [str(tambons.at[row["tambon"], f"tambon_{lang()}"]) for row in rows]
    table = chosen.assign(
        site=chosen["measure"] + "@" + chosen["tambon"],
        reason=[choose.reason(lang(), *given) for given in zip(rows, known, names, strict=True)],
        basis=[measure["basis"] for measure in known],
    )
    columns = [
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
    return table[columns]
