"""Runs of pytest inside a run of pytest, on a stack that does nothing."""

import signal
from collections.abc import Callable, Iterator

import pytest

# pytester forgets the modules that a run inside is the first to import, and a second copy of one has other classes.
import seatrials.checkers.judge
import seatrials.stacks.mock.stacks  # noqa: F401  # the same
from seatrials.environments.environment import Environment
from seatrials.run import plugin
from seatrials.stacks import StackNotes, StackOptions
from tests.support.scenario_run import ENVIRONMENTS, PLAIN, FakeStacks


@pytest.fixture(autouse=True)
def _heard() -> Iterator[None]:
    """Let runs hear the signals that whoever started these tests may have had ignored, as `nohup` and `&` do."""
    before = {number: signal.getsignal(number) for number in (signal.SIGHUP, signal.SIGINT)}
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def stacks(monkeypatch: pytest.MonkeyPatch) -> list[FakeStacks]:
    """Let runs open fake stacks; return those that they opened."""
    opened: list[FakeStacks] = []

    def open_stacks(environment: Environment, _options: StackOptions) -> FakeStacks:
        opened.append(FakeStacks(environment))
        return opened[-1]

    monkeypatch.setattr(plugin, "open_stacks", open_stacks)
    monkeypatch.setattr(plugin, "check_stacks", lambda _environment, _options: StackNotes())
    return opened


@pytest.fixture
def run(pytester: pytest.Pytester, stacks: list[FakeStacks]) -> Callable[..., pytest.RunResult]:
    """Return what runs a file of scenarios on the fake stack."""
    assert stacks == []
    pytester.makeini("[pytest]")
    (pytester.path / "environments.toml").write_text(ENVIRONMENTS)

    def run(source: str, *options: str, environment: str = "mock") -> pytest.RunResult:
        pytester.makepyfile(test_cold_start=source)
        return pytester.runpytest_inprocess(*PLAIN, "--environment", environment, *options)

    return run
