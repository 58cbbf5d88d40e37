"""Which drivers a forecast may learn from, and what it is made from then: groups of features that may be absent.

Pure arrays. Looks at seasons of learning alone to decide, so that nothing that comes later changes the choice.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from models.features import Features
from models.station_days import Floats, StationDays

#: Groups of drivers (`models.drivers` makes them). Weather and what lies upwind are kept apart by who told the wind:
#: a model's air and a mast's differ.
GROUPS = FIRES, REGION, UPWIND, WEATHER, AHEAD = "fires", "region", "upwind", "weather", "ahead"
KINDS = ("model", "station")
#: A group is known of a season when at least three stations have it on sixty days of January to May: as few as make
#: the season itself usable.
_MONTHS, _DAYS, _STATIONS = (1, 2, 3, 4, 5), 60, 3
#: A group that one season has cannot be tried on a season it was not learned from.
_FEWEST_SEASONS = 2

#: Names of columns by group.
Chosen = Mapping[str, tuple[str, ...]]


def usable(data: StationDays, years: Sequence[int]) -> dict[str, tuple[str, ...]]:
    """Return the groups of drivers, and their columns, that at least two seasons of learning have.

    Of a group's columns those are taken that are known in as many seasons as any of them. Of weather by models and at
    stations, and of what lies upwind by either, the one that more seasons have; of equals the models'.

    Parameters
    ----------
    data : StationDays
    years : sequence of int
        Haze years of learning.
    """
    seasons = {
        group: {name: _seasons(data, value, years) for name, value in columns.items()}
        for group, columns in data.drivers.items()
    }
    most = {group: max(counts.values(), default=0) for group, counts in seasons.items()}
    of_kind = {kind: most.get(f"{WEATHER} {kind}", 0) for kind in KINDS}
    passed_over = {kind for kind in KINDS if kind != max(KINDS, key=lambda kind: of_kind[kind])}
    return {
        group: tuple(name for name, count in sorted(counts.items()) if count == most[group])
        for group, counts in sorted(seasons.items())
        if most[group] >= _FEWEST_SEASONS and group.split()[-1] not in passed_over
    }


def narrowed(data: StationDays, chosen: Chosen) -> StationDays:
    """Return the days with no drivers but the chosen ones; a group that lacks a column today is left out."""
    drivers = {
        group: {name: data.drivers[group][name] for name in columns}
        for group, columns in chosen.items()
        if set(columns) <= set(data.drivers.get(group, {}))
    }
    return replace(data, drivers=drivers)


def driven_features(data: StationDays, lead: int) -> dict[str, Features]:
    """Return the features of each group of drivers by its first word, for one lead.

    What is ahead is a forecast that had been issued by the end of the day of issue, so it too is no newer than that.
    """
    out = {}
    for group, columns in data.drivers.items():
        kind = group.split()[0]
        if columns and (kind != AHEAD or group == f"{AHEAD} {lead}"):
            value = np.stack(list(columns.values()), axis=-1).astype(np.float32)
            out[kind] = Features(tuple(f"{kind} {name}" for name in columns), value, np.zeros(len(columns), np.int64))
    return out


def spoken(data: StationDays, chosen: Chosen, lines: Sequence[tuple[str, ...]], lead: int) -> tuple[str, ...]:
    """Return the groups of drivers that go into the forecast at the end of the last day, of some station at least.

    Parameters
    ----------
    data : StationDays
    chosen : mapping of str to tuple of str
        What was learned from.
    lines : sequence of tuple of str
        Groups of each line, those that go first last.
    lead : int
    """
    found = driven_features(narrowed(data.last(1), chosen), lead)
    known = {group: np.isfinite(part.value[-1]).all(axis=-1) for group, part in found.items()}
    said: set[str] = set()
    for station in range(len(data.stations)):
        whole = {group for group, there in known.items() if there[station]}
        said |= next(({*line} & whole for line in reversed(lines) if {*line} <= {*whole, "elsewhere"}), set())
    return tuple(group for group in GROUPS if group in said)


def sets(groups: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Return the sets of groups that lines are fitted for, the small ones first, each with and without ``elsewhere``.

    What is known of a wide region is known of its middle too, a way upwind needs a wind, and a forecast of weather
    comes with weather. So of fires there are none, those near, the region's too, and those upwind too; of weather
    none, that of the day, and its forecast too.
    """
    ladder = [(), (FIRES,), (FIRES, REGION), (FIRES, REGION, UPWIND)]
    airs = [(), (WEATHER,), (WEATHER, AHEAD)]
    found = [
        (*fires, *air)
        for fires, air in itertools.product(ladder, airs)
        if {*fires, *air} <= {*groups} and (fires or air) and (air or UPWIND not in fires)
    ]
    if "elsewhere" in groups:
        found += [("elsewhere", *some) for some in found]
    return tuple(sorted(found, key=len))


def _seasons(data: StationDays, value: Floats, years: Sequence[int]) -> int:
    known = (np.isfinite(value) & data.fixed).sum(axis=1) >= _STATIONS
    days = known & np.isin(data.month, _MONTHS)
    return sum(int((days & (data.year == year)).sum()) >= _DAYS for year in years)
