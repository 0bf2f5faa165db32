"""Tests of what a served platform tells while something is wrong with it."""

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest

from seatrials.seams.application import Context
from seatrials.twin.physics.clock import VirtualClock
from seatrials.twin.trace import Trace
from seatrials.twin_server.troubles import Troubles


@pytest.fixture
def clock() -> VirtualClock:
    """A clock on which nobody waits."""
    return VirtualClock(0)


@pytest.fixture
def context(clock: VirtualClock, tmp_path: Path) -> Context:
    """What a container is given, as far as a command looks at it."""
    nothing: Any = None
    return Context(
        variables={},
        clock=clock,
        network=nothing,
        random=Random(1),
        aws=nothing,
        http=httpx.Client(trust_env=False),
        root=tmp_path,
        stopping=clock.signal(),
        log=lambda _line: None,
    )


def writing(*lines: str, code: int) -> Callable[[Context], int]:
    """Return a command that writes *lines* and ends."""

    def main(context: Context) -> int:
        for line in lines:
            context.log(line)
        return code

    return main


def test_a_command_that_ends_by_itself_is_told_with_its_last_lines(context: Context) -> None:
    """Exit code and the last ten lines are told at once, and once however often the command is started."""
    said: list[str] = []
    command = Troubles(said.append).telling("edit", writing(*map(str, range(12)), code=3))

    assert command(context) == 3
    assert command(context) == 3

    assert said[0].startswith("--run edit: the command ended by itself with exit code 3")
    assert said[1:] == ["the last lines of edit:", *(f"    {number}" for number in range(2, 12))]


def test_a_command_that_was_stopped_is_no_trouble(context: Context) -> None:
    """A command that ends because its container is stopped is not told."""
    said: list[str] = []
    context.stopping.set()

    Troubles(said.append).telling("edit", writing("bye", code=0))(context)

    assert said == []


def test_events_that_say_what_is_wrong_are_told_once(clock: VirtualClock) -> None:
    """A crash, a task that ended by itself and an unhealthy target are told, each kind once; what was meant is not."""
    said: list[str] = []
    trace, troubles = Trace(clock), Troubles(said.append)
    for task in ("a" * 32, "b" * 32):
        trace.add("service_event", "web", message=f"(task {task}) is unhealthy in (target-group web)")
        trace.add("task_stop", task, code="EssentialContainerExited", reason="exited")
        trace.add("container_crash", f"web-{task}", error="KeyError: 'x'")
    trace.add("task_stop", "c" * 32, code="ServiceSchedulerInitiated", reason="scaled in")
    trace.add("service_event", "web", message="has reached a steady state.")

    troubles.look(trace.take())
    trace.add("container_crash", "web-" + "c" * 32, error="KeyError: 'x'")
    troubles.look(trace.take())

    heads = [line.partition(";")[0] for line in said]
    assert heads == [
        f"service web (task {'a' * 32}) is unhealthy in (target-group web)",
        f"task {'a' * 32} stopped (EssentialContainerExited): exited",
        f"container web-{'a' * 32} crashed: KeyError: 'x'",
    ]


def test_what_a_call_asks_for_in_vain_is_told(clock: VirtualClock) -> None:
    """A property that is left out is said once, with the call and what AWS does."""
    said: list[str] = []
    troubles, trace = Troubles(said.append), Trace(clock)
    for _ in range(2):
        trace.add("left_out", "UpdateService", what="ServiceRegistries: AWS registers the tasks with Cloud Map")
        troubles.look(trace.take())

    [line] = said
    assert line.startswith(
        "left out by the twin, asked for by UpdateService: ServiceRegistries: AWS registers the tasks"
    )
