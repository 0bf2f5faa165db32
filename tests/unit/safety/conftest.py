"""What the safety of a run is tested on: moto's control plane in this process, and time that only moves on request."""

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from seatrials.clock import Clock
from seatrials.safety.store import Store
from seatrials.twin.clock import VirtualClock

REGION = "us-west-2"


@pytest.fixture
def clock() -> Iterator[Clock]:
    """Return a virtual clock."""
    with VirtualClock(1_700_000_000).closing() as clock:
        yield clock


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Any]]:
    """Return what makes clients of an AWS that is moto's, in this process."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield lambda service: boto3.client(service, region_name=REGION)


@pytest.fixture
def store(aws: Callable[[str], Any]) -> Store:
    """Return the items of runs in a session table with nothing in it."""
    dynamodb = aws("dynamodb")
    dynamodb.create_table(
        TableName="sessions",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[
            {"AttributeName": "sessionId", "KeyType": "HASH"},
            {"AttributeName": "userId", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "sessionId", "AttributeType": "S"},
            {"AttributeName": "userId", "AttributeType": "S"},
        ],
    )
    return Store(dynamodb, "sessions")
