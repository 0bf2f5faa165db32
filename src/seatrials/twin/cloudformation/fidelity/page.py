"""The tables of properties as people read them: a page of all, and what is left out in the page on the twin's fidelity.

Both are written by `seatrials fidelity --write`, and compared by `--check`.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from seatrials.errors import ConfigurationError
from seatrials.twin.cloudformation.fidelity.table import Line, Status, TypeTable, tables

ALL, SUMMARY = "twin-properties.md", "twin-fidelity.md"
_BEGIN, _END = "<!-- written by `seatrials fidelity --write` -->", "<!-- until here -->"
_PREFACE = """\
# What becomes of each property

Every property of every resource type that the twin deploys, by the resource schemas of CloudFormation, without what AWS
alone sets. A property *acts* when it changes what a world does; the test that shows it is below `tests/unit/twin/`.
It is *described* when AWS's API answers it and nothing that a scenario could see depends on it.
It is *left out* when AWS acts on it and the twin does not: who uses it is told, and `--strict` refuses the template.

What is said of a property holds for all within it, unless something is said of that itself.
Attributes of load balancers, target groups and listeners are properties by their keys.
`= VALUE` speaks of these values alone, `!= VALUE` of all others; `*` is any text.

Written by `seatrials fidelity --write` from `src/seatrials/twin/cloudformation/fidelity/`; `seatrials fidelity --check`
fails when it is out of date. How the twin behaves is told in [twin-fidelity.md](twin-fidelity.md).
"""
_WORDS = {Status.ACTS: "acts", Status.DESCRIBED: "described", Status.LEFT_OUT: "left out"}


def pages(folder: Path) -> dict[Path, str]:
    """Return what the pages in *folder* should hold; raises `ConfigurationError` for one with no place for it."""
    summary = folder / SUMMARY
    try:
        text = summary.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        msg = f"--folder: {summary} cannot be read ({error}): give the folder of the project's documents"
        raise ConfigurationError(msg) from error
    before, begin, rest = text.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        msg = f"{summary} has no place for the properties: put in two lines, {_BEGIN} and {_END}"
        raise ConfigurationError(msg)
    return {
        folder / ALL: _page(tables()),
        summary: f"{before}{_BEGIN}\n\n{_summary(tables())}\n{_END}{after}",
    }


def rows() -> list[dict[str, str]]:
    """Return every line as data."""
    return [
        {"type": name, "property": line.key, "status": line.status.value, "says": line.says}
        for name, table in sorted(tables().items())
        for line in _ordered(table)
    ]


def _page(found: Mapping[str, TypeTable]) -> str:
    parts = [_PREFACE]
    for name, table in sorted(found.items()):
        parts += [f"## {name}", "", "| property | becomes | shown by, why, or what AWS does |", "| --- | --- | --- |"]
        parts += [f"| `{line.key}` | {_WORDS[line.status]} | {_said(line)} |" for line in _ordered(table)]
        parts.append("")
    return "\n".join(parts)


def _summary(found: Mapping[str, TypeTable]) -> str:
    lines = ["| type | left out |", "| --- | --- |"]
    for name, table in sorted(found.items()):
        left = [f"`{line.key}`" for line in _ordered(table) if line.status is Status.LEFT_OUT]
        lines.append(f"| {name} | {', '.join(left) or 'nothing'} |")
    return "\n".join([*lines, ""])


def _said(line: Line) -> str:
    if line.status is Status.ACTS:
        return f"`{line.says}`"
    return f"AWS {line.says}" if line.status is Status.LEFT_OUT else line.says


def _ordered(table: TypeTable) -> Iterator[Line]:
    yield from sorted(table.lines, key=lambda line: (line.path, line.key))
