"""The registry's records as rows of a table file and back: one row a record, text in every cell.

Sites, burn bans and milestones keep the column names of the lists they came from, with what those cannot hold beside
them; so a list that was imported comes out again as it went in. Never reads bytes, never writes a record.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import shapely

from data.outside import FORMULA
from data.places import register
from data.registry.records import Document
from data.registry.tables import KINDS, Kind

#: A cell that a spreadsheet would run as a formula leaves with an apostrophe before it, and loses it when it comes
#: back.
_FORMULA = (*FORMULA, "'")
#: Names in files that differ from the field's own.
_NAMES: dict[str, dict[str, str]] = {
    "sites": {
        "type": "kind", "tambon_code": "tambon", "amphoe_code": "amphoe", "coord_note": "position_note",
        "start_date": "start", "end_date": "end", "year_ce": "year",
    },
    "burn_bans": {"year_ce": "year", "start_date": "start", "end_date": "end"},
    "milestones": {"milestone_no": "number", "lampang_issue_link": "issue_link"},
}  # fmt: skip
#: Columns in their order; what is not named follows.
_ORDER: dict[str, str] = {
    "sites": "id name_th name_en type issue village_th moo tambon_th amphoe_th tambon_code amphoe_code lat lon "
    "coord_note tambon_basis start_date end_date year_ce lead_org partners budget_thb scale_km scale_rai "
    "scale_households scale_persons scale_note knowledge_output plan13_milestone milestone_basis source_url "
    "source_note confidence state province funds plan geometry",
    "burn_bans": "year_ce start_date end_date days_inclusive kind area legal_basis exceptions source_url confidence "
    "note",
    "milestones": "milestone_no name_th full_label_th name_en name_en_status group_en lampang_issue_link link_basis "
    "plan_years legal_reference source_url source_note",
}
#: Columns that only a file of this kind has together, in the order in which they are tried.
_SIGNS: tuple[tuple[str, frozenset[str]], ...] = (
    ("sites", frozenset({"type", "issue", "name_th"})),
    ("sites", frozenset({"type", "issue", "name_en"})),
    ("burn_bans", frozenset({"year_ce", "kind", "legal_basis"})),
    ("milestones", frozenset({"milestone_no", "full_label_th"})),
    ("field_checks", frozenset({"fire_id", "burned_rai", "tambon_reported"})),
    ("heat", frozenset({"verdict", "radius_m", "evidence"})),
    ("criteria", frozenset({"criterion", "mark", "evidence"})),
    ("pilots", frozenset({"programme", "tambon", "source_url"})),
    ("alert_rules", frozenset({"name", "watches"})),
    ("recipients", frozenset({"name", "channel", "address"})),
)
#: What a person who fills in a new list needs; the rest may be left away.
TEMPLATE = _ORDER["sites"].split()


@dataclass(frozen=True)
class Cells:
    """One row of a file as fields: what was read from it, before anything is checked.

    Attributes
    ----------
    values : dict
        By field, lists as lists of mappings; nothing checked yet.
    names : tuple of str
        Tambon and amphoe as named (not coded) by the row.
    point : tuple of str
        East and north, or longitude and latitude, as written.
    formula : str
        Column of a cell that holds a formula, "" for none.
    broken_list : str
        Column whose JSON cannot be read, "" for none.
    """

    values: dict[str, Any]
    names: tuple[str, str] = ("", "")
    point: tuple[str, str] = ("", "")
    formula: str = ""
    broken_list: str = ""


def kind_of(columns: list[str]) -> str | None:
    """Return the kind of record that a table with these columns holds, or None."""
    found = set(columns)
    return next((kind for kind, signs in _SIGNS if signs <= found), None)


def cells(kind: Kind, row: Mapping[str, str]) -> Cells:
    """Return one row of a file as fields."""
    formula = next((column for column, text in row.items() if text.startswith("=")), "")
    plain = {column: _unquoted(text) for column, text in row.items()}
    names = _NAMES.get(kind.name, {})
    fields = {names.get(column, column): text for column, text in plain.items()}
    values: dict[str, Any] = {column.name: fields[column.name] for column in kind.columns if column.name in fields}
    broken = ""
    for name in kind.lists:
        try:
            items = json.loads(fields[name]) if fields.get(name) else []
            if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
                raise ValueError("not a list of objects")
            values[name] = items
        except ValueError:
            broken = name
    if kind.name == "sites" and not broken:
        values |= {name: items for name, items in _named_lists(plain).items() if not values[name]}
    return Cells(
        values,
        (plain.get("tambon_th", ""), plain.get("amphoe_th", "")),
        (plain.get("lon", ""), plain.get("lat", "")) if "geometry" in kind.names else ("", ""),
        formula,
        broken,
    )


def quote(text: str) -> str:
    """Return a text with an apostrophe before it where a spreadsheet would run it or take the apostrophe for ours."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _unquoted(text: str) -> str:
    return text[1:] if text[:1] == "'" and text[1:].startswith(_FORMULA) else text


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(";") if part.strip()]


def _named_lists(row: Mapping[str, str]) -> dict[str, list[dict[str, Any]]]:
    """Return the lists of a site that the plain columns of a list tell."""
    organisations = [
        {"name": name, "part": part}
        for column, part in (("lead_org", "lead"), ("partners", "partner"))
        for name in _parts(row.get(column, ""))
    ]
    basis = row.get("milestone_basis", "") or "not stated"
    links = [{"milestone": number, "basis": basis} for number in _parts(row.get("plan13_milestone", ""))]
    research = [{"title": row["knowledge_output"]}] if row.get("knowledge_output") else []
    source = {"url": row.get("source_url", ""), "note": row.get("source_note", "")}
    source["confidence"] = row.get("confidence", "")
    sources = [source] if any(source.values()) else []
    return {"organisations": organisations, "plan_links": links, "research": research, "sources": sources}


def rows(kind: Kind, records: Mapping[str, Document], *, quoted: bool = True) -> pd.DataFrame:
    """Return records as a table of text, in the columns of a file of this kind.

    Parameters
    ----------
    kind : Kind
    records : mapping
        Documents by id.
    quoted : bool
        Put an apostrophe before what a spreadsheet would run. Leave it away only where no cell can be run.
    """
    made = [_row(kind, record, document) for record, document in records.items()]
    return table(kind, made, quoted=quoted)


def table(kind: Kind, made: list[dict[str, str]], *, quoted: bool = True) -> pd.DataFrame:
    """Return rows of text as a table with every column of a file of this kind, also when there is no row."""
    back = {field: column for column, field in _NAMES.get(kind.name, {}).items()}
    own = [back.get(column.name, column.name) for column in kind.columns]
    # Burn bans and milestones are known by their content in the lists they came from, yet keep an id of the registry.
    ordered = dict.fromkeys([*_ORDER.get(kind.name, "id").split(), *own, *kind.lists, "id", "version"])
    frame = pd.DataFrame(made, columns=list(ordered), dtype="object").fillna("").astype("str")
    return harmless(frame) if quoted else frame


def harmless(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table of text in which an apostrophe stands before whatever a spreadsheet would run."""
    safe = frame.copy()
    for column in safe.columns:
        risky = safe[column].str.startswith(_FORMULA) & ~_is_number(safe[column])
        safe[column] = safe[column].where(~risky, "'" + safe[column])
    return safe


def _is_number(texts: pd.Series) -> pd.Series:
    return texts.str.fullmatch(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?")


def _row(kind: Kind, record: str, document: Document) -> dict[str, str]:
    back = {field: column for column, field in _NAMES.get(kind.name, {}).items()}
    row = {back.get(column.name, column.name): _text(document[column.name]) for column in kind.columns}
    row["id"] = record
    for name in kind.lists:
        row[name] = json.dumps(document[name], ensure_ascii=False) if document[name] else ""
    for column, code in (("tambon_th", "tambon"), ("amphoe_th", "amphoe")):
        if document.get(code):
            row[column] = register.name_of(document[code])
    if kind.name == "sites":
        row |= _plain_lists(document)
    if document.get("geometry", "").startswith("POINT"):
        point = shapely.from_wkt(document["geometry"])
        row["lon"], row["lat"] = _text(point.x), _text(point.y)
    return row


def _plain_lists(document: Document) -> dict[str, str]:
    held = document["organisations"]
    source = document["sources"][0] if document["sources"] else {"url": "", "note": "", "confidence": ""}
    return {
        "lead_org": "; ".join(one["name"] for one in held if one["part"] == "lead"),
        "partners": "; ".join(one["name"] for one in held if one["part"] == "partner"),
        "knowledge_output": "; ".join(one["title"] for one in document["research"]),
        "plan13_milestone": ";".join(str(one["milestone"]) for one in document["plan_links"] if one["milestone"]),
        "milestone_basis": "; ".join(dict.fromkeys(one["basis"] for one in document["plan_links"])),
        "source_url": source["url"],
        "source_note": source["note"],
        "confidence": source["confidence"],
    }


def _text(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def template() -> pd.DataFrame:
    """Return an empty table with the columns of a list of sites, to be filled in."""
    return table(KINDS["sites"], [])[TEMPLATE]
