"""Takes the pictures of the documentation from a demo that it starts, with Debian's Chromium.

`python docs/make_screenshots.py [FOLDER]`; the demo runs for about a minute and is then stopped.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests
from playwright.sync_api import Browser, Page, sync_playwright

PORT = 8230
CONSOLE = f"http://127.0.0.1:{PORT}"
PHONES = f"http://127.0.0.1:{PORT + 1}/phones"
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
#: The story has come so far that there is something to see.
ENOUGH_TOLD = 600
PATIENCE_S = 180


@contextmanager
def demo() -> Iterator[None]:
    """A running demo whose cyclone has been told."""
    with tempfile.TemporaryDirectory() as folder:
        command = [
            str(Path(sys.executable).parent / "carealert"),
            *("demo", "--folder", f"{folder}/demo", "--port", str(PORT)),
        ]
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)  # noqa: S603
        try:
            _wait_until_told()
            yield
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=60)


def _wait_until_told() -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        try:
            found = requests.get(f"{CONSOLE}/api/v1/incidents", timeout=5).json()
            told = sum(one["messages"]["told"] for one in found)
        except (requests.RequestException, KeyError):
            told = 0
        if told >= ENOUGH_TOLD:
            time.sleep(12)  # some phones answer
            return
        time.sleep(2)
    sys.exit(f"The demo has told fewer than {ENOUGH_TOLD} within {PATIENCE_S} s.")


def shoot(browser: Browser, url: str, path: Path, width: int, height: int) -> None:
    """Save what a browser of this size in CSS pixels shows of `url` as a PNG at `path`."""
    page = browser.new_page(
        viewport={"width": width, "height": height},
        device_scale_factor=2 if width < 600 else 1,
        reduced_motion="reduce",
    )
    page.goto(url, wait_until="load")
    if page.locator("#map").count():
        page.wait_for_selector("#map[data-ready]")
    page.screenshot(path=path)
    page.close()


def shoot_an_answer(browser: Browser, path: Path) -> None:
    """Open a phone that received Bangla, answer 1, and save what its screen shows."""
    page = browser.new_page(viewport={"width": 360, "height": 780}, device_scale_factor=2)
    page.goto(PHONES, wait_until="load")
    page.goto(_a_bangla_phone(page), wait_until="load")
    page.get_by_role("button", name="1", exact=True).click()
    page.wait_for_load_state()
    page.screenshot(path=path)
    page.close()


def _a_bangla_phone(page: Page) -> str:
    for link in page.locator("a").all():
        words = link.inner_text()
        # A cyclone ("ghurni…"), and no question to a facility manager about its service.
        if "\u0998\u09c2\u09b0\u09cd" in words and "সেবা" not in words:
            return f"{PHONES.rsplit('/', 1)[0]}{link.get_attribute('href')}"
    sys.exit("No simulated phone has received a cyclone warning in Bangla.")


def main(arguments: list[str]) -> None:
    """Take every picture."""
    folder = Path(arguments[0] if arguments else "docs/images")
    folder.mkdir(parents=True, exist_ok=True)
    chromium = os.environ.get("CAREALERT_TEST_CHROMIUM", "/usr/bin/chromium")
    with demo(), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
        shoot_an_answer(browser, folder / "phone.png")
        shoot(browser, CONSOLE, folder / "console.png", 1280, 900)
        shoot(browser, CONSOLE, folder / "console-phone.png", 360, 780)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
