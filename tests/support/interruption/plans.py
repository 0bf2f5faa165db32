"""Which run is interrupted how and when: all of it drawn from a seed and the number of the run."""

import random
from dataclasses import dataclass
from enum import StrEnum


class Way(StrEnum):
    """How a run is interrupted."""

    STOPPED = "stopped"  # SIGSTOP of all its processes, swept by another one, then SIGCONT
    KILLED = "killed"
    TERMINATED = "terminated"
    DISK_FULL = "disk-full"
    LEASE_TAKEN = "lease-taken"
    INTERRUPTED_TWICE = "interrupted-twice"
    WORKER_KILLED = "worker-killed"
    CONTROLLER_KILLED = "controller-killed"
    BUDGET_SPENT = "budget-spent"  # by another process of the run
    READ_ONLY = "read-only"
    HUNG_UP = "hung-up"
    INTERRUPTED = "interrupted"


class Phase(StrEnum):
    """How far a run has come, in this order, as its evidence shows."""

    STARTING = "starting"  # it has no folder yet
    BEGUN = "begun"  # it takes the lease, and collects
    ROWS = "in rows"
    ENDING = "ending"  # its last row is over
    OVER = "over"


AIMS = (Phase.ROWS, Phase.BEGUN, Phase.ENDING, Phase.STARTING)
# Of the machine, when it is quiet: how long after the beginning of a phase a run is interrupted at most. On a busy one
# the phase has often ended by then; the table of what was met says so.
_LATEST_SECONDS = {Phase.STARTING: 1.5, Phase.BEGUN: 1.0, Phase.ROWS: 7.0, Phase.ENDING: 1.5}
# Without one, there is none to kill, and no controller apart.
_NEED_WORKERS = frozenset({Way.WORKER_KILLED, Way.CONTROLLER_KILLED})
OTHER_WAYS = tuple(way for way in Way if way is not Way.STOPPED)


@dataclass(frozen=True)
class Plan:
    """One run, and its interruption."""

    number: int
    way: Way
    aim: Phase
    after_seconds: float
    workers: int
    # Whether somebody else has a session meanwhile.
    beside: bool

    def __str__(self) -> str:
        """Name it as pytest selects it by."""
        return f"{self.number:03}-{self.way}"


def plans(seed: int, stopped: int, others: int) -> list[Plan]:
    """Return the plans of so many stopped runs and so many others, mixed; each way meets one phase after the other."""
    ways = [Way.STOPPED] * stopped + [OTHER_WAYS[number % len(OTHER_WAYS)] for number in range(others)]
    laps = [*range(stopped), *(number // len(OTHER_WAYS) + number % len(OTHER_WAYS) for number in range(others))]
    drawn = list(zip(ways, laps, strict=True))
    random.Random(f"{seed}/order").shuffle(drawn)
    return [_plan(seed, number, way, AIMS[lap % len(AIMS)]) for number, (way, lap) in enumerate(drawn)]


def _plan(seed: int, number: int, way: Way, aim: Phase) -> Plan:
    chance = random.Random(f"{seed}/{number}")
    workers = [1, 2] if way in _NEED_WORKERS else [0, 1, 2]
    return Plan(
        number=number,
        way=way,
        aim=aim,
        after_seconds=round(chance.uniform(0, _LATEST_SECONDS[aim]), 2),
        workers=workers[chance.randrange(len(workers))],
        beside=chance.random() < 0.5,
    )
