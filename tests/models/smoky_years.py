"""Daily PM2.5 of a made-up north for tests of forecasting: smoke that drifts, stays a while and clears.

Known truth: the logarithm of each day is the usual year plus a regional part that keeps 0.8 of itself from day to day
and a part of each station that keeps 0.6; what the northeast has today, the north gets half of tomorrow.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from models.station_days import StationDays
from tests import make

STATIONS = ("35t", "37t", "38t", "39t", "40t", "57t", "68t", "69t")
PLACES = {
    "35t": (99.0, 18.8), "37t": (99.5, 18.3), "38t": (99.8, 18.3), "39t": (99.8, 18.4), "40t": (99.7, 18.3),
    "57t": (99.8, 19.9), "68t": (99.0, 18.6), "69t": (100.2, 18.1),
}  # fmt: skip
NORTHEAST = ("46t", "47t", "82t", "91t")


def smoke(first: dt.date, last: dt.date, seed: int = 1) -> StationDays:
    """Return the days from `first` to `last`, both included."""
    random = np.random.default_rng(seed)
    days = np.arange(np.datetime64(first), np.datetime64(last) + 1)
    count, width = len(days), len(STATIONS)
    day = (days - days.astype("datetime64[Y]")).astype(int)
    usual = 3.2 + 0.7 * np.cos(2 * np.pi * (day - 75) / 365)
    upwind, north = np.zeros(count), np.zeros(count)
    own = np.zeros((count, width))
    for t in range(1, count):
        upwind[t] = 0.5 * upwind[t - 1] + random.normal(0, 0.3)
        north[t] = 0.8 * north[t - 1] + 0.5 * upwind[t - 1] + random.normal(0, 0.1)
        own[t] = 0.6 * own[t - 1] + random.normal(0, 0.08, width)
    value = np.exp(usual[:, None] + north[:, None] + own).round(1)
    away = np.exp(usual[:, None] - 0.3 + upwind[:, None] + random.normal(0, 0.05, (count, len(NORTHEAST)))).round(1)
    lon, lat = (np.array([PLACES[code][axis] for code in STATIONS]) for axis in (0, 1))
    return StationDays(days, STATIONS, value, lon, lat, np.ones(width, bool), {"northeast": away})


def readings(data: StationDays) -> pd.DataFrame:
    """Return the days as the provider's own daily means, of both the north and the northeast."""
    parts = [(data.stations, data.value), (NORTHEAST, data.elsewhere["northeast"])]
    frames = []
    for codes, value in parts:
        start = pd.to_datetime(data.days).tz_localize("Asia/Bangkok").tz_convert("UTC")
        frames.append(
            pd.DataFrame(
                {
                    "station_id": np.tile(codes, len(data.days)),
                    "measured_at": np.repeat(start, len(codes)),
                    "value": value.ravel(),
                }
            )
        )
    table = pd.concat(frames, ignore_index=True).dropna()
    return make.contracts.check_readings(table.assign(variable="pm25", averaging="P1D", flag="ok", source="test"))


def stations() -> pd.DataFrame:
    """Return where the stations of the north stand; those of the northeast are known by their codes."""
    return make.stations(*({"station_id": code, "lon": lon, "lat": lat} for code, (lon, lat) in PLACES.items()))
