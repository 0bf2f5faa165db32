"""The pictures of the documentation: the first screens of pages that the tutorial's commands have written."""

from pathlib import Path
from typing import TYPE_CHECKING

from seatrials.environments.variables import read_variables
from seatrials.report.report import Build, write_report
from tests.support.project import PROJECT

if TYPE_CHECKING:
    # Those who only count the pictures have no playwright.
    from playwright.sync_api import Browser

PICTURES = PROJECT / "docs/images"
WIDTH_PIXELS, HEIGHT_PIXELS = 1200, 800
# By the name of a picture: the page below the evidence that it shows, the oldest where there are several. The first
# decision of the tutorial is GO, and its last one CANNOT TELL.
PAGES = {
    "timeline.png": "mock/*/pages/COLD-03.html",
    "gate-go.png": "gate/[0-9]*/index.html",
    "gate-cannot-tell.png": "gate/latest/index.html",
    "report.png": "report/latest/index.html",
}


def take_pictures(evidence: Path, browser: "Browser") -> None:
    """Make the report of *evidence*, and a picture of each page, in place of the one that was there."""
    write_report(evidence=evidence, tools=PROJECT / "allure", build=Build(), variables=read_variables())
    context = browser.new_context(viewport={"width": WIDTH_PIXELS, "height": HEIGHT_PIXELS}, color_scheme="light")
    PICTURES.mkdir(exist_ok=True)
    for name, place in PAGES.items():
        shown = context.new_page()
        shown.goto(min(evidence.glob(place)).as_uri(), wait_until="networkidle")
        shown.screenshot(path=PICTURES / name, animations="disabled")
        shown.close()
    context.close()
