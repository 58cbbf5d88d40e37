"""Stations that are one instrument: pairs whose PM2.5 agrees after a constant factor, found from the readings.

Pure: a table in, tables out. Says that two series are one signal, never which of them was measured.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

#: Averagings that are compared, each only with itself, and how many common values can tell. Neighbouring running means
#: share 23 of their 24 hours, so 240 of them (ten days) are asked for, and 30 of the daily means, which share none.
MIN_COMMON: dict[str, int] = {"PT24H": 240, "P1D": 30}
#: Least Pearson correlation of one instrument. See `dependence` for what these three limits were measured on.
MIN_R = 0.998
#: Greatest median distance from the line through the factor, as a share of the other station's median.
MAX_SPREAD = 0.02
#: Least and greatest factor. Beyond it two stations may share the air of one basin, but hardly one signal.
FACTORS = (0.9, 1.1)

DEPENDENCE_COLUMNS: dict[str, str] = {
    "one": "str",
    "other": "str",
    "n": "int64",
    "r": "float64",
    "factor": "float64",
    "spread": "float64",
    "dependent": "bool",
}


@dataclass(frozen=True)
class InstrumentGroups:
    """Groups of stations that count as one instrument each, and whether the readings say so or only earlier ones do."""

    groups: tuple[tuple[str, ...], ...]
    basis: Literal["found", "known"]


def dependence(readings: pd.DataFrame) -> pd.DataFrame:
    """Compare the PM2.5 of all pairs of stations that have enough values in common.

    Parameters
    ----------
    readings : DataFrame
        READING_COLUMNS; µg/m³. Only means of 24 hours (PT24H and P1D) are compared, and no model values.

    Returns
    -------
    DataFrame
        One row per pair that can be told, by `one` < `other`: `n` common values; `r` Pearson correlation; `factor`
        median of `other` over median of `one`; `spread` median of |other - factor * one| over the median of `other`;
        `dependent`. A pair that is not listed has too few common values and cannot be told.

    Notes
    -----
    The limits were chosen on the stations of the north, in windows of 60 days ending every ten days. Running means
    of December 2025 to August 2026: all 105 windows of the pairs of 37t, 38t, 39t and 40t are flagged (37t by a factor
    of 0.953), and 8 of the 7,839 windows of other pairs: 69t with 37t, 38t or 39t, and 41t with 76t, two each. Over
    the whole span exactly the six pairs of the four are flagged; the next, 39t with 69t, has r 0.9945. With r 0.999, 4
    of the 105 windows are lost; with 0.997, 20 of the others are flagged; with 60 common values in place of 240,
    windows of three days are judged, and 15 of 144 lost. Daily means: all 48 windows of 38t, 39t and 40t in 2025; 23
    of 48 of 37t with one of them, but not in the half-year as a whole (r 0.994, factor 0.86); none in 2019 to 2021
    (r of the four at most 0.9897) and 2023, and none of any other pair in 21,672 windows.
    Rounding alone, to 0.1 µg/m³ at a median of 15, makes a spread of 0.003.

    A copy that lags by some hours is not found: running means an hour apart differ little in any case.
    """
    rows: list[tuple[str, str, int, float, float, float]] = []
    some = readings[(readings["variable"] == "pm25") & readings["value"].notna() & (readings["flag"] != "model")]
    for averaging, least in MIN_COMMON.items():
        # Stored readings have each stamp once; those of a file just read may not.
        mine = some[some["averaging"] == averaging].drop_duplicates(["measured_at", "station_id"], keep="last")
        wide = mine.pivot(index="measured_at", columns="station_id", values="value").sort_index(axis=1)
        rows += _pairs([str(name) for name in wide.columns], wide.to_numpy(float), least)
    table = pd.DataFrame(rows, columns=list(DEPENDENCE_COLUMNS)[:-1])
    # Where two stations can be compared in both averagings, the one with more common values speaks.
    table = table.sort_values(["one", "other", "n"], kind="stable").drop_duplicates(["one", "other"], keep="last")
    alike = (table["r"] >= MIN_R) & (table["spread"] <= MAX_SPREAD) & table["factor"].between(*FACTORS)
    return table.assign(dependent=alike).astype(DEPENDENCE_COLUMNS).reset_index(drop=True)


def instrument_groups(readings: pd.DataFrame, here: Iterable[str], known: Iterable[Iterable[str]]) -> InstrumentGroups:
    """Return which of some stations count as one instrument each.

    Parameters
    ----------
    readings : DataFrame
        READING_COLUMNS; µg/m³.
    here : iterable of str
        The stations.
    known : iterable of iterable of str
        Groups that are taken as one where the readings are too few to tell.

    Returns
    -------
    InstrumentGroups
        Groups of two or more stations; its basis is ``found`` where the readings tell, ``known`` where any pair, or one
        of the known groups, could not be told.
    """
    wanted = set(here)
    taken = {pair for group in known for pair in itertools.combinations(sorted(wanted.intersection(group)), 2)}
    table = dependence(readings[readings["station_id"].isin(wanted)])
    found = {(str(row["one"]), str(row["other"])): bool(row["dependent"]) for row in table.to_dict("records")}
    untold = taken - set(found)
    groups = joined(sorted(untold | {pair for pair, dependent in found.items() if dependent}))
    return InstrumentGroups(tuple(groups), "known" if untold or not found else "found")


def joined(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, ...]]:
    """Return the connected groups of `pairs`, each ascending, in the order of their first members."""
    groups: list[set[str]] = []
    for pair in pairs:
        touched = [group for group in groups if not group.isdisjoint(pair)]
        groups = [group for group in groups if group.isdisjoint(pair)] + [set(pair).union(*touched)]
    return sorted(tuple(sorted(group)) for group in groups)


def _pairs(names: list[str], value: NDArray[np.float64], least: int) -> list[tuple[str, str, int, float, float, float]]:
    known = ~np.isnan(value)
    common = known.T.astype(np.int64) @ known.astype(np.int64)
    rows = []
    for i, j in zip(*np.nonzero(np.triu(common >= least, 1)), strict=True):
        both = known[:, i] & known[:, j]
        x, y = value[both, i], value[both, j]
        middle_x, middle_y = float(np.median(x)), float(np.median(y))
        dx, dy = x - x.mean(), y - y.mean()
        size = float(np.sqrt((dx @ dx) * (dy @ dy)))
        # A series that never changes, or is mostly zero, has neither a correlation nor a factor.
        if size == 0 or middle_x <= 0 or middle_y <= 0:
            continue
        factor = middle_y / middle_x
        spread = float(np.median(np.abs(y - factor * x))) / middle_y
        rows.append((names[i], names[j], len(x), float(dx @ dy) / size, factor, spread))
    return rows
