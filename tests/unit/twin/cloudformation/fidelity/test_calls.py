"""What calls ask for and the twin leaves out is in the trace."""

import pytest
from botocore.session import get_session  # type: ignore[import-untyped,unused-ignore]  # no types

from seatrials.twin.cloudformation.fidelity import calls
from seatrials.twin.cloudformation.fidelity.table import tables
from tests.support.aws import Document
from tests.support.twin import CLUSTER, EDIT, Twin

STRATEGY = [{"capacityProvider": "FARGATE_SPOT"}]
ULIMITS = [{"name": "core", "softLimit": 1, "hardLimit": 1}]
SLOW = [{"Key": "slow_start.duration_seconds", "Value": "30"}]


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "what"),
    [
        ("ecs", "UpdateService", {"enableExecuteCommand": True, "desiredCount": 2}, None),
        ("ecs", "UpdateService", {"serviceRegistries": [{"registryArn": "a"}]}, "ServiceRegistries: AWS registers"),
        ("ecs", "CreateService", {"capacityProviderStrategy": STRATEGY}, "CapacityProviderStrategy.CapacityProvider: "),
        ("ecs", "RegisterTaskDefinition", {"containerDefinitions": [{"ulimits": ULIMITS}]}, "ContainerDefinitions.Ul"),
        ("elbv2", "ModifyTargetGroupAttributes", {"Attributes": SLOW}, "TargetGroupAttributes.slow_start: AWS sends"),
        ("elbv2", "ModifyTargetGroupAttributes", {"Attributes": [{**SLOW[0], "Value": "0"}]}, None),
        ("elbv2", "DescribeRules", {"ListenerArn": "a"}, None),
        ("application-autoscaling", "PutScheduledAction", {"Schedule": "rate(1 day)"}, "ScheduledActions: AWS scales"),
    ],
)
def test_a_call_that_asks_in_vain_is_told(
    twin: Twin, service: str, operation: str, parameters: Document, what: str | None
) -> None:
    """The trace names the property and what AWS does, once however often it is asked for."""
    watch = calls.CallWatch(twin.world.trace)
    for _ in range(2):
        watch.look(service, operation, parameters)

    told = [str(details["what"])[: len(what or "")] for _, details in twin.happened("left_out", operation)]
    assert told == ([] if what is None else [what])


def test_a_world_watches_its_calls(twin: Twin) -> None:
    """A call of a scenario is looked at as it is made."""
    twin.world.bridge.client("scenario", "ecs").update_service(
        cluster=CLUSTER, service=EDIT, serviceRegistries=[{"registryArn": "arn:aws:servicediscovery:x"}]
    )

    assert len(twin.happened("left_out", "UpdateService")) == 1


def test_the_calls_are_aws_s_own() -> None:
    """Every call that is looked at exists, and its type has a table."""
    operations = {
        (service, operation)
        for service in {service for service, _ in calls._TYPES}  # noqa: SLF001  # the table itself
        for operation in get_session().get_service_model(service).operation_names
    }

    assert set(calls._TYPES) - operations == set()  # noqa: SLF001
    assert set(calls._TYPES.values()) - set(tables()) == set()  # noqa: SLF001
