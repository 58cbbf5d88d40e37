"""Stored gridded fields by tambon and Thai day, kept month by month, since a stored month never changes.

Never reads a provider's file, and never fills a gap: a day has what its fields have.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import xarray as xr

from data import stored_grids
from data.clock import day_bounds, thai_days
from data.errors import NotStored
from data.grids import Axes, Block, axes_of, chosen_runs, from_arrow
from data.store import State, Store, StoredFile
from models import weights, zonal
from models.assign import outline_revision
from models.derived import kept

#: Raised when the kept files change their form or meaning.
VERSION = "1"


@dataclass(frozen=True)
class Fields:
    """Means of single fields over tambons, whatever their coverage; float32, (n, tambons)."""

    time: np.ndarray
    run: np.ndarray
    mean: np.ndarray
    coverage: np.ndarray

    def take(self, chosen: np.ndarray) -> Fields:
        """Return some of the fields."""
        return Fields(self.time[chosen], self.run[chosen], self.mean[chosen], self.coverage[chosen])


def daily(
    store: Store,
    tambons: gpd.GeoDataFrame,
    variable: str,
    source: str,
    first: dt.date,
    last: dt.date,
    state: State | None = None,
    least: float = zonal.LEAST_COVERAGE,
    *,
    people: bool = False,
) -> xr.Dataset:
    """Return daily means of a stored grid over tambons.

    Parameters
    ----------
    store : Store
    tambons : GeoDataFrame
    variable, source : str
        As `stored_grids.grids` lists them.
    first, last : date
        Thai days, both included.
    least : float
        Coverage below which a day is missing.
    people : bool
        Weigh each cell by the people of the stored population raster in it instead of by its area; coverage is then
        a share of people.

    Returns
    -------
    Dataset (time, tambon)
        ``mean``: the fields of the day, each with the weight of its coverage; ``coverage``: mean over the fields of the
        day; ``fields`` (time): how many there were. Of several runs that speak of one time an analysis counts, else
        the newest run; of grids on different cells, for each tambon the one that covers it better.

    Raises
    ------
    NotStored
        When nothing of it is stored at all, or no population raster for `people`.
    """
    state = state or store.state()
    how = _Areas(store, tambons, state, people)
    found = list(_by_axes(how, variable, source, first, last))
    if not any(part.startswith(f"{variable}.{source}.") for part in store.parts("grids", state)):
        raise NotStored(
            f"no grid of {variable} from {source} is stored",
            key="no_grid",
            context={"variable": variable, "source": source},
        )
    n, codes = (last - first).days + 1, sorted(tambons["tambon"])
    mean, coverage = np.full((n, len(codes)), np.nan, np.float32), np.zeros((n, len(codes)), np.float32)
    count = np.zeros(n, np.int32)
    for fields in found:
        part, share, number = _days(fields, first, n)
        better = share > coverage
        mean, coverage, count = np.where(better, part, mean), np.maximum(coverage, share), np.maximum(count, number)
    mean = np.where(coverage >= least, mean, np.nan)
    return xr.Dataset(
        {
            "mean": (("time", "tambon"), mean.astype(np.float32)),
            "coverage": (("time", "tambon"), coverage.astype(np.float32)),
            "fields": ("time", count),
        },
        {"time": pd.date_range(first, periods=n, freq="D", unit="s"), "tambon": np.array(codes, object)},
    )


def day_field(
    store: Store, variable: str, day: dt.date, state: State | None = None
) -> Iterator[tuple[str, Axes, np.ndarray]]:
    """Yield the mean field of a Thai day of each source and set of cells that has one, by name of the source.

    Yields
    ------
    source : str
    axes : Axes
    values : ndarray of float32, shape (rows, columns)
        NaN where no field of the day has a value.
    """
    start, end = day_bounds(day, day)
    stamps = [np.datetime64(moment.replace(tzinfo=None), "M") for moment in (start, end)]
    found: dict[tuple[str, str], list[str]] = {}
    for part, stored in sorted(store.parts("grids", state).items()):
        name, source, mark, month = part.split(".")
        if name == variable and str(stamps[0]) <= month <= str(stamps[1]):
            found.setdefault((source, mark), []).append(stored.sha256[:16])
    for (source, mark), digests in found.items():

        def build(path: Path, source: str = source, mark: str = mark) -> None:
            field = stored_grids.grid(store, variable, source, start, end, state, axes=mark)
            with open(path, "wb") as handle:
                values = field.mean("time", skipna=True).to_numpy()
                np.savez(handle, values=values, axes=np.array(axes_of(field).numbers))

        try:
            axes, values = kept(store, "gridday.npz", f"{'-'.join(digests)}-{day}-{VERSION}", build, _day_held)
        except NotStored:
            continue
        yield source, axes, values


def _day_held(path: Path) -> tuple[Axes, np.ndarray]:
    with np.load(path, allow_pickle=False) as held:
        west, south, step_lon, step_lat, columns, rows = held["axes"].tolist()
        return Axes(west, south, step_lon, step_lat, int(columns), int(rows)), held["values"]


def _days(fields: Fields, first: dt.date, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return means and coverage of Thai days, (n, tambons), and the number of fields of each day."""
    stamps = pd.Series(pd.to_datetime(fields.time, utc=True))
    day = (thai_days(stamps) - np.datetime64(first, "D")).astype(np.int64)
    known = np.where(np.isnan(fields.mean), 0.0, fields.coverage.astype(float))
    total, weight = (np.zeros((n, known.shape[1])) for _ in range(2))
    np.add.at(total, day, np.nan_to_num(fields.mean) * known)
    np.add.at(weight, day, known)
    count = np.bincount(day, minlength=n).astype(np.int32)
    mean = np.divide(total, weight, out=np.full_like(total, np.nan), where=weight > 0)
    return mean, weight / np.maximum(count, 1)[:, None], count


@dataclass(frozen=True)
class _Areas:
    """The areas that fields are averaged over, and how cells are weighed."""

    store: Store
    tambons: gpd.GeoDataFrame
    state: State
    people: bool

    @property
    def key(self) -> str:
        weighed = f"-people-{self.state.part_revision('rasters')}" if self.people else ""
        return f"{outline_revision(self.tambons)}{weighed}-{VERSION}"

    def weights(self, axes: Axes) -> weights.Weights:
        if self.people:
            return weights.of_people(self.store, self.tambons, axes, self.state)
        return weights.of_grid(self.store, self.tambons, axes)


def _by_axes(areas: _Areas, variable: str, source: str, first: dt.date, last: dt.date) -> Iterator[Fields]:
    """Yield the fields of a period, one for each time, set of cells by set of cells."""
    start, end = (np.datetime64(moment.replace(tzinfo=None), "us") for moment in day_bounds(first, last))
    key = areas.key
    months: dict[str, list[Fields]] = {}
    for part, stored in sorted(areas.store.parts("grids", areas.state).items()):
        name, made_by, mark, month = part.split(".")
        inside = str(start.astype("M8[M]")) <= month <= str(end.astype("M8[M]"))
        if (name, made_by) == (variable, source) and inside:
            months.setdefault(mark, []).append(_month(areas, key, stored))
    for held in months.values():
        names = ("time", "run", "mean", "coverage")
        joined = Fields(*(np.concatenate([getattr(month, name) for month in held]) for name in names))
        joined = joined.take(np.flatnonzero((joined.time >= start) & (joined.time < end)))
        yield joined.take(chosen_runs(joined.time, joined.run))


def keep_month(store: Store, tambons: gpd.GeoDataFrame, state: State, part: str) -> None:
    """Make the derived file of one stored month of fields, by area; months do not wait for each other."""
    areas = _Areas(store, tambons, state, people=False)
    _month(areas, areas.key, store.parts("grids", state)[part])


def _month(areas: _Areas, key: str, stored: StoredFile) -> Fields:
    def build(path: Path) -> None:
        block = from_arrow(areas.store.get_table(stored))
        with open(path, "wb") as handle:
            np.savez(handle, **vars(_fields(areas, block)))

    def load(path: Path) -> Fields:
        with np.load(path, allow_pickle=False) as held:
            return Fields(held["time"], held["run"], held["mean"], held["coverage"])

    return kept(areas.store, "gridded.npz", f"{stored.sha256[:16]}-{key}", build, load)


def _fields(areas: _Areas, block: Block) -> Fields:
    values = block.values.reshape(-1, block.axes.rows, block.axes.columns)
    mean, coverage = zonal.over(values, areas.weights(block.axes), least=0.0)
    return Fields(block.time, block.run, mean.astype(np.float32), coverage.astype(np.float32))
