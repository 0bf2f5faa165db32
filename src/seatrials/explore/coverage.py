"""What was met: which faults, while sessions had which states, and in which phase of the fault."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import product

from seatrials.explore.schedule import FAULTS
from seatrials.platform import contract

# A session's state, a fault, and whether it begins or has ended.
Met = tuple[str, str, str]
STATES = (contract.INITIALIZING, contract.ACTIVE, contract.DRAINING, contract.EXPIRED, contract.ERROR)
PHASES = ("begins", "is over")


def met(states: Iterable[str], fault: str, phase: str) -> set[Met]:
    """Return what is met when a fault reaches a phase while there are sessions of such states."""
    return {(state, fault, phase) for state in states}


def table(counts: Counter[Met]) -> list[str]:
    """Return how often each was met as a table of Markdown: faults by phase, states in columns."""
    lines = [f"| fault | phase | {' | '.join(STATES)} |", "| --- " * (2 + len(STATES)) + "|"]
    for fault, phase in product(FAULTS, PHASES):
        cells = [str(counts[state, fault, phase] or "") for state in STATES]
        lines.append(f"| {fault} | {phase} | {' | '.join(cells)} |")
    return lines


def new_by_hundred(newly: Sequence[int]) -> list[int]:
    """Return how many were met for the first time in each hundred seeds: where it is none, more seeds teach nothing."""
    return [sum(newly[begin : begin + 100]) for begin in range(0, len(newly), 100)]
