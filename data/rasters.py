"""Static rasters at rest and in the hand: people, ground, plants and burned land on cells of their own coordinates.

A raster is never brought to other cells: outlines come to it. Never reads a provider's file (`fetchers.geotiff`) and
never adds up (`models.ground`).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa

from data.grids import Axes

#: What is kept of a raster, degrees: the pilot provinces with a margin (west, south, east, north).
BOX = (96.9, 16.3, 102.0, 20.7)

Statistic = Literal["sum", "mean", "class"]
#: How the cells of a tambon become one number: added up, averaged by area, or shares of each class.
STATISTICS: dict[str, Statistic] = {
    "population": "sum",
    "elevation_m": "mean",
    "land_cover": "class",
    "burned": "mean",
    "ndvi": "mean",
    "ndmi": "mean",
    "ndwi": "mean",
}


@dataclass(frozen=True)
class Raster:
    """One raster, cut to `BOX`.

    Attributes
    ----------
    variable : str
        A key of `STATISTICS`.
    source, units : str
    when : str
        Day, month or year it speaks of, ISO; empty when nobody says.
    crs : str
        Coordinates, as an EPSG code or WKT.
    axes : Axes
        In these coordinates.
    values : ndarray of float32, shape (rows, columns)
        From the south, NaN where missing.
    """

    variable: str
    source: str
    units: str
    when: str
    crs: str
    axes: Axes
    values: np.ndarray

    @property
    def part(self) -> str:
        """Name of the part it is stored under: what, whose, when, and which cells."""
        mark = hashlib.sha256(json.dumps([self.axes.numbers, self.crs]).encode()).hexdigest()[:8]
        return f"{self.variable}.{self.source}.{self.when or 'undated'}.{mark}"


def to_arrow(raster: Raster) -> pa.Table:
    """Return a raster as a table for one file: a row for each row of cells, the rest in the metadata."""
    facts = {name: getattr(raster, name) for name in ("variable", "source", "units", "when", "crs")}
    text = json.dumps({**facts, "axes": raster.axes.numbers}, sort_keys=True, ensure_ascii=False)
    flat = pa.array(np.ascontiguousarray(raster.values, np.float32).ravel(), pa.float32(), from_pandas=False)
    table = pa.table({"values": pa.FixedSizeListArray.from_arrays(flat, raster.axes.columns)})
    return table.replace_schema_metadata({"raster": text})


def from_arrow(content: pa.Table) -> Raster:
    """Return the raster of one stored file."""
    facts = json.loads(content.schema.metadata[b"raster"])
    west, south, step_x, step_y, columns, rows = facts.pop("axes")
    axes = Axes(west, south, step_x, step_y, int(columns), int(rows))
    values = content["values"].combine_chunks().flatten().to_numpy().reshape(axes.rows, axes.columns)
    return Raster(**facts, axes=axes, values=values)
