"""Who breathes what: people and older people by class of the Thai index, and person-days over the standard.

Joins the surface to people by tambon. Never guesses a number of people: where none is known, the sum says for how many
tambons it stands. An interval here is what the surface's bounds give when all tambons err the same way: no narrower
than the truth.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Literal

import numpy as np
import pandas as pd

from data.variables import standard_24h
from models import air
from models.desk import Desk
from models.people import people
from models.surface import daily_surface

Level = Literal["tambon", "amphoe", "province"]
_WIDTH = {"tambon": 6, "amphoe": 4, "province": 2}
_BOUNDS = ("", "_low", "_high")


def exposure(desk: Desk, first: dt.date, last: dt.date, codes: Collection[str] | None = None) -> pd.DataFrame:
    """Return the daily surface with its people, of all tambons of the place or of some.

    Returns
    -------
    DataFrame
        `models.surface.daily_surface` and ``people``, ``older``, ``limit`` (24 h standard in force, µg/m³), ``class``
        of the Thai index (Int64, 1 to 5) and that of the bounds, ``class_low`` and ``class_high``; of what was measured
        both bounds are the value.

    Raises
    ------
    NotStored
        When no reading was ever stored.
    """
    table = daily_surface(desk, first, last)
    if codes is not None:
        table = table[table["tambon"].isin(set(codes))].reset_index(drop=True)
    table = table.merge(people(desk)[["people", "older"]], left_on="tambon", right_index=True, how="left")
    limits = {day: standard_24h(day.date()) for day in table["day"].unique()}
    table = table.assign(limit=table["day"].map(limits).astype("float64"))
    for bound in _BOUNDS:
        value = table["pm25"] if not bound else table[bound[1:]].fillna(table["pm25"])
        table[f"class{bound}"] = air.thai_aqi_class(value.to_numpy(float))
    return table


def by_class(table: pd.DataFrame) -> pd.DataFrame:
    """Return people per day and class.

    Parameters
    ----------
    table : DataFrame
        From `exposure`.

    Returns
    -------
    DataFrame
        ``day``, ``class`` (1 to 5; missing where it cannot be told), ``tambons``, ``people``, ``older`` (in tambons
        that have the figure; NaN where none has), ``people_at_least``, ``people_at_least_low``,
        ``people_at_least_high``: people in this class or a worse one, by the value and by the bounds.
    """
    rows = []
    for day, part in table.groupby("day", sort=True):
        for one in [*range(1, 6), None]:
            mine = part["class"].isna() if one is None else part["class"].eq(one).fillna(False)
            row: dict[str, object] = {"day": day, "class": one, "tambons": int(mine.sum())}
            row |= {kind: _total(part.loc[mine, kind], part[kind]) for kind in ("people", "older")}
            for bound in _BOUNDS:
                worse = part[f"class{bound}"].ge(one or 6).fillna(False).astype(bool)
                row[f"people_at_least{bound}"] = (
                    np.nan if one is None else _total(part.loc[worse, "people"], part["people"])
                )
            rows.append(row)
    return pd.DataFrame(rows).astype({"class": "Int64"})


def over_standard(table: pd.DataFrame, by: Level) -> pd.DataFrame:
    """Return days and person-days over the 24 h standard in force, by area over the whole period.

    Parameters
    ----------
    table : DataFrame
        From `exposure`.
    by : str

    Returns
    -------
    DataFrame
        ``code``; ``people`` and ``older`` (NaN where no tambon has the figure); ``people_of``: share of the tambons
        that have it; ``days``: days with a value in any tambon; ``mean``: mean of the days, weighed by people where
        all are known, else by nothing; ``person_days`` over the standard with ``_low`` and ``_high``, and
        ``older_days`` likewise. For tambons also ``days_over``, ``days_over_low``, ``days_over_high``.
    """
    code = table["tambon"].str[: _WIDTH[by]]
    frame = table.assign(code=code)
    for bound in _BOUNDS:
        value = frame["pm25"] if not bound else frame[bound[1:]].fillna(frame["pm25"])
        # Compared as published, with one decimal.
        over = value.round(1) > frame["limit"]
        frame[f"over{bound}"] = over.astype(float)
        for kind, name in (("people", "person_days"), ("older", "older_days")):
            frame[f"{name}{bound}"] = over * frame[kind]
    rows = []
    for area, part in frame.groupby("code", sort=True):
        first = part.drop_duplicates("tambon")
        known = part[part["pm25"].notna()]
        row: dict[str, object] = {"code": area, "tambons": len(first)}
        row |= {kind: _total(first[kind], first[kind]) for kind in ("people", "older")}
        row |= {"people_of": float(first["people"].notna().mean()), "days": int(known["day"].nunique())}
        weight = known["people"] if first["people"].notna().all() and first["people"].sum() > 0 else 1.0
        weight = known["pm25"] * 0 + weight
        row["mean"] = float((known["pm25"] * weight).sum() / weight.sum()) if len(known) else np.nan
        if by == "tambon":
            row |= {f"days_over{bound}": int(part[f"over{bound}"].sum()) for bound in _BOUNDS}
        for kind, name in (("people", "person_days"), ("older", "older_days")):
            row |= {f"{name}{bound}": _total(part[f"{name}{bound}"], first[kind]) for bound in _BOUNDS}
        rows.append(row)
    return pd.DataFrame(rows)


def _total(some: pd.Series, known: pd.Series) -> float:
    """Return a sum over what is known; NaN, not zero, where nothing at all is."""
    return float(some.sum()) if known.notna().any() else np.nan
