"""GeoTIFF as static rasters: what it is by its content, the part that is kept, no-data and scale honoured.

A name is the last hint, and what cannot be told is refused. Only the TIFF driver is allowed, so that a file cannot send
GDAL to other files or addresses. Never brings a raster to other coordinates, and never stores.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterator

import data.gdal  # noqa: F401  (before anything loads GDAL)

# isort: split
import numpy as np
import pandas as pd
import rasterio
from rasterio.enums import Resampling
from rasterio.warp import transform_bounds
from rasterio.windows import Window

from data.errors import FileRefused
from data.grids import Axes
from data.rasters import BOX, STATISTICS, Raster
from fetchers.fields import damaged, missed
from fetchers.parsed import Parsed, Remark

#: Finer cells are read from the overviews, or averaged: a tambon has thousands of cells of this size.
_FINEST_M = 75.0
_METRES_A_DEGREE = 111_320.0
#: Possible values, unit.
_FACTS: dict[str, tuple[float, float, str]] = {
    "population": (0.0, 1e6, "people"),
    "elevation_m": (-100.0, 9000.0, "m"),
    "land_cover": (1.0, 255.0, "class"),
    "burned": (0.0, 1.0, "1"),
    "ndvi": (-1.0, 1.0, "1"),
    "ndmi": (-1.0, 1.0, "1"),
    "ndwi": (-1.0, 1.0, "1"),
}
#: More impossible cells than this make another kind of raster of it.
_MOST_IMPOSSIBLE = 0.5
_WORDS: tuple[tuple[str, str], ...] = (
    (r"ndvi", "ndvi"),
    (r"ndmi|moisture", "ndmi"),
    (r"ndwi", "ndwi"),
    (r"burn|mcd64|ba300|firecci", "burned"),
    (r"worldcover|land.?cover|land.?use|lulc|lccs|mcd12|dynamic.?world", "land_cover"),
    (r"elevation|altitude|\bdem\b|[_-]dem|dem[_-]|srtm|copdem|gmted|\bdsm\b", "elevation_m"),
    (r"population|people|worldpop|ghs.?pop|\bppp\b|_ppp_|hrsl|landscan", "population"),
)
_SOURCES = (
    (r"worldpop|_ppp_", "worldpop"),
    (r"ghs", "ghsl"),
    (r"worldcover|esa", "esa"),
    (r"srtm", "srtm"),
    (r"copernicus|copdem", "copernicus"),
    (r"mcd\d\d|mod\d\d|myd\d\d|modis", "modis"),
    (r"viirs|vnp", "viirs"),
    (r"sentinel|s2", "sentinel2"),
)
#: Classes of the ESA WorldCover legend; no other common map counts in tens like this.
_WORLDCOVER = frozenset((0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 100))
_DATES = (
    r"(20\d\d)[-_.:]?(0[1-9]|1[0-2])[-_.:]?(0[1-9]|[12]\d|3[01])",
    r"(20\d\d)-(0[1-9]|1[0-2])",
    r"(20[012]\d)",
)
_DENSITY = r"density|per.?km|/km|_pd_"


def parse(data: bytes, name: str, now: dt.datetime) -> Parsed:
    """Read a GeoTIFF.

    Raises
    ------
    FileRefused
        With the reason as key.
    """
    try:
        with rasterio.MemoryFile(data) as memory, memory.open(driver="GTiff") as source:
            return _read(source, name)
    except rasterio.errors.RasterioError as error:
        raise damaged(name, error) from error


def _read(source: rasterio.DatasetReader, name: str) -> Parsed:
    if source.crs is None:
        raise FileRefused(f"{name}: no coordinates", key="raster_no_crs")
    turn = source.transform
    if turn.b or turn.d or turn.a <= 0 or turn.e == 0:
        raise FileRefused(f"{name}: turned against north", key="raster_turned")
    window = window_of(source, name)
    rasters, remarks = [], []
    for band in range(1, source.count + 1):
        said = _said(source, band)
        variable = _told(said) or (_by_values(source, band) if source.count == 1 else None) or _told(name)
        if variable is None or (source.count > 1 and not _told(said)):
            continue
        if variable == "population" and re.search(_DENSITY, f"{said} {name}".lower()):
            raise FileRefused(f"{name}: people per km², not per cell", key="raster_density")
        raster, told = _raster(source, band, variable, window, name)
        rasters.append(raster)
        remarks += told
    if not rasters:
        found = ", ".join(filter(None, (_said(source, 1)[:80], str(source.dtypes[0]), f"{source.count}")))
        raise FileRefused(
            f"{name}: cannot tell what it shows ({found})", key="raster_unknown", context={"found": found}
        )
    west, south, east, north = transform_bounds(source.crs, "EPSG:4326", *source.window_bounds(window))
    remarks += missed((west, south, east, north))
    edges = {"west": west, "south": south, "east": east, "north": north}
    table = pd.DataFrame([_listed(raster) | edges for raster in rasters])
    return Parsed("geotiff", "raster", table, len(rasters), (), tuple(remarks), rasters=tuple(rasters))


def window_of(source: rasterio.DatasetReader, name: str) -> Window:
    """Return the rows and columns that touch the box that is kept; FileRefused ``grid_elsewhere`` when none does."""
    west, south, east, north = transform_bounds("EPSG:4326", source.crs, *BOX, densify_pts=21)
    turn = source.transform
    columns = ((west - turn.c) / turn.a, (east - turn.c) / turn.a)
    rows = sorted(((north - turn.f) / turn.e, (south - turn.f) / turn.e))
    left, right = max(0, math.floor(columns[0])), min(source.width, math.ceil(columns[1]))
    top, bottom = max(0, math.floor(rows[0])), min(source.height, math.ceil(rows[1]))
    if left >= right or top >= bottom:
        here = transform_bounds(source.crs, "EPSG:4326", *source.bounds)
        west, south, east, north = (f"{edge:.1f}" for edge in here)
        raise FileRefused(
            f"{name}: touches nothing of {BOX}",
            key="grid_elsewhere",
            context={"west": west, "south": south, "east": east, "north": north},
        )
    return Window(left, top, right - left, bottom - top)


def factor_of(source: rasterio.DatasetReader) -> int:
    """Return how many cells a side become one, so that no cell is finer than the desk has use for."""
    metres = abs(source.transform.a) * (_METRES_A_DEGREE if source.crs.is_geographic else 1.0)
    return max(1, round(_FINEST_M / metres)) if metres < _FINEST_M else 1


def _said(source: rasterio.DatasetReader, band: int) -> str:
    """Return all that the file says in words about a band."""
    tags = {**source.tags(), **source.tags(band)}
    words = [source.descriptions[band - 1] or "", *(f"{key} {value}" for key, value in tags.items())]
    return " ".join(
        word for word in words if not re.match(r"(AREA_OR_POINT|STATISTICS_|TIFFTAG_[XY]?RES)", word)
    ).strip()


def _told(text: str) -> str | None:
    lower = text.lower()
    return next((variable for pattern, variable in _WORDS if re.search(pattern, lower)), None)


def _by_values(source: rasterio.DatasetReader, band: int) -> str | None:
    """Return what the numbers alone can be; None where they can be several things."""
    shape = (min(source.height, 512), min(source.width, 512))
    some = source.read(band, out_shape=shape, masked=True).compressed()
    kind, nodata = source.dtypes[band - 1], source.nodatavals[band - 1]
    if kind == "uint8" and len(some) and set(np.unique(some).tolist()) <= _WORLDCOVER and len(np.unique(some)) > 2:
        return "land_cover"
    if kind.startswith("float") and nodata in (-99999.0, -200.0):
        return "population"  # the marks of WorldPop and of GHSL
    if kind == "int16" and nodata == -3000:
        return "ndvi"
    if kind == "int16" and len(some) and -2 <= some.min() < 0 and some.max() <= 366:
        return "burned"  # day of the burn; -1 not mapped, -2 water
    return None


def _raster(
    source: rasterio.DatasetReader, band: int, variable: str, window: Window, name: str
) -> tuple[Raster, list[Remark]]:
    turn, remarks = source.transform, []
    factor = factor_of(source)
    values = _values(source, band, variable, window, factor)
    if variable == "ndvi" and source.dtypes[band - 1] == "int16" and source.scales[band - 1] == 1.0:
        values = values * 1e-4  # MODIS products keep ten thousandths
    if variable == "burned":
        values = np.where(values < 0, np.nan, np.minimum(values, 1.0))
    low, high, units = _FACTS[variable]
    impossible = (values < low) | (values > high)
    known = int(np.isfinite(values).sum())
    if not known:
        raise FileRefused(f"{name}: no cell has a value", key="grid_no_values", context={"variable": variable})
    if impossible.sum() > _MOST_IMPOSSIBLE * known:
        got = f"{np.nanmin(values):.3g} … {np.nanmax(values):.3g}"
        raise FileRefused(
            f"{name}: {variable} of {got}",
            key="grid_implausible",
            context={"variable": variable, "got": got, "unit": units, "low": low, "high": high},
        )
    if impossible.any():
        cells = f"{int(impossible.sum()):,}"
        remarks.append(Remark("grid_fill", 0, context={"cells": cells, "variable": variable}))
    if factor > 1:
        remarks.append(Remark("raster_coarser", 0, context={"factor": factor}))
    values = np.where(impossible, np.nan, values).astype(np.float32)
    step_x, step_y = turn.a * factor, abs(turn.e) * factor
    rows, columns = values.shape
    top = turn.f + turn.e * window.row_off
    south = top - rows * step_y if turn.e < 0 else top
    axes = Axes(turn.c + turn.a * window.col_off + step_x / 2, south + step_y / 2, step_x, step_y, columns, rows)
    said = f"{_said(source, band)} {name}".lower()
    word = next((word for pattern, word in _SOURCES if re.search(pattern, said)), "file")
    code = source.crs.to_epsg()
    crs = f"EPSG:{code}" if code else source.crs.to_wkt()
    upward = values[::-1] if turn.e < 0 else values
    return Raster(variable, word, units, _when(name, said), crs, axes, upward), remarks


def _values(source: rasterio.DatasetReader, band: int, variable: str, window: Window, factor: int) -> np.ndarray:
    """Return the cells of a window in the unit of the variable, NaN where missing; `factor` cells a side become one."""
    scale, offset = source.scales[band - 1], source.offsets[band - 1]
    rows, columns = int(window.height) // factor, int(window.width) // factor
    whole = Window(window.col_off, window.row_off, columns * factor, rows * factor) if factor > 1 else window
    if factor > 1 and STATISTICS[variable] == "sum":
        # No overview holds sums, so the cells themselves are added up, strip by strip.
        strips = [
            np.nan_to_num(_plain(source.read(band, window=strip, masked=True))).sum(0).reshape(columns, factor).sum(1)
            for strip in _strips(whole, factor)
        ]
        return np.asarray(np.stack(strips) * scale)
    how = Resampling.mode if STATISTICS[variable] == "class" or variable == "burned" else Resampling.average
    shape = (max(rows, 1), max(columns, 1)) if factor > 1 else (int(window.height), int(window.width))
    how = how if factor > 1 else Resampling.nearest
    read = source.read(band, window=whole, out_shape=shape, resampling=how, masked=True)
    return np.asarray(_plain(read) * scale + offset)


def _plain(read: np.ma.MaskedArray) -> np.ndarray:
    return np.asarray(np.ma.filled(read.astype(np.float64), np.nan))


def _strips(window: Window, factor: int) -> Iterator[Window]:
    for row in range(0, int(window.height), factor):
        yield Window(window.col_off, window.row_off + row, window.width, factor)


def _when(name: str, said: str) -> str:
    """Return the day, month or year that the name tells, else the words of the file; empty when none does."""
    for text in (name, said):
        for pattern in _DATES:
            if found := re.search(rf"(?<!\d){pattern}(?!\d)", text):
                return "-".join(found.groups())
    return ""


def _listed(raster: Raster) -> dict[str, object]:
    told = {"measured_at": pd.to_datetime(raster.when, utc=True)} if raster.when else {}
    return {"variable": raster.variable, **told}
