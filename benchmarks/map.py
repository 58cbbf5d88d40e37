"""What the map costs, as ratios: building it, sending it, and a rerun, against an empty page and 5,000 Folium markers.

Run `python -m benchmarks.map` in the project folder; land and detections are made up, nothing is fetched.
Never part of the tests: it needs minutes, and for the reruns Chromium and playwright.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from data.contracts import CONFIDENCES, check_hotspots
from layers.assets import STATIC, install
from layers.map import WORDS, Shown, map_values, outline_payload, page_html, points_payload, publish
from layers.palette import COUNT_COLOURS

ROOT = Path(__file__).resolve().parent.parent
START = pd.Timestamp("2026-03-01", tz="UTC")
WINDOW_DAYS = 31
REPEATS = 15
WORD_TABLE = {lang: {word: word for word in WORDS} for lang in ("th", "en")}
CHROMIUM = Path("/usr/bin/chromium")


def make_tambons(count: int = 100, seed: int = 1) -> gpd.GeoDataFrame:
    """Return `count` irregular neighbours with wiggling borders, ten to an amphoe, about the size of a province."""
    rng = np.random.default_rng(seed)
    frame = shapely.box(98.9, 17.2, 100.1, 19.4)
    middles = rng.uniform((98.9, 17.2), (100.1, 19.4), (count, 2))
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(middles), extend_to=frame))
    borders = shapely.union_all(shapely.boundary(shapely.intersection(cells, frame)))
    cells = shapely.get_parts(shapely.polygonize([shapely.segmentize(borders, 0.0015)]))

    def wiggle(xy: np.ndarray) -> np.ndarray:
        # The same shift for the same position, so that neighbours keep their common border.
        return xy + 0.003 * np.sin(xy[:, ::-1] * 150.0)

    # From south to north, so that the ten of one amphoe lie near each other.
    cells = cells[np.argsort(shapely.get_y(shapely.centroid(cells)))]
    codes = [f"52{i // 10:02d}{i % 10:02d}" for i in range(count)]
    return gpd.GeoDataFrame(
        {
            "tambon": codes,
            "tambon_th": [f"ตำบล{i}" for i in range(count)],
            "tambon_en": [f"Tambon {i}" for i in range(count)],
            "amphoe": [code[:4] for code in codes],
            "amphoe_th": [f"อำเภอ{code[2:4]}" for code in codes],
            "amphoe_en": [f"Amphoe {code[2:4]}" for code in codes],
            "province": "52",
        },
        geometry=list(shapely.transform(cells, wiggle)),
        crs=4326,
    )


def make_hotspots(count: int, seed: int = 2) -> pd.DataFrame:
    """Return `count` detections in clusters over a month."""
    rng = np.random.default_rng(seed)
    centres = rng.uniform((99.0, 17.4), (100.0, 19.2), (80, 2))
    xy = centres[rng.integers(0, 80, count)] + rng.normal(0, 0.03, (count, 2))
    minutes = rng.integers(0, WINDOW_DAYS * 1440, count)
    return check_hotspots(
        pd.DataFrame(
            {
                "hotspot_id": np.arange(count, dtype="uint64"),
                "acquired_at": (START + pd.to_timedelta(minutes, unit="m")).astype("datetime64[us, UTC]"),
                "lon": xy[:, 0],
                "lat": xy[:, 1],
                "satellite": rng.choice(["SNPP", "NOAA20", "NOAA21"], count),
                "sensor": "VIIRS",
                "confidence": rng.choice(CONFIDENCES, count),
                "frp_mw": rng.gamma(1.5, 6.0, count),
                "quality": "nrt",
                "provider": "sample",
                "position": "observed",
            }
        )
    )


def make_values(turn: int, points_url: str) -> dict[str, object]:
    """Return values in which every colour and the window differ from turn to turn."""
    tambons = {f"52{i // 10:02d}{i % 10:02d}": ((i + turn) % 7, str(i + turn)) for i in range(100)}
    end = START + pd.Timedelta(days=WINDOW_DAYS - turn % 2)
    shown = Shown(START.to_pydatetime(), end.to_pydatetime(), end.to_pydatetime()) if points_url else None
    return map_values(lang="th", colours=COUNT_COLOURS, tambons=tambons, points_url=points_url, shown=shown)


def folium_page(tambons: gpd.GeoDataFrame, hotspots: pd.DataFrame) -> str:
    """Return the page of the usual way: a GeoJson layer and one CircleMarker for each detection."""
    page = folium.Map([18.3, 99.5], zoom_start=9, tiles=None, prefer_canvas=True)
    simple = tambons.assign(geometry=shapely.coverage_simplify(tambons.geometry.to_numpy(), 0.0008))
    folium.GeoJson(simple.to_json(), tooltip=folium.GeoJsonTooltip(["tambon_th"])).add_to(page)
    for row in hotspots.itertuples():
        folium.CircleMarker([row.lat, row.lon], radius=3, popup=str(row.acquired_at)).add_to(page)
    return str(page.get_root().render())


def publish_page(static: Path, tambons: gpd.GeoDataFrame) -> str:
    """Publish outline and page as the desk does; return the address of the page."""
    outline = outline_payload(tambons)
    url = publish(static, "outline.json", json.dumps(outline, ensure_ascii=False, separators=(",", ":")))
    return publish(static, "map.html", page_html(static, url, place="x", bounds=outline["bounds"], words=WORD_TABLE))


def seconds(work: Callable[[], object], repeats: int = 5) -> float:
    """Return the median wall time of `work` after one warm-up."""
    work()
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return statistics.median(times)


def measure_building() -> None:
    """Print what the parts cost to build and how large they are, and the ratio to 5,000 Folium markers."""
    tambons = make_tambons()
    outline = outline_payload(tambons)
    text = json.dumps(outline, ensure_ascii=False, separators=(",", ":"))
    outline_s = seconds(lambda: outline_payload(tambons), 3)
    vertices = int(shapely.get_num_coordinates(tambons.geometry.to_numpy()).sum())
    print(f"outline, 100 tambons ({vertices:,} vertices): built in {outline_s:.3f} s, {len(text.encode()):,} bytes")
    with tempfile.TemporaryDirectory() as folder:
        static = Path(folder)
        shutil.copytree(STATIC / "desk", static / "desk")
        install(static)
        page = functools.partial(
            page_html, static, "live/outline-x.json", place="x", bounds=outline["bounds"], words=WORD_TABLE
        )
        page_s = seconds(page)
        page_bytes = len(page().encode())
        print(f"page: built in {page_s * 1000:.1f} ms, {page_bytes:,} bytes")
        for count in (5_000, 50_000):
            hotspots = make_hotspots(count)
            packed_s = seconds(lambda table=hotspots: points_payload(table))
            packed = points_payload(hotspots)
            again_s = seconds(lambda data=packed: publish(static, "points.bin", data))
            total = page_bytes + len(text.encode()) + len(packed)
            print(
                f"{count:,} detections: packed in {packed_s * 1000:.1f} ms, {len(packed):,} bytes; "
                f"published again in {again_s * 1000:.2f} ms; page, outline and points {total:,} bytes"
            )
            if count == 5_000:
                peer_s = seconds(lambda table=hotspots: folium_page(tambons, table), 1)
                peer_bytes = len(folium_page(tambons, hotspots).encode())
                ours_s = outline_s + page_s + packed_s
                print(
                    f"  5,000 folium.CircleMarker: {peer_s:.2f} s, {peer_bytes:,} bytes: "
                    f"{peer_s / ours_s:.0f} times our time with the outline made anew, "
                    f"{peer_s / (page_s + packed_s):.0f} times with the outline kept, "
                    f"{peer_bytes / total:.1f} times the bytes"
                )


APP = '''
"""One page of the benchmark: a button, a line of text and, unless it is the empty page, the map."""
import sys
from pathlib import Path
sys.path.insert(0, {root!r})
import streamlit as st
st.session_state["turn"] = st.session_state.get("turn", 0) + 1
st.button("next")
{body}
st.write("turn " + str(st.session_state["turn"]))
'''

MAP_BODY = """
from benchmarks.map import make_values
from layers.map_view import show_map
show_map("map", {page!r}, make_values(st.session_state["turn"], {points!r}), title="map")
"""

#: Clicks the button and waits for the new line of text, and for the map to be drawn with the new values.
CLICK = """
async ({map}) => {
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  const desk = () => {
    const host = document.querySelector('[data-testid="stBidiComponentIsolated"]');
    const page = host && host.shadowRoot && host.shadowRoot.querySelector("iframe");
    return page && page.contentWindow.HazeDesk && page.contentWindow.HazeDesk.now;
  };
  const text = () => Array.from(document.querySelectorAll('[data-testid="stMarkdown"] p')).pop()?.textContent;
  while (map && !(desk() && desk().drawn && (!desk().values.points || desk().layers.points.count()))) await frame();
  const before = text();
  const drawn = map ? desk().drawn : 0;
  const begin = performance.now();
  document.querySelector('[data-testid="stButton"] button').click();
  while (text() === before || (map && desk().drawn === drawn)) await frame();
  await frame();
  return performance.now() - begin;
}
"""


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve the app in `folder` and yield its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(folder / "app.py"), "--server.port", str(port)]
    command += ["--server.fileWatcherType", "none", "--server.address", "127.0.0.1"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen(command, cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, **quiet)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(200):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{address}/_stcore/health", timeout=1)
                break
            time.sleep(0.1)
        yield address
    finally:
        server.terminate()
        server.wait(10)


def measure_reruns() -> None:
    """Print the time from click to drawn map against an empty page, the bytes of a rerun, and foreign requests."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        print("reruns: not measured, playwright is not installed")
        return
    if not CHROMIUM.exists():
        print(f"reruns: not measured, {CHROMIUM} is not there")
        return
    tambons = make_tambons()
    empty_ms = 0.0
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"])
        for name, count in (("empty page", None), ("map alone", 0), ("5,000 points", 5_000), ("50,000 points", 50_000)):
            with tempfile.TemporaryDirectory() as made:
                folder = Path(made)
                shutil.copytree(STATIC / "desk", folder / "static" / "desk")
                install(folder / "static")
                shutil.copytree(ROOT / ".streamlit", folder / ".streamlit")
                body = ""
                if count is not None:
                    page_url = publish_page(folder / "static", tambons)
                    packed = points_payload(make_hotspots(count))
                    points = publish(folder / "static", "points.bin", packed) if count else ""
                    body = MAP_BODY.format(page=page_url, points=points)
                (folder / "app.py").write_text(APP.format(root=str(ROOT), body=body), encoding="utf-8")
                with serving(folder) as address:
                    median, sent, foreign = clicked_through(browser, address, count is not None)
            empty_ms = empty_ms or median
            print(
                f"rerun, {name}: {median:.0f} ms, {median / empty_ms:.2f} of the empty page; "
                f"{sent:,.0f} bytes; foreign requests: {foreign}"
            )
        browser.close()


def clicked_through(browser: object, address: str, has_map: bool) -> tuple[float, float, int]:
    """Return median milliseconds of a rerun, median bytes it received, and how many requests left the house."""
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    foreign: list[str] = []
    received = [0]

    def watch(route: object) -> None:
        if route.request.url.startswith((address, "data:", "blob:")):
            route.continue_()
        else:
            foreign.append(route.request.url)
            route.abort()

    page.route("**/*", watch)
    page.on("websocket", lambda s: s.on("framereceived", lambda data: received.append(received.pop() + len(data))))
    page.goto(address)
    page.wait_for_selector('[data-testid="stButton"] button')
    page.wait_for_timeout(1500)
    times, sent = [], []
    for turn in range(REPEATS + 3):
        before = received[0]
        elapsed = page.evaluate(CLICK, {"map": has_map})
        page.wait_for_timeout(150)
        # The first clicks warm up the server and the browser.
        if turn >= 3:
            times.append(elapsed)
            sent.append(received[0] - before)
    page.close()
    return statistics.median(times), statistics.median(sent), len(foreign)


def main() -> None:
    """Print building times and bytes, then rerun times in a real browser."""
    measure_building()
    measure_reruns()


if __name__ == "__main__":
    main()
