"""Which row, checker or criterion holds each promise of the platform, from `contract/promises.toml`.

A promise that nothing holds, or that names what there is not, is a problem, and so is an invariant that no promise
names.
"""

import re
import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from seatrials.catalogue import Suite
from seatrials.checkers.contract import SERVICES, Promise, document, invariants
from seatrials.gate.criteria import OF_EACH_ENVIRONMENT

_ROW = re.compile(r"[A-Z]+-\d+")
_GATE = "gate:"
_TITLE = "## PROMISES: what the platform promises, and what holds it"
_ABOUT = """\
`contract/promises.toml`, part by part of the platform's contract. A row is asked where the tables above say, and an
invariant of every scenario; every answer of an operation is held against `contract/*.openapi.yaml`, and a criterion is
the gate's. A unit test holds the mock's applications alone, until a row asks a platform.
"""


@dataclass(frozen=True)
class Holders:
    """What may hold a promise."""

    rows: Collection[str]
    criteria: Collection[str]
    # Where the files of tests are named from.
    root: Path

    @classmethod
    def of(cls, suites: Iterable[Suite], gate: Path, root: Path) -> "Holders":
        """Return the rows of *suites* and the criteria of a gate's file; without that there are those of all gates."""
        own = tomllib.loads(gate.read_text(encoding="utf-8")) if gate.is_file() else {}
        ids = [each["id"] for table in ("statistics", "regressions") for each in own.get(table, ())]
        return cls({row.id for suite in suites for row in suite.rows}, {*ids, *OF_EACH_ENVIRONMENT}, root)

    def kind_of(self, name: str) -> str:
        """Return what a holder is, empty for what there is not."""
        if _ROW.fullmatch(name):
            return "row" if name in self.rows else ""
        if name.startswith(_GATE):
            return "criterion" if name.removeprefix(_GATE) in self.criteria else ""
        if "::" in name:
            return "test" if self._has_test(*name.split("::")) else ""
        return "invariant" if name in invariants() else "operation" if name in _operations() else ""

    def _has_test(self, file: str, test: str) -> bool:
        path = self.root / file
        return path.is_file() and f"\ndef {test}(" in path.read_text(encoding="utf-8")


def promise_problems(promises: Sequence[Promise], holders: Holders) -> list[str]:
    """Return the promises that nothing holds, or what there is not, and invariants that hold none, a sentence each."""
    unheld = [f"nothing holds the promise {each.sentence!r} ({each.part})" for each in promises if not each.held_by]
    unknown = [
        f"{name} is to hold {each.sentence!r}: there is no such row, invariant, operation, criterion or test"
        for each in promises
        for name in each.held_by
        if not holders.kind_of(name)
    ]
    named = {name for each in promises for name in each.held_by}
    strange = [f"{name}: no promise of contract/promises.toml names it" for name in invariants() if name not in named]
    return [*unheld, *unknown, *strange]


def promise_lines(promises: Sequence[Promise], holders: Holders) -> list[str]:
    """Return the table of the promises as Markdown, line by line."""
    lines = [_TITLE, "", *_ABOUT.splitlines(), "", "| part | promise | rows | checkers | others |", "| --- " * 5 + "|"]
    for each in promises:
        kinds: Mapping[str, list[str]] = {kind: [] for kind in ("row", "checker", "other")}
        for name in each.held_by:
            kind, told = _told(name, holders.kind_of(name))
            kinds[kind].append(told)
        lines.append(f"| {' | '.join([each.part, each.sentence, *(', '.join(names) for names in kinds.values())])} |")
    return [*lines, ""]


def _told(name: str, kind: str) -> tuple[str, str]:
    """Return the column of a holder, and how it is told there."""
    if kind == "row":
        return "row", name
    if kind == "invariant":
        return "checker", f"{name} (`checkers/{invariants()[name].checker}.py`)"
    if kind == "operation":
        return "checker", f"`{name}` (`checkers/answers.py`)"
    return "other", f"criterion {name.removeprefix(_GATE)}" if kind == "criterion" else f"`{name}`"


def _operations() -> set[str]:
    return {
        operation["operationId"]
        for service in SERVICES
        for path in document(service)["paths"].values()
        for method, operation in path.items()
        if method != "parameters"
    }
