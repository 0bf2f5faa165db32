"""Tests of code that takes a run's credentials, or none: what it did is named at the run's end, or in the evidence."""

import urllib.request

import httpx
import pytest

from seatrials.platform import contract
from seatrials.seams.application import AwsClient
from seatrials.seams.network import SystemNetwork, TlsConnection
from tests.support.aws import Json
from tests.support.danger import CLUSTER, EDIT, HERMES, ITEM, OWN, STRANGER, TABLE, Call, Danger, end_of, put_alarm

ACTIVATE, OTHERS = contract.ACTIVATE_PATH, f"{contract.SESSIONS_PATH}/{STRANGER}"
ACME = b'{"clientId": "acme"}'

# With the run's own credentials, stolen: what the end of the run must say of each.
AROUND: dict[str, tuple[Call, str]] = {
    "a task definition": (
        lambda d: d.stolen("ecs").register_task_definition(
            family=HERMES, containerDefinitions=[{"name": "app", "image": "evil", "memory": 512}]
        ),
        f"newest task definition of {HERMES} has arn",
    ),
    "more of Hermes": (
        lambda d: d.stolen("ecs").update_service(cluster=CLUSTER, service=HERMES, desiredCount=2),
        f"service {HERMES} has desiredCount 2, and had 0",
    ),
    "more of the editor than there may be": (
        lambda d: d.stolen("ecs").update_service(cluster=CLUSTER, service=EDIT, desiredCount=50),
        f"service {EDIT} has desiredCount 50",
    ),
    "a service": (
        lambda d: d.stolen("ecs").create_service(cluster=CLUSTER, serviceName="evil", taskDefinition=EDIT),
        "service evil is new",
    ),
    "capacity": (
        lambda d: d.stolen("application-autoscaling").register_scalable_target(
            ServiceNamespace="ecs",
            ResourceId=f"service/{CLUSTER}/{EDIT}",
            ScalableDimension="ecs:service:DesiredCount",
            MinCapacity=0,
            MaxCapacity=9,
        ),
        "has MaxCapacity 9, and had 3",
    ),
    "an alarm": (
        lambda d: put_alarm(d.stolen("cloudwatch"), threshold=7),
        "alarm edit-out has Threshold 7.0, and had 1.0",
    ),
    "a false alarm": (
        lambda d: _set_state(d, "ALARM", "for fun"),
        "alarm edit-out was set to ALARM by a call at ",
    ),
    "a false alarm with data of its own": (
        lambda d: _set_state(d, "OK", "all is well", StateReasonData='{"version": "1.0", "recentDatapoints": [0.0]}'),
        ": all is well",
    ),
    "a false alarm that is no more": (
        lambda d: _set_state_for_a_moment(d, "INSUFFICIENT_DATA"),
        "alarm edit-out was set to INSUFFICIENT_DATA by a call at ",
    ),
    "a health check": (
        lambda d: d.stolen("elbv2").modify_target_group(TargetGroupArn=d.arns["group"], HealthCheckPath="/x"),
        "has HealthCheckPath /x",
    ),
    "a target": (
        lambda d: d.stolen("elbv2").register_targets(TargetGroupArn=d.arns["group"], Targets=[{"Id": "10.0.0.9"}]),
        "target 10.0.0.9 is new in ",
    ),
    "a listener": (
        lambda d: d.stolen("elbv2").modify_listener(ListenerArn=d.arns["listener"], Port=81),
        "has Port 81, and had 80",
    ),
    "a rule": (
        lambda d: d.stolen("elbv2").create_rule(
            ListenerArn=d.arns["listener"],
            Priority=200,
            Conditions=[{"Field": "path-pattern", "Values": ["/evil/*"]}],
            Actions=[{"Type": "forward", "TargetGroupArn": d.arns["group"]}],
        ),
        "is new, and names no session",
    ),
    "a rule of a session": (
        lambda d: d.stolen("elbv2").delete_rule(RuleArn=d.arns["session_rule"]),
        f"the rules of session {STRANGER} are gone",
    ),
    "a rule of all": (lambda d: d.stolen("elbv2").delete_rule(RuleArn=d.arns["rule"]), "is gone"),
    "an access point": (
        lambda d: d.stolen("efs").delete_access_point(AccessPointId=d.arns["point"]),
        " of acme is gone",
    ),
    "an access point for nobody": (
        lambda d: d.stolen("efs").create_access_point(ClientToken="y", FileSystemId=d.arns["system"]),
        "is new, and no session is of that client",
    ),
    "logs": (lambda d: d.stolen("logs").delete_log_group(logGroupName="/ecs/edit"), "log group /ecs/edit is gone"),
    "logs kept for a day": (
        lambda d: d.stolen("logs").put_retention_policy(logGroupName="/ecs/hermes", retentionInDays=1),
        "log group /ecs/hermes has retentionInDays 1, and had None",
    ),
    "the time to live": (
        lambda d: d.stolen("dynamodb").update_time_to_live(
            TableName=TABLE, TimeToLiveSpecification={"Enabled": True, "AttributeName": "x"}
        ),
        f"table {TABLE} has ttl",
    ),
    "a session that is overwritten": (
        lambda d: d.stolen("dynamodb").put_item(
            TableName=TABLE, Item={**ITEM, "clientId": {"S": "evil"}, "ttl": {"N": "1"}}
        ),
        f"session {STRANGER} has clientId evil, and had acme",
    ),
    "an item that is none": (
        lambda d: d.stolen("dynamodb").put_item(
            TableName=TABLE,
            Item={**OWN, "clientId": {"S": "evil"}, "status": {"S": "active"}, "lastActivity": {"N": "1"}},
        ),
        "item session-new is new, and is no session as Hermes makes one",
    ),
    "a journal of nobody": (
        lambda d: d.stolen("dynamodb").put_item(
            TableName=TABLE, Item={"sessionId": {"S": "seatrials#journal"}, "userId": {"S": "x"}}
        ),
        "item seatrials#journal x is new",
    ),
    # Last, for the run's own clients have no handlers any more then.
    "handlers taken off a client": (
        lambda d: _unguarded(d.aws("elbv2")).set_ip_address_type(
            LoadBalancerArn=d.arns["balancer"], IpAddressType="dualstack"
        ),
        "has IpAddressType dualstack, and had ipv4",
    ),
}


def _set_state(danger: Danger, state: str, reason: str, **data: str) -> None:
    """Give the alarm that scales the editor out a state."""
    given = {"AlarmName": "edit-out", "StateValue": state, "StateReason": reason, **data}
    danger.stolen("cloudwatch").set_alarm_state(**given)


def _set_state_for_a_moment(danger: Danger, state: str) -> None:
    """Give it a state, until CloudWatch itself finds another one, as it does within a minute."""
    _set_state(danger, state, "for a moment")
    data = '{"version": "1.0", "queryDate": "2026-11-27T00:00:00.000+0000", "recentDatapoints": [0.0]}'
    _set_state(danger, "OK", "Threshold Crossed: no datapoint was above the threshold (1.0).", StateReasonData=data)


def _unguarded(client: AwsClient) -> AwsClient:
    """Take the guard off a client, as nobody does by mistake."""
    events = client.meta.events
    for event in ("before-parameter-build", "before-send"):
        for told in events._emitter._lookup_cache.get(event, []) or list(_handlers(events, event)):  # noqa: SLF001  # so
            events.unregister(event, told)
    return client


def _handlers(events: Json, event: str) -> list[Json]:
    return [each for each in events._emitter._handlers.prefix_search(event) if "seatrials" in str(each)]  # noqa: SLF001  # so


def test_what_goes_around_the_guard_is_named_at_the_end(danger: Danger) -> None:
    """Nothing stops code that takes the run's credentials by force, and each thing that it changed is named."""
    for name, (call, _) in AROUND.items():
        danger.effects.clear()
        call(danger)
        assert danger.effects, f"{name} was not sent"
    told = end_of(danger)

    assert {name: expected for name, (_, expected) in AROUND.items() if expected not in told} == {}
    left = danger.stacks.leftovers()
    assert left is not None
    assert all(each.startswith("unexplained: ") for each in left)


def _own_post(path: str, **given: Json) -> Call:
    def post(danger: Danger) -> None:
        trust = danger.stacks._access.trust  # noqa: SLF001  # as anybody can
        with httpx.Client(base_url=danger.small.url, verify=trust) as client:
            assert client.post(path, **given).is_success

    return post


def _by_a_socket(danger: Danger) -> None:
    """Speak to the load balancer on a socket of one's own."""
    url = httpx.URL(danger.small.url)
    plain = SystemNetwork().connect(url.host, url.port or 443, 5)
    trust = danger.stacks._access.trust  # noqa: SLF001  # as anybody can
    tls = TlsConnection(plain, trust, server_side=False, server_hostname=url.host, timeout_seconds=5)
    tls.send(f"POST {ACTIVATE} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(ACME)}\r\n\r\n".encode() + ACME)
    assert b" 201 " in tls.receive(65_536, 10)
    tls.close()


def _by_urllib(danger: Danger) -> None:
    """Speak to the load balancer with the standard library."""
    request = urllib.request.Request(f"{danger.small.url}{OTHERS}/deactivate", data=b"{}", method="POST")  # noqa: S310  # our own
    trust = danger.stacks._access.trust  # noqa: SLF001  # as anybody can
    with urllib.request.urlopen(request, context=trust) as answer:  # noqa: S310  # the same
        assert answer.status == 202


@pytest.mark.parametrize(
    ("call", "told"),
    [
        pytest.param(_own_post(f"{OTHERS}/deactivate"), "changed in", id="client"),
        pytest.param(_by_urllib, "changed in", id="urllib"),
        pytest.param(_own_post(ACTIVATE, content=ACME), "session-1", id="activation"),
        pytest.param(_by_a_socket, "session-1", id="socket"),
        pytest.param(
            lambda d: d.stolen("cloudwatch").delete_dashboards(DashboardNames=["webordinary-runs"]),
            "dashboard webordinary-runs is gone",
            id="dashboard",
        ),
    ],
)
def test_what_others_may_have_done_is_in_the_evidence(danger: Danger, call: Call, told: str) -> None:
    """What Hermes was asked behind the guard's back changes a session as its own user might, and is told like that."""
    call(danger)
    ended = end_of(danger)
    compared = (danger.stacks._folder.path / "comparison.json").read_text()  # noqa: SLF001  # where it is

    assert told in ended + compared
