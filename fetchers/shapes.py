"""Files of shapes become frames: GeoJSON, GeoParquet, GeoPackage and shapefiles.

They are told apart by content, not by name. Never lets GDAL see anything but a GeoPackage or a shapefile, and never
knows what the shapes are, except that of a GeoPackage the layer of tambons is taken.

Quirk cured here: shapefiles come in UTF-8 or, without saying so, in the Thai code page 874.
"""

from __future__ import annotations

import io
import json
import tempfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import pyarrow as pa
import pyarrow.parquet as pq
import pyproj
import shapely

import data.gdal  # noqa: F401  (before anything loads GDAL)
from data.errors import FileRefused
from fetchers.areas import code_column_of

_SHAPEFILE = b"\x00\x00\x27\x0a"
#: Rows looked at at once, and most bytes that the tables of a Parquet file may need.
_BATCH, _MOST_UNPACKED = 256, 2_000_000_000
#: What geopandas, pyogrio and what they stand on raise for a damaged file.
_UNREADABLE = (
    OverflowError,
    RuntimeError, ValueError, KeyError, TypeError, AttributeError, IndexError, OSError,
    pa.ArrowException, shapely.errors.ShapelyError,
)  # fmt: skip


def load_frame(data: bytes, suffix_hint: str) -> gpd.GeoDataFrame:
    """Read GeoJSON, GeoParquet or GeoPackage bytes, told apart by their content.

    Parameters
    ----------
    data : bytes
    suffix_hint : str
        Ending of the file's name; only used in the words of a refusal.

    Returns
    -------
    GeoDataFrame
        As in the file; without a coordinate system where the file declares none.

    Raises
    ------
    FileRefused
        ``boundary_unreadable``; ``boundary_sidecars`` for a ``.shp`` brought alone.
    """
    if data[:4] == _SHAPEFILE:
        raise _sidecars(".dbf, .shx, .prj")
    try:
        if data[:4] == b"PAR1":
            _check_parquet(data)
            return gpd.read_parquet(io.BytesIO(data))
        if data[:15] == b"SQLite format 3":
            return _geopackage(data)
        if data[:512].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
            return frame_from_geojson(json.loads(data.decode("utf-8-sig")))
    except (*_UNREADABLE, RecursionError) as error:
        raise unreadable(str(error)) from error
    raise unreadable(f"content of an unknown form, named {suffix_hint or 'without an ending'}")


def _check_parquet(data: bytes) -> None:
    """Refuse a file whose rows are far more than its bytes, and texts that are none; a few rows are held at a time.

    What a file says of its own size is not trusted: one value that is written once may stand in a million rows.
    """
    total = 0
    for batch in pq.ParquetFile(io.BytesIO(data)).iter_batches(batch_size=_BATCH):
        batch.validate(full=True)
        total += batch.nbytes
        if total > _MOST_UNPACKED:
            raise FileRefused("a Parquet file that unpacks to far more than any outline would", key="zip_bomb")


def frame_from_geojson(document: dict[str, Any]) -> gpd.GeoDataFrame:
    """Return a parsed GeoJSON feature collection as a frame.

    Parameters
    ----------
    document : dict
        A ``FeatureCollection``. The old ``crs`` member (GeoJSON 2008) is heeded; without it no system is set.

    Raises
    ------
    FileRefused
        ``boundary_unreadable`` when it is another type or a feature is malformed; ``boundary_crs`` when the ``crs``
        member names a system that does not exist.
    """
    features = document.get("features")
    if document.get("type") != "FeatureCollection" or not isinstance(features, list):
        raise unreadable(f"GeoJSON of type {document.get('type')}, not a FeatureCollection")
    declared = document.get("crs")
    try:
        crs = pyproj.CRS(declared["properties"]["name"]) if isinstance(declared, dict) else None
    except (pyproj.exceptions.CRSError, KeyError, TypeError) as error:
        raise unplaced(f"crs member {declared}") from error
    try:
        return gpd.GeoDataFrame.from_features(features, crs=crs)
    except _UNREADABLE as error:
        raise unreadable(str(error)) from error


def load_shapefile(parts: dict[str, bytes]) -> gpd.GeoDataFrame:
    """Read an ESRI shapefile from its parts, of any geometry type.

    Parameters
    ----------
    parts : dict of str to bytes
        Content by file name; only the endings count. ``.shp``, ``.shx`` and ``.dbf`` are needed, ``.prj`` and ``.cpg``
        used.

    Raises
    ------
    FileRefused
        ``boundary_sidecars`` when a needed part is missing, ``boundary_unreadable`` when GDAL cannot read them.
    """
    import pyogrio  # here, so that data.gdal has set the environment before GDAL is loaded

    by_ending = {Path(name).suffix.lower(): content for name, content in parts.items()}
    missing = [ending for ending in (".shp", ".shx", ".dbf") if ending not in by_ending]
    if missing:
        raise _sidecars(", ".join(missing))
    if by_ending[".shp"][:4] != _SHAPEFILE:
        raise unreadable("the .shp part is not a shapefile")
    with tempfile.TemporaryDirectory(prefix="haze-shapefile-") as folder:
        for ending in (".shp", ".shx", ".dbf", ".prj", ".cpg"):
            if ending in by_ending:
                Path(folder, f"layer{ending}").write_bytes(by_ending[ending])
        path = Path(folder, "layer.shp")
        try:
            if ".cpg" in by_ending:
                return pyogrio.read_dataframe(path)
            try:
                return pyogrio.read_dataframe(path, encoding="UTF-8")
            except UnicodeDecodeError:
                return pyogrio.read_dataframe(path, encoding="CP874")
        except _UNREADABLE as error:
            raise unreadable(str(error).replace(folder, "")) from error


def _geopackage(data: bytes) -> gpd.GeoDataFrame:
    import pyogrio

    with tempfile.TemporaryDirectory(prefix="haze-geopackage-") as folder:
        path = Path(folder, "layers.gpkg")
        path.write_bytes(data)
        layers = [str(layer) for layer, kind in pyogrio.list_layers(path) if kind is not None]
        if not layers:
            raise unreadable("a GeoPackage without a layer of shapes")
        fields = {layer: [str(field) for field in pyogrio.read_info(path, layer=layer)["fields"]] for layer in layers}
        # A package may hold provinces, amphoes and tambons side by side.
        of_tambons = [layer for layer in layers if code_column_of(fields[layer])[0] == "tambon"]
        return pyogrio.read_dataframe(path, layer=(of_tambons or layers)[0])


def unplaced(found: str) -> FileRefused:
    """Return the refusal of coordinates that nobody can place on the Earth: what was found instead."""
    return FileRefused(
        f"boundaries: expected degrees or a declared coordinate system, got {found}",
        key="boundary_crs",
        context={"found": found[:120]},
        hint="bring the .prj beside the shapefile, or save the file in WGS84 (EPSG:4326)",
    )


def unreadable(problem: str) -> FileRefused:
    """Return the refusal of a file that is no whole boundary file."""
    return FileRefused(
        f"boundaries: cannot be read: {problem[:200]}",
        key="boundary_unreadable",
        context={"problem": problem[:120]},
        hint="bring GeoJSON, GeoParquet, GeoPackage or a zipped shapefile",
    )


def _sidecars(missing: str) -> FileRefused:
    return FileRefused(
        f"boundaries: a shapefile without {missing}",
        key="boundary_sidecars",
        context={"missing": missing},
        hint="zip .shp, .shx, .dbf, .prj and .cpg together and bring the zip",
    )
