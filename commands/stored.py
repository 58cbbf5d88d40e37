"""Commands that bring data in, make ready what is asked for, and say what is stored: import, fetch, prepare, status."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer
from rich.console import Console

from commands import fetching
from commands.frame import ERRORS, Format, FormatOption, PlaceOption, clear_errors, lang, period_of, print_rows
from commands.registry import registry_state
from commands.watch import watch_state
from data import clock, settings
from data.accounts import OPERATOR
from data.outside import one_line
from data.registry import open_registry
from data.registry.bulk import Scope
from fetchers import apart, importer, record_rows, refresh, source
from fetchers.sources import SOURCES
from layers.words import say, say_outcome, say_verdict
from models.desk import open_desk


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("import")(import_)
    app.command()(fetch)
    app.command()(prepare)
    app.command()(status)


def import_(
    files: Annotated[list[Path], typer.Argument(help="Files, archives or folders; the form is recognised by content.")],
    form: FormatOption = Format.table,
) -> None:
    """Bring files into the store and print a verdict for each.

    Example: python cli.py import lampang_tambons.geojson downloads/*.csv
    """
    with clear_errors():
        options = settings.load()
        limit = options.max_file_mb * 1_000_000
        # The process that reads starts while the desk is opened.
        with apart.Reader(options) as read, Console(stderr=True).status("…") as status:
            desk = open_desk(options=options)
            verdicts = importer.bring_in(
                desk.own_store,
                importer.sources_of(files, limit),
                clock.utc_now,
                lambda verdict: status.update(verdict.file),
                record_rows.into(open_registry(options), Scope(desk.place, desk.all_tambons), OPERATOR),
                read,
            )
            status.update(say(lang(), "word.preparing"))
            fetching.make_ready(desk, [v.kind for v in verdicts if v.kept])
        columns = ["file", "format", "read", "kept", "duplicates", "rejected", "reason"]
        rows = [[v.file, v.format, v.read, v.kept, v.duplicates, v.rejected, say_verdict(lang(), v)] for v in verdicts]
        print_rows(pd.DataFrame(rows, columns=columns), form)
        refused = [v for v in verdicts if v.refused is not None]
        if refused and len(refused) == len(verdicts):
            ERRORS.print(f"[bold red]{say(lang(), 'word.error')}[/]", end=" ")
            ERRORS.print(one_line(f"{refused[0].file}: {say_verdict(lang(), refused[0])}"), markup=False)
            raise typer.Exit(1)


def fetch(
    sources: Annotated[
        list[str] | None, typer.Argument(help="Sources by key; without any, those that are due.")
    ] = None,
    first: Annotated[str, typer.Option("--from", help="First Thai day of a past period.")] = "",
    last: Annotated[str, typer.Option("--to", help="Last Thai day of it, included.")] = "",
    place: PlaceOption = "",
    form: FormatOption = Format.table,
) -> None:
    """Fetch what is stale, or the named sources and period, and print a verdict for each.

    Example: python cli.py fetch firms-snpp air4thai-live
    """
    if bool(first) != bool(last):
        raise typer.BadParameter("--from and --to go together", param_hint="--to" if first else "--from")
    period = source.Period(*period_of(first, last)) if first else None
    with clear_errors():
        desk = open_desk(place)
        with Console(stderr=True).status("…") as shown:
            outcomes = fetching.news(
                desk, sources or (), period=period, told=lambda outcome: shown.update(outcome.source)
            )
        rows = [
            {
                "source": outcome.source,
                "verdict": outcome.verdict,
                "rows": outcome.rows,
                "newest": clock.iso_ict(outcome.newest) if outcome.newest else None,
                "message": say_outcome(lang(), outcome),
            }
            for outcome in outcomes
        ]
        print_rows(pd.DataFrame(rows, columns=["source", "verdict", "rows", "newest", "message"]), form)
        if any(outcome.verdict == refresh.FAULT for outcome in outcomes):
            raise typer.Exit(1)


def prepare(
    on: Annotated[
        str, typer.Option(help="local, here, or the address of a Dask scheduler; HAZE_DASK when omitted.")
    ] = "",
    workers: Annotated[int, typer.Option(min=1, help="Processes of a local cluster.")] = 2,
    memory: Annotated[str, typer.Option(help="Most that each of them may use.")] = "4GiB",
    place: PlaceOption = "",
    form: FormatOption = Format.table,
) -> None:
    """Make ready what will be asked for, a year or month per worker; what is there already is not made again.

    Example: python cli.py prepare --on local --workers 2
    """
    from models import cluster

    with clear_errors():
        desk = open_desk(place)
        with (
            Console(stderr=True).status(say(lang(), "word.preparing")) as shown,
            cluster.opened(on or desk.settings.dask, workers, memory) as client,
        ):
            made = cluster.prepare(desk, client, lambda step: shown.update(f"{step.kind} {step.part}"))
        print_rows(made, form)


def status(form: FormatOption = Format.table) -> None:
    """Show what is stored, how new it is, and whether anything is wrong.

    Example: python cli.py status --format json
    """
    with clear_errors():
        desk = open_desk()
        table = desk.status([item.info for item in SOURCES.values()])
        rows = pd.concat([table, registry_state(desk), watch_state(desk)], ignore_index=True)
        print_rows(rows.astype({"age_minutes": "Int64"}), form)
