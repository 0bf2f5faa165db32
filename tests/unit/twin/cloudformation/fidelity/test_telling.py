"""What a template uses and the twin leaves out: told once for each property of each resource, or refused."""

import pytest

from seatrials.errors import TemplateError
from seatrials.twin.cloudformation.fidelity.telling import left_out_of, refuse_left_out
from seatrials.twin.cloudformation.template import parse_template
from tests.support.template_changes import Change

_REGION = "us-west-2"
_SHIPPED = {str(each) for each in left_out_of(Change("Vpc.Tags", []).template(), _REGION)}
_HERMES = "HermesTaskDefinition.ContainerDefinitions.0"
_PLACE = "HermesTaskDefinition (AWS::ECS::TaskDefinition).ContainerDefinitions.0"


# What acts on networks and roles is not there yet, so that the shipped template uses this much in vain.
_OF_NETWORKS_AND_ROLES = {
    *("AWS::EC2::Route", "AWS::EC2::RouteTable", "AWS::EC2::SubnetRouteTableAssociation", "AWS::EC2::VPC"),
    *("AWS::EC2::VPCGatewayAttachment", "AWS::EFS::AccessPoint", "AWS::EFS::MountTarget", "AWS::IAM::Role"),
}
_PLACES = ("AssignPublicIp", "AuthorizationConfig.IAM", "ExecutionRoleArn", "TaskRoleArn")


def told(path: str, value: object) -> list[str]:
    """Return what is told of the shipped template with one change, beside what is told of it without."""
    found = [str(each) for each in left_out_of(Change(path, value).template(), _REGION)]
    return [each for each in found if each not in _SHIPPED]


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        (
            f"{_HERMES}.Ulimits",
            [{"Name": "nofile", "SoftLimit": 1, "HardLimit": 2}, {"Name": "core", "SoftLimit": 1, "HardLimit": 2}],
            f"{_PLACE}.Ulimits: left out by the twin; AWS limits what the container's processes may use",
        ),
        (f"{_HERMES}.Command", ["node"], f"{_PLACE}.Command: left out by the twin; AWS runs it in place of"),
        (
            "HermesTargetGroup.TargetGroupAttributes.1",
            {"Key": "slow_start.duration_seconds", "Value": "30"},
            "HermesTargetGroup (AWS::ElasticLoadBalancingV2::TargetGroup).TargetGroupAttributes.slow_start: left out",
        ),
        (
            f"{_HERMES}.HealthCheck",
            {"Command": ["CMD-SHELL", "node check.js"]},
            f"{_PLACE}.HealthCheck.Command: left out by the twin; AWS runs the command in the container",
        ),
        (
            "EditService.CapacityProviderStrategy",
            [{"CapacityProvider": "FARGATE_SPOT"}],
            "EditService (AWS::ECS::Service).CapacityProviderStrategy.0.CapacityProvider: left out by the twin",
        ),
        (
            "SessionsHighAlarm.OKActions",
            ["arn:aws:sns:us-west-2:123456789012:ops"],
            "SessionsHighAlarm (AWS::CloudWatch::Alarm).OKActions: left out by the twin; AWS tells whom this names",
        ),
    ],
)
def test_what_is_left_out_is_told_once(path: str, value: object, says: str) -> None:
    """The resource, the property as the deployer names it, and what AWS would do."""
    [line] = told(path, value)

    assert line.startswith(says)


def test_the_shipped_template_uses_nothing_that_is_left_out() -> None:
    """Whoever runs the platform as it is shipped has nothing to be told."""
    found = left_out_of(Change("Vpc.Tags", []).template(), _REGION)
    others = [each for each in found if each.type not in _OF_NETWORKS_AND_ROLES]

    assert [str(each) for each in others if not each.place.endswith(_PLACES)] == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (f"{_HERMES}.Privileged", False),
        (f"{_HERMES}.HealthCheck", {"Command": ["CMD-SHELL", "curl -f http://localhost:3000/health || exit 1"]}),
        (f"{_HERMES}.StopTimeout", 20),
        ("HermesTargetGroup.TargetGroupAttributes.1", {"Key": "slow_start.duration_seconds", "Value": "0"}),
        ("EditService.AvailabilityZoneRebalancing", "DISABLED"),
        ("EditService.Tags", [{"Key": "team", "Value": "sea"}]),
        ("SessionsHighAlarm.OKActions", [{"Ref": "ScaleInPolicy"}]),
        ("LoadBalancer.LoadBalancerAttributes.1", {"Key": "access_logs.s3.enabled", "Value": "false"}),
    ],
)
def test_what_acts_or_asks_for_nothing_is_not_told(path: str, value: object) -> None:
    """Nobody is told of a property that acts, that is only described, or that is switched off."""
    assert told(path, value) == []


def test_a_resource_that_a_condition_leaves_out_is_not_told() -> None:
    """What is not made uses nothing."""
    change = Change("Conditions.Never", {"Fn::Equals": ["a", "b"]}, also={"Resources.EditService.Condition": "Never"})
    also = {**(change.also or {}), "EditService.ServiceRegistries": [{"RegistryArn": "arn"}]}

    assert [
        each
        for each in left_out_of(Change(change.path, change.value, also=also).template(), _REGION)
        if each.logical_id == "EditService"
    ] == []


def test_who_is_strict_is_refused_with_all_of_it() -> None:
    """One message lists every property that is left out, and every resource."""
    template = parse_template(
        {
            "Resources": {
                "Cluster": {
                    "Type": "AWS::ECS::Cluster",
                    "Properties": {"ClusterSettings": [{"Name": "containerInsights", "Value": "enabled"}]},
                },
                "Made": {"Type": "AWS::Lambda::Function"},
                "Told": {"Type": "AWS::CDK::Metadata"},
            }
        }
    )
    says = "ClusterSettings: left out by the twin; AWS publishes the metrics of Container Insights"
    with pytest.raises(TemplateError) as refused:
        refuse_left_out(template, left_out_of(template, _REGION))

    assert str(refused.value).splitlines()[1:] == [
        "- Made (AWS::Lambda::Function): left out",
        f"- Cluster (AWS::ECS::Cluster).{says}",
    ]


def test_who_is_strict_gets_what_uses_nothing_that_is_left_out() -> None:
    """A template of what acts is not refused."""
    template = parse_template({"Resources": {"Cluster": {"Type": "AWS::ECS::Cluster"}}})

    refuse_left_out(template, left_out_of(template, _REGION))
