"""The parts of a briefing that methods stand behind: the air now and tomorrow, people, origin, what measures changed.

Each gives its interval, its record or its reason for not telling. Never weakens a verdict into a claim.
"""

from __future__ import annotations

import datetime as dt
import itertools

import pandas as pd

from briefings import ahead
from briefings.brief import Section, Table
from briefings.figures import Scene, station_name
from data.clock import thai_day
from data.errors import ModelError, NotStored
from data.registry.tables import PLANNED
from layers import origin as origin_words
from layers.effect_words import SHARES, say_why
from layers.words import say, say_day, texts
from models.evaluation import evaluate
from models.exposure import by_class, exposure
from models.issued import judged
from models.origin import FEWEST_HOURS
from models.origin import origin as find_origin
from models.report_card import scores
from models.surface import daily_surface
from models.treatment import treatment
from models.verdict import Reason

#: Kinds of activities that are judged: those with the most sites in known tambons.
_MOST_KINDS = 4
#: Class of the Thai index from which air "starts to affect health".
_AFFECTS_HEALTH = 4


def day_surface(scene: Scene) -> pd.DataFrame | None:
    """Return PM2.5 of the day in every tambon (see `models.surface.daily_surface`), None where none can be told."""
    try:
        table = daily_surface(scene.desk, scene.day, scene.day)
    except NotStored:
        return None
    return table if bool(table["pm25"].notna().any()) else None


def outlook(scene: Scene) -> Section:
    """Return the next three days at the station that is to have the worst air, with interval, chance and record."""
    lang = scene.lang
    rows = ahead.worst_stations(scene)
    if rows.empty:
        return Section("outlook", say(lang, "brief.outlook_heading"), (say(lang, "brief.outlook_none"),))
    cells = []
    for row in rows.to_dict("records"):
        told = ahead.note(scene, f"forecast.{row['lead_h']}", row)
        interval = f"{told['pm25']} ({told['low']}–{told['high']})"
        name = station_name(scene, str(row["code"]))
        day = say_day(lang, thai_day(row["valid_at"].to_pydatetime()), year=False)
        cells.append((day, name, interval, told["p_over_37_5"], told["p_over_75"]))
    columns = {"day": False, "station": False, "pm25": True, "over_37_5": True, "over_75": True}
    stations = {cell[1] for cell in cells}
    more = []
    if len(stations) == 1:
        # The same station on all days is named once.
        more = [say(lang, "brief.outlook_station", station=cells[0][1])]
        del columns["station"]
        cells = [(cell[0], *cell[2:]) for cell in cells]
    header = tuple(say(lang, f"brief.column_{name}") for name in columns)
    spread = Table(header, tuple(cells), tuple(columns.values()))
    methods = ", ".join(sorted({say(lang, f"method.{method}") for method in rows["method"]}))
    line = say(lang, "brief.outlook_line", first=cells[0][0], chance=cells[0][-2], method=methods)
    return Section("outlook", say(lang, "brief.outlook_heading"), (line, *more, _record(scene)), spread)


def _record(scene: Scene) -> str:
    """Return how the forecasts that were issued for the last 60 days did at 24 hours."""
    first = scene.day - dt.timedelta(days=60)
    try:
        pairs = judged(scene.desk, first, scene.day)
    except (NotStored, ModelError):
        return say(scene.lang, "brief.no_record")
    mine = pairs[pairs["code"].isin(scene.desk.stations["station_id"])]
    if mine.empty:
        return say(scene.lang, "brief.no_record")
    card = scores(mine[mine["served"] & (mine["lead_h"] == 24)])
    if card.empty:
        return say(scene.lang, "brief.no_record")
    row = card.iloc[0]
    names = ("n", "hits", "misses", "false_alarms")
    told = {
        name: scene.ledger.note(
            f"forecast.record.{name}", float(row[name]), "days", source="issued forecasts judged", as_of=scene.day
        )
        for name in names
    }
    return say(scene.lang, "brief.record", **told)


def origin(scene: Scene) -> Section:
    """Return whose smoke lay over the amphoe of the provincial capital, with its range, or why it cannot be told."""
    lang, tambons = scene.lang, scene.desk.tambons
    code = str(tambons["amphoe"].min())
    found = find_origin(scene.desk, scene.day, "amphoe", (code,))
    name = str(tambons.loc[tambons["amphoe"] == code, f"amphoe_{lang}"].iloc[0])
    source = "backward paths over fires seen"
    whole = found.table[found.table["code"] == code].iloc[0]
    scene.ledger.note("origin.needed_hours", FEWEST_HOURS, "h", source=source, as_of=scene.day)
    for key in ("ours", "ours_low", "ours_high"):
        share = None if pd.isna(whole[key]) else 100 * float(whole[key])
        scene.ledger.note(f"origin.{code}.{key}", share, "%", source=source, as_of=scene.day)
    rows = found.table[found.table["code"] == code]
    for row in rows[rows["share"].notna()].to_dict("records"):
        scene.ledger.note(
            f"origin.{code}.{row['area']}",
            100 * float(row["share"]),
            "%",
            source=source,
            as_of=scene.day,
            low=100 * float(row["low"]),
            high=100 * float(row["high"]),
        )
    return Section("origin", say(lang, "brief.origin_heading"), (origin_words.sentence(lang, found, code, name),))


def people(scene: Scene) -> Section:
    """Return how many people, and older people, live where the air of the day starts to affect health."""
    lang = scene.lang
    heading = say(lang, "brief.people_heading")
    table = exposure(scene.desk, scene.day, scene.day)
    classes = by_class(table)
    if table["pm25"].notna().sum() == 0:
        return Section("people", heading, (say(lang, "brief.air_unknown"),))
    if not table["people"].notna().any():
        return Section("people", heading, (say(lang, "brief.people_unknown"),))
    worse = classes[classes["class"] >= _AFFECTS_HEALTH]
    at_least = worse.sort_values("class").iloc[0] if len(worse) else None
    told = {
        name: scene.ledger.note(
            f"people.{key}",
            0.0 if at_least is None else float(at_least[key]),
            "people",
            source="registered population, PM2.5 surface",
            as_of=scene.day,
        )
        for name, key in (
            ("value", "people_at_least"),
            ("low", "people_at_least_low"),
            ("high", "people_at_least_high"),
        )
    }
    key = "brief.people_line_sure" if told["low"] == told["high"] else "brief.people_line"
    lines = [say(lang, key, **told)]
    older = worse["older"].sum(min_count=1)
    known = table["older"].notna().any()
    shown = scene.ledger.note(
        "people.older",
        None if not known else float(0.0 if pd.isna(older) else older),
        "people",
        source="registered population, PM2.5 surface",
        as_of=scene.day,
    )
    lines.append(say(lang, "brief.older_line", value=shown) if known else say(lang, "brief.older_unknown"))
    return Section("people", heading, tuple(lines))


def effects(scene: Scene) -> Section:
    """Return the verdict on each of the commonest kinds of measures against fire, and why it is what it is."""
    lang = scene.lang
    heading = say(lang, "brief.effects_heading")
    done = scene.sites[(scene.sites["issue"] == "haze") & ~scene.sites["state"].isin(PLANNED)]
    acting = (kind for kind in done["kind"].value_counts().index if treatment(done, kind=kind).acting)
    kinds = list(itertools.islice(acting, _MOST_KINDS))
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
        for reason in found.verdict.reasons:
            _note_reason(scene, kind, reason)
        name = texts(lang).get(f"kind.{kind}", kind.replace("_", " "))
        interval = f"{shown[0]} % ({shown[1]}–{shown[2]})" if shown[0] != "–" else "–"
        cells.append((name, say(lang, f"effect.verdict.{found.verdict.code}"), interval, say_why(lang, found.verdict)))
    if not cells:
        return Section("effects", heading, (say(lang, "brief.effects_none"),))
    header = tuple(say(lang, f"brief.column_{name}") for name in ("measure", "verdict", "effect", "why"))
    table = Table(header, tuple(cells), (False, False, True, False))
    return Section("effects", heading, (say(lang, "brief.effects_line"),), table)


def _note_reason(scene: Scene, kind: str, reason: Reason) -> None:
    """Keep the numbers that the words of a reason hold (`layers.effect_words`); a year is a name."""
    for name, value in reason.numbers.items():
        if name == "year" or not isinstance(value, (int, float)):
            continue
        share = name in SHARES
        scene.ledger.note(
            f"effect.{kind}.{reason.key}.{name}",
            100 * float(value) if share else float(value),
            "%" if share else "",
            source="rule of the verdict",
            as_of=scene.day,
            decimals=3 if isinstance(value, float) and not share else 0,
        )
