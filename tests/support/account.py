"""An account of moto's, without the twin."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import boto3
from moto import mock_aws

from seatrials.seams.application import AwsClient
from tests.support.aws import Clients


@contextmanager
def mock_account(region: str = "us-west-2") -> Iterator[Clients]:
    """Give the clients of an empty account."""
    with mock_aws(config={"iam": {"load_aws_managed_policies": True}}):
        yield lambda service: _client(service, region)


@cache
def _client(service: str, region: str) -> AwsClient:
    """Return a client, which is slow to make, and holds nothing of an account."""
    return boto3.Session("none", "none", region_name=region).client(service)
