"""In which order rows share a stack, and who is given the next one: the service returns to zero as seldom as it can.

A row that has the service to itself may need it at zero, which takes minutes after one that leaves tasks behind. So
these rows come first, one after another, and each is followed by one that can use what it leaves. The others, which run
beside one another, have whatever there is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import pytest
from xdist.scheduler import LoadScheduling

from seatrials.run.items import Alone, alone_of

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Turn(Generic[T]):
    """A row that has the service to itself, in its place."""

    row: T
    # Whether the service has to return to zero before it, and how many tasks it may leave.
    returns: bool
    leaves: int


def in_order(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """Return the items of scenarios as they should run on a stack that they share."""
    needs = [(item, alone_of(item)) for item in items]
    alone = turns([(item, need) for item, need in needs if need is not None])
    return [*(each.row for each in alone), *(item for item, need in needs if need is None)]


def turns(rows: Sequence[tuple[T, Alone]], tasks: int = 0) -> Iterator[Turn[T]]:
    """Yield *rows* that need the service alone with as few returns to zero as it takes, from so many *tasks* on.

    Of those that can use what is there the one that can use least of it comes first, for the others can wait; of equals
    the one that leaves least.
    """
    left = list(rows)
    while left:
        fitting = [each for each in left if each[1].tasks_max >= tasks]
        row, need = chosen = min(fitting or left, key=lambda each: (each[1].tasks_max, each[1].leaves))
        left.remove(chosen)
        yield Turn(row=row, returns=not fitting, leaves=need.leaves)
        tasks = need.leaves


class OneByOne(LoadScheduling):  # type: ignore[misc]  # it has no types
    """Gives each worker of pytest-xdist the next row when it has but one left, so that their order holds for all.

    By itself pytest-xdist gives each of them many neighbours of a list at once.
    """

    # All rows in their order, as each worker has collected them; None before that.
    collection: list[str] | None

    def schedule(self) -> None:
        """Deal out the first two rows of each worker in turn; all others follow as rows end."""
        self.maxschedchunk = 1
        if self.collection is not None or not self._check_nodes_have_same_collection():
            super().schedule()
            return
        self.collection = rows = next(iter(self.node2collection.values()))
        self.pending[:] = range(len(rows))
        for node in 2 * self.nodes:
            self._send_tests(node, 1)
        if not self.pending:
            for node in self.nodes:
                node.shutdown()
