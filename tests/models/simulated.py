"""Outcomes and treatments made for tests of effects: a strip of tambons, each touching the next, with known counts."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from models.outcomes import Outcomes, seasons
from models.treatment import Treatment

FIRST_YEAR = 2011


def outcomes_of(values: np.ndarray) -> Outcomes:
    """Return outcomes of tambons 520101, 520102, … over seasons from 2011 on."""
    codes = np.array([f"5201{number + 1:02d}" for number in range(len(values))], dtype=object)
    periods = tuple(seasons(range(FIRST_YEAR, FIRST_YEAR + values.shape[1])))
    return Outcomes("hotspots", "SNPP", codes, periods, values.astype(float), pd.DataFrame())


def treatment_of(starts: Mapping[int, int]) -> Treatment:
    """Return a treatment of tambons by position, with the position of their first season."""
    named = {f"5201{position + 1:02d}": FIRST_YEAR + start for position, start in starts.items()}
    return Treatment("made", "type", named, pd.DataFrame(), pd.DataFrame(columns=["site", "reason"]), True)


def counts(seed: int, tambons: int, seasons: int, mean: float = 40.0) -> np.ndarray:
    """Return Poisson counts with tambon and season effects."""
    random = np.random.default_rng(seed)
    level = mean * np.exp(random.normal(0, 0.6, (tambons, 1)))
    return random.poisson(level * np.exp(random.normal(0, 0.4, seasons))).astype(float)


def nobody_near(tambons: int) -> np.ndarray:
    """Return that no tambon is the neighbour of another."""
    return np.zeros((tambons, tambons), bool)
