"""Whose smoke: the share of each source area in the smoke that fires of two days brought to a place, with a range.

Air is followed backwards through the stored wind and takes up the fire power that satellites saw under it while it lay
in the boundary layer. A screening, no dispersion model. Never a bare number: where the air did not move, or its wind or
its fires are not stored, it says why it cannot tell.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy import sparse

from data.clock import day_bounds
from models import trajectories
from models.burning import Burning, Under, burning_of, fires_between, seen_on, under
from models.desk import Desk
from models.trajectories import Array, Ground, Guess, Paths
from models.winds import BOX, Winds, hours_of, stored_winds

#: How far back air is followed. Smoke older than this is background and is given to nobody.
HOURS_BACK = 48.0
#: Hours of arrival: every third of the Thai day, at its middle.
_ARRIVALS_H = tuple(1.5 + 3 * step for step in range(8))
#: Members of the ensemble beside the best guess, and particles of each member, and of the best guess, per arrival.
MEMBERS, _PARTICLES, _BEST_PARTICLES = 24, 4, 48
#: Stated error of the wind: 1 m/s in each component and 15 % in speed, about what model winds differ from soundings.
_WIND_ERROR_MS, _WIND_ERROR_SHARE = 1.0, 0.15
#: The air moves faster than the wind at 10 m; where no higher wind is stored, by so much (least, best guess, greatest).
_SURFACE_FACTOR = (1.0, 1.3, 1.7)
#: Hours in which smoke falls to 1/e by settling: in the dry season it hardly rains.
_LIFETIME_H, _LONGEST_LIFETIME_H, _SHORTEST_LIFETIME_H = 144.0, 1000.0, 72.0
#: Spread of the smoke that a fire of a seen power makes, standard deviation of the logarithm, by area and member.
_EMISSION_SPREAD = 0.4
_CELL_DEG, _STEP_H = 0.1, 3.0
#: Air that moved less than this in 24 hours stayed in its basin.
CALM_KM = 25.0
#: Air must be followed for so long, and so much of its way lie where detections are stored.
FEWEST_HOURS, MOST_UNSEEN = 24.0, 0.3
#: Middle 90 % of the members.
_RANGE = (5.0, 95.0)

#: What stands beside the shares, the same for every area of a place.
_FACTS = ("ours", "ours_low", "ours_high", "followed_h", "unseen")
COLUMNS = ("code", "day", "area", "share", "low", "high", "verdict", *_FACTS)
OWN, REST = "own_amphoe", "rest_of_place"
#: Verdicts. The first three tell; the rest say why not.
OURS, BLOWN_IN, BOTH = "ours", "blown_in", "both"
CALM, NO_WIND, NO_FIRE = "calm", "no_wind", "no_fire"
NOT_STORED, UNSEEN = "fires_not_stored", "fires_unseen"
TELLING = (OURS, BLOWN_IN, BOTH)


@dataclass(frozen=True)
class Origin:
    """Where the smoke of one day came from.

    Attributes
    ----------
    day : date
    table : DataFrame
        One row per place and area: `code`, `day` (datetime64[s]), `area`, `share` (sums to 1 over the areas of a code),
        `low`, `high` (middle 90 % of the members), `verdict`, `ours`, `ours_low`, `ours_high` (share of the place
        itself, its own amphoe and the rest), `followed_h`, `unseen` (share of the way of the air over ground or hours
        without stored detections). Shares are missing where the verdict does not tell.
    tracks : DataFrame
        Some paths of the best guess: `tambon`, `path` (numbered within an amphoe), `hours_back`, `lon`, `lat`.
    wind : str
        Source of the wind, "" when none.
    """

    day: dt.date
    table: pd.DataFrame
    tracks: pd.DataFrame
    wind: str


def origin(desk: Desk, day: dt.date, by: str = "amphoe", codes: tuple[str, ...] = ()) -> Origin:
    """Tell whose smoke came on a Thai day to the tambons or amphoes of the place.

    Parameters
    ----------
    by : str
        ``tambon`` or ``amphoe``.
    codes : tuple of str
        Some of them only; all when empty.
    """
    tambons = desk.tambons
    wanted = sorted(codes or tambons[by].unique())
    start, end = day_bounds(day, day)
    begin = start - dt.timedelta(hours=HOURS_BACK)
    winds = stored_winds(desk, begin - dt.timedelta(hours=1), end + dt.timedelta(hours=1))
    areas = _areas(desk)
    if winds is None:
        return Origin(day, untold(wanted, day, areas, NO_WIND), _NO_TRACKS, "")
    ground = ground_of(begin, end)
    fires, seen = fires_between(desk, begin, end), seen_on(desk, ground)
    burning = None if fires is None else burning_of(fires, ground, areas[2:])
    pieces, tracks = [], []
    # Amphoe by amphoe, so that a place has the same numbers whoever else is asked about.
    for _, mine in tambons[tambons["amphoe"].isin(tambons.loc[tambons[by].isin(wanted), "amphoe"])].groupby("amphoe"):
        air = follow(winds, mine, start, ground)
        pieces.append(shares(air, burning, seen, by, day, areas))
        tracks.append(air.tracks)
    table = pd.concat(pieces, ignore_index=True)
    table = table[table["code"].isin(wanted)].reset_index(drop=True)
    return Origin(day, table, pd.concat(tracks, ignore_index=True), winds.source)


def beneath(desk: Desk, day: dt.date) -> Under:
    """Return the fires and borders that lie under the ways of the air of a Thai day."""
    start, end = day_bounds(day, day)
    return under(desk, start - dt.timedelta(hours=HOURS_BACK), end)


def _areas(desk: Desk) -> list[str]:
    """Return every area that is told of, in order; a neighbour without a stored outline is part of thailand."""
    stored = set(desk.all_tambons["province"])
    near = [f"province:{code}" for code in desk.place.neighbours if code in stored]
    return [OWN, REST, *near, "thailand", "myanmar", "laos", "other"]


def ground_of(begin: dt.datetime, end: dt.datetime) -> Ground:
    """Return the cells and hours of a period over the whole neighbourhood."""
    first = float(hours_of(pd.DatetimeIndex([begin]))[0])
    west, south, east, north = BOX
    steps = round((end - begin).total_seconds() / 3600 / _STEP_H)
    columns, rows = round((east - west) / _CELL_DEG), round((north - south) / _CELL_DEG)
    return Ground(west, south, _CELL_DEG, columns, rows, first, _STEP_H, steps)


@dataclass(frozen=True)
class Air:
    """Air followed backwards from tambons: the best guess (member 0) and the members of the ensemble.

    Attributes
    ----------
    tambons : DataFrame
        `tambon`, `amphoe` in the order of the groups.
    weight : sparse matrix, shape ((MEMBERS + 1) * tambons, ground.size)
        See `models.trajectories.Paths`; the rows of member `m` begin at ``m * tambons``.
    followed_h, away_km : ndarray of float64, shape (tambons,)
        Of the best guess.
    tracks : DataFrame
        Some paths of the best guess: `tambon`, `path`, `hours_back`, `lon`, `lat`.
    """

    tambons: pd.DataFrame
    weight: sparse.csr_array
    followed_h: Array
    away_km: Array
    tracks: pd.DataFrame


def follow(winds: Winds, tambons: gpd.GeoDataFrame, start: dt.datetime, ground: Ground, seed: int = 52) -> Air:
    """Follow the air of one Thai day, beginning at `start` (UTC), back from points spread over each tambon."""
    random = np.random.default_rng(seed)
    number, arrivals = len(tambons), len(_ARRIVALS_H)
    each = np.array([_BEST_PARTICLES] + [_PARTICLES] * MEMBERS)
    # Best guess first, tambon by tambon: its first paths are those that are shown.
    member = np.repeat(np.arange(MEMBERS + 1), each * arrivals * number)
    tambon = np.concatenate([np.repeat(np.arange(number), count * arrivals) for count in each])
    arrival = np.concatenate([np.tile(np.repeat(_ARRIVALS_H, count), number) for count in each])
    lon, lat = _spread(tambons.geometry.to_numpy(), tambon, random)
    hour = float(hours_of(pd.DatetimeIndex([start]))[0]) + arrival
    surface_only = float(winds.heights[-1]) <= 10.0
    best = number * arrivals * _BEST_PARTICLES
    paths = trajectories.backward(
        winds,
        (lon, lat, hour),
        member * number + tambon,
        (MEMBERS + 1) * number,
        ground,
        HOURS_BACK,
        _guesses(random, member, surface_only),
        seed,
        kept=best,
    )
    names = pd.DataFrame(tambons[["tambon", "amphoe"]]).reset_index(drop=True)
    codes = names["tambon"].to_numpy(object)[tambon[:best]]
    return Air(names, paths.weight, paths.followed_h[:number], paths.away_km[:number], _tracks(paths, codes))


def _guesses(random: np.random.Generator, member: NDArray[np.int64], surface_only: bool) -> Guess:
    """Draw each member's errors; member 0 has none."""
    size = MEMBERS + 1

    def drawn(best: float, values: Array) -> Array:
        return np.asarray(np.concatenate([[best], values])[member])

    share = np.exp(random.normal(0.0, _WIND_ERROR_SHARE, size - 1))
    least, middle, greatest = _SURFACE_FACTOR if surface_only else (1.0, 1.0, 1.0)
    factor = share * random.uniform(least, greatest, size - 1)
    decay = random.uniform(1 / _LONGEST_LIFETIME_H, 1 / _SHORTEST_LIFETIME_H, size - 1)
    return Guess(
        drawn(0.0, random.normal(0.0, _WIND_ERROR_MS, size - 1)),
        drawn(0.0, random.normal(0.0, _WIND_ERROR_MS, size - 1)),
        drawn(middle, factor),
        drawn(1.0, np.exp(random.normal(0.0, 0.2, size - 1))),
        drawn(0.5, random.random(size - 1)),
        drawn(_LIFETIME_H, 1 / decay),
    )


def _spread(
    polygons: NDArray[np.object_], which: NDArray[np.int64], random: np.random.Generator
) -> tuple[Array, Array]:
    """Return a random point inside the polygon of each particle."""
    lon, lat = np.full(len(which), np.nan), np.full(len(which), np.nan)
    bounds = shapely.bounds(polygons)
    for _ in range(40):
        open_ = np.flatnonzero(np.isnan(lon))
        if not len(open_):
            break
        west, south, east, north = bounds[which[open_]].T
        x, y = random.uniform(west, east), random.uniform(south, north)
        inside = shapely.contains_xy(polygons[which[open_]], x, y)
        lon[open_[inside]], lat[open_[inside]] = x[inside], y[inside]
    middle = shapely.point_on_surface(polygons)
    left = np.isnan(lon)
    return np.where(left, shapely.get_x(middle)[which], lon), np.where(left, shapely.get_y(middle)[which], lat)


def _tracks(paths: Paths, codes: NDArray[np.object_]) -> pd.DataFrame:
    # One path of each arrival is enough to see the fan; a point every two hours is enough to draw it.
    chosen, stride = np.arange(0, len(codes), _BEST_PARTICLES), round(2 / trajectories.STEP_H)
    lon, lat = paths.lon[::stride, chosen], paths.lat[::stride, chosen]
    back, count = lon.shape
    return pd.DataFrame(
        {
            "tambon": np.repeat(codes[chosen], back),
            "path": np.repeat(np.arange(count), back),
            "hours_back": np.tile(2.0 * np.arange(back), count),
            "lon": lon.T.ravel(),
            "lat": lat.T.ravel(),
        }
    ).dropna(ignore_index=True)


_NO_TRACKS = pd.DataFrame({name: [] for name in ("tambon", "path", "hours_back", "lon", "lat")})


def shares(
    air: Air, burning: Burning | None, seen: NDArray[np.bool_], by: str, day: dt.date, areas: list[str]
) -> pd.DataFrame:
    """Return the shares of each place (see `Origin`) from its air and the fires under it."""
    number = len(air.tambons)
    if burning is None:
        return untold(sorted(air.tambons[by].unique()), day, areas, NOT_STORED)
    names = burning.names
    under = np.asarray((air.weight @ burning.power).todense()).reshape(MEMBERS + 1, number, len(names))
    spread = np.random.default_rng(7).normal(0.0, _EMISSION_SPREAD, (MEMBERS + 1, 1, len(names)))
    spread[0] = 0.0
    under = under * np.exp(spread)
    best = air.weight[:number]
    total = np.asarray(best.sum(axis=1)).ravel()
    blind = (best @ (~seen).astype(float)) / np.where(total > 0, total, 1.0)
    pieces = []
    for code in sorted(air.tambons[by].unique()):
        mine = np.flatnonzero((air.tambons[by] == code).to_numpy())
        home = str(air.tambons["amphoe"].iloc[mine[0]])
        parts = _by_area(under[:, mine].sum(axis=1), names, home, areas)
        facts = (float(air.followed_h[mine].mean()), float(np.median(air.away_km[mine])), float(blind[mine].mean()))
        pieces.append(_told(code, day, areas, parts, facts))
    return pd.concat(pieces, ignore_index=True)


def _by_area(under: Array, names: list[str], home: str, areas: list[str]) -> Array:
    """Add up the amphoes of the place into the own one and the rest; shape (members, areas)."""
    out = np.zeros((len(under), len(areas)))
    for column, name in enumerate(names):
        kind, _, code = name.partition(":")
        area = name if kind != "amphoe" else OWN if code == home else REST
        out[:, areas.index(area if area in areas else "thailand")] += under[:, column]
    return out


def _told(code: str, day: dt.date, areas: list[str], parts: Array, facts: tuple[float, float, float]) -> pd.DataFrame:
    """Return the rows of one place from the contributions of its areas, shape (members, areas)."""
    followed, away, blind = facts
    total = parts.sum(axis=1)
    some = total > 0
    if followed < FEWEST_HOURS:
        verdict = NO_WIND
    elif away < CALM_KM:
        verdict = CALM
    elif blind > MOST_UNSEEN:
        verdict = UNSEEN
    elif not some[0] or some.mean() < 0.5:
        verdict = NO_FIRE
    else:
        share = parts[some] / total[some][:, None]
        low, high = np.percentile(share[1:], _RANGE, axis=0)
        low, high = np.minimum(low, share[0]), np.maximum(high, share[0])
        ours = share[:, :2].sum(axis=1)
        least, most = np.percentile(ours[1:], _RANGE)
        verdict = OURS if min(least, ours[0]) > 0.5 else BLOWN_IN if max(most, ours[0]) < 0.5 else BOTH
        rows = {"share": share[0], "low": low, "high": high}
        rows |= {"ours": ours[0], "ours_low": min(least, ours[0]), "ours_high": max(most, ours[0])}
        return _rows(code, day, areas, verdict, followed, blind).assign(**rows)[list(COLUMNS)]
    return _rows(code, day, areas, verdict, followed, blind)


def _rows(code: str, day: dt.date, areas: list[str], verdict: str, followed: float, blind: float) -> pd.DataFrame:
    table = pd.DataFrame({"code": code, "day": pd.Timestamp(day), "area": areas, "verdict": verdict})
    unknown = dict.fromkeys(("share", "low", "high", "ours", "ours_low", "ours_high"), np.nan)
    return table.assign(**unknown, followed_h=followed, unseen=blind)[list(COLUMNS)]


def untold(codes: list[str], day: dt.date, areas: list[str], verdict: str) -> pd.DataFrame:
    """Return rows without shares for every place, with the reason."""
    return pd.concat([_rows(code, day, areas, verdict, np.nan, np.nan) for code in codes], ignore_index=True)
