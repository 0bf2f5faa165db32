"""Doctor asks IAM what the credentials allow, before a run finds it out by being refused.

Source: IAM API Reference, SimulatePrincipalPolicy.
"""

from collections.abc import Callable

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from seatrials.errors import AwsError, MissingPermissionError, UnreachableError
from seatrials.rights.calls import Purpose, needed
from seatrials.safety.rights import rights_check
from tests.support.aws import Json
from tests.support.judged import environment

ROLE = "arn:aws:iam::123456789012:role/webordinary-RunRole-1"


class Iam:
    """STS and IAM of one caller, and what was asked of them."""

    def __init__(self, caller: str, answer: Callable[[str, str], bool]) -> None:
        self._caller = caller
        self._answer = answer
        self.asked: set[str] = set()
        self.calls: list[str] = []

    def client(self, service: str) -> "Iam":
        """Return the client of either; nothing else may be called."""
        assert service in {"iam", "sts"}, f"{service} was called"
        return self

    def get_caller_identity(self) -> dict[str, str]:
        """Say who calls."""
        return {"Arn": self._caller}

    def get_paginator(self, operation: str) -> "Iam":
        """Return the pages of an operation."""
        self.calls.append(operation)
        return self

    def paginate(self, **given: Json) -> list[Json]:
        """Answer for one resource."""
        [resource] = given["ResourceArns"]
        self.asked |= set(given["ActionNames"])
        results = [(each, self._answer(each, resource)) for each in given["ActionNames"]]
        told = [{"EvalActionName": each, "EvalDecision": "allowed" if may else "implicitDeny"} for each, may in results]
        return [{"EvaluationResults": told}]


def look(answer: Callable[[str, str], bool], caller: str = ROLE) -> str:
    """Return what doctor sees."""
    return rights_check(environment(), Iam(caller, answer).client).look()


def refuse(code: str) -> Callable[[str, str], bool]:
    """Return an IAM that does not answer."""

    def raise_it(_action: str, _resource: str) -> bool:
        raise ClientError({"Error": {"Code": code, "Message": "no"}}, "SimulatePrincipalPolicy")

    return raise_it


def test_all_rights_are_told_as_one_line() -> None:
    """Each action of the policy was asked for, and none of them was called."""
    iam = Iam(ROLE, lambda _action, _resource: True)
    seen = rights_check(environment(), iam.client).look()

    assert seen.startswith("IAM allows all ")
    assert iam.asked == needed(Purpose.RUN)
    assert set(iam.calls) == {"simulate_principal_policy"}


def test_what_is_missing_is_listed() -> None:
    """Each action with its resource, and the command that writes the policy."""
    with pytest.raises(MissingPermissionError) as told:
        look(lambda action, _resource: action not in ("ecs:StopTask", "elasticloadbalancing:DescribeRules"))

    assert str(told.value).splitlines() == [
        "a run calls these, and the policies of its credentials do not allow them:",
        "ecs:StopTask on arn:aws:ecs:us-west-2:123456789012:task/webordinary-edit-cluster/0",
        "elasticloadbalancing:DescribeRules on *",
        "give them what `seatrials policy mock --purpose run` writes",
    ]


@pytest.mark.parametrize("code", ["AccessDenied", "InvalidInput", "NoSuchEntity"])
def test_who_may_not_ask_is_not_told_a_guess(code: str) -> None:
    """Doctor says that it cannot tell, with IAM's words, and that is no problem of the stack."""
    assert look(refuse(code)).startswith("cannot tell, for IAM does not simulate the policies of these credentials: ")


def test_another_refusal_is_a_problem() -> None:
    """What is no answer about rights is told as any other error of AWS."""
    with pytest.raises(AwsError, match="ask IAM what the credentials allow"):
        look(refuse("ServiceFailure"))


def test_a_network_without_iam_is_a_problem() -> None:
    """IAM has one endpoint for all regions, which a network may not lead to."""

    def unreachable(_action: str, _resource: str) -> bool:
        raise EndpointConnectionError(endpoint_url="https://iam.amazonaws.com")

    with pytest.raises(UnreachableError, match="ask IAM what the credentials allow"):
        look(unreachable)
