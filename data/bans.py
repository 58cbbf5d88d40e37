"""When burning was banned: what the registry has on record, else the shipped, cited list of Lampang.

A year of which no ban is known is unknown, never without a ban. Never judges a fire.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

_FACTS = Path(__file__).parent / "facts"
#: Province that the shipped list speaks of.
_LAMPANG = "52"


@dataclass(frozen=True)
class Bans:
    """Bans whose first and last day are known.

    Attributes
    ----------
    table : DataFrame
        `start`, `end` (Thai days, both banned).
    source : str
        ``registry``, ``shipped`` (the registry has none) or ``none``.
    """

    table: pd.DataFrame
    source: str

    @property
    def years(self) -> list[int]:
        """Years of which a ban is known, ascending."""
        return sorted(set(self.table["start"].dt.year.tolist()))

    @property
    def revision(self) -> str:
        """Name of what is known here."""
        return hashlib.sha256(self.table[["start", "end"]].to_csv(index=False).encode()).hexdigest()[:12]

    def on(self, days: NDArray[np.datetime64]) -> NDArray[np.float64]:
        """Return 1 for a Thai day inside a ban, 0 outside, NaN in a year of which none is known; shape (n,)."""
        years = days.astype("datetime64[Y]").astype(int) + 1970
        found = np.where(np.isin(years, self.years), 0.0, np.nan)
        for start, end in zip(self.table["start"], self.table["end"], strict=True):
            inside = (days >= start.to_datetime64()) & (days <= end.to_datetime64())
            found = np.where(inside, 1.0, found)
        return np.asarray(found)


@functools.cache
def shipped() -> Bans:
    """Return the bans of the shipped list of Lampang."""
    raw = pd.read_csv(_FACTS / "burn_bans.csv", dtype="str", keep_default_na=False)
    raw = raw.replace("", None).rename(columns={"start_date": "start", "end_date": "end"})
    return Bans(_dated(raw), "shipped")


def known_bans(on_record: pd.DataFrame, provinces: Sequence[str]) -> Bans:
    """Return the bans of some provinces: those on record, else for Lampang those of the shipped list.

    Parameters
    ----------
    on_record : DataFrame
        The burn bans of the registry: `kind`, `start`, `end`, `province`, missing or "" where the ban names none.
    provinces : sequence of str
    """
    here = on_record["province"].isna() | on_record["province"].isin(["", *provinces])
    mine = _dated(on_record[here])
    if len(mine):
        return Bans(mine, "registry")
    return shipped() if _LAMPANG in provinces else Bans(mine, "none")


def _dated(table: pd.DataFrame) -> pd.DataFrame:
    bans = table[(table["kind"] == "burn_ban") & table["start"].notna() & table["end"].notna()]
    days = {name: pd.to_datetime(bans[name]).astype("datetime64[s]") for name in ("start", "end")}
    return pd.DataFrame(days).sort_values(["start", "end"]).reset_index(drop=True)
