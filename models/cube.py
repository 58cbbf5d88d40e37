"""The cube (time, tambon): everything the desk knows of a Thai day and a tambon side by side, kept year by year.

A variable that is not there was never stored; a missing value inside one was looked for and not found. Every mean
carries its coverage. Never fetches, and never makes up a method: each variable is what its own model gives.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from data import stored_grids
from data.errors import NotStored
from data.variables import registry
from models import gridded, surface
from models.counts import PASSES, SATELLITE_SETS
from models.derived import kept
from models.desk import Desk

#: Raised when the cube changes its form or meaning.
VERSION = "2"
_INPUTS = ("hotspots", "readings", "stations", "tambons", "grids")
_SURFACE = {
    "pm25": "PM2.5, measured or estimated",
    "low": "lower end of the 90 % interval",
    "high": "upper end of the 90 % interval",
    "coverage": "share of the day's hours that were measured in the tambon",
    "nearest_km": "distance to the nearest instrument",
}


def cube(desk: Desk, first: dt.date, last: dt.date, satellites: Sequence[str] = SATELLITE_SETS["SNPP"]) -> xr.Dataset:
    """Return the cube of Thai days `first` to `last`, both included, over all tambons the desk knows.

    Returns
    -------
    Dataset (time, tambon)
        ``hotspots_night``, ``hotspots_day`` (counts of the satellites, zeros shown) with ``hotspots_known`` (False
        where no stored file reaches the day in the tambon's province); ``pm25`` with ``pm25_low``, ``pm25_high``,
        ``pm25_coverage``, ``pm25_nearest_km`` and ``pm25_measured`` (over the place alone, see `models.surface`); and
        for each stored grid ``VARIABLE_SOURCE`` with ``VARIABLE_SOURCE_coverage`` and ``VARIABLE_SOURCE_fields`` (see
        `models.gridded`).
        `time` is the day itself. Each variable has the attributes units, long_name, source, revision and run.
    """
    years = [_year(desk, year, satellites) for year in range(first.year, last.year + 1)]
    # A year's variables depend on what was stored of it; missing ones are missing, never zero.
    whole = years[0] if len(years) == 1 else xr.concat(years, "time", join="outer", combine_attrs="override")
    return whole.sel(time=slice(np.datetime64(first), np.datetime64(last)))


def write(made: xr.Dataset, path: Path) -> None:
    """Write a cube as NetCDF, or as CSV (``.csv``) with a row for each day and tambon; OSError when that fails."""
    if path.suffix.lower() == ".csv":
        rows = made.to_dataframe().reset_index()
        rows.insert(0, "day", rows.pop("time").dt.strftime("%Y-%m-%d"))
        rows.to_csv(path, index=False)
        return
    made.to_netcdf(path, engine="netcdf4", encoding={name: {"zlib": True, "complevel": 4} for name in made.data_vars})


def revision(desk: Desk, satellites: Sequence[str]) -> str:
    """Return the name of everything that goes in: stored tables, outlines, satellites and code."""
    said = [desk.state.part_revision(*_INPUTS), desk.detections.outline, desk.place.key, sorted(satellites)]
    return hashlib.sha256(json.dumps([*said, VERSION, surface.VERSION, gridded.VERSION]).encode()).hexdigest()[:16]


def _year(desk: Desk, year: int, satellites: Sequence[str]) -> xr.Dataset:
    key = revision(desk, satellites)

    def build(path: Path) -> None:
        made = _built(desk, year, satellites)
        made.attrs = {"revision": key, "satellites": ",".join(satellites), "place": desk.place.key}
        # Not packed: reading is then a copy.
        try:
            made.to_netcdf(path, engine="netcdf4", encoding={name: {"zlib": False} for name in made.data_vars})
        except RuntimeError as error:  # how NetCDF says that the disk is full
            raise OSError(f"{path.name}: {error}") from error

    return kept(desk.store, f"cube_{year}.nc", key, build, lambda path: xr.load_dataset(path, engine="netcdf4"))


def _built(desk: Desk, year: int, satellites: Sequence[str]) -> xr.Dataset:
    first, last = dt.date(year, 1, 1), dt.date(year, 12, 31)
    days = pd.date_range(first, last, freq="D", unit="s")
    codes = desk.detections.tambons["tambon"].to_numpy(dtype=object)
    made = xr.Dataset(coords={"time": days, "tambon": codes})
    for parts in (_hotspots(desk, first, last, satellites), _surface(desk, first, last), _grids(desk, first, last)):
        for name, array in parts:
            made[name] = array
    return made


def _told(desk: Desk, table: str, source: str, units: str, long_name: str, run: str = "") -> dict[str, str]:
    stored = desk.state.part_revision(table)
    return {"units": units, "long_name": long_name, "source": source, "revision": stored, "run": run}


def _hotspots(
    desk: Desk, first: dt.date, last: dt.date, satellites: Sequence[str]
) -> Iterator[tuple[str, xr.DataArray]]:
    if not desk.detections.parts:
        return
    names = ",".join(satellites)
    every = np.arange(len(desk.detections.tambons))
    coords = {"time": pd.date_range(first, last, freq="D", unit="s")}
    for half in PASSES:
        counts = desk.detections.daily_each(first, last, satellites, every, half).astype(np.int32)
        told = _told(desk, "hotspots", names, "1", f"detections of the {half} pass")
        yield f"hotspots_{half}", xr.DataArray(counts, coords, ("time", "tambon"), attrs=told)
    known = desk.detections.known_days(first, last, satellites)
    told = _told(desk, "hotspots", names, "1", "a stored file reaches the day in the tambon's province")
    yield "hotspots_known", xr.DataArray(known, coords, ("time", "tambon"), attrs=told)


def _surface(desk: Desk, first: dt.date, last: dt.date) -> Iterator[tuple[str, xr.DataArray]]:
    try:
        table = surface.daily_surface(desk, first, last)
    except NotStored:
        return
    if table.empty:
        return
    wide = table.set_index(["day", "tambon"])[[*_SURFACE, "measured"]].to_xarray().rename(day="time")
    every = pd.date_range(first, last, freq="D", unit="s")
    codes = desk.detections.tambons["tambon"].to_numpy(dtype=object)
    wide = wide.reindex(time=every, tambon=codes, fill_value={"measured": False})
    for name, long_name in _SURFACE.items():
        units = {"coverage": "1", "nearest_km": "km"}.get(name, "µg/m³")
        array = wide[name].astype(np.float32)
        array.attrs = _told(desk, "readings", "stations and models.surface", units, long_name)
        yield "pm25" if name == "pm25" else f"pm25_{name}", array
    array = wide["measured"].astype(bool)
    array.attrs = _told(desk, "readings", "stations", "1", "a station stands in the tambon and had a value")
    yield "pm25_measured", array


def _grids(desk: Desk, first: dt.date, last: dt.date) -> Iterator[tuple[str, xr.DataArray]]:
    listed = stored_grids.grids(desk.store, desk.state)
    for pair, entries in listed.groupby(["variable", "source"], sort=True):
        variable, source = str(pair[0]), str(pair[1])
        found = gridded.daily(desk.store, desk.all_tambons, variable, source, first, last, desk.state)
        if not int(found["fields"].sum()):
            continue
        name = f"{variable}_{source}".replace("-", "_")
        run = "newest of several" if int(entries["runs"].sum()) else ""
        label = registry()[variable].label_en
        facts = {
            name: ("mean", registry()[variable].unit, f"{label}, mean over the tambon"),
            f"{name}_coverage": ("coverage", "1", f"{label}, share of the tambon with a value"),
            f"{name}_fields": ("fields", "1", f"{label}, fields of the day"),
        }
        for key, (part, units, long_name) in facts.items():
            array = found[part]
            array.attrs = _told(desk, "grids", source, units, long_name, run)
            yield key, array
