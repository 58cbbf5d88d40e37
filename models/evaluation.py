"""Effects asked of a desk: gathers what is stored, measures, and keeps the answer under the revisions that went in.

Never fetches, never words anything.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from models.controls import RING_KM, neighbours
from models.derived import kept
from models.desk import Desk
from models.effect import SERVED, Effect, effect
from models.forest import forest_share
from models.outcomes import FIXED_SETS, Outcomes, outcomes
from models.treatment import Treatment, treatment
from models.verdict import Reason, Verdict

#: Raised when a stored answer would come out otherwise.
VERSION = "6"
#: Tables of the store that an effect is made of.
_INPUTS = ("hotspots", "tambons", "population", "readings", "stations", "snapshots", "rasters")


def evaluate(
    desk: Desk,
    chosen: Treatment,
    *,
    outcome: str = "hotspots",
    satellites: str = FIXED_SETS[0],
    first: int | None = None,
    last: int | None = None,
    ring_km: float = RING_KM,
) -> Effect:
    """Measure a treatment on what is stored, or return the kept answer.

    Parameters
    ----------
    desk : Desk
    chosen : Treatment
    outcome : str
        Key in `models.outcomes.OUTCOMES`.
    satellites : str
        One of `models.outcomes.FIXED_SETS`.
    first, last : int, optional
        Years of the first and last season looked at.
    ring_km : float
        Reach of the ring that is neither treated nor control.

    Raises
    ------
    NotStored
        When no detection was ever stored.
    """
    asked = (VERSION, chosen.name, sorted(chosen.first_season.items()), chosen.left_out.to_csv(), outcome,
             satellites, first, last, ring_km, desk.place.key, desk.detections.outline,
             desk.state.part_revision(*_INPUTS))  # fmt: skip
    key = hashlib.sha256(repr(asked).encode()).hexdigest()[:24]

    def build(path: Path) -> None:
        measured = outcomes(desk, outcome, satellites).between(first, last)
        near = neighbours(desk.tambons, desk.place.epsg, ring_km)
        write_effect(effect(measured, chosen, near, traits=traits(desk, measured)), path)

    return kept(desk.store, "effect.json", key, build, read_effect)


def traits(desk: Desk, measured: Outcomes) -> np.ndarray | None:
    """Return what is matched on beside the fire history, shape (n, k), None if nothing is known.

    Logarithm of people per km², and the share under trees where land cover is stored (`known_traits` tells which).
    """
    columns = []
    people = desk.store.population(desk.state)
    if people is not None:
        newest = people.sort_values("year").drop_duplicates("tambon", keep="last").set_index("tambon")["population"]
        area = desk.tambons.set_index("tambon")["area_km2"].reindex(measured.tambons)
        density = newest.reindex(measured.tambons).astype(float) / area.astype(float)
        columns.append(np.log1p(density.to_numpy(float)))
    trees = forest_share(desk)
    if len(trees):
        columns.append(trees.reindex(measured.tambons).to_numpy(float))
    return np.column_stack(columns) if columns else None


def known_traits(desk: Desk) -> tuple[str, ...]:
    """Return what the store holds to match on beside the fire history: people, forest."""
    people = desk.store.population(desk.state) is not None
    return (*(("people",) if people else ()), *(("forest",) if len(forest_share(desk)) else ()))


def measured_kinds(
    desk: Desk, sites: pd.DataFrame, kinds: Iterable[str], satellites: str
) -> dict[str, tuple[str, float, float, float]]:
    """Return the verdict on hotspots of each kind of site that was carried out: code, effect, low, high.

    Parameters
    ----------
    sites : DataFrame
        Sites where something was done.
    kinds : iterable of str
        Those without a site are left out.
    satellites : str
        One of `models.outcomes.FIXED_SETS`.
    """
    done = set(sites["kind"])
    out = {}
    for kind in kinds:
        if kind in done:
            found = evaluate(desk, treatment(sites, kind=kind), satellites=satellites)
            served = found.estimates.set_index("estimator").loc[SERVED]
            effect, low, high = (float(str(served[name])) for name in ("effect", "low", "high"))
            out[kind] = (found.verdict.code, effect, low, high)
    return out


def sensitivity(desk: Desk, chosen: Treatment, **asked: Any) -> pd.DataFrame:
    """Return the served estimate over each fixed set of satellites.

    Returns
    -------
    DataFrame
        `satellites`, `seasons` (number of whole ones), `effect`, `low`, `high`, `p_randomisation`, `verdict`.
    """
    rows = []
    for name in FIXED_SETS:
        found = evaluate(desk, chosen, **{**asked, "satellites": name})
        served = found.estimates.set_index("estimator").loc[SERVED]
        figures = {column: served[column] for column in ("effect", "low", "high", "p_randomisation")}
        rows.append({"satellites": name, "seasons": len(found.seasons), **figures, "verdict": found.verdict.code})
    return pd.DataFrame(rows)


def write_effect(found: Effect, path: Path) -> None:
    """Write an effect as JSON."""
    tables = {
        name: {
            "columns": list(table.columns),
            "data": [[_plain(v) for v in row] for row in table.itertuples(index=False)],
        }
        for name, table in _tables(found).items()
    }
    verdict = {"code": found.verdict.code, "reasons": [dataclasses.asdict(one) for one in found.verdict.reasons]}
    document = {"verdict": verdict, "seasons": found.seasons, "checks": found.checks, **tables}
    path.write_text(json.dumps(document), "utf-8")


def _plain(value: Any) -> Any:
    """Return a number or text that JSON can hold, None for a missing one; an open end stays infinite."""
    return None if pd.isna(value) else value.item() if hasattr(value, "item") else value


def read_effect(path: Path) -> Effect:
    """Read what `write_effect` wrote."""
    document = json.loads(path.read_text("utf-8"))
    reasons = tuple(Reason(str(one["key"]), dict(one["numbers"])) for one in document["verdict"]["reasons"])
    tables: Mapping[str, pd.DataFrame] = {
        name: pd.DataFrame(document[name]["data"], columns=document[name]["columns"])
        for name in ("estimates", "roles", "sites_left_out", "event", "path")
    }
    numeric = ["effect", "low", "high", "p_randomisation"]
    estimates = tables["estimates"].astype(dict.fromkeys(numeric, float) | {"n_treated": int, "n_control": int})
    roles = tables["roles"].astype({"first_season": "Int64"})
    return Effect(
        estimates,
        Verdict(str(document["verdict"]["code"]), reasons),
        roles,
        tables["sites_left_out"],
        tuple(document["seasons"]),
        {name: float(value) for name, value in document["checks"].items()},
        tables["event"],
        tables["path"],
    )


def _tables(found: Effect) -> dict[str, pd.DataFrame]:
    return {
        "estimates": found.estimates,
        "roles": found.roles,
        "sites_left_out": found.sites_left_out,
        "event": found.event,
        "path": found.path,
    }
