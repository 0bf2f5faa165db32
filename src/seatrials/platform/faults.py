"""What can be broken on purpose: one vocabulary for every stack, each fault with the inverse that ends it.

A method of `Faults` is the whole declaration of a fault: its docstring says what is broken, and the decorator by which
capability an environment allows it and what undoes it. A stack breaks what it has a method of the same name for; of all
others this declaration makes the refusal, and of all of them the table of docs/scenarios.md.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Literal, NoReturn, Protocol, TypeVar, cast

from seatrials.environments.capabilities import Capability
from seatrials.errors import ConfigurationError
from seatrials.evidence.recorder import Recorder
from seatrials.seams.lateness import CONTROL_PATH

# Where a served world takes faults, beside AWS's API.
FAULTS_PATH = f"{CONTROL_PATH}/faults"
# How the process of a container may end.
Ending = Literal["killed", "exits", "out of memory"]
# What may be slow to answer.
SlowPart = Literal["balancer", "table", "efs"]

_Method = TypeVar("_Method", bound=Callable[..., AbstractContextManager[None]])
# What one does because a task ends for good: nothing, for its service starts another one.
_ANOTHER_TASK = "its service starts another task"


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One word of the vocabulary."""

    name: str
    capability: Capability
    sentence: str
    # What is done when its block ends, however it ends.
    undone_by: str


# By name, in the order in which they are declared.
FAULTS: dict[str, Fault] = {}


def _fault(capability: Capability, *, undone_by: str) -> Callable[[_Method], _Method]:
    """Declare the fault that the decorated method is."""

    def declare(method: _Method) -> _Method:
        name, sentence = method.__name__, " ".join((method.__doc__ or "").partition("\n\n")[0].split())
        FAULTS[name] = Fault(name=name, capability=capability, sentence=sentence, undone_by=undone_by)
        return method

    return declare


class Faults(Protocol):
    """What can be broken on purpose; each fault is undone when its block ends, whatever ended it."""

    @_fault(Capability.CONTROL, undone_by=_ANOTHER_TASK)
    def task_stopped(self, *task_arns: str) -> AbstractContextManager[None]:
        """Have ECS stop tasks at once, which gives them SIGTERM."""

    @_fault(Capability.CONTROL, undone_by="it wants as many tasks as before")
    def stopped(self, service: str) -> AbstractContextManager[None]:
        """Stop every task of *service* at once, and let none start."""

    @_fault(Capability.FAULTS_KILL, undone_by=_ANOTHER_TASK)
    def task_killed(self, task_arn: str, how: Ending = "killed") -> AbstractContextManager[None]:
        """End the processes of a task's containers: by SIGKILL, with an exit code of 1, or for want of memory."""

    @_fault(Capability.FAULTS_HANG, undone_by="they go on")
    def hanging(self, task_arn: str) -> AbstractContextManager[None]:
        """Let a task's containers take connections and do nothing, as a process does that SIGSTOP has stopped."""

    @_fault(Capability.FAULTS_HANG, undone_by="they answer what they find")
    def failing_health_checks(self, task_arns: Sequence[str], port: int) -> AbstractContextManager[None]:
        """Let tasks answer 503 to the load balancer's health checks on *port*, and serve everything else."""

    @_fault(Capability.FAULTS_NETWORK, undone_by="it keeps them open")
    def hanging_up(self, task_arn: str) -> AbstractContextManager[None]:
        """Let a task close every new connection at once, without a byte."""

    @_fault(Capability.FAULTS_NETWORK, undone_by="the way is healed, and what was lost is sent again")
    def partitioned(self, part: str, other: str) -> AbstractContextManager[None]:
        """Lose every packet between two of client, balancer, hermes, edit, table, or a task by its ARN."""

    @_fault(Capability.FAULTS_NETWORK, undone_by="it answers as before")
    def slow(self, part: SlowPart, seconds: float) -> AbstractContextManager[None]:
        """Let each answer of the load balancer, the table or EFS take so many seconds more."""

    @_fault(Capability.FAULTS_IMAGE, undone_by="the image is there")
    def image_missing(self, service: str) -> AbstractContextManager[None]:
        """Let no new task of *service* pull its image."""

    @_fault(Capability.FAULTS_IMAGE, undone_by="it is pulled as fast as before")
    def image_slow(self, service: str, seconds: float) -> AbstractContextManager[None]:
        """Let new tasks of *service* take so many seconds to pull their image."""

    @_fault(Capability.FAULTS_MOUNT, undone_by="it can be mounted")
    def mount_failing(self, service: str) -> AbstractContextManager[None]:
        """Let no new task of *service* mount its file system."""

    @_fault(Capability.FAULTS_TABLE, undone_by="it takes every call")
    def table_throttling(self, *, passing: int = 0, refused: int | None = None) -> AbstractContextManager[None]:
        """Let *passing* more calls of tasks reach the session table, and have *refused* throttled then, or all."""

    @_fault(Capability.FAULTS_TABLE, undone_by="it says what it does")
    def table_unsure(self, *, passing: int = 0, unsaid: int | None = None) -> AbstractContextManager[None]:
        """Let *passing* more writes of tasks be answered, and *unsaid* be done and answered with an error, or all."""

    @_fault(Capability.FAULTS_TABLE, undone_by="it is there, with what it held")
    def table_away(self) -> AbstractContextManager[None]:
        """Let no task reach the session table."""

    @_fault(Capability.EXPIRY, undone_by="it takes minutes to days")
    def expiry_hurried(self, delay_seconds: float) -> AbstractContextManager[None]:
        """Let DynamoDB delete an item so soon after its time to live is over, instead of after minutes to days."""

    @_fault(Capability.FAULTS_METRICS, undone_by="what is put from then on is seen in time")
    def metrics_late(self, seconds: float) -> AbstractContextManager[None]:
        """Let what is put into metrics be seen so many seconds later; after infinitely many it is lost."""

    @_fault(Capability.FAULTS_METRICS, undone_by="it is taken")
    def metrics_refused(self) -> AbstractContextManager[None]:
        """Let what tasks put into metrics be throttled."""

    @_fault(Capability.FAULTS_CLOCK, undone_by="their clocks are set right")
    def clocks_ahead(self, service: str, seconds: float) -> AbstractContextManager[None]:
        """Let the clocks of tasks of *service* that begin meanwhile be so far ahead, or behind where it is below 0."""

    @_fault(Capability.FAULTS_SPOT, undone_by=_ANOTHER_TASK)
    def spot_interrupted(self, task_arn: str) -> AbstractContextManager[None]:
        """Let Fargate Spot take a task back: a warning, SIGTERM, and the end within two minutes."""

    @_fault(Capability.FAULTS_DEPLOYMENT, undone_by="the version of before is rolled out")
    def broken_release(self, service: str) -> AbstractContextManager[None]:
        """Roll out a version of *service* that runs and never answers."""


class Breaker(Protocol):
    """A stack's way to break things: it has the method of every fault that it can make, and no other public one."""


class _Declared:
    """`Faults`, made by a stack that can make some of them."""

    def __init__(self, breaker: Breaker, recorder: Recorder) -> None:
        self._breaker = breaker
        self._recorder = recorder

    def __getattr__(self, name: str) -> Callable[..., AbstractContextManager[None]]:
        """Return what makes the fault of that name; raises `ConfigurationError` when it is called and cannot be had."""
        if name not in FAULTS:
            raise AttributeError(name)
        make = getattr(self._breaker, name, None)
        return partial(_refuse, FAULTS[name]) if make is None else partial(self._broken, name, make)

    @contextmanager
    def _broken(
        self, name: str, make: Callable[..., AbstractContextManager[None]], *given: object, **named: object
    ) -> Iterator[None]:
        told = ", ".join([*map(str, given), *(f"{key}={value}" for key, value in named.items())])
        broken = make(*given, **named)
        self._recorder.keep_step(f"fault: {name}({told}) begins")
        try:
            with self._recorder.history.something_broken(name, *map(str, given)), self._excused(name, given), broken:
                yield
        finally:
            self._recorder.keep_step(f"fault: {name}({told}) is over")

    def _excused(self, name: str, given: Sequence[object]) -> AbstractContextManager[None]:
        """Tell the checkers what the platform cannot know better while a fault lasts; all else it has promised."""
        if name != "clocks_ahead":
            return nullcontext()
        return self._recorder.history.clocks_apart(float(str(given[1])))


def declared(breaker: Breaker, recorder: Recorder) -> Faults:
    """Return the vocabulary as *breaker* makes it; the scenario's steps tell of each fault."""
    return cast("Faults", _Declared(breaker, recorder))


def can(breaker: type | object, name: str) -> bool:
    """Whether a stack can make a fault."""
    return callable(getattr(breaker, name, None))


def fault_lines(breakers: Mapping[str, type]) -> list[str]:
    """Return the table of all faults as Markdown, line by line; *breakers* are what makes them, by where they do."""
    lines = [
        "## FAULTS: what a scenario may break",
        "",
        "`platform.faults`, each a context manager; a row that needs one names its capability with the mark `needs`.",
        "A rehearsal has the mock's, but for its clients' own packets: by a path of its server that no account has.",
        "",
        f"| fault | what is broken | undone by | capability | {' | '.join(breakers)} |",
        f"{'| --- ' * (4 + len(breakers))}|",
    ]
    for each in FAULTS.values():
        able = ["yes" if can(breaker, each.name) else "no" for breaker in breakers.values()]
        cells = [f"`{each.name}`", each.sentence, each.undone_by, f"`{each.capability}`", *able]
        lines.append(f"| {' | '.join(cells)} |")
    return [*lines, ""]


def _refuse(fault: Fault, *_given: object, **_named: object) -> NoReturn:
    msg = f"{fault.name} cannot be had here: mark the scenario with @pytest.mark.needs({str(fault.capability)!r})"
    raise ConfigurationError(msg)
