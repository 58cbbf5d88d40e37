"""The Canadian Forest Fire Weather Index: six codes of one day from noon weather and the codes of the day before.

Written from the published equations; compiled, and run over whole seasons and many places. Never reads the store, never
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

import math
from dataclasses import dataclass
from typing import Any

import numba
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


@numba.njit(cache=True, nogil=True)
def ffmc(temperature_c, humidity_pct, wind_kmh, rain_mm, before):  # type: ignore[no-untyped-def]
    """Return the Fine Fuel Moisture Code of one day, 0 to 101; `before` is that of the day before. Numbers alone."""
    humidity = min(humidity_pct, 100.0)
    moisture = 147.2 * (101 - before) / (59.5 + before)  # (1)
    if rain_mm > 0.5:
        rain = rain_mm - 0.5  # (2)
        wetted = moisture + 42.5 * rain * math.exp(-100 / (251 - moisture)) * (1 - math.exp(-6.93 / rain))  # (3a)
        if moisture > 150:
            wetted += 0.0015 * (moisture - 150) ** 2 * math.sqrt(rain)  # (3b)
        moisture = min(wetted, 250.0)
    warmth = 0.18 * (21.1 - temperature_c) * (1 - math.exp(-0.115 * humidity))
    dry_end = 0.942 * humidity**0.679 + 11 * math.exp((humidity - 100) / 10) + warmth  # (4)
    wet_end = 0.618 * humidity**0.753 + 10 * math.exp((humidity - 100) / 10) + warmth  # (5)
    heat = 0.581 * math.exp(0.0365 * temperature_c)
    if moisture > dry_end:
        drying = _log_rate(humidity / 100, wind_kmh) * heat  # (6a), (6b)
        moisture = dry_end + (moisture - dry_end) * 10.0**-drying  # (8)
    elif moisture < wet_end:
        wetting = _log_rate((100 - humidity) / 100, wind_kmh) * heat  # (7a), (7b)
        moisture = wet_end - (wet_end - moisture) * 10.0**-wetting  # (9)
    return min(max(59.5 * (250 - moisture) / (147.2 + moisture), 0.0), 101.0)  # (10)


@numba.njit(cache=True, nogil=True)
def _log_rate(saturation, wind_kmh):  # type: ignore[no-untyped-def]
    return 0.424 * (1 - saturation**1.7) + 0.0694 * math.sqrt(wind_kmh) * (1 - saturation**8)


@numba.njit(cache=True, nogil=True)
def dmc(temperature_c, humidity_pct, rain_mm, before, day_length_h):  # type: ignore[no-untyped-def]
    """Return the Duff Moisture Code of one day, 0 and up; `before` is that of the day before. Numbers alone."""
    base = before
    if rain_mm > 1.5:
        rain = 0.92 * rain_mm - 1.27  # (11)
        # (12) in the form of the 1985 program, which the published test values were made with; the text of 1987 prints
        # exp(5.6348 - before / 43.43), which differs in the third figure after rain.
        moisture = 20 + 280 / math.exp(0.023 * before)
        if before <= 33:
            slope = 100 / (0.5 + 0.3 * before)  # (13a)
        elif before <= 65:
            slope = 14 - 1.3 * math.log(before)  # (13b)
        else:
            slope = 6.2 * math.log(before) - 17.2  # (13c)
        wetted = moisture + 1000 * rain / (48.77 + slope * rain)  # (14)
        base = max(43.43 * (5.6348 - math.log(wetted - 20)), 0.0)  # (15)
    dryness = 100 - min(humidity_pct, 100.0)
    drying = 1.894e-6 * (max(temperature_c, -1.1) + 1.1) * dryness * day_length_h  # (16)
    return base + 100 * drying  # (17)


@numba.njit(cache=True, nogil=True)
def dc(temperature_c, rain_mm, before, factor):  # type: ignore[no-untyped-def]
    """Return the Drought Code of one day, 0 and up; `before` is that of the day before. Numbers alone."""
    base = before
    if rain_mm > 2.8:
        rain = 0.83 * rain_mm - 1.27  # (18)
        water = 800 * math.exp(-before / 400)  # (19)
        base = max(400 * math.log(800 / (water + 3.937 * rain)), 0.0)  # (20), (21)
    drying = max(0.36 * (max(temperature_c, -2.8) + 2.8) + factor, 0.0)  # (22)
    return base + 0.5 * drying  # (23)


def isi(wind_kmh: Array, ffmc_now: Array) -> Array:
    """Return the Initial Spread Index."""
    moisture = 147.2 * (101 - ffmc_now) / (59.5 + ffmc_now)  # (1)
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
    days, places = season.temperature_c.shape
    lengths = {month: day_length(latitude, month) for month in set(months.tolist())}
    factors = {month: drying_factor(latitude, month) for month in set(months.tolist())}
    out = np.full((3, days, places), np.nan)
    days_run = np.zeros((days, places), np.int64)
    weather = [np.ascontiguousarray(one, dtype=float) for one in vars(season).values()]
    tables = [np.array([one[month] for month in months.tolist()]).reshape(days, places) for one in (lengths, factors)]
    inputs: tuple[Any, ...] = (*weather, *tables, np.array(start), LONGEST_GAP_DAYS, out, days_run)
    _carry(*inputs)
    spread = isi(season.wind_kmh, out[0])
    buildup = bui(out[1], out[2])
    index = fwi(spread, buildup)
    return Codes(out[0], out[1], out[2], spread, buildup, index, dsr(index), days_run)


@numba.njit(cache=True, nogil=True)
def _carry(  # type: ignore[no-untyped-def]
    temperature, humidity, wind, rain, lengths, factors, start, longest_gap, out, days_run
):
    """Fill the three moisture codes and the days since the start, place by place."""
    days, places = temperature.shape
    for place in range(places):
        fine, duff, drought = start
        gap, age = 0, 0
        for day in range(days):
            t, h, w, r = temperature[day, place], humidity[day, place], wind[day, place], rain[day, place]
            if math.isnan(t + h + w + r):
                gap += 1
                if gap > longest_gap:
                    fine, duff, drought = start
                    age = 0
                continue
            fine = ffmc(t, h, w, r, fine)
            duff = dmc(t, h, r, duff, lengths[day, place])
            drought = dc(t, r, drought, factors[day, place])
            gap, age = 0, age + 1
            out[0, day, place], out[1, day, place], out[2, day, place] = fine, duff, drought
            days_run[day, place] = age
