"""A real Chromium for the tests marked `browser`."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

#: Says where Chromium is, if it is not where Debian puts it.
VARIABLE = "CAREALERT_TEST_CHROMIUM"
MISSING = (
    f"No Chromium to drive: run 'apt-get install chromium', or set {VARIABLE} to the path of one."
)
_USUAL = Path("/usr/bin/chromium")
_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def chromium_path() -> Path | None:
    """The browser to drive, or None."""
    named = os.environ.get(VARIABLE)
    path = Path(shutil.which(named) or named) if named else _USUAL
    return path if path.is_file() else None


@contextmanager
def chromium() -> Iterator[Browser]:
    """A running browser; raises RuntimeError with what to install where there is none."""
    path = chromium_path()
    if path is None:
        raise RuntimeError(MISSING)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(_ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()
