"""The forecast of a day as a document tells it: the station of the place that is to have the worst air, day by day.

Gives rows and notes their numbers; what is said of them is up to the briefing and the bulletin. Never forecasts itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from briefings.figures import Scene
from data.clock import day_bounds, thai_day
from layers.forecast import chance_told
from models.forecast import issue

#: How a number of the forecast is told: factor and unit.
_TOLD = {
    "pm25": (1, "µg/m³"),
    "low": (1, "µg/m³"),
    "high": (1, "µg/m³"),
    "p_over_37_5": (100, "%"),
    "p_over_75": (100, "%"),
}


def worst_stations(scene: Scene) -> pd.DataFrame:
    """Return, by `lead_h`, the forecast of the station of the place with the highest value; no rows where none has one.

    Raises
    ------
    NotStored, TooLittleData
        As `models.forecast.issue`, for what was known at the end of the day or is known now.
    """
    table = issue(scene.desk, min(day_bounds(scene.day, scene.day)[1], scene.desk.now()))
    mine = table[table["code"].isin(scene.desk.stations["station_id"])]
    return mine.loc[mine.groupby("lead_h")["pm25"].idxmax()].reset_index(drop=True)


def note(scene: Scene, key: str, row: Mapping[str, Any], names: Iterable[str] = tuple(_TOLD)) -> dict[str, str]:
    """Keep numbers of a forecast in the ledger under a key; return how each is written, by name."""
    limits = {"low": float(row["low"]), "high": float(row["high"])}
    return {
        name: scene.ledger.note(
            f"{key}.{name}",
            _TOLD[name][0] * (chance_told(float(row[name])) if name.startswith("p_over") else float(row[name])),
            _TOLD[name][1],
            source=f"forecast by {row['method']}, highest of the place's stations",
            as_of=thai_day(row["valid_at"].to_pydatetime()),
            **(limits if name == "pm25" else {}),
        )
        for name in names
    }
