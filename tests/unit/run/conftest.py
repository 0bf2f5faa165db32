"""Runs of pytest inside a run of pytest, on a stack that does nothing."""

import signal
from collections.abc import Callable, Iterator

import pytest

from tests.support.scenario_run import FakeStacks, fake_stacks, small_run


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
    return fake_stacks(monkeypatch)


@pytest.fixture
def run(pytester: pytest.Pytester, stacks: list[FakeStacks]) -> Callable[..., pytest.RunResult]:
    """Return what runs a file of scenarios on the fake stack."""
    assert stacks == []
    return small_run(pytester)
