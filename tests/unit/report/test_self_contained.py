"""What is taken out of a page so that it loads nothing, and what is noticed when it would."""

import pytest

from seatrials.errors import ReportError
from seatrials.report.self_contained import external_loads, make_self_contained

PROGRAM = '<script  src="data:text/javascript;base64,YWxsdXJl"></script>\n'
ANALYTICS = """<script async src="https://www.googletagmanager.com/gtag/js?id=G-1"></script>
<script>
  window.dataLayer = [];
  function gtag(){dataLayer.push(arguments);}
  gtag('config', 'G-1', {'report_uuid': '1'});
</script>
"""


def page_with(head: str = "", body: str = "") -> str:
    """Return a page that is built as Allure builds its own."""
    return f"<html><head>{head}</head>\n<body>{body}{PROGRAM}<script>d('data/a.json','e30=')</script></body></html>"


def test_analytics_are_taken_out() -> None:
    """Neither the script from elsewhere nor what starts it is left, and all else is."""
    page = make_self_contained(page_with(body=f"{ANALYTICS}<main>rows</main>"))

    assert "gtag" not in page
    assert "googletagmanager" not in page
    assert "<main>rows</main>" in page


def test_the_program_comes_after_its_data() -> None:
    """A program that starts before the data is there would look for files on the disk."""
    page = make_self_contained(page_with())

    assert page.count(PROGRAM) == 1
    assert page.index("data/a.json") < page.index(PROGRAM) < page.index("</body>")


def test_the_page_forbids_to_load_from_elsewhere() -> None:
    """The first thing in the head is a policy that allows what stands in the page, and no address."""
    page = make_self_contained(page_with())

    _, _, head = page.partition("<head>")
    policy, _, _ = head.partition(">")
    assert policy.startswith('<meta http-equiv="Content-Security-Policy"')
    assert "default-src data: blob: 'unsafe-inline' 'unsafe-eval';" in policy
    assert "http:" not in policy
    assert "https:" not in policy


def test_a_page_without_its_program_is_refused() -> None:
    """Another version of Allure may build its page in another way, which must be looked at."""
    with pytest.raises(ReportError, match="pin the version"):
        make_self_contained("<html><head></head><body></body></html>")


def test_a_page_without_a_head_is_refused() -> None:
    """Without a head there is no place for the policy."""
    with pytest.raises(ReportError, match="pin the version"):
        make_self_contained(f"<html><body>{PROGRAM}</body></html>")


def test_analytics_that_look_otherwise_are_refused() -> None:
    """What is not recognised is not shipped; the error names what would be loaded."""
    page = page_with(body='<script defer src="https://metrics.example.com/a.js"></script>')

    with pytest.raises(ReportError, match=r"would load https://metrics\.example\.com/a\.js"):
        make_self_contained(page)


@pytest.mark.parametrize(
    "part",
    [
        '<script src="https://a.example/x.js"></script>',
        '<script src="//a.example/x.js"></script>',
        '<link rel="stylesheet" href="https://a.example/x.css">',
        '<img src="http://a.example/x.png">',
        '<img srcset="https://a.example/x.png 2x">',
        '<iframe src="https://a.example/"></iframe>',
        '<object data="https://a.example/x.svg"></object>',
        '<video poster="https://a.example/x.png"></video>',
        '<p style="background: url(https://a.example/x.png)">rows</p>',
        "<style>@import 'https://a.example/x.css';</style>",
        '<style>@font-face { src: url("//a.example/x.woff2"); }</style>',
    ],
)
def test_a_load_is_found_in_whatever_way_it_is_written(part: str) -> None:
    """Scripts, styles, pictures, frames and fonts from elsewhere are named."""
    assert len(external_loads(page_with(body=part))) == 1


@pytest.mark.parametrize(
    "part",
    [
        '<a href="https://a.example/">a link that a reader may follow</a>',
        '<img src="data:image/png;base64,AA==">',
        '<svg xmlns="http://www.w3.org/2000/svg"></svg>',
        "<p>url(https://a.example/x.png)</p>",
        "<script>const address = 'https://a.example/';</script>",
    ],
)
def test_what_is_not_loaded_is_no_load(part: str) -> None:
    """Links, embedded data, names of languages and texts are no requests."""
    assert external_loads(page_with(body=part)) == []
