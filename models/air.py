"""PM2.5 at stations: Thai index, 24 h and daily means with their coverage, days over the standard, newest values.

Pure: tables in, tables out. Never gives a one-hour value an index, never averages running means, never fills a gap.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from data import contracts
from data.clock import ICT_OFFSET, day_bounds, require_utc, thai_days
from data.errors import ModelError
from data.places import STATION_GROUPS
from data.variables import pm25_scale, standard_24h, standard_annual

#: A mean stands for its 24 hours when at least 18 of them were measured: the completeness rule that US EPA set for
#: 24 h PM2.5 (40 CFR 50, appendix N, section 3, in force since 1997). The Thai department's own rule was not found.
MIN_SHARE = 0.75
#: The first hour of the day from which a running mean may stand for that day: it then covers 20 of its 24 hours.
#: Our own choice: 37t, 38t and 39t publish nothing between 00 and 03, but nearly always something after 20:00.
RUNNING_FROM_HOUR = 20
#: Stations that count as one measurement when stations are counted. 38t, 39t and 40t agree within 1 µg/m³ on 98 %
#: of the days of January to June 2025 and with r >= 0.9999 in 2026, although they lie 10 to 20 km apart, where other
#: pairs of the north have r about 0.95; in 2019 they agreed on 8 % of days. The cause is not stated by the provider.
INDEPENDENT_GROUPS: tuple[tuple[str, ...], ...] = tuple(group.stations for group in STATION_GROUPS)

_HOUR_US = 3_600_000_000
_DAY_US = 24 * _HOUR_US
_ICT_US = int(ICT_OFFSET.total_seconds()) * 1_000_000
_MEAN_COLUMNS = [*contracts.READING_COLUMNS, "basis", "coverage"]


def thai_aqi(value: ArrayLike) -> pd.arrays.IntegerArray:
    """Return the Thai index of 2023 for 24 h means of PM2.5.

    Parameters
    ----------
    value : array_like of float, shape (n,)
        µg/m³, means of 24 hours. An hourly value has no index.

    Returns
    -------
    IntegerArray of Int64, shape (n,)
        Missing where the value is. A mean below zero is noise around clean air and has the index 0.

    Notes
    -----
    The value is first rounded to 0.1, as the provider publishes it and as the edges of the bands are written. Inside a
    band the index is linear between the band's own edges, rounded half up; above the last edge it is the whole part of
    the value plus 126. This gives the index of every row of the live feed. Arithmetic is in whole tenths, since a
    half is not exact in binary fractions.
    """
    tenths, known = _tenths(value)
    scale = pm25_scale()
    index = tenths // 10 + scale.above_offset
    for entry in scale.classes:
        if entry.aqi_high is None:
            continue
        low, high = round(entry.low * 10), round(entry.high * 10)
        inside = (tenths >= low) & (tenths <= high)
        rise = (tenths - low) * (entry.aqi_high - entry.aqi_low)
        index = np.where(inside, entry.aqi_low + (2 * rise + high - low) // (2 * (high - low)), index)
    return pd.arrays.IntegerArray(index.astype(np.int64), ~known)


def thai_aqi_class(value: ArrayLike) -> pd.arrays.IntegerArray:
    """Return the class of the Thai index, 1 (very good) to 5 (affects health), for 24 h means of PM2.5.

    Parameters
    ----------
    value : array_like of float, shape (n,)
        µg/m³, means of 24 hours.

    Returns
    -------
    IntegerArray of Int64, shape (n,)
        The provider's ``color_id``; missing where the value is.
    """
    tenths, known = _tenths(value)
    classes = pm25_scale().classes
    edges = [round(entry.high * 10) for entry in classes if np.isfinite(entry.high)]
    ids = np.array([entry.id for entry in classes], dtype=np.int64)
    return pd.arrays.IntegerArray(ids[np.searchsorted(edges, tenths, side="left")], ~known)


def running_mean(readings: pd.DataFrame, min_share: float = MIN_SHARE, variable: str = "pm25") -> pd.DataFrame:
    """Return 24 h running means of true hours, as the live feed publishes them.

    Parameters
    ----------
    readings : DataFrame
        READING_COLUMNS; rows other than ``PT1H`` of `variable` are passed over.
    min_share : float
        Smallest share of the 24 hours that must be there.
    variable : str

    Returns
    -------
    DataFrame
        READING_COLUMNS with ``PT24H`` stamped at the END of the 24 hours, plus ``coverage`` (share of hours there).
        One row for each hour, up to the last measured one of a station, whose 24 hours hold any value; missing where
        too few are there.
    """
    hours = _only(readings, "PT1H", variable)
    frames = [_running(part, min_share) for _, part in hours.groupby("station_id", sort=True)]
    columns = [*contracts.READING_COLUMNS, "coverage"]
    if not frames:
        return _no_means()[columns]
    table = contracts.typed(pd.concat(frames), contracts.READING_COLUMNS, contracts.READING_CATEGORIES)
    return table.assign(coverage=np.concatenate([frame["coverage"].to_numpy() for frame in frames]))[columns]


def daily_mean(readings: pd.DataFrame, min_share: float = MIN_SHARE, variable: str = "pm25") -> pd.DataFrame:
    """Return one mean for each station and Thai civil day, from the best that is there.

    In this order: the provider's own daily mean; the mean of true hours, where enough are there; the running mean
    published at the midnight that ends the day, which is the mean of exactly that day; the latest running mean
    published from 20:00 on, which covers at least 20 hours of it. Running means are never averaged.

    Parameters
    ----------
    readings : DataFrame
        READING_COLUMNS of any averaging. For the last day, the running mean of the following midnight is needed.
    min_share : float
        Smallest share of the day's hours that must be there for a mean of hours.
    variable : str

    Returns
    -------
    DataFrame
        READING_COLUMNS with ``P1D`` stamped at the day's start, plus

        - ``basis``: ``provider``, ``hours`` or ``running``;
        - ``coverage``: share of the day's hours that the value stands on: counted for hours, the part of the day inside
          the window for a running mean, unknown (NaN) for the provider's own mean.

        A day that has records and no usable value is there, as missing. The flag is ``model`` where the readings
        are, else ``ok`` for the provider's own means and ``derived`` for ours.
    """
    some = readings[(readings["variable"] == variable) & readings["averaging"].notna()]
    parts = [_provider_days(some), _hour_days(some, min_share), _running_days(some)]
    parts = [part for part in parts if len(part)]
    if not parts:
        return _no_means()
    table = pd.concat(parts, ignore_index=True)
    # Stable: inside a station and day the order of preference stays, and a present value goes before a missing one.
    table["absent"] = table["value"].isna()
    table = table.sort_values(["station_id", "measured_at", "absent"], kind="stable")
    table = table.drop_duplicates(["station_id", "measured_at"]).reset_index(drop=True)
    flag = np.where(table["basis"] == "provider", "ok", "derived")
    flag = np.where(table["is_model"].to_numpy(bool), "model", flag)
    table["flag"] = np.where(table["absent"], "missing", flag)
    table["variable"], table["averaging"] = variable, "P1D"
    typed = contracts.typed(table, contracts.READING_COLUMNS, contracts.READING_CATEGORIES)
    return typed.assign(basis=table["basis"].astype("str"), coverage=table["coverage"].astype(float))


def station_series(readings: pd.DataFrame, first: dt.date, last: dt.date, averaging: str) -> pd.DataFrame:
    """Return PM2.5 at stations over Thai days, both included.

    Parameters
    ----------
    readings : DataFrame
        READING_COLUMNS. Should reach one day further on both sides: back for running means of true hours, forward for
        the running mean of the last midnight.
    first, last : date
        Thai days.
    averaging : str
        ``PT1H``, ``PT24H`` or ``P1D``.

    Returns
    -------
    DataFrame
        By code and time: ``code`` (station), ``time`` (UTC, in the convention of `averaging`), ``pm25`` (µg/m³),
        ``coverage`` (share of hours there; NaN where the provider does not tell), ``aqi`` and ``class`` (Int64; absent
        for ``PT1H``, the index being defined for 24 hours only), ``flag``, and ``basis`` as in `daily_mean`.
        ``PT24H`` holds the published means, and where none was published the running mean of true hours.

    Raises
    ------
    ModelError
        Key ``unknown_averaging``.
    """
    if averaging == "PT1H":
        table = _only(readings, "PT1H", "pm25")
        table = table.assign(basis="provider", coverage=table["value"].notna().astype(float))
    elif averaging == "PT24H":
        published = _only(readings, "PT24H", "pm25").assign(basis="provider", coverage=np.nan)
        own = running_mean(readings).assign(basis="hours")
        parts = [part for part in (published, own) if len(part)]
        table = pd.concat(parts, ignore_index=True) if parts else published
        table = table.assign(absent=table["value"].isna()).sort_values("absent", kind="stable")
        table = table.drop_duplicates(["station_id", "measured_at"])
    elif averaging == "P1D":
        table = daily_mean(readings)
    else:
        raise ModelError(
            f"expected an averaging of {contracts.AVERAGINGS}, got {averaging!r}",
            key="unknown_averaging",
            context={"averaging": averaging, "known": ", ".join(contracts.AVERAGINGS)},
        )
    start, end = day_bounds(first, last)
    table = table[(table["measured_at"] >= start) & (table["measured_at"] < end)]
    table = table.sort_values(["station_id", "measured_at"]).reset_index(drop=True)
    value = table["value"].to_numpy(float)
    shown = value if averaging != "PT1H" else np.full(len(table), np.nan)
    return pd.DataFrame(
        {
            "code": table["station_id"].astype("str"),
            "time": table["measured_at"],
            "pm25": value,
            "coverage": table["coverage"].astype(float),
            "aqi": thai_aqi(shown),
            "class": thai_aqi_class(shown),
            "flag": table["flag"],
            "basis": table["basis"].astype("str"),
        }
    )


def days_over(daily: pd.DataFrame, limit: float | None = None) -> pd.DataFrame:
    """Count days above the 24 h standard and compare the annual mean, by station and calendar year.

    Parameters
    ----------
    daily : DataFrame
        As from `daily_mean`.
    limit : float, optional
        µg/m³; the standard in force on each day when omitted.

    Returns
    -------
    DataFrame
        ``code``, ``year``; ``valid_days``; ``days_over``: valid days strictly above; ``limit``: the one given, or the
        one in force on the last valid day; ``limit_changed``: whether more than one was in force on the valid days;
        ``valid_share``: valid days of all days of the year; ``annual_mean``: mean of the valid days, µg/m³;
        ``annual_limit``; ``annual_over``: absent below `MIN_SHARE` of the year, since half a year is no year.
    """
    valid = daily[daily["value"].notna()]
    day = thai_days(valid["measured_at"]) if len(valid) else np.empty(0, "datetime64[D]")
    in_force = {one: limit if limit is not None else standard_24h(one.item()) for one in np.unique(day)}
    rows = pd.DataFrame(
        {
            "code": valid["station_id"].astype("str").to_numpy(),
            "year": day.astype("datetime64[Y]").astype(np.int64) + 1970,
            "day": day,
            "value": valid["value"].to_numpy(float),
            "limit": np.array([in_force[one] for one in day], dtype=float),
        }
    ).sort_values(["code", "day"])
    rows["over"] = rows["value"] > rows["limit"]
    grouped = rows.groupby(["code", "year"], sort=True)
    out = grouped.agg(
        valid_days=("value", "size"),
        days_over=("over", "sum"),
        limit=("limit", "last"),
        limits=("limit", "nunique"),
        annual_mean=("value", "mean"),
    ).reset_index()
    years = out["year"].to_numpy()
    length = np.array([366 if dt.date(int(y), 12, 31).timetuple().tm_yday == 366 else 365 for y in years], dtype=float)
    out["limit_changed"] = out["limits"] > 1
    out["valid_share"] = out["valid_days"] / length
    out["annual_limit"] = np.array([standard_annual(int(year)) for year in years], dtype=float)
    over = (out["annual_mean"] > out["annual_limit"]).astype("boolean")
    out["annual_over"] = over.mask(out["valid_share"] < MIN_SHARE)
    return out[
        [
            "code",
            "year",
            "valid_days",
            "days_over",
            "limit",
            "limit_changed",
            "valid_share",
            "annual_mean",
            "annual_limit",
            "annual_over",
        ]
    ]


def latest(readings: pd.DataFrame, now: dt.datetime) -> pd.DataFrame:
    """Return the newest published 24 h mean of PM2.5 of each station.

    Parameters
    ----------
    readings : DataFrame
        READING_COLUMNS.
    now : datetime
        Aware, UTC; later stamps are passed over.

    Returns
    -------
    DataFrame
        ``code``, ``time`` (UTC, end of the 24 hours), ``pm25`` (µg/m³), ``aqi``, ``class``, ``source`` and
        ``age_hours`` (since the stamp). Stations that never had a value are not there.
    """
    table = _only(readings, "PT24H", "pm25")
    table = table[table["value"].notna() & (table["measured_at"] <= require_utc(now))]
    table = table.sort_values("measured_at").drop_duplicates("station_id", keep="last").sort_values("station_id")
    value = table["value"].to_numpy(float)
    age = (pd.Timestamp(now) - table["measured_at"]).dt.total_seconds() / 3600
    return pd.DataFrame(
        {
            "code": table["station_id"].astype("str"),
            "time": table["measured_at"],
            "pm25": value,
            "aqi": thai_aqi(value),
            "class": thai_aqi_class(value),
            "source": table["source"],
            "age_hours": age.astype(float),
        }
    ).reset_index(drop=True)


def _tenths(value: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    given = np.asarray(value, dtype=np.float64)
    known = ~np.isnan(given)
    # The inner rounding takes away what binary fractions add: 15.05 * 10 is 150.49999999999997.
    tenths = np.floor(np.round(np.where(known, given, 0.0) * 10, 6) + 0.5)
    return np.maximum(tenths, 0).astype(np.int64), known


def _only(readings: pd.DataFrame, averaging: str, variable: str) -> pd.DataFrame:
    return readings[(readings["averaging"] == averaging) & (readings["variable"] == variable)]


def _no_means() -> pd.DataFrame:
    table = contracts.empty(contracts.READING_COLUMNS, contracts.READING_CATEGORIES)
    return table.assign(basis=pd.Series(dtype="str"), coverage=pd.Series(dtype=float))[_MEAN_COLUMNS]


def _micros(times: pd.Series) -> NDArray[np.int64]:
    moments = times.dt.tz_localize(None).to_numpy("datetime64[us]")
    return np.asarray(moments.astype(np.int64), dtype=np.int64)


def _utc(micros: NDArray[np.int64]) -> pd.Series:
    return pd.Series(micros.astype("datetime64[us]")).dt.tz_localize("UTC")


def _running(part: pd.DataFrame, min_share: float) -> pd.DataFrame:
    start = _micros(part["measured_at"]) // _HOUR_US
    first = int(start.min())
    line = np.full(int(start.max()) - first + 1 + 23, np.nan)
    line[start - first + 23] = part["value"].to_numpy(float)
    there = ~np.isnan(line)
    windows = np.lib.stride_tricks.sliding_window_view
    counted = windows(there, 24).sum(axis=1)
    total = windows(np.where(there, line, 0.0), 24).sum(axis=1)
    enough = counted >= min_share * 24
    value = np.divide(total, counted, out=np.full(len(total), np.nan), where=enough)
    flag = "model" if (part["flag"] == "model").any() else "derived"
    ends = (first + 1 + np.arange(len(total))) * _HOUR_US
    table = pd.DataFrame(
        {
            "station_id": str(part["station_id"].iloc[0]),
            "measured_at": _utc(ends),
            "variable": str(part["variable"].iloc[0]),
            "averaging": "PT24H",
            "value": value,
            "flag": np.where(enough, flag, "missing"),
            "source": str(part["source"].iloc[-1]),
            "coverage": counted / 24,
        }
    )
    some: pd.DataFrame = table[counted > 0]
    return some


def _by_day(part: pd.DataFrame, basis: str, day_us: NDArray[np.int64]) -> pd.DataFrame:
    """Return rows with the UTC start of their Thai day, ready to be ranked."""
    return pd.DataFrame(
        {
            "station_id": part["station_id"].astype("str").to_numpy(),
            "measured_at": _utc(day_us * _DAY_US - _ICT_US),
            "value": part["value"].to_numpy(float),
            "source": part["source"].astype("str").to_numpy(),
            "basis": basis,
            "coverage": np.nan,
            "is_model": (part["flag"] == "model").to_numpy(),
        }
    )


def _local(part: pd.DataFrame) -> NDArray[np.int64]:
    return _micros(part["measured_at"]) + _ICT_US


def _provider_days(readings: pd.DataFrame) -> pd.DataFrame:
    part = readings[readings["averaging"] == "P1D"]
    return _by_day(part, "provider", _local(part) // _DAY_US)


def _hour_days(readings: pd.DataFrame, min_share: float) -> pd.DataFrame:
    part = readings[readings["averaging"] == "PT1H"]
    rows = _by_day(part, "hours", _local(part) // _DAY_US)
    if not len(rows):
        return rows
    rows = rows.groupby(["station_id", "measured_at"], as_index=False, sort=False).agg(
        value=("value", "mean"),
        counted=("value", "count"),
        source=("source", "last"),
        basis=("basis", "last"),
        is_model=("is_model", "any"),
    )
    rows["coverage"] = rows["counted"] / 24
    rows["value"] = rows["value"].where(rows["coverage"] >= min_share)
    return rows.drop(columns="counted")


def _running_days(readings: pd.DataFrame) -> pd.DataFrame:
    part = readings[readings["averaging"] == "PT24H"]
    local = _local(part)
    # A mean stamped at midnight is the mean of the day that ends then.
    day = (local - 1) // _DAY_US
    rows = _by_day(part, "running", day)
    into = (local - day * _DAY_US) / _DAY_US
    rows["coverage"] = into
    rows["value"] = rows["value"].where(into >= RUNNING_FROM_HOUR / 24)
    rows["absent"] = rows["value"].isna()
    rows = rows.sort_values(["absent", "coverage"], ascending=[True, False], kind="stable")
    return rows.drop_duplicates(["station_id", "measured_at"]).drop(columns="absent")
