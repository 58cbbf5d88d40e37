"""Stored hourly weather as others use it: which row of an hour counts, and where the places stand.

Never fills a gap and never averages.
"""

from __future__ import annotations

import pandas as pd

from data import places
from models.desk import Desk


def hourly_weather(weather: pd.DataFrame) -> pd.DataFrame:
    """Return one row per place and hour: what was measured or analysed afterwards, else the newest forecast."""
    ordered = weather.sort_values(["station_id", "measured_at", "issued_at"], kind="stable", na_position="last")
    once: pd.DataFrame = ordered.drop_duplicates(["station_id", "measured_at"], keep="last")
    return once.reset_index(drop=True)


def weather_places(desk: Desk) -> pd.DataFrame:
    """Return where stored weather stands, as far as known: as stored, at the station of the same id, or approximately.

    Returns
    -------
    DataFrame
        `station_id`, `lon`, `lat`.
    """
    known = [
        desk.store.weather_places(desk.state),
        desk.store.stations(desk.state),
        places.embedded_stations(),
        places.approximate_weather_places(),
    ]
    table = pd.concat([one[["station_id", "lon", "lat"]] for one in known if len(one)], ignore_index=True)
    return table.dropna().drop_duplicates("station_id").reset_index(drop=True)
