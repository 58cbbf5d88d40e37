"""PM2.5 of the CAMS global forecast as a grid of 0.4 degrees, from the Atmosphere Data Store. A free key, and a queue.

Cadence: two runs a day of five days; the one of 00 UTC is usable at about 10 UTC, that of 12 UTC at about 22 UTC. The
licence has to be accepted once on the store's page. Its line: contains modified Copernicus Atmosphere Monitoring
Service information.
How it is asked (OGC API Processes, as the store's own client does): a job is submitted by POST, looked after until it
is done, and its result, a zip file with a NetCDF file, is fetched from the store's object storage, which never gets the
key. The list of one's own jobs is asked first: a job for the same run that is queued, running or done is taken up, so a
fetch that ended before the queue did costs nothing, and nothing has to be remembered here.
Quirks cured here: a refusal stands in `detail` or `title`; the address of a result carries a signature, which is kept
nowhere. Kilograms a cubic metre become micrograms in `fetchers.fields`.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode, urljoin

from data.errors import FileRefused, SourceChanged, SourceRefused
from fetchers.http import Reply
from fetchers.parsed import Parsed
from fetchers.source import Area, Ask, Info, Period, Request, json_of, without_today

_HOST = "ads.atmosphere.copernicus.eu"
_STORAGE = "object-store.os-api.cci2.ecmwf.int"
_DATASET = "cams-global-atmospheric-composition-forecasts"
_API = f"https://{_HOST}/api/retrieve/v1"
#: A run is asked for so long after its start, and every so many hours of it.
_READY = dt.timedelta(hours=10)
_HOURS = [str(hour) for hour in range(0, 121, 3)]
#: Seconds between two looks at a job; so many of the newest jobs are looked through for ours.
_LOOK_S, _JOBS = 5.0, 5
_MOST_BYTES = 200_000_000
#: Around the place, degrees.
_ROOM = 4.0


@dataclass(frozen=True)
class Forecast:
    """The newest run over the place and its surroundings."""

    info: Info

    def requests_for(self, area: Area, period: Period | None, key: str, now: dt.datetime) -> Sequence[Request]:
        """Return the job to submit for the newest run; none for a period without today."""
        if without_today(period, now):
            return []
        ready = now - _READY
        run = ready.replace(hour=ready.hour // 12 * 12, minute=0, second=0, microsecond=0)
        inputs = {
            "variable": ["particulate_matter_2.5um"],
            "date": [f"{run:%Y-%m-%d}/{run:%Y-%m-%d}"],
            "time": [f"{run:%H}:00"],
            "leadtime_hour": _HOURS,
            "type": ["forecast"],
            "data_format": "netcdf_zip",
            "area": [
                round(n, 2) for n in (area.north + _ROOM, area.west - _ROOM, area.south - _ROOM, area.east + _ROOM)
            ],
        }
        body = json.dumps({"inputs": inputs}, sort_keys=True)
        url = f"{_API}/processes/{_DATASET}/execution"
        return [Request(url, f"run {run:%Y-%m-%d %H} UTC", {"PRIVATE-TOKEN": key}, body=body)]

    def collect(self, request: Request, ask: Ask) -> Reply:
        """Return the result of the job that `request` submits, or of the same one submitted before."""
        source = self.info.key
        asked = replace(request, body="")
        job = self._submitted(asked, json.loads(request.body)["inputs"], ask) or self._json(request, ask)
        while job.get("status") in ("accepted", "running"):
            job = self._json(_at(asked, f"/jobs/{job['jobID']}"), ask, _LOOK_S)
        if job.get("status") != "successful":
            problem = f"the job ended as {job.get('status')}"
            context = {"source": source, "problem": problem}
            raise SourceRefused(f"{source}: {problem}", key="source_says", context=context)
        where = _at(asked, f"/jobs/{job['jobID']}/results")
        try:
            href = str(self._json(where, ask)["asset"]["value"]["href"])
        except (KeyError, TypeError) as error:
            raise SourceChanged(f"{source}: no address of a result", context={"source": source}) from error
        return replace(ask(replace(asked, url=urljoin(where.url, href), headers={}), 0.0), url=where.url)

    def _submitted(self, asked: Request, inputs: Mapping[str, Any], ask: Ask) -> Mapping[str, Any] | None:
        query = urlencode({"processID": _DATASET, "sortby": "-created", "limit": _JOBS})
        for job in self._json(_at(asked, f"/jobs?{query}"), ask).get("jobs", []):
            if job.get("processID") == _DATASET and job.get("status") in ("accepted", "running", "successful"):
                told = self._json(_at(asked, f"/jobs/{job['jobID']}?request=true"), ask)
                given = ((told.get("metadata") or {}).get("request") or {}).get("ids") or {}
                if all(_plain(given.get(name)) == _plain(value) for name, value in inputs.items()):
                    return told
        return None

    def _json(self, request: Request, ask: Ask, after_s: float = 0.0) -> Mapping[str, Any]:
        source = self.info.key
        reply = ask(request, after_s)
        document = json_of(reply, source)
        if not isinstance(document, dict):
            raise SourceChanged(f"{source}: expected an object, got {reply.content[:40]!r}", context={"source": source})
        if reply.status >= 400:
            problem = str(document.get("detail") or document.get("title") or f"HTTP {reply.status}")[:160]
            context = {"source": source, "problem": problem}
            raise SourceRefused(f"{source}: {problem}", key="source_says", context=context)
        return document

    def parse(self, reply: Reply, now: dt.datetime) -> Parsed:
        """Return the grid of a result; see `Source.parse`."""
        # Loaded when first needed: the libraries for grids are large, and most commands need none.
        from fetchers import netcdf

        source = self.info.key
        try:
            return netcdf.parse(_unpacked(reply.content), "cams", now)
        except (FileRefused, zipfile.BadZipFile, OSError) as refusal:
            raise SourceChanged(f"{source}: {refusal}", context={"source": source}) from refusal


def _at(request: Request, path: str) -> Request:
    return replace(request, url=f"{_API}{path}")


def _plain(value: Any) -> list[str]:
    """Return a wish in a form in which a list of one is its one, 24 is 24.0, and the order does not matter."""
    listed = value if isinstance(value, list) else [value]
    return sorted(f"{one:g}" if isinstance(one, int | float) else str(one) for one in listed)


def _unpacked(content: bytes) -> bytes:
    """Return the one NetCDF file of a zip file, or the content as it is."""
    if not content.startswith(b"PK\x03\x04"):
        return content
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        inside = [member for member in packed.infolist() if member.filename.endswith(".nc")]
        if len(inside) != 1 or inside[0].file_size > _MOST_BYTES:
            raise OSError(f"expected one NetCDF file, got {[member.filename for member in inside][:3]}")
        return packed.read(inside[0])


FORECAST = Forecast(
    Info(
        key="cams-forecast",
        name_th="พยากรณ์ PM2.5 แบบกริด (CAMS)",
        name_en="PM2.5 forecast grid (CAMS)",
        kind="grid",
        provider="Copernicus Atmosphere Data Store",
        cadence_minutes=12 * 60,
        latency_minutes=10 * 60,
        hosts=(_HOST, _STORAGE),
        licence="Contains modified Copernicus Atmosphere Monitoring Service information; neither the European "
        "Commission nor ECMWF is responsible for any use of it",
        use="PM2.5 where nothing is measured, and of the coming days; a model on cells of about 44 km",
        docs="https://ads.atmosphere.copernicus.eu/datasets/cams-global-atmospheric-composition-forecasts",
        per_minute=30,
        key_setting="ads_key",
        quirks=(
            "a job waits in a queue for minutes to hours; what is not done in time is taken up by the next fetch",
            "a model that under-reads smoke, not a measurement",
            "forecasts of the desk take a run as known ten hours after its start",
        ),
        default=False,
        deadline_s=60.0,
    )
)
