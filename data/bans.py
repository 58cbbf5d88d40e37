"""When burning was banned in Lampang: the shipped, cited list. A year whose dates were not found is unknown."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

_FACTS = Path(__file__).parent / "facts"


@functools.cache
def burn_bans() -> pd.DataFrame:
    """Return the bans whose first and last day are known: `start`, `end` (days), `confidence`, `source_url`."""
    raw = pd.read_csv(_FACTS / "burn_bans.csv", dtype="str", keep_default_na=False)
    bans = raw[(raw["kind"] == "burn_ban") & (raw["start_date"] != "") & (raw["end_date"] != "")]
    return pd.DataFrame(
        {
            "start": pd.to_datetime(bans["start_date"]).astype("datetime64[s]"),
            "end": pd.to_datetime(bans["end_date"]).astype("datetime64[s]"),
            "confidence": bans["confidence"],
            "source_url": bans["source_url"],
        }
    ).reset_index(drop=True)


def banned(days: NDArray[np.datetime64]) -> NDArray[np.float64]:
    """Return 1 for a Thai day inside a ban of Lampang, 0 outside, NaN in a year whose ban is not known; shape (n,)."""
    bans = burn_bans()
    known_years = np.unique(bans["start"].dt.year.to_numpy())
    years = days.astype("datetime64[Y]").astype(int) + 1970
    found = np.where(np.isin(years, known_years), 0.0, np.nan)
    for start, end in zip(bans["start"], bans["end"], strict=True):
        inside = (days >= start.to_datetime64()) & (days <= end.to_datetime64())
        found = np.where(inside, 1.0, found)
    return np.asarray(found)
