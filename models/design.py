"""A plan under consideration, on what is stored: which tambons first, which as controls, and what could be seen.

Brings together the stored history, the proposal and its power. Never writes, never words anything.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from models.controls import RING_KM, history_traits, neighbours
from models.desk import Desk
from models.outcomes import FIXED_SETS, outcomes
from models.power import Power, power, spread_of
from models.simulation import Province
from models.trial import Trial, propose
from models.verdict import NEED_BEFORE


@dataclass(frozen=True)
class Design:
    """A proposed comparison and what it could show.

    Attributes
    ----------
    tambons : DataFrame
        `tambon`, `role` (treat_first, control, ring, taken), `pair` (number of the pair, Int64), `per_season` (mean of
        the stored whole seasons; missing without any).
    trial : Trial
    power : Power
    seasons : tuple of str
        Whole seasons stored.
    """

    tambons: pd.DataFrame
    trial: Trial
    power: Power
    seasons: tuple[str, ...]


def design(
    desk: Desk,
    treat: int,
    after: int,
    *,
    taken: Collection[str] = (),
    before: int | None = None,
    satellites: str = FIXED_SETS[0],
    ring_km: float = RING_KM,
    seed: int = 52,
) -> Design:
    """Propose which tambons to treat first, and say what could be seen.

    Parameters
    ----------
    desk : Desk
    treat : int
        Tambons to be treated first.
    after : int
        Seasons with the measure before the effect is asked.
    taken : collection of str
        Tambons where the measure is at work already.
    before : int, optional
        Whole seasons that will be stored before the start; those stored now when omitted.
    satellites : str
        Fixed set over which the seasons are counted.
    ring_km : float
    seed : int
        The proposal can be drawn again by anybody.
    """
    codes = np.array(sorted(desk.tambons["tambon"]), dtype=object)
    known = outcomes(desk, "hotspots", satellites) if desk.seasons else None
    values = known.values if known is not None else np.zeros((len(codes), 0))
    stored = values.shape[1]
    traits = history_traits(values) if stored else np.zeros((len(codes), 1))
    near = neighbours(desk.tambons, desk.place.epsg, ring_km)
    trial = propose(traits, near, np.flatnonzero(np.isin(codes, list(taken))), treat, seed)
    assumed = stored < NEED_BEFORE
    # Too short a history shows no spread: the assumptions of the made-up province then stand in, and are named so.
    made = Province() if assumed else spread_of(values)
    level = np.full(len(codes), made.mean) if assumed else values.mean(1)
    rows = np.concatenate([trial.treat_first, trial.control])
    found = power(
        level[rows],
        np.isin(rows, trial.treat_first),
        replace(made, spill=0.0),
        stored if before is None else before,
        after,
        assumed=assumed,
        seed=seed,
    )
    labels = tuple(period.label for period in known.periods) if known is not None else ()
    return Design(_table(codes, trial, taken, values), trial, found, labels)


def _table(codes: np.ndarray, trial: Trial, taken: Collection[str], values: np.ndarray) -> pd.DataFrame:
    role = pd.Series("", index=range(len(codes)))
    role[np.isin(codes, list(taken))] = "taken"
    for name, positions in (("treat_first", trial.treat_first), ("control", trial.control), ("ring", trial.ring)):
        role[positions] = name
    pair = pd.Series(pd.NA, index=range(len(codes)), dtype="Int64")
    for number, (treated, control) in enumerate(sorted(trial.pair.items()), start=1):
        pair[[treated, control]] = number
    mean = values.mean(1) if values.shape[1] else np.full(len(codes), np.nan)
    table = pd.DataFrame({"tambon": codes, "role": role, "pair": pair, "per_season": mean})
    order = ["treat_first", "control", "ring", "taken"]
    table["role"] = pd.Categorical(table["role"], order)
    table = table.sort_values(["role", "pair", "tambon"], na_position="last")
    return table.astype({"role": "str"}).reset_index(drop=True)
