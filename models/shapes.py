"""What a straight line cannot say: bends of the features, slopes of each station, products of what matters most.

Made from the features alone, so nothing here can be newer than they are; each carries the age of the newest thing in
it. Pure arrays.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.features import ALWAYS, Features, trailing_mean
from models.station_days import Floats

#: Parts of the country that the air of the dry season passes before it comes here; the south is not among them.
UPWIND = ("central", "east", "northeast")
#: A column by name: values, shape (T, S), and its age in days.
Columns = dict[str, tuple[Floats, int]]

_OWN = ("own 0", "near 0", "north 0", "own mean 7")


def bends(base: Features) -> Features:
    """Return what lets rises and falls, clean and smoky days, calm and changing weeks carry over differently.

    Rising and falling parts of the last change, level and its square and cube, what the station lies above the north,
    how much the north swung in a week, how many of the last ten days were smokier than usual.
    """
    own, before, north, north_before = (of(base, name) for name in ("own 0", "own 1", "north 0", "north 1"))
    level, apart = of(base, "usual now") + own, own - north
    swing = np.sqrt(np.maximum(trailing_mean(north**2, 7) - trailing_mean(north, 7) ** 2, 0.0))
    columns = {
        "own rise": np.maximum(own - before, 0.0),
        "north rise": np.maximum(north - north_before, 0.0),
        "own above usual": np.maximum(own, 0.0),
        "north above usual": np.maximum(north, 0.0),
        "apart": apart,
        "apart squared": apart * np.abs(apart),
        "apart x north 0": apart * north,
        "north change squared": (north - north_before) ** 2,
        "own cubed": own**3,
        "level": level,
        "level squared": level**2,
        "level in µg": np.exp(level) / 50,
        "swing": swing,
        "swing x north 0": swing * north,
        "highest of three": np.maximum(np.maximum(own, before), of(base, "own 2")),
        "smoky days of ten": trailing_mean(np.where(np.isfinite(north), north > 0.2, np.nan), 10),
    }
    return _table({name: (value, 0) for name, value in columns.items()})


def slopes(base: Features) -> Features:
    """Return a level for each station and slopes of its own for today, its surroundings and its week.

    Zero for all other stations, so that a penalty draws a station with few days back to what all have in common.
    """
    columns: Columns = {}
    for at in range(base.value.shape[1]):
        mine = np.zeros(base.value.shape[:2])
        mine[:, at] = 1.0
        columns[f"station {at}"] = (mine, ALWAYS)
        columns |= {f"station {at} x {name}": (of(base, name) * mine, 0) for name in _OWN}
    return _table(columns)


def passages(base: Features, elsewhere: Features) -> Features:
    """Return how what comes from upwind depends on season, on the air that is here, and on where a station lies."""
    columns: Columns = {}
    upwind = {f"{part} 0": of(elsewhere, f"{part} 0") for part in UPWIND if f"{part} 0" in elsewhere.names}
    for name, value in upwind.items():
        columns |= {f"{name} x {other}": (value * of(base, other), 0) for other in ("sin", "cos", "own 0", "north 0")}
        columns[f"{name} squared"] = (value**2, 0)
    for name, value in (upwind | {name: of(base, name) for name in ("own 0", "north 0")}).items():
        columns |= {f"{name} x {place}": (value * of(base, place), 0) for place in ("east", "north of")}
    return _table(columns)


def products(base: Features, elsewhere: Features) -> Features:
    """Return every product of two among some twenty features: levels, changes, weeks, season, upwind parts, place."""
    main: Columns = {
        "own": (of(base, "own 0"), 0),
        "north": (of(base, "north 0"), 0),
        "near": (of(base, "near 0") - of(base, "north 0"), 0),
        "north change": (of(base, "north 0") - of(base, "north 1"), 0),
        "own change": (of(base, "own 0") - of(base, "own 1"), 0),
        "own week": (of(base, "own mean 7"), 0),
        "north week": (trailing_mean(of(base, "north 0"), 7), 0),
        "own months": (of(base, "own mean 60"), 0),
        "spread": (of(base, "spread"), 0),
        "sin": (of(base, "sin"), ALWAYS),
        "cos": (of(base, "cos"), ALWAYS),
        "usual change": (of(base, "usual then") - of(base, "usual now"), ALWAYS),
        # 3.5 is a logarithm in the middle of the season's; products with it should not just repeat their other half.
        "usual": (of(base, "usual then") - 3.5, ALWAYS),
        "lon": (of(base, "east"), ALWAYS),
        "lat": (of(base, "north of"), ALWAYS),
    }
    for part in UPWIND:
        if f"{part} 0" in elsewhere.names:
            now = of(elsewhere, f"{part} 0")
            main |= {part: (now, 0), f"{part} change": (now - of(elsewhere, f"{part} 1"), 0)}
    names = list(main)
    columns: Columns = {}
    for at, one in enumerate(names):
        for other in names[at:]:
            (left, age), (right, other_age) = main[one], main[other]
            columns[f"{one} * {other}"] = (left * right, min(age, other_age))
    return _table(columns)


def of(table: Features, name: str) -> Floats:
    """Return a feature by name, shape (T, S)."""
    return table.value[..., table.names.index(name)].astype(float)


def _table(columns: Columns) -> Features:
    value: NDArray[np.float32] = np.stack([value for value, _ in columns.values()], axis=-1).astype(np.float32)
    return Features(tuple(columns), value, np.array([age for _, age in columns.values()]))
