"""Commands about the air of the next three days: the forecast and its report card."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from commands.fires import moment_of
from commands.frame import (
    ERRORS,
    Format,
    FormatOption,
    PlaceOption,
    clear_errors,
    day_of,
    lang,
    period_of,
    print_rows,
)
from data import clock

if TYPE_CHECKING:
    import pandas as pd

    from models.desk import Desk


class ForecastBy(StrEnum):
    """What a forecast is given for, or a report card apart by."""

    station = "station"
    tambon = "tambon"
    amphoe = "amphoe"
    season = "season"


class Scope(StrEnum):
    """Which stations."""

    lampang = "lampang"
    all = "all"


class Seasons(StrEnum):
    """Which seasons a judged one is forecast from."""

    auto = "auto"
    before = "before"
    outside = "outside"


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(forecast)


def forecast(
    by: Annotated[
        ForecastBy | None,
        typer.Option(help="With --verify: one card for each station or season; the whole if left out."),
    ] = None,
    at: Annotated[
        str, typer.Option(help="Thai day or time of issue; what was measured later is not looked at. Now if left out.")
    ] = "",
    verify: Annotated[bool, typer.Option("--verify", help="Judge the forecasts of past days instead.")] = False,
    issued: Annotated[
        bool, typer.Option("--issued", help="With --verify: those that were issued and kept on the day, not again.")
    ] = False,
    first: Annotated[str, typer.Option("--from", help="With --verify: first Thai day aimed at.")] = "",
    last: Annotated[str, typer.Option("--to", help="With --verify: last Thai day aimed at, included.")] = "",
    seasons: Annotated[
        Seasons,
        typer.Option(
            help="With --verify: learn from seasons before the one judged, from all outside it, or (auto) from those "
            "before where there are two, else from all outside."
        ),
    ] = Seasons.auto,
    stations: Annotated[
        Scope | None, typer.Option(help="Stations of Lampang, or all of the north (the default).")
    ] = None,
    place: PlaceOption = "",
    form: FormatOption = Format.table,
) -> None:
    """Forecast the daily mean of PM2.5 at 24, 48 and 72 h with 90 % intervals, or print the report card.

    A forecast is issued at the end of a Thai day, from nothing measured after it. In the report card `served` marks the
    method that the product uses; all methods of a lead are judged on the same days; stations that repeat one another
    count as one.

    Example: python cli.py forecast --verify --from 2025-01-01 --to 2025-05-31 --stations lampang
    """
    if not verify and (first or last or issued):
        raise typer.BadParameter("--from, --to and --issued belong to --verify", param_hint="--from")
    if verify and not (first and last):
        raise typer.BadParameter("--verify needs --from and --to", param_hint="--verify")
    if by in ((ForecastBy.tambon, ForecastBy.amphoe) if verify else (ForecastBy.season,)):
        raise typer.BadParameter(
            f"{by} cannot be judged" if verify else "season belongs to --verify", param_hint="--by"
        )
    moment = _moment(at) if at else None
    period = period_of(first, last) if verify else None
    with clear_errors():
        from models.desk import open_desk

        desk = open_desk(place)
        codes = list(desk.stations["station_id"]) if place or stations is Scope.lampang else None
        if period is None:
            print_rows(_now(desk, moment, codes, by or ForecastBy.station), form)
        elif issued:
            print_rows(_kept(desk, period, codes, by), form)
        else:
            print_rows(_again(desk, period, codes, by, seasons), form)


def _moment(text: str) -> dt.datetime | None:
    """Return the moment of issue: a day alone means its beginning."""
    if len(text.strip()) > 10:
        return moment_of(text)
    day = day_of(text, "--at")
    return clock.day_bounds(day, day)[0]


def _now(desk: Desk, moment: dt.datetime | None, codes: list[str] | None, by: ForecastBy) -> pd.DataFrame:
    from data.errors import StoreError
    from layers.words import say_error
    from models import air, forecast, issued, outlook

    if by is ForecastBy.station:
        data, trained = forecast.latest(desk, moment)
        kept, beside = forecast.now(trained, data), forecast.beside(trained, data)
        table = kept if codes is None else kept[kept["code"].isin(codes)]
    else:
        found = outlook.outlook(desk.outlined(), moment)
        kept, beside = found.stations, found.beside
        table = found.tambons if by is ForecastBy.tambon else found.amphoes
    if moment is None:
        try:
            issued.keep(desk, kept, beside)
        except StoreError as error:  # a store that cannot be written still forecasts
            ERRORS.print(say_error(lang(), error), markup=False)
    table = table.assign(**{"class": air.thai_aqi_class(table["pm25"])})
    for column in ("issued_at", "valid_at"):
        table[column] = [clock.iso_ict(time) for time in table[column]]
    places = {"pm25": 1, "low": 1, "high": 1, "p_over_37_5": 3, "p_over_75": 3}
    shown = table[["code", "issued_at", "valid_at", "lead_h", *places, "class", "method"]]
    near = [name for name in ("nearest_km", "nearest_station") if name in table]
    return shown.join(table[near]).round(places | {"nearest_km": 1})


def _again(
    desk: Desk, period: tuple[dt.date, dt.date], codes: list[str] | None, by: ForecastBy | None, seasons: Seasons
) -> pd.DataFrame:
    from layers import forecast as words
    from models import forecast as model

    pairs, taught = model.verify(desk, *period, codes=codes, seasons=seasons.value)
    for text in words.basis(lang(), taught):
        ERRORS.print(text, markup=False)
    return _rounded(model.card(pairs, taught, _columns(by)))


def _kept(desk: Desk, period: tuple[dt.date, dt.date], codes: list[str] | None, by: ForecastBy | None) -> pd.DataFrame:
    from models import issued, report_card

    pairs = issued.judged(desk, *period)
    pairs = pairs if codes is None else pairs[pairs["code"].isin(codes)]
    card = report_card.scores(pairs, _columns(by))
    served = pairs[pairs["served"]].groupby("lead_h")["method"].first()
    card.insert(len(_columns(by)) + 2, "served", card["method"] == card["lead_h"].map(served))
    return _rounded(card)


def _columns(by: ForecastBy | None) -> list[str]:
    return [] if by is None else ["code" if by is ForecastBy.station else "season"]


def _rounded(card: pd.DataFrame) -> pd.DataFrame:
    order = ["lead_h", "method", "served", "n", "mae", "rmse", "skill_vs_persistence", "peirce_37_5"]
    rest = [name for name in card.columns if name not in order]
    by = [name for name in ("code", "season") if name in rest]
    table = card[[*by, *order, *(name for name in rest if name not in by)]]
    fine = [name for name in table.columns if name.startswith(("skill", "peirce", "coverage", "reliability"))]
    return table.round({"mae": 2, "rmse": 2, "bias": 2} | dict.fromkeys(fine, 4))
