"""Commands about the fire to come: danger by the weather, and the chance of a fire tomorrow."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Annotated

import typer

from commands.frame import (
    ERRORS,
    Format,
    FormatOption,
    FromOption,
    PlaceOption,
    ToOption,
    clear_errors,
    day_of,
    lang,
    period_of,
    print_rows,
)


class DangerBy(StrEnum):
    """What danger is given for."""

    tambon = "tambon"
    amphoe = "amphoe"


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(danger)
    app.command()(chance)


def danger(
    first: FromOption,
    last: ToOption,
    by: Annotated[DangerBy, typer.Option(help="Rows of the table.")] = DangerBy.tambon,
    place: PlaceOption = "",
    form: FormatOption = Format.table,
) -> None:
    """Show the fire weather index and the danger class of each day, both ends included.

    A day without whole noon weather within 100 km, or too soon after a gap, is cannot_tell. What the classes rest on is
    said on stderr.

    Example: python cli.py danger --by amphoe --from 2026-04-20 --to 2026-04-27
    """
    start, end = period_of(first, last)
    with clear_errors():
        from layers import danger as words
        from models.danger import daily_danger
        from models.desk import open_desk

        table, classes = daily_danger(open_desk(place).outlined(), start, end, by.value)
        for text in words.notes(lang(), table, classes):
            ERRORS.print(text, markup=False)
        shown = table.assign(day=table["day"].dt.strftime("%Y-%m-%d"))
        places = dict.fromkeys(["ffmc", "dmc", "dc", "isi", "bui", "fwi", "dsr"], 3) | {"source_km": 1}
        order = ["code", "day", "ffmc", "dmc", "dc", "isi", "bui", "fwi", "class", "source_km", "dsr", "state"]
        print_rows(shown.round(places)[[*order, "days_run"]], form)


def chance(
    day: Annotated[
        str, typer.Option(help="Thai day spoken of; the day after the newest stored one when left out.")
    ] = "",
    verify: Annotated[bool, typer.Option("--verify", help="Print the record on unseen seasons instead.")] = False,
    first: Annotated[str, typer.Option("--from", help="With --verify: first Thai day judged.")] = "",
    last: Annotated[str, typer.Option("--to", help="With --verify: last Thai day judged, included.")] = "",
    place: PlaceOption = "",
    form: FormatOption = Format.table,
) -> None:
    """Show the chance of at least one hotspot in each tambon on a day, from what was known the day before.

    With --verify, each haze season in the period is judged by methods that learned from earlier seasons alone.

    Example: python cli.py chance --day 2026-04-27
    """
    if not verify and (first or last):
        raise typer.BadParameter("--from and --to belong to --verify", param_hint="--from")
    chosen = day_of(day, "--day") if day else None
    with clear_errors():
        from layers import danger as words
        from models import likelihood, likelihood_record
        from models.desk import open_desk

        desk = open_desk(place).outlined()
        past = likelihood.history(desk)
        if verify:
            stored = (str(past.days[0]), str(past.days[-1]))
            judged = likelihood_record.judge(past, *period_of(first or stored[0], last or stored[1]))
            card = likelihood_record.report_card(judged)
            for text in (words.verified(lang(), card, past), words.bans_sentence(lang(), past.bans)):
                ERRORS.print(text, markup=False)
            print_rows(card.round(4), form)
            return
        card = likelihood_record.record(desk, past)
        known = past.days[past.covered]
        target = chosen or known[-1].astype(object) + dt.timedelta(days=1)
        made = likelihood_record.chances(past, target, likelihood_record.served_by(card))
        for text in [*words.chance_notes(lang(), made, card), words.bans_sentence(lang(), past.bans)]:
            ERRORS.print(text, markup=False)
        shown = made.table.assign(day=made.table["day"].dt.strftime("%Y-%m-%d"))
        print_rows(shown.round({"probability": 4, "fires_1": 2, "fires_7": 2, "fwi": 1}), form)
