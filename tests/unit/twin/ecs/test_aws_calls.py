"""Calls of containers to AWS go over the network of their task."""

import pytest
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError

from tests.support.twin import Twin

KEY = {"sessionId": {"S": "session-1"}, "userId": {"S": "anna@example.com"}}
CHANGE = {"UpdateExpression": "SET note = :note", "ExpressionAttributeValues": {":note": {"S": "here"}}}


def close(twin: Twin) -> None:
    """Let the tasks' group send nothing."""
    group = twin.world.stack.physical_ids["TaskSecurityGroup"]
    ec2 = twin.world.aws("ec2")
    [described] = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
    ec2.revoke_security_group_egress(GroupId=group, IpPermissions=described["IpPermissionsEgress"])


def call(twin: Twin) -> tuple[float, Exception | None]:
    """Let the container write an item, as its role lets it; return how long that took, and what it raised."""
    context, seen = twin.containers.contexts[-1], []
    [container] = twin.world.runtime.containers[twin.runs()[-1].record.id]

    def work() -> None:
        began = twin.now
        try:
            context.aws("dynamodb").update_item(TableName="webordinary-edit-sessions", Key=KEY, **CHANGE)
        except (ConnectTimeoutError, EndpointConnectionError) as error:
            seen.append((twin.now - began, error))
        else:
            seen.append((twin.now - began, None))

    twin.world.clock.spawn_in(container.process, work, "a call")
    twin.until(lambda: seen)
    return seen[0]


def test_a_call_that_gets_nowhere_times_out(twin: Twin) -> None:
    """A client gives up after botocore's 60 s (botocore.config.Config, connect_timeout), and is no call of AWS's."""
    twin.scale(1)
    before, none = call(twin)
    close(twin)
    calls = len(twin.happened("aws_call", "edit"))
    after, error = call(twin)

    assert none is None
    assert before == pytest.approx(0.01)
    assert after == pytest.approx(60)
    assert isinstance(error, ConnectTimeoutError)
    assert len(twin.happened("aws_call", "edit")) == calls


def test_a_name_that_is_not_resolved_is_an_error_at_once(twin: Twin) -> None:
    """Without EnableDnsSupport there is no endpoint to connect to (VPC User Guide, "DNS attributes for your VPC")."""
    twin.scale(1)
    vpc = twin.world.stack.physical_ids["Vpc"]
    twin.world.aws("ec2").modify_vpc_attribute(VpcId=vpc, EnableDnsSupport={"Value": False})
    taken, error = call(twin)

    assert taken == 0
    assert isinstance(error, EndpointConnectionError)


def test_calls_of_others_are_nobodys_network(twin: Twin) -> None:
    """A scenario's own client is no container, and reaches AWS whatever groups say."""
    twin.scale(1)
    close(twin)

    assert twin.world.bridge.client("scenario", "dynamodb").list_tables()["TableNames"]
