"""Height of the ground, Copernicus DEM GLO-90, in tiles of one degree, fetched once and by name alone.

Cadence: none; heights of 2011 to 2015. Terms: free with the notice in `licence`.
Quirks cured here: each tile is a folder named by its lower left corner with a file of the same name in it. The surface
is that of canopy and roofs, not of the soil beneath; a tile of sea alone is not there and reads "not published".
"""

from __future__ import annotations

from collections.abc import Sequence

from fetchers.source import Area
from fetchers.sources.rasters import Rasters, corners, raster_info

_HOST = "copernicus-dem-90m.s3.amazonaws.com"


def _tiles(area: Area) -> Sequence[str]:
    names = [f"Copernicus_DSM_COG_30_N{lat:02d}_00_E{lon:03d}_00_DEM" for lat, lon in corners(area, 1)]
    return [f"/{name}/{name}.tif" for name in names]


HEIGHT = Rasters(
    raster_info(
        "copernicus-dem",
        "ความสูงภูมิประเทศ (Copernicus DEM)",
        "Height of the ground (Copernicus DEM, 90 m)",
        provider="Copernicus DEM",
        hosts=(_HOST,),
        licence="© DLR e.V. 2010-2014 and © Airbus Defence and Space GmbH 2014-2018 provided under COPERNICUS by the "
        "European Union and ESA; all rights reserved",
        use="height of each tambon, and how rugged the ground of a fire is",
        docs="https://registry.opendata.aws/copernicus-dem/",
        quirks=("the surface of canopy and roofs, not of the soil", "fetched only when it is named"),
        max_mb=100,
    ),
    _tiles,
    classes=False,
)
