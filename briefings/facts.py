"""Every number that a document shows, with unit, interval, source, time and revision: what the attached sheet holds.

A sentence takes its numbers from here and from nowhere else. Never works a number out.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field

import pandas as pd

from data.clock import iso_ict
from data.outside import as_cell

SHEET_COLUMNS = ("key", "value", "unit", "low", "high", "source", "as_of", "revision", "shown")


@dataclass(frozen=True)
class Fact:
    """One number of a document.

    Attributes
    ----------
    key : str
        Names it for ever: section, thing, place.
    value : float or None
        None where it is not known.
    unit : str
    shown : str
        How the document writes it.
    low, high : float or None
        90 % interval, where the number is modelled.
    source : str
        Who measured or which method made it.
    as_of : str
        Time or last day it stands for, ISO 8601 in Thai time.
    """

    key: str
    value: float | None
    unit: str
    shown: str
    source: str
    as_of: str
    low: float | None = None
    high: float | None = None


@dataclass
class Ledger:
    """Collects the facts of one document in the order in which they are first used.

    Attributes
    ----------
    revision : str
        Of the data behind all of them.
    """

    revision: str
    facts: dict[str, Fact] = field(default_factory=dict)

    def note(
        self,
        key: str,
        value: float | None,
        unit: str,
        *,
        source: str,
        as_of: dt.date | dt.datetime,
        decimals: int = 0,
        low: float | None = None,
        high: float | None = None,
    ) -> str:
        """Keep a number and return how it is written: "1,234", "37.5", or "–" where it is not known.

        Raises
        ------
        ValueError
            When the key stands for another number already.
        """
        shown = "–" if value is None or value != value else f"{value:,.{decimals}f}"
        known = None if shown == "–" else value
        moment = iso_ict(as_of) if isinstance(as_of, dt.datetime) else as_of.isoformat()
        fact = Fact(key, known, unit, shown, source, moment, low, high)
        if self.facts.setdefault(key, fact) != fact:
            raise ValueError(f"two numbers named {key}: {self.facts[key]} and {fact}")
        return shown

    def __iter__(self) -> Iterator[Fact]:
        return iter(self.facts.values())

    def sheet(self) -> pd.DataFrame:
        """Return all facts, one row each, in SHEET_COLUMNS."""
        rows = [{**asdict(fact), "revision": self.revision} for fact in self]
        return pd.DataFrame(rows, columns=list(SHEET_COLUMNS))


def sheet_csv(sheet: pd.DataFrame) -> bytes:
    """Return the sheet as CSV that a Thai spreadsheet program opens right; a cell never begins as a formula."""
    safe = sheet.copy()
    for name in ("key", "unit", "source", "shown"):
        safe[name] = [as_cell(text) for text in safe[name]]
    out = io.StringIO()
    safe.to_csv(out, index=False)
    return out.getvalue().encode("utf-8-sig")
