"""PM2.5 of the CAMS model by Open-Meteo, for the middle of each amphoe and each station. Never a measurement.

Cadence: two runs of the model a day, usable about ten hours after their start; until then an hour that has passed is
itself a forecast, and is put right by the next fetch. Free for non-commercial use: below 600 calls a minute, 5,000 an
hour, 10,000 a day; a place and two weeks are one call. Licence: CC BY 4.0, Open-Meteo and CAMS to be named.
Hours after now are a forecast. A reply does not say which run it is of, so a mean of a whole day to come counts as
known at the moment of the fetch; a saved file has no such moment, and its hours ahead are left out.
Quirks cured here: the reply names its cell of about 40 km, not the place asked for, so several places share a cell,
which is taken once; several places come as a list, one as an object; the unit is spelt with the Greek mu; times carry
no zone but that of the reply; errors come as JSON with a reason.
CAMS under-reads smoke: 17 to 27 April 2026 at Lampang it gave a mean of 50 µg/m³ where 70 were measured.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pandas as pd

from data.clock import day_bounds, require_utc, thai_day, thai_days
from data.contracts import check_model_days, check_stations
from data.errors import SourceBusy, SourceChanged, SourceError, SourceRefused
from fetchers import readings
from fetchers.http import Reply
from fetchers.parsed import Parsed, Remark
from fetchers.source import Area, Info, Period, Request, json_of

_HOST = "air-quality-api.open-meteo.com"
#: Two weeks of one place are one call of the provider's count.
_DAYS_A_REQUEST = 14
#: Days to come that are asked for: the three that are forecast, and one for a day on which nobody fetches.
_AHEAD = 4
#: A run reaches five days; what speaks of a later day is no forecast of it.
_FARTHEST = 7


@dataclass(frozen=True)
class Cams:
    """Hours of the model at the place's points, past ones by period.

    Attributes
    ----------
    info : Info
    fetched : bool
        False for replies that somebody saved: nobody knows when their days to come were known.
    """

    info: Info
    fetched: bool = True

    def requests_for(self, area: Area, period: Period | None, key: str, now: dt.datetime) -> Sequence[Request]:
        """Return requests of at most 14 Thai days, oldest first; the last two days when no period is asked for.

        The one that reaches today asks for the days to come, too.
        """
        del key
        if not area.points:
            return []
        today = thai_day(now)
        first = today - dt.timedelta(days=2) if period is None else period.first
        last = today if period is None else min(period.last, today)
        where = {
            "latitude": ",".join(f"{lat:g}" for _, _, lat in area.points),
            "longitude": ",".join(f"{lon:g}" for _, lon, _ in area.points),
            "hourly": "pm2_5",
            "timezone": "Asia/Bangkok",
            "domains": "cams_global",
        }
        found = []
        for part in Period(first, last).parts(_DAYS_A_REQUEST):
            end = today + dt.timedelta(days=_AHEAD) if part.last == today else part.last
            query = urlencode({**where, "start_date": part.first, "end_date": end}, safe=",")
            label = f"{len(area.points)} points of {','.join(area.provinces)}, {part.first} to {part.last}"
            since, until = (part.first, part.last) if period is not None else (None, None)
            found.append(Request(f"https://{_HOST}/v1/air-quality?{query}", label, since=since, until=until))
        return found

    def parse(self, reply: Reply, now: dt.datetime) -> Parsed:
        """Return the readings of a reply; see `Source.parse`."""
        source = self.info.key
        document = document_of(reply, source)
        try:
            cells = _cells(document)
            rows = [row for cell_id, cell in cells.items() for row in _hours(cell_id, cell)]
            stations = _stations(cells)
        except (KeyError, TypeError, ValueError) as error:
            problem = f"{type(error).__name__}: {error}"[:120]
            raise SourceChanged(f"{source}: no hours of pm2_5 ({problem})", context={"source": source}) from error
        ahead = None
        if self.fetched:
            rows, ahead = _parted(rows, now)
        sheet, sieve = readings.opened(_columns(rows))
        stamps = readings.moments(sieve, sheet.words["stamp"])
        sieve.reject("forecast_hour", stamps > np.datetime64(require_utc(now).replace(tzinfo=None), "us"))
        parsed = readings.assemble(
            "open-meteo-air-json",
            sheet,
            sieve,
            station_id=sheet.words["station_id"],
            measured_at=stamps,
            averaging="PT1H",
            measured={"pm25": readings.values(sieve, sheet.words["value"], "pm25")},
            source="cams",
            flag="model",
            stations=stations,
        )
        if ahead is None or not len(ahead):
            return parsed
        told = Remark("forecast_days", len(ahead))
        return replace(parsed, model_days=ahead, mended=(*parsed.mended, told))


def document_of(reply: Reply, source: str) -> Any:
    """Return the document of a reply of any of the provider's services; raise what its error stands for."""
    document = json_of(reply, source)
    if isinstance(document, dict) and document.get("error"):
        raise _denial(str(document.get("reason", ""))[:160], source)
    return document


def _denial(reason: str, source: str) -> SourceError:
    if "limit exceeded" in reason.lower():
        return SourceBusy(f"{source}: {reason}", context={"source": source})
    context = {"source": source, "problem": reason}
    return SourceRefused(f"{source}: {reason}", key="source_says", context=context)


def _cells(document: Any) -> dict[str, Mapping[str, Any]]:
    """Return each cell of the grid once, by station id."""
    places = document if isinstance(document, list) else [document]
    # The reply's degrees carry the noise of 32 bits: 44.449997 is 44.45.
    return {f"cams:{place['latitude']:.2f},{place['longitude']:.2f}": place for place in places}


def _hours(cell_id: str, cell: Mapping[str, Any]) -> list[tuple[str, str, Any]]:
    unit = cell["hourly_units"]["pm2_5"]
    if not readings.is_micrograms(unit):
        raise ValueError(f"unit {unit!r}")
    offset = str(dt.timezone(dt.timedelta(seconds=cell["utc_offset_seconds"]))).removeprefix("UTC") or "Z"
    hourly = cell["hourly"]
    return [(cell_id, f"{t}{offset}", value) for t, value in zip(hourly["time"], hourly["pm2_5"], strict=True)]


def _columns(rows: Sequence[tuple[str, str, Any]]) -> dict[str, list[Any]]:
    return {name: [row[at] for row in rows] for at, name in enumerate(("station_id", "stamp", "value"))}


def _parted(rows: list[tuple[str, str, Any]], now: dt.datetime) -> tuple[list[tuple[str, str, Any]], pd.DataFrame]:
    """Return the hours without those of whole days to come, and the means of these days in MODEL_DAY_COLUMNS."""
    sheet, sieve = readings.opened(_columns(rows))
    stamps = pd.Series(readings.moments(sieve, sheet.words["stamp"])).dt.tz_localize("UTC")
    value = readings.values(sieve, sheet.words["value"], "pm25")
    table = pd.DataFrame({"station_id": [row[0] for row in rows], "stamp": stamps, "pm25": value})
    table["day"] = thai_days(stamps)
    hours = table.dropna().groupby(["station_id", "day"])
    table["hours"] = hours["stamp"].transform("nunique")
    ahead = (table["day"] - np.datetime64(thai_day(now))) / np.timedelta64(1, "D")
    whole = ahead.between(1, _FARTHEST) & (table["hours"] == 24)
    means = table[whole].groupby(["station_id", "day"], as_index=False)["pm25"].mean()
    # A model has no negative smoke; what packing leaves below zero is none.
    days = [day_bounds(day, day)[0] for day in means["day"].dt.date]
    known = means.assign(day=days, known_at=now.replace(microsecond=0), pm25=means["pm25"].clip(lower=0.0))
    return [row for row, taken in zip(rows, whole, strict=True) if not taken], check_model_days(known)


def _stations(cells: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    rows = [
        {
            "station_id": cell_id,
            "name_th": f"แบบจำลอง CAMS {cell_id.removeprefix('cams:')}",
            "name_en": f"CAMS model, {cell_id.removeprefix('cams:')}",
            "area_th": "",
            "area_en": "",
            "station_type": "model",
            "lon": round(float(cell["longitude"]), 4),
            "lat": round(float(cell["latitude"]), 4),
            "source": "cams",
        }
        for cell_id, cell in cells.items()
    ]
    return check_stations(pd.DataFrame(rows))


CAMS = Cams(
    Info(
        key="open-meteo-cams",
        name_th="แบบจำลอง CAMS (Open-Meteo)",
        name_en="CAMS model (Open-Meteo)",
        kind="readings",
        provider="Open-Meteo",
        cadence_minutes=12 * 60,
        latency_minutes=60,
        hosts=(_HOST,),
        licence="Open-Meteo.com, CC BY 4.0; contains modified Copernicus Atmosphere Monitoring Service information",
        use="PM2.5 where nothing is measured, and as one input of forecasts; a model, marked as such",
        docs="https://open-meteo.com/en/docs/air-quality-api",
        # A request asks for some twenty places and counts as many calls; 600 a minute are allowed.
        per_minute=20,
        quirks=(
            "a model on cells of about 40 km that under-reads smoke, not a measurement",
            "means of whole days to come are kept with the moment of the fetch; other hours after now are left out",
        ),
        by_period=True,
        default=False,
    )
)
#: The same for replies that somebody saved as a file.
SAVED = Cams(CAMS.info, fetched=False)
