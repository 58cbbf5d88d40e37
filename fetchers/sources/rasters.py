"""People per cell (WorldPop) and land cover (ESA WorldCover), each fetched once and by name alone.

Cadence: none; both are maps of one year. Licences: CC BY 4.0; WorldPop, University of Southampton; ESA WorldCover
project 2021, contains modified Copernicus Sentinel data processed by the ESA WorldCover consortium.
Quirks cured here: WorldCover comes in tiles of three degrees that are named by their lower left corner; what a file
holds is told by its name and its content, as for a file that is brought (`fetchers.geotiff`). Only the part of a file
that the desk keeps comes over the line, where the server sends ranges (`fetchers.ranges`).
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from data.errors import FileRefused, SourceChanged
from fetchers.http import Reply
from fetchers.parsed import Parsed
from fetchers.source import Area, Ask, Info, Period, Request

_WORLDPOP, _WORLDCOVER = "data.worldpop.org", "esa-worldcover.s3.eu-central-1.amazonaws.com"
#: Degrees of a tile of WorldCover.
_TILE = 3


@dataclass(frozen=True)
class Rasters:
    """Files that do not change, at addresses worked out from the area."""

    info: Info
    paths: Callable[[Area], Sequence[str]]
    classes: bool

    def requests_for(self, area: Area, period: Period | None, key: str, now: dt.datetime) -> Sequence[Request]:
        """Return one request a file; a map has no past days."""
        del key, now
        if period is not None:
            return []
        return [Request(f"https://{self.info.hosts[0]}{path}", path.rpartition("/")[2]) for path in self.paths(area)]

    def collect(self, request: Request, ask: Ask) -> Reply:
        """Return the part of a file that the desk keeps, read by byte ranges; see `Queued.collect`."""
        from fetchers import ranges  # loads GDAL, which most commands do not need

        try:
            return ranges.cut(request, lambda part: ask(part, 0.0), classes=self.classes)
        except FileRefused as refusal:
            raise SourceChanged(f"{self.info.key}: {refusal}", context={"source": self.info.key}) from refusal

    def parse(self, reply: Reply, now: dt.datetime) -> Parsed:
        """Return the raster of a file; see `Source.parse`."""
        # Loaded when first needed, since it is large.
        from fetchers import geotiff

        source = self.info.key
        if reply.status == 404:
            raise FileRefused(f"{source}: no such file", key="header_only")
        try:
            return geotiff.parse(reply.content, urlsplit(reply.url).path.rpartition("/")[2], now)
        except FileRefused as refusal:
            problem = f"{source}: {refusal} (HTTP {reply.status})"
            raise SourceChanged(problem, context={"source": source}) from refusal


def _people(area: Area) -> Sequence[str]:
    del area
    return ["/GIS/Population/Global_2000_2020_Constrained/2020/BSGM/THA/tha_ppp_2020_constrained.tif"]


def corners(area: Area, degrees: int) -> list[tuple[int, int]]:
    """Return the lower left corners (latitude, longitude) of the tiles of so many degrees that an area touches."""
    west, south = (math.floor(edge / degrees) * degrees for edge in (area.west, area.south))
    return [
        (lat, lon)
        for lat in range(south, math.ceil(area.north), degrees)
        for lon in range(west, math.ceil(area.east), degrees)
    ]


def _tiles(area: Area) -> Sequence[str]:
    names = (f"ESA_WorldCover_10m_2021_v200_N{lat:02d}E{lon:03d}_Map.tif" for lat, lon in corners(area, _TILE))
    return [f"/v200/2021/map/{name}" for name in names]


def raster_info(key: str, name_th: str, name_en: str, **more: object) -> Info:
    """Return the facts of rasters that are fetched once and by name alone; `more` comes before what is usual."""
    facts: dict[str, object] = {
        "kind": "raster",
        "cadence_minutes": 365 * 24 * 60,
        "latency_minutes": 24 * 60,
        # A file is read in many small parts.
        "per_minute": 600,
        "default": False,
        "deadline_s": 900.0,
        "max_mb": 450,
        **more,
    }
    return Info(key=key, name_th=name_th, name_en=name_en, **facts)  # type: ignore[arg-type]


POPULATION = Rasters(
    raster_info(
        "worldpop-people",
        "ประชากรรายกริด (WorldPop)",
        "People per cell (WorldPop 2020)",
        provider="WorldPop",
        hosts=(_WORLDPOP,),
        licence="WorldPop (www.worldpop.org), University of Southampton, CC BY 4.0",
        use="people per tambon where no register is brought; an estimate",
        docs="https://hub.worldpop.org/geodata/listing?id=78",
        quirks=("an estimate for 2020 on cells of 100 m, built-up land alone", "fetched only when it is named"),
    ),
    _people,
    classes=False,
)
LAND_COVER = Rasters(
    raster_info(
        "worldcover-land",
        "สิ่งปกคลุมดิน (ESA WorldCover)",
        "Land cover (ESA WorldCover 2021)",
        provider="ESA WorldCover",
        hosts=(_WORLDCOVER,),
        licence="© ESA WorldCover project 2021 / contains modified Copernicus Sentinel data (2021) processed by ESA "
        "WorldCover consortium, CC BY 4.0",
        use="forest and fields per tambon",
        docs="https://esa-worldcover.org/en/data-access",
        quirks=(
            "tiles of three degrees, about 100 megabytes each, of which only the part of the place is read",
            "fetched only when it is named",
        ),
    ),
    _tiles,
    classes=True,
)
