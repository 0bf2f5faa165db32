"""What the sections of the page are built of: sections, tables, badges, long texts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from seatrials.evidence.outcome import CellOutcome
from seatrials.gate.decision import Outcome, Verdict
from seatrials.gate.markup import Html, element, joined

_PASSAGE_CHARACTERS_MAX = 400
_PASSAGE_LINES_MAX = 4

# A sign beside the word, so that a look suffices and colour says nothing on its own.
_SIGNS: dict[str, str] = {
    Verdict.GO: "✓",
    Verdict.NO_GO: "✗",
    Verdict.CANNOT_TELL: "?",
    Outcome.PASS: "✓",
    Outcome.FAIL: "✗",
    Outcome.UNKNOWN: "?",
    Outcome.WAIVED: "~",
    CellOutcome.PASSED: "✓",
    CellOutcome.FAILED: "✗",
    CellOutcome.CRASHED: "!",
    CellOutcome.CANNOT_TELL: "?",
    CellOutcome.RETRIED: "↻",
    CellOutcome.NOT_ASKED: "◌",
    CellOutcome.NOT_RUN: "○",
    CellOutcome.NOT_REQUIRED: "·",
}


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a table."""

    title: str
    # To the right, so that digits stand below digits.
    is_number: bool = False
    # Its cells name their rows.
    is_header: bool = False


def columns(*titles: str, header: str, numbers: Sequence[str] = ()) -> tuple[Column, ...]:
    """Return the columns called *titles*; that called *header* names the rows, those in *numbers* hold numbers."""
    return tuple(Column(title=each, is_number=each in numbers, is_header=each == header) for each in titles)


def section(identifier: str, title: str, *parts: str) -> Html:
    """Return a part of the page with its heading, as a landmark."""
    heading = f"{identifier}-title"
    return element(
        "section", element("h2", title, id=heading), *parts, id=identifier, aria_labelledby=heading, tabindex="-1"
    )


def note(*parts: str) -> Html:
    """Return a paragraph that explains, or says that there is nothing to show."""
    return element("p", *parts, class_="note")


def table(
    identifier: str, caption: str, head: Sequence[Column], rows: Iterable[Sequence[str]], class_: str = "cards"
) -> Html:
    """Return a table that scrolls by itself where it is too wide; of the class cards, it becomes a list on a phone.

    The roles say once more what the elements are, because a browser that lays a table out as something else may take
    it for something else.
    """
    heads = [element("th", each.title, scope="col", role="columnheader", class_=_class(each)) for each in head]
    body = [element("tr", *_cells(head, row), role="row") for row in rows]
    return scrolled(
        identifier,
        element(
            "table",
            element("caption", caption, id=f"{identifier}-caption"),
            element("thead", element("tr", *heads, role="row"), role="rowgroup"),
            element("tbody", *body, role="rowgroup"),
            class_=class_,
            role="table",
        ),
    )


def scrolled(identifier: str, content: Html) -> Html:
    """Return *content*, whose caption names it, in a box that scrolls, by keyboard too."""
    return element(
        "div", content, class_="scroll", role="region", aria_labelledby=f"{identifier}-caption", tabindex="0"
    )


def badge(word: str, detail: str = "") -> Html:
    """Return an outcome as a sign and its word, and *detail* in small print."""
    # A verdict of the history may be of a later version, and has no sign here.
    sign = element("span", _SIGNS.get(word, "·"), class_="sign", aria_hidden="true")
    named = element("span", sign, word, class_=f"badge is-{word.lower().replace(' ', '-')}")
    return joined([named, element("small", detail)], between=" ") if detail else named


def code(words: str) -> Html:
    """Return a name that a program gave."""
    return element("code", words)


def passage(words: str, subject: str) -> Html:
    """Return *words* on *subject*, which may be a sentence or a traceback; what is long scrolls in its own box."""
    if len(words) <= _PASSAGE_CHARACTERS_MAX and words.count("\n") < _PASSAGE_LINES_MAX:
        return element("span", words, class_="passage")
    return element("div", words, class_="passage long", role="group", aria_label=f"Why: {subject}", tabindex="0")


def _cells(head: Sequence[Column], row: Sequence[str]) -> Iterable[Html]:
    for column, content in zip(head, row, strict=True):
        names = {"class_": _class(column), "data_label": column.title}
        if column.is_header:
            yield element("th", content, scope="row", role="rowheader", **names)
        else:
            # An empty cell needs no line of its own where the table is a list.
            yield element("td", content, role="cell", **(names if content else {"class_": "empty"}))


def _class(column: Column) -> str | None:
    return "number" if column.is_number else None
