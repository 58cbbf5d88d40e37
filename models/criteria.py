"""The criteria by which tambons are ranked: need, repeated burning, what is done already, and the partners' three.

Each criterion is a column where more means sooner; what is not known stays missing and is never guessed.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from models.burden import Burden

#: In the order in which they are shown.
#: fire: hotspots a season. repeat: share of stored seasons with fire. smoke: days over the standard. older: person-days
#: over the standard of people of 60 and more. gap: burdened and little done. plan_fit, mechanism, research: the three
#: criteria of the partners (the problem fits the plan; a local mechanism can drive it; usable research exists).
CRITERIA = ("fire", "repeat", "smoke", "older", "gap", "plan_fit", "mechanism", "research")


def criteria(burden: Burden, actions: pd.Series, more: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return the criteria of the tambons.

    Parameters
    ----------
    burden : Burden
    actions : Series
        Number of activities against fire and haze by tambon; tambons without any may be absent.
    more : DataFrame, optional
        Index of tambon codes; any of the columns smoke, older, plan_fit, mechanism, research.

    Returns
    -------
    DataFrame
        Index of tambon codes, columns `CRITERIA`; NaN where unknown.

    Notes
    -----
    The gap is the tambon's rank of hotspots among the tambons, 0 to 1, divided by one more than the activities there:
    1 for the most burdened one with nothing done, one half of it with one activity.
    """
    fire = burden.per_season
    done = actions.reindex(fire.index).fillna(0)
    table = pd.DataFrame(np.nan, index=fire.index, columns=list(CRITERIA))
    table["fire"], table["repeat"] = fire, burden.repeats
    table["gap"] = fire.rank(method="min").sub(1).div(max(1, len(fire) - 1)) / (1 + done)
    if more is not None:
        for name in table.columns.intersection(more.columns):
            table[name] = more[name].reindex(table.index)
    return table
