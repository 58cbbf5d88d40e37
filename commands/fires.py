"""Commands about fires: the events that detections join into."""

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
    lang,
    period_of,
    print_rows,
)
from commands.seen import satellites_of
from data import clock
from data.contracts import SATELLITES
from layers.words import say
from models.counts import SATELLITE_SETS
from models.desk import Desk, open_desk


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(fires)
    app.command("round")(round_)
    app.command()(heat)


def fires(
    first: FromOption,
    last: ToOption,
    satellites: Annotated[
        str, typer.Option(help=f"Comma list of {', '.join(SATELLITES)} or a set: {', '.join(SATELLITE_SETS)}.")
    ] = "ALL",
    fire: Annotated[str, typer.Option(help="Only the fire that has or once had this name, as it stands now.")] = "",
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

        desk = open_desk(place).outlined()
        if fire:
            table = fire_seasons.named(desk, fire, chosen).drop(columns="geometry")
        else:
            table = fire_seasons.fires(desk, start, end, chosen).drop(columns="geometry")
        missing = desk.days_not_stored(start, end, chosen)
        if missing:
            ERRORS.print(say(lang(), "word.days_not_stored", days=missing, all=(end - start).days + 1), markup=False)
        for column in ("first_seen", "last_seen"):
            table[column] = [clock.iso_ict(moment) for moment in table[column]]
        _say_left_out(desk, start, end, chosen)
        print_rows(table, form)


def _say_left_out(desk: Desk, first: dt.date, last: dt.date, satellites: tuple[str, ...]) -> None:
    from models.heat_of import left_out

    count = int(left_out(desk, first, last, satellites).sum())
    if count:
        ERRORS.print(say(lang(), "fires.left_out", count=f"{count:,}"), markup=False)


class Language(StrEnum):
    """Language of a text to paste."""

    th = "th"
    en = "en"


def round_(
    at: Annotated[
        str, typer.Option(help="Moment to report for, Thai time, YYYY-MM-DD or YYYY-MM-DDTHH:MM; now when omitted.")
    ] = "",
    satellites: Annotated[
        str, typer.Option(help=f"Comma list of {', '.join(SATELLITES)} or a set: {', '.join(SATELLITE_SETS)}.")
    ] = "ALL",
    language: Annotated[Language | None, typer.Option("--lang", help="Language of the text.")] = None,
    place: PlaceOption = "",
    form: FormatOption = Format.table,
) -> None:
    """Report what satellites saw since the last pass, as a text to paste; csv and json give it as rows.

    Until noon it is the morning round (night pass), then the afternoon round (day pass). A day alone means its end.

    Example: python cli.py round --at 2026-01-14T15:00 --lang th
    """
    moment = moment_of(at)
    chosen = satellites_of(satellites)
    with clear_errors():
        from data.registry import open_registry
        from layers import round as words
        from models.round import make_round

        desk = open_desk(place).outlined()
        sites = open_registry(desk.settings).sites(place=desk.place, carried_out=True)
        report = make_round(desk, moment or desk.now(), chosen, sites)
        if form is Format.table:
            tongue = language.value if language else lang()
            typer.echo(words.text(tongue, report, getattr(desk.place, f"name_{tongue}")))
        else:
            print_rows(words.rows(report), form)


def moment_of(text: str) -> dt.datetime | None:
    """Return the moment that an option names, UTC; None for no text, wrong usage when it is none."""
    if not text:
        return None
    day, _, rest = text.strip().replace(" ", "T").partition("T")
    try:
        hour = dt.time.fromisoformat(rest) if rest else dt.time(23, 59, 59)
        local = dt.datetime.combine(clock.parse_day(day), hour)
        return (local if local.tzinfo else local.replace(tzinfo=clock.ICT)).astimezone(clock.UTC)
    except ValueError:
        raise typer.BadParameter(f"expected YYYY-MM-DDTHH:MM, got {text!r}", param_hint="--at") from None


def heat(place: PlaceOption = "", form: FormatOption = Format.table) -> None:
    """List places of permanent heat, which are left out of fires: why each was found, and what an officer said of it.

    Example: python cli.py heat --format csv
    """
    with clear_errors():
        from models import heat_of

        table = heat_of.heat(open_desk(place))
        for column in ("first", "last"):
            table[column] = table[column].dt.strftime("%Y-%m-%d").where(table[column].notna(), None)
        print_rows(table, form)
