"""Commands that say what a measure changed, and what a plan could show."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import pandas as pd
import typer

from commands.frame import ERRORS, Format, FormatOption, PlaceOption, clear_errors, lang, print_rows
from data.accounts import OPERATOR
from data.registry import Registry, open_registry
from data.registry.records import digest_of
from layers.effect_words import say_cost, say_power, say_why
from layers.words import say
from models.desk import open_desk

if TYPE_CHECKING:
    from models.design import Design


class SatelliteSet(StrEnum):
    """Satellites over which seasons may be compared."""

    SNPP = "SNPP"
    VIIRS = "VIIRS"
    MODIS = "MODIS"


class Outcome(StrEnum):
    """What is measured: fire first, since smoke crosses borders."""

    hotspots = "hotspots"
    fires = "fires"
    burned_rai = "burned_rai"
    fire_power_mw = "fire_power_mw"
    pm25 = "pm25"
    smoke_days = "smoke_days"
    person_days = "person_days"


SeasonFrom = Annotated[str, typer.Option("--from", help="Year of the first season looked at.")]
SeasonTo = Annotated[str, typer.Option("--to", help="Year of the last season looked at.")]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(effect)
    app.command()(cost)
    app.command()(design)


def season_of_option(text: str, option: str) -> int | None:
    """Return the year that an option names (a Buddhist one is understood), None for none; wrong usage otherwise."""
    if not text:
        return None
    head = text.strip()[:4]
    if not head.isdigit() or not 1900 <= (year := int(head) - (543 if 2400 <= int(head) <= 2699 else 0)) <= 2199:
        raise typer.BadParameter(f"expected a year such as 2024, got {text!r}", param_hint=option)
    return year


def effect(
    site: Annotated[str, typer.Argument(help="Number of a site, such as LP-HAZ-001.")] = "",
    kind: Annotated[str, typer.Option("--type", help="A type of site, such as firebreak: all sites of it.")] = "",
    issue: Annotated[str, typer.Option(help="An issue, such as haze: the programme of all its sites.")] = "",
    outcome: Annotated[Outcome, typer.Option(help="What is measured.")] = Outcome.hotspots,
    satellites: Annotated[SatelliteSet, typer.Option(help="Fixed set of satellites.")] = SatelliteSet.SNPP,
    ring_km: Annotated[
        float, typer.Option(help="Neighbours within this distance are neither treated nor control; negative for none.")
    ] = 0.5,
    first: SeasonFrom = "",
    last: SeasonTo = "",
    place: PlaceOption = "",
    form: FormatOption = Format.table,
) -> None:
    """Say what a site, a type of site or a programme changed, against controls: by four methods, with a verdict.

    The verdict of the first row (poisson) is the one that counts: fewer, more, no difference seen, or cannot tell and
    why. The effect is a share: -0.3 is 30 % fewer than without. The last row, before and after without controls, is
    shown because others claim by it.

    Example: python cli.py effect --type firebreak --from 2012 --to 2025
    """
    from models.evaluation import evaluate
    from models.outcomes import AIR
    from models.treatment import treatment

    start, end = season_of_option(first, "--from"), season_of_option(last, "--to")
    if not (site or kind or issue):
        raise typer.BadParameter("name a site, a --type or an --issue", param_hint="SITE")
    if start and end and end < start:
        raise typer.BadParameter(f"--to {end} lies before --from {start}", param_hint="--to")
    with clear_errors():
        desk = open_desk(place).outlined()
        chosen = treatment(open_registry(desk.settings).sites(carried_out=True), site=site, kind=kind, issue=issue)
        found = evaluate(
            desk, chosen, outcome=outcome.value, satellites=satellites.value, first=start, last=end, ring_km=ring_km
        )
        why = say_why(lang(), found.verdict)
        alone = say(lang(), "effect.why.alone")
        naive = say(lang(), "effect.why.naive")
        rows = found.estimates.assign(
            verdict=[say("en", f"effect.verdict.{code}") for code in found.estimates["verdict"]],
            why=[why, alone, alone, naive] if found.checks else [why] * len(found.estimates),
        )
        if outcome.value in AIR:
            ERRORS.print(say(lang(), "effect.border"), markup=False)
        if not chosen.acting:
            ERRORS.print(say(lang(), "effect.not_acting"), markup=False)
        if chosen.others:
            ERRORS.print(say(lang(), "effect.others", sites=chosen.others), markup=False)
        for reason, count in chosen.left_out["reason"].value_counts().items():
            ERRORS.print(say(lang(), f"effect.left_out.{reason}", sites=count), markup=False)
        print_rows(_rounded(rows), form)


#: Outcomes whose price is told: hotspots, rai and person-days.
_PRICED = ("hotspots", "burned_rai", "person_days")


def cost(
    site: Annotated[str, typer.Argument(help="Number of a site.")] = "",
    kind: Annotated[str, typer.Option("--type", help="Type of sites.")] = "",
    issue: Annotated[str, typer.Option(help="All sites of an issue.")] = "",
    baht: Annotated[
        float | None, typer.Option(min=0, help="Money spent on them; the budgets of the sites without it.")
    ] = None,
    satellites: Annotated[SatelliteSet, typer.Option(help="Fixed set of satellites.")] = SatelliteSet.SNPP,
    place: PlaceOption = "",
    form: FormatOption = Format.table,
) -> None:
    """Say what one hotspot, rai and person-day less has cost, or why that cannot be told.

    Example: python cli.py cost --type firebreak --baht 2500000
    """
    from models.cost import cost as cost_of
    from models.evaluation import evaluate
    from models.treatment import treatment

    if not (site or kind or issue):
        raise typer.BadParameter("name a site, a --type or an --issue", param_hint="SITE")
    with clear_errors():
        desk = open_desk(place).outlined()
        chosen = treatment(open_registry(desk.settings).sites(carried_out=True), site=site, kind=kind, issue=issue)
        rows = []
        for outcome in _PRICED:
            measured = evaluate(desk, chosen, outcome=outcome, satellites=satellites.value)
            found = cost_of(chosen, measured, baht)
            row: dict[str, object] = {"outcome": outcome, "verdict": measured.verdict.code, "baht": found.baht}
            row |= dict(zip(("avoided", "avoided_low", "avoided_high"), found.avoided, strict=True))
            row |= dict(zip(("baht_each", "baht_each_low", "baht_each_high"), found.each, strict=True))
            why = say_cost(lang(), found, outcome)
            rows.append({**row, "why": why if found.lacking is None else f"{why} {say_why(lang(), measured.verdict)}"})
        print_rows(pd.DataFrame(rows), form)


class Shown(StrEnum):
    """What of a design is printed."""

    plan = "plan"
    power = "power"


def design(
    tambons: Annotated[int, typer.Option(min=1, help="Tambons to be treated first.")],
    seasons: Annotated[int, typer.Option(min=1, help="Seasons with the measure before its effect is asked.")],
    kind: Annotated[str, typer.Option("--type", help="Type of measure: tambons that have it already are left.")] = "",
    before: Annotated[
        int | None, typer.Option(min=0, help="Whole seasons stored before the start; those stored now without it.")
    ] = None,
    show: Annotated[Shown, typer.Option(help="The plan by tambon, or the falls that would be seen.")] = Shown.plan,
    save: Annotated[str, typer.Option(help="Name under which the plan goes into the registry, with --type.")] = "",
    satellites: Annotated[SatelliteSet, typer.Option(help="Fixed set of satellites.")] = SatelliteSet.SNPP,
    ring_km: Annotated[float, typer.Option(help="Neighbours within this distance serve as no control.")] = 0.5,
    seed: Annotated[int, typer.Option(help="Number that repeats the draw.")] = 52,
    place: PlaceOption = "",
    form: FormatOption = Format.table,
) -> None:
    """Propose which tambons to treat first and which to keep as controls; say how large a fall would then be seen.

    Example: python cli.py design --tambons 20 --seasons 3 --type firebreak
    """
    from models.design import design as propose

    if save and not kind:
        raise typer.BadParameter("a plan is saved for a type of measure: give --type", param_hint="--save")
    with clear_errors():
        desk = open_desk(place).outlined()
        registry = open_registry(desk.settings)
        known = registry.sites(carried_out=True)
        taken = set(known.loc[known["kind"] == kind, "tambon"].dropna()) if kind else set()
        found = propose(
            desk, tambons, seasons, taken=taken, before=before, satellites=satellites.value, ring_km=ring_km, seed=seed
        )
        ERRORS.print(say_power(lang(), found), markup=False)
        if save:
            for record in save_plan(registry, found, kind, save, seed, desk.tambons):
                ERRORS.print(record, markup=False)
        if show is Shown.power:
            rows = [(fall, round(share, 3)) for fall, share in found.power.seen.items()]
            print_rows(pd.DataFrame(rows, columns=["effect", "seen"]), form)
            return
        named = desk.tambons[["tambon", "tambon_th", "tambon_en", "amphoe_th", "amphoe_en"]]
        table = found.tambons.merge(named, on="tambon").round({"per_season": 1})
        print_rows(table[["tambon", "tambon_th", "tambon_en", "amphoe_th", "role", "pair", "per_season"]], form)


def save_plan(registry: Registry, found: Design, kind: str, name: str, seed: int, tambons: pd.DataFrame) -> list[str]:
    """Put the tambons to be treated first into the registry as proposed sites of a plan; return the records' ids.

    All go in or none does; the same plan again changes nothing.

    The note of each names its control and how to draw the plan again.
    """
    control = dict(found.trial.pair)
    codes = sorted(tambons["tambon"])
    described = tambons.set_index("tambon")
    records = {}
    for position in found.trial.treat_first:
        code = codes[position]
        row = described.loc[code]
        pair = f"control {codes[control[position]]}; " if position in control else ""
        kept = ", ".join(codes[one] for one in found.trial.control)
        text = f"{pair}kept as controls: {kept}; drawn with seed {seed}"
        records[f"S-{digest_of({'plan': name, 'measure': kind, 'tambon': code})[:10]}"] = {
            "name_th": f"{name} {row['tambon_th']}",
            "name_en": f"{name} {row['tambon_en']}",
            "kind": kind,
            "issue": "haze",
            "state": "proposed",
            "tambon": code,
            "amphoe": code[:4],
            "province": code[:2],
            "plan": name,
            "notes": [{"text": text}],
        }
    registry.add_all("sites", records, author=OPERATOR, reason=f"plan {name}")
    return list(records)


def _rounded(rows: pd.DataFrame) -> pd.DataFrame:
    numbers = ["effect", "low", "high", "p_randomisation"]
    finite = rows[numbers].where(rows[numbers].abs() != float("inf"))
    return rows.assign(**{name: finite[name].round(4) for name in numbers})
