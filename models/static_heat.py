"""Heat that stays: power plants, mines, kilns and mills, told from fires by how often they are seen.

Pure: detections in, spots out. Never leaves a detection out by itself, and never says what stands there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from data.clock import is_day_pass, thai_days
from models.linking import KM_PER_DEG, Rule, link

#: Side of a cell, degrees (about 550 m). A cell is judged with its eight neighbours, since a detection of one furnace
#: falls into any pixel around it.
CELL_DEG = 0.005
#: Most days of 14 on which a fire is seen within 1.6 km of a point. Over Thailand, 5 to 18 January 2026: of 48,400 such
#: squares with a detection, 43 were seen on 6 or 7 days, and 94 on 8 to 14, all of them at cement and steel works of
#: Saraburi and the like, nine in ten detections by night. A fire burns out; a furnace is there each clear night.
STEADY_DAYS, STEADY_OF, STEADY_NIGHT = 8, 14, 0.5
#: Days and months of one year from which heat is there all year round: no forest burns in five months of a year.
YEAR_DAYS, YEAR_MONTHS = 20, 5
#: Days in the months of rain, over all years, and in how many different months of them.
RAIN_DAYS, RAIN_MONTHS = 4, 2
RAIN = (6, 7, 8, 9)
#: Days on which the provider's own archive calls it another static source (FIRMS type 2).
TOLD_DAYS = 3
_STATIC = 2
#: Cells of one spot touch; and a detection belongs to a spot so far outside its cells, km: half a VIIRS pixel.
_TOUCH_KM, _ROOM_KM = 0.85, 0.2

SPOT_COLUMNS: dict[str, str] = {
    "lon": "float64",
    "lat": "float64",
    "radius_km": "float64",
    "days": "int64",
    "nights": "int64",
    "rain_days": "int64",
    "told_days": "int64",
    "steady_days": "int64",
    "year_days": "int64",
    "first": "datetime64[s]",
    "last": "datetime64[s]",
    "reasons": "str",
}


@dataclass(frozen=True)
class Verdict:
    """What an officer said of a place: `permanent` or not, degrees and km."""

    lon: float
    lat: float
    radius_km: float
    permanent: bool


def seen_days(hotspots: pd.DataFrame) -> pd.DataFrame:
    """Return on which Thai days each cell was seen.

    Parameters
    ----------
    hotspots : DataFrame
        HOTSPOT_COLUMNS.

    Returns
    -------
    DataFrame
        `column`, `row` (of the cell), `day` (days since 1970), `night`, `told` (bool), each cell and day once.
    """
    table = pd.DataFrame(
        {
            "column": np.floor(hotspots["lon"].to_numpy(float) / CELL_DEG).astype(np.int64),
            "row": np.floor(hotspots["lat"].to_numpy(float) / CELL_DEG).astype(np.int64),
            "day": thai_days(hotspots["acquired_at"]).astype(np.int64) if len(hotspots) else np.empty(0, np.int64),
            "night": ~is_day_pass(hotspots["acquired_at"]) if len(hotspots) else np.empty(0, bool),
            "told": (hotspots["fire_type"] == _STATIC).fillna(value=False).to_numpy(bool),
        }
    )
    return table.groupby(["column", "row", "day"], sort=True, as_index=False).any()


def spots(days: pd.DataFrame) -> pd.DataFrame:
    """Return places of permanent heat.

    Parameters
    ----------
    days : DataFrame
        As from `seen_days`, of all years that are stored.

    Returns
    -------
    DataFrame
        SPOT_COLUMNS: the middle, a radius that holds its cells; days and nights seen, days in the months of rain, days
        on which the provider calls it static, most days within 14 and within one year (all of the cell and its
        neighbours that show most), and `reasons`: which of ``steady``, ``all_year``, ``rains``, ``told`` hold.
    """
    if days.empty:
        return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in SPOT_COLUMNS.items()})
    cells = _cells(_around(days))
    own = days[["column", "row"]].drop_duplicates()
    hot = cells[cells["reasons"] != ""].merge(own, on=["column", "row"])
    if hot.empty:
        return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in SPOT_COLUMNS.items()})
    lon, lat = ((hot[name].to_numpy() + 0.5) * CELL_DEG for name in ("column", "row"))
    at_once = np.zeros(len(hot), np.int64)
    group = link(lon, lat, at_once, np.full(len(hot), _TOUCH_KM / 2), Rule(1.0, 0.0, 0.0))
    made = []
    for name in np.unique(group):
        mine = group == name
        weight = hot["days"].to_numpy(float)[mine]
        middle = np.average(lon[mine], weights=weight), np.average(lat[mine], weights=weight)
        away = _km(lon[mine], lat[mine], *middle).max() + CELL_DEG * KM_PER_DEG * np.sqrt(0.5) + _ROOM_KM
        most = hot[mine].drop(columns=["column", "row", "reasons", "first", "last"]).max()
        reasons = sorted({reason for told in hot["reasons"][mine] for reason in told.split()})
        span = {"first": hot["first"][mine].min(), "last": hot["last"][mine].max()}
        place = {"lon": round(middle[0], 5), "lat": round(middle[1], 5), "radius_km": round(float(away), 2)}
        made.append({**place, **most.to_dict(), **span, "reasons": " ".join(reasons)})
    return pd.DataFrame(made).astype(SPOT_COLUMNS).sort_values("days", ascending=False).reset_index(drop=True)


def judged(found: pd.DataFrame, verdicts: list[Verdict]) -> pd.DataFrame:
    """Return spots with what officers said: `standing` is ``found``, ``confirmed``, ``restored`` or ``named``.

    A verdict speaks for every spot whose middle lies in its circle, the last one given for the place counting. A
    place that an officer calls permanent and that was not found is there as ``named``. Restored spots are fires again.
    """
    standing = np.full(len(found), "found", dtype=object)
    named = []
    for verdict in verdicts:
        near = _km(found["lon"].to_numpy(float), found["lat"].to_numpy(float), verdict.lon, verdict.lat)
        spoken = near <= np.maximum(verdict.radius_km, 0.5)
        standing[spoken] = "confirmed" if verdict.permanent else "restored"
        if verdict.permanent and not spoken.any():
            named.append({"lon": verdict.lon, "lat": verdict.lat, "radius_km": max(verdict.radius_km, 0.5)})
    table = found.assign(standing=standing)
    if named:
        extra = pd.DataFrame(named).reindex(columns=list(SPOT_COLUMNS))
        extra[["days", "nights", "rain_days", "told_days", "steady_days", "year_days"]] = 0
        extra["reasons"] = ""
        table = pd.concat([table, extra.astype(SPOT_COLUMNS).assign(standing="named")], ignore_index=True)
    return table


def at_heat(table: pd.DataFrame, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """Return which detections lie at permanent heat, bool of shape (n,); `table` as from `judged`."""
    inside = np.zeros(len(lon), bool)
    static = table[table["standing"] != "restored"]
    for to_lon, to_lat, radius in static[["lon", "lat", "radius_km"]].to_numpy(float).tolist():
        inside |= _km(lon, lat, to_lon, to_lat) <= radius
    return inside


def _km(lon: np.ndarray, lat: np.ndarray, to_lon: float, to_lat: float) -> np.ndarray:
    east = (lon - to_lon) * KM_PER_DEG * np.cos(np.radians(to_lat))
    return np.asarray(np.hypot(east, (lat - to_lat) * KM_PER_DEG))


def _around(days: pd.DataFrame) -> pd.DataFrame:
    """Return the days of each cell and its eight neighbours together, each day once."""
    shifted = [days.assign(column=days["column"] + x, row=days["row"] + y) for x in (-1, 0, 1) for y in (-1, 0, 1)]
    return pd.concat(shifted).groupby(["column", "row", "day"], sort=True, as_index=False).any()


def _cells(days: pd.DataFrame) -> pd.DataFrame:
    moment = days["day"].to_numpy().astype("datetime64[D]")
    month = moment.astype("datetime64[M]").astype(np.int64)
    year, rain = month // 12, np.isin(month % 12 + 1, RAIN)
    cell = days.groupby(["column", "row"], sort=False).ngroup().to_numpy()
    # Days of a cell ascend, so those of the next 14 days end where the first later one would be put in.
    key = cell * 1_000_000 + days["day"].to_numpy()
    steady = np.searchsorted(key, key + STEADY_OF) - np.arange(len(key))
    table = days.assign(rain=rain, month=month, year=year, steady=steady, cell=cell, moment=moment)
    told = table.groupby("cell", sort=True).agg(
        column=("column", "first"),
        row=("row", "first"),
        days=("day", "size"),
        nights=("night", "sum"),
        rain_days=("rain", "sum"),
        told_days=("told", "sum"),
        steady_days=("steady", "max"),
        first=("moment", "min"),
        last=("moment", "max"),
    )
    each_year = table.groupby(["cell", "year"]).agg(days=("day", "size"), months=("month", "nunique"))
    long = each_year[(each_year["days"] >= YEAR_DAYS) & (each_year["months"] >= YEAR_MONTHS)]
    told["year_days"] = each_year["days"].groupby("cell").max()
    rainy = table[table["rain"]].groupby("cell")["month"].nunique().reindex(told.index, fill_value=0)
    reasons = {
        "steady": (told["steady_days"] >= STEADY_DAYS) & (told["nights"] >= STEADY_NIGHT * told["days"]),
        "all_year": pd.Series(told.index.isin(long.index.get_level_values("cell")), told.index),
        "rains": (told["rain_days"] >= RAIN_DAYS) & (rainy >= RAIN_MONTHS),
        "told": told["told_days"] >= TOLD_DAYS,
    }
    words = pd.Series("", told.index)
    for name, holds in reasons.items():
        words = words.where(~holds, words + name + " ")
    return told.assign(reasons=words.str.strip()).reset_index(drop=True)
