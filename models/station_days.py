"""Daily PM2.5 of the stations of the north side by side, and of those elsewhere in the country: what forecasts see.

Pure: readings and positions in, one array by day and station out. Never fills a gap, never learns anything.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data import places
from data.clock import thai_days
from data.errors import TooLittleData
from models.air import INDEPENDENT_GROUPS, daily_mean

#: West, south, east, north in degrees: an official station inside it that the network's list does not name, such as a
#: trailer or a new one, is of the north too.
NORTH = (97.3, 15.0, 101.8, 20.6)
#: Haze years begin in November: November and December belong to the burning season of the year that follows.
_HAZE_YEAR_FROM = 11

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class StationDays:
    """Daily means of PM2.5, µg/m³, missing as NaN; a value of a day is known when that Thai day has ended.

    Attributes
    ----------
    days : ndarray of datetime64[D], shape (T,)
        Thai days without a gap.
    stations : tuple of str, length S
        Stations of the north, ascending.
    value : ndarray, shape (T, S)
    lon, lat : ndarray, shape (S,)
        Degrees; to 0.1 degree where only the network's list tells.
    fixed : ndarray of bool, shape (S,)
        True for ground stations; trailers come and go: they take no part in regional means, in learning and in the
        record, and are forecast all the same.
    elsewhere : mapping of str to ndarray, shape (T, n)
        Stations of the other parts of the country, by part.
    model : mapping of int to ndarray, shape (T, S)
        What an air model said of the day so many days later, as known at the end of each day; see `models.model_days`.
        Empty where no model is stored.
    drivers : mapping of str to mapping of str to ndarray, shape (T, S)
        Fires and weather at the stations of the north by group and name, as they were known when the day had ended; see
        `models.drivers`. Groups that are not stored are not there.
    """

    days: NDArray[np.datetime64]
    stations: tuple[str, ...]
    value: Floats
    lon: Floats
    lat: Floats
    fixed: NDArray[np.bool_]
    elsewhere: Mapping[str, Floats]
    model: Mapping[int, Floats] = field(default_factory=dict)
    drivers: Mapping[str, Mapping[str, Floats]] = field(default_factory=dict)

    @property
    def year(self) -> NDArray[np.int64]:
        """Haze year of each day, shape (T,)."""
        return haze_years(self.days)

    @property
    def month(self) -> NDArray[np.int64]:
        """Month of each day, 1 to 12, shape (T,)."""
        return months(self.days)

    @property
    def weight(self) -> Floats:
        """Weight of each value, shape (T, S): stations that repeat one another share one (`INDEPENDENT_GROUPS`)."""
        weight = np.ones(self.value.shape)
        for group in INDEPENDENT_GROUPS:
            mine = [at for at, code in enumerate(self.stations) if code in group]
            there = np.isfinite(self.value[:, mine]).sum(axis=1, keepdims=True)
            weight[:, mine] = 1.0 / np.maximum(there, 1)
        return weight

    def position(self, day: dt.date) -> int:
        """Return where a day stands; may lie outside."""
        return int((np.datetime64(day, "D") - self.days[0]).astype(np.int64))

    def until(self, day: dt.date) -> StationDays:
        """Return the days up to `day`, included: all that is known when it has ended."""
        return self._rows(slice(max(self.position(day) + 1, 0)))

    def last(self, count: int) -> StationDays:
        """Return the last `count` days."""
        return self._rows(slice(-count, None))

    def since(self, day: dt.date) -> StationDays:
        """Return the days from `day` on."""
        return self._rows(slice(max(self.position(day), 0), None))

    def _rows(self, rows: slice) -> StationDays:
        elsewhere = {part: value[rows] for part, value in self.elsewhere.items()}
        model = {lead: value[rows] for lead, value in self.model.items()}
        drivers = {name: {key: value[rows] for key, value in group.items()} for name, group in self.drivers.items()}
        return replace(
            self, days=self.days[rows], value=self.value[rows], elsewhere=elsewhere, model=model, drivers=drivers
        )


def months(days: NDArray[np.datetime64]) -> NDArray[np.int64]:
    """Return the month of each day, 1 to 12."""
    return np.asarray(days.astype("datetime64[M]").astype(np.int64) % 12 + 1, dtype=np.int64)


def haze_years(days: NDArray[np.datetime64]) -> NDArray[np.int64]:
    """Return the year of the burning season that each day belongs to: 2025-11-01 is of 2026."""
    months = days.astype("datetime64[M]").astype(np.int64)
    return np.asarray((months + 13 - _HAZE_YEAR_FROM) // 12 + 1970, dtype=np.int64)


def station_days(readings: pd.DataFrame, stations: pd.DataFrame) -> StationDays:
    """Bring readings into daily means of the stations of the north and elsewhere.

    Parameters
    ----------
    readings : DataFrame
        READING_COLUMNS of any averaging; model values are passed over.
    stations : DataFrame
        STATION_COLUMNS; low-cost sensors and model points are passed over.

    Raises
    ------
    TooLittleData
        When no official station of the north has a daily mean; key ``forecast_no_days``.

    Notes
    -----
    A station whose code names an older place (``70t-old``) is left out: its place is not known.
    """
    daily = daily_mean(readings[(readings["variable"] == "pm25") & (readings["flag"] != "model")])
    daily = daily[daily["value"].notna()]
    network = places.air_network()
    official = stations[stations["station_type"].isin(["ground", "mobile"])].set_index("station_id")
    found = sorted(daily["station_id"].unique())
    others = {code for codes in network.elsewhere.values() for code in codes}
    where = {
        code: at
        for code in found
        if code not in others and (at := _position(code, official, network.north)) is not None
    }
    if not where:
        raise TooLittleData(
            "no official station of the north has a daily mean of PM2.5",
            key="forecast_no_days",
            hint="import a table of daily means or a station feed first",
        )
    day = thai_days(daily["measured_at"])
    days = np.arange(day.min(), day.max() + np.timedelta64(1, "D"))
    wide = pd.DataFrame({"day": day, "code": daily["station_id"].to_numpy(), "value": daily["value"].to_numpy()})
    table = wide.pivot(index="day", columns="code", values="value").reindex(days)
    codes = tuple(sorted(where))
    elsewhere = {
        part: table[held].to_numpy(float)
        for part, names in network.elsewhere.items()
        if (held := [name for name in names if name in table])
    }
    kind = official["station_type"].to_dict()
    return StationDays(
        days,
        codes,
        table[list(codes)].to_numpy(float),
        np.array([where[code][0] for code in codes]),
        np.array([where[code][1] for code in codes]),
        np.array([kind.get(code, "ground") == "ground" for code in codes]),
        elsewhere,
    )


def _position(
    code: str, official: pd.DataFrame, north: Mapping[str, tuple[float, float]]
) -> tuple[float, float] | None:
    if code in official.index:
        lon, lat = map(float, official.loc[code, ["lon", "lat"]])
        west, south, east, top = NORTH
        inside = west <= lon <= east and south <= lat <= top
        return (lon, lat) if code in north or inside else None
    return north.get(code)
