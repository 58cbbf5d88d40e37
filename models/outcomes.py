"""Outcomes per tambon and period, only over periods in which every satellite of a fixed set was stored.

A table of outcomes is what effects are measured on: one row a tambon, one column a whole season (or month). A period
that no stored file covers is left out and named, never taken for one without fire.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from data.clock import season_of
from data.errors import NotStored
from models.counts import SATELLITE_SETS
from models.desk import Desk
from models.exposure import exposure, over_standard
from models.fire_seasons import fires

#: A period counts when stored files of each satellite reach so many of its days.
WHOLE = 0.9
#: Sets over which seasons may be compared; "all there are" is not one, since their number grew.
FIXED_SETS = ("SNPP", "VIIRS", "MODIS")


@dataclass(frozen=True)
class Period:
    """A stretch of Thai days, both ends included, and its label: 2024 for a season, 2024-03 for a month."""

    label: str
    first: dt.date
    last: dt.date


@dataclass(frozen=True)
class Outcomes:
    """One outcome of every tambon of a place in every whole period.

    Attributes
    ----------
    outcome : str
        Key in `OUTCOMES`.
    satellites : str
        Name of the fixed set in `models.counts.SATELLITE_SETS`.
    tambons : ndarray of str, shape (n,)
        Codes, ascending.
    periods : tuple of Period
        Whole periods, ascending.
    values : ndarray of float, shape (n, periods)
    coverage : DataFrame
        One row a period that any stored file touches: `period`, `days`, one column a satellite with the days stored,
        `seen` (days with any detection in the known tambons: few in a bad month hint at holes within a file, which
        its reach cannot show), `whole` (bool).
    """

    outcome: str
    satellites: str
    tambons: np.ndarray
    periods: tuple[Period, ...]
    values: np.ndarray
    coverage: pd.DataFrame

    @property
    def years(self) -> np.ndarray:
        """Calendar year of each period, shape (periods,)."""
        return np.array([period.first.year for period in self.periods], int)

    def between(self, first: int | None, last: int | None) -> Outcomes:
        """Return the periods of the years `first` to `last`, both included."""
        years = self.years
        inside = np.ones(len(years), bool)
        inside &= years >= (first if first is not None else -1)
        inside &= years <= (last if last is not None else 9999)
        kept = tuple(period for period, held in zip(self.periods, inside, strict=True) if held)
        return replace(self, periods=kept, values=self.values[:, inside])


def seasons(years: Sequence[int]) -> list[Period]:
    """Return the haze seasons of some years: 1 January to 31 May."""
    return [Period(str(year), *season_of(dt.date(year, 1, 1))) for year in years]


def months(years: Sequence[int]) -> list[Period]:
    """Return the five months of the haze seasons of some years."""
    out = []
    for year in years:
        for month in range(1, 6):
            last = dt.date(year, month + 1, 1) - dt.timedelta(days=1)
            out.append(Period(f"{year}-{month:02d}", dt.date(year, month, 1), last))
    return out


def coverage(desk: Desk, periods: Sequence[Period], satellites: str) -> pd.DataFrame:
    """Return how many days of each period stored files of each satellite of a set reach (see `Outcomes.coverage`)."""
    names = SATELLITE_SETS[satellites]
    rows = []
    for period in periods:
        stored = {name: int(desk.detections.stored_days(period.first, period.last, (name,)).sum()) for name in names}
        days = (period.last - period.first).days + 1
        if any(stored.values()):
            whole = all(count >= WHOLE * days for count in stored.values())
            everywhere = np.arange(len(desk.all_tambons))
            seen = int((desk.detections.daily(period.first, period.last, names, everywhere) > 0).sum())
            rows.append({"period": period.label, "days": days, **stored, "seen": seen, "whole": whole})
    return pd.DataFrame(rows, columns=["period", "days", *names, "seen", "whole"])


def _hotspots(desk: Desk, period: Period, satellites: tuple[str, ...]) -> np.ndarray:
    table = desk.detections.count(period.first, period.last, satellites).iloc[desk.in_place]
    counted: np.ndarray = table.sort_values("tambon")["count"].to_numpy(float)
    return counted


def _fire_power(desk: Desk, period: Period, satellites: tuple[str, ...]) -> np.ndarray:
    rows = desk.hotspots(period.first, period.last, satellites)
    # A detection without a stated power adds nothing; files of the fast and the archive product both state it.
    return _by_tambon(desk, rows.groupby(rows["tambon"].astype("str"))["frp_mw"].sum())


def _by_tambon(desk: Desk, values: pd.Series) -> np.ndarray:
    """Return values by tambon code as an array over the tambons of the place, 0 where there are none."""
    found: np.ndarray = values.reindex(sorted(desk.tambons["tambon"]), fill_value=0.0).to_numpy(float)
    return found


def _fires(desk: Desk, period: Period, satellites: tuple[str, ...]) -> np.ndarray:
    return _by_tambon(desk, fires(desk, period.first, period.last, satellites).groupby("tambon").size())


def _burned(desk: Desk, period: Period, satellites: tuple[str, ...]) -> np.ndarray:
    found = fires(desk, period.first, period.last, satellites)
    return _by_tambon(desk, found.groupby("tambon")["area_rai"].sum())


def _air(desk: Desk, period: Period, column: str) -> np.ndarray:
    """Return an outcome of the air over a period; NaN everywhere when too few of its days have a value."""
    try:
        table = over_standard(exposure(desk, period.first, period.last), "tambon").set_index("code")
    except NotStored:
        return np.full(len(desk.tambons), np.nan)
    days = (period.last - period.first).days + 1
    enough = table["days"] >= WHOLE * days
    found: np.ndarray = table[column].where(enough).reindex(sorted(desk.tambons["tambon"])).to_numpy(float)
    return found


#: How each outcome is worked out for one period, shape (n,), tambons of the place by ascending code. Fires and the
#: rai they burned belong to the tambon where a fire was first seen.
OUTCOMES: dict[str, Callable[[Desk, Period, tuple[str, ...]], np.ndarray]] = {
    "hotspots": _hotspots,
    "fires": _fires,
    "burned_rai": _burned,
    "fire_power_mw": _fire_power,
    "pm25": lambda desk, period, _: _air(desk, period, "mean"),
    "smoke_days": lambda desk, period, _: _air(desk, period, "days_over"),
    "person_days": lambda desk, period, _: _air(desk, period, "person_days"),
}
#: Outcomes of the air: smoke crosses borders, so what a tambon does is hardly seen in its own air.
AIR = frozenset({"pm25", "smoke_days", "person_days"})


def outcomes(desk: Desk, outcome: str, satellites: str, periods: Sequence[Period] | None = None) -> Outcomes:
    """Return an outcome of the place's tambons over the whole ones of some periods.

    Parameters
    ----------
    desk : Desk
    outcome : str
        Key in `OUTCOMES`.
    satellites : str
        Name of a set in `models.counts.SATELLITE_SETS`.
    periods : sequence of Period, optional
        All stored seasons when omitted.

    Raises
    ------
    NotStored
        When no detection was ever stored.
    """
    if not desk.seasons:
        raise NotStored("no detections are stored", key="no_hotspots", hint="import a hotspot file first")
    asked = list(periods) if periods is not None else seasons(desk.seasons)
    work = OUTCOMES[outcome]
    codes = np.array(sorted(desk.tambons["tambon"]), dtype=object)
    covered = coverage(desk, asked, satellites)
    if outcome in AIR:
        found = [(period, work(desk, period, ())) for period in asked]
        found = [(period, column) for period, column in found if np.isfinite(column).all()]
    else:
        whole = set(covered.loc[covered["whole"].astype(bool), "period"])
        found = [(one, work(desk, one, SATELLITE_SETS[satellites])) for one in asked if one.label in whole]
    values = np.column_stack([column for _, column in found]) if found else np.zeros((len(codes), 0))
    return Outcomes(outcome, satellites, codes, tuple(period for period, _ in found), values, covered)
