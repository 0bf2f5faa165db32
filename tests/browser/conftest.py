"""The browser that every test here looks with."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.support.browser import launched, require_browser


def pytest_sessionstart() -> None:
    """End at once where the browser lacks."""
    require_browser()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Give Debian's browser."""
    with launched() as started:
        yield started
