"""A made province whose chance of fire is known for every tambon and day, to try the methods against the truth."""

from __future__ import annotations

import numpy as np
import pandas as pd

from data.bans import Bans
from models.likelihood import Array, History

SIDE = 6
NO_BANS = Bans(pd.DataFrame({"start": [], "end": []}, dtype="datetime64[s]"), "none")


def province(seed: int, years: range) -> tuple[History, Array]:
    """Return the history of 36 tambons on a square grid, and the true probability of fire, shape (days, tambons).

    Fires follow the season, the tambon's habit, dry spells of the weather, the tambon's own fires of the day before
    and those of the tambons around it; the weather index shows the dry spells.
    """
    random = np.random.default_rng(seed)
    size = SIDE * SIDE
    row, column = np.divmod(np.arange(size), SIDE)
    apart = np.maximum(abs(row[:, None] - row), abs(column[:, None] - column))
    near = (apart == 1).astype(float)
    days = np.arange(np.datetime64(f"{years[0]}-01-01"), np.datetime64(f"{years[-1]}-06-01"))
    since = (days - days.astype("datetime64[Y]").astype("datetime64[D]")).astype(float)
    season = -(((since - 75) / 35) ** 2)
    habit, dry = random.normal(0, 0.8, size), 0.0
    counts, chance, fwi = (np.zeros((len(days), size)) for _ in range(3))
    for day in range(len(days)):
        dry = 0.8 * dry + random.normal(0, 0.6)
        before = counts[day - 1] if day else np.zeros(size)
        odds = -3.0 + 0.8 * season[day] + habit + 0.6 * dry + 0.9 * np.log1p(before) + 0.6 * np.log1p(near @ before)
        chance[day] = 1 / (1 + np.exp(-np.clip(odds, -30, 5)))
        counts[day] = (random.random(size) < chance[day]) * (1 + random.poisson(2, size))
        fwi[day] = 20 + 8 * dry
    codes = np.array([f"52{i + 1:02d}{j + 1:02d}" for i in range(SIDE) for j in range(SIDE)])
    return History(days, codes, counts, np.ones(len(days), bool), near, fwi, NO_BANS, "SNPP"), chance
