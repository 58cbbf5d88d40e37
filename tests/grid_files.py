"""Gridded files written as the providers write them, from numbers that tests work out by hand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import data.gdal  # noqa: F401  (before anything loads GDAL)

# isort: split
import netCDF4
import numpy as np
import rasterio
import xarray as xr
from affine import Affine

#: The clock of every test on gridded files.
NOW = dt.datetime(2026, 3, 20, tzinfo=dt.UTC)
#: 2026-03-09T00:00Z as ECMWF's stores count it.
HOURS_1900 = 1_106_112


def grid(
    values: Any,
    lon: Sequence[float] = (99.0, 99.1),
    lat: Sequence[float] = (18.0, 18.1),
    first: str = "2026-03-10T00:00",
    variable: str = "pm25",
    **attrs: Any,
) -> xr.DataArray:
    """Return an hourly grid in memory; values (time, lat, lon)."""
    field = np.asarray(values, dtype=np.float32)
    time = np.datetime64(first, "ns") + np.arange(len(field)) * np.timedelta64(1, "h")
    facts = {"units": "µg/m³", "source": "cams", "run": "", "issued_at": "", **attrs}
    return xr.DataArray(
        field, {"time": time, "lat": list(lat), "lon": list(lon)}, ("time", "lat", "lon"), variable, facts
    )


def netcdf(
    values: Any,
    lon: Any = (98.8, 99.2, 99.6),
    lat: Any = (18.8, 18.4),
    *,
    form: str = "NETCDF4",
    name: str = "pm2p5",
    units: str | None = "kg m**-3",
    dims: tuple[str, str, str] = ("time", "latitude", "longitude"),
    time: Any = None,
    time_units: str | None = "hours since 1900-01-01",
    attrs: dict[str, Any] | None = None,
    **of_field: Any,
) -> bytes:
    """Return a NetCDF file; `values` in the order of `dims`, axes as given, `of_field` are attributes of the field."""
    field = np.asarray(values)
    length = field.shape[dims.index("time")]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "made.nc"
        with netCDF4.Dataset(path, "w", format=form) as out:
            out.setncatts({"title": "CAMS global forecast", **(attrs or {})})
            for axis, centres, unit in (("longitude", lon, "degrees_east"), ("latitude", lat, "degrees_north")):
                out.createDimension(axis, len(centres))
                held = out.createVariable(axis, "f4", (axis,))
                held.units = unit
                held[:] = centres
            out.createDimension("time", length)
            if time_units != "":
                hours = out.createVariable("time", "i4", ("time",))
                if time_units:
                    hours.units = time_units
                hours[:] = HOURS_1900 + np.arange(length) if time is None else time
            made = out.createVariable(name, field.dtype.str[1:], dims, fill_value=of_field.pop("_FillValue", None))
            made.set_auto_maskandscale(False)
            made.setncatts({**({"units": units} if units else {}), **of_field})
            made[:] = field
        return path.read_bytes()


def geotiff(
    values: Any,
    *,
    west: float = 99.0,
    north: float = 18.2,
    step: float = 0.05,
    crs: Any = "EPSG:4326",
    nodata: float | None = None,
    tags: dict[str, str] | None = None,
    described: Sequence[str] = (),
    scale: float = 1.0,
    offset: float = 0.0,
    turn: Affine | None = None,
) -> bytes:
    """Return a GeoTIFF; `values` of shape (rows, columns) or (bands, rows, columns), the first row in the north."""
    field = np.asarray(values)
    field = field[None] if field.ndim == 2 else field
    made = {"count": len(field), "height": field.shape[1], "width": field.shape[2], "dtype": field.dtype}
    turn = turn or Affine(step, 0, west, 0, -step, north)
    with rasterio.MemoryFile() as memory:
        with memory.open(driver="GTiff", crs=crs, transform=turn, nodata=nodata, **made) as out:
            out.write(field)
            out.update_tags(**(tags or {}))
            out.scales, out.offsets = [scale] * len(field), [offset] * len(field)
            for band, text in enumerate(described, 1):
                out.set_band_description(band, text)
        return bytes(memory.read())
