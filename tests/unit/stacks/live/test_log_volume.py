"""Tests of how much was written to logs, as CloudWatch counts it."""

from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from seatrials.stacks.live.log_volume import log_bytes
from tests.support.aws import Json

GROUPS = ("/ecs/edit", "/ecs/hermes")
BEGAN, ENDED = 1_700_000_070.0, 1_700_000_200.0


class FakeCloudWatch:
    """Counts of two minutes for one group, by minute."""

    def __init__(self, **sums: float) -> None:
        self.sums = sums
        self.asked: list[dict[str, Any]] = []

    def get_metric_statistics(self, **parameters: Json) -> dict[str, Any]:
        """Return what the group's minutes have."""
        self.asked.append(parameters)
        [dimension] = parameters["Dimensions"]
        if dimension["Value"] == "/ecs/refused":
            raise ClientError({"Error": {"Code": "AccessDenied"}}, "GetMetricStatistics")
        return {"Datapoints": [{"Sum": each} for name, each in self.sums.items() if dimension["Value"].endswith(name)]}


def test_bytes_are_those_that_came_into_the_groups() -> None:
    """Of the minutes of the row, each group's own: one call a group, however much was written."""
    cloudwatch = FakeCloudWatch(edit=70.0, hermes=5.0)

    assert log_bytes(lambda _service: cloudwatch, GROUPS, BEGAN, ENDED) == 75.0
    assert [(each["Namespace"], each["MetricName"], each["Period"]) for each in cloudwatch.asked] == [
        ("AWS/Logs", "IncomingBytes", 60)
    ] * 2
    assert cloudwatch.asked[0]["StartTime"] == datetime.fromtimestamp(BEGAN // 60 * 60, UTC)
    assert cloudwatch.asked[0]["EndTime"] == datetime.fromtimestamp(ENDED // 60 * 60 + 60, UTC)


def test_a_volume_that_aws_does_not_tell_is_unknown() -> None:
    """Refused, or not counted yet: not nothing."""
    assert log_bytes(lambda _service: FakeCloudWatch(edit=1.0), (GROUPS[0], "/ecs/refused"), BEGAN, ENDED) is None
    assert log_bytes(lambda _service: FakeCloudWatch(), GROUPS, BEGAN, ENDED) is None
