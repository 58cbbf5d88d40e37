"""The governor's page in a real browser: made by one click, looked at, taken along, and opened as what it claims."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path

import pypdfium2
import pytest
from playwright.sync_api import Page, expect
from pptx import Presentation

from layers.words import say
from tests.app import stores
from tests.app.test_browser import PHONE, Visit, browser, served, settle, visit

__all__ = ["browser", "visit"]
pytestmark = pytest.mark.browser


#: Milliseconds within which a document is made on the most crowded machine; a fault, not a measure of speed.
_MADE = 300_000


def taken(page: Page, form: str) -> bytes:
    """Take a file along and return what came."""
    with page.expect_download(timeout=_MADE) as waiting:
        page.get_by_role("button", name=say("th", f"briefing.as_{form}"), exact=True).click()
    assert waiting.value.suggested_filename == f"briefing_lampang_2026-03-12.{form}"
    return Path(waiting.value.path()).read_bytes()


def test_the_briefing_is_made_looked_at_and_taken_along_on_a_phone(visit: Callable[..., Visit], tmp_path: Path) -> None:
    root = tmp_path / "store"
    stores.bring(root, **{"firms.csv": stores.firms(), "air.json": stores.air4thai()})
    with served(root) as url:
        page = visit(url, PHONE).page
        page.goto(f"{url}/briefing?lang=th&day=2026-03-12")
        settle(page)
        page.get_by_role("button", name=say("th", "briefing.make"), exact=True).click()
        # The preview is the first page itself: an A4 at 150 dots an inch, drawn whole.
        preview = page.locator('[data-testid="stImage"] img').first
        expect(preview).to_be_visible(timeout=_MADE)
        settle(page)
        size = preview.evaluate(
            "async image => { await image.decode(); return [image.naturalWidth, image.naturalHeight] }"
        )
        assert size[1] / size[0] == pytest.approx(297 / 210, rel=0.01)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        # The bulletin says the one detection of the day.
        expect(page.get_by_text(say("th", "bulletin.fires", count="1", amphoe="เถิน", most="1"))).to_be_visible()
        document = pypdfium2.PdfDocument(taken(page, "pdf"))
        text = "".join(document[at].get_textpage().get_text_range() for at in range(len(document)))
        title = say("th", "brief.title", place="ลำปาง")
        assert re.sub(r"\s+", "", title) in re.sub(r"\s+", "", text)
        deck = Presentation(io.BytesIO(taken(page, "pptx")))
        assert deck.core_properties.title == title
        assert f"<title>{title}</title>" in taken(page, "html").decode()
        assert taken(page, "csv").decode("utf-8-sig").startswith("key,value,unit,")
