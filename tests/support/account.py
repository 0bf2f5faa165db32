"""An account of moto's, without the twin."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import boto3
import pytest
from moto import mock_aws
from moto.iam.models import iam_backends

from seatrials.seams.application import AwsClient
from seatrials.twin.moto_bridge.roles import TwinIam
from tests.support.aws import Clients


@contextmanager
def mock_account(region: str = "us-west-2") -> Iterator[Clients]:
    """Give the clients of an empty account, in which AWS's own policies are there once a role is given them.

    To make all thousand of them takes longer than most tests.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(iam_backends, "backend", TwinIam)
        # Those that were asked for before have the class of before.
        iam_backends.clear()
        with mock_aws():
            yield lambda service: _client(service, region)
    iam_backends.clear()


@cache
def _client(service: str, region: str) -> AwsClient:
    """Return a client, which is slow to make, and holds nothing of an account."""
    return boto3.Session("none", "none", region_name=region).client(service)
