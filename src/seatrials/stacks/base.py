"""What opening a stack takes and gives, the same for every kind of environment."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from seatrials.environments.environment import Environment
from seatrials.environments.variables import Values
from seatrials.errors import ConfigurationError

if TYPE_CHECKING:  # mutants know the twin, and stacks boto3 and httpx, which not every process needs that reads this
    from seatrials.evidence.history import History
    from seatrials.mutants.mutant import Mutant
    from seatrials.platform.stack import Stack

# Of garbage, for a process that has many worlds: what one makes lives for a moment or until its end, so the young are
# looked at once in about six worlds, of two megabytes each; one of the six is still there then, and waits for the tenth
# look.
COLLECTION_THRESHOLDS = (50_000, 10, 10)


@dataclass(frozen=True, kw_only=True)
class StackOptions:
    """What a run chooses beyond the environment."""

    seed: int = 1
    # Another template than the environment's.
    template: Path | None = None
    # What a mock's template is given: KEY=VALUE, files of parameters, and NAME=VALUE of other stacks and stores.
    parameters: tuple[str, ...] = ()
    parameter_files: tuple[Path, ...] = ()
    imports: tuple[str, ...] = ()
    # Of a mock alone: whether a template is refused that uses what the twin leaves out.
    strict: bool = False
    # Of a mock alone: whether moto does without what only saves time (`twin/moto_bridge/quick/`).
    plain_moto: bool = False
    # The rest is asked of real stacks alone: where the run's evidence is, whose name is the run's own,
    folder: Path | None = None
    # what `--confirm` said, and how long, in platform seconds, another run may be waited for,
    confirmation: str | None = None
    lease_wait_seconds: float = 0.0
    # among how many workers the stack is shared, and whether this process is there from the run's start to its end.
    workers: int = 1
    is_whole_run: bool = True
    # and AWS's credentials, as the variables told them that scenarios do not see; without any, as they are told now.
    credentials: Values = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What world of the mock a scenario is about, where it is not the environment's."""

    # Empty for the environment's.
    world: str = ""
    # Of the template's parameters, beside what the run gives.
    parameters: Mapping[str, str] = field(default_factory=dict)


AS_IT_IS = Wanted()


@dataclass(frozen=True, kw_only=True)
class StackNotes:
    """What is worth knowing of a stack before a run, and keeps nothing from running; a line each."""

    # What of the stack AWS would act on and its stand-in does not; whoever runs it is told in any case.
    left_out: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(kw_only=True)
class StackRun:
    """A stack that is open for one scenario, and what it tells about itself."""

    stack: "Stack"
    # modelled on virtual time, rehearsed on a twin that is reached as AWS is, or measured on AWS.
    sample_kind: str
    # The platform's events so far: for people, as JSON lines, and their hash; a stack may have none of its own.
    timeline_text: Callable[[], list[str]] = field(default=list)
    timeline_json: Callable[[], list[str]] = field(default=list)
    # What the hash leaves out, in the words of `RunFolder.write_notes`; and the timeline's zero in seconds since the
    # epoch of the platform, None where each event has a whole time of its own.
    timeline_notes: Callable[[], list[str]] = field(default=list)
    timeline_seconds: float | None = None
    trace_sha256: Callable[[], str | None] = field(default=lambda: None)
    # Lets a scenario's history have what this stack sees beside the scenario's own requests, from now on.
    witness: "Callable[[History], None]" = lambda _history: None
    # What the scenario has used so far of what costs money, in the words of `seatrials.cost`.
    usage: Callable[[], dict[str, float]] = field(default=dict)
    # The images of the tasks that run now, by service; a mock's applications have none.
    images: Callable[[], dict[str, tuple[str, ...]]] = field(default=dict)
    # When the scenario's turn came, by the stack's clock; None where nobody has to wait for one.
    turn_at: float | None = None


class Stacks(Protocol):
    """Opens a stack for each scenario; lives as long as the process."""

    def open(
        self,
        scenario: str,
        mutant: "Mutant | None" = None,
        *,
        exclusive: bool = False,
        tasks_max: int = 0,
        wanted: Wanted = AS_IT_IS,
    ) -> AbstractContextManager[StackRun]:
        """Return the stack for *scenario*, as the context of one test, which may need it *exclusive*.

        One that does begins with *tasks_max* edit tasks at most. Only the mock can be as *wanted*. Raises
        `NotRunHereError` when it cannot be had so, for reasons that are no failure of the platform;
        `BudgetExceededError` or `LeaseLostError` when the run may begin no other.
        """

    def close(self, *, in_haste: bool = False) -> None:
        """Give back what was held between scenarios, and remove what the run left where the stack outlives it.

        *In haste*, for a run that was told to end, it does not wait for what goes by itself.
        """

    def lateness(self) -> Callable[[], float] | None:
        """Return what tells how late the platform or this process was at worst since now, in seconds of platform time.

        None on virtual time, which waits for everybody.
        """

    def leftovers(self) -> list[str] | None:
        """Return what is still there of the run after `close`; None where nobody looked, or nothing can be left."""


def template_of(environment: Environment, options: StackOptions) -> Path:
    """Return the template that a mock deploys."""
    template = options.template or environment.template
    assert template is not None, "the model of a mock environment requires a template"
    return template


def wants_plain_moto(variables: Mapping[str, str]) -> bool:
    """Whether SEATRIALS_PLAIN_MOTO=1 stands among *variables*; raises `ConfigurationError` for another value."""
    value = variables.get("SEATRIALS_PLAIN_MOTO", "")
    if value not in {"", "1"}:
        msg = f"SEATRIALS_PLAIN_MOTO={value}: must be 1, or be left out"
        raise ConfigurationError(msg)
    return value == "1"
