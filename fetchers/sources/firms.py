"""NASA FIRMS: the keyless regional CSV of South-East Asia and the area API with a key.

Cadence: each satellite passes about every 12 hours; NASA publishes within three hours of a pass. The regional files
hold the last 24 hours, 48 hours or 7 days; the area API up to 5 days a request, near real time and standard.
Quirks cured here: an invalid key and a used-up limit come as one line of text, sometimes with status 200; a reply
with only a header means "no pass published yet", which is not "no fire".
Terms: free to use and share; NASA asks for its acknowledgement. 5,000 transactions in 10 minutes a key.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from data.clock import day_bounds, thai_day
from data.errors import FileRefused, SourceBusy, SourceChanged, SourceRefused
from fetchers import firms
from fetchers.http import Reply
from fetchers.parsed import Parsed
from fetchers.source import Area, Info, Period, Request

_HOST = "firms.modaps.eosdis.nasa.gov"
_LICENCE = "NASA FIRMS, free to use and share with acknowledgement; not for the preservation of life or property"
_USE = "where fires were seen from space; counts per tambon"
#: The most days that one request of the area API may span.
_DAYS_A_REQUEST = 5
#: The standard product follows two to four months after the pass and then replaces the near-real-time one, which is
#: taken away. A header alone is trusted as "no fire" well inside these limits only.
_REAL_TIME_DAYS, _STANDARD_AFTER_DAYS = 45.0, 180.0
#: Product of the area API, folder and file of the regional CSV, by satellite.
_PRODUCTS = {
    "snpp": ("VIIRS_SNPP", "suomi-npp-viirs-c2", "SUOMI_VIIRS_C2", "Suomi NPP VIIRS"),
    "noaa20": ("VIIRS_NOAA20", "noaa-20-viirs-c2", "J1_VIIRS_C2", "NOAA-20 VIIRS"),
    "noaa21": ("VIIRS_NOAA21", "noaa-21-viirs-c2", "J2_VIIRS_C2", "NOAA-21 VIIRS"),
    "modis": ("MODIS", "modis-c6.1", "MODIS_C6_1", "Terra and Aqua MODIS"),
}
_SATELLITES = {"snpp": ("SNPP",), "noaa20": ("NOAA20",), "noaa21": ("NOAA21",), "modis": ("TERRA", "AQUA")}
#: NOAA-21 has no standard product in FIRMS.
_WITH_STANDARD = ("snpp", "noaa20", "modis")


def _read(reply: Reply, now: dt.datetime, source: str) -> Parsed:
    try:
        return firms.parse_text(reply.content, now)
    except FileRefused as refusal:
        context = {"source": source, **refusal.context}
        if refusal.key == "firms_invalid_key":
            raise SourceRefused(str(refusal), key="source_key", context=context) from refusal
        if refusal.key == "firms_limit":
            raise SourceBusy(str(refusal), context=context) from refusal
        if refusal.key in ("header_only", "empty_file") and reply.status < 400 and reply.content.strip():
            raise
        raise SourceChanged(str(refusal), context=context) from refusal


@dataclass(frozen=True)
class Regional:
    """The keyless regional CSV of one satellite.

    Attributes
    ----------
    info : Info
    folder, stem : str
        Parts of the address.
    """

    info: Info
    folder: str
    stem: str

    def requests_for(self, area: Area, period: Period | None, key: str, now: dt.datetime) -> Sequence[Request]:
        """Return one request: the shortest file that reaches back to the first day asked for, at most 7 days."""
        del area, key
        span = "24h"
        if period is not None:
            # The files hold the last hours, not days: a Thai day begins on the UTC day before it.
            start, end = day_bounds(period.first, period.last)
            if end <= now - dt.timedelta(days=7) or start > now:
                return []
            back = now - start
            span = next((name for days, name in ((1, "24h"), (2, "48h")) if back <= dt.timedelta(days=days)), "7d")
        url = f"https://{_HOST}/data/active_fire/{self.folder}/csv/{self.stem}_SouthEast_Asia_{span}.csv"
        return [Request(url, f"{self.stem}_SouthEast_Asia_{span}")]

    def parse(self, reply: Reply, now: dt.datetime) -> Parsed:
        """Return the detections of a reply; see `Source.parse`."""
        return _read(reply, now, self.info.key)


@dataclass(frozen=True)
class AreaApi:
    """The area API of one product, near real time or standard."""

    info: Info
    product: str
    satellites: tuple[str, ...]

    def requests_for(self, area: Area, period: Period | None, key: str, now: dt.datetime) -> Sequence[Request]:
        """Return requests of at most five UTC days that cover each Thai day whole, oldest first.

        The standard product is for past days alone.
        """
        if period is None and self.product.endswith("_SP"):
            return []
        today = thai_day(now)
        # Without a period also the day before, since a pass may be published a day late.
        first, last = (
            (today - dt.timedelta(days=1), today) if period is None else (period.first, min(period.last, today))
        )
        box = f"{area.west:g},{area.south:g},{area.east:g},{area.north:g}"
        found = []
        # A Thai day begins on the UTC day before it, so five UTC days hold four Thai days whole.
        for part in Period(first, last).parts(_DAYS_A_REQUEST - 1):
            start, days = part.first - dt.timedelta(days=1), (part.last - part.first).days + 2
            url = f"https://{_HOST}/api/area/csv/{quote(key, safe='')}/{self.product}/{box}/{days}/{start}"
            since, until = (part.first, part.last) if period is not None else (None, None)
            found.append(Request(url, f"{self.product} {box} {start} +{days}", since=since, until=until))
        return found

    def parse(self, reply: Reply, now: dt.datetime) -> Parsed:
        """Return the detections of a reply; see `Source.parse`."""
        return _read(reply, now, self.info.key)


def _thai(name: str) -> str:
    """Return a product's name as a Thai reader knows it: NASA's letters for its two grades say nothing to most."""
    words = {" and ": " และ ", "24 h": "24 ชม. ล่าสุด", "NRT": "ใกล้เวลาจริง", "SP": "ชุดมาตรฐานย้อนหลัง"}
    for english, thai in words.items():
        name = name.replace(english, thai)
    return name


def _info(key: str, name: str, *, with_key: bool, standard: bool) -> Info:
    return Info(
        key=key,
        name_th=f"จุดความร้อน {_thai(name)}",
        name_en=f"Hotspots {name}",
        kind="hotspots",
        provider="NASA FIRMS",
        cadence_minutes=24 * 60 if standard else 12 * 60,
        latency_minutes=90 * 24 * 60 if standard else 180,
        hosts=(_HOST, "firms2.modaps.eosdis.nasa.gov"),
        licence=_LICENCE,
        use=_USE,
        docs="https://firms.modaps.eosdis.nasa.gov/api/"
        if with_key
        else "https://firms.modaps.eosdis.nasa.gov/active_fire/",
        per_minute=60,
        key_setting="firms_key" if with_key else "",
        quirks=("a header alone means that the pass is not published yet, not that there is no fire",),
        by_period=with_key,
        default=not with_key,
        quiet_after_days=_STANDARD_AFTER_DAYS if standard else 0.5,
        quiet_until_days=_REAL_TIME_DAYS if not standard else float("inf"),
    )


REGIONAL = tuple(
    Regional(_info(f"firms-{name}", f"{title} (24 h)", with_key=False, standard=False), folder, stem)
    for name, (_, folder, stem, title) in _PRODUCTS.items()
)
AREA = tuple(
    AreaApi(
        _info(f"firms-api-{name}-{quality}", f"{title} ({quality.upper()})", with_key=True, standard=quality == "sp"),
        f"{product}_{quality.upper()}",
        _SATELLITES[name],
    )
    for name, (product, _, _, title) in _PRODUCTS.items()
    for quality in ("nrt", "sp")
    if quality == "nrt" or name in _WITH_STANDARD
)
