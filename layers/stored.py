"""What the Data page shows: what is stored, how old it is, where it came from, and files to take away.

Never imports Streamlit, never imports files itself: the frame hands the importer in.
"""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from data.errors import HazeError
from layers import export
from layers.view import View
from layers.words import Lang, say, say_error, say_remark, say_time, say_verdict, texts
from models import cube
from models.desk import Desk


def status(desk: Desk, lang: Lang) -> pd.DataFrame:
    """Return the sources with their newest data, age and verdict, worded."""
    rows = desk.status()
    return pd.DataFrame(
        {
            say(lang, "column.source"): [_source(desk, lang, source) for source in rows["source"]],
            say(lang, "column.newest"): [
                "–" if not isinstance(t, str) else say_time(lang, pd.Timestamp(t).to_pydatetime())
                for t in rows["newest"]
            ],
            say(lang, "column.age"): [age(lang, m) for m in rows["age_minutes"]],
            say(lang, "column.verdict"): [_verdict(lang, v) for v in rows["verdict"]],
        }
    )


def _source(desk: Desk, lang: Lang, source: str) -> str:
    kind, _, rest = source.partition(":")
    if kind == "hotspots" and rest:
        rest = say(lang, f"satellite.{rest}")
    elif kind == "tambons":
        rest = desk.place.name_th if lang == "th" else desk.place.name_en
    elif kind == "store":
        rest = ""  # where it lies on the server is for the operator, who has the command line
    elif rest:
        return f"{say(lang, f'source.{kind}')} · {_format(lang, rest)}"
    return f"{say(lang, f'source.{kind}')} {rest}".strip()


def _format(lang: Lang, code: str) -> str:
    """Return a format's name in words, with the kind of its file; the code of one that has none."""
    stem, _, kind = code.rpartition("-")
    known = texts(lang).get(f"format.{stem}")
    return f"{known} ({kind.upper()})" if known else code


def age(lang: Lang, minutes: Any) -> str:
    """Return an age in words; a dash when it is not known."""
    if pd.isna(minutes):
        return "–"
    # A pass of the coming night may already be announced by a file that reaches it.
    days, rest = divmod(max(0, int(minutes)), 1440)
    if days:
        return say(lang, "age.days", days=f"{days:,}")
    hours, left = divmod(rest, 60)
    return say(lang, "age.hours", hours=hours, minutes=left)


def _verdict(lang: Lang, verdict: str) -> str:
    for key in ("fresh", "stale", "empty", "embedded"):
        if verdict == key:
            return say(lang, f"verdict.{key}")
    if verdict.startswith("stored"):
        return say(lang, "verdict.stored")
    files, _, revision = verdict.partition(" files, revision ")
    return say(lang, "verdict.store", files=files, revision=revision)


def provenance(desk: Desk, lang: Lang) -> pd.DataFrame:
    """Return what was brought in, newest first, with what happened to its rows."""
    taken = desk.store.snapshots().iloc[::-1]
    return pd.DataFrame(
        {
            say(lang, "column.file"): taken["source"],
            say(lang, "column.kind"): [say(lang, f"source.{kind}") for kind in taken["kind"]],
            say(lang, "column.format"): [_format(lang, code) for code in taken["format"]],
            say(lang, "column.fetched"): [say_time(lang, t.to_pydatetime()) for t in taken["fetched_at"]],
            say(lang, "column.read"): taken["read"],
            say(lang, "column.kept"): taken["kept"],
            say(lang, "column.duplicates"): taken["duplicates"],
            say(lang, "column.rejected"): taken["rejected"],
            say(lang, "column.remarks"): [_remarks(lang, text) for text in taken["remarks"]],
            say(lang, "column.sha256"): taken["sha256"].str[:16],
        }
    ).reset_index(drop=True)


def _remarks(lang: Lang, text: Any) -> str:
    listed = json.loads(text) if isinstance(text, str) and text else []
    return "; ".join(say_remark(lang, r["key"], r["count"], r["rows"], r["context"]) for r in listed)


def verdicts(lang: Lang, found: list[Any]) -> pd.DataFrame:
    """Return import verdicts as a table in the user's language."""
    return pd.DataFrame(
        {
            say(lang, "column.file"): [v.file for v in found],
            say(lang, "column.taken"): ["✗" if v.refused is not None else "✓" for v in found],
            say(lang, "column.format"): [_format(lang, v.format) if v.format else "–" for v in found],
            say(lang, "column.read"): [v.read for v in found],
            say(lang, "column.kept"): [v.kept for v in found],
            say(lang, "column.duplicates"): [v.duplicates for v in found],
            say(lang, "column.rejected"): [v.rejected for v in found],
            say(lang, "column.reason"): [say_verdict(lang, v) for v in found],
        }
    )


def failure(lang: Lang, error: HazeError) -> str:
    """Return the words for an import that failed as a whole."""
    return say_error(lang, error)


def download(desk: Desk, view: View, form: str) -> tuple[str, bytes]:
    """Return the detections of the view as a file: its name and content."""
    first, last = view.period
    rows = desk.hotspots(first, last, view.satellites)
    table = export.flat(rows, pd.DataFrame(desk.tambons.drop(columns="geometry")))
    return f"hotspots_{desk.place.key}_{first}_{last}.{form}", export.to_bytes(table, form)


def counts_csv(desk: Desk, view: View) -> tuple[str, bytes]:
    """Return the counts by tambon of the view as CSV: its name and content."""
    first, last = view.period
    table = desk.counts("tambon", first, last, view.satellites)
    return f"counts_{desk.place.key}_{first}_{last}.csv", export.csv_bytes(table)


def cube_file(desk: Desk, view: View) -> tuple[str, bytes]:
    """Return everything of the view's days and tambons side by side as NetCDF: its name and content."""
    first, last = view.period
    with TemporaryDirectory(prefix="haze-cube-") as folder:
        path = Path(folder) / f"cube_{desk.place.key}_{first}_{last}.nc"
        cube.write(cube.cube(desk, first, last, view.satellites), path)
        return path.name, path.read_bytes()
