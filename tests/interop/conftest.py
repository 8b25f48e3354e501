"""An office with an emulator for each test; every test here is marked `interop`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.interop_office import Office, open_office


@pytest.fixture
def office(tmp_path: Path, sqlite_url: str) -> Iterator[Office]:
    """Forty caregivers, a number to send from, nothing in the outbox."""
    with open_office(tmp_path, sqlite_url, 40) as office:
        yield office
