"""Assignment of a million detections to tambons against geopandas.sjoin(predicate="within")."""

from __future__ import annotations

import geopandas as gpd
import numpy as np

from benchmarks.measure import north, peak_mb, points, seconds
from models.assign import assign, build_index

N = 1_000_000


def main() -> None:
    """Print times, memory, the ratio, and whether the answers are the same."""
    tambons, what = north()
    tambons = tambons.sort_values("tambon").reset_index(drop=True)[["tambon", "geometry"]]
    lon, lat = points(tambons, N)
    positions = gpd.points_from_xy(lon, lat)
    index = build_index(tambons)

    def ours() -> np.ndarray:
        return assign(index, lon, lat)

    def peer() -> gpd.GeoDataFrame:
        # A fresh table: geopandas would otherwise keep its tree from round to round.
        table = gpd.GeoDataFrame(geometry=positions.copy(), crs="EPSG:4326")
        return gpd.sjoin(table, tambons, predicate="within", how="left")

    joined = peer()["index_right"].groupby(level=0).min().fillna(-1).to_numpy(int)
    found = ours()
    differ = np.flatnonzero(found != joined)
    on_border = int((joined[differ] == -1).sum())
    mine, theirs = seconds(ours), seconds(peer)
    print(f"{N:,} detections, {what}")
    once = seconds(lambda: build_index(tambons), 1)
    print(f"ours {mine:.3f} s, {peak_mb(ours):.0f} MB, its index {once:.2f} s once; ", end="")
    print(f"sjoin {theirs:.3f} s, {peak_mb(peer):.0f} MB")
    print(f"ratio sjoin / ours = {theirs / mine:.1f} (goal: at least 10)")
    print(f"rows that differ: {len(differ)}, of these on a border, which sjoin leaves out: {on_border}")


if __name__ == "__main__":
    main()
