"""The planner's way in a real browser: two amphoe side by side, a verdict, a budget, a weight, the plan kept and sent.

Detections by season, all Suomi NPP: A none, 6 and 6; B one in each, so that B burns every year and A burns more.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from data import settings
from data.registry import open_registry
from layers.words import Lang, say
from tests.app import stores
from tests.app.test_browser import PHONE, Visit, browser, served, settle, visit

__all__ = ["browser", "visit"]
pytestmark = pytest.mark.browser


def three_seasons() -> bytes:
    """Return the detections of the head of this file."""
    lines = [stores.COLUMNS]
    for code, day, count in (
        (stores.B, "2024-01-01", 1),
        (stores.A, "2025-02-10", 6),
        (stores.B, "2025-03-01", 1),
        (stores.A, "2026-02-20", 6),
        (stores.B, "2026-03-12", 1),
    ):
        lon, lat = stores.inside(code)
        for minute in range(count):
            lines.append(f"{lat},{lon},336.96,0.4,0.4,{day},06{minute:02d},N,nominal,2.0NRT,293.54,6.9,D")
    return "\n".join([*lines, ""]).encode()


def pick_two(page: Page, lang: Lang) -> None:
    """Leave Ko Kha and Mae Tha alone in the choice of districts."""
    field = page.get_by_test_id("stMultiSelect").first.locator(".react-aria-ComboBox")
    chosen = field.locator("[data-tag]")
    field.get_by_label("Clear all").click()
    expect(chosen).to_have_count(0)
    for number, name in enumerate(("เกาะคา", "แม่ทะ") if lang == "th" else ("Ko Kha", "Mae Tha"), 1):
        field.get_by_role("combobox").fill(name)
        page.get_by_role("option", name=name, exact=True).click()
        expect(chosen).to_have_count(number)
    page.keyboard.press("Escape")
    settle(page)


def wait_for_cells(page: Page, *texts: str) -> None:
    """Wait until one table of the page holds these texts, in one row."""
    row = page.locator("table[role=grid] tbody tr")
    for text in texts:
        row = row.filter(has=page.locator("td", has_text=text))
    expect(row.first).to_be_attached()


@pytest.mark.parametrize(("lang", "size"), [("th", {"width": 1400, "height": 1000}), ("en", PHONE)])
def test_the_way_of_the_planner(visit: Callable[..., Visit], tmp_path: Path, lang: Lang, size: dict[str, int]) -> None:
    root = tmp_path / "store"
    stores.bring(root, **{"firms.csv": three_seasons()})
    with served(root) as url:
        page = visit(url, size).page
        # Two amphoe side by side, over the same days of three seasons.
        page.goto(f"{url}/compare?lang={lang}&day=2026-03-12")
        settle(page)
        pick_two(page, lang)
        expect(page.locator("table[role=grid] tbody tr")).to_have_count(2)
        band = say(lang, "compare.band_of", low="0", mean="3", high="6", years=2)
        wait_for_cells(page, "เกาะคา" if lang == "th" else "Ko Kha", band)

        # The effect of firebreaks: too few seasons are stored, and the page says how many.
        page.goto(f"{url}/effect?lang={lang}&measure=type:firebreak")
        settle(page)
        verdict = page.get_by_role("status").filter(has_text=say(lang, "effect.outcomes.hotspots"))
        expect(verdict).to_contain_text(say(lang, "effect.verdict.cannot_tell"))
        year = "2567" if lang == "th" else "2024"
        expect(verdict).to_contain_text(say(lang, "effect.why.seasons_before", have="0", need="3", year=year))

        # A budget.
        page.goto(f"{url}/choose?lang={lang}")
        settle(page)
        page.get_by_label(say(lang, "choose.baht_limit")).fill("200000")
        page.get_by_label(say(lang, "choose.least")).fill("0")
        page.get_by_role("button", name=say(lang, "choose.solve")).click()
        expect(page.get_by_label(say(lang, "choose.plan_name"))).to_be_visible()
        settle(page)

        # A weight: burning every year counts most, so that B passes A, and the page says why.
        expect(page.get_by_text(say(lang, "choose.moved"), exact=True)).to_have_count(0)
        slider = page.get_by_role("slider", name=say(lang, "criterion.repeat"))
        slider.focus()
        slider.press("End")
        expect(page.get_by_text(say(lang, "choose.moved"), exact=True)).to_be_visible()
        settle(page)
        why = say(lang, "choose.moved_heavier", criterion=say(lang, "criterion.repeat"))
        wait_for_cells(page, "แม่วะ" if lang == "th" else "Mae Wa", why)

        # The plan is still there; it goes into the registry and out as a file.
        with page.expect_download() as waiting:
            page.get_by_role("button", name=say(lang, "choose.export_plan")).click()
        sent = pd.read_csv(io.BytesIO(Path(waiting.value.path()).read_bytes()))
        page.get_by_label(say(lang, "choose.plan_name")).fill("แผน ก")
        page.get_by_role("button", name=say(lang, "choose.save")).click()
        expect(page.get_by_text(say(lang, "choose.saved", count=len(sent), name="แผน ก"))).to_be_visible()
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0
    saved = open_registry(settings.load(store=root)).sites(state="proposed")
    assert len(saved) == len(sent) > 0
    assert set(saved["plan"]) == {"แผน ก"}
    assert saved["budget_thb"].sum() == pytest.approx(sent[say(lang, "choose.baht")].sum())
    assert saved["budget_thb"].sum() <= 200_000
