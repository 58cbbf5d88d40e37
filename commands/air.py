"""Commands about the air: PM2.5 by station and area, who breathes it, and how good the estimates are."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Annotated

import typer

from commands.frame import (
    ERRORS,
    AreaBy,
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
from layers.words import say
from models.desk import Desk, open_desk


class AirBy(StrEnum):
    """What air values are given for."""

    station = "station"
    tambon = "tambon"
    amphoe = "amphoe"


class CheckBy(StrEnum):
    """What the test of the estimates is split by."""

    all = "all"
    season = "season"
    station = "station"


class Averaging(StrEnum):
    """Over what time PM2.5 is averaged."""

    PT1H = "PT1H"
    PT24H = "PT24H"
    P1D = "P1D"


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(air)
    app.command()(exposure)
    app.command(name="air-check")(air_check)


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
            table = area_air.tambon_air(desk.outlined(), start, end, averaging.value)
            _say_verdicts(desk, start, end)
        else:
            table, weight = area_air.amphoe_air(desk.outlined(), start, end, averaging.value)
            ERRORS.print(say(lang(), f"surface.weighed_by_{weight}"), markup=False)
        shown = [clock.iso_ict(time) for time in table["time"]]
        print_rows(table.assign(time=[text[:10] for text in shown] if averaging is Averaging.P1D else shown), form)


def _say_verdicts(desk: Desk, first: dt.date, last: dt.date) -> None:
    """Say on the error stream what has no say in the estimates, and why."""
    from models.surface import verdicts

    for row in verdicts(desk, first, last).itertuples():
        text = say(lang(), f"surface.{row.reason}", name=row.name, values=row.values)
        ERRORS.print(text, markup=False)


def exposure(
    first: FromOption,
    last: ToOption,
    by: Annotated[AreaBy, typer.Option(help="Rows of the table.")] = AreaBy.amphoe,
    place: PlaceOption = "",
    form: FormatOption = Format.table,
) -> None:
    """Add up the person-days over the 24 h standard in force, for all people and for those of 60 and over.

    The columns _low and _high are what the bounds of the estimates give. A number of people that no imported file told
    is missing, never guessed.

    Example: python cli.py exposure --by amphoe --from 2023-03-01 --to 2023-03-31
    """
    from models import exposure as model

    start, end = period_of(first, last)
    with clear_errors():
        table = model.over_standard(model.exposure(open_desk(place).outlined(), start, end), by.value)
        if table["people"].isna().any():
            ERRORS.print(say(lang(), "surface.people_unknown"), markup=False)
        if table["older"].isna().any():
            ERRORS.print(say(lang(), "surface.older_unknown"), markup=False)
        print_rows(table, form)


def air_check(
    by: Annotated[CheckBy, typer.Option(help="Rows of the table.")] = CheckBy.season,
    place: PlaceOption = "",
    form: FormatOption = Format.table,
) -> None:
    """Test the estimates on the stored haze seasons: each station left out and foretold from the others.

    Beside them stand inverse distance (_idw) and the nearest station (_nearest) on the same days; inside_pct is the
    share of days inside the 90 % interval.

    Example: python cli.py air-check --by season
    """
    from models import surface_check

    keys = {CheckBy.all: [], CheckBy.season: ["season"], CheckBy.station: ["station_id"]}[by]
    with clear_errors():
        table = surface_check.scores(surface_check.station_days(open_desk(place)), keys)
        number = table.select_dtypes("float").columns
        print_rows(table.assign(**table[number].round(3)), form)
