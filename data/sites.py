"""Where communities act: the shipped, cited list of intervention sites and activities.

Reads facts, never changes them; a site without a printed position has none here.
"""

from __future__ import annotations

import functools
from collections.abc import Hashable, Mapping
from pathlib import Path

import pandas as pd

_FACTS = Path(__file__).parent / "facts"


@functools.cache
def sites() -> pd.DataFrame:
    """Return the shipped sites, one row each.

    Returns
    -------
    DataFrame
        `site`, `name_th`, `name_en`, `kind`, `issue`, `village_th`, `tambon` (6 digits, missing when for a whole
        amphoe or the province), `amphoe` (4 digits or missing), `lon`, `lat` (degrees, missing unless printed),
        `start` (text, as told), `year` (Int64, common era), `lead_th`, `partners_th`, `scale`, `milestones`,
        `source_url`, `confidence`.
    """
    raw = pd.read_csv(_FACTS / "interventions.csv", dtype="str", keep_default_na=False)
    return pd.DataFrame(
        {
            "site": raw["id"],
            "name_th": raw["name_th"].where(raw["name_th"] != "", raw["name_en"]),
            "name_en": raw["name_en"].where(raw["name_en"] != "", raw["name_th"]),
            "kind": raw["type"],
            "issue": raw["issue"],
            "village_th": raw["village_th"],
            "tambon": raw["tambon_code"].where(raw["tambon_code"].str.len() == 6),
            "amphoe": raw["amphoe_code"].where(raw["amphoe_code"].str.len() == 4),
            "lon": pd.to_numeric(raw["lon"]),
            "lat": pd.to_numeric(raw["lat"]),
            "start": raw["start_date"],
            "year": pd.to_numeric(raw["year_ce"]).astype("Int64"),
            "lead_th": raw["lead_org"],
            "partners_th": raw["partners"],
            "scale": [_scale(row) for row in raw.to_dict("records")],
            "milestones": raw["plan13_milestone"],
            "source_url": raw["source_url"],
            "confidence": raw["confidence"],
        }
    )


def _scale(row: Mapping[Hashable, str]) -> str:
    units = {"scale_km": "km", "scale_rai": "rai", "scale_households": "households", "scale_persons": "persons"}
    return "; ".join(f"{float(row[column]):,g} {unit}" for column, unit in units.items() if row[column])
