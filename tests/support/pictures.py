"""The pictures of the documentation: first screens of pages that the tutorial's commands have written."""

from tests.support.project import PROJECT

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
