"""Which part of a whole each of several machines runs: parts that take about as long as one another."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from heapq import heapify, heapreplace
from typing import TypeVar

from seatrials.errors import ConfigurationError

Name = TypeVar("Name", str, int)
_WRITTEN = re.compile(r"([0-9]{1,4})/([0-9]{1,4})")


@dataclass(frozen=True)
class Shard:
    """The part *number*, counted from 1, *of* so many."""

    number: int
    of: int

    @classmethod
    def parse(cls, text: str) -> "Shard":
        """Return what *text* such as `2/4` names; raises `ConfigurationError` for anything else."""
        found = _WRITTEN.fullmatch(text)
        number, of = (int(found[1]), int(found[2])) if found else (0, 0)
        if not 1 <= number <= of:
            msg = f"--shard: must be one of so many parts, such as 2/4, the second of four, not {text!r}"
            raise ConfigurationError(msg)
        return cls(number, of)

    def __str__(self) -> str:
        """Return it as it is written."""
        return f"{self.number}/{self.of}"

    def part(self, weights: Mapping[Name, int], what: str = "rows") -> frozenset[Name]:
        """Return which of the names this shard has; each name is in one shard, and no shard is empty.

        *weights* say how long each takes, in any unit. The same names and weights are divided in the same way
        everywhere, in whatever order they come. Raises `ConfigurationError` for more shards than names, which *what*
        calls.
        """
        if self.of > len(weights):
            msg = f"--shard: {self} is of more parts than there are {what}: {len(weights)} of them are chosen"
            raise ConfigurationError(msg)
        # The longest first, each to the part that has least to do so far.
        loads = [(0, 0, number) for number in range(1, self.of + 1)]
        heapify(loads)
        own = set[Name]()
        for name in sorted(weights, key=lambda each: (-weights[each], each)):
            load, count, number = loads[0]
            heapreplace(loads, (load + weights[name], count + 1, number))
            if number == self.number:
                own.add(name)
        return frozenset(own)
