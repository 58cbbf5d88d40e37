"""Keeps GDAL from following what a file says: drivers that open other files, run commands or use the network are off.

Never opens a file itself. Import it before anything that loads GDAL (pyogrio, rasterio): each of them reads these
variables once, when it is loaded.
"""

from __future__ import annotations

import os

#: A VRT or GDALG text names other files, addresses or commands, and GDAL would fetch or run them.
_VECTOR = "OGR_VRT,GDALG"
_RASTER = "VRT,GTI,WMS,WCS,WFS,HTTP,OAPIF"

os.environ.setdefault("OGR_SKIP", _VECTOR)
os.environ.setdefault("GDAL_SKIP", _RASTER)
