"""Each client has an access point of its own on the file system, and one only."""

from botocore.exceptions import ClientError

from tests.support.hermes import HermesWorld, Hooks


def roots(world: HermesWorld) -> list[str]:
    """Return the roots of all access points, in the order in which they were made."""
    return list(world.efs.roots.values())


def test_a_session_finds_its_clients_access_point(world: HermesWorld) -> None:
    """It is rooted at the client's directory, and is there when the session is active."""
    world.ecs.run(1)
    world.start_hermes()
    session_id = world.activate().document["sessionId"]
    world.clock.sleep(20)

    assert (world.status(session_id), roots(world)) == ("active", ["/workspace/acme"])


def test_sessions_of_one_client_share_an_access_point(world: HermesWorld) -> None:
    """Another client has another one."""
    world.ecs.run(1)
    world.start_hermes()
    world.activate(1)
    world.activate(2)
    world.activate(3, clientId="globex")
    world.clock.sleep(20)

    assert sorted(roots(world)) == ["/workspace/acme", "/workspace/globex"]


def test_another_hermes_takes_the_access_point_that_is_there(world: HermesWorld) -> None:
    """EFS tells it that there is one already, and the session becomes active."""
    world.ecs.run(1)
    world.start_hermes()
    world.activate(1)
    world.clock.sleep(20)
    world.start_hermes()
    session_id = world.activate(2).document["sessionId"]
    world.clock.sleep(20)

    assert (world.status(session_id), roots(world)) == ("active", ["/workspace/acme"])


def test_an_access_point_that_cannot_be_made_now_is_made_later(world: HermesWorld, hooks: Hooks) -> None:
    """The session waits for it: a container must not open a workspace that the client has not."""

    def throttle(operation: str) -> None:
        if operation == "CreateAccessPoint" and world.clock.now() < throttled_until:
            raise ClientError({"Error": {"Code": "ThrottlingException", "Message": "slow down"}}, operation)

    throttled_until = world.clock.now() + 2
    hooks.before = throttle
    world.ecs.run(1)
    world.start_hermes()
    session_id = world.activate().document["sessionId"]
    world.clock.sleep(1.9)
    early = roots(world)
    world.clock.sleep(30)

    assert early == []
    assert world.status(session_id) == "active"
    assert roots(world) == ["/workspace/acme"]
