"""The parameters of a call are taken as moto parses them, and refused as botocore refuses them."""

from datetime import datetime, timedelta, timezone
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from botocore.exceptions import ParamValidationError
from botocore.validate import ParamValidator
from moto.core.utils import get_service_model

from seatrials.twin.moto_bridge.quick.parameters import taken
from tests.support.aws import Json
from tests.support.generated_calls import Calls

KEY = {"sessionId": {"S": "s-1"}}
NESTED = {"L": [{"M": {"deep": {"L": [{"BOOL": True}, {"N": "1"}]}}}, {"NULL": True}, {"SS": ["a"]}]}
PUT = {"TableName": "t", "Item": {**KEY, "nested": NESTED}}
RULE = {
    "ListenerArn": "arn",
    "Priority": 7,
    "Conditions": [{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/a/*"]}}],
    "Actions": [{"Type": "forward", "TargetGroupArn": "arn"}],
}
METRIC = {"Namespace": "N", "MetricData": [{"MetricName": "M", "Value": 1}]}
GOOD = [("dynamodb", "PutItem", PUT), ("elbv2", "CreateRule", RULE), ("cloudwatch", "PutMetricData", METRIC)]
# Each with one thing in it that is not as botocore's model says.
BAD = [
    ("dynamodb", "PutItem", {"TableName": "t"}),
    ("dynamodb", "PutItem", {**PUT, "TableName": ""}),
    ("dynamodb", "PutItem", {**PUT, "TableName": None}),
    ("dynamodb", "PutItem", {**PUT, "Item": [KEY]}),
    ("dynamodb", "PutItem", {**PUT, "Item": {"a": {"S": 1}}}),
    ("dynamodb", "PutItem", {**PUT, "Item": {"a": {"X": "1"}}}),
    ("dynamodb", "PutItem", {**PUT, "Item": {1: {"S": "1"}}}),
    ("dynamodb", "PutItem", {**PUT, "Item": {"a": {"L": [{"M": {"deep": {"BOOL": "yes"}}}]}}}),
    ("dynamodb", "PutItem", {**PUT, "Nonsense": 1}),
    ("elbv2", "CreateRule", {**RULE, "Priority": 0}),
    ("elbv2", "CreateRule", {**RULE, "Priority": "7"}),
    ("elbv2", "CreateRule", {**RULE, "Actions": [{"TargetGroupArn": "arn"}]}),
    ("elbv2", "CreateRule", {**RULE, "Actions": "forward"}),
    ("cloudwatch", "PutMetricData", {**METRIC, "MetricData": [{"MetricName": "M", "Value": "1"}]}),
    ("cloudwatch", "PutMetricData", {**METRIC, "MetricData": [{"MetricName": "M", "Timestamp": "yesterday"}]}),
    ("ecs", "ListTasks", {"cluster": 5}),
]
# What goes from botocore to moto's methods at once.
SERVICES = ("application-autoscaling", "cloudwatch", "dynamodb", "ecs", "efs", "elbv2")
MOMENT = datetime(2026, 3, 2, 9, 0, tzinfo=timezone(timedelta(hours=2)))


@pytest.mark.parametrize(("service", "operation", "parameters"), GOOD)
def test_what_is_taken_is_a_copy(service: str, operation: str, parameters: dict[str, Any]) -> None:
    """Equal values come out, and nothing that is shared: moto keeps and changes what it is given."""
    result = taken(service, operation, parameters)

    assert result == parameters
    for value, copied in zip(containers(parameters), containers(result), strict=True):
        assert value is not copied


def containers(value: Json) -> list[Any]:
    """Return every dict and list within *value*, itself included."""
    if isinstance(value, dict):
        return [value, *(each for part in value.values() for each in containers(part))]
    if isinstance(value, list):
        return [value, *(each for part in value for each in containers(part))]
    return []


@pytest.mark.parametrize(("service", "operation", "parameters"), BAD)
def test_what_botocore_refuses_is_refused_in_its_words(
    service: str, operation: str, parameters: dict[str, Any]
) -> None:
    """The error is botocore's own, with its whole report."""
    shape = get_service_model(service).operation_model(operation).input_shape
    report = ParamValidator().validate(parameters, shape).generate_report()

    assert report
    with pytest.raises(ParamValidationError) as refused:
        taken(service, operation, parameters)
    assert report in str(refused.value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"Value": 1}, {"Value": 1.0}),
        ({"Value": Decimal("1.5")}, {"Value": 1.5}),
        ({"Timestamp": MOMENT}, {"Timestamp": datetime(2026, 3, 2, 7, 0)}),  # noqa: DTZ001  # as moto keeps times
        ({"Timestamp": MOMENT.isoformat()}, {"Timestamp": datetime(2026, 3, 2, 7, 0)}),  # noqa: DTZ001
        ({"Timestamp": MOMENT.timestamp()}, {"Timestamp": datetime(2026, 3, 2, 7, 0)}),  # noqa: DTZ001
        ({"Values": (1.0, 2.0)}, {"Values": [1.0, 2.0]}),
    ],
)
def test_values_are_as_moto_parses_them(value: dict[str, Any], expected: dict[str, Any]) -> None:
    """Numbers become floats and moments UTC without a zone, in whatever form botocore lets them be given."""
    sent = {"Namespace": "N", "MetricData": [{"MetricName": "M", **value}]}

    (datum,) = taken("cloudwatch", "PutMetricData", sent)["MetricData"]
    assert datum == {"MetricName": "M", **expected}
    assert [type(each) for each in datum.values()] == [str, *(type(each) for each in expected.values())]


@pytest.mark.parametrize("service", SERVICES)
def test_it_is_refused_if_and_only_if_botocore_refuses_it(service: str) -> None:
    """Parameters of every operation, valid and just invalid, and with a part of a type that nothing takes."""
    model = get_service_model(service)
    random = Random(f"parameters of {service}")
    calls = Calls(random, {})
    for operation in model.operation_names:
        shape = model.operation_model(operation).input_shape
        for _ in range(4):
            given = calls.parameters(shape)
            if given and random.random() < 1 / 4:
                given[random.choice(sorted(given))] = object()

            assert is_taken(service, operation, given) is not ParamValidator().validate(given, shape).has_errors()


def is_taken(service: str, operation: str, parameters: dict[str, Any]) -> bool:
    """Whether parameters are not refused in botocore's way."""
    try:
        taken(service, operation, parameters)
    except ParamValidationError:
        return False
    return True
