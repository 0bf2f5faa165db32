"""What opening a stack takes and gives, the same for every kind of environment."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from seatrials.environment import Environment
from seatrials.mutants.mutant import Mutant
from seatrials.platform.stack import Stack


@dataclass(frozen=True, kw_only=True)
class StackOptions:
    """What a run chooses beyond the environment."""

    seed: int = 1
    # Another template than the environment's.
    template: Path | None = None


@dataclass(kw_only=True)
class StackRun:
    """A stack that is open for one scenario, and what it tells about itself."""

    stack: Stack
    # modelled on virtual time, or measured on real time.
    sample_kind: str
    # The platform's events so far: for people, as JSON lines, and their hash; a stack may have none of its own.
    timeline_text: Callable[[], list[str]] = field(default=list)
    timeline_json: Callable[[], list[str]] = field(default=list)
    trace_sha256: Callable[[], str | None] = field(default=lambda: None)
    # What the scenario has used so far of what costs money, in the words of `seatrials.cost`.
    usage: Callable[[], dict[str, float]] = field(default=dict)


class Stacks(Protocol):
    """Opens a stack for each scenario; lives as long as the process."""

    def open(self, scenario: str, mutant: Mutant | None = None) -> AbstractContextManager[StackRun]:
        """Return the stack for *scenario*, as the context of one test."""

    def leftovers(self) -> list[str] | None:
        """Return what the scenarios of this process made and left behind, a line each; None when nobody looked."""

    def close(self) -> None:
        """Give back what was held between scenarios."""


def template_of(environment: Environment, options: StackOptions) -> Path:
    """Return the template that a mock deploys."""
    template = options.template or environment.template
    assert template is not None, "the model of a mock environment requires a template"
    return template
