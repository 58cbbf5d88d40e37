"""The command that looks a store through and makes damaged files again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from commands.frame import Format, FormatOption, clear_errors, lang, print_rows
from data import clock, settings
from data.store import Store
from layers.words import say


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command("check-store")(check_store)


def check_store(
    repair: Annotated[
        bool, typer.Option("--repair", help="Put damaged files aside and make their rows again from the raw copies.")
    ] = False,
    form: FormatOption = Format.table,
) -> None:
    """Read every file of the store, name those that are gone or damaged, and make them again where that is asked.

    Ends with 1 while something is damaged. What cannot be made again counts as not stored and is fetched or imported
    again like any missing day.

    Example: python cli.py check-store --repair
    """
    with clear_errors():
        from data.repair import look_through
        from fetchers import rebuild

        store = Store(Path(settings.load().store))
        if repair:
            told = rebuild.repair(store, clock.utc_now)
        else:
            told = [rebuild.Repaired(one, rebuild.FOUND) for one in look_through(store)]
        rows = [
            [one.broken.file, one.broken.rows, one.rows, one.outcome, say(lang(), f"check.{one.outcome}")]
            for one in told
        ]
        print_rows(pd.DataFrame(rows, columns=["file", "rows", "rows_now", "outcome", "message"]), form)
        if any(one.outcome != rebuild.REBUILT for one in told):
            raise typer.Exit(1)
