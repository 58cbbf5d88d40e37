"""Loose weather records become one checked table: units, faults, gaps, the hour that rain belongs to, doubles.

Shared by every fetcher of weather. Never knows a provider's columns and never averages, clips or fills.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data import contracts
from data.clock import require_utc
from data.variables import registry
from fetchers.delimited import ROWS_TOLD, Numbers, Sheet, Sieve, Words
from fetchers.parsed import Parsed, Remark

Values = NDArray[np.float64]
HOUR = np.timedelta64(1, "h")
#: Exact definition of the millimetre of mercury's standard atmosphere: 1013.25 hPa are 760 mm.
HPA_PER_MMHG = 1013.25 / 760


class Unit(NamedTuple):
    """How a number in some unit becomes one in the desk's unit: `value * factor + offset`."""

    factor: float
    offset: float = 0.0


AS_IS = Unit(1.0)
#: Units as services write them, by the desk's unit; the factors are exact by definition of the units.
_UNITS: dict[str, dict[str, Unit]] = {
    "°C": {"°c": Unit(1.0), "°f": Unit(5 / 9, -160 / 9), "k": Unit(1.0, -273.15)},
    "m/s": {
        "m/s": Unit(1.0),
        "ms": Unit(1.0),
        "km/h": Unit(1 / 3.6),
        "kmh": Unit(1 / 3.6),
        "mp/h": Unit(0.44704),
        "mph": Unit(0.44704),
        "kn": Unit(1852 / 3600),
    },
    "mm": {"mm": Unit(1.0), "inch": Unit(25.4)},
    "hPa": {"hpa": Unit(1.0), "mmhg": Unit(HPA_PER_MMHG), "pa": Unit(0.01)},
    "%": {"%": Unit(1.0)},
    "°": {"°": Unit(1.0)},
    "m": {"m": Unit(1.0), "ft": Unit(0.3048)},
}


def unit_of(variable: str, written: str) -> Unit:
    """Return how numbers in the unit `written` become numbers of `variable` (WEATHER_VALUES).

    Raises
    ------
    ValueError
        For a unit that is not known for this variable.
    """
    known = _UNITS[registry()[variable].unit]
    try:
        return known[written.strip().lower()]
    except KeyError:
        raise ValueError(f"{variable} in {written!r}") from None


def values(sieve: Sieve, numbers: Numbers, variable: str, unit: Unit = AS_IS, *, zero: bool = True) -> Values:
    """Return numbers of a variable in the desk's unit.

    Parameters
    ----------
    sieve : Sieve
        Is told ``cell_unreadable``, ``zero_is_missing`` and ``implausible_weather``.
    numbers : Numbers
    variable : str
        One of WEATHER_VALUES.
    unit : Unit
        Of the numbers.
    zero : bool
        False where the provider writes 0 for "no value".

    Returns
    -------
    ndarray of float64, shape (rows,)
        NaN for a gap and for what lies outside the plausible range; 360 degrees are 0, both being north.
    """
    entry = registry()[variable]
    sieve.tell("cell_unreadable", numbers.unreadable, column=variable)
    value = numbers.values
    if not zero:
        sieve.tell("zero_is_missing", value == 0, variable=variable)
        value = np.where(value == 0, np.nan, value)
    value = value * unit.factor + unit.offset
    with np.errstate(invalid="ignore"):
        implausible = (value < entry.low) | (value > entry.high)
    sieve.tell("implausible_weather", implausible, variable=variable, low=entry.low, high=entry.high, unit=entry.unit)
    value = np.where(implausible, np.nan, value)
    return np.where(value == 360, 0.0, value) if entry.unit == "°" else value


def from_components(east: Values, north: Values) -> tuple[Values, Values]:
    """Return speed and the direction the wind comes from, degrees, of what blows to the east and to the north."""
    return np.hypot(east, north), np.mod(np.degrees(np.arctan2(-east, -north)), 360.0)


def components(speed: Values, wind_from: Values) -> tuple[Values, Values]:
    """Return what blows to the east and to the north of a wind that comes from `wind_from`, degrees."""
    turned = np.radians(wind_from)
    return -speed * np.sin(turned), -speed * np.cos(turned)


def assemble(
    form: str,
    sheet: Sheet,
    sieve: Sieve,
    *,
    station_id: Words,
    measured_at: NDArray[np.datetime64],
    measured: Mapping[str, Values],
    source: str,
    now: dt.datetime,
    flag: str = "ok",
    rain_ends: bool = False,
    issued_at: dt.datetime | None = None,
    places: pd.DataFrame | None = None,
) -> Parsed:
    """Return the good rows of a sheet as weather, each place and hour once.

    Parameters
    ----------
    form : str
        Name of the recognised form.
    sheet : Sheet
    sieve : Sieve
    station_id : Words, `rows` long
    measured_at : ndarray of datetime64[us], shape (rows,)
        UTC, start of the hour.
    measured : mapping of str to ndarray of float64, shape (rows,)
        Values by variable (WEATHER_VALUES).
    source : str
        Provider or model.
    now : datetime
        Aware, UTC.
    flag : str
        Flag of a row with any value; one without is ``missing``.
    rain_ends : bool
        True where rain is the sum of the hour before the stamp: it is moved to the row of that hour, which is added
        where it was not there.
    issued_at : datetime, optional
        When the hours after `now` were forecast; without it they are rejected as ``forecast_hour``.
    places : DataFrame, optional
        STATION_COLUMNS.

    Returns
    -------
    Parsed
        ``read`` equals the rows of the table, the rejected ones and the count of ``double_records``.
    """
    limit = np.datetime64(require_utc(now).replace(tzinfo=None), "us")
    sieve.reject("no_station", station_id.spread([not name for name in station_id.values], bool))
    if issued_at is None:
        sieve.reject("forecast_hour" if flag == "model" else "future_date", measured_at > limit)
    good = sieve.good
    rows = pd.DataFrame(
        {
            "station_id": pd.Index(station_id.values, dtype="str").take(station_id.codes[good]),
            "measured_at": measured_at[good].astype("datetime64[us]"),
            **{name: value[good] for name, value in measured.items()},
        }
    )
    mended = list(sieve.mended)
    later = rows.duplicated(["station_id", "measured_at"]).to_numpy()
    if later.any():
        grouped = rows.groupby(["station_id", "measured_at"], sort=False)
        differing = int((grouped[list(measured)].nunique() > 1).any(axis=1).sum())
        told = tuple(int(row) for row in sheet.row_numbers[good][later][:ROWS_TOLD])
        mended.append(Remark("double_records", int(later.sum()), told, {"differing": differing}))
        rows = grouped.last().reset_index()
    added = 0
    if rain_ends and "rain_mm" in measured:
        before = len(rows)
        rows = _rain_to_its_hour(rows)
        added = len(rows) - before
        mended.append(Remark("rain_hour_before", int(rows["rain_mm"].notna().sum())))
    empty = rows[list(measured)].isna().all(axis=1).to_numpy()
    ahead = rows["measured_at"].to_numpy() > limit
    table = contracts.check_weather(
        rows.assign(
            measured_at=rows["measured_at"].dt.tz_localize("UTC"),
            issued_at=pd.Series(pd.NaT, index=rows.index, dtype="datetime64[us, UTC]").mask(ahead, issued_at),
            flag=np.where(empty, "missing", flag),
            source=source,
        )
    )
    return Parsed(form, "weather", table, sheet.read + added, tuple(sieve.rejected), tuple(mended), places)


def _rain_to_its_hour(rows: pd.DataFrame) -> pd.DataFrame:
    rain = rows.loc[rows["rain_mm"].notna(), ["station_id", "measured_at", "rain_mm"]]
    rain = rain.assign(measured_at=rain["measured_at"] - HOUR)
    return rows.drop(columns="rain_mm").merge(rain, on=["station_id", "measured_at"], how="outer", sort=True)
