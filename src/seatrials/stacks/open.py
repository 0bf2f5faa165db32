"""The one place that asks which kind an environment is."""

from seatrials.environments.environment import Environment, read_variables
from seatrials.stacks.base import StackOptions, Stacks


def check_stacks(environment: Environment, options: StackOptions) -> None:
    """Raise what keeps every scenario from running on *environment*, in one error with its own exit code."""
    if environment.kind == "mock":
        from seatrials.stacks.mock.preflight import check  # noqa: PLC0415  # imports the twin

        check(environment, options)


def hold_stacks(environment: Environment, options: StackOptions) -> Stacks | None:
    """Keep others away from a stack for the length of a run, where there may be others; raises our errors."""
    return None if environment.kind == "mock" else open_stacks(environment, options)


def open_stacks(environment: Environment, options: StackOptions) -> Stacks:
    """Return how stacks of *environment* are opened."""
    if environment.kind == "mock":
        # moto takes a quarter of a second to import; only a mock pays for it.
        from seatrials.stacks.mock.stacks import MockStacks  # noqa: PLC0415

        return MockStacks(environment, options)
    from seatrials.stacks.live.stacks import LiveStacks  # noqa: PLC0415  # the mock needs none of it

    return LiveStacks(environment, options, read_variables())
