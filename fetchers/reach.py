"""What a desk may reach and where it asks: from settings, place, stations and tambons to `Http` and `Area`.

Never asks anything itself.
"""

from __future__ import annotations

import geopandas as gpd
import pandas as pd

from data.places import Place
from data.settings import Settings
from fetchers.http import Http, Secrets
from fetchers.source import Area

#: Around the place, degrees: fires across the border make smoke here.
_ROOM = 0.5
#: Half the side of the net of points for wind, degrees: smoke of two days comes from within.
_NET = 3


def way_out(options: Settings) -> Http:
    """Return the way out of the house: shut unless the mode allows the network."""
    return Http(
        online=options.mode in ("auto", "live"),
        secrets=Secrets(options.keys.values()),
        mirrors=options.mirrors,
        ca_bundle=options.ca_bundle,
    )


def area_of(place: Place, stations: pd.DataFrame, tambons: gpd.GeoDataFrame) -> Area:
    """Return where a desk asks: the place with some room, its provinces, official stations and points.

    Parameters
    ----------
    place : Place
    stations : DataFrame
        STATION_COLUMNS of the place.
    tambons : GeoDataFrame
        Tambons of the place.
    """
    west, south, east, north = place.bbox
    official = stations[stations["station_type"] == "ground"]
    # Ids of models and of closed sites carry a sign that no official id has.
    official = official[~official["station_id"].str.contains("[:-]")]
    middles = tambons[["amphoe", "geometry"]].dissolve("amphoe").representative_point()
    points = [(str(amphoe), round(middle.x, 4), round(middle.y, 4)) for amphoe, middle in middles.items()]
    points += [
        (str(code), round(float(lon), 4), round(float(lat), 4))
        for code, lon, lat in zip(official["station_id"], official["lon"], official["lat"], strict=True)
    ]
    middle, parallel = int((west + east) // 2), int((south + north) // 2)
    steps = range(-_NET, _NET + 1)
    lattice = tuple((float(middle + x), float(parallel + y)) for y in steps for x in steps)
    box = (west - _ROOM, south - _ROOM, east + _ROOM, north + _ROOM)
    return Area(*box, place.provinces, tuple(official["station_id"]), tuple(points), lattice)
