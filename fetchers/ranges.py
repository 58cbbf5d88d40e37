"""A raster on another machine, cut to the box the desk keeps: its head, overview and tiles asked by byte ranges.

A tile of land cover is a hundred megabytes, of which the place needs a few. All is asked through the house's own way
out (hosts, limits, retries), never through GDAL's. Never parses a raster for the store: it hands on a small file.
"""

from __future__ import annotations

import io
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace

import data.gdal  # noqa: F401  (before anything loads GDAL)

# isort: split
import rasterio
from affine import Affine
from rasterio.enums import Resampling
from rasterio.windows import Window

from data.errors import SourceError
from fetchers import geotiff
from fetchers.fields import damaged
from fetchers.http import Reply
from fetchers.source import Request

#: Bytes asked at once: a COG's head fits in one, and a tile of 512 by 512 cells in one or two.
BLOCK = 262_144
#: Blocks held: GDAL comes back to the head while it reads.
_HELD = 64
_PARTIAL = 206
#: The name by which GDAL knows the file.
_NAME = "remote.tif"


def cut(request: Request, ask: Callable[[Request], Reply], *, classes: bool) -> Reply:
    """Return a reply whose content is the part of a remote GeoTIFF that the desk keeps, at the cell size it keeps.

    Parameters
    ----------
    request : Request
        The address of the file.
    ask : callable
        Asks one request by the house's rules.
    classes : bool
        The cells are classes: where several become one, the commonest is taken instead of the mean.

    Returns
    -------
    Reply
        With a GeoTIFF of its own as content; the server's reply as it is, when it is no part of a file.

    Raises
    ------
    FileRefused
        Damaged, or of elsewhere; see `geotiff.parse`.
    SourceError
        A range was refused or did not come.
    """
    remote = Remote(request, ask)
    first = remote.block(0)
    if first.status != _PARTIAL or not first.whole_bytes:
        return first
    try:
        with rasterio.open(_NAME, driver="GTiff", opener=remote.opened) as source:
            content = _small(source, request.label, Resampling.mode if classes else Resampling.average)
    except rasterio.errors.RasterioError as error:
        raise remote.fault or damaged(request.label, error) from error
    return replace(first, status=200, content=content)


class Remote:
    """A file on another machine, in blocks; `fault` is the error that ended a read inside GDAL."""

    def __init__(self, request: Request, ask: Callable[[Request], Reply]) -> None:
        self._request, self._ask = request, ask
        self._blocks: OrderedDict[int, Reply] = OrderedDict()
        self.fault: SourceError | None = None

    def block(self, number: int) -> Reply:
        """Return the reply that holds a block."""
        if number not in self._blocks:
            start = number * BLOCK
            ranged = {**self._request.headers, "Range": f"bytes={start}-{start + BLOCK - 1}"}
            self._blocks[number] = self._ask(replace(self._request, headers=ranged))
            if len(self._blocks) > _HELD:
                self._blocks.popitem(last=False)
        self._blocks.move_to_end(number)
        return self._blocks[number]

    def opened(self, path: str, mode: str = "rb") -> _View:
        """Return the file, read from its beginning; FileNotFoundError for the files that GDAL looks for beside it."""
        if path.rpartition("/")[2] != _NAME or "r" not in mode:
            raise FileNotFoundError(path)
        return _View(self, self.block(0).whole_bytes)


class _View(io.RawIOBase):
    def __init__(self, remote: Remote, whole: int) -> None:
        self._remote, self._whole, self._at = remote, whole, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._whole}[whence]
        self._at = max(0, base + offset)
        return self._at

    def read(self, size: int = -1) -> bytes:
        end = self._whole if size < 0 else min(self._whole, self._at + size)
        parts = []
        try:
            for number in range(self._at // BLOCK, -(-end // BLOCK)):
                offset = number * BLOCK
                content = self._remote.block(number).content
                parts.append(content[max(0, self._at - offset) : end - offset])
        except SourceError as error:  # GDAL would pass over it
            self._remote.fault = self._remote.fault or error
            return b""
        found = b"".join(parts)
        self._at += len(found)
        return found


def _small(source: rasterio.DatasetReader, name: str, how: Resampling) -> bytes:
    window, factor = geotiff.window_of(source, name), geotiff.factor_of(source)
    rows, columns = max(1, int(window.height) // factor), max(1, int(window.width) // factor)
    kept = Window(window.col_off, window.row_off, columns * factor, rows * factor)
    values = source.read(window=kept, out_shape=(source.count, rows, columns), resampling=how)
    profile = {
        "driver": "GTiff", "count": source.count, "width": columns, "height": rows, "crs": source.crs,
        "dtype": source.dtypes[0], "nodata": source.nodata, "compress": "deflate",
        "transform": source.window_transform(kept) * Affine.scale(factor),
    }  # fmt: skip
    with rasterio.MemoryFile() as memory:
        with memory.open(**profile) as made:
            made.write(values)
            made.update_tags(**source.tags())
            made.scales, made.offsets = source.scales, source.offsets
            for band, words in enumerate(source.descriptions, start=1):
                if words:
                    made.set_band_description(band, words)
        return bytes(memory.read())
