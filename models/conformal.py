"""How wrong a forecast was on seasons it had not seen, turned into intervals and chances.

Split-conformal on the ratio of measured to forecast, apart by level of the forecast, drawn towards where the values of
the last weeks fell. Pure arrays; promises coverage only as far as the season to come is like those held out or like its
own last weeks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.errors import TooLittleData
from models.baselines import FLOOR, logs
from models.station_days import Floats

#: Quantiles that are kept. 90 % intervals use the outer ones of 0.05 and 0.95.
PROBABILITIES: Floats = np.concatenate(
    [[0.005, 0.01, 0.02, 0.03], np.arange(0.05, 0.96, 0.025), [0.97, 0.98, 0.99, 0.995]]
)
#: Pairs that a level needs before it gets quantiles of its own, and how many levels there can be.
_PER_LEVEL, _MOST_LEVELS = 400, 6
#: Fewest pairs that can tell anything of a 90 % interval: the outer tenth is then five pairs.
FEWEST = 50
#: Known days that count as much as the seasons held out: after thirty, each has half a say.
_HALF_TRUST = 30


@dataclass(frozen=True)
class Spread:
    """Quantiles of log(measured / forecast) at some levels of the forecast.

    Attributes
    ----------
    level : ndarray, shape (B,)
        Logarithm of the middle forecast of each level, ascending.
    quantile : ndarray, shape (B, Q)
        At `PROBABILITIES`.
    """

    level: Floats
    quantile: Floats

    def interval(self, forecast: Floats, inside: float = 0.9) -> tuple[Floats, Floats]:
        """Return low and high of the interval that holds the measured value with chance `inside`, same shape."""
        low = self._at((1 - inside) / 2, forecast)
        high = self._at((1 + inside) / 2, forecast)
        return forecast * np.exp(low), forecast * np.exp(high)

    def chance_over(self, forecast: Floats, limit: float | Floats) -> Floats:
        """Return the chance that the measured value lies above `limit` µg/m³, same shape; between 0.005 and 0.995."""
        flat = np.asarray(forecast, float).ravel()
        needed = np.log(np.broadcast_to(limit, np.shape(forecast)).ravel()) - logs(flat)
        # Quantiles at this level, then the place of the needed ratio among them.
        at = np.stack([np.interp(logs(flat), self.level, column) for column in self.quantile.T], axis=1)
        below = np.array([np.interp(x, row, PROBABILITIES) for x, row in zip(needed, at, strict=True)])
        return np.where(np.isfinite(flat), 1.0 - below, np.nan).reshape(np.shape(forecast))

    def places(self, forecast: Floats, measured: Floats) -> Floats:
        """Return where in the spread measured values fell, 0.005 to 0.995, same shape; missing where either is."""
        return np.where(np.isfinite(measured), 1.0 - self.chance_over(forecast, np.maximum(measured, FLOOR)), np.nan)

    def turned(self, places: Floats, weight: Floats) -> Spread:
        """Return the spread drawn towards where the values of the last days fell.

        Parameters
        ----------
        places : ndarray, shape (D, S)
            From `places`, of forecasts whose day has come.
        weight : ndarray, shape (D, S)

        Notes
        -----
        Were the spread right, a share p of the places would lie below p. The share that does, weighed by
        days / (days + 30), and p itself give the probability that p really stands for (recalibration as in Kuleshov,
        Fenner and Ermon 2018, with their curve shrunk towards no change).
        """
        known = np.isfinite(places) & (weight > 0)
        days = int(known.any(axis=1).sum())
        if not days:
            return self
        order = np.argsort(places[known])
        below = np.concatenate([[0.0], np.cumsum(weight[known][order])])
        share = below[np.searchsorted(places[known][order], PROBABILITIES, side="right")] / below[-1]
        trust = days / (days + _HALF_TRUST)
        stands_for = (1 - trust) * PROBABILITIES + trust * share
        asked = np.interp(PROBABILITIES, stands_for, PROBABILITIES)
        return Spread(self.level, np.stack([np.interp(asked, PROBABILITIES, row) for row in self.quantile]))

    def _at(self, probability: float, forecast: Floats) -> Floats:
        column = np.array([np.interp(probability, PROBABILITIES, row) for row in self.quantile])
        return np.asarray(np.interp(logs(forecast), self.level, column), dtype=float)


def fit_spread(forecast: Floats, measured: Floats) -> Spread:
    """Learn the spread from pairs of forecast and measured value, µg/m³, shape (n,), all there.

    Raises
    ------
    TooLittleData
        With fewer than `FEWEST` pairs; key ``forecast_no_record``.

    Notes
    -----
    Quantiles of n pairs are taken at p (n + 1) / n, cut to the ends, as split-conformal prediction asks (Vovk,
    Gammerman and Shafer 2005, chapter 2). Between levels they are interpolated, so that a forecast of 37 and one of 38
    differ little.
    """
    if len(forecast) < FEWEST:
        raise TooLittleData(
            f"expected at least {FEWEST} forecasts that were judged, got {len(forecast)}",
            key="forecast_no_record",
            context={"needed": FEWEST, "found": len(forecast)},
            hint="import earlier seasons of daily means",
        )
    order = np.argsort(forecast, kind="stable")
    ratio = (logs(measured) - logs(forecast))[order]
    levels = int(np.clip(len(forecast) // _PER_LEVEL, 1, _MOST_LEVELS))
    parts = np.array_split(np.arange(len(forecast)), levels)
    middle = np.array([float(np.median(logs(forecast[order][part]))) for part in parts])
    quantile = np.stack([_outward(ratio[part]) for part in parts])
    return Spread(np.maximum.accumulate(np.maximum(middle, np.log(FLOOR))), quantile)


def _outward(ratio: Floats) -> Floats:
    n = len(ratio)
    outward = np.where(PROBABILITIES < 0.5, PROBABILITIES * (n + 1) / n - 1 / n, PROBABILITIES * (n + 1) / n)
    return np.asarray(np.quantile(ratio, np.clip(outward, 0.0, 1.0)), dtype=float)
