"""The marks of scenarios: what is wrong with them is told before a run begins, all at once."""

from collections.abc import Callable

import pytest

from seatrials.environments.scopes import SCOPES
from tests.support.scenario_run import SCENARIO, scenario


def test_all_unmarked_scenarios_are_told_at_once(run: Callable[..., pytest.RunResult]) -> None:
    """One error names every scenario without an id, without a scope, or with two scopes."""
    result = run("""
        import pytest

        @pytest.mark.staging
        def test_no_id(): pass

        @pytest.mark.scenario("cold 1")
        @pytest.mark.staging
        def test_wrong_id(): pass

        @pytest.mark.scenario("COLD-01")
        def test_no_scope(): pass

        @pytest.mark.scenario("COLD-02")
        @pytest.mark.staging
        @pytest.mark.production
        def test_two_scopes(): pass

        @pytest.mark.scenario("COLD-03")
        @pytest.mark.mock_only
        @pytest.mark.world("hard", ExecEnabled="false")
        def test_right(): pass

        @pytest.mark.scenario("COLD-04")
        @pytest.mark.staging
        @pytest.mark.world("hard")
        def test_elsewhere(): pass

        @pytest.mark.scenario("COLD-05")
        @pytest.mark.mock_only
        @pytest.mark.world("harder")
        def test_no_world(): pass
    """)

    problems = [line.rpartition("::")[2] for line in result.stderr.lines if "::" in line]
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert problems == [
        "test_no_id: needs @pytest.mark.scenario('SUITE-NN') with an id of the catalogue",
        "test_wrong_id: needs @pytest.mark.scenario('SUITE-NN') with an id of the catalogue",
        f"test_no_scope: needs exactly one of {', '.join(SCOPES)}, has none",
        f"test_two_scopes: needs exactly one of {', '.join(SCOPES)}, has staging, production",
        "test_elsewhere: names a world, and is not marked mock_only: all other stacks are what they are",
        "test_no_world: no world is called 'harder'; did you mean 'hard'?",
    ]


def test_an_id_is_given_once(run: Callable[..., pytest.RunResult]) -> None:
    """Two scenarios with one id are an error, for evidence is kept by id."""
    assert run(SCENARIO + scenario("COLD-01", "test_waits_too")).ret == pytest.ExitCode.USAGE_ERROR
