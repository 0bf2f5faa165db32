"""Shards of small runs of pytest inside a run of pytest, on a stack that does nothing."""

from collections.abc import Callable

import pytest

from tests.support.scenario_run import fake_stacks, small_run


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Callable[..., pytest.RunResult]:
    """Return what runs a file of scenarios on a fake stack."""
    fake_stacks(monkeypatch)
    return small_run(pytester)
