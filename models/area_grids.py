"""Stored grids and rasters by tambon, amphoe or province, as tables: each value with its coverage and its source.

An amphoe is its own outline, not a mean of means. Never reads a file, never fills a gap.
"""

from __future__ import annotations

import datetime as dt
from typing import Literal

import geopandas as gpd
import numpy as np
import pandas as pd

from data import stored_grids
from data.errors import NotStored
from data.rasters import STATISTICS
from data.variables import registry
from models import gridded, ground
from models.desk import Desk

By = Literal["tambon", "amphoe", "province"]
_NAMES = ["code", "name_th", "name_en"]
_HELD = ["tambon", "name_th", "name_en"]


def areas(desk: Desk, by: By) -> gpd.GeoDataFrame:
    """Return the areas of the place: `tambon` (code of the area), `name_th`, `name_en`, `province` and geometry."""
    held = desk.tambons[[by, f"{by}_th", f"{by}_en", "geometry"]]
    whole = held if by == "tambon" else held.dissolve(by, aggfunc="first").reset_index()
    named = whole.rename(columns={by: "tambon", f"{by}_th": "name_th", f"{by}_en": "name_en"})
    return named.sort_values("tambon").reset_index(drop=True)


def grid_by_area(
    desk: Desk, variable: str, source: str, first: dt.date, last: dt.date, by: By, *, people: bool = False
) -> pd.DataFrame:
    """Return daily means of a stored grid.

    Parameters
    ----------
    variable, source : str
        As `stored_grids.grids` lists them; an empty source is the only one that is stored of the variable.
    first, last : date
        Thai days, both included.
    people : bool
        Weigh cells by people instead of by area; see `gridded.daily`.

    Returns
    -------
    DataFrame
        `code`, `name_th`, `name_en`, `day`, `value` (missing below half coverage), `coverage`, `fields` of the day,
        `unit`, `source`; by day, then area.

    Raises
    ------
    NotStored
        Key ``no_grid`` when there is no such grid, ``which_grid`` when several sources are stored and none is named,
        ``no_raster`` when people are asked for and no population raster is stored.
    """
    whole = areas(desk, by)
    source = source or _only_source(desk, variable)
    found = gridded.daily(desk.store, whole, variable, source, first, last, desk.state, people=people)
    days, n = found["time"].dt.strftime("%Y-%m-%d").to_numpy(), len(whole)
    names = {name: np.tile(whole[at].to_numpy(object), len(days)) for name, at in zip(_NAMES, _HELD, strict=True)}
    return pd.DataFrame(
        {
            **names,
            "day": np.repeat(days, n),
            "value": found["mean"].to_numpy().astype(float).ravel().round(3),
            "coverage": found["coverage"].to_numpy().astype(float).ravel().round(4),
            "fields": np.repeat(found["fields"].to_numpy(), n),
            "unit": registry()[variable].unit,
            "source": source,
        }
    )


def ground_by_area(desk: Desk, variable: str, by: By) -> pd.DataFrame:
    """Return what a static raster says of each area.

    Returns
    -------
    DataFrame
        `code`, `name_th`, `name_en`, `land_class` (code of the source; for ``land_cover`` alone), `value` (people,
        metres, an index, or the share of the area), `unit`, `coverage` (share of the area whose cells have a value),
        `source` and `when`.

    Raises
    ------
    NotStored
        When there is no such raster.
    """
    whole = areas(desk, by)
    tile = next(iter(stored_grids.raster_tiles(desk.store, variable, desk.state)))
    if STATISTICS[variable] == "class":
        found = ground.class_shares(desk.store, whole, desk.state).rename(columns={"share": "value"})
        found = found[found["value"] > 0].sort_values(["tambon", "value"], ascending=[True, False])
        unit = "1"
    else:
        found, unit = ground.per_tambon(desk.store, whole, variable, desk.state), tile.units
    named = whole[_HELD].merge(found, on="tambon", how="inner").rename(columns={"tambon": "code"})
    named = named.assign(unit=unit, when=tile.when, value=named["value"].round(4), coverage=named["coverage"].round(4))
    columns = [*_NAMES, "land_class", "value", "unit", "coverage", "source", "when"]
    return pd.DataFrame(named, columns=[name for name in columns if name in named])


def _only_source(desk: Desk, variable: str) -> str:
    listed = stored_grids.grids(desk.store, desk.state)
    mine = sorted(set(listed.loc[listed["variable"] == variable, "source"]))
    if len(mine) == 1:
        return str(mine[0])
    if not mine:
        context = {"variable": variable, "source": "–"}
        raise NotStored(f"no grid of {variable} is stored", key="no_grid", context=context)
    context = {"variable": variable, "found": ", ".join(mine)}
    raise NotStored(f"{variable}: several sources, {mine}", key="which_grid", context=context)
