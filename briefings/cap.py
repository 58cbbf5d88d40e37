"""An alert as a draft in the Common Alerting Protocol 1.2 (OASIS, 1 July 2010), in Thai and English.

A draft or exercise for the authority that issues warnings; never an actual warning. Pure: events in, XML out.
"""

from __future__ import annotations

import datetime as dt
import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from briefings.alert_text import link, notice
from briefings.rules import END, Rule
from data.clock import ICT
from data.registry.alert_log import Event
from layers.words import LANGS

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
ATOM = "http://www.w3.org/2005/Atom"
_LANGUAGES = {"th": "th-TH", "en": "en-GB"}
#: What XML 1.0 cannot hold.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
#: Radius of the circle around a fire, km: the point is that of its strongest detection.
_CIRCLE_KM = 2.0
_VALID = dt.timedelta(hours=12)


@dataclass(frozen=True)
class Meaning:
    """What an event is in the lists of CAP 1.2, section 3.2.2: category, urgency, severity, certainty."""

    category: str
    urgency: str
    severity: str
    certainty: str


def meaning(rule: Rule, facts: Mapping[str, Any]) -> Meaning:
    """Return the CAP codes of an event; what a satellite saw is likely, what a model says is possible."""
    if rule.watches in ("fire_near", "fire_growing", "ban_breach"):
        return Meaning("Fire", "Immediate", "Severe" if rule.watches == "fire_growing" else "Moderate", "Likely")
    if rule.watches in ("pm25", "pm25_forecast"):
        severity = {2: "Minor", 3: "Minor", 4: "Moderate", 5: "Severe"}[max(int(facts["class"]), 2)]
        measured = rule.watches == "pm25" and facts["low"] is None
        urgency = "Immediate" if rule.watches == "pm25" else "Future"
        return Meaning("Health", urgency, severity, "Observed" if measured else "Possible")
    if rule.watches == "danger":
        return Meaning("Fire", "Expected", "Moderate" if facts["class"] == "very_high" else "Minor", "Possible")
    return Meaning("Infra", "Unknown", "Unknown", "Observed")


def alert(rule: Rule, event: Event, at: dt.datetime, *, status: str, sender: str, area: str, app_url: str = "") -> str:
    """Return one event as a CAP message.

    Parameters
    ----------
    rule : Rule
    event : Event
    at : datetime
        When it is sent, UTC.
    status : str
        ``Draft``, ``Exercise`` or ``Test``.
    sender : str
    area : str
        Name of the province, for the description of the area.
    app_url : str

    Returns
    -------
    str
        XML, UTF-8, with an info block for each language.
    """
    if status not in ("Draft", "Exercise", "Test"):
        raise ValueError(f"only a draft, an exercise or a test leaves this desk, got {status}")
    root = ET.Element(f"{{{NAMESPACE}}}alert")
    sent = _time(at)
    identifier = f"{sender}-{event.number}".replace(" ", "_").replace(",", "_").replace("<", "").replace("&", "")
    for name, text in (
        ("identifier", identifier),
        ("sender", re.sub(r"[\s,<&]", "_", sender)),
        ("sent", sent),
        ("status", status),
        ("msgType", "Alert"),
        ("scope", "Restricted"),
        ("restriction", "For the authority that issues warnings; not for the public"),
    ):
        _add(root, name, text)
    codes = meaning(rule, event.facts)
    for lang in LANGS:
        said = notice(lang, rule, event, at, app_url=app_url)
        info = _add(root, "info", "")
        told = [
            ("language", _LANGUAGES[lang]),
            ("category", codes.category),
            ("event", said.headline),
            *((("responseType", "AllClear"),) if event.change == END else ()),
            ("urgency", "Past" if event.change == END else codes.urgency),
            ("severity", codes.severity),
            ("certainty", codes.certainty),
            ("expires", _time(at + _VALID)),
            ("headline", said.headline),
            ("description", said.text),
            *((("web", link(lang, event, app_url)),) if app_url else ()),
        ]
        for name, text in told:
            _add(info, name, text)
        where = _add(info, "area", "")
        facts = event.facts
        names = [facts.get(f"{kind}_{lang}") for kind in ("tambon", "amphoe")]
        _add(where, "areaDesc", ", ".join(str(name) for name in [*names, area] if name))
        if facts.get("lat") is not None:
            _add(where, "circle", f"{facts['lat']:.5f},{facts['lon']:.5f} {_CIRCLE_KM:g}")
        for code in (event.tambon, event.amphoe):
            if code:
                geocode = _add(where, "geocode", "")
                _add(geocode, "valueName", "TIS1099")
                _add(geocode, "value", code)
    return _written(root, NAMESPACE)


def feed(messages: Sequence[tuple[str, str]], title: str) -> str:
    """Return an Atom feed (RFC 4287) of CAP messages of this desk: file names and contents, newest first."""
    read = [(name, ET.fromstring(text)) for name, text in messages]  # noqa: S314, our own files
    root = ET.Element(f"{{{ATOM}}}feed")
    for name, text in (("id", "urn:haze-desk:cap"), ("title", title), ("updated", _read(read[0][1], "sent"))):
        _add(root, name, text, ATOM)
    # RFC 4287, 4.1.1: a feed has an author unless each of its entries has.
    _add(_add(root, "author", "", ATOM), "name", title, ATOM)
    for file, message in read:
        entry = _add(root, "entry", "", ATOM)
        _add(entry, "id", f"urn:haze-desk:cap:{_read(message, 'identifier')}", ATOM)
        _add(entry, "title", _read(message, "headline"), ATOM)
        _add(entry, "updated", _read(message, "sent"), ATOM)
        ET.SubElement(entry, f"{{{ATOM}}}link", {"href": file, "type": "application/cap+xml"})
    return _written(root, ATOM)


def _read(message: ET.Element, name: str) -> str:
    return next((found.text or "" for found in message.iter(f"{{{NAMESPACE}}}{name}")), "")


def _time(moment: dt.datetime) -> str:
    # CAP wants a numeric zone and no fractions of a second.
    return moment.astimezone(ICT).isoformat(timespec="seconds")


def _add(parent: ET.Element, name: str, text: str, space: str = NAMESPACE) -> ET.Element:
    made = ET.SubElement(parent, f"{{{space}}}{name}")
    if text:
        made.text = _FORBIDDEN.sub("", text)
    return made


def _written(root: ET.Element, space: str) -> str:
    ET.register_namespace("", space)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"
