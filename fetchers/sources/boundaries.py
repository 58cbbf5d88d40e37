"""The official outlines of Thailand's tambons (COD-AB), found through the Humanitarian Data Exchange. By name only.

Cadence: an edition every few years. Licence: CC BY-IGO; Royal Thai Survey Department, published by OCHA.
Quirks cured here: the address of the file changes with each edition, so the catalogue is asked for it and the smallest
file that the desk can read is taken (a geodatabase it cannot); all levels lie in one zip file, of which the tambons are
read by the importer's own reader.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from data.errors import ContractError, FileRefused, SourceChanged
from fetchers import unpack
from fetchers.http import Reply
from fetchers.parsed import Parsed
from fetchers.source import Area, Info, Period, Request, json_of

_HOST = "data.humdata.org"
_CATALOGUE = f"https://{_HOST}/api/3/action/package_show?id=cod-ab-tha"
#: Most bytes of a member once unpacked.
_MOST_BYTES = 2_000_000_000


@dataclass(frozen=True)
class Boundaries:
    """The newest edition, whole."""

    info: Info

    def requests_for(self, area: Area, period: Period | None, key: str, now: dt.datetime) -> Sequence[Request]:
        """Return the question for the catalogue's entry; outlines have no past days."""
        del area, key, now
        return [] if period is not None else [Request(_CATALOGUE, "catalogue", index=True)]

    def following(self, request: Request, reply: Reply) -> Sequence[Request]:
        """Return the request for the smallest readable file of the entry."""
        if not request.index:
            return ()
        source = self.info.key
        try:
            files = [_file(entry) for entry in json_of(reply, source)["result"]["resources"]]
        except (KeyError, TypeError, AttributeError) as error:
            raise SourceChanged(f"{source}: no list of files", context={"source": source}) from error
        fitting = sorted(found for found in files if found is not None and found[0] <= self.info.max_mb * 1_000_000)
        if not fitting:
            raise SourceChanged(f"{source}: no file of a readable form and size", context={"source": source})
        _, name, url = fitting[0]
        return [Request(url, name)]

    def parse(self, reply: Reply, now: dt.datetime) -> Parsed:
        """Return the tambons of a file; see `Source.parse`."""
        # The reader of files knows replies of sources in its turn.
        from fetchers import recognise

        source = self.info.key
        refusals = ["no member"]
        try:
            for member in unpack.members_of_bytes("boundaries", reply.content, _MOST_BYTES):
                if isinstance(member, tuple):
                    refusals.append(str(member[1]))
                    continue
                try:
                    parsed = recognise.parse(member, now)
                except (FileRefused, ContractError) as refusal:
                    refusals.append(str(refusal))
                    continue
                if parsed.kind == "tambons":
                    return parsed
        except FileRefused as refusal:
            refusals.append(str(refusal))
        raise SourceChanged(f"{source}: no tambons ({refusals[-1][:200]})", context={"source": source})


def _file(entry: dict[str, Any]) -> tuple[int, str, str] | None:
    """Return size, name and address of a file of the entry; None for a form that is not read."""
    name, url = str(entry.get("name", "")), str(entry.get("download_url") or entry.get("url") or "")
    form = f"{name} {entry.get('format', '')}".lower()
    if "gdb" in form or "geodatabase" in form or not ("geojson" in form or "shp" in form):
        return None
    return int(entry.get("size") or 0), name, url


TAMBONS = Boundaries(
    Info(
        key="cod-ab-tambons",
        name_th="ขอบเขตตำบลทางการ (COD-AB)",
        name_en="Official tambon outlines (COD-AB)",
        kind="tambons",
        provider="Humanitarian Data Exchange (OCHA)",
        cadence_minutes=365 * 24 * 60,
        latency_minutes=24 * 60,
        hosts=(_HOST, "hdx-production-filestore.s3.amazonaws.com", "s3.eu-central-1.amazonaws.com"),
        licence="COD-AB Thailand, Royal Thai Survey Department and OCHA, CC BY-IGO",
        use="the outlines that detections are counted in",
        docs="https://data.humdata.org/dataset/cod-ab-tha",
        per_minute=10,
        quirks=(
            "all of Thailand, some hundred megabytes, fetched only when it is named",
            "the file is found through the catalogue, since its address changes with each edition",
        ),
        default=False,
        deadline_s=900.0,
        max_mb=450,
    )
)
