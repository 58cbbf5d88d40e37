"""The registry's records as flat tables, for maps, models and lists.

Reads only, and gives every table its columns also when nothing is there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import sqlalchemy as sa

from data.places import Place
from data.registry.tables import KINDS, Kind

_UNITS = {"scale_km": "km", "scale_rai": "rai", "scale_households": "households", "scale_persons": "persons"}
_NUMBERS = (
    "budget_thb",
    *_UNITS,
    "west",
    "south",
    "east",
    "north",
    "radius_m",
    "burned_rai",
    "target",
    "actual",
    "within_km",
    "least_rai",
)
_DAYS = ("start", "end", "changed_at", "visited_at", "put_out_at")
_WHOLE = (
    "year", "number", "version", "milestone", "people", "position", "aqi_class", "escalate_minutes", "level",
    "quiet_from", "quiet_to",
)  # fmt: skip


def _frame(connection: sa.Connection, query: sa.Select[Any]) -> pd.DataFrame:
    """Return the rows of a query with the dtypes that their columns always have."""
    result = connection.execute(query)
    table = pd.DataFrame([tuple(row) for row in result], columns=list(result.keys()), dtype="object")
    for column in table.columns:
        if column in _NUMBERS:
            table[column] = table[column].astype("float64")
        elif column in _DAYS:
            table[column] = pd.to_datetime(table[column]).astype("datetime64[us]")
        elif column in _WHOLE:
            table[column] = table[column].astype("Int64")
        elif column != "geometry":
            table[column] = table[column].astype("str")
    return table


def plain(connection: sa.Connection, kind: Kind) -> pd.DataFrame:
    """Return the records of a kind without their lists, in the order of their ids."""
    columns = [column for column in kind.table.columns if column.name != "imported"]
    return _frame(connection, sa.select(*columns).order_by(kind.table.c.id))


def sites(connection: sa.Connection, place: Place | None, wanted: Mapping[str, str]) -> pd.DataFrame:
    """Return the sites, one row each, in the order of their ids.

    Returns
    -------
    DataFrame
        `site` (id), `name_th`, `name_en` (each the other where one is missing), `kind`, `issue`, `state` ("" where not
        stated), `village_th`, `moo`, `tambon` (6 digits, missing for a whole amphoe or province), `amphoe` (4 digits
        or missing), `province`, `tambon_basis`, `lon`, `lat` (degrees; of a site known as a point, else missing),
        `shape` (point, line, polygon, or missing when only the tambon is known), `geometry` (WKB, EPSG:4326), `start`,
        `end` (days or missing), `year` (Int64, common era), `lead_th`, `partners_th`, `budget_thb`, `funds`, `scale`
        (text), `scale_km`, `scale_rai`, `scale_households`, `scale_persons`, `research`, `milestones` (numbers, main
        one first), `milestones_inferred` (True when any link is not stated by a source), `lessons` (number of them),
        `source_url`, `confidence`, `plan`, `version`, `changed_at` (UTC), `changed_by`. Text is "" where nothing was
        seen.
    """
    kind = KINDS["sites"]
    query = sa.select(*[column for column in kind.table.columns if column.name != "imported"])
    if place is not None:
        query = query.where(kind.table.c.province.in_(place.provinces))
    for name, value in wanted.items():
        query = query.where(kind.table.c[name] == value)
    table = _frame(connection, query.order_by(kind.table.c.id)).rename(columns={"id": "site"})
    table["name_th"], table["name_en"] = (
        table[one].where(table[one] != "", table[other])
        for one, other in (("name_th", "name_en"), ("name_en", "name_th"))
    )
    for code, digits in (("tambon", 6), ("amphoe", 4)):
        table[code] = table[code].where(table[code].str.len() == digits)
    table["shape"] = [_shape_name(shape) for shape in table["geometry"]]
    point = table["shape"] == "point"
    table["lon"], table["lat"] = table["west"].where(point), table["south"].where(point)
    table["scale"] = [_scale(row) for row in table[list(_UNITS)].to_dict("records")]
    return _with_lists(connection, table)[list(SITE_COLUMNS)]


#: Columns of `sites`, in order.
SITE_COLUMNS = (
    "site", "name_th", "name_en", "kind", "issue", "state", "village_th", "moo", "tambon", "amphoe", "province",
    "tambon_basis", "lon", "lat", "shape", "geometry", "start", "end", "year", "lead_th", "partners_th", "budget_thb",
    "funds", "scale", "scale_km", "scale_rai", "scale_households", "scale_persons", "research", "milestones",
    "milestones_inferred", "lessons", "source_url", "confidence", "plan", "version", "changed_at", "changed_by",
)  # fmt: skip


def _with_lists(connection: sa.Connection, table: pd.DataFrame) -> pd.DataFrame:
    held = {
        name: listed(connection, KINDS["sites"], name)
        for name in ("organisations", "research", "plan_links", "lessons", "sources")
    }
    ids = table["site"]

    def joined(name: str, column: str, **only: str) -> pd.Series:
        rows = held[name]
        for field, value in only.items():
            rows = rows[rows[field] == value]
        rows = rows[rows[column].notna() & (rows[column] != "")]
        texts = rows[column].astype("str").groupby(rows["record"]).agg("; ".join)
        return _told(ids, texts)

    sources = held["sources"].drop_duplicates("record").set_index("record")
    links = held["plan_links"]
    inferred = set(links.loc[links["basis"] != "stated", "record"])
    return table.assign(
        lead_th=joined("organisations", "name", part="lead"),
        partners_th=joined("organisations", "name", part="partner"),
        research=joined("research", "title"),
        milestones=joined("plan_links", "milestone").str.replace("; ", ";"),
        milestones_inferred=ids.isin(inferred),
        lessons=ids.map(held["lessons"]["record"].value_counts()).fillna(0).astype("int64"),
        source_url=_told(ids, sources["url"]),
        confidence=_told(ids, sources["confidence"]),
    )


def _told(ids: pd.Series, texts: pd.Series) -> pd.Series:
    """Return the text of each id, "" where there is none."""
    return ids.map(texts).astype("object").fillna("").astype("str")


def listed(connection: sa.Connection, kind: Kind, name: str) -> pd.DataFrame:
    """Return one list of all records of a kind: `record`, `position` and its own columns."""
    items = kind.lists[name]
    return _frame(connection, sa.select(items).order_by(items.c.record, items.c.position))


def _shape_name(geometry: bytes | None) -> str | None:
    if geometry is None:
        return None
    # The kind stands in the second byte of WKB (little endian): 1 point, 2 line, 3 polygon, and 3 more for several.
    return ("polygon", "point", "line")[bytes(geometry)[1] % 3]


def _scale(row: Mapping[Any, float]) -> str:
    return "; ".join(f"{row[column]:,g} {unit}" for column, unit in _UNITS.items() if row[column] == row[column])


def field_checks(connection: sa.Connection) -> pd.DataFrame:
    """Return the field checks, in the order of the visits.

    Returns
    -------
    DataFrame
        `check` (id), `fire_id`, `hotspot_id`, `visited_at`, `put_out_at` (UTC, no zone), `result` (fire, false,
        not_found, permitted or ""), `burned_rai`, `cause`, `cause_basis`, `lon`, `lat`, `point_as_written`,
        `tambon_reported`, `tambon_reported_th` (as reported), `tambon`, `amphoe`, `province` (by the polygon), `crews`
        (text, unit and people of each), `people` (their sum, Int64), `village_th`, `moo`, `legal_area`, `forest_type`,
        `note`, `version`, `changed_at`, `changed_by`.
    """
    kind = KINDS["field_checks"]
    table = plain(connection, kind).rename(columns={"id": "check", "west": "lon", "south": "lat"})
    crews = kind.lists["crews"]
    rows = connection.execute(sa.select(crews).order_by(crews.c.record, crews.c.position)).mappings().all()
    told: dict[str, list[str]] = {}
    people: dict[str, int] = {}
    for row in rows:
        told.setdefault(row["record"], []).append(
            f"{row['unit']} {row['people'] if row['people'] is not None else '?'}"
        )
        people[row["record"]] = people.get(row["record"], 0) + (row["people"] or 0)
    table["crews"] = ["; ".join(told.get(record, [])) for record in table["check"]]
    table["people"] = table["check"].map(people).astype("Int64")
    ordered = table.sort_values(["visited_at", "check"], kind="stable").reset_index(drop=True)
    return ordered.drop(columns=["geometry", "east", "north"])


def trail(connection: sa.Connection, query: sa.Select[Any]) -> pd.DataFrame:
    """Return rows of the trail, `at` in UTC."""
    result = connection.execute(query)
    table = pd.DataFrame([tuple(row) for row in result], columns=list(result.keys()), dtype="object")
    table["at"] = pd.to_datetime(table["at"]).dt.tz_localize("UTC") if len(table) else pd.to_datetime([], utc=True)
    return table.astype({"entry": "int64", "version": "int64"})
