"""Commands about the fire to come: danger by the weather, and the chance of a fire tomorrow."""

from __future__ import annotations

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

        table, classes = daily_danger(open_desk(place), start, end, by.value)
        for text in words.notes(lang(), table, classes):
            ERRORS.print(text, markup=False)
        shown = table.assign(day=table["day"].dt.strftime("%Y-%m-%d"))
        places = dict.fromkeys(["ffmc", "dmc", "dc", "isi", "bui", "fwi", "dsr"], 3) | {"source_km": 1}
        order = ["code", "day", "ffmc", "dmc", "dc", "isi", "bui", "fwi", "class", "source_km", "dsr", "state"]
        print_rows(shown.round(places)[[*order, "days_run"]], form)
