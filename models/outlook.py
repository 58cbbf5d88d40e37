"""The forecast of the stations carried to every tambon and amphoe, with what both steps leave uncertain.

Where a station stands, its own forecast speaks; elsewhere the kriging of `models.surface`, fed with the forecasts of
the stations. Never says anything of a tambon farther from a station than the surface does, never narrows an interval.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.clock import thai_days
from data.errors import TooLittleData
from models import air, area_air, drift, forecast, kriging, surface, witnesses
from models.conformal import Spread
from models.desk import Desk
from models.report_card import RED, STANDARD
from models.station_days import Floats, StationDays
from models.training import LEADS, Trained

COLUMNS = (
    "code", "issued_at", "valid_at", "lead_h", "pm25", "low", "high", "p_over_37_5", "p_over_75", "method",
    "nearest_km", "nearest_station",
)  # fmt: skip


@dataclass(frozen=True)
class Outlook:
    """Three days ahead, in `COLUMNS`; a station has no nearest one.

    Attributes
    ----------
    stations, tambons, amphoes : DataFrame
        Tambons and amphoes of the place that can be told of.
    trained : Trained
    weight : str
        What an amphoe's mean is weighed by, ``population`` or ``area``.
    beside : DataFrame
        See `models.forecast.beside`.
    inputs : dict of int to tuple of str
        See `models.forecast.inputs`.
    """

    stations: pd.DataFrame
    tambons: pd.DataFrame
    amphoes: pd.DataFrame
    trained: Trained
    weight: str
    beside: pd.DataFrame
    inputs: dict[int, tuple[str, ...]]


def outlook(desk: Desk, at: dt.datetime | None = None) -> Outlook:
    """Return the outlook of the place from the last Thai day that had ended at a time.

    Raises
    ------
    TooLittleData
        As `models.forecast.issue`; and with key ``forecast_no_station_near`` when no tambon of the place lies within
        `models.surface.MOST_KM` of a station of the north.
    """
    data, trained = forecast.latest(desk, at)
    stations = forecast.now(trained, data)
    methods = _methods(stations, desk.stations["station_id"])
    spreads = forecast.spreads(trained, data, methods)
    tambons = _tambons(desk, data, stations, methods, spreads)
    if not len(tambons):
        raise TooLittleData(
            f"no tambon of {desk.place.key} lies within {surface.MOST_KM:g} km of a station with a forecast",
            key="forecast_no_station_near",
            context={"km": f"{surface.MOST_KM:g}"},
        )
    weight, kind = area_air.weights(desk)
    amphoes = _amphoes(tambons, weight, spreads)
    stations = stations.assign(nearest_km=0.0, nearest_station=stations["code"])
    beside, inputs = forecast.beside(trained, data), forecast.inputs(trained, data)
    return Outlook(stations, tambons, amphoes, trained, kind, beside, inputs)


def _methods(stations: pd.DataFrame, here: pd.Series) -> dict[int, str]:
    """Return the commonest method by lead in days, of the place's own stations where one of them can be told of."""
    mine = stations[stations["code"].isin(here)]
    found = {}
    for lead in LEADS:
        told = next(part for part in (mine, stations) if (part["lead_h"] == 24 * lead).any())
        found[lead] = str(told.loc[told["lead_h"] == 24 * lead, "method"].mode().iloc[0])
    return found


def _tambons(
    desk: Desk, data: StationDays, stations: pd.DataFrame, methods: dict[int, str], spreads: dict[int, Spread]
) -> pd.DataFrame:
    place = pd.DataFrame({"station_id": data.stations, "lon": data.lon, "lat": data.lat, "station_type": "ground"})
    wide = stations.pivot(index="valid_at", columns="code", values="pm25")
    days = thai_days(pd.Series(wide.index))
    speaking = witnesses.witnesses(wide, place, air.INDEPENDENT_GROUPS, days, "P1D")
    middle = desk.tambons.geometry.representative_point()
    at = drift.plane(middle.x.to_numpy(), middle.y.to_numpy())
    value, low, high = surface.estimated(speaking, at, days, "P1D")
    km = kriging.distances(at, speaking.at)
    nearest = np.argmin(km, axis=1)
    names = np.array(speaking.names, dtype=object)[nearest]
    home = desk.stations.set_index("station_id")["tambon"]
    rows = []
    for number, lead in enumerate(LEADS):
        half = np.log(high[number] / low[number]) / 2
        mine = stations[stations["lead_h"] == 24 * lead]
        own = _standing(mine, home).reindex(desk.tambons["tambon"]).to_numpy(float)
        pm25 = np.where(np.isfinite(own), own, value[number])
        bounds = _wider(pm25, spreads[lead], np.where(np.isfinite(own), 0.0, half))
        table = pd.DataFrame({"code": desk.tambons["tambon"], "pm25": pm25, "low": bounds[0], "high": bounds[1]})
        table = table.assign(
            issued_at=mine["issued_at"].iloc[0],
            valid_at=mine["valid_at"].iloc[0],
            lead_h=24 * lead,
            method=methods[lead],
            nearest_km=np.where(np.isfinite(own), 0.0, km.min(axis=1)),
            nearest_station=names,
        )
        rows.append(_with_chances(table[table["nearest_km"] <= surface.MOST_KM], spreads[lead]))
    return pd.concat(rows, ignore_index=True)[list(COLUMNS)]


def _standing(mine: pd.DataFrame, home: pd.Series) -> pd.Series:
    """Return the forecast of the tambons in which stations stand; those of one instrument count as one."""
    instrument = {code: group[0] for group in air.INDEPENDENT_GROUPS for code in group}
    table = mine.assign(tambon=mine["code"].map(home), alone=[instrument.get(code, code) for code in mine["code"]])
    found: pd.Series = table.groupby(["tambon", "alone"])["pm25"].mean().groupby("tambon").mean()
    return found


def _amphoes(tambons: pd.DataFrame, weight: pd.Series, spreads: dict[int, Spread]) -> pd.DataFrame:
    rows = []
    for lead in LEADS:
        mine = tambons[tambons["lead_h"] == 24 * lead]
        # The bounds are averaged as if the errors of neighbours were all one: no narrower than the truth.
        mean = area_air.mean_over_amphoes(mine.rename(columns={"valid_at": "time"}).assign(coverage=0.0), weight)
        near = mine.sort_values("nearest_km").assign(code=mine["code"].str[:4]).drop_duplicates("code")
        table = mean[mean["pm25"].notna()].rename(columns={"time": "valid_at"}).assign(lead_h=24 * lead)
        table = table.join(near.set_index("code")[["issued_at", "method", "nearest_km", "nearest_station"]], on="code")
        rows.append(_with_chances(table, spreads[lead]))
    return pd.concat(rows, ignore_index=True)[list(COLUMNS)]


def _wider(pm25: Floats, spread: Spread, half: Floats) -> tuple[Floats, Floats]:
    """Return the 90 % interval of a forecast that is carried to another place: both errors, taken as independent.

    Parameters
    ----------
    pm25 : ndarray, shape (m,)
    spread : Spread
        Of the forecast at a station.
    half : ndarray, shape (m,)
        Half of the 90 % interval of the carrying, in logarithms.
    """
    low, high = spread.interval(pm25)
    down, up = np.log(pm25 / low), np.log(high / pm25)
    return pm25 * np.exp(-np.hypot(down, half)), pm25 * np.exp(np.hypot(up, half))


def _with_chances(table: pd.DataFrame, spread: Spread) -> pd.DataFrame:
    """Add the chances of crossing: those of the station's spread, stretched on each side to the interval given."""
    pm25 = table["pm25"].to_numpy(float)
    low, high = spread.interval(pm25)
    down = np.log(pm25 / table["low"].to_numpy(float)) / np.log(pm25 / low)
    up = np.log(table["high"].to_numpy(float) / pm25) / np.log(high / pm25)
    chances = {
        name: spread.chance_over(pm25, _drawn_in(pm25, limit, down, up))
        for name, limit in (("p_over_37_5", STANDARD), ("p_over_75", RED))
    }
    return table.assign(**chances)


def _drawn_in(pm25: Floats, limit: float, down: Floats, up: Floats) -> NDArray[np.float64]:
    away = np.log(limit / pm25)
    return np.asarray(pm25 * np.exp(away / np.where(away > 0, up, down)), dtype=float)
