"""The report card: how good forecasts were, beside persistence, by lead, season and station.

Pure: a table of forecasts and what was measured, scores out. All methods of a lead are judged on the same pairs of
station and day, but for those that tell of only a part: these are compared on their own pairs. Stations that repeat one
another count as one. Never makes a forecast.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from data.clock import thai_days
from models.partial import PARTIAL, rmse
from models.station_days import StationDays, haze_years
from models.training import CLIMATOLOGY, DAMPED, PERSISTENCE

#: µg/m³: the 24 h standard of Thailand since 1 June 2023, above which the index of 2023 is orange, and where it turns
#: red (`data/variables.toml` has the sources).
STANDARD, RED = 37.5, 75.0
CARD_COLUMNS = (
    "lead_h", "method", "n", "mae", "rmse", "bias", "skill_vs_persistence", "skill_vs_damped", "skill_vs_climatology",
    "hits", "misses", "false_alarms", "peirce_37_5", "coverage_90", "reliability_gap",
)  # fmt: skip
#: What names a pair.
_PAIR = ["code", "valid_at", "lead_h"]
#: Classes of the chance of crossing in which reliability is looked at.
RELIABILITY_EDGES = np.linspace(0.0, 1.0, 6)


def pairs(forecasts: pd.DataFrame, data: StationDays) -> pd.DataFrame:
    """Put beside each forecast what was measured, and keep what can be judged.

    Parameters
    ----------
    forecasts : DataFrame
        FORECAST_COLUMNS of `data.contracts`, other columns are kept.
    data : StationDays

    Returns
    -------
    DataFrame
        The forecasts of days and stations that were measured on the day aimed at and on the last day known at issue
        (persistence needs it), with `measured`, `last_known` (µg/m³), `weight` and `season` (haze year of the day
        aimed at).
    """
    valid = thai_days(forecasts["valid_at"])
    issued = valid - (forecasts["lead_h"].to_numpy() // 24).astype("timedelta64[D]")
    column = {code: at for at, code in enumerate(data.stations)}
    station = forecasts["code"].map(column).fillna(-1).to_numpy(int)
    out = forecasts.assign(
        measured=_at(data, valid, station), last_known=_at(data, issued, station), season=haze_years(valid)
    )
    rows = (valid - data.days[0]).astype(int)
    inside = (rows >= 0) & (rows < len(data.days)) & (station >= 0)
    weight = np.zeros(len(out))
    weight[inside] = data.weight[rows[inside], station[inside]]
    there = out["measured"].notna() & out["last_known"].notna() & out["pm25"].notna()
    judged: pd.DataFrame = out.assign(weight=weight)[there].reset_index(drop=True)
    return judged


def common(table: pd.DataFrame) -> pd.DataFrame:
    """Return the pairs of days, stations and leads for which every method has a forecast.

    Methods that tell of only a part (`models.partial`) have no say in that, and keep what they have of these pairs.
    """
    partly = table["method"].isin(PARTIAL).to_numpy()
    whole = table[~partly]
    methods = whole.groupby("lead_h")["method"].nunique()
    counted = whole.groupby(_PAIR)["method"].transform("nunique")
    kept: pd.DataFrame = whole[counted.to_numpy() == whole["lead_h"].map(methods).to_numpy()]
    if partly.any():
        kept = table[(~partly & table.index.isin(kept.index)) | (partly & _of(table, kept))]
    return kept.reset_index(drop=True)


def _of(table: pd.DataFrame, other: pd.DataFrame) -> NDArray[np.bool_]:
    """Tell which rows speak of a pair that `other` speaks of, shape (n,)."""
    mine, theirs = (pd.MultiIndex.from_frame(one[_PAIR]) for one in (table, other))
    return np.asarray(mine.isin(theirs), dtype=bool)


def scores(table: pd.DataFrame, by: Sequence[str] = ()) -> pd.DataFrame:
    """Score pairs by lead and method, and by further columns.

    Parameters
    ----------
    table : DataFrame
        From `pairs`.
    by : sequence of str
        ``season`` or ``code``; empty for the whole.

    Returns
    -------
    DataFrame
        `by` and CARD_COLUMNS: `n` pairs (stations of one instrument together are one); `mae`, `rmse`, `bias` (forecast
        minus measured), µg/m³; skill as 1 - rmse / rmse of the other on the pairs of both, missing where that was not
        judged; days over 37.5 µg/m³ that were forecast (`hits`), not forecast (`misses`), and days forecast over it
        that were not (`false_alarms`), each station and day once; `peirce_37_5`: share of days over that were forecast
        minus share of the other days that were (Peirce 1884), missing without both kinds of days; `coverage_90`: share
        of measured values inside the interval; `reliability_gap`: mean distance between the chance given for crossing
        37.5 and how often it came, over fifths of the chance, weighed by their pairs.
    """
    names = [*by, "lead_h", "method"]
    parts = {tuple(key): part for key, part in table.groupby(names, sort=True)}
    rows = []
    for key, part in parts.items():
        row = {**dict(zip(names, key, strict=True)), **_score(part)}
        for name, other in (("persistence", PERSISTENCE), ("damped", DAMPED), ("climatology", CLIMATOLOGY)):
            row[f"skill_vs_{name}"] = _skill(part, parts.get((*key[:-1], other)))
        rows.append(row)
    return pd.DataFrame(rows, columns=[*by, *CARD_COLUMNS])


def _skill(mine: pd.DataFrame, peer: pd.DataFrame | None) -> float:
    """Return 1 - rmse / rmse of the peer, on the pairs of both; missing without any."""
    if peer is None:
        return np.nan
    if len(mine) != len(peer):
        mine, peer = mine[_of(mine, peer)], peer[_of(peer, mine)]
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(1 - np.float64(_rmse(mine)) / _rmse(peer)) if len(mine) else np.nan


def _rmse(part: pd.DataFrame) -> float:
    return rmse(*(part[name].to_numpy(float) for name in ("pm25", "measured", "weight")))


def reliability(table: pd.DataFrame) -> pd.DataFrame:
    """Return, by lead, method and fifth of the chance of crossing 37.5: pairs `n`, mean chance `said`, share `came`."""
    known = table[table["p_over_37_5"].notna()]
    fifth = np.clip(np.digitize(known["p_over_37_5"], RELIABILITY_EDGES[1:-1]), 0, len(RELIABILITY_EDGES) - 2)
    over = (known["measured"] > STANDARD).astype(float)
    weighed = known.assign(fifth=fifth, said=known["p_over_37_5"] * known["weight"], came=over * known["weight"])
    sums = weighed.groupby(["lead_h", "method", "fifth"])[["weight", "said", "came"]].sum()
    out = sums.assign(said=sums["said"] / sums["weight"], came=sums["came"] / sums["weight"])
    return out.rename(columns={"weight": "n"}).reset_index()


def _score(part: pd.DataFrame) -> dict[str, float]:
    weight, measured, forecast = (part[name].to_numpy(float) for name in ("weight", "measured", "pm25"))
    error = forecast - measured
    over, said = measured > STANDARD, forecast > STANDARD
    hits, misses, alarms = (float(weight[chosen].sum()) for chosen in (over & said, over & ~said, ~over & said))
    quiet = float(weight[~over & ~said].sum())
    peirce = hits / (hits + misses) - alarms / (alarms + quiet) if hits + misses and alarms + quiet else np.nan
    banded = part["low"].notna().to_numpy() & part["high"].notna().to_numpy()
    inside = (measured >= part["low"].to_numpy(float)) & (measured <= part["high"].to_numpy(float))
    gaps = reliability(part)
    return {
        "n": round(weight.sum()),
        "mae": float((weight * np.abs(error)).sum() / weight.sum()),
        "rmse": _rmse(part),
        "bias": float((weight * error).sum() / weight.sum()),
        "hits": round(hits),
        "misses": round(misses),
        "false_alarms": round(alarms),
        "peirce_37_5": peirce,
        "coverage_90": float((weight * inside)[banded].sum() / weight[banded].sum()) if banded.any() else np.nan,
        "reliability_gap": float((gaps["n"] * (gaps["said"] - gaps["came"]).abs()).sum() / gaps["n"].sum())
        if len(gaps)
        else np.nan,
    }


def _at(data: StationDays, days: np.ndarray, station: np.ndarray) -> np.ndarray:
    rows = (days - data.days[0]).astype(int)
    inside = (rows >= 0) & (rows < len(data.days)) & (station >= 0)
    out = np.full(len(days), np.nan)
    out[inside] = data.value[rows[inside], station[inside]]
    return out
