"""The words of an alert: from an event's facts to a headline, lines, and a text that fits one SMS.

Plain text in Thai or English; what is not known is said to be unknown or left out. Never works a number out, never
sends.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from briefings import sms
from briefings.rules import END, WATCH, Rule
from data.clock import ICT, thai_day
from data.contracts import LAND_NAMES
from data.registry.alert_log import Event
from data.variables import aqi_class
from layers.round import direction, utm_ways
from layers.words import Lang, say, say_day, say_time

#: A name longer than this would push the rest off a phone.
_LONGEST_NAME = 80


@dataclass(frozen=True)
class Notice:
    """An event in words.

    Attributes
    ----------
    headline : str
    text : str
        The headline and what is known, a line each.
    short : str
        Fits into one SMS (`briefings.sms`).
    """

    headline: str
    text: str
    short: str


def notice(lang: Lang, rule: Rule, event: Event, at: dt.datetime, *, level: int = 1, app_url: str = "") -> Notice:
    """Return an event in words.

    Parameters
    ----------
    lang : str
    rule : Rule
    event : Event
    at : datetime
        When it is said, UTC: the age of the data is counted to it.
    level : int
        The level that is told; above 1 the text says why.
    app_url : str
        Base address of the screen; no link without one.
    """
    facts, change = event.facts, event.change
    headline, lines = _SAID[rule.watches](lang, facts, change, at)
    if level > 1:
        lines.append(say(lang, "alert.level", level=level))
    name = say(lang, "alert.own_rule") if rule.watches == WATCH.watches else _name(rule.name)
    lines.append(say(lang, "alert.number", number=event.number or "–", rule=name))
    if app_url:
        lines.append(say(lang, "alert.link", url=link(lang, event, app_url)))
    return Notice(headline, "\n".join([headline, *lines]), _short(lang, rule, event, headline))


def link(lang: Lang, event: Event, app_url: str) -> str:
    """Return the address that opens the day and tambon of an event on the screen."""
    day = thai_day(dt.datetime.fromisoformat(event.facts["data_at"]))
    asked = {"lang": lang, "day": day.isoformat()} | ({"tambon": event.tambon} if event.tambon else {})
    return f"{app_url.rstrip('/')}/?{urlencode(asked)}"


def together(lang: Lang, notices: Sequence[Notice], *, short: bool) -> tuple[str, str]:
    """Return subject and text of one message that tells several events, or one."""
    if len(notices) == 1:
        only = notices[0]
        return only.headline, only.short if short else only.text
    subject = say(lang, "alert.digest", count=len(notices))
    if short:
        return subject, sms.cut(sms.plain(" / ".join([subject, *(one.headline for one in notices)])))
    return subject, "\n\n".join([subject, *(f"{at}) {one.text}" for at, one in enumerate(notices, 1))])


def _name(text: Any) -> str:
    return _cut(" ".join(str(text or "").split()), _LONGEST_NAME)


def _cut(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    kept = ""
    for cluster in sms.clusters(text):
        if len(kept) + len(cluster) >= most:
            break
        kept += cluster
    return kept + "…"


def _moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def _age(lang: Lang, text: str, at: dt.datetime) -> str:
    minutes = max(int((at - _moment(text)).total_seconds() // 60), 0)
    if minutes < 120:
        return say(lang, "alert.age_minutes", count=minutes)
    return say(lang, "alert.age_hours", count=f"{minutes / 60:.0f}")


def _number(value: Any, decimals: int = 0) -> str:
    return "–" if value is None else f"{value:,.{decimals}f}"


def _where(lang: Lang, facts: Mapping[str, Any]) -> str:
    if not facts.get("tambon_th"):
        return say(lang, "alert.where_unknown")
    return say(lang, "alert.where", tambon=facts[f"tambon_{lang}"], amphoe=facts[f"amphoe_{lang}"])


def _place(lang: Lang, facts: Mapping[str, Any]) -> str:
    name = _name(facts[f"place_{lang}"])
    return name if facts["place_kind"] == "site" else say(lang, f"alert.place_{facts['place_kind']}", name=name)


# -- fires --------------------------------------------------------------------------------------------------------


def _fire_lines(lang: Lang, facts: Mapping[str, Any], at: dt.datetime) -> list[str]:
    lines = []
    # Of an area without a distance the headline says enough.
    if facts["km"] is not None:
        key = "near" if facts["km"] else "inside"
        lines.append(say(lang, f"alert.{key}", place=_place(lang, facts), km=_number(facts["km"], 1)))
    utm = utm_ways(facts["zone"], facts["easting"], facts["northing"])[0]
    lines.append(say(lang, "alert.point", lat=f"{facts['lat']:.5f}", lon=f"{facts['lon']:.5f}", utm=utm))
    size = {"area": "area_rai", "low": "area_low", "high": "area_high"}
    told = {name: _number(facts[column]) for name, column in size.items()}
    satellites = ", ".join(say(lang, f"satellite.{name}") for name in facts["satellites"].split(","))
    lines.append(say(lang, "alert.size", count=_number(facts["detections"]), satellites=satellites, **told))
    land = LAND_NAMES[facts["land_class"] or "unknown"][0 if lang == "th" else 1]
    lines.append(say(lang, "alert.land", land=land))
    if facts["wind_ms"] is None:
        lines.append(say(lang, "alert.no_wind"))
    else:
        wind = {"direction": direction(lang, facts["wind_from_deg"]), "speed": _number(facts["wind_ms"], 1)}
        lines.append(say(lang, "alert.wind", time=say_time(lang, _moment(facts["wind_at"])), **wind))
    seen = facts["last_seen"]
    lines.append(say(lang, "alert.seen", time=say_time(lang, _moment(seen)), age=_age(lang, seen, at)))
    return [*lines, say(lang, "alert.preliminary")]


def _kind(watches: str, facts: Mapping[str, Any]) -> str:
    if watches != "fire_near":
        return watches
    return "fire_restarted" if facts["level"] > 1 else "fire_new"


def _fire_near(lang: Lang, facts: Mapping[str, Any], change: str, at: dt.datetime) -> tuple[str, list[str]]:
    headline = say(lang, f"alert.{_kind('fire_near', facts)}", where=_where(lang, facts))
    return headline, _fire_lines(lang, facts, at)


def _fire_growing(lang: Lang, facts: Mapping[str, Any], change: str, at: dt.datetime) -> tuple[str, list[str]]:
    headline = say(lang, "alert.fire_growing", where=_where(lang, facts), area=_number(facts["area_rai"]))
    return headline, _fire_lines(lang, facts, at)


def _ban_breach(lang: Lang, facts: Mapping[str, Any], change: str, at: dt.datetime) -> tuple[str, list[str]]:
    first, last = (say_day(lang, dt.date.fromisoformat(facts[name])) for name in ("ban_start", "ban_end"))
    exceptions = _name(facts["ban_exceptions"]) or say(lang, "alert.ban_no_exceptions")
    told = say(lang, "alert.ban", first=first, last=last, exceptions=exceptions)
    return say(lang, "alert.ban_breach", where=_where(lang, facts)), [told, *_fire_lines(lang, facts, at)]


def _short(lang: Lang, rule: Rule, event: Event, headline: str) -> str:
    facts = event.facts
    if "fire_id" not in facts:
        return sms.cut(sms.plain(headline))
    told = {
        "kind": say(lang, f"alert.short_{_kind(rule.watches, facts)}"),
        "area": _number(facts["area_rai"]),
        "lat": f"{facts['lat']:.4f}",
        "lon": f"{facts['lon']:.4f}",
        "time": f"{_moment(facts['last_seen']).astimezone(ICT):%H:%M}",
    }
    where = list(sms.clusters(_where(lang, facts)))
    # What crews go by, the position and the time, is kept whole; the name of the place gives way.
    for kept in range(len(where), 0, -1):
        shown = "".join(where[:kept]) + ("…" if kept < len(where) else "")
        text = sms.plain(say(lang, "alert.short_fire", where=shown, **told))
        if sms.size(text).parts == 1:
            return text
    return sms.cut(text)


# -- air, danger, sources ------------------------------------------------------------------------------------------


def _words(lang: Lang, number: int) -> str:
    kind = aqi_class(number)
    return kind.label_th if lang == "th" else kind.label_en


def _pm25(lang: Lang, facts: Mapping[str, Any], change: str, at: dt.datetime) -> tuple[str, list[str]]:
    told = {
        "value": _number(facts["pm25"], 1),
        "words": _words(lang, facts["class"]),
        "name": _name(facts[f"name_{lang}"]),
    }
    headline = say(lang, "alert.pm25_end" if change == END else "alert.pm25", **told)
    time = {"time": say_time(lang, _moment(facts["time"])), "age": _age(lang, facts["time"], at)}
    if facts["low"] is None:
        return headline, [say(lang, "alert.measured", **time)]
    limits = {name: _number(facts[name], 1) for name in ("low", "high")}
    return headline, [say(lang, "alert.estimated", **limits, **time)]


def _forecast(lang: Lang, facts: Mapping[str, Any], change: str, at: dt.datetime) -> tuple[str, list[str]]:
    told = {
        "value": _number(facts["pm25"]),
        "words": _words(lang, facts["class"]),
        "name": _name(facts[f"name_{lang}"]),
    }
    day = say_day(lang, dt.date.fromisoformat(facts["valid_day"]))
    limits = {name: _number(facts[name]) for name in ("low", "high")}
    issued = say_time(lang, _moment(facts["time"]))
    more = say(lang, "alert.forecast_range", time=issued, lead=facts["lead_h"], **limits)
    return say(lang, "alert.forecast", day=day, **told), [more]


def _danger(lang: Lang, facts: Mapping[str, Any], change: str, at: dt.datetime) -> tuple[str, list[str]]:
    told = {"words": say(lang, f"danger.level.{facts['class']}"), "place": _place(lang, facts)}
    over = {"over": facts["over"], "known": facts["known"]}
    headline = say(lang, "alert.danger_end" if change == END else "alert.danger", **told, **over)
    day = say_day(lang, dt.date.fromisoformat(facts["day"]))
    worst = {"tambon": facts[f"tambon_{lang}"], "fwi": _number(facts["fwi"], 1)}
    return headline, [say(lang, "alert.danger_worst", day=day, **worst)]


def _source(lang: Lang, facts: Mapping[str, Any], change: str, at: dt.datetime) -> tuple[str, list[str]]:
    headline = say(lang, "alert.source_end" if change == END else "alert.source", name=_name(facts[f"name_{lang}"]))
    newest = facts["newest"]
    told = say(lang, "alert.source_newest", time=say_time(lang, _moment(newest)), age=_age(lang, newest, at))
    return headline, [told]


def _watch(lang: Lang, facts: Mapping[str, Any], change: str, at: dt.datetime) -> tuple[str, list[str]]:
    since = facts["data_at"]
    if change == END:
        return say(lang, "alert.desk_end"), [say(lang, "alert.desk_since", time=say_time(lang, _moment(since)))]
    told = say(lang, "alert.desk_stopped", time=say_time(lang, _moment(since)))
    return told, [say(lang, "alert.desk_what", age=_age(lang, since, at))]


_SAID = {
    "fire_near": _fire_near,
    "fire_growing": _fire_growing,
    "ban_breach": _ban_breach,
    "pm25": _pm25,
    "pm25_forecast": _forecast,
    "danger": _danger,
    "source_silent": _source,
    WATCH.watches: _watch,
}
