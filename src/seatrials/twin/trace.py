"""What happened in a world, in order; its hash says whether two runs were the same."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from seatrials.twin.clock import VirtualClock


@dataclass(frozen=True)
class Event:
    """One thing that happened, at so many microseconds after the world began."""

    at_us: int
    kind: str
    subject: str
    details: dict[str, Any]

    def as_json(self) -> str:
        """Return the event as a line of canonical JSON."""
        record = {"at_us": self.at_us, "kind": self.kind, "subject": self.subject, **self.details}
        return json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    def as_text(self) -> str:
        """Return the event as a line for people."""
        details = " ".join(f"{name}={value}" for name, value in self.details.items())
        return f"{self.at_us / 1_000_000:10.3f} s  {self.kind:<18} {self.subject}  {details}".rstrip()


class Trace:
    """The events of one world. Nothing in it may depend on the machine: no real address, path or process id."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self.events: list[Event] = []

    def add(self, kind: str, subject: str, **details: Any) -> None:  # noqa: ANN401  # whatever JSON can hold
        """Record that something of *kind* happened to *subject* now."""
        self.events.append(Event(self._clock.elapsed_us(), kind, subject, details))

    def sha256(self) -> str:
        """Return the hash of all events so far."""
        digest = hashlib.sha256()
        for event in self.events:
            digest.update(event.as_json().encode())
            digest.update(b"\n")
        return digest.hexdigest()
