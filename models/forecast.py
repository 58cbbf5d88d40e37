"""PM2.5 of the next three days: issued now from what is known, and issued again for past days to be judged.

Brings the stored readings, the training and the methods together. A forecast is issued at the end of a Thai day and
aims at the mean of the 1st, 2nd and 3rd day after it. Never fetches, never looks past the time of issue.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data import contracts
from data.clock import UTC, day_bounds, require_utc, thai_day, thai_days
from data.contracts import FORECAST_COLUMNS
from data.errors import TooLittleData
from models import report_card
from models.conformal import Spread
from models.derived import kept
from models.desk import Desk
from models.driven import spoken
from models.drivers import drivers
from models.features import lagged
from models.loglinear import RECENT_DAYS
from models.model_days import known_at_issue
from models.partial import PARTIAL
from models.report_card import RED, STANDARD
from models.station_days import Floats, StationDays, haze_years, station_days
from models.training import (
    LEADS,
    WINDOW,
    WITHOUT_DRIVERS,
    Trained,
    forecasts,
    from_json,
    to_json,
    train,
    training_key,
    usable_years,
)

#: A forecast needs a station that told something in the last days; the newest of them decides the day of issue.
_NEWEST_DAYS = 3
#: Which seasons a judged one is forecast from: those before it, as an officer would have had; all others; or those
#: before it where there are two of them, and all others where not.
Seasons = Literal["auto", "before", "outside"]

_EVER = (dt.datetime(2000, 1, 1, tzinfo=UTC), dt.datetime(2100, 1, 1, tzinfo=UTC))


def days_of(desk: Desk) -> StationDays:
    """Return the daily means that the desk has of the north.

    Raises
    ------
    NotStored
        When no reading was ever stored.
    TooLittleData
        When none of them is of the north.
    """
    data = station_days(desk.store.readings(*_EVER, desk.state), desk.known_stations)
    return replace(data, model=known_at_issue(desk, data, LEADS))


def known_days_of(desk: Desk) -> StationDays:
    """Return the daily means with the fires and the weather that the desk has beside them; raises as `days_of`."""
    data = days_of(desk)
    return replace(data, drivers=drivers(desk, data))


def seasons_for(data: StationDays, year: int, seasons: Seasons) -> tuple[int, ...]:
    """Return the haze years from which the season of `year` is forecast."""
    usable = usable_years(data)
    before = tuple(other for other in usable if other < year)
    if seasons == "before" or (seasons == "auto" and len(before) >= 2):
        return before
    return tuple(other for other in usable if other != year)


def trained_on(desk: Desk, data: StationDays, years: tuple[int, ...]) -> Trained:
    """Return what some haze years taught; learned once per content of these years."""
    if not years:
        # Persistence learns its spread from the days that are there.
        return train(data, ())
    return kept(
        desk.store,
        "forecast.json",
        training_key(data, years),
        lambda partial: _write(partial, to_json(train(data, years))),
        lambda path: from_json(path.read_text("utf-8")),
    )


def latest(desk: Desk, at: dt.datetime | None = None) -> tuple[StationDays, Trained]:
    """Return what was known at the end of the last Thai day before a time, and what the seasons before it taught.

    Parameters
    ----------
    desk : Desk
    at : datetime, optional
        Aware, UTC; the desk's present when omitted. What was measured after it is not looked at.

    Raises
    ------
    TooLittleData
        When no station of the north told anything in the three days before, or there is too little to learn from.
    """
    wanted = thai_day(require_utc(at or desk.now())) - dt.timedelta(days=1)
    data = known_days_of(desk).until(wanted)
    known = np.flatnonzero(np.isfinite(data.value).any(axis=1))
    if not len(known) or known[-1] < data.position(wanted) - _NEWEST_DAYS + 1:
        newest = data.days[known[-1]].item().isoformat() if len(known) else "-"
        raise TooLittleData(
            f"expected a daily mean of the {_NEWEST_DAYS} days up to {wanted}, the newest is of {newest}",
            key="forecast_too_old",
            context={"day": wanted.isoformat(), "newest": newest, "days": _NEWEST_DAYS},
            hint="fetch or import the newest readings",
        )
    data = data.until(data.days[known[-1]].item())
    year = int(haze_years(data.days[-1:])[0])
    return data, trained_on(desk, data, seasons_for(data, year, "before"))


def prepare(desk: Desk) -> None:
    """Learn from the seasons before the newest stored day, so that nobody who asks for a forecast waits for it."""
    if not desk.air_years:
        return
    with contextlib.suppress(TooLittleData):
        data = known_days_of(desk)
        years = haze_years(data.days[np.isfinite(data.value).any(axis=1)])
        if len(years):
            trained_on(desk, data, seasons_for(data, int(years[-1]), "before"))


def now(trained: Trained, data: StationDays) -> pd.DataFrame:
    """Return the forecast issued at the end of the last day, of the method served, in FORECAST_COLUMNS.

    Where a method that tells of only a part is preferred, it speaks at the stations that it can tell of.
    """
    table = _of_last_day(trained, data)
    first = _is_preferred(table, trained)
    ordered = pd.concat([table[first], table[~first & (table["method"] == _served(table, trained))]])
    one = ordered.drop_duplicates(["code", "lead_h"])
    return one.sort_values(["lead_h", "code"]).reset_index(drop=True)


def beside(trained: Trained, data: StationDays) -> pd.DataFrame:
    """Return what the methods of `PARTIAL` say at the same issue where they are not served, in FORECAST_COLUMNS."""
    if not data.model:
        return contracts.empty(FORECAST_COLUMNS)
    table = _of_last_day(trained, data)
    return table[table["method"].isin(PARTIAL) & ~_is_preferred(table, trained)].reset_index(drop=True)


def _of_last_day(trained: Trained, data: StationDays) -> pd.DataFrame:
    last = np.zeros(len(data.days), bool)
    last[-1] = True
    table = issued(trained, data.last(WINDOW), last[-WINDOW:], only_candidates=True)
    return table[table["pm25"].notna()]


def _served(table: pd.DataFrame, trained: Trained) -> pd.Series:
    return table["lead_h"].map({24 * lead: method for lead, method in trained.served.items()})


def _is_preferred(table: pd.DataFrame, trained: Trained) -> pd.Series:
    first = table["lead_h"].map({24 * lead: method for lead, method in trained.preferred.items()})
    return table["method"] == first


def inputs(trained: Trained, data: StationDays) -> dict[int, tuple[str, ...]]:
    """Return which groups of drivers went into what is served at the end of the last day, by lead in days.

    Empty where the method that is served looks at none, or none of them is known.
    """
    out = {}
    for lead in LEADS:
        learned = trained.leads[lead].learned if trained.served[lead] in WITHOUT_DRIVERS else None
        lines = [line.groups for line in learned.lines["driven"]] if learned else []
        out[lead] = spoken(data, trained.leads[lead].drivers, lines, lead) if lines else ()
    return out


def issue(desk: Desk, at: dt.datetime | None = None) -> pd.DataFrame:
    """Issue the forecast of the last Thai day that had ended at a time; see `latest` and `now`."""
    data, trained = latest(desk, at)
    return now(trained, data)


def issued(
    trained: Trained,
    data: StationDays,
    days: NDArray[np.bool_],
    *,
    only_candidates: bool = False,
) -> pd.DataFrame:
    """Return the forecasts issued at the end of some days, in FORECAST_COLUMNS; missing where a method cannot tell.

    Parameters
    ----------
    trained : Trained
    data : StationDays
    days : ndarray of bool, shape (T,)
        Days of issue.
    only_candidates : bool
        Leave out the methods that tell of all and are not served.
    """
    rows = []
    for lead in LEADS:
        found = forecasts(trained.leads, data, lead)
        methods = [trained.served[lead]] if only_candidates else list(trained.spread[lead])
        for method in [*methods, *(method for method in PARTIAL if method in found)]:
            spread = _spread_of(trained, lead, method)
            if spread is None:  # too seldom judged: a value without an interval
                nothing = np.full(found[method][days].shape, np.nan)
                told = [found[method][days], *[nothing] * 4]
            else:
                of_day = _spreads_of(spread, found[method], data, lead)
                each = [_told(found[method][at], of_day(at)) for at in np.flatnonzero(days).tolist()]
                told = list(np.stack(each, axis=1))
            rows.append(_long(data, days, lead, method, *told))
    return contracts.typed(pd.concat(rows).assign(taught_by=trained.key), FORECAST_COLUMNS, {})


def spreads(trained: Trained, data: StationDays, methods: Mapping[int, str]) -> dict[int, Spread]:
    """Return how wrong the forecast issued at the end of the last day may be, of one method for each lead in days.

    The methods are served ones or preferred ones.
    """
    last = data.last(WINDOW)
    out = {}
    for lead, method in methods.items():
        found = forecasts(trained.leads, last, lead)[method]
        spread = _spread_of(trained, lead, method) or trained.spread[lead][trained.served[lead]]
        out[lead] = _spreads_of(spread, found, last, lead)(len(last.days) - 1)
    return out


def _spread_of(trained: Trained, lead: int, method: str) -> Spread | None:
    """Return how wrong a method was on past seasons; None for one of `PARTIAL` that was too seldom judged."""
    if method not in PARTIAL:
        return trained.spread[lead][method]
    partial = trained.partial.get(lead, {}).get(method)
    return None if partial is None else partial.spread


def verify(
    desk: Desk, first: dt.date, last: dt.date, *, codes: Sequence[str] | None = None, seasons: Seasons = "auto"
) -> tuple[pd.DataFrame, dict[int, Trained]]:
    """Issue again the forecasts that aim at past days, each season from what other seasons taught, and pair them.

    Parameters
    ----------
    desk : Desk
    first, last : date
        Thai days aimed at, both included.
    codes : sequence of str, optional
        Stations; all of the north but trailers when omitted.
    seasons : str
        See `Seasons`.

    Returns
    -------
    pairs : DataFrame
        See `models.report_card.pairs` and `common`.
    trained : dict of int to Trained
        By haze year.

    Raises
    ------
    TooLittleData
        When nothing of the period can be judged; key ``forecast_not_judged``.
    """
    everything = known_days_of(desk)
    data = everything.until(last) if len(everything.days) else everything
    if not len(data.days):
        raise _not_judged(first, last)
    data = data.since(first - dt.timedelta(days=WINDOW))
    parts, taught = [], {}
    for year in map(int, np.unique(haze_years(np.arange(np.datetime64(first), np.datetime64(last) + 1)))):
        years = seasons_for(everything, year, seasons)
        taught[year] = trained_on(desk, everything, years)
        # Forecasts that aim at the first days were issued some days before them.
        days = (data.days >= np.datetime64(first) - max(LEADS)) & (data.days < np.datetime64(last))
        if days.any():
            found = issued(taught[year], data, days)
            parts.append(found[haze_years(thai_days(found["valid_at"])) == year])
    parts = _side_by_side(parts) or [contracts.empty(FORECAST_COLUMNS)]
    start, end = day_bounds(first, last)
    table = pd.concat(parts, ignore_index=True)
    table = table[(table["valid_at"] >= start) & (table["valid_at"] < end)]
    fixed = [code for code, stays in zip(data.stations, data.fixed, strict=True) if stays]
    table = table[table["code"].isin(fixed if codes is None else list(codes))]
    judged = report_card.common(report_card.pairs(table, data)) if len(table) else table
    if not len(judged):
        raise _not_judged(first, last)
    return judged, taught


def _side_by_side(parts: Sequence[pd.DataFrame]) -> list[pd.DataFrame]:
    """Return the forecasts of some seasons with the methods with drivers in each, if any season has them.

    Where a season has none, what they fall back on speaks for them, so that all methods are judged on all seasons.
    """
    there = {method for part in parts for method in part["method"].unique()}
    out = []
    for part in parts:
        lacking = {
            one: other for one, other in WITHOUT_DRIVERS.items() if one in there and one not in set(part["method"])
        }
        copies = [part[part["method"] == other].assign(method=one) for one, other in lacking.items()]
        out.append(pd.concat([part, *copies], ignore_index=True))
    return out


def _not_judged(first: dt.date, last: dt.date) -> TooLittleData:
    return TooLittleData(
        f"nothing to judge from {first} to {last}: no day was measured together with one of the days before it",
        key="forecast_not_judged",
        context={"first": first.isoformat(), "last": last.isoformat()},
        hint="import daily means of these days",
    )


def card(judged: pd.DataFrame, taught: Mapping[int, Trained], by: Sequence[str] = ()) -> pd.DataFrame:
    """Return the report card with `served`, true on the method that the product used at that lead.

    Over several seasons, that of the newest of them; with `season` in `by`, that of each. A preferred method is marked
    beside the one that speaks where it cannot.
    """
    out = report_card.scores(judged, by)
    season = out["season"] if "season" in by else pd.Series(max(taught), index=out.index)
    marked = [
        method in (taught[int(year)].served[int(lead) // 24], taught[int(year)].preferred.get(int(lead) // 24))
        for year, lead, method in zip(season, out["lead_h"], out["method"], strict=True)
    ]
    out.insert(len(by) + 2, "served", np.array(marked, dtype=bool))
    return out


def _spreads_of(spread: Spread, found: Floats, data: StationDays, lead: int) -> Callable[[int], Spread]:
    """Return what gives the spread at the end of a day: the learned one, drawn towards the errors known by then.

    Parameters
    ----------
    spread : Spread
    found : ndarray, shape (T, S)
        µg/m³, by day of issue.
    data : StationDays
    lead : int
    """
    # By day aimed at: what was issued `lead` days before, and where in the spread the day then fell.
    places = spread.places(lagged(found, lead), data.value)
    weight = np.where(data.fixed, data.weight, 0.0)

    def of_day(at: int) -> Spread:
        rows = slice(max(at + 1 - RECENT_DAYS, 0), at + 1)
        return spread.turned(places[rows], weight[rows])

    return of_day


def _told(value: Floats, spread: Spread) -> Floats:
    """Return value, low, high and the chances of crossing both limits, shape (5, S)."""
    return np.stack([value, *spread.interval(value), *(spread.chance_over(value, limit) for limit in (STANDARD, RED))])


def _long(
    data: StationDays, days: NDArray[np.bool_], lead: int, method: str, *values: NDArray[np.float64]
) -> pd.DataFrame:
    count, width = int(days.sum()), len(data.stations)
    ended = pd.Series(np.repeat(data.days[days] + 1, width)).astype("datetime64[us]")
    # The day ends at midnight in Thailand, seven hours before it does in UTC.
    issued_at = ended.dt.tz_localize("Asia/Bangkok").dt.tz_convert("UTC")
    names = ("pm25", "low", "high", "p_over_37_5", "p_over_75")
    named = dict(zip(names, (value.ravel() for value in values), strict=True))
    return pd.DataFrame(
        {
            "code": np.tile(np.array(data.stations, dtype=object), count),
            "issued_at": issued_at,
            "valid_at": issued_at + pd.Timedelta(days=lead - 1),
            "lead_h": 24 * lead,
            "method": method,
            **named,
        }
    )


def _write(path: Path, text: str) -> None:
    path.write_text(text, "utf-8")
