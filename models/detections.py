"""What pages, briefings and the command line read: detections and totals of the stored years, by tambon.

Everything made here is derived: kept in the store under the revisions that went in, and made again when they
change. Never fetches, never words anything.
"""

from __future__ import annotations

import copy
import datetime as dt
import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from data.clock import day_bounds, is_day_pass, thai_days
from data.contracts import LAND_CLASSES, SATELLITES
from data.errors import NotStored
from data.reach import touches
from data.store import State, Store, StoredFile
from models import counts
from models.assign import TambonIndex, assign, build_index, load_index, outline_revision, save_index, share
from models.current import is_current
from models.derived import kept
from models.land import land_at

#: West, south, east, north, degrees.
Box = tuple[float, float, float, float]
#: Raised when the derived files change their form or meaning.
VERSION = "3"
#: A file whose rows reach so far beyond a place on every side was made for a region that holds it.
_WIDE_DEG = 2.0
#: Columns that assignment reads beside the position.
_ASSIGN_NEEDS = ("acquired_at", "satellite", "quality")


@dataclass(frozen=True)
class Assigned:
    """One stored year with its tambons.

    Attributes
    ----------
    home : ndarray of int32, shape (n,)
        Tambon position of each stored row, -1 outside.
    current : ndarray of bool, shape (n,)
        Whether the row counts.
    """

    home: np.ndarray
    current: np.ndarray


class Detections:
    """The stored detections seen through one set of tambons.

    Parameters
    ----------
    store : Store
    tambons : GeoDataFrame
        TAMBON_COLUMNS and geometry; the answer of `assign` points into them by ascending code.
    state : State, optional
        The state to read; the current one when omitted. All answers come from this one state.
    area : tuple of float, optional
        West, south, east and north of what is asked about, degrees, where that is less than all tambons: whether a day
        is known is judged there.
    """

    def __init__(
        self, store: Store, tambons: gpd.GeoDataFrame, state: State | None = None, area: Box | None = None
    ) -> None:
        self.store = store
        self.state = state or store.state()
        self.tambons = tambons.sort_values("tambon").reset_index(drop=True)
        self.area = area or box_of(self.tambons)
        self.outline = outline_revision(self.tambons)
        self._totals_of: dict[int, counts.Totals] = {}

    def at(self, state: State) -> Detections:
        """Return the same tambons' view of another state, their index kept."""
        other = copy.copy(self)
        other.state, other._totals_of = state, {}
        return other

    @property
    def parts(self) -> dict[int, StoredFile]:
        """Stored years."""
        return {int(year): stored for year, stored in sorted(self.store.parts("hotspots", self.state).items())}

    def _with_land(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return rows with the land class of the stored polygons where the source gave none."""
        missing = rows["land_class"].isna().to_numpy()
        if not missing.any() or not self.store.parts("land", self.state):
            return rows
        land = self.store.land(self.state)
        told = rows["land_class"].astype("object").to_numpy(copy=True)
        told[missing] = land_at(land, rows["lon"].to_numpy(float)[missing], rows["lat"].to_numpy(float)[missing])
        return rows.assign(land_class=pd.Categorical(told, categories=list(LAND_CLASSES)))

    @functools.cached_property
    def index(self) -> TambonIndex:
        """Tambons prepared for assignment, built once per outline."""
        return kept(
            self.store,
            "tambon_index.npz",
            self.outline,
            lambda path: save_index(build_index(self.tambons), path),
            lambda path: load_index(path, self.tambons),
        )

    def assign_all(self) -> None:
        """Assign every stored detection that is not assigned yet."""
        for year in self.parts:
            self._assigned(year, None)

    def prepare(self) -> None:
        """Make every derived file that a page will ask for, so that the first visitor does not wait."""
        for year in self.parts:
            self.prepare_year(year)

    def prepare_year(self, year: int) -> None:
        """Make the derived files of one stored year; years do not wait for each other."""
        self._totals(year)

    def _key(self, year: int) -> str:
        return f"{self.parts[year].sha256[:16]}-{self.outline}-{VERSION}"

    def _rows(self, year: int) -> pd.DataFrame:
        return self.store.hotspot_part(self.parts[year])

    def _assigned(self, year: int, rows: pd.DataFrame | None) -> Assigned:
        def build(path: Path) -> None:
            needed = self.store.hotspot_part(self.parts[year], _ASSIGN_NEEDS) if rows is None else rows
            self._build_assigned(needed, path)

        def load(path: Path) -> Assigned:
            with np.load(path, allow_pickle=False) as stored:
                return Assigned(stored["home"], stored["current"])

        return kept(self.store, f"assigned_{year}.npz", self._key(year), build, load)

    def _build_assigned(self, rows: pd.DataFrame, path: Path) -> None:
        home = assign(self.index, rows["lon"].to_numpy(), rows["lat"].to_numpy())
        province = np.append([int(code[:2]) for code in self.index.codes], -1)[home]
        with open(path, "wb") as handle:
            np.savez(handle, home=home, current=is_current(rows, province))

    def _totals(self, year: int) -> counts.Totals:
        if year not in self._totals_of:
            self._totals_of[year] = kept(
                self.store,
                f"totals_{year}.npy",
                self._key(year),
                lambda path: self._build_totals(year, path),
                _load_totals(year),
            )
        return self._totals_of[year]

    def _build_totals(self, year: int, path: Path) -> None:
        rows = self._rows(year)
        assigned = self._assigned(year, rows)
        rows, home = rows[assigned.current], assigned.home[assigned.current]
        position = (rows["lon"].to_numpy(), rows["lat"].to_numpy())
        shares = share(self.index, home, *position, rows["scan_km"].to_numpy(), rows["track_km"].to_numpy())
        made = counts.totals(rows, home, shares, len(self.tambons), year)
        _save_totals(made, len(self.tambons), path)

    def _years(self, first: dt.date, last: dt.date) -> list[counts.Totals]:
        # A Thai day reaches back into the UTC day before it, so 1 January also needs the year before.
        return [self._totals(year) for year in self.parts if first.year - 1 <= year <= last.year]

    def _require(self) -> None:
        if not self.parts:
            raise NotStored("no detections are stored", key="no_hotspots", hint="import a hotspot file first")

    def count(self, first: dt.date, last: dt.date, satellites: Sequence[str], passes: str = "all") -> pd.DataFrame:
        """Count detections by tambon in Thai days `first` to `last`, both included.

        Returns
        -------
        DataFrame
            The tambon columns without geometry, `count` (int) and `count_shared` (float); zeros shown.

        Raises
        ------
        NotStored
            When no detection was ever stored.
        """
        self._require()
        whole, shared = counts.count(self._years(first, last), first, last, satellites, passes, len(self.tambons))
        table = pd.DataFrame(self.tambons.drop(columns="geometry"))
        return table.assign(count=whole, count_shared=shared)

    def daily(
        self, first: dt.date, last: dt.date, satellites: Sequence[str], chosen: np.ndarray, passes: str = "all"
    ) -> pd.Series:
        """Count detections per Thai day over the tambons at positions `chosen`; zeros shown."""
        self._require()
        return counts.daily(self._years(first, last), first, last, satellites, passes, chosen)

    def daily_each(
        self, first: dt.date, last: dt.date, satellites: Sequence[str], chosen: np.ndarray, passes: str = "all"
    ) -> np.ndarray:
        """Count detections per Thai day and tambon, int64 of shape (days, len(chosen)); zeros shown."""
        self._require()
        return counts.daily_each(self._years(first, last), first, last, satellites, passes, chosen)

    def between(
        self, first: dt.date, last: dt.date, satellites: Sequence[str] | None = None, *, replaced: bool = False
    ) -> pd.DataFrame:
        """Return the detections that count in Thai days `first` to `last`, both included.

        Parameters
        ----------
        replaced : bool
            Give the rows that standard ones replaced as well.

        Returns
        -------
        DataFrame
            HOTSPOT_COLUMNS, `land_class` filled from stored polygons where the source does not tell it, and
            `tambon` (code, missing outside), `current` (bool: whether the row counts), `thai_day`
            (datetime64[s]), `day_pass` (bool).
        """
        self._require()
        start, end = day_bounds(first, last)
        pieces = []
        for year in self.parts:
            if not start.year <= year <= end.year:
                continue
            rows = self._rows(year)
            assigned = self._assigned(year, rows)
            inside = (rows["acquired_at"] >= start) & (rows["acquired_at"] < end) & (assigned.current | replaced)
            if satellites is not None:
                inside &= rows["satellite"].isin(list(satellites))
            codes = self.index.named(assigned.home[inside])
            pieces.append(rows[inside].assign(tambon=codes, current=assigned.current[inside]))
        table = (
            pd.concat(pieces, ignore_index=True)
            if pieces
            else self._rows(next(iter(self.parts))).iloc[:0].assign(tambon=None, current=True)
        )
        return self._with_land(table).assign(
            thai_day=thai_days(table["acquired_at"]).astype("datetime64[s]"), day_pass=is_day_pass(table["acquired_at"])
        )

    def stored_days(
        self, first: dt.date, last: dt.date, satellites: Sequence[str] | None = None, area: Box | None = None
    ) -> pd.Series:
        """Tell for each Thai day whether some stored file reaches it in an area, by default the one asked about.

        A day without a detection on a covered day is "no fire seen"; an uncovered day is "not known".

        Returns
        -------
        Series of bool, index datetime64[D]
        """
        days = pd.date_range(first, last, freq="D")
        covered = np.zeros(len(days), bool)
        taken = self.reaching(area)
        reach = taken["last"].dt.tz_convert("Asia/Bangkok").dt.tz_localize(None).dt.normalize()
        since = taken["first"].dt.tz_convert("Asia/Bangkok").dt.tz_localize(None).dt.normalize()
        held = [set(str(names).split(",")) for names in taken["satellites"]]
        for low, high, names in zip(since, reach, held, strict=True):
            if satellites is None or names & set(satellites):
                covered |= (days >= low) & (days <= high)
        return pd.Series(covered, index=days)

    def known_days(self, first: dt.date, last: dt.date, satellites: Sequence[str] | None = None) -> np.ndarray:
        """Tell for each Thai day and each tambon whether some stored file reaches it, bool of shape (days, tambons).

        Judged province by province, as days are stored: what a file says of one province it does not say of another.
        """
        known = np.zeros(((last - first).days + 1, len(self.tambons)), bool)
        for _, at in self.tambons.groupby("province").indices.items():
            days = self.stored_days(first, last, satellites, box_of(self.tambons.iloc[at]))
            known[:, at] = days.to_numpy()[:, None]
        return known

    def reaching(self, area: Box | None = None) -> pd.DataFrame:
        """Return the hotspot files that speak of an area, by default the one asked about (see SNAPSHOT_COLUMNS).

        A file does when it has a row in a half-degree cell of the area, or when its rows reach at least
        `_WIDE_DEG` beyond it on every side. A file noted without cells is judged by its box, with one degree of
        room, since a file seldom has a fire exactly on its edge.
        """
        taken = self.store.snapshots(self.state)
        taken = taken[taken["kind"] == "hotspots"]
        west, south, east, north = area or self.area
        box = (taken["east"] >= west - 1) & (taken["west"] <= east + 1)
        box &= (taken["north"] >= south - 1) & (taken["south"] <= north + 1)
        wide = (taken["west"] <= west - _WIDE_DEG) & (taken["east"] >= east + _WIDE_DEG)
        wide &= (taken["south"] <= south - _WIDE_DEG) & (taken["north"] >= north + _WIDE_DEG)
        told = taken["cells"].notna() & (taken["cells"] != "")
        near = np.array([touches(cells, west, south, east, north) for cells in taken["cells"].where(told, "")], bool)
        mine: pd.DataFrame = taken[np.where(told, near | wide, box)]
        return mine


def box_of(tambons: gpd.GeoDataFrame) -> Box:
    """Return the box around tambons."""
    west, south, east, north = tambons.total_bounds.tolist()
    return west, south, east, north


def _save_totals(made: counts.Totals, tambons: int, path: Path) -> None:
    """Write totals as one array of two records, whole and shared, with a field for each satellite."""
    # An array needs a field also when no row of the year counts.
    names = sorted(made.counts) or [SATELLITES[0]]
    both = np.zeros(2, [(name, np.int32, (2, made.days + 1, tambons)) for name in names])
    for at, arrays in enumerate((made.counts, made.shared)):
        for name, array in arrays.items():
            both[name][at] = array
    with open(path, "wb") as handle:
        np.save(handle, both)


def _load_totals(year: int) -> Callable[[Path], counts.Totals]:
    def load(path: Path) -> counts.Totals:
        both = np.load(path, mmap_mode="r", allow_pickle=False)
        whole, shared = ({name: both[name][at] for name in both.dtype.names} for at in (0, 1))
        return counts.Totals(dt.date(year, 1, 1), whole, shared)

    return load
