"""A model grid as a layer of the map: one class per cell of one day, small enough to be sent with the other values.

What is shown is the grid itself, before it meets a tambon. Never averages over tambons, never draws.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import numpy as np

from data.grids import Axes, inside
from layers.palette import Band, band_of
from models import gridded
from models.desk import Desk

#: Room around the place, degrees: the smoke that comes is seen coming.
MARGIN_DEG = 1.0
#: More cells than this are finer than a pixel of the first map and heavier than all other values together.
MOST_CELLS = 20_000
#: A missing cell; the classes are 0 and on.
_MISSING = "."


def grid_layer(desk: Desk, variable: str, day: dt.date, bands: Sequence[Band]) -> dict[str, Any] | None:
    """Return the mean field of a Thai day as classes per cell, None when no grid of it is stored or it is too fine.

    Returns
    -------
    dict or None
        ``west``, ``south`` (outer edges), ``step`` (degrees: longitude, latitude), ``columns``, ``rows``, ``colours``
        of the classes, ``source``, and ``cells``: one character each, row after row from the south, the class or ``.``.
    """
    west, south, east, north = desk.place.bbox
    box = (west - MARGIN_DEG, south - MARGIN_DEG, east + MARGIN_DEG, north + MARGIN_DEG)
    for source, axes, values in gridded.day_field(desk.store, variable, day, desk.state):
        rows, columns = inside(axes, box)
        part = values[rows, columns]
        if 0 < part.size <= MOST_CELLS:
            lon, lat = axes.lon[columns], axes.lat[rows]
            cut = Axes(float(lon[0]), float(lat[0]), axes.step_lon, axes.step_lat, len(lon), len(lat))
            return classes(part, cut, bands) | {"source": source}
    return None


def classes(values: np.ndarray, axes: Axes, bands: Sequence[Band]) -> dict[str, Any]:
    """Return one field (rows, columns) in classes, see `grid_layer`."""
    west, south, _, _ = axes.bounds
    letters = [_MISSING if at < 0 else str(at) for at in (band_of(value, bands) for value in values.ravel().tolist())]
    return {
        "west": round(west, 6),
        "south": round(south, 6),
        "step": [axes.step_lon, axes.step_lat],
        "columns": axes.columns,
        "rows": axes.rows,
        "cells": "".join(letters),
        "colours": [band.colour for band in bands],
    }
