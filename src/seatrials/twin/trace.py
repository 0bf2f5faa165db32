"""What happened in a world, in order; its hash says whether two runs were the same."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from seatrials.twin.physics.clock import VirtualClock

_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


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
        return _CANONICAL.encode(record)

    def as_text(self) -> str:
        """Return the event as a line for people."""
        details = " ".join(f"{name}={value}" for name, value in self.details.items())
        return f"{self.at_us / 1_000_000:10.3f} s  {self.kind:<18} {self.subject}  {details}".rstrip()


class Trace:
    """The events of one world. Nothing in it may depend on the machine: no real address, path or process id."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self.events: list[Event] = []
        # What people want to know beside the events, and the hash does not: lines of JSON, see `note` and `more`.
        self.notes: list[str] = []
        self._lines: list[str] = []

    def add(self, kind: str, subject: str, **details: Any) -> None:  # noqa: ANN401  # whatever JSON can hold
        """Record that something of *kind* happened to *subject* now."""
        self.events.append(Event(self._clock.elapsed_us(), kind, subject, details))

    def note(self, kind: str, subject: str, **details: Any) -> None:  # noqa: ANN401  # whatever JSON can hold
        """Record for people what happened now, outside of the hash; it stands behind the events so far."""
        record = {"at_us": self._clock.elapsed_us(), "kind": kind, "subject": subject, **details}
        self.notes.append(_CANONICAL.encode({**record, "after": len(self.events)}))

    def more(self, **details: Any) -> None:  # noqa: ANN401  # whatever JSON can hold
        """Say more of the newest event, outside of the hash."""
        self.notes.append(_CANONICAL.encode({**details, "of": len(self.events) - 1}))

    def take(self) -> list[Event]:
        """Return the events since the last time, and forget them and their notes: a world that lives for days has many.

        Its hash is then of nobody's interest.
        """
        taken, self.events = self.events, []
        self.notes.clear()
        self._lines.clear()
        return taken

    def lines(self) -> list[str]:
        """Return all events so far as lines of canonical JSON."""
        self._lines += [event.as_json() for event in self.events[len(self._lines) :]]
        return list(self._lines)

    def sha256(self) -> str:
        """Return the hash of all events so far."""
        text = "".join(f"{line}\n" for line in self.lines())
        return hashlib.sha256(text.encode()).hexdigest()
