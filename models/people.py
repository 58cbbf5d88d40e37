"""People of each tambon: registered ones from a file, else those that a population raster counts there.

Never mixes the two, never guesses an age.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from data.errors import NotStored
from models import ground
from models.air import MIN_SHARE
from models.desk import Desk


def people(desk: Desk) -> pd.DataFrame:
    """Return the people of each tambon of the place.

    Returns
    -------
    DataFrame
        By ``tambon`` (index): ``people``, ``older`` (60 and over), float, NaN where nothing tells; ``year`` (Int64) and
        ``source`` of the figure; ``basis``: ``registered``, ``raster`` or "". The raster speaks only when no tambon of
        the place has a registered figure, and of tambons whose area it covers to `models.air.MIN_SHARE`.
    """
    codes = pd.Index(desk.tambons["tambon"], name="tambon", dtype="str")
    out = pd.DataFrame({"people": np.nan, "older": np.nan, "source": "", "basis": ""}, index=codes)
    out["year"] = pd.array([pd.NA] * len(codes), "Int64")
    stored = desk.store.population(desk.state)
    mine = None if stored is None else stored[stored["tambon"].isin(set(codes))].set_index("tambon")
    if mine is not None and len(mine):
        told = mine.reindex(codes)
        return out.assign(
            people=told["population"].astype("float64"),
            older=told["older"].astype("float64"),
            source=told["source"].astype("object").fillna(""),
            basis=np.where(told["population"].notna(), "registered", ""),
            year=told["year"].astype("Int64"),
        )
    try:
        raster = ground.per_tambon(desk.store, desk.tambons, "population", desk.state).set_index("tambon")
    except NotStored:
        return out
    enough = raster[raster["value"].notna() & (raster["coverage"] >= MIN_SHARE)].reindex(codes)
    return out.assign(
        people=enough["value"].astype("float64"),
        source=enough["source"].astype("object").fillna(""),
        basis=np.where(enough["value"].notna(), "raster", ""),
    )
