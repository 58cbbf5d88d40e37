"""New rows into the store: each detection and reading once, the better one where two meet, all in one commit.

Never removes a stored row: a near-real-time detection stays beside the standard one that replaces it in counts
(`models.current` decides which counts). Never parses files.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa

from data import contracts, grids, moved, places, rasters, weather
from data.reach import reach_cells
from data.store import State, Store, StoredFile, describe, hotspots_to_arrow

if TYPE_CHECKING:
    import xarray as xr

#: Where two rows of one detection meet, the fields of the first of these win and the others fill its gaps.
_PROVIDER_RANK = {"firms": 0, "gistda": 1, "sample": 2}
#: Columns that a row may lack.
_MAY_LACK = (
    "confidence", "confidence_pct", "frp_mw", "brightness_k", "scan_km", "track_km", "is_daytime", "land_class",
    "fire_type",
)  # fmt: skip
#: Turns the key of a near-real-time row into the key of the standard row of the same pixel.
_STANDARD = np.uint64(0x5851F42D4C957F2D)
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
#: So many new keys wait in an array of their own before they are put among the stored ones.
_MANY_RECENT = 50_000
#: Attempts remembered: some weeks of asking a dozen sources every hour.
_MOST_ATTEMPTS = 5_000
_DETAIL_RANK = {detail: rank for rank, detail in enumerate(contracts.TAMBON_DETAILS)}


@dataclass(frozen=True)
class Added:
    """What an addition did, in rows: new or better ones, and those that were there already."""

    kept: int
    duplicates: int


class _Known:
    """Keys that a year already holds, each with a value, in sorted arrays.

    New keys wait in a second, small pair of arrays, so that a small addition costs little however much is stored.
    """

    def __init__(self, keys: np.ndarray, values: np.ndarray) -> None:
        order = np.argsort(keys)
        self._pairs = [(keys[order], values[order]), (keys[:0], values[:0])]

    def find(self, keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return which of `keys` are known, and the value of each known one (NaN for the others)."""
        known = np.zeros(len(keys), bool)
        values = np.full(len(keys), np.nan)
        for stored, held in self._pairs:
            if len(stored):
                spot = np.minimum(np.searchsorted(stored, keys), len(stored) - 1)
                here = stored[spot] == keys
                known |= here
                values[here] = held[spot[here]]
        return known, values

    def put(self, keys: np.ndarray, values: np.ndarray) -> None:
        """Add `keys`, ascending and each once, or give them other values."""
        fresh = np.ones(len(keys), bool)
        for stored, held in self._pairs:
            if len(stored):
                spot = np.minimum(np.searchsorted(stored, keys), len(stored) - 1)
                here = stored[spot] == keys
                held[spot[here]] = values[here]
                fresh &= ~here
        if fresh.any():
            self._pairs[1] = _inserted(*self._pairs[1], keys[fresh], values[fresh])
        if len(self._pairs[1][0]) > _MANY_RECENT:
            self._pairs = [_inserted(*self._pairs[0], *self._pairs[1]), (keys[:0], values[:0])]


@dataclass
class _Part:
    """One year of one table while it is being written."""

    known: _Known
    frames: list[pd.DataFrame]
    dirty: bool = False
    #: Sorted keys of the stored rows that lack a value, by column; made when first asked for.
    gaps: dict[str, np.ndarray] = field(default_factory=dict)


@dataclass
class Writer:
    """Collects additions under the store's lock and commits them as one state.

    Use through `writing`. Nothing is visible to readers before `commit`.
    """

    store: Store
    before: State
    _hotspots: dict[str, _Part] = field(default_factory=dict)
    _readings: dict[str, _Part] = field(default_factory=dict)
    #: Weather by year, and the years that changed.
    _weather: dict[str, pd.DataFrame] = field(default_factory=dict)
    _weathered: set[str] = field(default_factory=set)
    _grids: dict[str, grids.Block] = field(default_factory=dict)
    _rasters: dict[str, StoredFile] = field(default_factory=dict)
    _single: dict[str, pd.DataFrame] = field(default_factory=dict)
    _revisions: list[pd.DataFrame] = field(default_factory=list)
    _tambons: gpd.GeoDataFrame | None = None
    _entries: list[tuple[dict[str, Any], Callable[[], str] | None]] = field(default_factory=list)
    _last_stations: pd.DataFrame | None = None

    # -- hotspots ------------------------------------------------------------------------------------------------

    def _hotspot_part(self, year: str) -> _Part:
        if year not in self._hotspots:
            stored = self.before.tables.get("hotspots", {}).get(year)
            frame = self.store.hotspot_part(stored) if stored else None
            keys = _hotspot_keys(frame) if frame is not None else np.empty(0, np.uint64)
            self._hotspots[year] = _Part(_Known(keys, np.zeros(len(keys), bool)), [frame] if frame is not None else [])
        return self._hotspots[year]

    def add_hotspots(self, table: pd.DataFrame) -> Added:
        """Add detections (HOTSPOT_COLUMNS); a pixel of the same quality already there only fills gaps."""
        keys = _hotspot_keys(table)
        years = table["acquired_at"].dt.year.to_numpy()
        kept = 0
        for year in np.unique(years):
            chosen = years == year
            part = self._hotspot_part(str(year))
            mine, rows = (keys, table) if chosen.all() else (keys[chosen], table[chosen])
            unique, index = np.unique(mine, return_index=True)
            first = np.zeros(len(mine), bool)
            first[index] = True
            known, _ = part.known.find(mine)
            part.known.put(unique, np.zeros(len(unique), bool))
            fresh = first & ~known
            kept += int(fresh.sum())
            fills = known | ~first
            part.frames.append(rows if not fills.any() else rows[fresh])
            if fills.any():
                part.frames.append(rows[fills])
            part.dirty = part.dirty or bool(fresh.any()) or self._fills_gaps(part, rows[fills])
        return Added(kept, len(table) - kept)

    @staticmethod
    def _fills_gaps(part: _Part, rows: pd.DataFrame) -> bool:
        # Asked only while nothing new was added, so the first frame holds every stored row.
        stored = part.frames[0]
        best = min((_PROVIDER_RANK[str(name)] for name in rows["provider"].unique()), default=len(_PROVIDER_RANK))
        if best < max(_PROVIDER_RANK[str(name)] for name in stored["provider"].unique()):
            return True
        keys = _hotspot_keys(rows)
        for column in _MAY_LACK:
            given = rows[column].notna().to_numpy()
            if not given.any():
                continue
            if column not in part.gaps:
                part.gaps[column] = np.sort(_hotspot_keys(stored)[stored[column].isna().to_numpy()])
            if np.isin(keys[given], part.gaps[column]).any():
                return True
        return False

    # -- readings ------------------------------------------------------------------------------------------------

    def _reading_part(self, year: str) -> _Part:
        if year not in self._readings:
            stored = self.before.tables.get("readings", {}).get(year)
            if stored is None:
                self._readings[year] = _Part(_Known(np.empty(0, np.uint64), np.empty(0)), [])
            else:
                frame = contracts.typed(
                    self.store.get_table(stored).to_pandas(), contracts.READING_COLUMNS, contracts.READING_CATEGORIES
                )
                known = _Known(_reading_keys(frame)[0], frame["value"].to_numpy(float))
                self._readings[year] = _Part(known, [frame])
        return self._readings[year]

    def add_readings(self, table: pd.DataFrame) -> Added:
        """Add readings (READING_COLUMNS). Counted in records: one station, hour and averaging, all its variables.

        A number replaces a missing value, a different number replaces the earlier one, which is kept among the
        revisions, a missing value replaces nothing.
        """
        keys, records = _reading_keys(table)
        values = table["value"].to_numpy(float)
        years = table["measured_at"].dt.year.to_numpy()
        changed = np.zeros(len(table), bool)
        for year in np.unique(years):
            chosen = np.flatnonzero(years == year)
            part = self._reading_part(str(year))
            # Of equal keys inside one addition the last number counts, or the last row when there is none.
            order = chosen[np.lexsort((chosen, ~np.isnan(values[chosen]), keys[chosen]))]
            mine = order[np.append(keys[order][1:] != keys[order][:-1], True)]
            known, old = part.known.find(keys[mine])
            new = values[mine]
            better = ~known | (~np.isnan(new) & ~(old == new))
            changed[mine[better]] = True
            revised = better & ~np.isnan(old)
            if revised.any():
                rows = table.iloc[mine[revised]].rename(columns={"value": "later"})
                rows = rows.assign(earlier=old[revised], replaced_at=self.store.now())
                self._revisions.append(contracts.typed(rows, contracts.REVISION_COLUMNS, {}))
            if better.any():
                part.dirty = True
                part.frames.append(table.iloc[mine[better]])
                part.known.put(keys[mine[better]], new[better])
        kept = len(np.unique(records[changed]))
        return Added(kept, len(np.unique(records)) - kept)

    # -- weather -------------------------------------------------------------------------------------------------

    def add_weather(self, table: pd.DataFrame, places: pd.DataFrame | None = None) -> Added:
        """Add weather (WEATHER_COLUMNS) and the places it is of (STATION_COLUMNS); counted in rows.

        A number replaces a missing value, a different number replaces the earlier one of the same place, hour and
        issue (what was measured is kept among the revisions), a missing value replaces nothing.
        """
        if places is not None and len(places):
            self._upsert("weather_places", contracts.check_stations(places), "station_id")
        years = table["measured_at"].dt.year.to_numpy()
        kept = 0
        for year in np.unique(years):
            part = str(year)
            if part not in self._weather:
                stored = self.before.tables.get("weather", {}).get(part)
                held = contracts.empty(contracts.WEATHER_COLUMNS) if stored is None else self.store.weather_part(stored)
                self._weather[part] = contracts.typed(held, contracts.WEATHER_COLUMNS, contracts.WEATHER_CATEGORIES)
            self._weather[part], new, replaced = weather.joined(self._weather[part], table[years == year])
            if new:
                self._weathered.add(part)
            if len(replaced):
                rows = replaced.assign(averaging="PT1H", replaced_at=self.store.now())
                self._revisions.append(contracts.typed(rows, contracts.REVISION_COLUMNS, {}))
            kept += new
        return Added(kept, len(table) - kept)

    def _write_year(self, year: str, part: _Part) -> StoredFile | None:
        part.frames = [_settled(part.frames)] if part.dirty else part.frames[:1]
        return self.store.put_table("hotspots", year, hotspots_to_arrow(part.frames[0])) if part.dirty else None

    # -- grids ---------------------------------------------------------------------------------------------------

    def add_grid(self, array: xr.DataArray) -> Added:
        """Add gridded fields (see `data.grids`), cut to the box that is kept. Counted in fields, one for each time.

        The key of a field is its variable, source, axes, time and run; a number replaces a missing cell, a different
        number replaces the earlier one, a missing cell replaces nothing.

        Raises
        ------
        ContractError
            When it is no such grid or touches nothing of the box.
        """
        kept = 0
        for part, block in grids.block_of(array).by_month():
            old = self._grids.get(part)
            stored = self.before.tables.get("grids", {}).get(part)
            if old is None and stored is not None:
                old = grids.from_arrow(self.store.get_table(stored))
            both, new = grids.merged(old, block)
            kept += new
            if new:
                self._grids[part] = both
        return Added(kept, array.sizes["time"] - kept)

    def add_raster(self, raster: rasters.Raster) -> Added:
        """Add a static raster; one of the same variable, source, time and cells is replaced by a different one."""
        stored = self.store.put_table("rasters", raster.part, rasters.to_arrow(raster))
        old = self._rasters.get(raster.part) or self.before.tables.get("rasters", {}).get(raster.part)
        if old == stored:
            return Added(0, 1)
        self._rasters[raster.part] = stored
        return Added(1, 0)

    # -- small tables --------------------------------------------------------------------------------------------

    def _rows(self, name: str) -> pd.DataFrame | None:
        if name not in self._single:
            stored = self.before.tables.get(name, {}).get("all")
            if stored is None:
                return None
            self._single[name] = self.store.get_table(stored).to_pandas()
        return self._single[name]

    def _with(self, name: str, entry: Mapping[str, Any], columns: dict[str, str]) -> pd.DataFrame:
        """Return a small table with one more record at its end."""
        old = self._rows(name)
        new = contracts.typed(pd.DataFrame([dict(entry)]), columns, {})
        return new if old is None else pd.concat([contracts.typed(old, columns, {}), new], ignore_index=True)

    def _upsert(self, name: str, table: pd.DataFrame, key: str) -> Added:
        old = self._rows(name)
        if old is None:
            self._single[name] = table.drop_duplicates(key, keep="last").sort_values(key).reset_index(drop=True)
            return Added(len(self._single[name]), len(table) - len(self._single[name]))
        # A newer parser may know a column that the stored rows do not have.
        both = pd.concat([old, table[[*old.columns, *(name for name in table if name not in old)]]])
        merged = both.drop_duplicates(key, keep="last").sort_values(key).reset_index(drop=True)
        same = len(pd.concat([old, merged]).astype("str").drop_duplicates()) - len(old)
        self._single[name] = merged
        return Added(same, len(table) - same)

    def add_stations(self, table: pd.DataFrame) -> Added:
        """Add or update stations (STATION_COLUMNS) by station id."""
        # The copies of a feed describe the same stations over and over.
        if self._last_stations is not None and table.equals(self._last_stations):
            return Added(0, len(table))
        added = self._upsert("stations", contracts.check_stations(table), "station_id")
        self._last_stations = table
        return added

    def held_in_place(self, table: pd.DataFrame) -> tuple[pd.DataFrame, tuple[str, ...]]:
        """Return stations with those that jumped at their known place, and which these are; see `data.moved`."""
        if self._last_stations is not None and table.equals(self._last_stations):
            return table, ()
        own = self._single.get("stations")
        own = self.store.stations(self.before) if own is None else own
        known = pd.concat([places.embedded_stations(), own]) if len(own) else places.embedded_stations()
        return moved.held_in_place(table, known.drop_duplicates("station_id", keep="last"))

    def add_population(self, table: pd.DataFrame) -> Added:
        """Add or update people per tambon."""
        return self._upsert("population", table, "tambon")

    def add_tambons(self, table: gpd.GeoDataFrame) -> Added:
        """Add tambons; a province is replaced as a whole, and never by a coarser outline of it."""
        old = self._tambons if self._tambons is not None else self.store.tambons(self.before)
        kept = 0
        pieces = []
        if old is None:
            old = table.iloc[:0]
        for province, new in table.groupby("province", sort=True):
            have = old[old["province"] == province]
            if len(have):
                worse = _detail(new) > _detail(have)
                incomplete = not set(have["tambon"]) <= set(new["tambon"])
                if worse or incomplete or _same_shapes(have, new):
                    continue
            kept += len(new)
            pieces.append(new)
        if pieces:
            replaced = set(pd.concat(pieces)["province"])
            rest = old[~old["province"].isin(replaced)]
            joined = pd.concat([*pieces, rest] if len(rest) else pieces).sort_values("tambon")
            self._tambons = gpd.GeoDataFrame(joined, geometry="geometry", crs="EPSG:4326").reset_index(drop=True)
        return Added(kept, len(table) - kept)

    def add_forecasts(self, table: pd.DataFrame) -> Added:
        """Add issued forecasts (FORECAST_COLUMNS). One that was issued before is never put right afterwards."""
        return self._issued("forecasts", table, contracts.FORECAST_KEY)

    def add_candidates(self, table: pd.DataFrame) -> Added:
        """Add what methods that were not served said at an issue (FORECAST_COLUMNS), like `add_forecasts`."""
        return self._issued("candidates", table, contracts.CANDIDATE_KEY)

    def _issued(self, name: str, table: pd.DataFrame, key: tuple[str, ...]) -> Added:
        old = self._rows(name)
        new = contracts.typed(table, contracts.FORECAST_COLUMNS, {})
        both = new if old is None else pd.concat([contracts.typed(old, contracts.FORECAST_COLUMNS, {}), new])
        order = ["issued_at", "code", "lead_h", *key[3:]]
        merged = both.drop_duplicates(list(key), keep="first").sort_values(order, ignore_index=True)
        kept = len(merged) - (0 if old is None else len(old))
        if kept:
            self._single[name] = merged
        return Added(kept, len(table) - kept)

    def add_model_days(self, table: pd.DataFrame) -> Added:
        """Add what a model said of days to come (MODEL_DAY_COLUMNS).

        A row is never put right afterwards. One that says what was the newest word on its cell and day already is not
        kept: two fetches of one run are one word, known since the first.
        """
        old, new = self._rows("model_days"), contracts.check_model_days(table)
        both = new if old is None else pd.concat([contracts.typed(old, contracts.MODEL_DAY_COLUMNS, {}), new])
        fresh = np.arange(len(both)) >= len(both) - len(new)
        both = both.assign(fresh=fresh).sort_values(["station_id", "day", "known_at", "fresh"], ignore_index=True)
        cell_day, said = ["station_id", "day"], ["station_id", "day", "pm25"]
        repeats = (both[said] == both[said].shift()).all(axis=1) | both.duplicated([*cell_day, "known_at"])
        merged = both[~(both["fresh"] & repeats)].drop(columns="fresh").reset_index(drop=True)
        kept = len(merged) - (0 if old is None else len(old))
        if kept:
            self._single["model_days"] = merged
        return Added(kept, len(table) - kept)

    def add_land(self, table: gpd.GeoDataFrame) -> Added:
        """Add polygons of land classes; the same polygon of the same class is kept once."""
        flat = pd.DataFrame({"land_class": table["land_class"].astype("str"), "wkb": table.geometry.to_wkb()})
        old = self._rows("land")
        both = flat if old is None else pd.concat([old, flat], ignore_index=True)
        kept = both.drop_duplicates().sort_values(["land_class", "wkb"]).reset_index(drop=True)
        fresh = len(kept) - (0 if old is None else len(old))
        if fresh:
            self._single["land"] = kept
        return Added(fresh, len(table) - fresh)

    # -- provenance and commit -----------------------------------------------------------------------------------

    def note(self, entry: Mapping[str, Any], digest: Callable[[], str] | None = None) -> None:
        """Record where rows came from (SNAPSHOT_COLUMNS).

        `digest`, when given, names the raw bytes; it is asked only at the end of a commit, so that a raw copy that
        is still being written holds nothing up.
        """
        self._entries.append((dict(entry), digest))

    def replace_snapshots(self, table: pd.DataFrame) -> None:
        """Put another record of what was brought in (SNAPSHOT_COLUMNS) in the place of the present one."""
        self._single["snapshots"] = contracts.typed(table, contracts.SNAPSHOT_COLUMNS, {})

    def attempt(self, entry: Mapping[str, Any]) -> None:
        """Record what came of asking a source (ATTEMPT_COLUMNS); the oldest records give way."""
        self._single["attempts"] = self._with("attempts", entry, contracts.ATTEMPT_COLUMNS).tail(_MOST_ATTEMPTS)

    def keep_briefing(self, entry: Mapping[str, Any]) -> None:
        """Record a briefing that was made (BRIEFING_COLUMNS); the same content for the same day is recorded once."""
        both = self._with("briefings", entry, contracts.BRIEFING_COLUMNS)
        self._single["briefings"] = both.drop_duplicates(["day", "lang", "sha256"], keep="first")

    def commit(self) -> State:
        """Write all that changed and put the new state in place; the same state when nothing changed.

        The writer can be used on: what is added later belongs to the next commit.
        """
        changed: dict[str, dict[str, StoredFile]] = {}
        # Sorting and compressing leave Python alone most of the time, so two years can be written at once.
        with ThreadPoolExecutor(2) as pool:
            written = {year: pool.submit(self._write_year, year, part) for year, part in self._hotspots.items()}
        years = {year: stored for year, future in written.items() if (stored := future.result()) is not None}
        if years:
            changed["hotspots"] = years
        for year, part in self._readings.items():
            if part.dirty:
                part.frames = [_latest(part.frames)]
                content = pa.Table.from_pandas(part.frames[0], preserve_index=False)
                changed.setdefault("readings", {})[year] = self.store.put_table("readings", year, content)
        for year in sorted(self._weathered):
            self._weather[year] = contracts.check_weather(weather.in_order(self._weather[year]))
            content = pa.Table.from_pandas(self._weather[year], preserve_index=False)
            changed.setdefault("weather", {})[year] = self.store.put_table("weather", year, content)
        for name, block in self._grids.items():
            changed.setdefault("grids", {})[name] = self.store.put_table("grids", name, grids.to_arrow(block))
        if self._rasters:
            changed["rasters"] = self._rasters
        for name, frame in self._single.items():
            content = pa.Table.from_pandas(frame.reset_index(drop=True), preserve_index=False)
            changed[name] = {"all": self.store.put_table(name, "all", content)}
        if self._revisions:
            frames = [self.store.revisions(self.before), *self._revisions]
            rows = pd.concat([f for f in frames if len(f)], ignore_index=True)
            content = pa.Table.from_pandas(rows, preserve_index=False)
            changed["revisions"] = {"all": self.store.put_table("revisions", "all", content)}
        if self._tambons is not None:
            flat = pd.DataFrame(self._tambons.drop(columns="geometry"))
            flat["wkb"] = self._tambons.geometry.to_wkb()
            content = pa.Table.from_pandas(flat, preserve_index=False)
            changed["tambons"] = {"all": self.store.put_table("tambons", "all", content)}
        if self._entries:
            entries = [entry if digest is None else {**entry, "sha256": digest()} for entry, digest in self._entries]
            frames = [self.store.snapshots(self.before), describe(entries)]
            rows = contracts.typed(pd.concat([f for f in frames if len(f)]), contracts.SNAPSHOT_COLUMNS, {})
            content = pa.Table.from_pandas(rows, preserve_index=False)
            changed["snapshots"] = {"all": self.store.put_table("snapshots", "all", content)}
        new = {
            table: {part: f for part, f in parts.items() if self.before.tables.get(table, {}).get(part) != f}
            for table, parts in changed.items()
        }
        if any(new.values()):
            self.before = self.store.commit(self.before, new)
        for part in (*self._hotspots.values(), *self._readings.values()):
            part.dirty, part.gaps = False, {}
        self._weathered.clear()
        self._grids, self._rasters = {}, {}
        self._single, self._revisions, self._tambons, self._entries = {}, [], None, []
        return self.before


def _hotspot_keys(table: pd.DataFrame) -> np.ndarray:
    keys = table["hotspot_id"].to_numpy(np.uint64)
    standard = (table["quality"] == "standard").to_numpy()
    return np.asarray(np.where(standard, keys ^ _STANDARD, keys), dtype=np.uint64)


def _inserted(
    keys: np.ndarray, values: np.ndarray, new_keys: np.ndarray, new_values: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    spot = np.searchsorted(keys, new_keys)
    return np.insert(keys, spot, new_keys), np.insert(values, spot, new_values)


def _settled(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Return one row per pixel and quality, the better provider first and its gaps filled, in a fixed order."""
    table = pd.concat(frames, ignore_index=True) if len(frames) > 1 else frames[0].reset_index(drop=True)
    keys = _hotspot_keys(table)
    double = pd.Series(keys).duplicated(keep=False).to_numpy()
    if double.any():
        some = table[double].assign(_key=keys[double], _rank=table["provider"][double].map(_PROVIDER_RANK).astype(int))
        some = some.sort_values("_rank", kind="stable")
        merged = some.groupby("_key", sort=False).first().drop(columns="_rank").reset_index(drop=True)
        merged = contracts.typed(merged, contracts.HOTSPOT_COLUMNS, contracts.HOTSPOT_CATEGORIES)
        table = pd.concat([table[~double], merged], ignore_index=True)
    # Content, not the order of import, decides how the file looks: equal data have equal revisions.
    acquired = table["acquired_at"].dt.tz_localize(None).to_numpy("datetime64[us]")
    order = np.lexsort((_hotspot_keys(table), acquired))
    return table.take(order).reset_index(drop=True)


def _reading_keys(table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return a number for the key of each reading, and one for its record: the same for all its variables."""
    station = pd.util.hash_array(table["station_id"].to_numpy(object), categorize=True)
    moment = table["measured_at"].dt.tz_localize(None).to_numpy("datetime64[us]").astype(np.int64).astype(np.uint64)
    averaging = table["averaging"].cat.codes.to_numpy().astype(np.uint64)
    variable = table["variable"].cat.codes.to_numpy().astype(np.uint64) * np.uint64(8)
    with np.errstate(over="ignore"):
        record = station ^ ((moment << np.uint64(6)) | averaging) * _GOLDEN
        key = station ^ ((moment << np.uint64(6)) | variable | averaging) * _GOLDEN
    return key, record


def _latest(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Return the last row of each key, in the order of the keys."""
    table = pd.concat(frames, ignore_index=True) if len(frames) > 1 else frames[0].reset_index(drop=True)
    if len(frames) > 1:
        table = table[~pd.Series(_reading_keys(table)[0]).duplicated(keep="last").to_numpy()]
    station, names = pd.factorize(table["station_id"])
    rank = np.empty(len(names), np.int64)
    rank[np.argsort(names.to_numpy(object))] = np.arange(len(names))
    moment = table["measured_at"].dt.tz_localize(None).to_numpy("datetime64[us]")
    variable, averaging = (table[name].cat.codes.to_numpy() for name in ("variable", "averaging"))
    order = np.lexsort((averaging, variable, moment, rank[station]))
    return contracts.check_readings(table.take(order))


def _detail(tambons: gpd.GeoDataFrame) -> int:
    return max(_DETAIL_RANK[detail] for detail in tambons["detail"])


def _same_shapes(one: gpd.GeoDataFrame, other: gpd.GeoDataFrame) -> bool:
    if sorted(one["tambon"]) != sorted(other["tambon"]):
        return False
    left = one.sort_values("tambon").geometry.to_wkb().tolist()
    right = other.sort_values("tambon").geometry.to_wkb().tolist()
    return bool(left == right)


def bounds_of(table: pd.DataFrame) -> dict[str, Any]:
    """Return the reach of a table of detections, readings or weather in time and space, for its provenance.

    Of weather it is the reach of what is no forecast, where there is any.
    """
    reach: dict[str, Any] = {}
    if "issued_at" in table and bool((past := table["issued_at"].isna()).any()):
        table = table[past]
    for column in ("acquired_at", "measured_at"):
        if column in table and len(table):
            reach["first"], reach["last"] = table[column].min(), table[column].max()
    if "lon" in table and len(table):
        reach |= {"west": table["lon"].min(), "south": table["lat"].min()}
        reach |= {
            "east": table["lon"].max(),
            "north": table["lat"].max(),
            "cells": reach_cells(table["lon"], table["lat"]),
        }
    if "west" in table and len(table):
        edges = {"west": "min", "south": "min", "east": "max", "north": "max"}
        reach |= {edge: table[edge].agg(end) for edge, end in edges.items()}
    if "satellite" in table:
        reach["satellites"] = ",".join(sorted(str(s) for s in table["satellite"].unique()))
        reach["quality"] = ",".join(sorted(str(q) for q in table["quality"].unique()))
    return reach


def fetched_now(now: dt.datetime) -> dt.datetime:
    """Return the moment of import, to the second, as provenance keeps it."""
    return now.replace(microsecond=0)
