"""What a rule is."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from seatrials.twin.cloudformation.rules.declarations import Declarations, Declared, Finding

# Says what is wrong with one resource among all of its template.
Find = Callable[[Declared, Declarations], Iterable[Finding]]


@dataclass(frozen=True)
class Rule:
    """What must hold of each resource of one type, or AWS refuses it."""

    id: str
    type: str
    sentence: str
    # Where AWS says so.
    source: str
    find: Find
