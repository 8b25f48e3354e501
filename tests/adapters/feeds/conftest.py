"""The rule for tests that need a real broker."""

import os

import pytest

from tests.support.broker import MISSING, mosquitto_path


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without Mosquitto the broker tests are reported as not run; in CI they fail instead."""
    if mosquitto_path() is not None or os.environ.get("CI") == "true":
        return
    for item in items:
        if item.get_closest_marker("broker"):
            item.add_marker(pytest.mark.skip(reason=f"Not run. {MISSING}"))
