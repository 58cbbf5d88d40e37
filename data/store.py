"""The store: what was brought in, where it lies, and which state is the good one.

One small manifest names every file of a state. New files are written beside the old ones under new names, and
the state changes at the single rename of the manifest; so a kill at any moment leaves the last good state, and a
reader never waits for a writer. Never parses, never analyses. Merging of new rows is in `data.merge`.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import filelock
import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from data import contracts, derived
from data.clock import UTC, Now, utc_now
from data.errors import Damaged, Locked, NotStored, StoreError
from data.files import PARTIAL, sha256_of, sweep, write_whole
from data.weather import in_order

LAYOUT = 1
#: The state, and a copy that stands in for it when it is damaged.
MANIFEST, MANIFEST_COPY = "manifest.json", "manifest.copy.json"
_REPAIR_MANIFEST = "run: python cli.py check-store --repair (it uses the copy beside it); the data files are untouched"
_REPAIR_FILE = "run: python cli.py check-store --repair (it is made again from the raw copies), or restore a backup"
#: Files no state names any more are kept this long for readers of an older state.
GRACE_S = 3600.0
#: Derived files not used for this long are removed; they can always be made again.
DERIVED_S = 14 * 86400.0

_GEO_POINT = json.dumps(
    {
        "version": "1.1.0",
        "primary_column": "geometry",
        "columns": {"geometry": {"encoding": "point", "geometry_types": ["Point"]}},
    }
)

#: Tables that tell of the data, or were made from them: they do not change what the data are.
_ABOUT_DATA = {"snapshots", "attempts", "revisions", "briefings", "forecasts", "candidates"}


@dataclass(frozen=True)
class StoredFile:
    """One immutable file of a state: its name below the store, rows, and checksum."""

    name: str
    rows: int
    sha256: str


@dataclass(frozen=True)
class State:
    """One state of the store: a number that grows, a revision that names the content, and the files."""

    number: int = 0
    tables: Mapping[str, Mapping[str, StoredFile]] = field(default_factory=dict)

    @property
    def revision(self) -> str:
        """Name of the content: equal data have equal revisions, whatever files they came from and when."""
        return self.part_revision(*sorted(set(self.tables) - _ABOUT_DATA))

    def part_revision(self, *tables: str) -> str:
        """Name of the content of some tables only."""
        text = json.dumps({t: {p: f.sha256 for p, f in self.tables.get(t, {}).items()} for t in tables}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


class Store:
    """A folder that holds all data of the desk.

    Parameters
    ----------
    root : Path
        The folder; made when first written.
    now : callable
        Clock in UTC.
    lock_timeout_s : float
        How long a writer waits for another.
    """

    def __init__(self, root: Path, now: Now = utc_now, lock_timeout_s: float = 60.0) -> None:
        self.root = Path(root)
        self.now = now
        self.lock_timeout_s = lock_timeout_s
        self._checked: set[str] = set()
        self._wholes: dict[str, tuple[StoredFile, pd.DataFrame]] = {}

    # -- state ---------------------------------------------------------------------------------------------------

    def state(self) -> State:
        """Return the current good state; an empty one when nothing was ever stored.

        Raises
        ------
        Damaged
            When the manifest is not one.
        StoreError
            When it may not be read.
        """
        path = self.root / MANIFEST
        try:
            return self.state_in(path)
        except FileNotFoundError:
            if not (self.root / MANIFEST_COPY).exists():
                return State()
            # Taken for an empty store, it would be written over.
            raise Damaged(
                f"{path} is gone, its copy is there", context={"file": path.name}, hint=_REPAIR_MANIFEST
            ) from None
        except OSError as error:
            raise StoreError(f"cannot read {path}: {error}") from error

    @staticmethod
    def state_in(path: Path) -> State:
        """Return the state that a manifest or its copy tells of.

        Raises
        ------
        OSError
            When it cannot be read.
        Damaged, StoreError
            As `state`.
        """
        try:
            document = json.loads(path.read_text("utf-8"))
            if document["layout"] != LAYOUT:
                raise StoreError(
                    f"{path}: layout {document['layout']}, this version reads {LAYOUT}",
                    key="store_layout",
                    context={"found": document["layout"], "known": LAYOUT},
                )
            tables = {
                table: {part: StoredFile(**entry) for part, entry in parts.items()}
                for table, parts in document["tables"].items()
            }
            # Manifests of before 2026-11 have none.
            if document.get("checksum", _checksum(document)) != _checksum(document):
                raise ValueError("it does not match its checksum")
            return State(int(document["number"]), tables)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise Damaged(
                f"{path} is not a readable manifest: {error}", context={"file": path.name}, hint=_REPAIR_MANIFEST
            ) from error

    @property
    def empty(self) -> bool:
        """True when nothing was ever stored."""
        return not self.state().tables

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the only writing lock.

        Raises
        ------
        Locked
            When another writer does not finish in time.
        """
        busy = Locked(
            f"another process writes to {self.root}; waited {self.lock_timeout_s:g} s",
            context={"seconds": f"{self.lock_timeout_s:g}"},
            hint="wait for the other import to end and try again",
        )
        with self.holding("lock", self.lock_timeout_s, busy):
            yield

    @contextlib.contextmanager
    def holding(self, name: str, timeout_s: float, busy: Locked) -> Iterator[None]:
        """Hold a lock of the store by its file name; raise `busy` when another process has it for `timeout_s`.

        Raises
        ------
        Locked
            The error given.
        StoreError
            When the folder cannot be written.
        """
        lock = filelock.FileLock(str(self.root / name), timeout=timeout_s)
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        except filelock.Timeout as error:
            raise busy from error
        except OSError as error:
            raise StoreError(
                f"cannot write to {self.root}: {error}",
                key="store_unwritable",
                context={"folder": str(self.root), "problem": error.strerror or str(error)},
                hint="free space on the disk or give the desk the right to write there",
            ) from error
        try:
            yield
        finally:
            lock.release()

    def commit(self, before: State, changed: Mapping[str, Mapping[str, StoredFile]]) -> State:
        """Put a new state in place; the caller holds the lock and has written the files."""
        tables = {table: dict(parts) for table, parts in before.tables.items()}
        for table, parts in changed.items():
            tables.setdefault(table, {}).update(parts)
        after = State(before.number + 1, tables)
        document: dict[str, Any] = {
            "layout": LAYOUT,
            "number": after.number,
            "revision": after.revision,
            "written_at": self.now().isoformat(),
            "tables": {t: {p: vars(f) for p, f in parts.items()} for t, parts in tables.items()},
        }
        document["checksum"] = _checksum(document)
        text = json.dumps(document, indent=1, sort_keys=True)
        kept = {f.name for parts in tables.values() for f in parts.values()}
        for name in {f.name for parts in before.tables.values() for f in parts.values()} - kept:
            # A file may be years old when it leaves the state; its grace begins now.
            with contextlib.suppress(OSError):
                os.utime(self.root / name)
        for name in (MANIFEST, MANIFEST_COPY):
            write_whole(self.root / name, lambda partial: _write_text(partial, text))
        sweep(self.root / "tables", {Path(name).name for name in kept}, GRACE_S, time.time())
        sweep(self.root, set(), GRACE_S, time.time(), f"{PARTIAL}*")
        sweep(self.root / "derived", set(), DERIVED_S, time.time())
        return after

    # -- files ---------------------------------------------------------------------------------------------------

    def put_table(self, table: str, part: str, content: pa.Table) -> StoredFile:
        """Write one table file under a name made from its content; not visible before `commit`."""
        dictionary = [f.name for f in content.schema if pa.types.is_dictionary(f.type) or pa.types.is_string(f.type)]
        digest = ""

        def fill(partial: Path) -> None:
            pq.write_table(content, partial, compression="zstd", compression_level=1, use_dictionary=dictionary)

        def name(partial: Path) -> str:
            nonlocal digest
            digest = sha256_of(partial)
            return f"{part}-{digest[:16]}.parquet"

        path = write_whole(self.root / "tables" / table / "new", fill, name)
        name_below = f"tables/{table}/{path.name}"
        self._checked.add(name_below)  # its checksum was taken a moment ago
        return StoredFile(name_below, content.num_rows, digest)

    def get_table(self, stored: StoredFile, columns: list[str] | None = None) -> pa.Table:
        """Read one table file of a state.

        Raises
        ------
        Damaged
            When the file is gone, does not match its checksum or cannot be read; names it.
        """
        path = self.root / stored.name
        try:
            if stored.name not in self._checked:
                if sha256_of(path) != stored.sha256:
                    raise Damaged(
                        f"{path} does not match its checksum",
                        context={"file": stored.name},
                        hint=_REPAIR_FILE,
                    )
                self._checked.add(stored.name)
            return pq.read_table(path, columns=columns, partitioning=None)
        except (FileNotFoundError, pa.ArrowInvalid, OSError) as error:
            raise Damaged(
                f"{path} cannot be read: {error}",
                context={"file": stored.name},
                hint=_REPAIR_FILE,
            ) from error

    def put_raw(self, data: bytes | Path) -> str:
        """Keep the bytes as they came, compressed, under their SHA-256; return it. Known bytes are kept once."""
        digest = sha256_of(data) if isinstance(data, Path) else hashlib.sha256(data).hexdigest()
        target = self.root / "raw" / digest[:2] / f"{digest}.zst"
        if not target.exists():

            def fill(partial: Path) -> None:
                with pa.OSFile(str(partial), "wb") as sink, pa.CompressedOutputStream(sink, "zstd") as out:
                    if isinstance(data, Path):
                        with open(data, "rb") as source:
                            while block := source.read(1 << 22):
                                out.write(block)
                    else:
                        out.write(data)

            write_whole(target, fill)
        return digest

    def get_raw(self, digest: str) -> bytes:
        """Return the bytes as they came; raise NotStored or Damaged."""
        path = self.root / "raw" / digest[:2] / f"{digest}.zst"
        try:
            with pa.OSFile(str(path), "rb") as source, pa.CompressedInputStream(source, "zstd") as stream:
                data: bytes = stream.read()
        except FileNotFoundError as error:
            raise NotStored(f"no raw bytes {digest}", context={"what": digest[:12]}) from error
        except OSError as error:
            raise Damaged(f"{path} cannot be read: {error}", context={"file": path.name}) from error
        if hashlib.sha256(data).hexdigest() != digest:
            raise Damaged(f"{path} does not match its checksum", context={"file": path.name})
        return data

    def derived(self, name: str, key: str, build: Callable[[Path], None]) -> Path:
        """Return the path of a file that can be made again, making it when it is not there.

        `key` names everything that went in: revisions of the inputs and version of the step. See `data.derived`.
        """
        return derived.made(self.root, name, key, build, self._checked)

    def earlier(self, stem: str) -> list[Path]:
        """Return the derived files of a step that were made from any state, the newest first."""
        return derived.earlier(self.root, stem)

    # -- tables --------------------------------------------------------------------------------------------------

    def parts(self, table: str, state: State | None = None) -> Mapping[str, StoredFile]:
        """Return the parts of a table in a state, by name."""
        return (state or self.state()).tables.get(table, {})

    def snapshots(self, state: State | None = None) -> pd.DataFrame:
        """Return what was brought in, newest last, in SNAPSHOT_COLUMNS; empty when nothing was."""
        return self._whole("snapshots", contracts.SNAPSHOT_COLUMNS, state)

    def attempts(self, state: State | None = None) -> pd.DataFrame:
        """Return what came of asking the sources, newest last, in ATTEMPT_COLUMNS; empty when none was asked."""
        return self._whole("attempts", contracts.ATTEMPT_COLUMNS, state)

    def briefings(self, state: State | None = None) -> pd.DataFrame:
        """Return the briefings that were made, newest last, in BRIEFING_COLUMNS; empty when none was."""
        return self._whole("briefings", contracts.BRIEFING_COLUMNS, state)

    def revisions(self, state: State | None = None) -> pd.DataFrame:
        """Return the numbers that later ones replaced, newest last, in REVISION_COLUMNS; empty when none was."""
        return self._whole("revisions", contracts.REVISION_COLUMNS, state)

    def forecasts(self, state: State | None = None) -> pd.DataFrame:
        """Return the forecasts as they were issued, in `contracts.FORECAST_COLUMNS`; empty when none was."""
        return self._whole("forecasts", contracts.FORECAST_COLUMNS, state)

    def candidates(self, state: State | None = None) -> pd.DataFrame:
        """Return what methods that were not served said at the same issues, as `forecasts` does."""
        return self._whole("candidates", contracts.FORECAST_COLUMNS, state)

    def model_days(self, state: State | None = None) -> pd.DataFrame:
        """Return what models said of days to come, in `contracts.MODEL_DAY_COLUMNS`; empty when none is stored."""
        return self._whole("model_days", contracts.MODEL_DAY_COLUMNS, state)

    def hotspot_part(self, stored: StoredFile, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """Return one stored year of detections in HOTSPOT_COLUMNS, or in some of them beside `lon` and `lat`."""
        return hotspots_from_arrow(self.get_table(stored, None if columns is None else [*columns, "geometry"]))

    def readings(self, start: dt.datetime, end: dt.datetime, state: State | None = None) -> pd.DataFrame:
        """Return readings stamped in [start, end), in READING_COLUMNS.

        Raises
        ------
        NotStored
            When no reading was ever stored.
        """
        parts = self.parts("readings", state)
        if not parts:
            raise NotStored("no PM2.5 readings are stored", key="no_readings", hint="import a station file first")
        frames = (self.get_table(f).to_pandas() for f in _years(parts, start, end))
        table = _cut(frames, start, end, contracts.READING_COLUMNS, contracts.READING_CATEGORIES)
        return table.reset_index(drop=True)

    def weather_part(self, stored: StoredFile) -> pd.DataFrame:
        """Return one stored year of weather in WEATHER_COLUMNS."""
        table = self.get_table(stored).to_pandas()
        return contracts.typed(table, contracts.WEATHER_COLUMNS, contracts.WEATHER_CATEGORIES)

    def weather(self, start: dt.datetime, end: dt.datetime, state: State | None = None) -> pd.DataFrame:
        """Return weather of the hours that begin in [start, end), in WEATHER_COLUMNS, by place, hour and issue.

        Raises
        ------
        NotStored
            When no weather was ever stored.
        """
        parts = self.parts("weather", state)
        if not parts:
            raise NotStored("no weather is stored", key="no_weather", hint="import a weather file, or fetch a source")
        years = _years(parts, start, end)
        frames = (self.weather_part(f) for f in years)
        table = _cut(frames, start, end, contracts.WEATHER_COLUMNS, contracts.WEATHER_CATEGORIES)
        return in_order(table) if len(years) > 1 else table

    def weather_places(self, state: State | None = None) -> pd.DataFrame:
        """Return the places that stored weather is of, in STATION_COLUMNS; empty when none is known."""
        return self._whole("weather_places", contracts.STATION_COLUMNS, state)

    def stations(self, state: State | None = None) -> pd.DataFrame:
        """Return the stored stations in STATION_COLUMNS; empty when none was stored."""
        return self._whole("stations", contracts.STATION_COLUMNS, state)

    def _whole(self, table: str, columns: dict[str, str], state: State | None) -> pd.DataFrame:
        """Return a table kept in one file, empty with its columns when nothing was stored."""
        stored = self.parts(table, state).get("all")
        if stored is None:
            return contracts.empty(columns)
        held = self._wholes.get(table)
        if held is None or held[0] != stored:
            # A page asks for these some ten times over; pandas copies what a caller writes to.
            held = stored, contracts.typed(self.get_table(stored).to_pandas(), columns, {})
            self._wholes[table] = held
        return held[1].copy(deep=False)

    def tambons(self, state: State | None = None) -> gpd.GeoDataFrame | None:
        """Return the stored tambons in TAMBON_COLUMNS with geometry, or None when none was imported."""
        stored = self.parts("tambons", state).get("all")
        if stored is None:
            return None
        return _shaped(self.get_table(stored).to_pandas())

    def land(self, state: State | None = None) -> gpd.GeoDataFrame | None:
        """Return the polygons of land classes (`land_class`, geometry in EPSG:4326), or None when none was imported."""
        stored = self.parts("land", state).get("all")
        if stored is None:
            return None
        return _shaped(self.get_table(stored).to_pandas())

    def population(self, state: State | None = None) -> pd.DataFrame | None:
        """Return people per tambon (tambon, population, year, source, older), or None when none was imported.

        `older`, people of 60 and over, is missing where no file told.
        """
        stored = self.parts("population", state).get("all")
        if stored is None:
            return None
        table = self.get_table(stored).to_pandas()
        older = table["older"] if "older" in table else pd.Series(pd.NA, index=table.index)
        return pd.DataFrame(table.assign(older=older.astype("Int64")))


def _years(parts: Mapping[str, StoredFile], start: dt.datetime, end: dt.datetime) -> list[StoredFile]:
    """Return the yearly parts that may hold moments of [start, end), oldest first."""
    first, last = start.astimezone(UTC).year, end.astimezone(UTC).year
    return [stored for part, stored in sorted(parts.items()) if first <= int(part) <= last]


def _cut(
    frames: Iterable[pd.DataFrame],
    start: dt.datetime,
    end: dt.datetime,
    columns: dict[str, str],
    categories: dict[str, tuple[str, ...]],
) -> pd.DataFrame:
    """Return the rows of yearly parts that are stamped in [start, end)."""
    inside = [f[(f["measured_at"] >= start) & (f["measured_at"] < end)] for f in frames]
    return contracts.typed(pd.concat([f for f in inside if len(f)] or [contracts.empty(columns)]), columns, categories)


def _shaped(table: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return a table whose outlines were kept as `wkb`, with its geometry."""
    geometry = gpd.GeoSeries.from_wkb(table.pop("wkb"), crs="EPSG:4326")
    return gpd.GeoDataFrame(table, geometry=geometry.to_numpy(), crs="EPSG:4326")


def _checksum(document: Mapping[str, Any]) -> str:
    rest = {name: value for name, value in document.items() if name != "checksum"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, "utf-8")


def hotspots_to_arrow(table: pd.DataFrame) -> pa.Table:
    """Return a detection table as GeoParquet-ready Arrow: positions become one native point column."""
    point = pa.StructArray.from_arrays(
        [pa.array(table["lon"].to_numpy(), pa.float64()), pa.array(table["lat"].to_numpy(), pa.float64())], ["x", "y"]
    )
    rest = pa.Table.from_pandas(table.drop(columns=["lon", "lat"]), preserve_index=False)
    return rest.append_column("geometry", point).replace_schema_metadata({"geo": _GEO_POINT})


def hotspots_from_arrow(content: pa.Table) -> pd.DataFrame:
    """Return stored detections in those of HOTSPOT_COLUMNS that were read."""
    point = content["geometry"].combine_chunks()
    lon = np.asarray(point.field(0), dtype=float)
    lat = np.asarray(point.field(1), dtype=float)
    table = content.drop_columns(["geometry"]).to_pandas().assign(lon=lon, lat=lat)
    columns = {name: dtype for name, dtype in contracts.HOTSPOT_COLUMNS.items() if name in table}
    return contracts.typed(table, columns, contracts.HOTSPOT_CATEGORIES)


def describe(entries: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return provenance records as rows in SNAPSHOT_COLUMNS."""
    return contracts.typed(pd.DataFrame([dict(entry) for entry in entries]), contracts.SNAPSHOT_COLUMNS, {})
