"""Weather of models by Open-Meteo: what is coming, what lately was, and ERA5 for long ago. Never a measurement.

Cadence: the models are run four times a day; ERA5 is about five days late. Free for non-commercial use: below 600 calls
a minute, 5,000 an hour, 10,000 a day, where a place, two weeks and ten variables are one call; the net and the points
of a desk are some 120 calls a request. Licence: CC BY 4.0, Open-Meteo to be named.
Quirks cured here and in `fetchers.open_meteo_json`: wind is in km/h unless asked for otherwise; the reply names its
cell, not the place asked for; rain is the sum of the hour before its stamp; times carry no zone but that of the reply;
nothing in a reply says when it was made, so hours after now count as known at the full hour of asking.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from data.clock import thai_day
from data.errors import FileRefused, SourceChanged
from fetchers import open_meteo_json
from fetchers.http import Reply
from fetchers.parsed import Parsed
from fetchers.source import Area, Info, Period, Request, without_today
from fetchers.sources.open_meteo import document_of

_NEAR_GROUND = (
    "temperature_2m",
    "relative_humidity_2m",
    "precipitation",
    "surface_pressure",
    "boundary_layer_height",
    "wind_speed_10m",
    "wind_direction_10m",
    "wind_speed_100m",
    "wind_direction_100m",
)
_ALOFT = tuple(
    f"wind_{part}_{height}" for height in ("80m", "120m", "925hPa", "850hPa") for part in ("speed", "direction")
)
#: Two weeks of one place are one call of the provider's count.
_DAYS_A_REQUEST = 14
#: Of what is new: so many days back, since a run of the model that failed is made up for, and so many ahead.
_BACK, _AHEAD = 2, 3


@dataclass(frozen=True)
class Weather:
    """One of the provider's services of hourly weather.

    Attributes
    ----------
    info : Info
    path : str
    variables : tuple of str
    prefix, model : str
        First part of the ids of its cells; what they are named after.
    late_days : int
        So many days before today is the last one asked for.
    """

    info: Info
    path: str
    variables: tuple[str, ...]
    prefix: str
    model: str
    late_days: int = 0

    def requests_for(self, area: Area, period: Period | None, key: str, now: dt.datetime) -> Sequence[Request]:
        """Return requests of at most 14 Thai days, oldest first, each for all points and the net."""
        del key
        where = [*((lon, lat) for _, lon, lat in area.points), *area.lattice]
        if not where or (not self.info.by_period and without_today(period, now)):
            return []
        fixed = {
            "latitude": ",".join(f"{lat:g}" for _, lat in where),
            "longitude": ",".join(f"{lon:g}" for lon, _ in where),
            "hourly": ",".join(self.variables),
            "wind_speed_unit": "ms",
            "timezone": "Asia/Bangkok",
        }
        found = []
        for part in self._days(period, thai_day(now)).parts(_DAYS_A_REQUEST):
            query = urlencode({**fixed, "start_date": part.first, "end_date": part.last}, safe=",")
            label = f"{len(where)} points of {','.join(area.provinces)}, {part.first} to {part.last}"
            since, until = (part.first, part.last) if period is not None else (None, None)
            url = f"https://{self.info.hosts[0]}{self.path}?{query}"
            found.append(Request(url, label, since=since, until=until))
        return found

    def _days(self, period: Period | None, today: dt.date) -> Period:
        last = today - dt.timedelta(days=self.late_days)
        first = last - dt.timedelta(days=_BACK)
        if self.info.by_period:
            return Period(first, last) if period is None else Period(period.first, min(period.last, last))
        # What is coming is asked for in any case, and of the past at most two weeks.
        if period is not None:
            first = min(first, max(period.first, today - dt.timedelta(days=_DAYS_A_REQUEST)))
        return Period(first, today + dt.timedelta(days=_AHEAD))

    def parse(self, reply: Reply, now: dt.datetime) -> Parsed:
        """Return the weather of a reply; see `Source.parse`."""
        source = self.info.key
        document = document_of(reply, source)
        if not open_meteo_json.is_weather(document):
            raise SourceChanged(f"{source}: no hours of weather (HTTP {reply.status})", context={"source": source})
        issued = now.replace(minute=0, second=0, microsecond=0)
        try:
            return open_meteo_json.parse(document, now, prefix=self.prefix, model=self.model, issued_at=issued)
        except FileRefused as refusal:
            if refusal.key == "header_only":
                raise
            raise SourceChanged(str(refusal), context={"source": source}) from refusal


def _info(key: str, name_th: str, name_en: str, host: str, **more: object) -> Info:
    facts: dict[str, object] = {
        "kind": "weather",
        "provider": "Open-Meteo",
        "cadence_minutes": 6 * 60,
        "latency_minutes": 60,
        "licence": "Open-Meteo.com, CC BY 4.0",
        "use": "wind, mixing height, humidity and rain for the way of smoke and the danger of fire; a model",
        # Each request counts as some 120 calls; 600 a minute are allowed.
        "per_minute": 4,
        "by_period": True,
        "default": False,
        **more,
    }
    return Info(key=key, name_th=name_th, name_en=name_en, hosts=(host,), **facts)  # type: ignore[arg-type]


_RAIN = "rain is the sum of the hour before its stamp and is put to that hour"
FORECAST = Weather(
    _info(
        "open-meteo-weather",
        "พยากรณ์อากาศ (Open-Meteo)",
        "Weather forecast (Open-Meteo)",
        "api.open-meteo.com",
        docs="https://open-meteo.com/en/docs",
        quirks=(_RAIN, "hours after now are kept with the full hour at which they were asked for"),
        by_period=False,
    ),
    "/v1/forecast",
    (*_NEAR_GROUND, *_ALOFT),
    "open-meteo",
    "Open-Meteo",
)
RECENT = Weather(
    _info(
        "open-meteo-past",
        "พยากรณ์อากาศย้อนหลัง (Open-Meteo)",
        "Weather of past forecasts (Open-Meteo)",
        "historical-forecast-api.open-meteo.com",
        docs="https://open-meteo.com/en/docs/historical-forecast-api",
        quirks=(_RAIN, "begins about 2022; the first hours of each run, one after the other"),
        latency_minutes=2 * 24 * 60,
        cadence_minutes=24 * 60,
    ),
    "/v1/forecast",
    (*_NEAR_GROUND, *_ALOFT),
    "open-meteo",
    "Open-Meteo",
    late_days=1,
)
ARCHIVE = Weather(
    _info(
        "open-meteo-era5",
        "สภาพอากาศย้อนหลัง ERA5 (Open-Meteo)",
        "ERA5 reanalysis (Open-Meteo)",
        "archive-api.open-meteo.com",
        docs="https://open-meteo.com/en/docs/historical-weather-api",
        licence="Open-Meteo.com, CC BY 4.0; contains modified Copernicus Climate Change Service information",
        quirks=(_RAIN, "about five days late; no wind above 100 m"),
        latency_minutes=6 * 24 * 60,
        cadence_minutes=24 * 60,
    ),
    "/v1/archive",
    _NEAR_GROUND,
    "era5",
    "ERA5",
    late_days=6,
)
