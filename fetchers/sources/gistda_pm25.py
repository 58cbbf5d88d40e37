"""GISTDA's PM2.5 ("Check Foon"): a model from satellite, weather and ground stations, by amphoe. Never a measurement.

Cadence: hourly; no key. Terms were not found: GISTDA is named wherever a value is shown.
Quirks cured here: stamps end in Z but are Thai local time; some numbers are texts; status and message stand inside a
reply that itself says 200. Whether a stamp begins or ends its hour is not known, and it is kept as written.
One request for the middle of each amphoe; the reply says which amphoe it is and holds 24 hours. The provider's own mean
of 24 hours is passed over: the desk makes its own from the hours.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import numpy as np
import pandas as pd

from data.contracts import check_stations
from data.errors import SourceChanged, SourceRefused
from fetchers import readings
from fetchers.http import Reply
from fetchers.parsed import Parsed
from fetchers.source import Area, Info, Period, Request, json_of, without_today

_HOST = "pm25.gistda.or.th"
#: Field of the hours in a reply.
HISTORY = "graphHistory24hrs"


@dataclass(frozen=True)
class Amphoes:
    """The last 24 hours at the middle of each amphoe of the place."""

    info: Info

    def requests_for(self, area: Area, period: Period | None, key: str, now: dt.datetime) -> Sequence[Request]:
        """Return one request an amphoe: there is no past but the last 24 hours, so none for a period without today."""
        del key
        if without_today(period, now):
            return []
        return [
            Request(f"https://{_HOST}/rest/getPm25byLocation?{urlencode({'lat': lat, 'lng': lon})}", f"amphoe {name}")
            for name, lon, lat in area.points
            if len(name) == 4 and name.isdigit()
        ]

    def parse(self, reply: Reply, now: dt.datetime) -> Parsed:
        """Return the readings of a reply; see `Source.parse`.

        Understood are `getPm25byLocation`, `getPM25byAmphoe24hrs` and the bare list of hours that both hold.
        """
        source = self.info.key
        document = json_of(reply, source)
        data = _data_of(document, reply, source) if isinstance(document, dict) else document
        hours = data.get(HISTORY) if isinstance(data, dict) else data
        if not isinstance(hours, list) or not all(isinstance(hour, list) and len(hour) == 2 for hour in hours):
            raise SourceChanged(f"{source}: expected pairs of value and stamp", context={"source": source})
        loc = data.get("loc") if isinstance(data, dict) else None
        station_id, stations = _station(loc if isinstance(loc, dict) else {}, reply.url)
        columns = {
            "value": [value for value, _ in hours],
            "stamp": [str(stamp or "").upper().removesuffix("Z") for _, stamp in hours],
            "station_id": [station_id] * len(hours),
        }
        sheet, sieve = readings.opened(columns)
        stamps = readings.moments_until(sieve, sheet.words["stamp"], now)
        sieve.tell("thai_time_marked_utc", np.ones(len(sheet), dtype=bool))
        return readings.assemble(
            "gistda-pm25-json",
            sheet,
            sieve,
            station_id=sheet.words["station_id"],
            measured_at=stamps,
            averaging="PT1H",
            measured={"pm25": readings.values(sieve, sheet.words["value"], "pm25")},
            source="gistda",
            flag="model",
            stations=stations,
        )


def _data_of(document: Mapping[str, Any], reply: Reply, source: str) -> Any:
    """Return what the envelope holds; its own words count, whatever the status of the reply."""
    problem = str(document.get("errMsg") or document.get("message") or "")[:160]
    status = str(document.get("status", reply.status))
    if status != "200" or problem:
        problem = problem or f"status {status}"
        raise SourceRefused(f"{source}: {problem}", key="source_says", context={"source": source, "problem": problem})
    return document.get("data")


def _station(loc: Mapping[str, Any], url: str) -> tuple[str, pd.DataFrame | None]:
    """Return whose hours they are, and its place where the address tells it."""
    asked = {name: found[0] for name, found in parse_qs(urlsplit(url).query).items()}
    code = str(loc.get("ap_idn") or asked.get("ap_idn") or "")
    if "lat" not in asked or "lng" not in asked:
        return (f"gistda:{code}" if code else ""), None
    lat, lon = asked["lat"], asked["lng"]
    station_id = f"gistda:{code}" if code else f"gistda:{lat},{lon}"
    name = str(loc.get("ap_tn") or loc.get("loctext") or code)
    row = {
        "station_id": station_id,
        "name_th": f"แบบจำลอง GISTDA {name}".strip(),
        "name_en": f"GISTDA model, {loc.get('ap_en') or code or f'{lat}, {lon}'}",
        "area_th": str(loc.get("pv_tn") or ""),
        "area_en": str(loc.get("pv_en") or ""),
        "station_type": "model",
        "lon": float(lon),
        "lat": float(lat),
        "source": "gistda",
    }
    return station_id, check_stations(pd.DataFrame([row]))


AMPHOES = Amphoes(
    Info(
        key="gistda-pm25",
        name_th="PM2.5 รายอำเภอ (เช็คฝุ่น GISTDA)",
        name_en="PM2.5 by amphoe (GISTDA model)",
        kind="readings",
        provider="GISTDA",
        cadence_minutes=60,
        latency_minutes=60,
        hosts=(_HOST,),
        licence="GISTDA; terms for passing on were not found",
        use="PM2.5 in amphoes without a station; a model, marked as such",
        docs="https://pm25.gistda.or.th",
        quirks=(
            "stamps end in Z but are Thai local time",
            "a model of satellite, weather and ground stations, not a measurement",
        ),
        default=False,
    )
)
