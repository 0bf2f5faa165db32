"""Tests of the walk over a service's model: each kind of constraint, with the sentence that AWS answers with."""

from functools import cache
from typing import Any

import botocore.session
import pytest

from seatrials.twin.door import Asked, Refusal, check
from seatrials.twin.door.shapes import problems_of


@cache
def model(service: str) -> Any:  # noqa: ANN401  # botocore's models have no types
    """Return the model of a service."""
    return botocore.session.get_session().get_service_model(service)


def paths(service: str, operation: str, parameters: dict[str, Any]) -> list[str]:
    """Return where a call breaks the model."""
    return [each.path for each in problems_of(model(service), operation, parameters)]


def refusal(service: str, operation: str, parameters: dict[str, Any]) -> Refusal:
    """Return the refusal of a call."""
    with pytest.raises(Refusal) as caught:
        check(Asked(model(service), operation, parameters, aws=lambda _service: None))
    return caught.value


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "path"),
    [
        ("dynamodb", "DeleteTable", {}, "tableName"),
        ("ecs", "CreateService", {"serviceName": "s", "desiredCount": "one"}, "desiredCount"),
        ("ecs", "CreateService", {"serviceName": "s", "desiredCount": True}, "desiredCount"),
        ("ecs", "CreateService", {"serviceName": "s", "launchType": "MOON"}, "launchType"),
        ("dynamodb", "DeleteTable", {"TableName": ""}, "tableName"),
        ("dynamodb", "DeleteTable", {"TableName": "t" * 1_025}, "tableName"),
        ("logs", "CreateLogGroup", {"logGroupName": "a b"}, "logGroupName"),
        ("elbv2", "SetRulePriorities", {"RulePriorities": [{"Priority": 50_001}]}, "rulePriorities.1.member.priority"),
        ("elbv2", "DeleteRule", {"RuleArn": "a\x00b"}, "ruleArn"),
        ("logs", "PutRetentionPolicy", {"logGroupName": ["a"], "retentionInDays": 1}, "logGroupName"),
    ],
)
def test_what_breaks_the_model_is_named(service: str, operation: str, parameters: dict[str, Any], path: str) -> None:
    """Presence, type, values, length, pattern and range are looked at, down to the members of a list."""
    assert paths(service, operation, parameters) == [path]


def test_what_keeps_to_the_model_passes() -> None:
    """A call that AWS takes has no problem, whatever it leaves out."""
    assert paths("dynamodb", "PutItem", {"TableName": "t", "Item": {"a": {"M": {"b": {"L": [{"N": "1"}]}}}}}) == []


def test_a_value_within_a_value_of_its_own_kind_is_looked_at() -> None:
    """The values of DynamoDB hold one another; the innermost is looked at as the outermost."""
    item = {"a": {"M": {"b": {"L": [{"S": 1}]}}}}

    assert paths("dynamodb", "PutItem", {"TableName": "t", "Item": item}) == ["item.a.member.m.b.member.l.1.member.s"]


def test_an_operation_without_a_model_passes() -> None:
    """What botocore does not know is moto's affair."""
    assert paths("dynamodb", "Levitate", {"Height": 3}) == []


def test_a_set_of_values_that_grows_is_not_closed() -> None:
    """EC2 has instance types that no model of today lists."""
    assert paths("ec2", "RunInstances", {"MinCount": 1, "MaxCount": 1, "InstanceType": "z99.huge"}) == []


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "code"),
    [
        ("dynamodb", "DeleteTable", {"TableName": "t" * 1_025}, "ValidationException"),
        ("elbv2", "DeleteRule", {"RuleArn": "a\x00b"}, "ValidationError"),
        ("logs", "CreateLogGroup", {"logGroupName": ""}, "InvalidParameterException"),
        ("ecs", "CreateService", {"serviceName": "s", "launchType": "MOON"}, "InvalidParameterException"),
        ("ec2", "DeleteVpc", {}, "MissingParameter"),
        ("dynamodb", "DeleteTable", {"TableName": 3}, "SerializationException"),
    ],
)
def test_each_service_has_its_own_code(service: str, operation: str, parameters: dict[str, Any], code: str) -> None:
    """A client that looks for the code of an error finds the one that its service uses."""
    assert refusal(service, operation, parameters).code == code


def test_all_problems_are_told_at_once() -> None:
    """The sentence is Coral's: how many problems, and for each its value, its place and what it breaks."""
    told = refusal("dynamodb", "UpdateTimeToLive", {"TableName": "", "TimeToLiveSpecification": {"Enabled": True}})

    assert told.message == (
        "2 validation errors detected: "
        "Value '' at 'tableName' failed to satisfy constraint: Member must have length greater than or equal to 1; "
        "Value null at 'timeToLiveSpecification.attributeName' failed to satisfy constraint: Member must not be null"
    )
