"""Commands that show what was seen and measured: counts, air."""

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
from data import clock
from data.contracts import SATELLITES
from layers.words import say
from models.counts import SATELLITE_SETS
from models.desk import open_desk


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


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(counts)
    app.command()(air)


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
    start, end = period_of(first, last)
    chosen = satellites_of(satellites)
    with clear_errors():
        desk = open_desk(place)
        table = desk.counts(by.value, start, end, chosen, pass_.value)
        missing = desk.days_not_stored(start, end, chosen)
        if missing:
            ERRORS.print(say(lang(), "word.days_not_stored", days=missing, all=(end - start).days + 1), markup=False)
        print_rows(table, form)


def satellites_of(text: str) -> tuple[str, ...]:
    """Return the satellites that an option names, by code or by set; wrong usage for another name."""
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

    Without --place every stored station is shown. A tambon without a station is estimated: low and high are its 90 %
    interval, and its coverage is 0. An amphoe is the mean over the people of its tambons, or over their area.

    Example: python cli.py air --by station --from 2026-03-26 --to 2026-03-30 --averaging PT24H
    """
    from models import area_air

    start, end = period_of(first, last)
    with clear_errors():
        desk = open_desk(place)
        if by is AirBy.station:
            table = desk.air(start, end, averaging.value, everywhere=not place)
        elif by is AirBy.tambon:
            table = area_air.tambon_air(desk, start, end, averaging.value)
        else:
            table, weight = area_air.amphoe_air(desk, start, end, averaging.value)
            ERRORS.print(say(lang(), f"surface.weighed_by_{weight}"), markup=False)
        shown = [clock.iso_ict(time) for time in table["time"]]
        print_rows(table.assign(time=[text[:10] for text in shown] if averaging is Averaging.P1D else shown), form)
