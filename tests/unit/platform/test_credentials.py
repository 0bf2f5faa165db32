"""Tests of what a run's credentials may do, against answers of IAM's simulation."""

from typing import Any

import pytest

from seatrials.platform.credentials import ADMINISTRATORS_ACTIONS, NEEDED_ACTIONS, Credentials

ROLE = "arn:aws:iam::123456789012:role/examiner"


class FakeIam:
    """STS and IAM of one principal; pages of two results, as IAM may cut them anywhere."""

    def __init__(self, caller: str, allowed: tuple[str, ...]) -> None:
        self._caller = caller
        self._allowed = allowed
        self.asked: list[str] = []

    def client(self, service: str) -> "FakeIam":
        """Return the client of either service: this one answers for both."""
        assert service in {"iam", "sts"}
        return self

    def get_caller_identity(self) -> dict[str, str]:
        """Say who calls."""
        return {"Arn": self._caller}

    def get_paginator(self, operation: str) -> "FakeIam":
        """Return the paginator of the one operation."""
        assert operation == "simulate_principal_policy"
        return self

    def paginate(self, *, PolicySourceArn: str, ActionNames: list[str]) -> list[dict[str, Any]]:  # noqa: N803  # AWS's
        """Answer in pages."""
        self.asked.append(PolicySourceArn)
        results = [
            {"EvalActionName": name, "EvalDecision": "allowed" if name in self._allowed else "implicitDeny"}
            for name in ActionNames
        ]
        return [{"EvaluationResults": results[at : at + 2]} for at in range(0, len(results), 2)]


@pytest.mark.parametrize("caller", [ROLE, "arn:aws:sts::123456789012:assumed-role/examiner/a-session"])
def test_a_role_is_asked_for_by_its_own_name(caller: str) -> None:
    """IAM simulates roles and users, not the sessions that a role speaks through."""
    aws = FakeIam(caller, ())
    Credentials(aws.client).allowed(["ecs:ListTasks"])

    assert aws.asked == [ROLE]


def test_only_what_is_allowed_is_returned() -> None:
    """Neither an explicit nor an implicit denial counts, on whatever page it stands."""
    aws = FakeIam(ROLE, ("ecs:ListTasks", "dynamodb:Scan"))

    assert Credentials(aws.client).allowed(NEEDED_ACTIONS) == {"ecs:ListTasks", "dynamodb:Scan"}


def test_a_run_needs_nothing_that_only_administrators_may() -> None:
    """The two lists exclude each other."""
    assert set(NEEDED_ACTIONS) & set(ADMINISTRATORS_ACTIONS) == set()
