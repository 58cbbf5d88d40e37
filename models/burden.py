"""How burdened each tambon is: hotspots a season over fixed satellites, how often it burns, and what stands against it.

Only seasons and days that stored files reach are counted, and how many they are stands beside every figure. Never
takes a season that was not stored for a quiet one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from data.clock import season_of
from data.errors import NotStored, TooLittleData
from models.desk import Desk

#: Seasons that a tambon must have been seen in before "it burns every year" can be said.
FEWEST_SEASONS = 3
#: Most seasons looked back: the ten-year band of the planner.
MOST_SEASONS = 10


@dataclass(frozen=True)
class Burden:
    """Counts of the stored seasons.

    Attributes
    ----------
    counts : DataFrame
        Index of tambon codes, one column a season (year): detections, centre in the tambon.
    days : dict of int to int
        Days of each season that some stored file reaches, of 151 or 152.
    satellites : tuple of str
    """

    counts: pd.DataFrame
    days: dict[int, int]
    satellites: tuple[str, ...]

    @property
    def per_season(self) -> pd.Series:
        """Mean detections a season by tambon, over the stored seasons as far as they are stored."""
        mean: pd.Series = self.counts.mean(axis=1)
        return mean

    @property
    def repeats(self) -> pd.Series:
        """Share of the stored seasons with any detection; missing below `FEWEST_SEASONS` seasons."""
        share: pd.Series = (self.counts > 0).mean(axis=1)
        return share if self.counts.shape[1] >= FEWEST_SEASONS else share * np.nan


def burden(desk: Desk, satellites: Sequence[str], until: dt.date | None = None) -> Burden:
    """Return the burden of the place's tambons over the stored seasons, at most the last ten.

    Parameters
    ----------
    desk : Desk
    satellites : sequence of str
        A fixed set; a season counts when every one of them is stored on some day of it.
    until : date, optional
        Seasons that begin after this day are left out.

    Raises
    ------
    NotStored
        When no detection was ever stored.
    TooLittleData
        When no season is stored for all of the satellites.
    """
    if not desk.seasons:
        raise NotStored("no detections are stored", key="no_hotspots", hint="import a hotspot file first")
    last = until or max(dt.date(year, 12, 31) for year in desk.seasons)
    columns: dict[int, pd.Series] = {}
    days: dict[int, int] = {}
    for year in sorted(year for year in desk.seasons if dt.date(year, 1, 1) <= last):
        first, end = season_of(dt.date(year, 1, 1))
        end = min(end, last)
        stored = [int(desk.detections.stored_days(first, end, [name]).sum()) for name in satellites]
        if min(stored) == 0:
            continue
        table = desk.counts("tambon", first, end, satellites)
        columns[year] = table.set_index("code")["count"]
        days[year] = int(desk.detections.stored_days(first, end, satellites).sum())
    if not columns:
        raise TooLittleData(
            f"no season is stored for all of {', '.join(satellites)}",
            key="no_season_stored",
            context={"satellites": ", ".join(satellites)},
            hint="import a season of these satellites, or choose others",
        )
    kept = sorted(columns)[-MOST_SEASONS:]
    counts = pd.DataFrame({year: columns[year] for year in kept})
    return Burden(counts, {year: days[year] for year in kept}, tuple(satellites))
