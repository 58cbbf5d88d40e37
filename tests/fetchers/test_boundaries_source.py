"""The official outlines over real HTTP: found through the catalogue, the smallest file, tambons among levels."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from data.clock import UTC
from data.store import Store
from fetchers.http import Http
from fetchers.refresh import Outcome, chosen, refresh
from fetchers.source import Area, Period
from fetchers.sources import boundaries
from tests import files
from tests.server import Answer, Server

NOW = dt.datetime(2026, 3, 10, 6, tzinfo=UTC)
AREA = Area(98.5, 17.5, 100.5, 19.5, ("52",))
CATALOGUE, FILE = "/api/3/action/package_show", "/dataset/x/resource/y/download/tha.geojson.zip"


def entry(name: str, size: int, form: str, path: str = "/other") -> dict[str, Any]:
    return {"name": name, "size": size, "format": form, "download_url": f"https://data.humdata.org{path}"}


RESOURCES = [
    entry("tha_admin_boundaries.gdb.zip", 10, "Geodatabase"),
    entry("tha_admin_boundaries.xlsx", 5, "XLSX"),
    entry("tha_admin_boundaries.shp.zip", 377_000_000, "SHP"),
    entry("tha_admin_boundaries.geojson.zip", 120_000_000, "GeoJSON", FILE),
    entry("too_large.geojson.zip", 900_000_000, "GeoJSON"),
]


def levels(*names: str) -> bytes:
    amphoe = json.loads(files.as_json(files.squares()))
    for feature in amphoe["features"]:
        feature["properties"] = {"ADM2_PCODE": "TH" + feature["properties"]["ADM3_PCODE"][2:6]}
    made = {"tha_admin2.geojson": files.as_json(amphoe), "tha_admin3.geojson": files.as_json(files.squares())}
    return files.zipped({name: made[name] for name in names})


def one(store: Store, server: Server, period: Period | None = None) -> Outcome:
    with Http(mirrors={"data.humdata.org": server.url}, pause_s=0.01, timeout_s=(2.0, 5.0)) as http:
        (found,) = refresh(store, http, area=AREA, keys={}, now=lambda: NOW, names=["cod-ab-tambons"], period=period)
    return found


def test_the_smallest_readable_file_is_taken_and_its_tambons_stored(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    with Server() as server:
        server.answer(CATALOGUE, Answer(json.dumps({"result": {"resources": RESOURCES}}).encode()))
        server.answer(FILE, Answer(levels("tha_admin2.geojson", "tha_admin3.geojson")))
        found = one(store, server)
        assert server.paths() == [CATALOGUE, FILE]
    assert (found.verdict, found.rows) == ("updated", 4)
    stored = store.tambons()
    assert stored is not None
    assert len(stored) == 4
    assert store.snapshots()["kind"].tolist() == ["tambons"]


@pytest.mark.parametrize(
    ("catalogue", "content"),
    [
        (b"<html>", b""),
        (b'{"result": null}', b""),
        (json.dumps({"result": {"resources": RESOURCES[:2]}}).encode(), b""),
        (json.dumps({"result": {"resources": RESOURCES}}).encode(), b"<html>login</html>"),
        (json.dumps({"result": {"resources": RESOURCES}}).encode(), levels("tha_admin2.geojson")),
        (json.dumps({"result": {"resources": RESOURCES}}).encode(), b"PK\x03\x04broken"),
    ],
)
def test_what_is_no_set_of_tambons_is_told_and_stores_nothing(tmp_path: Path, catalogue: bytes, content: bytes) -> None:
    store = Store(tmp_path / "store")
    with Server() as server:
        server.answer(CATALOGUE, Answer(catalogue))
        server.answer(FILE, Answer(content))
        assert one(store, server).verdict in ("changed", "unreachable")
    assert store.tambons() is None


def test_outlines_are_asked_by_name_alone_and_have_no_past(tmp_path: Path) -> None:
    assert "cod-ab-tambons" not in {source.info.key for source in chosen((), {})}
    with Server() as server:
        day = dt.date(2026, 3, 9)
        assert one(Store(tmp_path / "store"), server, Period(day, day)).verdict == "refused"
        assert server.paths() == []
    assert boundaries.TAMBONS.info.max_mb < 500
