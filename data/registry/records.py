"""A record as a document: a flat mapping with its lists, checked as a whole, turned into rows and back.

A document is plain enough for JSON, so that the trail can hold it before and after a change and two of them can be
compared. Never opens a database, never decides who may write.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import shapely
import sqlalchemy as sa

from data.places import register
from data.registry.cells import Unreadable, read
from data.registry.tables import Kind, fields_of

Document = dict[str, Any]
#: The threshold that a rule must name, by what it watches.
_THRESHOLDS = {
    "fire_growing": "least_rai", "pm25": "aqi_class", "pm25_forecast": "aqi_class", "danger": "danger_class",
}  # fmt: skip
#: A list of a record holds at most so many items; nobody reads more.
MOST_ITEMS = 500
_EDGES = ("west", "south", "east", "north")


@dataclass(frozen=True)
class Problem:
    """Why a record cannot be kept, or what was understood in it: a text key under ``remark.`` and its values."""

    key: str
    context: Mapping[str, Any] = field(default_factory=dict)


def checked(kind: Kind, values: Mapping[str, Any]) -> tuple[Document, list[Problem], list[Problem]]:
    """Return the document of a record, what is wrong with it, and notes on how it was understood.

    Parameters
    ----------
    kind : Kind
    values : mapping
        By field; lists as sequences of mappings. A field that is not given is missing.

    Returns
    -------
    document : dict
        Every field of the kind and every list, in the order of the tables.
    wrong, notes : list of Problem
        The document may be kept when nothing is wrong.
    """
    wrong: list[Problem] = [Problem("unknown_field", {"field": name}) for name in _unknown(kind, values)]
    notes: list[Problem] = []
    document: Document = {}
    for column in kind.columns:
        document[column.name] = _value(column, values.get(column.name), wrong, notes)
    for name, table in kind.lists.items():
        document[name] = _items(name, table, values.get(name) or (), wrong, notes)
    # What does not fit together is told of values that are good one by one; else one fault would be told twice.
    return document, wrong or _together(kind, document), notes


def _unknown(kind: Kind, values: Mapping[str, Any]) -> list[str]:
    return [name for name in values if name not in kind.names and name not in kind.lists]


def _value(column: sa.Column[Any], given: Any, wrong: list[Problem], notes: list[Problem]) -> Any:
    if (given is None or given == "") and not column.info.get("needed"):
        return "" if isinstance(column.type, sa.Text | sa.LargeBinary) else None
    try:
        value, note = read(column, given)
    except Unreadable as reason:
        wrong.append(Problem(reason.key, reason.context))
        return "" if isinstance(column.type, sa.Text | sa.LargeBinary) else None
    if note:
        notes.append(Problem(note, {"field": column.name}))
    return value


def _items(
    name: str, table: sa.Table, given: Sequence[Mapping[str, Any]], wrong: list[Problem], notes: list[Problem]
) -> list[Document]:
    if not given:
        return []
    if len(given) > MOST_ITEMS:
        wrong.append(Problem("too_many_items", {"field": name, "most": MOST_ITEMS}))
        return []
    fields = fields_of(table)
    known = {column.name for column in fields}
    items = []
    for item in given:
        wrong += [Problem("unknown_field", {"field": f"{name}.{one}"}) for one in item if one not in known]
        items.append({column.name: _value(column, item.get(column.name), wrong, notes) for column in fields})
    return items


def _together(kind: Kind, document: Document) -> list[Problem]:
    """Return what is wrong between the values of a record, and fill in the codes that follow from others."""
    wrong = []
    if "tambon" in document:
        wrong += _placed(document)
    first, last = document.get("start"), document.get("end")
    if first and last and last < first:
        wrong.append(Problem("end_before_start", {"start": first, "end": last}))
    if kind.name == "sites" and not (document["name_th"] or document["name_en"]):
        wrong.append(Problem("no_name"))
    if kind.name == "field_checks" and not (document["fire_id"] or document["hotspot_id"] or document["geometry"]):
        wrong.append(Problem("check_of_nothing"))
    if kind.name in ("criteria", "pilots") and not document["tambon"]:
        wrong.append(Problem("needed", {"field": "tambon"}))
    if kind.name == "alert_rules":
        field = _THRESHOLDS.get(document["watches"], "watches")
        wrong += [Problem("needed", {"field": field})] if not document[field] else []
    if kind.name == "recipients":
        wrong += _reachable(document)
    return wrong


def _reachable(document: Document) -> list[Problem]:
    """Return what is wrong with how a person is reached, and when."""
    wrong = []
    if document["channel"] in ("line", "email") and not document["address"]:
        wrong.append(Problem("needed", {"field": "address"}))
    if (document["quiet_from"] is None) != (document["quiet_to"] is None):
        missing = "quiet_from" if document["quiet_from"] is None else "quiet_to"
        wrong.append(Problem("needed", {"field": missing}))
    hours = [hour.strip() for hour in document["digest_hours"].split(",") if hour.strip()]
    if not all(hour.isdecimal() and int(hour) < 24 for hour in hours):
        wrong.append(Problem("bad_hours", {"got": document["digest_hours"][:60]}))
    return wrong


def _placed(document: Document) -> list[Problem]:
    for name, digits in (("tambon", 6), ("amphoe", 4), ("province", 2)):
        code = document[name]
        if code and (len(code) != digits or not register.is_known(code)):
            return [Problem(f"unknown_{name}_code", {name: code})]
    tambon, amphoe, province = document["tambon"], document["amphoe"], document["province"]
    if tambon and amphoe and tambon[:4] != amphoe:
        where = {"tambon": register.name_of(tambon), "amphoe": register.name_of(amphoe)}
        return [Problem("wrong_amphoe", where | {"where": register.name_of(tambon[:4])})]
    document["amphoe"] = amphoe or tambon[:4]
    document["province"] = document["amphoe"][:2] or province
    if province and province != document["province"]:
        return [Problem("wrong_province", {"province": register.name_of(province)})]
    return []


def digest_of(document: Document) -> str:
    """Return the name of a document's content."""
    return hashlib.sha256(as_json(document).encode()).hexdigest()[:32]


def as_json(document: Document) -> str:
    """Return a document as JSON, the same text for the same content."""
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def difference(before: Document, after: Document) -> dict[str, tuple[Any, Any]]:
    """Return the fields in which two documents differ, each with both values."""
    names = dict.fromkeys([*before, *after])
    return {n: (before.get(n), after.get(n)) for n in names if before.get(n) != after.get(n)}


# -- rows ---------------------------------------------------------------------------------------------------------


def row_of(kind: Kind, document: Document) -> dict[str, Any]:
    """Return the row of a document in the table of its kind, without what the registry keeps for itself."""
    row = {column.name: _stored(column, document[column.name]) for column in kind.columns}
    if "geometry" in row:
        shape = shapely.from_wkt(document["geometry"]) if document["geometry"] else None
        row["geometry"] = shapely.to_wkb(shape) if shape is not None else None
        row |= dict(zip(_EDGES, shape.bounds if shape is not None else (None,) * 4, strict=True))
    return row


def list_rows(kind: Kind, record: str, document: Document) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of a document's lists, by the name of the list."""
    return {
        name: [
            {"record": record, "position": number}
            | {column.name: _stored(column, item[column.name]) for column in fields_of(table)}
            for number, item in enumerate(document[name])
        ]
        for name, table in kind.lists.items()
    }


def document_of(kind: Kind, row: Mapping[str, Any], lists: Mapping[str, Sequence[Mapping[str, Any]]]) -> Document:
    """Return the document that rows of the tables hold."""
    document: Document = {column.name: _plain(column, row[column.name]) for column in kind.columns}
    for name, table in kind.lists.items():
        fields = fields_of(table)
        document[name] = [{c.name: _plain(c, item[c.name]) for c in fields} for item in lists.get(name, ())]
    return document


def _stored(column: sa.Column[Any], value: Any) -> Any:
    if value is None or isinstance(column.type, sa.LargeBinary):
        return None
    if isinstance(column.type, sa.DateTime):
        return dt.datetime.fromisoformat(value.removesuffix("Z"))
    return dt.date.fromisoformat(value) if isinstance(column.type, sa.Date) else value


def _plain(column: sa.Column[Any], value: Any) -> Any:
    if isinstance(column.type, sa.LargeBinary):
        return shapely.to_wkt(shapely.from_wkb(bytes(value)), rounding_precision=7, trim=True) if value else ""
    if isinstance(value, dt.datetime):
        return value.isoformat(timespec="seconds") + "Z"
    return value.isoformat() if isinstance(value, dt.date) else value
