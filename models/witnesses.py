"""Which instruments may speak for places without one, and how much each is worth: positions, faults, groups, sensors.

Pure: tables and arrays in, arrays out. What a fault leaves out stays stored, and its station's own series shows it; it
has no say in an estimate. Never fills a gap, never changes a value of an official station.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models import drift, kriging
from models.kriging import Floats

#: Half the mean squared log difference per km, and variance of a station about the smooth field. Chosen from a grid by
#: leaving out stations and seasons (docs/surface.md); anything from half to twice as much does as well within 1 %.
SLOPE = 0.0004
NUGGET = 0.03
#: A value this many times above or below the middle of its five nearest neighbours is a fault: in 22,922 station days
#: of the north the farthest was 5.4 times away.
FARTHEST_FACTOR = 8.0
_NEIGHBOURS = 5
_FEWEST_NEIGHBOURS = 3
#: So many equal values in a row, while the middle of the others moved by this factor, are a stuck instrument. On the
#: same days real air made at most 7 equal ones (whole numbers near 3 µg/m³, in the rains) and a factor of 2.0.
_STUCK = {"P1D": 5, "PT24H": 24, "PT1H": 24}
_STUCK_FACTOR = 2.2
#: Values that can tell whether a station or sensor fits the others (30 days), and the mean squared standardised
#: difference from which it does not: over 30 days real stations reach 6.7.
_ENOUGH = {"P1D": 30, "PT24H": 720, "PT1H": 720}
_MISFIT = 9.0
#: A sensor needs so many values beside official ones, and no larger correction and no larger scatter than these.
SENSOR_ENOUGH = {"P1D": 10, "PT24H": 72, "PT1H": 72}
_SENSOR_FACTOR = 3.0
_SENSOR_VARIANCE = 0.25
#: Degrees by which a station may stand outside the box of the province its label names.
_LABEL_SLACK = 0.5


@dataclass(frozen=True)
class Witnesses:
    """What may speak, as columns of one array.

    Attributes
    ----------
    value : ndarray, shape (t, n)
        Log µg/m³ as if an official station had read it, NaN where nothing usable is known.
    at : ndarray, shape (n, 2), km
    noise : ndarray, shape (n,)
        Variance of each about the smooth field.
    names : tuple of str
        Station that stands for the column: the first of its group.
    sound : DataFrame, shape (t, instruments)
        µg/m³ as published, by station id, of the official stations that speak and the sensors that were proven; NaN
        where a fault was found.
    left_out : DataFrame
        ``station_id``, ``reason`` (outside, misplaced, misfit, stuck, far, unproven, inexact), ``values``: how many
        of its values have no say.
    """

    value: Floats
    at: Floats
    noise: Floats
    names: tuple[str, ...]
    sound: pd.DataFrame
    left_out: pd.DataFrame


def misplaced(stations: pd.DataFrame, tambons: pd.DataFrame) -> NDArray[np.bool_]:
    """Return which stations name a known province as their own and stand far outside it.

    Parameters
    ----------
    stations : DataFrame
        STATION_COLUMNS.
    tambons : GeoDataFrame
        TAMBON_COLUMNS and geometry.
    """
    wrong = np.zeros(len(stations), dtype=bool)
    box = tambons.geometry.bounds.groupby(tambons["province"].to_numpy()).agg(
        {"minx": "min", "miny": "min", "maxx": "max", "maxy": "max"}
    )
    names = tambons.drop_duplicates("province").set_index("province")
    lon, lat = stations["lon"].to_numpy(float), stations["lat"].to_numpy(float)
    for province, (west, south, east, north) in zip(box.index, box.to_numpy(), strict=True):
        named = np.zeros(len(stations), dtype=bool)
        for area, name in (("area_th", "province_th"), ("area_en", "province_en")):
            text = str(names.loc[province, name])
            named |= stations[area].astype("str").str.strip().str.endswith(text).to_numpy(bool) & bool(text)
        inside = (lon >= west - _LABEL_SLACK) & (lon <= east + _LABEL_SLACK)
        inside &= (lat >= south - _LABEL_SLACK) & (lat <= north + _LABEL_SLACK)
        wrong |= named & ~inside
    return wrong


def witnesses(
    series: pd.DataFrame,
    stations: pd.DataFrame,
    groups: Sequence[Sequence[str]],
    days: NDArray[np.datetime64],
    averaging: str,
    wrong_place: NDArray[np.bool_] | None = None,
) -> Witnesses:
    """Return what may speak at each time.

    Parameters
    ----------
    series : DataFrame, shape (t, stations)
        µg/m³ by station id, one averaging.
    stations : DataFrame
        STATION_COLUMNS; only ground, mobile and lowcost ones count.
    groups : sequence of sequences of str
        Stations that are one instrument (`models.instruments`); each group has one voice, in its middle.
    days : ndarray of datetime64[D], shape (t,)
        Thai day of each row.
    averaging : str
    wrong_place : ndarray of bool, optional
        From `misplaced`, for `stations`.
    """
    faults: list[tuple[str, str, int]] = []
    known = stations[stations["station_id"].isin(set(series.columns))].assign(wrong=False)
    if wrong_place is not None:
        known = known.assign(wrong=wrong_place[stations["station_id"].isin(set(series.columns)).to_numpy()])
    west, south, east, north = drift.DOMAIN
    inside = known["lon"].between(west, east) & known["lat"].between(south, north)
    counted = series.notna().sum()
    faults += [(name, "outside", int(counted[name])) for name in known.loc[~inside, "station_id"]]
    faults += [(name, "misplaced", int(counted[name])) for name in known.loc[inside & known["wrong"], "station_id"]]
    known = known[inside & ~known["wrong"]].sort_values("station_id", kind="stable")

    official = known[known["station_type"].isin(["ground", "mobile"])]
    stations_of = dict(_members(official["station_id"], groups))
    names, value, at = _logs(series, official)
    value, bad, found = _sound(value, at, names, averaging)
    sound = series[names].mask(bad)
    faults += found
    names, value, at, noise = _grouped(names, value, at, groups)
    names, value, at, noise, found = _agreeing(names, value, at, noise, days, averaging)
    sound = sound[[name for name in sound if stations_of[str(name)] in names]]
    faults += found

    cheap = known[known["station_type"] == "lowcost"]
    if len(cheap) and len(names):
        sensor_names, sensor_value, sensor_at = _logs(series, cheap)
        sensor_value, bad, found = _sound(sensor_value, sensor_at, sensor_names, averaging, beside=(value, at))
        faults += found
        proven, corrected, variance, found = _proven(
            sensor_names, sensor_value, sensor_at, (value, at, noise), days, averaging
        )
        faults += found
        names += [sensor_names[column] for column in proven]
        sound = pd.concat([sound, series[sensor_names].mask(bad).iloc[:, proven]], axis=1)
        value = np.hstack([value, corrected])
        at, noise = np.vstack([at, sensor_at[proven]]), np.append(noise, variance)
    table = pd.DataFrame(faults, columns=["station_id", "reason", "values"])
    return Witnesses(value, at, noise, tuple(names), sound, table)


def _logs(series: pd.DataFrame, stations: pd.DataFrame) -> tuple[list[str], Floats, Floats]:
    names = [str(name) for name in stations["station_id"]]
    raw = series[names].to_numpy(float)
    # A mean of 0 or less is a missing one or noise about clean air: neither has a logarithm.
    usable = np.where(raw > 0, raw, np.nan)
    at = drift.plane(stations["lon"].to_numpy(float), stations["lat"].to_numpy(float))
    return names, np.log(np.maximum(usable, 1.0)), at


def _sound(
    value: Floats, at: Floats, names: list[str], averaging: str, beside: tuple[Floats, Floats] | None = None
) -> tuple[Floats, NDArray[np.bool_], list[tuple[str, str, int]]]:
    """Blank stuck runs and values far from those of the neighbours (other columns, or `beside` where given)."""
    all_value, all_at = beside if beside is not None else (value, at)
    apart = kriging.distances(at, all_at)
    faulty = np.zeros(value.shape, dtype=bool)
    faults = []
    for column, name in enumerate(names):
        near = np.argsort(apart[column], kind="stable")
        near = near[near != column] if beside is None else near
        middle = _middle(all_value[:, near])
        mine = value[:, column]
        far = np.abs(mine - middle) > np.log(FARTHEST_FACTOR)
        stuck = _stuck(mine, middle, _STUCK[averaging])
        faulty[:, column] = far | stuck
        faults += [(name, reason, int(bad.sum())) for reason, bad in (("stuck", stuck), ("far", far)) if bad.any()]
    return np.where(faulty, np.nan, value), faulty, faults


def _middle(others: Floats) -> Floats:
    """Return the median of the first `_NEIGHBOURS` known columns of each row, NaN where fewer than three are known."""
    known = ~np.isnan(others)
    some = np.where(known & (np.cumsum(known, axis=1) <= _NEIGHBOURS), others, np.nan)
    middle = np.full(len(others), np.nan)
    enough = (~np.isnan(some)).sum(axis=1) >= _FEWEST_NEIGHBOURS
    middle[enough] = np.nanmedian(some[enough], axis=1)
    return middle


def _stuck(mine: Floats, middle: Floats, least: int) -> NDArray[np.bool_]:
    stuck = np.zeros(len(mine), dtype=bool)
    there = np.flatnonzero(~np.isnan(mine))
    if len(there) < least:
        return stuck
    starts = np.flatnonzero(np.append(True, np.diff(mine[there]) != 0))
    ends = np.append(starts[1:], len(there))
    for start, end in zip(starts, ends, strict=True):
        run = there[start:end]
        around = middle[run]
        if end - start >= least and not np.isnan(around).all():
            stuck[run] = np.nanmax(around) - np.nanmin(around) > np.log(_STUCK_FACTOR)
    return stuck


def _members(names: Iterable[str], groups: Sequence[Sequence[str]]) -> list[tuple[str, str]]:
    """Return each station with the one that names its voice: the first of its group among them, or itself."""
    there = [str(name) for name in names]
    leader = {name: name for name in there}
    for group in groups:
        mine = [name for name in there if name in set(group)]
        leader |= dict.fromkeys(mine, mine[0]) if mine else {}
    return list(leader.items())


def _grouped(
    names: list[str], value: Floats, at: Floats, groups: Sequence[Sequence[str]]
) -> tuple[list[str], Floats, Floats, Floats]:
    """Give the stations that are one instrument one column: their mean, in their middle, and less sure by their spread.

    Which of them was measured, nobody says, and so nobody knows where.
    """
    by_leader: dict[str, list[int]] = {}
    for number, (_, leader) in enumerate(_members(names, groups)):
        by_leader.setdefault(leader, []).append(number)
    voices = list(by_leader.values())
    mean = np.full((len(value), len(voices)), np.nan)
    middle = np.empty((len(voices), 2))
    noise = np.empty(len(voices))
    for number, members in enumerate(voices):
        known = ~np.isnan(value[:, members])
        some = known.any(axis=1)
        mean[some, number] = np.nanmean(value[some][:, members], axis=1)
        middle[number] = at[members].mean(axis=0)
        noise[number] = NUGGET + SLOPE * kriging.distances(at[members], middle[[number]]).mean()
    return [names[members[0]] for members in voices], mean, middle, noise


def _agreeing(
    names: list[str], value: Floats, at: Floats, noise: Floats, days: NDArray[np.datetime64], averaging: str
) -> tuple[list[str], Floats, Floats, Floats, list[tuple[str, str, int]]]:
    """Leave out, worst first, stations that differ from what the others say by far more than the air does."""
    faults = []
    while len(names) > _FEWEST_NEIGHBOURS:
        rest = value - drift.SHIPPED.at(at, days)
        mean, variance = kriging.left_out(rest, at, noise, SLOPE)
        off = (rest - mean) ** 2 / variance
        count = (~np.isnan(off)).sum(axis=0)
        average = np.where(count >= _ENOUGH[averaging], np.nansum(off, axis=0) / np.maximum(count, 1), 0.0)
        worst = int(np.argmax(average))
        if average[worst] <= _MISFIT:
            break
        faults.append((names[worst], "misfit", int((~np.isnan(value[:, worst])).sum())))
        keep = [column for column in range(len(names)) if column != worst]
        names = [names[column] for column in keep]
        value, at, noise = value[:, keep], at[keep], noise[keep]
    return names, value, at, noise, faults


def _proven(
    names: list[str],
    value: Floats,
    at: Floats,
    official: tuple[Floats, Floats, Floats],
    days: NDArray[np.datetime64],
    averaging: str,
) -> tuple[list[int], Floats, Floats, list[tuple[str, str, int]]]:
    """Correct sensors by their mean log difference from the official estimate at their place.

    What a sensor scatters about it beyond the uncertainty of that estimate is its own error, and its noise. A sensor
    so brings the day's departures; a difference that lasts is taken for its fault, also where it is the air's.
    """
    known, known_at, noise = official
    mean, variance = kriging.estimate(known - drift.SHIPPED.at(known_at, days), known_at, noise, at, SLOPE)
    off = value - drift.SHIPPED.at(at, days) - mean
    proven, corrected, own, faults = [], [], [], []
    for column, name in enumerate(names):
        both = ~np.isnan(off[:, column])
        count, values = int(both.sum()), int((~np.isnan(value[:, column])).sum())
        if count < SENSOR_ENOUGH[averaging]:
            faults += [(name, "unproven", values)] if values else []
            continue
        bias = float(off[both, column].mean())
        scatter = float(off[both, column].var(ddof=1))
        error = max(scatter - float(variance[both, column].mean()), 0.0) + scatter / count
        if abs(bias) > np.log(_SENSOR_FACTOR) or error > _SENSOR_VARIANCE:
            faults.append((name, "inexact", values))
            continue
        proven.append(column)
        corrected.append(value[:, column] - bias)
        own.append(NUGGET + error)
    stacked = np.column_stack(corrected) if corrected else np.empty((len(value), 0))
    return proven, stacked, np.array(own), faults
