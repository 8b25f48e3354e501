"""Takes the pictures of the documentation from a running console, with Debian's Chromium.

`python docs/make_screenshots.py URL [FOLDER]` shoots the first screen, wide and as a phone.
"""

import os
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
#: file name -> path on the console, width, height
PICTURES = {
    "now.png": ("/", 1280, 900),
    "now-phone.png": ("/", 360, 780),
    "feeds.png": ("/feeds", 1280, 900),
}


def shoot(url: str, path: Path, width: int, height: int, *, whole: bool = True) -> None:
    """Save what a browser of this size in CSS pixels shows of `url` as a PNG at `path`.

    `whole` takes the page to its end, however high. A map on the page is waited for. Raises
    playwright's Error where the page cannot be had.
    """
    chromium = os.environ.get("CAREALERT_TEST_CHROMIUM", "/usr/bin/chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
        page = browser.new_page(
            viewport={"width": width, "height": height},
            device_scale_factor=2 if width < 600 else 1,
            reduced_motion="reduce",
        )
        page.goto(url, wait_until="load")
        _wait_for_map(page)
        page.screenshot(path=path, full_page=whole)
        browser.close()


def _wait_for_map(page: Page) -> None:
    if page.locator("#map").count():
        page.wait_for_selector("#map[data-ready]")


def main(arguments: list[str]) -> None:
    """Shoot every picture of the console at the address given."""
    if not arguments:
        sys.exit(
            "Name the console's address: python docs/make_screenshots.py http://127.0.0.1:8000"
        )
    folder = Path(arguments[1] if len(arguments) > 1 else "docs/images")
    folder.mkdir(parents=True, exist_ok=True)
    for name, (path, width, height) in PICTURES.items():
        shoot(arguments[0].rstrip("/") + path, folder / name, width, height)


if __name__ == "__main__":
    main(sys.argv[1:])
