"""A mock account to make networks in."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import boto3
import pytest
from moto import mock_aws

from tests.support.aws import Clients
from tests.support.network import REGION, Networks

_SESSION = boto3.Session("none", "none", region_name=REGION)


@cache
def _client(service: str) -> Any:  # noqa: ANN401  # a client of boto3, which takes long to make
    return _SESSION.client(service)


@pytest.fixture(scope="module")
def account() -> Iterator[Clients]:
    """Give a mock account; networks of different tests in it do not meet."""
    with mock_aws():
        yield _client


@pytest.fixture
def networks(account: Clients) -> Networks:
    """Give an account in which a test makes networks of its own."""
    return Networks(account)
