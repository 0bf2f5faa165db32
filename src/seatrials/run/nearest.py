"""Which scenarios a generated mutant meets, and in which order: the first should be the one that notices it.

Who noticed this very mutant before is asked first, then who noticed what was changed close by, then who noticed most of
all for the computing that it costs, then who does little else, for that one ends soonest.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from seatrials.mutants.generated.source import Generated

# What is measured below says nothing.
_CPU_SECONDS_MIN = 0.01


@dataclass(frozen=True)
class Executed:
    """What a scenario did on the healthy platform: how it failed, if it did, and what it executed."""

    failure: str | None
    # By the file's path.
    lines: Mapping[str, frozenset[int]]
    cpu_seconds: float = 0.0

    @property
    def size(self) -> int:
        """How much it is about."""
        return sum(len(lines) for lines in self.lines.values())

    def touches(self, mutant: Generated) -> bool:
        """Whether it executed what *mutant* changes."""
        return not self.lines.get(str(mutant.path), frozenset()).isdisjoint(mutant.lines)


class Nearest:
    """The order, which learns from each scenario that has noticed a mutant; scenarios go by their names."""

    def __init__(self, executed: Mapping[str, Executed], killers: Mapping[str, str] | None = None) -> None:
        """*executed* is what each scenario did on the healthy platform; *killers* are scenarios by ids of mutants."""
        self._executed = executed
        self._killers = killers or {}
        self._by_size = sorted(executed, key=lambda name: (executed[name].size, name))
        # Those that noticed a change of a function, and of a file, the last one last; a dictionary keeps an order.
        self._noticed: defaultdict[str, dict[str, None]] = defaultdict(dict)
        # How many it noticed, wherever they are.
        self._count: Counter[str] = Counter()

    def of(self, mutant: Generated) -> list[str]:
        """Return the scenarios that execute what *mutant* changes, the nearest first."""
        known = [self._killers[mutant.id]] if mutant.id in self._killers else []
        known += [name for place in _places(mutant) for name in reversed(self._noticed[place])]
        order = dict.fromkeys([*known, *sorted(self._by_size, key=self._worth, reverse=True)])
        return [name for name in order if self._executed[name].touches(mutant)]

    def learn(self, mutant: Generated, name: str) -> None:
        """Take note that the scenario of that *name* noticed *mutant*."""
        for place in _places(mutant):
            self._noticed[place].pop(name, None)
            self._noticed[place][name] = None
        self._count[name] += 1

    def _worth(self, name: str) -> float:
        """Return how many changes a scenario noticed for each second that it computes."""
        return self._count[name] / max(self._executed[name].cpu_seconds, _CPU_SECONDS_MIN)


def _places(mutant: Generated) -> tuple[str, str]:
    """Return where a mutant is, the narrower place first."""
    return mutant.function, str(mutant.path)
