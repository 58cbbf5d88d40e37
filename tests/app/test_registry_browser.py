"""The planner's journey with the registry in a real browser, and what others may not do."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from oidc_provider_mock import User, run_server_in_thread
from playwright.sync_api import Browser, Page, expect

from data import accounts, photos, settings
from data.accounts import OPERATOR
from data.registry import Registry, open_registry
from data.store import Store
from layers.words import say
from tests.app.test_browser import (
    DESK,
    HOSTILE,
    PATHS,
    PHONE,
    Visit,
    browser,
    free_port,
    map_of,
    served,
    settle,
    spot,
    unfold,
    visit,
)
from tests.data.test_photos import picture

pytestmark = pytest.mark.browser
__all__ = ["browser", "visit"]  # fixtures

PASSWORD = "correct horse battery"
TAMBON = "520304"
PATHS.update(sites="sites", plan="plan")


@pytest.fixture
def store(tmp_path: Path) -> Path:
    root = tmp_path / "store"
    for name, role, amphoe in (("somsri", "planner", ""), ("anan", "officer", "5202")):
        accounts.save(root, accounts.Account(name, role, amphoe, accounts.hashed(PASSWORD)))
    return root


@pytest.fixture
def registry(store: Path) -> Registry:
    return open_registry(settings.load(store=store))


def sign_in(page: Page, name: str) -> None:
    page.get_by_role("button", name=say("en", "signed.in")).first.click()
    page.get_by_label(say("en", "signed.name"), exact=True).fill(name)
    page.get_by_label(say("en", "signed.password"), exact=True).fill(PASSWORD)
    page.get_by_test_id("stFormSubmitButton").get_by_role("button").click()
    expect(page.get_by_text(f"{name} ·")).to_be_visible()
    settle(page)


def pick(page: Page, label: str, option: str) -> None:
    """Choose in a select box by typing, as a person does in a long list."""
    box = page.get_by_role("combobox", name=label, exact=True).last
    box.fill(option)
    page.get_by_role("option", name=option).first.click()


def test_a_planner_draws_edits_sees_the_trail_and_undoes(
    visit: Callable[..., Visit], store: Path, registry: Registry
) -> None:
    with served(store) as url:
        page = visit(url).go("sites", lang="en")
        expect(page.get_by_role("button", name=say("en", "sites.add"))).to_have_count(0)
        sign_in(page, "somsri")
        page.get_by_role("button", name=say("en", "sites.add")).click()
        expect(page.get_by_label(say("en", "field.name_en"))).to_be_visible()
        settle(page)
        page.get_by_role("radio", name=say("en", "draw.line")).click()
        frame = map_of(page)
        frame.wait_for_function("HazeDesk.now.sketch.active")
        x, y = spot(page, TAMBON)
        for step in (0, 14, 28):
            page.mouse.click(x + step, y + step / 2)
        frame.get_by_role("button", name=say("en", "map.sketch_finish")).click()
        expect(page.get_by_text("Drawn: line")).to_be_visible()
        settle(page)
        page.get_by_label(say("en", "field.name_en")).fill("Test firebreak")
        pick(page, say("en", "field.kind"), say("en", "kind.firebreak"))
        page.get_by_role("button", name=say("en", "sites.save")).click()
        expect(page.get_by_text(say("en", "sites.saved"))).to_be_visible()
        settle(page)
        (site,) = registry.sites(kind="firebreak").query("name_en == 'Test firebreak'").to_dict("records")
        assert (site["shape"], site["tambon"], site["changed_by"]) == ("line", TAMBON, "somsri")

        page.get_by_role("button", name=say("en", "sites.edit"), exact=True).click()
        field = page.get_by_label(say("en", "field.scale_km"), exact=True)
        expect(field).to_be_visible()
        settle(page)
        field.fill("2.5")
        page.get_by_role("button", name=say("en", "sites.save")).click()
        expect(page.get_by_text(say("en", "sites.saved"))).to_be_visible()
        settle(page)
        assert registry.get("sites", site["site"]).document["scale_km"] == 2.5
        # Saved without drawing again, the line is still there.
        assert registry.get("sites", site["site"]).document["geometry"].startswith("LINESTRING")

        page.get_by_role("button", name=say("en", "trail.undo")).click()
        expect(page.get_by_text(say("en", "trail.undone"))).to_be_visible()
        settle(page)
        assert registry.get("sites", site["site"]).document["scale_km"] is None
        actions = registry.trail(kind="sites", record=site["site"])
        assert actions["action"].tolist() == ["undo", "change", "add"]
        assert set(actions["author"]) == {"somsri"}


def test_a_planner_adds_a_photograph_and_sees_it(visit: Callable[..., Visit], store: Path, registry: Registry) -> None:
    site = registry.add("sites", {"name_en": "AAA own", "kind": "firebreak", "issue": "haze", "tambon": "520201"},
                        author=OPERATOR, record="A-1")  # fmt: skip
    with served(store) as url:
        page = visit(url).go("sites", lang="en")
        sign_in(page, "somsri")
        choose_row(page, 0)
        expect(page.get_by_role("heading", name="AAA own")).to_be_visible()
        settle(page)
        part = unfold(page, say("en", "photo.add"))
        part.locator("input[type=file]").set_input_files(
            {"name": "<b>x</b>.jpg", "mimeType": "image/jpeg", "buffer": picture()}
        )
        expect(part.get_by_text("<b>x</b>.jpg")).to_be_visible()
        part.get_by_label(say("en", "field.caption")).fill("<img src=x onerror=alert(1)> firebreak")
        part.get_by_role("button", name=say("en", "photo.save")).click()
        expect(page.get_by_text(say("en", "photo.saved"))).to_be_visible()
        settle(page)
        shown = page.get_by_test_id("stImage").locator("img")
        expect(shown).to_be_visible()
        shown.scroll_into_view_if_needed()
        assert shown.evaluate("image => image.naturalWidth") == 40
        expect(page.get_by_text("<img src=x onerror=alert(1)> firebreak").last).to_be_visible()
    (photo,) = registry.get("sites", site).document["photos"]
    assert photos.read(Store(store), photo["link"])


def test_an_officer_of_another_amphoe_may_not_edit(
    visit: Callable[..., Visit], store: Path, registry: Registry
) -> None:
    own = registry.add("sites", {"name_en": "AAA own", "kind": "firebreak", "issue": "haze", "tambon": "520201"},
                       author=OPERATOR, record="A-1")  # fmt: skip
    with served(store) as url:
        page = visit(url).go("sites", lang="en")
        sign_in(page, "anan")
        choose_row(page, 0)
        expect(page.get_by_role("heading", name="AAA own")).to_be_visible()
        expect(page.get_by_role("button", name=say("en", "sites.edit"), exact=True)).to_be_visible()
        choose_row(page, 1)
        expect(page.get_by_text("LP-AGE-001")).to_be_visible()
        settle(page)
        expect(page.get_by_role("button", name=say("en", "sites.edit"), exact=True)).to_have_count(0)
        page.goto(f"{url}/data?lang=en")
        settle(page)
    assert registry.get("sites", own).version == 1


def choose_row(page: Page, row: int) -> None:
    table = page.get_by_test_id("stDataFrame").first
    box = table.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 18, box["y"] + 35 + 35 * row + 17)
    settle(page)


def test_a_viewer_sees_no_control_and_forged_events_change_nothing(
    visit: Callable[..., Visit], store: Path, registry: Registry
) -> None:
    before = registry.revision
    with served(store) as url:
        page = visit(url).go("sites", lang="en")
        for key in ("sites.add", "sites.edit", "sites.remove", "trail.undo"):
            expect(page.get_by_role("button", name=say("en", key), exact=True)).to_have_count(0)
        for name, missing in (("data", "data.bring_in"), ("sources", "sources.refresh")):
            page = visit(url).go(name, lang="en")
            expect(page.get_by_role("button", name=say("en", missing))).to_have_count(0)
            expect(page.get_by_text(say("en", "signed.needed"))).to_be_visible()
        asyncio_run(_forge(url))
    assert registry.revision == before


def asyncio_run(work: Any) -> None:
    """Run a coroutine on a thread of its own: the browser's driver has a loop on this one."""
    failed: list[BaseException] = []

    def run() -> None:
        try:
            asyncio.run(work)
        except BaseException as error:  # told to the test below
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert failed == []


async def _forge(url: str) -> None:
    """Send what a signed-in planner's browser would send: the buttons of the page, pressed by name."""
    import websockets
    from streamlit.proto.BackMsg_pb2 import BackMsg
    from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

    address = url.replace("http", "ws") + "/_stcore/stream"
    async with websockets.connect(address, subprotocols=["streamlit"], origin=url, max_size=None) as socket:
        for names in ((), ("w_site_add", "w_site_remove", "w_site_undo", "w_site_edit", "w_refresh")):
            message = BackMsg()
            message.rerun_script.query_string = "lang=en"
            message.rerun_script.page_name = "sites"
            for name in names:
                state = message.rerun_script.widget_states.widgets.add()
                state.id, state.trigger_value = f"$$ID-00000000000000000000000000000000-{name}", True
            await socket.send(message.SerializeToString())
            while True:
                answer = ForwardMsg()
                answer.ParseFromString(await asyncio.wait_for(socket.recv(), 60))
                if answer.WhichOneof("type") == "script_finished":
                    break


def test_hostile_names_are_text_on_the_sites_page(visit: Callable[..., Visit], store: Path, registry: Registry) -> None:
    for number, text in enumerate(HOSTILE):
        values = {
            "name_th": text,
            "name_en": text,
            "kind": text[:60],
            "issue": "haze",
            "tambon": TAMBON,
            "state": "active",
        }
        shape = {"geometry": f"LINESTRING (99.4 {18.1 + number / 100}, 99.5 18.2)"}
        point = {"geometry": f"POINT (99.45 {18.1 + number / 100})"}
        registry.add("sites", {**values, **(shape if number % 2 else point)}, author=OPERATOR, record=f"A-{number}")
    with served(store) as url:
        page = visit(url).go("sites", lang="en")
        frame = map_of(page)
        frame.wait_for_function("HazeDesk.now.layers.sites.getLayers().length > 7")
        choose_row(page, 0)
        expect(page.get_by_role("heading", name=HOSTILE[0])).to_be_visible()
        settle(page)
        assert page.evaluate("window.__hit") is None
        page = visit(url).go("plan", lang="en")
        assert page.evaluate("window.__hit") is None


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_both_pages_fit_and_ask_nothing_outside(
    visit: Callable[..., Visit], sample_with_facts: str, size: dict[str, int]
) -> None:
    window = visit(sample_with_facts, size)
    for name in ("sites", "plan"):
        page = window.go(name, lang="th")
        expect(page.locator("html")).to_have_attribute("lang", "th")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert not page.get_by_test_id("stException").count()


@pytest.fixture(scope="module")
def sample_with_facts(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(tmp_path_factory.mktemp("facts") / "store") as url:
        yield url


_SECRETS = """
[auth]
redirect_uri = "{url}/oauth2callback"
cookie_secret = "a secret of this test alone, long enough"
[auth.mock]
client_id = "desk"
client_secret = "secret"
server_metadata_url = "{issuer}/.well-known/openid-configuration"
"""


def test_an_outside_sign_in(browser: Browser, store: Path, tmp_path: Path) -> None:
    with run_server_in_thread(user_claims=(User(sub="somchai@lampang.example"),)) as provider:
        issuer, port = f"http://127.0.0.1:{provider.server_port}", free_port()
        accounts.save(store, accounts.Account("somchai@lampang.example", "planner", "", "", issuer))
        secrets = tmp_path / "secrets.toml"
        secrets.write_text(_SECRETS.format(url=f"http://127.0.0.1:{port}", issuer=issuer))
        with served(store, "--secrets.files", str(secrets), port=port) as url:
            page = browser.new_context(locale="th-TH").new_page()
            page.set_default_timeout(60_000)
            page.goto(f"{url}/sites?lang=en")
            settle(page)
            page.get_by_role("button", name=say("en", "signed.in")).first.click()
            page.get_by_role("button", name=say("en", "signed.with", provider="MOCK")).click()
            page.locator("input[name=sub]").fill("somchai@lampang.example")
            page.get_by_role("button", name="Authorize").click()
            page.wait_for_url(f"{url}/**")
            page.goto(f"{url}/sites?lang=en")
            settle(page)
            expect(page.get_by_text("somchai@lampang.example ·")).to_be_visible()
            expect(page.get_by_role("button", name=say("en", "sites.add"))).to_be_visible()
