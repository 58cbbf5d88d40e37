"""A model's forecasts put right by what they were lately wrong by, station by station.

Pure arrays. Never looks at a day that had not ended when the forecast was issued, and never learns from past seasons.
"""

from __future__ import annotations

import numpy as np

from models.baselines import later, logs, row_means
from models.features import lagged, trailing_sum
from models.station_days import Floats

#: Days of issue whose outcome is looked at: a model under-reads a smoky month by another share than a clean one.
RECENT_DAYS = 30
#: With fewer days whose outcome is known, nobody can tell what the model is wrong by here.
FEWEST_DAYS = 10
#: Days after which a station's own departure from the mean error of the north has half its say.
_HALF_TRUST = 10.0


def corrected(model: Floats, value: Floats, lead: int) -> Floats:
    """Return the model's values without their recent mean error, µg/m³, shape (T, S) by day of issue.

    Parameters
    ----------
    model : ndarray, shape (T, S)
        What the model said of the day `lead` days after the day of issue, as known then.
    value : ndarray, shape (T, S)
        Measured, by day.
    lead : int

    Returns
    -------
    ndarray, shape (T, S)
        Missing where the model is, and where fewer than `FEWEST_DAYS` of the last `RECENT_DAYS` could be compared.

    Notes
    -----
    The error is that of the logarithm, over the last 30 days of issue whose day aimed at had ended. Each station's mean
    departure from the mean of all stations is shrunk by n / (n + 10), so that a station of which little is known is
    corrected like the others.
    """
    error = lagged(logs(later(value, lead)) - logs(model), lead)
    common = row_means(error)[:, None]
    own, own_days = _recent(error - common)
    north, north_days = _recent(common)
    shift = np.divide(north, north_days, out=np.full(north.shape, np.nan), where=north_days >= FEWEST_DAYS)
    return np.asarray(model * np.exp(shift + own / (own_days + _HALF_TRUST)), dtype=float)


def _recent(error: Floats) -> tuple[Floats, Floats]:
    there = np.isfinite(error)
    return trailing_sum(np.where(there, error, 0.0), RECENT_DAYS), trailing_sum(there.astype(float), RECENT_DAYS)
