"""Commands that show what satellites saw: counts."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Annotated

import pandas as pd
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
from data.contracts import SATELLITES
from layers.words import say
from models.counts import SATELLITE_SETS
from models.desk import Desk, open_desk


class Area(StrEnum):
    """What counts are added up by."""

    tambon = "tambon"
    amphoe = "amphoe"
    province = "province"
    land = "land"


class Pass(StrEnum):
    """Which satellite pass."""

    night = "night"
    day = "day"
    all = "all"


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(counts)


def counts(
    first: FromOption,
    last: ToOption,
    by: Annotated[Area, typer.Option(help="Rows of the table.")] = Area.tambon,
    satellites: Annotated[
        str, typer.Option(help=f"Comma list of {', '.join(SATELLITES)} or a set: {', '.join(SATELLITE_SETS)}.")
    ] = "ALL",
    pass_: Annotated[Pass, typer.Option("--pass", help="Night pass, day pass or both.")] = Pass.all,
    heat: Annotated[
        bool, typer.Option("--heat", help="Add a last column: the count without detections at permanent heat.")
    ] = False,
    place: PlaceOption = "",
    form: FormatOption = Format.table,
) -> None:
    """Count hotspots in Thai days, both ends included, zeros shown.

    All detections are counted, as official counts do. Those at permanent heat (command heat) are told on stderr.

    Example: python cli.py counts --by amphoe --from 2026-01-05 --to 2026-01-18 --satellites SNPP
    """
    start, end = period_of(first, last)
    chosen = satellites_of(satellites)
    with clear_errors():
        desk = open_desk(place).outlined()
        table = desk.counts(by.value, start, end, chosen, pass_.value)
        missing = desk.days_not_stored(start, end, chosen)
        if missing:
            ERRORS.print(say(lang(), "word.days_not_stored", days=missing, all=(end - start).days + 1), markup=False)
        static = _at_heat(desk, by.value, start, end, chosen, pass_.value)
        if heat:
            at_heat = table["code"].map(static).fillna(0).astype("int64")
            table = table.assign(count_without_heat=table["count"] - at_heat)
        print_rows(table, form)


def _at_heat(desk: Desk, by: str, first: dt.date, last: dt.date, satellites: tuple[str, ...], passes: str) -> pd.Series:
    from models.heat_of import left_out

    static = left_out(desk, first, last, satellites, passes, by)
    if count := int(static.sum()):
        every = int(desk.counts("province", first, last, satellites, passes)["count"].sum())
        words = {"count": f"{count:,}", "all": f"{every:,}", "rest": f"{every - count:,}"}
        ERRORS.print(say(lang(), "counts.at_heat", **words), markup=False)
    return static


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
