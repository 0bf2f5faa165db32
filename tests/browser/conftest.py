"""The browser that every test here looks with."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Give Debian's browser; the one that playwright would fetch comes from elsewhere."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.exit("no chromium is on the PATH: apt-get install --no-install-recommends chromium", returncode=4)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium)
        yield launched
        launched.close()
