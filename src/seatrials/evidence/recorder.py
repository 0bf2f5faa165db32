"""The steps and samples of one scenario, redacted before they are kept."""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from seatrials.evidence.history import History
from seatrials.evidence.record import Sample
from seatrials.evidence.redaction import redact, redact_value
from seatrials.seams.clock import wall_timestamp


@dataclass(frozen=True)
class Step:
    """Something a scenario did, and what came of it."""

    at_seconds: float
    title: str
    details: dict[str, Any]
    # The machine's time then, in ISO 8601; no two runs have the same.
    wall: str = field(default_factory=wall_timestamp, compare=False)


class Recorder:
    """The steps and samples of one scenario, and what it could not ask."""

    def __init__(
        self, now: Callable[[], float], kind: str, on_step: Callable[[Step], None] = lambda _step: None
    ) -> None:
        self._now = now
        self._began = now()
        self._began_wall = wall_timestamp()
        self._kind = kind
        self._on_step = on_step
        # The last step within the wait of the actor that asks; parallel actors wait apart from one another.
        self._wait: ContextVar[list[Step] | None] = ContextVar("wait", default=None)
        self.steps: list[Step] = []
        self.samples: list[Sample] = []
        self.left_out: list[str] = []
        # By service: the versions that it said it is.
        self.versions: dict[str, set[str]] = {}
        # What checkers judge by, whole and never kept.
        self.history = History(now)

    def step(self, title: str, **details: Any) -> None:  # noqa: ANN401  # any JSON value
        """Note a step; inside a wait only the last one is kept, for polling says nothing new."""
        step = Step(round(self._now() - self._began, 6), title, copy.deepcopy(details))
        wait = self._wait.get()
        if wait is None:
            self._keep(step)
        else:
            # Redacted when it is kept: most looks of a wait are not.
            wait[:] = [step]

    def keep_step(self, title: str, **details: Any) -> None:  # noqa: ANN401  # any JSON value
        """Note a step that is kept within a wait too: it says something of the platform that no look repeats."""
        self._keep(Step(round(self._now() - self._began, 6), title, copy.deepcopy(details)))

    def note_at(self, at: float, title: str) -> None:
        """Note a step of another process, at a time of the platform in seconds since the epoch."""
        self._keep(Step(round(at - self._began, 6), title, {}))

    @contextmanager
    def waiting(self, what: str) -> Iterator[None]:
        """Note the wait for *what* as one step, with the last thing seen in it."""
        if self._wait.get() is not None:
            yield  # a wait within a wait is part of it
            return
        began = self._now()
        wait: list[Step] = []
        token = self._wait.set(wait)
        failed: dict[str, str] = {}
        try:
            yield
        except BaseException as error:
            failed["failed"] = type(error).__name__
            raise
        finally:
            self._wait.reset(token)
            self.step(f"waited for {what}", seconds=round(self._now() - began, 6), **failed)
            for last in wait:
                self._keep(last)

    def last_within_wait(self) -> str:
        """Return the title of the last step of the wait that goes on, redacted; empty without one."""
        wait = self._wait.get()
        return redact(wait[-1].title) if wait else ""

    def leave_out(self, what: str) -> None:
        """Note a part of the scenario's sentence that this environment does not let it ask: it stays unproven here."""
        if what not in self.left_out:
            self.left_out.append(what)

    def note_version(self, service: str, version: str) -> None:
        """Note which version *service* said it is."""
        self.versions.setdefault(service, set()).add(redact(version))

    def sample(self, name: str, value: float, unit: str) -> None:
        """Note a measurement."""
        self.samples.append(Sample(name=name, value=round(value, 6), unit=unit, kind=self._kind))

    def clock(self) -> dict[str, float | str]:
        """Return when the scenario began and when it is now, by the platform's time and by the machine's.

        In seconds since the epoch and in ISO 8601. What one of them says can so be said in the other.
        """
        return {
            "began_seconds": round(self._began, 6),
            "began_wall": self._began_wall,
            "ended_seconds": round(self._now(), 6),
            "ended_wall": wall_timestamp(),
        }

    def _keep(self, step: Step) -> None:
        redacted = Step(step.at_seconds, redact(step.title), redact_value(step.details), step.wall)
        self.steps.append(redacted)
        self._on_step(redacted)
