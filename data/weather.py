"""Weather where two rows meet: what names a row, which number counts, and the order in which rows are kept.

Pure functions on tables of WEATHER_COLUMNS. Never reads or writes a file and never averages, fills or converts.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data import contracts

_VALUES = list(contracts.WEATHER_VALUES)
_NAMES = list(contracts.WEATHER_KEY)


class Joined(NamedTuple):
    """What came of bringing new rows to those that are held.

    Attributes
    ----------
    table : DataFrame
        WEATHER_COLUMNS, each row once, no fixed order.
    kept : int
        Rows of the new table that are new, or that brought a number where there was none or another one.
    replaced : DataFrame
        Measured numbers that others took the place of: station_id, measured_at, variable, earlier, later, source.
    """

    table: pd.DataFrame
    kept: int
    replaced: pd.DataFrame


def joined(held: pd.DataFrame, new: pd.DataFrame) -> Joined:
    """Return the rows of both tables (WEATHER_COLUMNS), each place, hour and issue once.

    A number takes the place of a missing one and of an earlier number; a missing one replaces nothing. What a model
    says anew is its newest word and no revision; a measured number that changes is told in `replaced`.
    """
    new = _each_once(new)
    keys, new_keys = weather_keys(held), weather_keys(new)
    order = np.argsort(keys)
    spot = np.minimum(np.searchsorted(keys[order], new_keys), max(len(keys) - 1, 0))
    known = keys[order][spot] == new_keys if len(keys) else np.zeros(len(new), dtype=bool)
    at = order[spot[known]] if len(keys) else np.empty(0, dtype=np.intp)
    before = held[_VALUES].to_numpy(np.float32, copy=True)
    mine = new.loc[known, _VALUES].to_numpy(np.float32)
    differs = ~np.isnan(mine) & (mine != before[at])
    better = differs.any(axis=1)
    replaced = _replaced(held.iloc[at], new[known], differs & ~np.isnan(before[at]))
    before[at] = np.where(differs, mine, before[at])
    table = held.assign(**{name: before[:, place] for place, name in enumerate(_VALUES)})
    for name in ("flag", "source"):
        column = table[name].to_numpy(object, copy=True)
        column[at[better]] = new.loc[known, name].to_numpy(object)[better]
        table[name] = column
    whole = pd.concat([_typed(table), new[~known]], ignore_index=True) if (~known).any() else _typed(table)
    return Joined(whole, int(better.sum()) + int((~known).sum()), replaced)


def in_order(table: pd.DataFrame) -> pd.DataFrame:
    """Return rows by place, hour and issue, so that equal weather makes equal files whatever order it came in."""
    return table.sort_values(_NAMES, kind="stable", na_position="first").reset_index(drop=True)


def weather_keys(table: pd.DataFrame) -> NDArray[np.uint64]:
    """Return a number for the place, hour and issue of each row."""
    return np.asarray(pd.util.hash_pandas_object(table[_NAMES], index=False), dtype=np.uint64)


def _each_once(table: pd.DataFrame) -> pd.DataFrame:
    double = pd.Series(weather_keys(table)).duplicated(keep=False).to_numpy()
    if not double.any():
        return table
    # The last number of each column; a missing issue is a name of its own.
    merged = table[double].groupby(_NAMES, sort=False, dropna=False, observed=True).last().reset_index()
    return pd.concat([table[~double], _typed(merged)], ignore_index=True)


def _replaced(held: pd.DataFrame, new: pd.DataFrame, where: NDArray[np.bool_]) -> pd.DataFrame:
    rows, columns = np.nonzero(where & (held["flag"] == "ok").to_numpy()[:, None])
    return pd.DataFrame(
        {
            "station_id": held["station_id"].to_numpy()[rows],
            "measured_at": held["measured_at"].array[rows],
            "variable": np.asarray(_VALUES, dtype=object)[columns],
            "earlier": held[_VALUES].to_numpy(float)[rows, columns],
            "later": new[_VALUES].to_numpy(float)[rows, columns],
            "source": new["source"].to_numpy()[rows],
        }
    )


def _typed(table: pd.DataFrame) -> pd.DataFrame:
    return contracts.typed(table, contracts.WEATHER_COLUMNS, contracts.WEATHER_CATEGORIES)
