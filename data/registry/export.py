"""The whole registry as a file that can be brought back without loss: CSV in a zip, a workbook, GeoJSON.

A cell that a spreadsheet would run leaves as text. The trail goes with it, for reading. Never writes to disk.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from typing import Any

import pandas as pd
import shapely

from data.registry import sheet
from data.registry.registry import Registry
from data.registry.tables import KINDS

FORMATS = {
    "csv": "application/zip",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "geojson": "application/geo+json",
}
#: Ending of the file of each form.
ENDINGS = {"csv": "zip", "xlsx": "xlsx", "geojson": "geojson"}
#: Most letters that a cell of a workbook holds.
_CELL = 32_767


def tables(registry: Registry, *, private: bool = False) -> dict[str, pd.DataFrame]:
    """Return every kind of record and the trail as tables of text, formulas made harmless.

    `private` takes in the kinds that hold addresses of people, and what the trail tells of them.
    """
    found = {}
    shown = {name: kind for name, kind in KINDS.items() if private or not kind.private}
    for name, kind in shown.items():
        kept = registry.all(name)
        made = sheet.rows(kind, {record: one.document for record, one in kept.items()})
        found[name] = made.assign(version=[str(one.version) for one in kept.values()])
    trail = registry.trail()
    trail = trail[trail["kind"].isin(list(shown))].reset_index(drop=True)
    trail["at"] = trail["at"].dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    found["trail"] = sheet.harmless(trail.astype("object").fillna("").astype("str"))
    return found


def to_bytes(registry: Registry, form: str, *, private: bool = False) -> bytes:
    """Return the registry as a file of `form`, a key of `FORMATS`.

    GeoJSON holds the sites, those without a shape with a null geometry; the other forms hold everything, addresses of
    people only when `private`.
    """
    if form == "geojson":
        return _geojson(registry)
    found = tables(registry, private=private)
    return _zip(found) if form == "csv" else workbook(found)


def csv_bytes(table: pd.DataFrame) -> bytes:
    """Return a table as CSV that Thai Excel opens right."""
    text = table.to_csv(index=False, quoting=csv.QUOTE_MINIMAL, lineterminator="\r\n")
    return str(text).encode("utf-8-sig")


def _zip(found: dict[str, pd.DataFrame]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, table in found.items():
            if len(table):
                packed.writestr(f"{name}.csv", csv_bytes(table))
    return out.getvalue()


def workbook(found: dict[str, pd.DataFrame]) -> bytes:
    """Return tables as the sheets of a workbook in which no text is run or linked.

    A text longer than a cell holds (only the trail and long shapes have such) is cut and says so.
    """
    import xlsxwriter

    out = io.BytesIO()
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
    with xlsxwriter.Workbook(out, options) as book:
        for name, table in found.items():
            page = book.add_worksheet(name)
            page.freeze_panes(1, 0)
            for number, row in enumerate([list(table.columns), *table.itertuples(index=False, name=None)]):
                for column, text in enumerate(row):
                    page.write_string(number, column, text if len(text) <= _CELL else text[: _CELL - 1] + "…")
    return out.getvalue()


def template_bytes() -> bytes:
    """Return an empty list of sites to fill in, as a workbook."""
    return workbook({"sites": sheet.template()})


def _geojson(registry: Registry) -> bytes:
    features = []
    kept = registry.all("sites")
    table = sheet.rows(KINDS["sites"], {name: one.document for name, one in kept.items()}, quoted=False)
    for row, one in zip(table.to_dict("records"), kept.values(), strict=True):
        shape = one.document["geometry"]
        properties: dict[str, Any] = {str(n): v for n, v in row.items() if n not in ("geometry", "lon", "lat")}
        properties["version"] = str(one.version)
        geometry = json.loads(shapely.to_geojson(shapely.from_wkt(shape))) if shape else None
        features.append({"type": "Feature", "geometry": geometry, "properties": properties})
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False).encode()
