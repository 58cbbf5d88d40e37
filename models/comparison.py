"""Districts side by side: an outcome so far this season, last season over the same days, earlier seasons, neighbours.

Counts over one fixed set of satellites and only over periods that stored files reach. Never words anything.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Sequence

import numpy as np
import pandas as pd
import shapely

from data.clock import season_of
from models.counts import SATELLITE_SETS
from models.desk import Desk
from models.outcomes import AIR, OUTCOMES, WHOLE, Period

#: Outcomes of which an amphoe has the mean of its tambons, not their sum.
MEANS = frozenset({"pm25", "smoke_days"})
#: Amphoes nearer than this, border to border, are neighbours; outlines may be simplified one by one.
_TOUCHING_M = 500.0


def compare(desk: Desk, outcome: str, satellites: str, until: dt.date, codes: Sequence[str]) -> pd.DataFrame:
    """Return amphoes side by side on one outcome, from 1 January to a day of the season.

    Parameters
    ----------
    desk : Desk
    outcome : str
        Key in `models.outcomes.OUTCOMES`.
    satellites : str
        Name of a fixed set.
    until : date
        Last day counted, within a season.
    codes : sequence of str
        Amphoes, four digits.

    Returns
    -------
    DataFrame
        `amphoe`, `now`, `last_year`, `change` (fraction), `low`, `mean`, `high` (of the earlier whole years over the
        same days), `years` (how many), `neighbours` (mean of the amphoes around), `place` (of the whole place, per
        amphoe). Missing where stored files do not reach the period: not known is not nothing.
    """
    years = sorted({*desk.seasons, until.year})
    table = {
        year: _by_amphoe(desk, outcome, satellites, same_days(until, year)) for year in years if year <= until.year
    }
    none = pd.Series(np.nan, index=sorted(desk.tambons["amphoe"].unique()))
    now, last = table.get(until.year, none), table.get(until.year - 1, none)
    earlier = pd.DataFrame({year: one for year, one in table.items() if year < until.year and one.notna().all()})
    around = neighbours_of(desk)
    rows = []
    for code in codes:
        past = earlier.loc[code] if earlier.shape[1] else pd.Series(dtype=float)
        beside = now.reindex(around[code])
        rows.append(
            {
                "amphoe": code,
                "now": now[code],
                "last_year": last[code],
                "change": now[code] / last[code] - 1 if last[code] > 0 else np.nan,
                "low": past.min() if len(past) else np.nan,
                "mean": past.mean() if len(past) else np.nan,
                "high": past.max() if len(past) else np.nan,
                "years": len(past),
                "neighbours": beside.mean() if len(beside) else np.nan,
                "place": now.mean(),
            }
        )
    return pd.DataFrame(rows)


def same_days(until: dt.date, year: int) -> Period:
    """Return the season of a year up to the same day; 29 February becomes the 28th where there is none."""
    day = 28 if (until.month, until.day) == (2, 29) and not calendar.isleap(year) else until.day
    return Period(str(year), season_of(dt.date(year, 1, 1))[0], dt.date(year, until.month, day))


def _by_amphoe(desk: Desk, outcome: str, satellites: str, period: Period) -> pd.Series:
    """Return an outcome by amphoe, missing when stored files do not reach the period for every satellite."""
    codes = desk.tambons.sort_values("tambon")["amphoe"].to_numpy()
    names = SATELLITE_SETS[satellites]
    if outcome not in AIR:
        days = (period.last - period.first).days + 1
        stored = (desk.detections.stored_days(period.first, period.last, (name,)).sum() for name in names)
        if any(count < WHOLE * days for count in stored):
            return pd.Series(np.nan, index=sorted(set(codes)))
    values = OUTCOMES[outcome](desk, period, names)
    grouped = pd.Series(values, index=codes).groupby(level=0)
    # A missing tambon makes its amphoe's total missing, not smaller.
    found: pd.Series = grouped.mean() if outcome in MEANS else grouped.sum(min_count=1)
    return found.where(grouped.count() == grouped.size())


def neighbours_of(desk: Desk) -> dict[str, list[str]]:
    """Return the amphoes of the place that touch each amphoe."""
    outlines = desk.tambons.dissolve("amphoe").to_crs(desk.place.epsg).geometry
    shapes = outlines.simplify(100).to_numpy()
    codes = [str(code) for code in outlines.index]
    out: dict[str, list[str]] = {code: [] for code in codes}
    for one, other in shapely.STRtree(shapes).query(shapes, "dwithin", _TOUCHING_M).T:
        if one != other:
            out[codes[one]].append(codes[other])
    return {code: sorted(found) for code, found in out.items()}
