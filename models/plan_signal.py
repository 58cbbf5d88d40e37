"""The physical signal beside the plan: hotspots, smoke days and people in the smoke of each tambon, against its likes.

So that progress is not only activity. A figure that nothing stored reaches is missing, never zero, and a tambon is
compared with tambons that burned as much before and where nothing is done, not with the whole province. It shows no
effect: `models.effect` does.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
import pandas as pd

from data.clock import season_of
from data.errors import HazeError, NotStored, TooLittleData
from models.burden import burden
from models.desk import Desk
from models.exposure import exposure, over_standard
from models.people import people

#: With so many tambons a tambon is compared: enough to even out one bad neighbour, few enough to stay alike.
ALIKE = 5
#: A tambon counts as burdened from this share of the place's tambons on, by hotspots a season.
BURDENED_FROM = 0.75


def signal(
    desk: Desk, satellites: Sequence[str], year: int, acted: Sequence[str], *, smoke: bool = True
) -> pd.DataFrame:
    """Return what was seen in each tambon of the place in the season of a year.

    Parameters
    ----------
    desk : Desk
    satellites : sequence of str
        A fixed set, the same in every season.
    year : int
    acted : sequence of str
        Tambons with an activity against haze that was carried out; they are never anybody's comparison.
    smoke : bool
        Also work out the PM2.5 of every day, which takes longer.

    Returns
    -------
    DataFrame
        `tambon`; `hotspots` of the season (Int64), `days_stored` of it; `usual` (mean of the earlier stored seasons),
        `change` (hotspots over usual, minus one), `alike_change` (the same of the `ALIKE` most alike tambons without
        activity, taken together); `smoke_days` (estimated daily mean above the standard in force, over the days that
        can be estimated), `smoke_known` (how many days), `people` (registered), `person_days`. Missing where not
        known.
    """
    codes = [str(code) for code in desk.tambons["tambon"]]
    table = pd.DataFrame({"tambon": codes})
    table = table.assign(hotspots=_whole(table.index), days_stored=0, usual=np.nan, change=np.nan, alike_change=np.nan)
    try:
        known = burden(desk, satellites, dt.date(year, 12, 31))
    except (NotStored, TooLittleData):
        known = None
    if known is not None and year in known.counts:
        now = known.counts[year].reindex(codes).to_numpy(dtype="float64")
        before = [season for season in known.days if season < year]
        earlier = known.counts[before].reindex(codes)
        table["hotspots"] = pd.Series(now).astype("Int64")
        table["days_stored"] = known.days[year]
        if earlier.shape[1]:
            usual = earlier.mean(axis=1).to_numpy(dtype="float64")
            table["usual"] = usual
            table["change"] = _over(now, usual)
            table["alike_change"] = _alike(now, usual, desk.tambons["area_km2"].to_numpy(), np.isin(codes, list(acted)))
    return table.join(_smoke(desk, year, codes) if smoke else _no_smoke(desk, codes))


def _over(now: np.ndarray, usual: np.ndarray) -> np.ndarray:
    return np.asarray(np.divide(now, usual, out=np.full(len(now), np.nan), where=usual > 0) - 1)


def _alike(now: np.ndarray, usual: np.ndarray, area: np.ndarray, acted: np.ndarray) -> np.ndarray:
    """Return the change of the tambons that burned most alike before, by hotspots a km², taken together."""
    likeness = np.log1p(usual / area)
    away = np.abs(likeness[:, None] - likeness[None, :])
    away[:, acted] = np.inf
    np.fill_diagonal(away, np.inf)
    nearest = np.argsort(away, axis=1, kind="stable")[:, :ALIKE]
    enough = np.isfinite(np.take_along_axis(away, nearest, axis=1)).all(axis=1)
    change = _over(now[nearest].sum(axis=1), usual[nearest].sum(axis=1))
    return np.asarray(np.where(enough & (nearest.shape[1] == ALIKE), change, np.nan))


def _whole(index: pd.Index) -> pd.Series:
    """Return whole numbers of which none is known."""
    return pd.Series(pd.NA, index=index, dtype="Int64")


def _no_smoke(desk: Desk, codes: list[str]) -> pd.DataFrame:
    table = pd.DataFrame(index=range(len(codes)))
    table = table.assign(smoke_days=_whole(table.index), smoke_known=0)
    table["people"] = people(desk)["people"].reindex(codes).reset_index(drop=True).round().astype("Int64")
    return table.assign(person_days=_whole(table.index))


def _smoke(desk: Desk, year: int, codes: list[str]) -> pd.DataFrame:
    table = _no_smoke(desk, codes)
    try:
        days = exposure(desk, *season_of(dt.date(year, 1, 1)))
    except HazeError:
        # Without readings or positions of stations there is no surface; the column then says that it is not known.
        return table
    found = over_standard(days, "tambon").set_index("code").reindex(codes).reset_index(drop=True)
    table["smoke_known"] = found["days"].fillna(0).astype("int64")
    known = table["smoke_known"] > 0
    table["smoke_days"] = found["days_over"].where(known).astype("Int64")
    table["person_days"] = found["person_days"].where(known).round().astype("Int64")
    return table


def gaps(seen: pd.DataFrame, activities: pd.Series) -> pd.DataFrame:
    """Return where the burden and the work do not meet.

    Parameters
    ----------
    seen : DataFrame
        From `signal`.
    activities : Series
        Activities against haze carried out, by tambon; a tambon that is not in it has none on record, which is not
        proof that none is done.

    Returns
    -------
    DataFrame
        `tambon`, `activities`, `hotspots` (a season: this one and the earlier ones together), `gap`:
        ``burdened_nothing_done``, ``done_no_burden``, ``cannot_tell`` or "".
        Burdened is a tambon in the upper quarter of the place with any hotspot; without burden one with none in any
        stored season. Without stored seasons it cannot be told.
    """
    table = pd.DataFrame({"tambon": seen["tambon"]})
    table["activities"] = table["tambon"].map(activities).fillna(0).astype("int64")
    season = seen["hotspots"].astype("Float64").to_numpy(dtype="float64", na_value=np.nan)
    usual = seen["usual"].to_numpy(dtype="float64")
    load = np.where(np.isnan(usual), season, (season + usual) / 2)
    table["hotspots"] = load
    known = ~np.isnan(load)
    limit = np.quantile(load[known], BURDENED_FROM) if known.any() else np.inf
    burdened = known & (load > 0) & (load >= limit)
    done = table["activities"].to_numpy() > 0
    table["gap"] = np.select(
        [~known, burdened & ~done, known & (load == 0) & done],
        ["cannot_tell", "burdened_nothing_done", "done_no_burden"],
        default="",
    )
    return table
