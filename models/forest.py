"""The share of each tambon under trees, from stored land cover; unknown where none is stored or its legend is another.

Never guesses a legend: only that of ESA WorldCover is read.
"""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from data import stored_grids
from models import ground
from models.air import MIN_SHARE
from models.derived import kept
from models.desk import Desk

#: Tree cover in the legend of ESA WorldCover (10 m, 2020 and 2021; product user manual v2.0, table 3).
_TREES = 10
#: How files of that map call their source.
_MAPS = ("esa", "worldcover")


def forest_share(desk: Desk) -> pd.Series:
    """Return the share under trees by tambon of the place, 0 to 1.

    Returns
    -------
    Series
        Index of tambon codes; missing where less than half of the tambon has a class. Empty when no land cover with a
        known legend is stored.
    """
    listed = stored_grids.rasters(desk.store, desk.state)
    mine = listed[listed["variable"] == "land_cover"]
    if mine.empty or not mine["source"].str.lower().str.contains("|".join(_MAPS)).all():
        return pd.Series(dtype=float)
    key = f"{desk.place.key}-{desk.detections.outline}-{desk.state.part_revision('rasters', 'tambons')}"

    def build(path: Path) -> None:
        found = ground.class_shares(desk.store, desk.tambons, desk.state)
        trees = found[found["land_class"] == _TREES].set_index("tambon")["share"]
        known = found.drop_duplicates("tambon").set_index("tambon")["coverage"]
        # A tambon whose cells are all of other classes has no trees, which is known.
        share = trees.reindex(known.index).fillna(0.0).where(known >= MIN_SHARE)
        told = {str(code): None if pd.isna(value) else float(value) for code, value in share.items()}
        path.write_text(json.dumps(told), "utf-8")

    return kept(desk.store, "forest.json", key, build, _read)


def _read(path: Path) -> pd.Series:
    return pd.Series(json.loads(path.read_text("utf-8")), dtype=float)
