"""People and land cover over real HTTP: tiles of the area, rasters in the store, refusals told, by name alone."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pytest

from data.clock import UTC
from data.store import Store
from fetchers.http import Http
from fetchers.refresh import Outcome, chosen, refresh
from fetchers.source import Area
from fetchers.sources import SOURCES, rasters
from tests import grid_files
from tests.server import Answer, Server

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
