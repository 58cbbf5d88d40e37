"""A made-up fire season whose fires are known: how they burned, and what satellites saw of them.

Fires spread over a raster of 50 m with the hours of the day, some touch a neighbour, some wake again after days.
Each pass of a satellite lays its own pixels over the land, as large as they are at that place of the swath, and
reports the centres of those in which enough burns, moved by its error of position. Nothing here is fitted to a method.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from data import contracts
from data.identity import hotspot_ids

#: Side of a cell of the land, km; 0.25 ha.
CELL_KM = 0.05
KM_PER_DEG = 111.195
RAI_PER_CELL = CELL_KM**2 * 625
#: Corner of the land, degrees: the middle of Lampang.
WEST, SOUTH = 99.2, 17.9
#: Local hours of the passes, and the pixel at nadir and at the edge of the swath (scan, track), km. VIIRS bands I hold
#: their size by dropping samples, MODIS does not (user guides of VNP14IMG and MOD14).
PASSES = {
    "SNPP": ((1.6, 13.4), (0.39, 0.36), (0.80, 0.80)),
    "NOAA20": ((0.8, 12.6), (0.39, 0.36), (0.80, 0.80)),
    "NOAA21": ((2.4, 14.2), (0.39, 0.36), (0.80, 0.80)),
    "TERRA": ((10.3, 22.3), (1.0, 1.0), (4.8, 2.0)),
    "AQUA": ((2.0, 13.8), (1.0, 1.0), (4.8, 2.0)),
}
#: Error of position, km, one standard deviation: within 0.1 pixel for both (Wolfe et al. 2013 and 2002).
ERROR_KM = {"VIIRS": 0.07, "MODIS": 0.10}
#: Burning land in a pixel that is seen in two of three cases, ha: a thousandth of it flames at a time.
SEEN_HA = {"VIIRS": 1.0, "MODIS": 6.0}
#: Even a strong surface fire stays under the leaves or under cloud in some passes.
CLEAR = 0.65


@dataclass(frozen=True)
class World:
    """What may be otherwise than in the seasons that the method was made on.

    Attributes
    ----------
    median_rai : float
        Half of the forest fires are larger.
    longer : tuple of 2 float
        How many times as long as wide fires are, from and to.
    ragged : float
        How ragged their edges are; 0 for ellipses.
    burning_h : float
        A cell burns from half as long to one and a half times as long; 0 for flames of some hours and embers.
    clear : float
        Share of burning pixels that are neither under leaves nor under cloud.
    seen : float
        Times `SEEN_HA`: below one less burning land is enough to be seen.
    error : float
        Times `ERROR_KM`.
    fixed_grid : bool
        Every pass lays the same pixels, those at nadir, to the north.
    one_look : bool
        A fire is seen by the first pass after its end alone, when all of it is still hot.
    """

    median_rai: float = 900.0
    longer: tuple[float, float] = (1.0, 2.2)
    ragged: float = 0.12
    burning_h: float = 0.0
    clear: float = CLEAR
    seen: float = 1.0
    error: float = 1.0
    fixed_grid: bool = False
    one_look: bool = False


USUAL = World()
WORLDS = {
    "usual": USUAL,
    "every burning pixel seen": World(clear=1.0, seen=0.05),
    "cells burn 9 to 27 hours": World(burning_h=18.0),
    "half above 2,000 rai": World(median_rai=2000.0),
    "circles": World(longer=(1.0, 1.0), ragged=0.0),
    "four to eight times as long as wide": World(longer=(4.0, 8.0)),
    "no error of position": World(error=0.0),
    "one grid of pixels, at nadir": World(fixed_grid=True),
    "one look at the end": World(one_look=True),
    "one look, every pixel seen": World(one_look=True, clear=1.0, seen=0.05),
    "circles, all seen, one grid": World(
        clear=1.0, seen=0.05, burning_h=18.0, longer=(1.0, 1.0), ragged=0.0, error=0.0, fixed_grid=True
    ),
}

#: Rows and columns of burned cells, and the hour at which each began to burn.
Burn = tuple[np.ndarray, np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Season:
    """What burned and what was seen.

    Attributes
    ----------
    hotspots : DataFrame, n rows
        HOTSPOT_COLUMNS, in the order of time.
    fire : ndarray of int, shape (n,)
        Which fire each detection is of.
    cells : list of ndarray of int64
        Burned cells of each fire, ``row * 100_000 + column``, counted from (`WEST`, `SOUTH`).
    kinds : list of str
        ``alone``, ``touching`` or ``restarting``.
    """

    hotspots: pd.DataFrame
    fire: np.ndarray
    cells: list[np.ndarray]
    kinds: list[str]


def season(
    seed: int,
    fires: int = 180,
    side_km: float = 60.0,
    days: int = 60,
    satellites: tuple[str, ...] = ("SNPP", "NOAA20", "NOAA21"),
    touching: float = 0.15,
    restarting: float = 0.1,
    start: str = "2025-02-15",
    world: World = USUAL,
) -> Season:
    """Make a season; the same seed gives the same one."""
    random = np.random.default_rng(seed)
    burned: list[Burn] = []
    kinds: list[str] = []
    scars: set[int] = set()
    while len(burned) < fires:
        kind = str(
            random.choice(["alone", "touching", "restarting"], p=[1 - touching - restarting, touching, restarting])
        )
        where, when = random.uniform(0, side_km / CELL_KM, 2), random.uniform(0, days * 24)
        if kind == "touching" and burned:
            # Lit within three days at the edge of one that burns already: the two scars meet.
            rows, columns, hours = burned[int(random.integers(len(burned)))]
            edge = int(np.argmax(hours))
            where = np.array([rows[edge], columns[edge]]) + random.normal(0, 6, 2)
            when = float(hours[0] + random.uniform(-72, 72))
        rows, columns, hours = _burn(random, where, when, kind, world)
        # What has burned this season does not burn again.
        left = np.array([spot not in scars for spot in (rows * 100_000 + columns).tolist()])
        if left.mean() < (0.5 if kind == "touching" else 1.0):
            continue
        burned.append((rows[left], columns[left], hours[left]))
        scars.update((rows * 100_000 + columns).tolist())
        kinds.append(kind)
    passes = _passes(random, days + 25, satellites)
    seen = [_seen(random, number, fire, passes, world) for number, fire in enumerate(burned)]
    table = pd.concat(seen, ignore_index=True)
    hotspots = _hotspots(table, start)
    order = np.lexsort((hotspots["hotspot_id"], hotspots["acquired_at"].astype("int64")))
    cells = [np.unique(rows * 100_000 + columns) for rows, columns, _ in burned]
    return Season(hotspots.iloc[order].reset_index(drop=True), table["fire"].to_numpy(int)[order], cells, kinds)


def _burn(random: np.random.Generator, where: np.ndarray, when: float, kind: str, world: World) -> Burn:
    """Return rows, columns and the hour at which each cell began to burn."""
    # A field for one fire in five; else forest floor, of which half the fires are larger than 900 rai.
    small = random.random() < 0.2
    rai = (
        np.exp(random.uniform(np.log(10), np.log(80)))
        if small
        else np.clip(random.lognormal(np.log(world.median_rai), 0.9), 40, 8000)
    )
    count = max(2, round(float(rai) / RAI_PER_CELL))
    half = int(np.ceil(np.sqrt(count) * max(1.6, 0.8 * world.longer[1] ** 0.5))) + 2
    y, x = np.mgrid[-half : half + 1, -half : half + 1].astype(float)
    # An ellipse along the wind or the slope, made ragged by ground that burns faster or slower.
    angle, longer = random.uniform(0, np.pi), random.uniform(*world.longer)
    along, across = x * np.cos(angle) + y * np.sin(angle), (y * np.cos(angle) - x * np.sin(angle)) * longer
    rough = sum(
        np.cos((x * np.cos(a) + y * np.sin(a)) * 2 * np.pi / (half * w) + p)
        for a, w, p in zip(
            random.uniform(0, np.pi, 6), random.uniform(0.5, 1.5, 6), random.uniform(0, 6.3, 6), strict=True
        )
    )
    late = np.hypot(along, across) * np.exp(world.ragged * rough)
    order = np.argsort(late, axis=None, kind="stable")[:count]
    rows = (y.ravel()[order] + np.round(where[0])).astype(np.int64)
    columns = (x.ravel()[order] + np.round(where[1])).astype(np.int64)
    # Area grows in time as the front moves on; a fire of 900 rai takes about a day.
    lasting = 2.0 if small else float(np.clip(24 * (rai / 900) ** 0.5 * random.uniform(0.7, 1.6), 6, 120))
    share = (late.ravel()[order] - late.ravel()[order[0]]) / max(late.ravel()[order[-1]] - late.ravel()[order[0]], 1e-9)
    hours = _clocked(when, share * lasting * 0.55)
    if kind == "restarting":
        # The rest burns after some days of rest.
        hours = np.where(share > 0.6, hours + 24 * random.integers(4, 15), hours)
    return rows, columns, hours


def _clocked(when: float, burning: np.ndarray) -> np.ndarray:
    """Return the hours at which so many burning hours are over: from 10 to 22 a fire moves, else at a fifth of that."""
    clock = when + np.arange(0, 24 * 30, 0.25)
    speed = np.where((clock % 24 >= 10) & (clock % 24 < 22), 1.0, 0.2)
    return np.interp(burning, np.append(0.0, np.cumsum(speed * 0.25)), np.append(when, clock + 0.25))


def _passes(
    random: np.random.Generator, days: int, satellites: tuple[str, ...]
) -> list[tuple[float, str, float, float]]:
    """Return hour, satellite, place in the swath (0 nadir, 1 edge) and heading of every pass."""
    out = []
    for satellite in satellites:
        for day in range(days):
            for local in PASSES[satellite][0]:
                hour = day * 24 + local + random.uniform(-0.7, 0.7)
                out.append((hour, satellite, random.random(), random.choice([-1, 1]) * np.radians(11)))
    return sorted(out)


def _seen(
    random: np.random.Generator, number: int, fire: Burn, passes: list[tuple[float, str, float, float]], world: World
) -> pd.DataFrame:
    rows, columns, hours = fire
    # Flames are over in some hours; under one cell in four, logs and roots smoulder on.
    lasting = random.exponential(3.0, len(hours)) + np.where(
        random.random(len(hours)) < 0.25, random.exponential(9.0, len(hours)), 0
    )
    if world.burning_h:
        lasting = random.uniform(0.5, 1.5, len(hours)) * world.burning_h
    if world.one_look:
        passes = [one for one in passes if one[0] >= hours.max()][:1]
        lasting = np.full(len(hours), np.inf)
    found = []
    for hour, satellite, aside, heading in passes:
        if not hours[0] - 1 <= hour <= hours.max() + 60:
            continue
        burning = (hours <= hour) & (hour < hours + lasting)
        if not burning.any():
            continue
        sensor = "MODIS" if satellite in ("TERRA", "AQUA") else "VIIRS"
        if world.fixed_grid:
            aside, heading = 0.0, 0.0
        scan, track = (near + (far - near) * aside**2 for near, far in zip(*PASSES[satellite][1:], strict=True))
        turned = _turned(columns[burning] * CELL_KM, rows[burning] * CELL_KM, heading)
        phase = np.zeros(2) if world.fixed_grid else random.uniform(0, 1, 2)
        pixel = np.floor(turned / (scan, track) + phase)
        unique, count = np.unique(pixel, axis=0, return_counts=True)
        chance = world.clear * (1 - np.exp(-count * CELL_KM**2 * 100 / (SEEN_HA[sensor] * world.seen)))
        hit = unique[random.random(len(unique)) < chance]
        centre = (hit + 0.5 - phase) * (scan, track) + random.normal(0, ERROR_KM[sensor] * world.error, (1, 2))
        back = _turned(centre[:, 0], centre[:, 1], -heading)
        found += [(number, hour, satellite, sensor, scan, track, east, north) for east, north in back]
    names = ["fire", "hour", "satellite", "sensor", "scan_km", "track_km", "east", "north"]
    return pd.DataFrame(found, columns=names).astype({"fire": int})


def _turned(east: np.ndarray, north: np.ndarray, heading: float) -> np.ndarray:
    turn = np.cos(heading), np.sin(heading)
    return np.column_stack([east * turn[0] + north * turn[1], north * turn[0] - east * turn[1]])


def _hotspots(table: pd.DataFrame, start: str) -> pd.DataFrame:
    lat = (SOUTH + table["north"] / KM_PER_DEG).round(5)
    lon = (WEST + table["east"] / KM_PER_DEG / np.cos(np.radians(SOUTH + 0.27))).round(5)
    when = pd.Timestamp(start, tz="Asia/Bangkok") + pd.to_timedelta((table["hour"] * 60).round(), unit="m")
    when = when.dt.tz_convert("UTC").astype("datetime64[us, UTC]")
    out = table.assign(lon=lon, lat=lat, acquired_at=when, confidence="nominal", quality="standard", frp_mw=3.0)
    out = out.assign(position="observed", provider="firms", is_daytime=(table["hour"] % 24).between(6, 18))
    out["hotspot_id"] = hotspot_ids(out["satellite"], when, lon.to_numpy(), lat.to_numpy())
    return contracts.typed(out, contracts.HOTSPOT_COLUMNS, contracts.HOTSPOT_CATEGORIES)
