"""What a checker found: an invariant that did not hold, and the event that shows it."""

import re
from dataclasses import dataclass

# What differs between findings of one cause: ids of sessions, tasks and clients, and numbers.
_OWN = re.compile(r"session-[0-9a-f-]{36}|TEST_[^\s/'\"]+|[0-9a-f]{16,}|\d+(\.\d+)?")


@dataclass(frozen=True)
class Finding:
    """An invariant of `contract/invariants.toml`, by its id, and what happened in its despite."""

    invariant: str
    event: str
    # In the platform's epoch seconds.
    at: float

    @property
    def cause(self) -> tuple[str, str]:
        """What it has in common with other findings of the same cause."""
        return self.invariant, _OWN.sub("#", self.event)
