"""The browser that every test here looks with."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

CHROMIUM = "chromium"


def pytest_sessionstart() -> None:
    """End at once where the browser lacks, before there are workers of which each would tell it."""
    if shutil.which(CHROMIUM) is None:
        pytest.exit("no chromium is on the PATH: apt-get install --no-install-recommends chromium", returncode=4)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Give Debian's browser; the one that playwright would fetch comes from elsewhere."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=shutil.which(CHROMIUM))
        yield launched
        launched.close()
