"""Tables of the registry's records (sites, burn bans, milestones and the rest) as people keep them: CSV, XLSX, GeoJSON.

Recognised by the columns that only they have. Turns bytes into rows of text and leaves every judgement of a row to the
registry, which also knows what is kept already.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from data.errors import FileRefused
from data.registry.sheet import kind_of, quote
from fetchers import delimited, workbook
from fetchers.parsed import Parsed, Remark

#: More rows than any province will ever keep; a longer file is not such a list.
MOST_ROWS = 200_000
_TRAIL = {"entry", "author", "action", "before", "after"}


def recognise(columns: Sequence[str]) -> bool:
    """Return whether these are the columns of a table of records, or of an exported trail."""
    return kind_of(list(columns)) is not None or set(columns) >= _TRAIL


def parse_text(data: bytes) -> Parsed:
    """Read a delimited text.

    Raises
    ------
    FileRefused
        ``trail_file``: an exported trail is for reading; ``too_many_rows``; and what `delimited.read` refuses.
    """
    sheet = delimited.read(data, lambda header: {number: (name, "text") for number, name in enumerate(header)})
    words = {name: words.spread(words.values, object) for name, words in sheet.words.items()}
    table = pd.DataFrame(words, index=sheet.row_numbers, dtype="object").fillna("")
    return _parsed("csv", {_kind(table): table}, sheet.read, sheet.rejected, sheet.mended)


def parse_workbook(data: bytes) -> Parsed | None:
    """Read every sheet of a workbook that is such a table; None when no sheet is."""
    tables: dict[str, pd.DataFrame] = {}
    for rows in workbook.sheets_as_text(data):
        kind = kind_of(rows[0]) if rows else None
        if kind is None or kind in tables:
            continue
        header = rows[0]
        held = [row[: len(header)] + [""] * (len(header) - len(row)) for row in rows[1:]]
        table = pd.DataFrame(held, columns=header, index=range(1, len(held) + 1), dtype="object")
        tables[kind] = table[(table != "").any(axis=1)]
    return _parsed("xlsx", tables, sum(map(len, tables.values()))) if tables else None


def parse_geojson(document: Mapping[str, Any]) -> Parsed:
    """Read a feature collection whose properties are such columns; the geometry of a feature is its own."""
    rows = [_row(feature) for feature in document["features"]]
    table = pd.DataFrame(rows, index=range(1, len(rows) + 1), dtype="object").fillna("")
    return _parsed("geojson", {_kind(table): table}, len(table))


def _row(feature: Any) -> dict[str, str]:
    if not isinstance(feature, dict):
        return {}
    # Nothing in GeoJSON is a formula: what looks like one is marked as the text it is, as in an exported table.
    told = feature.get("properties")
    row = {str(name): quote(_text(value)) for name, value in (told.items() if isinstance(told, dict) else ())}
    if feature.get("geometry"):
        row["geometry"] = json.dumps(feature["geometry"])
    return row


def _text(value: Any) -> str:
    if value is None:
        return ""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else str(value)


def _kind(table: pd.DataFrame) -> str:
    columns = [str(column) for column in table.columns]
    kind = kind_of(columns)
    if kind is None:
        raise FileRefused("an exported trail is for reading, not for importing", key="trail_file")
    return kind


def _parsed(
    form: str,
    tables: Mapping[str, pd.DataFrame],
    read: int,
    rejected: Iterable[Remark] = (),
    mended: Iterable[Remark] = (),
) -> Parsed:
    if read > MOST_ROWS:
        raise FileRefused(f"{read} rows", key="too_many_rows", context={"most": f"{MOST_ROWS:,}"})
    if not read:
        raise FileRefused("no row below the header", key="empty_table")
    kinds = "+".join(tables)
    return Parsed(
        f"{kinds}-{form}", "records", pd.DataFrame(), read, tuple(rejected), tuple(mended), records=dict(tables)
    )
