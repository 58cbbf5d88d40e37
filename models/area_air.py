"""PM2.5 of tambons and amphoes as rows with the Thai index: the surface, and its means over an amphoe's people.

Tables in, tables out. Never gives a one-hour value an index, never hides which weights made a mean.
"""

from __future__ import annotations

import datetime as dt
from typing import Literal

import numpy as np
import pandas as pd

from models import air, surface
from models.desk import Desk
from models.people import people

Weight = Literal["population", "area"]
COLUMNS = ("code", "time", "pm25", "coverage", "aqi", "class", "low", "high")


def tambon_air(desk: Desk, first: dt.date, last: dt.date, averaging: str) -> pd.DataFrame:
    """Return PM2.5 of each tambon of the place.

    Returns
    -------
    DataFrame
        `COLUMNS`: ``time`` (UTC, in the convention of `averaging`), ``pm25`` (µg/m³), ``coverage`` (share of the hours
        that were measured in the tambon itself: 0 where estimated), ``aqi`` and ``class`` (absent for ``PT1H``),
        ``low`` and ``high`` (90 % interval, NaN where measured).

    Raises
    ------
    NotStored
        When no reading was ever stored.
    """
    if averaging == "P1D":
        table = surface.daily_surface(desk, first, last)
        start = table["day"].dt.tz_localize("Asia/Bangkok").dt.tz_convert("UTC")
        table = table.assign(time=start.astype("datetime64[us, UTC]"))
    else:
        table = surface.hourly_surface(desk, first, last, averaging)
    return _indexed(table.rename(columns={"tambon": "code"}), averaging)


def amphoe_air(desk: Desk, first: dt.date, last: dt.date, averaging: str) -> tuple[pd.DataFrame, Weight]:
    """Return means of the tambons' PM2.5 over each amphoe, and what they were weighed by.

    Returns
    -------
    DataFrame
        `COLUMNS`. ``coverage`` is the weighed mean of the tambons'. ``low`` and ``high`` are the weighed means of the
        bounds, as if the errors of neighbours were all one: no narrower than the truth; NaN where all was measured.
        A mean whose tambons with a value hold less than `models.air.MIN_SHARE` of the weight is missing.
    weight : str
        ``population`` where the people of every tambon of the place are known (`models.people`), else ``area``.

    Raises
    ------
    NotStored
        When no reading was ever stored.
    """
    tambons = tambon_air(desk, first, last, averaging)
    weight, kind = weights(desk)
    return _indexed(mean_over_amphoes(tambons, weight), averaging), kind


def weights(desk: Desk) -> tuple[pd.Series, Weight]:
    """Return the weight of each tambon of the place, by code: people, or km² where those of some are not known."""
    count = people(desk)["people"]
    if count.notna().all() and count.sum() > 0:
        return count, "population"
    return desk.tambons.set_index("tambon")["area_km2"], "area"


def mean_over_amphoes(tambons: pd.DataFrame, weight: pd.Series) -> pd.DataFrame:
    """Return the weighed means of `tambon_air` rows over amphoes: code, time, pm25, coverage, low, high."""
    heavy = tambons["code"].map(weight).to_numpy(float)
    known = tambons["pm25"].notna().to_numpy()
    # What was measured is its own bound.
    parts = {
        "pm25": tambons["pm25"],
        "coverage": tambons["coverage"],
        "low": tambons["low"].fillna(tambons["pm25"]),
        "high": tambons["high"].fillna(tambons["pm25"]),
    }
    share = heavy * known
    # A tambon without a value adds nothing; one whose coverage nobody tells makes that of the amphoe unknown.
    frame = pd.DataFrame({name: np.where(known, column.to_numpy(float) * share, 0.0) for name, column in parts.items()})
    frame = frame.assign(weight=share, all=heavy, estimated=known & tambons["low"].notna().to_numpy())
    frame["untold"] = frame["coverage"].isna()
    frame = frame.assign(code=tambons["code"].str[:4].to_numpy(), time=tambons["time"].to_numpy())
    added = frame.groupby(["code", "time"])
    total = added[["weight", "all", "pm25", "low", "high", "coverage"]].sum()
    total["coverage"] = total["coverage"].mask(added["untold"].any())
    total["estimated"] = added["estimated"].any()
    enough = (total["weight"] > 0) & (total["weight"] >= air.MIN_SHARE * total["all"])
    out = total[["pm25", "low", "high"]].div(total["weight"].where(enough), axis=0)
    out[["low", "high"]] = out[["low", "high"]].where(total["estimated"], np.nan)
    out = out.where(~total["estimated"], out.round(1))
    out["coverage"] = (total["coverage"] / total["all"].where(total["all"] > 0)).where(enough, 0.0)
    return out.reset_index()


def _indexed(table: pd.DataFrame, averaging: str) -> pd.DataFrame:
    value = table["pm25"].to_numpy(float)
    shown = value if averaging != "PT1H" else np.full(len(table), np.nan)
    table = table.assign(**{"aqi": air.thai_aqi(shown), "class": air.thai_aqi_class(shown)})
    return table.sort_values(["code", "time"], ignore_index=True)[list(COLUMNS)]
