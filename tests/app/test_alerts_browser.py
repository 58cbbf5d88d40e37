"""An alert's way in a real browser on a phone: a rule is set, rehearsed, told, and acknowledged."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from briefings import alerts
from data import settings
from data.accounts import OPERATOR
from data.merge import Writer
from data.registry import AlertLog, open_registry
from data.store import Store
from layers.words import say
from models.desk import open_desk
from tests import make
from tests.app import stores
from tests.app.test_browser import PHONE, Visit, browser, served, settle, unfold, visit

__all__ = ["browser", "visit"]
pytestmark = pytest.mark.browser


def test_a_rule_is_set_rehearsed_and_its_alert_acknowledged_on_a_phone(
    visit: Callable[..., Visit], tmp_path: Path
) -> None:
    root = tmp_path / "store"
    store = stores.bring(root, **{"firms.csv": stores.firms()})
    burn(store)
    options = settings.load(store=root, mode="cached")
    registry = open_registry(options)
    registry.add("recipients", {"name": "เวร", "channel": "file"}, author=OPERATOR)
    with served(root) as url:
        page = visit(url, PHONE).page
        page.goto(f"{url}/alerts?lang=th")
        settle(page)
        part = unfold(page, say("th", "alerts.add_rule"))
        part.get_by_label(say("th", "field.name"), exact=True).fill("ไฟ <img src=x onerror=alert(1)>")
        part.get_by_role("button", name=say("th", "alerts.save"), exact=True).click()
        expect(page.get_by_text(say("th", "alerts.saved"), exact=True)).to_be_visible()
        page.get_by_role("button", name=say("th", "alerts.rehearse")).click()
        # The dry run shows the text itself, and nothing was kept or sent.
        expect(page.get_by_text("พบไฟใหม่ ต.วังพร้าว อ.เกาะคา").first).to_be_visible()
        assert AlertLog(registry).events() == {}
        assert alerts.run(open_desk(options=options), registry, (), "en")["outcome"].tolist() == ["sent"]
        page.reload()
        settle(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        page.get_by_role("button", name=say("th", "alerts.acknowledge"), exact=True).click()
        expect(page.get_by_text(say("th", "alerts.acknowledged_by", name="desk")).first).to_be_visible()
    assert AlertLog(registry).events()[1].acknowledged_by == "desk"


def burn(store: Store) -> None:
    """Let a fire be seen in Wang Phrao an hour ago."""
    lon, lat = stores.inside(stores.A)
    seen = (dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)).isoformat()
    with store.locked():
        writer = Writer(store, store.state())
        writer.add_hotspots(make.hotspots({"lon": lon, "lat": lat, "acquired_at": seen}))
        writer.commit()
