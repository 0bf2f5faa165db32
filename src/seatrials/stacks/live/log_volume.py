"""How much containers have written to their log groups, which is what CloudWatch Logs charges for."""

from collections.abc import Callable, Sequence

from botocore.exceptions import BotoCoreError, ClientError

from seatrials.seams.application import AwsClient

# Counted with each event. Source: Amazon CloudWatch pricing, "Logs".
_EVENT_BYTES = 26


def log_bytes(aws: Callable[[str], AwsClient], groups: Sequence[str], since: float) -> float | None:
    """Return the bytes of all events of *groups* since then (epoch seconds), whoever wrote them.

    None when AWS does not say, for a volume that nobody knows is not one of nothing.
    """
    try:
        return float(sum(_bytes_of(aws("logs"), group, since) for group in groups))
    except (BotoCoreError, ClientError):
        return None


def _bytes_of(logs: AwsClient, group: str, since: float) -> int:
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group, startTime=int(since * 1000))
    return sum(len(event["message"].encode()) + _EVENT_BYTES for page in pages for event in page["events"])
