"""What every command shares: options, days, rows printed for people or programs, errors in one line.

Never analyses, never stores.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Annotated, Any

import pandas as pd
import typer
from rich.console import Console
from rich.table import Table

from data import clock, settings
from data.errors import HazeError
from data.outside import as_cells, one_line
from layers.words import Lang, say, say_error

ERRORS = Console(stderr=True, highlight=False, soft_wrap=True)


class Format(StrEnum):
    """How rows are printed."""

    table = "table"
    csv = "csv"
    json = "json"


class AreaBy(StrEnum):
    """What values are given for or added up by."""

    tambon = "tambon"
    amphoe = "amphoe"
    province = "province"


FormatOption = Annotated[Format, typer.Option("--format", help="table for people, csv or json for programs.")]
FromOption = Annotated[str, typer.Option("--from", help="First Thai day, YYYY-MM-DD (a Buddhist year is understood).")]
ToOption = Annotated[str, typer.Option("--to", help="Last Thai day, included.")]
PlaceOption = Annotated[str, typer.Option(help="Place key, such as lampang or upper_north.")]


def lang() -> Lang:
    """Return the language of messages."""
    return settings.load().lang


@contextmanager
def clear_errors() -> Iterator[None]:
    """Turn the desk's errors into one line on stderr and exit code 1."""
    try:
        yield
    except HazeError as error:
        ERRORS.print(f"[bold red]{say('en' if error.key == 'setting' else lang(), 'word.error')}[/]", end=" ")
        ERRORS.print(one_line(say_error("en" if error.key == "setting" else lang(), error)), markup=False)
        raise typer.Exit(1) from None
    except BrokenPipeError:
        sys.stderr.close()
        raise typer.Exit(0) from None


def day_of(text: str, option: str) -> dt.date:
    """Return the day that an option names; wrong usage when it is none."""
    try:
        return clock.parse_day(text)
    except ValueError:
        raise typer.BadParameter(f"expected a day as YYYY-MM-DD, got {text!r}", param_hint=option) from None


def period_of(first: str, last: str) -> tuple[dt.date, dt.date]:
    """Return the first and last day of a period; wrong usage when they are none or in the wrong order."""
    start, end = day_of(first, "--from"), day_of(last, "--to")
    if end < start:
        raise typer.BadParameter(f"--to {end} lies before --from {start}", param_hint="--to")
    return start, end


def print_rows(rows: pd.DataFrame, form: Format) -> None:
    """Print rows: a table for people, CSV or a list of flat JSON objects for programs."""
    if form is Format.csv:
        sys.stdout.write(as_cells(rows).to_csv(index=False))
    elif form is Format.json:
        sys.stdout.write(
            json.dumps(
                [{k: _plain(v) for k, v in r.items()} for r in rows.to_dict("records")], ensure_ascii=False, indent=1
            )
            + "\n"
        )
    else:
        table = Table(box=None, header_style="bold", pad_edge=False)
        for name in rows.columns:
            numeric = pd.api.types.is_numeric_dtype(rows[name])
            table.add_column(str(name), justify="right" if numeric else "left", overflow="fold")
        for record in rows.itertuples(index=False):
            table.add_row(*[_cell(value) for value in record])
        Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else 220).print(table)


def _plain(value: Any) -> Any:
    if value is None or value is pd.NA or (isinstance(value, float) and value != value):
        return None
    return value.item() if hasattr(value, "item") else value


def _cell(value: Any) -> str:
    plain = _plain(value)
    if plain is None:
        return "–"
    return f"{plain:g}" if isinstance(plain, float) else one_line(str(plain))
