"""Tests of the policy that narrows a run's role: what the guard lets through and no more, within STS's limit."""

import json
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

import pytest

from seatrials.environments.environment import Environment
from seatrials.environments.file import load_environment
from seatrials.rights.calls import Purpose, recorded
from seatrials.safety.permitted import Permitted
from seatrials.safety.reading import READING
from seatrials.safety.session_policy import CHARACTERS_MAX, OPERATIONS, session_policy, told_rights
from seatrials.safety.under_test import UnderTest
from tests.support.aws import Json
from tests.support.judged import refused
from tests.support.project import PROJECT

ACCOUNT = "123456789012"
GIVEN = {
    "SEATRIALS_ACCOUNT_ID": ACCOUNT,
    "SEATRIALS_BASE_URL": "https://edit.example.org",
    "SEATRIALS_ROLE_ARN": f"arn:aws:iam::{ACCOUNT}:role/run",
}
HERE = f"us-west-2:{ACCOUNT}"
TABLE = f"arn:aws:dynamodb:{HERE}:table/webordinary-edit-sessions"
ECS = f"arn:aws:ecs:{HERE}"
LOAD_BALANCING = f"arn:aws:elasticloadbalancing:{HERE}"
LEASE_KEY, SESSION_KEY = {"dynamodb:LeadingKeys": "seatrials#lease"}, {"dynamodb:LeadingKeys": "session-1"}


def environment(name: str = "staging", **given: str) -> Environment:
    """Return a real stack whose run has a role."""
    return load_environment(name, PROJECT / "environments.toml", {**GIVEN, **given})


def allows(policy: str, action: str, resource: str, keys: Mapping[str, str] | None = None) -> bool:
    """Whether a policy of nothing but Allow allows a call, as IAM evaluates the parts that this one has."""
    statements = json.loads(policy)["Statement"]
    assert {each["Effect"] for each in statements} == {"Allow"}
    return any(
        _matches(each["Action"], action)
        and _matches(each["Resource"], resource)
        and all(_holds(operator, tests, keys or {}) for operator, tests in each.get("Condition", {}).items())
        for each in statements
    )


def _matches(patterns: str | list[str], value: str) -> bool:
    return any(fnmatchcase(value, each) for each in ([patterns] if isinstance(patterns, str) else patterns))


def _holds(operator: str, tests: Mapping[str, Json], keys: Mapping[str, str]) -> bool:
    assert operator == "ForAllValues:StringLike", operator
    # Of no values, all are like it.
    return all(name not in keys or _matches(value, keys[name]) for name, value in tests.items())


ALLOWED: Iterable[tuple[str, str, Mapping[str, str] | None]] = [
    ("ecs:DescribeServices", f"{ECS}:service/webordinary-edit-cluster/webordinary-edit-service", None),
    ("ecs:ListTasks", "*", None),
    ("logs:GetLogEvents", f"arn:aws:logs:{HERE}:log-group:/ecs/edit:*", None),
    ("cloudwatch:GetMetricStatistics", "*", None),
    ("elasticfilesystem:DescribeAccessPoints", "*", None),
    ("dynamodb:DescribeTable", TABLE, None),
    ("dynamodb:GetItem", TABLE, None),
    ("dynamodb:Query", f"{TABLE}/index/clientId-status-index", None),
    ("dynamodb:UpdateItem", TABLE, SESSION_KEY),
    ("dynamodb:DeleteItem", TABLE, SESSION_KEY),
    ("dynamodb:PutItem", TABLE, LEASE_KEY),
    ("dynamodb:UpdateItem", TABLE, LEASE_KEY),
    ("dynamodb:ConditionCheckItem", TABLE, LEASE_KEY),
    ("ecs:UpdateService", f"{ECS}:service/webordinary-edit-cluster/webordinary-hermes-service", None),
    ("ecs:StopTask", f"{ECS}:task/webordinary-edit-cluster/0123", None),
    ("elasticloadbalancing:RegisterTargets", f"{LOAD_BALANCING}:targetgroup/webordinary-edit-api/0123", None),
    ("elasticloadbalancing:DeregisterTargets", f"{LOAD_BALANCING}:targetgroup/webordinary-edit-api/0123", None),
    ("elasticloadbalancing:DeleteRule", f"{LOAD_BALANCING}:listener-rule/app/webordinary-edit-alb/0/1/2", None),
    ("elasticfilesystem:DeleteAccessPoint", f"arn:aws:elasticfilesystem:{HERE}:access-point/fsap-0", None),
]
REFUSED: Iterable[tuple[str, str, Mapping[str, str] | None]] = [
    ("dynamodb:PutItem", TABLE, SESSION_KEY),
    ("dynamodb:DeleteTable", TABLE, None),
    ("dynamodb:BatchWriteItem", TABLE, SESSION_KEY),
    ("dynamodb:PutItem", f"arn:aws:dynamodb:{HERE}:table/other", LEASE_KEY),
    ("dynamodb:UpdateItem", f"arn:aws:dynamodb:{HERE}:table/other", SESSION_KEY),
    ("dynamodb:Scan", TABLE, None),
    ("logs:FilterLogEvents", f"arn:aws:logs:{HERE}:log-group:/ecs/edit:*", None),
    ("dynamodb:Query", f"arn:aws:dynamodb:{HERE}:table/other", None),
    ("dynamodb:Query", TABLE.replace("us-west-2", "eu-west-1"), None),
    ("dynamodb:Query", TABLE.replace(ACCOUNT, "210987654321"), None),
    ("ecs:UpdateService", f"{ECS}:service/webordinary-edit-cluster/other", None),
    ("ecs:UpdateService", f"{ECS}:service/other/webordinary-edit-service", None),
    ("ecs:StopTask", f"{ECS}:task/other/0123", None),
    ("ecs:RunTask", f"{ECS}:task-definition/edit:1", None),
    ("ecs:DeleteService", f"{ECS}:service/webordinary-edit-cluster/webordinary-edit-service", None),
    ("ecs:RegisterTaskDefinition", "*", None),
    ("ecs:ExecuteCommand", f"{ECS}:task/webordinary-edit-cluster/0123", None),
    ("elasticloadbalancing:DeleteRule", f"{LOAD_BALANCING}:listener-rule/app/other/0/1/2", None),
    ("elasticloadbalancing:RegisterTargets", f"{LOAD_BALANCING}:targetgroup/other/0123", None),
    ("elasticloadbalancing:DeleteLoadBalancer", f"{LOAD_BALANCING}:loadbalancer/app/webordinary-edit-alb/0", None),
    ("elasticloadbalancing:CreateRule", f"{LOAD_BALANCING}:listener/app/webordinary-edit-alb/0/1", None),
    ("elasticfilesystem:DeleteFileSystem", f"arn:aws:elasticfilesystem:{HERE}:file-system/fs-0", None),
    ("cloudwatch:PutMetricData", "*", {"cloudwatch:namespace": "Webordinary/EditSessions"}),
    ("cloudwatch:DeleteAlarms", "*", None),
    ("logs:DeleteLogGroup", "*", None),
    ("secretsmanager:GetSecretValue", "*", None),
    ("ssm:GetParameter", "*", None),
    ("sts:AssumeRole", "*", None),
    ("iam:CreateAccessKey", "*", None),
    ("iam:PutRolePolicy", "*", None),
]


def test_what_the_guard_lets_through_is_what_the_policy_has() -> None:
    """Each operation that the guard allows on conditions is in the policy, but for metrics; PutItem is the store's."""
    names = environment().names
    permitted = Permitted(names, "TEST_run_", UnderTest(names, _no_client))

    assert permitted.operations - {("dynamodb", "PutItem"), ("cloudwatch", "PutMetricData")} == OPERATIONS


def test_all_that_reads_is_in_the_policy() -> None:
    """The list of reading calls is the policy's, in IAM's names; of items, those of the stack's own table."""
    policy = session_policy(environment())
    prefixes = {"efs": "elasticfilesystem", "elbv2": "elasticloadbalancing"}
    reads = [(prefixes.get(name, name), each) for name, every in READING.items() for each in every if name != "sts"]

    assert [each for each in reads if not allows(policy, f"{each[0]}:{each[1]}", TABLE)] == []


@pytest.mark.parametrize(("action", "resource", "keys"), ALLOWED)
def test_what_a_run_needs_is_allowed(action: str, resource: str, keys: Mapping[str, str] | None) -> None:
    """A run with the role can do all that it does."""
    assert allows(session_policy(environment()), action, resource, keys)


def test_every_recorded_call_is_allowed() -> None:
    """By the session policy alone, as the twin's IAM judges it."""
    assert refused(json.loads(session_policy(environment())), recorded(Purpose.RUN)) == []


@pytest.mark.parametrize(("action", "resource", "keys"), REFUSED)
def test_the_rest_is_not(action: str, resource: str, keys: Mapping[str, str] | None) -> None:
    """Code that goes around the guard with the run's credentials is refused what no run does."""
    assert not allows(session_policy(environment()), action, resource, keys)


@pytest.mark.parametrize("action", ["ecs:UpdateService", "ecs:StopTask", "elasticloadbalancing:RegisterTargets"])
def test_without_control_nothing_of_the_services(action: str) -> None:
    """Where rows may not change the services, as on production, the role may not either."""
    policy = session_policy(environment("production"))

    assert not any(allows(policy, *call) for call in ALLOWED if call[0] == action)


def test_a_lease_table_of_its_own() -> None:
    """Where lease and journal have a table, all writes of the store are allowed there, and read."""
    policy = session_policy(environment(SEATRIALS_LEASE_TABLE="leases"))
    leases = f"arn:aws:dynamodb:{HERE}:table/leases"

    assert all(
        allows(policy, f"dynamodb:{operation}", leases, LEASE_KEY)
        for operation in ("PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem", "GetItem", "Query")
    )
    assert not allows(policy, "dynamodb:UpdateItem", leases, SESSION_KEY)


@pytest.mark.parametrize("length", [1, 20, 32])
def test_it_is_short_enough(length: int) -> None:
    """STS takes 2,048 characters; with long names resources are bound to account, region and kind, and that is told."""
    names = {f"SEATRIALS_{each}": "n" * length for each in ("CLUSTER", "EDIT_SERVICE", "HERMES_SERVICE", "TABLE")}
    policy = session_policy(environment(**names))

    assert len(policy) <= CHARACTERS_MAX


def test_with_long_names_it_is_coarser_and_says_so() -> None:
    """What is bound to no name is still bound to account, region and kind."""
    long = environment(SEATRIALS_CLUSTER="c" * 255, SEATRIALS_TABLE="t" * 255)
    policy = session_policy(long)

    assert len(policy) <= CHARACTERS_MAX
    assert allows(policy, "ecs:StopTask", f"{ECS}:task/{'c' * 255}/0123")
    assert not allows(policy, "ecs:StopTask", f"{ECS.replace('us-west-2', 'eu-west-1')}:task/{'c' * 255}/0123")
    assert not allows(policy, "dynamodb:PutItem", TABLE, SESSION_KEY)
    assert "narrowed to account and region, for with the stack's names the policy is too long" in told_rights(long)


def test_it_is_of_the_role_s_partition() -> None:
    """ARNs of China and of GovCloud begin otherwise."""
    policy = session_policy(environment(SEATRIALS_ROLE_ARN=f"arn:aws-us-gov:iam::{ACCOUNT}:role/run"))

    assert allows(policy, "dynamodb:Query", TABLE.replace("arn:aws:", "arn:aws-us-gov:"))


def test_the_rights_are_told() -> None:
    """Doctor says what AWS itself keeps the run to, with a role and without."""
    assert "narrowed to this stack (" in told_rights(environment())
    assert "no `role_arn` is named" in told_rights(environment().model_copy(update={"role_arn": None}))


def _no_client(service: str) -> Json:
    pytest.fail(f"{service} was asked")
