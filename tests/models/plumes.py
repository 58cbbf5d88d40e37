"""Smoke whose sources are known: puffs carried forwards through a wind given by a formula, counted where they arrive.

Written apart from the backward model: it knows the formula, not the lattice, and follows the smoke from the fire.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import numpy as np

from models.burning import Fires
from models.winds import Winds

#: Start of the Thai day 10 March 2026, UTC, in hours since 1970.
START = dt.datetime(2026, 3, 9, 17, tzinfo=dt.UTC)
HOUR = START.timestamp() / 3600
LAYER_M = 1200.0
#: Eastward and northward wind, m/s, at degrees east and north, hours since START, metres.
Formula = Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


def lattice(formula: Formula, heights: tuple[float, ...] = (10.0, 100.0, 490.0, 1210.0)) -> Winds:
    """Return the formula as it would be stored: hourly, at half degrees and a few heights."""
    hours = np.arange(-50.0, 27.0)
    lon, lat = np.arange(94.0, 106.1, 0.5), np.arange(13.0, 24.1, 0.5)
    z, t, y, x = np.meshgrid(np.array(heights), hours, lat, lon, indexing="ij")
    east, north = formula(x, y, t, z)
    layer = np.full((len(hours), len(lat), len(lon)), LAYER_M)
    return Winds(hours + HOUR, lon, lat, np.array(heights), east, north, layer, "formula")


def fires(*sources: tuple[float, float, float, str]) -> Fires:
    """Return each source (lon, lat, MW, area) as seen by two passes a day over the days before and the day itself."""
    passes = np.arange(-48.0, 25.0, 12.0) + HOUR + 1.5
    rows = [(lon, lat, hour, power, area) for lon, lat, power, area in sources for hour in passes]
    lon, lat, hour, power = (np.array([row[column] for row in rows], float) for column in range(4))
    return Fires(lon, lat, hour, power, np.array([row[4] for row in rows], dtype=object))


def arrived(
    formula: Formula,
    sources: tuple[tuple[float, float, float, str], ...],
    box: tuple[float, float, float, float],
    puffs: int = 12_000,
) -> dict[str, float]:
    """Return the share of each area in the smoke that lay over `box` during the Thai day."""
    random = np.random.default_rng(3)
    smoke: dict[str, float] = {}
    west, south, east, north = box
    for lon0, lat0, power, area in sources:
        lon, lat = np.full(puffs, lon0), np.full(puffs, lat0)
        born = random.uniform(-46.0, 23.0, puffs)
        height = random.uniform(0, LAYER_M, puffs)
        drift = random.normal(0, 0.5, (2, puffs))
        here = 0
        step = 0.5
        for number, time in enumerate(np.arange(-46.0, 24.0, step)):
            if number % 2 == 0:
                height, drift = random.uniform(0, LAYER_M, puffs), random.normal(0, 0.5, (2, puffs))
            flying = born <= time
            u, v = formula(lon, lat, np.full(puffs, time + step / 2), height)
            lat = np.where(flying, lat + (v + drift[1]) * step * 3.6 / 111.195, lat)
            lon = np.where(flying, lon + (u + drift[0]) * step * 3.6 / (111.195 * np.cos(np.deg2rad(lat))), lon)
            if time >= 0:
                here += int((flying & (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)).sum())
        smoke[area] = smoke.get(area, 0.0) + power * here
    total = sum(smoke.values())
    return {area: mass / total for area, mass in smoke.items()}
