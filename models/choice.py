"""What is known of the tambons of a desk for choosing among them: burden, smoke, what is done already.

Brings the pieces together and leaves out what is not stored; never ranks and never spends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from data.clock import season_of
from data.errors import NotStored
from data.variables import standard_24h
from models.burden import Burden, burden
from models.criteria import criteria
from models.desk import Desk
from models.surface import daily_surface


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
        Index of tambon codes, columns plan_fit, mechanism, research: the marks of the partners' criteria.

    Raises
    ------
    NotStored, TooLittleData
        As `models.burden.burden`.
    """
    found = burden(desk, satellites)
    actions = sites[sites["issue"] == "haze"].groupby("tambon").size()
    more = pd.DataFrame({"smoke": days_over(desk)}).reindex(found.counts.index)
    if marks is not None:
        more = more.join(marks)
    return Known(found, criteria(found, actions, more))


def days_over(desk: Desk) -> pd.Series:
    """Return days over the standard by tambon in the newest season with PM2.5; estimated days count by their middle.

    Empty where no reading is stored; missing where a tambon's air cannot be told.
    """
    years = desk.air_years
    if not years:
        return pd.Series(dtype=float)
    first, last = season_of(desk.now().date().replace(year=years[-1], month=1, day=1))
    try:
        surface = daily_surface(desk, first, last)
    except NotStored:
        return pd.Series(dtype=float)
    told = surface[surface["pm25"].notna()]
    limit = told["day"].map({day: standard_24h(day.date()) for day in told["day"].unique()})
    days: pd.Series = (told["pm25"] > limit).groupby(told["tambon"]).sum().astype(float)
    return days
