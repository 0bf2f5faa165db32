"""What pytest's items say of scenarios, and what a running one keeps with its item."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from seatrials.environments.environment import Environment
from seatrials.environments.scopes import SCOPES, Scope
from seatrials.evidence.record import ShardRecord
from seatrials.evidence.recorder import Recorder
from seatrials.stacks import AS_IT_IS, StackRun, Wanted

if TYPE_CHECKING:  # boto3 and httpx, which the process that hands out the scenarios does not need
    from seatrials.platform import CallCount, Waited

# As many edit tasks as there can be.
TASKS_MAX = 3
# Of the run: the environment that it examines.
ENVIRONMENT_KEY = pytest.StashKey[Environment]()
RUN_KEY = pytest.StashKey[StackRun]()
RECORDER_KEY = pytest.StashKey[Recorder]()
# Why a run is no whole one; only a run that is partial has it.
PARTIAL_KEY = pytest.StashKey[str]()
# Which part of the rows a run has; only a shard has it.
SHARD_KEY = pytest.StashKey[ShardRecord]()
CALLS_KEY: "pytest.StashKey[CallCount]" = pytest.StashKey()
WAITED_KEY: "pytest.StashKey[Waited]" = pytest.StashKey()


def scenario_id(item: pytest.Item) -> str:
    """Return the catalogue's id of a scenario."""
    mark = item.get_closest_marker("scenario")
    return str(mark.args[0]) if mark is not None else item.nodeid


def suite_of(item: pytest.Item) -> str:
    """Return the suite of a scenario: its file's name without `test_`."""
    return item.path.stem.removeprefix("test_")


def scopes_of(item: pytest.Item) -> list[Scope]:
    """Return where a scenario runs; one that is marked as it must be has one scope."""
    return [scope for scope in SCOPES.values() if item.get_closest_marker(scope.mark)]


def needs_of(item: pytest.Item) -> list[str]:
    """Return the capabilities that a scenario needs of its environment."""
    named = [str(each) for mark in item.iter_markers("needs") for each in mark.args]
    return [*named, *(["exclusive"] if item.get_closest_marker("exclusive") else [])]


@dataclass(frozen=True, kw_only=True)
class Alone:
    """How a scenario needs the service that it has to itself."""

    # With how many edit tasks it may begin, and how many it leaves, at most; TASKS_MAX is any number.
    tasks_max: int = 0
    leaves: int = TASKS_MAX


def alone_of(item: pytest.Item) -> Alone | None:
    """Return how a scenario needs the service to itself; None for one that others may run beside."""
    mark = item.get_closest_marker("exclusive")
    return None if mark is None else Alone(**mark.kwargs)


def wanted_of(item: pytest.Item) -> Wanted:
    """Return the world of the mock that a scenario is about."""
    mark = item.get_closest_marker("world")
    return AS_IT_IS if mark is None else Wanted(world=str(mark.args[0]) if mark.args else "", parameters=mark.kwargs)


def limit_seconds(item: pytest.Item, environment: Environment) -> float:
    """Return the platform time that a scenario may take: its suite's, and what its sentence names."""
    mark = item.get_closest_marker("scenario")
    extra = float(mark.kwargs.get("extra_seconds", 0)) if mark is not None else 0.0
    return environment.limits.seconds(suite_of(item)) + extra


def say(config: pytest.Config, line: str) -> None:
    """Show a line, with pytest's reporter or without it; a worker of pytest-xdist has nobody to show it to."""
    if hasattr(config, "workerinput"):
        return
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None:
        reporter.write_line(line)
    else:
        print(line, flush=True)  # noqa: T201  # the one way there is then
