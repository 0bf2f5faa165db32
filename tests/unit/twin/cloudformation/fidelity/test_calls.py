"""What calls ask for and the twin leaves out is in the trace."""

import pytest

from seatrials.twin.cloudformation.fidelity import calls
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
        ("elbv2", "SetIpAddressType", {"IpAddressType": "dualstack"}, "IpAddressType: AWS has addresses of IPv6"),
        ("elbv2", "SetIpAddressType", {"IpAddressType": "ipv4"}, None),
        ("elbv2", "CreateLoadBalancer", {"Name": "a"}, "AWS sends requests to targets at once"),
        ("ec2", "CreateVpcEndpoint", {"PolicyDocument": "{}"}, "PolicyDocument: AWS "),
        ("ec2", "CreateVpcPeeringConnection", {"VpcId": "vpc-1"}, "AWS connects two VPCs"),
        ("ec2", "RunInstances", {"MinCount": 1}, "AWS acts on instances"),
        ("ec2", "CreateTags", {"Resources": ["vpc-1"]}, None),
        ("iam", "CreateUser", {"UserName": "anna"}, None),
        (
            "application-autoscaling",
            "PutScheduledAction",
            {"Schedule": "rate(1 day)"},
            "AWS scales at the times of a schedule",
        ),
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
