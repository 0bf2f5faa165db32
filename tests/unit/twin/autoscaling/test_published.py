"""Tests of the metrics that AWS publishes of services and load balancers."""

from datetime import UTC, datetime, timedelta

import pytest

from seatrials.twin.autoscaling.published import CPU_PERCENT, MEMORY_PERCENT
from seatrials.twin.balancer.visit import AccessLogEntry
from seatrials.twin.control_plane import EPOCH_SECONDS
from tests.support.twin import CLUSTER, EDIT, Twin

SERVICE = {"ClusterName": CLUSTER, "ServiceName": EDIT}


def newest(twin: Twin, namespace: str, name: str, statistic: str, dimensions: dict[str, str]) -> float | None:
    """Return a statistic of the last minute."""
    now = datetime.fromtimestamp(EPOCH_SECONDS + twin.now, UTC)
    points = twin.world.aws("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=name,
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        StartTime=now - timedelta(seconds=60),
        EndTime=now + timedelta(seconds=1),
        Period=60,
        Statistics=[statistic],
    )["Datapoints"]
    return float(points[-1][statistic]) if points else None


def at_the_next_minute(twin: Twin) -> None:
    """Let time pass until just after the next minute, when AWS publishes."""
    twin.sleep(60 - twin.now % 60 + 0.5)


@pytest.mark.parametrize("dimensions", [SERVICE, {"ClusterName": CLUSTER}])
def test_a_service_has_utilizations(twin: Twin, dimensions: dict[str, str]) -> None:
    """CPUUtilization and MemoryUtilization are there by service and by cluster, a sample of each task (ECS guide)."""
    twin.scale(2)
    at_the_next_minute(twin)

    assert newest(twin, "AWS/ECS", "CPUUtilization", "Average", dimensions) == CPU_PERCENT
    assert newest(twin, "AWS/ECS", "MemoryUtilization", "Average", dimensions) == MEMORY_PERCENT
    assert newest(twin, "AWS/ECS", "CPUUtilization", "SampleCount", dimensions) == 2


def test_a_service_without_tasks_has_no_data(twin: Twin) -> None:
    """There is nothing to measure (same guide)."""
    at_the_next_minute(twin)

    assert newest(twin, "AWS/ECS", "CPUUtilization", "Average", SERVICE) is None


def test_a_target_group_has_host_counts(twin: Twin) -> None:
    """HealthyHostCount and UnHealthyHostCount are there by balancer and group (ALB guide, CloudWatch metrics)."""
    runs = twin.scale(2)
    twin.containers.sick.append(runs[0].address)
    twin.sleep(120)
    at_the_next_minute(twin)
    [dimensions] = [each for each in groups(twin) if "edit-api" in each["TargetGroup"]]
    counts = [
        newest(twin, "AWS/ApplicationELB", name, "Maximum", dimensions)
        for name in ("HealthyHostCount", "UnHealthyHostCount")
    ]

    assert sum(count or 0 for count in counts) >= 1
    assert counts[1] is not None


def groups(twin: Twin) -> list[dict[str, str]]:
    """Return the dimensions of each target group that is published."""
    metrics = twin.world.aws("cloudwatch").list_metrics(Namespace="AWS/ApplicationELB", MetricName="HealthyHostCount")
    return [{each["Name"]: each["Value"] for each in metric["Dimensions"]} for metric in metrics["Metrics"]]


def test_requests_are_counted_by_whose_answer_they_got(twin: Twin) -> None:
    """RequestCount counts what a target was chosen for; codes are the target's, or the balancer's own (same guide)."""
    twin.scale(2)
    [balancer] = twin.world.balancers
    log = {"time": 0.0, "listener_port": 443, "client": "c", "target_group": "webordinary-edit-api"}
    for status, target in ((200, "t"), (200, "t"), (404, "t"), (502, "t"), (503, "")):
        balancer.access_log.append(AccessLogEntry(status=status, target_ip=target, **log))  # type: ignore[arg-type]
    at_the_next_minute(twin)
    own = {"LoadBalancer": balancer.load_balancer_arn.partition(":loadbalancer/")[2]}
    [group] = [each for each in groups(twin) if "edit-api" in each["TargetGroup"]]
    codes = ("Target_2XX", "Target_4XX", "ELB_5XX", "Target_5XX")
    found = [newest(twin, "AWS/ApplicationELB", f"HTTPCode_{code}_Count", "Sum", own) for code in codes]

    assert found == [2, 1, 2, None]
    assert newest(twin, "AWS/ApplicationELB", "RequestCount", "Sum", own) == 4
    assert newest(twin, "AWS/ApplicationELB", "RequestCountPerTarget", "Sum", group) == 2
