"""Hourly weather that tests work out by hand: one value for every hour of some Thai days, changed at will."""

from __future__ import annotations

from typing import Any

import pandas as pd

from data import contracts
from data.merge import Writer
from data.store import Store
from tests import make

HOUR: dict[str, Any] = {
    "temperature_c": 34.0,
    "humidity_pct": 30.0,
    "rain_mm": 0.0,
    "pressure_hpa": 1000.0,
    "wind_speed_ms": 2.0,
    "wind_from_deg": 270.0,
}


def hours(station: str, first: str, last: str, issued: str | None = None, **changes: Any) -> pd.DataFrame:
    """Return a row for each hour of the Thai days `first` to `last`, with constant values."""
    stamps = pd.date_range(f"{first} 00:00", f"{last} 23:00", freq="h", tz="Asia/Bangkok").tz_convert("UTC")
    issue = pd.NaT if issued is None else pd.Timestamp(issued, tz="UTC")
    table = pd.DataFrame({"measured_at": stamps}).assign(station_id=station, source="test", flag="ok", **HOUR)
    table["issued_at"] = pd.Series(issue, index=table.index, dtype="datetime64[us, UTC]")
    return contracts.typed(table.assign(**changes), contracts.WEATHER_COLUMNS, contracts.WEATHER_CATEGORIES)


def add(store: Store, weather: pd.DataFrame, *places: dict[str, Any]) -> Store:
    """Store weather and its places (changes of `make.STATION`)."""
    with store.locked():
        writer = Writer(store, store.state())
        writer.add_weather(weather, make.stations(*places))
        writer.commit()
    return store
