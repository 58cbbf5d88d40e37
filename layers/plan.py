"""What the Plan page shows: the plan by issue, area and milestone, where burden and work miss, a tambon's links.

Words and tables. Never imports Streamlit, never writes.
"""

from __future__ import annotations

import html
from typing import Any

import pandas as pd

from data.registry.tables import CRITERIA
from layers.today import name
from layers.words import Lang, say, say_day, say_time
from models import plan
from models.desk import Desk

#: How the plan is laid out on the page: the province is one row and stands as figures above.
LAYOUTS = ("issue", "amphoe", "milestone", "tambon")
_COUNTS = ("activities", "planned", "partners", "research", "targets", "targets_met", "targets_open", "lessons")


def display(lang: Lang, table: pd.DataFrame, by: str) -> pd.DataFrame:
    """Return the display worded; `table` comes from `models.plan.named`."""
    shown = pd.DataFrame({say(lang, f"plan.{by}"): [_label(lang, row, by) for row in table.to_dict("records")]})
    for column in _COUNTS:
        shown[say(lang, f"plan.{column}")] = table[column]
    shown[say(lang, "plan.budget")] = [_money(lang, row) for row in table.to_dict("records")]
    shown[say(lang, "plan.inferred")] = table["inferred"]
    return shown


def _label(lang: Lang, row: dict[Any, Any], by: str) -> str:
    if by == "issue":
        return say(lang, f"issue.{row['code']}")
    if not row["code"]:
        return say(lang, "plan.no_milestone" if by == "milestone" else "plan.no_area")
    label = str(row[f"name_{lang}"])
    return f"{int(row['code'])} {label}" if by == "milestone" else label


def _money(lang: Lang, row: dict[Any, Any]) -> str:
    if not row["activities"]:
        return ""
    if not row["budget_known"]:
        return say(lang, "plan.budget_unknown")
    return say(lang, "plan.budget_known", baht=f"{row['budget_thb']:,.0f}", known=row["budget_known"])


def gaps(lang: Lang, desk: Desk, found: pd.DataFrame, seen: pd.DataFrame, gap: str) -> pd.DataFrame:
    """Return the tambons of one gap, the most burdened first, worded with what was seen there."""
    rows = found[found["gap"] == gap].merge(seen.drop(columns="hotspots"), on="tambon")
    rows = rows.sort_values(["hotspots", "tambon"], ascending=[False, True], kind="stable")
    return _named(lang, desk, rows["tambon"]).assign(
        **{
            say(lang, "plan.per_season"): rows["hotspots"].round(1).to_numpy(),
            say(lang, "plan.activities"): rows["activities"].to_numpy(),
        }
    )


def signal(lang: Lang, desk: Desk, seen: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """Return what was seen in each tambon beside what is done there, worded; missing where it is not known."""
    rows = seen.merge(found[["tambon", "activities", "gap"]], on="tambon")
    table = _named(lang, desk, rows["tambon"])
    table[say(lang, "plan.activities")] = rows["activities"].to_numpy()
    table[say(lang, "plan.hotspots")] = rows["hotspots"].to_numpy()
    table[say(lang, "plan.usual")] = rows["usual"].round(1).to_numpy()
    table[say(lang, "plan.change")] = _percent(rows["change"])
    table[say(lang, "plan.alike")] = _percent(rows["alike_change"])
    table[say(lang, "plan.smoke_days")] = rows["smoke_days"].to_numpy()
    table[say(lang, "plan.people")] = rows["people"].to_numpy()
    table[say(lang, "plan.person_days")] = rows["person_days"].to_numpy()
    table[say(lang, "plan.gap")] = [say(lang, f"gap.{gap}") if gap else "" for gap in rows["gap"]]
    return table


def _percent(shares: pd.Series) -> list[str]:
    return ["" if pd.isna(share) else f"{share * 100:+.0f} %" for share in shares]


def _named(lang: Lang, desk: Desk, codes: pd.Series) -> pd.DataFrame:
    rows = desk.tambons.drop(columns="geometry").set_index("tambon", drop=False).loc[list(codes)].to_dict("records")
    return pd.DataFrame(
        {
            say(lang, "column.tambon"): [name(lang, row) for row in rows],
            say(lang, "column.amphoe"): [name(lang, row, "amphoe") for row in rows],
        }
    )


def links(lang: Lang, known: plan.Programme, tambon: str) -> pd.DataFrame:
    """Return the four links of a tambon in words: what is there, and what is missing."""
    rows = []
    for row in plan.links(known, tambon).to_dict("records"):
        there = say(lang, f"link.{row['link']}_there", count=row["there"], inferred=row["inferred"])
        missing = say(lang, f"link.missing_{row['missing']}") if row["missing"] else say(lang, "link.whole")
        rows.append((say(lang, f"link.{row['link']}"), there, missing))
    return pd.DataFrame(rows, columns=[say(lang, f"link.{one}") for one in ("title", "there", "missing")])


def criteria(lang: Lang, desk: Desk, marks: pd.DataFrame) -> pd.DataFrame:
    """Return the marks of all tambons, those with most criteria met first, to be sorted by the reader."""
    ordered = marks.sort_values(["met", "marked", "tambon"], ascending=[False, False, True], kind="stable")
    table = _named(lang, desk, ordered["tambon"])
    for criterion in CRITERIA:
        table[say(lang, f"choosing.{criterion}")] = [mark_words(lang, mark) for mark in ordered[criterion]]
    table[say(lang, "choosing.met")] = ordered["met"].to_numpy()
    table[say(lang, "choosing.pilot")] = ["✓" if pilot else "" for pilot in ordered["pilot"]]
    return table


def mark_words(lang: Lang, mark: str) -> str:
    """Return the words for a mark; "" where nobody marked it."""
    return say(lang, f"mark.{mark}") if mark else ""


def sheet(lang: Lang, marks: pd.DataFrame) -> pd.DataFrame:
    """Return the criteria sheet of one tambon, worded."""
    rows = [
        (
            say(lang, f"choosing.{row['criterion']}"),
            mark_words(lang, row["mark"]) or say(lang, "mark.none"),
            row["evidence"],
            row["source_url"],
            row["author"],
            "" if pd.isna(row["at"]) else say_day(lang, row["at"].date()),
        )
        for row in marks.to_dict("records")
    ]
    heads = ("criterion", "mark", "evidence", "source", "author", "day")
    return pd.DataFrame(rows, columns=[say(lang, f"choosing.{one}") for one in heads])


def sheet_html(lang: Lang, desk: Desk, tambon: str, marks: pd.DataFrame, known: plan.Programme) -> str:
    """Return the criteria sheet as a page to print, every text escaped, nothing asked from outside."""
    row = desk.tambons.set_index("tambon", drop=False).loc[tambon]
    title = say(lang, "choosing.sheet", tambon=name(lang, row), amphoe=name(lang, row, "amphoe"))
    parts = [_html_table(sheet(lang, marks)), f"<h2>{html.escape(say(lang, 'link.heading'))}</h2>"]
    parts.append(_html_table(links(lang, known, tambon)))
    made = say(lang, "choosing.printed", time=say_time(lang, desk.now()))
    return (
        f'<!doctype html><html lang="{lang}"><meta charset="utf-8"><title>{html.escape(title)}</title>'
        "<style>@page{size:A4;margin:18mm}body{font:15px/1.5 Sarabun,'TH Sarabun New',sans-serif;color:#1f2a2e}"
        "table{border-collapse:collapse;width:100%;margin:8px 0 18px}td,th{border:1px solid #8c8a80;padding:6px 8px;"
        "text-align:left;vertical-align:top}h1{font-size:22px}h2{font-size:17px}</style>"
        f"<h1>{html.escape(title)}</h1>{''.join(parts)}<p>{html.escape(made)}</p></html>"
    )


def _html_table(table: pd.DataFrame) -> str:
    head = "".join(f"<th>{html.escape(str(column))}</th>" for column in table.columns)
    body = "".join(
        f"<tr>{''.join(f'<td>{html.escape(str(cell))}</td>' for cell in row)}</tr>"
        for row in table.itertuples(index=False, name=None)
    )
    return f"<table><tr>{head}</tr>{body}</table>"
