"""Air4Thai of the Pollution Control Department: running 24 h means of all stations, and the hours of single stations.

Cadence: hourly; the median delay after the stamped hour is 37 minutes, 95 of 100 within 66. Quirks cured here and in
`fetchers.air4thai`: the live value is a running 24 h mean; stamped hours change now and then; dead stations keep an old
date; the server leaves an intermediate certificate out, which is met by `HAZE_CA_BUNDLE`, never by trusting blindly.
Terms: none published; the department is named wherever a value is shown.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from data.clock import thai_day
from data.errors import FileRefused, SourceChanged, SourceUnreachable
from fetchers import air4thai
from fetchers.http import Reply
from fetchers.parsed import Parsed
from fetchers.source import Area, Info, Period, Request, json_of, without_today

_HOSTS = ("air4thai.pcd.go.th", "air4thai.com", "www.air4thai.com")
_LICENCE = "Pollution Control Department, Thailand; terms for passing on were not found"
#: History reaches back about 90 days; a month a request keeps the reply small.
_DAYS_A_REQUEST = 31
_REACH_DAYS = 90


@dataclass(frozen=True)
class Live:
    """The newest running 24 h mean of every station of the country."""

    info: Info

    def requests_for(self, area: Area, period: Period | None, key: str, now: dt.datetime) -> Sequence[Request]:
        """Return the one request there is: the feed has no past."""
        del area, key
        if without_today(period, now):
            return []
        return [Request(f"https://{_HOSTS[0]}/forweb/getAQI_JSON.php", "getAQI_JSON")]

    def parse(self, reply: Reply, now: dt.datetime) -> Parsed:
        """Return the readings of a reply; see `Source.parse`."""
        document = json_of(reply, self.info.key)
        if not air4thai.is_live(document):
            raise SourceChanged("no station list", context={"source": self.info.key})
        try:
            return air4thai.parse_live(document, now)
        except FileRefused as refusal:
            raise SourceChanged(str(refusal), context={"source": self.info.key, **refusal.context}) from refusal


@dataclass(frozen=True)
class History:
    """True hours of the place's stations, about 90 days back."""

    info: Info

    def requests_for(self, area: Area, period: Period | None, key: str, now: dt.datetime) -> Sequence[Request]:
        """Return requests of at most 31 days, oldest first; the last two days when no period is asked for."""
        del key
        if not area.stations:
            return []
        today = thai_day(now)
        first = today - dt.timedelta(days=2) if period is None else period.first
        first = max(first, today - dt.timedelta(days=_REACH_DAYS))
        last = today if period is None else min(period.last, today)
        found = []
        for part in Period(first, last).parts(_DAYS_A_REQUEST):
            query = urlencode(
                {
                    "stationID": ",".join(area.stations),
                    "param": "PM25,PM10",
                    "type": "hr",
                    "sdate": part.first.isoformat(),
                    "edate": part.last.isoformat(),
                    "stime": "00",
                    "etime": "23",
                },
                safe=",",
            )
            url = f"https://{_HOSTS[0]}/forweb/getHistoryData.php?{query}"
            since, until = (part.first, part.last) if period is not None else (None, None)
            label = f"history {','.join(area.stations)} {part.first} to {part.last}"
            found.append(Request(url, label, since=since, until=until))
        return found

    def parse(self, reply: Reply, now: dt.datetime) -> Parsed:
        """Return the readings of a reply; see `Source.parse`."""
        document = json_of(reply, self.info.key)
        if not air4thai.is_history(document):
            raise SourceChanged("no hourly records", context={"source": self.info.key})
        try:
            return air4thai.parse_history(document, now)
        except FileRefused as refusal:
            if refusal.key == "header_only":
                raise
            if refusal.key == "provider_error":
                context = {"source": self.info.key, **refusal.context}
                raise SourceUnreachable(f"{self.info.key}: {refusal}", context=context) from refusal
            raise SourceChanged(str(refusal), context={"source": self.info.key, **refusal.context}) from refusal


def _info(key: str, name_th: str, name_en: str, *, cadence: int, by_period: bool, quirks: tuple[str, ...]) -> Info:
    return Info(
        key=key,
        name_th=name_th,
        name_en=name_en,
        kind="readings",
        provider="Pollution Control Department",
        cadence_minutes=cadence,
        latency_minutes=66,
        hosts=_HOSTS,
        licence=_LICENCE,
        use="official PM2.5 at the stations",
        docs="http://air4thai.pcd.go.th",
        per_minute=10,
        quirks=quirks,
        by_period=by_period,
    )


LIVE = Live(
    _info(
        "air4thai-live",
        "Air4Thai ค่าเฉลี่ย 24 ชม.",
        "Air4Thai, running 24 h means",
        cadence=60,
        by_period=False,
        quirks=(
            "the value is the mean of the last 24 hours, not of the hour",
            "one reply holds every station of the country, and all are stored",
        ),
    )
)
HISTORY = History(
    _info(
        "air4thai-history",
        "Air4Thai รายชั่วโมง",
        "Air4Thai, true hours",
        cadence=180,
        by_period=True,
        quirks=("stamps name the end of the hour and are shifted to its start",),
    )
)
