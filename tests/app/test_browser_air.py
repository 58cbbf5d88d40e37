"""The PM2.5 map in a real browser: every tambon coloured, estimates hatched, one clicked and read in both languages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from data import places
from data.merge import Writer
from data.store import Store
from layers.words import say
from tests import make
from tests.app.test_browser import PHONE, TAMBON, Visit, browser, card, map_of, served, settle, spot, visit

__all__ = ["browser", "visit"]  # fixtures
pytestmark = pytest.mark.browser

#: Around the province; the four stations of Lampang are known to the desk.
AROUND = {"n1": (99.9, 19.2), "w1": (99.04, 18.57), "e1": (100.16, 18.13), "s1": (99.8, 17.0)}


def air(root: Path) -> Store:
    """Return a store with the daily means of 1 to 12 March 2026 at eight stations and the people of every tambon."""
    store = Store(root)
    random = np.random.default_rng(4)
    rows = [
        {
            "station_id": name,
            "measured_at": pd.Timestamp(f"2026-03-{day:02d}", tz="Asia/Bangkok"),
            "averaging": "P1D",
            "value": round(float(60 * np.exp(random.normal(0, 0.2))), 1),
        }
        for name in ("37t", "38t", "39t", "40t", *AROUND)
        for day in range(1, 13)
    ]
    codes = places.embedded_tambons()["tambon"]
    people = pd.DataFrame({"tambon": codes, "population": 1000, "year": 2021, "source": "test", "older": 200})
    people = people.astype({"population": "Int64", "year": "Int64", "older": "Int64"})
    with store.locked():
        writer = Writer(store, store.state())
        writer.add_readings(make.readings(*rows))
        writer.add_stations(make.stations(*({"station_id": n, "lon": x, "lat": y} for n, (x, y) in AROUND.items())))
        writer.add_population(people)
        writer.commit()
    return store


def fills(page: Page) -> dict[str, list[str]]:
    """Return the codes of the tambons by how they are filled: measured, estimated, none."""
    found: dict[str, list[str]] = map_of(page).evaluate(
        """() => {
            const found = { measured: [], estimated: [], none: [] };
            for (const [code, polygon] of HazeDesk.now.polygons) {
                const fill = polygon.options.fillColor;
                const kind = fill instanceof CanvasPattern ? "estimated" : fill === "#e4e3df" ? "none" : "measured";
                found[kind].push(code);
            }
            return found;
        }"""
    )
    return found


def test_a_day_of_march_is_coloured_whole_and_read(visit: Callable[..., Visit], tmp_path: Path) -> None:
    air(tmp_path / "store")
    with served(tmp_path / "store") as url:
        window = visit(url)
        page = window.go(theme="pm25", day="2026-03-11")
        page.get_by_role("button", name="◀").click()
        expect(page.get_by_role("heading", name="10 มีนาคม 2569")).to_be_visible()
        settle(page)
        shown = fills(page)
        assert shown["none"] == []
        assert sorted(shown["measured"]) == ["520105", "520201", "520204", "520205"]
        assert len(shown["estimated"]) == 96

        page.mouse.click(*spot(page, TAMBON))
        expect(page.get_by_role("heading", name="ตำบลวังพร้าว")).to_be_visible()
        settle(page)
        for language, lang in ((None, "th"), ("English", "en")):
            if language:
                page.get_by_role("radio", name=language).click()
                expect(page.get_by_role("heading", name="Tambon Wang Phrao")).to_be_visible()
                settle(page)
            value = float(card(page, say(lang, "air.value")).split()[0])
            low, high = (float(part) for part in card(page, say(lang, "air.interval_label")).split()[0].split("–"))
            assert low < value < high
            assert card(page, say(lang, "air.nearest_label")) == f"18 {say(lang, 'unit.km')}"
            assert card(page, say(lang, "air.people")) == "1,000"
            expect(page.get_by_role("tab", name=say(lang, "air.tab_seasons"))).to_be_visible()
        page.mouse.move(*spot(page, TAMBON))
        tip = map_of(page).locator(".desk-tip")
        expect(tip).to_contain_text("estimated")
        expect(tip).to_contain_text(f"{value:.1f}")
        expect(tip).to_contain_text(f"{low:.0f}–{high:.0f}")

        phone = visit(url, PHONE).go(theme="pm25", day="2026-03-10", tambon=TAMBON)
        assert len(fills(phone)["estimated"]) == 96
        assert phone.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        expect(phone.get_by_text(say("th", "air.interval_label"), exact=True)).to_be_visible()
