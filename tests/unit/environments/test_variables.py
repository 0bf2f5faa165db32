"""Tests of the one reader of this process's variables."""

import pytest

from seatrials.environments.variables import forget_aws_variables, read_variables


def test_variables_are_a_copy() -> None:
    """What is done to the variables that were read does not reach the process."""
    copy = read_variables()
    copy["SEATRIALS_CLUSTER"] = "x"

    assert "SEATRIALS_CLUSTER" not in read_variables()


def test_aws_s_variables_can_be_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """What would lead an AWS client anywhere goes, and nothing else."""
    monkeypatch.setenv("AWS_PROFILE", "somebody")
    monkeypatch.setenv("SEATRIALS_CLUSTER", "x")
    others = {name: value for name, value in read_variables().items() if not name.startswith("AWS_")}
    for name in set(read_variables()) - set(others):
        # Noted, so that they are there again after the test.
        monkeypatch.setenv(name, read_variables()[name])

    forget_aws_variables()

    assert read_variables() == others
