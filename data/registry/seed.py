"""The shipped, cited facts as the first records of an empty registry: sites, burn bans and milestones of Lampang.

They come in as any imported list does, marked as such in the trail. Never runs on a registry that was opened before.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import sqlalchemy as sa

from data import places
from data.registry import bulk
from data.registry.registry import Registry

_FACTS = Path(__file__).resolve().parent.parent / "facts"
_FILES = {"sites": "interventions.csv", "burn_bans": "burn_bans.csv", "milestones": "plan13_milestones.csv"}


def plant(registry: Registry, connection: sa.Connection) -> None:
    """Put the shipped facts into an empty registry, inside the transaction that makes its tables."""
    scope = bulk.Scope(places.place("lampang"))
    for kind, name in _FILES.items():
        table = pd.read_csv(_FACTS / name, dtype="str", keep_default_na=False)
        readings = bulk.read(kind, table.set_axis(range(1, len(table) + 1)), scope)
        bulk.put(registry, connection, kind, readings, bulk.SHIPPED, f"data/facts/{name}")
