"""How good the surface is: each station left out in turn and foretold from the others, in seasons it has not seen.

Pure but for the desk it reads. Beside the surface stand what a map would show without it: the nearest station, and
inverse distance squared, on the same values. Never judges a season with a pattern that was fitted on it.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from data.clock import thai_days
from data.errors import NotStored
from models import air, drift, instruments, kriging, surface, witnesses
from models.derived import kept
from models.desk import Desk
from models.witnesses import Witnesses

#: The season of the test: January to May, the haze season of the desk.
MONTHS = (1, 5)
#: Years whose days went into the shipped pattern.
SHIPPED_YEARS = (2019, 2020, 2021, 2023, 2025)
#: A season with fewer station days than this has nothing to be judged by.
_FEWEST = 200
_FEWEST_STATIONS = 4
_VERSION = 1

CHECK_COLUMNS: dict[str, str] = {
    "station_id": "str",
    "day": "datetime64[s]",
    "season": "int64",
    "observed": "float64",
    "pm25": "float64",
    "low": "float64",
    "high": "float64",
    "idw": "float64",
    "nearest": "float64",
    "nearest_km": "float64",
    "pattern": "str",
}


def station_days(desk: Desk) -> pd.DataFrame:
    """Return every station day of the stored haze seasons beside what the other stations say of it.

    Returns
    -------
    DataFrame
        ``station_id``, ``day``, ``season`` (year), ``observed``, ``pm25``, ``low``, ``high`` (the surface without that
        station), ``idw`` (inverse distance squared) and ``nearest`` on the same values, all µg/m³; ``nearest_km``;
        ``pattern``: the usual pattern was ``refitted`` without the season and the station, is the ``shipped`` one for a
        season it was not fitted on, or ``none``. Empty when no season has enough stations and days.

    Raises
    ------
    NotStored
        When no reading was ever stored.

    Notes
    -----
    Of stations that are one instrument, one is in the test (`models.air.INDEPENDENT_GROUPS`: 40t, without 38t and
    39t, in all years). The test is kept in the store by what went in.
    """
    if not desk.air_years:
        raise NotStored("no PM2.5 readings are stored", key="no_readings", hint="import a station file first")
    inputs = desk.state.part_revision("readings", "stations", "tambons")
    key = hashlib.sha256(f"{inputs} {surface.VERSION} {_VERSION}".encode()).hexdigest()[:16]

    def build(path: Path) -> None:
        pq.write_table(pa.Table.from_pandas(_station_days(desk), preserve_index=False), path, compression="zstd")

    def load(path: Path) -> pd.DataFrame:
        return pd.read_parquet(path).astype(CHECK_COLUMNS)

    return kept(desk.store, "surface_check.parquet", key, build, load)


def scores(table: pd.DataFrame, by: Sequence[str] = ()) -> pd.DataFrame:
    """Return how well `station_days` rows were foretold, for all or by ``season`` or ``station_id``.

    Returns
    -------
    DataFrame
        The columns `by`; ``n`` station days; ``r2`` (1 - squared errors over squared departures from the mean of the
        same rows) and ``rmse`` (µg/m³) of the surface, of inverse distance (``_idw``) and of the nearest station
        (``_nearest``); ``gain_pct``: by how much the surface's RMSE is below that of inverse distance; ``bias``
        (µg/m³); ``inside_pct``: share of the days inside the 90 % interval; ``nearest_km`` (median).
    """
    groups = table.groupby(list(by), sort=True) if by else [((), table)]
    rows = []
    for key, part in groups:
        seen = part["observed"].to_numpy(float)
        spread = float(((seen - seen.mean()) ** 2).sum())
        row: dict[str, object] = dict(zip(by, key, strict=True)) | {"n": len(part)}
        rmse = {}
        for name, column in (("", "pm25"), ("_idw", "idw"), ("_nearest", "nearest")):
            off = part[column].to_numpy(float) - seen
            rmse[name] = float(np.sqrt((off**2).mean()))
            row[f"r2{name}"] = 1 - float((off**2).sum()) / spread if spread > 0 else np.nan
            row[f"rmse{name}"] = rmse[name]
        inside = (part["low"] <= part["observed"]) & (part["observed"] <= part["high"])
        row["gain_pct"] = 100 * (1 - rmse[""] / rmse["_idw"]) if rmse["_idw"] > 0 else np.nan
        row |= {"bias": float((part["pm25"] - part["observed"]).mean()), "inside_pct": 100 * float(inside.mean())}
        rows.append(row | {"nearest_km": float(part["nearest_km"].median())})
    return pd.DataFrame(rows)


def _station_days(desk: Desk) -> pd.DataFrame:
    stored = seasons(desk)
    frames = [judged(year, stored) for year in stored]
    empty = pd.DataFrame(columns=list(CHECK_COLUMNS))
    return (pd.concat(frames, ignore_index=True) if frames else empty).astype(CHECK_COLUMNS)


@dataclasses.dataclass(frozen=True)
class Season:
    """The daily values of one haze season, one station for each instrument, and its Thai days (datetime64[D])."""

    speaking: Witnesses
    days: NDArray[np.datetime64]


def seasons(desk: Desk) -> dict[int, Season]:
    """Return the stored seasons that can be judged, by year."""
    return {year: found for year in desk.air_years if (found := _season(desk, year)) is not None}


def _season(desk: Desk, year: int) -> Season | None:
    """Return the daily values of one year's season, one station for each instrument; None where too few are stored."""
    first, last = dt.date(year, MONTHS[0], 1), dt.date(year, MONTHS[1], 31)
    readings = desk.readings(first, last, everywhere=True)
    wide = air.station_series(readings, first, last, "P1D").pivot(index="time", columns="code", values="pm25")
    official = desk.known_stations[desk.known_stations["station_type"].isin(["ground", "mobile"])]
    wide = wide[[name for name in official["station_id"] if name in wide]].dropna(axis=1, how="all")
    found = instruments.instrument_groups(readings, wide.columns, air.INDEPENDENT_GROUPS).groups
    again = {name for group in (*found, *air.INDEPENDENT_GROUPS) for name in sorted(set(group) & set(wide))[:-1]}
    wide = wide.drop(columns=sorted(again))
    days = thai_days(pd.Series(wide.index))
    wrong = witnesses.misplaced(official, desk.all_tambons)
    speaking = witnesses.witnesses(wide, official, (), days, "P1D", wrong)
    enough = len(speaking.names) >= _FEWEST_STATIONS and int((~np.isnan(speaking.value)).sum()) >= _FEWEST
    return Season(speaking, days) if enough else None


def judged(year: int, stored: Mapping[int, Season]) -> pd.DataFrame:
    """Return CHECK_COLUMNS of one season, its pattern from the other seasons alone."""
    season = stored[year]
    speaking, days = season.speaking, season.days
    frames = []
    for column, name in enumerate(speaking.names):
        kind, pattern = _pattern(year, name, stored)
        rest = [other for other in range(len(speaking.names)) if other != column]
        others = dataclasses.replace(
            speaking, value=speaking.value[:, rest], at=speaking.at[rest], noise=speaking.noise[rest]
        )
        pm25, low, high = surface.estimated(others, speaking.at[[column]], days, "P1D", pattern)
        apart = kriging.distances(speaking.at[[column]], others.at)[0]
        known = ~np.isnan(others.value)
        weight = np.where(known, 1 / np.maximum(apart, 0.1) ** 2, 0.0)
        value = np.exp(np.where(known, others.value, 0.0))
        with np.errstate(invalid="ignore"):
            idw = (weight * value).sum(axis=1) / weight.sum(axis=1)
        near = np.argmin(np.where(known, apart, np.inf), axis=1)
        frames.append(
            pd.DataFrame(
                {
                    "station_id": name,
                    "day": days.astype("datetime64[s]"),
                    "season": year,
                    "observed": np.exp(speaking.value[:, column]),
                    "pm25": pm25[:, 0],
                    "low": low[:, 0],
                    "high": high[:, 0],
                    "idw": idw,
                    "nearest": value[np.arange(len(days)), near],
                    "nearest_km": apart[near],
                    "pattern": kind,
                }
            )
        )
    table = pd.concat(frames, ignore_index=True)
    return table[table["observed"].notna() & table["pm25"].notna()]


def _pattern(year: int, left_out: str, stored: Mapping[int, Season]) -> tuple[str, drift.Drift]:
    """Return the usual pattern as it is known without a season and a station."""
    others = [season for other, season in stored.items() if other != year]
    if not others:
        return ("none", drift.NONE) if year in SHIPPED_YEARS else ("shipped", drift.SHIPPED)
    names = sorted({name for season in others for name in season.speaking.names} - {left_out})
    at = np.zeros((len(names), 2))
    value = []
    for season in others:
        column = {name: number for number, name in enumerate(season.speaking.names)}
        block = np.full((len(season.days), len(names)), np.nan)
        for number, name in enumerate(names):
            if name in column:
                block[:, number] = season.speaking.value[:, column[name]]
                at[number] = season.speaking.at[column[name]]
        value.append(block)
    days = np.concatenate([season.days for season in others])
    return "refitted", drift.fit(np.vstack(value), at, days)
