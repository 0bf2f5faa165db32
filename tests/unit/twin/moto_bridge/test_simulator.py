"""IAM's simulator, and who calls from outside.

Sources: IAM API Reference, SimulatePrincipalPolicy; STS API Reference.
"""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from seatrials.seams.aws import error_code
from tests.support.twin import Twin

TABLE = "arn:aws:dynamodb:us-west-2:123456789012:table/webordinary-edit-sessions"


def simulated(twin: Twin, source: str, **given: list[Any]) -> list[tuple[str, str, str]]:
    """Return action, resource and decision of each result."""
    answer = twin.world.aws("iam").simulate_principal_policy(PolicySourceArn=source, **given)
    names = ("EvalActionName", "EvalResourceName", "EvalDecision")
    return [(each[names[0]], each[names[1]], each[names[2]]) for each in answer["EvaluationResults"]]


def run_role(twin: Twin) -> str:
    """Return the ARN of the role of runs."""
    name = twin.world.stack.physical_ids["RunRole"]
    return str(twin.world.aws("iam").get_role(RoleName=name)["Role"]["Arn"])


def test_without_resources_it_asks_for_any(twin: Twin) -> None:
    """A policy that allows an action on one table does not allow it on `*`, which stands for no ARNs."""
    role, action = run_role(twin), "dynamodb:PutItem"

    assert simulated(twin, role, ActionNames=[action]) == [(action, "*", "implicitDeny")]
    assert simulated(twin, role, ActionNames=[action], ResourceArns=[TABLE]) == [(action, TABLE, "allowed")]


def test_every_action_is_asked_for_on_every_resource(twin: Twin) -> None:
    """An explicit denial is told apart from what nothing allows, and nobody has called, so no denial is told."""
    twin.allow("RunRole", "dynamodb:PutItem", effect="Deny")
    actions = ["dynamodb:PutItem", "dynamodb:UpdateItem"]

    assert simulated(twin, run_role(twin), ActionNames=actions, ResourceArns=[TABLE, f"{TABLE}-2"]) == [
        ("dynamodb:PutItem", TABLE, "explicitDeny"),
        ("dynamodb:PutItem", f"{TABLE}-2", "explicitDeny"),
        ("dynamodb:UpdateItem", TABLE, "allowed"),
        ("dynamodb:UpdateItem", f"{TABLE}-2", "implicitDeny"),
    ]
    assert twin.happened("access_denied") == []


def test_conditions_are_judged_by_the_context_that_is_given(twin: Twin) -> None:
    """Without the key that a condition asks for nothing is allowed, and with it what the condition wants."""
    role = str(twin.world.aws("iam").get_role(RoleName=twin.world.stack.physical_ids["HermesTaskRole"])["Role"]["Arn"])
    action, name = "cloudwatch:PutMetricData", "cloudwatch:namespace"
    entries = [
        [{"ContextKeyName": name, "ContextKeyType": "string", "ContextKeyValues": [value]}]
        for value in ("Webordinary/EditSessions", "Another")
    ]

    assert [each for *_, each in simulated(twin, role, ActionNames=[action])] == ["implicitDeny"]
    told = [simulated(twin, role, ActionNames=[action], ContextEntries=each)[0][-1] for each in entries]
    assert told == ["allowed", "implicitDeny"]


def test_a_role_has_its_path_in_its_arn_and_its_session_has_not(twin: Twin) -> None:
    """Whoever makes an ARN of the session's name asks for a role that is not there."""
    session = twin.world.aws("sts").get_caller_identity()["Arn"]
    name = session.split("/")[1]

    assert session == f"arn:aws:sts::123456789012:assumed-role/{name}/client"
    assert run_role(twin) == f"arn:aws:iam::123456789012:role/seatrials/{name}"
    with pytest.raises(ClientError) as failure:
        simulated(twin, f"arn:aws:iam::123456789012:role/{name}", ActionNames=["ecs:ListTasks"])
    assert error_code(failure.value) == "NoSuchEntity"
