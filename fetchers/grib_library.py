"""Loads ecCodes, the library for GRIB, after PROJ.

ecCodes brings a PROJ library of its own: where it is loaded before pyproj's, the process ends in a crash. Never import
`eccodes` or `cfgrib` directly.
"""

from __future__ import annotations

import functools
from typing import Any


@functools.cache
def eccodes() -> Any:
    """Return the module, loaded when first asked for, since most commands need no GRIB."""
    import eccodes as module
    import pyproj  # noqa: F401 - has to be the first

    return module
