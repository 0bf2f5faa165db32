"""A scenario while it runs: the platform that it is given, and the platform time that it may take."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, NoReturn

import allure
import pytest

from seatrials.errors import ConfigurationError, NotRunHereError
from seatrials.evidence.recorder import Recorder
from seatrials.run.beginning import HELD_KEY
from seatrials.run.checked import check
from seatrials.run.choice import CHOICE_KEY
from seatrials.run.items import (
    CALLS_KEY,
    ENVIRONMENT_KEY,
    RECORDER_KEY,
    RUN_KEY,
    TASKS_MAX,
    WAITED_KEY,
    alone_of,
    limit_seconds,
    needs_of,
    scenario_id,
    wanted_of,
)
from seatrials.run.late import watch_lateness
from seatrials.run.reporter import emit_step
from seatrials.run.stumbles import STUMBLES, stumbled
from seatrials.seams.clock import Clock
from seatrials.stacks import StackRun, Stacks

if TYPE_CHECKING:  # mutants know the twin, which no process needs that examines a real stack
    from seatrials.models import Walks
    from seatrials.mutants.mutant import Mutant
    from seatrials.platform import Platform


@pytest.fixture(scope="session")
def _stacks(pytestconfig: pytest.Config) -> Stacks:
    environment = pytestconfig.stash.get(ENVIRONMENT_KEY, None)
    if environment is None:
        obstacle = pytestconfig.stash[CHOICE_KEY].obstacle
        msg = f"scenarios need --environment NAME, for example: nox -s mock{obstacle and f'; {obstacle}'}"
        pytest.exit(f"seatrials: {msg}", returncode=ConfigurationError.exit_code)
    held = pytestconfig.stash[HELD_KEY]
    assert held is not None, "stacks are opened before the first scenario"
    return held


@pytest.fixture(name="platform")
def _platform(request: pytest.FixtureRequest, _stacks: Stacks, mutant: "Mutant | None") -> "Iterator[Platform]":
    # The process that hands out the scenarios needs none of it.
    from seatrials.platform import CallCount, Platform, Waited  # noqa: PLC0415

    item = request.node
    allure.dynamic.parameter("environment", request.config.getoption("--environment"))
    environment = request.config.stash[ENVIRONMENT_KEY]
    missing = [each for each in needs_of(item) if not environment.allows(each)]
    if missing:
        pace = "" if environment.pace == 1 else f", at pace {environment.pace:g},"
        _do_not_run(item, f"{environment.name}{pace} does not have what it needs: {', '.join(missing)}")
    watch_lateness(item, _stacks, item.config.stash[ENVIRONMENT_KEY].pace)
    with ExitStack() as held:
        run = _open(item, _stacks, mutant, held)
        recorder = Recorder(run.stack.clock.now, run.sample_kind, emit_step)
        item.stash[RUN_KEY] = run
        item.stash[RECORDER_KEY] = recorder
        run.witness(recorder.history)
        item.stash[CALLS_KEY] = calls = CallCount()
        item.stash[WAITED_KEY] = waited = Waited(run.stack.clock.now)
        began, now = run.stack.clock.now(), run.stack.clock.now
        yield Platform(calls.counting(run.stack), recorder, waited)
        # Tests live as long as the session, and their worlds, of two megabytes each, must not live as long.
        del item.stash[RUN_KEY], item.stash[RECORDER_KEY], item.stash[CALLS_KEY], item.stash[WAITED_KEY]
    if run.turn_at is not None:
        stay = {"turn_at": run.turn_at, "began": began, "ended": now()}
        item.user_properties.append(("stay", {name: round(at, 3) for name, at in stay.items()}))


def _open(item: pytest.Item, stacks: Stacks, mutant: "Mutant | None", held: ExitStack) -> StackRun:
    alone = alone_of(item)
    tasks_max = TASKS_MAX if alone is None else alone.tasks_max
    try:
        return held.enter_context(
            stacks.open(
                scenario_id(item), mutant, exclusive=alone is not None, tasks_max=tasks_max, wanted=wanted_of(item)
            )
        )
    except NotRunHereError as reason:
        _do_not_run(item, str(reason))


def _do_not_run(item: pytest.Item, reason: str) -> NoReturn:
    """Skip a scenario with the reason in the evidence, where it counts as unproven."""
    item.user_properties.append(("not_run", reason))
    pytest.skip(reason)


@pytest.fixture(name="clock")
def _clock(platform: "Platform") -> Clock:
    return platform.clock


@pytest.fixture(name="walks")
def _walks(pytestconfig: pytest.Config, mutant: "Mutant | None") -> "Walks":
    # hypothesis, which no other row needs.
    from seatrials.models import Walks  # noqa: PLC0415

    # On a mutant it is enough to know that it is found.
    is_told = mutant is None and not pytestconfig.getoption("--generated")
    return Walks(pytestconfig.getoption("--seed"), pytestconfig.getoption("--steps"), shrinks=is_told)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Fail a scenario during which the contract did not hold, or that takes more platform time than its suite allows.

    Its waits for sessions count for nothing: how long they may take is what some rows are about, and no other one's.
    """
    run = item.stash.get(RUN_KEY, None)
    if run is None:
        yield
        return
    began, calls = run.stack.clock.now(), item.stash[CALLS_KEY]
    called_before = calls.total
    try:
        yield
    except STUMBLES as error:
        raise stumbled(error, item, item.stash[RECORDER_KEY].history) from None
    finally:
        # Time passed for a scenario that failed too, most of all for one that waited in vain.
        taken = run.stack.clock.now() - began
        item.user_properties.append(("platform_seconds", round(taken, 6)))
        item.user_properties.append(("waited_seconds", round(item.stash[WAITED_KEY].seconds, 6)))
        item.user_properties.append(("calls", calls.total - called_before))
        found = check(item)
    if found:
        pytest.fail(found, pytrace=False)
    waited, limit = item.stash[WAITED_KEY].seconds, limit_seconds(item, run.stack.environment)
    if taken - waited > limit:
        told = f"took {taken - waited:.1f} s of platform time, beside {waited:.1f} s of waiting for sessions"
        pytest.fail(f"{told}; the limit of this scenario is {limit:g} s", pytrace=False)
