"""Ways of forecasting that tell of only a part of the days: judged on their own pairs, beside the others on the same.

Pure arrays. So that a method of which little is stored neither shrinks what the others are judged on nor is flattered
by easy days. Never decides what is served where it cannot tell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.conformal import FEWEST, Spread, fit_spread
from models.corrected import corrected
from models.station_days import Floats, StationDays, haze_years

#: The value of the CAMS model as it was known (`models.model_days`), the same put right by its recent errors, and the
#: mean of that and of what the stations alone say: one knows the wind to come, the other the air that is here.
CAMS, CAMS_CORRECTED, CAMS_MEAN = "cams", "cams_corrected", "cams_mean"
PARTIAL = (CAMS, CAMS_CORRECTED, CAMS_MEAN)
#: Held-out seasons, and days of each, that such a method needs before it can be served.
_FEWEST_SEASONS, _FEWEST_DAYS = 2, 60


@dataclass(frozen=True)
class Partial:
    """How such a method did on past seasons.

    Attributes
    ----------
    record : dict of str to float
        Root mean square error, µg/m³, of it and of every other method, all on the pairs that it told of.
    days : dict of int to int
        Days judged, by season.
    spread : Spread or None
        How wrong it was; None with too few pairs to tell.
    """

    record: dict[str, float]
    days: dict[int, int]
    spread: Spread | None


def told(data: StationDays, lead: int, stations: Floats) -> dict[str, Floats]:
    """Return what these methods say, µg/m³, shape (T, S) by day of issue; nothing where no model is stored.

    Parameters
    ----------
    data : StationDays
    lead : int
    stations : ndarray, shape (T, S)
        What the best known method of the stations alone says.
    """
    if lead not in data.model:
        return {}
    model = data.model[lead]
    right = corrected(model, data.value, lead)
    return {CAMS: model, CAMS_CORRECTED: right, CAMS_MEAN: (right + stations) / 2}


def judge(method: str, rows: Floats, aimed: NDArray[np.datetime64], others: Mapping[str, Floats]) -> Partial | None:
    """Return how a method did where it told something; None where it never did.

    Parameters
    ----------
    method : str
    rows : ndarray, shape (3, n)
        Forecast, missing where it cannot tell, measured and weight.
    aimed : ndarray of datetime64[D], shape (n,)
    others : mapping of str to ndarray, shape (3, n)
        The same pairs by the methods that tell of all.
    """
    has = np.isfinite(rows[0])
    if not has.any():
        return None
    mine = rows[:, has]
    record = {other: rmse(*pairs[:, has]) for other, pairs in others.items()}
    seasons = haze_years(np.unique(aimed[has]))
    return Partial(
        record={**record, method: rmse(*mine)},
        days={int(season): int((seasons == season).sum()) for season in np.unique(seasons)},
        spread=fit_spread(mine[0], mine[1]) if mine.shape[1] >= FEWEST else None,
    )


def prefer(partial: Mapping[str, Partial], served: str, nearly: float) -> str | None:
    """Return the method to serve where it tells something, before the one served otherwise; None for none.

    Parameters
    ----------
    partial : mapping of str to Partial
    served : str
        What is served otherwise.
    nearly : float
        Errors whose ratio lies below this cannot be told apart.
    """
    ratio = {
        method: one.record[method] / one.record[served]
        for method, one in partial.items()
        if one.spread is not None and sum(days >= _FEWEST_DAYS for days in one.days.values()) >= _FEWEST_SEASONS
    }
    best = min(ratio, key=lambda method: ratio[method], default=None)
    return best if best is not None and ratio[best] * nearly < 1 else None


def rmse(forecast: Floats, measured: Floats, weight: Floats) -> float:
    """Return the weighted root mean square error."""
    return float(np.sqrt((weight * (forecast - measured) ** 2).sum() / weight.sum()))
