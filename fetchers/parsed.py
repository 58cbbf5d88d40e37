"""What every parser hands over: a checked table, how many rows were read, and what happened to the rest.

Never stores and never words anything: reasons and notes are keys with values, worded at the edge.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from data.rasters import Raster

if TYPE_CHECKING:
    import xarray as xr

Kind = Literal[
    "hotspots",
    "readings",
    "weather",
    "stations",
    "tambons",
    "land",
    "population",
    "records",
    "published",
    "grid",
    "raster",
]


@dataclass(frozen=True)
class Remark:
    """Something that happened to some rows, or to the file.

    Attributes
    ----------
    key : str
        Text key under ``remark.``.
    count : int
        How many rows it concerns.
    rows : tuple of int
        Up to five row numbers as a person counts them: the first data row is 1.
    context : mapping
        Values for the placeholders of the text.
    """

    key: str
    count: int
    rows: tuple[int, ...] = ()
    context: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Parsed:
    """A file or reply, understood.

    Attributes
    ----------
    format : str
        Which of the known forms it was, for example ``firms-area-api-csv``.
    kind : str
        What the table holds.
    table : DataFrame
        Good rows only, in the contract of `kind`. A GeoDataFrame for tambons. For grids a row for each field:
        `variable`, `measured_at`, `run` and its outer centres `west`, `south`, `east`, `north`; for rasters a row
        for each band.
    read : int
        Rows met in the file, good or bad.
    rejected : tuple of Remark
        Rows left out, by reason; their counts add up to the rows neither kept nor double.
    mended : tuple of Remark
        Rows or columns put right on purpose, or facts worth telling.
    stations : DataFrame or None
        Stations or places that a file of readings or weather describes.
    model_days : DataFrame or None
        What a model says of days to come (MODEL_DAY_COLUMNS), where the moment at which it was known is certain.
    grids : tuple of DataArray
        The fields of a gridded file (see `data.grids`), one array per variable and run.
    records : mapping of str to DataFrame
        Rows for the registry as text, by kind of record, their index the number of the row in the file. They are judged
        by the registry, which knows what is there already; `table` is empty then.
    rasters : tuple of Raster
        The bands of a raster file (see `data.rasters`).
    """

    format: str
    kind: Kind
    table: pd.DataFrame
    read: int
    rejected: tuple[Remark, ...] = ()
    mended: tuple[Remark, ...] = ()
    stations: pd.DataFrame | None = None
    model_days: pd.DataFrame | None = None
    grids: tuple[xr.DataArray, ...] = ()
    records: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    rasters: tuple[Raster, ...] = ()

    @property
    def rejected_count(self) -> int:
        """Number of rows left out."""
        return sum(remark.count for remark in self.rejected)
