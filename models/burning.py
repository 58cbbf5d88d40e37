"""Fires under the ways of the air: their power by area, cell and hour, and where a fire would have been seen at all.

Reads detections and what files were stored; follows no air. See `models.origin`, which puts both together.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy import sparse

from data.errors import NotStored
from models.desk import Desk
from models.source_areas import areas_of, countries, country_of
from models.trajectories import Array, Ground
from models.winds import hours_of

#: A detection stands for so many hours before and after it: satellites pass twice in 24 hours.
_BURNS_H = 6.0
#: Spread of a fire over the cells around it, cells (about 8 km): a few hundred particles seldom meet one cell, and a
#: wider spread would favour the fires beside the path over those under it.
_SPREAD_CELLS = 0.7
#: Where a pixel has no fire power: the median of VIIRS over northern Thailand in April 2026.
TYPICAL_FRP_MW = 5.0
#: Borders of the small map lose details below this, degrees.
_BORDER_DEG = 0.02
#: A file speaks for this much beyond its outermost detection, degrees.
_EDGE_DEG = 0.5


def _kernel() -> tuple[Array, Array]:
    """Return the cells around a fire, shape (cells, 2), and the share of its power in each."""
    reach = np.arange(-2, 3)
    cells = np.array([(east, north) for east in reach for north in reach], dtype=float)
    share = np.exp(-(cells**2).sum(axis=1) / (2 * _SPREAD_CELLS**2))
    return cells, share / share.sum()


@dataclass(frozen=True)
class Fires:
    """Detections with their source area.

    Attributes
    ----------
    lon, lat, hour, frp_mw : ndarray of float64, shape (n,)
    area : ndarray of object, shape (n,)
        See `models.source_areas.areas_of`.
    """

    lon: Array
    lat: Array
    hour: Array
    frp_mw: Array
    area: NDArray[np.object_]


def fires_between(desk: Desk, begin: dt.datetime, end: dt.datetime) -> Fires | None:
    """Return the detections of a period and a day around it, wherever they lie; None when none was ever stored."""
    try:
        rows = desk.detections.between((begin - dt.timedelta(days=1)).date(), (end + dt.timedelta(days=1)).date())
    except NotStored:
        return None
    rows = rows[rows["position"] == "observed"]
    lon, lat = rows["lon"].to_numpy(float), rows["lat"].to_numpy(float)
    frp = rows["frp_mw"].to_numpy(float)
    area = areas_of(lon, lat, rows["tambon"].to_numpy(object), desk.place.provinces, desk.place.neighbours)
    return Fires(lon, lat, hours_of(rows["acquired_at"]), np.where(frp > 0, frp, TYPICAL_FRP_MW), area)


def emission(fires: Fires, ground: Ground, areas: list[str]) -> sparse.csr_array:
    """Return the fire power of each area by cell and step, shape (ground.size, areas), MW.

    A detection burns from six hours before to six hours after it was seen, over the cells around it.
    """
    column = pd.Index(areas).get_indexer(pd.Index(fires.area))
    cells, part = _kernel()
    pieces = []
    for shift in np.arange(-_BURNS_H + ground.step_h / 2, _BURNS_H, ground.step_h):
        for (east, north), share in zip(cells * ground.cell_deg, part, strict=True):
            at = ground.flat(fires.lon + east, fires.lat + north, fires.hour + shift)
            some = (at >= 0) & (column >= 0)
            pieces.append((at[some], column[some], fires.frp_mw[some] * share))
    at, area, value = (np.concatenate(one) for one in zip(*pieces, strict=True))
    return sparse.csr_array((value, (at, area)), shape=(ground.size, len(areas)))


@dataclass(frozen=True)
class Burning:
    """Fire power by cell and step of each area: `names` of the areas, `power` of shape (ground.size, areas)."""

    names: list[str]
    power: sparse.csr_array


def burning_of(fires: Fires, ground: Ground, areas: list[str]) -> Burning:
    """Return where and when each area burns; amphoes of the place are kept apart, whoever is at home in them."""
    names = sorted({*fires.area, *areas})
    return Burning(names, emission(fires, ground, names))


def seen_on(desk: Desk, ground: Ground) -> NDArray[np.bool_]:
    """Return whether a stored file would hold a detection of each cell and step, shape (ground.size,).

    A file of FIRMS speaks of the box that its rows span, one of GISTDA of Thailand alone.
    """
    taken = desk.store.snapshots(desk.state)
    taken = taken[(taken["kind"] == "hotspots") & taken["west"].notna()]
    seen = np.zeros((ground.steps, ground.rows, ground.columns), bool)
    lon = ground.west + ground.cell_deg * (np.arange(ground.columns) + 0.5)
    lat = ground.south + ground.cell_deg * (np.arange(ground.rows) + 0.5)
    hour = ground.first_hour + ground.step_h * (np.arange(ground.steps) + 0.5)
    at_home = None
    for row in taken.to_dict("records"):
        first, last = hours_of(pd.DatetimeIndex([row["first"], row["last"]]))
        steps = (hour >= first - _BURNS_H) & (hour <= last + _BURNS_H)
        if not steps.any():
            continue
        # The outermost fire of a file lies a little inside the box that was asked for.
        columns = (lon >= row["west"] - _EDGE_DEG) & (lon <= row["east"] + _EDGE_DEG)
        rows = (lat >= row["south"] - _EDGE_DEG) & (lat <= row["north"] + _EDGE_DEG)
        area = rows[:, None] & columns[None, :]
        if str(row["format"]).startswith("gistda"):
            at_home = _in_thailand(lon, lat) if at_home is None else at_home
            area = area & at_home
        seen[steps] |= area
    return seen.ravel()


def _in_thailand(lon: NDArray[np.floating], lat: NDArray[np.floating]) -> NDArray[np.bool_]:
    y, x = (axis.ravel() for axis in np.meshgrid(lat, lon, indexing="ij"))
    return np.asarray(country_of(x, y) == "thailand").reshape(len(lat), len(lon))


@dataclass(frozen=True)
class Under:
    """What a map of the paths shows beneath them.

    Attributes
    ----------
    fires : DataFrame
        `lon`, `lat`, `frp_mw`, `area` of the detections of the two days before and the day.
    borders : DataFrame
        `line`, `kind` (country, province), `lon`, `lat`: outlines thinned for a small picture.
    """

    fires: pd.DataFrame
    borders: pd.DataFrame


def under(desk: Desk, begin: dt.datetime, end: dt.datetime) -> Under:
    """Return the fires of a period of paths, and the borders around."""
    found = fires_between(desk, begin, end)
    named = {} if found is None else {n: getattr(found, n) for n in ("lon", "lat", "frp_mw", "area")}
    fires = pd.DataFrame(named, columns=["lon", "lat", "frp_mw", "area"])
    pieces = [(shape, "province") for shape in desk.tambons.dissolve("province").geometry]
    pieces += [(shape, "country") for shape in countries().geometry]
    rows: list[pd.DataFrame] = []
    for shape, kind in pieces:
        for part in shapely.get_parts(shapely.boundary(shapely.simplify(shape, _BORDER_DEG))):
            lon, lat = shapely.get_coordinates(part).T
            rows.append(pd.DataFrame({"line": len(rows), "kind": kind, "lon": lon, "lat": lat}))
    return Under(fires, pd.concat(rows, ignore_index=True))
