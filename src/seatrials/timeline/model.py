"""A row's timeline: what happened, in lanes, with what led to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from seatrials.evidence.outcome import CellOutcome


class Level(StrEnum):
    """How something that happened is to be looked at."""

    PLAIN = "plain"
    GOOD = "good"
    # On its way, or worth a look.
    DOUBT = "doubt"
    BAD = "bad"
    # Broken on purpose, by the scenario.
    FAULT = "fault"


@dataclass(frozen=True, kw_only=True)
class Happening:
    """One thing that happened, as the evidence has it."""

    # Seconds of platform time since the scenario began; before that, the platform was made ready.
    at: float
    kind: str
    subject: str
    details: Mapping[str, Any]
    # Where it lasted: until when.
    until: float | None = None
    # Where the evidence has it to the moment: the machine's time, in seconds since the epoch.
    wall: float | None = None


@dataclass(frozen=True, kw_only=True)
class Item:
    """Something that happened, as it is shown."""

    happening: Happening
    lane: str
    # What is in one track is drawn in one line.
    track: str
    title: str
    level: Level
    # A state lasts until the next one of its track.
    until: float | None = None
    # The indexes of the items that led to it, in the timeline's order.
    causes: tuple[int, ...] = ()

    @property
    def at(self) -> float:
        """When it began."""
        return self.happening.at


@dataclass(frozen=True, kw_only=True)
class Times:
    """Platform time beside the machine's own."""

    # When the scenario began, in seconds since the epoch of the platform.
    began_seconds: float
    # When it ended, in seconds since it began.
    ended: float
    # (seconds since it began, seconds since the epoch on the machine): between two of them, time is taken for even.
    anchors: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """All that a page of one row shows."""

    row: str
    test: str
    # What must hold, in a sentence; empty when the evidence does not tell.
    sentence: str
    outcome: CellOutcome
    # Why it did not pass; empty for a pass.
    message: str
    items: tuple[Item, ...]
    times: Times
    # About the run, by name.
    facts: Mapping[str, str]
    # The index of the failure among the items, None when there is none.
    failure: int | None = None
    # The indexes of what led to the failure, in order of time.
    story: tuple[int, ...] = ()
    # How many items are not shown, for there were too many.
    left_out: int = 0
    # What keeps the evidence from being whole, a sentence each.
    problems: tuple[str, ...] = field(default=())
