"""The parts of a briefing below the headline numbers: where, what is being done, what changed, the plan.

Each part is a function of the scene and gives sentences with their numbers noted; what is not known is said in place
of the part. Parts on forecast, origin, people and effects are in `briefings.judged`.
"""

from __future__ import annotations

import datetime as dt

import pandas as pd

from briefings.brief import Section, Series, Table
from briefings.figures import SATELLITES, SOURCE_HOTSPOTS, Scene, top_tambons, week_words
from layers.words import say, texts

#: Where what is being done comes from.
SOURCE_SITES = "registry of activities, cited from public pages"
#: The milestones of the national plan that the three issues serve first (inferred; see data/facts/README.md).
_ISSUES = ("haze", "ageing", "ceramics")


def worst_tambons(scene: Scene) -> Section:
    """Return the five tambons with the most hotspots of seven days, and what is being done in each."""
    lang, desk = scene.lang, scene.desk
    heading = say(lang, "brief.top_heading")
    if not desk.seasons:
        return Section("top", heading, (say(lang, "error.no_hotspots"),))
    rows = top_tambons(scene)
    first = scene.day - dt.timedelta(days=6)
    missing = desk.days_not_stored(first, scene.day, SATELLITES)
    stored = _days_stored(scene, "hotspots.week.now", missing)
    lines = [say(lang, "brief.top_line", period=week_words(lang, scene.day), stored=stored)]
    if rows.empty:
        return Section("top", heading, (*lines, say(lang, "brief.top_none" if missing < 7 else "brief.not_stored")))
    acts = scene.sites[scene.sites["issue"] == "haze"]
    cells, labels, values = [], [], []
    for row in rows.to_dict("records"):
        code = str(row["tambon"])
        shown = scene.ledger.note(
            f"hotspots.week.{code}", float(row["count"]), "hotspots", source=SOURCE_HOTSPOTS, as_of=scene.day
        )
        name = str(row[f"tambon_{lang}"])
        cells.append((name, str(row[f"amphoe_{lang}"]), shown, _done(scene, acts[acts["tambon"] == code])))
        labels.append(name)
        values.append(float(row["count"]))
    header = tuple(say(lang, f"brief.column_{name}") for name in ("tambon", "amphoe", "hotspots", "done"))
    table = Table(header, tuple(cells), (False, False, True, False))
    drawn = (Series(say(lang, "brief.column_hotspots"), tuple(labels), tuple(values)),)
    return Section("top", heading, tuple(lines), table, drawn)


def _days_stored(scene: Scene, key: str, missing: int) -> str:
    """Return how many days of a week are stored."""
    return scene.ledger.note(f"{key}.days_stored", float(7 - missing), "days", source="what is stored", as_of=scene.day)


def _done(scene: Scene, mine: pd.DataFrame) -> str:
    """Return what is on record in a tambon: the kinds, the commonest first; a gap is told as one."""
    if mine.empty:
        return say(scene.lang, "brief.nothing_on_record")
    kinds = mine["kind"].value_counts()
    known = texts(scene.lang)
    words = [known.get(f"kind.{kind}", str(kind).replace("_", " ")) for kind in kinds.index[:3]]
    return ", ".join(words) + (" …" if len(kinds) > 3 else "")


def since_last_week(scene: Scene) -> Section:
    """Return the seven days against the seven days before, by amphoe."""
    lang, desk = scene.lang, scene.desk
    heading = say(lang, "brief.week_heading")
    if not desk.seasons:
        return Section("week", heading, (say(lang, "error.no_hotspots"),))
    spans = {
        "now": (scene.day - dt.timedelta(days=6), scene.day),
        "before": (scene.day - dt.timedelta(days=13), scene.day - dt.timedelta(days=7)),
    }
    unknown = {name: desk.days_not_stored(*span, SATELLITES) for name, span in spans.items()}
    if max(unknown.values()) == 7:
        return Section("week", heading, (say(lang, "brief.week_unknown"),))
    tables = {name: desk.counts("amphoe", *span, SATELLITES).set_index("code") for name, span in spans.items()}
    totals = {name: float(table["count"].sum()) for name, table in tables.items()}
    told = {
        name: scene.ledger.note(
            f"hotspots.week.{name}", total, "hotspots", source=SOURCE_HOTSPOTS, as_of=spans[name][1]
        )
        for name, total in totals.items()
    }
    lines = [say(lang, "brief.week_line", now=told["now"], before=told["before"], period=week_words(lang, scene.day))]
    if any(unknown.values()):
        gaps = {name: _days_stored(scene, f"hotspots.week.{name}", missing) for name, missing in unknown.items()}
        lines.append(say(lang, "brief.week_gaps", **gaps))
    moved = (tables["now"]["count"] - tables["before"]["count"]).sort_values()
    for name, code in (("down", moved.index[0]), ("up", moved.index[-1])):
        if (moved[code] < 0) if name == "down" else (moved[code] > 0):
            shown = scene.ledger.note(
                f"hotspots.week.{name}", abs(float(moved[code])), "hotspots", source=SOURCE_HOTSPOTS, as_of=scene.day
            )
            amphoe = str(tables["now"].at[code, f"name_{lang}"])
            lines.append(say(lang, f"brief.week_{name}", amphoe=amphoe, value=shown))
    return Section("week", heading, tuple(lines))


def activity(scene: Scene) -> Section:
    """Return money and activity by amphoe, and which milestones they serve."""
    lang, desk = scene.lang, scene.desk
    names = desk.tambons.drop_duplicates("amphoe").set_index("amphoe")[f"amphoe_{lang}"]
    mine = scene.sites[scene.sites["amphoe"].isin(set(names.index))]
    heading = say(lang, "brief.activity_heading")
    if mine.empty:
        return Section("activity", heading, (say(lang, "brief.activity_none"),))
    total = scene.ledger.note("sites.count", float(len(mine)), "activities", source=SOURCE_SITES, as_of=scene.day)
    budgets = mine["budget_thb"]
    baht = scene.ledger.note(
        "sites.baht",
        float(budgets.sum()) if budgets.notna().any() else None,
        "baht",
        source=SOURCE_SITES,
        as_of=scene.day,
    )
    known = scene.ledger.note(
        "sites.baht.known", float(budgets.notna().sum()), "activities", source=SOURCE_SITES, as_of=scene.day
    )
    lines = [say(lang, "brief.activity_line", count=total, baht=baht, known=known)]
    by_issue = mine.groupby(["amphoe", "issue"]).size().unstack(fill_value=0).reindex(names.index, fill_value=0)
    cells = []
    for code, name in names.items():
        row = [
            scene.ledger.note(
                f"sites.{issue}.{code}",
                float(by_issue.at[code, issue]) if issue in by_issue else 0.0,
                "activities",
                source=SOURCE_SITES,
                as_of=scene.day,
            )
            for issue in _ISSUES
        ]
        cells.append((str(name), *row))
    empty = [str(name) for code, name in names.items() if "haze" not in by_issue or by_issue.at[code, "haze"] == 0]
    if empty:
        lines.append(say(lang, "brief.activity_gaps", amphoes=", ".join(empty)))
    lines.append(_milestones(scene, mine))
    header = (say(lang, "brief.column_amphoe"), *(say(lang, f"issue.{issue}") for issue in _ISSUES))
    return Section("activity", heading, tuple(lines), Table(header, tuple(cells), (False, True, True, True)))


def _milestones(scene: Scene, mine: pd.DataFrame) -> str:
    numbers = mine["milestones"].str.split(";").explode()
    counted = numbers[numbers != ""].astype(int).value_counts()
    told = ", ".join(
        say(
            scene.lang,
            "brief.milestone",
            number=number,
            count=scene.ledger.note(
                f"plan.milestone.{number}", float(count), "activities", source=SOURCE_SITES, as_of=scene.day
            ),
        )
        for number, count in counted.sort_index().items()
    )
    return say(scene.lang, "brief.milestones", milestones=told)
