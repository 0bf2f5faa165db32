"""The timeline's page in a browser: what it shows first, how to move in it, and that it loads nothing."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from seatrials.timeline.command import write_timeline
from tests.support.timeline_run import EVENTS, GOOD_ROW, HOSTILE, MESSAGE, ROW, write_run

SIZES = {"desk": (1400, 1000), "phone": (390, 844)}
WIDTHS_PIXELS = (320, 390, 800, 1400)
CROWD = [
    {"at_us": 9_000_000 + 997 * each, "kind": "aws_call", "operation": "x", "subject": "hermes"}
    for each in range(5_000)
]
CHOSEN = "#chart .mark[aria-current]"

Scheme = Literal["dark", "light"]
Opened = Callable[..., Page]


@pytest.fixture(scope="module")
def addresses(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Write the pages of a row that failed, one that passed, a hostile and a crowded one, and return where they are."""
    pages = {}
    for name, row, made in (
        ("failed", ROW, {}),
        ("passed", GOOD_ROW, {}),
        ("hostile", ROW, {"message": HOSTILE}),
        ("crowded", ROW, {"events": [*EVENTS, *CROWD]}),
        ("index", None, {}),
    ):
        evidence = tmp_path_factory.mktemp(name)
        write_run(evidence, **made)
        pages[name] = write_timeline("mock", row, evidence=evidence, out=None, form="html").as_uri()
    return pages


@pytest.fixture
def opened(browser: Browser, addresses: dict[str, str]) -> Iterator[Opened]:
    """Give a function that opens a page in a size and a colour scheme."""
    contexts = []

    def open_page(name: str, size: str = "desk", scheme: Scheme = "light", *, bypass_csp: bool = False) -> Page:
        width, height = SIZES[size]
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, bypass_csp=bypass_csp
        )
        contexts.append(context)
        shown = context.new_page()
        shown.goto(addresses[name])
        return shown

    yield open_page
    for context in contexts:
        context.close()


@pytest.mark.parametrize("size", SIZES)
def test_a_failed_row_opens_at_its_failure(opened: Opened, size: str) -> None:
    """Row, outcome, what must hold and the message are seen without scrolling, and the failure is chosen."""
    shown = opened("failed", size)
    for each in (shown.get_by_role("heading", level=1), shown.locator(".sentence"), shown.locator(".message")):
        box = each.bounding_box()
        assert box is not None
        assert box["y"] < SIZES[size][1] * 0.6
        expect(each).to_be_visible()

    expect(shown.locator(".message")).to_contain_text(MESSAGE.splitlines()[0])
    expect(shown.locator(CHOSEN)).to_have_count(1)
    expect(shown.locator("#details h3")).to_contain_text("failed: AssertionError")


def test_the_cause_is_seen_in_the_first_screen(opened: Opened) -> None:
    """The crash stands in what led to the failure, and in its lane."""
    shown = opened("failed")

    box = shown.locator("#story").get_by_text("crashed: NameError").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] < SIZES["desk"][1]
    expect(shown.locator("#chart .mark.is-bad").first).to_be_visible()


def test_on_a_phone_all_that_led_to_it_is_there(opened: Opened) -> None:
    """No box hides its end, which may be the cause."""
    heights = opened("failed", "phone").eval_on_selector("#story ol", "each => [each.scrollHeight, each.clientHeight]")

    assert heights[0] <= heights[1] + 1


@pytest.mark.parametrize("name", ["failed", "passed", "hostile", "crowded", "index"])
def test_the_page_loads_nothing_and_complains_of_nothing(
    browser: Browser, addresses: dict[str, str], name: str
) -> None:
    """The one request is for the file, the console stays empty, and no text of the evidence has run."""
    shown = browser.new_page()
    requests, messages = list[str](), list[str]()
    shown.on("request", lambda request: requests.append(request.url))
    shown.on("console", lambda message: messages.append(message.text))
    shown.on("pageerror", lambda error: messages.append(str(error)))
    shown.goto(addresses[name], wait_until="networkidle")
    broken = shown.evaluate("window.broken")
    shown.close()

    assert ([addresses[name]], [], None) == ([each for each in requests if each != "data:,"], messages, broken)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", ["failed", "passed", "crowded", "index"])
def test_axe_finds_nothing(opened: Opened, name: str, size: str, scheme: Scheme) -> None:
    """Names, roles, order, contrast: no rule of axe is broken."""
    # axe is a script, which the page's own policy forbids.
    found: dict[str, Any] = Axe().run(opened(name, size, scheme, bypass_csp=True)).response

    assert [(each["id"], each["nodes"][0]["html"]) for each in found["violations"]] == []
    assert found["passes"] != []


@pytest.mark.parametrize("width", WIDTHS_PIXELS)
@pytest.mark.parametrize("name", ["failed", "hostile", "crowded", "index"])
def test_the_page_does_not_scroll_sideways(opened: Opened, name: str, width: int) -> None:
    """Whatever is written in it, it is as wide as the screen."""
    shown = opened(name)
    shown.set_viewport_size({"width": width, "height": 900})

    assert shown.evaluate("document.documentElement.scrollWidth") <= width


def test_the_keyboard_moves_among_events(opened: Opened) -> None:
    """Left and right go through time, up and down through lanes, and f leads back to the failure."""
    shown = opened("failed")
    shown.locator("#chart").focus()
    failure = shown.locator("#details h3").inner_text()
    titles = [failure]
    for key in ("ArrowLeft", "ArrowLeft", "ArrowDown", "ArrowUp", "ArrowRight"):
        shown.keyboard.press(key)
        titles.append(shown.locator("#details h3").inner_text())
        expect(shown.locator(CHOSEN)).to_be_focused()
    shown.keyboard.press("f")

    assert len(set(titles)) >= 4
    assert shown.locator("#details h3").inner_text() == failure


def test_all_is_reached_by_tab(opened: Opened) -> None:
    """Search, choices, buttons, the chart and the events of the list take the focus in turn."""
    shown = opened("failed")
    reached = set()
    for _ in range(120):
        shown.keyboard.press("Tab")
        reached.add(shown.evaluate("document.activeElement.id || document.activeElement.className.split(' ')[0]"))

    assert {"search", "kind", "chart", "mark", "event", "message"} <= reached


def ticks(shown: Page) -> list[str]:
    """Return the times of the ruler."""
    found: list[str] = shown.locator(".tick").all_inner_texts()
    return found


def test_zoom_and_back(opened: Opened) -> None:
    """Keys and buttons zoom alike, and 0 shows everything."""
    shown = opened("failed")
    shown.locator("#chart").focus()
    shown.keyboard.press("0")
    whole = ticks(shown)
    shown.keyboard.press("+")
    nearer = ticks(shown)
    shown.get_by_role("button", name="Everything").click()

    assert nearer != whole
    assert ticks(shown) == whole


def test_dragging_pans(opened: Opened) -> None:
    """A part of the timeline that is held moves with the pointer."""
    shown = opened("failed")
    shown.get_by_role("button", name="Nearer").click()
    before = ticks(shown)
    box = shown.locator("#chart .ruler .space").bounding_box()
    assert box is not None
    shown.mouse.move(box["x"] + 300, box["y"] + 10)
    shown.mouse.down()
    shown.mouse.move(box["x"] + 500, box["y"] + 10)
    shown.mouse.up()

    assert ticks(shown) != before


def test_search_finds_what_is_written_in_details(opened: Opened) -> None:
    """Words are looked for in all that an event says, and what does not have them is gone."""
    shown = opened("failed")
    shown.get_by_role("button", name="Everything").click()
    shown.keyboard.press("/")
    expect(shown.locator("#search")).to_be_focused()
    shown.keyboard.type("sesion")

    expect(shown.locator("#list .event")).to_have_count(1)
    expect(shown.locator("#list")).to_contain_text("NameError")


def test_kinds_and_lanes_are_filters(opened: Opened) -> None:
    """One kind alone, or all lanes but some."""
    shown = opened("failed")
    shown.get_by_role("button", name="Everything").click()
    shown.locator("#kind").select_option("alarm")
    expect(shown.locator("#list .event")).to_have_count(1)
    shown.locator("#kind").select_option("")
    shown.locator("summary").click()
    shown.get_by_label("Hermes", exact=True).uncheck()

    expect(shown.locator("#list")).not_to_contain_text("crashed")


def test_an_event_tells_both_times_and_its_causes(opened: Opened) -> None:
    """A click opens it; what led to it is one more click away."""
    shown = opened("failed")
    shown.locator("#story").get_by_text("crashed: NameError").click()
    details = shown.locator("#details")

    expect(details).to_contain_text("2026-03-02 09:00:30.000Z")
    expect(details).to_contain_text("2026-11-27 00:00:0")
    details.get_by_text("about to place a session").click()
    expect(details.locator("h3")).to_contain_text("about to place a session")
    expect(details.get_by_text("What it led to")).to_be_visible()


def test_a_fault_is_a_band_over_all_lanes(opened: Opened) -> None:
    """It is as high as the chart."""
    shown = opened("failed")
    shown.get_by_role("button", name="Everything").click()
    band = shown.locator("#chart .band")

    expect(band).to_have_count(1)
    box, line = band.bounding_box(), shown.locator("#chart .line").first.bounding_box()
    assert box is not None
    assert line is not None
    assert box["height"] > 5 * line["height"]


def test_a_crowd_is_drawn_as_few_marks_and_opened_by_a_click(opened: Opened) -> None:
    """What is too near to be told apart is one mark with a number, which a click draws apart."""
    shown = opened("crowded")
    shown.get_by_role("button", name="Everything").click()
    assert shown.locator("#chart .mark").count() < 600
    before = ticks(shown)
    shown.locator("#kind").select_option("aws_call")
    shown.locator("#chart .mark").nth(0).click()

    assert ticks(shown) != before
    expect(shown.locator("#details h3")).to_contain_text("hermes calls x")


def test_what_is_under_the_pointer_is_told(opened: Opened) -> None:
    """The moment by both clocks, and the events there."""
    shown = opened("failed")
    box = shown.locator("#chart .ruler .space").bounding_box()
    assert box is not None
    shown.mouse.move(box["x"] + box["width"] / 2, box["y"] + 40)

    expect(shown.locator("#cursor")).to_contain_text(" s, wall about 00:00:0")


def test_without_script_the_page_says_why(browser: Browser, addresses: dict[str, str]) -> None:
    """Where scripts are off, message and causes stand there, and that the chart is missing."""
    context = browser.new_context(java_script_enabled=False)
    shown = context.new_page()
    shown.goto(addresses["failed"])

    expect(shown.locator(".message")).to_be_visible()
    expect(shown.locator("#story").get_by_text("crashed: NameError")).to_be_visible()
    expect(shown.get_by_text("The chart needs JavaScript")).to_be_visible()
    context.close()


def test_printed_it_has_everything_in_full(opened: Opened, tmp_path: Path) -> None:
    """No box scrolls on paper, and controls are left out."""
    shown = opened("failed")
    shown.emulate_media(media="print")

    expect(shown.locator(".toolbar")).not_to_be_visible()
    heights = shown.eval_on_selector(".message", "each => [each.scrollHeight, each.clientHeight]")
    assert heights[0] <= heights[1] + 1
    assert len(shown.pdf(path=tmp_path / "page.pdf")) > 1_000


def test_the_index_leads_to_a_row(opened: Opened) -> None:
    """From the list of rows a click shows the timeline of one."""
    shown = opened("index")
    shown.get_by_role("link", name=ROW).click()

    expect(shown.get_by_role("heading", level=1)).to_contain_text(ROW)
