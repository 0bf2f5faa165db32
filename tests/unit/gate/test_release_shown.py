"""What is told of a release is the same on the page, in Markdown and in the terminal, and is text in all of them."""

import io
import re
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from typing import TypeVar

import pytest
from rich.console import Console

from seatrials.gate.decision import Decision
from seatrials.gate.markdown import as_markdown
from seatrials.gate.page import render
from seatrials.gate.terminal import show
from tests.support.told_release import FAILED, told_release

T = TypeVar("T")
Shown = Callable[[Decision], str]
HOSTILE = """<script>alert(1)</script> | [x](javascript:y) `c` *b* \x1b[31m \u202e "'&\ud800\n# title"""
# What is no text of anybody, but a word of ours or an address that is checked where it is read.
_KEPT = (
    "id",
    "verdict",
    "kind",
    "environment",
    "allure",
    "timeline",
    "job_url",
    "outcome",
    "judged_at",
    "date",
    "name",
)


@pytest.fixture(scope="module")
def decision(tmp_path_factory: pytest.TempPathFactory) -> Decision:
    """Return the decision on a release with two failing rows, a regression and a waiver."""
    return told_release(tmp_path_factory.mktemp("told")).decide()


def page_text(decision: Decision) -> str:
    """Return the words of the page."""
    markup = re.sub(r"<style>.*?</style>", "", render(decision), flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", markup)).replace("&lt;", "<").replace("&#x27;", "'")


def terminal_text(decision: Decision) -> str:
    """Return what a wide terminal shows."""
    shown = io.StringIO()
    show(decision, Console(file=shown, width=1000))
    return shown.getvalue()


def markdown_text(decision: Decision) -> str:
    """Return the Markdown without its escapes."""
    return as_markdown(decision).replace("\\", "").replace("&lt;", "<")


@pytest.mark.parametrize("shown", [page_text, markdown_text, terminal_text])
def test_every_form_answers_the_five_questions(decision: Decision, shown: Shown) -> None:
    """What release, what has changed, what failed, whose it is, what to do."""
    text = shown(decision)

    for part in (
        *("Start sessions on warm tasks first", "v1.4.2", "Maria Example", "Hermes 1.4.2, editor 2.0.1"),
        "3 commits, 93 rows, 2 criteria, 3 resources",
        *(row for row in FAILED),
        *(f"AssertionError: {said}" for said in FAILED.values()),
        *("@webordinary/platform", "@webordinary/scaling", "@webordinary/performance"),
        "roll back to v1.4.1",
    ):
        assert part in text


def hostile(value: T) -> T:
    """Return *value* with a hostile text in place of every text that somebody wrote."""
    if isinstance(value, tuple):
        return type(value)(hostile(each) for each in value)
    if is_dataclass(value) and not isinstance(value, type):
        told = {each.name: getattr(value, each.name) for each in fields(value)}
        changed = {
            name: each if name in _KEPT and isinstance(each, str) else hostile(each) for name, each in told.items()
        }
        return replace(value, **changed)
    return HOSTILE if isinstance(value, str) else value  # type: ignore[return-value]  # a text again


@pytest.fixture(scope="module")
def attacked(decision: Decision) -> Decision:
    """Return the decision with hostile texts wherever somebody may write."""
    return replace(decision, release=hostile(decision.release), waivers=hostile(decision.waivers))


def test_no_text_becomes_markup_on_the_page(attacked: Decision) -> None:
    """Neither an element nor a link of an attacker's, and the page can be written."""
    markup = render(attacked)

    assert "<script" not in markup
    assert re.findall(r'href="(?!#|https://ci\.example/|decision\.json|summary\.md|data:,)', markup) == []
    assert markup.encode()


def test_no_text_becomes_markup_in_markdown(attacked: Decision) -> None:
    """No element, no link, no heading and no line of its own."""
    text = as_markdown(attacked)

    assert "<script" not in text
    assert re.findall(r"(?<!\\)\[x", text) == []
    assert [line for line in text.splitlines() if line.startswith("# ")] == ["# NO-GO"]
    assert not set("\x1b\u202e") & set(text)
    assert text.encode()


def test_no_text_moves_the_cursor_of_a_terminal(attacked: Decision) -> None:
    """No control character reaches it, and square brackets are no colours."""
    text = terminal_text(attacked)

    assert "\x1b" not in text
    assert "\u202e" not in text
    assert text.encode()


def test_a_link_leads_to_the_web_or_nowhere(decision: Decision) -> None:
    """A run's job was written by a run: what is no address is shown to nobody as a link."""
    release = decision.release
    assert release is not None
    bad = tuple(replace(each, job_url="javascript:alert(1)") for each in release.failures)
    attacked = replace(decision, release=replace(release, failures=bad))

    assert "javascript:alert" not in render(attacked)
    assert "javascript:alert" not in as_markdown(attacked)


def test_a_long_list_of_failures_is_whole_below_the_first_screen(decision: Decision) -> None:
    """The head has the first four and leads to all of them; none is counted in place of its name."""
    release = decision.release
    assert release is not None
    many = tuple(replace(release.failures[0], subject=f"ROW-{index:02}") for index in range(60))
    attacked = replace(decision, release=replace(release, failures=many))
    head, _, rest = render(attacked).partition('id="failures"')

    assert head.count("ROW-") == 2 * 4
    assert "All 60 that failed" in head
    assert all(f"ROW-{index:02}" in rest and f"ROW-{index:02}" in as_markdown(attacked) for index in range(60))
