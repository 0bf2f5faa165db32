"""Tests of what a run may change: what it made itself, and a service that nobody else uses."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from seatrials.environments.file import load_environment
from seatrials.errors import RefusedWriteError
from seatrials.safety.permitted import Permitted
from seatrials.safety.reading import is_reading
from seatrials.safety.under_test import UnderTest
from tests.support.live_run import Begin, edit_desired, platform_of, set_edit_desired, update_edit
from tests.support.project import PROJECT
from tests.support.small_platform import SmallPlatform

PREFIX = "TEST_run-1_"
CLUSTER = "webordinary-edit-cluster"
EDIT = "webordinary-edit-service"
HERMES = "webordinary-hermes-service"
GROUP = "arn:group"


class TwoTasks(UnderTest):
    """A stack with two tasks of each service, and strangers."""

    def __init__(self, strangers: Sequence[str]) -> None:
        self._strangers = strangers

    def strangers(self, prefix: str) -> list[str]:
        """Return those that were given."""
        assert prefix == PREFIX
        return list(self._strangers)

    def desired_count(self, service: str) -> int:
        """Return two, of either service."""
        assert service in {EDIT, HERMES}
        return 2

    def family(self, service: str) -> str:
        """Return the service's name, which is what its family is called."""
        return service

    def has_task(self, task: str) -> bool:
        """Whether it is one of the two."""
        return task in {"task-1", "task-2"}

    def target_groups(self) -> set[str]:
        """Return the one group."""
        return {GROUP}

    def addresses(self) -> set[str]:
        """Return those of the tasks."""
        return {"10.0.0.1", "10.0.0.2"}


@pytest.fixture
def make_permitted() -> Callable[..., Permitted]:
    """Return what says what a run may change of a stack with two tasks, on which these strangers have sessions."""
    environment = load_environment("mock", PROJECT / "environments.toml", {})
    return lambda *strangers: Permitted(environment.names, PREFIX, TwoTasks(strangers))


@pytest.mark.parametrize(
    ("service", "operation", "expected"),
    [
        ("ecs", "DescribeServices", True),
        ("dynamodb", "Scan", False),
        ("sts", "AssumeRole", False),
        ("ecs", "UpdateService", False),
        ("dynamodb", "PutItem", False),
        ("secretsmanager", "ListSecrets", False),
        ("logs", "GetQueryResults", False),
    ],
)
def test_an_operation_that_reads_is_known(service: str, operation: str, expected: bool) -> None:  # noqa: FBT001  # the case
    """Whatever is not known to read changes something."""
    assert is_reading(service, operation) is expected


UPDATE = {"cluster": CLUSTER, "service": EDIT}
TARGETS = {"TargetGroupArn": GROUP, "Targets": [{"Id": "10.0.0.1", "Port": 8080}]}


@pytest.mark.parametrize(
    ("service", "operation", "given", "told"),
    [
        ("ecs", "UpdateService", {**UPDATE, "desiredCount": 500}, "has 0 to 3 tasks, and 500 were asked for"),
        ("ecs", "UpdateService", {**UPDATE, "desiredCount": -1}, "has 0 to 3 tasks"),
        ("ecs", "UpdateService", {**UPDATE, "service": HERMES, "desiredCount": 3}, "has 0 to 2 tasks"),
        ("ecs", "UpdateService", {**UPDATE, "service": HERMES, "taskDefinition": "evil:1"}, f"the family {HERMES}"),
        ("ecs", "UpdateService", {**UPDATE, "taskDefinition": f"arn:x/{EDIT}-2:1"}, f"the family {EDIT}"),
        ("ecs", "UpdateService", {**UPDATE, "networkConfiguration": {}}, "a run changes cluster, desiredCount"),
        ("ecs", "StopTask", {"cluster": CLUSTER, "task": "task-9"}, "task-9 is no task of"),
        ("elbv2", "RegisterTargets", {**TARGETS, "TargetGroupArn": "arn:theirs"}, "arn:theirs is no target group"),
        ("elbv2", "DeregisterTargets", {**TARGETS, "TargetGroupArn": "arn:theirs"}, "arn:theirs is no target group"),
        ("elbv2", "RegisterTargets", {**TARGETS, "Targets": [{"Id": "10.9.9.9"}]}, "10.9.9.9 is no address of a task"),
    ],
)
def test_what_is_not_under_test_is_refused(
    make_permitted: Callable[..., Permitted], service: str, operation: str, given: dict[str, Any], told: str
) -> None:
    """Groups, tasks, definitions and counts are those of the two services."""
    assert told in make_permitted().refusal(service, operation, given)


@pytest.mark.parametrize(
    ("service", "operation", "given"),
    [
        ("ecs", "UpdateService", {**UPDATE, "desiredCount": 3}),
        ("ecs", "UpdateService", {**UPDATE, "service": HERMES, "desiredCount": 0}),
        ("ecs", "UpdateService", {**UPDATE, "taskDefinition": f"arn:x/{EDIT}:7", "forceNewDeployment": True}),
        ("ecs", "StopTask", {"cluster": CLUSTER, "task": "task-1"}),
        ("elbv2", "RegisterTargets", TARGETS),
        ("elbv2", "DeregisterTargets", TARGETS),
    ],
)
def test_what_is_under_test_may_be_changed(
    make_permitted: Callable[..., Permitted], service: str, operation: str, given: dict[str, Any]
) -> None:
    """What scenarios do to the two services is permitted while nobody else is there, and refused while somebody is."""
    is_more_tasks = given.get("desiredCount") == 3  # which disturb nobody

    assert make_permitted().refusal(service, operation, given) == ""
    assert (make_permitted("session-9").refusal(service, operation, given) == "") is is_more_tasks


def test_a_target_that_was_taken_out_may_be_put_back(make_permitted: Callable[..., Permitted]) -> None:
    """Whatever became of its task meanwhile; into the same group alone."""
    permitted = make_permitted()
    gone = {"TargetGroupArn": GROUP, "Targets": [{"Id": "10.0.0.9"}]}
    before = permitted.refusal("elbv2", "RegisterTargets", gone)
    taken_out = permitted.refusal("elbv2", "DeregisterTargets", gone)

    assert before.startswith("10.0.0.9 is no address")
    assert (taken_out, permitted.refusal("elbv2", "RegisterTargets", gone)) == ("", "")


@pytest.mark.parametrize(("desired", "is_refused"), [(1, True), (2, False), (3, False)])
def test_more_tasks_disturb_nobody(
    make_permitted: Callable[..., Permitted],
    desired: int,
    is_refused: bool,  # noqa: FBT001  # the case
) -> None:
    """With strangers on it a service may be scaled up, or put back where it is, and not down."""
    scaling = {"cluster": CLUSTER, "service": EDIT, "desiredCount": desired}

    assert ("session-9" in make_permitted("session-9").refusal("ecs", "UpdateService", scaling)) is is_refused


def test_a_run_s_item_is_deleted_on_a_condition(make_permitted: Callable[..., Permitted]) -> None:
    """The item of an own session goes only if its session has ended, which the call itself must ask."""
    key = {"sessionId": {"S": "session-1"}, "userId": {"S": f"{PREFIX}COLD-01-user-1@example.com"}}
    call = {"TableName": "webordinary-edit-sessions", "Key": key}
    permitted = make_permitted()

    assert "on the condition" in permitted.refusal("dynamodb", "DeleteItem", call)
    assert permitted.refusal("dynamodb", "DeleteItem", {**call, "ConditionExpression": "#status = :expired"}) == ""


def test_what_a_sweep_has_found_may_be_deleted(make_permitted: Callable[..., Permitted]) -> None:
    """A rule goes once it was found to be left by a run."""
    permitted = make_permitted()
    before = permitted.refusal("elbv2", "DeleteRule", {"RuleArn": "arn:rule"})
    permitted.left_behind.add("arn:rule")

    assert before == "arn:rule was not found to be left by a run"
    assert permitted.refusal("elbv2", "DeleteRule", {"RuleArn": "arn:rule"}) == ""


@pytest.mark.parametrize("values", [{"desiredCount": 0}, {"forceNewDeployment": True}], ids=["scaled", "restarted"])
def test_a_service_with_strangers_is_not_touched(
    begin: Begin, small_platform: SmallPlatform, values: dict[str, Any]
) -> None:
    """A service that serves somebody else's live session is never scaled or restarted."""
    stranger = small_platform.add_session("acme")
    set_edit_desired(small_platform, 1)
    stacks = begin()
    with (
        stacks.open("PERS-17") as run,
        pytest.raises(RefusedWriteError, match=f"would disturb live sessions of others: {stranger}"),
    ):
        update_edit(run, **values)
    stacks.close()

    assert edit_desired(small_platform) == 1


@pytest.mark.parametrize(
    ("call", "told"),
    [
        pytest.param(
            lambda aws, _names: aws("ecs").delete_cluster(cluster="webordinary-edit-cluster"),
            "no run makes",
            id="unknown",
        ),
        pytest.param(
            lambda aws, _names: aws("ecs").update_service(cluster="other", service="other", desiredCount=0),
            "knows the services",
            id="other-service",
        ),
        pytest.param(
            lambda aws, names: aws("dynamodb").put_item(
                TableName=names.table, Item={"sessionId": {"S": "session-1"}, "userId": {"S": "u"}}
            ),
            "sessions are made by Hermes only",
            id="session-around-hermes",
        ),
        pytest.param(
            lambda aws, names: aws("dynamodb").put_item(
                TableName=names.table,
                Item={"sessionId": {"S": "session-1"}, "userId": {"S": "u"}, "note": {"S": "seatrials#"}},
            ),
            "sessions are made by Hermes only",
            id="session-as-a-run-s-item",
        ),
        pytest.param(
            lambda aws, _names: aws("dynamodb").put_item(
                TableName="others", Item={"sessionId": {"S": "seatrials#lease"}, "userId": {"S": "stack"}}
            ),
            "sessions are made by Hermes only",
            id="lease-of-another-table",
        ),
        pytest.param(
            lambda aws, names: aws("dynamodb").delete_item(
                TableName=names.table, Key={"sessionId": {"S": "seatrials#lease"}, "userId": {"S": "stack"}}
            ),
            "is no session of a user",
            id="lease",
        ),
        pytest.param(
            lambda aws, names: aws("dynamodb").delete_item(
                TableName=names.table, Key={"sessionId": {"S": "session-1"}, "userId": {"S": "anna@example.com"}}
            ),
            "is no session of a user TEST_run-1_",
            id="stranger-s-item",
        ),
        pytest.param(
            lambda aws, _names: aws("cloudwatch").put_metric_data(
                Namespace="Webordinary/EditSessions", MetricData=[{"MetricName": "ActiveSessionCount", "Value": 0}]
            ),
            "publishes to Webordinary/IntegrationTests only",
            id="metric",
        ),
        pytest.param(
            lambda aws, _names: aws("elbv2").delete_rule(RuleArn="arn:rule"), "was not found to be left", id="rule"
        ),
    ],
)
def test_what_a_run_may_not_touch_is_refused(begin: Begin, call: Callable[..., Any], told: str) -> None:
    """A call that would change what is not the run's own is not sent."""
    sent: list[str] = []
    stacks = begin()
    with stacks.open("COLD-03") as run, pytest.MonkeyPatch.context() as patch:
        patch.setattr("botocore.endpoint.Endpoint.make_request", lambda _self, model, _given: sent.append(model.name))
        with pytest.raises(RefusedWriteError, match=told):
            call(run.stack.aws, run.stack.environment.names)
    stacks.close()

    assert sent == []


def test_a_session_s_own_item_may_be_changed(begin: Begin) -> None:
    """A scenario may move the `ttl` of its own session, as some rows of the catalogue ask."""
    stacks = begin()
    with stacks.open("PERS-12") as run:
        platform = platform_of(run)
        session = platform.sessions.start()
        platform.sessions.set_ttl(session, 1)
        item = platform.sessions.item(session)
    stacks.close()

    assert item is not None
    assert item["ttl"] == 1
