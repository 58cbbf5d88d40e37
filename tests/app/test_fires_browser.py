"""The officer's morning in a real browser: what is new, the largest fire, its UTM point, a field check, the round."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from data import settings
from data.registry import open_registry
from layers.words import say
from tests.app import stores
from tests.app.test_browser import PHONE, Visit, browser, map_of, served, settle, visit

__all__ = ["browser", "visit"]
pytestmark = pytest.mark.browser


def test_the_morning_of_the_duty_officer(visit: Callable[..., Visit], tmp_path: Path) -> None:
    root = tmp_path / "store"
    stores.bring(root, **{"firms.csv": stores.firms()})
    with served(root) as url:
        window = visit(url, PHONE)
        window.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=url)
        page = window.page
        page.goto(f"{url}/fires?lang=en&day=2026-03-11")
        settle(page)
        # What is new since yesterday: B was seen first this day, A the day before and in the night.
        summary = say("en", "fires.summary", new=1, growing=0, restarted=0, quiet=1, out=0)
        expect(page.get_by_text(summary)).to_be_visible()
        frame = map_of(page)
        frame.wait_for_function("HazeDesk.now.layers.fires.getLayers().length === 4")
        fires = frame.evaluate("HazeDesk.now.values.fires.map((fire) => [fire.name, fire.lat, fire.lon])")
        # The largest of all, or the first seen of two as large, is open: A.
        expect(page.get_by_text(re.compile(r"^Wang Phrao, ")).first).to_be_visible()
        name = page.locator("h4").first.inner_text().strip()
        code = page.locator('[data-testid="stCode"]').first
        point = code.inner_text().strip()
        assert point.startswith("47Q ")
        # Its point goes to the clipboard with one press.
        code.hover()
        code.locator("button").first.click()
        assert page.evaluate("navigator.clipboard.readText()").strip() == point
        # A field check of this fire on phone width, with the point as another report wrote it.
        page.get_by_role("button", name=say("en", "check.of_this")).click()
        expect(page.get_by_label(say("en", "check.point_any"))).to_be_visible()
        settle(page)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= PHONE["width"]
        page.get_by_label(say("en", "check.point_any")).fill("E530706 N1993403")
        page.get_by_label(say("en", "check.crews_lines")).fill("TAO 8\nstation 6")
        page.get_by_label(say("en", "check.rai")).fill("15")
        page.get_by_role("button", name=say("en", "check.save")).click()
        expect(page.get_by_text(say("en", "check.saved"), exact=True)).to_be_visible()
        told = open_registry(settings.load(store=root)).field_checks().iloc[0]
        assert (told["fire_id"], told["tambon"], told["people"], told["burned_rai"]) == (name, "520302", 14, 15.0)
        # The new one alone, on the map and opened.
        page.get_by_role("radio", name=say("en", "fires.part_map")).click()
        settle(page)
        page.get_by_role("radio", name=say("en", "fires.show_fresh")).click()
        expect(page.get_by_text(re.compile(r"^Mae Wa, ")).first).to_be_visible()
        map_of(page).wait_for_function("HazeDesk.now.layers.fires.getLayers().length === 2")
        settle(page)
        # The round goes out as a text.
        page.get_by_role("radio", name=say("en", "fires.part_round")).click()
        settle(page)
        with page.expect_download() as download:
            page.get_by_role("button", name=say("en", "fires.download_round")).click()
        text = Path(download.value.path()).read_text("utf-8")
        assert "Whole province 1 hotspots (round before: 1)" in text
        assert "Mae Wa" in text
        # A link to the other fire: it is outlined on the map, in two lines, and stands in its middle.
        other, lat, lon = next(fire for fire in fires if fire[0] != name)
        page.goto(f"{url}/fires?lang=en&day=2026-03-11&fire={other}")
        expect(page.get_by_text(re.compile(r"^Mae Wa, ")).first).to_be_visible()
        frame = map_of(page)
        frame.wait_for_function("HazeDesk.now.layers.fires.getLayers().length === 6")
        frame.wait_for_function(f"HazeDesk.now.map.getCenter().distanceTo([{lat}, {lon}]) < 100")
