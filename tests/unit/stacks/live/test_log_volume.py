"""Tests of how much was written to logs, against log groups of moto."""

import boto3
import pytest
from moto import mock_aws

from seatrials.seams.clock import SystemClock
from seatrials.stacks.live.log_volume import log_bytes

GROUP, OTHER = "/ecs/edit", "/ecs/hermes"
# CloudWatch Logs takes no event that is older than two weeks.
NOW = int(SystemClock().now())


@pytest.fixture(name="logs")
def _logs(monkeypatch: pytest.MonkeyPatch) -> object:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        client = boto3.client("logs", region_name="us-west-2")
        for group in (GROUP, OTHER):
            client.create_log_group(logGroupName=group)
            client.create_log_stream(logGroupName=group, logStreamName="s")
        events = [
            {"timestamp": (NOW - 60) * 1000, "message": "from before"},
            {"timestamp": NOW * 1000, "message": "ünïcode"},
            {"timestamp": (NOW + 1) * 1000, "message": "plain"},
        ]
        client.put_log_events(logGroupName=GROUP, logStreamName="s", logEvents=events)
        yield client


def test_bytes_are_those_that_are_charged(logs: object) -> None:
    """Each event since then counts with its UTF-8 and 26 bytes more (CloudWatch pricing)."""
    assert log_bytes(lambda _service: logs, (GROUP, OTHER), NOW) == (9 + 26) + (5 + 26)


def test_a_volume_that_aws_does_not_tell_is_unknown(logs: object) -> None:
    """A group that cannot be read makes the volume unknown, not nothing."""
    assert log_bytes(lambda _service: logs, (GROUP, "/ecs/nothing"), NOW) is None
