"""NetCDF of any age (classic, 64-bit, HDF5) as gridded fields, read from memory and whole.

Reading is not lazy: a cut-off file opens well and fails when its numbers are fetched, so all that is kept is fetched
before anything is handed over. Never trusts the order of axes, and never stores.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Hashable, Iterator

import netCDF4
import numpy as np
import pandas as pd
import xarray as xr

from data.errors import FileRefused
from fetchers.fields import Layout, Level, Raw, damaged, layout, settled, source_word, variable_of
from fetchers.parsed import Parsed, Remark

_LON = ("lon", "longitude", "x", "nav_lon", "xlong")
_LAT = ("lat", "latitude", "y", "nav_lat", "xlat")
_PRESSURE = ("pressure_level", "isobaricinhpa", "plev", "level", "lev")
#: A run and the time since it, under the names of ECMWF's data stores and of cfgrib.
_RUN = ("forecast_reference_time", "reftime")
_STEP = ("forecast_period", "step", "leadtime", "lead_time")
_FAULTS = (OSError, RuntimeError, ValueError, KeyError, IndexError, OverflowError, MemoryError, UnicodeDecodeError)


def parse(data: bytes, name: str, now: dt.datetime) -> Parsed:
    """Read a NetCDF file.

    Parameters
    ----------
    data : bytes
        The whole file.
    name : str
        Its name, the last hint for the time of a field that carries none.
    now : datetime
        Aware, UTC.

    Raises
    ------
    FileRefused
        With the reason as key.
    """
    try:
        handle = netCDF4.Dataset("in-memory.nc", memory=data)
    except (OSError, ValueError, RuntimeError) as error:
        raise damaged(name, error) from error
    try:
        return _read(handle, name, now)
    finally:
        handle.close()


def _read(handle: netCDF4.Dataset, name: str, now: dt.datetime) -> Parsed:
    try:
        dataset = xr.open_dataset(xr.backends.NetCDF4DataStore(handle), decode_timedelta=True)  # type: ignore[no-untyped-call]
    except (OSError, RuntimeError) as error:
        raise damaged(name, error) from error
    except _FAULTS as error:
        problem = str(error)[:120]
        raise FileRefused(
            f"{name}: times or values cannot be decoded ({error})", key="grid_time", context={"problem": problem}
        ) from error
    if not dataset.variables:
        raise damaged(name, "nothing is in it")
    lon, lat = (
        _axis(dataset, *wanted) for wanted in (("degrees_east", "longitude", _LON), ("degrees_north", "latitude", _LAT))
    )
    if lon is None or lat is None:
        found = ", ".join(map(str, dataset.variables))[:200]
        raise FileRefused(
            f"{name}: no longitude and latitude among {found}", key="grid_no_axes", context={"found": found}
        )
    plan = layout(dataset[lon].to_numpy(), dataset[lat].to_numpy())
    mended = [Remark("grid_axes_swapped", 0)] if plan.swapped else []
    # Where the labels are swapped, the dimension called latitude is the one that runs along the longitudes.
    across, along = _dims(dataset, lat if plan.swapped else lon, lon if plan.swapped else lat)
    raws = []
    for key, array in dataset.data_vars.items():
        if {across, along} <= set(array.dims) and key not in (lon, lat) and array.dtype.kind in "fiu":
            try:
                raws += list(_raws(array, across, along, plan, name, dataset.attrs))
            except FileRefused:
                raise
            except _FAULTS as error:
                raise damaged(name, error) from error
    if not raws:
        found = ", ".join(map(str, dataset.data_vars))[:200]
        raise FileRefused(f"{name}: no field on the axes: {found}", key="grid_no_variable", context={"found": found})
    said = [str(dataset.attrs.get(key, "")) for key in ("source", "title", "institution", "GRIB_centre", "history")]
    source = source_word(said, [raw.names[0] for raw in raws])
    return settled(raws, "netcdf", source, now, mended)


def _dims(dataset: xr.Dataset, lon: Hashable, lat: Hashable) -> tuple[Hashable, Hashable]:
    """Return the dimensions along longitude and latitude; a mesh of both runs along latitude first."""
    return dataset[lon].dims[-1], dataset[lat].dims[0]


def _axis(dataset: xr.Dataset, units: str, standard: str, names: tuple[str, ...]) -> Hashable | None:
    for key, variable in dataset.variables.items():
        if variable.attrs.get("standard_name") == standard or variable.attrs.get("units") == units:
            return key
    return next((key for key in dataset.variables if str(key).lower() in names), None)


def _raws(
    array: xr.DataArray, across: Hashable, along: Hashable, plan: Layout, name: str, attrs: dict[Hashable, object]
) -> Iterator[Raw]:
    """Yield the fields of one variable, one `Raw` for each level."""
    names = tuple(
        str(n)
        for n in (
            array.name,
            array.attrs.get("GRIB_shortName"),
            array.attrs.get("standard_name"),
            array.attrs.get("long_name"),
        )
        if n
    )
    units = str(array.attrs.get("units", ""))
    array = array.isel({across: plan.columns, along: plan.rows})
    if "expver" in array.dims:
        # Final and preliminary ERA5 side by side: each hour is in one of them.
        array = array.max("expver", skipna=True)
    rest = [d for d in array.dims if d not in (across, along)]
    height = next((d for d in rest if str(d).lower() in _PRESSURE), None)
    levels = [(Level(), array)]
    if height is not None:
        rest.remove(height)
        scale = 0.01 if array[height].attrs.get("units") == "Pa" else 1.0
        levels = [(Level("pressure", float(v) * scale), array.sel({height: v})) for v in array[height].to_numpy()]
        levels = [pair for pair in levels if variable_of(names, pair[0])] or levels[:1]
    for level, part in levels:
        times, runs, used = _times(part, rest, name, attrs)
        unused = [d for d in rest if d not in used and part.sizes[d] > 1]
        if unused:
            told = ", ".join(f"{d} ({part.sizes[d]})" for d in unused)
            raise FileRefused(f"{name}: {array.name} has more axes: {told}", key="grid_dims", context={"found": told})
        values = part.transpose(*rest, along, across).to_numpy()
        yield Raw(names, level, units, plan.axes, times, runs, values.reshape(len(times), *values.shape[-2:]))


def _times(
    part: xr.DataArray, rest: list[Hashable], name: str, attrs: dict[Hashable, object]
) -> tuple[np.ndarray, np.ndarray, set[Hashable]]:
    """Return valid times and runs over the dimensions `rest`, flattened, and which of these the times run along."""
    held = {str(key).lower(): part[key] for key in part.coords}
    run = next((held[key] for key in _RUN if key in held), None)
    step = next((held[key] for key in _STEP if key in held and held[key].dtype.kind == "m"), None)
    valid = held.get("valid_time")
    plain = next((held[key] for key in ("time", "date") if key in held), None)
    if run is None and step is not None and plain is not None and bool((step != np.timedelta64(0)).any()):
        run = plain
    if valid is None:
        valid = run + step if run is not None and step is not None else plain
    if valid is None:
        stamp = _told_time(name, attrs)
        if stamp is None or any(part.sizes[d] != 1 for d in rest):
            raise FileRefused(f"{name}: {part.name} does not say when", key="grid_time", context={"problem": "no time"})
        return np.array([stamp], "datetime64[us]"), np.array(["NaT"], "datetime64[us]"), set(rest)
    if valid.dtype.kind != "M":
        raise FileRefused(
            f"{name}: times are {valid.dtype}, without a unit", key="grid_time", context={"problem": str(valid.dtype)}
        )
    used = {d for d in rest if d in valid.dims or (run is not None and d in run.dims)}
    along = {d: part.sizes[d] for d in rest}

    def spread(told: xr.DataArray) -> np.ndarray:
        wide: xr.Variable = told.variable.set_dims(along)  # type: ignore[no-untyped-call]
        return wide.to_numpy().astype("datetime64[us]").reshape(-1)

    flat = spread(valid)
    runs = spread(run) if run is not None else np.full(len(flat), np.datetime64("NaT", "us"))
    if np.isnat(flat).any():
        raise FileRefused(f"{name}: some times are missing", key="grid_time", context={"problem": "NaT"})
    return flat, runs, used


def _told_time(name: str, attrs: dict[Hashable, object]) -> np.datetime64 | None:
    """Return the time of a file with one field: what it says itself, else the first date in its name."""
    for key in ("time_coverage_start", "date", "begin_date"):
        stamp = pd.to_datetime(str(attrs[key]), utc=True, errors="coerce") if key in attrs else pd.NaT
        if not pd.isna(stamp):
            return np.datetime64(stamp.tz_convert(None), "us")
    found = re.search(r"(?<!\d)((?:19|20)\d\d)-?(0[1-9]|1[0-2])-?(0[1-9]|[12]\d|3[01])?(?!\d)", name)
    if not found:
        return None
    year, month, day = found.groups()
    return np.datetime64(f"{year}-{month}-{day or '01'}", "us")
