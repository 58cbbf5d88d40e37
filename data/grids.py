"""Gridded fields at rest and in the hand: regular axes, the box that is kept, and their form in the store's files.

A grid is a DataArray (time, lat, lon), both axes ascending, cell centres, EPSG:4326, stamps in UTC. Never reads a
provider's file (that is `fetchers.grids`) and never averages.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

from data.errors import ContractError, StoreError

if TYPE_CHECKING:
    import xarray as xr

#: What is kept of a grid, degrees: northern Thailand and the neighbours whose smoke it gets (west, south, east, north).
BOX = (94.0, 12.0, 106.0, 24.0)
#: Centres of cells agree to this share of a cell.
_UNEVEN = 0.02
_DIGITS = 6
#: Longitudes of 32 bits are wrong by up to 4e-6 degrees.
_NOISE = 2e-5
#: What a stored grid is known by; a source is a word of a file name.
_WORD = re.compile(r"[a-z0-9_-]{1,60}")
#: Columns of the table of stored grids.
LISTED = ("variable", "source", "units", "axes", "first", "last", "times", "runs", "cells", "step_deg")


@dataclass(frozen=True)
class Axes:
    """Regular axes of cell centres, ascending, in degrees (of a raster in the unit of its own coordinates).

    Attributes
    ----------
    west, south : float
        Centre of the first column and row.
    step_lon, step_lat : float
        Size of a cell.
    columns, rows : int
    """

    west: float
    south: float
    step_lon: float
    step_lat: float
    columns: int
    rows: int

    @functools.cached_property
    def lon(self) -> np.ndarray:
        """Centres of the columns, shape (columns,)."""
        return np.asarray((self.west + self.step_lon * np.arange(self.columns)).round(_DIGITS), dtype=float)

    @functools.cached_property
    def lat(self) -> np.ndarray:
        """Centres of the rows, shape (rows,)."""
        return np.asarray((self.south + self.step_lat * np.arange(self.rows)).round(_DIGITS), dtype=float)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Outer edges: west, south, east, north."""
        west, south = self.west - self.step_lon / 2, self.south - self.step_lat / 2
        return west, south, west + self.columns * self.step_lon, south + self.rows * self.step_lat

    @property
    def cells(self) -> int:
        """Number of cells."""
        return self.columns * self.rows

    @property
    def key(self) -> str:
        """Short name of exactly these axes."""
        return hashlib.sha256(json.dumps(self.numbers).encode()).hexdigest()[:8]

    @property
    def numbers(self) -> tuple[float, float, float, float, int, int]:
        """The six numbers that make the axes, in the order of the fields."""
        return self.west, self.south, self.step_lon, self.step_lat, self.columns, self.rows

    def meets(self, other: Axes) -> bool:
        """Tell whether the cells of both fall onto each other."""
        steps = abs(self.step_lon - other.step_lon) < 1e-5 and abs(self.step_lat - other.step_lat) < 1e-5
        away = ((self.west - other.west) / self.step_lon, (self.south - other.south) / self.step_lat)
        return steps and all(abs(off - round(off)) < _UNEVEN for off in away)


def regular(lon: np.ndarray, lat: np.ndarray) -> Axes | None:
    """Return the axes that two ascending arrays of cell centres make; None when they are not evenly spaced.

    A single row or column has no size of its own and counts as not regular.
    """
    found = [_evenly(np.asarray(centres, dtype=float)) for centres in (lon, lat)]
    if found[0] is None or found[1] is None:
        return None
    (west, step_lon), (south, step_lat) = found[0], found[1]
    return Axes(west, south, step_lon, step_lat, len(lon), len(lat))


def _evenly(centres: np.ndarray) -> tuple[float, float] | None:
    """Return first centre and step of an ascending axis, in the fewest decimals that the numbers allow."""
    if len(centres) < 2:
        return None
    between = np.diff(centres)
    step = float(centres[-1] - centres[0]) / (len(centres) - 1)
    if step <= 0 or np.abs(between - step).max() > _UNEVEN * step:
        return None
    steps = np.arange(len(centres))
    for digits in range(1, _DIGITS + 1):
        plain = round(float(centres[0]), digits), round(step, digits)
        if np.abs(plain[0] + plain[1] * steps - centres).max() < _NOISE:
            return plain
    return round(float(centres[0]), _DIGITS), step


def axes_of(array: xr.DataArray) -> Axes:
    """Return the axes of a grid; a cut of one row or column carries its cell size as the attribute `step_deg`.

    Raises
    ------
    ContractError
        Key ``grid_axes``: not regular.
    """
    lon, lat = array["lon"].to_numpy(), array["lat"].to_numpy()
    found = regular(lon, lat)
    if found is None and "step_deg" in array.attrs and len(lon) and len(lat):
        step_lon, step_lat = (float(step) for step in array.attrs["step_deg"])
        found = Axes(
            round(float(lon[0]), _DIGITS), round(float(lat[0]), _DIGITS), step_lon, step_lat, len(lon), len(lat)
        )
        even = np.allclose(lon, found.lon, atol=step_lon * _UNEVEN) and np.allclose(
            lat, found.lat, atol=step_lat * _UNEVEN
        )
        found = found if even else None
    if found is None:
        raise ContractError(
            f"grid: axes of {len(lon)} x {len(lat)} cells are not regular and ascending",
            key="grid_axes",
            context={"columns": len(lon), "rows": len(lat)},
        )
    return found


def inside(axes: Axes, box: tuple[float, float, float, float] = BOX) -> tuple[slice, slice]:
    """Return the rows and columns whose cells touch the box; empty slices when none does."""
    west, south, east, north = box
    lon, lat = axes.lon, axes.lat
    columns = np.flatnonzero((lon + axes.step_lon / 2 > west) & (lon - axes.step_lon / 2 < east))
    rows = np.flatnonzero((lat + axes.step_lat / 2 > south) & (lat - axes.step_lat / 2 < north))
    if not len(columns) or not len(rows):
        return slice(0, 0), slice(0, 0)
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def cut(array: xr.DataArray, box: tuple[float, float, float, float] = BOX) -> xr.DataArray:
    """Return the part of a grid whose cells touch the box, its cell size kept as the attribute `step_deg`."""
    axes = axes_of(array)
    rows, columns = inside(axes, box)
    part = array.isel(lat=rows, lon=columns)
    part.attrs = {**array.attrs, "step_deg": (axes.step_lon, axes.step_lat)}
    return part


def check_grid(array: xr.DataArray) -> xr.DataArray:
    """Return `array` when it keeps the contract of a grid.

    Raises
    ------
    ContractError
        Key ``grid_axes`` or ``contract``; says what is wrong.
    """
    if array.dims != ("time", "lat", "lon"):
        raise _broken("dims", array.dims)
    axes_of(array)
    if not _WORD.fullmatch(str(array.name)) or not _WORD.fullmatch(str(array.attrs.get("source", ""))):
        raise _broken("name and source", (array.name, array.attrs.get("source")))
    if not array.attrs.get("units"):
        raise _broken("units", array.attrs.get("units"))
    if array["time"].dtype.kind != "M" or bool(array["time"].isnull().any()):
        raise _broken("time", array["time"].dtype)
    return array


def _broken(what: str, got: Any) -> ContractError:
    return ContractError(f"grid: {what} is {got!r}", context={"column": what, "got": str(got)[:80]})


@dataclass(frozen=True)
class Block:
    """Fields of one variable and source on one set of axes, in the order of time and run.

    Attributes
    ----------
    variable, source, units : str
    axes : Axes
    time : ndarray of datetime64[us], shape (n,)
        UTC.
    run : ndarray of datetime64[us], shape (n,)
        Start of the model run; missing for an analysis or what was observed.
    issued_at : ndarray of datetime64[us], shape (n,)
        When it was known; missing where nobody says.
    values : ndarray of float32, shape (n, rows * columns)
        Row after row from the south, NaN where missing.
    """

    variable: str
    source: str
    units: str
    axes: Axes
    time: np.ndarray
    run: np.ndarray
    issued_at: np.ndarray
    values: np.ndarray

    @property
    def key(self) -> str:
        """Name of the parts it goes to, without the month."""
        return f"{self.variable}.{self.source}.{self.axes.key}"

    def take(self, chosen: np.ndarray) -> Block:
        """Return some of the fields."""
        parts = {name: getattr(self, name)[chosen] for name in ("time", "run", "issued_at", "values")}
        return replace(self, **parts)

    def by_month(self) -> Iterable[tuple[str, Block]]:
        """Yield the fields month after month of their time, each with the name of its part."""
        months = self.time.astype("datetime64[M]")
        for month in np.unique(months):
            yield f"{self.key}.{month}", self.take(np.flatnonzero(months == month))


def block_of(array: xr.DataArray) -> Block:
    """Return a grid as fields to store; what lies outside `BOX` is left away.

    Raises
    ------
    ContractError
        When it does not keep the contract, or no cell touches the box (key ``grid_elsewhere``).
    """
    part = cut(check_grid(array))
    if not part.sizes["lat"] or not part.sizes["lon"]:
        west, south, east, north = axes_of(array).bounds
        raise ContractError(
            f"grid of {west:g} to {east:g} E, {south:g} to {north:g} N touches nothing of {BOX}",
            key="grid_elsewhere",
            context={"west": f"{west:.1f}", "south": f"{south:.1f}", "east": f"{east:.1f}", "north": f"{north:.1f}"},
        )
    n = part.sizes["time"]
    return Block(
        str(array.name),
        str(array.attrs["source"]),
        str(array.attrs["units"]),
        axes_of(part),
        part["time"].to_numpy().astype("datetime64[us]"),
        np.full(n, _moment(array.attrs.get("run"))),
        np.full(n, _moment(array.attrs.get("issued_at"))),
        part.to_numpy().astype(np.float32).reshape(n, -1),
    )


def _moment(text: Any) -> np.datetime64:
    if not text:
        return np.datetime64("NaT", "us")
    return np.datetime64(pd.to_datetime(str(text), utc=True).tz_convert(None).isoformat(), "us")


def to_arrow(block: Block) -> pa.Table:
    """Return fields as a table for one file: a row for each field, the axes in the metadata."""
    facts = {"variable": block.variable, "source": block.source, "units": block.units, "axes": block.axes.numbers}
    flat = pa.array(np.ascontiguousarray(block.values).ravel(), pa.float32(), from_pandas=False)
    columns = {
        "time": pa.array(block.time, pa.timestamp("us", "UTC")),
        "run": pa.array(block.run, pa.timestamp("us", "UTC")),
        "issued_at": pa.array(block.issued_at, pa.timestamp("us", "UTC")),
        "values": pa.FixedSizeListArray.from_arrays(flat, block.axes.cells),
    }
    return pa.table(columns).replace_schema_metadata({"grid": json.dumps(facts, sort_keys=True, ensure_ascii=False)})


def from_arrow(content: pa.Table) -> Block:
    """Return the fields of one stored file."""
    facts = json.loads(content.schema.metadata[b"grid"])
    axes = Axes(*facts["axes"][:4], *(int(number) for number in facts["axes"][4:]))
    none = np.full(content.num_rows, np.datetime64("NaT", "us"))
    time, run, issued = (
        content[name].to_numpy().astype("datetime64[us]") if name in content.column_names else none
        for name in ("time", "run", "issued_at")
    )
    values = np.empty((0, axes.cells), np.float32)
    if "values" in content.column_names:
        values = content["values"].combine_chunks().flatten().to_numpy().reshape(-1, axes.cells)
    return Block(facts["variable"], facts["source"], facts["units"], axes, time, run, issued, values)


def merged(old: Block | None, new: Block) -> tuple[Block, int]:
    """Return the fields of both and how many of `new` brought anything.

    The key is (time, run). A later number replaces an earlier one, a missing cell replaces nothing.
    """
    first = old if old is not None else new.take(np.empty(0, np.intp))
    known = {key: at for at, key in enumerate(_keys(first))}
    held = list(first.values)
    stamps = [list(stamp) for stamp in (first.time, first.run, first.issued_at)]
    kept: set[tuple[int, int]] = set()
    for key, time, run, issued, field in zip(_keys(new), new.time, new.run, new.issued_at, new.values, strict=True):
        if key not in known:
            known[key] = len(held)
            held.append(field)
            for stamp, value in zip(stamps, (time, run, issued), strict=True):
                stamp.append(value)
            kept.add(key)
            continue
        at = known[key]
        better = ~np.isnan(field) & (field != held[at])
        if better.any():
            held[at] = np.where(better, field, held[at])
            kept.add(key)
    arrays = [np.array(stamp, dtype="datetime64[us]") for stamp in stamps]
    both = replace(first, time=arrays[0], run=arrays[1], issued_at=arrays[2], values=np.array(held, np.float32))
    return both.take(np.lexsort((arrays[1].astype(np.int64), arrays[0]))), len(kept)


def _keys(block: Block) -> list[tuple[int, int]]:
    return list(zip(block.time.astype(np.int64).tolist(), block.run.astype(np.int64).tolist(), strict=True))


def chosen_runs(time: np.ndarray, run: np.ndarray, wanted: np.datetime64 | None = None) -> np.ndarray:
    """Return positions of one field per time: an analysis before a forecast, of forecasts the newest run.

    With `wanted`, only the fields of that run.
    """
    rank = np.where(np.isnat(run), np.iinfo(np.int64).max, run.astype(np.int64))
    order = np.lexsort((rank, time))
    if wanted is not None:
        order = order[run[order] == wanted]
    last = np.append(time[order][1:] != time[order][:-1], True) if len(order) else np.empty(0, bool)
    return np.asarray(order[last])


def joined_axes(axes: Sequence[Axes]) -> Axes:
    """Return axes that hold the cells of all.

    Raises
    ------
    StoreError
        Key ``grid_lattices``: their cells do not fall onto each other.
    """
    first = axes[0]
    if not all(first.meets(other) for other in axes):
        raise StoreError(
            f"grids on {len(axes)} different sets of cells cannot be one array",
            key="grid_lattices",
            context={"axes": ", ".join(one.key for one in axes)},
            hint="name the axes wanted",
        )
    west, south = min(one.west for one in axes), min(one.south for one in axes)
    east, north = max(float(one.lon[-1]) for one in axes), max(float(one.lat[-1]) for one in axes)
    columns = round((east - west) / first.step_lon) + 1
    rows = round((north - south) / first.step_lat) + 1
    return Axes(west, south, first.step_lon, first.step_lat, columns, rows)


def placed(block: Block, axes: Axes) -> np.ndarray:
    """Return the values on wider axes of the same cells, NaN beyond; float32, shape (n, rows, columns)."""
    field = block.values.reshape(-1, block.axes.rows, block.axes.columns)
    if block.axes == axes:
        return field
    row = round((block.axes.south - axes.south) / axes.step_lat)
    column = round((block.axes.west - axes.west) / axes.step_lon)
    wide = np.full((len(field), axes.rows, axes.columns), np.nan, np.float32)
    wide[:, row : row + block.axes.rows, column : column + block.axes.columns] = field
    return wide


def joined(blocks: Sequence[Block]) -> xr.DataArray:
    """Return blocks of one variable and source, each with one field per time, as one grid.

    Where two blocks have the same time, the better run wins and the other fills its missing cells.
    """
    axes = joined_axes([block.axes for block in blocks])
    time = np.concatenate([block.time for block in blocks])
    run = np.concatenate([block.run for block in blocks])
    values = np.concatenate([placed(block, axes) for block in blocks])
    best = chosen_runs(time, run)
    if len(best) < len(time):
        spot = np.searchsorted(time[best], time)
        for at in np.setdiff1d(np.arange(len(time)), best):
            target = values[best[spot[at]]]
            np.copyto(target, values[at], where=np.isnan(target))
    order = best if not np.array_equal(best, np.arange(len(time))) else slice(None)
    return as_array(values[order], axes, blocks[0], time[order], run[order])


def as_array(values: Any, axes: Axes, facts: Block, time: np.ndarray, run: np.ndarray) -> xr.DataArray:
    """Return values (time, rows, columns) as a grid; `run` is a coordinate beside time, and the attribute when one."""
    import xarray as xr

    runs = np.unique(run)
    one = str(runs[0]) if len(runs) == 1 and not np.isnat(runs[0]) else ""
    attrs: Mapping[str, Any] = {
        "units": facts.units,
        "source": facts.source,
        "run": one,
        "issued_at": one,
        "step_deg": (axes.step_lon, axes.step_lat),
    }
    coords = {
        "time": time.astype("datetime64[ns]"),
        "lat": axes.lat,
        "lon": axes.lon,
        "run": ("time", run.astype("datetime64[ns]")),
    }
    return xr.DataArray(values, coords, ("time", "lat", "lon"), facts.variable, attrs)
