"""The fires of a place, season by season, from what is stored: a new pass extends what was joined before.

A fire year runs from 1 August to 31 July, since nothing burns across the rains; no fire reaches over its ends. Never
asks the network, never words anything.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from data.clock import day_bounds, require_utc
from data.contracts import SATELLITES
from models import events
from models.derived import FAULTS, kept
from models.desk import Desk
from models.heat_of import MARGIN_DEG, heat
from models.static_heat import at_heat

#: Raised when what is kept of a season changes its form or meaning.
VERSION = "3"
_FIRST_MONTH = 8
_ID_BITS = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Season:
    """Joined detections.

    Attributes
    ----------
    hotspots : DataFrame, n rows
        As `models.events.fires` wants them, with `named`.
    group : ndarray of int64, shape (n,)
        As from `models.events.join`.
    heat : DataFrame
        Detections that count but lie at permanent heat, left out of the others; same columns.
    """

    hotspots: pd.DataFrame
    group: np.ndarray
    heat: pd.DataFrame

    def only(self, kept: np.ndarray) -> Season:
        """Return the fires of which some detection is in `kept` (bool, shape (n,)), each whole."""
        mine = np.isin(self.group, self.group[kept])
        _, earliest, of = np.unique(self.group[mine], return_index=True, return_inverse=True)
        return Season(self.hotspots[mine].reset_index(drop=True), earliest[of], self.heat)

    def named(self, fire_id: str) -> Season:
        """Return the fire that has or once had a name, whole; nothing when there is none."""
        member = np.zeros(len(self.hotspots), bool)
        member[events.find(self.hotspots, self.group, fire_id)] = True
        return self.only(member)

    def sharing(self, other: Season) -> Season:
        """Return the fires that have a detection of another season, each whole."""
        return self.only(np.isin(_keys(self.hotspots), _keys(other.hotspots)))

    def names(self) -> np.ndarray:
        """Return the name of each detection's fire, shape (n,), dtype object."""
        return np.asarray(events.fire_ids(self.hotspots)[events.namesakes(self.hotspots, self.group)], dtype=object)

    def known_as(self) -> dict[str, set[str]]:
        """Return all names that find each fire, its own among them, by its own."""
        every = pd.Series(events.fire_ids(self.hotspots), dtype=object).groupby(self.names())
        return {str(name): set(some) for name, some in every}

    def until(self, at: dt.datetime) -> Season:
        """Return the season as it stood at a moment: later detections had joined nothing yet."""
        seen = (self.hotspots["acquired_at"] <= require_utc(at)).to_numpy()
        if seen.all():
            return self
        rows = self.hotspots[seen].reset_index(drop=True)
        return Season(rows, events.join(rows), self.heat[self.heat["acquired_at"] <= at].reset_index(drop=True))

    def burning(self, since: dt.datetime, tambons: set[str]) -> Season:
        """Return the fires with a detection that counts from `since` on and any in one of `tambons`."""
        counts = self.hotspots["current"].to_numpy(bool)
        lately = self.only((self.hotspots["acquired_at"] >= since).to_numpy() & counts)
        return lately.only(
            lately.hotspots["tambon"].isin(tambons).to_numpy() & lately.hotspots["current"].to_numpy(bool)
        )

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


def season(desk: Desk, year: int, satellites: Sequence[str] = SATELLITES, known: pd.DataFrame | None = None) -> Season:
    """Return the joined detections of a fire year in and around the place.

    What was joined before stays in the store's derived files: only pairs with a detection that is new since then
    are tried, and the result is the same as without (`models.events.join`). So do the names under which fires were
    listed: a fire keeps the one that somebody may have written down.

    Parameters
    ----------
    desk : Desk
    year : int
        A fire year.
    satellites : sequence of str
    known : DataFrame, optional
        Permanent heat as from `models.heat_of.heat`, when it is at hand.

    Raises
    ------
    NotStored
        When no detection was ever stored.
    """
    hotspots, left_out = _hotspots(desk, year, satellites, heat(desk) if known is None else known)
    keys = _keys(hotspots)
    stem = f"fires_{desk.place.key}_{'-'.join(sorted(satellites))}_{year}"
    parts = [stored.sha256[:16] for part, stored in desk.detections.parts.items() if part in (year - 1, year)]
    # What is left out as permanent heat depends on other years and on officers: the rows name themselves.
    revision = "-".join([*parts, hashlib.sha256(keys.tobytes()).hexdigest()[:16], VERSION])

    def build(path: Path) -> None:
        group = events.join(hotspots, _known(desk, stem, keys))
        listed = _listed(desk, stem)
        called = events.namesakes(hotspots.assign(named=np.isin(keys, listed)), group)
        with open(path, "wb") as handle:
            np.savez(handle, keys=keys, anchor=keys[group], listed=np.union1d(listed, keys[called]))

    def load(path: Path) -> tuple[np.ndarray, np.ndarray]:
        group = _read(path, keys)
        if (group < 0).any():
            raise ValueError(f"{path.name} does not know every detection")
        return group, _read_listed(path)

    group, listed = kept(desk.store, f"{stem}.npz", revision, build, load)
    return Season(hotspots.assign(named=np.isin(keys, listed)), group, left_out)


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
        tables.append(then.burning(start, set(desk.tambons["tambon"])).fires(moment))
    return gpd.GeoDataFrame(pd.concat(tables, ignore_index=True), crs="EPSG:4326")


def named(desk: Desk, fire_id: str, satellites: Sequence[str] = SATELLITES) -> gpd.GeoDataFrame:
    """Return the fire that has or once had a name, as it stands now; empty when there is none.

    Raises
    ------
    NotStored
        When no detection was ever stored.
    """
    try:
        day = dt.datetime.strptime(fire_id[1:7], "%y%m%d").replace(tzinfo=dt.UTC).date()
    except ValueError:
        day = dt.date.min.replace(year=2)
    return part_of(desk, fire_id, fire_year(day), desk.now(), satellites).fires(desk.now())


def part_of(desk: Desk, fire_id: str, year: int, at: dt.datetime, satellites: Sequence[str] = SATELLITES) -> Season:
    """Return the fire of a fire year that a name finds, as it stood at a moment; nothing when there is none.

    A name that another set of satellites gave finds the fires that were seen there by these.
    """
    joined = season(desk, year, satellites).until(at)
    found = joined.named(fire_id)
    if len(found.hotspots) or set(satellites) == set(SATELLITES):
        return found
    return joined.sharing(season(desk, year).until(at).named(fire_id))


def names_of(desk: Desk, part: Season, year: int, satellites: Sequence[str] = SATELLITES) -> set[str]:
    """Return every name that may have been written down for the fires of a part, also over all satellites."""
    names = set(events.fire_ids(part.hotspots))
    if set(satellites) != set(SATELLITES):
        names |= set(events.fire_ids(season(desk, year).sharing(part).hotspots))
    return names


def _hotspots(
    desk: Desk, year: int, satellites: Sequence[str], known: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    rows = desk.detections.between(*year_bounds(year), satellites, replaced=True)
    west, south, east, north = desk.tambons.total_bounds
    near = rows["lon"].between(west - MARGIN_DEG, east + MARGIN_DEG)
    near &= rows["lat"].between(south - MARGIN_DEG, north + MARGIN_DEG)
    rows = events.ordered(rows[near])
    static = at_heat(known, rows["lon"].to_numpy(float), rows["lat"].to_numpy(float))
    fires, left_out = rows[~static], rows[static & rows["current"].to_numpy(bool)]
    return fires.reset_index(drop=True), left_out.reset_index(drop=True)


def _keys(hotspots: pd.DataFrame) -> np.ndarray:
    """Return a number for each row: a near-real-time row and the standard one of its pixel have different ones."""
    number = hotspots["hotspot_id"].to_numpy(np.uint64)
    return np.asarray(np.where(hotspots["quality"] == "standard", number ^ _ID_BITS, number), dtype=np.uint64)


def _read(path: Path, keys: np.ndarray) -> np.ndarray:
    """Return groups kept in a file as positions in `keys`, -1 for rows that it does not know.

    Raises
    ------
    ValueError
        When the file has rows that are not in `keys`.
    """
    with np.load(path, allow_pickle=False) as stored:
        known, anchor = stored["keys"], stored["anchor"]
    order = np.argsort(keys)
    spot = np.minimum(np.searchsorted(keys, known, sorter=order), max(len(keys) - 1, 0))
    if len(known) and (not len(keys) or not np.array_equal(keys[order[spot]], known)):
        raise ValueError(f"{path.name} has other detections")
    group = np.full(len(keys), -1, np.int64)
    group[order[spot]] = order[np.searchsorted(keys, anchor, sorter=order)]
    return group


def _read_listed(path: Path) -> np.ndarray:
    """Return the rows under which fires were listed, as `_keys` numbers them."""
    with np.load(path, allow_pickle=False) as stored:
        return np.asarray(stored["listed"])


def _listed(desk: Desk, stem: str) -> np.ndarray:
    """Return what the newest kept state says of names; nothing without any."""
    for path in desk.store.earlier(stem):
        with contextlib.suppress(*FAULTS):
            return _read_listed(path)
    return np.empty(0, np.uint64)


def _known(desk: Desk, stem: str, keys: np.ndarray) -> np.ndarray | None:
    """Return the groups of the newest kept state of which every detection is still there; None without any."""
    for path in desk.store.earlier(stem):
        with contextlib.suppress(*FAULTS):
            return _read(path, keys)
    return None
