"""Sites of the registry in words and as marks on the map, the same on every page that shows them.

A site whose position is not known is counted at its tambon and never drawn as a point. Never imports Streamlit.
"""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import shapely

from data.registry.tables import PLANNED
from layers.map import SiteMark, SiteShape
from layers.palette import SITE_COLOUR, SITE_COLOURS, Legend, site_legend
from layers.words import Lang, say, texts


def kind_name(lang: Lang, kind: str) -> str:
    """Return the words for a kind of site; the code itself, spaced, when there are none."""
    return texts(lang).get(f"kind.{kind}", kind.replace("_", " "))


def site_marks(lang: Lang, sites: pd.DataFrame) -> list[SiteMark]:
    """Return the sites known as a point, as marks."""
    return [
        SiteMark(
            getattr(row, f"name_{lang}"),
            row.lon,
            row.lat,
            _lines(lang, row),
            colour_of(row.issue),
            row.state in PLANNED,
        )
        for row in sites[sites["lon"].notna()].itertuples()
    ]


def site_shapes(lang: Lang, sites: pd.DataFrame) -> list[SiteShape]:
    """Return the sites known as a line or an area, as shapes."""
    return [
        SiteShape(
            getattr(row, f"name_{lang}"),
            json.loads(shapely.to_geojson(shapely.from_wkb(row.geometry))),
            _lines(lang, row),
            colour_of(row.issue),
            row.state in PLANNED,
        )
        for row in sites[sites["geometry"].notna() & sites["lon"].isna()].itertuples()
    ]


def legend_of_sites(lang: Lang) -> Legend:
    """Return the legend of sites by their issue."""
    words = {issue: say(lang, f"issue.{issue}") for issue in SITE_COLOURS}
    return site_legend(say(lang, "today.sites"), {**words, "sites_here": say(lang, "legend.sites_here")})


def colour_of(issue: str) -> str:
    """Return the colour of an issue's sites."""
    return SITE_COLOURS.get(issue, SITE_COLOUR)


def _lines(lang: Lang, row: Any) -> tuple[str, ...]:
    told = [kind_name(lang, row.kind), say(lang, f"issue.{row.issue}"), state_name(lang, row.state), row.lead_th]
    return tuple(text for text in told if text)


def state_name(lang: Lang, state: str) -> str:
    """Return the words for a state; "" where it is not stated."""
    return say(lang, f"state.{state}") if state else ""


def haze_counts(sites: pd.DataFrame) -> dict[str, int]:
    """Return, by tambon, the number of haze sites that are known by their tambon only."""
    mine = sites[sites["geometry"].isna() & sites["tambon"].notna() & (sites["issue"] == "haze")]
    return {str(code): int(number) for code, number in mine["tambon"].value_counts().items()}


def listed(lang: Lang, sites: pd.DataFrame) -> list[dict[str, str]]:
    """Return sites in words, for a list."""
    return [
        {
            "name": getattr(row, f"name_{lang}"),
            "kind": kind_name(lang, row.kind),
            "issue": say(lang, f"issue.{row.issue}"),
            "lead": row.lead_th,
            "scale": row.scale,
            "year": "" if pd.isna(row.year) else str(row.year + 543 if lang == "th" else row.year),
            "source": row.source_url,
            "confidence": say(lang, f"confidence_fact.{row.confidence}") if row.confidence else "",
        }
        for row in sites.itertuples()
    ]
