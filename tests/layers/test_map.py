"""The payloads of the map: the outline keeps its shape, the packing loses nothing, the page asks nobody outside.

Never opens a browser; what the browser reads is decoded here by the format as it is written down.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from data.contracts import HOTSPOT_CATEGORIES, HOTSPOT_COLUMNS, check_hotspots, empty
from layers import map as desk_map
from layers.assets import STATIC, publish
from layers.palette import COUNT_COLOURS

WORDS = {lang: {word: f"{word}-{lang}" for word in desk_map.WORDS} for lang in ("th", "en")}
UTC = dt.UTC
#: The kinds of text that once ran as script in map pages made the usual way.
HOSTILE = (
    '<img src=x onerror="window.__hit=1">',
    "</script><script>window.__hit=1</script>",
    "<svg onload=window.__hit=1>",
    "`+(window.__hit=1)+`",
    "${window.__hit=1}",
    "');window.__hit=1;('",
    "\u2028window.__hit=1//",
)


@pytest.fixture
def tambons() -> gpd.GeoDataFrame:
    """Four squares of 0.1 degrees, two amphoes of two; the last one has a hole and an island."""
    squares = [shapely.box(x, y, x + 0.1, y + 0.1) for y in (18.0, 18.1) for x in (99.0, 99.1)]
    holed = squares[3].difference(shapely.box(99.14, 18.14, 99.16, 18.16))
    squares[3] = shapely.union_all([holed, shapely.box(99.25, 18.1, 99.3, 18.15)])
    codes = ["520101", "520102", "520201", "520202"]
    return gpd.GeoDataFrame(
        {
            "tambon": codes,
            "tambon_th": ["หนึ่ง", "สอง", "สาม", "สี่"],
            "tambon_en": ["One", "Two", "Three", "Four"],
            "amphoe": [code[:4] for code in codes],
            "amphoe_th": ["ก", "ก", "ข", "ข"],
            "amphoe_en": ["A", "A", "B", "B"],
            "province": "52",
        },
        geometry=squares,
        crs=4326,
    )


def hotspots(**columns: Any) -> pd.DataFrame:
    """Return checked detections with the given columns, the rest ordinary."""
    n = len(next(iter(columns.values())))
    table: dict[str, Any] = {
        "hotspot_id": np.arange(n, dtype="uint64"),
        "acquired_at": pd.to_datetime(["2026-03-01T06:30Z"] * n).astype("datetime64[us, UTC]"),
        "lon": [99.5] * n,
        "lat": [18.3] * n,
        "satellite": ["SNPP"] * n,
        "sensor": ["VIIRS"] * n,
        "confidence": ["nominal"] * n,
        "frp_mw": [5.0] * n,
        "quality": ["nrt"] * n,
        "position": ["observed"] * n,
        "provider": ["sample"] * n,
    }
    return check_hotspots(pd.DataFrame(table | columns))


def points(flat: list[int], scale: int) -> np.ndarray:
    return np.cumsum(np.array(flat).reshape(-1, 2), axis=0) / scale


def shape_of(tambon: dict[str, Any], scale: int) -> shapely.Geometry:
    parts = [[points(ring, scale) for ring in polygon] for polygon in tambon["polygons"]]
    return shapely.union_all([shapely.Polygon(rings[0], rings[1:]) for rings in parts])


def unpacked(data: bytes) -> pd.DataFrame:
    assert data[:4] == b"HDP1"
    start = 8 + int.from_bytes(data[4:8], "little")
    head = json.loads(data[8:start])
    n = head["n"]
    assert start % 4 == 0, "the browser reads the columns in place, which needs whole words"
    assert len(data) == start + 15 * n
    columns = {}
    for name, kind, at in (
        ("lon", "<i4", 0),
        ("lat", "<i4", 4),
        ("minute", "<u4", 8),
        ("frp", "<u2", 12),
        ("flags", "u1", 14),
    ):
        columns[name] = np.frombuffer(data, kind, n, start + at * n)
    out = pd.DataFrame(columns)
    out["satellite"] = [dict(enumerate(head["satellites"])).get(flag & 7, "") for flag in out["flags"]]
    out["confidence"] = [dict(enumerate(head["confidences"])).get(flag >> 3 & 3, "") for flag in out["flags"]]
    return out


def test_outline_keeps_shapes_and_names(tambons: gpd.GeoDataFrame) -> None:
    outline = desk_map.outline_payload(tambons.sample(frac=1, random_state=1))

    assert outline["bounds"] == [99.0, 18.0, 99.3, 18.2]
    assert [one["code"] for one in outline["tambons"]] == ["520101", "520102", "520201", "520202"]
    assert outline["tambons"][0]["th"] == "หนึ่ง"
    assert outline["amphoes"][1] | {"at": None} == {"code": "5202", "th": "ข", "en": "B", "at": None}
    for one, shape in zip(outline["tambons"], tambons.geometry, strict=True):
        drawn = shape_of(one, outline["scale"])
        assert drawn.symmetric_difference(shape).area < 1e-6
        assert shape.contains(shapely.Point(one["at"]))
    # A hole stays a hole, an island stays an island.
    assert [len(polygon) for polygon in outline["tambons"][3]["polygons"]] in ([2, 1], [1, 2])


def test_each_border_is_drawn_once(tambons: gpd.GeoDataFrame) -> None:
    outline = desk_map.outline_payload(tambons)
    lines = [shapely.LineString(points(flat, outline["scale"])) for flat in outline["lines"]["amphoe"]]

    total = sum(line.length for line in lines)
    # Around both amphoes 1.0 with the common border once, the island 0.2, the hole 0.08.
    assert total == pytest.approx(0.8 + 0.2 + 0.2 + 0.08, abs=1e-3)


def test_neighbours_stay_neighbours() -> None:
    rng = np.random.default_rng(3)
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(rng.uniform((99, 17), (100, 19), (40, 2)))))
    borders = shapely.segmentize(shapely.union_all(shapely.boundary(cells)), 0.002)
    cells = shapely.get_parts(shapely.polygonize([borders]))
    cells = shapely.transform(cells, lambda xy: xy + 0.004 * np.sin(xy[:, ::-1] * 120))
    codes = [f"52{i:04d}" for i in range(len(cells))]
    table = gpd.GeoDataFrame(
        {"tambon": codes, "tambon_th": codes, "tambon_en": codes, "amphoe": "5201", "amphoe_th": "ก", "amphoe_en": "A"}
        | {"province": "52"},
        geometry=list(cells),
        crs=4326,
    )
    outline = desk_map.outline_payload(table)
    drawn = np.array([shape_of(one, outline["scale"]) for one in outline["tambons"]])

    assert shapely.coverage_is_valid(drawn)
    assert shapely.get_num_coordinates(drawn).sum() < shapely.get_num_coordinates(cells).sum() / 2


def test_points_lose_nothing_that_is_shown() -> None:
    table = hotspots(
        acquired_at=pd.to_datetime(["2026-03-02T18:44Z", "2026-03-01T06:30Z"]).astype("datetime64[us, UTC]"),
        lon=[99.123456, -99.5],
        lat=[18.654321, -18.25],
        satellite=["NOAA21", "AQUA"],
        confidence=["high", None],
        frp_mw=[12.34, None],
        position=["placed", "observed"],
    )
    read = unpacked(desk_map.points_payload(table))

    # In order of time, which the browser searches by halves.
    assert read["minute"].tolist() == [29_539_110, 29_541_284]
    assert read["lon"].tolist() == [-9_950_000, 9_912_346]
    assert read["lat"].tolist() == [-1_825_000, 1_865_432]
    assert read["satellite"].tolist() == ["AQUA", "NOAA21"]
    assert read["confidence"].tolist() == ["", "high"]
    assert read["frp"].tolist() == [65_535, 123]
    # 13:30 in Thailand is the day pass, 01:44 the night pass.
    assert (read["flags"] & 32).tolist() == [32, 0]
    assert (read["flags"] & 64).tolist() == [0, 64]


def test_a_fire_beyond_the_scale_is_not_missing() -> None:
    read = unpacked(desk_map.points_payload(hotspots(frp_mw=[9000.0, 0.0])))

    assert read["frp"].tolist() == [65_534, 0]


def test_no_detections_are_a_file_too() -> None:
    assert unpacked(desk_map.points_payload(empty(HOTSPOT_COLUMNS, HOTSPOT_CATEGORIES))).empty


def test_five_thousand_detections_stay_small() -> None:
    assert len(desk_map.points_payload(hotspots(lon=[99.5] * 5000))) < 80_000


def made_page(**changes: Any) -> str:
    given: dict[str, Any] = {"place": "lampang", "bounds": [99.0, 18.0, 99.3, 18.2], "words": WORDS}
    return desk_map.page_html(STATIC, "live/outline-0.json", **given | changes)


def test_page_names_no_address_outside() -> None:
    page = made_page()

    assert "http://" not in page.replace("http-equiv", "")
    assert "https://" not in page
    assert re.findall(r'src="([^"?]+)', page) == [
        "../vendor/leaflet/leaflet.js",
        "../desk/decode.js",
        "../desk/draw.js",
        "../desk/sketch.js",
        "../desk/map.js",
    ]


def test_page_is_the_same_for_the_same_things(tmp_path: Path, tambons: gpd.GeoDataFrame) -> None:
    assert made_page() == made_page()
    assert made_page() != made_page(place="phayao")


@pytest.mark.parametrize("text", HOSTILE)
def test_words_cannot_leave_their_script(text: str) -> None:
    words = {"th": WORDS["th"] | {"layers": text}}
    page = made_page(words=words)
    given = re.search(r"HazeDesk\.start\(\w+, (\{.*\})\);", page)

    assert given is not None
    assert json.loads(given.group(1))["words"]["th"]["layers"] == text
    assert "<" not in given.group(1)
    assert page.count("</script>") == made_page().count("</script>")


def test_page_needs_every_word() -> None:
    words = {"th": {key: "x" for key in desk_map.WORDS if key != "home"}}

    with pytest.raises(ValueError, match="missing home"):
        made_page(words=words)


def test_scripts_say_no_word_of_their_own() -> None:
    script = (STATIC / "desk" / "map.js").read_text(encoding="utf-8")
    said = set(re.findall(r'this\.word\("(\w+)"\)|this\.notice\("(\w+)"\)', script))
    keys = {key for pair in said for key in pair if key}

    assert keys
    assert keys <= set(desk_map.WORDS)
    assert "innerHTML" not in "".join(path.read_text(encoding="utf-8") for path in (STATIC / "desk").glob("*.js"))


def test_a_published_page_names_its_outline(tmp_path: Path, tambons: gpd.GeoDataFrame) -> None:
    for name in ("vendor/leaflet/leaflet.js", "vendor/leaflet/leaflet.css"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("stand-in")
    for path in (STATIC / "desk").iterdir():
        (tmp_path / "desk").mkdir(exist_ok=True)
        (tmp_path / "desk" / path.name).write_bytes(path.read_bytes())

    payload = desk_map.outline_payload(tambons)
    url = publish(tmp_path, "outline.json", json.dumps(payload))
    page = desk_map.page_html(tmp_path, url, place="lampang", bounds=payload["bounds"], words=WORDS)
    address = publish(tmp_path, "map.html", page)

    outline = next((tmp_path / "live").glob("outline-*.json"))
    assert outline.name in (tmp_path / address).read_text(encoding="utf-8")
    assert address == publish(tmp_path, "map.html", page)
    assert publish(tmp_path, "outline.json", outline.read_bytes()) == url == f"live/{outline.name}"


START = dt.datetime(2026, 2, 28, 17, tzinfo=UTC)
SHOWN = desk_map.Shown(START, START + dt.timedelta(days=1), START + dt.timedelta(hours=20), satellites=("SNPP",))


def test_values_are_small_and_plain() -> None:
    tambons = {f"52{i:04d}": (i % 7, str(i)) for i in range(100)}
    values = desk_map.map_values(
        lang="th", colours=COUNT_COLOURS, tambons=tambons, points_url="live/points-1.bin", shown=SHOWN, chosen="520001"
    )

    assert len(json.dumps(values)) < 3_000
    assert values["points"] == "points-1.bin"
    assert values["show"] == {
        "from": 29_538_300,
        "to": 29_539_740,
        "now": 29_539_500,
        "passes": ["night", "day"],
        "satellites": ["SNPP"],
        "confidences": None,
    }
    assert values["layers"] == {"tambons": True, "points": True, "names": True}


def test_a_grid_is_offered_and_waits_to_be_asked_for() -> None:
    values = desk_map.map_values(lang="th", colours=COUNT_COLOURS, tambons={}, grid={"cells": "0.1"})
    assert values["layers"] == {"tambons": True, "grid": False, "names": True}
    assert values["grid"] == {"cells": "0.1"}


def test_no_value_is_not_class_zero() -> None:
    values = desk_map.map_values(
        lang="en",
        colours=COUNT_COLOURS,
        tambons={"520101": (None, ""), "520102": (-1, ""), "520103": (np.int64(0), "0")},
    )

    assert values["tambons"] == {"520101": [None, ""], "520102": [None, ""], "520103": [0, "0"]}
    assert values["hatched"] == []
    json.dumps(values)


def test_a_site_without_a_position_is_never_a_point() -> None:
    site = desk_map.SiteMark("ป่าชุมชน", math.nan, math.nan)

    with pytest.raises(ValueError, match="expected a position"):
        desk_map.map_values(lang="th", colours=(), tambons={}, sites=[site])


def test_sites_known_by_tambon_are_counts() -> None:
    values = desk_map.map_values(lang="th", colours=(), tambons={}, site_counts={"520101": 3, "520102": 0})

    assert values["site_counts"] == {"520101": 3}
    assert values["sites"] == []
    assert values["layers"]["sites"] is True


def test_station_numbers_are_readable() -> None:
    mark = desk_map.StationMark("x", 99.5, 18.3, "92", "#cd0000", "cross")
    values = desk_map.map_values(lang="th", colours=(), tambons={}, stations=[mark])

    assert values["stations"][0]["ink"] == "#ffffff"


def test_values_refuse_what_cannot_be_drawn() -> None:
    with pytest.raises(ValueError, match="shown"):
        desk_map.map_values(lang="th", colours=(), tambons={}, points_url="live/points-1.bin")
    with pytest.raises(ValueError, match="heat"):
        desk_map.map_values(lang="th", colours=(), tambons={}, layers={"heat": True})
