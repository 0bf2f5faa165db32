"""How much containers have written to their log groups, which is what CloudWatch Logs charges for.

CloudWatch counts it, so that nobody has to read what was written: whoever writes much must not make a row dear.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from botocore.exceptions import BotoCoreError, ClientError

from seatrials.seams.application import AwsClient

# Source: Amazon CloudWatch Logs User Guide, "Monitoring usage with CloudWatch metrics".
_NAMESPACE, _METRIC, _DIMENSION = "AWS/Logs", "IncomingBytes", "LogGroupName"
_MINUTE = 60


def log_bytes(aws: Callable[[str], AwsClient], groups: Sequence[str], since: float, until: float) -> float | None:
    """Return the bytes that came into *groups* in the minutes between (epoch seconds), whoever wrote them.

    None when CloudWatch does not say, or not yet: a volume that nobody knows is not one of nothing.
    """
    try:
        counted = [each for group in groups for each in _minutes(aws("cloudwatch"), group, since, until)]
    except (BotoCoreError, ClientError):
        return None
    return sum(counted) if counted else None


def _minutes(cloudwatch: AwsClient, group: str, since: float, until: float) -> list[float]:
    answer = cloudwatch.get_metric_statistics(
        Namespace=_NAMESPACE,
        MetricName=_METRIC,
        Dimensions=[{"Name": _DIMENSION, "Value": group}],
        StartTime=datetime.fromtimestamp(since // _MINUTE * _MINUTE, UTC),
        EndTime=datetime.fromtimestamp(until // _MINUTE * _MINUTE + _MINUTE, UTC),
        # GetMetricStatistics gives 1,440 points at most, which is a day of minutes.
        Period=_MINUTE,
        Statistics=["Sum"],
    )
    return [float(each["Sum"]) for each in answer["Datapoints"]]
