"""The desk without a screen: every command an operator needs, for people and for scripts.

Never analyses itself: it asks the models and prints. Exit code 0 done, 1 a clear error, 2 wrong usage.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
_OWN_PYTHON = ROOT / ".venv" / "bin" / "python"

try:
    import typer
except ModuleNotFoundError:
    # Called with a bare Python: go on in the environment that `make` builds.
    if _OWN_PYTHON.exists() and Path(sys.prefix) != _OWN_PYTHON.parent.parent:
        os.execv(str(_OWN_PYTHON), [str(_OWN_PYTHON), *sys.argv])
    sys.stderr.write("The desk's environment is not there yet: run `make env` once, then try again.\n")
    sys.exit(1)

import datetime as dt
import json
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Annotated, Any

import pandas as pd
from rich.console import Console
from rich.table import Table

from data import clock, settings
from data.contracts import SATELLITES
from data.errors import HazeError
from fetchers import importer, reach, refresh, source
from fetchers.sources import SOURCES
from layers.words import Lang, say, say_error, say_outcome, say_verdict
from models.counts import SATELLITE_SETS
from models.desk import open_desk

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
_ERRORS = Console(stderr=True, highlight=False, soft_wrap=True)


class Format(StrEnum):
    """How rows are printed."""

    table = "table"
    csv = "csv"
    json = "json"


class Area(StrEnum):
    """What counts are added up by."""

    tambon = "tambon"
    amphoe = "amphoe"
    province = "province"
    land = "land"


class AirBy(StrEnum):
    """What air values are given for."""

    station = "station"
    tambon = "tambon"
    amphoe = "amphoe"


class Pass(StrEnum):
    """Which satellite pass."""

    night = "night"
    day = "day"
    all = "all"


class Averaging(StrEnum):
    """Over what time PM2.5 is averaged."""

    PT1H = "PT1H"
    PT24H = "PT24H"
    P1D = "P1D"


FormatOption = Annotated[Format, typer.Option("--format", help="table for people, csv or json for programs.")]
FromOption = Annotated[str, typer.Option("--from", help="First Thai day, YYYY-MM-DD (a Buddhist year is understood).")]
ToOption = Annotated[str, typer.Option("--to", help="Last Thai day, included.")]
PlaceOption = Annotated[str, typer.Option(help="Place key, such as lampang or upper_north.")]


def _lang() -> Lang:
    return settings.load().lang


@contextmanager
def _clear_errors() -> Iterator[None]:
    """Turn the desk's errors into one line on stderr and exit code 1."""
    try:
        yield
    except HazeError as error:
        _ERRORS.print(f"[bold red]{say('en' if error.key == 'setting' else _lang(), 'word.error')}[/]", end=" ")
        _ERRORS.print(say_error("en" if error.key == "setting" else _lang(), error), markup=False)
        raise typer.Exit(1) from None
    except BrokenPipeError:
        sys.stderr.close()
        raise typer.Exit(0) from None


def _day(text: str, option: str) -> dt.date:
    try:
        return clock.parse_day(text)
    except ValueError:
        raise typer.BadParameter(f"expected a day as YYYY-MM-DD, got {text!r}", param_hint=option) from None


def _period(first: str, last: str) -> tuple[dt.date, dt.date]:
    start, end = _day(first, "--from"), _day(last, "--to")
    if end < start:
        raise typer.BadParameter(f"--to {end} lies before --from {start}", param_hint="--to")
    return start, end


def _print_rows(rows: pd.DataFrame, form: Format) -> None:
    if form is Format.csv:
        sys.stdout.write(rows.to_csv(index=False))
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
    return f"{plain:g}" if isinstance(plain, float) else str(plain)


@app.command("import")
def import_(
    files: Annotated[list[Path], typer.Argument(help="Files, archives or folders; the form is recognised by content.")],
    form: FormatOption = Format.table,
) -> None:
    """Bring files into the store and print a verdict for each.

    Example: python cli.py import lampang_tambons.geojson downloads/*.csv
    """
    with _clear_errors():
        desk = open_desk()
        limit = desk.settings.max_file_mb * 1_000_000
        progress = Console(stderr=True)
        with progress.status("…") as status:
            verdicts = importer.bring_in(
                desk.own_store,
                importer.sources_of(files, limit),
                clock.utc_now,
                lambda verdict: status.update(verdict.file),
            )
            if any(v.kept for v in verdicts if v.kind in ("hotspots", "tambons")):
                status.update(say(_lang(), "word.preparing"))
                desk.refresh().prepare()
        columns = ["file", "format", "read", "kept", "duplicates", "rejected", "reason"]
        rows = [[v.file, v.format, v.read, v.kept, v.duplicates, v.rejected, say_verdict(_lang(), v)] for v in verdicts]
        _print_rows(pd.DataFrame(rows, columns=columns), form)
        refused = [v for v in verdicts if v.refused is not None]
        if refused and len(refused) == len(verdicts):
            _ERRORS.print(f"[bold red]{say(_lang(), 'word.error')}[/]", end=" ")
            _ERRORS.print(f"{refused[0].file}: {say_verdict(_lang(), refused[0])}", markup=False)
            raise typer.Exit(1)


@app.command()
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
    period = source.Period(*_period(first, last)) if first else None
    with _clear_errors():
        desk = open_desk(place)
        with Console(stderr=True).status("…") as shown, reach.way_out(desk.settings) as http:
            outcomes = refresh.refresh(
                desk.own_store,
                http,
                area=reach.area_of(desk.place, desk.stations, desk.tambons),
                keys=desk.settings.keys,
                now=clock.utc_now,
                names=sources or (),
                period=period,
                told=lambda outcome: shown.update(outcome.source),
            )
            if any(outcome.rows for outcome in outcomes):
                desk.refresh().prepare()
        rows = [
            {
                "source": outcome.source,
                "verdict": outcome.verdict,
                "rows": outcome.rows,
                "newest": clock.iso_ict(outcome.newest) if outcome.newest else None,
                "message": say_outcome(_lang(), outcome),
            }
            for outcome in outcomes
        ]
        _print_rows(pd.DataFrame(rows, columns=["source", "verdict", "rows", "newest", "message"]), form)
        if any(outcome.verdict == refresh.FAULT for outcome in outcomes):
            raise typer.Exit(1)


@app.command()
def status(form: FormatOption = Format.table) -> None:
    """Show what is stored, how new it is, and whether anything is wrong.

    Example: python cli.py status --format json
    """
    with _clear_errors():
        _print_rows(open_desk().status([item.info for item in SOURCES.values()]), form)


@app.command()
def counts(
    first: FromOption,
    last: ToOption,
    by: Annotated[Area, typer.Option(help="Rows of the table.")] = Area.tambon,
    satellites: Annotated[
        str, typer.Option(help=f"Comma list of {', '.join(SATELLITES)} or a set: {', '.join(SATELLITE_SETS)}.")
    ] = "ALL",
    pass_: Annotated[Pass, typer.Option("--pass", help="Night pass, day pass or both.")] = Pass.all,
    place: PlaceOption = "",
    form: FormatOption = Format.table,
) -> None:
    """Count hotspots in Thai days, both ends included, zeros shown.

    Example: python cli.py counts --by amphoe --from 2026-01-05 --to 2026-01-18 --satellites SNPP
    """
    start, end = _period(first, last)
    chosen = _satellites(satellites)
    with _clear_errors():
        desk = open_desk(place)
        table = desk.counts(by.value, start, end, chosen, pass_.value)
        missing = desk.days_not_stored(start, end, chosen)
        if missing:
            _ERRORS.print(say(_lang(), "word.days_not_stored", days=missing, all=(end - start).days + 1), markup=False)
        _print_rows(table, form)


def _satellites(text: str) -> tuple[str, ...]:
    names: list[str] = []
    for name in text.upper().replace("-", "").replace(" ", "").split(","):
        if name in SATELLITE_SETS:
            names += SATELLITE_SETS[name]
        elif name in SATELLITES:
            names.append(name)
        else:
            known = ", ".join((*SATELLITES, *SATELLITE_SETS))
            raise typer.BadParameter(f"unknown satellite {name!r}; known are {known}", param_hint="--satellites")
    return tuple(dict.fromkeys(names))


@app.command()
def air(
    first: FromOption,
    last: ToOption,
    by: Annotated[AirBy, typer.Option(help="Rows of the table.")] = AirBy.station,
    averaging: Annotated[
        Averaging, typer.Option(help="PT1H true hours, PT24H running 24 h mean, P1D mean of the Thai day.")
    ] = Averaging.P1D,
    place: PlaceOption = "",
    form: FormatOption = Format.table,
) -> None:
    """Show PM2.5 in µg/m³ with coverage and the Thai index of 2023 (which is defined for 24 h means only).

    Without --place every stored station is shown.

    Example: python cli.py air --by station --from 2026-03-26 --to 2026-03-30 --averaging PT24H
    """
    start, end = _period(first, last)
    with _clear_errors():
        everywhere = by is AirBy.station and not place
        table = open_desk(place).air(by.value, start, end, averaging.value, everywhere=everywhere)
        shown = [clock.iso_ict(time) for time in table["time"]]
        _print_rows(table.assign(time=[text[:10] for text in shown] if averaging is Averaging.P1D else shown), form)


@app.command()
def serve(
    port: Annotated[int, typer.Option(help="Port of the app.")] = 8501,
    address: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
) -> None:
    """Open the app.

    Example: python cli.py serve --port 8501
    """
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py")]
    # The app runs in the project's folder, where its configuration lies; the store stays where it was meant.
    os.environ["HAZE_STORE"] = str(settings.load().store.resolve())
    os.chdir(ROOT)
    os.execv(sys.executable, [*command, "--server.port", str(port), "--server.address", address])


if __name__ == "__main__":
    app()
