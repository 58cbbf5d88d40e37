"""What every gridded file is turned into: the desk's variables in their units, on ascending axes, cut to what is kept.

Knows names, units and faults of gridded files of any form; never opens one (`fetchers.netcdf`, `fetchers.grib`) and
never stores.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from data.errors import FileRefused
from data.grids import BOX, Axes, inside, regular
from data.places import PLACES
from data.variables import registry
from fetchers.parsed import Parsed, Remark

#: A medium-range forecast reaches 16 days; a later stamp is a fault of the time axis.
_AHEAD = np.timedelta64(20, "D")
#: What a model may give where an instrument may not, or not where an instrument may: no negative amounts but the tiny
#: ones that packing leaves (-1 stands for "missing"), air a little over-saturated, mountains beyond Thailand.
_RANGES = {
    "pm25": (-0.5, 3000.0),
    "pm10": (-0.5, 10000.0),
    "humidity_pct": (0.0, 120.0),
    "temperature_c": (-50.0, 60.0),
    "pressure_hpa": (450.0, 1100.0),
}
#: So many different impossible values, or fewer, are marks of missing cells; more of them are a wrong unit or field.
_MOST_MARKS = 3
_MOST_IMPOSSIBLE = 0.01
#: 1e-4 kg/m³ is 100,000 µg/m³, so both units are told apart by size alone where a file does not name its unit.
_KG_BELOW, _UG_ABOVE = 1e-4, 1.0

#: The place a grid is expected to cover.
_HOME = next(iter(PLACES.values()))

_PM = {"kg m-3": 1e9, "g m-3": 1e6, "mg m-3": 1e3, "ug m-3": 1.0}
_WIND = {"m s-1": 1.0, "km h-1": 1 / 3.6, "kt": 0.514444, "knots": 0.514444}
_UNITS: dict[str, dict[str, float]] = {
    "µg/m³": _PM,
    "m/s": _WIND,
    "°C": {"k": 1.0, "kelvin": 1.0, "c": 1.0, "degc": 1.0, "celsius": 1.0, "deg c": 1.0},
    "hPa": {"pa": 0.01, "hpa": 1.0, "mbar": 1.0, "mb": 1.0},
    "%": {"%": 1.0, "1": 100.0, "percent": 1.0},
    "m": {"m": 1.0, "gpm": 1.0, "km": 1000.0},
    "1": {"1": 1.0, "": 1.0, "~": 1.0, "dimensionless": 1.0, "none": 1.0},
}
_KELVIN = ("k", "kelvin")

#: Names of files by variable, lower case: CF names, short names of ECMWF and NOAA, names of NASA and of PM2.5 maps.
_NAMES: dict[str, tuple[str, ...]] = {
    "pm25": (
        "pm2p5", "pm25", "pm2.5", "pm2_5", "pm2p5_conc", "pm25_rh35_gcc", "gwrpm25",
        "mass_concentration_of_pm2p5_ambient_aerosol_particles_in_air",
        "mass_concentration_of_pm2p5_ambient_aerosol_in_air",
        "particulate_matter_d_less_than_or_equal_to_2_5_um", "pmtf",
    ),
    "pm10": ("pm10", "pm10_conc", "mass_concentration_of_pm10_ambient_aerosol_particles_in_air",
             "mass_concentration_of_pm10_ambient_aerosol_in_air", "particulate_matter_d_less_than_or_equal_to_10_um"),
    "aod_550": ("aod550", "total_aerosol_optical_depth_at_550nm", "totexttau"),
    "temperature_c": ("t2m", "2t", "t2", "temperature_2m", "air_temperature"),
    "humidity_pct": ("r2", "2r", "rh2m", "relative_humidity_2m", "relative_humidity"),
    "pressure_hpa": ("sp", "surface_pressure", "surface_air_pressure"),
    "boundary_layer_m": ("blh", "hpbl", "pblh", "boundary_layer_height", "atmosphere_boundary_layer_thickness"),
    "wind_east_ms": ("u10", "10u", "u10m", "u_component_of_wind_10m"),
    "wind_north_ms": ("v10", "10v", "v10m", "v_component_of_wind_10m"),
    "wind_east_100m_ms": ("u100", "100u"),
    "wind_north_100m_ms": ("v100", "100v"),
}  # fmt: skip
_BY_NAME = {name: variable for variable, names in _NAMES.items() for name in names}
#: Wind components that are told apart by their level alone.
_WIND_NAMES = {
    **dict.fromkeys(("u", "ugrd", "u_component_of_wind", "eastward_wind", "u-component_of_wind"), "east"),
    **dict.fromkeys(("v", "vgrd", "v_component_of_wind", "northward_wind", "v-component_of_wind"), "north"),
}
_LEVELS = {
    ("height", 10): "_ms",
    ("height", 100): "_100m_ms",
    ("pressure", 925): "_925hpa_ms",
    ("pressure", 850): "_850hpa_ms",
    ("boundary_layer", 0): "_pbl_ms",
}
#: Sources by what their files say of themselves; the first that fits.
_SOURCES = (
    (r"geos-?cf", "geos-cf"),
    (r"merra", "merra2"),
    (r"\bcams\b|atmosphere monitoring|(ecmwf|european cent).*(pm2p5| mc\b)", "cams"),
    (r"era5-?land", "era5-land"),
    (r"era5|reanalysis.*ecmwf", "era5"),
    (r"\bgfs\b|ncep|us national weather service|kwbc", "gfs"),
    (r"gwrpm25|acag|washington university", "acag"),
    (r"ecmwf|ecmf|european cent", "ecmwf"),
)


@dataclass(frozen=True)
class Level:
    """Where a field lies: kind (surface, height, pressure, boundary_layer, other) and value in metres or hPa."""

    kind: str = "surface"
    value: float = 0.0


@dataclass(frozen=True)
class Raw:
    """Fields of one variable as a file gives them, already cut and ascending.

    Attributes
    ----------
    names : tuple of str
        What the file calls the variable, the surest name first.
    level : Level
    units : str
        As written; empty where the file says none.
    axes : Axes
    time, run : ndarray of datetime64, shape (n,)
        UTC; `run` missing for an analysis.
    values : ndarray, shape (n, rows, columns)
        NaN where the file marks a cell missing.
    """

    names: tuple[str, ...]
    level: Level
    units: str
    axes: Axes
    time: np.ndarray
    run: np.ndarray
    values: np.ndarray


@dataclass(frozen=True)
class Layout:
    """How to take the part that is kept out of a file's own rows and columns.

    Attributes
    ----------
    axes : Axes
        Of the part.
    rows, columns : ndarray of int
        Positions on the file's axes, in ascending order of latitude and longitude.
    swapped : bool
        True when the axis called latitude holds longitudes, and the other way round.
    """

    axes: Axes
    rows: np.ndarray
    columns: np.ndarray
    swapped: bool = False


def variable_of(names: Iterable[str], level: Level) -> str | None:
    """Return the desk's variable for a file's names and level, None when the desk has none."""
    for name in names:
        lower = name.strip().lower()
        side = _WIND_NAMES.get(lower)
        if side and (ending := _LEVELS.get((level.kind, round(level.value)))):
            return f"wind_{side}{ending}"
        found = _BY_NAME.get(lower)
        if found and level.kind in ("surface", "height"):
            return found
    return None


def layout(lon: np.ndarray, lat: np.ndarray) -> Layout:
    """Return how a file's axes map onto ascending ones from -180 to 180, cut to the box that is kept.

    Raises
    ------
    FileRefused
        Key ``grid_axes`` when they are not regular, ``grid_elsewhere`` when nothing of the box is there.
    """
    lon, lat = np.asarray(lon, dtype=float), np.asarray(lat, dtype=float)
    if lon.ndim == 2 and lat.ndim == 2:
        # A mesh says the same in every row; anything else is a grid of its own projection.
        same = np.allclose(lon, lon[:1], atol=1e-6) and np.allclose(lat, lat[:, :1], atol=1e-6)
        lon, lat = (lon[0], lat[:, 0]) if same else (lon[:0, 0], lat[:0, 0])
    swapped = bool(len(lat) and len(lon) and np.abs(lat).max() > 90 and np.abs(lon).max() <= 90)
    if swapped:
        lon, lat = lat, lon
    known = len(lon) and len(lat) and np.isfinite(lon).all() and np.isfinite(lat).all() and np.abs(lat).max() <= 90.01
    whole, columns, rows = None, np.empty(0, np.intp), np.empty(0, np.intp)
    if known:
        east = ((lon + 180) % 360 - 180).round(6)
        columns, rows = np.argsort(east, kind="stable"), np.argsort(lat, kind="stable")
        columns = columns[np.append(True, np.diff(east[columns]) > 1e-9)]
        near = _near(east[columns])
        columns = columns[near]
        whole = regular(east[columns], lat[rows])
    if whole is None:
        raise FileRefused(
            f"grid axes of {len(lon)} x {len(lat)} cells are not regular longitudes and latitudes",
            key="grid_axes",
            context={"columns": len(lon), "rows": len(lat)},
        )
    row_part, column_part = inside(whole)
    if row_part.stop == 0:
        west, south, east_edge, north = whole.bounds
        raise FileRefused(
            f"grid of {west:g} to {east_edge:g} E, {south:g} to {north:g} N touches nothing of {BOX}",
            key="grid_elsewhere",
            context={
                "west": f"{west:.1f}",
                "south": f"{south:.1f}",
                "east": f"{east_edge:.1f}",
                "north": f"{north:.1f}",
            },
        )
    part = Axes(
        float(whole.lon[column_part][0]),
        float(whole.lat[row_part][0]),
        whole.step_lon,
        whole.step_lat,
        column_part.stop - column_part.start,
        row_part.stop - row_part.start,
    )
    return Layout(part, rows[row_part], columns[column_part], swapped)


def _near(east: np.ndarray) -> np.ndarray:
    """Return the longest run of evenly spaced columns: a file across the date line falls into two."""
    if len(east) < 3:
        return np.arange(len(east))
    between = np.diff(east)
    gaps = np.flatnonzero(between > 1.5 * np.median(between))
    pieces = np.split(np.arange(len(east)), gaps + 1)
    return max(pieces, key=len)


def damaged(name: str, problem: object) -> FileRefused:
    """Return the refusal of a file that ends early or cannot be decoded."""
    return FileRefused(f"{name}: {problem}", key="grid_damaged", context={"problem": str(problem)[:120]})


def source_word(texts: Sequence[str], names: Iterable[str] = ()) -> str:
    """Return a short word for the source of a file from what it says of itself and the names of its fields."""
    said = " ".join((*texts, *names)).lower()
    for pattern, word in _SOURCES:
        if re.search(pattern, said):
            return word
    first = next((text for text in texts if text.strip()), "unnamed")
    return re.sub(r"[^a-z0-9]+", "-", first.lower()).strip("-")[:40] or "unnamed"


def settled(raws: Sequence[Raw], form: str, source: str, now: dt.datetime, mended: Sequence[Remark] = ()) -> Parsed:
    """Return fields as grids of the desk's variables, in its units, with what was left out and mended.

    Raises
    ------
    FileRefused
        When no variable is known, a unit cannot be told, or nothing but missing cells is left.
    """
    remarks, rejected = list(mended), []
    arrays: list[xr.DataArray] = []
    others = [raw for raw in raws if variable_of(raw.names, raw.level) is None]
    known = [raw for raw in raws if variable_of(raw.names, raw.level) is not None]
    names = ", ".join(dict.fromkeys(raw.names[0] for raw in others))[:200]
    if not known:
        raise FileRefused(f"no variable the desk reads: {names}", key="grid_no_variable", context={"found": names})
    if others:
        rejected.append(Remark("grid_other_variable", sum(len(r.time) for r in others), context={"names": names}))
    late = 0
    for raw in known:
        variable = str(variable_of(raw.names, raw.level))
        values, told = _converted(variable, raw)
        remarks += told
        good = raw.time <= np.datetime64(now.replace(tzinfo=None)) + _AHEAD
        late += int((~good).sum())
        arrays += _by_run(variable, source, raw, values, good)
    if late:
        rejected.append(Remark("grid_future", late))
    if not arrays:
        raise FileRefused("every field lies in the future", key="grid_time", context={"problem": "> 20 d"})
    remarks += missed(known[0].axes.bounds)
    table = _listed(arrays)
    read = len(table) + sum(remark.count for remark in rejected)
    return Parsed(form, "grid", table, read, tuple(rejected), tuple(remarks), grids=tuple(arrays))


def missed(bounds: tuple[float, float, float, float]) -> list[Remark]:
    """Return what to tell of a grid that leaves a part of the place uncovered; `bounds` in degrees."""
    west, south, east, north = _HOME.bbox
    left, low, right, high = bounds
    wide = max(0.0, min(east, right) - max(west, left)) / (east - west)
    tall = max(0.0, min(north, high) - max(south, low)) / (north - south)
    if wide * tall >= 1:
        return []
    return [Remark("grid_misses", 0, context={"percent": f"{100 * wide * tall:.0f}"})]


def _by_run(variable: str, source: str, raw: Raw, values: np.ndarray, good: np.ndarray) -> list[xr.DataArray]:
    made = []
    for run in np.unique(raw.run[good]):
        mine = good & (np.isnat(raw.run) if np.isnat(run) else raw.run == run)
        stamp = "" if np.isnat(run) else f"{np.datetime64(run, 's')}Z"
        attrs = {
            "units": registry()[variable].unit,
            "source": source,
            "run": stamp,
            "issued_at": stamp,
            "step_deg": (raw.axes.step_lon, raw.axes.step_lat),
        }
        coords = {"time": raw.time[mine].astype("datetime64[ns]"), "lat": raw.axes.lat, "lon": raw.axes.lon}
        made.append(xr.DataArray(values[mine], coords, ("time", "lat", "lon"), variable, attrs))
    return made


def _listed(arrays: Sequence[xr.DataArray]) -> pd.DataFrame:
    """Return one row per field: `variable`, `measured_at`, `run` and the outer centres in degrees."""
    frames = []
    for array in arrays:
        lon, lat = array["lon"].to_numpy(), array["lat"].to_numpy()
        frame = pd.DataFrame({"measured_at": pd.to_datetime(array["time"].to_numpy(), utc=True)})
        frame = frame.assign(variable=str(array.name), run=array.attrs["run"])
        frames.append(frame.assign(west=lon[0], south=lat[0], east=lon[-1], north=lat[-1]))
    return pd.concat(frames, ignore_index=True)


def _plain(units: str) -> str:
    """Return a unit in one spelling: `kg m**-3`, `kg/m3` and `kg m^-3` are all `kg m-3`."""
    text = units.strip().lower().replace("μ", "u").replace("µ", "u").replace("micrograms", "ug").replace("³", "3")
    text = re.sub(r"\*\*|\^", "", text)
    text = re.sub(r"[./](m)\^?3", r" \g<1>-3", text)
    text = re.sub(r"/\s*(s|h)(r|our)?$", r" \g<1>-1", text).replace(".s-1", " s-1").replace("cubic meter", "m-3")
    return re.sub(r"\s+", " ", text.replace("/", " ")).strip()


def _converted(variable: str, raw: Raw) -> tuple[np.ndarray, list[Remark]]:
    wanted = registry()[variable]
    unit, told = _plain(raw.units), list[Remark]()
    values = raw.values.astype(np.float64)
    if wanted.unit == "µg/m³":
        unit, told = _mass_unit(variable, raw, unit, values)
    factor = _UNITS[wanted.unit].get(unit)
    if factor is None:
        raise _unknown_unit(variable, raw)
    values = values * factor
    if unit in _KELVIN:
        values = values - 273.15
    low, high = _RANGES.get(variable, (wanted.low, wanted.high))
    impossible = (values < low) | (values > high)
    count = int(impossible.sum())
    if count:
        # A wrong unit gives many different impossible values; a mark of missing cells is one value, over and over.
        marks = np.unique(values[impossible].astype(np.float32))
        if len(marks) > _MOST_MARKS and count > _MOST_IMPOSSIBLE * np.isfinite(values).sum():
            some = f"{values[impossible].min():.3g} … {values[impossible].max():.3g}"
            raise FileRefused(
                f"{variable}: {count} values outside {low} to {high} {wanted.unit}: {some}",
                key="grid_implausible",
                context={"variable": variable, "got": some, "unit": wanted.unit, "low": low, "high": high},
            )
        values = np.where(impossible, np.nan, values)
        told.append(Remark("grid_fill", 0, context={"cells": f"{count:,}", "variable": variable}))
    if not np.isfinite(values).any():
        raise FileRefused(f"{variable}: no cell has a value", key="grid_no_values", context={"variable": variable})
    return values.astype(np.float32), told


def _mass_unit(variable: str, raw: Raw, unit: str, values: np.ndarray) -> tuple[str, list[Remark]]:
    """Return the unit of a concentration; refuse one that the size of the values contradicts."""
    real = values[np.isfinite(values) & (values > 0) & (values < 1e10)]
    if not len(real):
        return unit, []
    largest = float(real.max())
    if not unit:
        if _KG_BELOW <= largest <= _UG_ABOVE:
            raise _unknown_unit(variable, raw)
        unit = "kg m-3" if largest < _KG_BELOW else "ug m-3"
        return unit, [Remark("grid_unit_read", 0, context={"variable": variable, "unit": unit})]
    too_small = unit == "ug m-3" and largest < _KG_BELOW
    if too_small or (unit == "kg m-3" and largest > _KG_BELOW):
        raise FileRefused(
            f"{variable}: values up to {largest:.3g} cannot be in {raw.units}",
            key="grid_unit_wrong",
            context={"variable": variable, "unit": raw.units, "largest": f"{largest:.3g}"},
        )
    return unit, []


def _unknown_unit(variable: str, raw: Raw) -> FileRefused:
    return FileRefused(
        f"{variable}: unit {raw.units!r} is not known",
        key="grid_unit",
        context={"variable": variable, "unit": raw.units or "–", "wanted": registry()[variable].unit},
    )
