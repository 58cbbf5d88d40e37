"""The permanent heat of a place, from all stored years and what officers said of it.

What each year adds is kept in the store's derived files. Never words anything, never changes a verdict.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import shapely

from data import contracts
from data.contracts import SATELLITES
from data.registry import open_registry
from models.assign import assign
from models.counts import UNKNOWN_LAND
from models.derived import kept
from models.desk import Desk
from models.static_heat import Verdict, at_heat, judged, seen_days, spots

#: Raised when the kept days change their form.
VERSION = "1"
#: Heat so far outside the place's box is told apart too, degrees: as far as `models.fire_seasons` looks.
MARGIN_DEG = 0.2


def verdicts(desk: Desk) -> list[Verdict]:
    """Return what officers said of places, the latest last."""
    table = open_registry(desk.settings).table("heat").sort_values(["changed_at", "id"])
    told = []
    for row in table.to_dict("records"):
        if row["geometry"] is None:
            continue
        middle = shapely.centroid(shapely.from_wkb(row["geometry"]))
        radius = 0.0 if pd.isna(row["radius_m"]) else float(row["radius_m"]) / 1000
        told.append(Verdict(middle.x, middle.y, radius, row["verdict"] == "permanent"))
    return told


def heat(desk: Desk, said: list[Verdict] | None = None) -> pd.DataFrame:
    """Return the places of permanent heat in and around the place.

    Parameters
    ----------
    desk : Desk
    said : list of Verdict, optional
        From the registry when omitted.

    Returns
    -------
    DataFrame
        See `models.static_heat.judged`, and `tambon` (code, missing outside).
    """
    table = judged(_spots(desk), verdicts(desk) if said is None else said)
    index = desk.detections.index
    return table.assign(tambon=index.named(assign(index, table["lon"].to_numpy(), table["lat"].to_numpy())))


def left_out(
    desk: Desk,
    first: dt.date,
    last: dt.date,
    satellites: Sequence[str] = SATELLITES,
    passes: str = "all",
    by: str = "tambon",
    known: pd.DataFrame | None = None,
) -> pd.Series:
    """Count the detections of the place on Thai days `first` to `last` that lie at permanent heat.

    Parameters
    ----------
    passes, by : str
        As in `Desk.counts`.
    known : DataFrame, optional
        As from `heat`, when it is at hand.

    Returns
    -------
    Series of int64 by code, for codes with any
        `Desk.counts` holds them; fires and the round do not.
    """
    table = heat(desk) if known is None else known
    if table.empty:
        return pd.Series(dtype="int64")
    rows = desk.hotspots(first, last, satellites)
    rows = rows[at_heat(table, rows["lon"].to_numpy(float), rows["lat"].to_numpy(float))]
    if passes != "all":
        rows = rows[rows["day_pass"] == (passes == "day")]
    if by == "land":
        return rows["land_class"].astype("object").fillna(UNKNOWN_LAND).value_counts()
    code = desk.tambons.assign(code=desk.tambons[by]).set_index("tambon")["code"]
    return rows["tambon"].map(code).value_counts()


def prepare(desk: Desk) -> None:
    """Make what all who ask for heat wait for; nothing where no detection is stored."""
    if desk.detections.parts:
        _spots(desk)


def _spots(desk: Desk) -> pd.DataFrame:
    stored = sorted((year, part.sha256) for year, part in desk.detections.parts.items())

    def build(path: Path) -> None:
        days = [_days(desk, year) for year in desk.detections.parts]
        # The last Thai day of a UTC year is the first of the next: both years may have it.
        empty = contracts.empty(contracts.HOTSPOT_COLUMNS, contracts.HOTSPOT_CATEGORIES)
        both = pd.concat([seen_days(empty), *days]).groupby(["column", "row", "day"], sort=True, as_index=False).any()
        spots(both).to_parquet(path)

    if not stored:
        return spots(pd.DataFrame())
    key = hashlib.sha256(json.dumps([stored, VERSION]).encode()).hexdigest()[:16]
    return kept(desk.store, f"heat_{desk.place.key}_spots.parquet", key, build, pd.read_parquet)


def _days(desk: Desk, year: int) -> pd.DataFrame:
    stored = desk.detections.parts[year]

    def build(path: Path) -> None:
        rows = desk.store.hotspot_part(stored, ("acquired_at", "fire_type"))
        west, south, east, north = desk.tambons.total_bounds
        near = rows["lon"].between(west - MARGIN_DEG, east + MARGIN_DEG)
        near &= rows["lat"].between(south - MARGIN_DEG, north + MARGIN_DEG)
        seen_days(rows[near]).to_parquet(path)

    name, key = f"heat_{desk.place.key}_{year}.parquet", f"{stored.sha256[:16]}-{VERSION}"
    return kept(desk.store, name, key, build, pd.read_parquet)
