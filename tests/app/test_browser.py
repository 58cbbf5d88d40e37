"""The app in a real browser, cut off from the outside: the map answers, links reopen, files come in, nothing runs.

Each test starts the app as a process of its own where it writes; those that only look share one with the sample.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import shapely
from playwright.sync_api import Browser, BrowserContext, Frame, Locator, Page, expect, sync_playwright
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from data import places
from data.merge import Writer, bounds_of
from data.store import Store
from layers.title import title_of
from layers.words import LANGS, say
from tests import make
from tests.app import stores
from tests.models import smoky_years, weathers
from tests.models.test_forecast import desk_of

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parent.parent.parent
#: Folder for pictures that people look at; read at once, since a test has its HAZE_ settings taken away.
SHOTS = os.environ.get("HAZE_SHOTS", "")
PATHS = {"today": "", "outlook": "outlook", "season": "season", "data": "data", "sources": "sources"}
PATHS |= {"danger": "danger", "origin": "origin"}
DESK, PHONE = {"width": 1400, "height": 1000}, {"width": 390, "height": 844}
#: Wang Phrao has no activity on record, so no badge stands in the way of a click.
TAMBON = "520304"
#: The kinds of text that once ran as script in map pages made the usual way.
HOSTILE = (
    '<img src=x onerror="window.top.__hit=1">',
    "</script><script>window.top.__hit=1</script>",
    "<svg onload=window.top.__hit=1>",
    "`+(window.top.__hit=1)+`",
    "${window.top.__hit=1}",
    "');window.top.__hit=1;('",
    "[x](javascript:window.top.__hit=1) ![x](https://outside.example/x.png)",
)


class Visit:
    """One browser window on one app: what it asked outside, and how often the script ran."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.context = context
        self.url = url
        self.outside: list[str] = []
        self.runs = 0
        context.set_default_timeout(60_000)
        context.on("request", self._note)
        self.page = self.open_page()

    def _note(self, request: Any) -> None:
        if not request.url.startswith((self.url, "data:", "blob:")):
            self.outside.append(request.url)

    def open_page(self) -> Page:
        page = self.context.new_page()
        page.on("websocket", lambda socket: socket.on("framereceived", self._count))
        return page

    def _count(self, payload: bytes | str) -> None:
        if isinstance(payload, bytes):
            message = ForwardMsg()
            message.ParseFromString(payload)
            self.runs += message.WhichOneof("type") == "new_session"

    def go(self, page: str = "today", **query: str) -> Page:
        asked = "&".join(f"{name}={value}" for name, value in query.items())
        self.page.goto(f"{self.url}/{PATHS[page]}?{asked}")
        settle(self.page)
        return self.page


def settle(page: Page) -> None:
    """Wait until the script has run to its end and the page shows it."""
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')
    expect(page.locator('[data-testid="stHeading"]').first).to_be_visible()


def unfold(page: Page, title: str) -> Locator:
    """Open a folded part of the page and return it; a page that lays itself out anew folds it again, so look twice."""
    part = page.locator('[data-testid="stExpander"]').filter(has=page.get_by_text(title, exact=True)).first
    for _ in range(20):
        if part.locator("details").get_attribute("open") is None:
            part.locator("summary").click()
        with contextlib.suppress(AssertionError):
            expect(part.locator('[data-testid="stExpanderDetails"]')).to_be_visible(timeout=3_000)
            settle(page)
            if part.locator("details").get_attribute("open") is not None:
                return part
    raise AssertionError(f"{title!r} stays folded")


def map_of(page: Page) -> Frame:
    """Return the frame with the map, once it is drawn."""
    frame = page.wait_for_selector("iframe[src*='/live/map-']").content_frame()
    assert frame is not None
    frame.wait_for_function("window.HazeDesk?.now?.drawn > 0")
    return frame


def spot(page: Page, code: str) -> tuple[float, float]:
    """Return a point of the window on the fill of a tambon, clear of marks and detections, the map zoomed onto it."""
    frame = map_of(page)
    shape = places.embedded_tambons().set_index("tambon").geometry[code]
    west, south, east, north = shape.bounds
    box = [[south, west], [north, east]]
    frame.evaluate("box => { HazeDesk.now.map.fitBounds(box, { animate: false, maxZoom: 12 }) }", box)
    inner = shape.buffer(-0.004)
    grid = [(south + (north - south) * i / 12, west + (east - west) * j / 12) for i in range(13) for j in range(13)]
    inside = [at for at in grid if inner.contains(shapely.Point(at[1], at[0]))]
    found = frame.evaluate(
        """spots => {
            const desk = HazeDesk.now, size = desk.map.getSize();
            for (const [lat, lng] of spots) {
                const at = desk.map.latLngToContainerPoint([lat, lng]);
                const free = at.x > 60 && at.y > 60 && at.x < size.x - 60 && at.y < size.y - 60;
                const top = free && document.elementFromPoint(at.x, at.y);
                if (top && top.tagName === "CANVAS" && !desk.layers.points.nearest(at, 20)) return [at.x, at.y];
            }
        }""",
        inside,
    )
    assert found, "no clear spot on the tambon"
    page.locator("iframe[src*='/live/map-']").scroll_into_view_if_needed()
    frame_box = page.locator("iframe[src*='/live/map-']").bounding_box()
    assert frame_box is not None
    return frame_box["x"] + found[0], frame_box["y"] + found[1]


def card(page: Page, label: str) -> str:
    """Return the value on the figure card with a label."""
    return page.locator(f'[data-testid="stHtml"] div:text-is("{label}") + div').first.inner_text()


def cells(page: Page, nth: int) -> list[list[str]]:
    """Return the rows of a table as a screen reader is given them."""
    table = page.locator('[data-testid="stDataFrame"]').nth(nth)
    table.scroll_into_view_if_needed()
    table.locator("table[role=grid] tbody tr").first.wait_for(state="attached")
    rows = table.locator("table[role=grid] tbody tr")
    return [rows.nth(row).locator("td").all_text_contents() for row in range(rows.count())]


def free_port() -> int:
    """Return a port of the loopback address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def served(store: Path, *options: str, port: int = 0) -> Iterator[str]:
    """Run the app on a free port, or the one given, with a store of its own; give its address."""
    port = port or free_port()
    env = {name: value for name, value in os.environ.items() if not name.startswith("HAZE_")}
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port), *options]
    log = store.with_name(f"{store.name}.log")
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as out:
        app = subprocess.Popen(
            [*command, "--server.address", "127.0.0.1"],
            cwd=ROOT, env=env | {"HAZE_STORE": str(store)}, stdout=out, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            url = f"http://127.0.0.1:{port}"
            for _ in range(240):
                assert app.poll() is None, log.read_text()
                with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/_stcore/health", timeout=5):
                    break
                time.sleep(0.25)
            else:
                pytest.fail(f"the app did not start: {log.read_text()}")
            yield url
        finally:
            app.terminate()
            app.wait()
    assert "Traceback" not in log.read_text()


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    # Names outside do not even resolve; what is asked for all the same is counted in `Visit.outside`.
    expect.set_options(timeout=60_000)
    rules = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
    quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu", "--disable-quic", rules, *quiet]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def sample(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of an app without any stored file."""
    with served(tmp_path_factory.mktemp("app") / "store") as url:
        yield url


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Visit]]:
    """Open windows that are closed after the test; none of them may have asked for anything outside."""
    open_ones: list[Visit] = []

    def opened(url: str, size: dict[str, int] = DESK) -> Visit:
        phone = size["width"] < 500
        made = browser.new_context(
            viewport={"width": size["width"], "height": size["height"]},
            is_mobile=phone, has_touch=phone, locale="th-TH", timezone_id="Asia/Bangkok",
        )  # fmt: skip
        open_ones.append(Visit(made, url))
        return open_ones[-1]

    yield opened
    outside = [url for one in open_ones for url in one.outside]
    for one in open_ones:
        one.context.close()
    assert outside == []


# -- the map -------------------------------------------------------------------------------------------------------


def test_the_sample_map_shows_every_tambon_and_detection(visit: Callable[..., Visit], sample: str) -> None:
    page = visit(sample).go(lang="en")
    frame = map_of(page)
    assert frame.evaluate("HazeDesk.now.polygons.size") == 100
    frame.wait_for_function("HazeDesk.now.layers.points.count() > 0")
    assert frame.evaluate("HazeDesk.now.layers.points.count()") == int(card(page, "Hotspots"))
    # Something is painted: the fill of the tambons is not one colour.
    colours = frame.evaluate(
        """() => {
            const canvas = document.querySelector(".leaflet-tambons-pane canvas");
            const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
            const seen = new Set();
            for (let i = 0; i < data.length; i += 4 * 97)
                if (data[i + 3] === 255) seen.add([data[i], data[i + 1], data[i + 2]].join());
            return [...seen];
        }"""
    )
    assert {"250,248,242", "251,234,184"} <= set(colours)


def test_click_panel_language_and_link(visit: Callable[..., Visit], sample: str) -> None:
    window = visit(sample)
    page = window.go()
    x, y = spot(page, TAMBON)
    page.mouse.click(x, y)
    expect(page.get_by_role("heading", name="ตำบลวังพร้าว")).to_be_visible()
    settle(page)
    page.get_by_role("radio", name="English").click()
    expect(page.get_by_role("heading", name="Tambon Wang Phrao")).to_be_visible()
    settle(page)
    assert f"tambon={TAMBON}" in page.url
    assert "lang=en" in page.url
    assert map_of(page).evaluate("HazeDesk.now.chosen") == TAMBON

    other = visit(sample)
    other.page.goto(page.url)
    settle(other.page)
    expect(other.page.get_by_role("heading", name="Tambon Wang Phrao")).to_be_visible()
    assert map_of(other.page).evaluate("[HazeDesk.now.chosen, HazeDesk.now.values.lang]") == [TAMBON, "en"]
    assert other.page.url == page.url


def test_a_second_click_and_the_list_agree(visit: Callable[..., Visit], sample: str) -> None:
    page = visit(sample).go(lang="en", tambon="520802")
    expect(page.get_by_role("heading", name="Tambon Mae Wa")).to_be_visible()
    page.mouse.click(*spot(page, TAMBON))
    expect(page.get_by_role("heading", name="Tambon Wang Phrao")).to_be_visible()
    settle(page)
    expect(page.get_by_role("combobox", name="Tambon", exact=True)).to_have_value("Wang Phrao · Ko Kha")
    map_of(page).get_by_role("button", name="Back to the province").click()
    expect(page.get_by_text(say("en", "today.choose"))).to_be_visible()
    settle(page)
    assert "tambon=" not in page.url


def test_day_buttons_and_date_field_agree(visit: Callable[..., Visit], sample: str) -> None:
    page = visit(sample).go(lang="en")
    for day in ("16", "15"):
        page.get_by_role("button", name="◀").click()
        expect(page.get_by_role("heading", name=f"{day} January 2026")).to_be_visible()
        settle(page)
        expect(page.get_by_role("spinbutton", name="day, Day")).to_have_text(day)
    # A choice that is tapped again stays on, as the page goes on showing it.
    page.get_by_role("radio", name=say("en", "span.day")).click()
    settle(page)
    page.get_by_role("button", name="▶").click()
    expect(page.get_by_role("heading", name="16 January 2026")).to_be_visible()
    expect(page.get_by_role("radio", name=say("en", "span.day"))).to_be_checked()


def test_pan_and_zoom_run_no_script(visit: Callable[..., Visit], sample: str) -> None:
    window = visit(sample)
    page = window.go(lang="en")
    frame = map_of(page)
    before, runs = frame.evaluate("HazeDesk.now.kept.view"), window.runs
    assert runs > 0
    box = page.locator("iframe[src*='/live/map-']").bounding_box()
    assert box is not None
    x, y = box["x"] + 120, box["y"] + 300
    page.mouse.move(x, y)
    page.mouse.wheel(0, -400)
    frame.wait_for_function("zoom => HazeDesk.now.map.getZoom() > zoom", arg=before[2])
    page.mouse.down()
    page.mouse.move(x + 80, y + 60, steps=8)
    page.mouse.up()
    frame.get_by_role("button", name="Zoom in").click()
    page.wait_for_timeout(1500)
    after = frame.evaluate("HazeDesk.now.kept.view")
    assert after[2] > before[2]
    assert after[:2] != before[:2]
    assert window.runs == runs
    # The same counter sees a rerun when there is one, and the map stays where the person left it.
    page.get_by_role("radio", name="7 days").click()
    expect(page.get_by_role("heading", name="11 Jan 2026 to 17 Jan 2026")).to_be_visible()
    settle(page)
    assert window.runs > runs
    assert map_of(page).evaluate("HazeDesk.now.kept.view") == pytest.approx(after)


# -- every page ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("lang", LANGS)
def test_every_page_fits_and_names_its_language(
    visit: Callable[..., Visit], sample: str, lang: str, size: dict[str, int]
) -> None:
    window = visit(sample, size)
    for name in PATHS:
        page = window.go(name, lang=lang)
        expect(page.get_by_role("heading", name=title_of(lang, places.place("lampang")))).to_be_visible()  # type: ignore[arg-type]
        page.wait_for_function("lang => document.documentElement.lang === lang", arg=lang)
        if name == "today":
            assert map_of(page).evaluate("document.documentElement.lang") == lang
        page.wait_for_timeout(800)
        wide = page.evaluate(
            """() => {
                const main = document.querySelector('[data-testid="stMain"]');
                return [document.documentElement.scrollWidth - innerWidth, main.scrollWidth - main.clientWidth];
            }"""
        )
        assert max(wide) <= 0, f"{name} scrolls sideways by {wide}"
        if SHOTS:
            Path(SHOTS).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=Path(SHOTS) / f"{name}_{lang}_{size['width']}.png")
            page.set_viewport_size({"width": size["width"], "height": 3600})
            page.wait_for_timeout(1500)
            page.screenshot(path=Path(SHOTS) / f"{name}_{lang}_{size['width']}_whole.png")
            page.set_viewport_size({"width": size["width"], "height": size["height"]})
    assert window.outside == []


def test_a_finger_uses_the_map_on_a_phone(visit: Callable[..., Visit], sample: str) -> None:
    page = visit(sample, PHONE).go()
    frame = map_of(page)
    room = frame.evaluate("[HazeDesk.now.map.getSize().x, HazeDesk.now.map.getSize().y]")
    assert room[0] >= 300
    assert 300 <= room[1] <= PHONE["height"]
    page.touchscreen.tap(*spot(page, TAMBON))
    expect(page.get_by_role("heading", name="ตำบลวังพร้าว")).to_be_visible()


# -- files in and out ----------------------------------------------------------------------------------------------


def test_upload_map_and_download(visit: Callable[..., Visit], tmp_path: Path) -> None:
    with served(tmp_path / "store") as url:
        window = visit(url)
        page = window.go("data", lang="th")
        banner = page.get_by_text("ข้อมูลตัวอย่าง", exact=True)
        expect(banner.first).to_be_visible()
        files = {"good.csv": stores.firms(), "bad.csv": b"<html><body>log in</body></html>"}
        page.locator("input[type=file]").set_input_files(
            [{"name": name, "mimeType": "text/csv", "buffer": data} for name, data in files.items()]
        )
        expect(page.get_by_text("good.csv")).to_be_visible()
        page.get_by_role("button", name="นำเข้า", exact=True).click()
        expect(page.locator('[data-testid="stDataFrame"]')).to_have_count(3)
        settle(page)
        verdicts = {row[0]: row[1:] for row in cells(page, 1)}
        assert verdicts["good.csv"][0] == "✓"
        assert verdicts["good.csv"][-1] == say("th", "word.all_good")
        assert verdicts["bad.csv"][0] == "✗"
        assert verdicts["bad.csv"][-1] == say("th", "error.html_page")
        expect(banner).to_have_count(0)

        # The same visit still looks at the day of the sample; the link opens the newest day.
        page = window.go(lang="th", day="2026-03-12", span="week")
        assert card(page, say("th", "today.figure_hotspots")) == "5"
        frame = map_of(page)
        frame.wait_for_function("HazeDesk.now.layers.points.count() === 5")
        drawn = frame.evaluate("Object.entries(HazeDesk.now.values.tambons).filter(([, fill]) => fill[0] > 0)")
        assert sorted((code, fill[1]) for code, fill in drawn) == [(stores.A, "3"), (stores.B, "2")]

        page = window.go("data", lang="th", day="2026-03-12", span="week")
        with page.expect_download() as waiting:
            page.get_by_role("button", name="จุดความร้อน CSV").click()
        download = waiting.value
        assert download.suggested_filename == "hotspots_lampang_2026-03-06_2026-03-12.csv"
        rows = pd.read_csv(io.BytesIO(Path(download.path()).read_bytes()), dtype={"tambon": "str"})
        assert rows["tambon"].value_counts().to_dict() == {stores.A: 3, stores.B: 2}


# -- hostile names -------------------------------------------------------------------------------------------------


def hostile_files() -> dict[str, bytes]:
    """Return seven tambons that no register knows, a station in each, and a detection in the first."""
    features, lines = [], ["station_id,name_th,name_en,area_th,area_en,station_type,lat,lon"]
    for number, text in enumerate(HOSTILE, 1):
        west = 99.0 + 0.1 * number
        ring = [[west, 18.0], [west + 0.1, 18.0], [west + 0.1, 18.1], [west, 18.1], [west, 18.0]]
        names = {f"ADM{level}_{lang}": text for level in (1, 2, 3) for lang in ("TH", "EN")}
        codes = {"ADM3_PCODE": f"TH5299{number:02d}", "ADM2_PCODE": "TH5299", "ADM1_PCODE": "TH52"}
        features.append(
            {"type": "Feature", "properties": names | codes, "geometry": {"type": "Polygon", "coordinates": [ring]}}
        )
        quoted = '"' + text.replace('"', '""') + '"'
        lines.append(f"9{number}t,{quoted},{quoted},{quoted},{quoted},GROUND,18.05,{west + 0.05:.2f}")
    stamp = "2026-03-12,0630,N,nominal,2.0NRT,293.5,6.9,D"
    return {
        "names.geojson": json.dumps({"type": "FeatureCollection", "features": features}).encode(),
        "stations.csv": "\n".join([*lines, ""]).encode(),
        "air.json": stores.air4thai(stationID="91t", nameTH=HOSTILE[0], nameEN=HOSTILE[0], lat="18.05", long="99.15"),
        "firms.csv": f"{stores.COLUMNS}\n18.02,99.12,336.9,0.4,0.4,{stamp}\n".encode(),
    }


def test_hostile_names_run_nothing(visit: Callable[..., Visit], tmp_path: Path) -> None:
    stores.bring(tmp_path / "store", **hostile_files())
    with served(tmp_path / "store") as url:
        window = visit(url)
        alerts: list[str] = []
        window.page.on("dialog", lambda dialog: (alerts.append(dialog.message), dialog.dismiss()))
        for lang in LANGS:
            page = window.go(lang=lang, tambon="529901")
            frame = map_of(page)
            known = frame.evaluate("HazeDesk.now.outlineData.tambons.map(tambon => tambon.th)")
            assert len(known) == 7
            # The names reached the page as they are, so this test tries what it says.
            assert HOSTILE[0] in known
            assert sum("__hit" in name for name in known) == 7
            assert frame.evaluate("HazeDesk.now.values.stations.filter(one => one.name.includes('__hit')).length") == 7
            for number in range(1, 8):
                code = f"5299{number:02d}"
                # What the mouse does over a tambon and on a station, through the map's own events.
                frame.evaluate(
                    """code => {
                        const desk = HazeDesk.now, polygon = desk.polygons.get(code);
                        desk.over({ latlng: polygon.getBounds().getCenter() }, polygon);
                        for (const marker of desk.layers.stations.getLayers()) marker.fire("click");
                    }""",
                    code,
                )
                page = window.go(lang=lang, tambon=code)
                frame = map_of(page)
                expect(page.locator("h4").first).to_contain_text("__hit")
            page.locator('[data-testid="stSelectbox"] input').last.click()
            page.wait_for_timeout(300)
            page.keyboard.press("Escape")
            for name in ("season", "data"):
                window.go(name, lang=lang)
                page.wait_for_timeout(500)
        hits = [frame.evaluate("window.top.__hit ?? window.__hit ?? 0") for frame in window.page.frames]
        assert set(hits) == {0}
        assert alerts == []


def test_sources_show_green_amber_and_red(visit: Callable[..., Visit], tmp_path: Path) -> None:
    now = dt.datetime.now(dt.UTC)
    store = Store(tmp_path / "store")
    with store.locked():
        writer = Writer(store, store.state())
        for source, hours, verdict in (
            ("air4thai-live", 1, "updated"),
            ("air4thai-history", 9, "updated"),
            ("firms-snpp", 200, "updated"),
            ("firms-modis", 1, "unreachable"),
        ):
            newest = now - dt.timedelta(hours=hours)
            writer.attempt({"source": source, "at": now, "verdict": verdict, "rows": 1, "newest": newest})
        writer.commit()
    with served(store.root) as url:
        page = visit(url).go("sources", lang="en")
        colours = {}
        for state in ("up to date", "late", "silent", "cannot be reached", "never asked"):
            chip = page.locator(f'[data-state="{state}"]').first
            expect(chip).to_be_visible()
            colours[state] = chip.evaluate("chip => getComputedStyle(chip).backgroundColor")
        assert len(set(colours.values())) == 4
        assert colours["silent"] == colours["cannot be reached"]
        expect(page.get_by_text("no source could be reached")).to_have_count(0)


# -- the days ahead ------------------------------------------------------------------------------------------------


def with_plume(root: Path) -> None:
    """Add four days of west wind and of fires west of Lampang, up to 20 March 2022."""
    spots = [(round(97.9 + 0.1 * x, 1), round(17.6 + 0.1 * y, 1), 20.0) for x in range(6) for y in range(10)]
    corners = [(lon, lat, 0.1) for lon in (93.0, 107.0) for lat in (12.0, 25.0)]
    rows = [
        {"lon": lon, "lat": lat, "acquired_at": f"2022-03-{day}T{hour}Z", "frp_mw": power}
        for day in (17, 18, 19, 20)
        for hour in ("06:30", "18:30")
        for lon, lat, power in spots + corners
    ]
    table = make.hotspots(*rows)
    store = Store(root)
    with store.locked():
        writer = Writer(store, store.state())
        added = writer.add_hotspots(table)
        note = {"kind": "hotspots", "format": "firms-nrt-csv", "source": "west.csv", "sha256": "a" * 64}
        note |= {"fetched_at": dt.datetime(2022, 3, 21, tzinfo=dt.UTC), "read": len(table), "kept": added.kept}
        writer.note(note | {"rejected": 0, "duplicates": 0} | bounds_of(table))
        writer.commit()
    for name, lon in (("a", 99.1), ("b", 98.0), ("c", 97.0), ("d", 96.0)):
        weather = weathers.hours(name, "2022-03-16", "2022-03-21", wind_speed_ms=2.0, wind_from_deg=270.0)
        weathers.add(store, weather, {"station_id": name, "lon": lon, "lat": 18.1})


def test_the_outlook_of_mueang_lampang_with_its_record(visit: Callable[..., Visit], tmp_path: Path) -> None:
    desk_of(tmp_path / "store", smoky_years.readings(smoky_years.smoke(dt.date(2019, 11, 1), dt.date(2022, 3, 20))))
    with_plume(tmp_path / "store")
    with served(tmp_path / "store") as url:
        page = visit(url).go("outlook", lang="en", day="2022-03-20")
        # The first outlook after new data learns from the seasons, which may take a while on a busy machine.
        expect(page.get_by_text("How good it was")).to_be_visible(timeout=240_000)
        amphoe = page.get_by_role("combobox").first
        for name in ("Ngao", "Mueang Lampang"):
            amphoe.click()
            page.get_by_role("option", name=name, exact=True).click()
            settle(page)
        for day in ("21 Mar", "22 Mar", "23 Mar"):
            assert re.fullmatch(r"\d+ µg/m³", card(page, day))
        bounds = page.get_by_text(re.compile(r"90 % between \d+ and \d+"))
        expect(bounds).to_have_count(3)
        for text in bounds.all_inner_texts():
            low, high = map(int, re.findall(r"between (\d+) and (\d+)", text)[0])
            assert low < high
        # The record: what was warned of at each lead, beside "same as the last day", and the error against it.
        for lead in (24, 48, 72):
            line = page.locator("li", has_text=f"{lead} h: of").inner_text()
            assert re.search(r"of \d+ station-days over 37.5 we warned of \d+; false alarms \d+\.", line)
            assert "would have warned of" in line
            assert re.search(r"\d+ % smaller than by “same as the last day”; \d+ % of the values fell inside", line)
        expect(page.get_by_text("On whole seasons not seen (2020, 2021")).to_be_visible()
        assert map_of(page).evaluate("HazeDesk.now.drawn") > 0

        page.get_by_role("link", name="See whose smoke it is").click()
        told = page.get_by_text("of the fresh smoke over Mueang Lampang on 20 Mar 2022")
        expect(told).to_be_visible()
        settle(page)
        assert re.search(r"Mostly blown in: only \d+ % \(range \d+ to \d+ %\)", told.inner_text())
        expect(page.get_by_text("Ways of the air and the fires under them")).to_be_visible()
