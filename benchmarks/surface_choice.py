"""Would the surface's two constants have been chosen without the season they are judged on? Prints what that reaches.

For every haze season of the store, slope and nugget are picked from a grid by the error of the OTHER seasons, each of
those foretold with a pattern that has seen neither it, nor the judged season, nor the station; then the season is
judged. Never changes the constants; `docs/surface.md` holds its last answer.
"""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd

from models import surface, surface_check, witnesses
from models.desk import open_desk

SLOPES = (0.0001, 0.0002, 0.0004, 0.0008, 0.0016)
NUGGETS = (0.015, 0.03, 0.06)


def errors(seasons: dict, judged: int, hidden: tuple[int, ...]) -> pd.DataFrame:
    """Return the station days of a season foretold without the seasons in `hidden` and itself."""
    seen = {year: season for year, season in seasons.items() if year == judged or year not in hidden}
    return surface_check.judged(judged, seen)


def main() -> None:
    """Run the choice over the store that HAZE_STORE names."""
    desk = open_desk()
    grid = list(itertools.product(SLOPES, NUGGETS))
    rows: dict[tuple[int, int], np.ndarray] = {}
    tables: dict[tuple[int, int], pd.DataFrame] = {}
    years: list[int] = []
    for at, (slope, nugget) in enumerate(grid):
        witnesses.SLOPE = surface.SLOPE = slope
        witnesses.NUGGET = surface.NUGGET = nugget
        seasons = surface_check.seasons(desk)
        years = sorted(seasons)
        for one, other in itertools.permutations(years, 2):
            table = errors(seasons, other, (one,))
            off = table["pm25"] - table["observed"]
            rows.setdefault((one, other), np.zeros((len(grid), 2)))[at] = float((off**2).sum()), len(off)
        for one in years:
            tables[one, at] = errors(seasons, one, ())
    chosen = []
    for one in years:
        total = sum(rows[one, other] for other in years if other != one)
        best = int(np.argmin(total[:, 0] / total[:, 1]))
        print(one, f"chosen on the others: slope {grid[best][0]:g}, nugget {grid[best][1]:g}")
        chosen.append(tables[one, best])
    table = pd.concat(chosen)
    print(surface_check.scores(table, ["season"]).round(3).to_string(index=False))
    print(surface_check.scores(table).round(3).to_string(index=False))


if __name__ == "__main__":
    main()
