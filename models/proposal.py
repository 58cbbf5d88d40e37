"""A plan as proposed sites for the registry, one record for each measure in a tambon, and read back from there.

Never writes: what to add is returned. A site of a plan that somebody changed is read as it is now.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pandas as pd

from data.registry import Registry
from data.registry.records import digest_of
from models.budget import Plan

#: Targets of a proposed site, by which a plan is read back.
UNITS, AVOIDED = "units of the measure", "hotspots avoided a season"
#: Columns of a plan that was read back.
SAVED = ["tambon", "amphoe", "measure", "units", "baht", "benefit", "benefit_low", "benefit_high", "satellites"]
_BETWEEN = re.compile(r"(?P<low>\S+) to (?P<high>\S+) by (?P<satellites>[^;]*);")


def proposals(
    plan: Plan, measures: pd.DataFrame, tambons: pd.DataFrame, name: str, satellites: Sequence[str]
) -> dict[str, dict[str, Any]]:
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
    satellites : sequence of str
        Over which the hotspots were counted that the benefits are part of.

    Returns
    -------
    dict of str to dict
        Values for `data.registry.Registry.add_all` of kind sites, by an id that the same plan has again: proposed, with
        the money and, as targets, the units and what they are to avoid, assumed or measured.
    """
    places, known = tambons.set_index("tambon"), measures.set_index("measure")
    records = {}
    for row in plan.chosen.to_dict("records"):
        measure, place = known.loc[row["measure"]], places.loc[row["tambon"]]
        between = f"{row['benefit_low']:.4g} to {row['benefit_high']:.4g} by {', '.join(satellites)}"
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
            "targets": [
                {"measure": UNITS, "unit": str(measure["unit_en"])[:60], "target": float(row["units"])},
                {
                    "measure": AVOIDED,
                    "unit": "hotspots",
                    "target": float(f"{row['benefit']:.4g}"),
                    "evidence": f"{between}; effect {measure['basis']}",
                },
            ],
        }
    return records


def saved_plans(registry: Registry, tambons: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the plans in the registry by name, each a table of `SAVED`; figures that no target holds are missing.

    Parameters
    ----------
    registry : Registry
    tambons : DataFrame
        Of the place; sites elsewhere are left out.
    """
    sites = registry.sites()
    sites = sites[(sites["plan"].fillna("") != "") & sites["tambon"].isin(tambons["tambon"])]
    targets = registry.listed("sites", "targets")
    units, avoided = (
        targets[targets["measure"] == wanted].drop_duplicates("record").set_index("record")
        for wanted in (UNITS, AVOIDED)
    )
    evidence = sites["site"].map(avoided["evidence"]).fillna("").astype("str").str.extract(_BETWEEN)
    table = pd.DataFrame(
        {
            "tambon": sites["tambon"].astype("str"),
            "amphoe": sites["amphoe"].astype("str"),
            "measure": sites["kind"].astype("str"),
            "units": sites["site"].map(units["target"]).astype(float),
            "baht": sites["budget_thb"].astype(float),
            "benefit": sites["site"].map(avoided["target"]).astype(float),
            "benefit_low": pd.to_numeric(evidence["low"], errors="coerce"),
            "benefit_high": pd.to_numeric(evidence["high"], errors="coerce"),
            "satellites": evidence["satellites"].fillna("").astype("str"),
        }
    )
    ordered = table[SAVED].sort_values(["benefit", "tambon", "measure"], ascending=[False, True, True])
    return {str(name): part.reset_index(drop=True) for name, part in ordered.groupby(sites["plan"].astype("str"))}
