"""PM2.5 in every tambon, by day or by hour: measured where a station stands, elsewhere estimated with an interval.

Says of each value whether it was measured and how far the nearest instrument is. Never changes a measured value, never
mixes averagings, never gives a number where no instrument within `MOST_KM` had one: it cannot tell.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyproj
from numpy.typing import ArrayLike, NDArray

from data.clock import day_bounds, thai_days
from models import air, drift, instruments, kriging, model_grid, witnesses
from models.derived import kept
from models.desk import Desk
from models.kriging import Floats
from models.witnesses import NUGGET, SLOPE, Witnesses

#: Part of the key of the stored years; grows when the method gives other numbers.
VERSION = 4
#: No estimate farther than this from the nearest instrument: the test by leaving stations out goes no farther
#: (76t of Mae Sot until 2021, 179 km from the next).
MOST_KM = 180.0
#: Bounds of the 90 % interval in standard deviations of the log.
_Z90 = 1.6449
#: How far a day's own scatter is trusted against the usual one: as if that many stations had already shown the usual.
_USUAL = 20.0
#: The usual scatter of hours against that of days, on the 425 hours of August to October 2023 with true hours of at
#: least eight stations; a running mean scatters 1.7 times as much over all of 2026, trailers included.
_HOURLY = {"P1D": 1.0, "PT24H": 1.7, "PT1H": 2.4}

SURFACE_COLUMNS: dict[str, str] = {
    "tambon": "str",
    "time": "datetime64[us, UTC]",
    "pm25": "float64",
    "low": "float64",
    "high": "float64",
    "measured": "bool",
    "coverage": "float64",
    "nearest_km": "float64",
    "nearest_station": "str",
}
_GEOD = pyproj.Geod(ellps="WGS84")


def daily_surface(desk: Desk, first: dt.date, last: dt.date) -> pd.DataFrame:
    """Return the mean PM2.5 of each Thai day and tambon of the place.

    Parameters
    ----------
    desk : Desk
    first, last : date
        Thai days, both included.

    Returns
    -------
    DataFrame
        One row per day and tambon: ``tambon``, ``day`` (datetime64[s]), ``pm25`` (µg/m³; NaN when it cannot be told),
        ``low`` and ``high`` (90 % interval of what an official station would read; NaN where measured),
        ``measured``, ``coverage`` (share of the day's hours that were measured in the tambon: 0 where estimated, NaN
        where the provider does not tell), ``nearest_km`` and ``nearest_station`` (nearest instrument with a value).

    Raises
    ------
    NotStored
        When no reading was ever stored.
    """
    years = [_stored_year(desk, year) for year in range(first.year, last.year + 1)]
    table = pd.concat(years, ignore_index=True)
    start, end = day_bounds(first, last)
    table = table[(table["time"] >= start) & (table["time"] < end)].reset_index(drop=True)
    table.insert(1, "day", thai_days(table.pop("time")).astype("datetime64[s]"))
    return table


def hourly_surface(desk: Desk, first: dt.date, last: dt.date, averaging: str = "PT24H") -> pd.DataFrame:
    """Return PM2.5 of each hour and tambon: running 24 h means, or true hours with ``PT1H``.

    Returns
    -------
    DataFrame
        As `daily_surface`, with ``time`` (UTC, in the convention of `averaging`) for ``day``; only the hours for which
        a station of the store has a row.

    Raises
    ------
    NotStored
        When no reading was ever stored.
    ModelError
        Key ``unknown_averaging``.
    """
    return surface(desk, first, last, averaging)


def newest_surface(desk: Desk, day: dt.date) -> tuple[pd.DataFrame, str]:
    """Return the surface of one day as a map shows it: of the newest running mean of each station, else of the day.

    Returns
    -------
    table : DataFrame
        One row per tambon, SURFACE_COLUMNS; ``time`` is the newest stamp, or the start of the day.
    averaging : str
        ``PT24H`` where any station published a running mean on that day, else ``P1D``.

    Raises
    ------
    NotStored
        When no reading was ever stored.
    """
    readings = desk.readings(day, day, everywhere=True)
    series = air.station_series(readings, day, day, "PT24H").dropna(subset="pm25")
    if series.empty:
        table = daily_surface(desk, day, day).drop(columns="day")
        return _typed(table.assign(time=pd.Timestamp(day_bounds(day, day)[0]))), "P1D"
    newest = series.drop_duplicates("code", keep="last").assign(time=series["time"].max())
    return _surface(desk, readings, newest, "PT24H"), "PT24H"


def surface(desk: Desk, first: dt.date, last: dt.date, averaging: str) -> pd.DataFrame:
    """Work the surface out anew from the stored readings; SURFACE_COLUMNS, by time and tambon."""
    readings = desk.readings(first, last, everywhere=True)
    series = air.station_series(readings, first, last, averaging)
    every = None
    if averaging == "P1D":
        every = pd.date_range(day_bounds(first, first)[0], day_bounds(last, last)[0], freq="24h", unit="us")
    return _surface(desk, readings, series, averaging, every)


def _surface(
    desk: Desk, readings: pd.DataFrame, series: pd.DataFrame, averaging: str, every: pd.DatetimeIndex | None = None
) -> pd.DataFrame:
    wide = series.pivot(index="time", columns="code", values="pm25")
    share = series.pivot(index="time", columns="code", values="coverage")
    if every is not None:
        wide, share = wide.reindex(every), share.reindex(every)
    if not len(wide.index):
        return _typed(pd.DataFrame(columns=list(SURFACE_COLUMNS)))
    stations = desk.known_stations
    days = thai_days(pd.Series(wide.index))
    speaking, groups = _speaking(desk, readings, wide, averaging)
    tambons = desk.tambons
    middle = tambons.geometry.representative_point()
    lon, lat = middle.x.to_numpy(), middle.y.to_numpy()
    targets = drift.plane(lon, lat)
    model = _model(desk, speaking, targets, pd.DatetimeIndex(wide.index), averaging)[0]
    pm25, low, high = estimated(speaking, targets, days, averaging, model=model)

    home = desk.stations.set_index("station_id")["tambon"]
    here = [name for name in speaking.sound if name in home.index]
    standing = home.reindex(here).to_numpy()
    value, coverage = _measured(speaking.sound[here], share[here], standing, groups, list(tambons["tambon"]))
    measured = ~np.isnan(value)
    km, nearest = _nearest(
        speaking.sound, stations, (lon, lat), home.reindex(speaking.sound.columns), tambons["tambon"]
    )
    blind = ~(km <= MOST_KM) & ~measured
    pm25 = np.where(measured, value, np.where(blind, np.nan, np.round(pm25, 1)))
    low, high = (np.where(measured | blind, np.nan, np.round(bound, 1)) for bound in (low, high))
    rows, columns = pm25.shape
    return _typed(
        pd.DataFrame(
            {
                "tambon": np.tile(tambons["tambon"].to_numpy(), rows),
                "time": np.repeat(wide.index.to_numpy(), columns),
                "pm25": pm25.ravel(),
                "low": low.ravel(),
                "high": high.ravel(),
                "measured": measured.ravel(),
                "coverage": np.where(measured, coverage, 0.0).ravel(),
                "nearest_km": np.round(km, 1).ravel(),
                "nearest_station": nearest.ravel(),
            }
        )
    )


def verdicts(desk: Desk, first: dt.date, last: dt.date) -> pd.DataFrame:
    """Return what has no say in the daily estimates of Thai days `first` to `last`, and whether a model has.

    The estimates are made by calendar year, and so are the verdicts.

    Returns
    -------
    DataFrame
        ``year``, ``name`` (station or model), ``reason`` (see `models.witnesses.Witnesses.left_out`; of a stored model
        ``model_used`` or ``model_unhelpful``) and ``values``: how many of its days. Empty with nothing to tell.

    Raises
    ------
    NotStored
        When no reading was ever stored.
    """
    tables = [_kept_year(desk, year, "verdicts", _verdicts) for year in range(first.year, last.year + 1)]
    return pd.concat(tables, ignore_index=True)


def _verdicts(desk: Desk, year: int) -> pd.DataFrame:
    first, last = dt.date(year, 1, 1), dt.date(year, 12, 31)
    readings = desk.readings(first, last, everywhere=True)
    wide = air.station_series(readings, first, last, "P1D").pivot(index="time", columns="code", values="pm25")
    told: list[tuple[int, str, str, int]] = []
    if len(wide.index):
        speaking = _speaking(desk, readings, wide, "P1D")[0]
        model = _model(desk, speaking, speaking.at[:1], pd.DatetimeIndex(wide.index), "P1D")[1]
        rows = [*speaking.left_out.itertuples(index=False), *model.itertuples(index=False)]
        told = [(year, str(name), str(reason), int(values)) for name, reason, values in rows if values]
    return pd.DataFrame(told, columns=["year", "name", "reason", "values"])


def _speaking(
    desk: Desk, readings: pd.DataFrame, wide: pd.DataFrame, averaging: str
) -> tuple[Witnesses, tuple[tuple[str, ...], ...]]:
    """Return what may speak at the times of `wide`, and which stations are one instrument."""
    stations = desk.known_stations
    official = stations.loc[stations["station_type"].isin(["ground", "mobile"]), "station_id"]
    groups = instruments.instrument_groups(readings, official, air.INDEPENDENT_GROUPS).groups
    days = thai_days(pd.Series(wide.index))
    wrong = witnesses.misplaced(stations, desk.all_tambons)
    return witnesses.witnesses(wide, stations, groups, days, averaging, wrong), groups


def _model(
    desk: Desk, speaking: Witnesses, targets: Floats, times: pd.DatetimeIndex, averaging: str
) -> tuple[tuple[Floats, Floats] | None, pd.DataFrame]:
    """Return the first stored model that helps, scaled, at the witnesses and targets, and a verdict of each."""
    told: list[tuple[str, str, int]] = []
    used: tuple[Floats, Floats] | None = None
    if not speaking.names:
        return None, pd.DataFrame(told, columns=["name", "reason", "values"])
    days = thai_days(pd.Series(times))
    for field in model_grid.fields_at(desk, np.vstack([speaking.at, targets]), times, averaging):
        here, there = field.value[:, : len(speaking.at)], field.value[:, len(speaking.at) :]
        scale = model_grid.worth(speaking, here, days) if used is None else 0.0
        seen = int(np.count_nonzero((~np.isnan(here)).any(axis=1)))
        told.append((field.source, "model_used" if scale else "model_unhelpful", seen))
        if scale:
            # All or nothing at a time: a model that has holes would make steps where they begin.
            holes = np.isnan(there).any(axis=1) | (np.isnan(here) & ~np.isnan(speaking.value)).any(axis=1)
            whole = np.where(holes, 0.0, scale)[:, None]
            used = whole * np.nan_to_num(here), whole * np.nan_to_num(there)
    return used, pd.DataFrame(told, columns=["name", "reason", "values"])


def estimated(
    speaking: Witnesses,
    targets: Floats,
    days: NDArray[np.datetime64],
    averaging: str,
    pattern: drift.Drift = drift.SHIPPED,
    model: tuple[Floats, Floats] | None = None,
) -> tuple[Floats, Floats, Floats]:
    """Estimate what an official station would read at other places.

    Parameters
    ----------
    speaking : Witnesses
    targets : ndarray, shape (m, 2), km
        As from `models.drift.plane`.
    days : ndarray of datetime64[D], shape (t,)
    averaging : str
    pattern : Drift
        The usual lie of the month.
    model : tuple of ndarray, shapes (t, n) and (t, m), optional
        What a model adds to it at the witnesses and the targets, log µg/m³.

    Returns
    -------
    pm25, low, high : ndarray, shape (t, m), µg/m³
        Mean of the log-normal and its 5 % and 95 % points. NaN where nothing is known.

    Notes
    -----
    Kriging of logs about the usual pattern of the month. The kriging variance is scaled by how well the stations of
    that very time foretell one another, drawn towards the usual as if `_USUAL` stations more had shown it.
    """
    known, wanted = pattern.at(speaking.at, days), pattern.at(targets, days)
    if model is not None:
        known, wanted = known + model[0], wanted + model[1]
    rest = speaking.value - known
    mean, variance = kriging.estimate(rest, speaking.at, speaking.noise, targets, SLOPE)
    back, spread = kriging.left_out(rest, speaking.at, speaking.noise, SLOPE)
    off = (rest - back) ** 2 / spread
    shown = (~np.isnan(off)).sum(axis=1)
    scale = (_USUAL * _HOURLY[averaging] + np.nansum(off, axis=1)) / (_USUAL + shown)
    total = (variance + NUGGET) * scale[:, None]
    mean += wanted
    half = _Z90 * np.sqrt(total)
    return np.exp(mean + total / 2), np.exp(mean - half), np.exp(mean + half)


def _measured(
    value: pd.DataFrame,
    share: pd.DataFrame,
    standing: ArrayLike,
    groups: tuple[tuple[str, ...], ...],
    tambons: list[str],
) -> tuple[Floats, Floats]:
    """Return what the stations in each tambon measured and its coverage, (t, m): each instrument weighs once."""
    instrument = {station: group[0] for group in groups for station in group}
    place = {tambon: number for number, tambon in enumerate(tambons)}
    out, coverage = (np.full((len(value), len(tambons)), np.nan) for _ in range(2))
    stands = pd.Series(standing, index=value.columns, dtype="str")
    for tambon in sorted(stands.unique()):
        names = stands.index[stands == tambon]
        alone = [instrument.get(str(name), str(name)) for name in names]
        each = value[names].T.groupby(alone).mean().T
        hours = share[names].where(value[names].notna()).T.groupby(alone).mean().T
        out[:, place[tambon]] = each.mean(axis=1)
        coverage[:, place[tambon]] = hours.mean(axis=1)
    return out, coverage


def _nearest(
    sound: pd.DataFrame, stations: pd.DataFrame, middle: tuple[Floats, Floats], home: pd.Series, tambons: pd.Series
) -> tuple[Floats, NDArray[np.object_]]:
    """Return distance (km) and name of the nearest instrument with a value, (t, m); one inside goes before others."""
    names = np.append(sound.columns.to_numpy(object), "")
    place = stations.set_index("station_id").reindex(sound.columns)
    apart = np.full((len(tambons), len(names)), np.inf)
    for number, (lon, lat) in enumerate(zip(place["lon"], place["lat"], strict=True)):
        here = np.full(len(tambons), 1.0)
        apart[:, number] = _GEOD.inv(here * lon, here * lat, *middle)[2] / 1000
    order = np.where(tambons.to_numpy()[:, None] == np.append(home.to_numpy(object), "")[None, :], -1.0, apart)
    order[:, -1] = np.finfo(float).max  # nobody, when nobody has a value
    known = np.column_stack([sound.notna().to_numpy(), np.ones(len(sound), dtype=bool)])
    patterns, member = np.unique(known, axis=0, return_inverse=True)
    first = np.stack([np.argmin(np.where(pattern, order, np.inf), axis=1) for pattern in patterns])[member.ravel()]
    km = np.take_along_axis(apart[None], first[..., None], axis=2)[..., 0] if len(first) else np.empty(first.shape)
    nothing = np.isinf(km)
    return np.where(nothing, np.nan, km), np.where(nothing, "", names[first])


def _stored_year(desk: Desk, year: int) -> pd.DataFrame:
    """Return the daily surface of a calendar year."""

    def made(desk: Desk, year: int) -> pd.DataFrame:
        return surface(desk, dt.date(year, 1, 1), dt.date(year, 12, 31), "P1D")

    return _typed(_kept_year(desk, year, "surface", made))


def _kept_year(desk: Desk, year: int, what: str, make: Callable[[Desk, int], pd.DataFrame]) -> pd.DataFrame:
    """Return what is made of a calendar year, kept in the store by what went in."""
    inputs = desk.state.part_revision("readings", "stations", "tambons", "grids")
    key = hashlib.sha256(f"{inputs} {desk.place.key} {VERSION}".encode()).hexdigest()[:16]

    def build(path: Path) -> None:
        pq.write_table(pa.Table.from_pandas(make(desk, year), preserve_index=False), path, compression="zstd")

    return kept(desk.store, f"{what}_{desk.place.key}_{year}.parquet", key, build, pd.read_parquet)


def _typed(table: pd.DataFrame) -> pd.DataFrame:
    return table[list(SURFACE_COLUMNS)].astype(SURFACE_COLUMNS)
