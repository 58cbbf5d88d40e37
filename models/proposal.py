"""A plan as proposed sites for the registry: one record for each measure in a tambon. Never writes them."""

from __future__ import annotations

from typing import Any

import pandas as pd

from data.registry.records import digest_of
from models.budget import Plan


def proposals(plan: Plan, measures: pd.DataFrame, tambons: pd.DataFrame, name: str) -> dict[str, dict[str, Any]]:
    """Return the records of a plan.

    Parameters
    ----------
    plan : Plan
    measures : DataFrame
        From `models.measures.read_measures`.
    tambons : DataFrame
        TAMBON_COLUMNS.
    name : str
        Of the plan; each record carries it.

    Returns
    -------
    dict of str to dict
        Values for `data.registry.Registry.add_all` of kind sites, by an id that the same plan has again: proposed, with
        the money and, as a note, what was assumed or measured of the benefit.
    """
    places, known = tambons.set_index("tambon"), measures.set_index("measure")
    records = {}
    for row in plan.chosen.to_dict("records"):
        measure, place = known.loc[row["measure"]], places.loc[row["tambon"]]
        benefit = (
            f"{row['benefit']:.1f} ({row['benefit_low']:.1f} to {row['benefit_high']:.1f}) hotspots a season fewer"
        )
        record = f"S-{digest_of({'plan': name, 'measure': row['measure'], 'tambon': row['tambon']})[:10]}"
        records[record] = {
            "name_th": f"{measure['name_th']} ต.{place['tambon_th']} ({name})",
            "name_en": f"{measure['name_en']}, {place['tambon_en']} ({name})",
            "kind": str(row["measure"]),
            "issue": "haze",
            "state": "proposed",
            "tambon": str(row["tambon"]),
            "amphoe": str(row["amphoe"]),
            "province": str(row["tambon"])[:2],
            "budget_thb": float(row["baht"]),
            "plan": name,
            "notes": [{"text": f"{row['units']} x {measure['unit_en']}; {benefit}; effect {measure['basis']}"}],
        }
    return records
