"""A gridded PM2.5 model as a helper of the stations: followed as far as it has shown to foretell them, else not at all.

Arrays in, arrays out, but for the read of the store. Never gives a model's value as an estimate: only its differences
from place to place go in, scaled by what the stations say they are worth.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from data import stored_grids
from data.errors import NotStored, StoreError
from models import drift, kriging
from models.air import MIN_SHARE
from models.desk import Desk
from models.kriging import Floats
from models.witnesses import SLOPE, Witnesses

#: What a mean is made of: how far before and after its stamp, hours.
_WINDOW_H = {"P1D": (0, 24), "PT24H": (-24, 0), "PT1H": (0, 1)}
#: A model must have been beside so many values of so many stations, and make the squared error this much smaller.
_ENOUGH_VALUES, _ENOUGH_STATIONS = 200, 5
_LEAST_GAIN = 0.03
#: Ridge of the scale: as much as one station day with a spread of one log unit.
_RIDGE = 1.0


@dataclass(frozen=True)
class ModelFields:
    """A model's log PM2.5 at some places, shape (t, n), NaN where it has nothing, and its source."""

    source: str
    value: Floats


def fields_at(desk: Desk, places: Floats, times: pd.DatetimeIndex, averaging: str) -> list[ModelFields]:
    """Return every stored PM2.5 grid at places, as means over what each time stands for.

    Parameters
    ----------
    desk : Desk
    places : ndarray, shape (n, 2), km
        As from `models.drift.plane`; between cell centres the model is taken as linear.
    times : DatetimeIndex, UTC, shape (t,)
        In the convention of `averaging`.
    averaging : str
    """
    stored = stored_grids.grids(desk.store, desk.state)
    sources = sorted(set(stored.loc[stored["variable"] == "pm25", "source"])) if len(stored) else []
    before, after = (pd.Timedelta(hours=hours) for hours in _WINDOW_H[averaging])
    found = []
    for source in sources:
        try:
            array = stored_grids.grid(desk.store, "pm25", source, times[0] + before, times[-1] + after, desk.state)
        except (NotStored, StoreError):
            continue  # nothing for these times, or on several sets of cells: nobody says which is meant
        found.append(ModelFields(source, _means(array, places, times, (before, after))))
    return [field for field in found if not np.isnan(field.value).all()]


def _means(
    array: xr.DataArray, places: Floats, times: pd.DatetimeIndex, window: tuple[pd.Timedelta, pd.Timedelta]
) -> Floats:
    lon, lat = drift.degrees(places)
    at = array.interp(lon=xr.DataArray(lon, dims="place"), lat=xr.DataArray(lat, dims="place"))
    value = at.transpose("time", "place").to_numpy().astype(np.float64)
    stamp = array["time"].to_numpy().astype("datetime64[us]")
    step = np.median(np.diff(stamp).astype(np.int64)) if len(stamp) > 1 else np.inf
    length = (window[1] - window[0]) / pd.Timedelta(microseconds=1)
    wanted = max(1.0, length / step)
    moment = times.tz_convert(None).to_numpy().astype("datetime64[us]")
    first, last = (np.searchsorted(stamp, moment + np.timedelta64(edge)) for edge in window)
    known = ~np.isnan(value)
    count, total = (
        np.vstack([np.zeros(len(places)), np.cumsum(one, axis=0)]) for one in (known, np.where(known, value, 0.0))
    )
    number = count[last] - count[first]
    enough = number >= MIN_SHARE * wanted
    mean = np.divide(total[last] - total[first], number, out=np.full(number.shape, np.nan), where=enough)
    return np.asarray(np.log(np.maximum(mean, 1.0)), dtype=np.float64)


def worth(speaking: Witnesses, field: Floats, days: NDArray[np.datetime64]) -> float:
    """Return how many log units of PM2.5 one log unit of the model is worth; 0 when it does not help.

    Parameters
    ----------
    speaking : Witnesses
    field : ndarray, shape (t, n)
        The model's log at the witnesses.
    days : ndarray of datetime64[D], shape (t,)

    Notes
    -----
    Both are taken as departures from each time's mean over the stations. The model is kept when leaving each station
    out errs less with it than without; it has one number to be fitted, so that the same values may judge it.
    """
    rest = speaking.value - drift.SHIPPED.at(speaking.at, days)
    both = ~np.isnan(rest) & ~np.isnan(field)
    if both.sum() < _ENOUGH_VALUES or both.any(axis=0).sum() < _ENOUGH_STATIONS:
        return 0.0
    rest, model = np.where(both, rest, np.nan), np.where(both, field, np.nan)
    seen, told = _departures(rest, both), _departures(model, both)
    scale = float((seen * told).sum() / ((told**2).sum() + _RIDGE))
    error = [
        float(np.nanmean((one - kriging.left_out(one, speaking.at, speaking.noise, SLOPE)[0]) ** 2))
        for one in (rest, rest - scale * model)
    ]
    return scale if scale > 0 and error[1] < (1 - _LEAST_GAIN) * error[0] else 0.0


def _departures(value: Floats, known: NDArray[np.bool_]) -> Floats:
    filled = np.where(known, value, 0.0)
    mean = filled.sum(axis=1, keepdims=True) / np.maximum(known.sum(axis=1, keepdims=True), 1)
    return np.where(known, filled - mean, 0.0)
