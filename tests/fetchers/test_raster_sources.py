"""People and land cover over real HTTP: tiles of the area, rasters in the store, refusals told, by name alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import data.gdal  # noqa: F401  (before anything loads GDAL)

# isort: split
import numpy as np
import pytest
import rasterio
from affine import Affine

from data.clock import UTC
from data.store import Store
from fetchers import geotiff, ranges
from fetchers.http import Http, Reply
from fetchers.refresh import Outcome, chosen, refresh
from fetchers.source import Area, Request, download
from fetchers.sources import SOURCES, rasters
from tests import grid_files
from tests.server import Answer, Asked, Server

NOW = dt.datetime(2026, 3, 10, 6, tzinfo=UTC)
AREA = Area(98.5, 17.5, 100.5, 19.5, ("52",))
PEOPLE = "/GIS/Population/Global_2000_2020_Constrained/2020/BSGM/THA/tha_ppp_2020_constrained.tif"


def one(store: Store, server: Server, name: str) -> Outcome:
    with Http(mirrors=dict.fromkeys(SOURCES[name].info.hosts, server.url), pause_s=0.01) as http:
        (found,) = refresh(store, http, area=AREA, keys={}, now=lambda: NOW, names=[name])
    return found


def test_people_per_cell_are_stored_as_a_raster(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    with Server() as server:
        server.answer(PEOPLE, Answer(grid_files.geotiff(np.full((4, 4), 3.0, dtype=np.float32))))
        found = one(store, server, "worldpop-people")
        assert server.paths() == [PEOPLE]
    assert (found.verdict, found.rows) == ("updated", 1)
    assert any("population" in part for part in store.parts("rasters"))
    assert store.snapshots()["kind"].tolist() == ["raster"]


def test_the_tiles_that_the_area_touches_are_asked() -> None:
    requests = rasters.LAND_COVER.requests_for(AREA, None, "", NOW)
    corners = [request.label.partition("v200_")[2].removesuffix("_Map.tif") for request in requests]
    assert corners == ["N15E096", "N15E099", "N18E096", "N18E099"]


@pytest.mark.parametrize("body", [b"<html>login</html>", b"II*\x00broken", b"words"])
def test_what_is_no_raster_is_told_and_stores_nothing(tmp_path: Path, body: bytes) -> None:
    store = Store(tmp_path / "store")
    with Server() as server:
        server.answer(PEOPLE, Answer(body))
        assert one(store, server, "worldpop-people").verdict == "changed"
    assert not store.parts("rasters")


def test_a_file_that_is_gone_is_not_published_and_nothing_is_fetched_unasked(tmp_path: Path) -> None:
    with Server() as server:
        assert one(Store(tmp_path / "store"), server, "worldcover-land").verdict == "not_published"
    assert not {"worldpop-people", "worldcover-land"} & {source.info.key for source in chosen((), {})}


def test_heights_come_by_tiles_of_one_degree_named_by_their_corner(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    tile = "Copernicus_DSM_COG_30_N18_00_E099_00_DEM"
    with Server() as server:
        server.answer(f"/{tile}/{tile}.tif", Answer(grid_files.geotiff(np.full((4, 4), 412.5, dtype=np.float32))))
        found = one(store, server, "copernicus-dem")
        corners = {path.split("_DEM/")[0][-14:] for path in server.paths()}
    assert corners == {f"N{lat}_00_E{lon:03d}_00" for lat in (17, 18, 19) for lon in (98, 99, 100)}
    assert (found.verdict, found.rows) == ("updated", 1)
    (part,) = store.parts("rasters")
    assert part.startswith("elevation_m.copernicus.")
    assert "copernicus-dem" not in {source.info.key for source in chosen((), {})}


# -- by byte ranges --------------------------------------------------------------------------------------------------


def ranged(content: bytes, *, broken_at: int = 0) -> Callable[[Asked], Answer]:
    """Answer ranges as an object store does; from byte `broken_at` on with an error."""

    def answer(asked: Asked) -> Answer:
        first, last = (int(edge) for edge in asked.headers["Range"].removeprefix("bytes=").split("-"))
        if broken_at and first >= broken_at:
            return Answer(b"busy", status=503)
        part = content[first : last + 1]
        told = {"Content-Range": f"bytes {first}-{first + len(part) - 1}/{len(content)}"}
        return Answer(part, status=206, headers=told)

    return answer


def land_tile(west: float, north: float, step: float) -> bytes:
    """Return a Cloud-Optimised GeoTIFF of 4096 cells a side: blocks of forest and fields with noise in them."""
    side, turn = 4096, Affine(step, 0, west, 0, -step, north)
    blocks = np.random.default_rng(5).choice([10, 40, 50, 80], (side // 16, side // 16)).astype(np.uint8)
    cells = np.kron(blocks, np.ones((16, 16), dtype=np.uint8))
    noise = np.random.default_rng(6).integers(0, 16, cells.shape)
    cells = np.where(noise == 0, 30, cells).astype(np.uint8)
    with rasterio.MemoryFile() as memory:
        with memory.open(
            driver="COG", count=1, width=side, height=side, dtype="uint8", crs="EPSG:4326", transform=turn,
            nodata=0, blocksize=256, overview_resampling="mode", compress="deflate",
        ) as made:  # fmt: skip
            made.write(cells, 1)
            made.update_tags(product="ESA WorldCover 10m 2021")
        return bytes(memory.read())


def test_of_a_remote_raster_only_the_part_of_the_place_comes_over_the_line(tmp_path: Path) -> None:
    content = land_tile(96.0, 21.0, 3 / 4096)
    request = Request("https://esa-worldcover.s3.eu-central-1.amazonaws.com/tile_Map.tif", "tile_Map.tif")
    with Server() as server:
        server.answer("/tile_Map.tif", ranged(content))
        with Http(mirrors=dict.fromkeys(rasters.LAND_COVER.info.hosts, server.url), pause_s=0.01) as http:
            reply = download(rasters.LAND_COVER, request, http)
    # West of 96.9 and north of 20.7 nothing is kept; the tile ends at 99 and 18.
    near, whole = (geotiff.parse(one, "tile_Map.tif", NOW).rasters[0] for one in (reply.content, content))
    assert near.axes == whole.axes
    assert np.array_equal(near.values, whole.values, equal_nan=True)
    assert (near.variable, near.source, near.crs) == (whole.variable, whole.source, whole.crs)
    assert len(reply.content) < len(content)


def test_finer_cells_come_from_the_overview_and_few_bytes_are_asked(tmp_path: Path) -> None:
    # Cells of 20 m become one of 80 m: the overview of a fourth of the size is what is read.
    fine = land_tile(99.0, 18.6, 0.00018)
    sent = 0

    def ask(request: Request) -> Reply:
        nonlocal sent
        first, last = (int(edge) for edge in request.headers["Range"].removeprefix("bytes=").split("-"))
        part = fine[first : last + 1]
        sent += len(part)
        return Reply(request.url, 206, part, "", len(fine))

    reply = ranges.cut(Request("https://x/land_cover.tif", "land_cover.tif"), ask, classes=True)
    assert sent < len(fine) / 4
    near, whole = (geotiff.parse(one, "land_cover.tif", NOW).rasters[0] for one in (reply.content, fine))
    assert near.axes == pytest.approx(whole.axes)
    assert np.array_equal(near.values, whole.values, equal_nan=True)


def test_a_range_that_does_not_come_is_an_error_and_stores_nothing(tmp_path: Path) -> None:
    content = land_tile(96.0, 21.0, 3 / 4096)
    store = Store(tmp_path / "store")
    with Server() as server:
        server.answer(PEOPLE, ranged(content, broken_at=ranges.BLOCK))
        assert one(store, server, "worldpop-people").verdict == "unreachable"
    assert not store.parts("rasters")
