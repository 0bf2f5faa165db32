"""What the platform promises and most scenarios build on, each promise with the rows of the catalogue that ask for it.

A row that waits in vain for what a broken promise keeps from coming has not been asked: the promise's own row fails,
and tells the cause once. If that row has passed, or did not run, the others have failed (`evidence/not_asked.py`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from seatrials.platform import contract, patience


@dataclass(frozen=True)
class Promise:
    """Something that scenarios build on."""

    # The row that asks for it, and all whose sentences are about it: none of those is excused by the first.
    row: str
    about: frozenset[str]


# A session that is asked for has its container in time.
# COLD-16, RESIL-09 and RESIL-10 keep tasks from starting, or from starting in time, on purpose.
COLD_START = Promise("COLD-07", frozenset({"COLD-07", "COLD-16", "CONC-02", "RESIL-09", "RESIL-10"}))


def breaks_cold_start(items: Iterable[Mapping[str, Any]], now: float) -> bool:
    """Whether one of these sessions, as the table has them at *now* in epoch seconds, is long overdue.

    It initializes, or has ended in `error`, and was asked for longer ago than a cold start may take. What ended in
    `error` sooner has another reason, and so has a wait with sessions that became active.
    """
    latest = 1000 * (now - contract.COLD_START_SECONDS_MAX - patience.CLOCK_SECONDS)
    late = [item for item in items if item.get("status") in (contract.INITIALIZING, contract.ERROR)]
    return any(_is_before(item.get("createdAt"), latest) for item in late)


def _is_before(created_ms: object, latest_ms: float) -> bool:
    return isinstance(created_ms, int | float) and created_ms < latest_ms
