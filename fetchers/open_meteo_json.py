"""Open-Meteo's JSON of hourly weather, of one place or several, from a file or from the service.

Units are read from the reply and converted; names of today and of earlier versions are understood. Never asks for
anything, never reads air quality.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from data.contracts import check_stations
from data.errors import FileRefused
from fetchers import readings, weather
from fetchers.delimited import Numbers, Sieve
from fetchers.parsed import Parsed

#: The service's names, today's first, by ours; what stands first is taken.
NAMES: dict[str, tuple[str, ...]] = {
    "temperature_c": ("temperature_2m",),
    "humidity_pct": ("relative_humidity_2m", "relativehumidity_2m"),
    "rain_mm": ("precipitation", "rain"),
    "pressure_hpa": ("surface_pressure",),
    "wind_speed_ms": ("wind_speed_10m", "windspeed_10m"),
    "wind_from_deg": ("wind_direction_10m", "winddirection_10m"),
    "wind_speed_100m_ms": ("wind_speed_100m", "windspeed_100m"),
    "wind_from_100m_deg": ("wind_direction_100m", "winddirection_100m"),
    "wind_speed_925hpa_ms": ("wind_speed_925hPa", "windspeed_925hPa"),
    "wind_from_925hpa_deg": ("wind_direction_925hPa", "winddirection_925hPa"),
    "wind_speed_850hpa_ms": ("wind_speed_850hPa", "windspeed_850hPa"),
    "wind_from_850hpa_deg": ("wind_direction_850hPa", "winddirection_850hPa"),
    "boundary_layer_m": ("boundary_layer_height",),
}
_KNOWN = frozenset(name for names in NAMES.values() for name in names)
#: Where there is no wind at 100 m, the one halfway between these two heights is taken.
_BELOW_ABOVE = ("80m", "120m")


def is_weather(document: Any) -> bool:
    """Tell whether JSON is a reply of hourly weather, of one place or a list of several."""
    places = document if isinstance(document, list) else [document]
    return bool(places) and all(
        isinstance(place, dict)
        and {"latitude", "longitude", "hourly", "hourly_units"} <= set(place)
        and isinstance(place["hourly"], dict)
        and bool(_KNOWN & set(place["hourly"]))
        for place in places
    )


def parse(
    document: Any,
    now: dt.datetime,
    *,
    prefix: str = "open-meteo",
    model: str = "Open-Meteo",
    issued_at: dt.datetime | None = None,
) -> Parsed:
    """Return the weather of a reply.

    Parameters
    ----------
    document : object
        JSON as loaded, for which `is_weather` holds.
    now : datetime
        Aware, UTC.
    prefix, model : str
        First part of the places' ids and their `source`; what the places are named after.
    issued_at : datetime, optional
        See `weather.assemble`.

    Raises
    ------
    FileRefused
        ``header_only`` without one hour; ``weather_unread`` for an unknown unit or columns of unequal length.
    """
    try:
        cells = _cells(document if isinstance(document, list) else [document], prefix)
        return _parsed(cells, now, prefix, model, issued_at)
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
        problem = f"{type(error).__name__}: {error}"[:120]
        raise FileRefused(
            f"Open-Meteo: hours of weather that cannot be read ({problem})",
            key="weather_unread",
            context={"problem": problem},
        ) from error


def measured(sieve: Sieve, columns: Mapping[str, Numbers], units: Mapping[str, str]) -> dict[str, weather.Values]:
    """Return values by the desk's names from columns by the service's; ValueError for an unknown unit."""
    found = {}
    for ours, names in NAMES.items():
        theirs = next((name for name in names if name in columns), None)
        if theirs is not None:
            found[ours] = weather.values(sieve, columns[theirs], ours, weather.unit_of(ours, units[theirs]))
    speeds, froms = ([f"wind_{part}_{height}" for height in _BELOW_ABOVE] for part in ("speed", "direction"))
    if {*speeds, *froms} <= set(columns):
        pairs = [
            weather.components(
                weather.values(
                    sieve, columns[s], "wind_speed_100m_ms", weather.unit_of("wind_speed_100m_ms", units[s])
                ),
                weather.values(sieve, columns[d], "wind_from_100m_deg"),
            )
            for s, d in zip(speeds, froms, strict=True)
        ]
        east, north = ((one + other) / 2 for one, other in zip(*pairs, strict=True))
        speed, wind_from = weather.from_components(east, north)
        here = found.get("wind_speed_100m_ms", np.full(len(speed), np.nan))
        direction = found.get("wind_from_100m_deg", np.full(len(speed), np.nan))
        gap = np.isnan(here) | np.isnan(direction)
        found["wind_speed_100m_ms"] = np.where(gap, speed, here)
        found["wind_from_100m_deg"] = np.where(gap, wind_from, direction)
    return found


def _cells(places: list[dict[str, Any]], prefix: str) -> dict[str, dict[str, Any]]:
    """Return each cell of the model once, by id: several places may share one."""
    # The reply's degrees carry the noise of 32 bits: 44.449997 is 44.45.
    return {f"{prefix}:{float(place['latitude']):.2f},{float(place['longitude']):.2f}": place for place in places}


def _parsed(
    cells: Mapping[str, Mapping[str, Any]], now: dt.datetime, prefix: str, model: str, issued_at: dt.datetime | None
) -> Parsed:
    first = next(iter(cells.values()))
    units = {str(name): str(unit) for name, unit in first["hourly_units"].items()}
    columns: dict[str, list[object]] = {"station_id": [], "stamp": []}
    names = [name for name in first["hourly"] if name in _KNOWN or name.endswith(_BELOW_ABOVE)]
    columns |= {name: [] for name in names}
    for cell_id, cell in cells.items():
        if {str(name): str(unit) for name, unit in cell["hourly_units"].items()} != units:
            raise ValueError("places in different units")
        hourly = cell["hourly"]
        offset = str(dt.timezone(dt.timedelta(seconds=int(cell["utc_offset_seconds"])))).removeprefix("UTC") or "Z"
        columns["station_id"] += [cell_id] * len(hourly["time"])
        columns["stamp"] += [f"{time}{offset}" for time in hourly["time"]]
        for name in names:
            if len(hourly[name]) != len(hourly["time"]):
                raise ValueError(f"{len(hourly[name])} values of {name} for {len(hourly['time'])} hours")
            columns[name] += hourly[name]
    sheet, sieve = readings.opened(columns)
    stamps = readings.moments(sieve, sheet.words["stamp"])
    numbers = {name: sheet.words[name].numbers() for name in names}
    return weather.assemble(
        "open-meteo-weather-json",
        sheet,
        sieve,
        station_id=sheet.words["station_id"],
        measured_at=stamps,
        measured=measured(sieve, numbers, units),
        source=prefix,
        flag="model",
        rain_ends=True,
        now=now,
        issued_at=issued_at,
        places=model_places({key: (float(c["longitude"]), float(c["latitude"])) for key, c in cells.items()}, model),
    )


def model_places(cells: Mapping[str, tuple[float, float]], model: str) -> pd.DataFrame:
    """Return the cells of a model (id to longitude and latitude) as places in STATION_COLUMNS."""
    rows = [
        {
            "station_id": cell_id,
            "name_th": f"แบบจำลอง {model} {cell_id.partition(':')[2]}",
            "name_en": f"{model} model, {cell_id.partition(':')[2]}",
            "area_th": "",
            "area_en": "",
            "station_type": "model",
            "lon": round(lon, 4),
            "lat": round(lat, 4),
            "source": cell_id.partition(":")[0],
        }
        for cell_id, (lon, lat) in cells.items()
    ]
    return check_stations(pd.DataFrame(rows))
