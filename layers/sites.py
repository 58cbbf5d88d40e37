"""What the Sites page shows: the list, one site with its sources and trail, and what a form gave, as values.

Words and tables from the registry's records. Never imports Streamlit, never writes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd
import pyproj
import shapely

from data import points
from data.places import areas_km2, register
from data.registry import Kept
from data.registry.records import Document, difference
from data.registry.tables import KINDS, fields_of
from layers.map import map_values
from layers.site_words import kind_name, site_marks, site_shapes, state_name
from layers.today import name
from layers.words import Lang, say, say_problems, say_time, texts
from models.desk import Desk

_GEOD = pyproj.Geod(ellps="WGS84")
#: Values that are codes, by field, and the texts that word them.
_WORDED = {"issue": "issue", "state": "state", "confidence": "confidence_fact", "role": "org_role", "part": "org_part"}
_WORDED |= {"mechanism": "mechanism"}


def kinds(lang: Lang) -> dict[str, str]:
    """Return every kind of site that has words, by its code, in the order of the words."""
    known = {key.removeprefix("kind."): text for key, text in texts(lang).items() if key.startswith("kind.")}
    return dict(sorted(known.items(), key=lambda one: one[1]))


def filtered(sites: pd.DataFrame, kind: str, issue: str, state: str) -> pd.DataFrame:
    """Return the sites of a choice; "" chooses all."""
    for column, wanted in (("kind", kind), ("issue", issue), ("state", state)):
        if wanted:
            sites = sites[sites[column] == wanted]
    return sites.reset_index(drop=True)


def where(desk: Desk, lang: Lang) -> dict[str, str]:
    """Return every area a site can be for, by code: tambons, amphoes, and the province as a whole."""
    rows = desk.tambons.drop(columns="geometry")
    provinces = rows.drop_duplicates("province").to_dict("records")
    found = {
        row["province"]: f"{name(lang, row, 'province')} · {say(lang, 'sites.whole_province')}" for row in provinces
    }
    for row in rows.drop_duplicates("amphoe").to_dict("records"):
        found[row["amphoe"]] = f"{name(lang, row, 'amphoe')} · {say(lang, 'sites.whole_amphoe')}"
    tambons = sorted(rows.to_dict("records"), key=lambda row: (row["amphoe"], name(lang, row)))
    return found | {row["tambon"]: f"{name(lang, row)} · {name(lang, row, 'amphoe')}" for row in tambons}


def table(lang: Lang, sites: pd.DataFrame, areas: Mapping[str, str]) -> pd.DataFrame:
    """Return the sites as the list shows them, the same rows in the same order."""
    place = sites["tambon"].fillna(sites["amphoe"]).fillna(sites["province"])
    return pd.DataFrame(
        {
            say(lang, "field.name"): sites[f"name_{lang}"],
            say(lang, "field.kind"): [kind_name(lang, kind) for kind in sites["kind"]],
            say(lang, "field.issue"): [say(lang, f"issue.{issue}") for issue in sites["issue"]],
            say(lang, "field.state"): [state_name(lang, state) for state in sites["state"]],
            say(lang, "field.place"): [areas.get(str(code), str(code)) for code in place],
            say(lang, "field.lead"): sites["lead_th"],
            say(lang, "field.year"): (sites["year"] + 543 if lang == "th" else sites["year"]).astype("object"),
        }
    )


def map_of(desk: Desk, lang: Lang, sites: pd.DataFrame, drawing: str) -> dict[str, Any]:
    """Return the values of the map: sites by issue, the number of those known by their tambon only, nothing else."""
    mine = sites[sites["geometry"].isna() & sites["tambon"].notna()]
    return map_values(
        lang=lang,
        colours=["#faf8f2"],
        tambons={str(code): (0, "") for code in desk.tambons["tambon"]},
        sites=site_marks(lang, sites),
        site_counts={str(code): int(number) for code, number in mine["tambon"].value_counts().items()},
        site_shapes=site_shapes(lang, sites),
        drawing=drawing,
        credit=say(lang, "sites.credit"),
    )


def facts(lang: Lang, document: Document) -> pd.DataFrame:
    """Return the filled-in fields of a record, worded: `field`, `value`."""
    rows = []
    for column in KINDS["sites"].columns:
        value = document[column.name]
        if value in ("", None) or column.name in ("geometry", "amphoe", "province"):
            continue
        rows.append((say(lang, f"field.{column.name}"), _value(lang, column.name, value)))
    if document["geometry"]:
        rows.append((say(lang, "field.geometry"), shape_words(lang, document["geometry"])))
    return pd.DataFrame(rows, columns=[say(lang, "column.field"), say(lang, "column.value")])


def _value(lang: Lang, field: str, value: Any) -> str:
    if field == "link" and str(value).startswith("photo:"):
        return say(lang, "photo.kept")
    if field in ("tambon", "amphoe", "province"):
        return f"{register.name_of(str(value))} ({value})"
    return code_words(lang, field, str(value)) or (f"{value:,.15g}" if isinstance(value, float) else str(value))


def code_words(lang: Lang, field: str, code: str) -> str:
    """Return the words for a code of a field; "" for no code, and for a field that holds none."""
    if field == "kind":
        return kind_name(lang, code)
    return say(lang, f"{_WORDED[field]}.{code}") if code and field in _WORDED else ""


def lists(lang: Lang, document: Document) -> dict[str, pd.DataFrame]:
    """Return the lists of a record that hold anything, by their title, worded."""
    found = {}
    for list_name, items_table in KINDS["sites"].lists.items():
        if document[list_name]:
            columns = [column.name for column in fields_of(items_table)]
            rows = [
                ["" if item[c] in ("", None) else _value(lang, c, item[c]) for c in columns]
                for item in document[list_name]
            ]
            heads = [say(lang, f"field.{column}") for column in columns]
            found[say(lang, f"list.{list_name}")] = pd.DataFrame(rows, columns=heads)
    return found


def wkt_of(geojson: str) -> str:
    """Return a drawn shape as WKT."""
    return str(shapely.to_wkt(shapely.from_geojson(geojson)))


def shape_words(lang: Lang, wkt: str) -> str:
    """Return what a shape is and how large: a point with its position, a line in km, an area in rai."""
    shape = shapely.from_wkt(wkt)
    if shape.geom_type == "Point":
        return say(lang, "shape.point", lat=f"{shape.y:.5f}", lon=f"{shape.x:.5f}")
    if shape.geom_type.endswith("LineString"):
        return say(lang, "shape.line", km=f"{_GEOD.geometry_length(shape) / 1000:,.2f}")
    parts = shapely.get_parts(shape)
    return say(lang, "shape.polygon", rai=f"{areas_km2(parts).sum() * 625:,.1f}")


def tambon_of(desk: Desk, geojson: str) -> str:
    """Return the tambon of the place in which a drawn shape lies (its middle), "" when in none."""
    middle = shapely.point_on_surface(shapely.from_geojson(geojson))
    inside = desk.tambons[desk.tambons.geometry.intersects(middle)]
    return str(min(inside["tambon"])) if len(inside) else ""


def trail(lang: Lang, entries: pd.DataFrame) -> pd.DataFrame:
    """Return the trail of one record, newest first, worded: when, who, what, which fields, why."""
    rows = []
    for entry in entries.to_dict("records"):
        before = json.loads(entry["before"]) if entry["before"] else {}
        after = json.loads(entry["after"]) if entry["after"] else {}
        fields = difference(before, after) if before and after else {}
        rows.append(
            (
                say_time(lang, entry["at"].to_pydatetime()),
                f"{entry['author']} ({say(lang, 'role.' + entry['role'], amphoe='').strip()})",
                say(lang, f"action.{entry['action']}"),
                "; ".join(change_words(lang, field, *values) for field, values in fields.items()),
                entry["reason"],
            )
        )
    heads = [say(lang, f"trail.{one}") for one in ("at", "author", "action", "fields", "reason")]
    return pd.DataFrame(rows, columns=heads)


def change_words(lang: Lang, field: str, before: Any, after: Any) -> str:
    """Return how a field changed: both values, of a list their numbers."""
    known = texts(lang)
    label = known.get(f"field.{field}") or known.get(f"list.{field}", field)
    if isinstance(before, list) or isinstance(after, list):
        return f"{label}: {len(before or [])} → {len(after or [])}"
    if field == "geometry":
        told = [shape_words(lang, value) if value else "–" for value in (before, after)]
    else:
        told = ["–" if value in ("", None) else _value(lang, field, value) for value in (before, after)]
    return f"{label}: {told[0]} → {told[1]}"


def checked(lang: Lang, found: Iterable[tuple[str, Any]]) -> pd.DataFrame:
    """Return what an import would do with each row of a list, worded; rows with something to say come first."""
    rows = [
        (one.row, one.record, say(lang, f"row.{one.verdict}"), say_problems(lang, (*one.wrong, *one.notes)))
        for _, one in sorted(found, key=lambda pair: (not pair[1].wrong, pair[1].row))
    ]
    return pd.DataFrame(rows, columns=[say(lang, f"row.{one}") for one in ("row", "id", "verdict", "reason")])


def latest(lang: Lang, entries: pd.DataFrame) -> pd.DataFrame:
    """Return the newest changes of the whole registry, worded: the trail of one record with the record beside."""
    told = trail(lang, entries)
    told.insert(1, say(lang, "trail.record"), entries["record"].to_numpy())
    return told


def place_values(code: str) -> dict[str, str]:
    """Return the codes of a record for an area that `where` names."""
    return {
        "tambon": code if len(code) == 6 else "",
        "amphoe": code[:4] if len(code) >= 4 else "",
        "province": code[:2],
    }


def place_code(document: Document) -> str:
    """Return the code of `where` that a record is for."""
    return str(document["tambon"] or document["amphoe"] or document["province"])


def written_point(text: str, epsg: int) -> str:
    """Return a position as a person writes it, as WKT; "" for none. Raises `data.points.PointUnreadable`."""
    if not text.strip():
        return ""
    lon, lat = points.read_point(text, epsg)
    return f"POINT ({lon:.7f} {lat:.7f})"


def editable(kept: Kept | None, list_name: str) -> pd.DataFrame:
    """Return a list of a record as the table that a person edits, text in every cell; empty for a new record."""
    columns = [column.name for column in fields_of(KINDS["sites"].lists[list_name])]
    items = kept.document[list_name] if kept else []
    rows = [["" if item[c] is None else str(item[c]) for c in columns] for item in items]
    return pd.DataFrame(rows, columns=columns, dtype="str")


def items_of(edited: pd.DataFrame) -> list[dict[str, str]]:
    """Return the rows of an edited table that hold anything, as items of a list."""
    rows = edited.fillna("").astype("str").to_dict("records")
    return [{str(k): v.strip() for k, v in row.items()} for row in rows if any(v.strip() for v in row.values())]
