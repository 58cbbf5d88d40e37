"""GISTDA's hotspots with its own place names and land classes, by the API gateway, with a free key.

Cadence: after each pass; about half an hour after NASA. Quirks cured here: paging by offset; times also in Thai time;
the satellite is read from the id. Terms were not found: GISTDA is named wherever a value is shown.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode, urlsplit

from data.clock import thai_day
from data.errors import FileRefused, SourceChanged, SourceRefused
from fetchers import gistda
from fetchers.http import Reply
from fetchers.parsed import Parsed
from fetchers.source import Area, Info, Period, Request, json_of

_HOST = "api-gateway.gistda.or.th"
_PAGE = 1000
_SPANS = ((1, "1day"), (3, "3days"), (7, "7days"), (30, "30days"))


@dataclass(frozen=True)
class Hotspots:
    """VIIRS hotspots of the place's provinces."""

    info: Info

    def requests_for(self, area: Area, period: Period | None, key: str, now: dt.datetime) -> Sequence[Request]:
        """Return one request a province for the shortest span that reaches the first day asked for."""
        today = thai_day(now)
        if period is not None and not period.first <= today < period.last + dt.timedelta(days=_SPANS[-1][0]):
            return []
        back = 1 if period is None else (today - period.first).days + 1
        span = next((name for days, name in _SPANS if back <= days), _SPANS[-1][1])
        found = []
        for province in area.provinces:
            query = urlencode({"limit": _PAGE, "offset": 0, "ct_tn": "ราชอาณาจักรไทย", "pv_idn": province})
            url = f"https://{_HOST}/api/2.0/resources/features/viirs/{span}?{query}"
            found.append(Request(url, f"viirs {span} pv_idn={province}", {"API-Key": key}))
        return found

    def following(self, request: Request, reply: Reply) -> Sequence[Request]:
        """Return the request of the next page; a page that is not full is the last."""
        document = json_of(reply, self.info.key)
        if len(document["features"]) < _PAGE:
            return ()
        parts = urlsplit(request.url)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        offset = int(query["offset"]) + _PAGE
        label = f"{request.label.partition(' from ')[0]} from {offset}"
        url = parts._replace(query=urlencode({**query, "offset": offset})).geturl()
        return (Request(url, label, request.headers),)

    def parse(self, reply: Reply, now: dt.datetime) -> Parsed:
        """Return the detections of a reply; see `Source.parse`."""
        document = json_of(reply, self.info.key)
        if not isinstance(document, dict) or not isinstance(document.get("features"), list):
            words = str(document)[:200]
            if re.search(r"key|unauthori[sz]ed|forbidden|access denied", words, re.IGNORECASE):
                raise SourceRefused(f"answered {words}", key="source_key", context={"source": self.info.key})
            raise SourceChanged(f"no feature collection but {words}", context={"source": self.info.key})
        try:
            return gistda.parse_geojson(document, now)
        except FileRefused as refusal:
            if refusal.key == "header_only":
                raise
            raise SourceChanged(str(refusal), context={"source": self.info.key, **refusal.context}) from refusal


VIIRS = Hotspots(
    Info(
        key="gistda-viirs",
        name_th="จุดความร้อน VIIRS (GISTDA)",
        name_en="VIIRS hotspots (GISTDA)",
        kind="hotspots",
        provider="GISTDA",
        cadence_minutes=12 * 60,
        latency_minutes=240,
        hosts=(_HOST,),
        licence="GISTDA; terms for passing on were not found",
        use="hotspots with land class, as official Thai counts are made",
        docs="https://disaster.gistda.or.th",
        key_setting="gistda_key",
        quirks=("the satellite is read from the id, which is our reading",),
        by_period=True,
        default=False,
    )
)
