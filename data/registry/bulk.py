"""Many rows into the registry: each is judged before anything is written, then the good ones go in together.

Row by row it is known what happened and why. A row that was imported before changes nothing; one that somebody has
edited since is never overwritten. Never reads bytes, never words a verdict.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import sqlalchemy as sa
from numpy.typing import NDArray

from data import points
from data.accounts import Author
from data.clock import UTC
from data.errors import NotAllowed
from data.places import PLACES, Place, register
from data.registry import sheet
from data.registry.records import Document, Problem, checked, digest_of, list_rows, row_of
from data.registry.registry import Kept, Registry, allow, kept, trail_row
from data.registry.tables import KINDS, TRAIL, Kind

#: How far outside the outline of its province a position may lie, degrees: about 500 m, for borders drawn coarsely.
_MARGIN = 0.005
ADDED, CHANGED, DUPLICATE, REJECTED = "added", "changed", "duplicate", "rejected"
#: The row was there as a shipped fact only; from now on it stands as brought by whoever brought it.
CONFIRMED = "confirmed"
TAKEN = (ADDED, CHANGED, CONFIRMED)
#: Who stands in the trail for the facts that come with the desk.
SHIPPED = Author("shipped facts", "administrator")


@dataclass(frozen=True)
class Scope:
    """Where the rows of a file belong.

    Attributes
    ----------
    place : Place
        Names are looked up in its provinces unless a row says its own; a row without any place is for its only one.
    tambons : GeoDataFrame or None
        All known outlines, in EPSG:4326 with `tambon` and `province`; without them a position is held against a box.
    """

    place: Place
    tambons: gpd.GeoDataFrame | None = None


@dataclass
class Reading:
    """One row of a file: what was read, and what became of it.

    Attributes
    ----------
    row : int
        As a person counts: the first data row is 1.
    record : str
        Id, given or made from the content.
    document : dict
    wrong, notes : list of Problem
        Why it is rejected; how it was understood.
    version : int or None
        The version it was exported from, where the file says so.
    verdict : str
        "" until judged, then added, changed, confirmed, duplicate or rejected.
    """

    row: int
    record: str
    document: Document
    wrong: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)
    version: int | None = None
    verdict: str = ""


def read(kind_name: str, table: pd.DataFrame, scope: Scope) -> list[Reading]:
    """Return the rows of a file, each checked on its own and against the others of the file.

    Parameters
    ----------
    kind_name : str
        From `data.registry.sheet.kind_of`.
    table : DataFrame of str
        As in the file, missing cells empty; its index counts the rows from 1.
    scope : Scope
    """
    kind = KINDS[kind_name]
    readings = [_reading(kind, int(str(number)), row, scope) for number, row in _records(table)]
    if "geometry" in kind.names:
        _hold_against_outlines(readings, scope)
    _doubles(kind, readings)
    return readings


def _records(table: pd.DataFrame) -> Iterable[tuple[Any, dict[str, str]]]:
    columns = [str(column) for column in table.columns]
    for number, row in zip(table.index, table.itertuples(index=False, name=None), strict=True):
        yield number, dict(zip(columns, row, strict=True))


def _reading(kind: Kind, number: int, row: Mapping[str, str], scope: Scope) -> Reading:
    found = sheet.cells(kind, row)
    wrong: list[Problem] = []
    if found.formula:
        wrong.append(Problem("formula", {"field": found.formula}))
    if found.broken_list:
        wrong.append(Problem("broken_list", {"field": found.broken_list}))
    values = found.values
    provinces = _provinces(values, scope.place)
    if any(found.names) or values.get("tambon") or values.get("amphoe"):
        wrong += _placed(values, found.names, provinces)
    elif "province" in kind.names and len(provinces) == 1 and not row.get("version"):
        # A row that was exported says all there is to say about its place.
        values["province"] = provinces[0]
    notes: list[Problem] = []
    if any(found.point) and not values.get("geometry"):
        values["geometry"], point_wrong, notes = _point(found.point, scope.place.epsg)
        wrong += point_wrong
    document, more, understood = checked(kind, values)
    version = row.get("version", "")
    return Reading(
        number,
        row.get("id", "").strip() or _id_of(kind, document),
        document,
        wrong + more,
        notes + understood,
        int(version) if version.isdigit() else None,
    )


def _provinces(values: dict[str, Any], place: Place) -> list[str]:
    """Return the provinces in which the names of a row are looked up: its own where it says one."""
    stated = str(values.get("province", "")).strip()
    if not stated:
        return list(place.provinces)
    values["province"] = register.province_code(stated) or stated
    return [values["province"]]


def _placed(values: dict[str, Any], names: tuple[str, str], provinces: Sequence[str]) -> list[Problem]:
    """Put the codes that a row's names and codes mean into its values, or return why they mean none."""
    tambon, amphoe = str(values.get("tambon", "")).strip(), str(values.get("amphoe", "")).strip()
    try:
        found = register.place_of(tambon or names[0], amphoe or names[1], provinces)
    except register.Unplaced as reason:
        values["tambon"] = values["amphoe"] = ""
        return [Problem(reason.key, reason.context)]
    values["tambon"], values["amphoe"] = found
    for code, name in zip(found, names, strict=True):
        if code and name.strip() and not _named(code, name):
            known = register.name_of(code)
            return [Problem("code_and_name_differ", {"code": code, "name": name.strip(), "known": known})]
    return []


def _named(code: str, name: str) -> bool:
    plain = register.plain_name(name)
    if plain.isdigit():
        return plain == code
    try:
        # Looked up among its own province alone, so that spelling and language are judged as for a row without codes.
        return code in register.place_of(*((plain, code[:4]) if len(code) == 6 else ("", plain)), [code[:2]])
    except register.Unplaced:
        return False


def _point(written: tuple[str, str], epsg: int) -> tuple[Any, list[Problem], list[Problem]]:
    try:
        x, y = (float(text.replace(",", "")) for text in written)
        lon, lat, note = points.from_columns(x, y, epsg)
    except points.PointUnreadable as reason:
        return "", [Problem(reason.key, {"got": ", ".join(written)})], []
    except ValueError:
        return "", [Problem("bad_point", {"got": ", ".join(written)})], []
    return shapely.Point(lon, lat), [], [Problem(note)] if note else []


def _id_of(kind: Kind, document: Document) -> str:
    """Return an id made from what names a record, so that the same row has the same id in every import."""
    if kind.name == "milestones":
        return f"M{document['number']:02d}" if document["number"] is not None else "M"
    if kind.name == "burn_bans":
        return f"{document['year']}-{document['kind']}-{document['start'] or 'unknown'}"
    if kind.name == "criteria":
        return f"{document['tambon']}-{document['criterion']}"
    if kind.name == "pilots":
        return str(document["tambon"])
    naming = {name: document.get(name) for name in _NAMING if name in document}
    return f"{kind.name[0].upper()}-{digest_of(naming)[:10]}"


#: What tells one site from another where no id is given.
_NAMING = (
    "name_th", "name_en", "kind", "issue", "village_th", "moo", "tambon", "amphoe", "province", "start", "geometry",
    "fire_id", "hotspot_id", "visited_at", "verdict",
)  # fmt: skip


def _hold_against_outlines(readings: Sequence[Reading], scope: Scope) -> None:
    """Reject positions outside the province of the row, and note those in another tambon than the row says.

    A province whose outline is not known is told by its box where it is a place of the desk, and else not at all.
    """
    placed = [one for one in readings if one.document["geometry"]]
    middle = shapely.point_on_surface(shapely.from_wkt([one.document["geometry"] for one in placed]))
    near, held = _found(middle, scope.tambons)
    drawn = set() if scope.tambons is None else set(scope.tambons["province"])
    for number, one in enumerate(placed):
        wanted = [one.document["province"]] if one.document["province"] else list(scope.place.provinces)
        stated = one.document["tambon"]
        if drawn.isdisjoint(wanted):
            if not _in_box(middle[number], wanted):
                one.wrong.append(_outside(wanted))
        elif near.get(number, set()).isdisjoint(wanted):
            one.wrong.append(_outside(wanted))
        elif stated and held.get(number, stated) != stated:
            names = {"stated": register.name_of(stated), "found": register.name_of(held[number])}
            one.notes.append(Problem("point_in_other_tambon", names))


def _found(middle: NDArray[np.object_], tambons: gpd.GeoDataFrame | None) -> tuple[dict[int, set[str]], dict[int, str]]:
    """Return, by the number of the position, the provinces in or near which it lies, and the tambon that holds it."""
    near: dict[int, set[str]] = {}
    held: dict[int, str] = {}
    if tambons is None or not len(middle):
        return near, held
    codes = tambons["tambon"].to_numpy(dtype=object)
    tree = shapely.STRtree(tambons.geometry.to_numpy())
    for number, area in zip(*tree.query(middle, predicate="dwithin", distance=_MARGIN), strict=True):
        near.setdefault(int(number), set()).add(str(codes[area])[:2])
    for number, area in zip(*tree.query(middle, predicate="intersects"), strict=True):
        # A point on a shared border belongs to the smaller code, as everywhere in the desk.
        held[int(number)] = min(str(codes[area]), held.get(int(number), str(codes[area])))
    return near, held


def _in_box(point: shapely.Point, provinces: Sequence[str]) -> bool:
    boxes = [place.bbox for place in PLACES.values() if not set(provinces).isdisjoint(place.provinces)]
    return not boxes or any(shapely.box(*box).buffer(_MARGIN).intersects(point) for box in boxes)


def _outside(provinces: Sequence[str]) -> Problem:
    return Problem("outside_province", {"province": ", ".join(register.name_of(code) for code in provinces)})


def _doubles(kind: Kind, readings: Sequence[Reading]) -> None:
    """Reject a second row of one id with other content; the same content twice is a duplicate."""
    first: dict[str, Reading] = {}
    for one in readings:
        before = first.setdefault(one.record, one)
        if before is one or one.wrong:
            continue
        if before.document == one.document:
            one.verdict = DUPLICATE
        else:
            one.wrong.append(Problem("double_id", {"record": one.record, "row": before.row}))
    if kind.name == "sites":
        _look_alikes(readings)


def _look_alikes(readings: Sequence[Reading]) -> None:
    named: dict[str, Reading] = {}
    for one in readings:
        if one.wrong or one.verdict:
            continue
        before = named.setdefault(_likeness(one.document), one)
        if before is not one:
            one.wrong.append(Problem("same_site", {"record": before.record}))


def _likeness(document: Document) -> str:
    return digest_of({name: document[name] for name in _NAMING if name in document})


def judge(connection: sa.Connection, kind_name: str, readings: Sequence[Reading], author: Author) -> dict[str, Kept]:
    """Give every row its verdict against what is kept now, and return what is kept."""
    kind = KINDS[kind_name]
    there = kept(connection, kind)
    alike = {_likeness(one.document): record for record, one in there.items()} if kind.name == "sites" else {}
    for one in readings:
        if one.wrong:
            one.verdict = REJECTED
        if not one.verdict:
            one.verdict = _verdict(one, there.get(one.record), alike)
        if one.verdict in TAKEN:
            try:
                allow(author, kind, one.document, *([there[one.record].document] if one.verdict != ADDED else []))
            except NotAllowed as refusal:
                one.wrong.append(Problem("row_not_allowed", refusal.context))
        if one.wrong:
            one.verdict = REJECTED
    return there


def _verdict(one: Reading, now: Kept | None, alike: Mapping[str, str]) -> str:
    if now is None:
        other = alike.get(_likeness(one.document)) if alike else None
        if other is not None:
            one.wrong.append(Problem("same_site", {"record": other}))
        return ADDED
    if one.document == now.document and now.changed_by == SHIPPED.name:
        return CONFIRMED
    if one.document == now.document or digest_of(one.document) == now.imported:
        return DUPLICATE
    untouched = digest_of(now.document) == now.imported
    if one.version == now.version or (one.version is None and untouched):
        return CHANGED
    one.wrong.append(Problem("edited_since", {"record": one.record, "version": now.version}))
    return REJECTED


def look(registry: Registry, kind_name: str, readings: Sequence[Reading], author: Author) -> None:
    """Give every row the verdict that `write` would give it now, and write nothing."""
    with registry.reading() as connection:
        judge(connection, kind_name, readings, author)


def write(registry: Registry, kind_name: str, readings: Sequence[Reading], author: Author, reason: str) -> None:
    """Judge every row and write the good ones, all in one transaction that runs alone.

    Raises
    ------
    RegistryError, Locked
        When the registry cannot be written; nothing of the file is then in it.
    """
    with registry.writing(queued=True) as connection:
        put(registry, connection, kind_name, readings, author, reason)


def put(
    registry: Registry,
    connection: sa.Connection,
    kind_name: str,
    readings: Sequence[Reading],
    author: Author,
    reason: str,
) -> None:
    """Judge and write inside a transaction that the caller holds."""
    kind = KINDS[kind_name]
    there = judge(connection, kind_name, readings, author)
    taken = [one for one in readings if one.verdict in TAKEN]
    if not taken:
        return
    moment = registry.now().astimezone(UTC).replace(tzinfo=None)
    versions = _versions(connection, kind)
    rows, told, gone = [], [], [one.record for one in taken if one.verdict != ADDED]
    lists: dict[str, list[dict[str, Any]]] = {name: [] for name in kind.lists}
    for one in taken:
        version = versions.get(one.record, 0) + 1
        own = {"version": version, "changed_at": moment, "changed_by": author.name}
        rows.append(row_of(kind, one.document) | own | {"id": one.record, "imported": digest_of(one.document)})
        before = there[one.record].document if one.verdict != ADDED else None
        told.append(trail_row(moment, author, "import", kind, one.record, version, before, one.document, reason))
        for name, items in list_rows(kind, one.record, one.document).items():
            lists[name] += items
    for start in range(0, len(gone), 500):
        # The lists go with their record (foreign key).
        connection.execute(sa.delete(kind.table).where(kind.table.c.id.in_(gone[start : start + 500])))
    connection.execute(sa.insert(kind.table), rows)
    for name, items in lists.items():
        if items:
            connection.execute(sa.insert(kind.lists[name]), items)
    connection.execute(sa.insert(TRAIL), told)


def _versions(connection: sa.Connection, kind: Kind) -> dict[str, int]:
    """Return the newest version that each record ever had."""
    query = sa.select(TRAIL.c.record, sa.func.max(TRAIL.c.version)).where(TRAIL.c.kind == kind.name)
    return {str(record): int(version) for record, version in connection.execute(query.group_by(TRAIL.c.record))}
