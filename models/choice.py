"""What is known of the tambons of a desk for choosing among them: burden, smoke, what is done already.

Brings the pieces together and leaves out what is not stored; never ranks and never spends.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from data.clock import season_of
from data.errors import NotStored
from models.burden import Burden, burden
from models.criteria import criteria
from models.desk import Desk
from models.exposure import exposure, over_standard
from models.forest import forest_share
from models.people import people


@dataclass(frozen=True)
class Known:
    """The burden of the tambons and the table of criteria (`models.criteria.CRITERIA`)."""

    burden: Burden
    criteria: pd.DataFrame


def known(desk: Desk, satellites: Sequence[str], sites: pd.DataFrame, marks: pd.DataFrame | None = None) -> Known:
    """Return what is known for choosing.

    Parameters
    ----------
    desk : Desk
    satellites : sequence of str
        A fixed set.
    sites : DataFrame
        Activities carried out, with `tambon` and `issue` (`data.registry.Registry.sites`); those against haze count.
    marks : DataFrame, optional
        From `marked`: the marks of the partners' criteria.

    Raises
    ------
    NotStored, TooLittleData
        As `models.burden.burden`.
    """
    found = burden(desk, satellites)
    actions = sites[sites["issue"] == "haze"].groupby("tambon").size()
    more = smoke(desk).reindex(found.counts.index)
    if marks is not None:
        more = more.join(marks)
    return Known(found, criteria(found, actions, more))


def features(desk: Desk, satellites: Sequence[str], *, everywhere: bool = False) -> pd.DataFrame:
    """Return what tambons are compared by when look-alikes are sought.

    Parameters
    ----------
    desk : Desk
    satellites : sequence of str
        A fixed set.
    everywhere : bool
        Also the tambons of every other province whose outlines are stored; those whose hotspots no stored file reaches
        are left out.

    Returns
    -------
    DataFrame
        Index of tambon codes: `fires_per_100_km2` (hotspots in 30 stored days of the seasons),
        `people_per_km2`, `area_km2`, `forest_share` and `smoke_days` (both of the place alone); NaN where unknown.

    Raises
    ------
    NotStored, TooLittleData
        As `models.burden.burden`.
    """
    seasons = burden(desk, satellites).counts.columns
    area = (desk.all_tambons if everywhere else desk.tambons).set_index("tambon")["area_km2"]
    fires = _fires_a_month(desk, satellites, [int(year) for year in seasons]).reindex(area.index)
    stored = desk.store.population(desk.state)
    registered = pd.Series(dtype=float)
    if stored is not None:
        newest = stored.sort_values("year").drop_duplicates("tambon", keep="last")
        registered = newest.set_index("tambon")["population"].astype(float)
    table = pd.DataFrame(
        {
            "fires_per_100_km2": 100 * fires / area,
            "people_per_km2": (registered if everywhere else people(desk)["people"]).reindex(area.index) / area,
            "area_km2": area,
            "forest_share": forest_share(desk).reindex(area.index),
            "smoke_days": smoke(desk)["smoke"].reindex(area.index),
        }
    )
    return table[table["fires_per_100_km2"].notna()] if everywhere else table


def as_compared(features: pd.DataFrame) -> pd.DataFrame:
    """Return features as likeness is judged by: densities and areas in logarithms (of one more), since they are skewed.

    Ten and twenty people per km² differ as much as a hundred and two hundred do.
    """
    skewed = ["fires_per_100_km2", "people_per_km2", "area_km2"]
    return features.assign(**{name: np.log1p(features[name]) for name in skewed})


def _fires_a_month(desk: Desk, satellites: Sequence[str], years: Sequence[int]) -> pd.Series:
    """Return hotspots in 30 stored days of the seasons, by tambon of all known provinces.

    By stored days, so that provinces that files reach on different days can be set side by side; missing where no file
    reaches.
    """
    found = pd.Series(0.0, index=desk.all_tambons["tambon"].astype("str"))
    days = found.copy()
    for year in years:
        first, last = season_of(dt.date(year, 1, 1))
        known = np.logical_and.reduce([desk.detections.known_days(first, last, [name]) for name in satellites])
        found += desk.detections.count(first, last, satellites)["count"].to_numpy(float)
        days += known.sum(axis=0)
    return 30 * found / days.where(days > 0)


def smoke(desk: Desk) -> pd.DataFrame:
    """Return days over the standard and person-days of older people, by tambon, in the newest season with PM2.5.

    Returns
    -------
    DataFrame
        Index of tambon codes, columns smoke and older; empty where no reading is stored or no outline is known, missing
        where a tambon's air or its older people are not known.
    """
    years = desk.air_years
    if not years or not len(desk.in_place):
        return pd.DataFrame(columns=["smoke", "older"], dtype=float)
    try:
        table = exposure(desk, *season_of(dt.date(years[-1], 1, 1)))
    except NotStored:
        return pd.DataFrame(columns=["smoke", "older"], dtype=float)
    found = over_standard(table, "tambon").set_index("code")
    told = table[table["pm25"].notna()]["tambon"].unique()
    named = found[["days_over", "older_days"]].set_axis(["smoke", "older"], axis=1)
    return named.astype(float).reindex(told)


def marked(criteria: pd.DataFrame) -> pd.DataFrame:
    """Return the marks of the partners' criteria as numbers: met 1, partly one half, not met 0, unmarked missing.

    Parameters
    ----------
    criteria : DataFrame
        From `models.plan.criteria`.
    """
    worth = {"met": 1.0, "partly": 0.5, "not_met": 0.0}
    named = criteria.set_index("tambon").rename(columns={"problem": "plan_fit"})[["plan_fit", "mechanism", "research"]]
    return pd.DataFrame({name: named[name].map(worth).astype(float) for name in named.columns})
