"""The gridded fields and static rasters of a state, listed and read: what the files of the store hold of them.

Never writes (`data.merge` does), never works anything out beyond choosing the run that counts.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from data.errors import NotStored
from data.grids import LISTED, Block, chosen_runs, from_arrow, joined
from data.rasters import Raster
from data.rasters import from_arrow as raster_from_arrow
from data.store import State, Store

if TYPE_CHECKING:
    import xarray as xr


def grids(store: Store, state: State | None = None) -> pd.DataFrame:
    """Return what gridded fields are stored, one row per variable, source and axes, in `data.grids.LISTED` columns.

    `first` and `last` are UTC, `runs` counts model runs (0 for an analysis), `step_deg` is the size of a cell.
    """
    rows: dict[str, dict[str, Any]] = {}
    for part, stored in sorted(store.parts("grids", state).items()):
        block = from_arrow(store.get_table(stored, ["time", "run"]))
        entry = rows.setdefault(
            part.rpartition(".")[0],
            {
                "variable": block.variable,
                "source": block.source,
                "units": block.units,
                "axes": block.axes.key,
                "time": [],
                "run": [],
                "cells": block.axes.cells,
                "step_deg": block.axes.step_lat,
            },
        )
        entry["time"].append(block.time)
        entry["run"].append(block.run)
    for entry in rows.values():
        time, run = np.unique(np.concatenate(entry.pop("time"))), np.unique(np.concatenate(entry.pop("run")))
        first, last = (pd.Timestamp(time[at], tz="UTC") for at in (0, -1))
        entry |= {"first": first, "last": last, "times": len(time), "runs": int((~np.isnat(run)).sum())}
    return pd.DataFrame(list(rows.values()), columns=list(LISTED))


def _blocks(
    store: Store,
    variable: str,
    source: str,
    start: dt.datetime,
    end: dt.datetime,
    state: State | None = None,
    *,
    axes: str = "",
) -> Iterator[Block]:
    """Yield the stored fields of [start, end), a month of one set of axes at a time, every run of them."""
    low, high = (np.datetime64(pd.Timestamp(moment).tz_convert(None), "us") for moment in (start, end))
    months = [str(moment.astype("datetime64[M]")) for moment in (low, high)]
    for part, stored in sorted(store.parts("grids", state).items()):
        name, made_by, mark, month = part.split(".")
        if (name, made_by) != (variable, source) or (axes and mark != axes) or not months[0] <= month <= months[1]:
            continue
        block = from_arrow(store.get_table(stored))
        chosen = np.flatnonzero((block.time >= low) & (block.time < high))
        if len(chosen):
            yield block if len(chosen) == len(block.time) else block.take(chosen)


def grid(
    store: Store,
    variable: str,
    source: str,
    start: dt.datetime,
    end: dt.datetime,
    state: State | None = None,
    *,
    axes: str = "",
    run: dt.datetime | None = None,
) -> xr.DataArray:
    """Return the gridded field of [start, end): (time, lat, lon), one field per time.

    Where several runs speak of one time, an analysis wins over a forecast and a newer run over an older one;
    with `run`, only that run. Cells that a part lacks are missing.

    Raises
    ------
    NotStored
        When there is none.
    StoreError
        Key ``grid_lattices``, when the fields lie on different cells and `axes` does not name one.
    """
    blocks = list(_blocks(store, variable, source, start, end, state, axes=axes))
    wanted = None if run is None else np.datetime64(pd.Timestamp(run).tz_convert(None), "us")
    blocks = [block.take(chosen_runs(block.time, block.run, wanted)) for block in blocks]
    blocks = [block for block in blocks if len(block.time)]
    if not blocks:
        raise NotStored(
            f"no grid of {variable} from {source} is stored for {start} to {end}",
            key="no_grid",
            context={"variable": variable, "source": source},
            hint="import a gridded file of it first",
        )
    return joined(blocks)


def rasters(store: Store, state: State | None = None) -> pd.DataFrame:
    """Return what static rasters are stored, one row each, as `variable`, `source`, `when`."""
    rows = [part.split(".") for part in sorted(store.parts("rasters", state))]
    return pd.DataFrame([row[:3] for row in rows], columns=["variable", "source", "when"])


def raster_tiles(store: Store, variable: str, state: State | None = None) -> Iterator[Raster]:
    """Yield the rasters of a variable that speak of its newest time, from the source last in the alphabet.

    Raises
    ------
    NotStored
        When there is none.
    """
    parts = {tuple(part.split(".")): f for part, f in store.parts("rasters", state).items()}
    mine = {key: f for key, f in parts.items() if key[0] == variable}
    if not mine:
        raise NotStored(
            f"no raster of {variable} is stored",
            key="no_raster",
            context={"variable": variable},
            hint="import a GeoTIFF of it first",
        )
    newest = max((key[2] if key[2] != "undated" else "", key[1]) for key in mine)
    for key, stored in sorted(mine.items()):
        if (key[2] if key[2] != "undated" else "", key[1]) == newest:
            yield raster_from_arrow(store.get_table(stored))
