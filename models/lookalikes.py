"""Tambons that resemble one another, so that a lesson of one may hold in the other, with what differs between them.

Pure: a table of features in, neighbours out. Never says that a lesson holds: likeness is a reason to look, no proof.
"""

from __future__ import annotations

import pandas as pd

#: Features of which less is known than this share of the tambons are left out.
LEAST_KNOWN = 0.8
#: A difference is told when it is larger than this many robust standard deviations.
TOLD = 1.0


def look_alikes(features: pd.DataFrame, tambon: str, most: int = 10) -> pd.DataFrame:
    """Return the tambons most like one.

    Parameters
    ----------
    features : DataFrame
        Index of tambon codes; one column a feature, NaN where unknown.
    tambon : str
    most : int

    Returns
    -------
    DataFrame
        Nearest first: `tambon`, `distance` (root mean square of the differences in robust standard deviations, 0 the
        same), `features` (how many could be compared), and a column ``differs_<feature>`` of each feature: that
        tambon's value minus this one's, in robust standard deviations; NaN where unknown.

    Raises
    ------
    KeyError
        When the tambon is not in the table.

    Notes
    -----
    A feature is scaled by 1.4826 times the median distance from the median, which a few extreme tambons do not move;
    by the standard deviation where more than half of the tambons have the same value. Only tambons with at least half
    of the compared features known are offered.
    """
    if tambon not in features.index:
        raise KeyError(tambon)
    told = features.loc[:, features.notna().mean() >= LEAST_KNOWN].astype(float)
    away = (told - told.median()).abs().median() * 1.4826
    scale = away.where(away > 0, told.std()).where(lambda width: width > 0)
    differs = ((told - told.loc[tambon]) / scale).drop(index=tambon)
    common = differs.notna().sum(axis=1)
    distance: pd.Series = ((differs**2).sum(axis=1) / common.where(common > 0)) ** 0.5
    enough = common * 2 >= scale.notna().sum()
    rows = pd.DataFrame({"tambon": differs.index.astype("str"), "distance": distance.to_numpy()})
    rows["features"] = common.to_numpy()
    for name in differs.columns:
        rows[f"differs_{name}"] = differs[name].to_numpy()
    nearest = rows[(enough & distance.notna()).to_numpy()].sort_values(["distance", "tambon"]).head(most)
    return nearest.reset_index(drop=True)
