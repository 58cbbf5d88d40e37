"""What the CAMS model said of the days to come, at the stations, as it was known at the end of each day.

Two ways lead here: means of whole days that were fetched before they began, known since the fetch (`Store.model_days`),
and stored grids that name their run, known some hours after its start. Never takes an hour or a grid without a time of
issue, never fills a day of which a part is missing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.clock import thai_days
from data.grids import Block, from_arrow
from data.store import StoredFile
from models import drift
from models.derived import kept
from models.desk import Desk
from models.station_days import Floats, StationDays

#: A run is at hand so long after its start: that of 00 UTC at about 10 UTC, that of 12 UTC at about 22 UTC
#: (`fetchers.sources.cams`). The `issued_at` of a stored grid is the start of its run and no help here.
READY = np.timedelta64(10, "h")
#: What was known longer before the end of the day of issue is a forecast over another span: one day without a fetch is
#: bridged, no more.
FRESH = np.timedelta64(48, "h")
#: A cell of 0.4 degrees reaches so far from its middle: a station farther away stands in another one.
REACH_KM = 32.0
_SOURCE, _VARIABLE = "cams", "pm25"
#: The Thai day ends seven hours before that of UTC.
_THAI = np.timedelta64(7, "h")
#: Raised when the kept files change their form or meaning.
_VERSION = "1"


@dataclass(frozen=True)
class Told:
    """Means of whole Thai days that the model told, one row each.

    Attributes
    ----------
    station : ndarray of int, shape (n,)
    day : ndarray of datetime64[D], shape (n,)
    known_at : ndarray of datetime64[us], shape (n,)
        UTC.
    pm25 : ndarray, shape (n,)
        µg/m³, all there.
    """

    station: NDArray[np.int64]
    day: NDArray[np.datetime64]
    known_at: NDArray[np.datetime64]
    pm25: Floats


def known_at_issue(desk: Desk, data: StationDays, leads: tuple[int, ...]) -> dict[int, Floats]:
    """Return, by lead in days, the newest word of the model on the day aimed at, µg/m³, shape (T, S) by day of issue.

    Only what was known before the end of the day of issue counts, and of that only the last `FRESH`. Missing where
    nothing was known; empty where nothing was ever known of any day.
    """
    parts = [told for told in (_fetched(desk, data), _of_runs(desk, data)) if told is not None and len(told.day)]
    if not parts:
        return {}
    told = _joined(parts)
    found = {lead: _newest(told, data, lead) for lead in leads}
    return found if any(np.isfinite(value).any() for value in found.values()) else {}


def _newest(told: Told, data: StationDays, lead: int) -> Floats:
    issue = told.day - np.timedelta64(lead, "D")
    end = np.asarray((issue + 1).astype("datetime64[us]") - _THAI, dtype="datetime64[us]")
    row = (issue - data.days[0]).astype(np.int64)
    age = np.asarray(end - told.known_at, dtype="timedelta64[us]")
    usable = (age > np.timedelta64(0)) & (age <= FRESH) & (row >= 0) & (row < len(data.days))
    order = np.flatnonzero(usable)[np.argsort(told.known_at[usable], kind="stable")]
    out = np.full(data.value.shape, np.nan)
    # Of several values for one place the last one assigned stays: the newest.
    out[row[order], told.station[order]] = told.pm25[order]
    return out


def _fetched(desk: Desk, data: StationDays) -> Told | None:
    """Return the stored means of cells, each at the stations that stand in the cell."""
    table = desk.store.model_days(desk.state)
    cells = desk.known_stations
    cells = cells[cells["station_id"].isin(set(table["station_id"]))]
    if not len(cells):
        return None
    at, stations = drift.plane(cells["lon"], cells["lat"]), drift.plane(data.lon, data.lat)
    km = np.hypot(*np.moveaxis(stations[:, None] - at[None], -1, 0))
    nearest = np.argmin(km, axis=1)
    names = cells["station_id"].to_numpy()[nearest]
    standing = pd.DataFrame({"station_id": names, "station": np.arange(len(names))})[km.min(axis=1) <= REACH_KM]
    rows = table.merge(standing, on="station_id")
    known_at = rows["known_at"].dt.tz_localize(None).to_numpy("datetime64[us]")
    return Told(rows["station"].to_numpy(np.int64), thai_days(rows["day"]), known_at, rows["pm25"].to_numpy(float))


def _of_runs(desk: Desk, data: StationDays) -> Told | None:
    """Return means of whole days from the stored grids of runs, between cell centres taken as linear."""
    by_axes: dict[str, list[_AtStations]] = {}
    for part, stored in sorted(desk.store.parts("grids", desk.state).items()):
        variable, source, axes, _ = part.split(".")
        if (variable, source) == (_VARIABLE, _SOURCE):
            by_axes.setdefault(axes, []).append(_at_stations(desk, stored, data))
    parts = [told for months in by_axes.values() for told in _whole_days(months)]
    return _joined(parts) if parts else None


def _joined(parts: list[Told]) -> Told:
    return Told(*(np.concatenate([getattr(part, one.name) for part in parts]) for one in fields(Told)))


@dataclass(frozen=True)
class _AtStations:
    """Fields of runs at the stations: valid time and run, shape (n,), values, shape (n, S)."""

    time: NDArray[np.datetime64]
    run: NDArray[np.datetime64]
    value: Floats


def _at_stations(desk: Desk, stored: StoredFile, data: StationDays) -> _AtStations:
    """Return the fields of a stored month at the stations; kept, since a stored month never changes."""

    def build(path: Path) -> None:
        found = _interpolated(from_arrow(desk.store.get_table(stored)), data)
        with open(path, "wb") as handle:
            np.savez(handle, **vars(found))

    def load(path: Path) -> _AtStations:
        with np.load(path, allow_pickle=False) as held:
            return _AtStations(held["time"], held["run"], held["value"])

    where = hashlib.sha256(np.stack([data.lon, data.lat]).tobytes()).hexdigest()[:12]
    return kept(desk.store, "atstations.npz", f"{stored.sha256[:16]}-{where}-{_VERSION}", build, load)


def _interpolated(block: Block, data: StationDays) -> _AtStations:
    # Only a store with grids needs it: loading it takes longer than a forecast.
    from scipy.interpolate import RegularGridInterpolator

    block = block.take(np.flatnonzero(~np.isnat(block.run)))
    axes = block.axes
    value = np.full((len(block.time), len(data.stations)), np.nan)
    if len(block.time) and min(axes.rows, axes.columns) > 1:
        field = block.values.reshape(-1, axes.rows, axes.columns).transpose(1, 2, 0).astype(float)
        between = RegularGridInterpolator((axes.lat, axes.lon), field, bounds_error=False)
        value = between(np.column_stack([data.lat, data.lon])).T
    return _AtStations(block.time, block.run, value)


def _whole_days(months: list[_AtStations]) -> Iterator[Told]:
    """Yield the means of the Thai days of which a run has every step, at each station that has them all."""
    time, run, value = (np.concatenate([getattr(month, name) for month in months]) for name in ("time", "run", "value"))
    if not len(time):
        return
    order = np.lexsort((time, run))
    time, run, value = time[order], run[order], value[order]
    step = pd.Series(time).diff().where(pd.Series(run).duplicated()).groupby(run).transform("median")
    day = (time + _THAI).astype("datetime64[D]")
    first = np.flatnonzero(np.append(True, (day[1:] != day[:-1]) | (run[1:] != run[:-1])))
    count = np.diff(np.append(first, len(time)))
    whole = count * step.to_numpy()[first] >= np.timedelta64(1, "D")
    # A missing step leaves the sum missing, and the day with it.
    mean = np.add.reduceat(value, first, axis=0) / count[:, None]
    known_at = np.asarray(run[first] + READY, dtype="datetime64[us]")
    rows, station = np.nonzero(np.isfinite(mean) & whole[:, None])
    yield Told(station, day[first][rows], known_at[rows], mean[rows, station])
