"""The gate's page in a browser: what it shows first, that everybody can read it, and that it loads nothing."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from seatrials.gate import page
from seatrials.gate.decision import Decision, Outcome, Verdict
from tests.support.project import PROJECT
from tests.support.told_release import told_release

SAMPLE = PROJECT / "tests/unit/gate/decision.json"
SIZES = {"desk": (1400, 1000), "phone": (390, 844)}
# The narrowest screen that counts, a tablet's, and one just wide enough for whole tables.
OTHER_WIDTHS_PIXELS = (320, 800, 1130)
# What remains of A4 across between margins of 12 mm, in pixels of CSS.
PRINTED_PIXELS = 1032
TABS_MAX = 500
OVERFULL = "each => each.scrollWidth > each.clientWidth + 1 || each.scrollHeight > each.clientHeight + 1"

Scheme = Literal["dark", "light"]
Opened = Callable[[str, str, Scheme], Page]


def go() -> Decision:
    """Return the sample as if all of it held."""
    sample = Decision.read(SAMPLE)
    criteria = tuple(replace(each, outcome=Outcome.PASS, waiver=None) for each in sample.criteria)
    return replace(sample, verdict=Verdict.GO, summary="All 12 criteria hold.", criteria=criteria, unproven=())


def cannot_tell() -> Decision:
    """Return the decision on nothing at all."""
    sample = Decision.read(SAMPLE)
    cost = replace(sample.cost, lines=(), run_dollars={}, session_dollars={})
    bare = replace(sample, verdict=Verdict.CANNOT_TELL, summary="Nothing ran on mock, staging and production.")
    bare = replace(bare, commit=None, age_seconds=None, runs=(), criteria=(), matrix=(), series=(), cost=cost)
    return replace(bare, regressions=(), waivers=(), unproven=(), mutants=None, allure_report=None)


def crowded() -> Decision:
    """Return the sample with a catalogue's number of rows, a traceback for a reason and words that never end."""
    sample = Decision.read(SAMPLE)
    endless = "evidence/" + 40 * "endless"
    traceback = "\n".join(f'File "{endless}.py", line {number}, in <module>' for number in range(40))
    first = replace(sample.criteria[0], reason=traceback, sources=(endless,))
    rows = tuple(replace(sample.matrix[index % 6], id=f"ROW-{index:03}") for index in range(112))
    summary = f"10 criteria cannot be told: {', '.join(each.id for each in sample.criteria[:6])} and 4 more."
    return replace(sample, summary=summary, criteria=(first, *sample.criteria[1:]), matrix=rows)


def told() -> Decision:
    """Return the decision on a release with two failing rows, a regression and a waiver, in a repository of its own."""
    with TemporaryDirectory() as folder:
        return told_release(Path(folder)).decide()


DECISIONS = {
    "go": go,
    "no-go": lambda: Decision.read(SAMPLE),
    "cannot-tell": cannot_tell,
    "crowded": crowded,
    "told": told,
}


@pytest.fixture(scope="module")
def addresses(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Write every page, and return where it stands."""
    folder = tmp_path_factory.mktemp("pages")
    for name, decision in DECISIONS.items():
        (folder / f"{name}.html").write_text(page.render(decision()), encoding="utf-8")
    return {name: (folder / f"{name}.html").as_uri() for name in DECISIONS}


@pytest.fixture
def opened(browser: Browser, addresses: dict[str, str]) -> Iterator[Opened]:
    """Give a function that opens a page in a size and a colour scheme."""
    contexts = []

    def open_page(name: str, size: str, scheme: Scheme) -> Page:
        width, height = SIZES[size]
        # axe is a script, which the page's own policy forbids.
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme, bypass_csp=True)
        contexts.append(context)
        shown = context.new_page()
        shown.goto(addresses[name])
        return shown

    yield open_page
    for context in contexts:
        context.close()


def overfull(shown: Page, selector: str) -> list[str]:
    """Return those elements whose content is larger than they are."""
    all_of_them = f"[...document.querySelectorAll('{selector}')]"
    found: list[str] = shown.evaluate(f"{all_of_them}.filter({OVERFULL}).map(each => each.outerHTML.slice(0, 200))")
    return found


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", DECISIONS)
def test_the_first_screen_answers(opened: Opened, name: str, size: str) -> None:
    """Verdict, reason, commit and age are to be seen without scrolling."""
    shown = opened(name, size, "light")
    answers = [
        shown.get_by_role("heading", level=1),
        shown.locator(".summary"),
        shown.locator("dt:text('Commit') + dd"),
        shown.locator("dt:text('Oldest evidence') + dd"),
    ]
    boxes = [each.bounding_box() for each in answers]

    assert [box for box in boxes if box is None or box["y"] + box["height"] > SIZES[size][1]] == []


@pytest.mark.parametrize("size", SIZES)
def test_the_first_screen_says_what_to_do(opened: Opened, size: str) -> None:
    """What release, what has changed, what failed and whose it is stand on the first screen, on a phone too."""
    shown = opened("told", size, "light")
    answers = [
        shown.get_by_text("Start sessions on warm tasks first").first,
        shown.get_by_text("by Maria Example").first,
        shown.locator("dt:text('Ran') + dd"),
        shown.locator("dt:text('Since the last GO') + dd"),
        shown.locator("dt:text('Waivers') + dd"),
        shown.get_by_role("heading", name="What failed").first,
        shown.get_by_text("Owner: @webordinary/platform").first,
    ]
    # A phone has room for the first failure; what to do is below the last of them.
    answers += [shown.get_by_text("roll back to v1.4.1").first] if size == "desk" else []
    boxes = [each.bounding_box() for each in answers]

    assert [box for box in boxes if box is None or box["y"] + box["height"] > SIZES[size][1]] == []


@pytest.mark.parametrize("name", DECISIONS)
def test_the_page_loads_nothing_and_complains_of_nothing(
    browser: Browser, addresses: dict[str, str], name: str
) -> None:
    """The one request is for the file itself, and the console stays empty."""
    shown = browser.new_page()
    requests, messages = list[str](), list[str]()
    shown.on("request", lambda request: requests.append(request.url))
    shown.on("console", lambda message: messages.append(message.text))
    shown.on("pageerror", lambda error: messages.append(str(error)))
    shown.goto(addresses[name], wait_until="networkidle")
    shown.close()

    assert ([addresses[name]], []) == ([each for each in requests if each != "data:,"], messages)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", DECISIONS)
def test_axe_finds_nothing(opened: Opened, name: str, size: str, scheme: Scheme) -> None:
    """Names, roles, order, contrast: no rule of axe is broken."""
    found: dict[str, Any] = Axe().run(opened(name, size, scheme)).response

    assert [(each["id"], each["nodes"][0]["html"]) for each in found["violations"]] == []
    assert found["passes"] != []


@pytest.mark.parametrize("name", DECISIONS)
@pytest.mark.parametrize("width", [*OTHER_WIDTHS_PIXELS, *(width for width, _ in SIZES.values())])
def test_the_page_does_not_scroll_sideways(opened: Opened, name: str, width: int) -> None:
    """What is too wide for the screen scrolls in its own box, and no cell runs into the next."""
    shown = opened(name, "phone", "light")
    shown.set_viewport_size({"width": width, "height": 844})

    assert width == shown.evaluate("document.documentElement.scrollWidth")
    assert overfull(shown, "td, tbody th") == []


def test_the_keyboard_reaches_everything(opened: Opened) -> None:
    """Tab goes to every link and every box that scrolls, in their order, and one sees where it is."""
    shown = opened("crowded", "desk", "light")
    wanted = shown.evaluate("[...document.querySelectorAll('a, [tabindex=\"0\"]')].map(each => each.outerHTML)")
    reached = []
    for _ in range(min(len(wanted), TABS_MAX)):
        shown.keyboard.press("Tab")
        reached.append(shown.evaluate("document.activeElement.outerHTML"))

        assert shown.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    assert wanted == reached


@pytest.mark.parametrize("size", SIZES)
def test_every_box_that_scrolls_can_be_focused(opened: Opened, size: str) -> None:
    """Who has no mouse scrolls with the arrow keys."""
    shown = opened("crowded", size, "light")
    boxes = shown.evaluate(
        "[...document.querySelectorAll('main *')].filter(each => getComputedStyle(each).overflowX === 'auto' || "
        f"getComputedStyle(each).overflowY === 'auto').filter({OVERFULL}).map(each => each.tabIndex)"
    )

    assert boxes != []
    assert {0} == set(boxes)


def test_the_skip_link_leads_to_the_criteria(opened: Opened) -> None:
    """The first stop of the keyboard jumps over the navigation."""
    shown = opened("no-go", "desk", "light")
    shown.keyboard.press("Tab")
    shown.keyboard.press("Enter")

    assert shown.evaluate("document.activeElement.id") == "criteria"


@pytest.mark.parametrize("name", DECISIONS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_paper_has_everything(opened: Opened, name: str, scheme: Scheme) -> None:
    """In print nothing is cut off, left out or hidden in a box, and the paper stays white."""
    shown = opened(name, "desk", scheme)
    shown.emulate_media(media="print", color_scheme=scheme)
    shown.set_viewport_size({"width": PRINTED_PIXELS, "height": 700})
    hidden = shown.evaluate("[...document.querySelectorAll('section')].filter(each => !each.offsetHeight).length")

    assert hidden == 0
    assert overfull(shown, "main, main section, .scroll, .long, td, th") == []
    assert shown.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert shown.pdf().startswith(b"%PDF")
