"""Detections become fires: which belong together, what each fire is called, and how it stands at a moment.

Pure: tables in, tables out. Never reads the store, never leaves out permanent heat (see `models.static_heat`).
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from data.clock import ICT_OFFSET, require_utc
from data.contracts import LAND_CLASSES, SATELLITES
from models.linking import Rule, attach, firsts, link, reach_km
from models.perimeter import area_rai, area_range, draw, growth

#: FEDS, made for large fires of California, links new pixels at 0.7 km, calls a fire inactive after 5 days and wakes a
#: sleeper within 1 km up to 20 days. Lampang's fires are small, many a day, and burn a place once a season: among the
#: detections of 5 to 18 January 2026 over Thailand, pairs within 0.7 km are six times as many as chance on the same day
#: and no more than chance from the second day on. So a link lasts 2.5 days, five looks missed under cloud, and a
#: sleeper wakes only at its own place (docs/fires.md has what that changes on known fires).
RULE = Rule(days=2.5, asleep_days=15.0, asleep_km=0.4)
#: Without a detection for so long a fire is out, as in FEDS; seen again later it has restarted.
OUT_DAYS = 5.0
#: A MODIS pixel, 1 to 10 km², lies over several fires: it joins none of them together, and goes with the nearest
#: detection of a finer satellite within so far, km. On known seasons that raises F1 of events from 0.80 to 0.89.
COARSE_KM = 2.0
STATES = ("new", "growing", "quiet", "out", "restarted")
#: Satellites look in two bunches a day, the night pass and the day pass; detections of one bunch are one look.
LOOK_HOURS = 6.0
#: A fire that nobody saw for so long is not new, growing or restarted any more.
FRESH_HOURS = 24.0
#: Growth that is more than a shift of pixels between looks, of the area before.
GREW_SHARE = 0.10

FIRE_COLUMNS: dict[str, str] = {
    "fire_id": "str",
    "tambon": "str",
    "first_seen": "datetime64[us, UTC]",
    "last_seen": "datetime64[us, UTC]",
    "detections": "int64",
    "area_rai": "float64",
    "state": "str",
    "area_low": "float64",
    "area_high": "float64",
    "grown_rai": "float64",
    "toward_deg": "float64",
    "speed_m_h": "float64",
    "frp_mw": "float64",
    "lon": "float64",
    "lat": "float64",
    "looks": "int64",
    "satellites": "str",
    "land_class": "str",
    "merged": "str",
}

_SENSORS_FINE = ("VIIRS", "OLI")


def ordered(hotspots: pd.DataFrame) -> pd.DataFrame:
    """Return detections by time, then number, then quality: the order in which groups are named."""
    return hotspots.sort_values(["acquired_at", "hotspot_id", "quality"], kind="stable").reset_index(drop=True)


def join(hotspots: pd.DataFrame, known: np.ndarray | None = None, rule: Rule = RULE) -> np.ndarray:
    """Return the fire of each detection.

    Parameters
    ----------
    hotspots : DataFrame, n rows
        HOTSPOT_COLUMNS, in the order of `ordered`. Near-real-time rows stay among them when standard ones replace
        them: they keep fires together and names alive, and are counted by nobody.
    known : ndarray of int64, shape (n,), optional
        Fires found before, as positions of their earliest detection; -1 where a detection is new. The
        result is the same with and without.
    rule : Rule

    Returns
    -------
    ndarray of int64, shape (n,)
        Position of the fire's earliest detection.
    """
    is_fine = hotspots["sensor"].isin(_SENSORS_FINE).to_numpy()
    group = np.arange(len(hotspots))
    fine, coarse = np.flatnonzero(is_fine), np.flatnonzero(~is_fine)
    group[fine] = fine[_join_alike(hotspots.iloc[fine], rule, _among(known, fine))]
    position = (hotspots["lon"].to_numpy(float), hotspots["lat"].to_numpy(float), _minutes(hotspots["acquired_at"]))
    goes_with = attach(*position, is_fine, COARSE_KM, rule.days)
    alone = coarse[goes_with[coarse] < 0]
    group[alone] = alone[_join_alike(hotspots.iloc[alone], rule, None)]
    taken = goes_with >= 0
    group[taken] = group[goes_with[taken]]
    # A fire has the name of its earliest detection, also when that is a coarse one.
    _, of = np.unique(group, return_inverse=True)
    earliest = np.full(of.max(initial=-1) + 1, len(group))
    np.minimum.at(earliest, of, np.arange(len(group)))
    return np.asarray(earliest[of])


def _among(known: np.ndarray | None, fine: np.ndarray) -> np.ndarray | None:
    """Return groups found before as positions among the fine detections alone; they were never joined by others."""
    if known is None:
        return None
    mine = known[fine]
    old = np.flatnonzero(mine >= 0)
    _, first, of = np.unique(mine[old], return_index=True, return_inverse=True)
    out = np.full(len(fine), -1, np.int64)
    out[old] = old[first][of]
    return out


def _join_alike(hotspots: pd.DataFrame, rule: Rule, known: np.ndarray | None) -> np.ndarray:
    minute = _minutes(hotspots["acquired_at"])
    columns = (hotspots["lon"].to_numpy(float), hotspots["lat"].to_numpy(float), minute, reach_km(hotspots))
    if known is None or (known < 0).all():
        return link(*columns, rule)
    group = np.where(known < 0, np.arange(len(hotspots)), known)
    new = np.flatnonzero(known < 0)
    if not len(new):
        return group
    # Only what is near a new detection in time can be linked to it; the others change with the name of their fire.
    far = int(max(rule.days, rule.asleep_days) * 1440)
    near = np.flatnonzero((minute >= minute[new].min() - far) & (minute <= minute[new].max() + far))
    first = pd.Series(near).groupby(group[near]).transform("min").to_numpy()
    place = np.searchsorted(near, first)
    lon, lat, when, reach = (column[near] for column in columns)
    found = near[link(lon, lat, when, reach, rule, np.where(known[near] < 0, -1, place))]
    return _named_anew(group, near, found)


def _named_anew(group: np.ndarray, near: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Return groups after the detections at `near` were joined to those at `found`: the earliest name wins."""
    parent = np.arange(len(group))
    # Both name the same fire: the one it had, and the one it has in the window of time.
    for one, two in np.unique(np.column_stack([group[near], group[found]]), axis=0).tolist():
        one, two = _root(parent, one), _root(parent, two)
        parent[max(one, two)] = min(one, two)
    return np.array([_root(parent, name) for name in range(len(group))])[group] if len(group) else group


def _root(parent: np.ndarray, at: int) -> int:
    while parent[at] != at:
        at = int(parent[at])
    return at


def fire_ids(hotspots: pd.DataFrame) -> np.ndarray:
    """Return the name of a fire that is called after this detection (see `namesakes`), shape (n,), dtype object.

    ``F`` with the Thai day and eight digits of the detection's own number, for example ``F260310-9a3c01d2``. It depends
    on that detection alone. A fire that joins an older one takes its name; its former name still finds it, since the
    detection it was made from is a member (see `find`).
    """
    day = (hotspots["acquired_at"] + ICT_OFFSET).dt.strftime("%y%m%d").to_numpy(object)
    number = hotspots["hotspot_id"].to_numpy(np.uint64) & np.uint64(0xFFFFFFFF)
    return np.array([f"F{d}-{int(n):08x}" for d, n in zip(day, number, strict=True)], dtype=object)


def namesakes(hotspots: pd.DataFrame, group: np.ndarray) -> np.ndarray:
    """Return for each detection the position of the one that its fire is called after, int64 of shape (n,).

    The earliest one under which a fire was listed before (`named`), so that an earlier row that arrives late renames
    nothing; the earliest of all when the fire was never listed. A table without the column `named` knows of no lists.
    """
    called = np.asarray(group).copy()
    if "named" not in hotspots:
        return called
    named = np.flatnonzero(hotspots["named"].to_numpy(bool))
    first = np.full(len(group), len(group))
    np.minimum.at(first, group[named], named)
    listed = first[group] < len(group)
    called[listed] = first[group][listed]
    return called


def find(hotspots: pd.DataFrame, group: np.ndarray, fire_id: str) -> np.ndarray:
    """Return the positions of the members of the fire that a name finds; none when there is no such fire.

    The name of any member finds it: whatever a fire was called once, by whoever saw less of it, finds it for ever.
    """
    named = np.flatnonzero(fire_ids(hotspots) == fire_id)
    return np.flatnonzero(np.isin(group, group[named]))


def fires(hotspots: pd.DataFrame, group: np.ndarray, at: dt.datetime) -> tuple[pd.DataFrame, np.ndarray]:
    """Return how fires stand at a moment.

    Parameters
    ----------
    hotspots : DataFrame, n rows
        In the order of `ordered`: HOTSPOT_COLUMNS, `tambon` (code, missing outside), `current` (bool: whether the
        row counts) and, where it is known, `named` (bool: a fire was listed under it); nothing later than `at`.
    group : ndarray of int64, shape (n,)
        As from `join`.
    at : datetime
        Aware, UTC.

    Returns
    -------
    table : DataFrame
        FIRE_COLUMNS, by first sight. `tambon` is the one with most detections, the smaller code where two have the
        same; `area_rai` that of the perimeter, `area_low` and `area_high` its range; `grown_rai`, `toward_deg` (from
        north, clockwise) and `speed_m_h` tell what the last look added, NaN after a first look; `frp_mw` is the
        sum of the satellite that saw most in the last look; `lon`, `lat` the strongest detection of that look; `looks`
        counts bunches of passes; `merged` names the fires that were told apart once, by space.
        Fires of which no row counts any more are left out.
    perimeters : ndarray of polygons, shape (fires,), EPSG:4326
    """
    require_utc(at)
    mine = hotspots["current"].to_numpy(bool)
    rows = hotspots[mine].reset_index(drop=True)
    anchor, of = np.unique(group[mine], return_inverse=True)
    if not len(anchor):
        return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in FIRE_COLUMNS.items()}), np.empty(0, object)
    minute = _minutes(rows["acquired_at"])
    first, last = _edges(minute, of, len(anchor))
    newest = minute > last[of] - LOOK_HOURS * 60
    perimeters = _drawn(rows, of, len(anchor))
    before = np.full(len(anchor), None, dtype=object)
    earlier = ~newest
    had, kept = np.unique(of[earlier], return_inverse=True)
    if len(had):
        before[had] = _drawn(rows[earlier], kept, len(had))
    km, bearing = growth(before, perimeters)
    area, area_before = area_rai(perimeters), np.zeros(len(anchor))
    area_before[had] = area_rai(before[had])
    grown = np.where(area_before > 0, np.maximum(area - area_before, 0.0), np.nan)
    detections = np.bincount(of, minlength=len(anchor))
    low, high = area_range(area, detections)
    last_before = np.full(len(anchor), np.iinfo(np.int64).min)
    np.maximum.at(last_before, of[earlier], minute[earlier])
    hours = np.where(last_before > 0, (last - last_before) / 60.0, np.nan)
    point = _strongest(rows, of, newest)
    looks, run_since = _looks(minute, of, len(anchor))
    grew = np.nan_to_num(grown) > GREW_SHARE * area_before
    state = _states(first, last, run_since, grew, looks, _minutes(pd.Series([pd.Timestamp(at)]))[0])
    table = pd.DataFrame(
        {
            "fire_id": fire_ids(hotspots.iloc[namesakes(hotspots, group)[anchor]]),
            "tambon": _most_common(rows["tambon"], of, len(anchor)),
            "first_seen": _moments(first),
            "last_seen": _moments(last),
            "detections": detections,
            "area_rai": area.round(1),
            "state": state,
            "area_low": low.round(1),
            "area_high": high.round(1),
            "grown_rai": grown.round(1),
            "toward_deg": np.where(grew, bearing.round(0) % 360, np.nan),
            "speed_m_h": np.where(grew, km * 1000 / hours, np.nan).round(0),
            "frp_mw": _power(rows, of, newest, len(anchor)).round(1),
            "lon": rows["lon"].to_numpy()[point],
            "lat": rows["lat"].to_numpy()[point],
            "looks": looks,
            "satellites": _satellites(rows, of, len(anchor)),
            "land_class": _most_common(rows["land_class"].astype("object"), of, len(anchor), LAND_CLASSES),
            "merged": _merged(hotspots, group, anchor),
        }
    )
    return table.astype(FIRE_COLUMNS), perimeters


def history(hotspots: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray]:
    """Return what each look added to one fire.

    Parameters
    ----------
    hotspots : DataFrame, n rows
        All detections of the fire, in the order of `ordered`, at least one of them counting.

    Returns
    -------
    table : DataFrame
        `seen_at` (UTC, the look's first detection), `satellites`, `detections` (of the look), `area_rai` (so far).
    perimeters : ndarray of polygons, shape (looks,), EPSG:4326
        The perimeter so far.
    """
    rows = hotspots[hotspots["current"].to_numpy(bool)].reset_index(drop=True)
    minute = _minutes(rows["acquired_at"])
    look = np.cumsum(np.append(True, np.diff(minute) > LOOK_HOURS * 60)) - 1
    count = int(look[-1]) + 1
    # Each look draws all that was seen until then.
    member = np.concatenate([np.flatnonzero(look <= number) for number in range(count)])
    of = np.repeat(np.arange(count), np.cumsum(np.bincount(look)))
    perimeters = _drawn(rows.iloc[member], of, count)
    begins = np.flatnonzero(np.diff(look, prepend=-1))
    table = pd.DataFrame(
        {
            "seen_at": rows["acquired_at"].to_numpy()[begins],
            "satellites": _satellites(rows, look, count),
            "detections": np.bincount(look),
            "area_rai": area_rai(perimeters).round(1),
        }
    )
    return table.assign(seen_at=pd.to_datetime(table["seen_at"], utc=True)), perimeters


def _minutes(moments: pd.Series) -> np.ndarray:
    return np.asarray(moments.dt.tz_localize(None).to_numpy("datetime64[m]").astype(np.int64))


def _moments(minutes: np.ndarray) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(minutes.astype("datetime64[m]").astype("datetime64[us]"), tz="UTC")


def _edges(value: np.ndarray, of: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    low, high = np.full(count, np.iinfo(np.int64).max), np.full(count, np.iinfo(np.int64).min)
    np.minimum.at(low, of, value)
    np.maximum.at(high, of, value)
    return low, high


def _drawn(rows: pd.DataFrame, of: np.ndarray, count: int) -> np.ndarray:
    is_fine = rows["sensor"].isin(_SENSORS_FINE).to_numpy()
    return draw(rows["lon"].to_numpy(float), rows["lat"].to_numpy(float), is_fine, of, count)


def _looks(minute: np.ndarray, of: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return how often each fire was looked at, and since when it has burned without being out."""
    order = np.lexsort((minute, of))
    same = of[order][1:] == of[order][:-1]
    gap = np.where(same, np.diff(minute[order]), np.iinfo(np.int64).max)
    begins = np.append(True, gap > LOOK_HOURS * 60)
    wakes = np.append(True, gap > OUT_DAYS * 1440)
    since = np.full(count, np.iinfo(np.int64).min)
    np.maximum.at(since, of[order][wakes], minute[order][wakes])
    return np.bincount(of[order][begins], minlength=count), since


def _states(
    first: np.ndarray, last: np.ndarray, since: np.ndarray, grew: np.ndarray, looks: np.ndarray, now: int
) -> np.ndarray:
    fresh = now - last <= FRESH_HOURS * 60
    state = np.full(len(first), "quiet", dtype=object)
    state[now - last > OUT_DAYS * 1440] = "out"
    state[fresh & (now - first <= FRESH_HOURS * 60)] = "new"
    state[fresh & grew & (looks > 1)] = "growing"
    state[fresh & (since > first) & (now - since <= FRESH_HOURS * 60)] = "restarted"
    return state


def _strongest(rows: pd.DataFrame, of: np.ndarray, newest: np.ndarray) -> np.ndarray:
    """Return the position of the detection of most fire power in the last look, the first of equal ones."""
    power = np.nan_to_num(rows["frp_mw"].to_numpy(float), nan=-1.0)
    order = np.lexsort((np.arange(len(rows)), -power, ~newest, of))
    _, first = np.unique(of[order], return_index=True)
    return np.asarray(order[first])


def _power(rows: pd.DataFrame, of: np.ndarray, newest: np.ndarray, count: int) -> np.ndarray:
    power = rows["frp_mw"].to_numpy(float)
    told = newest & ~np.isnan(power)
    # Two satellites within the hour see the same flames: their powers are not added.
    satellite = rows["satellite"].cat.codes.to_numpy()
    flat = np.bincount(of[told] * len(SATELLITES) + satellite[told], power[told], count * len(SATELLITES))
    most = flat.reshape(count, len(SATELLITES)).max(axis=1)
    return np.where(np.bincount(of[told], minlength=count) > 0, most, np.nan)


def _satellites(rows: pd.DataFrame, of: np.ndarray, count: int) -> list[str]:
    seen = np.zeros((count, len(SATELLITES)), bool)
    seen[of, rows["satellite"].cat.codes.to_numpy()] = True
    return [",".join(name for name, there in zip(SATELLITES, row, strict=True) if there) for row in seen]


def _most_common(values: pd.Series, of: np.ndarray, count: int, order: tuple[str, ...] | None = None) -> np.ndarray:
    """Return the most common value of each fire, the first in order of equal ones; None where all are missing."""
    told = values.notna().to_numpy()
    names = np.array(order if order is not None else sorted(set(values[told])), dtype=object)
    out = np.full(count, None, dtype=object)
    if not told.any():
        return out
    code = pd.Categorical(values[told], categories=list(names)).codes.astype(np.int64)
    pair, tally = np.unique(of[told] * len(names) + code, return_counts=True)
    fire, which = np.divmod(pair, len(names))
    best = np.lexsort((which, -tally, fire))
    has, first = np.unique(fire[best], return_index=True)
    out[has] = names[which[best][first]]
    return out


def _merged(hotspots: pd.DataFrame, group: np.ndarray, anchor: np.ndarray) -> list[str]:
    """Return, for each fire, the names that parts of it had at an earlier look, apart from its own."""
    order = np.argsort(group, kind="stable")
    order = order[np.isin(group[order], anchor) & ~_follows(hotspots, group)[order]]
    rows = hotspots.iloc[order]
    start = np.append(np.searchsorted(group[order], anchor), len(order))
    columns = (rows["lon"].to_numpy(float), rows["lat"].to_numpy(float), _minutes(rows["acquired_at"]), reach_km(rows))
    was = firsts(*columns, start, RULE, LOOK_HOURS * 60)
    was[start[:-1]] = False
    was[np.isin(order, namesakes(hotspots, group)[anchor])] = False
    told = np.full(len(anchor), "", dtype=object)
    fire = np.searchsorted(anchor, group[order][was])
    for which, name in zip(fire.tolist(), fire_ids(rows[was]), strict=True):
        told[which] = f"{told[which]} {name}".strip()
    return told.tolist()


def _follows(hotspots: pd.DataFrame, group: np.ndarray) -> np.ndarray:
    """Return which coarse detections came to a fire that a finer satellite had seen: they never had a name."""
    is_fine = hotspots["sensor"].isin(_SENSORS_FINE).to_numpy()
    first = np.full(len(group), len(group))
    np.minimum.at(first, group[is_fine], np.flatnonzero(is_fine))
    return np.asarray(~is_fine & (first[group] < np.arange(len(group))))
