"""Commands about fires: the events that detections join into."""

from __future__ import annotations

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
from commands.seen import satellites_of
from data import clock
from data.contracts import SATELLITES
from layers.words import say
from models.counts import SATELLITE_SETS


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(fires)


def fires(
    first: FromOption,
    last: ToOption,
    satellites: Annotated[
        str, typer.Option(help=f"Comma list of {', '.join(SATELLITES)} or a set: {', '.join(SATELLITE_SETS)}.")
    ] = "ALL",
    place: PlaceOption = "",
    form: FormatOption = Format.table,
) -> None:
    """List the fires that burned in the period, as they stood at its end.

    A fire joins detections of all satellites given. Its area is that of its perimeter, with a range; its state is
    new, growing, quiet, out or restarted.

    Example: python cli.py fires --from 2026-01-05 --to 2026-01-18 --format csv
    """
    start, end = period_of(first, last)
    chosen = satellites_of(satellites)
    with clear_errors():
        from models import fire_seasons
        from models.desk import open_desk

        desk = open_desk(place)
        table = fire_seasons.fires(desk, start, end, chosen).drop(columns="geometry")
        missing = desk.days_not_stored(start, end, chosen)
        if missing:
            ERRORS.print(say(lang(), "word.days_not_stored", days=missing, all=(end - start).days + 1), markup=False)
        for column in ("first_seen", "last_seen"):
            table[column] = [clock.iso_ict(moment) for moment in table[column]]
        print_rows(table, form)
