"""A Hermes in a small world: moto holds table, balancer and metrics; ECS and the edit containers are fakes."""

from collections.abc import Iterator

import boto3
import pytest
from botocore.config import Config
from moto import mock_aws

from seatrials.seams.application import AwsClient
from seatrials.twin.physics.clock import VirtualClock
from tests.support.hermes import START_SECONDS, HermesWorld, Hooks


@pytest.fixture(scope="session")
def shared_dynamodb() -> tuple[AwsClient, Hooks]:
    """Return the client that all tests share, for making one takes longer than a test."""
    hooks = Hooks()
    config = Config(region_name="us-west-2", retries={"total_max_attempts": 1, "mode": "standard"})
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="us-west-2")  # noqa: S106
    client = session.client("dynamodb", config=config)
    client.meta.events.register("before-call", hooks.before_call)
    return client, hooks


@pytest.fixture
def hooks(shared_dynamodb: tuple[AwsClient, Hooks]) -> Iterator[Hooks]:
    """Return the hooks of the AWS calls, as new."""
    hooks = shared_dynamodb[1]
    yield hooks
    hooks.before = lambda _: None


@pytest.fixture
def world(shared_dynamodb: tuple[AwsClient, Hooks], hooks: Hooks) -> Iterator[HermesWorld]:
    """Return a world whose actors end with the test."""
    clock = VirtualClock(START_SECONDS)
    with mock_aws(config={"core": {"reset_boto3_session": False}}):
        world = HermesWorld(clock, shared_dynamodb[0], hooks)
        with clock.closing():
            yield world
        hooks.before = lambda _: None
        world.network.close()


@pytest.fixture
def running(world: HermesWorld) -> HermesWorld:
    """Return the world with a Hermes and one task in it."""
    world.start_hermes()
    world.ecs.run(1)
    return world
