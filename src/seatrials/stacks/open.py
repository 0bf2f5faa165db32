"""The one place that asks which kind an environment is."""

from seatrials.environment import Environment
from seatrials.errors import ConfigurationError
from seatrials.stacks.base import StackOptions, Stacks
from seatrials.stacks.preflight import check


def check_stacks(environment: Environment, options: StackOptions) -> None:
    """Raise what keeps every scenario from running on *environment*, in one error with its own exit code."""
    if environment.kind == "mock":
        check(environment, options)


def open_stacks(environment: Environment, options: StackOptions) -> Stacks:
    """Return how stacks of *environment* are opened."""
    if environment.kind == "mock":
        # moto takes a quarter of a second to import; only a mock pays for it.
        from seatrials.stacks.mock import MockStacks  # noqa: PLC0415

        return MockStacks(environment, options)
    msg = (
        f"environment {environment.name!r} is of kind {environment.kind!r}, which this version cannot open: use 'mock'"
    )
    raise ConfigurationError(msg)
