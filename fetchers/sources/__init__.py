"""The explicit list of sources. A new one is one file beside this and one line here."""

from __future__ import annotations

from fetchers.source import Source
from fetchers.sources import (
    air4thai,
    boundaries,
    cams,
    dustboy,
    elevation,
    firms,
    gfs,
    gistda,
    gistda_pm25,
    open_meteo,
    open_meteo_weather,
    openaq,
    rasters,
)

_ALL: tuple[Source, ...] = (
    *firms.REGIONAL,
    *firms.AREA,
    gistda.VIIRS,
    air4thai.LIVE,
    air4thai.HISTORY,
    openaq.LATEST,
    openaq.ARCHIVE,
    dustboy.STATIONS,
    gistda_pm25.AMPHOES,
    open_meteo.CAMS,
    cams.FORECAST,
    open_meteo_weather.FORECAST,
    open_meteo_weather.RECENT,
    open_meteo_weather.ARCHIVE,
    gfs.WIND,
    boundaries.TAMBONS,
    rasters.POPULATION,
    rasters.LAND_COVER,
    elevation.HEIGHT,
)
SOURCES: dict[str, Source] = {source.info.key: source for source in _ALL}
