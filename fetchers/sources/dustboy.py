"""DustBoy, low-cost sensors of Chiang Mai University, by the sanctioned open API with a key. Never by another address.

Cadence: hourly; an account sees up to ten stations and may ask about ten times an hour. Credit line: `Info.licence`.
People first: the keyless station list of this network holds names and telephone numbers of caretakers. That address is
never asked, and of every reply only the fields named here survive, in the raw copy too (`redact`).
Quirks cured here: two record shapes in one list, the lighter one for stations of other networks (Air4Thai's among them,
whose values are 24 h means), which are left out; index values are texts and passed over; `daily_*` too, for nobody says
which 24 hours they are. The zone of `log_datetime` is not stated: it is read as Thai time, as copies of 2020 and 2021
show, though users of another feed report UTC. Whether the stamp begins or ends its hour is not known; it is kept as
written. Only PM2.5 is taken: such sensors count small particles, and their PM10 is a guess.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

import numpy as np

from data.errors import SourceChanged, SourceRefused
from fetchers import readings
from fetchers.http import Reply
from fetchers.parsed import Parsed
from fetchers.source import Area, Info, Period, Request, json_of, without_today

_HOST = "open-api.cmuccdc.org"
#: Our names of the fields that survive `redact`, and theirs. Everything else may be about a person.
_FIELDS = {
    "station_id": "id",
    "name_th": "dustboy_name",
    "name_en": "dustboy_name_en",
    "lat": "dustboy_lat",
    "lon": "dustboy_lon",
    "stamp": "log_datetime",
    "value": "pm25",
    "network": "source_name",
}
#: What a refusal is made of.
_ANSWER = ("status", "message")
#: Eight or more digits in a row, blanks and dashes between them allowed: a telephone number inside a station's name.
_TELEPHONE = re.compile(r"\+?\d(?:[\s().-]*\d){7,}")


@dataclass(frozen=True)
class Stations:
    """The newest hour of the stations that the key is for."""

    info: Info

    def requests_for(self, area: Area, period: Period | None, key: str, now: dt.datetime) -> Sequence[Request]:
        """Return the one request there is, since the account names its stations; none for a period without today."""
        del area
        if without_today(period, now):
            return []
        return [Request(f"https://{_HOST}/api/dustboy/station?apikey={quote(key, safe='')}", "station")]

    def redact(self, reply: Reply) -> Reply:
        """Return the reply with nothing but the fields that are used; see `Redacting.redact`."""
        document = json_of(replace(reply, content=_hidden_when_broken(reply.content)), self.info.key)
        if isinstance(document, list):
            kept: Any = [_only(_FIELDS.values(), record) for record in document if isinstance(record, dict)]
        else:
            kept = _only(_ANSWER, document) if isinstance(document, dict) else {}
        return replace(reply, content=json.dumps(kept, ensure_ascii=False).encode())

    def parse(self, reply: Reply, now: dt.datetime) -> Parsed:
        """Return the readings of a reply; see `Source.parse`."""
        source = self.info.key
        # Again, so that a reply that came by another road than `download` is as clean.
        document = json_of(self.redact(reply), source)
        if isinstance(document, dict) and document.get("message"):
            problem = str(document["message"])[:160]
            raise SourceRefused(f"{source}: {problem}", key="source_key", context={"source": source})
        if not isinstance(document, list) or (document and not any("pm25" in record for record in document)):
            raise SourceChanged(f"{source}: expected a list of stations", context={"source": source})
        columns = {ours: [_text(record.get(theirs)) for record in document] for ours, theirs in _FIELDS.items()}
        columns["station_id"] = [f"dustboy:{number}" if number else "" for number in columns["station_id"]]
        sheet, sieve = readings.opened(columns)
        network = sheet.words["network"]
        own = network.spread([text.lower() in ("", "dustboy") for text in network.values], bool)
        sieve.reject("other_network", ~own)
        stamps = readings.moments_until(sieve, sheet.words["stamp"], now)
        sieve.tell("thai_time_assumed", np.ones(len(sheet), dtype=bool))
        ids = np.asarray(columns["station_id"], dtype=object)
        places = {**columns, "area_th": [""] * len(sheet), "area_en": [""] * len(sheet)}
        stations = readings.stations_of({**places, "station_type": ["LOWCOST"] * len(sheet)}, sieve, "dustboy")
        good = stations["station_id"].isin(set(ids[sieve.good])).to_numpy()
        return readings.assemble(
            "dustboy-station-json",
            sheet,
            sieve,
            station_id=sheet.words["station_id"],
            measured_at=stamps,
            averaging="PT1H",
            measured={"pm25": readings.values(sieve, sheet.words["value"], "pm25")},
            source="dustboy",
            stations=stations[good].assign(station_type="lowcost").reset_index(drop=True),
        )


def _only(fields: Any, record: dict[str, Any]) -> dict[str, Any]:
    kept = {name: record[name] for name in fields if name in record and not isinstance(record[name], dict | list)}
    return {name: _TELEPHONE.sub("", v) if isinstance(v, str) and "name" in name else v for name, v in kept.items()}


def _hidden_when_broken(content: bytes) -> bytes:
    """Return content that is JSON as it is, else nothing: an error must not quote a list of people."""
    try:
        json.loads(content)
    except ValueError:
        return b""
    return content


def _text(cell: Any) -> str:
    return "" if cell is None else str(cell).strip()


STATIONS = Stations(
    Info(
        key="dustboy",
        name_th="DustBoy เซ็นเซอร์ราคาประหยัด มช.",
        name_en="DustBoy low-cost sensors",
        kind="readings",
        provider="CCDC, Chiang Mai University",
        cadence_minutes=60,
        latency_minutes=60,
        hosts=(_HOST,),
        licence="This data is supported by the Climate Change Data Center, Chiang Mai University (CCDC CMU)",
        use="PM2.5 where there is no official station; low-cost sensors, marked as such",
        docs="https://open-api.cmuccdc.org",
        per_minute=2,
        key_setting="dustboy_key",
        quirks=(
            "names and telephone numbers of caretakers are taken out before anything is stored, the raw copy included",
            "stamps without a zone are read as Thai time, which is our reading",
            "stations of other networks in the same list are left out",
        ),
        default=False,
    )
)
