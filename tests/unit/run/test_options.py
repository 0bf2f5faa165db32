"""Tests of what a run's options choose."""

from collections.abc import Callable

import pytest

from seatrials.environments.environment import Environment
from seatrials.errors import ConfigurationError
from seatrials.run.options import in_chosen_world
from tests.support.scenario_run import SCENARIO, FakeStacks, scenario

pytest_plugins = ["pytester"]

AWS = {"region": "us-west-2", "account_id": "123456789012", "base_url": "https://edit.example.com"}


def test_a_run_is_in_the_world_that_was_chosen(run: Callable[..., pytest.RunResult], stacks: list[FakeStacks]) -> None:
    """`--world` takes the place of the environment's, and a failure is repeated in the same one."""
    result = run(scenario("COLD-01", body="assert False"), "--world", "hard")

    assert [each.environment.world for each in stacks] == ["hard"]
    result.stdout.fnmatch_lines(["replay: nox -s mock -- -n 0 --seed 1 --world hard -k test_waits"])


def test_without_a_choice_it_is_the_environments(
    run: Callable[..., pytest.RunResult], stacks: list[FakeStacks]
) -> None:
    """Which is the default one, unless environments.toml says otherwise."""
    run(SCENARIO)

    assert [each.environment.world for each in stacks] == ["default"]


def test_a_world_is_chosen_for_a_mock_alone() -> None:
    """AWS is as it is, and a rehearsal's server has its world already: whoever asks is told where it is chosen."""
    live = Environment.model_validate({"name": "staging", "kind": "live", **AWS})

    with pytest.raises(ConfigurationError, match=r"--world hard: .*'staging'.*nox -s rehearse"):
        in_chosen_world(live, "hard")
