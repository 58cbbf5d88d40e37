"""Forecasts as they were issued: kept in the store on the day, never put right afterwards, judged when the day came.

What keeps a report card honest: these rows were written before the day they speak of. Never forecasts a past day.
"""

from __future__ import annotations

import datetime as dt

import pandas as pd

from data.clock import day_bounds
from data.errors import NotStored, TooLittleData
from data.merge import Writer
from models import forecast, report_card
from models.desk import Desk
from models.partial import PARTIAL
from models.training import PERSISTENCE

#: A forecast made later than this after its day of issue could have seen what it speaks of.
_AT_MOST = pd.Timedelta(hours=24)
#: Stands for the methods of a lead that were served in turn: the one at hand on each day, judged as one.
SEVERAL = "several"


def keep(desk: Desk, table: pd.DataFrame, beside: pd.DataFrame | None = None) -> int:
    """Store forecasts that are still forecasts, and what was said beside them; return how many forecasts were new.

    Those whose first day aimed at has passed, and those of the sample, are not stored.

    Raises
    ------
    StoreError
        When the store cannot be written.
    """
    fresh, more = (_fresh(desk, one) for one in (table, table.iloc[:0] if beside is None else beside))
    if desk.is_sample or not len(fresh):
        return 0
    store = desk.own_store
    with store.locked():
        writer = Writer(store, store.state())
        added = writer.add_forecasts(fresh)
        if len(more):
            writer.add_candidates(more)
        writer.commit()
    return added.kept


def _fresh(desk: Desk, table: pd.DataFrame) -> pd.DataFrame:
    return table[pd.Timestamp(desk.now()) - table["issued_at"] < _AT_MOST]


def issue_and_keep(desk: Desk) -> int:
    """Issue the forecast of now and store it; return how many rows were new, 0 where nothing can be said.

    Raises
    ------
    StoreError
        When the store cannot be written.
    """
    try:
        data, trained = forecast.latest(desk)
        return keep(desk, forecast.now(trained, data), forecast.beside(trained, data))
    except (TooLittleData, NotStored):
        return 0


def judged(desk: Desk, first: dt.date, last: dt.date) -> pd.DataFrame:
    """Return the stored forecasts that aim at Thai days `first` to `last` and can be judged.

    Returns
    -------
    DataFrame
        As `report_card.pairs`, with `served`: true on what was issued. Where a lead was served by several methods in
        turn, they are judged together as the method `SEVERAL`. Beside each stands what persistence would have said,
        as a method of its own that was not served; where nothing but persistence was issued, it stands alone. So does
        what the methods of `models.partial` said at the same issues, served or not.

    Raises
    ------
    TooLittleData
        When none can be judged; key ``forecast_none_issued``.
    """
    start, end = day_bounds(first, last)
    table, more = (
        one[(one["valid_at"] >= start) & (one["valid_at"] < end)]
        for one in (desk.store.forecasts(desk.state), desk.store.candidates(desk.state))
    )
    data = forecast.days_of(desk) if len(table) else None
    found = table if data is None else report_card.pairs(table, data)
    if not len(found):
        raise TooLittleData(
            f"no forecast that was issued for {first} to {last} can be judged yet",
            key="forecast_none_issued",
            context={"first": first.isoformat(), "last": last.isoformat()},
            hint="forecasts are kept each time data are fetched; leave --issued out to judge past days again",
        )
    kinds = found.groupby("lead_h")["method"].transform("nunique")
    # What one of them said is its own record too where it was served in turn with others.
    in_turn = found[(kinds > 1) & found["method"].isin(PARTIAL)]
    found = found.assign(method=found["method"].where(kinds == 1, SEVERAL), served=True)
    other = found[found["method"] != PERSISTENCE]
    said = other.assign(method=PERSISTENCE, served=False, pm25=other["last_known"])
    said[["low", "high", "p_over_37_5", "p_over_75"]] = float("nan")
    parts = [found, said, in_turn.assign(served=False)]
    if len(more) and data is not None:
        # Only where something was served: on the same pairs.
        more = report_card.pairs(more, data)
        pair = ["code", "issued_at", "lead_h"]
        parts.append(more.merge(found[pair], on=pair).assign(served=False))
    return pd.concat([part for part in parts if len(part)], ignore_index=True)
