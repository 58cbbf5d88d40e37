"""The Canadian Forest Fire Weather Index: six codes of one day from noon weather and the codes of the day before.

Written from the published equations; works on arrays of any shape and on whole seasons. Never reads the store, never
says what a number means in a place: that is `models.danger`.

References
----------
Van Wagner, C.E. (1987). Development and structure of the Canadian Forest Fire Weather Index System. Canadian Forestry
Service, Forestry Technical Report 35. The numbers in the comments are those of its equations, which are also those of
Van Wagner, C.E. and Pickett, T.L. (1985), Equations and FORTRAN program for the Canadian Forest Fire Weather Index
System, Forestry Technical Report 33.
Lawson, B.D. and Armitage, O.B. (2008). Weather guide for the Canadian Forest Fire Danger Rating System. Natural
Resources Canada, Northern Forestry Centre: the day-length factors for latitudes other than Canada's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

#: Codes to begin with where nothing is known of the days before (Van Wagner 1987): FFMC, DMC, DC.
START_UP = (85.0, 6.0, 15.0)
#: A gap of so many days is bridged with the codes as they stood; after a longer one the codes start anew. Weather of
#: more days than this decides the fine fuels altogether and most of the duff layer's rain.
LONGEST_GAP_DAYS = 3

#: Effective day length for the DMC by month, hours, and the northern edge of the band it holds for (Lawson and
#: Armitage 2008): from 10 south to 10 north, to 30 north, and 46 north as in the original (Van Wagner 1987).
_DAY_LENGTHS = {
    "equator": (9.0,) * 12,
    "north_20": (7.9, 8.4, 8.9, 9.5, 9.9, 10.2, 10.1, 9.7, 9.1, 8.6, 8.1, 7.8),
    "north_46": (6.5, 7.5, 9.0, 12.8, 13.9, 13.9, 12.4, 10.9, 9.4, 8.0, 7.0, 6.0),
}
#: Day-length adjustment of the DC by month: north of 20 north (Van Wagner 1987), and the one value that
#: Lawson and Armitage (2008) give for 20 south to 20 north.
_DRYING_NORTH = (-1.6, -1.6, -1.6, 0.9, 3.8, 5.8, 6.4, 5.0, 2.4, 0.4, -1.6, -1.6)
_DRYING_TROPICS = 1.4


@dataclass(frozen=True)
class Season:
    """Noon weather of consecutive days at places, each array of shape (days, places); NaN where it is not known.

    Attributes
    ----------
    temperature_c, humidity_pct, wind_kmh, rain_mm : ndarray of float64
        Air temperature, relative humidity and 10 m wind at local noon, rain of the 24 hours up to it.
    """

    temperature_c: Array
    humidity_pct: Array
    wind_kmh: Array
    rain_mm: Array


@dataclass(frozen=True)
class Codes:
    """The indices of each day and place, each array of shape (days, places); NaN where the weather is not known.

    `days_run` is the number of days since the codes last started from START_UP, 1 on the first (0 where unknown).
    """

    ffmc: Array
    dmc: Array
    dc: Array
    isi: Array
    bui: Array
    fwi: Array
    dsr: Array
    days_run: NDArray[np.int64]


def day_length(latitude: ArrayLike, month: int) -> Array:
    """Return the effective day length of the DMC, hours, by latitude (degrees north) and month (1 to 12).

    Raises
    ------
    ValueError
        South of 10 south, for which no table is held here.
    """
    north = np.asarray(latitude, dtype=float)
    if bool((north < -10).any()):
        raise ValueError(f"expected latitudes north of 10 south, got {float(north.min()):g}")
    bands = [np.full(north.shape, _DAY_LENGTHS[name][month - 1]) for name in ("equator", "north_20", "north_46")]
    return np.asarray(np.select([north <= 10, north <= 30], bands[:2], bands[2]), dtype=float)


def drying_factor(latitude: ArrayLike, month: int) -> Array:
    """Return the day-length adjustment of the DC by latitude (degrees north, above 20 south) and month."""
    north = np.asarray(latitude, dtype=float)
    return np.where(north > 20, _DRYING_NORTH[month - 1], _DRYING_TROPICS)


def ffmc(temperature_c: Array, humidity_pct: Array, wind_kmh: Array, rain_mm: Array, before: Array) -> Array:
    """Return the Fine Fuel Moisture Code, 0 to 101; `before` is that of the day before. Arrays of one shape."""
    humidity = np.minimum(humidity_pct, 100.0)
    moisture = _moisture_of_ffmc(before)
    rain = np.maximum(rain_mm - 0.5, 1e-12)  # (2)
    wetted = moisture + 42.5 * rain * np.exp(-100 / (251 - moisture)) * (1 - np.exp(-6.93 / rain))  # (3a)
    wetted = wetted + np.where(moisture > 150, 0.0015 * (moisture - 150) ** 2 * np.sqrt(rain), 0.0)  # (3b)
    moisture = np.where(rain_mm > 0.5, np.minimum(wetted, 250.0), moisture)
    warmth = 0.18 * (21.1 - temperature_c) * (1 - np.exp(-0.115 * humidity))
    dry_end = 0.942 * humidity**0.679 + 11 * np.exp((humidity - 100) / 10) + warmth  # (4)
    wet_end = 0.618 * humidity**0.753 + 10 * np.exp((humidity - 100) / 10) + warmth  # (5)
    heat = 0.581 * np.exp(0.0365 * temperature_c)
    drying = _log_rate(humidity / 100, wind_kmh) * heat  # (6a), (6b)
    wetting = _log_rate((100 - humidity) / 100, wind_kmh) * heat  # (7a), (7b)
    dried = dry_end + (moisture - dry_end) * 10.0**-drying  # (8)
    damped = wet_end - (wet_end - moisture) * 10.0**-wetting  # (9)
    after = np.where(moisture > dry_end, dried, np.where(moisture < wet_end, damped, moisture))
    return np.clip(59.5 * (250 - after) / (147.2 + after), 0.0, 101.0)  # (10)


def _moisture_of_ffmc(code: Array) -> Array:
    return np.asarray(147.2 * (101 - code) / (59.5 + code))  # (1)


def _log_rate(saturation: Array, wind_kmh: Array) -> Array:
    return np.asarray(0.424 * (1 - saturation**1.7) + 0.0694 * np.sqrt(wind_kmh) * (1 - saturation**8))


def dmc(temperature_c: Array, humidity_pct: Array, rain_mm: Array, before: Array, day_length_h: Array) -> Array:
    """Return the Duff Moisture Code, 0 and up; `before` is that of the day before. Arrays of one shape."""
    rain = np.maximum(0.92 * rain_mm - 1.27, 0.0)  # (11)
    # (12) in the form of the 1985 program, which the published test values were made with; the text of 1987 prints
    # exp(5.6348 - before / 43.43), which differs in the third figure after rain.
    moisture = 20 + 280 / np.exp(0.023 * before)
    logged = np.log(np.maximum(before, 1.0))
    slope = np.select(
        [before <= 33, before <= 65],
        [100 / (0.5 + 0.3 * before), 14 - 1.3 * logged],  # (13a), (13b)
        6.2 * logged - 17.2,  # (13c)
    )
    wetted = moisture + 1000 * rain / (48.77 + slope * rain)  # (14)
    after_rain = np.maximum(43.43 * (5.6348 - np.log(wetted - 20)), 0.0)  # (15)
    base = np.where(rain_mm > 1.5, after_rain, before)
    dryness = 100 - np.minimum(humidity_pct, 100.0)
    drying = 1.894e-6 * (np.maximum(temperature_c, -1.1) + 1.1) * dryness * day_length_h  # (16)
    return np.asarray(base + 100 * drying)  # (17)


def dc(temperature_c: Array, rain_mm: Array, before: Array, factor: Array) -> Array:
    """Return the Drought Code, 0 and up; `before` is that of the day before. Arrays of one shape."""
    rain = np.maximum(0.83 * rain_mm - 1.27, 0.0)  # (18)
    water = 800 * np.exp(-before / 400)  # (19)
    after_rain = np.maximum(400 * np.log(800 / (water + 3.937 * rain)), 0.0)  # (20), (21)
    base = np.where(rain_mm > 2.8, after_rain, before)
    drying = np.maximum(0.36 * (np.maximum(temperature_c, -2.8) + 2.8) + factor, 0.0)  # (22)
    return np.asarray(base + 0.5 * drying)  # (23)


def isi(wind_kmh: Array, ffmc_now: Array) -> Array:
    """Return the Initial Spread Index."""
    moisture = _moisture_of_ffmc(ffmc_now)
    fine_fuel = 91.9 * np.exp(-0.1386 * moisture) * (1 + moisture**5.31 / 4.93e7)  # (25)
    return np.asarray(0.208 * np.exp(0.05039 * wind_kmh) * fine_fuel)  # (24), (26)


def bui(dmc_now: Array, dc_now: Array) -> Array:
    """Return the Buildup Index."""
    total = dmc_now + 0.4 * dc_now
    some = np.maximum(total, 1e-12)  # both codes zero: nothing is dry, and the index is zero
    even = 0.8 * dmc_now * dc_now / some  # (27a)
    shallow = dmc_now - (1 - 0.8 * dc_now / some) * (0.92 + (0.0114 * dmc_now) ** 1.7)  # (27b)
    return np.where(total <= 0, 0.0, np.maximum(np.where(dmc_now <= 0.4 * dc_now, even, shallow), 0.0))


def fwi(isi_now: Array, bui_now: Array) -> Array:
    """Return the Fire Weather Index."""
    fuel = np.where(
        bui_now <= 80,
        0.626 * bui_now**0.809 + 2,  # (28a)
        1000 / (25 + 108.64 * np.exp(-0.023 * bui_now)),  # (28b)
    )
    intensity = 0.1 * isi_now * fuel  # (29)
    logged = np.log(np.maximum(intensity, 1.0))
    return np.where(intensity > 1, np.exp(2.72 * (0.434 * logged) ** 0.647), intensity)  # (30a), (30b)


def dsr(fwi_now: Array) -> Array:
    """Return the Daily Severity Rating."""
    return np.asarray(0.0272 * fwi_now**1.77)  # (31)


def run(
    season: Season, months: NDArray[np.int64], latitude: Array, start: tuple[float, float, float] = START_UP
) -> Codes:
    """Carry the codes through consecutive days at many places at once.

    A day whose weather is not whole has no codes. Up to LONGEST_GAP_DAYS of them are bridged: the next day goes on
    from the codes before the gap, as if nothing had dried or fallen. After a longer gap the codes start anew.

    Parameters
    ----------
    season : Season
        Arrays of shape (days, places).
    months : ndarray of int64, shape (days,)
        Month of each day, 1 to 12.
    latitude : ndarray of float64, shape (places,)
        Degrees north.
    start : tuple of float
        FFMC, DMC and DC before the first day.

    Returns
    -------
    Codes
    """
    weather = np.stack([season.temperature_c, season.humidity_pct, season.wind_kmh, season.rain_mm])
    known = np.asarray(~np.isnan(weather).any(axis=0))
    days, places = known.shape
    filled = np.where(known, weather, 0.0)  # an unknown day is worked out and thrown away, without warnings
    lengths = {month: day_length(latitude, month) for month in set(months.tolist())}
    factors = {month: drying_factor(latitude, month) for month in set(months.tolist())}
    first = np.repeat(np.array(start)[:, None], places, axis=1)
    state, gap, age = first.copy(), np.zeros(places, np.int64), np.zeros(places, np.int64)
    out = np.full((3, days, places), np.nan)
    days_run = np.zeros((days, places), np.int64)
    for day in range(days):
        temperature, humidity, wind, rain = filled[:, day]
        month = int(months[day])
        after = np.stack(
            [
                ffmc(temperature, humidity, wind, rain, state[0]),
                dmc(temperature, humidity, rain, state[1], lengths[month]),
                dc(temperature, rain, state[2], factors[month]),
            ]
        )
        here = known[day]
        gap = np.where(here, 0, gap + 1)
        lost = gap > LONGEST_GAP_DAYS
        state = np.where(here, after, np.where(lost, first, state))
        age = np.where(here, age + 1, np.where(lost, 0, age))
        out[:, day] = np.where(here, after, np.nan)
        days_run[day] = np.where(here, age, 0)
    spread = isi(season.wind_kmh, out[0])
    buildup = bui(out[1], out[2])
    index = fwi(spread, buildup)
    return Codes(out[0], out[1], out[2], spread, buildup, index, dsr(index), days_run)
