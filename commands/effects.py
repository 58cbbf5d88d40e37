"""Commands that say what a measure changed, and what a plan could show."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import pandas as pd
import typer

from commands.frame import ERRORS, Format, FormatOption, PlaceOption, clear_errors, lang, print_rows
from data.registry import open_registry
from layers.effect import say_why
from layers.words import say
from models.desk import open_desk


class SatelliteSet(StrEnum):
    """Satellites over which seasons may be compared."""

    SNPP = "SNPP"
    VIIRS = "VIIRS"
    MODIS = "MODIS"


class Outcome(StrEnum):
    """What is measured."""

    hotspots = "hotspots"
    fire_power_mw = "fire_power_mw"


SeasonFrom = Annotated[str, typer.Option("--from", help="Year of the first season looked at.")]
SeasonTo = Annotated[str, typer.Option("--to", help="Year of the last season looked at.")]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(effect)


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
    from models.treatment import treatment

    start, end = season_of_option(first, "--from"), season_of_option(last, "--to")
    if not (site or kind or issue):
        raise typer.BadParameter("name a site, a --type or an --issue", param_hint="SITE")
    if start and end and end < start:
        raise typer.BadParameter(f"--to {end} lies before --from {start}", param_hint="--to")
    with clear_errors():
        desk = open_desk(place)
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
        if not chosen.acting:
            ERRORS.print(say(lang(), "effect.not_acting"), markup=False)
        for reason, count in chosen.left_out["reason"].value_counts().items():
            ERRORS.print(say(lang(), f"effect.left_out.{reason}", sites=count), markup=False)
        print_rows(_rounded(rows), form)


def _rounded(rows: pd.DataFrame) -> pd.DataFrame:
    numbers = ["effect", "low", "high", "p_randomisation"]
    finite = rows[numbers].where(rows[numbers].abs() != float("inf"))
    return rows.assign(**{name: finite[name].round(4) for name in numbers})
