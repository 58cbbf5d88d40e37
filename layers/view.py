"""What the user chose, and the cached reads that serve every page; a page's own are in its `*_view` module.

Keyed by revision, so that an entry changes exactly when its data change. Never fetches, never draws.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import json
import re
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, cast

import pandas as pd
import streamlit as st

from data import places, settings
from data.clock import parse_day, season_of, thai_day
from data.registry import Registry, open_registry
from data.sample import OPENING_DAY
from layers import assets
from layers.map import WORDS, BaseMap, outline_payload, page_html, points_payload
from layers.words import Lang, texts
from models.counts import SATELLITE_SETS
from models.desk import Desk, open_desk

#: Days that an address may name: before the first, no such satellite flew; after the last, nobody plans.
FIRST_DAY, LAST_DAY = dt.date(2000, 2, 24), dt.date(2099, 12, 31)
SPANS = ("day", "week", "season")
THEMES = ("hotspots", "pm25", "danger", "chance")
#: Most points drawn at once; a season over all satellites stays below.
MOST_POINTS = 50_000

#: A measure is looked up in the registry by the page; here only its form is checked.
_MEASURE = re.compile(r"(issue|type|site):[\w.\-]{1,80}")
_FIRE = re.compile(r"F\d{6}-[0-9a-f]{8}")

#: Offered where the browser has network; nothing is asked for before a person chooses one.
BASE_MAPS = (
    BaseMap(
        "osm",
        "แผนที่ OpenStreetMap",
        "OpenStreetMap",
        "https://tile.openstreetmap.org/{z}/{x}/{y}.png",
        "© OpenStreetMap contributors",
        19,
    ),
    BaseMap(
        "imagery",
        "ภาพถ่ายดาวเทียม (Esri)",
        "Satellite imagery (Esri)",
        "https://server.arcgisonline.com/ArcGIS/rest/services/World_Imagery/MapServer/tile/{z}/{y}/{x}",
        "Esri, Maxar, Earthstar Geographics",
        18,
    ),
)


@dataclass(frozen=True)
class View:
    """The user's choice. Lives in the address, so that a link opens exactly this view.

    Attributes
    ----------
    lang : str
        ``th`` or ``en``.
    day : date
        Thai day that the page is about.
    span : str
        What the map adds up, ending with `day`: the day, seven days, or the season so far.
    theme : str
        What colours the tambons.
    sats : str
        Name of a set in `models.counts.SATELLITE_SETS`.
    tambon : str
        Code of the chosen tambon, "" for none.
    measure : str
        What the Effect page measures: ``issue:haze``, ``type:firebreak``, ``site:LP-HAZ-001``; "" for its first choice.
    fire : str
        A name of the fire that the Fires page opens, any that it ever had; "" for the largest.
    """

    lang: Lang
    day: dt.date
    span: str = "day"
    theme: str = "hotspots"
    sats: str = "ALL"
    tambon: str = ""
    measure: str = ""
    fire: str = ""

    @property
    def period(self) -> tuple[dt.date, dt.date]:
        """First and last Thai day that the map adds up."""
        if self.span == "week":
            return self.day - dt.timedelta(days=6), self.day
        if self.span == "season":
            start, end = season_of(self.day)
            return (start, self.day) if start <= self.day <= end else (dt.date(self.day.year, 1, 1), self.day)
        return self.day, self.day

    @property
    def satellites(self) -> tuple[str, ...]:
        """Satellites that are counted."""
        return SATELLITE_SETS[self.sats]

    def query(self) -> dict[str, str]:
        """Return the view as address parameters."""
        return {field.name: str(getattr(self, field.name)) for field in fields(self) if getattr(self, field.name) != ""}


def read_view(query: Mapping[str, str], default: View, tambons: set[str]) -> View:
    """Return the view that address parameters name; what is unknown or malformed falls back to `default`."""
    allowed: dict[str, Any] = {"lang": ("th", "en"), "span": SPANS, "theme": THEMES, "sats": tuple(SATELLITE_SETS)}
    found: dict[str, Any] = {name: query[name] for name, values in allowed.items() if query.get(name) in values}
    if query.get("tambon") in tambons:
        found["tambon"] = query["tambon"]
    if _MEASURE.fullmatch(query.get("measure", "")):
        found["measure"] = query["measure"]
    if _FIRE.fullmatch(query.get("fire", "")):
        found["fire"] = query["fire"]
    with contextlib.suppress(KeyError, ValueError):
        day = parse_day(query["day"])
        if FIRST_DAY <= day <= LAST_DAY:
            found["day"] = day
    return replace(default, **found)


def current_view(desk: Desk, query: Mapping[str, str], kept: MutableMapping[Any, Any]) -> View:
    """Return the view of this session: kept while the user moves between pages, from the address at first."""
    tambons = set(desk.tambons["tambon"])
    default = View(lang=cast(Lang, "th"), day=newest_day(desk))
    if "view" not in kept:
        kept["view"] = read_view(query, default, tambons).query()
    return read_view(kept["view"], default, tambons)


def newest_day(desk: Desk) -> dt.date:
    """Return the day to open with: today, or the newest day with data when nothing so new is stored."""
    if desk.is_sample:
        return OPENING_DAY
    today = thai_day(desk.now())
    newest = desk.newest
    return today if newest is None else min(today, thai_day(newest))


@st.cache_resource(max_entries=3, show_spinner=False)
def _last(store: str, mode: str, place: str) -> list[Desk]:
    """Return a list that holds the desk last opened."""
    del store, mode, place  # they name the entry
    return []


@st.cache_resource(max_entries=3, show_spinner=False)
def _desk(store: str, revision: str, mode: str, place: str) -> Desk:
    del revision
    last = _last(store, mode, place)
    # Outlines and their index are taken over where they are the same, so that the first visitor after new data does
    # not wait for them.
    own = bool(last) and not last[0].is_sample
    last[:] = [last[0].refresh() if own else open_desk(place, sample_when_empty=True)]
    return last[0]


def desk_now() -> Desk:
    """Return the desk on the present state; one object per revision, shared by all sessions."""
    options = settings.load()
    store_state = Path(options.store) / "manifest.json"
    # The manifest changes with every commit and is one small file: its stamp is the cheapest revision there is.
    stamp = str(store_state.stat().st_mtime_ns) if store_state.exists() else "empty"
    return _desk(str(options.store), stamp, options.mode, options.place)


@st.cache_data(max_entries=8, show_spinner=False)
def _page(outline: str, text_revision: str, _desk: Desk) -> tuple[str, str]:
    del outline, text_revision
    payload = outline_payload(_desk.tambons)
    text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
    url = assets.publish(assets.STATIC, "outline.json", text)
    words = {lang: {key: texts(cast(Lang, lang))[f"map.{key}"] for key in WORDS} for lang in ("th", "en")}
    html = page_html(
        assets.STATIC, url, place=_desk.place.key, bounds=payload["bounds"], words=words, base_maps=BASE_MAPS
    )
    return text, html


def map_page(desk: Desk) -> str:
    """Return the address of the map page of the place, the same as long as outline and words are the same."""
    words = hashlib.sha256(repr((texts("th"), texts("en"))).encode()).hexdigest()[:12]
    outline, html = _page(f"{desk.detections.outline}-{desk.place.key}", words, desk)
    # Published at each rerun: that keeps the files from being swept while somebody looks at them.
    assets.publish(assets.STATIC, "outline.json", outline)
    return assets.publish(assets.STATIC, "map.html", html)


@st.cache_data(max_entries=32, show_spinner=False)
def _points(revision: str, first: dt.date, last: dt.date, sats: str, _desk: Desk) -> tuple[bytes, int]:
    del revision
    rows = _desk.hotspots(first, last, SATELLITE_SETS[sats])
    shown = rows.tail(MOST_POINTS)
    return points_payload(shown), len(rows) - len(shown)


def map_points(desk: Desk, view: View) -> tuple[str, int]:
    """Return the address of the packed detections of the view, and how many were too many to draw.

    The address is empty as long as no detection is stored.
    """
    if not desk.seasons:
        return "", 0
    payload, left_out = _points(revision_of(desk), *view.period, view.sats, desk)
    return assets.publish(assets.STATIC, "points.bin", payload), left_out


@st.cache_data(max_entries=8, show_spinner=False)
def _sites(database: str, revision: str, place: str, _registry: Registry) -> pd.DataFrame:
    del database, revision
    return _registry.sites(place=places.place(place))


def known_sites(desk: Desk) -> pd.DataFrame:
    """Return the sites of the place from the registry, read again when anything in it has changed."""
    registry = open_registry(desk.settings)
    return _sites(str(registry.engine.url), registry.revision, desk.place.key, registry)


def revision_of(desk: Desk) -> str:
    """Return the name of the data and outlines behind a desk: the key of everything cached."""
    return f"{desk.state.revision}-{desk.detections.outline}-{desk.place.key}"
