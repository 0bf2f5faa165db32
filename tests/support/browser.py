"""Debian's browser, for whoever looks at a page; the one that playwright would fetch comes from elsewhere."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, sync_playwright

CHROMIUM = "chromium"


def require_browser() -> None:
    """End pytest at once where the browser lacks, before there are workers of which each would tell it."""
    if shutil.which(CHROMIUM) is None:
        pytest.exit("no chromium is on the PATH: apt-get install --no-install-recommends chromium", returncode=4)


@contextmanager
def launched() -> Iterator[Browser]:
    """Start the browser, and close it at the end."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which(CHROMIUM))
        yield browser
        browser.close()
