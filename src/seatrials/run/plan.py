"""What a run on a shared stack will take and cost, before it touches it: row by row, and in sum.

The rows are laid out as workers take them, by what each of them took before; what AWS does between them takes what is
documented of it. Tasks are what costs: all else that has a price came to less than a hundredth of a rehearsal.
"""

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from seatrials.cost import Prices, charges
from seatrials.run.durations import Durations, RowDuration
from seatrials.run.items import TASKS_MAX, Alone
from seatrials.run.order import turns

# From the end of the last session to no task: the minute of the metric that tells it becomes whole, in 30 s on average;
# the alarm is evaluated once a minute, 30 s later on average; the target drains for 30 s; and Fargate takes the network
# interface away in 23 to 33 s. Sources: Amazon CloudWatch User Guide, "Alarm evaluation"; the contract's drain; public
# logs of Fargate.
RETURN_SECONDS = 30.0 + 30.0 + 30.0 + 30.0
# From the end of a row to the next one: its sessions drain and their rules go; Hermes looks each second, the run every
# two.
END_SECONDS = 8.0
# Until a session is ready on a task that is there: Hermes looks, and two checks of its target's health pass.
WARM_SECONDS = 5.0
# How long three tasks that another row has left are watched before a row relies on them: see `platform/patience.py`.
SETTLE_SECONDS = 120.0
# Of the machine, whatever the pace, as measured on two quiet cores: a call; what is looked at before and after a row;
# the workers' beginning, and all that is compared before and after a run.
CALL_SECONDS = 0.008
ROW_SECONDS = 1.0
BEGIN_SECONDS = 8.0
# How many live sessions a row with so many tasks has at its peak, of which one task takes two and more want three.
_SESSIONS_BY_TASKS = {0: 0, 1: 1, TASKS_MAX: TASKS_MAX}


@dataclass(frozen=True, kw_only=True)
class PlannedRow:
    """A row as it will run."""

    row: str
    # Of platform time since the run began, and from its turn on to the end of its sessions.
    begins: float
    seconds: float
    # How long it waits for a return to zero before, which is not among its own seconds.
    return_seconds: float
    # At its peak; and how many are there on average while it is alone, which is all that is asked of such a row.
    tasks: int
    mean_tasks: float
    # How many are there when it has ended; of rows beside one another all of them say it together.
    leaves: int | None

    @property
    def is_alone(self) -> bool:
        """Whether no other row runs beside it."""
        return self.leaves is not None

    @property
    def ends(self) -> float:
        """When the next row may have its place."""
        return self.begins + self.seconds


@dataclass(frozen=True, kw_only=True)
class Plan:
    """All rows of a run, and what they come to."""

    rows: tuple[PlannedRow, ...]
    # Of platform time, with the return to zero at its end.
    seconds: float
    task_seconds: Mapping[str, float] = field(default_factory=dict)
    # By row, with what stands idle after it.
    dollars: Mapping[str, float] = field(default_factory=dict)

    @property
    def run_dollars(self) -> float:
        """What all rows cost."""
        return sum(self.dollars.values())

    @property
    def returns(self) -> int:
        """How often a row waits for the service to return to zero."""
        return sum(each.return_seconds > 0 for each in self.rows)


def plan_of(
    rows: Mapping[str, Alone | None], durations: Durations, prices: Prices, *, workers: int, pace: float
) -> Plan:
    """Return the plan of *rows*, each with how it needs the service alone, for so many workers at a pace."""
    begin = BEGIN_SECONDS * pace
    laid_out = list(_laid_out(rows, durations, workers, pace, begin))
    ends = max((each.ends for each in laid_out), default=begin)
    seconds = ends + RETURN_SECONDS
    paid = _task_seconds(laid_out, int(seconds))
    per_second = _dollars_per_second(durations, prices)
    return Plan(
        rows=tuple(laid_out),
        seconds=seconds,
        task_seconds=paid,
        dollars={row: amount * per_second for row, amount in paid.items()},
    )


def mean_duration(durations: Durations) -> RowDuration:
    """Return what stands for a row that nobody has recorded yet."""
    known = durations.rows.values()
    count = max(1, len(known))
    return RowDuration(
        seconds=sum(each.seconds for each in known) / count,
        waited=sum(each.waited for each in known) / count,
        calls=sum(each.calls for each in known) // count,
        tasks=1,
        task_seconds=sum(each.seconds for each in known) / count,
    )


def _laid_out(
    rows: Mapping[str, Alone | None], durations: Durations, workers: int, pace: float, begin: float
) -> Iterator[PlannedRow]:
    """Yield the rows in their order: those that are alone one after another, then the others beside one another."""
    unknown, now, left = mean_duration(durations), begin, 0

    def planned(row: str, begins: float, left: int, return_seconds: float = 0.0) -> PlannedRow:
        known, need = durations.rows.get(row, unknown), rows[row]
        is_warm = 0 < known.tasks <= left
        return PlannedRow(
            row=row,
            begins=begins,
            seconds=_seconds(known, pace, is_warm=is_warm, relies=need is not None),
            return_seconds=return_seconds,
            tasks=known.tasks,
            mean_tasks=known.tasks if is_warm else known.task_seconds / max(1.0, known.seconds),
            leaves=None if need is None else min(need.leaves, known.tasks),
        )

    for turn in turns([(row, need) for row, need in rows.items() if need is not None]):
        waits = RETURN_SECONDS if turn.returns else 0.0
        yield (placed := planned(turn.row, now + waits, 0 if turn.returns else left, waits))
        now, left = placed.ends, turn.leaves
    free = [now] * max(1, workers)
    for row in (row for row, need in rows.items() if need is None):
        # Beside others there is a task for the next one.
        yield (placed := planned(row, heapq.heappop(free), TASKS_MAX))
        heapq.heappush(free, placed.ends)


def _seconds(known: RowDuration, pace: float, *, is_warm: bool, relies: bool) -> float:
    """Return how long a row takes at a pace, on tasks that are there or not, and whether it relies on three of them."""
    waited = min(known.waited, WARM_SECONDS) if is_warm else known.waited
    settles = SETTLE_SECONDS if is_warm and relies and known.tasks == TASKS_MAX else 0.0
    of_the_machine = (known.calls * CALL_SECONDS + ROW_SECONDS) * pace
    return known.seconds - known.waited + waited + settles + END_SECONDS + of_the_machine


def _task_seconds(rows: Sequence[PlannedRow], seconds: int) -> dict[str, float]:
    """Return how long tasks run for each row, by the second: for all that are there, or for who was there last.

    A task stays for as long as a return to zero takes after the sessions that it was for.
    """
    paid = dict.fromkeys((each.row for each in rows), 0.0)
    until = dict.fromkeys((1, TASKS_MAX), -1.0)
    present: list[str] = []
    for now in range(seconds):
        there = [each for each in rows if each.begins <= now < each.ends]
        present = [each.row for each in there] or present
        stays, there_now = _tasks_with(there)
        if stays:
            until[stays] = now + RETURN_SECONDS
        running = max(there_now, *(tasks if now < end else 0 for tasks, end in until.items()))
        for row in present:
            paid[row] += running / len(present)
    return paid


def _tasks_with(there: Sequence[PlannedRow]) -> tuple[int, float]:
    """Return how many tasks stay when these rows have ended, and how many are there with them."""
    if len(there) == 1 and there[0].leaves is not None:
        return there[0].leaves, there[0].mean_tasks
    tasks = _tasks_for(sum(_SESSIONS_BY_TASKS[each.tasks] for each in there))
    return tasks, tasks


def _tasks_for(sessions: int) -> int:
    """Return how many tasks the platform has for so many live sessions, by its contract."""
    return TASKS_MAX if sessions >= TASKS_MAX else int(sessions > 0)


def _dollars_per_second(durations: Durations, prices: Prices) -> float:
    usage = {"fargate_vcpu_seconds": durations.vcpu, "fargate_memory_gb_seconds": durations.memory_gb}
    return sum(each.dollars for each in charges(usage, prices))
