"""Who is compared with whom: the ring of neighbours that is neither treated nor control, and the controls that match.

Controls are the tambons outside the ring whose earlier seasons were most like those of a treated tambon. Never reads
the store, never looks at outcomes after the first start.
"""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from scipy.spatial.distance import cdist

#: Neighbours whose border is nearer than this to a treated tambon's are in the ring: those that touch it, with room for
#: the gaps between outlines that were simplified one by one.
RING_KM = 0.5
#: Outlines are simplified by so many metres for this, a tenth of what the ring leaves for gaps.
_SIMPLE_M = 50.0
#: Each treated tambon brings this many nearest controls, and all together at least `FEWEST` where there are so many:
#: the smallest p that one treated tambon among 40 controls can give is 0.024.
NEAREST, FEWEST = 8, 40
#: A control further than this from a treated tambon is no match: standard deviations, averaged over the traits.
CALIPER = 2.0


@dataclass(frozen=True)
class Comparison:
    """Positions of the tambons in each role.

    Attributes
    ----------
    treated, control, ring : ndarray of int
        Ascending positions; no tambon is in two of them.
    unmatched : ndarray of int
        Treated tambons that no control resembles: left out.
    """

    treated: np.ndarray
    control: np.ndarray
    ring: np.ndarray
    unmatched: np.ndarray


def neighbours(tambons: gpd.GeoDataFrame, epsg: int, ring_km: float = RING_KM) -> np.ndarray:
    """Return which tambons lie within a distance of each other, border to border, bool, shape (n, n).

    Parameters
    ----------
    tambons : GeoDataFrame
    epsg : int
        Metric projection of the place.
    ring_km : float
        Negative for no neighbours at all. No tambon is its own neighbour.
    """
    near = np.zeros((len(tambons), len(tambons)), bool)
    if ring_km >= 0:
        shapes = tambons.geometry.to_crs(epsg).simplify(_SIMPLE_M).to_numpy()
        near[tuple(shapely.STRtree(shapes).query(shapes, "dwithin", ring_km * 1000))] = True
        np.fill_diagonal(near, False)
    return near


def history_traits(before: np.ndarray) -> np.ndarray:
    """Return what matching looks at in the earlier seasons of each tambon, shape (n, 3).

    Level (logarithm of one more than the mean), trend (mean of the later half of the seasons against the earlier, in
    logarithms) and the last season against the mean. One is added throughout so that no fire is a number.

    Parameters
    ----------
    before : ndarray, shape (n, seasons)
        Outcomes before the first start.
    """
    half = before.shape[1] // 2
    level = np.log1p(before.mean(1))
    early = np.log1p(before[:, :half].mean(1)) if half else level
    late = np.log1p(before[:, half:].mean(1))
    return np.column_stack([level, late - early, np.log1p(before[:, -1]) - level])


def choose(
    treated: np.ndarray,
    touched: np.ndarray,
    silent: np.ndarray,
    near: np.ndarray,
    traits: np.ndarray,
) -> Comparison:
    """Choose the controls of treated tambons.

    Parameters
    ----------
    treated : ndarray of int
        Positions of the treated tambons that can be measured.
    touched : ndarray of int
        Positions of all tambons with the measure in the seasons looked at: the ring is drawn round each.
    silent : ndarray of int
        Positions without any outcome, which can tell nothing.
    near : ndarray of bool, shape (n, n)
        Result of `neighbours`.
    traits : ndarray, shape (n, k)
        What is matched on: `history_traits`, and forest share, population, distance to roads where known. A trait that
        is missing for any tambon takes no part.
    """
    everyone = np.arange(len(near))
    touched = np.union1d(touched, treated).astype(int)
    ring = np.setdiff1d(everyone[near[touched].any(0)], touched)
    free = np.setdiff1d(everyone, np.concatenate([touched, ring, silent]))
    if not len(treated) or not len(free):
        return Comparison(np.sort(treated), free[:0], ring, treated[:0])
    known = traits[:, np.isfinite(traits).all(0)]
    spread = known.std(0)
    scaled = np.where(spread > 0, known / np.where(spread > 0, spread, 1), 0.0)
    away = cdist(scaled[treated], scaled[free]) / max(1.0, float(np.sqrt((spread > 0).sum())))
    matched = away.min(1) <= CALIPER
    each = max(NEAREST, -(-FEWEST // max(1, int(matched.sum()))))
    order = np.argsort(away[matched], axis=1, kind="stable")[:, :each]
    inside = np.take_along_axis(away[matched], order, 1) <= CALIPER
    return Comparison(np.sort(treated[matched]), free[np.unique(order[inside])], ring, np.sort(treated[~matched]))
