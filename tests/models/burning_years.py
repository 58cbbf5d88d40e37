"""A made-up north whose smoke comes from fires and is carried by a known wind, beside what a desk would know of both.

Known truth: each day fires burn at fixed spots with power that no earlier day tells; their smoke drifts hour by hour
with one wind for the whole north and adds to the air of the next day where it passes. The rest is `smoky_years`.
"""

from __future__ import annotations

import dataclasses
import datetime as dt

import numpy as np
import pandas as pd

from data import contracts
from data.identity import hotspot_ids
from data.merge import Writer, bounds_of
from models import fire_power
from models.desk import Desk
from models.station_days import StationDays
from tests import make
from tests.models import smoky_years

#: Where the one model place stands that tells the wind.
PLACE = {"station_id": "model:middle", "lon": 99.6, "lat": 18.9, "station_type": "model"}
#: Spots that burn, and how wide the smoke of one is, km.
_SPOTS, _WIDTH_KM = 30, 35.0
#: µg/m³ that a fire of 1 MW adds under the middle of its smoke.
_PER_MW = 0.6


def wind(days: int, seed: int) -> np.ndarray:
    """Return the wind, shape (days, 24, 2), m/s towards east and north: turns within some days, seldom calm."""
    random = np.random.default_rng(seed)
    out = np.zeros((24 * days, 2))
    for hour in range(1, len(out)):
        out[hour] = 0.985 * out[hour - 1] + random.normal(0, 0.45, 2)
    return out.reshape(days, 24, 2)


def seen(days: int, seed: int) -> fire_power.Seen:
    """Return the fires: each spot burns on two days of five; and weak ones far away, so that the files reach far."""
    random = np.random.default_rng(seed)
    spots = random.uniform([-150, -150], [150, 150], (_SPOTS, 2))
    day, spot = np.nonzero(random.random((days, _SPOTS)) < 0.4)
    day, at = np.append(day, [0, days - 1]), np.append(spots[spot], [[-650, -650], [650, 650]], axis=0)
    return fire_power.Seen(day, at, np.append(random.gamma(0.6, 120.0, len(spot)), [1.0, 1.0]))


def smoke(first: dt.date, last: dt.date, *, seed: int = 5) -> tuple[StationDays, fire_power.Seen, np.ndarray]:
    """Return the days from `first` to `last`, the fires and the wind; the days carry no drivers yet."""
    data = smoky_years.smoke(first, last, seed)
    fires, air = seen(len(data.days), seed), wind(len(data.days), seed)
    moved = np.cumsum(air.reshape(-1, 2) * 3.6, axis=0)
    stations = fire_power.plane(data.lon, data.lat)
    added = np.zeros(data.value.shape)
    for day, at, power in zip(fires.day, fires.at, fires.power_mw, strict=True):
        hours = np.arange(24 * (day + 1), min(24 * (day + 2), len(moved)))
        # Seen at half past one in the afternoon; where its smoke is in each hour of the next day.
        puff = at + moved[hours] - moved[24 * day + 13]
        away = np.hypot(*(puff[:, None] - stations).transpose(2, 0, 1))
        if len(hours):
            added[day + 1] += _PER_MW * power * np.exp(-((away / _WIDTH_KM) ** 2) / 2).mean(axis=0)
    return dataclasses.replace(data, value=(data.value + added).round(1)), fires, air


def known(data: StationDays, fires: fire_power.Seen, air: np.ndarray) -> StationDays:
    """Return the days with the drivers that a desk would make of fires and wind."""
    stations, shape = fire_power.plane(data.lon, data.lat), data.value.shape
    east, north = (np.broadcast_to(air[..., axis, None], (len(air), 24, shape[1])) for axis in (0, 1))
    under = zip(("today", "beyond"), fire_power.way_back(east, north), strict=True)
    groups = {
        **{
            name: fire_power.fires(fires, stations, np.ones(shape, bool), *far)
            for name, far in fire_power.AROUND.items()
        },
        # The air moves faster than the wind at 10 m that is stored.
        "weather model": {"east": east.mean(axis=1) / 1.3, "north": north.mean(axis=1) / 1.3},
        "upwind model": {name: np.log1p(fire_power.power_under(fires, stations, way)) for name, way in under},
    }
    return dataclasses.replace(data, drivers=groups)


def hotspots(data: StationDays, fires: fire_power.Seen) -> pd.DataFrame:
    """Return the fires as detections of Suomi NPP, at half past one in the afternoon."""
    wide = np.cos(np.radians(18.5)) * 111.195
    stamps = pd.to_datetime(data.days[fires.day]) + pd.Timedelta(hours=6, minutes=30)
    lon, lat = 99.5 + fires.at[:, 0] / wide, 18.5 + fires.at[:, 1] / 111.195
    when = pd.Series(stamps.tz_localize("UTC").astype("datetime64[us, UTC]"))
    table = pd.DataFrame({**make.HOTSPOT, "acquired_at": when, "lon": lon, "lat": lat, "frp_mw": fires.power_mw})
    names = hotspot_ids(table["satellite"], when, lon, lat)
    return contracts.typed(
        table.assign(hotspot_id=names), contracts.HOTSPOT_COLUMNS, contracts.HOTSPOT_CATEGORIES
    ).reset_index(drop=True)


def weather(data: StationDays, air: np.ndarray) -> pd.DataFrame:
    """Return the wind as hours of a model at one place, and nothing else of the weather."""
    start = pd.Timestamp(str(data.days[0]), tz="Asia/Bangkok").tz_convert("UTC")
    hours = pd.date_range(start, periods=air[..., 0].size, freq="h").astype("datetime64[us, UTC]")
    east, north = air.reshape(-1, 2).T
    blows = {"wind_speed_ms": np.hypot(east, north) / 1.3, "wind_from_deg": np.degrees(np.arctan2(-east, -north)) % 360}
    table = pd.DataFrame({"measured_at": hours, "station_id": PLACE["station_id"], "source": "test", "flag": "model"})
    table = table.assign(issued_at=pd.Series(pd.NaT, index=table.index, dtype="datetime64[us, UTC]"), **blows)
    return contracts.typed(
        table.reindex(columns=list(contracts.WEATHER_COLUMNS)), contracts.WEATHER_COLUMNS, contracts.WEATHER_CATEGORIES
    )


def stored(desk: Desk, fires: pd.DataFrame, air: pd.DataFrame) -> Desk:
    """Return the desk with detections, as of one file, and weather stored too."""
    with desk.store.locked():
        writer = Writer(desk.store, desk.store.state())
        writer.add_hotspots(fires)
        writer.note({"source": "fires", "kind": "hotspots", "format": "firms-archive-csv", **bounds_of(fires)})
        writer.add_weather(air, make.stations(PLACE))
        writer.commit()
    return Desk(desk.store, desk.place, desk.settings, is_sample=False, now=desk.now)
