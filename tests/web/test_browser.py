"""The console in a real Chromium: narrow and wide, alive without reloading, by keyboard."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import Engine

from tests.support.board_data import CYCLONE, NOW, ask_for_help
from tests.support.browser import MISSING, chromium, chromium_path
from tests.support.serving import serving
from tests.support.web_app import app_on

pytestmark = [pytest.mark.browser]

PATHS = ("/", f"/incidents/{CYCLONE}", "/facilities", "/tasks", "/feeds", "/api/docs")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if chromium_path() is None:
        pytest.fail(MISSING)
    with chromium() as running:
        yield running


@dataclass(frozen=True)
class Office:
    url: str
    engine: Engine


@pytest.fixture
def office(filled: Engine) -> Iterator[Office]:
    """A console whose board a test may change."""
    with serving(app_on(filled)) as url:
        yield Office(url, filled)


@pytest.fixture(scope="module")
def quiet_office(full_board: Engine) -> Iterator[Office]:
    """A console whose board stays as it is."""
    with serving(app_on(full_board)) as url:
        yield Office(url, full_board)


@pytest.fixture(params=[360, 1280])
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A window of a phone's and of a laptop's width."""
    yield from _window(browser, request.param)


@pytest.fixture
def laptop(browser: Browser) -> Iterator[Page]:
    yield from _window(browser, 1280)


def _window(browser: Browser, width: int) -> Iterator[Page]:
    """A page; whatever it writes to the browser's console is a failure (a blocked script too)."""
    window = browser.new_page(viewport={"width": width, "height": 800})
    said: list[str] = []
    window.on("console", lambda message: said.append(message.text))
    window.on("pageerror", lambda error: said.append(str(error)))
    yield window
    window.close()
    assert not said


@pytest.mark.parametrize("path", PATHS)
def test_no_page_scrolls_sideways(quiet_office: Office, page: Page, path: str) -> None:
    page.goto(quiet_office.url + path)
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= page.viewport_size["width"]  # type: ignore[index]


def test_the_board_changes_without_reloading(office: Office, page: Page) -> None:
    page.goto(office.url)
    page.evaluate("window.same = true")
    expect(page.get_by_text("See the 2 who asked for help")).to_be_visible()
    live = page.locator("#live")
    expect(live).to_contain_text("Asked for help: 2.")
    ask_for_help(office.engine, "R-040", NOW)
    expect(page.get_by_text("See the 3 who asked for help")).to_be_visible(timeout=10_000)
    expect(live).to_contain_text("Asked for help: 3.")
    assert page.evaluate("window.same")


def test_focus_and_opened_parts_survive_a_refresh(office: Office, laptop: Page) -> None:
    laptop.goto(office.url)
    laptop.locator("#quiet summary").click()
    link = laptop.locator(f"#help-{CYCLONE}")
    link.focus()
    ask_for_help(office.engine, "R-041", NOW)
    expect(link).to_have_text("See the 3 who asked for help", timeout=10_000)
    expect(link).to_be_focused()
    expect(laptop.locator("#quiet")).to_have_attribute("open", "")


def test_updates_can_be_paused(office: Office, laptop: Page) -> None:
    laptop.clock.install()
    laptop.goto(office.url)
    laptop.get_by_role("button", name="Pause updates").click()
    ask_for_help(office.engine, "R-042", NOW)
    laptop.clock.run_for(30_000)
    laptop.wait_for_timeout(500)  # an answer, if one had been asked for, would be here
    expect(laptop.get_by_text("See the 2 who asked for help")).to_be_visible()
    laptop.get_by_role("button", name="Resume updates").click()
    laptop.clock.run_for(4_000)
    expect(laptop.get_by_text("See the 3 who asked for help")).to_be_visible(timeout=10_000)


def test_every_stop_of_the_keyboard_can_be_seen(quiet_office: Office, page: Page) -> None:
    page.goto(quiet_office.url)
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the content")).to_be_in_viewport()
    stops = set()
    for _ in range(12):
        page.keyboard.press("Tab")
        style, identity = page.evaluate(
            "(() => { const e = document.activeElement, s = getComputedStyle(e);"
            " return [`${s.outlineStyle} ${parseFloat(s.outlineWidth)}`, e.id || e.className] })()"
        )
        assert style == "solid 3", identity
        stops.add(identity)
    assert {"brand", "nav-feeds", "pulse-feeds", f"open-{CYCLONE}"} <= stops


def test_targets_are_large_enough(quiet_office: Office, page: Page) -> None:
    page.goto(quiet_office.url)
    small = page.evaluate(
        "[...document.querySelectorAll('nav a, button, .button, .filters a, summary, #reload')]"
        ".map(e => [e.id, e.getBoundingClientRect()])"
        ".filter(([, r]) => r.width < 24 || r.height < 24).map(([id]) => id)"
    )
    assert small == []


def test_the_map_draws_areas_and_facilities_without_tiles(
    quiet_office: Office, laptop: Page
) -> None:
    foreign: list[str] = []
    laptop.on(
        "request", lambda r: None if r.url.startswith(quiet_office.url) else foreign.append(r.url)
    )
    laptop.goto(quiet_office.url)
    laptop.wait_for_selector("#map[data-ready]")
    assert laptop.locator("#map path.warned").count() == 4
    assert laptop.locator("#map path.place").count() == 3
    marker = laptop.get_by_role("button", name="Kalapara Dialysis Centre: no response")
    marker.focus()
    laptop.keyboard.press("Enter")
    expect(laptop.locator(".leaflet-popup")).to_contain_text("dialysis: no response")
    assert foreign == []


def test_pages_work_without_javascript(quiet_office: Office, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(quiet_office.url)
    page.get_by_role("link", name="See the 2 who asked for help").click()
    expect(page.locator("th", has_text="R-001")).to_be_visible()
    expect(page.locator("th", has_text="R-003")).to_have_count(0)
    page.get_by_role("link", name="Reload").click()
    expect(page.get_by_text("The map needs JavaScript")).to_be_visible()
    context.close()


def test_a_silent_server_is_said_loudly(office: Office, browser: Browser) -> None:
    page = browser.new_page()
    page.clock.install()
    page.goto(office.url)
    page.route("**/parts/**", lambda route: route.abort())
    banner = page.locator("#connection")
    expect(banner).to_be_hidden()
    page.clock.run_for(20_000)
    expect(banner).to_be_visible(timeout=5_000)
    expect(banner).to_contain_text("What you see may be out of date")
    page.unroute("**/parts/**")
    page.clock.run_for(6_000)
    expect(banner).to_be_hidden(timeout=5_000)
    page.close()
