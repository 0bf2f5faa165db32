"""A page that loads nothing from elsewhere.

What Allure's report would load is taken out, and a policy in the page itself makes every browser refuse the rest.
"""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

from seatrials.errors import ReportError

_ANALYTICS = re.compile(
    r"<script async src=\"https://www\.googletagmanager\.com/[^\"]*\"></script>\s*<script>.*?gtag\(.*?</script>\s*",
    re.DOTALL,
)
_PROGRAM = re.compile(r"[ \t]*<script\s+src=\"data:text/javascript;base64,[^\"]*\"></script>\s*")
_LOADS = re.compile(r"(?:url\(|@import)\s*[\"']?\s*((?:https?:)?//[^\"')\s]+)", re.IGNORECASE)
_REMOTE = re.compile(r"\s*(?:https?:|wss?:)?//", re.IGNORECASE)
# All that Allure's program needs stands in the page: it unpacks styles, fonts, pictures and attachments from there.
_POLICY = (
    '<meta http-equiv="Content-Security-Policy" '
    "content=\"default-src data: blob: 'unsafe-inline' 'unsafe-eval'; form-action 'none'\">"
)


def make_self_contained(page: str) -> str:
    """Return Allure's single *page* without its analytics, and with its program behind the data that it reads.

    Allure starts the program first; whenever the browser pauses between the two, it asks the disk for files that do
    not exist, and shows an endless spinner. Raises `ReportError` when the page would still load something.
    """
    page = _ANALYTICS.sub("", page)
    programs = "".join(_PROGRAM.findall(page))
    page = _PROGRAM.sub("", page)
    body, closing, rest = page.rpartition("</body>")
    if not programs or not closing or "<head>" not in page:
        msg = "Allure's report is not built as it was: pin the version in allure/ that it had before"
        raise ReportError(msg)
    page = f"{body}{programs}{closing}{rest}".replace("<head>", f"<head>{_POLICY}", 1)
    loaded = external_loads(page)
    if loaded:
        msg = f"Allure's report would load {', '.join(loaded)}: see whether its analytics look different now"
        raise ReportError(msg)
    return page


def external_loads(page: str) -> list[str]:
    """Return the addresses that a browser would load to show *page*; links that a reader may follow do not count."""
    finder = _LoadFinder()
    finder.feed(page)
    finder.close()
    return finder.found


@dataclass
class _LoadFinder(HTMLParser):
    found: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_style = tag == "style"
        names = {"href"} if tag in {"link", "image", "use"} else {"src", "srcset", "poster", "data", "background"}
        for name, value in attrs:
            if name in names and value and _REMOTE.match(value):
                self.found.append(value)
            elif name == "style" and value:
                self.found += _LOADS.findall(value)

    def handle_endtag(self, tag: str) -> None:
        self._in_style = self._in_style and tag != "style"

    def handle_data(self, data: str) -> None:
        if self._in_style:
            self.found += _LOADS.findall(data)
