"""What benchmarks come to: a table, and the file of the last release."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from tests.support.project import PROJECT

KEPT, PAGE = PROJECT / "benchmarks.json", PROJECT / "docs" / "benchmarks.md"
# What of the page is written anew begins here.
_MARK = "<!-- the figures of the last release -->"
_HEAD = ("benchmark", "of", "CPU ms", "spread", "wall ms", "yardsticks", "MB")


@dataclass(frozen=True)
class Figure:
    """What one benchmark came to; seconds and yardsticks are of one of its units, such as one request."""

    name: str
    unit: str
    cpu_seconds: float
    wall_seconds: float
    # Half the distance of the quartiles, as a part of the median.
    spread: float
    # CPU time in that of the yardstick.
    ratio: float
    # Of the process that did it, at most.
    memory_mb: float
    rounds: int

    @property
    def cells(self) -> tuple[str, ...]:
        """The figure as a row of the table."""
        cpu, wall = self.cpu_seconds * 1000, self.wall_seconds * 1000
        return (
            self.name,
            self.unit,
            f"{cpu:.3g}",
            f"{self.spread:.0%}",
            f"{wall:.3g}",
            f"{self.ratio:.3g}",
            f"{self.memory_mb:.0f}",
        )


def table(found: Iterable[Figure]) -> list[str]:
    """Return the figures as a table of Markdown."""
    return [_row(_HEAD), _row(["---"] * len(_HEAD)), *(_row(each.cells) for each in found)]


def keep(found: Sequence[Figure]) -> None:
    """Write the figures of a release: the file, whose commit later trees are compared with, and the page's table."""
    KEPT.write_text(json.dumps({each.name: asdict(each) for each in found}, indent=1) + "\n", encoding="utf-8")
    before = PAGE.read_text(encoding="utf-8").partition(_MARK)[0]
    PAGE.write_text("\n".join([f"{before}{_MARK}", "", *table(found), ""]), encoding="utf-8")


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
