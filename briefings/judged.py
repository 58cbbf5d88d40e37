"""The parts of a briefing that methods stand behind: the air in every tambon, and what measures changed.

Each gives its interval, its record or its reason for not telling. Never weakens a verdict into a claim.
"""

from __future__ import annotations

import pandas as pd

from briefings.brief import Section, Table
from briefings.figures import Scene
from data.errors import NotStored
from data.registry.tables import PLANNED
from layers.effect import say_why
from layers.words import say, texts
from models.evaluation import evaluate
from models.surface import daily_surface
from models.treatment import treatment

#: Kinds of activities that are judged: those with the most sites in known tambons.
_MOST_KINDS = 4


def day_surface(scene: Scene) -> pd.DataFrame | None:
    """Return PM2.5 of the day in every tambon (see `models.surface.daily_surface`), None where none can be told."""
    try:
        table = daily_surface(scene.desk, scene.day, scene.day)
    except NotStored:
        return None
    return table if bool(table["pm25"].notna().any()) else None


def effects(scene: Scene) -> Section:
    """Return the verdict on each of the commonest kinds of measures against fire, and why it is what it is."""
    lang = scene.lang
    heading = say(lang, "brief.effects_heading")
    done = scene.sites[(scene.sites["issue"] == "haze") & ~scene.sites["state"].isin(PLANNED)]
    kinds = [kind for kind in done["kind"].value_counts().index if treatment(done, kind=kind).acting][:_MOST_KINDS]
    cells = []
    for kind in kinds:
        found = evaluate(scene.desk, treatment(done, kind=kind))
        served = found.estimates.iloc[0]
        shown = [
            scene.ledger.note(
                f"effect.{kind}.{name}",
                None if pd.isna(served[name]) else 100 * float(served[name]),
                "%",
                source="effect against controls, Poisson with randomisation inference",
                as_of=scene.day,
            )
            for name in ("effect", "low", "high")
        ]
        name = texts(lang).get(f"kind.{kind}", kind.replace("_", " "))
        interval = f"{shown[0]} % ({shown[1]}–{shown[2]})" if shown[0] != "–" else "–"
        cells.append((name, say(lang, f"effect.verdict.{found.verdict.code}"), interval, say_why(lang, found.verdict)))
    if not cells:
        return Section("effects", heading, (say(lang, "brief.effects_none"),))
    header = tuple(say(lang, f"brief.column_{name}") for name in ("measure", "verdict", "effect", "why"))
    table = Table(header, tuple(cells), (False, False, True, False))
    return Section("effects", heading, (say(lang, "brief.effects_line"),), table)
