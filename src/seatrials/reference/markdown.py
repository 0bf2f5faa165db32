"""Tables and words of Markdown."""

from collections.abc import Iterable, Sequence


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a table; whoever gives a cell has put code in backticks."""
    return [_line(heads), _line(["---"] * len(heads)), *(_line([_cell(each) for each in row]) for row in rows), ""]


def code(value: object) -> str:
    """Return *value* as code; nothing for nothing."""
    return f"`{value}`" if str(value) else ""


def first_paragraph(text: str | None) -> str:
    """Return the first paragraph of a docstring, as one line."""
    return " ".join((text or "").strip().partition("\n\n")[0].split())


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(text: str) -> str:
    # A bar ends a cell in code too.
    return " ".join(text.split()).replace("|", r"\|")
