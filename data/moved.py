"""Stations that a feed suddenly places elsewhere: the known place is kept, and the jump is told.

Pure functions on tables of STATION_COLUMNS. Never stores, and never judges a station that nothing is known of.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

#: A station that is set up anew in the same town moves by less; a feed's slip of a digit or of two columns by more.
FARTHEST_KM = 20.0
#: Length of a degree of latitude, mean radius of the Earth 6,371 km.
_KM_A_DEGREE = 6371.0 * np.pi / 180


def held_in_place(table: pd.DataFrame, known: pd.DataFrame) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return `table` with stations that jumped at their place in `known`, and the ids of these.

    Parameters
    ----------
    table, known : DataFrame
        STATION_COLUMNS; `known` holds each station once.

    Returns
    -------
    tuple
        The same table where nothing jumped by more than `FARTHEST_KM`.
    """
    there = known.set_index("station_id")[["lon", "lat"]].reindex(table["station_id"])
    lon, lat = table["lon"].to_numpy(float), table["lat"].to_numpy(float)
    east = (lon - there["lon"].to_numpy()) * np.cos(np.radians(lat))
    away = np.hypot(east, lat - there["lat"].to_numpy()) * _KM_A_DEGREE
    # A mobile station is there to be moved.
    jumped = (away > FARTHEST_KM) & (table["station_type"] != "mobile").to_numpy()
    if not jumped.any():
        return table, ()
    held = table.assign(
        lon=np.where(jumped, there["lon"].to_numpy(), lon), lat=np.where(jumped, there["lat"].to_numpy(), lat)
    )
    return held, tuple(sorted(str(name) for name in table["station_id"].to_numpy()[jumped]))
