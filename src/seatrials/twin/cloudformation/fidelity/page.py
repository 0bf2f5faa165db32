"""The tables as people read them: a page of properties, one of operations, and the page on the twin's fidelity.

That page is written by hand around its tables, each of which has a place by name: of behaviours, and of what is left
out of properties and operations. All is written by `seatrials fidelity --write`, and compared by `--check`.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from seatrials.errors import ConfigurationError
from seatrials.twin.cloudformation.fidelity.behaviours.table import Behaviour, behaviours
from seatrials.twin.cloudformation.fidelity.operations.table import OperationLine, lines
from seatrials.twin.cloudformation.fidelity.table import Line, Status, TypeTable, tables

PROPERTIES, OPERATIONS, SUMMARY = "twin-properties.md", "twin-operations.md", "twin-fidelity.md"
_BEGIN, _END = "<!-- {}: written by `seatrials fidelity --write` -->", "<!-- until here -->"
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
_OPERATIONS = """\
# What becomes of each operation

Every operation of AWS's API that changes something of what the twin deploys, of those that moto takes; any other is
refused. An operation *acts* when it changes what a world does; the test that shows it is below `tests/unit/twin/`.
It is *described* when AWS's API answers it and nothing that a scenario could see depends on it.
It is *left out* when AWS does something that the twin does not: who calls it is told, once, in the trace (`left_out`).
It is *refused* by the twin itself in words of its own.

`*` is any text; a whole name comes before a pattern, and of patterns the first counts.
What an operation asks for in its parameters is in [twin-properties.md](twin-properties.md).

Written by `seatrials fidelity --write` from `src/seatrials/twin/cloudformation/fidelity/operations/`.
"""
_WORDS = {status: status.value.replace("_", " ") for status in Status}


def pages(folder: Path) -> dict[Path, str]:
    """Return what the pages in *folder* should hold; raises `ConfigurationError` for one with no place for it."""
    summary = folder / SUMMARY
    try:
        text = summary.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        msg = f"--folder: {summary} cannot be read ({error}): give the folder of the project's documents"
        raise ConfigurationError(msg) from error
    return {
        folder / PROPERTIES: _page(tables()),
        folder / OPERATIONS: _page_of_operations(),
        summary: _filled(text, summary),
    }


def _filled(text: str, path: Path) -> str:
    """Return a page with what belongs into each of its places; raises `ConfigurationError` for one that it lacks."""
    parts = {name: _behaviours(rows) for name, rows in behaviours().items()}
    parts |= {"properties": _summary(tables()), "operations": _summary_of_operations()}
    for name, part in parts.items():
        begin = _BEGIN.format(name)
        place = re.compile(rf"{re.escape(begin)}.*?{re.escape(_END)}", re.DOTALL)
        if not place.search(text):
            msg = f"{path} has no place for the {name}: put in two lines, {begin} and {_END}"
            raise ConfigurationError(msg)
        whole = f"{begin}\n\n{part}\n{_END}"
        text = place.sub(lambda _found, whole=whole: whole, text, count=1)  # type: ignore[misc]  # a default is bound now
    return text


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


def _behaviours(rows: tuple[Behaviour, ...]) -> str:
    found = ["| what AWS does | what the twin does | source | test |", "| --- | --- | --- | --- |"]
    for row in rows:
        tests = ", ".join(f"`{each}`" for each in row.tests)
        cells = [each.replace("|", r"\|") for each in (row.aws, row.twin, row.source, tests)]
        found.append(f"| {' | '.join(cells)} |")
    return "\n".join([*found, ""])


def _page_of_operations() -> str:
    parts = [_OPERATIONS]
    for service in sorted({line.service for line in lines()}):
        parts += [
            f"## {service}",
            "",
            "| operation | becomes | shown by, why, or what AWS does |",
            "| --- | --- | --- |",
        ]
        own = (line for line in lines() if line.service == service)
        parts += [f"| `{line.operation}` | {_WORDS[line.status]} | {_said(line)} |" for line in own]
        parts.append("")
    return "\n".join(parts)


def _summary_of_operations() -> str:
    found = ["| service | operation | what AWS does |", "| --- | --- | --- |"]
    left = (line for line in lines() if line.status is Status.LEFT_OUT)
    found += [f"| {line.service} | `{line.operation}` | {line.says} |" for line in left]
    return "\n".join([*found, ""])


def _said(line: Line | OperationLine) -> str:
    if line.status is Status.ACTS:
        return f"`{line.says}`"
    return f"AWS {line.says}" if line.status is Status.LEFT_OUT else line.says


def _ordered(table: TypeTable) -> Iterator[Line]:
    yield from sorted(table.lines, key=lambda line: (line.path, line.key))
