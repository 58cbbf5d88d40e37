"""The desk opened on one store, one place and one state: everything the screen and the command line ask for.

Brings together what is stored and what the models make of it. Never fetches, never words, never draws.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj

from data import contracts, places, sample, settings, stored_grids
from data.clock import Now, day_bounds, utc_now
from data.errors import NotStored
from data.store import State, Store
from models import air, counts, instruments
from models.assign import assign_few
from models.detections import Detections, box_of

#: A satellite of the set passes at least twice a day; after a day without any row a source is silent (findings F1).
_STALE_MINUTES = {"hotspots": 24 * 60, "readings": 3 * 60, "weather": 12 * 60}


#: Days in which stations that are one instrument are looked for: enough for daily means with gaps, and one season.
_FEWEST_DAYS, _MOST_DAYS = 60, 180
#: Verdicts of an asking that brought nothing, whatever is stored from before.
_FAILED = ("busy", "unreachable", "no_key", "refused", "changed", "offline", "fault")
#: A source whose newest row is older than its latency and this many cadences is late, than that many silent.
_LATE, _SILENT = 2, 8


class SourceFacts(Protocol):
    """What the desk must know of a live source to judge its age."""

    @property
    def key(self) -> str:
        """Name of the source."""
        ...

    @property
    def cadence_minutes(self) -> int:
        """How often it is published."""
        ...

    @property
    def latency_minutes(self) -> int:
        """How old its newest row usually is when it is published."""
        ...


def age_state(age: int, fact: SourceFacts) -> str:
    """Return whether a source whose newest row is `age` minutes old is fresh, late or silent."""
    over = (age - fact.latency_minutes) / fact.cadence_minutes
    return "silent" if over > _SILENT else "late" if over > _LATE else "fresh"


_GEOD = pyproj.Geod(ellps="WGS84")


class Desk:
    """What is stored about a place, in one state of the store.

    Parameters
    ----------
    store : Store
        Where the data are read from: the desk's own store or the sample.
    place : Place
    options : Settings
    is_sample : bool
        True when the embedded sample is shown.
    now : callable
        Clock in UTC; the sample's own day in sample mode.
    """

    def __init__(
        self, store: Store, place: places.Place, options: settings.Settings, *, is_sample: bool, now: Now = utc_now
    ) -> None:
        self.store = store
        self.place = place
        self.settings = options
        self.is_sample = is_sample
        self.now = now
        self.state: State = store.state()

    @property
    def own_store(self) -> Store:
        """The store that imports go to, also while the sample is shown."""
        if not self.is_sample:
            return self.store
        return Store(self.settings.store, utc_now, self.settings.lock_timeout_s)

    def refresh(self) -> Desk:
        """Return the desk on the present state of the same place."""
        after = open_desk(self.place.key, options=self.settings)
        outlines = (desk.store.parts("tambons", desk.state) for desk in (self, after))
        if after.store.root == self.store.root and next(outlines) == next(outlines):
            # The outlines and their index are the largest things here, and seldom the thing that changed.
            after.all_tambons = self.all_tambons
            after.detections = self.detections.at(after.state)
        return after

    # -- places --------------------------------------------------------------------------------------------------

    @functools.cached_property
    def all_tambons(self) -> gpd.GeoDataFrame:
        """All known tambons: imported ones, and the embedded outline for Lampang when none was imported."""
        stored = self.store.tambons(self.state)
        embedded = places.embedded_tambons()
        if stored is None:
            return embedded
        missing = embedded[~embedded["province"].isin(set(stored["province"]))]
        joined = pd.concat([stored, missing]) if len(missing) else stored
        return gpd.GeoDataFrame(joined, crs="EPSG:4326").sort_values("tambon").reset_index(drop=True)

    @functools.cached_property
    def in_place(self) -> np.ndarray:
        """Positions, in `all_tambons`, of the tambons of the place."""
        return np.flatnonzero(self.all_tambons["province"].isin(self.place.provinces).to_numpy())

    @property
    def tambons(self) -> gpd.GeoDataFrame:
        """The tambons of the place."""
        return self.all_tambons.iloc[self.in_place].reset_index(drop=True)

    def outlined(self) -> Desk:
        """Return this desk.

        Raises
        ------
        NotStored
            ``no_tambons`` when no outline of the place is known: nothing can be counted in it, and nothing is no zero.
        """
        if not len(self.in_place):
            name = f"{self.place.name_en} ({self.place.name_th})"
            raise NotStored(
                f"no tambons of {name} are stored",
                key="no_tambons",
                context={"place": name},
                hint="import its boundaries",
            )
        return self

    @property
    def outline_detail(self) -> str:
        """How true the outline is: full, simplified or generalised (the coarsest of the place)."""
        order = contracts.TAMBON_DETAILS
        return max(self.tambons["detail"], key=order.index) if len(self.in_place) else order[-1]

    @functools.cached_property
    def detections(self) -> Detections:
        """The stored detections, assigned to all known tambons; which days are known is judged for the place."""
        area = box_of(self.tambons) if len(self.in_place) else None
        return Detections(self.store, self.all_tambons, self.state, area)

    def prepare(self) -> None:
        """Make what the first visitor would otherwise wait for."""
        from models import heat_of  # which looks at a desk itself

        self.detections.prepare()
        heat_of.prepare(self)

    # -- hotspots ------------------------------------------------------------------------------------------------

    def counts(
        self, by: str, first: dt.date, last: dt.date, satellites: Sequence[str], passes: str = "all"
    ) -> pd.DataFrame:
        """Count detections of the place in Thai days, both ends included, zeros shown.

        Returns
        -------
        DataFrame
            `code`, `name_th`, `name_en`, `count`; and `count_shared` unless `by` is land.

        Raises
        ------
        NotStored
            When no detection was ever stored.
        """
        if by == "land":
            return self._land_counts(first, last, satellites, passes)
        table = self.detections.count(first, last, satellites, passes).iloc[self.in_place]
        names = {"code": by, "name_th": f"{by}_th", "name_en": f"{by}_en"}
        grouped = table.groupby(list(names.values()), sort=True)[["count", "count_shared"]].sum().reset_index()
        return grouped.rename(columns={old: new for new, old in names.items()})

    def _land_counts(self, first: dt.date, last: dt.date, satellites: Sequence[str], passes: str) -> pd.DataFrame:
        rows = self.hotspots(first, last, satellites)
        if passes != "all":
            rows = rows[rows["day_pass"] == (passes == "day")]
        found = counts.land_counts(rows)
        names = [contracts.LAND_NAMES[code] for code in found.index]
        return pd.DataFrame(
            {
                "code": found.index,
                "name_th": [th for th, _ in names],
                "name_en": [en for _, en in names],
                "count": found.to_numpy(),
            }
        )

    def daily(
        self, first: dt.date, last: dt.date, satellites: Sequence[str], codes: Sequence[str] | None = None
    ) -> pd.Series:
        """Count detections per Thai day over the place, or over some tambons of it."""
        chosen = self.in_place
        if codes is not None:
            chosen = np.flatnonzero(self.all_tambons["tambon"].isin(list(codes)).to_numpy())
        return self.detections.daily(first, last, satellites, chosen)

    def hotspots(self, first: dt.date, last: dt.date, satellites: Sequence[str] | None = None) -> pd.DataFrame:
        """Return the detections inside the place (see `Detections.between`)."""
        rows = self.detections.between(first, last, satellites)
        mine = set(self.tambons["tambon"])
        return rows[rows["tambon"].isin(mine)].reset_index(drop=True)

    def days_not_stored(self, first: dt.date, last: dt.date, satellites: Sequence[str]) -> int:
        """Return how many days of the period no stored file reaches."""
        return int((~self.detections.stored_days(first, last, satellites)).sum())

    @property
    def newest(self) -> dt.datetime | None:
        """Time of the newest stored detection file row or reading that bears on the place, None without any."""
        return max(filter(None, (self.newest_of("hotspots"), self.newest_of("readings"))), default=None)

    def newest_of(self, kind: str) -> dt.datetime | None:
        """Return the time of the newest stored row of hotspots or readings of the place, None without any."""
        taken = self.store.snapshots(self.state)
        some = self.detections.reaching() if kind == "hotspots" else taken[taken["kind"] == kind]
        last = some["last"].dropna()
        return None if last.empty else last.max().to_pydatetime()

    def alone_since(self) -> dt.datetime | None:
        """Return the last time a source answered, when at the last asking none could be reached; else None."""
        taken = self.store.attempts(self.state)
        if taken.empty:
            return None
        newest = taken.groupby("source").tail(1)
        # A source without a key or that refused was not cut off.
        asked = newest[~newest["verdict"].isin(["no_key", "refused", "changed"])]
        if asked.empty or not asked["verdict"].isin(["unreachable", "offline"]).all():
            return None
        answered = taken.loc[~taken["verdict"].isin(_FAILED), "at"]
        moment = answered.max() if len(answered) else taken["at"].min()
        return pd.Timestamp(moment).to_pydatetime()

    @property
    def seasons(self) -> list[int]:
        """Years with any stored detection, ascending."""
        return sorted(self.detections.parts)

    # -- air -----------------------------------------------------------------------------------------------------

    @property
    def stations(self) -> pd.DataFrame:
        """Official stations of the place: STATION_COLUMNS and `tambon`; the four of Lampang are always known.

        Low-cost sensors and model points are stored beside them and never mixed into their means.
        """
        table = self.all_stations
        return table[table["station_type"].isin(["ground", "mobile"])].reset_index(drop=True)

    @functools.cached_property
    def known_stations(self) -> pd.DataFrame:
        """Every station, sensor and model point with a known position, wherever it stands: STATION_COLUMNS."""
        stored, embedded = self.store.stations(self.state), places.embedded_stations()
        extra = embedded[~embedded["station_id"].isin(set(stored["station_id"]))]
        return pd.concat([part for part in (stored, extra) if len(part)], ignore_index=True)

    @functools.cached_property
    def all_stations(self) -> pd.DataFrame:
        """Every place in the place that gives PM2.5: official stations, low-cost sensors and model points."""
        table = self.known_stations
        index = self.detections.index
        position = assign_few(index, table["lon"].to_numpy(), table["lat"].to_numpy())
        table = table.assign(tambon=index.named(position))
        return table[table["tambon"].isin(set(self.tambons["tambon"]))].sort_values("station_id").reset_index(drop=True)

    def readings(self, first: dt.date, last: dt.date, *, everywhere: bool = False) -> pd.DataFrame:
        """Return the readings of the place's stations, or of all, that can bear on Thai days `first` to `last`."""
        start, end = day_bounds(first - dt.timedelta(days=2), last + dt.timedelta(days=1))
        table = self.store.readings(start, end, self.state)
        if everywhere:
            return table[table["flag"] != "model"].reset_index(drop=True)
        return table[table["station_id"].isin(set(self.stations["station_id"]))].reset_index(drop=True)

    def air(self, first: dt.date, last: dt.date, averaging: str, *, everywhere: bool = False) -> pd.DataFrame:
        """Return PM2.5 at the stations of the place; tambons and amphoes are in `models.surface`.

        `everywhere` gives every stored station, also those of other provinces and those without a known position.

        Returns
        -------
        DataFrame
            `code`, `time` (UTC), `pm25` (µg/m³), `coverage`, `aqi`, `class`.

        Raises
        ------
        NotStored
            When no reading was ever stored.
        """
        series = air.station_series(self.readings(first, last, everywhere=everywhere), first, last, averaging)
        return series[["code", "time", "pm25", "coverage", "aqi", "class"]]

    def daily_air(self, first: dt.date, last: dt.date) -> pd.DataFrame:
        """Return daily means of the place's stations (see `models.air.daily_mean`) in Thai days, both included."""
        table = air.daily_mean(self.readings(first, last))
        start, end = day_bounds(first, last)
        return table[(table["measured_at"] >= start) & (table["measured_at"] < end)].reset_index(drop=True)

    def instrument_groups(self, first: dt.date, last: dt.date) -> instruments.InstrumentGroups:
        """Return which stations of the place count as one instrument in Thai days `first` to `last`.

        They are looked for in 60 days up to `last`, or in the whole period where it is longer, but in no more than its
        last 180 days: what two stations were years ago says nothing about now.

        Returns
        -------
        InstrumentGroups
            Groups of two or more stations. Its basis is ``found`` where the readings tell; and ``known`` where they
            are too few, for any pair or for one of `models.air.INDEPENDENT_GROUPS`: such a pair is then taken as one.
        """
        days = min(max((last - first).days + 1, _FEWEST_DAYS), _MOST_DAYS)
        here = set(self.stations["station_id"])
        try:
            readings = self.readings(last - dt.timedelta(days=days - 1), last)
        except NotStored:
            readings = contracts.empty(contracts.READING_COLUMNS, contracts.READING_CATEGORIES)
        return instruments.instrument_groups(readings, here, air.INDEPENDENT_GROUPS)

    @property
    def air_years(self) -> list[int]:
        """Calendar years with any stored reading, ascending."""
        return sorted(int(part) for part in self.store.parts("readings", self.state))

    def nearest_station(self, tambon: str) -> tuple[str, float] | None:
        """Return the station nearest to a tambon's middle and its distance in kilometres; None without stations."""
        if self.stations.empty:
            return None
        middle = self.tambons.set_index("tambon").geometry[tambon].representative_point()
        lon, lat = self.stations["lon"].to_numpy(), self.stations["lat"].to_numpy()
        away = _GEOD.inv(np.full(len(lon), middle.x), np.full(len(lat), middle.y), lon, lat)[2]
        near = int(np.argmin(away))
        return str(self.stations["station_id"].iloc[near]), float(away[near]) / 1000

    # -- status --------------------------------------------------------------------------------------------------

    def source_states(self, facts: Iterable[SourceFacts]) -> pd.DataFrame:
        """Return the state of each live source: what came of asking it last, and how old its newest row is now.

        Returns
        -------
        DataFrame
            `source`, `verdict` (fresh, late, silent; what went wrong at the last asking; or never), `asked_at`,
            `newest` (UTC), `age_minutes`, `rows` (stored from it so far), `message` (of the last failure).
        """
        taken, moment = self.store.attempts(self.state), pd.Timestamp(self.now())
        rows: list[tuple[object, ...]] = []
        for fact in facts:
            mine = taken[taken["source"] == fact.key]
            if mine.empty:
                rows.append((fact.key, "never", pd.NaT, pd.NaT, None, 0, ""))
                continue
            last, newest = mine.iloc[-1], mine["newest"].max()
            age = None if pd.isna(newest) else int((moment - newest).total_seconds() // 60)
            verdict = str(last["verdict"])
            if verdict not in _FAILED:
                verdict = "fresh" if age is None else age_state(age, fact)
            rows.append((fact.key, verdict, last["at"], newest, age, int(mine["rows"].sum()), str(last["message"])))
        columns = ["source", "verdict", "asked_at", "newest", "age_minutes", "rows", "message"]
        table = pd.DataFrame(rows, columns=columns).astype({"age_minutes": "Int64"})
        for column in ("asked_at", "newest"):
            table[column] = pd.to_datetime(table[column], utc=True)
        return table

    def status(self, facts: Iterable[SourceFacts] = ()) -> pd.DataFrame:
        """Return what is stored, how new it is and a verdict; and the same of each live source of `facts`.

        Returns
        -------
        DataFrame
            `source`, `newest`, `age_minutes`, `verdict` (fresh, stale, stored, embedded, empty; of a live source as in
            `source_states`).
        """
        taken = self.store.snapshots(self.state)
        rows: list[tuple[str, str | None, int | None, str]] = []
        moment = self.now()
        for kind, column in (("hotspots", "satellites"), ("readings", "format"), ("weather", "format")):
            some = self.detections.reaching() if kind == "hotspots" else taken[taken["kind"] == kind]
            names = sorted({name for text in some[column].dropna() for name in str(text).split(",") if name})
            for name in names:
                mine = some[some[column].str.split(",").map(lambda held, name=name: name in held)]
                newest = mine["last"].max()
                age = int((pd.Timestamp(moment) - newest).total_seconds() // 60)
                verdict = "stale" if age > _STALE_MINUTES[kind] else "fresh"
                rows.append((f"{kind}:{name}", newest.tz_convert("Asia/Bangkok").isoformat(), age, verdict))
            if not names:
                rows.append((kind, None, None, "empty"))
        for state in self.source_states(facts).to_dict("records"):
            newest = None if pd.isna(state["newest"]) else state["newest"].tz_convert("Asia/Bangkok").isoformat()
            minutes = None if pd.isna(state["age_minutes"]) else int(state["age_minutes"])
            rows.append((str(state["source"]), newest, minutes, str(state["verdict"])))
        for grid in stored_grids.grids(self.store, self.state).to_dict("records"):
            newest, age = grid["last"], int((pd.Timestamp(moment) - grid["last"]).total_seconds() // 60)
            name = f"grid:{grid['variable']}:{grid['source']}"
            rows.append((name, newest.tz_convert("Asia/Bangkok").isoformat(), age, f"stored ({grid['times']} fields)"))
        for raster in stored_grids.rasters(self.store, self.state).to_dict("records"):
            rows.append((f"raster:{raster['variable']}:{raster['source']}", None, None, f"stored ({raster['when']})"))
        detail = self.outline_detail
        rows.append(
            (f"tambons:{self.place.key}", None, None, "embedded" if detail == "generalised" else f"stored ({detail})")
        )
        rows.append((f"store:{self.store.root}", None, None, f"{len(taken)} files, revision {self.state.revision}"))
        return pd.DataFrame(rows, columns=["source", "newest", "age_minutes", "verdict"]).astype(
            {"age_minutes": "Int64"}
        )


def open_desk(place: str = "", *, options: settings.Settings | None = None, sample_when_empty: bool = False) -> Desk:
    """Open the desk.

    Parameters
    ----------
    place : str
        Place key; the setting's when empty.
    options : Settings, optional
        Read from the environment when omitted.
    sample_when_empty : bool
        In mode ``auto``, show the embedded sample as long as nothing is stored; the screen does, the command
        line does not.

    Raises
    ------
    SettingError
        For an unknown place or setting.
    """
    options = options or settings.load()
    where = places.place(place or options.place)
    own = Store(Path(options.store), utc_now, options.lock_timeout_s)
    if options.mode == "sample" or (options.mode == "auto" and sample_when_empty and own.empty):
        return Desk(sample.open_sample(), where, options, is_sample=True, now=sample.sample_now)
    return Desk(own, where, options, is_sample=False)
