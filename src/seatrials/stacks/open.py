"""Opening a stack: the one place that imports by the kind of an environment, and only what that kind needs."""

from collections.abc import Callable, Mapping

from seatrials.environments.environment import Environment
from seatrials.environments.kinds import LIVE, MOCK, REHEARSAL
from seatrials.environments.variables import read_variables
from seatrials.stacks.base import StackNotes, StackOptions, Stacks


def check_stacks(environment: Environment, options: StackOptions) -> StackNotes:
    """Raise what keeps every scenario from running on *environment*, in one error with its own exit code.

    What is worth knowing and keeps nothing from running is returned.
    """
    check = _CHECKS.get(environment.kind.name)
    return StackNotes() if check is None else check(environment, options)


def hold_stacks(environment: Environment, options: StackOptions) -> Stacks | None:
    """Keep others away from a stack for the length of a run, where there may be others; raises our errors."""
    return open_stacks(environment, options) if environment.kind.is_shared else None


def open_stacks(environment: Environment, options: StackOptions) -> Stacks:
    """Return how stacks of *environment* are opened."""
    return _OPENERS[environment.kind.name](environment, options)


def _check_mock(environment: Environment, options: StackOptions) -> StackNotes:
    from seatrials.stacks.mock.preflight import check  # noqa: PLC0415  # imports the twin

    return check(environment, options)


def _open_mock(environment: Environment, options: StackOptions) -> Stacks:
    # moto takes a quarter of a second to import; only a mock pays for it.
    from seatrials.stacks.mock.stacks import MockStacks  # noqa: PLC0415

    return MockStacks(environment, options)


def _open_live(environment: Environment, options: StackOptions) -> Stacks:
    from seatrials.stacks.live.stacks import LiveStacks  # noqa: PLC0415  # the mock needs none of it

    return LiveStacks(environment, options, read_variables())


# What a real stack lacks is looked for by `LiveStacks` itself, before it changes anything.
_CHECKS: Mapping[str, Callable[[Environment, StackOptions], StackNotes]] = {MOCK.name: _check_mock}
_OPENERS: Mapping[str, Callable[[Environment, StackOptions], Stacks]] = {
    MOCK.name: _open_mock,
    REHEARSAL.name: _open_live,
    LIVE.name: _open_live,
}
