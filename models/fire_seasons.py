"""The fires of a place, season by season, from what is stored: a new pass extends what was joined before.

A fire year runs from 1 August to 31 July, since nothing burns across the rains; no fire reaches over its ends. Never
asks the network, never words anything.
"""

from __future__ import annotations

import datetime as dt
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from data.clock import day_bounds, require_utc
from data.contracts import SATELLITES
from models import events
from models.desk import Desk

#: Raised when what is kept of a season changes its form or meaning.
VERSION = "1"
#: Detections so far outside the place's box belong to its fires too, degrees (about 20 km).
MARGIN_DEG = 0.2
_FIRST_MONTH = 8
_ID_BITS = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Season:
    """Joined detections.

    Attributes
    ----------
    hotspots : DataFrame, n rows
        As `models.events.fires` wants them.
    group : ndarray of int64, shape (n,)
        As from `models.events.join`.
    """

    hotspots: pd.DataFrame
    group: np.ndarray

    def until(self, at: dt.datetime) -> Season:
        """Return the season as it stood at a moment: later detections had joined nothing yet."""
        seen = (self.hotspots["acquired_at"] <= require_utc(at)).to_numpy()
        if seen.all():
            return self
        rows = self.hotspots[seen].reset_index(drop=True)
        return Season(rows, events.join(rows))

    def fires(self, at: dt.datetime) -> gpd.GeoDataFrame:
        """Return the fires known at a moment (see `models.events.fires`), their perimeters as geometry."""
        then = self.until(at)
        table, perimeters = events.fires(then.hotspots, then.group, at)
        return gpd.GeoDataFrame(table, geometry=perimeters, crs="EPSG:4326")


def fire_year(day: dt.date) -> int:
    """Return the year in which the fire year of a day ends."""
    return day.year + (day.month >= _FIRST_MONTH)


def year_bounds(year: int) -> tuple[dt.date, dt.date]:
    """Return the first and last Thai day of a fire year."""
    return dt.date(year - 1, _FIRST_MONTH, 1), dt.date(year, _FIRST_MONTH, 1) - dt.timedelta(days=1)


def season(desk: Desk, year: int, satellites: Sequence[str] = SATELLITES) -> Season:
    """Return the joined detections of a fire year in and around the place.

    What was joined before stays in the store's derived files: only pairs with a detection that is new since then
    are tried, and the result is the same as without (`models.events.join`).

    Raises
    ------
    NotStored
        When no detection was ever stored.
    """
    hotspots = _hotspots(desk, year, satellites)
    keys = _keys(hotspots)
    stem = f"fires_{desk.place.key}_{'-'.join(sorted(satellites))}_{year}"
    parts = [stored.sha256[:16] for part, stored in desk.detections.parts.items() if part in (year - 1, year)]
    revision = "-".join([*parts, desk.detections.outline, VERSION])

    def build(path: Path) -> None:
        group = events.join(hotspots, _known(desk, stem, keys))
        with open(path, "wb") as handle:
            np.savez(handle, keys=keys, anchor=keys[group])

    path = desk.store.derived(f"{stem}.npz", revision, build)
    group = _read(path, keys)
    if group is None or (group < 0).any():
        # A derived file can always be made again: a damaged one is, once.
        path.unlink(missing_ok=True)
        group = _read(desk.store.derived(f"{stem}.npz", revision, build), keys)
    return Season(hotspots, np.empty(0, np.int64) if group is None else group)


def fires(desk: Desk, first: dt.date, last: dt.date, satellites: Sequence[str] = SATELLITES) -> gpd.GeoDataFrame:
    """Return the fires that burned in the place on Thai days `first` to `last`, as they stood at the end of `last`.

    Returns
    -------
    GeoDataFrame
        See `Season.fires`; those with a detection in the period and, at any time, in a tambon of the place. The last
        moment is now when the last day is not over.

    Raises
    ------
    NotStored
        When no detection was ever stored.
    """
    start, end = day_bounds(first, last)
    tables = []
    for year in range(fire_year(first), fire_year(last) + 1):
        moment = min(end, day_bounds(*year_bounds(year))[1]) - dt.timedelta(microseconds=1)
        moment = min(moment, max(desk.now(), start))
        then = season(desk, year, satellites).until(moment)
        seen = (then.hotspots["acquired_at"] >= start).to_numpy() & then.hotspots["current"].to_numpy(bool)
        here = then.hotspots["tambon"].isin(set(desk.tambons["tambon"])).to_numpy()
        kept = np.isin(then.group, then.group[seen]) & np.isin(then.group, then.group[here])
        chosen = then.hotspots[kept].reset_index(drop=True)
        _, earliest, of = np.unique(then.group[kept], return_index=True, return_inverse=True)
        tables.append(Season(chosen, earliest[of]).fires(moment))
    return gpd.GeoDataFrame(pd.concat(tables, ignore_index=True), crs="EPSG:4326")


def _hotspots(desk: Desk, year: int, satellites: Sequence[str]) -> pd.DataFrame:
    rows = desk.detections.between(*year_bounds(year), satellites, replaced=True)
    west, south, east, north = desk.tambons.total_bounds
    near = rows["lon"].between(west - MARGIN_DEG, east + MARGIN_DEG)
    near &= rows["lat"].between(south - MARGIN_DEG, north + MARGIN_DEG)
    return events.ordered(rows[near])


def _keys(hotspots: pd.DataFrame) -> np.ndarray:
    """Return a number for each row: a near-real-time row and the standard one of its pixel have different ones."""
    number = hotspots["hotspot_id"].to_numpy(np.uint64)
    return np.asarray(np.where(hotspots["quality"] == "standard", number ^ _ID_BITS, number), dtype=np.uint64)


def _read(path: Path, keys: np.ndarray) -> np.ndarray | None:
    """Return groups kept in a file as positions in `keys`, -1 for rows that it does not know; None if it has others."""
    try:
        with np.load(path, allow_pickle=False) as kept:
            known, anchor = kept["keys"], kept["anchor"]
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile):
        return None
    order = np.argsort(keys)
    spot = np.minimum(np.searchsorted(keys, known, sorter=order), max(len(keys) - 1, 0))
    if len(known) and (not len(keys) or not np.array_equal(keys[order[spot]], known)):
        return None
    group = np.full(len(keys), -1, np.int64)
    group[order[spot]] = order[np.searchsorted(keys, anchor, sorter=order)]
    return group


def _known(desk: Desk, stem: str, keys: np.ndarray) -> np.ndarray | None:
    """Return the groups of the newest kept state of which every detection is still there; None without any."""
    for path in desk.store.earlier(stem):
        group = _read(path, keys)
        if group is not None:
            return group
    return None
