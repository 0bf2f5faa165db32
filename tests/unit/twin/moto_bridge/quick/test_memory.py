"""Tests of answers that are kept: whatever changes them makes them forgotten."""

import pytest
from botocore.client import BaseClient

from tests.support.twin import Twin

RESOURCE = "service/webordinary-edit-cluster/webordinary-edit-service"


def test_a_policy_changes_the_alarms_of_another_service(twin: Twin) -> None:
    """DescribeAlarms shows the alarms that PutScalingPolicy has made, and not those that went with a policy."""
    cloudwatch, autoscaling = twin.world.aws("cloudwatch"), twin.world.aws("application-autoscaling")
    target = {"ServiceNamespace": "ecs", "ResourceId": RESOURCE, "ScalableDimension": "ecs:service:DesiredCount"}
    metric = {"PredefinedMetricType": "ECSServiceAverageMemoryUtilization"}

    def alarms() -> int:
        return len(cloudwatch.describe_alarms()["MetricAlarms"])

    before = alarms()
    autoscaling.put_scaling_policy(
        PolicyName="memory",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={"TargetValue": 40, "PredefinedMetricSpecification": metric},
        **target,
    )
    between = alarms()
    autoscaling.delete_scaling_policy(PolicyName="memory", **target)

    assert (between - before, alarms() - before) == (2, 0)


def test_a_mount_target_changes_the_interfaces_of_another_service(twin: Twin) -> None:
    """DescribeNetworkInterfaces does not show the interface of a mount target that is gone."""
    ec2, efs = twin.world.aws("ec2"), twin.world.aws("efs")
    [system] = efs.describe_file_systems()["FileSystems"]
    mounted = efs.describe_mount_targets(FileSystemId=system["FileSystemId"])["MountTargets"][0]

    def interfaces() -> list[str]:
        return [each["NetworkInterfaceId"] for each in ec2.describe_network_interfaces()["NetworkInterfaces"]]

    before = interfaces()
    efs.delete_mount_target(MountTargetId=mounted["MountTargetId"])

    assert mounted["NetworkInterfaceId"] in before
    assert mounted["NetworkInterfaceId"] not in interfaces()


def test_no_message_is_written_to_moto_for_a_task(twin: Twin, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a task's start reads was read as the world began, or has a short way: each message costs milliseconds."""
    written = []

    def write(_client: object, operation: str, _parameters: object) -> None:
        written.append(operation)

    monkeypatch.setattr(BaseClient, "_make_api_call", write)
    twin.scale(1)

    assert written == []
