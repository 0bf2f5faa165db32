"""Where the rows of the catalogue run: its columns, and the marks of a scenario that say which of them have it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

# A column of the catalogue: the rows that a mock, a staging or a production has to run, or a load on one of these.
Column = Literal["mock", "staging", "production", "load"]
COLUMNS: tuple[Column, ...] = get_args(Column)


@dataclass(frozen=True, kw_only=True)
class Scope:
    """A mark of a scenario that says in which columns its row stands; each scenario has exactly one."""

    mark: str
    columns: tuple[Column, ...]
    # Why it stands in no other.
    why: str = ""

    @property
    def sentence(self) -> str:
        """What the mark means, for `pytest --markers`."""
        *others, last = self.columns
        where = f"{', '.join(others)} and {last}" if others else last
        return f"runs on {where}, for {self.why}" if self.why else f"runs on {where}"

    @property
    def is_everywhere(self) -> bool:
        """Whether every environment runs the row."""
        return {"mock", "staging", "production"} <= {*self.columns}


SCOPES: Mapping[str, Scope] = {
    each.mark: each
    for each in (
        Scope(mark="mock_only", columns=("mock",), why="what it needs exists nowhere else"),
        Scope(mark="live_only", columns=("staging", "production"), why="what it asks about exists nowhere else"),
        Scope(mark="staging", columns=("mock", "staging")),
        Scope(mark="production", columns=("mock", "staging", "production")),
        Scope(mark="load", columns=("load",), why="many users at once are no examination"),
    )
}


def marks_of(column: Column) -> tuple[str, ...]:
    """Return the marks whose rows stand in a column."""
    return tuple(scope.mark for scope in SCOPES.values() if column in scope.columns)
