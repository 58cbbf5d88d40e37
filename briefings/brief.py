"""What a briefing says, whatever its form: headline figures, sections of sentences and tables, the map, the foot.

A `Brief` holds words and facts ready to be set; the renderers (`pdf`, `slides`, `web`) add nothing to it. Never draws.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from briefings.facts import Fact
from layers.words import Lang


@dataclass(frozen=True)
class Figure:
    """One headline number and what it is compared with.

    Attributes
    ----------
    label, value, unit : str
    tone : str
        ``better``, ``worse``, ``same`` or ``unknown`` against last year: drawn as a sign beside the words.
    lines : tuple of str
        Target, last year, neighbours; each a whole phrase.
    """

    label: str
    value: str
    unit: str
    tone: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A small table; numbers stand right."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...]


@dataclass(frozen=True)
class Series:
    """A few numbers over names, for a native chart in slides."""

    name: str
    labels: tuple[str, ...]
    values: tuple[float, ...]


@dataclass(frozen=True)
class Section:
    """One part of the briefing: sentences, then perhaps a table; `series` is drawn where the form can draw it."""

    key: str
    heading: str
    lines: tuple[str, ...] = ()
    table: Table | None = None
    series: tuple[Series, ...] = ()


@dataclass(frozen=True)
class Brief:
    """A whole briefing.

    Attributes
    ----------
    lang : str
    day : date
        Thai day it speaks of.
    place, revision : str
    title, subtitle : str
    figures : tuple of Figure
    sections : tuple of Section
    map_title : str
    map_note : str
    season_title, season_note : str
        Of the picture of the season; "" where nothing of it is stored, and nothing is drawn.
    foot : tuple of str
        Sources, times, satellites, what is missing.
    facts : tuple of Fact
    words : mapping of str to str
        Fixed words of the forms, such as the number of a page.
    """

    lang: Lang
    day: dt.date
    place: str
    revision: str
    title: str
    subtitle: str
    figures: tuple[Figure, ...]
    sections: tuple[Section, ...]
    map_title: str
    map_note: str
    season_title: str
    season_note: str
    foot: tuple[str, ...]
    facts: tuple[Fact, ...]
    words: Mapping[str, str] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """Return the content as plain values, the same for the same data: what is kept and what the PDF is set from."""
        return {**asdict(self), "day": self.day.isoformat()}

    def as_json(self) -> bytes:
        """Return `document` as bytes that are equal for equal content."""
        return json.dumps(self.document(), ensure_ascii=False, sort_keys=True).encode()
